/* The public models of $TENDERO_CONFORMANCE/feature-models (../shared/conformance beside the repository without it): each is read
 * without a fault, and has as many features and constraints as two other tools have found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/uvl/uvl.h"

#define FILE_MAX ((size_t)4 << 20)

static struct slice read_path(const char *path, struct arena *mem)
{
    FILE *f = fopen(path, "rb");
    char *at = f ? arena_alloc(mem, FILE_MAX) : NULL;
    struct slice ret = { at, at ? fread(at, 1, FILE_MAX, f) : 0 };
    if (f)
        fclose(f);
    return ret;
}

static uint32_t count(struct slice s)
{
    int64_t n;
    assert_true(slice_i64(s, &n));
    return (uint32_t)n;
}

static unsigned check_model(const char *folder, struct slice row)
{
    struct arena *mem = arena_new((size_t)64 << 20);
    struct err e = { 0 };
    struct uvl_model m = { 0 };
    char path[512];
    struct slice name = slice_cut(&row, '\t'), root = slice_cut(&row, '\t');
    uint32_t features = count(slice_cut(&row, '\t')), constraints = count(slice_cut(&row, '\t'));
    assert_non_null(mem);
    snprintf(path, sizeof path, "%s/uvl/%.*s.uvl", folder, SLICE_ARG(name));
    enum err_code code = uvl_read(read_path(path, mem), slice_of(path), NULL, mem, &m, &e);
    unsigned wrong = code || m.features != features || m.constraints != constraints || m.faults ||
                     !m.features || !slice_eq(m.feature[0].name, root);
    if (wrong)
        print_message("%.*s: %s; %u features (%u), %u constraints (%u)\n", SLICE_ARG(name), e.text, m.features, features,
                      m.constraints, constraints);
    arena_drop(&mem);
    return wrong;
}

static void test_public_models(void **state)
{
    (void)state;
    char folder[256], path[300];
    const char *root = getenv("TENDERO_ROOT"), *data = getenv("TENDERO_CONFORMANCE");
    struct arena *mem = arena_new((size_t)64 << 20);
    unsigned rows = 0, wrong = 0;
    assert_non_null(mem);
    if (data)
        snprintf(folder, sizeof folder, "%s/feature-models", data);
    else
        snprintf(folder, sizeof folder, "%s/../shared/conformance/feature-models", root ? root : ".");
    snprintf(path, sizeof path, "%s/counts.tsv", folder);
    struct slice rest = read_path(path, mem);
    if (!rest.len) {
        print_message("no public models: %s is not there\n", path);
        arena_drop(&mem);
        skip();
    }
    for (slice_cut(&rest, '\n'); rest.len; rows++)
        wrong += check_model(folder, slice_cut(&rest, '\n'));
    print_message("%u public models read\n", rows);
    arena_drop(&mem);
    assert_int_equal(wrong, 0);
    assert_true(rows > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_public_models) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

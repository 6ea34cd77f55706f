/* Made-up models, each counted twice: by the diagram of their clauses, and by trying every set of features against the tree. */
#include "engine/configurator/encode.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/hash.h"
#include "engine/configurator/diagram.h"
#include "engine/configurator/inspect.h"

#define MEM ((size_t)64 << 20)
#define FEATURES_MAX 11
#define MODELS 400

struct lab {
    struct arena *mem;
    struct uvl_model model;
    struct encoding encoding;
};

static void lab_begin(struct lab *lab, struct slice text)
{
    struct err e = { 0 };
    lab->mem = arena_new(MEM);
    if (uvl_read(text, SLICE("test.uvl"), NULL, lab->mem, &lab->model, &e) || encode_model(&lab->model, lab->mem, &lab->encoding, &e))
        fail_msg("%s\n%.*s", e.text, SLICE_ARG(text));
}

static void lab_end(struct lab *lab)
{
    encoding_drop(&lab->encoding);
    arena_drop(&lab->mem);
}

static char *count_of(const struct lab *lab)
{
    struct err e = { 0 };
    const struct diagram_budget budget = { .seconds = 20, .nodes = 100000, .bytes = (size_t)64 << 20 };
    struct diagram *diagram = NULL;
    if (diagram_make(lab->encoding.clauses, &budget, &diagram, &e))
        fail_msg("%s", e.text);
    int8_t *chosen = arena_array(lab->mem, int8_t, (size_t)lab->encoding.clauses->variables + 1);
    char *digits = diagram_count_exact(diagram, chosen);
    assert_non_null(digits);
    diagram_drop(&diagram);
    return digits;
}

static void counts(const char *text, const char *want)
{
    struct lab lab = { 0 };
    lab_begin(&lab, slice_of(text));
    char *digits = count_of(&lab);
    assert_string_equal(digits, want);
    free(digits);
    lab_end(&lab);
}

/* ---- the meaning, tried out ---- */
static bool has(uint64_t set, uint32_t feature)
{
    return set >> feature & 1;
}

static double number(const struct uvl_model *m, uint32_t at, uint64_t set)
{
    const struct uvl_expr *x = &m->expr[at];
    const struct uvl_value *value;
    double sum = 0, n = 0;
    switch (x->op) {
    case UVL_OP_NUMBER: return x->number;
    case UVL_OP_ATTRIBUTE:
        value = uvl_attribute_find(&m->feature[x->feature], x->text);
        return has(set, x->feature) ? value->number : 0;
    case UVL_OP_ADD: return number(m, x->a, set) + number(m, x->b, set);
    case UVL_OP_SUB: return number(m, x->a, set) - number(m, x->b, set);
    case UVL_OP_MUL: return number(m, x->a, set) * number(m, x->b, set);
    case UVL_OP_SUM: case UVL_OP_AVG:
        for (uint32_t f = 0; f < m->features; f++) {
            value = uvl_attribute_find(&m->feature[f], x->text);
            sum += value && has(set, f) ? value->number : 0;
            n += value && has(set, f);
        }
        return x->op == UVL_OP_SUM ? sum : sum / n;
    default: fail_msg("op %d", x->op);
    }
    return 0;
}

static bool holds(const struct uvl_model *m, uint32_t at, uint64_t set)
{
    const struct uvl_expr *x = &m->expr[at];
    switch (x->op) {
    case UVL_OP_FEATURE: return has(set, x->feature);
    case UVL_OP_NOT: return !holds(m, x->a, set);
    case UVL_OP_AND: return holds(m, x->a, set) && holds(m, x->b, set);
    case UVL_OP_OR: return holds(m, x->a, set) || holds(m, x->b, set);
    case UVL_OP_IMPLIES: return !holds(m, x->a, set) || holds(m, x->b, set);
    case UVL_OP_EQUIVALENT: return holds(m, x->a, set) == holds(m, x->b, set);
    default: break;
    }
    double a = number(m, x->a, set), b = number(m, x->b, set);
    if (isnan(a) || isnan(b))
        return false;
    switch (x->op) {
    case UVL_OP_EQ: return fabs(a - b) < 1e-9;
    case UVL_OP_NE: return fabs(a - b) >= 1e-9;
    case UVL_OP_LT: return a < b - 1e-9;
    case UVL_OP_LE: return a <= b + 1e-9;
    case UVL_OP_GT: return a > b + 1e-9;
    default: return a >= b - 1e-9;
    }
}

static bool group_holds(const struct uvl_group *g, uint64_t set)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < g->children; i++)
        n += has(set, g->child[i]);
    if (!has(set, g->of))
        return n == 0;
    switch (g->kind) {
    case UVL_MANDATORY: return n == g->children;
    case UVL_OPTIONAL: return true;
    case UVL_OR: return n >= 1;
    case UVL_ALTERNATIVE: return n == 1;
    default: return n >= g->min && n <= g->max;
    }
}

static bool is_design(const struct uvl_model *m, uint64_t set, uint32_t but_constraint)
{
    bool ok = has(set, 0);
    for (uint32_t g = 0; g < m->groups && ok; g++)
        ok = group_holds(&m->group[g], set);
    for (uint32_t c = 0; c < m->constraints && ok; c++)
        ok = c == but_constraint || holds(m, m->constraint[c].expr, set);
    return ok;
}

/* ---- made-up models ---- */
struct making {
    struct buf out;
    uint64_t seed;
    unsigned features;
};

static unsigned below(struct making *k, unsigned n)
{
    return (unsigned)(hash_mix(++k->seed) % n);
}

static void indent(struct making *k, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++)
        buf_adds(&k->out, "    ");
}

static void put_feature(struct making *k, unsigned depth)
{
    static const char *const kinds[] = { "mandatory", "optional", "or", "alternative", "[1..2]", "[2]", "[0..2]", "[2..*]" };
    indent(k, depth);
    buf_printf(&k->out, "F%u {Price %u, Weight %u.%u}\n", k->features, below(k, 20), below(k, 5), below(k, 10));
    k->features++;
    for (unsigned groups = depth < 5 ? below(k, 3) : 0; groups && k->features + 2 <= FEATURES_MAX; groups--) {
        unsigned children = 2 + below(k, 2);
        indent(k, depth + 1);
        buf_printf(&k->out, "%s\n", kinds[below(k, 8)]);
        for (unsigned i = 0; i < children && (i < 2 || k->features < FEATURES_MAX); i++)
            put_feature(k, depth + 2);
    }
}

static void put_formula(struct making *k, unsigned depth)
{
    static const char *const op[] = { "&", "|", "=>", "<=>" };
    if (depth == 0 || below(k, 4) == 0) {
        buf_printf(&k->out, "%sF%u", below(k, 3) ? "" : "!", below(k, k->features));
        return;
    }
    buf_printf(&k->out, "%s(", below(k, 5) ? "" : "!");
    put_formula(k, depth - 1);
    buf_printf(&k->out, " %s ", op[below(k, 4)]);
    put_formula(k, depth - 1);
    buf_adds(&k->out, ")");
}

static void put_equation(struct making *k)
{
    static const char *const op[] = { "==", "!=", "<", "<=", ">", ">=" };
    unsigned a = below(k, k->features), b = below(k, k->features), c = below(k, k->features);
    switch (below(k, 5)) {
    case 0: buf_printf(&k->out, "sum(Price) %s %u", op[1 + below(k, 5)], below(k, 80)); break;
    case 1: buf_printf(&k->out, "sum(Weight) - F%u.Price * 0.5 %s %u.5", a, op[1 + below(k, 5)], below(k, 20)); break;
    case 2: buf_printf(&k->out, "avg(Price) %s %u", op[1 + below(k, 5)], below(k, 20)); break;
    case 3: buf_printf(&k->out, "F%u.Price + F%u.Price %s F%u.Weight", a, b, op[below(k, 6)], c); break;
    default: buf_printf(&k->out, "F%u.Price * F%u.Weight %s %u", a, b, op[1 + below(k, 5)], below(k, 30));
    }
}

static void make(struct making *k, uint64_t seed)
{
    *k = (struct making){ .out = buf_make(0), .seed = seed * 1000003 };
    buf_adds(&k->out, "features\n");
    put_feature(k, 1);
    buf_adds(&k->out, "constraints\n");
    for (unsigned n = below(k, 4); n; n--) {
        buf_adds(&k->out, "    ");
        if (below(k, 3) == 0)
            put_equation(k);
        else
            put_formula(k, 3);
        buf_adds(&k->out, "\n");
    }
}

/* ---- tests ---- */
static void inspected(const struct lab *lab, const bool *in_some, const bool *in_all, bool none)
{
    struct explainer *x = NULL;
    struct inspection found;
    assert_int_equal(explainer_new(&lab->encoding, &x, NULL), 0);
    assert_int_equal(inspect_model(&lab->model, &lab->encoding, x, lab->mem, NULL, &found, NULL), 0);
    assert_int_equal(found.is_void, none);
    uint32_t dead = 0, core = 0;
    for (uint32_t f = 0; f < lab->model.features && !none; f++) {
        dead += !in_some[f];
        core += in_all[f];
    }
    assert_int_equal(found.dead.n, dead);
    assert_int_equal(found.core.n, core);
    for (uint32_t i = 0; i < found.redundant.n; i++)  // leaving it out changes nothing
        for (uint64_t set = 0; set < UINT64_C(1) << lab->model.features; set++)
            assert_int_equal(is_design(&lab->model, set, found.redundant.at[i]), is_design(&lab->model, set, UVL_NONE));
    explainer_drop(&x);
}

static void counts_as_tried(void **state)
{
    (void)state;
    unsigned designs_somewhere = 0;
    for (uint64_t seed = 1; seed <= MODELS; seed++) {
        struct making k;
        struct lab lab = { 0 };
        bool in_some[FEATURES_MAX + 4] = { 0 }, in_all[FEATURES_MAX + 4];
        unsigned long designs = 0;
        char want[32];
        memset(in_all, 1, sizeof in_all);
        make(&k, seed);
        lab_begin(&lab, buf_slice(&k.out));
        for (uint64_t set = 0; set < UINT64_C(1) << lab.model.features; set++) {
            if (!is_design(&lab.model, set, UVL_NONE))
                continue;
            designs++;
            for (uint32_t f = 0; f < lab.model.features; f++) {
                in_some[f] |= has(set, f);
                in_all[f] &= has(set, f);
            }
        }
        char *digits = count_of(&lab);
        snprintf(want, sizeof want, "%lu", designs);
        if (strcmp(digits, want))
            fail_msg("%s, not %s:\n%.*s", digits, want, SLICE_ARG(buf_slice(&k.out)));
        inspected(&lab, in_some, in_all, !designs);
        designs_somewhere += designs > 1;
        free(digits);
        lab_end(&lab);
        buf_drop(&k.out);
    }
    assert_true(designs_somewhere > MODELS / 3);
}

static void instances_have_choices_of_their_own(void **state)
{
    (void)state;
    counts("features\n  R\n    optional\n      A cardinality [1..3]\n        optional\n          B\n", "15");  // 1 + 2 + 4 + 8
    counts("features\n  R\n    mandatory\n      A cardinality [2..2]\n        alternative\n          B\n          C\n          D\n", "9");
    counts("features\n  R\n    optional\n      A cardinality [1..2]\n        optional\n          B\n          C\nconstraints\n  B => C\n",
           "13");  // 3 of each instance: 1 + 3 + 9
    counts("features\n  R\n    optional\n      A cardinality [1..2]\n        optional\n          B\n      D\nconstraints\n  B => D\n",
           "10");  // D: 1 + 2 + 4; without it: 1 + 1 + 1
    counts("features\n  R\n    optional\n      A cardinality [1..2]\n        optional\n          B cardinality [1..2]\n            optional\n"
           "              C\n", "57");  // an instance of A: 1 + 2 + 4 = 7; 1 + 7 + 49
}

static void what_customers_give_is_open(void **state)
{
    (void)state;
    struct lab lab = { 0 };
    lab_begin(&lab, SLICE("features\n  R\n    optional\n      Integer Inch\n      Bell\nconstraints\n  Inch > 22 => !Bell\n  Inch => Bell\n"));
    assert_int_equal(lab.encoding.opens, 1);
    assert_int_equal(lab.encoding.open[0], 0);
    char *digits = count_of(&lab);
    assert_string_equal(digits, "3");
    free(digits);
    lab_end(&lab);
}

static void a_chain_of_thousands_is_one_rule(void **state)
{
    (void)state;
    struct buf text = buf_make(0);
    struct lab lab = { 0 };
    buf_adds(&text, "features\n    R\n        optional\n            A\n            B\nconstraints\n    A");
    for (int i = 0; i < 50000; i++)
        buf_adds(&text, i % 2 ? " & A" : " & !B");
    buf_adds(&text, "\n");
    lab_begin(&lab, buf_slice(&text));
    char *digits = count_of(&lab);
    assert_string_equal(digits, "1");
    free(digits);
    lab_end(&lab);
    buf_drop(&text);
}

/* A sum of so many terms is as deep as it is long: refused with its place, not with the end of the stack. */
static void too_long_a_sum_is_refused(void **state)
{
    (void)state;
    for (int side = 0; side < 2; side++) {
        struct buf text = buf_make(0);
        AUTO(arena) mem = arena_new((size_t)512 << 20);
        struct uvl_model model;
        struct encoding encoding;
        struct err e = { 0 };
        buf_adds(&text, "features\n    R\n        optional\n            A {Price 2}\n            B {Price 3}\nconstraints\n    ");
        buf_adds(&text, side ? "A.Price * B.Price == A.Price" : "A.Price");
        for (int i = 0; i < 100000; i++)
            buf_adds(&text, " + A.Price");
        buf_adds(&text, side ? "\n" : " == 4\n");
        assert_int_equal(uvl_read(buf_slice(&text), SLICE("test.uvl"), NULL, mem, &model, &e), 0);
        assert_int_equal(encode_model(&model, mem, &encoding, &e), ERR_INVALID);
        assert_non_null(strstr(e.text, "test.uvl:7:"));
        buf_drop(&text);
    }
}

static void sums_over_values_that_customers_give_are_open(void **state)
{
    (void)state;
    struct lab lab = { 0 };
    lab_begin(&lab, SLICE("features\n  R\n    optional\n      Integer Length cardinality [1..2]\n      A\nconstraints\n  sum(Length) < 5 | A\n"));
    assert_int_equal(lab.encoding.opens, 1);
    lab_end(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_as_tried),
        cmocka_unit_test(instances_have_choices_of_their_own),
        cmocka_unit_test(what_customers_give_is_open),
        cmocka_unit_test(a_chain_of_thousands_is_one_rule),
        cmocka_unit_test(too_long_a_sum_is_refused),
        cmocka_unit_test(sums_over_values_that_customers_give_are_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

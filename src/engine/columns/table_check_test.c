/* The check of tables against all their points: whatever it says of gaps, overlaps and rules that never hit is so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/columns/table_check.h"
#include "engine/dmn/dmn.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static uint64_t seed = 9;
static struct arena *mem;

static uint64_t any(uint64_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 33) % below;
}

static int set_up(void **state)
{
    (void)state;
    mem = arena_new((size_t)256 << 20);
    return mem ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_drop(&mem);
    return 0;
}

struct line {
    const char *x, *y, *says;
};

static const struct table *make(const char *policy, const struct line *line, size_t n)
{
    const struct dmn_options options = { 0 };
    struct buf b = buf_make(0);
    struct dmn *dmn;
    const struct dmn_diag *diags;
    struct err e;
    buf_printf(&b, "<definitions xmlns='https://www.omg.org/spec/DMN/20230324/MODEL/' name='m' namespace='m'>"
               "<inputData name='x' id='x'/><inputData name='y' id='y'/><decision name='d' id='d'><variable name='d'/>"
               "<informationRequirement><requiredInput href='#x'/></informationRequirement>"
               "<informationRequirement><requiredInput href='#y'/></informationRequirement><decisionTable hitPolicy='%s'>"
               "<input><inputExpression typeRef='number'><text>x</text></inputExpression></input>"
               "<input><inputExpression typeRef='string'><text>y</text></inputExpression></input><output/>", policy);
    for (size_t r = 0; r < n; r++)
        buf_printf(&b, "<rule><inputEntry><text>%s</text></inputEntry><inputEntry><text>%s</text></inputEntry>"
                   "<outputEntry><text>%s</text></outputEntry></rule>", line[r].x, line[r].y, line[r].says);
    buf_adds(&b, "</decisionTable></decision></definitions>");
    if (dmn_load(buf_slice(&b), &options, mem, &dmn, &diags, &e) || diags)
        fail_msg("%s", diags ? diags->flaw.text : e.text);
    buf_drop(&b);
    return dmn_table(dmn_find(dmn, DMN_DECISION, SLICE("d")));
}

static struct table_check check(const struct table *t)
{
    struct table_check c;
    struct err e = { 0 };
    if (table_check(t, NULL, mem, &c, &e))
        fail_msg("%s", e.text);
    return c;
}

static const struct {
    const char *policy;
    struct line line[4];
    size_t n;
    const char *want;   // all findings, "; " between
} cases[] = {
    { "UNIQUE", { { "&lt; 10", "-", "1" }, { "&gt;= 10", "-", "2" } }, 2, "" },
    { "UNIQUE", { { "&lt; 10", "-", "1" }, { "&gt; 10", "-", "2" } }, 2, "no rule hits where x in 10 (for example x: 10)" },
    { "UNIQUE", { { "[0..10]", "-", "1" }, { "[10..20)", "-", "2" }, { "&lt; 0", "-", "3" } }, 3,
      "rules 1 and 2 hit together where x in 10 (for example x: 10); no rule hits where x in >= 20 (for example x: 20)" },
    { "FIRST", { { "&lt; 10", "-", "1" }, { "&gt;= 5", "-", "2" }, { "7", "\"a\"", "3" } }, 3,
      "rule 3 never hits: the rules before it take all that it would" },
    { "UNIQUE", { { "-", "\"a\", \"b\"", "1" } }, 1,
      "no rule hits where y in not(\"a\", \"b\") (for example y: \"…\")" },
    { "UNIQUE", { { "-", "\"…\", \"b\"", "1" } }, 1,
      "no rule hits where y in not(\"…\", \"b\") (for example y: \"……\")" },
    { "UNIQUE", { { "[10..5]", "-", "1" }, { "-", "-", "2" } }, 2, "rule 1 never hits: no value passes one of its tests" },
    { "ANY", { { "&lt; 10", "-", "1" }, { "&lt; 5", "-", "1" }, { "&gt;= 10", "-", "2" } }, 3, "" },
    { "ANY", { { "&lt; 10", "-", "1" }, { "&lt; 5", "-", "2" }, { "&gt;= 10", "-", "2" } }, 3,
      "rules 1 and 2 hit together and say different things where x in < 5 (for example x: 4)" },
    { "FIRST", { { "1", "-", "1" }, { "1", "-", "1" }, { "-", "-", "0" } }, 3,
      "rule 2 never hits: the rules before it take all that it would; rule 2 tests and says what rule 1 does" },
    { "UNIQUE", { { "\"ten\"", "-", "1" }, { "-", "-", "2" } }, 2,
      "rule 1, input 1: \"ten\" is not of its type; rule 1 never hits: no value passes one of its tests" },
    { "COLLECT", { { "&lt; 10", "-", "1" }, { "&lt; 5", "-", "2" } }, 2, "" },
};

static void finds(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf out = buf_make(0);
        struct table_check c = check(make(cases[i].policy, cases[i].line, cases[i].n));
        for (const struct finding *f = c.first; f; f = f->next)
            buf_printf(&out, "%s%.*s", out.len ? "; " : "", SLICE_ARG(f->text));
        buf_addc(&out, 0);
        if (strcmp(out.at, cases[i].want) != 0)
            fail_msg("case %zu: %s", i, out.at);
        buf_drop(&out);
    }
}

/* ---- against every point ---- */
static const char *const xs[] = { "-", "&lt; 5", "[5..10)", "(10..15]", "10", "&gt; 15", "not(7)", "5, 20" };
static const char *const ys[] = { "-", "\"a\"", "\"b\", \"c\"", "not(\"a\")", "\"c\"" };
static const char *const x_points[] = { "4", "5", "6", "7", "8", "9.5", "10", "10.5", "12", "15", "15.5", "20", "21" };
static const char *const y_points[] = { "a", "b", "c", "zz" };

static size_t hits_at(const struct table *t, size_t px, size_t py, size_t *hit)
{
    struct number x;
    struct eval eval;
    struct err e;
    size_t n = 0;
    assert_true(number_parse(slice_of(x_points[px]), &x));
    const struct value_entry entry[] = { { SLICE("x"), value_number(x) }, { SLICE("y"), value_string(slice_of(y_points[py])) } };
    const struct feel_scope scope = { .n = 2, .entry = entry };
    eval_init(&eval, mem, NULL, 0, &e);
    table_decide(&eval, t, &scope, hit, &n);
    return n;
}

static bool reports(const struct table_check *c, enum finding_kind kind, size_t a, size_t b)
{
    for (const struct finding *f = c->first; f; f = f->next)
        if (f->kind == kind && (kind == FINDING_GAP || (f->a == a && f->b == b)))
            return true;
    return false;
}

static void compare(const struct table *t, size_t n)
{
    struct table_check c = check(t);
    bool gap = false, pair[8][8] = { { false } }, ever[8] = { false };
    for (size_t px = 0; px < COUNT(x_points); px++)
        for (size_t py = 0; py < COUNT(y_points); py++) {
            size_t hit[8], k = hits_at(t, px, py, hit);
            gap = gap || k == 0;
            for (size_t i = 0; i < k; i++) {
                ever[hit[i]] = true;
                for (size_t j = i + 1; j < k; j++)
                    pair[hit[i]][hit[j]] = true;
            }
        }
    assert_int_equal(reports(&c, FINDING_GAP, 0, 0), gap);
    for (size_t a = 0; a < n; a++) {
        assert_int_equal(reports(&c, FINDING_UNREACHABLE, a + 1, 0), !ever[a]);
        for (size_t b = a + 1; b < n && t->policy == HIT_UNIQUE; b++)
            assert_int_equal(reports(&c, FINDING_OVERLAP, a + 1, b + 1), pair[a][b]);
    }
    assert_false(c.cut);
    assert_int_equal(c.left_out, 0);
}

static void is_right_at_every_point(void **state)
{
    (void)state;
    for (int turn = 0; turn < 300; turn++) {
        struct line line[8];
        size_t n = 1 + any(6);
        arena_reset(mem);
        for (size_t r = 0; r < n; r++)
            line[r] = (struct line){ xs[any(COUNT(xs))], ys[any(COUNT(ys))], any(2) ? "1" : "2" };
        compare(make(turn % 2 ? "UNIQUE" : "FIRST", line, n), n);
    }
}

static const char *escaped(struct slice text)
{
    struct buf out = buf_make(1 << 16);
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '<')
            buf_adds(&out, "&lt;");
        else
            buf_addc(&out, text.at[i]);
    }
    const char *at = arena_copy(mem, buf_slice(&out)).at;
    buf_drop(&out);
    return at;
}

/* A rule for each gap closes it, and hits where no other one does. */
static void gaps_are_rules(void **state)
{
    (void)state;
    size_t gaps = 0;
    for (int turn = 0; turn < 200; turn++) {
        struct line line[100];
        size_t n = 1 + any(5);
        arena_reset(mem);
        for (size_t r = 0; r < n; r++)
            line[r] = (struct line){ xs[any(COUNT(xs))], ys[any(COUNT(ys))], "1" };
        struct table_check before = check(make("UNIQUE", line, n));
        for (const struct finding *f = before.first; f; f = f->next)
            if (f->kind == FINDING_GAP) {
                line[n++] = (struct line){ escaped(f->test[0]), escaped(f->test[1]), "2" };
                gaps++;
            }
        struct table_check after = check(make("UNIQUE", line, n));
        assert_false(reports(&after, FINDING_GAP, 0, 0));
        for (const struct finding *f = after.first; f; f = f->next)
            if (f->kind == FINDING_OVERLAP)
                assert_true(reports(&before, FINDING_OVERLAP, f->a, f->b));
    }
    assert_true(gaps > 200);
}

static void large_tables_end(void **state)
{
    (void)state;
    static struct line line[300];
    for (size_t r = 0; r < COUNT(line); r++)
        line[r] = (struct line){ arena_printf(mem, "[%zu..%zu)", r * 10, r * 10 + 11).at,
                                 arena_printf(mem, "\"t%zu\", \"t%zu\"", r % 20, r % 7).at, "1" };
    struct table_check c = check(make("UNIQUE", line, COUNT(line)));
    assert_true(c.n > 0 && c.cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_right_at_every_point, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gaps_are_rules, set_up, tear_down),
        cmocka_unit_test_setup_teardown(large_tables_end, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "engine/feel/probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/feel/parse.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define NOW INT64_C(1795403305400)

/* What is known of the names below. */
static const struct type number = { .kind = TYPE_NUMBER }, string = { .kind = TYPE_STRING }, date = { .kind = TYPE_DATE },
                         moment = { .kind = TYPE_DATE_TIME }, truth = { .kind = TYPE_BOOLEAN },
                         numbers = { .kind = TYPE_LIST, .element = &number };
static const struct type_member members[] = { { { "city", 4 }, &string }, { { "floor", 5 }, &number } };
static const struct type place = { .kind = TYPE_CONTEXT, .member = members, .n = 2 };
static const struct {
    const char *name;
    const struct type *type;
} names[] = { { "age", &number }, { "plan", &string }, { "born", &date }, { "seen", &moment }, { "vip", &truth },
              { "sums", &numbers }, { "home", &place }, { "unknown", NULL } };

static struct probe *probe_of(const char *text, struct arena *mem, struct node **tree)
{
    const struct parse_options options = { 0 };
    struct probe_name name[COUNT(names)];
    struct value literal[PROBE_LITERALS];
    struct probe *p;
    struct diag flaw;
    struct err e;
    if (feel_parse(slice_of(text), &options, mem, tree, &flaw, &e))
        fail_msg("%s: %s", text, flaw.text);
    size_t literals = probe_literals(*tree, literal, 0, PROBE_LITERALS);
    for (size_t i = 0; i < COUNT(names); i++) {
        name[i].name = slice_of(names[i].name);
        assert_true(probe_samples(names[i].type, literal, literals, mem, &name[i]));
    }
    assert_int_equal(probe_new(&p, &e), ERR_OK);
    for (unsigned run = 0; run < PROBE_RUNS; run++) {
        struct eval eval;
        struct value v;
        const struct value_context *inputs = probe_inputs(name, COUNT(names), run, mem);
        assert_non_null(inputs);
        const struct feel_scope scope = { .n = inputs->n, .entry = inputs->entry };
        eval_init(&eval, mem, NULL, NOW, &e);
        probe_watch(p, &eval);
        assert_int_equal(feel_eval(&eval, *tree, &scope, &v), ERR_OK);
    }
    return p;
}

/* Where it is found, what is said of it; at SIZE_MAX: nothing is. */
static const struct {
    const char *text;
    size_t at;
    const char *said;
} cases[] = {
    { "plan + 1", 5, "'+' has no meaning between a string and a number" },
    { "plan + plan", SIZE_MAX, NULL },
    { "age + 1 > plan", 8, "'>' has no meaning between a number and a string" },
    { "plan = 48001", 5, "'=' has no meaning between a string and a number" },
    { "plan = \"48001\" or plan = null", SIZE_MAX, NULL },
    { "if plan then 1 else 2", 3, "a condition is true or false, not a string" },
    { "if vip then 1 else null", SIZE_MAX, NULL },
    { "if plan = \"gold\" then upper case(age) else \"\"", 22, "upper case() wants a string" },
    { "upper case(plan)", SIZE_MAX, NULL },
    { "age and vip", 4, "'and' joins true and false, not a number" },
    { "vip and age > 3", SIZE_MAX, NULL },
    { "born.year > 1990 and seen.hour < 12", SIZE_MAX, NULL },
    { "born.hour", 5, "a date has no 'hour'" },
    { "home.city = \"Bilbao\" and home.floor > 3", SIZE_MAX, NULL },
    { "home.street", 5, "a context has no 'street'" },
    { "seen - seen > @\"P3D\"", SIZE_MAX, NULL },
    { "born - @\"P1M\" < today()", SIZE_MAX, NULL },
    { "born < @\"P1M\"", 5, "'<' has no meaning between a date and a years and months duration" },
    { "sum(sums) / count(sums)", SIZE_MAX, NULL },
    { "sum(plan)", 0, "sum() wants a list of numbers" },
    { "some x in sums satisfies x > 3", SIZE_MAX, NULL },
    { "for x in sums return x + plan", 23, "'+' has no meaning between a number and a string" },
    { "age between 1 and \"x\"", SIZE_MAX, NULL },       // false where the low end says so
    { "substring(plan, 30)", SIZE_MAX, NULL },
    { "date(plan) > today()", SIZE_MAX, NULL },
    { "number(plan) + 1", SIZE_MAX, NULL },
    { "sums[7] + 1", SIZE_MAX, NULL },                   // a list may be longer than ours
    { "unknown + 1 > unknown.x", SIZE_MAX, NULL },
    { "-plan", 0, "'-' has no meaning before a string" },
    { "age / 0", 4, "'/' has no result for these numbers" },
    { "{ a: age + 1, b: a * plan }.b", 19, "'*' has no meaning between a number and a string" },
    { "(function(x) x + 1)(plan)", 15, "'+' has no meaning between a string and a number" },
};

static void what_does_not_fit_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena) mem = arena_new((size_t)64 << 20);
        struct node *tree;
        struct probe *p = probe_of(cases[i].text, mem, &tree);
        const struct node *found = probe_next(p, tree, NULL);
        if ((found ? probe_at(found) : SIZE_MAX) != cases[i].at || (found && strcmp(probe_said(p, found), cases[i].said) != 0))
            fail_msg("%s: at %d, %s", cases[i].text, found ? (int)probe_at(found) : -1, found ? probe_said(p, found) : "nothing");
        assert_null(found ? probe_next(p, tree, found) : NULL);
        probe_drop(&p);
    }
}

static void all_places_of_a_text_are_found(void **state)
{
    AUTO(arena) mem = arena_new((size_t)64 << 20);
    struct node *tree;
    (void)state;
    struct probe *p = probe_of("[plan * 2, age, -vip]", mem, &tree);
    const struct node *first = probe_next(p, tree, NULL), *second = probe_next(p, tree, first);
    assert_int_equal(first->at, 6);
    assert_int_equal(second->at, 16);
    assert_null(probe_next(p, tree, second));
    probe_drop(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_fit_is_found),
        cmocka_unit_test(all_places_of_a_text_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

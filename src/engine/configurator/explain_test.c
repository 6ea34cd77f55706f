/* Conflicts and changes of small random formulas, beside trying every assignment. */
#include "engine/configurator/explain.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"

#define VARIABLES 9
#define FORMULAS 150
#define MEM ((size_t)16 << 20)

struct lab {
    struct arena *mem;
    struct encoding encoding;
    struct explainer *explainer;
    uint64_t seed;
};

static unsigned below(struct lab *lab, unsigned n)
{
    return (unsigned)(hash_mix(++lab->seed) % n);
}

/* Each clause is a rule of its own, from 1 on. */
static void lab_begin(struct lab *lab, uint64_t seed)
{
    *lab = (struct lab){ .mem = arena_new(MEM), .seed = seed * 1000003 };
    uint32_t rules = 8 + below(lab, 14);
    assert_int_equal(clauses_new(VARIABLES, &lab->encoding.clauses, NULL), 0);
    lab->encoding.rule = arena_array(lab->mem, struct rule, rules + 1);
    lab->encoding.rules = rules + 1;
    for (uint32_t r = 1; r <= rules; r++) {
        int32_t literal[3];
        size_t n = 2 + below(lab, 2);
        for (size_t i = 0; i < n; i++)
            literal[i] = (int32_t)(1 + below(lab, VARIABLES)) * (below(lab, 2) ? 1 : -1);
        assert_int_equal(clauses_add(lab->encoding.clauses, r, literal, n, NULL), 0);
    }
    assert_int_equal(explainer_new(&lab->encoding, &lab->explainer, NULL), 0);
}

static void lab_end(struct lab *lab)
{
    explainer_drop(&lab->explainer);
    encoding_drop(&lab->encoding);
    arena_drop(&lab->mem);
}

static bool is_true(int32_t literal, unsigned set)
{
    return (set >> (abs(literal) - 1) & 1) == (literal > 0);
}

/* Whether something satisfies the choices and the rules that are kept; rules NULL: all of them. */
static bool possible(const struct lab *lab, const int32_t *choice, size_t n, const bool *rules)
{
    const struct clauses *c = lab->encoding.clauses;
    for (unsigned set = 0; set < 1u << VARIABLES; set++) {
        bool ok = true;
        for (size_t i = 0; i < n && ok; i++)
            ok = is_true(choice[i], set);
        for (uint32_t k = 0; k < c->clauses && ok; k++) {
            bool met = rules && !rules[c->of[k]];
            for (uint32_t i = c->start[k]; i < c->start[k + 1] && !met; i++)
                met = is_true(c->literal[i], set);
            ok = met;
        }
        if (ok)
            return true;
    }
    return false;
}

static size_t without(const int32_t *from, size_t n, size_t at, int32_t *ret)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (i != at)
            ret[kept++] = from[i];
    return kept;
}

static size_t choose(struct lab *lab, int32_t *choice)
{
    size_t n = 0;
    for (int32_t v = 1; v <= VARIABLES; v++)
        if (below(lab, 3))
            choice[n++] = below(lab, 2) ? v : -v;
    return n;
}

static void check_conflict(const struct lab *lab, const struct conflict *c)
{
    bool rules[64] = { false };
    int32_t fewer[VARIABLES];
    for (size_t i = 0; i < c->rules; i++)
        rules[c->rule[i]] = true;
    assert_false(possible(lab, c->choice, c->choices, rules));
    for (size_t i = 0; i < c->choices; i++)
        assert_true(possible(lab, fewer, without(c->choice, c->choices, i, fewer), NULL));
    for (size_t i = 0; i < c->rules; i++) {
        rules[c->rule[i]] = false;
        assert_true(possible(lab, c->choice, c->choices, rules));
        rules[c->rule[i]] = true;
    }
}

static void conflicts_are_minimal(void **state)
{
    (void)state;
    unsigned found_some = 0;
    for (uint64_t seed = 1; seed <= FORMULAS; seed++) {
        struct lab lab;
        lab_begin(&lab, seed);
        for (int turn = 0; turn < 6; turn++) {
            int32_t choice[VARIABLES];
            size_t n = choose(&lab, choice);
            struct conflict c;
            bool found;
            assert_int_equal(explain_conflict(lab.explainer, choice, n, true, lab.mem, &c, &found, NULL), 0);
            assert_int_equal(found, !possible(&lab, choice, n, NULL));
            assert_int_equal(found, !explain_possible(lab.explainer, choice, n));
            found_some += found;
            if (found)
                check_conflict(&lab, &c);
        }
        lab_end(&lab);
    }
    assert_true(found_some > FORMULAS);
}

/* What giving up the choices in `set` costs; INFINITY where the others cannot stand. */
static double cost_of(const struct lab *lab, const int32_t *choice, const double *cost, size_t n, unsigned set)
{
    int32_t left[VARIABLES];
    size_t kept = 0;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (set >> i & 1)
            sum += cost[i];
        else
            left[kept++] = choice[i];
    }
    return possible(lab, left, kept, NULL) ? sum : (double)INFINITY;
}

static unsigned set_of(const struct change *c, const int32_t *choice, size_t n)
{
    unsigned set = 0;
    for (size_t k = 0; k < c->n; k++)
        for (size_t i = 0; i < n; i++)
            set |= choice[i] == c->give_up[k] ? 1u << i : 0;
    return set;
}

/* Whether it is enough, and nothing within it is. */
static bool is_change(const struct lab *lab, const int32_t *choice, const double *cost, size_t n, unsigned set)
{
    if (!(cost_of(lab, choice, cost, n, set) < INFINITY))
        return false;
    for (size_t i = 0; i < n; i++)
        if (set >> i & 1 && cost_of(lab, choice, cost, n, set & ~(1u << i)) < INFINITY)
            return false;
    return true;
}

static void changes_are_all_the_cheapest(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= FORMULAS; seed++) {
        struct lab lab;
        struct change change[1 << VARIABLES];
        int32_t choice[VARIABLES];
        double cost[VARIABLES];
        size_t found, all = 0;
        lab_begin(&lab, seed);
        size_t n = choose(&lab, choice);
        for (size_t i = 0; i < n; i++)
            cost[i] = below(&lab, 9) ? 1 + below(&lab, 5) : (double)INFINITY;
        assert_int_equal(explain_changes(lab.explainer, choice, cost, n, lab.mem, change, 1 << VARIABLES, &found, NULL), 0);
        for (unsigned set = 0; set < 1u << n; set++)
            all += is_change(&lab, choice, cost, n, set);
        assert_int_equal(found, all);
        for (size_t i = 0; i < found; i++) {
            unsigned set = set_of(&change[i], choice, n);
            assert_true(is_change(&lab, choice, cost, n, set));
            assert_float_equal(change[i].cost, cost_of(&lab, choice, cost, n, set), 1e-9);
            assert_true(!i || change[i - 1].cost <= change[i].cost);
        }
        lab_end(&lab);
    }
}

static void what_others_imply_is_redundant(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= FORMULAS; seed++) {
        struct lab lab;
        lab_begin(&lab, seed);
        for (uint32_t r = 1; r < lab.encoding.rules; r++) {
            const struct clauses *c = lab.encoding.clauses;
            bool rules[64], redundant, implied = true;
            memset(rules, 1, sizeof rules);
            rules[r] = false;
            for (uint32_t k = 0; k < c->clauses; k++) {
                int32_t not[3];
                size_t n = c->start[k + 1] - c->start[k];
                for (size_t i = 0; i < n; i++)
                    not[i] = -c->literal[c->start[k] + i];
                implied = implied && (c->of[k] != r || !possible(&lab, not, n, rules));
            }
            assert_int_equal(explain_is_redundant(lab.explainer, r, &redundant, NULL), 0);
            assert_int_equal(redundant, implied);
        }
        lab_end(&lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conflicts_are_minimal),
        cmocka_unit_test(changes_are_all_the_cheapest),
        cmocka_unit_test(what_others_imply_is_redundant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

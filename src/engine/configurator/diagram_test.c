#include "engine/configurator/diagram.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <picosat/picosat.h>

#include "base/hash.h"
#include "engine/configurator/made_up_testing.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define SMALL 16                     // variables that enumeration can do
#define LARGE 400

/* What is asked, and what enumeration says of it. */
struct known {
    uint32_t n;
    int8_t chosen[SMALL + 1];
    int64_t weight[SMALL + 1];
    uint64_t all, with[SMALL + 1];
    struct diagram_bounds total, totals[SMALL + 1][2], peak, peaks[SMALL + 1][2];
};

static struct diagram *compiled(const struct clauses *c)
{
    struct diagram *d = NULL;
    struct err e = { 0 };
    if (diagram_make(c, NULL, &d, &e))
        fail_msg("%s", e.text);
    return d;
}

static bool satisfies(const struct clauses *c, uint32_t solution)
{
    for (uint32_t i = 0; i < c->clauses; i++) {
        bool is_true = false;
        for (uint32_t k = c->start[i]; k < c->start[i + 1]; k++)
            is_true |= (solution >> (abs(c->literal[k]) - 1) & 1) == (c->literal[k] > 0);
        if (!is_true)
            return false;
    }
    return true;
}

static bool agrees(const struct known *k, uint32_t solution)
{
    for (uint32_t v = 1; v <= k->n; v++)
        if (k->chosen[v] && (k->chosen[v] > 0) != (solution >> (v - 1) & 1))
            return false;
    return true;
}

static void widen(struct diagram_bounds *b, int64_t value)
{
    b->least = value < b->least ? value : b->least;
    b->greatest = value > b->greatest ? value : b->greatest;
}

static void take_in(struct known *k, uint32_t solution)
{
    int64_t total = 0, peak = 0;
    for (uint32_t v = 1; v <= k->n; v++)
        if (solution >> (v - 1) & 1) {
            total += k->weight[v];
            peak = k->weight[v] > peak ? k->weight[v] : peak;
        }
    k->all++;
    widen(&k->total, total);
    widen(&k->peak, peak);
    for (uint32_t v = 1; v <= k->n; v++) {
        uint32_t value = solution >> (v - 1) & 1;
        k->with[v] += value;
        widen(&k->totals[v][value], total);
        widen(&k->peaks[v][value], peak);
    }
}

/* spread: of weights; 1 in 3 variables is chosen where `choices`. Weights are from `from` up. */
static struct known enumerated(const struct clauses *c, bool choices, int64_t from, uint32_t spread, uint64_t seed)
{
    static const struct diagram_bounds never = { DIAGRAM_NEVER, -DIAGRAM_NEVER };
    struct known k = { .n = c->variables, .total = never, .peak = never };
    for (uint32_t v = 1; v <= k.n; v++) {
        k.weight[v] = from + any_below(&seed, spread);
        k.chosen[v] = choices && any_below(&seed, 3) == 0 ? (any_below(&seed, 2) ? 1 : -1) : 0;
        for (int value = 0; value < 2; value++)
            k.totals[v][value] = k.peaks[v][value] = never;
    }
    for (uint32_t solution = 0; solution < 1u << k.n; solution++)
        if (agrees(&k, solution) && satisfies(c, solution))
            take_in(&k, solution);
    return k;
}

static void same_bounds(struct diagram_bounds x, struct diagram_bounds y)
{
    assert_true(x.least == y.least && x.greatest == y.greatest);
}

static void counts_are(const struct diagram *d, const struct known *k, struct diagram_work *w)
{
    double all, each[SMALL + 1], share[SMALL + 1];
    char text[32];
    diagram_count(d, k->chosen, w, &all, each);
    assert_true(all == (double)k->all);
    double digits = diagram_shares(d, k->chosen, w, share);
    assert_true(k->all ? fabs(digits - log10((double)k->all)) < 1e-9 : digits == -INFINITY);
    for (uint32_t v = 1; v <= k->n; v++) {
        assert_true(each[v] == (double)k->with[v]);
        assert_true(fabs(share[v] - (k->all ? (double)k->with[v] / (double)k->all : 0)) < 1e-12);
    }
    char *exact = diagram_count_exact(d, k->chosen);
    snprintf(text, sizeof text, "%llu", (unsigned long long)k->all);
    assert_string_equal(exact, text);
    free(exact);
}

static void bounds_are(const struct diagram *d, const struct known *k, struct diagram_work *w)
{
    struct diagram_bounds all, each[SMALL + 1][2];
    uint8_t domain[SMALL + 1];
    assert_int_equal(diagram_totals(d, k->chosen, k->weight, w, &all, each), k->all > 0);
    same_bounds(all, k->total);
    for (uint32_t v = 1; v <= k->n; v++)
        for (int value = 0; value < 2; value++)
            same_bounds(each[v][value], k->totals[v][value]);
    assert_int_equal(diagram_domains(d, k->chosen, w, domain), k->all > 0);
    for (uint32_t v = 1; v <= k->n; v++)
        assert_int_equal(domain[v], (k->with[v] < k->all ? 1 : 0) | (k->with[v] > 0 ? 2 : 0));
    for (uint32_t v = 1; v <= k->n; v++)
        if (k->weight[v] < 0)
            return;
    assert_int_equal(diagram_peaks(d, k->chosen, k->weight, w, &all, each), k->all > 0);
    same_bounds(all, k->peak);
    for (uint32_t v = 1; v <= k->n; v++)
        for (int value = 0; value < 2; value++)
            same_bounds(each[v][value], k->peaks[v][value]);
}

static uint32_t as_number(const int8_t *solution, uint32_t n)
{
    uint32_t ret = 0;
    for (uint32_t v = 1; v <= n; v++) {
        assert_true(solution[v] == 1 || solution[v] == -1);
        ret |= (uint32_t)(solution[v] > 0) << (v - 1);
    }
    return ret;
}

static void solutions_are(const struct diagram *d, const struct clauses *c, const struct known *k, struct diagram_work *w)
{
    int8_t solution[SMALL + 1] = { 0 };
    assert_int_equal(diagram_best(d, k->chosen, k->weight, w, solution), k->all > 0);
    if (k->all) {
        int64_t total = 0;
        uint32_t best = as_number(solution, k->n);
        assert_true(satisfies(c, best) && agrees(k, best));
        for (uint32_t v = 1; v <= k->n; v++)
            total += solution[v] > 0 ? k->weight[v] : 0;
        assert_true(total == k->total.least);
    }
    assert_int_equal(diagram_draw(d, k->chosen, 7, w, solution), k->all > 0);
    if (k->all) {
        uint32_t drawn = as_number(solution, k->n);
        assert_true(satisfies(c, drawn) && agrees(k, drawn));
    }
}

static void answers_are(const struct diagram *d, const struct clauses *c, const struct known *k)
{
    struct diagram_work *w = diagram_work_new(d);
    counts_are(d, k, w);
    bounds_are(d, k, w);
    solutions_are(d, c, k, w);
    diagram_work_drop(&w);
    assert_null(w);
}

static void *copied(const struct diagram *d)
{
    struct slice bytes = diagram_bytes(d);
    return memcpy(aligned_alloc(64, bytes.len), bytes.at, bytes.len);
}

static void all_answers_are_those_of_enumeration(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6000; seed++) {
        uint32_t n = 1 + (uint32_t)(seed % 10), clauses = (uint32_t)(hash_mix(seed) % (3 * n));
        AUTO(clauses) c = seed % 4 ? any_clauses(n, clauses, seed << 20) : any_model(n, 100, seed << 20);
        AUTO(diagram) d = compiled(c);
        struct known free_choice = enumerated(c, false, 0, 100, seed), chosen = enumerated(c, true, -50, 100, seed);
        assert_int_equal(diagram_is_void(d), free_choice.all == 0);
        answers_are(d, c, &free_choice);
        answers_are(d, c, &chosen);
    }
}

static void larger_answers_are_and_so_are_those_of_a_copy(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        uint32_t n = 12 + (uint32_t)(seed % 5);
        AUTO(clauses) c = seed % 2 ? any_clauses(n, n + (uint32_t)(seed % 20), seed << 20) : any_model(n, 80, seed << 20);
        AUTO(diagram) made = compiled(c);
        AUTO(diagram) d = NULL;
        void *bytes = copied(made);
        assert_int_equal(diagram_map((struct slice){ bytes, diagram_bytes(made).len }, &d, NULL), ERR_OK);
        struct known k = enumerated(c, seed % 3 != 0, 0, 1000, seed);
        answers_are(made, c, &k);
        answers_are(d, c, &k);
        assert_int_equal(diagram_about(d).edges, diagram_about(made).edges);
        diagram_drop(&d);
        free(bytes);
    }
}

static void bounds_reach_what_is_promised(void **state)
{
    static const int32_t both[2] = { 1, 2 };
    const int64_t most = (INT64_C(1) << 60) - 1;
    (void)state;
    AUTO(clauses) c = NULL;
    assert_int_equal(clauses_new(4, &c, NULL), ERR_OK);
    assert_int_equal(clauses_add(c, 0, both, 2, NULL), ERR_OK);
    AUTO(diagram) d = compiled(c);
    struct known k = enumerated(c, false, most, 1, 1);
    answers_are(d, c, &k);
    k = enumerated(c, false, -most, 1, 1);
    answers_are(d, c, &k);
}

static void simple_ones_are_as_they_must_be(void **state)
{
    static const struct {
        const char *name, *text, *count;
    } cases[] = {
        { "no variable", "p cnf 0 0\n", "1" },
        { "no clause", "p cnf 5 0\n", "32" },
        { "an empty clause", "p cnf 3 1\n0\n", "0" },
        { "units", "p cnf 3 3\n1 0\n-2 0\n3 0\n", "1" },
        { "units that disagree", "p cnf 2 2\n1 0\n-1 0\n", "0" },
        { "always equal", "p cnf 3 2\n1 -2 0\n-1 2 0\n", "4" },
        { "always opposite", "p cnf 3 2\n1 2 0\n-1 -2 0\n", "4" },
        { "equal and opposite", "p cnf 2 4\n1 -2 0\n-1 2 0\n1 2 0\n-1 -2 0\n", "0" },
        { "a chain that ends", "p cnf 4 4\n1 0\n-1 2 0\n-2 3 0\n-3 4 0\n", "1" },
        { "a ring", "p cnf 4 4\n-1 2 0\n-2 3 0\n-3 4 0\n-4 1 0\n", "2" },
        { "a hundred free", "p cnf 100 0\n", "1267650600228229401496703205376" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(clauses) c = NULL;
        assert_int_equal(clauses_read_dimacs(slice_of(cases[i].text), &c, NULL), ERR_OK);
        AUTO(diagram) d = compiled(c);
        int8_t chosen[101] = { 0 };
        char *exact = diagram_count_exact(d, chosen);
        if (strcmp(exact, cases[i].count) != 0)
            fail_msg("%s: %s, not %s", cases[i].name, exact, cases[i].count);
        free(exact);
        assert_int_equal(diagram_is_void(d), cases[i].count[0] == '0');
        if (c->variables <= SMALL) {
            struct known k = enumerated(c, false, 0, 9, 1);
            answers_are(d, c, &k);
        }
    }
}

static void counts_beyond_doubles_are_shares(void **state)
{
    static const int32_t either[2] = { 1, 2 };
    enum { MANY = 5000 };
    (void)state;
    AUTO(clauses) c = NULL;
    assert_int_equal(clauses_new(MANY, &c, NULL), ERR_OK);
    assert_int_equal(clauses_add(c, 0, either, 2, NULL), ERR_OK);
    AUTO(diagram) d = compiled(c);
    struct diagram_work *w = diagram_work_new(d);
    int8_t *chosen = calloc(MANY + 1, 1);
    double all, *each = calloc(MANY + 1, sizeof *each);
    diagram_count(d, chosen, w, &all, each);
    assert_true(all == INFINITY && each[1] == INFINITY);
    assert_true(fabs(diagram_shares(d, chosen, w, each) - (MANY - 2) * log10(2) - log10(3)) < 1e-9);
    assert_true(fabs(each[1] - 2. / 3) < 1e-12 && each[MANY] == .5);
    free(each);
    free(chosen);
    diagram_work_drop(&w);
}

static void draws_are_even(void **state)
{
    enum { N = 5, DRAWS = 20000 };
    (void)state;
    AUTO(clauses) c = any_clauses(N, 6, 99);
    AUTO(diagram) d = compiled(c);
    struct known k = enumerated(c, false, 0, 1, 1);
    struct diagram_work *w = diagram_work_new(d);
    uint32_t times[1 << N] = { 0 };
    int8_t solution[N + 1];
    assert_true(k.all >= 5);
    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        assert_true(diagram_draw(d, k.chosen, seed, w, solution));
        times[as_number(solution, N)]++;
    }
    double expect = DRAWS / (double)k.all, off = 0;
    for (uint32_t i = 0; i < 1 << N; i++) {
        assert_true(satisfies(c, i) || times[i] == 0);
        off += satisfies(c, i) ? ((double)times[i] - expect) * ((double)times[i] - expect) / expect : 0;
    }
    assert_true(off < (double)k.all + 6 * sqrt(2 * (double)k.all));    // chi square
    diagram_work_drop(&w);
}

/* Choices at random, each of them possible with those before; then each literal is asked of the solver. */
static void check_by_solver(const struct clauses *c, uint64_t seed)
{
    uint8_t domain[LARGE + 1];
    int8_t chosen[LARGE + 1] = { 0 };
    AUTO(diagram) d = compiled(c);
    struct diagram_work *w = diagram_work_new(d);
    PicoSAT *solver = picosat_init();
    picosat_adjust(solver, (int)c->variables);
    for (uint32_t i = 0; i < c->clauses; i++) {
        for (uint32_t k = c->start[i]; k < c->start[i + 1]; k++)
            picosat_add(solver, c->literal[k]);
        picosat_add(solver, 0);
    }
    for (int choices = 0; choices < 12; choices++) {
        bool is_possible = diagram_domains(d, chosen, w, domain);
        for (uint32_t v = 1; v <= c->variables; v++)
            for (int value = 0; value < 2; value++) {
                for (uint32_t other = 1; other <= c->variables; other++)
                    if (chosen[other])
                        picosat_assume(solver, chosen[other] * (int)other);
                picosat_assume(solver, value ? (int)v : -(int)v);
                assert_int_equal(domain[v] >> value & 1, picosat_sat(solver, -1) == PICOSAT_SATISFIABLE);
            }
        if (!is_possible)
            break;
        uint32_t v = 1 + any_below(&seed, c->variables);
        chosen[v] = domain[v] == 3 ? (any_below(&seed, 2) ? 1 : -1) : domain[v] == 2 ? 1 : -1;
    }
    picosat_reset(solver);
    diagram_work_drop(&w);
}

static void domains_are_what_a_solver_says(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        AUTO(clauses) tangled = any_clauses(40, 60, seed << 20);
        AUTO(clauses) model = any_model(100, 40, seed << 20);
        check_by_solver(tangled, seed);
        check_by_solver(model, seed);
    }
    AUTO(clauses) large = any_model(LARGE, 20, 5);
    check_by_solver(large, 5);
}

static void a_chain_as_long_as_a_model_needs_no_stack(void **state)
{
    enum { LONG = 14000 };
    (void)state;
    AUTO(clauses) c = NULL;
    assert_int_equal(clauses_new(LONG, &c, NULL), ERR_OK);
    for (int32_t v = 1; v < LONG; v++)
        assert_true(add_clause(c, 0, -v, v + 1, 0));
    AUTO(diagram) d = compiled(c);
    int8_t *chosen = calloc(LONG + 1, 1);
    char *exact = diagram_count_exact(d, chosen);
    assert_string_equal(exact, "14001");
    free(exact);
    free(chosen);
}

static void told(void *arg, double decisions)
{
    *(double *)arg = decisions;
}

static void budgets_are_kept(void **state)
{
    AUTO(clauses) hard = any_clauses(150, 190, 3);
    const atomic_bool cancelled = true;
    double decisions = 0;
    const struct {
        struct diagram_budget budget;
        enum err_code code;
        const char *says;
    } cases[] = {
        { { .nodes = 100 }, ERR_LIMIT, "more than 100 nodes" },
        { { .bytes = 100000 }, ERR_LIMIT, "more than 100000 bytes" },
        { { .seconds = 1e-9, .progress = told, .arg = &decisions }, ERR_LIMIT, "seconds" },
        { { .cancel = &cancelled }, ERR_BUSY, "cancelled" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct diagram *d = NULL;
        struct err e = { 0 };
        assert_int_equal(diagram_make(hard, &cases[i].budget, &d, &e), cases[i].code);
        assert_null(d);
        assert_non_null(strstr(e.text, cases[i].says));
    }
    AUTO(clauses) c = any_model(200, 20, 1);
    AUTO(diagram) d = NULL;
    assert_int_equal(diagram_make(c, &(struct diagram_budget){ .progress = told, .arg = &decisions }, &d, NULL), ERR_OK);
    assert_true(decisions <= (double)diagram_about(d).decisions);
}

static void damaged_bytes_are_refused(void **state)
{
    (void)state;
    AUTO(clauses) c = any_model(60, 40, 4);
    AUTO(diagram) made = compiled(c);
    struct slice whole = diagram_bytes(made);
    unsigned char *bytes = copied(made);
    struct diagram *d = NULL;
    struct err e = { 0 };
    for (size_t i = 0; i < whole.len; i++) {
        bytes[i] ^= (unsigned char)(1u << i % 8);
        assert_int_equal(diagram_map((struct slice){ (char *)bytes, whole.len }, &d, &e), ERR_CORRUPT);
        assert_null(d);
        assert_non_null(strstr(e.text, "compiled model"));
        bytes[i] ^= (unsigned char)(1u << i % 8);
    }
    for (size_t len = 0; len < whole.len; len += len < 200 ? 1 : 64)
        assert_int_equal(diagram_map((struct slice){ (char *)bytes, len }, &d, &e), ERR_CORRUPT);
    assert_int_equal(diagram_map((struct slice){ (char *)bytes, whole.len }, &d, &e), ERR_OK);
    diagram_drop(&d);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_answers_are_those_of_enumeration),
        cmocka_unit_test(larger_answers_are_and_so_are_those_of_a_copy),
        cmocka_unit_test(bounds_reach_what_is_promised),
        cmocka_unit_test(simple_ones_are_as_they_must_be),
        cmocka_unit_test(counts_beyond_doubles_are_shares),
        cmocka_unit_test(draws_are_even),
        cmocka_unit_test(domains_are_what_a_solver_says),
        cmocka_unit_test(a_chain_as_long_as_a_model_needs_no_stack),
        cmocka_unit_test(budgets_are_kept),
        cmocka_unit_test(damaged_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

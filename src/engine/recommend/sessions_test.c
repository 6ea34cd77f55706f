#include "engine/recommend/sessions.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"

static const struct sessions_options usual = {
    .sessions_max = 1000, .places_max = 8000, .items_max = 100, .length_max = 50, .m = 500, .k = 100, .query_max = 9
};

static struct sessions *made(struct sessions_options options)
{
    struct sessions *s = NULL;
    assert_int_equal(sessions_new(options, &s, NULL), ERR_OK);
    return s;
}

static void add(struct sessions *s, const uint32_t *item, size_t n)
{
    assert_int_equal(sessions_add(s, item, n, NULL), ERR_OK);
}

static struct sessions *four(struct sessions_options options)
{
    struct sessions *s = made(options);
    add(s, (uint32_t[]){ 0, 1 }, 2);
    add(s, (uint32_t[]){ 1, 2, 3 }, 3);
    add(s, (uint32_t[]){ 0, 2, 0 }, 3);
    add(s, (uint32_t[]){ 3, 4 }, 2);
    return s;
}

/* Sessions, oldest first: {0 1} {1 2 3} {0 2} {3 4}; H = 4, and h = 2 but for item 4.
 * Evolving: 1, then 2. L = 2: pi(2) = 1, pi(1) = 1/2. Alike:
 *   {0 2}    r = 1        latest shared is 2 at p = 1, lambda = .9
 *   {1 2 3}  r = 1 + 1/2  the same
 *   {0 1}    r = 1/2      latest shared is 1 at p = 2, lambda = .8
 * score(0) = ln(4/2) (.9 * 1 + .8 * .5) = 1.30 ln 2, of which item 2 gave .9 and item 1 gave .4
 * score(3) = ln(4/2) (.9 * 1.5)         = 1.35 ln 2, of which item 2 gave .9 and item 1 gave .45
 * With k = 2 the third is no neighbour: score(0) = .9 ln 2. With m = 1 only {0 2}, the most recent, is looked at. */
static void worked_example(void **state)
{
    (void)state;
    static const struct {
        uint32_t m, k;
        size_t n;
        struct scored want[2];
    } cases[] = {
        { 500, 100, 2, { { 3, 2, 1, 1.35f }, { 0, 2, 2, 1.30f } } },
        { 500, 2, 2, { { 3, 2, 1, 1.35f }, { 0, 2, 1, .9f } } },
        { 1, 100, 1, { { 0, 2, 1, .9f } } },
    };
    struct sessions_work *work = sessions_work_new();
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct sessions_options options = usual;
        options.m = cases[c].m;
        options.k = cases[c].k;
        struct sessions *s = four(options);
        struct scored best[10];
        size_t n = 0;
        assert_int_equal(sessions_score(s, (uint32_t[]){ 1, 99, 2 }, 3, NULL, NULL, work, best, 10, &n, NULL), ERR_OK);
        assert_int_equal(n, cases[c].n);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(best[i].item, cases[c].want[i].item);
            assert_int_equal(best[i].why, cases[c].want[i].why);
            assert_int_equal(best[i].together, cases[c].want[i].together);
            assert_float_equal(best[i].score, cases[c].want[i].score * logf(2), 1e-6);
        }
        sessions_drop(&s);
        assert_null(s);
    }
    sessions_work_drop(&work);
}

#define SESSIONS 600
#define ITEMS 40
#define LONGEST 12

struct visits {
    uint32_t item[SESSIONS][LONGEST], n[SESSIONS];
};

static void random_visits(struct visits *v, uint64_t seed)
{
    for (uint32_t s = 0; s < SESSIONS; s++) {
        v->n[s] = 1 + (uint32_t)(hash_mix(++seed) % LONGEST);
        for (uint32_t i = 0; i < v->n[s]; i++, seed++)  // low numbers more often
            v->item[s][i] = (uint32_t)(hash_mix(seed) % ITEMS * (hash_mix(seed + 7777) % ITEMS) / ITEMS);
    }
}

/* The formula over all sessions, one by one. alike: those that count, the most recent first. */
struct slow {
    const struct visits *v;
    uint32_t alike[SESSIONS], n;
    float r[SESSIONS], pi[LONGEST];
    uint32_t own[LONGEST], length, all;
};

static bool has(const struct visits *v, uint32_t session, uint32_t item)
{
    for (uint32_t i = 0; i < v->n[session]; i++)
        if (v->item[session][i] == item)
            return true;
    return false;
}

static bool teaches(const struct visits *v, uint32_t session)
{
    for (uint32_t i = 1; i < v->n[session]; i++)
        if (v->item[session][i] != v->item[session][0])
            return true;
    return false;
}

static uint32_t with(const struct visits *v, uint32_t from, uint32_t item)
{
    uint32_t n = 0;
    for (uint32_t s = from; s < SESSIONS; s++)
        n += teaches(v, s) && (item == UINT32_MAX || has(v, s, item));
    return n;
}

static void slow_neighbours(struct slow *slow, uint32_t from, const uint32_t *query, uint32_t n,
                            struct sessions_options options)
{
    slow->all = slow->n = 0;
    for (uint32_t i = n; i-- > 0;) {
        bool met = with(slow->v, from, query[i]) == 0;
        for (uint32_t at = 0; at < slow->all; at++)
            met |= slow->own[at] == query[i];
        if (!met)
            slow->own[slow->all++] = query[i];
    }
    slow->length = slow->all < options.query_max ? slow->all : options.query_max;
    for (uint32_t s = SESSIONS; s-- > from && slow->n < options.m;) {
        float r = 0;
        for (uint32_t i = 0; i < slow->length; i++)
            if (has(slow->v, s, slow->own[i]))
                r += (float)(slow->length - i) / (float)slow->length;
        if (r <= 0 || !teaches(slow->v, s))
            continue;
        slow->r[slow->n] = r;
        slow->alike[slow->n++] = s;
    }
    while (slow->n > options.k) {  // the last of those with the least r leaves
        uint32_t least = 0;
        for (uint32_t i = 0; i < slow->n; i++)
            if (slow->r[i] <= slow->r[least])
                least = i;
        slow->n--;
        memmove(slow->r + least, slow->r + least + 1, (slow->n - least) * sizeof *slow->r);
        memmove(slow->alike + least, slow->alike + least + 1, (slow->n - least) * sizeof *slow->alike);
    }
}

/* part[p]: what the item at p adds to the item's score. */
static double slow_score(const struct slow *slow, uint32_t from, uint32_t item, double part[LONGEST], uint32_t *together)
{
    double sum = 0, idf = log((double)with(slow->v, from, UINT32_MAX) / with(slow->v, from, item));
    memset(part, 0, LONGEST * sizeof *part);
    *together = 0;
    for (uint32_t i = 0; i < slow->n; i++) {
        double lambda = 0;
        for (uint32_t p = slow->length; p-- > 0;)
            if (has(slow->v, slow->alike[i], slow->own[p]))
                lambda = p + 1 < 10 ? 1 - (p + 1) / 10.0 : 0;
        if (!has(slow->v, slow->alike[i], item) || lambda <= 0)
            continue;
        ++*together;
        for (uint32_t p = 0; p < slow->length; p++)
            if (has(slow->v, slow->alike[i], slow->own[p]))
                part[p] += idf * lambda * (slow->length - p) / slow->length;
        sum += idf * lambda * (double)slow->r[i];
    }
    return sum;
}

static bool among(const uint32_t *item, uint32_t n, uint32_t wanted)
{
    for (uint32_t i = 0; i < n; i++)
        if (item[i] == wanted)
            return true;
    return false;
}

/* Every item's place in the answer is as the formula says. */
static void same_answer(const struct slow *slow, uint32_t from, const struct scored *best, size_t n)
{
    size_t wanted = 0;
    for (uint32_t item = 0; item < ITEMS; item++) {
        double part[LONGEST];
        uint32_t together;
        double want = slow_score(slow, from, item, part, &together);
        if (together == 0 || among(slow->own, slow->all, item))
            continue;
        wanted++;
        size_t at = 0;
        while (at < n && best[at].item != item)
            at++;
        assert_true(at < n);
        assert_true(fabs((double)best[at].score - want) < 1e-5 * (1 + want));
        assert_int_equal(best[at].together, together);
        uint32_t why = 0;
        while (why < slow->length && slow->own[why] != best[at].why)
            why++;
        assert_true(why < slow->length);
        for (uint32_t p = 0; p < slow->length; p++)
            assert_true(part[why] >= part[p] - 1e-4 * want);
    }
    assert_int_equal(n, wanted);
    for (size_t i = 1; i < n; i++)
        assert_true(best[i - 1].score > best[i].score ||
                    (best[i - 1].score >= best[i].score && best[i - 1].item < best[i].item));
}

/* Also when most sessions have fallen out again: by number, and by the places of their items. */
static void equals_the_formula_over_all_sessions(void **state)
{
    (void)state;
    static const struct sessions_options cases[] = {
        { 1000, 12000, ITEMS, LONGEST, 1000, 1000, LONGEST },
        { 1000, 12000, ITEMS, LONGEST, 60, 20, 9 },
        { 1000, 12000, ITEMS, LONGEST, 7, 3, 2 },
        { 150, 12000, ITEMS, LONGEST, 60, 20, 9 },
        { 150, 12000, ITEMS, LONGEST, 9, 9, LONGEST },
        { 1000, 500, ITEMS, LONGEST, 60, 20, 9 },
        { 2, 12000, ITEMS, LONGEST, 60, 20, 9 },
        { 1000, LONGEST, ITEMS, LONGEST, 5, 5, 1 },
    };
    static struct visits v;
    static struct slow slow;
    struct sessions_work *work = sessions_work_new();
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        random_visits(&v, 1000 * c);
        struct sessions *s = made(cases[c]);
        for (uint32_t i = 0; i < SESSIONS; i++)
            add(s, v.item[i], v.n[i]);
        uint32_t from = SESSIONS, held = sessions_count(s);
        for (uint32_t left = held; left > 0;)
            left -= teaches(&v, --from);
        assert_true(held > 0 && (c < 3 ? held == with(&v, 0, UINT32_MAX) : held <= cases[c].sessions_max));
        for (uint32_t item = 0; item < ITEMS; item++)
            assert_int_equal(sessions_with(s, item), with(&v, from, item));
        for (uint64_t q = 0; q < 40; q++) {
            uint32_t query[LONGEST], n = 1 + (uint32_t)(hash_mix(q) % LONGEST);
            for (uint32_t i = 0; i < n; i++)
                query[i] = (uint32_t)(hash_mix(q * 100 + i) % ITEMS);
            struct scored best[ITEMS];
            size_t n_best = 0;
            slow.v = &v;
            slow_neighbours(&slow, from, query, n, cases[c]);
            assert_int_equal(sessions_score(s, query, n, NULL, NULL, work, best, ITEMS, &n_best, NULL), ERR_OK);
            same_answer(&slow, from, best, n_best);
        }
        sessions_drop(&s);
    }
    sessions_work_drop(&work);
}

/* What falls out leaves nothing behind: neither in answers nor in memory. */
static void the_oldest_fall_out(void **state)
{
    (void)state;
    struct sessions_options options = usual;
    options.sessions_max = 3;
    struct sessions *s = made(options);
    struct sessions_work *work = sessions_work_new();
    struct scored best[10];
    size_t n = 0, full = 0;
    add(s, (uint32_t[]){ 7, 8 }, 2);
    assert_int_equal(sessions_with(s, 8), 1);
    for (uint32_t i = 0; i < 1000; i++) {
        add(s, (uint32_t[]){ 1, 2, 3 + i % 3 }, 3);
        if (i == 10)
            full = sessions_bytes(s);
    }
    assert_int_equal(sessions_count(s), 3);
    assert_int_equal(sessions_with(s, 8), 0);
    assert_int_equal(sessions_with(s, 1), 3);
    assert_int_equal(sessions_bytes(s), full);
    assert_int_equal(sessions_score(s, (uint32_t[]){ 7 }, 1, NULL, NULL, work, best, 10, &n, NULL), ERR_OK);
    assert_int_equal(n, 0);
    sessions_work_drop(&work);
    sessions_drop(&s);
}

static bool not_three(void *arg, uint32_t item)
{
    (void)arg;
    return item != 3;
}

static void what_is_refused_is_left_out_and_the_best_fit(void **state)
{
    (void)state;
    struct sessions *s = four(usual);
    struct sessions_work *work = sessions_work_new();
    struct scored best[1];
    size_t n = 0;
    const uint32_t query[] = { 1, 2 };
    assert_int_equal(sessions_score(s, query, 2, NULL, NULL, work, best, 1, &n, NULL), ERR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(best[0].item, 3);
    assert_int_equal(sessions_score(s, query, 2, not_three, NULL, work, best, 1, &n, NULL), ERR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(best[0].item, 0);
    assert_int_equal(sessions_score(s, query, 0, NULL, NULL, work, best, 1, &n, NULL), ERR_OK);
    assert_int_equal(n, 0);
    sessions_work_drop(&work);
    sessions_drop(&s);
}

static void bad_items_are_named_and_single_ones_teach_nothing(void **state)
{
    (void)state;
    struct sessions *s = made(usual);
    struct err e = { 0 };
    assert_int_equal(sessions_add(s, (uint32_t[]){ 1, 100 }, 2, &e), ERR_INVALID);
    assert_int_equal(e.pos, 1);
    assert_string_equal(e.text, "item 100 is not below 100");
    add(s, (uint32_t[]){ 5, 5, 5, 1 }, 3);
    assert_int_equal(sessions_count(s), 0);
    sessions_drop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worked_example),
        cmocka_unit_test(equals_the_formula_over_all_sessions),
        cmocka_unit_test(the_oldest_fall_out),
        cmocka_unit_test(what_is_refused_is_left_out_and_the_best_fit),
        cmocka_unit_test(bad_items_are_named_and_single_ones_teach_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "insight/recommendations_room.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "insight/insight_testing.h"

/* Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3. */
static void wilson_intervals(void **state)
{
    (void)state;
    static const struct {
        uint32_t hits, n;
        double low, high;
    } cases[] = { { 81, 263, 0.2553, 0.3662 }, { 15, 148, 0.0624, 0.1605 }, { 0, 20, 0, 0.1611 },
                  { 1, 29, 0.0061, 0.1718 }, { 20, 20, 0.8389, 1 }, { 0, 0, 0, 1 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double low, high;
        wilson(cases[i].hits, cases[i].n, &low, &high);
        assert_float_equal(low, cases[i].low, 5e-5);
        assert_float_equal(high, cases[i].high, 5e-5);
    }
}

static bool all(void *arg, uint32_t product)
{
    (void)arg;
    return product > 0;
}

/* Hundreds of groups of ten. */
static uint32_t tens(void *arg, uint32_t product)
{
    (void)arg;
    return (product - 1) / 10 + 1;
}

/* ---- one answer ---- */
/* Item `from` leads to these, best first; nothing else leads anywhere. */
static struct proposers *leading(uint32_t items, uint32_t from, uint32_t n)
{
    struct proposers *p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->items = items;
    p->buyers = calloc(items, sizeof *p->buyers);
    p->table[PROPOSER_WALK] = neighbours_new(items, n);
    assert_true(p->buyers && p->table[PROPOSER_WALK]);
    pthread_rwlock_init(&p->sessions_lock, NULL);
    for (uint32_t i = 0; i < n; i++)
        p->table[PROPOSER_WALK]->of[(size_t)from * n + i] = (struct neighbour){ i, 5, 1.0f - (float)i / 100 };
    p->table[PROPOSER_WALK]->count[from] = n;
    return p;
}

static const double walk_only[PROPOSERS] = { [PROPOSER_WALK] = 1 };

static void at_most_some_of_a_group(void **state)
{
    (void)state;
    // items 0..39 in groups of ten; 40 is bought and leads to all of group 1, then of 2 and 3
    struct proposers *p = leading(41, 40, 24);
    struct recommend_work *work = recommend_work_new();
    struct recommended best[10];
    size_t n = 0;
    uint32_t had[] = { 40 };
    const struct recommend_basis basis = { had, 1, NULL, 0 };
    struct recommend_taste varied = { all, tens, NULL }, plain = { all, NULL, NULL };
    assert_int_equal(recommend_propose(p, walk_only, &basis, &plain, work, best, 10, &n, NULL), ERR_OK);
    assert_int_equal(n, 10);
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(best[i].item, i);
    assert_int_equal(recommend_propose(p, walk_only, &basis, &varied, work, best, 10, &n, NULL), ERR_OK);
    static const uint32_t want[] = { 0, 1, 2, 10, 11, 12, 20, 21, 22, 3 };  // then those passed over
    assert_int_equal(n, 10);
    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(best[i].item, want[i]);
        assert_int_equal(best[i].why, 40);
        assert_int_equal(best[i].together, 5);
        assert_int_equal(best[i].by, PROPOSER_WALK);
        assert_int_equal(best[i].passed_over, i == 9);
    }
    recommend_work_drop(&work);
    proposers_drop(&p);
}

/* Only the last RECOMMEND_BASIS of what the customer has count. */
static void the_latest_count(void **state)
{
    (void)state;
    enum { ITEMS = 100 };
    uint32_t had[RECOMMEND_BASIS + 1];
    struct proposers *p = leading(ITEMS, 80, 10);
    struct recommend_work *work = recommend_work_new();
    struct recommended best[10];
    size_t n = 9;
    struct recommend_taste plain = { all, NULL, NULL };
    for (uint32_t i = 0; i <= RECOMMEND_BASIS; i++)
        had[i] = i ? 19 + i : 80;
    const struct recommend_basis forgotten = { had, RECOMMEND_BASIS + 1, NULL, 0 }, known = { had, RECOMMEND_BASIS, NULL, 0 };
    assert_int_equal(recommend_propose(p, walk_only, &forgotten, &plain, work, best, 10, &n, NULL), ERR_OK);
    assert_int_equal(n, 0);
    assert_int_equal(recommend_propose(p, walk_only, &known, &plain, work, best, 10, &n, NULL), ERR_OK);
    assert_int_equal(n, 10);
    recommend_work_drop(&work);
    proposers_drop(&p);
}

/* ---- what is like what ---- */
/* Products 1..12: a word of the hundreds and one of the kind; 12 stands alone. */
static size_t kinds(void *arg, uint32_t product, struct arena *mem, uint64_t *feature, size_t max)
{
    (void)mem;
    (void)arg;
    assert_true(max >= 3);
    feature[0] = 1000;               // all have it: it says nothing
    feature[1] = product == 12 ? 99 : product % 3;
    feature[2] = 200 + (product - 1) / 6;
    return product == 12 ? 2 : 3;
}

static void alike_by_what_they_are(void **state)
{
    struct shop *s = *state;
    struct recommend_content content = { kinds, NULL };
    const struct fit_ask ask = { .memory = s->lab.memory, .content = &content };
    struct neighbours *table = NULL;
    uint32_t buyers[12] = { 7 };
    assert_int_equal(content_liken(&ask, buyers, 12, &table, NULL), ERR_OK);
    // product 1: of kind 1 are 4, 7 and 10, of which 4 is of its half
    const struct neighbour *of = table->of;
    assert_int_equal(of[0].item, 3);
    assert_true(fabsf(of[0].similarity - 1) < 1e-6f);
    double kind = log(12.0 / 4), half = log(12.0 / 6), other = log(12.0 / 5);  // products 7 to 11 have 201
    assert_int_equal(of[1].item, 6);
    double near = kind * kind / sqrt((kind * kind + half * half) * (kind * kind + other * other));
    assert_true(fabs((double)of[1].similarity - near) < 1e-5);
    assert_int_equal(table->count[11], 0);
    assert_int_equal(table->buyers[0], 7);
    neighbours_drop(&table);
}

/* Items 0..19 lead on from item 20; 21 is like 20 and has few buyers. */
static void one_place_for_a_newcomer(void **state)
{
    (void)state;
    struct proposers *p = leading(22, 20, 20);
    struct recommend_work *work = recommend_work_new();
    struct recommended best[20];
    size_t n = 0;
    uint32_t had[] = { 20 };
    const struct recommend_basis basis = { had, 1, NULL, 0 };
    struct recommend_taste plain = { all, NULL, NULL };
    p->table[PROPOSER_CONTENT] = neighbours_new(22, 1);
    p->table[PROPOSER_CONTENT]->of[20] = (struct neighbour){ 21, 0, .5f };
    p->table[PROPOSER_CONTENT]->count[20] = 1;
    for (uint32_t i = 0; i < 21; i++)
        p->buyers[i] = NEWCOMER_BUYERS;
    for (size_t max = 9; max <= 12; max += 3) {
        assert_int_equal(recommend_propose(p, walk_only, &basis, &plain, work, best, max, &n, NULL), ERR_OK);
        assert_int_equal(n, max);
        for (uint32_t i = 0; i < n; i++) {
            bool seat = i == NEWCOMER_PLACE - 1;
            assert_int_equal(best[i].item, seat ? 21 : i < NEWCOMER_PLACE ? i : i - 1);
            assert_int_equal(best[i].newcomer, seat);
            assert_true(!seat || (best[i].why == 20 && best[i].by == PROPOSER_CONTENT));
        }
    }
    p->buyers[3] = 0;  // one is there already
    assert_int_equal(recommend_propose(p, walk_only, &basis, &plain, work, best, 10, &n, NULL), ERR_OK);
    assert_int_equal(best[9].item, 9);
    p->buyers[3] = p->buyers[21] = NEWCOMER_BUYERS;  // it is none any more
    assert_int_equal(recommend_propose(p, walk_only, &basis, &plain, work, best, 10, &n, NULL), ERR_OK);
    assert_int_equal(best[9].item, 9);
    recommend_work_drop(&work);
    proposers_drop(&p);
}

/* ---- the models in use ---- */
static const struct recommend_taste everything = { all, NULL, NULL };

struct customer_says {
    struct recommendations *recommendations;
    atomic_bool stop;
    atomic_int used;
};

static void *borrower(void *arg)
{
    struct customer_says *c = arg;
    uint64_t sum = 0;
    while (!atomic_load(&c->stop)) {
        const struct recommend_model *m = recommendations_use(c->recommendations);
        const struct neighbours *fit = m ? m->of->table[PROPOSER_WALK] : NULL;
        for (uint32_t i = 0; fit && i < fit->items; i++)
            sum += fit->count[i] + fit->of[(size_t)i * fit->k].together;
        recommendations_done(c->recommendations, m);
        atomic_fetch_add(&c->used, m != NULL);
    }
    return (void *)(uintptr_t)(sum & 0xff);
}

static void models_live_while_they_are_used(void **state)
{
    struct shop *s = *state;
    struct recommendations *r = NULL;
    struct recommend_version past[RECOMMEND_VERSIONS];
    assert_int_equal(recommendations_new(s->lab.memory, s->purchases, s->lab.read, &r, NULL), ERR_OK);
    assert_null(recommendations_use(r));
    recommendations_done(r, NULL);
    assert_false(recommendations_due(r, LAB_NOW));  // nothing to fit
    assert_false(recommendations_behind(r));
    for (int i = 0; i < 20; i++) {
        char who[16], order[16];
        snprintf(who, sizeof who, "u%d", i % 5);
        snprintf(order, sizeof order, "o%d", i);
        shop_buy(s, who, order, SHOP_T0 + i, i % 2 ? "a b c" : "b c d");
    }
    assert_true(recommendations_due(r, LAB_NOW));
    assert_int_equal(recommendations_refit(r, &everything, LAB_NOW, NULL, NULL), ERR_OK);  // at once: what takes seconds
    assert_int_equal(recommendations_versions(r, past, RECOMMEND_VERSIONS), 1);
    assert_false(past[0].fitted[PROPOSER_EASE] || past[0].fitted[PROPOSER_IALS]);
    assert_true(past[0].fitted[PROPOSER_WALK] && past[0].weight[PROPOSER_WALK] == 1);
    assert_true(recommendations_due(r, LAB_NOW));  // to learn
    assert_int_equal(recommendations_refit(r, &everything, LAB_NOW, NULL, NULL), ERR_OK);
    assert_false(recommendations_due(r, LAB_NOW + 10 * SHOP_DAY));  // nothing is new
    const struct recommend_model *old = recommendations_use(r);
    assert_non_null(old);
    assert_int_equal(old->of->items, 4);
    assert_true(old->about.fitted[PROPOSER_EASE] && old->about.fitted[PROPOSER_IALS]);
    assert_int_equal(old->about.orders, 20);
    assert_int_equal(old->about.sessions, 20);
    shop_buy(s, "u9", "o99", SHOP_T0, "e a");
    assert_true(recommendations_behind(r));
    assert_int_equal(recommendations_turn(r, NULL), ERR_OK);
    assert_false(recommendations_behind(r));
    assert_int_equal(sessions_count(old->of->sessions), 21);
    assert_false(recommendations_due(r, LAB_NOW + 1));  // grown by a twentieth at most
    assert_true(recommendations_due(r, LAB_NOW + SHOP_DAY));
    struct customer_says c = { .recommendations = r };
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, borrower, &c), 0);
    for (int i = 0; i < 30 || atomic_load(&c.used) < 100; i++)
        assert_int_equal(recommendations_refit(r, &everything, LAB_NOW + i, NULL, NULL), ERR_OK);
    atomic_store(&c.stop, true);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    const struct recommend_model *fresh = recommendations_use(r);
    assert_true(fresh->about.version > old->about.version);
    assert_int_equal(fresh->of->items, 5);
    assert_int_equal(old->of->items, 4);  // still whole, though replaced thirty times
    recommendations_done(r, old);
    recommendations_done(r, fresh);
    struct progress progress = { .cancel = true };
    assert_int_equal(recommendations_refit(r, &everything, LAB_NOW, &progress, NULL), ERR_BUSY);
    assert_int_equal(recommendations_learn(r, &everything, LAB_NOW, &progress, NULL), ERR_BUSY);
    recommendations_drop(&r);
    assert_null(r);
}

/* ---- what is bought again ---- */
static void again_by_its_median(void **state)
{
    struct shop *s = *state;
    struct book book;
    uint16_t days[3] = { 0 };
    for (int c = 0; c < 12; c++) {
        char who[16], id[16];
        snprintf(who, sizeof who, "u%d", c);
        for (int o = 0; o < 3; o++) {  // coffee every 27 to 33 days, a cup once; c == 0 buys two pots
            snprintf(id, sizeof id, "o%d-%d", c, o);
            shop_buy(s, who, id, SHOP_T0 + o * (25 + c / 2) * SHOP_DAY,
                     o ? (c || o > 1 ? "coffee" : "coffee pot") : "coffee cup pot");
        }
    }
    assert_int_equal(book_read(s->lab.memory, s->purchases, &book, NULL), ERR_OK);
    assert_int_equal(book.customers, 12);
    assert_int_equal(book_orders(&book, 0, FACT_NO_TIME), 3);
    assert_int_equal(book_orders(&book, 0, SHOP_T0 + 1), 1);
    uint32_t last[5];
    assert_int_equal(book_last_order(&book, 0, SHOP_T0 + 1, last, 5), 3);
    assert_int_equal(book_last_order(&book, 0, SHOP_T0 + 1, last, 2), 2);
    assert_int_equal(book_last_order(&book, 0, SHOP_T0, last, 2), 0);
    assert_int_equal(book_again(&book, days, NULL), ERR_OK);
    assert_int_equal(days[purchases_product_find(s->purchases, SLICE("coffee")) - 1], 28);  // of 25 to 30, each four times
    assert_int_equal(days[purchases_product_find(s->purchases, SLICE("cup")) - 1], 0);
    assert_int_equal(days[purchases_product_find(s->purchases, SLICE("pot")) - 1], 0);  // one customer is no habit
    book_drop(&book);
}

/* ---- learning ---- */
enum { FANS = 180, FEW_FANS = 80, TASTES = 5, OF_A_TASTE = 24 };

/* Everybody buys of one taste, twice a month for six months; what is popular changes by the month and is bought by few. */
static void furnish_tastes(struct shop *s, int fans)
{
    uint64_t seed = 3;
    for (int o = 0; o < 12; o++)
        for (int c = 0; c < fans; c++) {
            char who[16], id[32], products[60];
            if (hash_mix(++seed) % 3 == 0)
                continue;
            int taste = c % TASTES, a = (int)(hash_mix(++seed) % OF_A_TASTE), b = (int)(hash_mix(++seed) % OF_A_TASTE);
            int other = (int)(hash_mix(++seed) % (TASTES * OF_A_TASTE));
            snprintf(who, sizeof who, "u%d", c);
            snprintf(id, sizeof id, "o%d-%d", c, o);
            snprintf(products, sizeof products, "p%d p%d p%d", taste * OF_A_TASTE + a, taste * OF_A_TASTE + b,
                     hash_mix(++seed) % 5 ? taste * OF_A_TASTE + (a + 1) % OF_A_TASTE : other);
            shop_buy(s, who, id, SHOP_T0 + o * 15 * SHOP_DAY + c * 1000, products);
        }
}

static void learns_what_customers_like(void **state)
{
    struct shop *s = *state;
    struct recommendations *r = NULL;
    struct recommend_proof proof, again;
    furnish_tastes(s, FANS);
    assert_int_equal(recommendations_new(s->lab.memory, s->purchases, s->lab.read, &r, NULL), ERR_OK);
    assert_false(recommendations_proof(r, &proof));
    struct progress progress = { .done = 0 };
    assert_int_equal(recommendations_learn(r, &everything, LAB_NOW, &progress, NULL), ERR_OK);
    assert_int_equal(progress.done, progress.of);
    assert_true(recommendations_proof(r, &proof));
    assert_true(proof.learnt && proof.settings.tuned && proof.evaluation.all.customers > 100);
    assert_int_equal(proof.evaluation.held_back_days, 27);  // a sixth of 165 days
    const struct quality *shown = &proof.of[MEASURED_SHOWN];
    assert_true(shown->hit_at_10.low > proof.of[MEASURED_POPULAR].hit_at_10.high);
    assert_true(shown->ndcg_at_10.low > proof.of[PROPOSER_TREND].ndcg_at_10.high);
    double sum = 0;
    for (enum measured m = 0; m < MEASURED; m++) {
        const struct quality *q = &proof.of[m];
        const struct interval of[] = { q->recall_at_20, q->ndcg_at_10, q->hit_at_10 };
        if (m == (enum measured)PROPOSER_CONTENT)
            continue;
        assert_true(q->known && q->both <= q->hits && q->both <= shown->hits && strlen(measured_name(m)) > 0);
        for (int i = 0; i < 3; i++)
            assert_true(0 <= of[i].low && of[i].low <= of[i].value && of[i].value <= of[i].high && of[i].high <= 1);
        if (m < (enum measured)PROPOSER_TREND && proof.blend.weight[m] == 1)  // one alone is what is shown
            assert_int_equal(q->hits, shown->hits);
        sum += m < (enum measured)PROPOSERS ? proof.blend.weight[m] : 0;
    }
    assert_true(fabs(sum - 1) < 1e-9);
    assert_int_equal(shown->hits, proof.evaluation.all.hits_model);
    // the same question has the same answer
    assert_int_equal(recommendations_evaluate(r, proof.evaluation.cutoff_ms, 27, &everything, NULL, &again, NULL), ERR_OK);
    assert_memory_equal(&again.of, &proof.of, sizeof proof.of);
    // the model that is in use weighs what was learnt
    const struct recommend_model *model = recommendations_use(r);
    assert_memory_equal(model->about.weight, proof.blend.weight, sizeof model->about.weight);
    for (enum proposer p = 0; p < PROPOSERS; p++)
        assert_true(p == PROPOSER_CONTENT || (model->about.fitted[p] && model->about.bytes[p] > 0));  // nobody says what they are
    recommendations_done(r, model);
    recommendations_drop(&r);
}

/* ---- what is kept ---- */
static struct recommendations *anew(struct shop *s)
{
    struct recommendations *r = NULL;
    struct err e = { 0 };
    if (recommendations_new(s->lab.memory, s->purchases, s->lab.read, &r, &e))
        fail_msg("%s", e.text);
    return r;
}

static void a_restart_forgets_nothing(void **state)
{
    struct shop *s = *state;
    static struct recommend_version before[RECOMMEND_VERSIONS], after[RECOMMEND_VERSIONS];
    struct recommend_proof learnt, known;
    struct recommendations *r = anew(s);
    furnish_tastes(s, FEW_FANS);
    assert_int_equal(recommendations_learn(r, &everything, LAB_NOW, NULL, NULL), ERR_OK);
    assert_int_equal(recommendations_refit(r, &everything, LAB_NOW + 1, NULL, NULL), ERR_OK);
    assert_true(recommendations_proof(r, &learnt));
    assert_int_equal(recommendations_versions(r, before, RECOMMEND_VERSIONS), 2);
    recommendations_drop(&r);
    r = anew(s);
    assert_string_equal(recommendations_note(r), "");
    assert_null(recommendations_use(r));  // the models are fitted anew
    assert_true(recommendations_proof(r, &known));
    assert_memory_equal(&known.evaluation, &learnt.evaluation, sizeof known.evaluation);
    assert_memory_equal(&known.settings, &learnt.settings, sizeof known.settings);
    assert_memory_equal(&known.of, &learnt.of, sizeof known.of);
    assert_memory_equal(&known.blend.weight, &learnt.blend.weight, sizeof known.blend.weight);
    assert_true(known.learnt == learnt.learnt && known.blend.best == learnt.blend.best && known.blend.learnt == learnt.blend.learnt
                && known.blend.blended == learnt.blend.blended && known.blend.lead.low == learnt.blend.lead.low);
    assert_int_equal(recommendations_versions(r, after, RECOMMEND_VERSIONS), 2);
    assert_memory_equal(after, before, 2 * sizeof *after);
    // a fit is due, for there are no models; learning is not
    int64_t now_ms = LAB_NOW + SHOP_DAY;
    assert_true(recommendations_due(r, now_ms));
    assert_int_equal(recommendations_refit(r, &everything, now_ms, NULL, NULL), ERR_OK);
    const struct recommend_model *model = recommendations_use(r);
    assert_int_equal(model->about.learnt_ms, LAB_NOW);
    assert_memory_equal(model->about.weight, learnt.blend.weight, sizeof model->about.weight);
    assert_true(model->about.fitted[PROPOSER_EASE] && model->about.fitted[PROPOSER_IALS]);
    recommendations_done(r, model);
    assert_false(recommendations_due(r, now_ms));
    // days pass: without anything new nothing is learnt, with it all is
    assert_false(recommendations_due(r, LAB_NOW + 7 * SHOP_DAY));
    shop_buy(s, "u9", "one-more", SHOP_T0, "p1 p2");
    assert_int_equal(recommendations_refit(r, &everything, LAB_NOW + 7 * SHOP_DAY, NULL, NULL), ERR_OK);
    assert_int_equal(recommendations_versions(r, after, 2), 2);
    assert_int_equal(after[0].learnt_ms, LAB_NOW + 7 * SHOP_DAY);
    assert_int_equal(after[1].learnt_ms, LAB_NOW);
    recommendations_drop(&r);
}

static void the_last_versions_are_kept(void **state)
{
    struct shop *s = *state;
    static struct recommend_learnt learnt;
    static struct recommend_kept kept;
    for (int i = 1; i <= RECOMMEND_VERSIONS + 3; i++) {
        learnt.at_ms = LAB_NOW + i;
        const struct recommend_version about = { .version = i, .fitted_ms = LAB_NOW + i, .weight = { 1 } };
        assert_int_equal(recommend_keep(s->lab.memory, &about, &learnt, NULL), ERR_OK);
    }
    assert_int_equal(recommend_kept(s->lab.read, &kept, NULL), ERR_OK);
    assert_int_equal(kept.n, RECOMMEND_VERSIONS);
    assert_int_equal(kept.learnt.at_ms, LAB_NOW + RECOMMEND_VERSIONS + 3);
    assert_false(kept.learnt.proven);
    for (size_t i = 0; i < kept.n; i++)
        assert_int_equal(kept.past[i].version, RECOMMEND_VERSIONS + 3 - i);
}

/* `learnt` of the newest row with every `from` replaced by `to`. */
struct rewriting {
    struct command command;
    const char *from, *to;
};

static enum err_code rewrite(struct command *command, struct tx *tx, struct err *e)
{
    const struct rewriting *change = (const struct rewriting *)command;
    struct store_stmt *st;
    TRY(store_prepare(tx->conn, SLICE("UPDATE recommend_fits SET learnt = replace(learnt, $1, $2)"), &st, e));
    store_bind_text(st, 1, slice_of(change->from));
    store_bind_text(st, 2, slice_of(change->to));
    return store_run(st, e);
}

static void what_cannot_be_read_is_passed_over(void **state)
{
    struct shop *s = *state;
    struct recommend_proof proof, known;
    struct recommend_version past;
    struct recommendations *r = anew(s);
    furnish_tastes(s, FEW_FANS);
    assert_int_equal(recommendations_learn(r, &everything, LAB_NOW, NULL, NULL), ERR_OK);
    assert_true(recommendations_proof(r, &proof));
    recommendations_drop(&r);
    static const struct {
        const char *from, *to, *note;
        bool known;
    } cases[] = {
        { "\"trend\"", "\"oracle\"", "names \"oracle\", which this version does not know", true },
        { "\"oracle\"", "\"trend\"", "", true },
        { "\"dimensions\":", "\"dimensions\":9", "a figure is missing or cannot be", false },
        { "\"dimensions\":9", "\"dimensions\":", "", true },
        { "\"hits_model\":", "\"hits_model\":77777", "a figure is missing or cannot be", false },
        { "\"hits_model\":77777", "\"hits_model\":", "", true },
        { "\"evaluation\"", "\"elevation\"", "a figure is missing or cannot be", false },
        { "{\"at_ms\"", "[\"at_ms\"", "it is learnt anew", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rewriting change = { { .run = rewrite }, cases[i].from, cases[i].to };
        assert_int_equal(memory_run(s->lab.memory, &change.command, NULL), ERR_OK);
        r = anew(s);
        const char *note = recommendations_note(r);
        if (cases[i].note[0] ? !strstr(note, cases[i].note) : note[0] != 0)
            fail_msg("%s: the note is '%s'", cases[i].to, note);
        assert_int_equal(recommendations_proof(r, &known), cases[i].known);
        assert_int_equal(recommendations_versions(r, &past, 1), 1);  // that column is whole
        if (cases[i].known && !cases[i].note[0])
            assert_memory_equal(&known.of, &proof.of, sizeof known.of);
        if (i == 0)
            assert_false(known.of[PROPOSER_TREND].known || known.blend.weight[PROPOSER_TREND] > 0);
        recommendations_drop(&r);
    }
    r = anew(s);  // what was learnt is gone: what takes seconds first, then it is to be learnt anew
    assert_int_equal(recommendations_refit(r, &everything, LAB_NOW, NULL, NULL), ERR_OK);
    assert_int_equal(recommendations_versions(r, &past, 1), 1);
    assert_false(past.fitted[PROPOSER_IALS]);
    assert_true(recommendations_due(r, LAB_NOW));
    recommendations_drop(&r);
}

/* ---- the proof, again from its definition ---- */

enum { CUSTOMERS = 60, PRODUCTS = 30, SHOWN = 10 };

struct world {
    bool before[CUSTOMERS][PRODUCTS], after[CUSTOMERS][PRODUCTS];
    int orders_before[CUSTOMERS];
};

static bool offered(void *arg, uint32_t product)
{
    (void)arg;
    return product % 7 != 0;
}

/* Whether one of the ten offerable goods with the most points that are not owned is bought later. */
static bool hits(const struct world *w, int c, const double *points)
{
    bool shown[PRODUCTS] = { false };
    for (int k = 0; k < SHOWN; k++) {
        int best = -1;
        for (int i = 0; i < PRODUCTS; i++)
            if (points[i] > 0 && !shown[i] && !w->before[c][i] && offered(NULL, (uint32_t)i + 1)
                && (best < 0 || points[i] > points[best]))
                best = i;
        if (best < 0)
            break;
        shown[best] = true;
        if (w->after[c][best])
            return true;
    }
    return false;
}

/* Bought long before the cutoff, not in its last weeks. */
static bool is_old(int c)
{
    return c % 3 == 0;
}

/* Nobody comes back within the days before the cutoff: nothing is learnt, and the walk is asked. */
static void prove(const struct world *w, struct evaluation *ev)
{
    double buyers[PRODUCTS] = { 0 }, lately[PRODUCTS] = { 0 }, both[PRODUCTS][PRODUCTS] = { { 0 } };
    for (int c = 0; c < CUSTOMERS; c++) {
        double baskets = 0;
        for (int i = 0; i < PRODUCTS; i++)
            baskets += w->before[c][i];
        for (int i = 0; i < PRODUCTS; i++)
            for (int j = 0; w->before[c][i] && j < PRODUCTS; j++) {
                buyers[i] += i == j;
                lately[i] += i == j && !is_old(c);
                both[i][j] += w->before[c][j] / baskets;
            }
    }
    for (int c = 0; c < CUSTOMERS; c++) {
        bool had = false, news = false;
        float score[PRODUCTS] = { 0 };
        double points[PRODUCTS];
        for (int i = 0; i < PRODUCTS; i++) {
            had |= w->before[c][i];
            news |= w->after[c][i] && !w->before[c][i] && offered(NULL, (uint32_t)i + 1);
            for (int j = 0; w->before[c][i] && j < PRODUCTS; j++)
                if (i != j)
                    score[j] += (float)(both[i][j] / buyers[i] / pow(buyers[j], .3));
        }
        for (int i = 0; i < PRODUCTS; i++)
            points[i] = (double)score[i];
        if (!had || !news)
            continue;
        int group = w->orders_before[c] <= 1 ? 0 : w->orders_before[c] <= 3 ? 1 : w->orders_before[c] <= 9 ? 2 : 3;
        struct hit_rate *rates[] = { &ev->all, &ev->by_orders[group] };
        bool model = hits(w, c, points), popular = hits(w, c, buyers), recent = hits(w, c, lately);
        for (int k = 0; k < 2; k++) {
            rates[k]->customers++;
            rates[k]->hits_model += model;
            rates[k]->hits_baseline += popular;
            rates[k]->hits_recent += recent;
            rates[k]->both_baseline += model && popular;
            rates[k]->both_recent += model && recent;
        }
    }
}

static void buy_at_random(struct shop *s, struct world *w, uint64_t *seed, int c, int order, bool after)
{
    char who[16], id[16], products[60] = "";
    snprintf(who, sizeof who, "u%d", c);
    snprintf(id, sizeof id, "o%d-%d", c, order);
    for (int k = 0; k < 2; k++) {
        int product = (int)(hash_mix(++*seed) % PRODUCTS);
        if (hash_mix(++*seed) % 3)  // a taste: thirds of the shop
            product = product / 3 * 3 + c % 3;
        size_t at = strlen(products);
        snprintf(products + at, sizeof products - at, "%sp%d", k ? " " : "", product);
        (after ? w->after : w->before)[c][product] = true;
    }
    w->orders_before[c] += !after;
    shop_buy(s, who, id, SHOP_T0 + (after ? 20 : is_old(c) ? -60 : 0) * SHOP_DAY + order * 1000 + c, products);
}

static void the_proof_by_its_definition(void **state)
{
    struct shop *s = *state;
    static struct world w;
    uint64_t seed = 11;
    char all_products[200] = "";
    for (int i = 0; i < PRODUCTS; i++) {  // so that numbers are the tests' own
        size_t at = strlen(all_products);
        snprintf(all_products + at, sizeof all_products - at, "%sp%d", i ? " " : "", i);
    }
    shop_buy(s, "first", "o", SHOP_T0 + 90 * SHOP_DAY, all_products);  // outside of both periods
    for (int c = 0; c < CUSTOMERS; c++) {
        for (int o = 0; o < 1 + c % 11; o++)
            buy_at_random(s, &w, &seed, c, o, false);
        if (c % 4)
            buy_at_random(s, &w, &seed, c, 90, true);
    }
    struct recommendations *r = NULL;
    static struct recommend_proof proof;
    const struct evaluation *got = &proof.evaluation;
    struct evaluation want = { 0 };
    prove(&w, &want);
    assert_int_equal(recommendations_new(s->lab.memory, s->purchases, s->lab.read, &r, NULL), ERR_OK);
    struct recommend_taste taste = { offered, NULL, NULL };
    assert_int_equal(recommendations_evaluate(r, SHOP_T0 + 10 * SHOP_DAY, 30, &taste, NULL, &proof, NULL), ERR_OK);
    assert_true(want.all.customers > 20 && want.all.hits_model > 0 && want.all.hits_model < want.all.customers);
    assert_int_not_equal(want.all.hits_recent, want.all.hits_baseline);
    assert_false(proof.learnt);
    assert_memory_equal(&got->all, &want.all, sizeof want.all);
    assert_memory_equal(got->by_orders, want.by_orders, sizeof want.by_orders);
    assert_int_equal(got->held_back_days, 30);
    struct progress progress = { .cancel = true };
    assert_int_equal(recommendations_evaluate(r, SHOP_T0 + 10 * SHOP_DAY, 30, &taste, &progress, &proof, NULL), ERR_BUSY);
    recommendations_drop(&r);
}

/* Of 50 pairs 9 fell on one side only and 2 on the other: (9.5 - 2.5) / 52, give or take 1.96 times the root of
 * (9.5 + 2.5 - 7 * 7 / 52) / 52. */
static void a_lead_by_hand(void **state)
{
    (void)state;
    struct interval lead = paired_lead(30, 23, 21, 50);
    assert_true(fabs(lead.value - 0.14) < 1e-12);
    assert_true(fabs(lead.low - 0.009279) < 1e-6 && fabs(lead.high - 0.259952) < 1e-6);
    lead = paired_lead(0, 0, 0, 0);
    assert_true(lead.value == 0 && lead.low < 0 && lead.high > 0);
    lead = paired_lead(7, 7, 7, 7);
    assert_true(lead.low < 0 && lead.high > 0);
}

/* A shop whose orders tell what was paid and not for what. */
static void orders_without_products(void **state)
{
    struct shop *s = *state;
    struct recommendations *r = NULL;
    for (int i = 0; i < 12; i++) {
        char order[64];
        snprintf(order, sizeof order, "{'order_id': 'o%d', 'revenue': 9}", i);
        shop_track(s, i % 2 ? "ana" : "eva", "Order Completed", SHOP_T0 + i * SHOP_DAY, order);
    }
    assert_int_equal(recommendations_new(s->lab.memory, s->purchases, s->lab.read, &r, NULL), ERR_OK);
    assert_int_equal(recommendations_refit(r, &everything, LAB_NOW, NULL, NULL), ERR_OK);
    assert_int_equal(recommendations_learn(r, &everything, LAB_NOW, NULL, NULL), ERR_OK);
    struct recommend_proof proof;
    assert_false(recommendations_proof(r, &proof));
    recommendations_drop(&r);
}

int main(void)
{
#define SHOP_TEST(f) cmocka_unit_test_setup_teardown(f, shop_setup, shop_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wilson_intervals),        cmocka_unit_test(a_lead_by_hand),
        cmocka_unit_test(one_place_for_a_newcomer), SHOP_TEST(alike_by_what_they_are),
        cmocka_unit_test(at_most_some_of_a_group), cmocka_unit_test(the_latest_count),
        SHOP_TEST(models_live_while_they_are_used), SHOP_TEST(again_by_its_median),
        SHOP_TEST(learns_what_customers_like),     SHOP_TEST(the_proof_by_its_definition),
        SHOP_TEST(orders_without_products),        SHOP_TEST(a_restart_forgets_nothing),
        SHOP_TEST(the_last_versions_are_kept),     SHOP_TEST(what_cannot_be_read_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

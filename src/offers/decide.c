#include "offers/decide.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/hash.h"
#include "insight/vec.h"
#include "offers/reason.h"

#define POPULAR_TURN 0.5   // popular goods change places within this part of their rank

/* Where a product stands in `bought`; valid only in its turn, so nothing is cleared. */
struct mark {
    uint32_t turn, at;
};

struct decider {
    struct memory *memory;
    struct purchases *purchases;
    struct affinity *affinity;
    struct catalogue *catalogue;
    struct neighbour_work *work;
    struct bought *bought;  // all that the customer at hand has
    size_t bought_cap, n_bought;
    struct mark *mark;      // by product
    size_t mark_cap;
    uint32_t turn;
};

const char *reason_name(enum reason_code code)
{
    static const char *const names[] = { "bought_together", "viewed", "popular_in_category", "popular" };
    assert((size_t)code < sizeof names / sizeof *names);
    return names[code];
}

enum err_code decider_new(struct memory *memory, struct purchases *purchases, struct affinity *affinity,
                          struct catalogue *catalogue, struct decider **ret, struct err *e)
{
    assert(memory && purchases && affinity && catalogue && ret);
    struct decider *d = calloc(1, sizeof *d);
    if (d) {
        *d = (struct decider){ .memory = memory, .purchases = purchases, .affinity = affinity,
                               .catalogue = catalogue, .work = neighbour_work_new() };
    }
    if (!d || !d->work || !vec_need(d->bought, d->bought_cap, 256)) {
        decider_drop(&d);
        return err_set(e, ERR_LIMIT, 0, "no memory to decide");
    }
    *ret = d;
    return ERR_OK;
}

void decider_drop(struct decider **d)
{
    assert(d);
    if (!*d)
        return;
    neighbour_work_drop(&(*d)->work);
    free((*d)->bought);
    free((*d)->mark);
    free(*d);
    *d = NULL;
}

/* What the customer has, marked by product. */
static enum err_code gather(struct decider *d, uint32_t root, struct err *e)
{
    size_t had = d->bought_cap, marks = (size_t)purchases_products(d->purchases) + 1;
    d->n_bought = root ? purchases_bought(d->purchases, root, d->bought, d->bought_cap) : 0;
    if (!vec_need(d->bought, d->bought_cap, d->n_bought) || !vec_need(d->mark, d->mark_cap, marks))
        return err_set(e, ERR_LIMIT, 0, "no memory for the purchases of a customer");
    if (d->n_bought > had)
        d->n_bought = purchases_bought(d->purchases, root, d->bought, d->bought_cap);
    if (++d->turn == 0) {  // after 2^32 calls old marks would look new
        memset(d->mark, 0, d->mark_cap * sizeof *d->mark);
        d->turn = 1;
    }
    for (uint32_t i = 0; i < d->n_bought; i++)
        d->mark[d->bought[i].product] = (struct mark){ d->turn, i };
    return ERR_OK;
}

static const struct bought *has_bought(const struct decider *d, uint32_t product)
{
    const struct mark *mark = &d->mark[product];
    return mark->turn == d->turn ? &d->bought[mark->at] : NULL;
}

/* What the model may propose: offerable and not bought, also before what scoring starts from. */
static bool may_propose(void *arg, uint32_t product)
{
    const struct decider *d = arg;
    return !has_bought(d, product) && catalogue_offerable(d->catalogue, product);
}

static uint32_t group_of(void *arg, uint32_t product)
{
    const struct decider *d = arg;
    return catalogue_group(d->catalogue, product);
}

/* ---- variety ---- */

struct choice {
    struct decision *decision;
    size_t limit;
};

static bool chosen(const struct decision *decision, uint32_t product)
{
    for (size_t i = 0; i < decision->n; i++)
        if (decision->of[i].product == product)
            return true;
    return false;
}

static bool category_full(const struct decider *d, const struct decision *decision, uint32_t product)
{
    uint32_t group = catalogue_group(d->catalogue, product);
    size_t n = 0;
    for (size_t i = 0; group && i < decision->n; i++)
        n += catalogue_group(d->catalogue, decision->of[i].product) == group;
    return n >= AFFINITY_PER_GROUP;
}

static void choose(struct choice *c, struct proposal proposal)
{
    if (c->decision->n < c->limit && !chosen(c->decision, proposal.product))
        c->decision->of[c->decision->n++] = proposal;
}

/* The best candidates with at most AFFINITY_PER_GROUP of a category; then, if room is left, the others. */
static void choose_varied(const struct decider *d, struct choice *c, const struct proposal *of, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!category_full(d, c->decision, of[i].product))
            choose(c, of[i]);
    for (size_t i = 0; i < n; i++)
        choose(c, of[i]);
}

/* ---- where proposals come from ---- */

static enum err_code from_model(struct decider *d, const uint32_t *basis, size_t n_basis,
                                enum reason_code code, struct choice *c, struct err *e)
{
    const struct neighbours *fit = affinity_use(d->affinity, &c->decision->model);
    if (!fit || n_basis == 0) {
        affinity_done(d->affinity, fit);
        return ERR_OK;
    }
    struct scored best[DECIDE_MAX];
    struct affinity_taste taste = { may_propose, group_of, d };
    size_t n = 0;
    enum err_code failed = affinity_propose(fit, basis, n_basis, &taste, d->work, best, c->limit, &n, e);
    affinity_done(d->affinity, fit);
    if (failed)
        return failed;
    for (size_t i = 0; i < n; i++) {
        const struct bought *because = has_bought(d, best[i].why + 1);
        choose(c, (struct proposal){ .product = best[i].item + 1, .score = (double)best[i].score, .code = code,
                                     .because = best[i].why + 1, .count = best[i].together,
                                     .times = because ? because->times : 0,
                                     .because_ms = because ? because->last_ms : FACT_NO_TIME });
    }
    return ERR_OK;
}

/* A number in [0, 1) that belongs to this customer and this product. */
static double own_turn(uint32_t root, uint32_t product)
{
    return (double)(hash_mix(((uint64_t)root << 32) | product) >> 11) / (double)(UINT64_C(1) << 53);
}

static void from_popular(struct decider *d, uint32_t root, struct slice category, enum reason_code code,
                         struct choice *c)
{
    uint32_t popular[POPULAR_MAX];
    size_t n = catalogue_popular(d->catalogue, category, popular, POPULAR_MAX), kept = 0;
    struct proposal proposals[POPULAR_MAX];
    double key[POPULAR_MAX];
    size_t room = c->limit * 4;
    for (size_t i = 0; i < n && kept < room; i++) {
        if (has_bought(d, popular[i]) || !catalogue_offerable(d->catalogue, popular[i]))
            continue;
        double rank = (double)kept * (1 - POPULAR_TURN)
                      + (double)room * POPULAR_TURN * own_turn(root, popular[i]) / 2;
        size_t at = kept++;
        for (; at > 0 && key[at - 1] > rank; at--) {
            key[at] = key[at - 1];
            proposals[at] = proposals[at - 1];
        }
        key[at] = rank;
        proposals[at] = (struct proposal){ .product = popular[i], .code = code,
                                           .score = purchases_product_trend(d->purchases, popular[i]),
                                           .count = purchases_product_orders(d->purchases, popular[i]),
                                           .because_ms = FACT_NO_TIME };
    }
    choose_varied(d, c, proposals, kept);
}

/* Products looked at but not bought: what a newcomer's proposals start from. */
static enum err_code from_viewed(struct decider *d, uint32_t root, struct choice *c, struct err *e)
{
    uint32_t viewed[8], basis[8];
    size_t n = root ? purchases_viewed(d->purchases, root, viewed, 8) : 0;
    for (size_t i = 0; i < n; i++)
        basis[i] = viewed[i] - 1;
    return from_model(d, basis, n, REASON_VIEWED, c, e);
}

enum err_code decide(struct decider *d, const struct decide_query *query, int64_t now_ms,
                     struct decision *ret, struct err *e)
{
    assert(d && query && ret && query->limit > 0 && query->limit <= DECIDE_MAX);
    ret->root = query->root;
    ret->at_ms = now_ms;
    ret->model = 0;
    ret->n = 0;
    struct choice c = { ret, query->limit };
    TRY(gather(d, query->root, e));
    struct slice category = query->category;
    if (category.len)  // asked for: it goes before everything else
        from_popular(d, query->root, category, REASON_POPULAR_IN_CATEGORY, &c);
    uint32_t basis[AFFINITY_BASIS];
    size_t n = d->n_bought < AFFINITY_BASIS ? d->n_bought : AFFINITY_BASIS;
    for (size_t i = 0; i < n; i++)  // bought is the latest first
        basis[n - 1 - i] = d->bought[i].product - 1;
    TRY(from_model(d, basis, n, REASON_BOUGHT_TOGETHER, &c, e));
    if (ret->n < query->limit)
        TRY(from_viewed(d, query->root, &c, e));
    if (ret->n < query->limit && !category.len && query->root) {
        category = purchases_viewed_category(d->purchases, query->root);
        if (category.len)
            from_popular(d, query->root, category, REASON_POPULAR_IN_CATEGORY, &c);
    }
    if (ret->n < query->limit)
        from_popular(d, query->root, SLICE(""), REASON_POPULAR, &c);
    return ERR_OK;
}

/* ---- saying it ---- */

static struct slice title_of(const struct decider *d, uint32_t product)
{
    const struct product *p = catalogue_product(d->catalogue, product);
    return p && p->title.len ? p->title : purchases_product_id(d->purchases, product);
}

void proposal_why(struct decider *d, const struct proposal *proposal, const char *lang, int64_t now_ms,
                  struct buf *out)
{
    const struct product *p = catalogue_product(d->catalogue, proposal->product);
    struct reason reason = { .code = proposal->code, .count = proposal->count, .times = proposal->times,
                             .because_ms = proposal->because_ms, .now_ms = now_ms,
                             .because = title_of(d, proposal->because),
                             .category = p ? catalogue_category_name(d->catalogue, p->category, lang)
                                           : SLICE("") };
    reason_text(&reason, lang, out);
}

static void text_member(struct decider *d, const struct proposal *proposal, const char *lang, int64_t now_ms,
                        struct json_w *w)
{
    struct buf text = buf_make(4096);
    proposal_why(d, proposal, lang, now_ms, &text);
    json_w_kstring(w, lang, buf_slice(&text));
    buf_drop(&text);
}

static void reason_json(struct decider *d, const struct proposal *proposal, int64_t now_ms, struct json_w *w)
{
    json_w_open(w, '{');
    json_w_kcstr(w, "code", reason_name(proposal->code));
    if (proposal->because)
        json_w_kstring(w, "product", purchases_product_id(d->purchases, proposal->because));
    else
        json_w_knull(w, "product");
    json_w_ki64(w, "count", proposal->count);
    if (proposal->because_ms == FACT_NO_TIME) {
        json_w_knull(w, "month");
    } else {
        char month[8];
        reason_month(proposal->because_ms, month);
        json_w_kcstr(w, "month", month);
    }
    json_w_key(w, "text");
    json_w_open(w, '{');
    text_member(d, proposal, "en", now_ms, w);
    text_member(d, proposal, "es", now_ms, w);
    json_w_close(w, '}');
    json_w_close(w, '}');
}

void decision_json(struct decider *d, const struct decision *decision, int64_t id, struct json_w *w)
{
    char text[32];
    json_w_open(w, '{');
    snprintf(text, sizeof text, "%lld", (long long)id);
    json_w_kcstr(w, "id", id ? text : NULL);
    snprintf(text, sizeof text, "c%u", decision->root);
    json_w_kcstr(w, "customer", decision->root ? text : NULL);
    json_w_ktime(w, "at", decision->at_ms);
    snprintf(text, sizeof text, "neighbours-%lld", (long long)decision->model);
    json_w_kcstr(w, "model", text);
    json_w_key(w, "proposals");
    json_w_open(w, '[');
    for (size_t i = 0; i < decision->n; i++) {
        const struct proposal *proposal = &decision->of[i];
        json_w_open(w, '{');
        json_w_key(w, "product");
        json_w_open(w, '{');
        product_json(w, catalogue_product(d->catalogue, proposal->product));
        json_w_close(w, '}');
        json_w_kdouble(w, "score", proposal->score);
        json_w_key(w, "reasons");
        json_w_open(w, '[');
        reason_json(d, proposal, decision->at_ms, w);
        json_w_close(w, ']');
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
    json_w_close(w, '}');
}

enum err_code tx_decision(struct tx *tx, const struct decision *decision, struct slice json, int64_t *seq,
                          struct err *e)
{
    assert(tx && decision && seq);
    struct fact fact = { .type = FACT_DECISION, .customer = decision->root, .timestamp_ms = decision->at_ms,
                         .original_ms = FACT_NO_TIME, .sent_ms = FACT_NO_TIME, .received_ms = tx->now_ms,
                         .body = json };
    TRY(tx_source(tx, SLICE("tendero"), &fact.source, e));
    TRY(tx_append(tx, &fact, e));
    *seq = fact.seq;
    return ERR_OK;
}

#include "offers/decide.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/hash.h"
#include "base/vec.h"
#include "offers/reason.h"
#include "text/fold.h"
#include "text/time.h"

#define POPULAR_TURN 0.5   // popular goods change places within this part of their rank
#define VIEWED 8           // products looked at last that count
#define WORDS_SEED 3       // of features that are words
#define AGAIN_LATEST 4     // times what is usual: who has not bought it again by then does not

/* Where a product stands in `bought`; valid only in its turn, so nothing is cleared. */
struct mark {
    uint32_t turn, at;
};

struct decider {
    struct memory *memory;
    struct purchases *purchases;
    struct recommendations *recommendations;
    struct catalogue *catalogue;
    struct recommend_work *work;
    struct bought *bought;  // all that the customer at hand has
    size_t bought_cap, n_bought;
    struct mark *mark;      // by product
    size_t mark_cap;
    uint32_t turn;
};

const char *reason_name(enum reason_code code)
{
    static const char *const names[] = { "bought_together", "viewed", "popular_in_category", "popular",
                                         "similar_customers", "similar_orders", "bought_again", "new_like" };
    assert((size_t)code < sizeof names / sizeof *names);
    return names[code];
}

enum err_code decider_new(struct memory *memory, struct purchases *purchases, struct recommendations *recommendations,
                          struct catalogue *catalogue, struct decider **ret, struct err *e)
{
    assert(memory && purchases && recommendations && catalogue && ret);
    struct decider *d = calloc(1, sizeof *d);
    if (d) {
        *d = (struct decider){ .memory = memory, .purchases = purchases, .recommendations = recommendations,
                               .catalogue = catalogue, .work = recommend_work_new() };
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
    recommend_work_drop(&(*d)->work);
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
    return n >= RECOMMEND_PER_GROUP;
}

static void choose(struct choice *c, struct proposal proposal)
{
    if (c->decision->n < c->limit && !chosen(c->decision, proposal.product))
        c->decision->of[c->decision->n++] = proposal;
}

/* The best candidates with at most RECOMMEND_PER_GROUP of a category; then, if room is left, the others. */
static void choose_varied(const struct decider *d, struct choice *c, const struct proposal *of, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!category_full(d, c->decision, of[i].product))
            choose(c, of[i]);
    for (size_t i = 0; i < n; i++)
        choose(c, of[i]);
}

/* ---- where proposals come from ---- */

/* What the models start from. */
struct known {
    uint32_t item[RECOMMEND_BASIS + VIEWED], session[RECOMMEND_SESSION + VIEWED];  // the latest last
    size_t n, n_session;
};

/* What was looked at counts as the latest. The visit is the last order, and what was looked at since. */
static void know(struct decider *d, uint32_t root, struct known *k)
{
    uint32_t viewed[VIEWED];
    int64_t viewed_ms = FACT_NO_TIME, ordered_ms = d->n_bought ? d->bought[0].last_ms : FACT_NO_TIME;
    size_t n_viewed = root ? purchases_viewed(d->purchases, root, viewed, VIEWED, &viewed_ms) : 0, in_order = 0;
    k->n = k->n_session = 0;
    for (size_t i = d->n_bought < RECOMMEND_BASIS ? d->n_bought : RECOMMEND_BASIS; i-- > 0;)  // bought is the latest first
        k->item[k->n++] = d->bought[i].product - 1;
    while (in_order < d->n_bought && in_order < RECOMMEND_SESSION && d->bought[in_order].last_ms == ordered_ms)
        in_order++;
    while (in_order-- > 0)
        k->session[k->n_session++] = d->bought[in_order].product - 1;
    for (size_t i = n_viewed; i-- > 0;) {
        if (!has_bought(d, viewed[i]))
            k->item[k->n++] = viewed[i] - 1;
        if (ordered_ms == FACT_NO_TIME || viewed_ms > ordered_ms)
            k->session[k->n_session++] = viewed[i] - 1;
    }
}

static struct proposal reasoned(const struct decider *d, const struct recommended *r)
{
    struct proposal p = { .product = r->item + 1, .score = (double)r->score, .because = r->why + 1, .count = r->together,
                          .because_ms = FACT_NO_TIME };
    const struct bought *because = p.because ? has_bought(d, p.because) : NULL;
    if (because) {
        p.times = because->times;
        p.because_ms = because->last_ms;
    }
    if (r->newcomer)
        p.code = REASON_NEW_LIKE;
    else if (r->by == PROPOSER_IALS)
        p.code = REASON_SIMILAR_CUSTOMERS;
    else if (r->by == PROPOSER_SESSIONS)
        p.code = REASON_SIMILAR_ORDERS;
    else if (!p.because)
        p.code = REASON_POPULAR;
    else
        p.code = because ? REASON_BOUGHT_TOGETHER : REASON_VIEWED;
    if (p.code == REASON_POPULAR)
        p.count = purchases_product_orders(d->purchases, p.product);
    return p;
}

/* What is bought again by now, and was not for so long that it no longer is: what is due the longest, by its own measure. */
static void add_again(struct decider *d, const struct proposers *of, int64_t now_ms, struct choice *c)
{
    const struct bought *best = NULL;
    double most = 1;
    for (size_t i = 0; i < d->n_bought; i++) {
        uint32_t item = d->bought[i].product - 1;
        double days = item < of->items ? of->again_days[item] : 0;
        double times = days > 0 ? (double)(now_ms - d->bought[i].last_ms) / (days * (double)DAY_MS) : 0;
        if (times < most || times > AGAIN_LATEST || !catalogue_offerable(d->catalogue, d->bought[i].product))
            continue;
        most = times;
        best = &d->bought[i];
    }
    if (best)
        choose(c, (struct proposal){ .product = best->product, .score = 1, .code = REASON_BOUGHT_AGAIN, .because = best->product,
                                     .count = of->again_days[best->product - 1], .times = best->times,
                                     .because_ms = best->last_ms });
}

static enum err_code from_model(struct decider *d, const struct recommend_model *model, const double weight[PROPOSERS],
                                int64_t now_ms, struct choice *c, struct err *e)
{
    const struct recommend_taste taste = { may_propose, group_of, d };
    struct recommended best[DECIDE_MAX];
    struct known known;
    size_t n = 0, before = c->decision->n;
    know(d, c->decision->root, &known);
    if (!known.n)  // trends alone would be the same for all newcomers
        return ERR_OK;
    const struct recommend_basis basis = { known.item, known.n, known.session, known.n_session };
    TRY(recommend_propose(model->of, weight, &basis, &taste, d->work, best, c->limit, &n, e));
    for (size_t i = 0; i < n; i++) {
        bool full = c->decision->n + 1 == c->limit, kept = i + 2 == n && best[n - 1].newcomer;
        if (full && kept)
            continue;  // what is bought again took a place: not the newcomer's
        choose(c, reasoned(d, &best[i]));
        if (c->decision->n == before + 1 && i == 0 && c->limit > 1)
            add_again(d, model->of, now_ms, c);
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

static enum err_code begin(struct decider *d, uint32_t root, int64_t now_ms, struct decision *ret, struct err *e)
{
    ret->root = root;
    ret->at_ms = now_ms;
    ret->model = 0;
    ret->n = 0;
    return gather(d, root, e);
}

enum err_code decide_by(struct decider *d, uint32_t root, const double weight[PROPOSERS], size_t limit, int64_t now_ms,
                        struct decision *ret, struct err *e)
{
    assert(d && ret && limit > 0 && limit <= DECIDE_MAX);
    struct choice c = { ret, limit };
    TRY(begin(d, root, now_ms, ret, e));
    const struct recommend_model *model = recommendations_use(d->recommendations);
    enum err_code code = ERR_OK;
    if (model) {
        ret->model = model->about.version;
        code = from_model(d, model, weight, now_ms, &c, e);
    }
    recommendations_done(d->recommendations, model);
    return code;
}

enum err_code decide(struct decider *d, const struct decide_query *query, int64_t now_ms,
                     struct decision *ret, struct err *e)
{
    assert(d && query && ret && query->limit > 0 && query->limit <= DECIDE_MAX);
    struct choice c = { ret, query->limit };
    struct slice category = query->category;
    enum err_code code = ERR_OK;
    TRY(begin(d, query->root, now_ms, ret, e));
    if (category.len)  // asked for: it goes before everything else
        from_popular(d, query->root, category, REASON_POPULAR_IN_CATEGORY, &c);
    const struct recommend_model *model = recommendations_use(d->recommendations);
    if (model) {
        ret->model = model->about.version;
        if (query->root && ret->n < query->limit)
            code = from_model(d, model, model->about.weight, now_ms, &c, e);
    }
    recommendations_done(d->recommendations, model);
    TRY(code);
    if (ret->n < query->limit && !category.len && query->root) {
        category = purchases_viewed_category(d->purchases, query->root);
        if (category.len)
            from_popular(d, query->root, category, REASON_POPULAR_IN_CATEGORY, &c);
    }
    if (ret->n < query->limit)
        from_popular(d, query->root, SLICE(""), REASON_POPULAR, &c);
    return ERR_OK;
}

static bool is_goods(void *arg, uint32_t product)
{
    const struct product *known = catalogue_product(arg, product);
    return known && known->kind == PRODUCT_GOODS;
}

static uint32_t its_group(void *arg, uint32_t product)
{
    return catalogue_group(arg, product);
}

struct recommend_taste taste_of_catalogue(struct catalogue *catalogue)
{
    return (struct recommend_taste){ is_goods, its_group, catalogue };
}

/* As people look for them: without case and accents. One letter says little. */
static size_t title_words(struct slice title, struct arena *mem, uint64_t *feature, size_t max)
{
    struct slice rest = fold_text(title, mem), word;
    size_t n = 0;
    while (n < max && fold_word(&rest, &word))
        if (word.len > 1)
            feature[n++] = hash64(word, WORDS_SEED);
    return n;
}

static size_t what_it_is(void *arg, uint32_t product, struct arena *mem, uint64_t *feature, size_t max)
{
    const struct product *p = catalogue_product(arg, product);
    size_t n = 0;
    if (!p || max < 2)
        return 0;
    uint32_t group = catalogue_group(arg, product);
    if (group)
        feature[n++] = hash_mix(UINT64_C(1) << 40 | group);
    if (p->price_micro > 0)
        feature[n++] = hash_mix(UINT64_C(2) << 40 | (uint32_t)(int32_t)floor(2 * log2((double)p->price_micro)));
    return n + title_words(p->title, mem, feature + n, max - n);
}

struct recommend_content content_of_catalogue(struct catalogue *catalogue)
{
    return (struct recommend_content){ what_it_is, catalogue };
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

void proposal_json(struct decider *d, const struct proposal *proposal, int64_t now_ms, struct json_w *w)
{
    json_w_open(w, '{');
    json_w_key(w, "product");
    json_w_open(w, '{');
    product_json(w, catalogue_product(d->catalogue, proposal->product));
    json_w_close(w, '}');
    json_w_kdouble(w, "score", proposal->score);
    json_w_key(w, "reasons");
    json_w_open(w, '[');
    reason_json(d, proposal, now_ms, w);
    json_w_close(w, ']');
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
    snprintf(text, sizeof text, "recommend-%lld", (long long)decision->model);
    json_w_kcstr(w, "model", text);
    json_w_key(w, "proposals");
    json_w_open(w, '[');
    for (size_t i = 0; i < decision->n; i++)
        proposal_json(d, &decision->of[i], decision->at_ms, w);
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

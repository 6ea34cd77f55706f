/* Joining customers and parting them again: preview, merge, unmerge, suggestions. */
#include <assert.h>

#include "api/api_room.h"
#include "base/limits.h"
#include "memory/traits.h"

#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for the request")

struct pair {
    uint32_t winner, loser;
    struct slice note;
    int64_t merge;
};

static enum err_code pair_read(struct call *call, struct pair **ret, struct err *e)
{
    struct json body;
    TRY(call_body(call, &body, e));
    struct pair *pair = arena_one(call->mem, struct pair);
    if (!pair)
        return NO_MEMORY(e);
    TRY(body_only(call, body, "winner loser reason", e));
    TRY(body_text(call, body, "reason", false, 1000, &pair->note, e));
    TRY(body_customer(call, body, "winner", &pair->winner, e));
    TRY(body_customer(call, body, "loser", &pair->loser, e));
    *ret = pair;
    return ERR_OK;
}

/* ---- preview ---- */

static struct slice either(struct slice a, struct slice b)
{
    return a.len ? a : b;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a == FACT_NO_TIME || (b != FACT_NO_TIME && b < a) ? b : a;
}

/* Both in one row, as the customer will be listed. */
static struct customer_row row_join(struct call *call, const struct customer_row *winner,
                                    const struct customer_row *loser)
{
    struct customer_row row = *winner;
    row.known = winner->known || loser->known;
    row.face.name = either(winner->face.name, loser->face.name);
    row.face.email = either(winner->face.email, loser->face.email);
    row.face.user_id = either(winner->face.user_id, loser->face.user_id);
    row.face.country = either(winner->face.country, loser->face.country);
    row.bought.orders += loser->bought.orders;
    row.bought.value_micro += loser->bought.value_micro;
    row.bought.first_ms = earlier(winner->bought.first_ms, loser->bought.first_ms);
    if (loser->bought.last_ms > row.bought.last_ms)
        row.bought.last_ms = loser->bought.last_ms;
    row.first_ms = earlier(winner->first_ms, loser->first_ms);
    if (loser->last_ms > row.last_ms)
        row.last_ms = loser->last_ms;
    row.tier = people_standing_of(call->rooms->people, &row.bought, call->now_ms).tier;
    return row;
}

struct trait_list {
    struct trait *at;
    size_t n;
};

/* The value that the joined customer shows: by the trait's rule among both. */
static bool winner_shows(const struct trait *winner, const struct trait *loser)
{
    const struct trait_value *a = &winner->chosen, *b = &loser->chosen;
    if (winner->rule == RULE_STRONGEST && a->provenance != b->provenance)
        return a->provenance < b->provenance;
    return a->time_ms >= b->time_ms;
}

static void list_add(struct json_w *w, struct slice value, struct slice *seen, size_t *n, size_t max)
{
    for (size_t i = 0; i < *n; i++)
        if (slice_eq(seen[i], value))
            return;
    if (*n < max)
        seen[(*n)++] = value;
    json_w_raw(w, value);
}

/* All distinct values of both, those of the newer first. */
static void all_values(struct call *call, struct json_w *w, const struct trait *winner,
                       const struct trait *loser)
{
    const struct trait *order[2] = { winner, loser };
    size_t max = winner->n_others + loser->n_others + 2, n = 0;
    struct slice *seen = arena_array(call->mem, struct slice, max);
    if (!winner_shows(winner, loser)) {
        order[0] = loser;
        order[1] = winner;
    }
    json_w_open(w, '[');
    for (size_t t = 0; t < 2 && seen; t++)
        for (size_t i = 0; i < order[t]->n_others; i++)
            list_add(w, order[t]->others[i].value, seen, &n, max);
    json_w_close(w, ']');
}

static void trait_pair(struct call *call, struct json_w *w, const struct trait *winner,
                       const struct trait *loser)
{
    json_w_open(w, '{');
    json_w_kstring(w, "name", winner ? winner->name : loser->name);
    json_w_kraw(w, "winner", winner ? winner->chosen.value : SLICE("null"));
    json_w_kraw(w, "loser", loser ? loser->chosen.value : SLICE("null"));
    json_w_key(w, "result");
    if (winner && loser && winner->rule == RULE_ALL)
        all_values(call, w, winner, loser);
    else
        json_w_raw(w, !loser || (winner && winner_shows(winner, loser)) ? winner->chosen.value
                                                                       : loser->chosen.value);
    json_w_close(w, '}');
}

/* Both lists are by name. */
static void traits_join(struct call *call, struct json_w *w, struct trait_list winner, struct trait_list loser)
{
    size_t a = 0, b = 0;
    json_w_key(w, "traits");
    json_w_open(w, '[');
    while (a < winner.n || b < loser.n) {
        int order = a == winner.n ? 1 : b == loser.n ? -1 : slice_cmp(winner.at[a].name, loser.at[b].name);
        trait_pair(call, w, order <= 0 ? &winner.at[a] : NULL, order >= 0 ? &loser.at[b] : NULL);
        a += order <= 0;
        b += order >= 0;
    }
    json_w_close(w, ']');
}

static void warning(struct json_w *w, const char *en, const char *es)
{
    json_w_open(w, '{');
    json_w_kcstr(w, "en", en);
    json_w_kcstr(w, "es", es);
    json_w_close(w, '}');
}

static bool preview_verdict(struct call *call, struct json_w *w, const struct customer_row *winner,
                            const struct customer_row *loser)
{
    const struct customers *customers = memory_customers(call->rooms->memory);
    uint32_t histories[LIMIT_MERGE_LEAVES];
    size_t n = customers_histories(customers, winner->root, histories, LIMIT_MERGE_LEAVES)
               + customers_histories(customers, loser->root, histories, LIMIT_MERGE_LEAVES);
    bool same = winner->root == loser->root, kinds = winner->kind != loser->kind,
         many = n > LIMIT_MERGE_LEAVES;
    json_w_kbool(w, "allowed", !same && !kinds && !many);
    json_w_key(w, "warnings");
    json_w_open(w, '[');
    if (same)
        warning(w, "These are one customer already.", "Ya son un mismo cliente.");
    if (kinds)
        warning(w, "They are of different kinds, for example a person and a company.",
                "Son de distinto tipo, por ejemplo una persona y una empresa.");
    if (many && !same)
        warning(w, "Together they would have too many histories.", "Juntos tendrían demasiados historiales.");
    if (!same && winner->face.user_id.len && loser->face.user_id.len)
        warning(w, "Both have a user id of their own: they may be two people.",
                "Cada uno tiene su propio identificador de usuario: pueden ser dos personas.");
    json_w_close(w, ']');
    return same;
}

static enum err_code preview_identifiers(struct call *call, struct json_w *w, const struct pair *pair,
                                         bool same, struct err *e)
{
    const struct customers *customers = memory_customers(call->rooms->memory);
    uint32_t roots[2] = { pair->winner, pair->loser };
    json_w_key(w, "identifiers");
    json_w_open(w, '[');
    for (size_t i = 0; i < (same ? 1 : 2); i++) {
        struct identifier_row *rows;
        size_t n;
        TRY(customers_identifiers(customers, call->thread->read, roots[i], call->mem, &rows, &n, e));
        json_identifiers(call, w, rows, n);
    }
    json_w_close(w, ']');
    return ERR_OK;
}

static enum err_code preview_write(struct call *call, const struct pair *pair, struct buf *out, struct err *e)
{
    struct memory *memory = call->rooms->memory;
    struct customer_row winner, loser;
    struct trait_list mine, theirs;
    TRY(customer_row(call, pair->winner, &winner, e));
    TRY(customer_row(call, pair->loser, &loser, e));
    TRY(traits_of(memory, call->thread->read, winner.root, call->mem, &mine.at, &mine.n, e));
    TRY(traits_of(memory, call->thread->read, loser.root, call->mem, &theirs.at, &theirs.n, e));
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    bool same = preview_verdict(call, &w, &winner, &loser);
    struct customer_row result = same ? winner : row_join(call, &winner, &loser);
    json_w_key(&w, "winner");
    json_customer_row(&w, &winner);
    json_w_key(&w, "loser");
    json_customer_row(&w, &loser);
    json_w_key(&w, "result");
    json_customer_row(&w, &result);
    traits_join(call, &w, mine, theirs);
    TRY(preview_identifiers(call, &w, pair, same, e));
    json_w_close(&w, '}');
    return ERR_OK;
}

enum err_code merge_preview(struct call *call, struct err *e)
{
    struct pair *pair = NULL;  // gcc 12 loses track of it with -O3
    TRY(pair_read(call, &pair, e));
    struct buf *out = call_buf(call);
    memory_read_lock(call->rooms->memory);
    enum err_code code = preview_write(call, pair, out, e);
    memory_read_unlock(call->rooms->memory);
    TRY(code);
    return call_answer(call, 200, out, e);
}

/* ---- merge and unmerge ---- */

static enum err_code answer_merge(struct call *call, int status, int64_t id, struct err *e)
{
    struct memory *memory = call->rooms->memory;
    struct merge_row *rows;
    size_t n;
    memory_read_lock(memory);
    enum err_code code = customers_merges(memory_customers(memory), call->thread->read, 0, id + 1, 1,
                                          call->mem, &rows, &n, e);
    memory_read_unlock(memory);
    TRY(code);
    if (!n || rows[0].id != id)
        return err_set(e, ERR_NOT_FOUND, 0, "there is no merge %lld", (long long)id);
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_merge_row(&w, &rows[0]);
    return call_answer(call, status, out, e);
}

static enum err_code merge_run(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    struct pair *pair = arg;
    return tx_merge(tx, pair->winner, pair->loser, SLICE("by_hand"), call->by, pair->note, &pair->merge, e);
}

static enum err_code merge_done(struct call *call, void *arg, struct err *e)
{
    const struct pair *pair = arg;
    return answer_merge(call, 201, pair->merge, e);
}

enum err_code merge_create(struct call *call, struct err *e)
{
    struct pair *pair = NULL;  // gcc 12 loses track of it with -O3
    TRY(pair_read(call, &pair, e));
    if (pair->winner == pair->loser)
        return err_set(e, ERR_CONFLICT, 0, "these are one customer already: c%u", pair->winner);
    return call_write(call, (struct call_work){ merge_run, merge_done, pair, 1 }, e);
}

static enum err_code unmerge_run(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    const struct pair *pair = arg;
    return tx_unmerge(tx, pair->merge, call->by, e);
}

static enum err_code unmerge_done(struct call *call, void *arg, struct err *e)
{
    const struct pair *pair = arg;
    return answer_merge(call, 200, pair->merge, e);
}

enum err_code merge_delete(struct call *call, struct err *e)
{
    struct pair *pair = arena_one(call->mem, struct pair);
    if (!pair)
        return NO_MEMORY(e);
    TRY(param_i64(call, 0, &pair->merge, e));
    return call_write(call, (struct call_work){ unmerge_run, unmerge_done, pair, 1 }, e);
}

enum err_code merges_list(struct call *call, struct err *e)
{
    struct memory *memory = call->rooms->memory;
    struct merge_row *rows;
    size_t limit, n;
    int64_t after;
    TRY(query_after(call, &after, e));
    TRY(call_query_limit(call, 50, &limit, e));
    memory_read_lock(memory);
    enum err_code code = customers_merges(memory_customers(memory), call->thread->read, 0, after, limit + 1,
                                          call->mem, &rows, &n, e);
    memory_read_unlock(memory);
    TRY(code);
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_list_open(&w);
    for (size_t i = 0; i < n && i < limit; i++)
        json_merge_row(&w, &rows[i]);
    json_list_close(&w, n > limit ? rows[limit - 1].id : 0);
    return call_answer(call, 200, out, e);
}

/* ---- suggestions ---- */

static const struct {
    const char *code, *en, *es;
} suggestion_reasons[] = {
    { "shared_device", "Both used one device", "Ambos usaron un mismo dispositivo" },
    { "same_email", "Both gave one e-mail address", "Ambos dieron un mismo correo" },
    { "same_phone", "Both gave one telephone number", "Ambos dieron un mismo teléfono" },
    { "same_identifier", "Both have one identifier", "Ambos tienen un mismo identificador" },
    { "two_users", "Something links them, but each has a user id", "Algo los une, pero cada uno tiene su "
                                                                   "identificador de usuario" },
    { "identifier_limit", "One has too many identifiers of a kind", "Uno tiene demasiados identificadores "
                                                                    "de un tipo" },
};

static void suggestion_reason(struct json_w *w, const struct suggestion_row *row)
{
    const char *en = "They may be one customer", *es = "Pueden ser un mismo cliente";
    for (size_t i = 0; i < sizeof suggestion_reasons / sizeof *suggestion_reasons; i++) {
        if (!slice_is(row->code, suggestion_reasons[i].code))
            continue;
        en = suggestion_reasons[i].en;
        es = suggestion_reasons[i].es;
    }
    struct buf text_en = buf_make(2048), text_es = buf_make(2048);
    buf_adds(&text_en, en);
    if (row->value.len)
        buf_printf(&text_en, ": %.*s", SLICE_ARG(row->value));
    buf_adds(&text_es, es);
    if (row->value.len)
        buf_printf(&text_es, ": %.*s", SLICE_ARG(row->value));
    json_w_texts(w, "reason", buf_slice(&text_en), buf_slice(&text_es));
    buf_drop(&text_en);
    buf_drop(&text_es);
}

static enum err_code suggestion_json(struct call *call, struct json_w *w, const struct suggestion_row *row,
                                     struct err *e)
{
    json_w_open(w, '{');
    json_row_id(w, "id", row->id);
    json_w_key(w, "a");
    TRY(json_customer_row_of(call, w, row->a, e));
    json_w_key(w, "b");
    TRY(json_customer_row_of(call, w, row->b, e));
    json_w_kstring(w, "code", row->code);
    suggestion_reason(w, row);
    json_w_ktime(w, "at", row->at_ms);
    json_w_close(w, '}');
    return ERR_OK;
}

static enum err_code suggestions_write(struct call *call, int64_t after, size_t limit, struct buf *out,
                                       struct err *e)
{
    struct suggestion_row *rows;
    size_t n;
    TRY(customers_suggestions(memory_customers(call->rooms->memory), call->thread->read, after, limit + 1,
                              call->mem, &rows, &n, e));
    struct json_w w = json_w(out);
    json_list_open(&w);
    for (size_t i = 0; i < n && i < limit; i++)
        TRY(suggestion_json(call, &w, &rows[i], e));
    json_list_close(&w, n > limit ? rows[limit - 1].id : 0);
    return ERR_OK;
}

enum err_code suggestions_list(struct call *call, struct err *e)
{
    size_t limit;
    int64_t after;
    TRY(query_after(call, &after, e));
    TRY(call_query_limit(call, 50, &limit, e));
    struct buf *out = call_buf(call);
    memory_read_lock(call->rooms->memory);
    enum err_code code = suggestions_write(call, after, limit, out, e);
    memory_read_unlock(call->rooms->memory);
    TRY(code);
    return call_answer(call, 200, out, e);
}

static enum err_code dismiss_run(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    const int64_t *id = arg;
    (void)call;
    return tx_suggestion_dismiss(tx, *id, e);
}

enum err_code suggestion_delete(struct call *call, struct err *e)
{
    int64_t *id = arena_one(call->mem, int64_t);
    if (!id)
        return NO_MEMORY(e);
    TRY(param_i64(call, 0, id, e));
    return call_write(call, (struct call_work){ dismiss_run, call_nothing, id, 0 }, e);
}

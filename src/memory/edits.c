/* Corrections and deletions, and what they do to traits. */
#include <assert.h>

#include "memory/ingest_memory.h"
#include "memory/traits_told.h"

#define EDIT_BYTES (16u << 20)

/* ---- traits from the facts ---- */

/* Traits that no device observed are uncounted: telling them again counts them. */
static enum err_code forget_told(struct tx *tx, uint32_t history, struct err *e)
{
    struct store_stmt *st;
    TRY(store_prepare(tx->conn, SLICE("SELECT trait FROM traits WHERE customer = $1 GROUP BY trait "
                                      "HAVING SUM(CASE WHEN provenance = $2 THEN 1 ELSE 0 END) = 0"), &st, e));
    store_bind_i64(st, 1, history);
    store_bind_i64(st, 2, PROVENANCE_OBSERVED);
    for (bool row = true; row;) {
        TRY(store_step(st, &row, e));
        if (row)
            ingest_state_trait_count(memory_ingest(tx->memory), (uint32_t)store_col_i64(st, 0), -1);
    }
    TRY(store_prepare(tx->conn, SLICE("DELETE FROM traits WHERE customer = $1 AND provenance <> $2"), &st, e));
    store_bind_i64(st, 1, history);
    store_bind_i64(st, 2, PROVENANCE_OBSERVED);
    return store_run(st, e);
}

struct observed_row {
    uint32_t trait, source;
    int64_t fact;
    struct slice name, value;
};

static enum err_code drop_observed(struct tx *tx, uint32_t history, const struct observed_row *o,
                                   struct err *e)
{
    struct store_stmt *st;
    TRY(store_prepare(tx->conn, SLICE("DELETE FROM traits WHERE customer = $1 AND trait = $2 AND source = $3 "
                                      "AND provenance = $4"), &st, e));
    store_bind_i64(st, 1, history);
    store_bind_i64(st, 2, o->trait);
    store_bind_i64(st, 3, o->source);
    store_bind_i64(st, 4, PROVENANCE_OBSERVED);
    TRY(store_run(st, e));
    ingest_state_untold(memory_ingest(tx->memory), history);
    return ERR_OK;
}

/* An observed value stands as long as its own fact still says it: the next event tells it anew. */
static enum err_code check_observed(struct tx *tx, uint32_t history, const struct observed_row *o,
                                    struct arena *mem, struct err *e)
{
    struct fact fact;
    struct json body;
    enum err_code code = log_get(tx->log, tx->conn, o->fact, mem, &fact, e);
    if (code && code != ERR_NOT_FOUND)
        return code;
    if (code == ERR_OK && !fact.deleted) {
        TRY(json_parse(ingest_state_parser(memory_ingest(tx->memory)), fact.body, &body, e));
        struct json said = json_get_slice(json_get(body, "context"), o->name);
        if (slice_eq(json_raw(said), o->value))
            return ERR_OK;
    }
    return drop_observed(tx, history, o, e);
}

static enum err_code check_all_observed(struct tx *tx, uint32_t history, struct arena *mem, struct err *e)
{
    enum { ROWS = 64 };
    struct observed_row *rows = arena_array(mem, struct observed_row, ROWS);
    struct store_stmt *st;
    if (!rows)
        return err_set(e, ERR_LIMIT, 0, "not enough memory to set a customer's traits again");
    TRY(store_prepare(tx->conn, SLICE("SELECT t.trait, t.source, t.fact, s.name, t.value FROM traits t "
                                      "JOIN trait_schema s ON s.id = t.trait WHERE t.customer = $1 "
                                      "AND t.provenance = $2 AND t.fact > 0"), &st, e));
    store_bind_i64(st, 1, history);
    store_bind_i64(st, 2, PROVENANCE_OBSERVED);
    size_t n = 0;
    for (bool row = true; row && n < ROWS;) {
        TRY(store_step(st, &row, e));
        if (row)
            rows[n++] = (struct observed_row){ (uint32_t)store_col_i64(st, 0), (uint32_t)store_col_i64(st, 1),
                                               store_col_i64(st, 2), arena_copy(mem, store_col_text(st, 3)),
                                               arena_copy(mem, store_col_text(st, 4)) };
    }
    store_reset(st);
    for (size_t i = 0; i < n; i++)
        TRY(check_observed(tx, history, &rows[i], mem, e));
    return ERR_OK;
}

static enum err_code tell_again(void *arg, const struct told_by *told, bool *enough, struct err *e)
{
    (void)enough;
    struct trait_origin origin = { .provenance = told->provenance, .quiet = true,
                                   .source = told->fact->source, .time_ms = told->fact->timestamp_ms,
                                   .fact = told->fact->seq };
    return traits_set_list(arg, told->about, told->traits, told->n, &origin, e);
}

enum err_code tx_traits_rebuild(struct tx *tx, uint32_t history, struct err *e)
{
    assert(tx && history != FACT_NOBODY);
    AUTO(arena) mem = arena_new(EDIT_BYTES);
    if (!mem)
        return err_set(e, ERR_LIMIT, 0, "not enough memory to set a customer's traits again");
    TRY(forget_told(tx, history, e));
    TRY(check_all_observed(tx, history, mem, e));
    struct told_query q = { tx->log, tx->conn, tx->customers, &history, 1, LOG_OLDEST };
    TRY(traits_told(&q, tell_again, tx, e));
    return search_refresh(tx, history, e);
}

/* ---- the edits ---- */

struct edit {
    struct tx *tx;
    int64_t seq;
    struct slice patch, by, note;  // patch empty: a deletion
    struct arena *mem;
    struct err *e;
};

static enum err_code read_edited(const struct edit *edit, struct fact *ret)
{
    TRY(log_get(edit->tx->log, edit->tx->conn, edit->seq, edit->mem, ret, edit->e));
    if (ret->deleted)
        return err_set(edit->e, ERR_CONFLICT, 0, "fact %lld has been deleted before", (long long)edit->seq);
    if (ret->type > FACT_ALIAS && ret->type != FACT_TRAIT && ret->type != FACT_PERMISSION)
        return err_set(edit->e, ERR_CONFLICT, 0, "a fact of type %s is undone by its own act, not edited",
                       fact_type_name(ret->type));
    return ERR_OK;
}

static enum err_code print_body(const struct edit *edit, struct slice *ret)
{
    __attribute__((cleanup(buf_drop))) struct buf out = buf_make(0);
    struct json_w w = json_w(&out);
    json_w_open(&w, '{');
    json_w_ki64(&w, "seq", edit->seq);
    if (edit->patch.len)
        json_w_kraw(&w, "patch", edit->patch);
    json_w_kstring(&w, "by", edit->by);
    json_w_kstring(&w, "note", edit->note);
    json_w_close(&w, '}');
    TRY(buf_check(&out, "a correction", edit->e));
    *ret = arena_copy(edit->mem, buf_slice(&out));
    return ret->at ? ERR_OK : err_set(edit->e, ERR_LIMIT, 0, "not enough memory for a correction");
}

static enum err_code append(const struct edit *edit, const struct fact *of, struct fact *ret)
{
    int64_t now_ms = edit->tx->now_ms;
    *ret = (struct fact){ .type = edit->patch.len ? FACT_CORRECTION : FACT_DELETION, .customer = of->customer,
                          .timestamp_ms = now_ms, .original_ms = FACT_NO_TIME, .sent_ms = FACT_NO_TIME,
                          .received_ms = now_ms };
    TRY(tx_source(edit->tx, SLICE("staff"), &ret->source, edit->e));
    TRY(print_body(edit, &ret->body));
    return tx_append(edit->tx, ret, edit->e);
}

/* The account a group fact speaks of, by its body: 0 when it speaks of none. */
static enum err_code account_of(const struct edit *edit, struct slice text, uint32_t *ret)
{
    struct json body;
    TRY(json_parse(ingest_state_parser(memory_ingest(edit->tx->memory)), text, &body, edit->e));
    struct identifier id = { SLICE("group_id"), json_text(json_get(body, "groupId"), edit->mem) };
    *ret = id.value.len ? customers_find(edit->tx->customers, id) : 0;
    return ERR_OK;
}

/* Whose traits may have changed: the fact's own history; of a group fact the account named before, and the
 * one named now. */
static enum err_code rebuild(const struct edit *edit, const struct fact *before)
{
    uint32_t was = 0, is = 0;
    if (before->customer != FACT_NOBODY)
        TRY(tx_traits_rebuild(edit->tx, before->customer, edit->e));
    if (before->type != FACT_GROUP)
        return ERR_OK;
    struct fact after;
    TRY(account_of(edit, before->body, &was));
    if (log_get(edit->tx->log, edit->tx->conn, edit->seq, edit->mem, &after, NULL) == ERR_OK)
        TRY(account_of(edit, after.body, &is));
    if (was && was != before->customer)
        TRY(tx_traits_rebuild(edit->tx, was, edit->e));
    return is && is != was && is != before->customer ? tx_traits_rebuild(edit->tx, is, edit->e) : ERR_OK;
}

static enum err_code edit_fact(const struct edit *edit)
{
    struct fact before, act;
    TRY(read_edited(edit, &before));
    TRY(append(edit, &before, &act));
    TRY(log_edit(edit->tx->log, edit->seq, edit->patch.len ? LOG_EDIT_CORRECTION : LOG_EDIT_DELETION, act.seq,
                 edit->patch, edit->e));
    return rebuild(edit, &before);
}

enum err_code tx_correct(struct tx *tx, int64_t seq, struct slice patch, struct slice by, struct slice note,
                         struct err *e)
{
    assert(tx);
    struct ingest_state *state = memory_ingest(tx->memory);
    struct json root;
    TRY(json_parse(ingest_state_parser(state), patch, &root, e));
    if (!json_is(root, JSON_OBJECT))
        return err_set(e, ERR_INVALID, 0, "a correction is a JSON object: the members to change");
    return edit_fact(&(struct edit){ tx, seq, patch, by, note, ingest_state_group(state), e });
}

enum err_code tx_delete_fact(struct tx *tx, int64_t seq, struct slice by, struct slice note, struct err *e)
{
    assert(tx);
    struct arena *mem = ingest_state_group(memory_ingest(tx->memory));
    return edit_fact(&(struct edit){ .tx = tx, .seq = seq, .by = by, .note = note, .mem = mem, .e = e });
}

/* What was learnt, and the versions, as they are kept: rows of recommend_fits, JSON by the names of things. */
#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "insight/recommendations_room.h"
#include "text/json.h"

#define ROW_BYTES ((size_t)64 << 10)
#define EPOCHS_MAX 1000u

/* ---- structures by the names of their members: one table both writes and reads them ---- */
enum kind { KIND_I64, KIND_U64, KIND_U32, KIND_INT, KIND_FLOAT, KIND_DOUBLE, KIND_BOOL, KIND_INTERVAL };
struct member {
    const char *name;
    size_t at;
    enum kind kind;
};
#define MEMBER(of, member, kind) { #member, offsetof(struct of, member), kind }
#define COUNT(table) (sizeof table / sizeof *table)

static const struct member of_version[] = {
    MEMBER(recommend_version, version, KIND_I64),          MEMBER(recommend_version, fitted_ms, KIND_I64),
    MEMBER(recommend_version, took_ms, KIND_I64),          MEMBER(recommend_version, learnt_ms, KIND_I64),
    MEMBER(recommend_version, learnt_took_ms, KIND_I64),   MEMBER(recommend_version, orders, KIND_U64),
    MEMBER(recommend_version, lines, KIND_U64),            MEMBER(recommend_version, customers, KIND_U32),
    MEMBER(recommend_version, products, KIND_U32),         MEMBER(recommend_version, sessions, KIND_U32),
};
static const struct member of_learnt[] = {
    MEMBER(recommend_learnt, at_ms, KIND_I64), MEMBER(recommend_learnt, took_ms, KIND_I64),
    MEMBER(recommend_learnt, orders, KIND_U64), MEMBER(recommend_learnt, proven, KIND_BOOL),
};
static const struct member of_evaluation[] = {
    MEMBER(evaluation, at_ms, KIND_I64), MEMBER(evaluation, cutoff_ms, KIND_I64), MEMBER(evaluation, held_back_days, KIND_INT),
};
static const struct member of_hits[] = {
    MEMBER(hit_rate, customers, KIND_U32),     MEMBER(hit_rate, hits_model, KIND_U32),
    MEMBER(hit_rate, hits_baseline, KIND_U32), MEMBER(hit_rate, hits_recent, KIND_U32),
    MEMBER(hit_rate, both_baseline, KIND_U32), MEMBER(hit_rate, both_recent, KIND_U32),
};
static const struct member of_quality[] = {
    MEMBER(quality, hits, KIND_U32),              MEMBER(quality, both, KIND_U32),
    MEMBER(quality, recall_at_20, KIND_INTERVAL), MEMBER(quality, ndcg_at_10, KIND_INTERVAL),
    MEMBER(quality, hit_at_10, KIND_INTERVAL),
};
static const struct member of_settings[] = {
    MEMBER(recommend_settings, ease_lambda, KIND_FLOAT), MEMBER(recommend_settings, dimensions, KIND_U32),
    MEMBER(recommend_settings, epochs, KIND_U32),        MEMBER(recommend_settings, ials_alpha, KIND_FLOAT),
    MEMBER(recommend_settings, ials_lambda, KIND_FLOAT), MEMBER(recommend_settings, ials_nu, KIND_FLOAT),
    MEMBER(recommend_settings, tuned, KIND_BOOL),
};
static const struct member of_blend[] = {
    MEMBER(blend, blended, KIND_BOOL),    MEMBER(blend, learnt, KIND_U32),    MEMBER(blend, measured, KIND_U32),
    MEMBER(blend, together, KIND_DOUBLE), MEMBER(blend, lead, KIND_INTERVAL),
};

/* Of structures of 3 doubles: value, low, high. */
static void write_interval(struct json_w *w, const double *of)
{
    json_w_open(w, '[');
    for (int i = 0; i < 3; i++)
        json_w_double(w, of[i]);
    json_w_close(w, ']');
}

static void write_members(struct json_w *w, const struct member *table, size_t n, const void *of)
{
    for (size_t i = 0; i < n; i++) {
        const void *at = (const char *)of + table[i].at;
        json_w_key(w, table[i].name);
        switch (table[i].kind) {
        case KIND_I64: json_w_i64(w, *(const int64_t *)at); break;
        case KIND_U64: json_w_i64(w, (int64_t)*(const uint64_t *)at); break;
        case KIND_U32: json_w_i64(w, *(const uint32_t *)at); break;
        case KIND_INT: json_w_i64(w, *(const int *)at); break;
        case KIND_FLOAT: json_w_double(w, (double)*(const float *)at); break;
        case KIND_DOUBLE: json_w_double(w, *(const double *)at); break;
        case KIND_BOOL: json_w_bool(w, *(const bool *)at); break;
        case KIND_INTERVAL: write_interval(w, at); break;
        }
    }
}

static void write_object(struct json_w *w, const char *key, const struct member *table, size_t n, const void *of)
{
    json_w_key(w, key);
    json_w_open(w, '{');
    write_members(w, table, n, of);
    json_w_close(w, '}');
}

static bool read_whole(struct json v, int64_t low, int64_t high, int64_t *ret)
{
    return json_i64(v, ret) && *ret >= low && *ret <= high;
}

static bool read_interval(struct json v, double *ret)
{
    struct json_iter it = json_iter(v);
    int n = 0;
    while (json_next(&it))
        if (n == 3 || !json_double(it.value, &ret[n++]))
            return false;
    return n == 3 && ret[1] <= ret[0] && ret[0] <= ret[2];
}

static bool read_member(struct json v, enum kind kind, void *at)
{
    int64_t whole = 0;
    double real = 0;
    bool ok = kind == KIND_BOOL ? json_bool(v, at) : kind == KIND_INTERVAL ? read_interval(v, at)
              : kind == KIND_FLOAT || kind == KIND_DOUBLE ? json_double(v, &real)
              : kind == KIND_I64 ? json_i64(v, &whole)
              : read_whole(v, 0, kind == KIND_U64 ? INT64_MAX : kind == KIND_U32 ? UINT32_MAX : INT32_MAX, &whole);
    if (!ok)
        return false;
    switch (kind) {
    case KIND_I64: *(int64_t *)at = whole; break;
    case KIND_U64: *(uint64_t *)at = (uint64_t)whole; break;
    case KIND_U32: *(uint32_t *)at = (uint32_t)whole; break;
    case KIND_INT: *(int *)at = (int)whole; break;
    case KIND_FLOAT: *(float *)at = (float)real; break;
    case KIND_DOUBLE: *(double *)at = real; break;
    case KIND_BOOL:
    case KIND_INTERVAL: break;
    }
    return true;
}

/* false: a member is not there, or is not what it should be. */
static bool read_members(struct json v, const struct member *table, size_t n, void *ret)
{
    for (size_t i = 0; i < n; i++)
        if (!read_member(json_get(v, table[i].name), table[i].kind, (char *)ret + table[i].at))
            return false;
    return true;
}

/* ---- names ---- */
/* Keeps the first note: one line of the log is enough. */
__attribute__((format(printf, 2, 3))) static void note_put(struct recommend_note *note, const char *format, ...)
{
    va_list args;
    if (note->text[0])
        return;
    va_start(args, format);
    vsnprintf(note->text, sizeof note->text, format, args);
    va_end(args);
}

/* The proposer, or measured ranking, of that name; `end`: there is none. Names have nothing to escape. */
static size_t find_name(struct json v, size_t end, struct recommend_note *note)
{
    struct slice raw = json_raw(v);
    for (size_t m = 0; m < end; m++) {
        struct slice name = slice_of(measured_name((enum measured)m));
        if (raw.len == name.len + 2 && memcmp(raw.at + 1, name.at, name.len) == 0)
            return m;
    }
    note_put(note, "what was learnt names %.*s, which this version does not know: it is passed over",
             raw.len < 60 ? (int)raw.len : 60, raw.len ? raw.at : "");
    return end;
}

/* ---- a version ---- */
static void write_version(struct json_w *w, const struct recommend_version *v)
{
    json_w_open(w, '{');
    write_members(w, of_version, COUNT(of_version), v);
    json_w_key(w, "models");
    json_w_open(w, '[');
    for (enum proposer p = 0; p < PROPOSERS; p++) {
        json_w_open(w, '{');
        json_w_kcstr(w, "name", proposer_name(p));
        json_w_kdouble(w, "weight", v->weight[p]);
        json_w_kbool(w, "fitted", v->fitted[p]);
        json_w_ki64(w, "bytes", (int64_t)v->bytes[p]);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
    json_w_close(w, '}');
}

static bool read_weight(struct json v, double *ret)
{
    return json_double(v, ret) && *ret >= 0 && *ret <= 1;
}

static bool read_version(struct json json, struct recommend_version *ret, struct recommend_note *note)
{
    *ret = (struct recommend_version){ 0 };
    for (struct json_iter it = json_iter(json_get(json, "models")); json_next(&it);) {
        size_t p = find_name(json_get(it.value, "name"), PROPOSERS, note);
        int64_t bytes;
        if (p == PROPOSERS)
            continue;
        if (!read_weight(json_get(it.value, "weight"), &ret->weight[p])
            || !json_bool(json_get(it.value, "fitted"), &ret->fitted[p])
            || !read_whole(json_get(it.value, "bytes"), 0, INT64_MAX, &bytes))
            return false;
        ret->bytes[p] = (size_t)bytes;
    }
    return read_members(json, of_version, COUNT(of_version), ret);
}

/* ---- what was learnt ---- */
static void write_evaluation(struct json_w *w, const struct evaluation *v)
{
    json_w_key(w, "evaluation");
    json_w_open(w, '{');
    write_members(w, of_evaluation, COUNT(of_evaluation), v);
    write_object(w, "all", of_hits, COUNT(of_hits), &v->all);
    json_w_key(w, "by_orders");
    json_w_open(w, '[');
    for (int g = 0; g < EVALUATION_GROUPS; g++) {
        json_w_open(w, '{');
        write_members(w, of_hits, COUNT(of_hits), &v->by_orders[g]);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
    json_w_close(w, '}');
}

static void write_blend(struct json_w *w, const struct blend *b)
{
    json_w_key(w, "blend");
    json_w_open(w, '{');
    write_members(w, of_blend, COUNT(of_blend), b);
    json_w_kcstr(w, "best", proposer_name((enum proposer)b->best));
    json_w_key(w, "models");
    json_w_open(w, '[');
    for (enum proposer p = 0; p < PROPOSERS; p++) {
        json_w_open(w, '{');
        json_w_kcstr(w, "name", proposer_name(p));
        json_w_kdouble(w, "weight", b->weight[p]);
        json_w_kdouble(w, "alone", b->alone[p]);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
    json_w_close(w, '}');
}

static void write_proof(struct json_w *w, const struct recommend_proof *p)
{
    json_w_kbool(w, "learnt", p->learnt);
    write_evaluation(w, &p->evaluation);
    write_object(w, "settings", of_settings, COUNT(of_settings), &p->settings);
    write_blend(w, &p->blend);
    json_w_key(w, "quality");
    json_w_open(w, '[');
    for (enum measured m = 0; m < MEASURED; m++) {
        if (!p->of[m].known)
            continue;
        json_w_open(w, '{');
        json_w_kcstr(w, "name", measured_name(m));
        write_members(w, of_quality, COUNT(of_quality), &p->of[m]);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static void write_learnt(struct json_w *w, const struct recommend_learnt *l)
{
    json_w_open(w, '{');
    write_members(w, of_learnt, COUNT(of_learnt), l);
    if (l->proven)
        write_proof(w, &l->proof);
    json_w_close(w, '}');
}

/* Leads are paired: numbers that contradict each other are no hits. */
static bool read_hits(struct json v, struct hit_rate *ret)
{
    return read_members(v, of_hits, COUNT(of_hits), ret) && ret->hits_model <= ret->customers
           && ret->hits_baseline <= ret->customers && ret->hits_recent <= ret->customers
           && ret->both_baseline <= ret->hits_model && ret->both_recent <= ret->hits_model
           && ret->both_baseline <= ret->hits_baseline && ret->both_recent <= ret->hits_recent;
}

static bool read_evaluation(struct json v, struct evaluation *ret)
{
    int group = 0;
    for (struct json_iter it = json_iter(json_get(v, "by_orders")); json_next(&it); group++)
        if (group == EVALUATION_GROUPS || !read_hits(it.value, &ret->by_orders[group]))
            return false;
    return group == EVALUATION_GROUPS && read_members(v, of_evaluation, COUNT(of_evaluation), ret)
           && read_hits(json_get(v, "all"), &ret->all);
}

static bool read_settings(struct json v, struct recommend_settings *ret)
{
    return read_members(v, of_settings, COUNT(of_settings), ret) && ret->dimensions > 0 && ret->dimensions <= DIMENSIONS_MAX
           && ret->epochs > 0 && ret->epochs <= EPOCHS_MAX && ret->ease_lambda > 0 && ret->ials_alpha > 0 && ret->ials_lambda > 0
           && isfinite(ret->ials_nu);
}

/* Weights of proposers that are not known any more are none; of what is left they are 1 in all. */
static bool read_blend(struct json v, struct blend *ret, struct recommend_note *note)
{
    double sum = 0;
    ret->models = PROPOSERS;
    for (struct json_iter it = json_iter(json_get(v, "models")); json_next(&it);) {
        size_t p = find_name(json_get(it.value, "name"), PROPOSERS, note);
        if (p == PROPOSERS)
            continue;
        if (!read_weight(json_get(it.value, "weight"), &ret->weight[p])
            || !json_double(json_get(it.value, "alone"), &ret->alone[p]))
            return false;
        sum += ret->weight[p];
    }
    ret->best = (unsigned)find_name(json_get(v, "best"), PROPOSERS, note);
    if (!(sum > 0) || ret->best == PROPOSERS || !read_members(v, of_blend, COUNT(of_blend), ret))
        return false;
    for (size_t p = 0; p < PROPOSERS && fabs(sum - 1) > 1e-9; p++)
        ret->weight[p] /= sum;
    return true;
}

static bool read_quality(struct json v, struct recommend_proof *ret, struct recommend_note *note)
{
    uint32_t customers = ret->evaluation.all.customers;
    for (struct json_iter it = json_iter(v); json_next(&it);) {
        size_t m = find_name(json_get(it.value, "name"), MEASURED, note);
        if (m == MEASURED)
            continue;
        if (!read_members(it.value, of_quality, COUNT(of_quality), &ret->of[m]) || ret->of[m].hits > customers
            || ret->of[m].both > ret->of[m].hits)
            return false;
        ret->of[m].known = true;
    }
    for (size_t m = 0; m < MEASURED; m++)
        if (ret->of[m].both > ret->of[MEASURED_SHOWN].hits)
            return false;
    return ret->of[MEASURED_SHOWN].known;
}

static bool read_learnt(struct json v, struct recommend_learnt *ret, struct recommend_note *note)
{
    struct recommend_proof *p = &ret->proof;
    *ret = (struct recommend_learnt){ 0 };
    if (!read_members(v, of_learnt, COUNT(of_learnt), ret))
        return false;
    return !ret->proven
           || (json_bool(json_get(v, "learnt"), &p->learnt) && read_evaluation(json_get(v, "evaluation"), &p->evaluation)
               && read_settings(json_get(v, "settings"), &p->settings) && read_blend(json_get(v, "blend"), &p->blend, note)
               && read_quality(json_get(v, "quality"), p, note));
}

/* ---- rows ---- */
struct keep_fit {
    struct command command;              // first
    int64_t fitted_ms;
    struct slice version, learnt;
};

static enum err_code keep_run(struct command *command, struct tx *tx, struct err *e)
{
    const struct keep_fit *keep = (const struct keep_fit *)command;
    struct store_stmt *st;
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO recommend_fits (fitted_ms, version, learnt) VALUES ($1, $2, $3)"), &st, e));
    store_bind_i64(st, 1, keep->fitted_ms);
    store_bind_text(st, 2, keep->version);
    store_bind_text(st, 3, keep->learnt);
    TRY(store_run(st, e));
    TRY(store_prepare(tx->conn, SLICE("DELETE FROM recommend_fits WHERE id <= (SELECT max(id) FROM recommend_fits) - $1"), &st,
                      e));
    store_bind_i64(st, 1, RECOMMEND_VERSIONS);
    return store_run(st, e);
}

enum err_code recommend_keep(struct memory *memory, const struct recommend_version *about, const struct recommend_learnt *learnt,
                             struct err *e)
{
    struct buf version = buf_make(ROW_BYTES), text = buf_make(ROW_BYTES);
    struct json_w w = json_w(&version);
    write_version(&w, about);
    w = json_w(&text);
    write_learnt(&w, learnt);
    enum err_code code = buf_check(&version, "the recommendations' version", e);
    if (!code)
        code = buf_check(&text, "what the recommendations learnt", e);
    struct keep_fit keep = { { .run = keep_run, .bytes = 2 * ROW_BYTES }, about->fitted_ms, buf_slice(&version),
                             buf_slice(&text) };
    if (!code)
        code = memory_run(memory, &keep.command, e);
    buf_drop(&version);
    buf_drop(&text);
    return code;
}

/* One that cannot be read is left out; what was learnt is of the newest, or is learnt anew. */
static void read_row(struct store_stmt *st, struct json_parser *parser, bool newest, struct recommend_kept *ret)
{
    struct json json;
    struct err flaw = { .text = "" };
    if (newest && (json_parse(parser, store_col_text(st, 1), &json, &flaw) || !read_learnt(json, &ret->learnt, &ret->note))) {
        ret->learnt = (struct recommend_learnt){ 0 };
        ret->note.text[0] = 0;           // what follows says more
        note_put(&ret->note, "what the recommendations learnt cannot be read (%s): it is learnt anew",
                 flaw.text[0] ? flaw.text : "a figure is missing or cannot be");
    }
    if (!json_parse(parser, store_col_text(st, 0), &json, NULL) && read_version(json, &ret->past[ret->n], &ret->note))
        ret->n++;
    else
        note_put(&ret->note, "a version of the recommendations cannot be read: it is left out");
}

enum err_code recommend_kept(struct store_conn *conn, struct recommend_kept *ret, struct err *e)
{
    struct store_stmt *st;
    AUTO(json_parser) parser = json_parser_new();
    bool row = true, newest = true;
    assert(conn && ret);
    *ret = (struct recommend_kept){ .n = 0 };
    if (!parser)
        return NO_MEMORY(e);
    TRY(store_prepare(conn, SLICE("SELECT version, learnt FROM recommend_fits ORDER BY id DESC LIMIT $1"), &st, e));
    store_bind_i64(st, 1, RECOMMEND_VERSIONS);
    while (ret->n < RECOMMEND_VERSIONS) {
        TRY(store_step(st, &row, e));
        if (!row)
            break;
        read_row(st, parser, newest, ret);
        newest = false;
    }
    store_reset(st);
    return ERR_OK;
}

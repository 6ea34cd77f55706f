/* Imports and evaluations over HTTP: starting, watching, stopping. */
#include <stdio.h>

#include "api/api_room.h"
#include "base/limits.h"
#include "sys/file.h"
#include "sys/random.h"

#define MAPPING_MAX 65536
#define DAYS_USUAL 30
#define DAYS_MAX 366
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for the request")

enum err_code answer_job(struct call *call, int status, int64_t id, struct err *e)
{
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    TRY(jobs_json(call->api->jobs, call->thread->read, id, &w, e));
    return call_answer(call, status, out, e);
}

static enum err_code format_read(struct slice name, enum import_format *ret, struct err *e)
{
    if (!import_format_parse(name, ret))
        return err_set(e, ERR_INVALID, 0, "/format: is online-retail, csv or ndjson");
    return ERR_OK;
}

/* The command line names a file of this machine: {path, format, mapping?, dryRun?, name?, shiftMs?}. */
static enum err_code ask_local(struct call *call, struct import_ask *ask, struct err *e)
{
    struct slice text, format;
    struct json body, mapping;
    TRY(file_read(http_upload_path(call->http), LIMIT_HTTP_BODY, call->mem, &text, e));
    if (!call->parser)
        call->parser = json_parser_new();
    if (!call->parser)
        return NO_MEMORY(e);
    TRY(json_parse(call->parser, text, &body, e));
    TRY(body_only(call, body, "path format mapping dryRun name shiftMs", e));
    TRY(body_text(call, body, "path", true, 4000, &ask->path, e));
    TRY(body_text(call, body, "format", true, 20, &format, e));
    TRY(body_text(call, body, "name", false, SOURCE_NAME_MAX, &ask->name, e));
    TRY(body_bool(body, "dryRun", false, &ask->dry_run, e));
    TRY(body_i64(body, "shiftMs", INT64_MIN / 4, INT64_MAX / 4, 0, &ask->shift_ms, e));
    mapping = json_get(body, "mapping");
    if (!json_is(mapping, JSON_NONE) && !json_is(mapping, JSON_OBJECT))
        return err_set(e, ERR_INVALID, 0, "/mapping: must be an object; docs/IMPORT.md shows some");
    if (json_is(mapping, JSON_OBJECT))
        ask->mapping = json_raw(mapping);
    if (ask->path.at[0] != '/')
        return err_set(e, ERR_INVALID, 0, "/path: must begin with \"/\"");
    if (!ask->name.len)
        ask->name = SLICE("");
    return format_read(format, &ask->format, e);
}

/* The upload moves out of the spool, where it would end with the answer. */
static enum err_code ask_upload(struct call *call, struct import_ask *ask, struct err *e)
{
    struct slice format, dry_run;
    TRY(call_query(call, "format", &format, e));
    TRY(call_query(call, "dryRun", &dry_run, e));
    TRY(call_query(call, "mapping", &ask->mapping, e));
    TRY(call_query(call, "name", &ask->name, e));
    TRY(format_read(format, &ask->format, e));
    ask->dry_run = slice_is(dry_run, "true") || slice_is(dry_run, "1");
    if (ask->name.len > SOURCE_NAME_MAX)
        return err_set(e, ERR_INVALID, 0, "?name= may have %d bytes", SOURCE_NAME_MAX);
    if (!ask->name.len)
        ask->name = SLICE("upload");  // the spool's own name says nothing
    char word[17];
    random_token(word, 16);
    ask->path = arena_printf(call->mem, "%s/uploads/%s", call->rooms->data_dir, word);
    if (!ask->path.at)
        return NO_MEMORY(e);
    ask->own_file = true;
    return file_rename(http_upload_path(call->http), ask->path.at, e);
}

enum err_code import_create(struct call *call, struct err *e)
{
    struct import_ask ask = { 0 };
    int64_t id;
    if (!http_upload_path(call->http))
        return err_set(e, ERR_INVALID, 0, "the body must be the file to import");
    struct slice type = http_header(call->http, "Content-Type");
    if (http_is_local(call->http) && slice_starts(type, SLICE("application/json")))
        TRY(ask_local(call, &ask, e));
    else
        TRY(ask_upload(call, &ask, e));
    enum err_code code = ask.mapping.len > MAPPING_MAX
                             ? err_set(e, ERR_LIMIT, 0, "the mapping may have %d bytes", MAPPING_MAX)
                             : jobs_import(call->api->jobs, &ask, &id, e);
    if (code && ask.own_file) {
        struct err ignored;  // the first error is the one to tell
        (void)!file_remove(ask.path.at, &ignored);
    }
    TRY(code);
    return answer_job(call, 202, id, e);
}

enum err_code imports_list(struct call *call, struct err *e)
{
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_list_open(&w);
    TRY(jobs_list_json(call->api->jobs, call->thread->read, &w, e));
    json_list_close(&w, 0);
    return call_answer(call, 200, out, e);
}

enum err_code import_get(struct call *call, struct err *e)
{
    int64_t id;
    TRY(param_i64(call, 0, &id, e));
    return answer_job(call, 200, id, e);
}

enum err_code import_cancel(struct call *call, struct err *e)
{
    int64_t id;
    TRY(param_i64(call, 0, &id, e));
    TRY(jobs_cancel(call->api->jobs, id, e));
    return answer_job(call, 200, id, e);
}

/* ---- rejected rows ---- */

struct rejected_stream {
    struct line_file *file;
};

static enum err_code rejected_next(void *arg, struct buf *out, bool *more, struct err *e)
{
    struct rejected_stream *stream = arg;
    char piece[32768];
    size_t n;
    TRY(line_file_read(stream->file, piece, sizeof piece, &n, e));
    buf_add(out, (struct slice){ piece, n });
    *more = n > 0;
    return ERR_OK;
}

static void rejected_end(void *arg)
{
    struct rejected_stream *stream = arg;
    line_file_drop(&stream->file);
}

enum err_code import_rejected(struct call *call, struct err *e)
{
    struct slice path;
    int64_t id;
    TRY(param_i64(call, 0, &id, e));
    TRY(jobs_rejects_path(call->api->jobs, id, call->mem, &path, e));
    struct rejected_stream *stream = arena_one(call->mem, struct rejected_stream);
    if (!stream)
        return NO_MEMORY(e);
    TRY(line_file_new(path.at, &stream->file, e));
    char name[64];
    int n = snprintf(name, sizeof name, "attachment; filename=\"rejected-%lld.csv\"", (long long)id);
    struct http_stream rows = { rejected_next, rejected_end, stream };
    call_end(call, 200);
    http_set_header(call->http, "Content-Disposition", (struct slice){ name, (size_t)n });
    http_set_header(call->http, "Cache-Control", SLICE("no-store"));
    http_reply_stream(call->http, 200, SLICE("text/csv; charset=utf-8"), rows);
    return ERR_OK;
}

/* ---- evaluation ---- */

enum err_code evaluation_run(struct call *call, struct err *e)
{
    struct json body;
    int64_t days = DAYS_USUAL, id;
    if (http_body(call->http).len) {
        TRY(call_body(call, &body, e));
        TRY(body_only(call, body, "heldBackDays", e));
        TRY(body_i64(body, "heldBackDays", 1, DAYS_MAX, DAYS_USUAL, &days, e));
    }
    TRY(jobs_evaluate(call->api->jobs, (int)days, &id, e));
    return answer_job(call, 202, id, e);
}

static double share(uint32_t hits, uint32_t n)
{
    return n ? (double)hits / n : 0;
}

static void hit_json(struct json_w *w, const char *key, const char *name, uint32_t hits, uint32_t n)
{
    double low, high;
    wilson(hits, n, &low, &high);
    json_w_key(w, key);
    json_w_open(w, '{');
    json_w_kcstr(w, "name", name);
    json_w_kdouble(w, "hitRateAt10", share(hits, n));
    json_w_kdouble(w, "low", low);
    json_w_kdouble(w, "high", high);
    json_w_close(w, '}');
}

/* Over the better of the two rankings: to beat the weaker one proves little. */
static void lead_json(struct json_w *w, const struct hit_rate *all)
{
    bool recent = all->hits_recent > all->hits_baseline;
    struct interval lead = paired_lead(all->hits_model, recent ? all->hits_recent : all->hits_baseline,
                                   recent ? all->both_recent : all->both_baseline, all->customers);
    json_w_key(w, "lead");
    json_w_open(w, '{');
    json_w_kcstr(w, "over", recent ? "recent" : "baseline");
    json_w_kdouble(w, "value", lead.value);
    json_w_kdouble(w, "low", lead.low);
    json_w_kdouble(w, "high", lead.high);
    json_w_close(w, '}');
}

static void evaluation_json(struct json_w *w, const struct evaluation *v)
{
    static const char *const groups[EVALUATION_GROUPS] = { "1", "2-3", "4-9", "10+" };
    json_w_open(w, '{');
    json_w_ktime(w, "at", v->at_ms);
    json_w_ktime(w, "cutoff", v->cutoff_ms);
    json_w_ki64(w, "heldBackDays", v->held_back_days);
    json_w_ki64(w, "customers", v->all.customers);
    hit_json(w, "model", "recommendations", v->all.hits_model, v->all.customers);
    hit_json(w, "baseline", "popular", v->all.hits_baseline, v->all.customers);
    hit_json(w, "recent", "popular in 28 days", v->all.hits_recent, v->all.customers);
    lead_json(w, &v->all);
    json_w_key(w, "byOrders");
    json_w_open(w, '[');
    for (int i = 0; i < EVALUATION_GROUPS; i++) {
        const struct hit_rate *rate = &v->by_orders[i];
        json_w_open(w, '{');
        json_w_kcstr(w, "orders", groups[i]);
        json_w_ki64(w, "customers", rate->customers);
        json_w_kdouble(w, "model", share(rate->hits_model, rate->customers));
        json_w_kdouble(w, "baseline", share(rate->hits_baseline, rate->customers));
        json_w_kdouble(w, "recent", share(rate->hits_recent, rate->customers));
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
    json_w_texts(w, "protocol",
                 SLICE("The models are fitted on the orders before the cutoff, and their blend is learnt there. Each "
                       "customer who bought before it and after it gets 10 proposals of goods not bought yet; a hit is "
                       "one of them bought after it for the first time. The baselines propose the 10 goods with the most buyers, "
                       "ever and in the last 28 days before the cutoff, that the customer has not bought."),
                 SLICE("Los modelos se ajustan con los pedidos anteriores al corte, y con ellos se aprende su mezcla. Cada "
                       "cliente que compró antes y después recibe 10 propuestas de artículos que aún no había comprado; hay acierto si "
                       "compra después alguno de ellos por primera vez. Las referencias proponen los 10 artículos "
                       "con más compradores, desde siempre y en los últimos 28 días antes del corte, que el "
                       "cliente no ha comprado."));
    json_w_close(w, '}');
}

enum err_code evaluation_get(struct call *call, struct err *e)
{
    struct evaluation v;
    TRY(jobs_evaluation(call->api->jobs, call->thread->read, &v, e));
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    evaluation_json(&w, &v);
    return call_answer(call, 200, out, e);
}

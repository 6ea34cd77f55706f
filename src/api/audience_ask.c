/* Questions about a condition: how many and who, why one is in, what another condition would change. */
#include "api/audience_ask.h"

#include <assert.h>

#include "engine/feel/value_json.h"
#include "sys/clock.h"

#define SAMPLE 10
#define SQL_BYTES ((size_t)4 << 20)
#define WORK_BYTES ((size_t)4 << 30)     // of one question: two bytes a customer for each count of events
#define SCRATCH_BYTES ((size_t)64 << 20)
#define WAIT_ROWS 20000                  // of more than that nobody waits until all have been read

/* ---- asking the population, on a thread of the pool ---- */
static enum err_code read_audience(struct asking *a, struct slice name, struct slice *ret, struct err *e)
{
    struct document_row row;
    bool is;
    if (!a->conn)
        TRY(store_conn_new(memory_store(a->rooms->memory), STORE_READ, &a->conn, e));
    TRY(document_named(a->conn, AUDIENCE, name, a->mem, &row, &is, e));
    *ret = is ? row.text : (struct slice){ NULL, 0 };
    return ERR_OK;
}

static struct slice audience_condition(void *arg, struct slice name)
{
    struct asking *a = arg;
    struct slice text = { NULL, 0 };
    struct err err = { 0 };
    if (read_audience(a, name, &text, &err))
        a->failed = err;
    return text;
}

/* Nobody waits until many customers have been read for the first time. */
static enum err_code read_once(const struct api_options *rooms, struct err *e)
{
    int progress = population_progress(rooms->population);
    memory_read_lock(rooms->memory);
    uint32_t rows = customers_count(memory_customers(rooms->memory));
    memory_read_unlock(rooms->memory);
    if (progress < 100 && rows > WAIT_ROWS)
        return err_set(e, ERR_BUSY, 1, "the customers are being read into columns: %d %% are done", progress);
    return ERR_OK;
}

static enum err_code fresh(const struct api_options *rooms, int64_t now_ms, struct err *e)
{
    TRY(read_once(rooms, e));
    return population_refresh(rooms->population, rooms->people, now_ms, e);
}

enum err_code ask_members(const struct api_options *rooms, int64_t now_ms, struct err *e)
{
    TRY(read_once(rooms, e));
    return roster_pass(rooms->roster, rooms->people, now_ms, e);
}

enum err_code ask_begin(const struct api_options *rooms, int64_t now_ms, struct asking *a, struct err *e)
{
    TRY(fresh(rooms, now_ms, e));
    a->rooms = rooms;
    a->mem = arena_new(WORK_BYTES);
    a->scratch = arena_new(SCRATCH_BYTES);
    a->world = (struct condition_world){ .population = rooms->population, .zones = rooms->zones, .now_ms = now_ms,
                                         .audience = audience_condition, .arg = a };
    return a->mem && a->scratch ? ERR_OK : NO_MEMORY(e);
}

void ask_end(struct asking *a)
{
    store_conn_drop(&a->conn);
    arena_drop(&a->scratch);
    arena_drop(&a->mem);
}

enum err_code ask_population(struct call *call, ask_question question, void *arg, struct err *e)
{
    struct asking a = { 0 };
    enum err_code code = ask_begin(call->rooms, call->now_ms, &a, e);
    if (!code) {
        population_lock(call->rooms->population);
        code = question(call, &a, arg, e);
        population_unlock(call->rooms->population);
    }
    ask_end(&a);
    return code;
}

/* Flaws of a condition point into the member that held it. */
static enum err_code pointed(enum err_code code, const char *member, struct err *e)
{
    struct err copy = *e;
    return code == ERR_INVALID ? err_set(e, code, copy.pos, "/%s: %.140s", member, copy.text) : code;
}

enum err_code ask_condition(struct asking *a, struct slice text, const char *member, struct condition **ret,
                            struct err *e)
{
    enum err_code code = condition_new(&a->world, text, a->mem, ret, e);
    if (a->failed.code)
        return err_set(e, a->failed.code, a->failed.pos, "%s", a->failed.text);
    return pointed(code, member, e);
}

enum err_code ask_run(struct asking *a, struct slice text, const char *member, struct condition **condition,
                      uint64_t **bits, struct err *e)
{
    TRY(ask_condition(a, text, member, condition, e));
    return condition_run(*condition, a->mem, a->scratch, NULL, bits, e);
}

size_t ask_rows(const struct asking *a)
{
    return population_columns(a->world.population)->rows;
}

/* Rows spread over all that are set, at most SAMPLE. */
static size_t sample_of(const uint64_t *bits, size_t rows, size_t count, uint32_t ret[SAMPLE])
{
    size_t n = 0, seen = 0, step = count / SAMPLE ? count / SAMPLE : 1;
    for (size_t w = 0; w * 64 < rows && n < SAMPLE; w++)
        for (uint64_t left = bits[w]; left && n < SAMPLE; left &= left - 1, seen++)
            if (seen % step == 0)
                ret[n++] = (uint32_t)(w * 64 + (size_t)__builtin_ctzll(left));
    return n;
}

static enum err_code json_rows(struct call *call, struct json_w *w, const char *key, const uint32_t *row, size_t n,
                               struct err *e)
{
    json_w_key(w, key);
    json_w_open(w, '[');
    for (size_t i = 0; i < n; i++)
        TRY(json_customer_row_of(call, w, row[i], e));
    json_w_close(w, ']');
    return ERR_OK;
}

/* ---- count ---- */
struct count {
    struct slice condition, plan;
    size_t customers, total, row_steps, n_sample;
    size_t tier[TIERS];
    uint32_t sample[SAMPLE];
    struct condition_warning *warning;
    size_t n_warnings;
    double ms;
};

static void count_tiers(const struct asking *a, const uint64_t *bits, struct count *ret)
{
    const struct column *tier = columns_find(population_columns(a->world.population), SLICE("tier"));
    size_t of_code[TIERS + 1] = { 0 };
    for (size_t w = 0; w * 64 < ask_rows(a); w++)
        for (uint64_t left = bits[w]; left; left &= left - 1) {
            size_t row = w * 64 + (size_t)__builtin_ctzll(left);
            size_t code = (size_t)column_raw(tier, row);
            of_code[!column_is_null(tier, row) && code < TIERS ? code : TIERS]++;
        }
    for (size_t code = 0; code < tier->dictionary->n && code < TIERS; code++) {
        struct slice name = tier->dictionary->value[code].string;
        int t = tier_parse(name.at, name.len);
        if (t >= 0)
            ret->tier[t] = of_code[code];
    }
}

static enum err_code count_locked(struct call *call, struct asking *a, void *arg, struct err *e)
{
    struct count *ret = arg;
    struct condition *condition;
    uint64_t *bits;
    struct buf plan = buf_make(1 << 16);
    int64_t began = clock_steady_ns();
    TRY(ask_run(a, ret->condition, "condition", &condition, &bits, e));
    ret->customers = bits_count(bits, ask_rows(a));
    ret->ms = (double)(clock_steady_ns() - began) / 1e6;
    ret->total = population_customers_count(call->rooms->population);
    ret->row_steps = condition_row_steps(condition);
    ret->n_sample = sample_of(bits, ask_rows(a), ret->customers, ret->sample);
    count_tiers(a, bits, ret);
    TRY(condition_warnings(condition, call->mem, &ret->warning, &ret->n_warnings, e));
    condition_plan(condition, &plan);
    return call_keep(call, ERR_OK, &plan, &ret->plan, e);
}

static enum err_code count_run(struct call *call, void *arg, struct err *e)
{
    return ask_population(call, count_locked, arg, e);
}

static void json_warnings(struct json_w *w, const struct count *c)
{
    json_w_key(w, "warnings");
    json_w_open(w, '[');
    for (size_t i = 0; i < c->n_warnings; i++) {
        json_w_open(w, '{');
        json_w_ki64(w, "line", (int64_t)c->warning[i].line);
        json_w_ki64(w, "column", (int64_t)c->warning[i].column);
        json_w_kcstr(w, "text", c->warning[i].text);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static enum err_code count_done(struct call *call, void *arg, struct err *e)
{
    const struct count *c = arg;
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    json_w_ki64(&w, "customers", (int64_t)c->customers);
    json_w_ki64(&w, "total", (int64_t)c->total);
    json_w_key(&w, "tiers");
    json_w_open(&w, '[');
    for (int t = 0; t < TIERS; t++) {
        json_w_open(&w, '{');
        json_w_kcstr(&w, "tier", tier_name((enum tier)t));
        json_w_ki64(&w, "customers", (int64_t)c->tier[t]);
        json_w_close(&w, '}');
    }
    json_w_close(&w, ']');
    TRY(json_rows(call, &w, "sample", c->sample, c->n_sample, e));
    json_warnings(&w, c);
    json_w_kstring(&w, "plan", c->plan);
    json_w_ki64(&w, "rowByRow", (int64_t)c->row_steps);
    json_w_kdouble(&w, "ms", c->ms);
    json_w_close(&w, '}');
    return call_answer(call, 200, out, e);
}

enum err_code condition_member(struct call *call, struct json body, const char *name, struct slice *ret,
                               struct err *e)
{
    return body_text(call, body, name, true, AUDIENCE_CONDITION_MAX, ret, e);
}

enum err_code audience_count(struct call *call, struct err *e)
{
    struct json body;
    struct count *count = arena_one(call->mem, struct count);
    TRY(call_body(call, &body, e));
    if (!count)
        return NO_MEMORY(e);
    TRY(body_only(call, body, "condition", e));
    TRY(condition_member(call, body, "condition", &count->condition, e));
    return call_slow(call, (struct call_slow){ count_run, count_done, count }, e);
}

/* ---- compare ---- */
struct comparing {
    struct slice before, after;
    size_t n_before, n_after, gains, loses, n_gained, n_lost;
    uint32_t gained[SAMPLE], lost[SAMPLE];
};

static enum err_code compare_locked(struct call *call, struct asking *a, void *arg, struct err *e)
{
    struct comparing *ret = arg;
    (void)call;
    struct condition *condition;
    uint64_t *before, *after;
    size_t rows = ask_rows(a), words = (rows + 63) / 64;
    TRY(ask_run(a, ret->before, "before", &condition, &before, e));
    TRY(ask_run(a, ret->after, "after", &condition, &after, e));
    ret->n_before = bits_count(before, rows);
    ret->n_after = bits_count(after, rows);
    for (size_t w = 0; w < words; w++) {
        uint64_t gained = after[w] & ~before[w], lost = before[w] & ~after[w];
        after[w] = gained;
        before[w] = lost;
    }
    ret->gains = bits_count(after, rows);
    ret->loses = bits_count(before, rows);
    ret->n_gained = sample_of(after, rows, ret->gains, ret->gained);
    ret->n_lost = sample_of(before, rows, ret->loses, ret->lost);
    return ERR_OK;
}

static enum err_code compare_run(struct call *call, void *arg, struct err *e)
{
    return ask_population(call, compare_locked, arg, e);
}

static enum err_code compare_done(struct call *call, void *arg, struct err *e)
{
    const struct comparing *c = arg;
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    json_w_ki64(&w, "before", (int64_t)c->n_before);
    json_w_ki64(&w, "after", (int64_t)c->n_after);
    json_w_ki64(&w, "gains", (int64_t)c->gains);
    json_w_ki64(&w, "loses", (int64_t)c->loses);
    json_w_ki64(&w, "stays", (int64_t)(c->n_before - c->loses));
    TRY(json_rows(call, &w, "gained", c->gained, c->n_gained, e));
    TRY(json_rows(call, &w, "lost", c->lost, c->n_lost, e));
    json_w_close(&w, '}');
    return call_answer(call, 200, out, e);
}

enum err_code audience_compare(struct call *call, struct err *e)
{
    struct json body;
    struct comparing *c = arena_one(call->mem, struct comparing);
    TRY(call_body(call, &body, e));
    if (!c)
        return NO_MEMORY(e);
    TRY(body_only(call, body, "before after", e));
    TRY(condition_member(call, body, "before", &c->before, e));
    TRY(condition_member(call, body, "after", &c->after, e));
    return call_slow(call, (struct call_slow){ compare_run, compare_done, c }, e);
}

/* ---- as SQL ---- */
struct printing {
    struct slice condition, json;
};

static void json_sql_columns(struct json_w *w, const struct column *column, size_t n)
{
    static const char *const types[] = { [COLUMN_BOOLEAN] = "boolean", [COLUMN_NUMBER] = "numeric", [COLUMN_CODES] = "jsonb",
                                         [COLUMN_DATE] = "date", [COLUMN_DATE_TIME] = "timestamptz" };
    json_w_key(w, "columns");
    json_w_open(w, '[');
    for (size_t i = 0; i < n; i++) {
        json_w_open(w, '{');
        json_w_kstring(w, "name", column[i].name);
        json_w_kcstr(w, "type", types[column[i].kind]);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static enum err_code sql_locked(struct call *call, struct asking *a, void *arg, struct err *e)
{
    struct printing *ret = arg;
    struct condition *condition;
    const struct column *column;
    size_t n;
    bool exact;
    struct buf sql = buf_make(SQL_BYTES), plan = buf_make(1 << 16), out = buf_make(2 * SQL_BYTES);
    struct json_w w = json_w(&out);
    enum err_code code = ask_condition(a, ret->condition, "condition", &condition, e);
    if (!code)
        code = condition_sql(condition, a->mem, &sql, &exact, &column, &n, e);
    if (!code) {
        condition_plan(condition, &plan);
        json_w_open(&w, '{');
        json_w_kstring(&w, "sql", buf_slice(&sql));
        json_w_kbool(&w, "exact", exact);
        json_w_kstring(&w, "plan", buf_slice(&plan));
        json_sql_columns(&w, column, n);
        json_w_close(&w, '}');
    }
    buf_drop(&sql);
    buf_drop(&plan);
    return call_keep(call, code, &out, &ret->json, e);
}

static enum err_code sql_run(struct call *call, void *arg, struct err *e)
{
    return ask_population(call, sql_locked, arg, e);
}

static enum err_code sql_done(struct call *call, void *arg, struct err *e)
{
    struct buf *out = call_buf(call);
    buf_add(out, ((const struct printing *)arg)->json);
    return call_answer(call, 200, out, e);
}

enum err_code audience_sql(struct call *call, struct err *e)
{
    struct json body;
    struct printing *p = arena_one(call->mem, struct printing);
    TRY(call_body(call, &body, e));
    if (!p)
        return NO_MEMORY(e);
    TRY(body_only(call, body, "condition", e));
    TRY(condition_member(call, body, "condition", &p->condition, e));
    return call_slow(call, (struct call_slow){ sql_run, sql_done, p }, e);
}

/* ---- explain ---- */
struct explaining {
    struct slice condition, json;
    uint32_t root;
    bool in;
};

static void json_why(struct json_w *w, const struct condition_why *why)
{
    static const char *const joints[] = { [WHY_NONE] = "none", [WHY_AND] = "and", [WHY_OR] = "or", [WHY_NOT] = "not" };
    json_w_open(w, '{');
    json_w_kstring(w, "text", why->text);
    json_w_kcstr(w, "joint", joints[why->joint]);
    if (why->is == VALUE_EQ_NULL)
        json_w_knull(w, "is");
    else
        json_w_kbool(w, "is", why->is == VALUE_EQ_TRUE);
    json_w_key(w, "values");
    json_w_open(w, '[');
    for (size_t i = 0; i < why->n_values; i++) {
        json_w_open(w, '{');
        json_w_kstring(w, "name", why->value[i].name);
        json_w_key(w, "value");
        value_to_json(why->value[i].value, w);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
    json_w_key(w, "parts");
    json_w_open(w, '[');
    for (size_t i = 0; i < why->n_parts; i++)
        json_why(w, &why->part[i]);
    json_w_close(w, ']');
    json_w_close(w, '}');
}

static enum err_code explain_locked(struct call *call, struct asking *a, void *arg, struct err *e)
{
    struct explaining *ret = arg;
    struct condition *condition;
    struct condition_why why;
    struct buf out = buf_make(1 << 20);
    struct json_w w = json_w(&out);
    TRY(ask_condition(a, ret->condition, "condition", &condition, e));
    if (ret->root >= ask_rows(a))
        return err_set(e, ERR_BUSY, 1, "the customer has come just now");
    TRY(condition_explain(condition, ret->root, a->mem, &why, e));
    ret->in = why.is == VALUE_EQ_TRUE;
    json_why(&w, &why);
    return call_keep(call, ERR_OK, &out, &ret->json, e);
}

static enum err_code explain_run(struct call *call, void *arg, struct err *e)
{
    return ask_population(call, explain_locked, arg, e);
}

static enum err_code explain_done(struct call *call, void *arg, struct err *e)
{
    const struct explaining *x = arg;
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    json_w_key(&w, "customer");
    TRY(json_customer_row_of(call, &w, x->root, e));
    json_w_kbool(&w, "in", x->in);
    json_w_kraw(&w, "step", x->json);
    json_w_close(&w, '}');
    return call_answer(call, 200, out, e);
}

enum err_code audience_explain(struct call *call, struct err *e)
{
    struct json body;
    struct explaining *x = arena_one(call->mem, struct explaining);
    TRY(call_body(call, &body, e));
    if (!x)
        return NO_MEMORY(e);
    TRY(body_only(call, body, "condition customer", e));
    TRY(condition_member(call, body, "condition", &x->condition, e));
    TRY(body_customer(call, body, "customer", &x->root, e));
    return call_slow(call, (struct call_slow){ explain_run, explain_done, x }, e);
}

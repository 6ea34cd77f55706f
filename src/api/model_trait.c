/* What a table says of everybody, as a trait: a job that writes a fact for each customer of whom it says something else
 * than was written last. So a second run writes nothing, and one that was stopped is gone on with by running it again.
 *
 * Word      inferred, by a source that names the model and its version; the fact's body names decision and person, too.
 *           Who is not decided any more, or by rules that contradict each other, gets null: the value is taken back.
 * Staff     what people declare stands beside it, and the trait's rule says which counts.
 */
#include <stdio.h>
#include <stdlib.h>

#include "api/model_ask.h"
#include "api/model_rows.h"
#include "base/limits.h"
#include "engine/feel/value_json.h"
#include "insight/population.h"
#include "memory/traits.h"

#define STEP_CUSTOMERS 256              // decided in one go, and written in one command
#define MODEL_IN_SOURCE 60              // bytes of the model's name
#define NO_ROOM(e) err_set(e, ERR_LIMIT, 0, "no memory for the job")

struct trait_job {
    const struct api_options *rooms;
    struct model_rows *rows;
    size_t output;
    struct slice name, source, by, model;
    int64_t version;
    struct arena *own, *mem, *scratch;  // the job's, a step's, a customer's
    struct json_parser *parser;         // of the writer's thread
    struct store_conn *conn;
};

static void trait_job_drop(void *arg)
{
    struct trait_job *job = arg;
    model_rows_drop(&job->rows);
    store_conn_drop(&job->conn);
    json_parser_drop(&job->parser);
    arena_drop(&job->scratch);
    arena_drop(&job->mem);
    arena_drop(&job->own);
    free(job);
}

/* ---- writing ---- */
struct trait_batch {
    struct command command;             // first
    const struct trait_job *job;
    struct trait_change {
        uint32_t customer;
        struct slice value;             // JSON
    } *change;
    size_t n;
};

static void body_of(const struct trait_job *job, struct slice value, struct buf *out)
{
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    json_w_key(&w, "traits");
    json_w_open(&w, '{');
    json_w_key_slice(&w, job->name);
    json_w_raw(&w, value);
    json_w_close(&w, '}');
    json_w_kcstr(&w, "provenance", provenance_name(PROVENANCE_INFERRED));
    json_w_kstring(&w, "decision", model_rows_decision(job->rows));
    json_w_kstring(&w, "model", job->model);
    json_w_ki64(&w, "version", job->version);
    json_w_kstring(&w, "by", job->by);
    json_w_close(&w, '}');
}

static enum err_code write_one(const struct trait_job *job, struct tx *tx, uint32_t source,
                               const struct trait_change *change, struct buf *body, struct err *e)
{
    struct fact fact = { .type = FACT_TRAIT, .customer = change->customer, .source = source,
                         .timestamp_ms = tx->now_ms, .original_ms = FACT_NO_TIME, .sent_ms = FACT_NO_TIME,
                         .received_ms = tx->now_ms };
    struct json root;
    buf_clear(body);
    body_of(job, change->value, body);
    TRY(buf_check(body, "the fact of a decision", e));
    fact.body = buf_slice(body);
    TRY(json_parse(job->parser, fact.body, &root, e));
    TRY(tx_append(tx, &fact, e));
    return tx_traits_set(tx, change->customer, json_get(root, "traits"), PROVENANCE_INFERRED, source, tx->now_ms,
                         fact.seq, e);
}

static enum err_code batch_run(struct command *command, struct tx *tx, struct err *e)
{
    const struct trait_batch *batch = (const struct trait_batch *)command;
    struct buf body = buf_make(0);
    uint32_t source;
    enum err_code code = tx_source(tx, batch->job->source, &source, e);
    for (size_t i = 0; i < batch->n && !code; i++)
        code = write_one(batch->job, tx, source, &batch->change[i], &body, e);
    buf_drop(&body);
    return code;
}

/* ---- deciding ---- */

/* Its word on the customer, as JSON in mem. */
static enum err_code word_of(struct trait_job *job, const struct model_row *row, struct slice *ret, struct err *e)
{
    struct buf out = buf_make(0);
    struct json_w w = json_w(&out);
    value_to_json(row->output[job->output], &w);
    enum err_code code = buf_check(&out, "an answer", e);
    if (!code && out.len > LIMIT_TRAIT_VALUE)
        code = err_set(e, ERR_LIMIT, 0, "customer c%u: a trait's value has at most %d bytes, this answer %zu",
                       row->root, LIMIT_TRAIT_VALUE, out.len);
    if (!code)
        *ret = arena_copy(job->mem, buf_slice(&out));
    buf_drop(&out);
    return code || ret->at ? code : NO_ROOM(e);
}

/* What was written last; never anything is as good as null. */
static enum err_code last_word(struct trait_job *job, uint32_t root, struct slice *ret, struct err *e)
{
    struct memory *memory = job->rooms->memory;
    arena_reset(job->scratch);
    memory_read_lock(memory);
    enum err_code code = traits_word(memory, job->conn, root, job->name, PROVENANCE_INFERRED, job->scratch, ret, e);
    memory_read_unlock(memory);
    if (!ret->len)
        *ret = SLICE("null");
    return code;
}

static enum err_code write_some(struct trait_job *job, const struct model_row *row, size_t n,
                                struct import_progress *progress, struct err *e)
{
    struct trait_batch batch = { .job = job, .change = arena_array(job->mem, struct trait_change, n) };
    if (!batch.change)
        return NO_ROOM(e);
    for (size_t i = 0; i < n; i++) {
        struct slice word = { NULL, 0 }, last = { NULL, 0 };
        TRY(word_of(job, &row[i], &word, e));
        TRY(last_word(job, row[i].root, &last, e));
        if (!slice_eq(word, last))
            batch.change[batch.n++] = (struct trait_change){ row[i].root, word };
    }
    batch.command = (struct command){ .run = batch_run, .bytes = sizeof batch, .facts = batch.n };
    if (batch.n)
        TRY(memory_run(job->rooms->memory, &batch.command, e));
    atomic_fetch_add(&progress->facts, (int64_t)batch.n);
    return ERR_OK;
}

static void tell(struct import_progress *progress, struct trait_progress *told, const struct model_row *row, size_t n)
{
    for (size_t i = 0; i < n; i++)
        atomic_fetch_add(row[i].state == ROW_DECIDED     ? &told->decided
                         : row[i].state == ROW_UNDECIDED ? &told->undecided
                                                         : &told->conflicts, 1);
    atomic_fetch_add(&progress->rows, (int64_t)n);
    atomic_fetch_add(&progress->bytes_done, (int64_t)n);
}

/* A job may wait until everybody has been read into columns. */
static enum err_code trait_begin(struct trait_job *job, struct import_progress *progress, struct err *e)
{
    const struct api_options *rooms = job->rooms;
    int64_t now_ms = clock_now_ms(memory_clock(rooms->memory));
    TRY(population_refresh(rooms->population, rooms->people, now_ms, e));
    TRY(model_rows_begin(job->rows, now_ms, e));
    atomic_store(&progress->bytes_total, (int64_t)model_rows_customers(job->rows));
    return ERR_OK;
}

static enum err_code trait_run(void *arg, struct import_progress *progress, struct trait_progress *told, struct err *e)
{
    struct trait_job *job = arg;
    struct model_row *row;
    size_t n = 0;
    if (atomic_load(&progress->cancel))
        return err_set(e, ERR_BUSY, 0, "cancelled");
    TRY(trait_begin(job, progress, e));
    do {
        arena_reset(job->mem);
        if (atomic_load(&progress->cancel))
            return err_set(e, ERR_BUSY, 0, "cancelled");
        TRY(model_rows_next(job->rows, STEP_CUSTOMERS, job->mem, &row, &n, e));
        TRY(write_some(job, row, n, progress, e));
        tell(progress, told, row, n);
    } while (n);
    return ERR_OK;
}

/* ---- asking for it ---- */
struct trait_ask {
    struct model_asked *asked;
    struct slice output, trait;
    struct trait_job *job;
};

static enum err_code find_output(const struct model_rows *rows, struct slice wanted, size_t *ret, struct err *e)
{
    size_t n;
    char names[100] = "";
    const struct slice *output = model_rows_outputs(rows, &n);
    *ret = 0;
    while (*ret < n && !slice_eq(output[*ret], wanted))
        ++*ret;
    if (*ret < n)
        return ERR_OK;
    *ret = 0;
    if (!wanted.len && n == 1)
        return ERR_OK;
    for (size_t o = 0, at = 0; o < n && at + output[o].len + 2 < sizeof names; o++)
        at += (size_t)snprintf(names + at, sizeof names - at, "%s%.*s", o ? ", " : "", SLICE_ARG(output[o]));
    enum err_code code = wanted.len ? ERR_NOT_FOUND : ERR_INVALID;
    return err_set(e, code, 0, "/output: say which of the table's outputs: %s", names);
}

static enum err_code check_name(struct slice name, struct err *e)
{
    bool plain = name.len > 0 && name.len <= LIMIT_TRAIT_NAME;
    for (size_t i = 0; i < name.len && plain; i++)
        plain = (unsigned char)name.at[i] >= ' ';
    if (!plain)
        return err_set(e, ERR_INVALID, 0, "/trait: a name has 1 to %d bytes and no line breaks: say another one",
                       LIMIT_TRAIT_NAME);
    if (population_is_computed(name))
        return err_set(e, ERR_CONFLICT, 0, "/trait: '%.*s' is worked out by the shop itself: say another name",
                       SLICE_ARG(name));
    if (search_reads(name))
        return err_set(e, ERR_CONFLICT, 0, "/trait: by '%.*s' people are called and found: say another name",
                       SLICE_ARG(name));
    return ERR_OK;
}

/* Values of names beyond the schema's limit are in their facts alone, and would be written again and again. */
static enum err_code check_room(struct trait_job *job, struct err *e)
{
    struct trait_schema *schema;
    size_t n;
    TRY(trait_schemas(job->conn, job->scratch, &schema, &n, e));
    for (size_t i = 0; i < n; i++)
        if (slice_eq(schema[i].name, job->name))
            return ERR_OK;
    return n < LIMIT_TRAIT_SCHEMA ? ERR_OK : err_set(e, ERR_CONFLICT, 0, "/trait: there are %d names of traits, and no "
                                                     "more are kept: say one of them", LIMIT_TRAIT_SCHEMA);
}

static bool keep(struct arena *mem, struct slice text, struct slice *ret)
{
    *ret = arena_copy(mem, text);
    return ret->at != NULL;
}

static enum err_code fill_job(struct call *call, const struct trait_ask *ask, struct trait_job *job, struct err *e)
{
    const struct document_row *row = &ask->asked->row;
    struct slice model = slice_utf8_cut(row->name, MODEL_IN_SOURCE);
    job->rooms = call->rooms;
    job->version = row->version;
    job->own = arena_new((size_t)1 << 20);
    job->mem = arena_new(MODEL_WORK_BYTES);
    job->scratch = arena_new((size_t)16 << 20);
    job->parser = json_parser_new();
    if (!job->own || !job->mem || !job->scratch || !job->parser)
        return NO_ROOM(e);
    TRY(model_rows_new(call->rooms, row->text, ask->asked->decision, &job->rows, e));
    TRY(find_output(job->rows, ask->output, &job->output, e));
    struct slice name = slice_trim(ask->trait.len ? ask->trait : model_rows_decision(job->rows));
    TRY(check_name(name, e));
    job->source = arena_printf(job->own, "model:%.*s v%lld", SLICE_ARG(model), (long long)row->version);
    job->model = arena_printf(job->own, "%lld", (long long)row->id);
    bool kept = keep(job->own, name, &job->name) && keep(job->own, call->by, &job->by);
    if (!kept || !job->source.at || !job->model.at)
        return NO_ROOM(e);
    TRY(store_conn_new(memory_store(call->rooms->memory), STORE_READ, &job->conn, e));
    return check_room(job, e);
}

static enum err_code ask_run(struct call *call, void *arg, struct err *e)
{
    struct trait_ask *ask = arg;
    ask->job = calloc(1, sizeof *ask->job);
    if (!ask->job)
        return NO_ROOM(e);
    enum err_code code = fill_job(call, ask, ask->job, e);
    if (code)
        trait_job_drop(ask->job);
    return code;
}

static enum err_code ask_done(struct call *call, void *arg, struct err *e)
{
    const struct trait_ask *ask = arg;
    int64_t id;
    const struct trait_work work = { .name = ask->job->name, .model = ask->asked->id, .version = ask->job->version,
                                     .run = trait_run, .drop = trait_job_drop, .arg = ask->job };
    TRY(jobs_trait(call->api->jobs, &work, &id, e));
    return answer_job(call, 202, id, e);
}

enum err_code model_trait(struct call *call, struct err *e)
{
    struct json body;
    struct trait_ask *ask = arena_one(call->mem, struct trait_ask);
    if (!ask)
        return NO_ROOM(e);
    TRY(model_asked_new(call, true, &ask->asked, e));
    TRY(call_body(call, &body, e));
    TRY(body_only(call, body, "decision output trait", e));
    TRY(body_text(call, body, "decision", true, DECISION_NAME_MAX, &ask->asked->decision, e));
    TRY(body_text(call, body, "output", false, DECISION_NAME_MAX, &ask->output, e));
    TRY(body_text(call, body, "trait", false, DECISION_NAME_MAX, &ask->trait, e));
    return call_slow(call, (struct call_slow){ ask_run, ask_done, ask }, e);
}

#include "api/jobs.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_room.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "text/time.h"

#define JOBS_WAITING_MAX 32
#define JOBS_LISTED 50
#define NAME_BYTES 128
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for another job")

/* A row of table jobs; also what is known of a job in memory. */
struct job_row {
    int64_t id, started_ms, ended_ms;  // ended_ms FACT_NO_TIME: not yet
    int64_t bytes_done, bytes_total, rows, imported, duplicates, rejected, facts, amount_micro, rate;
    int64_t seconds_left;              // -1: unknown
    bool dry_run;
    char kind[16], state[16], format[24], name[NAME_BYTES], error[160], result[320];
};

struct job {
    struct jobs *jobs;
    struct job *next;
    struct job_row row;     // guarded by the jobs' lock; figures are in `progress` while it runs
    struct import_ask ask;  // its slices lie in mem
    struct arena *mem;
    int held_back_days;     // evaluations; their progress is `fitting`
    struct trait_work trait;           // arg NULL: none, or it has ended
    struct trait_progress told;
    struct fit_work fit;               // run NULL: none
    struct progress fitting;
    struct import_progress progress;
};

/* Its own thread, one job after the other: two imports at once would only take turns at the disk, and a long
 * one must not keep people from logging in. */
struct jobs {
    const struct api_options *rooms;
    struct pool *pool;
    pthread_mutex_t lock;  // guards the list, its rows and next_id
    struct job *list;      // of this run of the program, newest first
    int64_t first_id, next_id;
};

/* ---- rows in the store ---- */

struct row_command {
    struct command command;  // first
    struct job_row row;
};

static enum err_code row_write(struct command *command, struct tx *tx, struct err *e)
{
    const struct job_row *row = &((struct row_command *)command)->row;
    struct store_stmt *st;
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO jobs (id, kind, name, state, format, dry_run, started_ms, "
        "ended_ms, bytes_done, bytes_total, rows_read, imported, duplicates, rejected, facts, amount_micro, "
        "rows_per_second, error, result) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, "
        "$15, $16, $17, $18, $19) ON CONFLICT (id) DO UPDATE SET state = excluded.state, "
        "ended_ms = excluded.ended_ms, bytes_done = excluded.bytes_done, bytes_total = excluded.bytes_total, "
        "rows_read = excluded.rows_read, imported = excluded.imported, duplicates = excluded.duplicates, "
        "rejected = excluded.rejected, facts = excluded.facts, amount_micro = excluded.amount_micro, "
        "rows_per_second = excluded.rows_per_second, error = excluded.error, result = excluded.result"),
        &st, e));
    const int64_t figures[] = { row->bytes_done, row->bytes_total, row->rows, row->imported, row->duplicates,
                                row->rejected, row->facts, row->amount_micro, row->rate };
    store_bind_i64(st, 1, row->id);
    store_bind_text(st, 2, slice_of(row->kind));
    store_bind_text(st, 3, slice_of(row->name));
    store_bind_text(st, 4, slice_of(row->state));
    store_bind_text(st, 5, slice_of(row->format));
    store_bind_i64(st, 6, row->dry_run);
    store_bind_i64(st, 7, row->started_ms);
    if (row->ended_ms == FACT_NO_TIME)
        store_bind_null(st, 8);
    else
        store_bind_i64(st, 8, row->ended_ms);
    for (int i = 0; i < 9; i++)
        store_bind_i64(st, 9 + i, figures[i]);
    store_bind_text(st, 18, slice_of(row->error));
    store_bind_text(st, 19, slice_of(row->result));
    return store_run(st, e);
}

static void row_written(struct command *command, enum err_code code, const struct err *e)
{
    (void)code;  // a job that is not noted in the store still runs, and is noted again at its end
    (void)e;
    free(command);
}

static enum err_code row_submit(struct jobs *jobs, const struct job_row *row, struct err *e)
{
    struct row_command *write = calloc(1, sizeof *write);
    if (!write)
        return NO_MEMORY(e);
    write->row = *row;
    write->command = (struct command){ .run = row_write, .done = row_written, .bytes = sizeof *write };
    enum err_code code = memory_submit(jobs->rooms->memory, &write->command, e);
    if (code)
        free(write);
    return code;
}

static void col_text(struct store_stmt *st, int col, char *out, size_t cap)
{
    struct slice text = store_col_text(st, col);
    snprintf(out, cap, "%.*s", SLICE_ARG(text));
}

static void row_read(struct store_stmt *st, struct job_row *row)
{
    int64_t *figures[] = { &row->bytes_done, &row->bytes_total, &row->rows, &row->imported, &row->duplicates,
                           &row->rejected, &row->facts, &row->amount_micro, &row->rate };
    row->id = store_col_i64(st, 0);
    col_text(st, 1, row->kind, sizeof row->kind);
    col_text(st, 2, row->name, sizeof row->name);
    col_text(st, 3, row->state, sizeof row->state);
    col_text(st, 4, row->format, sizeof row->format);
    row->dry_run = store_col_i64(st, 5) != 0;
    row->started_ms = store_col_i64(st, 6);
    row->ended_ms = store_col_null(st, 7) ? FACT_NO_TIME : store_col_i64(st, 7);
    for (int i = 0; i < 9; i++)
        *figures[i] = store_col_i64(st, 8 + i);
    col_text(st, 17, row->error, sizeof row->error);
    col_text(st, 18, row->result, sizeof row->result);
    row->seconds_left = -1;
}

#define JOB_COLUMNS "id, kind, name, state, format, dry_run, started_ms, ended_ms, bytes_done, bytes_total, " \
                    "rows_read, imported, duplicates, rejected, facts, amount_micro, rows_per_second, error, " \
                    "result"

/* ---- figures of a running job ---- */

static bool is_trait(const struct job_row *row)
{
    return strcmp(row->kind, "trait") == 0;
}

/* What json_trait reads. */
static void trait_print(struct job *job, struct job_row *row)
{
    struct trait_progress *told = &job->told;
    snprintf(row->result, sizeof row->result, "%lld %lld %lld %lld %lld", (long long)job->trait.model,
             (long long)job->trait.version, (long long)atomic_load(&told->decided),
             (long long)atomic_load(&told->undecided), (long long)atomic_load(&told->conflicts));
}

/* With the lock held. */
static struct job_row job_now(struct job *job)
{
    struct import_progress *p = &job->progress;
    struct job_row row = job->row;
    row.bytes_done = atomic_load(&p->bytes_done);
    row.bytes_total = atomic_load(&p->bytes_total);
    row.rows = atomic_load(&p->rows);
    row.imported = atomic_load(&p->imported);
    row.duplicates = atomic_load(&p->duplicates);
    row.rejected = atomic_load(&p->rejected);
    row.facts = atomic_load(&p->facts);
    row.amount_micro = atomic_load(&p->amount_micro);
    row.seconds_left = -1;
    if (is_trait(&row))
        trait_print(job, &row);
    if (job->fit.run) {
        row.bytes_done = atomic_load(&job->fitting.done);
        row.bytes_total = atomic_load(&job->fitting.of);
    }
    int64_t from_ns = atomic_load(&p->started_ns), to_ns = atomic_load(&p->ended_ns);
    if (!from_ns)
        return row;
    double spent_s = (double)((to_ns ? to_ns : clock_steady_ns()) - from_ns) / 1e9;
    if (spent_s > 0)
        row.rate = (int64_t)((double)row.rows / spent_s);
    if (row.ended_ms == FACT_NO_TIME && row.bytes_done > 0 && row.bytes_total >= row.bytes_done)
        row.seconds_left = (int64_t)(spent_s * (double)(row.bytes_total - row.bytes_done)
                                     / (double)row.bytes_done);
    return row;
}

static bool next_i64(struct slice *rest, int64_t *ret)
{
    return slice_i64(slice_cut(rest, ' '), ret);
}

static void json_trait(struct json_w *w, const struct job_row *row)
{
    static const char *const names[] = { "version", "decided", "undecided", "conflicts" };
    struct slice rest = slice_of(row->result);
    int64_t model, figure[4] = { 0 };
    bool ok = is_trait(row) && next_i64(&rest, &model);
    for (int i = 0; ok && i < 4; i++)
        ok = next_i64(&rest, &figure[i]);
    json_w_key(w, "trait");
    if (!ok) {
        json_w_null(w);
        return;
    }
    json_w_open(w, '{');
    json_row_id(w, "model", model);
    for (int i = 0; i < 4; i++)
        json_w_ki64(w, names[i], figure[i]);
    json_w_ki64(w, "changed", row->facts);
    json_w_close(w, '}');
}

static void row_json(struct json_w *w, const struct job_row *row)
{
    json_w_open(w, '{');
    json_row_id(w, "id", row->id);
    json_w_kcstr(w, "kind", row->kind);
    json_w_kstring(w, "name", slice_of(row->name));
    json_w_kcstr(w, "state", row->state);
    json_w_kcstr(w, "format", row->format);
    json_w_kbool(w, "dryRun", row->dry_run);
    json_w_ktime(w, "startedAt", row->started_ms);
    json_ktime_or_null(w, "endedAt", row->ended_ms);
    json_w_ki64(w, "bytesDone", row->bytes_done);
    json_w_ki64(w, "bytesTotal", row->bytes_total);
    json_w_ki64(w, "rows", row->rows);
    json_w_ki64(w, "imported", row->imported);
    json_w_ki64(w, "duplicates", row->duplicates);
    json_w_ki64(w, "rejected", row->rejected);
    json_w_ki64(w, "facts", row->facts);
    json_w_kmicro(w, "amount", row->amount_micro);
    json_w_ki64(w, "rowsPerSecond", row->rate);
    if (row->seconds_left < 0)
        json_w_knull(w, "secondsLeft");
    else
        json_w_ki64(w, "secondsLeft", row->seconds_left);
    json_ktext_or_null(w, "error", slice_of(row->error));
    json_trait(w, row);
    json_w_close(w, '}');
}

/* ---- running ---- */

static void trait_end(struct job *job)
{
    if (job->trait.arg)
        job->trait.drop(job->trait.arg);
    job->trait.arg = NULL;
}

static void job_free(struct job *job)
{
    trait_end(job);
    arena_drop(&job->mem);
    free(job);
}

static void set_state(struct job *job, const char *state, const char *error)
{
    pthread_mutex_lock(&job->jobs->lock);
    snprintf(job->row.state, sizeof job->row.state, "%s", state);
    snprintf(job->row.error, sizeof job->row.error, "%s", error);
    pthread_mutex_unlock(&job->jobs->lock);
}

/* Into the store first, so that whoever reads "done" finds the result there. */
static void job_end(struct job *job, enum err_code code, const struct err *flaw)
{
    struct jobs *jobs = job->jobs;
    struct row_command write = { 0 };
    struct err e = { 0 };
    bool cancelled = code && atomic_load(&job->progress.cancel);
    atomic_store(&job->progress.ended_ns, clock_steady_ns());
    pthread_mutex_lock(&jobs->lock);
    write.row = job_now(job);
    write.row.ended_ms = clock_now_ms(memory_clock(jobs->rooms->memory));
    write.row.seconds_left = -1;
    snprintf(write.row.state, sizeof write.row.state, "%s", cancelled ? "cancelled" : code ? "failed" : "done");
    snprintf(write.row.error, sizeof write.row.error, "%s", code && !cancelled ? flaw->text : "");
    pthread_mutex_unlock(&jobs->lock);
    write.command = (struct command){ .run = row_write, .bytes = sizeof write };
    enum err_code kept = memory_run(jobs->rooms->memory, &write.command, &e);
    if (kept && !write.row.error[0])  // what was imported is in: only this note of it is not
        snprintf(write.row.error, sizeof write.row.error, "%s", e.text);
    pthread_mutex_lock(&jobs->lock);
    job->row = write.row;
    pthread_mutex_unlock(&jobs->lock);
}

static enum err_code rejects_path(const struct jobs *jobs, int64_t id, struct arena *mem, struct slice *ret,
                                  struct err *e)
{
    *ret = arena_printf(mem, "%s/rejected/%lld.csv", jobs->rooms->data_dir, (long long)id);
    return ret->at ? ERR_OK : NO_MEMORY(e);
}

static enum err_code import_job(struct job *job, struct err *e)
{
    struct slice rejects;
    TRY(rejects_path(job->jobs, job->row.id, job->mem, &rejects, e));
    struct import_options options = { .format = job->ask.format, .path = job->ask.path.at,
                                      .name = job->ask.name, .mapping = job->ask.mapping,
                                      .rejects_path = rejects.at, .dry_run = job->ask.dry_run,
                                      .shift_ms = job->ask.shift_ms };
    return import_run(job->jobs->rooms->memory, job->jobs->rooms->catalogue, &options, &job->progress, e);
}

static void import_work(void *arg)
{
    struct job *job = arg;
    struct err e = { 0 }, gone = { 0 };
    enum err_code code = ERR_OK;
    set_state(job, "running", "");
    atomic_store(&job->progress.started_ns, clock_steady_ns());
    if (atomic_load(&job->progress.cancel))
        code = err_set(&e, ERR_BUSY, 0, "cancelled");
    else
        code = import_job(job, &e);
    if (job->ask.own_file && file_remove(job->ask.path.at, &gone) && !code)
        code = err_set(&e, gone.code, 0, "imported, but: %s", gone.text);
    job_end(job, code, &e);
}

/* The day after the shop's newest order; 0: there are none. */
static int64_t orders_end_ms(const struct api_options *rooms)
{
    struct day_row days[64];
    int32_t from = INT32_MIN;
    memory_read_lock(rooms->memory);
    for (size_t n; (n = purchases_days(rooms->purchases, from, days, 64)) > 0;)
        from = days[n - 1].day + 1;
    memory_read_unlock(rooms->memory);
    return from == INT32_MIN ? 0 : from * DAY_MS;
}

static void evaluation_print(const struct evaluation *v, char *out, size_t cap)
{
    int n = snprintf(out, cap, "%lld %lld %d", (long long)v->at_ms, (long long)v->cutoff_ms,
                     v->held_back_days);
    for (int i = -1; i < EVALUATION_GROUPS; i++) {
        const struct hit_rate *rate = i < 0 ? &v->all : &v->by_orders[i];
        n += snprintf(out + n, cap - (size_t)n, " %u %u %u %u %u %u", rate->customers, rate->hits_model,
                      rate->hits_baseline, rate->hits_recent, rate->both_baseline, rate->both_recent);
    }
    assert((size_t)n < cap);
}

static bool evaluation_scan(struct slice text, struct evaluation *ret)
{
    int64_t days, figure[6];
    struct evaluation v = { 0 };
    if (!next_i64(&text, &v.at_ms) || !next_i64(&text, &v.cutoff_ms) || !next_i64(&text, &days))
        return false;
    v.held_back_days = (int)days;
    for (int i = -1; i < EVALUATION_GROUPS; i++) {
        for (int f = 0; f < 6; f++)
            if (!next_i64(&text, &figure[f]))
                return false;
        *(i < 0 ? &v.all : &v.by_orders[i])
            = (struct hit_rate){ (uint32_t)figure[0], (uint32_t)figure[1], (uint32_t)figure[2],
                                 (uint32_t)figure[3], (uint32_t)figure[4], (uint32_t)figure[5] };
    }
    *ret = v;
    return true;
}

static enum err_code evaluation_job(struct job *job, struct evaluation *ret, struct err *e)
{
    const struct api_options *rooms = job->jobs->rooms;
    int64_t end_ms = orders_end_ms(rooms);
    if (!end_ms)
        return err_set(e, ERR_CONFLICT, 0, "there are no orders yet: import some first");
    const struct recommend_taste taste = taste_of_catalogue(rooms->catalogue);
    struct recommend_proof *proof = malloc(sizeof *proof);
    enum err_code code = proof ? recommendations_evaluate(rooms->recommendations, end_ms - job->held_back_days * DAY_MS,
                                                          job->held_back_days, &taste, &job->fitting, proof, e)
                               : NO_MEMORY(e);
    if (!code)
        *ret = proof->evaluation;
    free(proof);
    return code;
}

static void evaluation_work(void *arg)
{
    struct job *job = arg;
    struct err e = { 0 };
    struct evaluation result;
    set_state(job, "running", "");
    atomic_store(&job->progress.started_ns, clock_steady_ns());
    enum err_code code = evaluation_job(job, &result, &e);
    if (!code) {
        pthread_mutex_lock(&job->jobs->lock);
        evaluation_print(&result, job->row.result, sizeof job->row.result);
        pthread_mutex_unlock(&job->jobs->lock);
    }
    job_end(job, code, &e);
}

static void trait_work(void *arg)
{
    struct job *job = arg;
    struct err e = { 0 };
    set_state(job, "running", "");
    atomic_store(&job->progress.started_ns, clock_steady_ns());
    enum err_code code = job->trait.run(job->trait.arg, &job->progress, &job->told, &e);
    trait_end(job);
    job_end(job, code, &e);
}

static void fit_work(void *arg)
{
    struct job *job = arg;
    struct err e = { 0 };
    set_state(job, "running", "");
    atomic_store(&job->progress.started_ns, clock_steady_ns());
    enum err_code code = job->fit.run(job->jobs->rooms, &job->fitting, &e);
    job_end(job, code, &e);
}

/* ---- starting ---- */

static enum err_code job_new(struct jobs *jobs, const char *kind, const char *format, struct slice name,
                             struct job **ret, struct err *e)
{
    struct job *job = calloc(1, sizeof *job);
    if (job)
        job->mem = arena_new((size_t)4 << 20);
    if (!job || !job->mem) {
        free(job);
        return NO_MEMORY(e);
    }
    job->jobs = jobs;
    job->row.started_ms = clock_now_ms(memory_clock(jobs->rooms->memory));
    job->row.ended_ms = FACT_NO_TIME;
    struct slice cut = slice_utf8_cut(name, NAME_BYTES - 1);
    snprintf(job->row.kind, sizeof job->row.kind, "%s", kind);
    snprintf(job->row.state, sizeof job->row.state, "waiting");
    snprintf(job->row.format, sizeof job->row.format, "%s", format);
    snprintf(job->row.name, sizeof job->row.name, "%.*s", SLICE_ARG(cut));
    *ret = job;
    return ERR_OK;
}

/* Takes the job over, whatever happens. */
static enum err_code job_start(struct jobs *jobs, struct job *job, void (*work)(void *), int64_t *id,
                               struct err *e)
{
    pthread_mutex_lock(&jobs->lock);
    job->row.id = jobs->next_id++;
    pthread_mutex_unlock(&jobs->lock);
    *id = job->row.id;
    enum err_code code = row_submit(jobs, &job->row, e);
    pthread_mutex_lock(&jobs->lock);
    if (!code)
        code = pool_submit(jobs->pool, work, job, e);
    if (!code) {
        job->next = jobs->list;
        jobs->list = job;
    }
    pthread_mutex_unlock(&jobs->lock);
    if (!code)
        return ERR_OK;
    snprintf(job->row.state, sizeof job->row.state, "failed");
    job->row.ended_ms = job->row.started_ms;
    struct err ignored;  // when this is refused too, the next start marks the row
    (void)!row_submit(jobs, &job->row, &ignored);
    job_free(job);
    return code;
}

static const char *format_name(enum import_format format)
{
    static const char *const names[] = { "online-retail", "csv", "ndjson" };
    return names[format];
}

enum err_code jobs_import(struct jobs *jobs, const struct import_ask *ask, int64_t *id, struct err *e)
{
    assert(jobs && ask && id && ask->path.len);
    struct job *job;
    TRY(job_new(jobs, "import", format_name(ask->format), ask->name, &job, e));
    job->ask = *ask;
    job->ask.path = arena_copy(job->mem, ask->path);
    job->ask.name = arena_copy(job->mem, ask->name);
    job->ask.mapping = arena_copy(job->mem, ask->mapping);
    job->row.dry_run = ask->dry_run;
    if (!job->ask.path.at || !job->ask.name.at || !job->ask.mapping.at) {
        job_free(job);
        return NO_MEMORY(e);
    }
    return job_start(jobs, job, import_work, id, e);
}

enum err_code jobs_evaluate(struct jobs *jobs, int held_back_days, int64_t *id, struct err *e)
{
    assert(jobs && id && held_back_days > 0);
    struct job *job;
    TRY(job_new(jobs, "evaluation", "", SLICE("evaluation"), &job, e));
    job->held_back_days = held_back_days;
    return job_start(jobs, job, evaluation_work, id, e);
}

enum err_code jobs_fit(struct jobs *jobs, const struct fit_work *work, int64_t *id, struct err *e)
{
    assert(jobs && work && id && work->run);
    struct job *job;
    TRY(job_new(jobs, work->kind, "", slice_of(work->name), &job, e));
    job->fit = *work;
    return job_start(jobs, job, fit_work, id, e);
}

enum err_code jobs_trait(struct jobs *jobs, const struct trait_work *work, int64_t *id, struct err *e)
{
    assert(jobs && work && id && work->run && work->drop && work->arg);
    struct job *job;
    enum err_code code = job_new(jobs, "trait", "", work->name, &job, e);
    if (code) {
        work->drop(work->arg);
        return code;
    }
    job->trait = *work;
    trait_print(job, &job->row);
    return job_start(jobs, job, trait_work, id, e);
}

/* ---- looking ---- */

/* With the lock held. */
static struct job *job_find(struct jobs *jobs, int64_t id)
{
    for (struct job *job = jobs->list; job; job = job->next)
        if (job->row.id == id)
            return job;
    return NULL;
}

static void job_cancel(struct job *job)
{
    atomic_store(&job->progress.cancel, true);
    atomic_store(&job->fitting.cancel, true);
}

enum err_code jobs_cancel(struct jobs *jobs, int64_t id, struct err *e)
{
    pthread_mutex_lock(&jobs->lock);
    struct job *job = job_find(jobs, id);
    bool before = id > 0 && id < jobs->first_id;  // of an earlier run of the program: it has ended
    if (job)
        job_cancel(job);
    pthread_mutex_unlock(&jobs->lock);
    return job || before ? ERR_OK : err_set(e, ERR_NOT_FOUND, 0, "there is no job %lld", (long long)id);
}

enum err_code jobs_json(struct jobs *jobs, struct store_conn *conn, int64_t id, struct json_w *w, struct err *e)
{
    struct job_row row = { 0 };
    pthread_mutex_lock(&jobs->lock);
    struct job *job = job_find(jobs, id);
    if (job)
        row = job_now(job);
    pthread_mutex_unlock(&jobs->lock);
    bool found = job != NULL;
    if (!found) {
        struct store_stmt *st;
        TRY(store_prepare(conn, SLICE("SELECT " JOB_COLUMNS " FROM jobs WHERE id = $1"), &st, e));
        store_bind_i64(st, 1, id);
        TRY(store_step(st, &found, e));
        if (found)
            row_read(st, &row);
        store_reset(st);
    }
    if (!found)
        return err_set(e, ERR_NOT_FOUND, 0, "there is no job %lld", (long long)id);
    row_json(w, &row);
    return ERR_OK;
}

enum err_code jobs_list_json(struct jobs *jobs, struct store_conn *conn, struct json_w *w, struct err *e)
{
    size_t n = 0;
    pthread_mutex_lock(&jobs->lock);
    for (struct job *job = jobs->list; job && n < JOBS_LISTED; job = job->next, n++) {
        struct job_row row = job_now(job);
        row_json(w, &row);
    }
    pthread_mutex_unlock(&jobs->lock);
    struct store_stmt *st;
    TRY(store_prepare(conn, SLICE("SELECT " JOB_COLUMNS " FROM jobs WHERE id < $1 ORDER BY id DESC LIMIT $2"),
                      &st, e));
    store_bind_i64(st, 1, jobs->first_id);
    store_bind_i64(st, 2, (int64_t)(JOBS_LISTED - n));
    for (bool more; n < JOBS_LISTED; n++) {
        struct job_row row = { 0 };
        TRY(store_step(st, &more, e));
        if (!more)
            break;
        row_read(st, &row);
        row_json(w, &row);
    }
    store_reset(st);
    return ERR_OK;
}

enum err_code jobs_rejects_path(struct jobs *jobs, int64_t id, struct arena *mem, struct slice *ret,
                                struct err *e)
{
    struct slice path;
    TRY(rejects_path(jobs, id, mem, &path, e));
    if (!file_exists(path.at))
        return err_set(e, ERR_NOT_FOUND, 0, "job %lld has refused no rows", (long long)id);
    *ret = path;
    return ERR_OK;
}

enum err_code jobs_evaluation(struct jobs *jobs, struct store_conn *conn, struct evaluation *ret, struct err *e)
{
    struct store_stmt *st;
    bool row, good = false;
    (void)jobs;
    TRY(store_prepare(conn, SLICE("SELECT result FROM jobs WHERE kind = 'evaluation' AND state = 'done' "
                                  "ORDER BY id DESC LIMIT 1"), &st, e));
    TRY(store_step(st, &row, e));
    if (row)
        good = evaluation_scan(store_col_text(st, 0), ret);
    store_reset(st);
    if (row && !good)
        return err_set(e, ERR_CORRUPT, 0, "the last evaluation cannot be read: run it again");
    return row ? ERR_OK
               : err_set(e, ERR_NOT_FOUND, 0, "nothing has been evaluated yet: POST /api/v1/evaluation");
}

/* ---- life ---- */

struct start_command {
    struct command command;  // first
    struct jobs *jobs;
};

static enum err_code start_run(struct command *command, struct tx *tx, struct err *e)
{
    struct jobs *jobs = ((struct start_command *)command)->jobs;
    struct store_stmt *st;
    bool row;
    TRY(store_prepare(tx->conn, SLICE("UPDATE jobs SET state = 'failed', ended_ms = $1, error = $2 "
                                      "WHERE state = 'running' OR state = 'waiting'"), &st, e));
    store_bind_i64(st, 1, tx->now_ms);
    store_bind_text(st, 2, SLICE("Tendero ended before it was done. Run it again: it goes on where it "
                                 "stopped."));
    TRY(store_run(st, e));
    TRY(store_prepare(tx->conn, SLICE("SELECT MAX(id) FROM jobs"), &st, e));
    TRY(store_step(st, &row, e));
    jobs->first_id = jobs->next_id = (row && !store_col_null(st, 0) ? store_col_i64(st, 0) : 0) + 1;
    store_reset(st);
    return ERR_OK;
}

static enum err_code jobs_start(struct jobs *jobs, struct err *e)
{
    char path[512];
    snprintf(path, sizeof path, "%s/rejected", jobs->rooms->data_dir);
    TRY(dir_make(path, e));
    snprintf(path, sizeof path, "%s/uploads", jobs->rooms->data_dir);
    TRY(dir_make(path, e));
    struct start_command start = { { .run = start_run, .bytes = sizeof start }, jobs };
    TRY(memory_run(jobs->rooms->memory, &start.command, e));
    return pool_new_behind(1, JOBS_WAITING_MAX, &jobs->pool, e);
}

enum err_code jobs_new(const struct api_options *rooms, struct jobs **ret, struct err *e)
{
    assert(rooms && ret && rooms->data_dir);
    struct jobs *jobs = calloc(1, sizeof *jobs);
    if (!jobs)
        return NO_MEMORY(e);
    jobs->rooms = rooms;
    pthread_mutex_init(&jobs->lock, NULL);
    enum err_code code = jobs_start(jobs, e);
    if (code)
        jobs_drop(&jobs);
    else
        *ret = jobs;
    return code;
}

void jobs_drop(struct jobs **at)
{
    assert(at);
    struct jobs *jobs = *at;
    if (!jobs)
        return;
    pthread_mutex_lock(&jobs->lock);
    for (struct job *job = jobs->list; job; job = job->next)
        job_cancel(job);
    pthread_mutex_unlock(&jobs->lock);
    pool_drop(&jobs->pool);
    for (struct job *job = jobs->list, *next; job; job = next) {
        next = job->next;
        job_free(job);
    }
    pthread_mutex_destroy(&jobs->lock);
    free(jobs);
    *at = NULL;
}

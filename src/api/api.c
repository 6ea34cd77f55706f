#include "api/api.h"

#include <assert.h>
#include <stdlib.h>

#include "api/api_room.h"
#include "api/audience_ask.h"
#include "base/limits.h"
#include "sys/clock.h"

#define ANSWER_BYTES ((size_t)64 << 20)
#define OPENAPI_BYTES ((size_t)4 << 20)
#define FLUSH_EVERY_MS INT64_C(60000)
#define SIZES_EVERY_MS INT64_C(3600000)

static enum err_code api_fill(struct api *api, struct err *e)
{
    api->metrics = metrics_new();
    if (!api->metrics)
        return err_set(e, ERR_LIMIT, 0, "no memory for the metrics");
    TRY(openapi_make(&api->openapi, e));
    TRY(pool_new_behind(2, 2, &api->background, e));
    TRY(allocations_new(&api->allocations, e));
    return jobs_new(&api->options, &api->jobs, e);
}

enum err_code api_new(struct api_options options, struct api **ret, struct err *e)
{
    assert(ret && options.memory && options.staff && options.jobs && options.data_dir);
    struct api *api = calloc(1, sizeof *api);
    if (!api)
        return err_set(e, ERR_LIMIT, 0, "no memory for the api");
    api->options = options;
    pthread_mutex_init(&api->lock, NULL);
    pthread_cond_init(&api->idle, NULL);
    api->openapi = buf_make(OPENAPI_BYTES);
    enum err_code code = api_fill(api, e);
    if (code)
        api_drop(&api);
    else
        *ret = api;
    return code;
}

/* Work that was handed to the pool or the writer ends before what it works on. */
static void wait_for_work(struct api *api)
{
    pthread_mutex_lock(&api->lock);
    while (api->refreshing || api->recommending || api->flushing || api->work)
        pthread_cond_wait(&api->idle, &api->lock);
    pthread_mutex_unlock(&api->lock);
}

void api_drop(struct api **at)
{
    assert(at);
    struct api *api = *at;
    if (!api)
        return;
    atomic_store(&api->stopping, true);
    atomic_store(&api->refit.cancel, true);
    atomic_store(&api->training.cancel, true);
    jobs_drop(&api->jobs);
    roster_cancel(api->options.roster);
    wait_for_work(api);
    pool_drop(&api->background);
    pthread_cond_destroy(&api->idle);
    pthread_mutex_destroy(&api->lock);
    metrics_drop(&api->metrics);
    allocations_drop(&api->allocations);
    buf_drop(&api->openapi);
    free(api);
    *at = NULL;
}

void api_count_work(struct api *api, bool more)
{
    pthread_mutex_lock(&api->lock);
    api->work = more ? api->work + 1 : api->work - 1;
    pthread_cond_broadcast(&api->idle);
    pthread_mutex_unlock(&api->lock);
}

struct slice api_openapi(const struct api *api)
{
    return buf_slice(&api->openapi);
}

enum err_code openapi_get(struct call *call, struct err *e)
{
    (void)e;
    call_raw(call, 200, SLICE("application/json"), api_openapi(call->api));
    return ERR_OK;
}

bool api_is_upload(void *arg, enum http_method method, struct slice path)
{
    (void)arg;
    return method == HTTP_POST && slice_is(path, "/api/v1/imports");
}

/* ---- loops ---- */

static enum err_code thread_fill(struct api_thread *thread, struct err *e)
{
    const struct api_options *rooms = &thread->api->options;
    thread->parser = json_parser_new();
    if (!thread->parser)
        return err_set(e, ERR_LIMIT, 0, "no memory for a loop's parser");
    TRY(store_conn_new(memory_store(rooms->memory), STORE_READ, &thread->read, e));
    return decider_new(rooms->memory, rooms->purchases, rooms->recommendations, rooms->catalogue, &thread->decider, e);
}

void *api_thread_start(void *arg, unsigned number)
{
    (void)number;
    struct err e = { 0 };
    struct api_thread *thread = calloc(1, sizeof *thread);
    if (!thread)
        return NULL;
    thread->api = arg;
    thread->out = buf_make(ANSWER_BYTES);
    if (thread_fill(thread, &e)) {
        api_thread_stop(arg, thread);
        return NULL;
    }
    return thread;
}

void api_thread_stop(void *arg, void *state)
{
    (void)arg;
    struct api_thread *thread = state;
    if (!thread)
        return;
    decider_drop(&thread->decider);
    store_conn_drop(&thread->read);
    json_parser_drop(&thread->parser);
    buf_drop(&thread->out);
    free(thread);
}

/* ---- work that is due ---- */

/* Takes the only place for such work; false when it is taken. */
static bool tick_begin(struct api *api, bool *place)
{
    pthread_mutex_lock(&api->lock);
    bool free_place = !*place;
    *place = true;
    pthread_mutex_unlock(&api->lock);
    return free_place;
}

static void tick_end(struct api *api, bool *place)
{
    pthread_mutex_lock(&api->lock);
    *place = false;
    pthread_cond_broadcast(&api->idle);
    pthread_mutex_unlock(&api->lock);
}

/* Tiers first: others wait for them. What fails is due again at the next tick. */
static void refresh_work(void *arg)
{
    struct api *api = arg;
    const struct api_options *rooms = &api->options;
    struct err e = { 0 };
    int64_t now_ms = clock_now_ms(memory_clock(rooms->memory));
    if (people_refresh_due(rooms->people, now_ms))
        (void)!people_refresh(rooms->people, now_ms, &e);
    if (!atomic_load(&api->stopping))
        (void)!valuation_refresh(rooms->valuation, now_ms, &api->refit, &e);
    if (!atomic_load(&api->stopping) && investment_refit_due(rooms->investment, now_ms))
        (void)!investment_refit(rooms->investment, rooms->people, now_ms, &api->refit, &e);
    if (!atomic_load(&api->stopping) && recommendations_behind(rooms->recommendations))
        (void)!recommendations_turn(rooms->recommendations, &e);
    if (!atomic_load(&api->stopping) && roster_due(rooms->roster, rooms->people, now_ms))
        (void)!roster_pass(rooms->roster, rooms->people, now_ms, &e);
    if (!atomic_load(&api->stopping) && now_ms - api->sized_ms >= SIZES_EVERY_MS) {
        (void)!audiences_keep_sizes(rooms, now_ms, &e);
        api->sized_ms = now_ms;
    }
    if (!atomic_load(&api->stopping))
        (void)!customer_share_refresh(rooms->share, now_ms, &api->refit, &e);
    tick_end(api, &api->refreshing);
}

static void refresh_start(struct api *api, int64_t now_ms)
{
    struct err e;
    valuation_turn(api->options.valuation, now_ms);
    likings_turn(api->options.likings, now_ms);
    bool due = people_refresh_due(api->options.people, now_ms)
               || recommendations_behind(api->options.recommendations) || valuation_refit_due(api->options.valuation, now_ms)
               || investment_refit_due(api->options.investment, now_ms)
               || customer_share_refit_due(api->options.share, now_ms)
               || roster_due(api->options.roster, api->options.people, now_ms) || now_ms - api->sized_ms >= SIZES_EVERY_MS;
    if (!due || !tick_begin(api, &api->refreshing))
        return;
    if (pool_submit(api->background, refresh_work, api, &e))
        tick_end(api, &api->refreshing);
}

/* Models of what to propose: minutes, for which nothing else shall wait. */
static void recommend_work(void *arg)
{
    struct api *api = arg;
    const struct api_options *rooms = &api->options;
    const struct recommend_taste taste = taste_of_catalogue(rooms->catalogue);
    struct err e;
    (void)!recommendations_refit(rooms->recommendations, &taste, clock_now_ms(memory_clock(rooms->memory)), &api->training, &e);
    tick_end(api, &api->recommending);
}

static void recommend_start(struct api *api, int64_t now_ms)
{
    struct err e;
    if (!recommendations_due(api->options.recommendations, now_ms) || !tick_begin(api, &api->recommending))
        return;
    if (pool_submit(api->background, recommend_work, api, &e))
        tick_end(api, &api->recommending);
}

struct flush {
    struct command command;  // first
    struct api *api;
};

static enum err_code flush_run(struct command *command, struct tx *tx, struct err *e)
{
    return staff_flush(((struct flush *)command)->api->options.staff, tx->conn, e);
}

static void flush_done(struct command *command, enum err_code code, const struct err *e)
{
    (void)code;  // when keys were last used is told again a minute later
    (void)e;
    struct api *api = ((struct flush *)command)->api;
    free(command);
    tick_end(api, &api->flushing);
}

static void flush_start(struct api *api, int64_t now_ms)
{
    struct err e;
    if (now_ms - api->flushed_ms < FLUSH_EVERY_MS || !staff_flush_due(api->options.staff)
        || !tick_begin(api, &api->flushing))
        return;
    api->flushed_ms = now_ms;
    struct flush *flush = calloc(1, sizeof *flush);
    if (flush) {
        flush->api = api;
        flush->command = (struct command){ .run = flush_run, .done = flush_done, .bytes = sizeof *flush };
    }
    if (!flush || memory_submit(api->options.memory, &flush->command, &e)) {
        free(flush);
        tick_end(api, &api->flushing);
    }
}

void api_tick(struct api *api, int64_t now_ms)
{
    assert(api);
    refresh_start(api, now_ms);
    recommend_start(api, now_ms);
    flush_start(api, now_ms);
}

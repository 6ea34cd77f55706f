#include "memory/ingest.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/limits.h"
#include "memory/ingest_event.h"
#include "memory/ingest_state.h"
#include "memory/live.h"
#include "memory/ingest_memory.h"

/* A body becomes its copy, its events, and bodies printed anew: twice the limit of a body each, and room. */
#define BATCH_BYTES (16u << 20)
/* A client that sends nothing but errors shall not turn the log's disk into a rejections' disk. */
#define BATCH_REJECTIONS 100
#define PREFETCH_AHEAD 8

struct ingest_batch {
    struct command command;  // first: ingest_of
    struct arena *mem;       // holds this struct too
    struct ingest_event *events;
    struct batch_outcome { enum ingest_outcome outcome; } *outcomes;
    size_t n;
    struct memory *memory;   // known once it has run
    struct ingest_result result;
    void (*done)(struct command *, enum err_code, const struct err *);
    void *arg;
    struct err failed;       // of ingest_prepare, told by run
};
static_assert(offsetof(struct ingest_batch, command) == 0, "ingest_of casts");

/* Whose fault a failed allocation is: a body that fills its arena is too large and never fits; else the machine
 * is short of memory for now, and the client shall send again, not throw its events away. */
static enum err_code no_memory(const struct arena *mem, struct err *e)
{
    if (mem && arena_used(mem) > BATCH_BYTES / 2)
        return err_set(e, ERR_LIMIT, 0, "the body needs more memory than a request may use");
    return err_set(e, ERR_BUSY, 0, "the server is short of memory: try again soon");
}

/* ---- the writer's side ---- */

static enum err_code run(struct command *command, struct tx *tx, struct err *e)
{
    struct ingest_batch *b = ingest_of(command);
    if (b->failed.code)
        return err_set(e, b->failed.code, b->failed.pos, "%s", b->failed.text);
    b->memory = tx->memory;
    b->result = (struct ingest_result){ 0 };
    for (size_t i = 0; i < b->n; i++) {
        struct ingest_event *event = &b->events[i];
        if (i + PREFETCH_AHEAD < b->n)
            ingest_prefetch(tx, &b->events[i + PREFETCH_AHEAD]);
        if (event->rejected) {
            if (b->result.rejected++ < BATCH_REJECTIONS)
                TRY(ingest_reject(tx, event->fact.source, event->reason, event->fact.body, e));
            b->outcomes[i].outcome = OUTCOME_REJECTED;
            continue;
        }
        bool duplicate = false;
        TRY(ingest_apply(tx, event, &duplicate, e));
        b->outcomes[i].outcome = duplicate ? OUTCOME_DUPLICATE : OUTCOME_ACCEPTED;
        b->result.duplicates += duplicate;
        b->result.accepted += !duplicate;
    }
    return ERR_OK;
}

static void copy_cut(char *to, size_t size, struct slice text)
{
    struct slice cut = slice_utf8_cut(text, size - 1);
    if (cut.len)
        memcpy(to, cut.at, cut.len);
    to[cut.len] = '\0';
}

/* Only the newest LIVE_KEPT of a batch can be seen anyway. */
static void tell_live(struct ingest_batch *b)
{
    struct live *live = ingest_state_live(memory_ingest(b->memory));
    for (size_t i = b->n > LIVE_KEPT ? b->n - LIVE_KEPT : 0; i < b->n; i++) {
        const struct ingest_event *event = &b->events[i];
        struct live_event told = { .at_ms = event->fact.received_ms, .source = event->fact.source,
                                   .customer = event->fact.customer, .type = event->fact.type,
                                   .outcome = b->outcomes[i].outcome };
        copy_cut(told.event, sizeof told.event, event->fact.event);
        copy_cut(told.message_id, sizeof told.message_id, event->fact.message_id);
        copy_cut(told.reason, sizeof told.reason, slice_of(event->reason));
        live_add(live, &told, 1);
    }
    live_count(live, (struct ingest_totals){ b->result.accepted, b->result.duplicates, b->result.rejected });
}

static void done(struct command *command, enum err_code code, const struct err *e)
{
    struct ingest_batch *b = ingest_of(command);
    if (!code && b->memory)
        tell_live(b);
    if (code == ERR_LIMIT && !b->failed.code)  // within its own limits, so it met the machine's
        code = ERR_BUSY;
    b->done(command, code, e);
}

/* ---- the request's side ---- */

static const enum fact_type types[] = {
    [INGEST_TRACK] = FACT_TRACK, [INGEST_IDENTIFY] = FACT_IDENTIFY, [INGEST_PAGE] = FACT_PAGE,
    [INGEST_SCREEN] = FACT_SCREEN, [INGEST_GROUP] = FACT_GROUP, [INGEST_ALIAS] = FACT_ALIAS,
    [INGEST_BATCH] = FACT_TYPES,
};

static enum err_code read_events(struct ingest_batch *b, struct json root, enum ingest_call call, struct err *e)
{
    struct json list = json_get(root, "batch");
    b->n = call == INGEST_BATCH ? json_count(list) : 1;
    if (b->n > LIMIT_BATCH_EVENTS)
        return err_set(e, ERR_LIMIT, b->n, "%zu events in one batch: send at most %d", b->n,
                       LIMIT_BATCH_EVENTS);
    b->events = arena_array(b->mem, struct ingest_event, b->n + 1);
    b->outcomes = arena_array(b->mem, struct batch_outcome, b->n + 1);
    if (!b->events || !b->outcomes)
        return no_memory(b->mem, e);
    if (call != INGEST_BATCH)
        return ingest_read(root, &(struct ingest_base){ 0 }, types[call], false, b->mem, b->events, e);
    struct ingest_base base = { json_get(root, "context"), json_get(root, "integrations"),
                                json_get(root, "sentAt") };
    size_t i = 0;
    for (struct json_iter it = json_iter(list); json_next(&it); i++)
        TRY(ingest_read(it.value, &base, FACT_TYPES, false, b->mem, &b->events[i], e));
    assert(i == b->n);
    return ERR_OK;
}

static enum err_code parse(struct ingest_batch *b, struct json_parser *parser, enum ingest_call call,
                           struct slice body, struct slice *write_key, struct err *e)
{
    struct slice own = arena_copy(b->mem, body);
    if (!own.at)
        return no_memory(b->mem, e);
    struct json root;
    TRY(json_parse(parser, own, &root, e));
    if (!json_is(root, JSON_OBJECT))
        return err_set(e, ERR_INVALID, 0, "the body must be a JSON object");
    if (call == INGEST_BATCH && !json_is(json_get(root, "batch"), JSON_ARRAY))
        return err_set(e, ERR_INVALID, 0, "the member \"batch\" must be an array of events");
    TRY(read_events(b, root, call, e));
    *write_key = json_string(json_get(root, "writeKey"), b->mem);
    return ERR_OK;
}

static size_t facts_of(const struct ingest_batch *b)
{
    size_t n = 1;
    for (size_t i = 0; i < b->n; i++)
        n += !b->events[i].rejected;
    return n;
}

enum err_code ingest_parse(struct json_parser *parser, enum ingest_call call, struct slice body,
                           struct ingest_batch **ret, struct slice *write_key, struct err *e)
{
    assert(parser && call <= INGEST_BATCH);
    if (body.len > LIMIT_HTTP_BODY)
        return err_set(e, ERR_LIMIT, body.len, "the body has %zu bytes: send at most %u", body.len,
                       LIMIT_HTTP_BODY);
    struct arena *mem = arena_new(BATCH_BYTES);
    struct ingest_batch *b = mem ? arena_one(mem, struct ingest_batch) : NULL;
    if (!b) {
        arena_drop(&mem);
        return no_memory(NULL, e);
    }
    *b = (struct ingest_batch){ .command = { .run = run, .done = done }, .mem = mem };
    enum err_code code = parse(b, parser, call, body, write_key, e);
    if (code) {
        ingest_drop(&b);
        return code;
    }
    b->command.facts = facts_of(b);
    *ret = b;
    return ERR_OK;
}

void ingest_prepare(struct ingest_batch *b, struct ingest_envelope env,
                    void (*on_done)(struct command *, enum err_code, const struct err *), void *arg)
{
    assert(b && on_done);
    b->done = on_done;
    b->arg = arg;
    for (size_t i = 0; i < b->n && !b->failed.code; i++) {
        b->events[i].lent = true;
        if (ingest_complete(&b->events[i], &env, b->mem, &b->failed))
            assert(b->failed.code);
    }
    if (b->failed.code == ERR_LIMIT)
        b->failed.code = no_memory(b->mem, &b->failed);
    b->command.bytes = arena_used(b->mem);
}

struct command *ingest_command(struct ingest_batch *b)
{
    assert(b && b->done);  // prepared
    return &b->command;
}

struct ingest_batch *ingest_of(struct command *command)
{
    assert(command && command->run == run);
    return (struct ingest_batch *)(void *)command;
}

void *ingest_arg(const struct ingest_batch *b)
{
    return b->arg;
}

struct ingest_result ingest_result(const struct ingest_batch *b)
{
    return b->result;
}

void ingest_drop(struct ingest_batch **b)
{
    assert(b);
    if (!*b)
        return;
    struct arena *mem = (*b)->mem;  // holds the batch itself
    arena_drop(&mem);
    *b = NULL;
}

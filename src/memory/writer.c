/* The writer's thread: waiting commands become groups, a group becomes one transaction. */
#include <assert.h>
#include <stdlib.h>

#include "memory/customers.h"
#include "memory/ingest_state.h"
#include "memory/memory_state.h"

/* Commands that fail in a group are put aside; beyond this many the rest run one by one. */
#define GROUP_FAILURES 3

/* ---- the queue ---- */

enum err_code queue_init(struct queue *queue, struct err *e)
{
    queue->last = &queue->first;
    queue->open = true;
    if (pthread_mutex_init(&queue->lock, NULL) || pthread_cond_init(&queue->filled, NULL))
        return err_set(e, ERR_LIMIT, 0, "no memory for the writer's queue");
    return ERR_OK;
}

void queue_drop(struct queue *queue)
{
    assert(!queue->first);
    pthread_mutex_destroy(&queue->lock);
    pthread_cond_destroy(&queue->filled);
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->open = false;
    pthread_cond_broadcast(&queue->filled);
    pthread_mutex_unlock(&queue->lock);
}

static enum err_code queue_put(struct queue *queue, struct command *cmd, bool bounded, struct err *e)
{
    assert(cmd->run);
    enum err_code code = ERR_OK;
    cmd->next = NULL;
    pthread_mutex_lock(&queue->lock);
    if (!queue->open) {
        code = err_set(e, ERR_BUSY, 0, "the server is stopping: try again soon");
    } else if (bounded && queue->bytes && cmd->bytes > LIMIT_QUEUE_BYTES - queue->bytes) {
        code = err_set(e, ERR_BUSY, 0, "too much waits for the disk: try again soon");
    } else {
        *queue->last = cmd;
        queue->last = &cmd->next;
        queue->bytes += cmd->bytes;
        pthread_cond_signal(&queue->filled);
    }
    pthread_mutex_unlock(&queue->lock);
    return code;
}

/* Waits for commands and takes a group of them; 0 when the queue is closed and empty. */
static size_t queue_take(struct queue *queue, struct command **ret)
{
    size_t n = 0, facts = 0;
    pthread_mutex_lock(&queue->lock);
    while (!queue->first && queue->open)
        pthread_cond_wait(&queue->filled, &queue->lock);
    while (queue->first && n < LIMIT_GROUP_FACTS) {
        struct command *cmd = queue->first;
        size_t more = cmd->facts ? cmd->facts : 1;
        if (n && facts + more > LIMIT_GROUP_FACTS)
            break;
        facts += more;
        queue->first = cmd->next;
        queue->bytes -= cmd->bytes;
        ret[n++] = cmd;
    }
    if (!queue->first)
        queue->last = &queue->first;
    pthread_mutex_unlock(&queue->lock);
    return n;
}

/* ---- one transaction ---- */

static enum err_code group_reserve(struct group *group, struct err *e)
{
    if (group->n_facts < group->cap_facts)
        return ERR_OK;
    size_t cap = group->cap_facts ? group->cap_facts * 2 : 1024;
    struct fact *facts = realloc(group->facts, cap * sizeof *facts);
    if (!facts)
        return err_set(e, ERR_LIMIT, 0, "no memory for a group of %zu facts", cap);
    group->facts = facts;
    group->cap_facts = cap;
    return ERR_OK;
}

enum err_code tx_append_lent(struct tx *tx, struct fact *fact, struct err *e)
{
    struct group *group = &tx->memory->group;
    TRY(group_reserve(group, e));
    TRY(log_append(tx->log, fact, e));
    group->facts[group->n_facts++] = *fact;
    return ERR_OK;
}

enum err_code tx_append(struct tx *tx, struct fact *fact, struct err *e)
{
    struct arena *mem = tx->memory->group.mem;
    struct fact copy = *fact;
    copy.event = arena_copy(mem, fact->event);
    copy.message_id = arena_copy(mem, fact->message_id);
    copy.body = arena_copy(mem, fact->body);
    if (!copy.event.at || !copy.message_id.at || !copy.body.at)
        return err_set(e, ERR_LIMIT, 0, "no memory for the facts of a group: send smaller batches");
    TRY(tx_append_lent(tx, &copy, e));
    fact->seq = copy.seq;
    return ERR_OK;
}

static void roll_back(struct memory *m)
{
    store_rollback(m->conn);
    log_rolled_back(m->log);
    customers_rolled_back(m->customers);
    ingest_state_rolled_back(m->ingest);
    sources_rolled_back(&m->sources);
}

/* `done` is called by the caller, after the lock. */
static void publish(struct memory *m)
{
    memory_write_lock(m);
    log_committed(m->log);
    customers_committed(m->customers);
    ingest_state_committed(m->ingest);
    sources_committed(&m->sources);
    followers_tell_group(m);
    pthread_rwlock_unlock(&m->lock);
}

static void stats_tell(struct memory *m, enum err_code code, const struct err *e, int64_t commit_ns)
{
    pthread_mutex_lock(&m->stats_lock);
    if (code) {
        m->stats.writable = false;
        memcpy(m->stats.trouble, e->text, sizeof m->stats.trouble);
    } else {
        m->stats.writable = true;
        m->stats.trouble[0] = 0;
        m->stats.groups++;
        m->stats.facts = log_last_seq(m->log);
        m->stats.last_commit_us = commit_ns / 1000;
    }
    pthread_mutex_unlock(&m->stats_lock);
}

/* *bad: the command that failed, or n when the store did. Rolled back on any error. */
static enum err_code transaction(struct memory *m, struct command **commands, size_t n, size_t *bad,
                                 struct err *e)
{
    struct tx tx = { m->conn, m->log, m->customers, m, m->now_ms };
    m->group.n_facts = 0;
    arena_reset(m->group.mem);
    *bad = n;
    enum err_code code = store_begin(m->conn, e);
    for (size_t i = 0; !code && i < n; i++) {
        code = commands[i]->run(commands[i], &tx, e);
        if (code)
            *bad = i;
    }
    if (!code)
        code = ingest_state_flush(m->ingest, &tx, e);
    int64_t began_ns = clock_steady_ns();
    if (!code)
        code = store_commit(m->conn, e);
    if (code)
        roll_back(m);
    else
        publish(m);
    /* What a command refuses is its own affair; what the disk refuses is everybody's. */
    if (!code || *bad == n || code == ERR_IO)
        stats_tell(m, code, e, clock_steady_ns() - began_ns);
    return code;
}

static void all_done(struct command **commands, size_t n, enum err_code code, const struct err *e)
{
    for (size_t i = 0; i < n; i++)
        if (commands[i]->done)
            commands[i]->done(commands[i], code, code ? e : NULL);
}

static void run_alone(struct memory *m, struct command *cmd)
{
    struct err e = { 0 };
    size_t bad;
    enum err_code code = transaction(m, &cmd, 1, &bad, &e);
    all_done(&cmd, 1, code, &e);
}

/* A command that fails is put aside and the others run again without it: whoever sends nonsense spoils
 * nobody else's group. Those aside then have a transaction of their own, which decides. */
static void run_group(struct memory *m, struct command **commands, size_t n)
{
    struct command *aside[GROUP_FAILURES];
    size_t n_aside = 0;
    while (n > 1) {
        struct err e = { 0 };
        size_t bad;
        enum err_code code = transaction(m, commands, n, &bad, &e);
        if (!code || bad == n || code == ERR_IO) {
            all_done(commands, n, code, &e);
            n = 0;
        } else if (n_aside < GROUP_FAILURES) {
            aside[n_aside++] = commands[bad];
            memmove(commands + bad, commands + bad + 1, (--n - bad) * sizeof *commands);
        } else {
            break;
        }
    }
    for (size_t i = 0; i < n; i++)
        run_alone(m, commands[i]);
    for (size_t i = 0; i < n_aside; i++)
        run_alone(m, aside[i]);
}

/* A part that cannot be sealed now stays open and is tried again after the next group. */
static void seal_if_full(struct memory *m)
{
    struct err e = { 0 };
    if (!log_is_full(m->log, m->now_ms))
        return;
    enum err_code code = store_begin(m->conn, &e);
    code = code ? code : log_seal(m->log, m->now_ms, &e);
    code = code ? code : store_commit(m->conn, &e);
    if (code) {
        store_rollback(m->conn);
        log_rolled_back(m->log);
        stats_tell(m, code, &e, 0);
        return;
    }
    memory_write_lock(m);
    log_committed(m->log);
    pthread_rwlock_unlock(&m->lock);
}

void *writer_main(void *memory)
{
    struct memory *m = memory;
    size_t n;
    while ((n = queue_take(&m->queue, m->group.commands)) > 0) {
        int64_t now_ms = clock_now_ms(m->options.clock);
        m->now_ms = now_ms > m->now_ms ? now_ms : m->now_ms;
        run_group(m, m->group.commands, n);
        followers_catch_up(m);
        seal_if_full(m);
        snapshots_want_if_due(m);
    }
    return NULL;
}

/* ---- entry points ---- */

enum err_code memory_submit(struct memory *m, struct command *cmd, struct err *e)
{
    return queue_put(&m->queue, cmd, true, e);
}

struct waiting {
    struct command cmd;  // first: the queue hands it back
    struct command *inner;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool over;
    enum err_code code;
    struct err err;
};

static enum err_code waiting_run(struct command *cmd, struct tx *tx, struct err *e)
{
    struct waiting *w = (struct waiting *)cmd;
    return w->inner->run(w->inner, tx, e);
}

static void waiting_done(struct command *cmd, enum err_code code, const struct err *e)
{
    struct waiting *w = (struct waiting *)cmd;
    if (w->inner->done)
        w->inner->done(w->inner, code, e);
    pthread_mutex_lock(&w->lock);
    w->code = code;
    if (code)
        w->err = *e;
    w->over = true;
    pthread_cond_signal(&w->ended);
    pthread_mutex_unlock(&w->lock);
}

enum err_code memory_run(struct memory *m, struct command *inner, struct err *e)
{
    assert(m->started);
    struct waiting w = {
        .cmd = { .run = waiting_run, .done = waiting_done, .bytes = inner->bytes, .facts = inner->facts },
        .inner = inner,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .ended = PTHREAD_COND_INITIALIZER,
    };
    TRY(queue_put(&m->queue, &w.cmd, false, e));
    pthread_mutex_lock(&w.lock);
    while (!w.over)
        pthread_cond_wait(&w.ended, &w.lock);
    pthread_mutex_unlock(&w.lock);
    pthread_mutex_destroy(&w.lock);
    pthread_cond_destroy(&w.ended);
    if (w.code && e)
        *e = w.err;
    return w.code;
}

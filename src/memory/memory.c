#include "memory/memory.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "memory/customers_write.h"
#include "memory/ingest_state.h"
#include "memory/memory_state.h"
#include "sys/file.h"
#include "sys/random.h"

#define GROUP_BYTES ((size_t)256 << 20)  // copies of one group's facts for the followers

/* The database's secret: nobody outside can aim at a hash slot. Made once. */
static enum err_code seed_read(struct store_conn *conn, uint64_t *ret, struct err *e)
{
    struct store_stmt *stmt;
    bool row;
    int64_t seed;
    TRY(store_prepare(conn, SLICE("SELECT value FROM meta WHERE name = 'seed'"), &stmt, e));
    TRY(store_step(stmt, &row, e));
    bool good = row && slice_i64(store_col_text(stmt, 0), &seed);
    store_reset(stmt);
    if (row && !good)
        return err_set(e, ERR_CORRUPT, 0, "the database's seed is damaged: restore a backup");
    if (!row) {
        char text[24];
        seed = (int64_t)random_u64();
        snprintf(text, sizeof text, "%lld", (long long)seed);
        TRY(store_prepare(conn, SLICE("INSERT INTO meta (name, value) VALUES ('seed', $1)"), &stmt, e));
        store_bind_text(stmt, 1, slice_of(text));
        TRY(store_run(stmt, e));
    }
    *ret = (uint64_t)seed;
    return ERR_OK;
}

static enum err_code locks_init(struct memory *m, struct err *e)
{
    pthread_rwlockattr_t attr;
    pthread_rwlockattr_init(&attr);
    /* With readers preferred (the default) a busy server's readers could keep the writer waiting. */
    pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    int failed = pthread_rwlock_init(&m->lock, &attr);
    pthread_rwlockattr_destroy(&attr);
    failed |= pthread_mutex_init(&m->stats_lock, NULL);
    failed |= pthread_mutex_init(&m->snapshot_lock, NULL);
    failed |= pthread_cond_init(&m->snapshot_wanted, NULL);
    return failed ? err_set(e, ERR_LIMIT, 0, "no memory for locks") : queue_init(&m->queue, e);
}

static enum err_code memory_load(struct memory *m, struct err *e)
{
    size_t len = strlen(m->options.dir) + sizeof "/snapshots";
    m->snapshots = malloc(len);
    m->group.mem = arena_new(GROUP_BYTES);
    if (!m->snapshots || !m->group.mem)
        return err_set(e, ERR_LIMIT, 0, "no memory for the log");
    snprintf(m->snapshots, len, "%s/snapshots", m->options.dir);
    TRY(dir_make(m->snapshots, e));
    TRY(store_conn_new(m->store, STORE_WRITE, &m->conn, e));
    TRY(seed_read(m->conn, &m->seed, e));
    TRY(sources_init(&m->sources, m->conn, e));
    TRY(log_new(m->conn, m->now_ms, m->seed, m->options.log_part_rows, &m->log, e));
    TRY(customers_new(m->conn, m->seed, &m->customers, e));
    struct follower activity = customers_follower(m->customers);
    memory_follow(m, &activity);
    return ingest_state_new(m->conn, &m->ingest, e);
}

enum err_code memory_new(struct store *store, struct memory_options options, struct memory **ret,
                         struct err *e)
{
    assert(store && options.dir && options.clock);
    struct memory *m = calloc(1, sizeof *m);
    if (!m)
        return err_set(e, ERR_LIMIT, 0, "no memory for the log");
    m->store = store;
    m->options = options;
    m->now_ms = clock_now_ms(options.clock);
    enum err_code code = locks_init(m, e);
    if (code) {
        free(m);
        return code;
    }
    code = memory_load(m, e);
    if (code) {
        memory_drop(&m);
        return code;
    }
    m->stats.writable = true;
    m->stats.facts = log_last_seq(m->log);
    m->snapshot_asked = m->stats.facts;
    *ret = m;
    return ERR_OK;
}

/* Signals are for the thread that waits for them, never for these. */
static enum err_code threads_start(struct memory *m, struct err *e)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&m->writer, NULL, writer_main, m);
    if (!failed) {
        failed = pthread_create(&m->snapshotter, NULL, snapshotter_main, m);
        if (failed) {
            queue_close(&m->queue);
            pthread_join(m->writer, NULL);
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!failed) {  // as top -H shows them
        pthread_setname_np(m->writer, "writer");
        pthread_setname_np(m->snapshotter, "snapshots");
    }
    return failed ? err_set(e, ERR_LIMIT, 0, "cannot start the writer's threads") : ERR_OK;
}

enum err_code memory_start(struct memory *m, struct err *e)
{
    assert(!m->started);
    int64_t began_ns = clock_steady_ns();
    TRY(followers_start(m, e));
    TRY(threads_start(m, e));
    m->started = true;
    pthread_mutex_lock(&m->stats_lock);
    m->stats.start_ms = (clock_steady_ns() - began_ns) / 1000000;
    pthread_mutex_unlock(&m->stats_lock);
    return ERR_OK;
}

void memory_stop(struct memory *m)
{
    if (!m->started)
        return;
    queue_close(&m->queue);
    pthread_join(m->writer, NULL);
    pthread_mutex_lock(&m->snapshot_lock);
    m->snapshot_end = true;
    pthread_cond_signal(&m->snapshot_wanted);
    pthread_mutex_unlock(&m->snapshot_lock);
    pthread_join(m->snapshotter, NULL);
    m->started = false;
    struct err e;
    enum err_code code = snapshots_save(m, true, &e);
    (void)code;  // the next start then replays more of the log
}

void memory_drop(struct memory **memory)
{
    struct memory *m = *memory;
    if (!m)
        return;
    memory_stop(m);
    ingest_state_drop(&m->ingest);
    customers_drop(&m->customers);
    log_drop(&m->log);
    sources_drop(&m->sources);
    store_conn_drop(&m->conn);
    arena_drop(&m->group.mem);
    free(m->group.facts);
    free(m->snapshots);
    queue_drop(&m->queue);
    pthread_rwlock_destroy(&m->lock);
    pthread_mutex_destroy(&m->stats_lock);
    pthread_mutex_destroy(&m->snapshot_lock);
    pthread_cond_destroy(&m->snapshot_wanted);
    free(m);
    *memory = NULL;
}

/* A lock that fails is our mistake (nesting, too many readers), not the world's. */
void memory_read_lock(struct memory *m)
{
    int failed = pthread_rwlock_rdlock(&m->lock);
    assert(!failed);
    (void)failed;
}

void memory_read_unlock(struct memory *m)
{
    int failed = pthread_rwlock_unlock(&m->lock);
    assert(!failed);
    (void)failed;
}

void memory_read_turn(struct memory *m)
{
    if (!atomic_load_explicit(&m->wanted, memory_order_relaxed))
        return;
    memory_read_unlock(m);
    memory_read_lock(m);
}

void memory_write_lock(struct memory *m)
{
    atomic_store(&m->wanted, true);
    pthread_rwlock_wrlock(&m->lock);
    atomic_store(&m->wanted, false);
}

const struct log *memory_log(const struct memory *m)
{
    return m->log;
}

struct customers *memory_customers(const struct memory *m)
{
    return m->customers;
}

struct ingest_state *memory_ingest(const struct memory *m)
{
    return m->ingest;
}

struct store *memory_store(const struct memory *m)
{
    return m->store;
}

const struct sys_clock *memory_clock(const struct memory *m)
{
    return m->options.clock;
}

struct memory_stats memory_stats(struct memory *m)
{
    pthread_mutex_lock(&m->stats_lock);
    struct memory_stats stats = m->stats;
    pthread_mutex_unlock(&m->stats_lock);
    pthread_mutex_lock(&m->queue.lock);
    stats.queue_bytes = (int64_t)m->queue.bytes;
    pthread_mutex_unlock(&m->queue.lock);
    return stats;
}

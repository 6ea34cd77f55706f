#include "sys/pool.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#define BEHIND 10  // of nice(1): a tenth of what others get while they want it

struct job {
    void (*run)(void *arg);
    void *arg;
};

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct job *ring;  // cap slots; `waiting` jobs from `head` on
    size_t cap, head, waiting;
    bool stop, behind;
    unsigned threads;
    pthread_t thread[];
};

static void *work(void *arg)
{
    struct pool *pool = arg;
    if (pool->behind)
        (void)setpriority(PRIO_PROCESS, 0, BEHIND);  // on Linux: of this thread. Where it fails it runs beside the others
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (!pool->stop && !pool->waiting)
            pthread_cond_wait(&pool->wake, &pool->lock);
        if (pool->stop)
            break;
        struct job job = pool->ring[pool->head];
        pool->head = (pool->head + 1) % pool->cap;
        pool->waiting--;
        pthread_mutex_unlock(&pool->lock);
        job.run(job.arg);
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Signals are for the thread that runs the loop: the pool's threads are born with all of them blocked. */
static bool start_threads(struct pool *pool, unsigned threads)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (pool->threads < threads
           && pthread_create(&pool->thread[pool->threads], NULL, work, pool) == 0)
        pool->threads++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pool->threads == threads;
}

static enum err_code make(unsigned threads, size_t queue_max, bool behind, struct pool **ret, struct err *e)
{
    assert(threads > 0);
    assert(queue_max > 0);
    struct pool *pool = calloc(1, sizeof *pool + threads * sizeof *pool->thread);
    if (!pool)
        return err_set(e, ERR_LIMIT, 0, "no memory for %u threads", threads);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pool->cap = queue_max;
    pool->behind = behind;
    pool->ring = calloc(queue_max, sizeof *pool->ring);
    if (!pool->ring || !start_threads(pool, threads)) {
        pool_drop(&pool);
        return err_set(e, ERR_LIMIT, 0, "the system refuses %u more threads", threads);
    }
    *ret = pool;
    return ERR_OK;
}

enum err_code pool_new(unsigned threads, size_t queue_max, struct pool **ret, struct err *e)
{
    return make(threads, queue_max, false, ret, e);
}

enum err_code pool_new_behind(unsigned threads, size_t queue_max, struct pool **ret, struct err *e)
{
    return make(threads, queue_max, true, ret, e);
}

void pool_drop(struct pool **ref)
{
    assert(ref);
    struct pool *pool = *ref;
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stop = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->threads; i++)
        pthread_join(pool->thread[i], NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool->ring);
    free(pool);
    *ref = NULL;
}

enum err_code pool_submit(struct pool *pool, void (*run)(void *arg), void *arg, struct err *e)
{
    assert(pool && run);
    pthread_mutex_lock(&pool->lock);
    bool full = pool->waiting == pool->cap;
    if (!full) {
        pool->ring[(pool->head + pool->waiting++) % pool->cap] = (struct job){ run, arg };
        pthread_cond_signal(&pool->wake);
    }
    pthread_mutex_unlock(&pool->lock);
    return full ? err_set(e, ERR_BUSY, 0, "%zu jobs wait already; try again later", pool->cap)
                : ERR_OK;
}

bool pool_withdraw(struct pool *pool, void (*run)(void *arg), void *arg)
{
    assert(pool && run);
    pthread_mutex_lock(&pool->lock);
    size_t at = 0;
    for (; at < pool->waiting; at++) {
        const struct job *job = &pool->ring[(pool->head + at) % pool->cap];
        if (job->run == run && job->arg == arg)
            break;
    }
    bool waits = at < pool->waiting;
    for (; waits && at + 1 < pool->waiting; at++)
        pool->ring[(pool->head + at) % pool->cap] = pool->ring[(pool->head + at + 1) % pool->cap];
    pool->waiting -= waits;
    pthread_mutex_unlock(&pool->lock);
    return waits;
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "sys/pool.h"

/* A gate that jobs wait at until the test opens it. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool open;
    int waiting;
};

static struct gate gate = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0 };

static void wait_at_gate(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&gate.lock);
    gate.waiting++;
    pthread_cond_broadcast(&gate.changed);
    while (!gate.open)
        pthread_cond_wait(&gate.changed, &gate.lock);
    gate.waiting--;
    pthread_mutex_unlock(&gate.lock);
}

static void set_gate(bool open)
{
    pthread_mutex_lock(&gate.lock);
    gate.open = open;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.lock);
}

static void until_waiting(int n)
{
    pthread_mutex_lock(&gate.lock);
    while (gate.waiting < n)
        pthread_cond_wait(&gate.changed, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
}

static atomic_int ran;
static int order[64];

static void note(void *arg)
{
    int n = atomic_fetch_add(&ran, 1);
    order[n] = (int)(intptr_t)arg;
}

static void open_gate(void *arg)
{
    (void)arg;
    set_gate(true);
}

static void runs_in_order(void **state)
{
    (void)state;
    AUTO(pool) pool = NULL;
    atomic_store(&ran, 0);
    set_gate(false);
    assert_int_equal(pool_new(1, 64, &pool, NULL), ERR_OK);
    for (intptr_t i = 0; i < 50; i++)
        assert_int_equal(pool_submit(pool, note, (void *)i, NULL), ERR_OK);
    assert_int_equal(pool_submit(pool, open_gate, NULL, NULL), ERR_OK);
    wait_at_gate(NULL);
    assert_int_equal(atomic_load(&ran), 50);
    for (int i = 0; i < 50; i++)
        assert_int_equal(order[i], i);
}

static void refuses_when_full_and_drops_what_waits(void **state)
{
    (void)state;
    struct err e;
    AUTO(pool) pool = NULL;
    atomic_store(&ran, 0);
    set_gate(false);
    assert_int_equal(pool_new(2, 3, &pool, NULL), ERR_OK);
    assert_int_equal(pool_submit(pool, wait_at_gate, NULL, NULL), ERR_OK);
    assert_int_equal(pool_submit(pool, wait_at_gate, NULL, NULL), ERR_OK);
    until_waiting(2);
    for (intptr_t i = 0; i < 3; i++)
        assert_int_equal(pool_submit(pool, note, (void *)i, NULL), ERR_OK);
    assert_int_equal(pool_submit(pool, note, NULL, &e), ERR_BUSY);
    assert_int_equal(atomic_load(&ran), 0);
    set_gate(true);
    while (pool_submit(pool, note, (void *)(intptr_t)9, NULL) == ERR_BUSY)
        ;
    pool_drop(&pool);
    assert_null(pool);
    assert_in_range(atomic_load(&ran), 1, 4);  // one had to leave the queue; the rest may be dropped
    int after = atomic_load(&ran);
    pool_drop(&pool);  // nothing
    assert_int_equal(atomic_load(&ran), after);
}

static void takes_back_what_waits(void **state)
{
    (void)state;
    AUTO(pool) pool = NULL;
    atomic_store(&ran, 0);
    set_gate(false);
    assert_int_equal(pool_new(1, 8, &pool, NULL), ERR_OK);
    assert_int_equal(pool_submit(pool, wait_at_gate, NULL, NULL), ERR_OK);
    until_waiting(1);
    assert_false(pool_withdraw(pool, wait_at_gate, NULL));  // it runs
    for (intptr_t i = 0; i < 4; i++)
        assert_int_equal(pool_submit(pool, note, (void *)i, NULL), ERR_OK);
    assert_true(pool_withdraw(pool, note, (void *)1));
    assert_false(pool_withdraw(pool, note, (void *)1));
    assert_true(pool_withdraw(pool, note, (void *)3));
    set_gate(true);
    assert_int_equal(pool_submit(pool, note, (void *)9, NULL), ERR_OK);
    while (atomic_load(&ran) < 3)  // then the two before it have been noted
        sched_yield();
    assert_int_equal(order[0], 0);
    assert_int_equal(order[1], 2);
}

static void add_many(void *arg)
{
    struct pool *pool = arg;
    for (int i = 0; i < 20; i++)
        if (pool_submit(pool, note, NULL, NULL) != ERR_OK)
            return;
}

/* Jobs may submit jobs, from many threads at once. */
static void jobs_submit_jobs(void **state)
{
    (void)state;
    AUTO(pool) pool = NULL;
    atomic_store(&ran, 0);
    assert_int_equal(pool_new(4, 64, &pool, NULL), ERR_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pool_submit(pool, add_many, pool, NULL), ERR_OK);
    while (atomic_load(&ran) < 60)
        sched_yield();
    assert_int_equal(atomic_load(&ran), 60);
}

static void see_priority(void *arg)
{
    *(int *)arg = getpriority(PRIO_PROCESS, 0);
    note(NULL);
}

/* Nobody else's priority changes with it. */
static void those_behind_give_way(void **state)
{
    (void)state;
    struct pool *pool;
    int before = getpriority(PRIO_PROCESS, 0), seen = -100;
    atomic_store(&ran, 0);
    assert_int_equal(pool_new_behind(1, 4, &pool, NULL), ERR_OK);
    assert_int_equal(pool_submit(pool, see_priority, &seen, NULL), ERR_OK);
    while (!atomic_load(&ran))
        sched_yield();
    pool_drop(&pool);
    assert_true(seen >= before && seen >= 10);
    assert_int_equal(getpriority(PRIO_PROCESS, 0), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_in_order),
        cmocka_unit_test(refuses_when_full_and_drops_what_waits),
        cmocka_unit_test(takes_back_what_waits),
        cmocka_unit_test(jobs_submit_jobs),
        cmocka_unit_test(those_behind_give_way),
    };
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}

/* The writer: groups, failing commands, kill -9, a failing disk, many threads. */
#include <assert.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "io/store/store_fault.h"
#include "memory/memory_testing.h"

enum { KILLS = 200, KILL_ROUND_IDS = 450, KILL_IDS = 1 << 20, THREADS = 4, THREAD_COMMANDS = 150 };

static void check(enum err_code code, const struct err *e)
{
    if (code)
        fail_msg("%s: %s", err_name(code), e->text);
}

/* Appends facts `first` … `first + n - 1`, each known by its number; refuses behind `refuse_at`. */
struct numbers {
    struct command command;
    int64_t first, n, refuse_at;
    uint32_t customer;
    atomic_int runs, dones;
    enum err_code code;
};

static enum err_code number_append(struct tx *tx, int64_t number, uint32_t customer, struct err *e)
{
    char id[24];
    bool known;
    snprintf(id, sizeof id, "n%lld", (long long)number);
    TRY(log_known(tx->log, 1, slice_of(id), &known, e));
    if (known)
        return ERR_OK;
    struct fact fact = { .type = FACT_TRACK, .customer = customer, .source = 1, .event = SLICE("e"),
                         .message_id = slice_of(id), .timestamp_ms = LAB_NOW, .original_ms = FACT_NO_TIME,
                         .sent_ms = FACT_NO_TIME, .received_ms = tx->now_ms, .body = SLICE("{}") };
    return tx_append(tx, &fact, e);
}

static enum err_code numbers_run(struct command *command, struct tx *tx, struct err *e)
{
    struct numbers *c = (struct numbers *)(void *)command;
    atomic_fetch_add(&c->runs, 1);
    for (int64_t i = 0; i < c->n; i++) {
        if (i == c->refuse_at)
            return err_set(e, ERR_INVALID, (size_t)i, "refused on purpose");
        TRY(number_append(tx, c->first + i, c->customer, e));
    }
    return ERR_OK;
}

static void numbers_done(struct command *command, enum err_code code, const struct err *e)
{
    struct numbers *c = (struct numbers *)(void *)command;
    c->code = code;
    assert((code == ERR_OK) == (e == NULL));
    atomic_fetch_add(&c->dones, 1);
}

static struct numbers numbers(int64_t first, int64_t n, int64_t refuse_at)
{
    return (struct numbers){ .command = { .run = numbers_run, .done = numbers_done, .facts = (size_t)n,
                                          .bytes = 100 },
                             .first = first, .n = n, .refuse_at = refuse_at, .customer = 1 };
}

static void wait_done(struct numbers *c)
{
    while (!atomic_load(&c->dones))
        usleep(200);
}

/* Holds the writer inside a transaction of its own while the test fills the queue behind it. */
struct gate {
    struct command command;
    atomic_int reached, open, dones;
};

static enum err_code gate_run(struct command *command, struct tx *tx, struct err *e)
{
    struct gate *gate = (struct gate *)(void *)command;
    (void)tx, (void)e;
    atomic_store(&gate->reached, 1);
    while (!atomic_load(&gate->open))
        usleep(200);
    return ERR_OK;
}

static void gate_done(struct command *command, enum err_code code, const struct err *e)
{
    (void)code, (void)e;
    atomic_fetch_add(&((struct gate *)(void *)command)->dones, 1);
}

static void gate_close(struct lab *lab, struct gate *gate)
{
    struct err e = { 0 };
    *gate = (struct gate){ .command = { .run = gate_run, .done = gate_done } };
    check(memory_submit(lab->memory, &gate->command, &e), &e);
    while (!atomic_load(&gate->reached))
        usleep(200);
}

/* ---- groups ---- */

static void a_group_shares_a_commit(void **state)
{
    enum { N = 50 };
    struct err e = { 0 };
    struct lab lab;
    struct gate gate;
    struct numbers *c = calloc(N, sizeof *c);
    (void)state;
    assert_non_null(c);
    lab_open(&lab);
    gate_close(&lab, &gate);
    for (int i = 0; i < N; i++) {
        c[i] = numbers(i * 10, 10, -1);
        check(memory_submit(lab.memory, &c[i].command, &e), &e);
    }
    assert_int_equal(memory_stats(lab.memory).queue_bytes, N * 100);
    atomic_store(&gate.open, 1);
    for (int i = 0; i < N; i++)
        wait_done(&c[i]);
    assert_int_equal(memory_stats(lab.memory).groups, 2);  // the gate's and the rest
    assert_int_equal(memory_stats(lab.memory).facts, N * 10);
    assert_int_equal(memory_stats(lab.memory).queue_bytes, 0);
    lab_close(&lab);
    free(c);
}

static void one_failure_spoils_nobody(void **state)
{
    enum { N = 20 };
    struct err e = { 0 };
    struct lab lab;
    struct gate gate;
    struct numbers *c = calloc(N, sizeof *c);
    (void)state;
    assert_non_null(c);
    for (int failing = 1; failing <= 8; failing++) {
        lab_open(&lab);
        gate_close(&lab, &gate);
        for (int i = 0; i < N; i++) {  // some refuse at once, some behind their third fact
            c[i] = numbers(i * 10, 10, i % 2 && i / 2 < failing ? i % 3 : -1);
            check(memory_submit(lab.memory, &c[i].command, &e), &e);
        }
        atomic_store(&gate.open, 1);
        for (int i = 0; i < N; i++) {
            wait_done(&c[i]);
            assert_int_equal(c[i].code, c[i].refuse_at < 0 ? ERR_OK : ERR_INVALID);
            assert_int_equal(atomic_load(&c[i].dones), 1);
        }
        assert_true(memory_stats(lab.memory).writable);
        struct fact *facts;
        assert_int_equal(lab_facts(&lab, true, &facts), (N - failing) * 10);
        for (size_t i = 0; i < (size_t)(N - failing) * 10; i++) {
            int64_t number = strtoll(facts[i].message_id.at + 1, NULL, 10);
            assert_true(c[number / 10].refuse_at < 0);
            assert_int_equal(facts[i].seq, i + 1);  // none of a failed command's numbers is left out
        }
        lab_close(&lab);
    }
    free(c);
}

static void a_full_queue_refuses(void **state)
{
    struct err e = { 0 };
    struct lab lab;
    struct gate gate;
    (void)state;
    lab_open(&lab);
    gate_close(&lab, &gate);
    struct numbers big = numbers(0, 1, -1), small = numbers(1, 1, -1), later = numbers(2, 1, -1);
    big.command.bytes = (64u << 20) - 50;
    check(memory_submit(lab.memory, &big.command, &e), &e);
    assert_int_equal(memory_submit(lab.memory, &small.command, &e), ERR_BUSY);
    atomic_store(&gate.open, 1);
    wait_done(&big);
    check(memory_submit(lab.memory, &later.command, &e), &e);
    wait_done(&later);
    assert_int_equal(atomic_load(&small.runs), 0);
    lab_close(&lab);
}

static void too_many_facts_are_refused(void **state)
{
    struct err e = { 0 };
    struct lab lab;
    (void)state;
    lab_open_with(&lab, (struct lab_options){ .part_rows = 10 });
    struct numbers c = numbers(0, LOG_COMMAND_FACTS + 100, -1), fine = numbers(0, 10, -1);
    assert_int_equal(memory_run(lab.memory, &c.command, &e), ERR_LIMIT);
    check(memory_run(lab.memory, &fine.command, &e), &e);
    assert_int_equal(memory_stats(lab.memory).facts, 10);
    lab_close(&lab);
}

/* ---- kill -9 ---- */

/* Writes numbers in commands of 1 to 20; each acknowledged end goes to the pipe. Waits for its end where a
 * fast machine has written so many that checking them would take for ever. Never returns. */
static void child_write(struct lab *lab, int64_t from, int pipe_end)
{
    int64_t enough = from + KILL_ROUND_IDS;
    uint64_t random = hash_mix((uint64_t)from + 1);
    struct err e = { 0 };
    check(lab_try_start(lab, &e), &e);
    for (;;) {
        random = hash_mix(random + 1);
        struct numbers c = numbers(from, 1 + (int64_t)(random % 20), -1);
        if (memory_run(lab->memory, &c.command, &e))
            _exit(1);
        from += c.n;
        if (write(pipe_end, &from, sizeof from) != sizeof from)
            _exit(1);
        while (from >= enough)
            pause();
    }
}

/* after_first: the time counts from the first acknowledgement, else from the start of the process. */
static int64_t killed_round(struct lab *lab, int64_t from, bool after_first, uint64_t wait_us)
{
    int ends[2];
    int64_t acknowledged = from, said;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        close(ends[0]);
        child_write(lab, from, ends[1]);
    }
    close(ends[1]);
    if (after_first)
        assert_int_equal(read(ends[0], &acknowledged, sizeof acknowledged), sizeof acknowledged);
    usleep((useconds_t)wait_us);
    kill(child, SIGKILL);
    while (read(ends[0], &said, sizeof said) == sizeof said)
        acknowledged = said;
    close(ends[0]);
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
    return acknowledged;
}

/* Every acknowledged number is there, no number twice; what was not acknowledged may be there or not. */
static int64_t killed_check(struct lab *lab, int64_t acknowledged)
{
    struct err e = { 0 };
    struct fact *facts;
    static unsigned char seen[KILL_IDS];
    int64_t end = 0;
    check(lab_try_start(lab, &e), &e);
    size_t n = lab_facts(lab, true, &facts);
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < n; i++) {
        int64_t number = strtoll(facts[i].message_id.at + 1, NULL, 10);
        assert_in_range(number, 0, KILL_IDS - 1);
        assert_int_equal(seen[number]++, 0);
        end = number >= end ? number + 1 : end;
    }
    for (int64_t i = 0; i < acknowledged; i++)
        assert_int_equal(seen[i], 1);
    lab_stop(lab);
    arena_reset(lab->mem);
    return end;
}

static void acknowledged_survives_kill(void **state)
{
    struct lab lab;
    struct err e = { 0 };
    int64_t from = 0;
    (void)state;
    lab_open_with(&lab, (struct lab_options){ .part_rows = 300 });
    lab_stop(&lab);
    for (int round = 0; round < KILLS; round++) {
        int64_t acknowledged = killed_round(&lab, from, round % 2,
                                            hash_mix((uint64_t)round) % (round % 2 ? 5000 : 20000));
        from = killed_check(&lab, acknowledged);
        assert_true(from >= acknowledged);
        from = acknowledged;  // the client repeats what was not acknowledged
    }
    assert_true(from > KILLS / 2);
    check(lab_try_start(&lab, &e), &e);
    lab_close(&lab);
}

/* ---- a failing disk ---- */

/* Writes a few groups over part ends while call k of a kind fails; then all is well again. */
static bool faulty_life(enum store_fault_kind kind, uint64_t first, uint64_t last)
{
    struct lab lab;
    struct err e = { 0 };
    struct fact *facts;
    bool acknowledged[40] = { false };
    lab_open_with(&lab, (struct lab_options){ .part_rows = 50, .vfs = STORE_FAULT_VFS });
    store_fault_arm(kind, first, last);
    for (int i = 0; i < 20; i++) {
        struct numbers c = numbers(i * 10, 10, -1);
        enum err_code code = memory_run(lab.memory, &c.command, &e);
        acknowledged[i] = code == ERR_OK;
        assert_true(code == ERR_OK || code == ERR_IO || code == ERR_LIMIT || code == ERR_CORRUPT);
    }
    bool fired = store_fault_fired(kind) > 0;
    store_fault_heal();
    for (int i = 20; i < 40; i++) {  // service resumes
        struct numbers c = numbers(i * 10, 10, -1);
        check(memory_run(lab.memory, &c.command, &e), &e);
        acknowledged[i] = true;
    }
    assert_true(memory_stats(lab.memory).writable);
    lab_reopen(&lab);
    size_t n = lab_facts(&lab, true, &facts), at = 0;
    for (int i = 0; i < 40; i++)
        for (int k = 0; acknowledged[i] && k < 10; k++, at++) {
            assert_true(at < n);
            assert_int_equal(strtoll(facts[at].message_id.at + 1, NULL, 10), i * 10 + k);
        }
    assert_int_equal(at, n);
    lab_close(&lab);
    return fired;
}

static void every_kth_failure_is_survived(void **state)
{
    static const enum store_fault_kind kinds[] = { STORE_FAULT_WRITE, STORE_FAULT_FULL, STORE_FAULT_SYNC,
                                                   STORE_FAULT_READ, STORE_FAULT_ALLOC };
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        uint64_t k = 1, tried = 0;
        while (faulty_life(kinds[i], k, k) && ++tried < 40)
            k += 1 + k / 3;
        assert_true(kinds[i] == STORE_FAULT_READ || tried > 3);
    }
}

static void a_full_disk_is_told(void **state)
{
    struct lab lab;
    struct err e = { 0 };
    (void)state;
    lab_open_with(&lab, (struct lab_options){ .vfs = STORE_FAULT_VFS });
    struct numbers before = numbers(0, 10, -1), during = numbers(10, 10, -1), after = numbers(10, 10, -1);
    check(memory_run(lab.memory, &before.command, &e), &e);
    store_fault_arm(STORE_FAULT_FULL, 1, STORE_FAULT_FOREVER);
    assert_int_equal(memory_run(lab.memory, &during.command, &e), ERR_IO);
    struct memory_stats stats = memory_stats(lab.memory);
    assert_false(stats.writable);
    assert_non_null(strstr(stats.trouble, "space"));
    assert_int_equal(stats.facts, 10);
    store_fault_heal();
    check(memory_run(lab.memory, &after.command, &e), &e);
    stats = memory_stats(lab.memory);
    assert_true(stats.writable);
    assert_int_equal(stats.facts, 20);
    lab_close(&lab);
}

/* ---- many threads ---- */

struct worker {
    struct lab *lab;
    int number;
    atomic_int *working;
};

static void *worker_writes(void *arg)
{
    const struct worker *w = arg;
    struct numbers *c = calloc(THREAD_COMMANDS, sizeof *c);
    struct err e = { 0 };
    assert_non_null(c);
    for (int i = 0; i < THREAD_COMMANDS; i++) {
        c[i] = numbers((w->number * THREAD_COMMANDS + i) * 5, 5, i % 40 == 39 ? 2 : -1);
        c[i].customer = (uint32_t)w->number + 1;
        check(memory_submit(w->lab->memory, &c[i].command, &e), &e);
    }
    for (int i = 0; i < THREAD_COMMANDS; i++)
        wait_done(&c[i]);
    free(c);
    atomic_fetch_sub(w->working, 1);
    return NULL;
}

/* What one page holds never shrinks, and nothing is read that is not committed. */
static void *worker_reads(void *arg)
{
    const struct worker *w = arg;
    struct store_conn *read = NULL;
    struct err e = { 0 };
    struct arena *mem = arena_new(16u << 20);
    struct fact facts[100];
    size_t got;
    int64_t last = 0;
    check(store_conn_new(w->lab->store, STORE_READ, &read, &e), &e);
    while (atomic_load(w->working)) {
        uint32_t customer = (uint32_t)w->number + 1;
        struct log_query q = { .customers = &customer, .n = 1, .since_ms = FACT_NO_TIME,
                               .until_ms = FACT_NO_TIME, .limit = 100, .order = LOG_NEWEST };
        arena_reset(mem);
        memory_read_lock(w->lab->memory);
        enum err_code code = log_read(memory_log(w->lab->memory), read, &q, mem, facts, &got, &e);
        int64_t newest = log_last_seq(memory_log(w->lab->memory));
        memory_read_unlock(w->lab->memory);
        check(code, &e);
        assert_true(!got || (facts[0].seq >= last && facts[0].seq <= newest));
        last = got ? facts[0].seq : last;
        memory_stats(w->lab->memory);
    }
    store_conn_drop(&read);
    arena_drop(&mem);
    return NULL;
}

static void threads_write_and_read(void **state)
{
    struct lab lab;
    pthread_t writers[THREADS], readers[THREADS];
    struct worker workers[THREADS];
    atomic_int working = THREADS;
    (void)state;
    lab_open_with(&lab, (struct lab_options){ .part_rows = 400, .snapshot_every = 500 });
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){ &lab, i, &working };
        assert_int_equal(pthread_create(&writers[i], NULL, worker_writes, &workers[i]), 0);
        assert_int_equal(pthread_create(&readers[i], NULL, worker_reads, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(writers[i], NULL);
        pthread_join(readers[i], NULL);
    }
    assert_int_equal(memory_stats(lab.memory).facts,
                     THREADS * 5 * (THREAD_COMMANDS - THREAD_COMMANDS / 40));
    lab_close(&lab);
}

/* ---- a long pass ---- */
#define TURNS_MAX 2000000000u        // some seconds: it would never end if it did not let the writer in

struct pass {
    struct memory *memory;
    atomic_int *written;
    atomic_bool reads;
    bool saw;
};

static void *pass_main(void *arg)
{
    struct pass *p = arg;
    memory_read_lock(p->memory);
    atomic_store(&p->reads, true);
    for (unsigned i = 0; i < TURNS_MAX && !atomic_load(p->written); i++)
        memory_read_turn(p->memory);
    p->saw = atomic_load(p->written);
    memory_read_unlock(p->memory);
    return NULL;
}

static void a_long_pass_lets_the_writer_in(void **state)
{
    struct lab lab;
    struct numbers c = numbers(0, 3, -1);
    pthread_t thread;
    (void)state;
    lab_open(&lab);
    struct pass p = { .memory = lab.memory, .written = &c.dones };
    assert_int_equal(pthread_create(&thread, NULL, pass_main, &p), 0);
    while (!atomic_load(&p.reads))
        usleep(100);
    check(memory_submit(lab.memory, &c.command, NULL), NULL);
    pthread_join(thread, NULL);
    assert_true(p.saw);
    assert_int_equal(c.code, ERR_OK);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_shares_a_commit),
        cmocka_unit_test(one_failure_spoils_nobody),
        cmocka_unit_test(a_full_queue_refuses),
        cmocka_unit_test(too_many_facts_are_refused),
        cmocka_unit_test(acknowledged_survives_kill),
        cmocka_unit_test(every_kth_failure_is_survived),
        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(threads_write_and_read),
        cmocka_unit_test(a_long_pass_lets_the_writer_in),
    };
    store_fault_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

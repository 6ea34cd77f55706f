/* Conformance: several threads, killed processes, backups under load, disks and memory that fail. */
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "io/store/store_conformance_case.h"
#include "io/store/store_fault.h"

/* ---- threads ---- */

enum { READERS = 4, PAIRS = 150 };

struct reader {
    struct trial trial;  // its own connection and flaw; store and lab are shared
    atomic_bool *done;
    atomic_llong *acked;
    bool fine;
};

static bool reader_loop(struct trial *t, struct reader *self)
{
    EXPECT_OK(store_conn_new(t->store, STORE_READ, &t->read, &t->e));
    bool last = false;
    while (!last) {
        last = atomic_load(self->done);  // one more look after the end
        long long acked = atomic_load(self->acked);
        if (!pairs_whole(t, t->read, acked))
            return false;
    }
    return true;
}

static void *reader_main(void *arg)
{
    struct reader *self = arg;
    self->fine = reader_loop(&self->trial, self);
    store_conn_drop(&self->trial.read);
    return NULL;
}

static bool write_pairs(struct trial *t, atomic_llong *acked)
{
    for (int64_t n = 0; n < PAIRS; n++) {
        EXPECT_OK(pair_commit(t->write, n, &t->e));
        atomic_store(acked, n + 1);
        if (n % 40 == 0)
            EXPECT_OK(store_checkpoint(t->write, &t->e));
    }
    return true;
}

static bool concurrent_readers(struct trial *t)
{
    EXPECT_OK(store_exec(t->write, NUMBERS_TABLE, &t->e));
    atomic_bool done = false;
    atomic_llong acked = 0;
    struct reader readers[READERS];
    pthread_t threads[READERS];
    for (size_t i = 0; i < READERS; i++) {
        readers[i] = (struct reader){ .trial = { .lab = t->lab, .store = t->store }, .done = &done,
                                      .acked = &acked };
        int refused = pthread_create(&threads[i], NULL, reader_main, &readers[i]);
        assert(!refused);
    }
    bool fine = write_pairs(t, &acked);
    atomic_store(&done, true);
    for (size_t i = 0; i < READERS; i++) {
        pthread_join(threads[i], NULL);
        if (fine && !readers[i].fine) {
            memcpy(t->flaw, readers[i].trial.flaw, sizeof t->flaw);
            fine = false;
        }
    }
    return fine && pairs_whole(t, t->read, PAIRS);
}

struct rival {
    struct store_conn *conn;
    int64_t first;
    struct err e;
    bool fine;
};

static void *rival_main(void *arg)
{
    struct rival *self = arg;
    self->fine = true;
    for (int64_t n = self->first; n < PAIRS && self->fine; n += 2)
        self->fine = !pair_commit(self->conn, n, &self->e);
    return NULL;
}

/* Two programs on one database (a server and a command): the second writer waits for the first. */
static bool rival_writers(struct trial *t)
{
    EXPECT_OK(store_exec(t->write, NUMBERS_TABLE, &t->e));
    struct rival rivals[2] = { { .conn = t->write, .first = 0 }, { .first = 1 } };
    EXPECT_OK(store_conn_new(t->store, STORE_WRITE, &rivals[1].conn, &t->e));
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) {
        int refused = pthread_create(&threads[i], NULL, rival_main, &rivals[i]);
        assert(!refused);
    }
    for (size_t i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        if (!rivals[i].fine)
            t->e = rivals[i].e;
    }
    store_conn_drop(&rivals[1].conn);
    EXPECT(rivals[0].fine && rivals[1].fine);
    return pairs_whole(t, t->read, PAIRS);
}

/* ---- kill -9 ---- */

/* Commits pairs from `first` on and tells each number once it is acknowledged; ends only by being killed. */
static _Noreturn void victim_main(struct trial *t, int64_t first, int out)
{
    if (trial_open(t))
        _exit(3);
    for (int64_t n = first;; n++)
        if (pair_commit(t->write, n, &t->e) || write(out, &n, sizeof n) != sizeof n)
            _exit(4);
}

/* Kills a victim `delay_us` after its first acknowledgement, at whatever instruction that meets. */
static bool victim_run(struct trial *t, int64_t first, long delay_us, int64_t *acked)
{
    int ends[2];
    EXPECT(pipe(ends) == 0);
    pid_t pid = fork();
    EXPECT(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        victim_main(t, first, ends[1]);
    }
    close(ends[1]);
    int64_t n = -1;
    ssize_t got = read(ends[0], &n, sizeof n);
    struct timespec delay = { 0, delay_us * 1000 };
    nanosleep(&delay, NULL);
    int killed = kill(pid, SIGKILL);
    int64_t last = n;
    while (read(ends[0], &n, sizeof n) == sizeof n)
        last = n;
    close(ends[0]);
    int status = 0;
    waitpid(pid, &status, 0);
    EXPECT(got == sizeof n && killed == 0);
    EXPECT(WIFSIGNALED(status));  // it did not fail by itself
    *acked = last + 1;
    return true;
}

static bool killed_writers(struct trial *t)
{
    EXPECT_OK(store_exec(t->write, NUMBERS_TABLE, &t->e));
    for (uint64_t round = 0; round < 25; round++) {
        int64_t top = 0, acked = 0;
        EXPECT_OK(one_i64(t->read, "SELECT max(id) FROM numbers", &top, &t->e));
        trial_close(t);  // a forked child must not inherit a connection
        int64_t first = top == INT64_MIN ? 0 : (top + 1) / 2;
        if (!victim_run(t, first, (long)(hash_mix(round + 1) % 30000), &acked))
            return false;
        EXPECT(acked > first);
        EXPECT_OK(trial_open(t));
        if (!pairs_whole(t, t->read, acked))
            return false;
    }
    return true;
}

/* ---- backups ---- */

struct writer {
    struct store_conn *conn;
    atomic_bool stop;
    atomic_llong acked;
    struct err e;
    bool fine;
};

static void *writer_main(void *arg)
{
    struct writer *self = arg;
    self->fine = true;
    for (int64_t n = atomic_load(&self->acked); self->fine && !atomic_load(&self->stop); n++) {
        self->fine = !pair_commit(self->conn, n, &self->e);
        if (self->fine)
            atomic_store(&self->acked, n + 1);
    }
    return NULL;
}

static bool backup_check(struct trial *t, const struct writer *writer)
{
    struct trial copy = { .lab = t->lab };
    char path[STORE_LAB_URL];
    EXPECT(t->lab->backup(t->lab->ctx, path, copy.url));
    long long acked = atomic_load(&writer->acked);
    EXPECT_OK(store_backup(t->store, path, &t->e));
    EXPECT(store_backup(t->store, path, &t->e) == ERR_CONFLICT);  // never over another
    bool fine = !trial_open(&copy) && pairs_whole(&copy, copy.read, acked);
    trial_close(&copy);
    fine = fine && t->lab->sound(t->lab->ctx, copy.url);
    t->lab->remove(t->lab->ctx, copy.url);
    if (!fine)
        memcpy(t->flaw, copy.flaw, sizeof t->flaw);
    return fine;
}

static bool backup_while_writing(struct trial *t)
{
    EXPECT_OK(store_exec(t->write, NUMBERS_TABLE, &t->e));
    struct writer writer = { .conn = t->write };
    for (int64_t n = 0; n < 200; n++)
        EXPECT_OK(pair_commit(t->write, n, &t->e));
    atomic_store(&writer.acked, 200);
    pthread_t thread;
    int refused = pthread_create(&thread, NULL, writer_main, &writer);
    assert(!refused);
    bool fine = true;
    for (int i = 0; i < 5 && fine; i++)
        fine = backup_check(t, &writer);
    atomic_store(&writer.stop, true);
    pthread_join(thread, NULL);
    EXPECT(!fine || writer.fine);
    return fine && pairs_whole(t, t->read, atomic_load(&writer.acked));
}

/* ---- faults ---- */

/* The life of a database in steps that are each repeated until they succeed. */
enum { FAULT_PAIRS = 6 };

static enum err_code step_open(struct trial *t, int64_t i)
{
    (void)i;
    return trial_open(t);
}

static enum err_code step_schema(struct trial *t, int64_t i)
{
    (void)i;
    return store_exec(t->write, "CREATE TABLE IF NOT EXISTS numbers (id INTEGER PRIMARY KEY, "
                                "pair INTEGER NOT NULL, note TEXT) {strict}", &t->e);
}

static enum err_code step_pair(struct trial *t, int64_t i)
{
    return pair_commit(t->write, i, &t->e);
}

static enum err_code step_read(struct trial *t, int64_t i)
{
    int64_t rows = 0;
    TRY(one_i64(t->read, "SELECT count(*) FROM numbers", &rows, &t->e));
    if (rows != 2 * (i + 1))
        return err_set(&t->e, ERR_CORRUPT, 0, "%lld rows read, %lld acknowledged", (long long)rows,
                       (long long)(2 * (i + 1)));
    return ERR_OK;
}

static enum err_code step_checkpoint(struct trial *t, int64_t i)
{
    (void)i;
    return store_checkpoint(t->write, &t->e);
}

/* A failure must be the world's, told in words; then the step is tried while the fault lasts, and must
 * succeed at the latest once it is healed. */
static bool step_through(struct trial *t, enum err_code (*step)(struct trial *, int64_t), int64_t i)
{
    enum { TRIES = 4 };
    for (int try = 0; try < TRIES; try++) {
        t->e = (struct err){ 0 };
        enum err_code code = step(t, i);
        if (!code)
            return true;
        EXPECT(code == ERR_IO || code == ERR_LIMIT || code == ERR_BUSY);
        EXPECT(t->e.code == code && t->e.text[0]);
        if (t->write)
            store_rollback(t->write);
        if (try == TRIES - 2)
            store_fault_heal();
    }
    return trial_flaw(t, __FILE__, __LINE__, "the service resumes once the fault is healed");
}

static bool life_of_a_database(struct trial *t)
{
    EXPECT(step_through(t, step_open, 0));
    EXPECT(step_through(t, step_schema, 0));
    for (int64_t i = 0; i < FAULT_PAIRS; i++) {
        if (!step_through(t, step_pair, i) || !step_through(t, step_read, i))
            return false;
        if (i == FAULT_PAIRS / 2 && !step_through(t, step_checkpoint, 0))
            return false;
    }
    return true;
}

/* One life with calls k … last of a kind failing; *fired: whether any did. */
static bool life_with_fault(struct trial *t, enum store_fault_kind kind, uint64_t k, uint64_t last,
                            bool *fired)
{
    struct trial life = { .lab = t->lab };
    EXPECT(t->lab->fresh(t->lab->ctx, life.url));
    store_fault_arm(kind, k, last);
    bool fine = life_of_a_database(&life);
    *fired = store_fault_fired(kind) > 0;
    trial_close(&life);
    store_fault_heal();
    fine = fine && t->lab->sound(t->lab->ctx, life.url) && !trial_open(&life)
           && pairs_whole(&life, life.read, FAULT_PAIRS);
    trial_close(&life);
    t->lab->remove(t->lab->ctx, life.url);
    if (!fine)
        snprintf(t->flaw, sizeof t->flaw, "%s call %llu: %.400s", store_fault_name(kind),
                 (unsigned long long)k, life.flaw);
    return fine;
}

static bool every_call_fails(struct trial *t, enum store_fault_kind kind)
{
    bool fired = true;
    for (uint64_t k = 1; fired; k++) {
        if (!life_with_fault(t, kind, k, k, &fired))
            return false;
        EXPECT(fired || k > 3);  // the fault was in the way at all
        if (fired && !life_with_fault(t, kind, k, STORE_FAULT_FOREVER, &fired))
            return false;
    }
    return true;
}

static bool faulty_opens(struct trial *t) { return every_call_fails(t, STORE_FAULT_OPEN); }
static bool faulty_reads(struct trial *t) { return every_call_fails(t, STORE_FAULT_READ); }
static bool faulty_writes(struct trial *t) { return every_call_fails(t, STORE_FAULT_WRITE); }
static bool full_disk(struct trial *t) { return every_call_fails(t, STORE_FAULT_FULL); }
static bool faulty_syncs(struct trial *t) { return every_call_fails(t, STORE_FAULT_SYNC); }
static bool failed_allocations(struct trial *t) { return every_call_fails(t, STORE_FAULT_ALLOC); }

/* ---- power cuts ---- */

/* Pairs acknowledged before the power went, -1: not even the table. */
static int64_t life_until_the_cut(struct trial *life)
{
    enum { PAIRS_MOST = 12, CHECKPOINT_AT = 4, REOPEN_AT = 8 };
    if (trial_open(life) || step_schema(life, 0))
        return -1;
    for (int64_t i = 0; i < PAIRS_MOST; i++) {
        if (step_pair(life, i))
            return i;
        bool cut = i == CHECKPOINT_AT && step_checkpoint(life, i);
        if (i == REOPEN_AT) {
            trial_close(life);
            cut = trial_open(life);
        }
        if (cut)
            return i + 1;
    }
    return PAIRS_MOST;
}

static bool life_with_cut(struct trial *t, uint64_t k, uint64_t seed, bool *fired)
{
    struct trial life = { .lab = t->lab };
    EXPECT(t->lab->fresh(t->lab->ctx, life.url));
    store_fault_power_on();
    store_fault_arm(STORE_FAULT_POWER, k, STORE_FAULT_FOREVER);
    int64_t acked = life_until_the_cut(&life);
    *fired = store_fault_fired(STORE_FAULT_POWER) > 0;
    trial_close(&life);
    store_fault_power_restore(seed);
    life.e = (struct err){ 0 };  // the cut's own refusals are no news
    bool fine = t->lab->sound(t->lab->ctx, life.url) && !trial_open(&life) && !step_schema(&life, 0)
                && pairs_whole(&life, life.read, acked < 0 ? 0 : acked);
    trial_close(&life);
    t->lab->remove(t->lab->ctx, life.url);
    if (!fine)
        snprintf(t->flaw, sizeof t->flaw, "power cut at call %llu, seed %llu: %.300s %.100s",
                 (unsigned long long)k, (unsigned long long)seed, life.flaw, life.e.text);
    return fine;
}

static bool power_cuts(struct trial *t)
{
    enum { SEEDS = 6 };
    bool fired = true;
    for (uint64_t k = 1; fired; k++)
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            if (!life_with_cut(t, k, seed, &fired))
                return false;
            EXPECT(fired || k > 40);
        }
    return true;
}

const struct trial_case stress_cases[] = {
    { "readers on other threads see whole transactions", concurrent_readers, false },
    { "two writers take turns", rival_writers, false },
    { "what was acknowledged outlives kill -9", killed_writers, false },
    { "a backup made while writing is whole", backup_while_writing, false },
    { "what was acknowledged outlives a power cut at every call", power_cuts, true },
    { "every open fails once and for long", faulty_opens, true },
    { "every read fails once and for long", faulty_reads, true },
    { "every write fails once and for long", faulty_writes, true },
    { "the disk is full at every write", full_disk, true },
    { "every sync fails once and for long", faulty_syncs, true },
    { "every allocation fails once and for long", failed_allocations, true },
};
const size_t n_stress_cases = sizeof stress_cases / sizeof *stress_cases;

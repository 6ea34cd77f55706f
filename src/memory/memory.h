/* The room that remembers: one writer, one log, customers, and the followers that hold state in memory.
 *
 * Writing   a command is queued (memory_submit) and run by the writer thread inside a transaction that it
 *           shares with every other waiting command: a group commit. `done` is called after the commit is
 *           on disk, customers and followers have been brought up to date, so that the next read sees it.
 *           A command must be able to run twice: when one command of a group fails after it began to
 *           write, the group is rolled back and its commands run again one by one.
 * Reading   in-memory state is read between memory_read_lock and memory_read_unlock (held for
 *           microseconds, never while waiting); the store by the caller's own read connection.
 * Followers state derived from the log, in memory: told of each fact in log order, on the writer's thread,
 *           under the write lock. At start each loads its snapshot and is told the facts after it. One
 *           that fails (memory) keeps its position and is told again later: the log is the truth.
 * Overload  memory_submit answers ERR_BUSY once LIMIT_QUEUE_BYTES wait.
 */
#ifndef TENDERO_MEMORY_MEMORY_H
#define TENDERO_MEMORY_MEMORY_H

#include "io/store/store.h"
#include "memory/fact.h"
#include "memory/log.h"
#include "sys/clock.h"

struct memory;
struct customers;
struct ingest_state;  // ingest_state.h: memory.c makes it, flushes it, tells it of commits

struct memory_options {
    const char *dir;               // snapshots go to dir/snapshots
    const struct sys_clock *clock;
    int64_t snapshot_every;        // facts between snapshots; 0: 1,048,576
    size_t log_part_rows;          // tests: fewer rows a part; 0: LOG_PART_ROWS
};

/* Opens the store's log and customers. The database has been migrated. No thread runs yet: register
 * followers, then memory_start. */
MUST_CHECK enum err_code memory_new(struct store *, struct memory_options, struct memory **ret,
                                    struct err *e);
/* Loads snapshots, replays what came after, starts the writer. */
MUST_CHECK enum err_code memory_start(struct memory *, struct err *e);
/* Lets queued commands end, saves snapshots, joins the writer. */
void memory_stop(struct memory *);
void memory_drop(struct memory **);  // stops first

/* ---- writing ---- */
struct tx {
    struct store_conn *conn;
    struct log *log;
    struct customers *customers;
    struct memory *memory;
    int64_t now_ms;  // one moment for the whole group
};

/* Checks nothing twice: ask log_known first where the fact came from outside. Copies what followers will
 * be told, so the fact's slices need only live through this call. */
MUST_CHECK enum err_code tx_append(struct tx *, struct fact *, struct err *e);
/* The same of slices that live until the command is done: nothing is copied. */
MUST_CHECK enum err_code tx_append_lent(struct tx *, struct fact *, struct err *e);

struct command {
    /* Writer's thread, inside the transaction. An error here undoes this command only. */
    enum err_code (*run)(struct command *, struct tx *, struct err *e);
    /* Writer's thread, exactly once, after the commit or the failure. The command may free itself. */
    void (*done)(struct command *, enum err_code, const struct err *e);
    size_t bytes;           // memory it holds while it waits
    size_t facts;           // about how many facts it appends: sizes the group
    struct command *next;   // the queue's
};

MUST_CHECK enum err_code memory_submit(struct memory *, struct command *, struct err *e);
/* Queues and waits until it is done, full queue or not (one command a caller is bound enough): for the CLI
 * and jobs, never on a network loop. `done` may be NULL. */
MUST_CHECK enum err_code memory_run(struct memory *, struct command *, struct err *e);

/* ---- reading: the lock prefers the writer and does not nest ---- */
void memory_read_lock(struct memory *);
void memory_read_unlock(struct memory *);
/* In a pass over many rows, between two of them: gives the lock back for a moment if the writer waits for it. Costs a load. While
 * the writer waits nobody else can read, and a pass on a thread that gives way to others may hold a slice of it for seconds. */
void memory_read_turn(struct memory *);
const struct log *memory_log(const struct memory *);
struct customers *memory_customers(const struct memory *);
struct ingest_state *memory_ingest(const struct memory *);
struct store *memory_store(const struct memory *);
const struct sys_clock *memory_clock(const struct memory *);

/* ---- followers ---- */
struct snapshot_out;
struct snapshot_in;
/* apply   an error leaves the state as it was before that fact.
 * Edits    a per_customer follower is told the edited view: after a correction or deletion it must forget
 *          that history and is told its facts again in log order. Facts of FACT_NOBODY are too many to be told
 *          again: it is told them as they were written, and where the edit stands it gets `amend`. Other
 *          followers are told facts as they were written, and the corrections and deletions where they stand. */
struct follower {
    const char *name;   // also the snapshot's file name
    uint32_t version;   // of the snapshot layout; another number: replay from the first fact
    bool per_customer;  // state of one history can be forgotten and told again (edited facts)
    bool large;         // its snapshot is written by memory_stop only: it would keep the writer waiting
    enum err_code (*apply)(void *self, const struct fact *, struct err *e);
    void (*forget)(void *self, uint32_t customer);  // per_customer only
    /* per_customer only, may be NULL: an edited fact of nobody, as it was until then and as it is now; now NULL:
     * taken back. An error leaves the state as it was. */
    enum err_code (*amend)(void *self, const struct fact *was, const struct fact *now, struct err *e);
    void (*reset)(void *self);
    enum err_code (*save)(void *self, struct snapshot_out *, struct err *e);
    enum err_code (*load)(void *self, struct snapshot_in *, struct err *e);
    void *self;
};
/* Before memory_start. The follower must outlive the memory. At most 16. */
void memory_follow(struct memory *, const struct follower *);
/* Snapshots are byte strings in a checked file; put and get in the same order. */
MUST_CHECK enum err_code snapshot_put(struct snapshot_out *, const void *at, size_t len, struct err *e);
MUST_CHECK enum err_code snapshot_get(struct snapshot_in *, void *at, size_t len, struct err *e);

/* ---- sources: who sends ---- */
/* Finds or makes; ids are small and never reused. Inside a transaction. */
MUST_CHECK enum err_code tx_source(struct tx *, struct slice name, uint32_t *ret, struct err *e);
/* Name of a source id, for showing; lives as long as the memory. Under the read lock. */
struct slice memory_source_name(const struct memory *, uint32_t source);
/* The id of a source that has been made before. Under the read lock. */
bool memory_source_find(const struct memory *, struct slice name, uint32_t *ret);

struct memory_stats {
    int64_t facts, groups, queue_bytes, last_commit_us;
    int64_t replayed_at_start, start_ms;
    bool writable;          // false after a failed commit, until one succeeds
    char trouble[160];      // why not writable, for /readyz
};
struct memory_stats memory_stats(struct memory *);

#endif

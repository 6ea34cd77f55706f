/* The inside of struct memory, shared by memory.c, writer.c, follower.c, snapshot.c and sources.c. */
#ifndef TENDERO_MEMORY_MEMORY_STATE_H
#define TENDERO_MEMORY_MEMORY_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/limits.h"
#include "memory/memory.h"

#define FOLLOWERS_MAX 16
#define SOURCES_MAX 65536  // a fixed directory, touched only as far as used: readers never see it move

struct sources {
    struct slice *names;    // by id - 1
    uint32_t n, committed;  // readers look at ids up to `committed`
};

struct following {
    struct follower f;
    int64_t position;       // told up to here
    int64_t saved;          // position of the newest snapshot on disk
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct command *first, **last;
    size_t bytes;
    bool open;              // takes commands
};

/* What the running group appended, for the followers. */
struct group {
    struct command *commands[LIMIT_GROUP_FACTS];
    struct fact *facts;
    size_t n_facts, cap_facts;
    struct arena *mem;
};

struct memory {
    struct store *store;
    struct memory_options options;
    char *snapshots;        // directory
    struct store_conn *conn;  // the writer's
    uint64_t seed;
    struct log *log;
    struct customers *customers;
    struct ingest_state *ingest;
    struct sources sources;
    pthread_rwlock_t lock;
    atomic_bool wanted;     // the writer waits for it
    struct following following[FOLLOWERS_MAX];
    size_t n_following;
    struct queue queue;
    struct group group;
    int64_t now_ms, retry_ms;  // the writer's: newest group's moment; when to tell failed followers again
    pthread_t writer, snapshotter;
    bool started;
    pthread_mutex_t stats_lock;
    struct memory_stats stats;
    /* the snapshot thread */
    pthread_mutex_t snapshot_lock;
    pthread_cond_t snapshot_wanted;
    bool snapshot_due, snapshot_end;
    int64_t snapshot_asked;  // the writer's: newest fact when one was last asked for
};

/* writer.c */
enum err_code queue_init(struct queue *, struct err *e);
void queue_drop(struct queue *);
void *writer_main(void *memory);
void queue_close(struct queue *);

/* follower.c: the writer's thread, or before it runs */
MUST_CHECK enum err_code followers_start(struct memory *, struct err *e);
void memory_write_lock(struct memory *);
void followers_tell_group(struct memory *);  // under the write lock
void followers_catch_up(struct memory *);    // takes the write lock itself

/* snapshot.c */
/* ERR_NOT_FOUND or ERR_CORRUPT: none, or not one to use; the follower has been reset. */
MUST_CHECK enum err_code snapshot_load(struct memory *, struct following *, struct err *e);
void *snapshotter_main(void *memory);
void snapshots_want_if_due(struct memory *);
MUST_CHECK enum err_code snapshots_save(struct memory *, bool at_stop, struct err *e);

/* sources.c */
MUST_CHECK enum err_code sources_init(struct sources *, struct store_conn *, struct err *e);
void sources_drop(struct sources *);
void sources_committed(struct sources *);
void sources_rolled_back(struct sources *);

#endif

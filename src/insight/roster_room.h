/* What the files of roster share. Private to roster*.c. */
#ifndef TENDERO_INSIGHT_ROSTER_ROOM_H
#define TENDERO_INSIGHT_ROSTER_ROOM_H

#include <pthread.h>
#include <stdatomic.h>

#include "insight/roster.h"
#include "memory/documents.h"
#include "text/json.h"

/* What the follower knows of an audience. */
struct kept {
    int64_t id;
    int64_t version;                 // whose members the bits are; 0: it has not begun to count
    uint64_t *bits;
    size_t words;
    int64_t members;
    bool gone;                       // there is no such audience any more
    char why[160];                   // broken; empty: it reads

    /* The pass's own; the document as it was read last. */
    int64_t wanted;                  // its version
    struct slice name, text;
    struct arena *mem;               // of what follows
    struct condition *condition;     // NULL: broken
    uint64_t state;                  // of its columns in the frame when it was made
    unsigned depth;                  // one more than that of the deepest audience it names
    enum { DEPTH_OPEN, DEPTH_SEEKING, DEPTH_KNOWN } seeking;
    bool everybody;                  // asked about everybody in this pass
    enum because because;            // then, why
    int64_t cause;
    uint64_t *next;                  // bits of the version that begins; NULL: none does
    size_t next_words;
    uint64_t chunk[COLUMN_CHUNK / 64];
};

struct roster {
    struct memory *memory;
    struct population *population;
    pthread_rwlock_t lock;           // of kept and what the follower knows of each
    struct kept **kept;              // by id
    size_t n, cap;
    struct json_parser *parser;      // of the follower
    struct store_conn *follow;       // its, when it reads audience_starts

    pthread_mutex_t passing;         // of what follows
    struct store_conn *conn;
    struct frame *frame;
    struct condition_world world;
    struct arena *texts;             // of the documents
    size_t names;                    // how many the population knew when the frame was made
    struct kept **order;             // those that read, by depth
    size_t n_order, order_cap;
    atomic_bool redo;                // what changed since the members were asked is not known: everybody is asked again
    atomic_int day;                  // that the members are of; INT32_MIN: none
    atomic_llong moment_ms, retry_ms;  // when now() is asked again; when a pass that failed is
    atomic_bool touched, long_pass, stopping;
};

static inline enum err_code roster_no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "no memory for live audiences");
}

/* roster.c. NULL: it is not known (or memory). Under the lock, or in a pass. */
struct kept *kept_find(const struct roster *, int64_t id);
struct kept *kept_make(struct roster *, int64_t id);

/* ---- roster_make.c: the documents as conditions over the frame ---- */
MUST_CHECK enum err_code roster_read(struct roster *, bool *changed, struct err *e);
/* Everything anew over a new frame. */
MUST_CHECK enum err_code roster_make(struct roster *, struct err *e);
/* Locks the population and sees that each condition fits its columns. Leaves it unlocked after an error. */
MUST_CHECK enum err_code roster_lock_fit(struct roster *, struct err *e);

/* ---- roster_write.c: what a pass finds, as facts ---- */
struct found {
    struct kept *kept;
    uint32_t row;
    bool in;
    enum because because;
    int64_t cause;
};
MUST_CHECK enum err_code roster_write(struct roster *, const struct found *, size_t n, struct err *e);
/* kept->next are the members of kept->wanted from now on. */
MUST_CHECK enum err_code roster_begin(struct roster *, struct kept *, struct err *e);
/* An audience that is gone needs no start. */
MUST_CHECK enum err_code roster_end(struct roster *, int64_t audience, struct err *e);
/* The members that an audience's version began with; ERR_NOT_FOUND: another version has begun since. In *ret, to be
 * freed. */
MUST_CHECK enum err_code roster_start(struct store_conn *, int64_t audience, int64_t version, uint64_t **ret,
                                          size_t *words, struct err *e);

#endif

/* Who is in which audience, kept as things happen: the saved audiences' members as bits by row, exact after each pass.
 *
 * Pass      takes in what happened since the last one (population_refresh) and asks every audience about the rows that
 *           changed; about everybody where it is a new version, where time has passed for it (a day for windows and
 *           today(), a minute for now()), or where an audience that it names was asked about everybody.
 * Facts     whoever comes in or leaves is a fact of the log (FACT_AUDIENCE), with the reason; the bits are what a
 *           follower makes of these facts, so that what is known after a start is what was written before it. The
 *           columns remember what no pass has asked about (population.h), so that a start asks about nobody else. A new
 *           version is one fact of nobody, with all its members in audience_starts, and no fact of each.
 * Broken    an audience that no longer reads (it names one that is gone): nobody comes or leaves, `why` says why.
 * Threads   one pass at a time, it sees to that; it waits for the disk. Members between roster_lock and
 *           roster_unlock, several at a time.
 * Memory    a bit a row for each audience, two bytes a row for each event and window that they count.
 */
#ifndef TENDERO_INSIGHT_ROSTER_H
#define TENDERO_INSIGHT_ROSTER_H

#include "insight/condition.h"

#define AUDIENCE "audience"          // the kind of document (memory/documents.h)

struct roster;
/* The population and the zones (NULL: there are none, days are UTC's) must outlive it. */
MUST_CHECK enum err_code roster_new(struct memory *, struct population *, const struct zones *, struct roster **ret,
                                    struct err *e);
void roster_drop(struct roster **);
struct follower roster_follower(struct roster *);

/* Does nothing where none is due. Waits for one that another thread makes, but for one that asks many customers about
 * everything: then members are those of before. ERR_BUSY: it was cancelled. */
MUST_CHECK enum err_code roster_pass(struct roster *, const struct people *, int64_t now_ms, struct err *e);
/* Something has happened, or enough time has passed, for a pass to find changes. Also false while one is made, and for
 * ten seconds after one that failed. */
bool roster_due(struct roster *, const struct people *, int64_t now_ms);
/* An audience has been written: a pass is due. */
void roster_touch(struct roster *);
/* The process ends: a pass that is made gives up, and what it did not get to is asked again after the next start. */
void roster_cancel(struct roster *);

/* ---- members, under the lock ---- */
void roster_lock(struct roster *);
void roster_unlock(struct roster *);
struct members {
    int64_t version;                 // that they are members of
    int64_t n;
    const uint64_t *bits;            // of rows up to `rows`; beyond it nobody is in
    size_t rows;
    const char *why;                 // why it is broken; NULL: it is not
};
/* false: it has not begun to count yet. */
bool roster_find(const struct roster *, int64_t audience, struct members *ret);
static inline bool members_have(const struct members *m, size_t row)
{
    return row < m->rows && bits_has(m->bits, row);
}

/* ---- who came and who left ---- */
enum because { BECAUSE_FACT, BECAUSE_TIME, BECAUSE_TIERS, BECAUSE_AUDIENCE, BECAUSE_RECOUNT, BECAUSES };
const char *because_name(enum because);   // "fact"
struct audience_change {
    int64_t audience, seq, at_ms;
    uint32_t customer;               // their number then
    bool entered;
    enum because because;
    int64_t cause;                   // FACT: its seq; AUDIENCE: its number; else 0
};
/* Newest first, below `before` (0: the newest); limit at most, in mem. */
MUST_CHECK enum err_code audience_changes(struct store_conn *, int64_t audience, int64_t before, size_t limit,
                                          struct arena *mem, struct audience_change **ret, size_t *n, struct err *e);
/* When a customer last came into each audience that they ever came into, by its number; in mem. In one that is not among
 * them they were when it began to count. */
struct audience_entry {
    int64_t audience, at_ms;
};
MUST_CHECK enum err_code audience_entries(struct store_conn *, uint32_t customer, struct arena *mem,
                                          struct audience_entry **ret, size_t *n, struct err *e);

#endif

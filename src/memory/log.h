/* The log of facts on the store: parts, deduplication, reading.
 *
 * Parts    facts lie in tables facts_000001, facts_000002 …, each LOG_PART_ROWS rows or one month of
 *          arrival, whichever ends first. The open part has no index but its primary key, so appending
 *          touches one page; what a reader needs to find (customer chains, message ids) is in memory.
 *          Sealing a part builds its two indexes (customer, timestamp) and (message_hash), sorted, once.
 *          libraries.md has the measurement: one big index falls to 30k rows/s, parts hold 130k.
 * Dedupe   unique by (source, message_id) for DEDUPE_WINDOW_MS by arrival. The open part: an exact map
 *          of 64-bit hashes. Sealed parts: a bit-sliced signature file (one 64-bit word per slot, bit p
 *          for part p mod 64; Bloom filters stood on end, Faloutsos 1985): a few cache misses name the
 *          parts that may hold an id. Every hit is verified in the store before a fact is dropped, so a
 *          hash collision never loses an event.
 * Threads  writing on the writer's thread; log_get/log_read/log_scan with the caller's own read
 *          connection, under memory_read_lock.
 */
#ifndef TENDERO_MEMORY_LOG_H
#define TENDERO_MEMORY_LOG_H

#include "base/arena.h"
#include "io/store/store.h"
#include "memory/fact.h"

#define LOG_PART_ROWS (1 << 18)
#define LOG_COMMAND_FACTS (1 << 17)  // beyond what fills a part

struct log;

/* Opens or resumes: reads the part list, filters of the dedupe window, and the open part's keys.
 * part_rows 0: LOG_PART_ROWS (tests take fewer). */
MUST_CHECK enum err_code log_new(struct store_conn *write, int64_t now_ms, uint64_t seed, size_t part_rows,
                                 struct log **ret, struct err *e);
void log_drop(struct log **);
int64_t log_last_seq(const struct log *);   // newest committed fact
size_t log_memory_bytes(const struct log *);

/* Inside the writer's transaction. What these change in memory counts only from log_committed on;
 * log_rolled_back forgets it. */
/* *known: this (source, message_id) has been seen within the window (in the store or this group). */
MUST_CHECK enum err_code log_known(struct log *, uint32_t source, struct slice message_id, bool *known,
                                   struct err *e);
/* Has the caches read what log_known will look at. */
void log_prefetch(const struct log *, uint32_t source, struct slice message_id);
/* Gives fact->seq. ERR_LIMIT for more than LOG_COMMAND_FACTS in one transaction. */
MUST_CHECK enum err_code log_append(struct log *, struct fact *fact, struct err *e);
/* Edits the view of fact `seq` on behalf of the fact `by_seq`: a correction adds its RFC 7396 merge patch
 * behind those before it, a deletion takes the fact back for good. Kept in fact_edits and known to readers
 * from log_committed on. ERR_NOT_FOUND: no such fact. */
enum log_edit_kind { LOG_EDIT_CORRECTION = 1, LOG_EDIT_DELETION = 2 };
MUST_CHECK enum err_code log_edit(struct log *, int64_t seq, enum log_edit_kind, int64_t by_seq,
                                  struct slice patch, struct err *e);
void log_committed(struct log *);    // under the write lock
void log_rolled_back(struct log *);
/* The open part is full or a month old. Then, in a transaction of its own between groups: log_seal indexes
 * it and opens the next; log_committed or log_rolled_back as above. */
bool log_is_full(const struct log *, int64_t now_ms);
MUST_CHECK enum err_code log_seal(struct log *, int64_t now_ms, struct err *e);

/* Reading: the edited view, corrections applied; deleted facts are left out unless asked for. The fact's
 * slices are in mem. With the write connection inside a transaction log_get and log_read also see what this
 * group has appended and edited so far: traits are rebuilt from it. */
enum log_order { LOG_NEWEST, LOG_OLDEST };  // by (timestamp, seq)
struct log_query {
    const uint32_t *customers;  // histories (leaves) of one customer
    size_t n;
    struct slice type, event;   // empty: any
    int64_t since_ms, until_ms; // [since, until); FACT_NO_TIME: open
    int64_t after_ms, after_seq;// continue behind this fact; after_seq 0: from the start
    enum log_order order;
    bool with_deleted;
    size_t limit;
};
/* Also a deleted fact, with its mark. */
MUST_CHECK enum err_code log_get(const struct log *, struct store_conn *, int64_t seq,
                                 struct arena *mem, struct fact *ret, struct err *e);
/* The same as it was when the edits up to fact `by_seq` had been made. */
MUST_CHECK enum err_code log_get_at(const struct log *, struct store_conn *, int64_t seq, int64_t by_seq,
                                    struct arena *mem, struct fact *ret, struct err *e);
bool log_is_edited(const struct log *, int64_t seq);
/* Fills ret[limit] and *got. Facts of FACT_NOBODY are no customer's: log_recent shows them. */
MUST_CHECK enum err_code log_read(const struct log *, struct store_conn *, const struct log_query *,
                                  struct arena *mem, struct fact *ret, size_t *got, struct err *e);
/* Facts with seq > after in log order, `limit` at most, of every customer: followers, exports, the whole
 * log. raw: bodies as written, edits not applied, deletions included. */
MUST_CHECK enum err_code log_scan(const struct log *, struct store_conn *, int64_t after, size_t limit,
                                  bool raw, struct arena *mem, struct fact *ret, size_t *got,
                                  struct err *e);
/* Every fact of one history with seq <= until, in log order, the edited view; stops at the first error of
 * each. The fact's slices live until each returns. */
MUST_CHECK enum err_code log_history(const struct log *, struct store_conn *, uint32_t customer,
                                     int64_t until, enum err_code (*each)(void *arg, const struct fact *,
                                     struct err *e), void *arg, struct err *e);
/* Newest first, below `before` (0: the newest), filtered by type and event: the console's list. */
MUST_CHECK enum err_code log_recent(const struct log *, struct store_conn *, int64_t before,
                                    struct slice type, struct slice event, size_t limit,
                                    struct arena *mem, struct fact *ret, size_t *got, struct err *e);

#endif

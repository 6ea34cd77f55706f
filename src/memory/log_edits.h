/* Which facts have been corrected or deleted: few among many, so a hash table in memory.
 *
 * Groups   edits of the running group wait in `pending`; edits_commit cannot fail, because edits_add has
 *          made the room before.
 * Threads  readers look at the table under the read lock; pending is the writer's.
 */
#ifndef TENDERO_MEMORY_LOG_EDITS_H
#define TENDERO_MEMORY_LOG_EDITS_H

#include "base/err.h"
#include "base/slice.h"

struct fact_edit {
    int64_t seq;       // 0: free slot
    bool corrected, deleted;
};

struct log_edits {
    struct fact_edit *slots, *wider, *pending;
    size_t n, n_slots, n_wider, n_pending, cap_pending;
};

void edits_drop(struct log_edits *);
MUST_CHECK enum err_code edits_add(struct log_edits *, struct fact_edit, struct err *e);
void edits_commit(struct log_edits *);
void edits_rollback(struct log_edits *);
/* What is known of a fact; all false when it was never edited. */
struct fact_edit edits_of(const struct log_edits *, int64_t seq, bool with_pending);

#endif

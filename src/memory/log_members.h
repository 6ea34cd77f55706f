/* Which sealed parts hold facts of a customer: one 64-bit word a customer, bit p mod 64 for part p.
 *
 * A page of one customer's facts then asks only parts that have some (beyond 64 parts a bit stands for
 * several). Each sealed part keeps the list of its customers in log_parts, as rising numbers in
 * differences of 7 bits a byte (LEB128), from which a start makes the words again.
 * Threads  readers look under the read lock; members_commit under the write lock.
 */
#ifndef TENDERO_MEMORY_LOG_MEMBERS_H
#define TENDERO_MEMORY_LOG_MEMBERS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "memory/log_open.h"

struct log_members {
    uint64_t *words, *wider;  // wider: made before a commit that needs it, taken over by it
    size_t n, n_wider;
};

void members_drop(struct log_members *);
/* Makes room for customers up to the largest of the part, so that members_commit cannot fail. */
MUST_CHECK enum err_code members_reserve(struct log_members *, uint32_t largest, struct err *e);
void members_commit(struct log_members *, size_t part, const struct open_part *);
void members_set(struct log_members *, size_t part, uint32_t customer);  // customer was reserved
static inline uint64_t members_of(const struct log_members *m, uint32_t customer)
{
    return customer < m->n ? m->words[customer] : 0;
}

/* The distinct customers of the open part (nobody included); ERR_LIMIT for memory. */
MUST_CHECK enum err_code members_save(const struct open_part *, struct buf *out, struct err *e);
/* Calls back for each customer of a saved list; false when it is damaged. */
bool members_each(struct slice list, void (*each)(void *arg, uint32_t customer), void *arg);

#endif

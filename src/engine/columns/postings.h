/* Events of one type by day: who did it when. What "bought more than twice in the last 90 days" is counted from,
 * without looking at any other event.
 *
 * Shape    blocks of 32 days; an entry is a row (customer) and a day, 5 bytes. Events may come in any order.
 * Windows  whole days, both ends included: blocks inside are counted without looking at days, those outside not at all.
 */
#ifndef TENDERO_ENGINE_COLUMNS_POSTINGS_H
#define TENDERO_ENGINE_COLUMNS_POSTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct postings;
struct postings *postings_new(void);            // NULL: memory
void postings_drop(struct postings **);
void postings_clear(struct postings *);         // as a new one
/* false: memory, nothing is added; or a day that is more than 2,000 blocks (170 years) from the others. */
bool postings_add(struct postings *, uint32_t row, int32_t day);
/* Events of rows first + i with bit i of gone set, i < n, are forgotten: a walk over all of the type. */
void postings_forget(struct postings *, const uint64_t *gone, uint32_t first, size_t n);
/* times[row] += events of the row in [from, to]; at most 65,535 each. Rows of n and above are left out. */
void postings_count(const struct postings *, int32_t from_day, int32_t to_day, uint16_t *times, size_t n);
/* day[row]: the last (or first) day of an event of the row, where that is later (earlier) than what stands there. */
void postings_last(const struct postings *, int32_t *day, size_t n);
void postings_first(const struct postings *, int32_t *day, size_t n);
/* As bytes, and back into an empty one. false: put or get did. */
bool postings_save(const struct postings *, bool (*put)(void *arg, const void *at, size_t len), void *arg);
bool postings_load(struct postings *, bool (*get)(void *arg, void *at, size_t len), void *arg);
size_t postings_events(const struct postings *);
size_t postings_bytes(const struct postings *);

#endif

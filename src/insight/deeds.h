/* What some customers did, gathered once for many questions: their chains of occurrences lie all over the memory, and
 * most questions ask about one event.
 * Lock   under the population's lock, and no longer.
 */
#ifndef TENDERO_INSIGHT_DEEDS_H
#define TENDERO_INSIGHT_DEEDS_H

#include "insight/population.h"

struct deed {
    uint32_t at, place;          // among the event's occurrences; whose it is, from 0
    int64_t time_ms;
};
struct deeds;
struct deeds *deeds_new(void);   // NULL: memory
void deeds_drop(struct deeds **);
/* Of these customers, with all their histories. false: memory. */
bool deeds_gather(struct deeds *, const struct population *, const uint32_t *row, size_t n);
/* Of one event, by its number among the names. */
const struct deed *deeds_of(const struct deeds *, uint32_t event, size_t *n);

#endif

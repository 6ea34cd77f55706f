/* A condition that is asked of the customers who belong to somebody: an account's of its members, a member's of the
 * accounts (population_related). It has a frame of its own.
 * Lock   as frame.h has it.
 */
#ifndef TENDERO_INSIGHT_RELATED_ASK_H
#define TENDERO_INSIGHT_RELATED_ASK_H

#include "insight/population.h"

struct condition_world;
struct related_ask;
/* Of customers of a kind (population_is_kind). Under population_lock_alone. ERR_INVALID: as condition_new_in; no audiences
 * can be asked about. */
MUST_CHECK enum err_code related_ask_new(struct population *, const struct condition_world *, struct slice kind,
                                         struct slice text, struct related_ask **ret, struct err *e);
void related_ask_drop(struct related_ask **);
bool related_ask_is_of_day(const struct related_ask *);
bool related_ask_is_of_moment(const struct related_ask *);
MUST_CHECK enum err_code related_ask_look(struct related_ask *, struct err *e);
uint64_t related_ask_state(const struct related_ask *);
bool related_ask_is_old(const struct related_ask *);
/* A bit for each of n <= COLUMN_CHUNK rows: it is true of one of theirs that is of that kind. */
MUST_CHECK enum err_code related_ask_rows(struct related_ask *, const uint32_t *row, size_t n, uint64_t *bits,
                                          struct err *e);

#endif

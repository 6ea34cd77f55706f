/* Whether somebody who has not bought yet will: a life table of first purchases by the time since they were first seen.
 *
 * Source  Cutler and Ederer 1958, the actuarial method: in each span of ages the rate is purchases by days at risk. Where a span has
 *         seen few days, its rate is drawn towards that of all spans (PRIOR_DAYS at that rate are added to each).
 * Units   days since they were first seen.
 */
#ifndef TENDERO_ENGINE_CLV_NEWCOMERS_H
#define TENDERO_ENGINE_CLV_NEWCOMERS_H

#include <stdbool.h>

#define NEWCOMER_SPANS 6             // they begin at 0, 1, 7, 30, 90 and 365 days

struct newcomers {
    double days[NEWCOMER_SPANS], purchases[NEWCOMER_SPANS];
    double people;
};
/* One who was watched for so many days, or until they bought. */
void newcomers_add(struct newcomers *, double watched_days, bool bought);
/* The chance that one who has been here for so many days without buying buys within the days to come. NAN: nobody has been
 * watched. */
double newcomers_chance(const struct newcomers *, double age_days, double days);

#endif

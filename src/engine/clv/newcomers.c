#include "engine/clv/newcomers.h"

#include <math.h>

#define PRIOR_DAYS 30.0
#define SOONEST 0.5                  // of a day: whoever buys on the day that they come

static const double begins[NEWCOMER_SPANS + 1] = { 0, 1, 7, 30, 90, 365, INFINITY };

/* Days of the span that lie between the ages. */
static double within(int span, double from, double to)
{
    return fmax(0, fmin(to, begins[span + 1]) - fmax(from, begins[span]));
}

void newcomers_add(struct newcomers *n, double watched_days, bool bought)
{
    double until = fmax(watched_days, SOONEST);
    n->people++;
    for (int i = 0; i < NEWCOMER_SPANS; i++) {
        n->days[i] += within(i, 0, until);
        n->purchases[i] += bought && until >= begins[i] && until < begins[i + 1];
    }
}

double newcomers_chance(const struct newcomers *n, double age_days, double days)
{
    double risk = 0, all_days = 0, all = 0;
    if (!(n->people > 0))
        return NAN;
    for (int i = 0; i < NEWCOMER_SPANS; i++) {
        all_days += n->days[i];
        all += n->purchases[i];
    }
    double usual = all / all_days;
    for (int i = 0; i < NEWCOMER_SPANS; i++) {
        double rate = (n->purchases[i] + PRIOR_DAYS * usual) / (n->days[i] + PRIOR_DAYS);
        risk += rate * within(i, age_days, age_days + days);
    }
    return -expm1(-risk);
}

/* A street for tests: a shop with its people and population, and a life at random. Needs cmocka's headers before it. */
#ifndef TENDERO_INSIGHT_STREET_TESTING_H
#define TENDERO_INSIGHT_STREET_TESTING_H

#include "insight/condition.h"
#include "insight/insight_testing.h"
#include "insight/roster.h"
#include "memory/permissions.h"

#define PEOPLE 12

struct street {
    struct shop shop;
    struct people *people;
    struct population *population;
    struct roster *roster;
    struct zones zones;          // of the next street_start
    int64_t merge[8];            // seq of those that stand
    bool known[PEOPLE];          // have come with a track event
};
/* For zones.offset: every name is a zone of an hour east, two in the summer of 2026, as in Madrid. */
bool street_offset(void *arg, struct slice name, int64_t second, bool local, int32_t *ret);
void street_start(struct street *);
void street_stop(struct street *);   // followers are asked for their snapshots
/* For cmocka: *state is a street. */
int street_setup(void **state);
int street_teardown(void **state);

/* Of every kind that the population knows. */
#define STREET_CONDITIONS 22
extern const char *const street_conditions[STREET_CONDITIONS];

/* The same numbers in each run. */
uint64_t any(uint64_t below);
/* Something happens: an event late or early, an order, a refund, traits, a merge, an unmerge, a deletion, a product in
 * another category, an account joined or left, a permission given or withdrawn, hours pass. */
void street_live(struct street *);
/* They say so at that time. */
void street_permit(struct street *, const char *who, struct permission, int64_t at_ms);
/* They say something about e-mail or short messages, of all or of "news". */
void street_permit_any(struct street *, const char *who, int64_t at_ms);
/* The catalogue tells this, a fact's body. */
void street_catalogue(struct street *, const char *body);
/* The population knows what happened. */
void street_refresh(struct street *);
/* Whether the condition is true of them, asked about everybody and about them alone: both answers are the same. */
bool street_holds(struct street *, const char *who, const char *text);
void street_need(struct street *, const char *who, const char *text);
struct condition_world street_world(struct street *);
/* Each text is no condition, and what is said of it has those words. */
struct street_flaw {
    const char *text, *want;
};
void street_flaws(struct street *, const struct street_flaw *, size_t n);

#endif

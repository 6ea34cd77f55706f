/* What the files of the investment share. Private to investment*.c. */
#ifndef TENDERO_INSIGHT_INVESTMENT_ROOM_H
#define TENDERO_INSIGHT_INVESTMENT_ROOM_H

#include <math.h>
#include <pthread.h>

#include "insight/investment.h"
#include "memory/customers.h"

#define INVESTMENT_MONEY 1e6         // micro

struct investment {
    struct memory *memory;
    const struct valuation *valuation;
    struct population *population;
    investment_reach reach;
    void *reach_arg;
    pthread_mutex_t fitting, planning;  // one at a time
    pthread_rwlock_t lock;           // of all below
    struct investment_fit fit;       // id 0: there is none
    int64_t last_id;                 // of the store, readable or not
    struct tiers_state *state;       // by history
    uint32_t states;                 // of histories below this
    struct investment_plan plan[TIERS_COUNT];
};

static inline const struct tiers_state *investment_state(const struct investment *v, uint32_t root)
{
    static const struct tiers_state unseen = { TIERS_NONE, TIERS_NONE, 0 };
    return root < v->states ? &v->state[root] : &unseen;
}
/* What the tiers want to know of a customer; under memory's read lock. */
struct investment_cells {
    double actual, lifetime, alive, reach;
};
struct investment_cells investment_cells(const struct investment *, const struct valuation_view *, const struct customer_value *,
                                         uint32_t root);

/* investment_keep.c: of the fit that was kept last; one that cannot be read is none. */
MUST_CHECK enum err_code investment_read(struct investment *, struct store_conn *, struct err *e);
MUST_CHECK enum err_code investment_keep(struct investment *, const struct investment_fit *, const struct tiers_state *,
                                         uint32_t states, struct err *e);

#endif

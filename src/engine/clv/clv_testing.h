/* For tests of value models: the CDNOW sample where it is at hand. Needs cmocka's headers before it. */
#ifndef TENDERO_ENGINE_CLV_CLV_TESTING_H
#define TENDERO_ENGINE_CLV_CLV_TESTING_H

#include "base/near_testing.h"
#include "engine/clv/buyers.h"
#include "engine/clv/gamma_gamma.h"
#include "engine/clv/holdout.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* 2,357 customers: 39 weeks until 1997-09-30, then 39 weeks. */
struct cdnow {
    size_t n;
    struct buyer *buyer;
    struct spender *spender;         // of their repeat purchases
    double *later, *spent;           // purchases in the second half, and their money
    struct buyers buyers;
};
/* false: the file is not there (TENDERO_ROOT/../shared/data/cdnow). */
bool cdnow_read(struct cdnow *);
void cdnow_drop(struct cdnow *);
/* Fails where what the model foretells of each customer's 39 weeks to come scores otherwise. */
void cdnow_foretell(const struct cdnow *, double (*expected_of)(const void *model, double x, double tx, double T, double t),
                    const void *model, struct holdout want);

/* One who buys at a rate of weeks until they leave, watched for whole days. */
struct buyer buyer_made_up(double rate, double leaves, int32_t days, uint64_t *seed);

#endif

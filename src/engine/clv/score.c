#include "engine/clv/score.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/hash.h"

#define SLOTS 65536u                 // a power of 2
#define YEAR 365.25
#define STEP 30.5                    // days, at most, that are discounted alike
#define STEPS_MAX 60

/* What was worked out last, by its key: one that falls on the same slot takes its place. */
struct kept {
    uint64_t key;                    // 0: nothing
    double of[2];
};

static uint64_t key_of(uint32_t repeats, int32_t last, int32_t watched)
{
    return hash_mix(((uint64_t)repeats << 42 ^ (uint64_t)(uint32_t)last << 21 ^ (uint32_t)watched) + 1);
}

/* Of one who is alive: purchases to come, and the same discounted. */
static void to_come(const struct score_model *m, double x, double T, struct score_horizon h, double ret[2])
{
    int steps = h.discount > 0 ? (int)fmin(STEPS_MAX, ceil(h.days / STEP)) : 1;
    double sum = 0, before = 0;
    for (int i = 1; i <= steps; i++) {
        double until = h.days * i / steps, now = m->kind->to_come(m->at, x, T, until / m->unit);
        double middle = (until - h.days / steps / 2) / YEAR;
        sum += (now - before) * exp(-middle * log1p(h.discount));
        before = now;
    }
    ret[0] = before;
    ret[1] = sum;
}

static double spend_of(const struct score_model *m, double x, double mean)
{
    return m->spends ? gamma_gamma_expected(m->spends, x, mean) : NAN;
}

struct score score_buyer(const struct score_model *m, const struct buyer *b, double mean, struct score_horizon h)
{
    double T = b->watched / m->per, future[2], alive = m->kind->alive(m->at, b->repeats, b->last / m->per, T);
    double spend = spend_of(m, b->repeats, mean);
    to_come(m, b->repeats, T, h, future);
    return (struct score){ alive, alive * future[0], spend, alive * future[1] * spend };
}

enum err_code score_buyers(const struct score_model *m, const struct score_buyers *b, struct score_horizon h,
                           struct score_columns ret, struct err *e)
{
    assert(h.days > 0 && h.discount > -1 && (b->mean || !m->spends));
    struct kept *kept = calloc((size_t)2 * SLOTS, sizeof *kept);
    if (!kept)
        return err_set(e, ERR_LIMIT, 0, "no memory to score customers");
    for (size_t i = 0; i < b->n; i++) {
        double x = b->repeats[i], T = b->watched[i] / m->per;
        uint64_t key = key_of(b->repeats[i], 0, b->watched[i]);
        struct kept *future = &kept[key >> 48 & (SLOTS - 1)];
        if (future->key != key) {
            future->key = key;
            to_come(m, x, T, h, future->of);
        }
        key = key_of(b->repeats[i], b->last[i], b->watched[i]);
        struct kept *now = &kept[SLOTS + (key >> 48 & (SLOTS - 1))];
        if (now->key != key) {
            now->key = key;
            now->of[0] = m->kind->alive(m->at, x, b->last[i] / m->per, T);
        }
        double alive = now->of[0], spend = spend_of(m, x, b->mean ? b->mean[i] : 0);
        if (ret.alive)
            ret.alive[i] = alive;
        if (ret.purchases)
            ret.purchases[i] = alive * future->of[0];
        if (ret.spend)
            ret.spend[i] = spend;
        if (ret.value)
            ret.value[i] = alive * future->of[1] * spend;
    }
    free(kept);
    return ERR_OK;
}

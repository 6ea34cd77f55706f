#include "engine/allocate/allocate.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "engine/allocate/allocate_room.h"

#define SAMPLE 131072                // customers on whom prices are looked for first
#define SAMPLED 2                    // samples that a base has at least, or it does without
#define CYCLES 40                    // turns through all limits
#define NEAR .02                     // how far a price may be off that a sample gave
#define STEPS 100                    // of the subgradient

/* ---- what is asked ---- */
static enum err_code check(const struct allocate_problem *p, struct err *e)
{
    if (p->customers > LIMIT_CUSTOMERS)
        return err_set(e, ERR_LIMIT, 0, "%zu customers; %u at most", p->customers, LIMIT_CUSTOMERS);
    if (!p->treatments || p->treatments > ALLOCATE_TREATMENTS)
        return err_set(e, ERR_INVALID, 0, "%u treatments; from 1 to %d", p->treatments, ALLOCATE_TREATMENTS);
    if (p->channels > ALLOCATE_CHANNELS)
        return err_set(e, ERR_INVALID, 0, "%u channels; %d at most", p->channels, ALLOCATE_CHANNELS);
    if (p->budget < 0 || p->contacts < 0)
        return err_set(e, ERR_INVALID, 0, "the %s is negative", p->budget < 0 ? "budget" : "number of contacts");
    for (unsigned t = 0; p->channels && t < p->treatments; t++)
        if (p->channel[t] >= p->channels)
            return err_set(e, ERR_INVALID, t, "treatment %u is on channel %u; there are %u", t, p->channel[t], p->channels);
    for (unsigned c = 0; c < p->channels; c++)
        if (p->capacity[c] < 0)
            return err_set(e, ERR_INVALID, c, "the capacity of channel %u is negative", c);
    return ERR_OK;
}

static struct base base_of(const struct allocate_problem *p, const struct allocate_options *options)
{
    struct base b = { .p = p, .options = options, .limits = OF_CHANNEL + p->channels };
    b.limit[OF_BUDGET] = p->budget;
    b.limit[OF_CONTACTS] = p->contacts;
    for (unsigned c = 0; c < p->channels; c++)
        b.limit[OF_CHANNEL + c] = p->capacity[c];
    return b;
}

static void tell(const struct base *b, unsigned thousandths)
{
    if (b->options->progress)
        atomic_store_explicit(b->options->progress, thousandths, memory_order_relaxed);
}

/* ---- prices ---- */
/* The best bound met, with its prices. */
struct best {
    double bound, worth[LIMITS_MOST];
};

static void keep(struct best *best, double bound, const double *worth)
{
    if (!(bound < best->bound))
        return;
    best->bound = bound;
    memmove(best->worth, worth, sizeof best->worth);  // which may be the same
}

static unsigned limited(const struct base *b)
{
    unsigned n = 0;
    for (unsigned l = 0; l < b->limits; l++)
        n += b->limit[l] != ALLOCATE_UNLIMITED;
    return n;
}

/* The bound at prices tried, and what is used there. */
static enum err_code look(struct base *b, const double *worth, struct best *best, uint8_t *choice, struct tally *sum,
                          struct err *e)
{
    struct sweep s;
    TRY(sweep_all(b, worth, worth, NULL, choice, &s, e));
    free(s.swings.of);
    *sum = s.high;
    keep(best, bound_at(b, worth, sum), worth);
    return ERR_OK;
}

/* On and on the way that a turn through all limits took, twice as far each time (Hooke and Jeeves 1961): limits that bind the
 * same customers would take hundreds of turns. */
static enum err_code leap(struct base *b, const double *from, struct best *best, uint8_t *choice, struct err *e)
{
    double to[LIMITS_MOST], before = INFINITY, worth[LIMITS_MOST];
    memcpy(to, best->worth, sizeof to);
    for (double far = 1; best->bound < before; far *= 2) {
        struct tally sum;
        before = best->bound;
        for (unsigned l = 0; l < b->limits; l++)
            worth[l] = fmin(fmax(to[l] + far * (to[l] - from[l]), 0), DEAR);
        TRY(look(b, worth, best, choice, &sum, e));
    }
    return ERR_OK;
}

/* Each limit in turn, the others as they are, until a turn through all of them gains next to nothing. */
static enum err_code in_turn(struct base *b, unsigned cycles, bool sampled, struct best *best, uint8_t *choice,
                             struct tally *sum, struct err *e)
{
    for (unsigned cycle = 0; cycle < cycles; cycle++) {
        bool near = sampled || cycle > 0;
        double before = best->bound, bound, from[LIMITS_MOST], worth[LIMITS_MOST];
        memcpy(from, best->worth, sizeof from);
        memcpy(worth, from, sizeof worth);
        for (unsigned l = 0; l < b->limits; l++) {
            if (b->limit[l] == ALLOCATE_UNLIMITED)
                continue;
            TRY(price_one(b, l, near ? NEAR * fmax(worth[l], 1) : DEAR, NULL, worth, choice, sum, &bound, e));
            keep(best, bound, worth);
        }
        if (limited(b) == 1 || before - best->bound <= 1e-7 * fabs(best->bound))
            break;
        if (cycle + 1 < cycles)
            TRY(leap(b, from, best, choice, e));
    }
    return ERR_OK;
}

/* Turns get stuck in corners where only a change of several prices at once gains. */
static enum err_code downhill(struct base *b, struct best *best, uint8_t *choice, struct err *e)
{
    double worth[LIMITS_MOST];
    memcpy(worth, best->worth, sizeof worth);
    for (unsigned step = 0; step < STEPS; step++) {
        struct tally sum;
        double slope[LIMITS_MOST] = { 0 }, size = 0;
        TRY(look(b, worth, best, choice, &sum, e));
        for (unsigned l = 0; l < b->limits; l++) {
            if (b->limit[l] == ALLOCATE_UNLIMITED)
                continue;
            double most = fmax((double)b->limit[l], 1);
            slope[l] = ((double)b->limit[l] - (double)tally_used(b, &sum, l)) / most;
            size += slope[l] * slope[l];
        }
        if (size == 0)
            break;
        double far = .05 / (step + 1.0) * best->bound / sqrt(size);
        for (unsigned l = 0; l < b->limits; l++)
            worth[l] = fmax(0, worth[l] - far / fmax((double)b->limit[l], 1) * slope[l]);
    }
    return ERR_OK;
}

/* Every so many customers, with as large a part of each limit. */
static enum err_code on_sample(const struct base *whole, struct best *best, struct err *e)
{
    const struct allocate_problem *all = whole->p;
    size_t every = all->customers / SAMPLE;
    struct allocate_problem p = *all;
    p.customers = all->customers / every;
    int32_t *cells = malloc(2 * p.customers * p.treatments * sizeof *cells);
    uint8_t *choice = malloc(p.customers);
    enum err_code code = ERR_OK;
    if (!cells || !choice)
        code = err_set(e, ERR_LIMIT, 0, "no memory for a sample of %zu customers", p.customers);
    int32_t *value = cells, *cost = cells + p.customers * p.treatments;
    for (size_t t = 0; !code && t < p.treatments; t++)
        for (size_t i = 0; i < p.customers; i++) {
            value[t * p.customers + i] = all->value[t * all->customers + i * every];
            cost[t * p.customers + i] = all->cost[t * all->customers + i * every];
        }
    p.value = value;
    p.cost = cost;
    struct base b = base_of(&p, whole->options);
    for (unsigned l = 0; l < b.limits; l++)
        if (b.limit[l] != ALLOCATE_UNLIMITED)
            b.limit[l] /= (int64_t)every;
    struct tally sum;
    if (!code)
        code = in_turn(&b, CYCLES, false, best, choice, &sum, e);
    if (!code && limited(&b) > 1)
        code = downhill(&b, best, choice, e);
    free(cells);
    free(choice);
    return code;
}

/* ---- whole choices ---- */
/* Until all limits hold: who loses least gives up what they hold. */
static enum err_code give_up(struct base *b, const double *worth, uint8_t *choice, struct tally *sum, struct err *e)
{
    enum err_code code = ERR_OK;
    uint8_t *held = malloc(b->p->customers);
    if (!held)
        return err_set(e, ERR_LIMIT, 0, "no memory for the choices of %zu customers", b->p->customers);
    for (unsigned l = 0; !code && l < b->limits; l++) {
        double raised[LIMITS_MOST], bound;
        if (tally_used(b, sum, l) <= b->limit[l])
            continue;
        memcpy(raised, worth, sizeof raised);
        memcpy(held, choice, b->p->customers);
        code = price_one(b, l, NEAR * fmax(worth[l], 1), held, raised, choice, sum, &bound, e);
    }
    free(held);
    return code;
}

static enum err_code prices_and_choices(struct base *b, struct best *best, uint8_t *choice, struct tally *sum, struct err *e)
{
    bool sampled = b->p->customers >= (size_t)SAMPLED * SAMPLE;
    if (sampled)
        TRY(on_sample(b, best, e));
    tell(b, 200);
    best->bound = INFINITY;          // a sample's bounds nothing
    if (sampled && limited(b) > 1)
        TRY(look(b, best->worth, best, choice, sum, e));
    // of a base whose prices a sample gave, about as many customers decide again as there
    size_t cycles = sampled ? 1 + CYCLES / 2 * SAMPLE / b->p->customers : CYCLES;
    if (limited(b))
        TRY(in_turn(b, (unsigned)cycles, sampled, best, choice, sum, e));
    if (!sampled && limited(b) > 1)
        TRY(downhill(b, best, choice, e));
    tell(b, 700);
    if (limited(b) == 1)
        return ERR_OK;
    TRY(look(b, best->worth, best, choice, sum, e));
    return give_up(b, best->worth, choice, sum, e);
}

enum err_code allocate(const struct allocate_problem *p, const struct allocate_options *options, uint8_t *choice,
                       struct allocation *ret, struct err *e)
{
    assert(p && options && ret && (choice || !p->customers));
    TRY(check(p, e));
    struct base b = base_of(p, options);
    struct best best = { .bound = INFINITY };
    struct tally sum = { 0 };
    if (!p->customers)
        best.bound = 0;
    else
        TRY(prices_and_choices(&b, &best, choice, &sum, e));
    tell(&b, 850);
    if (p->customers && limited(&b))
        TRY(fill(&b, best.worth, choice, &sum, e));
    if (cancelled(&b))
        return err_set(e, ERR_BUSY, 0, "cancelled while treatments were allocated");
    *ret = (struct allocation){ .value = sum.value, .cost = sum.cost, .contacts = tally_used(&b, &sum, OF_CONTACTS),
                                .bound = fmax(best.bound, (double)sum.value),  // which rounding could set below
                                .money_worth = best.worth[OF_BUDGET], .contact_worth = best.worth[OF_CONTACTS],
                                .passes = b.passes };
    ret->gap = ret->bound - (double)ret->value;
    memcpy(ret->chosen, sum.count, sizeof ret->chosen);
    for (unsigned c = 0; c < p->channels; c++) {
        ret->used[c] = tally_used(&b, &sum, OF_CHANNEL + c);
        ret->channel_worth[c] = best.worth[OF_CHANNEL + c];
    }
    tell(&b, 1000);
    return ERR_OK;
}

/* What one more of a scarce thing is worth: the price at which customers take no more of it than there is. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "engine/allocate/allocate_room.h"

/* The search between two prices: too much is used at the lower, not too much at the higher. */
struct search {
    struct base *b;
    unsigned limit;
    const uint8_t *held;
    double *worth;                   // of the others; its own is written at each look
    double low, high;
    struct sweep at;                 // swings: those who choose otherwise at low and high
};

double bound_at(const struct base *b, const double *worth, const struct tally *sum)
{
    double bound = (double)sum->value;
    for (unsigned l = 0; l < b->limits; l++)
        if (worth[l] > 0)
            bound += worth[l] * ((double)b->limit[l] - (double)tally_used(b, sum, l));
    return bound;
}

static bool holds(const struct search *s, const struct tally *sum)
{
    return tally_used(s->b, sum, s->limit) <= s->b->limit[s->limit];
}

/* ---- two prices to begin with ---- */
static enum err_code bracket(struct search *s, double step, double least, uint8_t *choice, struct err *e)
{
    double worth_high[LIMITS_MOST];
    for (;; step *= 8) {
        for (unsigned l = 0; l < s->b->limits; l++)
            worth_high[l] = s->worth[l];
        s->worth[s->limit] = s->low;
        worth_high[s->limit] = s->high;
        TRY(sweep_all(s->b, s->worth, worth_high, s->held, choice, &s->at, e));
        if (!holds(s, &s->at.high)) {
            assert(s->high < DEAR);  // there nothing is used
            s->low = s->high;
            s->high = fmin(s->high + step, DEAR);
        } else if (s->low > least && holds(s, &s->at.low)) {
            s->high = s->low;
            s->low = fmax(s->low - step, least);
        } else {
            return ERR_OK;
        }
        free(s->at.swings.of);
    }
}

/* ---- the points between them where somebody changes their mind ---- */
/* Prices of all limits but this. */
static struct prices prices_without(const struct search *s)
{
    double own = s->worth[s->limit];
    s->worth[s->limit] = 0;
    struct prices ret = prices_of(s->b, s->worth);
    s->worth[s->limit] = own;
    return ret;
}

static double worth_without(const struct search *s, const struct prices *at, size_t row, uint8_t choice)
{
    const struct allocate_problem *p = s->b->p;
    if (choice == ALLOCATE_NOTHING)
        return 0;
    size_t place = choice * p->customers + row;
    return score_of(p->value[place], p->cost[place], at->money, at->of[choice]);
}

/* NaN: nowhere. */
static double turns_at(const struct search *s, const struct prices *without, struct swing one)
{
    int64_t more = use_of(s->b->p, one.row, one.low, s->limit) - use_of(s->b->p, one.row, one.high, s->limit);
    double gain = worth_without(s, without, one.row, one.low) - worth_without(s, without, one.row, one.high);
    return more ? gain / (double)more : NAN;
}

/* One between the two, of those who waver; false: they all change at an end. */
static bool between(const struct search *s, uint64_t turn, double *ret)
{
    const struct prices without = prices_without(s);
    size_t n = s->at.swings.n, from = n ? hash_mix(turn) % n : 0;
    for (size_t i = 0; i < n; i++) {
        double at = turns_at(s, &without, s->at.swings.of[(from + i) % n]);
        if (at > s->low && at < s->high) {
            *ret = at;
            return true;
        }
    }
    return false;
}

/* Those who waver decide at a price between, which takes the place of one of the two; who wavers no more leaves. */
static void narrow(struct search *s, double price, uint8_t *choice)
{
    struct swings *swings = &s->at.swings;
    const struct allocate_problem *p = s->b->p;
    s->worth[s->limit] = price;
    const struct prices at = prices_of(s->b, s->worth);
    struct tally sum = s->at.high;
    for (size_t i = 0; i < swings->n; i++) {
        const struct swing *one = &swings->of[i];
        sum_add(p, &sum, one->row, one->high, -1);
        choice[one->row] = choose(s->b, &at, one->row, s->held ? s->held[one->row] : HELD_FREE);
        sum_add(p, &sum, one->row, choice[one->row], 1);
    }
    bool high = holds(s, &sum);
    size_t kept = 0;
    for (size_t i = 0; i < swings->n; i++) {
        struct swing one = swings->of[i];
        *(high ? &one.high : &one.low) = choice[one.row];
        choice[one.row] = one.high;
        if (one.low != one.high)
            swings->of[kept++] = one;
    }
    swings->n = kept;
    *(high ? &s->high : &s->low) = price;
    *(high ? &s->at.high : &s->at.low) = sum;
}

/* Those left change their mind at one of the two ends, the higher first: as many as fit take the dearer choice. */
static void seat(const struct search *s, bool at_high, uint8_t *choice, struct tally *sum)
{
    const struct allocate_problem *p = s->b->p;
    const struct prices without = prices_without(s);
    int64_t room = s->b->limit[s->limit] - tally_used(s->b, sum, s->limit);
    for (size_t i = 0; i < s->at.swings.n; i++) {
        struct swing one = s->at.swings.of[i];
        int64_t more = use_of(p, one.row, one.low, s->limit) - use_of(p, one.row, one.high, s->limit);
        if (more > room || (turns_at(s, &without, one) >= s->high) != at_high)
            continue;
        room -= more;
        sum_add(p, sum, one.row, one.high, -1);
        sum_add(p, sum, one.row, one.low, 1);
        choice[one.row] = one.low;
    }
}

enum err_code price_one(struct base *b, unsigned limit, double step, const uint8_t *held, double *worth, uint8_t *choice,
                        struct tally *sum, double *bound, struct err *e)
{
    double least = held ? worth[limit] : 0, at;
    struct search s = { b, limit, held, worth, fmax(least, worth[limit] - step), fmin(worth[limit] + step, DEAR),
                        { .low = { 0 } } };
    TRY(bracket(&s, step, least, choice, e));
    if (holds(&s, &s.at.low)) {      // even at the least price
        for (size_t i = 0; i < s.at.swings.n; i++)
            choice[s.at.swings.of[i].row] = s.at.swings.of[i].low;
        worth[limit] = s.low;
        *sum = s.at.low;
        *bound = bound_at(b, worth, sum);
        free(s.at.swings.of);
        return ERR_OK;
    }
    for (uint64_t turn = 1; between(&s, turn, &at); turn++)
        narrow(&s, at, choice);
    worth[limit] = s.low;
    double bound_low = bound_at(b, worth, &s.at.low);
    worth[limit] = s.high;
    *bound = bound_at(b, worth, &s.at.high);
    if (bound_low < *bound) {
        worth[limit] = s.low;
        *bound = bound_low;
    }
    *sum = s.at.high;
    seat(&s, true, choice, sum);
    seat(&s, false, choice, sum);
    free(s.at.swings.of);
    return ERR_OK;
}

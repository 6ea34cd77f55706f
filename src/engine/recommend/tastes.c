#include "engine/recommend/tastes.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "engine/recommend/scored.h"

#define LANDMARK_HALVES 64.0         // half-lives after which the landmark moves
#define FORGOTTEN 1e-15              // of the event that moves it

/* An open table, free where the mass is 0. */
struct taste_cell {
    uint32_t code;
    double mass;                     // as of the landmark
};

double taste_weight(enum taste_event event)
{
    static const double weight[] = { 1, .3, .1 };
    assert((unsigned)event < sizeof weight / sizeof *weight);
    return weight[event];
}

void taste_init(struct taste *t, double half_life_ms)
{
    assert(half_life_ms > 0);
    *t = (struct taste){ .half_life_ms = half_life_ms };
}

void taste_drop(struct taste *t)
{
    free(t->cell);
    taste_init(t, t->half_life_ms);
}

/* Where the code is, or would be. There is a free cell. */
static struct taste_cell *cell_of(struct taste_cell *cell, uint32_t room, uint32_t code)
{
    uint64_t at = hash_mix((uint64_t)code + 1) & (room - 1);
    while (cell[at].mass > 0 && cell[at].code != code)
        at = (at + 1) & (room - 1);
    return cell + at;
}

/* Another table, its masses times a factor, without those that are then not above `least`. */
static bool rebuild(struct taste *t, uint32_t room, double factor, double least)
{
    struct taste_cell *cell = calloc(room, sizeof *cell);
    uint32_t n = 0;
    double all = 0;
    if (!cell)
        return false;
    for (uint32_t i = 0; i < t->room; i++) {
        double mass = t->cell[i].mass * factor;
        if (mass <= least)
            continue;
        *cell_of(cell, room, t->cell[i].code) = (struct taste_cell){ t->cell[i].code, mass };
        all += mass;
        n++;
    }
    free(t->cell);
    t->cell = cell;
    t->room = room;
    t->n = n;
    t->mass = all;
    return true;
}

static double halves(const struct taste *t, int64_t at_ms)
{
    return (double)(at_ms - t->landmark_ms) / t->half_life_ms;
}

static enum err_code add_mass(struct taste *t, uint32_t code, double mass, struct err *e)
{
    if (mass <= 0)  // it happened so long ago that nothing is left of it
        return ERR_OK;
    struct taste_cell *cell = t->room ? cell_of(t->cell, t->room, code) : NULL;
    if (!cell || cell->mass <= 0) {
        if (t->n >= TASTE_CODES_MAX)
            return err_set(e, ERR_LIMIT, code, "a taste has at most %d codes", TASTE_CODES_MAX);
        if (4 * (t->n + 1) > 3 * t->room && !rebuild(t, t->room ? 2 * t->room : 4, 1, 0))
            return err_set(e, ERR_LIMIT, code, "no memory for a taste of %u codes", t->n + 1);
        cell = cell_of(t->cell, t->room, code);
        cell->code = code;
        t->n++;
    }
    cell->mass += mass;
    t->mass += mass;
    return ERR_OK;
}

/* Moves the landmark to an event so far ahead that masses would grow out of bounds. */
static enum err_code landmark_follow(struct taste *t, int64_t at_ms, double weight, struct err *e)
{
    if (t->n == 0)
        t->landmark_ms = at_ms;
    if (halves(t, at_ms) <= LANDMARK_HALVES)
        return ERR_OK;
    if (!rebuild(t, t->room, exp2(-halves(t, at_ms)), weight * FORGOTTEN))
        return err_set(e, ERR_LIMIT, 0, "no memory for a taste of %u codes", t->n);
    t->landmark_ms = at_ms;
    return ERR_OK;
}

enum err_code taste_add(struct taste *t, uint32_t code, int64_t at_ms, double weight, struct err *e)
{
    if (!(weight > 0) || isinf(weight))
        return err_set(e, ERR_INVALID, code, "an event weighs %g: it must be a number above 0", weight);
    TRY(landmark_follow(t, at_ms, weight, e));
    return add_mass(t, code, weight * exp2(halves(t, at_ms)), e);
}

static enum err_code add_all(struct taste *t, const struct taste *from, struct err *e)
{
    if (from->n == 0)
        return ERR_OK;
    TRY(landmark_follow(t, from->landmark_ms, from->mass, e));
    double factor = exp2(halves(t, from->landmark_ms));
    for (uint32_t i = 0; i < from->room; i++)
        TRY(add_mass(t, from->cell[i].code, from->cell[i].mass * factor, e));
    return ERR_OK;
}

enum err_code taste_merge(struct taste *t, const struct taste *from, struct err *e)
{
    assert(t->half_life_ms >= from->half_life_ms && t->half_life_ms <= from->half_life_ms);
    struct taste both;
    taste_init(&both, t->half_life_ms);
    enum err_code code = add_all(&both, t, e);
    if (!code)
        code = add_all(&both, from, e);
    taste_drop(code ? &both : t);
    if (!code)
        *t = both;
    return code;
}

static double mass_of(const struct taste *t, uint32_t code)
{
    return t->room ? cell_of(t->cell, t->room, code)->mass : 0;
}

static double shop_share(struct taste_prior prior, uint32_t code)
{
    return prior.shop && prior.shop->mass > 0 ? mass_of(prior.shop, code) / prior.shop->mass : 0;
}

double taste_evidence(const struct taste *t, int64_t now_ms)
{
    return t->mass * exp2(-halves(t, now_ms));
}

/* A share's numerator: what the code weighs now, in purchases. */
static double weight_of(const struct taste *t, struct taste_prior prior, uint32_t code, int64_t now_ms)
{
    return mass_of(t, code) * exp2(-halves(t, now_ms)) + prior.events * shop_share(prior, code);
}

double taste_share(const struct taste *t, struct taste_prior prior, uint32_t code, int64_t now_ms)
{
    double all = taste_evidence(t, now_ms) + prior.events;
    return all > 0 ? weight_of(t, prior, code, now_ms) / all : 0;
}

static double mean_of(const struct taste *t)
{
    double sum = 0;
    for (uint32_t i = 0; i < t->room; i++)
        sum += t->cell[i].mass * t->cell[i].code;
    return sum / t->mass;
}

double taste_mean(const struct taste *t, struct taste_prior prior, int64_t now_ms)
{
    double own = taste_evidence(t, now_ms), others = prior.shop && prior.shop->mass > 0 ? prior.events : 0;
    if (own + others <= 0)
        return NAN;
    return ((own > 0 ? own * mean_of(t) : 0) + (others > 0 ? others * mean_of(prior.shop) : 0)) / (own + others);
}

size_t taste_best(const struct taste *t, struct taste_prior prior, int64_t now_ms, struct taste_code *ret, size_t max)
{
    struct scored best[TASTE_BEST_MAX];
    size_t n = 0;
    assert(max > 0 && max <= TASTE_BEST_MAX);
    for (uint32_t i = 0; i < t->room; i++) {
        uint32_t code = t->cell[i].code;
        if (t->cell[i].mass > 0)
            n = scored_keep(best, n, max, (struct scored){ .item = code, .score = (float)taste_share(t, prior, code, now_ms) });
    }
    for (size_t i = 0; i < n; i++)
        ret[i] = (struct taste_code){ best[i].item, taste_share(t, prior, best[i].item, now_ms) };
    return n;
}

struct taste_favourite taste_favourite(const struct taste *t, struct taste_prior prior, struct taste_limits limits,
                                       int64_t now_ms)
{
    struct taste_code best[2];
    struct taste_favourite ret = { .evidence = taste_evidence(t, now_ms) };
    size_t n = taste_best(t, prior, now_ms, best, 2);
    if (n == 0)
        return ret;
    double first = weight_of(t, prior, best[0].code, now_ms), second = n > 1 ? weight_of(t, prior, best[1].code, now_ms) : 0;
    ret.code = best[0].code;
    ret.share = best[0].share;
    ret.shop_share = shop_share(prior, ret.code);
    ret.sure = first > 0 ? erfc(-(first - second) / sqrt(2 * (first + second))) / 2 : 0;  // counts' difference, as McNemar's
    ret.known = ret.evidence >= limits.evidence && ret.sure >= limits.sure;
    return ret;
}

/* What a customer likes: shares of categories, brands, price levels, hours or channels among what they did, the latest first.
 *
 * Model    an event at t with weight w counts w * 2^-((now - t) / half_life); a code's mass is the sum over its events, and the
 *          evidence the sum over all. Shares are smoothed towards the shop's own (Dirichlet, `prior` events strong):
 *              share(code) = (mass + prior * shop's share) / (evidence + prior).
 *          The shop is a taste as well, fed with everybody's events.
 * Method   forward decay (Cormode, Shkapenyuk, Srivastava and Xu 2009): masses are kept as of a landmark and only compared at
 *          the end, so that an event costs O(1), late ones too, and time passing nothing. An event more than 64 half-lives
 *          after the landmark moves it, and codes below 1e-15 of that event are forgotten.
 * Units    times in ms; weights in purchases. now is not before the latest event.
 * Memory   40 bytes, and 16 for each cell of a table that is 3/8 to 3/4 full; owned by the taste, taste_drop.
 * Errors   ERR_INVALID a weight that is not a number above 0; ERR_LIMIT more than TASTE_CODES_MAX codes, or no memory. The
 *          taste then says what it said before.
 */
#ifndef TENDERO_ENGINE_RECOMMEND_TASTES_H
#define TENDERO_ENGINE_RECOMMEND_TASTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define TASTE_CODES_MAX 4096
#define TASTE_BEST_MAX 32

enum taste_event { TASTE_BOUGHT, TASTE_ADDED, TASTE_VIEWED };
/* What an event is worth, in purchases: 1, 0.3 and 0.1. */
double taste_weight(enum taste_event);

struct taste_cell;
struct taste {
    double half_life_ms;
    int64_t landmark_ms;
    double mass;                     // of all codes
    struct taste_cell *cell;
    uint32_t n, room;
};
struct taste_prior {
    const struct taste *shop;        // or NULL: what is not known goes to no code
    double events;                   // at least 0; 2
};
void taste_init(struct taste *, double half_life_ms);
void taste_drop(struct taste *);
MUST_CHECK enum err_code taste_add(struct taste *, uint32_t code, int64_t at_ms, double weight, struct err *e);
/* Adds what another knows, of the same half-life: two customers who turn out to be one. */
MUST_CHECK enum err_code taste_merge(struct taste *, const struct taste *from, struct err *e);

double taste_evidence(const struct taste *, int64_t now_ms);
double taste_share(const struct taste *, struct taste_prior, uint32_t code, int64_t now_ms);
/* The mean of codes that are levels, price levels say, smoothed like the shares; NAN: neither customer nor shop is known. */
double taste_mean(const struct taste *, struct taste_prior, int64_t now_ms);
/* The codes the customer had to do with that have the greatest shares, best first, equals by code: how many, at most max <=
 * TASTE_BEST_MAX. */
struct taste_code {
    uint32_t code;
    double share;
};
size_t taste_best(const struct taste *, struct taste_prior, int64_t now_ms, struct taste_code *ret, size_t max);

struct taste_favourite {
    bool known;
    uint32_t code;                   // also where it is not known: the first of its codes; share is 0 where there is none
    double share, shop_share, evidence;
    double sure;                     // the chance that it is really ahead of the second, 0..1: normal approximation
};
struct taste_limits {
    double evidence;                 // purchases' worth; 3
    double sure;                     // .8
};
/* Unknown below the limits. */
struct taste_favourite taste_favourite(const struct taste *, struct taste_prior, struct taste_limits, int64_t now_ms);

#endif

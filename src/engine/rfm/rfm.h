/* Recency, frequency, value: five scores each, and a tier.
 *
 * Source  Hughes (1994), "Strategic Database Marketing": quintiles of recency, frequency and monetary value
 *         among those who bought. Here by exact quintile cuts of the whole base; equal values get equal
 *         scores (no arbitrary split of ties).
 * Units   recency in days since the last order, frequency in orders, value in micro (net of refunds).
 * Tiers   the first rule that fits, tables in rfm.c:
 *           prospect   nothing bought          new        one order, r >= 4
 *           champion   r >= 4, f >= 4, m >= 4  loyal      r >= 3, f >= 3
 *           promising  r >= 3                  at_risk    r <= 2 and (f >= 3 or m >= 4)
 *           asleep     the rest
 */
#ifndef TENDERO_ENGINE_RFM_RFM_H
#define TENDERO_ENGINE_RFM_RFM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum tier { TIER_CHAMPION, TIER_LOYAL, TIER_PROMISING, TIER_NEW, TIER_AT_RISK, TIER_ASLEEP, TIER_PROSPECT,
            TIERS };
const char *tier_name(enum tier);
int tier_parse(const char *at, size_t len);  // -1: no such tier

struct rfm {
    double recency_days;  // ignored when frequency is 0
    uint32_t frequency;
    int64_t value_micro;
};
/* Upper bounds of scores: recency_days <= r[0] scores 5, <= r[1] 4 …; frequency and value >= f[0] score 5 … */
struct rfm_cuts {
    double r[4];
    uint32_t f[4];
    int64_t m[4];
    uint32_t buyers;  // 0: no cuts; every score is 3
};
struct rfm_scores { int r, f, m; };  // 1 (worst) .. 5 (best)

/* Cuts of n customers; those with frequency 0 are left out. Sorts scratch copies: ERR_LIMIT. */
MUST_CHECK enum err_code rfm_fit(const struct rfm *of, size_t n, struct rfm_cuts *ret, struct err *e);
struct rfm_scores rfm_score(const struct rfm_cuts *, struct rfm);
enum tier rfm_tier(struct rfm_scores, uint32_t frequency);

#endif

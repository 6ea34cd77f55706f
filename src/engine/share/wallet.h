/* Share of customer: what part of their spending in a category a customer leaves with us, and how much is within reach.
 *
 * Model    what we sell them (own) is known, what they spend in all (wallet) is not. potential = the 90th percentile of own
 *          spend of customers alike: those who leave nearly everything with us (Rosset, Perlich, Zadrozny, Merugu, Weiss and
 *          Lawrence 2007, "Wallet estimation models"), of log(1 + own / mean), by boosted trees, and by less while the peer
 *          group is small. ln wallet is normal round ln potential + shift, by as much as wallets that customers or surveys
 *          declared lie round it; these count for the customers themselves, too, by the reliability of their source: the part
 *          of the variance of such figures that is not noise. Of a wallet any share is as likely to be ours before our own
 *          sales are seen: these make it own at least, and 1 / wallet as likely.
 * Unknown  a share is NaN where the peer group is too small or its interval is wider than width_most; the wallet too in the
 *          first case.
 * Units    money of one period; reliability above 0, up to 1.
 * Shape    one wallet for each category and peer group; columns of n rows, feature f of row i at [f * n + i], NaN not known.
 *          All customers who could buy in the category are to be there, with own 0 if they do not.
 * Memory   one object, wallet_drop; scratch of rows_most * (2 * features + 40) bytes while fitting.
 * Errors   ERR_INVALID, ERR_LIMIT; ERR_BUSY when *cancel turned true.
 */
#ifndef TENDERO_ENGINE_SHARE_WALLET_H
#define TENDERO_ENGINE_SHARE_WALLET_H

#include "engine/share/quantile_trees.h"

struct wallet_rows {
    size_t n;
    unsigned features;
    const float *feature, *own;
    const float *declared;           // NaN: not by this customer; NULL: by nobody. Below own it counts as own
    const float *reliability;        // of what is declared
};
/* How a potential is found. By size: trees from trees_least customers, else Tobin's regression where there are ten buyers for
 * each of its coefficients, else the group's own quantile for all in it. */
enum wallet_by { WALLET_BY_SIZE, WALLET_BY_TREES, WALLET_BY_TOBIT, WALLET_BY_GROUP };
struct wallet_options {
    struct quantile_trees_options trees;  // its quantile is the potential's in all cases
    enum wallet_by by;
    uint32_t group_least;            // below this a group is unknown; 50
    uint32_t trees_least;            // 2000
    uint32_t rows_most;              // to fit; of more every so many; 200000
    double spread;                   // standard deviation of ln wallet until enough is declared; .8
    double interval;                 // the chance that a wallet is within its interval; .8
    double width_most;               // of the interval of a share that is published; .6
};
struct wallet_options wallet_options_usual(void);

struct wallet;
MUST_CHECK enum err_code wallet_fit(const struct wallet_rows *, const struct wallet_options *, struct wallet **ret,
                                    struct err *e);
void wallet_drop(struct wallet **);

/* What a fit found. */
struct wallet_summary {
    uint64_t customers, buyers, declared;
    enum wallet_by by;
    unsigned trees;
    double shift, spread;            // of ln wallet round ln potential
};
struct wallet_summary wallet_summary(const struct wallet *);

/* Columns of n, owned by the caller. */
struct wallet_shares {
    float *potential, *wallet, *wallet_low, *wallet_high;
    float *share, *share_low, *share_high;
};
/* ERR_INVALID: other features than those of the fit, own below 0 or no number, a reliability out of range. */
MUST_CHECK enum err_code wallet_of(const struct wallet *, const struct wallet_rows *, const struct wallet_shares *ret,
                                   struct err *e);

#endif

/* The models of how often customers buy again, side by side: what is asked of any of them, whichever it is.
 *
 * Shape   parameters are arrays, in the order of their names and of the model's own header; times are in the buyers' unit.
 */
#ifndef TENDERO_ENGINE_CLV_KINDS_H
#define TENDERO_ENGINE_CLV_KINDS_H

#include "base/slice.h"
#include "engine/clv/buyers.h"
#include "engine/clv/fit.h"

#define KIND_PARAMETERS 5            // at most
enum kind_name { KIND_BG_NBD, KIND_MBG_NBD, KIND_PARETO_NBD, KIND_GGOMPERTZ_NBD, KIND_BG_BB, KINDS };

struct kind {
    const char *name;
    size_t n;                        // parameters
    const char *parameter[KIND_PARAMETERS];
    unsigned form;                   // of the argument of its likelihood
    bool discrete;                   // time goes by opportunities
    /* What a covariate that is one more does to the logarithm of each parameter, times its effect: on how often they buy, and
     * on how soon they leave. */
    signed char rate[KIND_PARAMETERS], leaving[KIND_PARAMETERS];
    struct surface (*surface)(const struct buying *);
    enum err_code (*fit)(const struct buyers *, struct fit *, struct err *);
    /* As in bg_nbd.h; of one who is alive: what is to come in a time t. */
    double (*expected)(const double *at, double t);
    double (*chance)(const double *at, uint32_t n, double t);
    double (*alive)(const double *at, double x, double tx, double T);
    double (*to_come)(const double *at, double x, double T, double t);
    double (*chance_to_come)(const double *at, double x, double T, uint32_t n, double t);
};
extern const struct kind buying_kinds[KINDS];

/* NULL: there is none of the name. */
const struct kind *kind_of(struct slice name);
/* at: the parameters. */
MUST_CHECK enum err_code kind_fit(const struct kind *, const struct buyers *, double *at, struct fit *, struct err *e);
/* Between which each parameter lies (fit.h). */
void kind_intervals(const struct kind *, const struct buyers *, const struct fit *, double *low, double *high);
/* Purchases that one makes in the time t to come: the mean; and between which numbers they lie, with that chance at least. */
double kind_expected_of(const struct kind *, const double *at, double x, double tx, double T, double t);
struct purchase_range {
    uint32_t low, high;
};
struct purchase_range kind_range(const struct kind *, const double *at, double x, double tx, double T, double t, double chance);

#endif

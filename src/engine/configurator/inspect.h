/* What is wrong with a product model before anybody sees it.
 *
 * Void            nothing satisfies its rules.
 * Dead            a feature that no design has.
 * Core            a feature that each design has.
 * False optional  one that is optional by its group, but that each design with its parent has.
 * Redundant       a constraint that follows from all other rules. Each is judged alone: of two that say the same, both are.
 * Source          Benavides, Segura, Ruiz-Cortés: Automated analysis of feature models 20 years later (2010), section 4.
 * Cost            a call of the solver or two for each feature, and one for each clause of a constraint.
 * Errors          ERR_LIMIT without memory; ERR_BUSY when *cancel turned true.
 */
#ifndef TENDERO_ENGINE_CONFIGURATOR_INSPECT_H
#define TENDERO_ENGINE_CONFIGURATOR_INSPECT_H

#include <stdatomic.h>

#include "engine/configurator/explain.h"

struct feature_list {
    uint32_t *at, n;
};
struct inspection {
    bool is_void;                    // then the lists are empty, and `why` are rules that contradict each other
    struct feature_list dead, core, false_optional;
    struct feature_list redundant;   // constraints of the model
    struct conflict why;
};
MUST_CHECK enum err_code inspect_model(const struct uvl_model *, const struct encoding *, struct explainer *, struct arena *mem,
                                 const atomic_bool *cancel, struct inspection *ret, struct err *e);

#endif

/* The DMN Technology Compatibility Kit (dmn-tck.github.io): runs a file of test cases against its model.
 *
 * Source   testCases.xsd of the kit. A case is one <testCase>; it passes when each of its <resultNode> has its value.
 * Numbers  are equal when they differ by less than 10^-8 of the wanted one (results of exp, log and powers are given
 *          to a few digits); everything else is FEEL's =, members of lists and contexts alike.
 */
#ifndef TENDERO_ENGINE_DMN_TCK_H
#define TENDERO_ENGINE_DMN_TCK_H

#include "engine/dmn/dmn.h"

struct tck_case {
    struct slice id;
    bool passed;
    struct slice why;    // of one that fails: the result, what was wanted and what came
};
struct tck {
    const struct dmn *model;         // NULL: it could not be loaded, each case fails
    const struct zones *zones;
    int64_t now_ms;
    struct arena *scratch;           // reset for each case
    void (*done)(void *arg, const struct tck_case *);  // slices live during the call
    void *arg;
};
/* ERR_INVALID: the file holds no test cases. */
MUST_CHECK enum err_code tck_run(const struct tck *, struct slice file, struct err *e);
/* The model's file that the cases name; empty: none. */
MUST_CHECK enum err_code tck_model_name(struct slice file, struct arena *mem, struct slice *ret, struct err *e);

#endif

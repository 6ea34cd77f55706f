/* Where a rule can only give null because what it joins does not fit together: a text and a number added, a member that
 * there is none of, a comparison of two kinds.
 *
 * Method   the rule is worked out by the interpreter for many samples of what its names may be, and each node is watched:
 *          one whose parts had values, and that never gave one itself, is found, with what the interpreter said of it.
 *          So there is no second meaning of FEEL, and what a sample cannot reach is not spoken of.
 * Not told positions in lists (samples are short), and null that is written down or comes from an input.
 */
#ifndef TENDERO_ENGINE_FEEL_PROBE_H
#define TENDERO_ENGINE_FEEL_PROBE_H

#include "engine/feel/eval.h"

#define PROBE_RUNS 64u

/* A name and what it may be. No sample: nothing is known of it, it is null. */
struct probe_name {
    struct slice name;
    const struct value *sample;
    size_t n;
};
/* Adds the texts and numbers that the tree names to n of them; how many there are then. */
#define PROBE_LITERALS 64u
size_t probe_literals(const struct node *tree, struct value *literal, size_t n, size_t max);
/* Values of a type, null aside, the literals of the rule among them; none for Any. In mem; false: memory. */
bool probe_samples(const struct type *, const struct value *literal, size_t n_literals, struct arena *mem,
                   struct probe_name *ret);
/* A context of one sample of each name, another one in each run; every eighth is null. NULL: memory. */
const struct value_context *probe_inputs(const struct probe_name *, size_t n, unsigned run, struct arena *mem);

struct probe;
MUST_CHECK enum err_code probe_new(struct probe **ret, struct err *e);
void probe_drop(struct probe **);
/* The evaluation is watched from now on. */
void probe_watch(struct probe *, struct eval *);
/* What was said of the node, if it was found; NULL: it was not. Lives as long as the probe. */
const char *probe_said(const struct probe *, const struct node *);
/* Where in the text it is shown: of an "if" its condition. */
uint32_t probe_at(const struct node *);
/* The first node of the tree that was found, behind `after` (NULL: from the first on), in the order of the text. */
const struct node *probe_next(const struct probe *, const struct node *tree, const struct node *after);

#endif

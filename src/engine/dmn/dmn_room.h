/* What the files of engine/dmn share. Private to them.
 *
 * Boxed expressions become FEEL trees, so that one interpreter runs all: a context is a NODE_CONTEXT, an invocation a
 * NODE_CALL; a decision table, a declared type and a relation's row are NODE_FOREIGN.
 * Memory  every function that answers NULL or false for want of memory has set load->full.
 */
#ifndef TENDERO_ENGINE_DMN_DMN_ROOM_H
#define TENDERO_ENGINE_DMN_DMN_ROOM_H

#include "engine/dmn/dmn.h"
#include "engine/dmn/table.h"
#include "engine/feel/parse.h"
#include "text/xml.h"

struct element {
    struct dmn_element is;           // first: what the outside sees
    const struct dmn *model;
    size_t index;                    // among the model's elements
    const struct xml *xml;
    size_t n_requires;
    struct requirement {
        const struct element *what;
        size_t import;               // by which of the model's imports; SIZE_MAX: its own
    } *require;
    const struct node *logic;        // of a decision; the body of a knowledge model; NULL: none
    size_t n_parameters;             // of a knowledge model or a service
    struct value_parameter *parameter;
    const struct element **given;    // service: the element that each parameter stands for
    size_t n_outputs;
    const struct element **output;   // service
};

struct import {
    struct slice name, ns;           // an empty name: its elements stand among the model's own
    const struct dmn *model;         // NULL: not found, a diag says so
};

/* The values that a type admits. */
struct allowed {
    const struct node *tests;        // NODE_TESTS
    const struct dmn_options *options;
    const struct type *base;         // has a constraint of its own; NULL: none
};

struct item {
    struct slice name;
    const struct xml *xml;
    struct type *type;               // NULL: not looked at yet
    bool busy;                       // being built
};

/* A text of FEEL as the file has it. */
struct dmn_text {
    const struct xml *xml;
    const struct node *node, *typed;     // typed: what sees to its declared type; NULL: nothing does
    struct slice element;                // "decision 'Approval', rule 3, input 2"
    bool tests;
};

struct dmn {
    struct arena *mem;
    struct dmn_options options;
    struct slice ns;
    size_t n_elements, n_imports, n_items;
    struct element **element;
    struct import *import;
    struct item *item;
    struct dmn_text *text;
    size_t n_texts, texts_cap;
};

struct load {
    struct dmn *dmn;
    struct arena *mem;
    const struct xml *root;
    struct err *e;
    bool full;                       // memory is exhausted, or a limit met: the load fails
    struct slice where;              // "decision 'Approval'", for diags
    struct slice *names;             // known to the text that is read
    size_t n_names, cap_names;
    bool members;                    // inside of a filter: a name may be a member of the items
    size_t n_rules;
    const struct dmn_diag *first;
    struct dmn_diag **last;
    struct slice part;               // "rule 3, input 2" of it
};

void *load_room(struct load *, size_t n, size_t size);
#define load_array(l, T, n) ((T *)load_room((l), (n), sizeof(T)))
#define load_one(l, T) load_array(l, T, 1)
void load_flaw(struct load *, const struct xml *at, const char *fmt, ...) PRINTF_LIKE(3, 4);
struct slice load_name(struct load *, struct slice);
bool load_know(struct load *, struct slice name);  // until n_names is set back
/* Text of a FEEL expression or of unary tests that stands in an element; NULL: it does not parse and a diag says so,
 * or memory is exhausted. */
struct node *load_feel(struct load *, const struct xml *text, bool tests);

/* items.c */
bool items_load(struct load *);
/* What a typeRef means in the model; NULL for an empty one and, with a diag, for an unknown one. */
const struct type *items_type(struct load *, struct slice ref, const struct xml *at);
/* Types that the tree names get their meaning. */
void items_bind(struct load *, struct node *, const struct xml *at);
/* The tests of a type that allows some values only; NULL: none. */
const struct node *items_allowed(const struct type *);
/* Three-valued: is the value one of those that the tests name? */
enum value_eq allowed_has(const struct allowed *, struct value);

/* boxed.c */
/* The first boxed expression among the children behind `after` (NULL: from the first on); NULL: there is none. */
const struct xml *boxed_child(const struct xml *parent, const struct xml *after);
/* Its tree; a part that has a flaw is the literal null. NULL: memory is exhausted. */
struct node *boxed_node(struct load *, const struct xml *);
struct node *boxed_typed(struct load *, struct node *, const struct type *);
struct node *node_make(struct load *, enum node_kind, uint32_t kids);
/* To be called when the kids are set. */
struct node *node_made(struct node *);
struct node *node_null(struct load *);
/* formalParameter elements of a function; SIZE_MAX: memory. */
bool boxed_parameters(struct load *, const struct xml *, size_t *n, struct value_parameter **ret);

/* table_load.c */
struct node *table_node(struct load *, const struct xml *);

/* decide.c */
struct value dmn_value(const struct element *, const struct value_context *inputs, struct eval *);

#endif

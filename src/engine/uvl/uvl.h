/* The Universal Variability Language: the text of a product model, read into a tree.
 *
 * Source   the grammar of Universal-Variability-Language/uvl-parser (UVLParser.g4, UVLLexer.g4; version of 2026) and "Yet
 *          Another Textual Variability Language?" (Sundermann et al., VaMoS 2021): levels Boolean, Arithmetic and Type with all
 *          their minor levels, and imports.
 * Blocks   are made by indentation, of tabs (each to the next multiple of 4) or blanks; lines within brackets and braces, blank
 *          lines and comments do not count. "a" and a are the same name; names in quotes may hold anything but a line's end, a
 *          quote and a point. Without quotes a name may begin with _ or a digit, too, and hold letters of all alphabets.
 *          Sections may come in any order, imports before features.
 * Meaning  A feature is selected only together with its parent. A selected parent needs of its groups: `mandatory` each child,
 *          `or` at least one, `alternative` just one, [m..n] from m to n of them. Of a feature with `cardinality [m..n]` there
 *          are m to n instances, each with a choice of its own below it; under `mandatory` m is at least 1 (uvl-lsp #140 leaves
 *          it open; `faults` warns of [0..n] there).
 * Order    features are in the order of the text, each before those below it; feature 0 is the root. Imported features stand
 *          where they are referred to, their names beginning with the alias; what is said of one there (type, cardinality,
 *          attributes, groups) is added.
 * Faults   as many as are found, UVL_FAULTS_MAX at most, each with file, line, column and a remedy: after one, reading goes on
 *          with the next line. They are in the order of files and places. A model with an error among them is not to be used.
 *          An attribute that a feature or all of them lack is a warning: public models ask for such.
 * Memory   everything lives in the arena that is given; texts are copied.
 * Errors   ERR_INVALID: there are errors (the first is in *e, "file:line:column: ..."), and *ret has the faults and what could
 *          be read; ERR_LIMIT without memory, or above UVL_DEPTH_MAX, UVL_FEATURES_MAX, UVL_IMPORTS_MAX: *ret is untouched.
 */
#ifndef TENDERO_ENGINE_UVL_UVL_H
#define TENDERO_ENGINE_UVL_UVL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

#define UVL_NONE UINT32_MAX
#define UVL_MANY UINT32_MAX          // [1..*]
#define UVL_DEPTH_MAX 200            // of features, of brackets, of imports
#define UVL_FEATURES_MAX 1000000
#define UVL_IMPORTS_MAX 1000
#define UVL_FAULTS_MAX 100

struct uvl_place {
    uint32_t file;                   // of the model's files
    uint32_t line, column;           // from 1; columns are code points
};

/* ---- what is said of a feature ---- */
enum uvl_value_kind { UVL_EMPTY, UVL_TRUTH, UVL_NUMBER, UVL_TEXT, UVL_LIST, UVL_MAP };
struct uvl_value {
    enum uvl_value_kind kind;
    bool truth;
    bool is_integer;                 // of a number: written without a point
    struct slice text;               // of a number as it is written, of a text without its quotes
    double number;
    struct uvl_value *list;          // n
    struct uvl_attribute *map;       // n
    uint32_t n;
};
struct uvl_attribute {
    struct slice name;
    struct uvl_place place;
    struct uvl_value value;          // UVL_EMPTY: only its name, which is as good as true
};

enum uvl_type { UVL_BOOLEAN, UVL_INTEGER, UVL_REAL, UVL_STRING };
struct uvl_feature {
    struct slice name;               // in full: "alias.name" of what is imported
    struct uvl_place place;
    enum uvl_type type;
    bool abstract;                   // {abstract} or {abstract true}
    bool cloned;                     // has a cardinality of its own
    uint32_t min, max;               // of it; 1 and 1
    uint32_t parent, in;             // the feature and the group that it stands in; UVL_NONE for the root
    uint32_t *group, groups;         // below it, of the model's groups
    struct uvl_attribute *attribute; // constraints among them are in the model's list
    uint32_t attributes;
};

enum uvl_group_kind { UVL_MANDATORY, UVL_OPTIONAL, UVL_OR, UVL_ALTERNATIVE, UVL_CARDINALITY };
struct uvl_group {
    enum uvl_group_kind kind;
    uint32_t min, max;               // of UVL_CARDINALITY; [3] is 3 and 3
    uint32_t of;                     // the feature that it is below
    uint32_t *child, children;
    struct uvl_place place;
};

/* ---- constraints ---- */
enum uvl_op {
    UVL_OP_FEATURE,                  // it is selected; in an equation its value, of a Boolean feature 1 or 0
    UVL_OP_ATTRIBUTE,                // of a feature, by its path: feature.map.name; it may be missing (a warning)
    UVL_OP_NUMBER, UVL_OP_TEXT, UVL_OP_TRUTH,
    UVL_OP_NOT, UVL_OP_AND, UVL_OP_OR, UVL_OP_IMPLIES, UVL_OP_EQUIVALENT,
    UVL_OP_EQ, UVL_OP_NE, UVL_OP_LT, UVL_OP_LE, UVL_OP_GT, UVL_OP_GE,
    UVL_OP_ADD, UVL_OP_SUB, UVL_OP_MUL, UVL_OP_DIV,
    UVL_OP_SUM, UVL_OP_AVG,          // of attribute `text` over the selected features at and below `feature` (UVL_NONE: all);
                                     // without `text` of the values of `feature` itself, over its instances
    UVL_OP_LEN, UVL_OP_FLOOR, UVL_OP_CEIL  // of a
};
/* Operators bind, the strongest first: ! & | => <=>, as in the public tools; => is to the right, the others to the left. */
struct uvl_expr {
    enum uvl_op op;
    uint32_t a, b;                   // expressions; UVL_NONE where there is none
    uint32_t feature;
    struct slice text;               // attribute path, name of the attribute, text, number as written
    double number;
    bool truth;
    struct uvl_place place;
};
struct uvl_constraint {
    uint32_t first, expr;            // its expressions, each behind its operands: first .. expr, which is the whole
    uint32_t of;                     // the feature whose attribute it is: it holds where that is selected; UVL_NONE: everywhere
    struct uvl_place place;
    struct slice text;               // as written, for explanations
};

struct uvl_fault {
    bool warning;
    struct uvl_place place;
    struct slice text;               // one sentence, with the remedy
};

struct uvl_model {
    struct slice name;               // `namespace`, else the file's name
    struct slice *file;
    uint32_t files;
    struct uvl_feature *feature;
    struct uvl_group *group;
    struct uvl_expr *expr;
    struct uvl_constraint *constraint;
    struct uvl_fault *fault;
    uint32_t features, groups, exprs, constraints, faults;
    bool arithmetic, typed;          // what it needs above the Boolean level
    uint32_t *slot, slots;           // for uvl_feature_find
};

/* Gives the text of what is imported: "nested.nested_sub" of a model in folder F is F/nested/nested_sub.uvl. Without a reader
 * imports are faults. The text must last until uvl_read returns; what is imported and not used is not read. */
struct uvl_reader {
    enum err_code (*read)(void *self, struct slice file, struct arena *mem, struct slice *ret, struct err *e);
    void *self;
};
MUST_CHECK enum err_code uvl_read(struct slice text, struct slice file, const struct uvl_reader *, struct arena *mem,
                                  struct uvl_model *ret, struct err *e);

/* UVL_NONE: there is none of that name. */
uint32_t uvl_feature_find(const struct uvl_model *, struct slice name);
/* The value of an attribute by its path; NULL: it has none. */
const struct uvl_value *uvl_attribute_find(const struct uvl_feature *, struct slice path);
/* "file:line:column: text", in the arena. */
struct slice uvl_fault_text(const struct uvl_model *, const struct uvl_fault *, struct arena *mem);

#endif

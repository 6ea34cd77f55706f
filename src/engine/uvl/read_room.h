/* What the files of uvl_read share: the model as it grows, and the text that is being read.
 *
 * A syntax fault is noted where it is found and the line is left; functions that return bool return false then. ERR_LIMIT is
 * kept in `code`: from then on every token is TOKEN_END, so that all loops end.
 */
#ifndef TENDERO_ENGINE_UVL_READ_ROOM_H
#define TENDERO_ENGINE_UVL_READ_ROOM_H

#include "engine/uvl/lex.h"

/* Names as they are written, beside the expressions of the model with the same index. */
struct names {
    struct slice path, within;       // `within` of sum and avg: the feature
    bool quoted;
};

struct operator {
    int kind;                        // of its token; TOKEN_NAME: a function
    enum uvl_op op;
    struct uvl_place place;
};

struct reading {
    struct arena *mem;
    const struct uvl_reader *reader;
    struct uvl_model m;
    struct slice *text;              // m.files: copies in the arena
    struct names *names;             // m.exprs
    struct slice *prefix;            // m.constraints: of the file that each stands in
    struct uvl_attribute *attribute; // those of braces that are open
    struct uvl_value *value;         // those of brackets that are open
    struct operator *operator;
    uint32_t *operand;
    size_t text_cap, file_cap, feature_cap, group_cap, expr_cap, names_cap, constraint_cap, prefix_cap;
    size_t attributes, attribute_cap, values, value_cap, operators, operator_cap, operands, operand_cap;
    uint32_t errors, imports;
    uint64_t near_left;              // work that looking for similar names may still take
    enum err_code code;
    struct err *e;
};

struct import {
    struct slice path, alias;        // parts joined by points
    struct uvl_place place;
    bool used;
};

/* One text: the model itself, or what it imports where a feature refers to it. */
struct parse {
    struct reading *r;
    struct lex lex;
    struct token token;
    size_t last_end;                 // of the token before
    struct slice file, folder;
    struct slice prefix;             // of its features
    uint32_t at, in;                 // where the root stands
    uint32_t depth;                  // of it
    uint32_t imports_open;
    const struct parse *importer;
    struct import *import;
    size_t imports, import_cap;
    uint32_t first;                  // its root; UVL_NONE: none yet
    uint32_t feature;                // whose attributes are read
};

/* fault.c */
bool uvl_read_fault(struct reading *, struct uvl_place, const char *fmt, ...) PRINTF_LIKE(3, 4);
void uvl_read_warning(struct reading *, struct uvl_place, const char *fmt, ...) PRINTF_LIKE(3, 4);
void uvl_read_limit(struct reading *, struct uvl_place, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool uvl_read_memory(struct reading *, bool there);  // false, and ERR_LIMIT, when there is none
/* The most similar of the names that `name_of` gives for 0 .. n-1; empty: none is near. The first `prefix` bytes of the name are
 * no mistake: the shorter the rest, the nearer a name must be. */
struct slice uvl_read_near(struct reading *, struct slice name, size_t prefix, struct slice (*name_of)(const void *, uint32_t),
                       const void *, uint32_t n);
void uvl_read_faults_sort(struct uvl_model *);

/* parse.c: tokens */
void uvl_parse_next(struct parse *);
bool uvl_parse_is(const struct parse *, const char *word);           // a name without quotes
bool uvl_parse_accept(struct parse *, int kind);
bool uvl_parse_expect(struct parse *, int kind, const char *what);   // "a ) to close ..."
bool uvl_parse_unexpected(struct parse *, const char *what);
bool uvl_parse_line_end(struct parse *, const char *what);
void uvl_parse_skip_line(struct parse *);
void uvl_parse_skip_block(struct parse *);                           // behind an INDENT that has been taken
bool uvl_parse_too_deep(struct parse *);                             // an INDENT where none is due: told, and its block skipped
/* Names parted by points, joined; *last (may be NULL) the last of them, *quoted whether any had quotes. */
bool uvl_parse_path(struct parse *, struct slice *path, struct slice *last, bool *quoted, const char *what);
bool uvl_parse_number(struct parse *, struct uvl_value *ret, const char *what);
struct slice uvl_parse_full_name(struct parse *, struct slice name);
void uvl_parse_file(struct parse *);

void uvl_parse_features(struct parse *);      // uvl_parse_features.c
bool uvl_parse_attributes(struct parse *);    // uvl_parse_attributes.c: onto the feature's
bool uvl_parse_constraint(struct parse *, uint32_t of);  // uvl_parse_constraint.c
void uvl_parse_import_lines(struct parse *);  // import.c
struct slice uvl_import_folder(struct slice file);       // up to its last slash
/* The root of what the alias names, read at this place; UVL_NONE after a fault. */
uint32_t uvl_import_feature(struct parse *, struct slice path, struct slice last, struct uvl_place, uint32_t parent, uint32_t group,
                        uint32_t depth);

/* names.c */
bool uvl_names_add(struct reading *, uint32_t feature);  // false: the name is taken
const struct uvl_value *uvl_names_attribute(const struct uvl_attribute *, uint32_t n, struct slice path);

/* resolve.c: names of all constraints, and whether what is compared can be. */
void uvl_resolve(struct reading *);

#endif

/* FEEL's built-in functions. Private to engine/feel: eval.c calls them, builtins_*.c are them.
 *
 * Source   DMN 1.5 section 10.3.4, tables 74 to 85.
 */
#ifndef TENDERO_ENGINE_FEEL_BUILTIN_H
#define TENDERO_ENGINE_FEEL_BUILTIN_H

#include "engine/feel/eval.h"

#define BUILTIN_FORMS 3
#define BUILTIN_ARGS 8       // of those with named parameters; variadic ones take what the call has
struct builtin {
    const char *name;        // "substring before"
    /* Parameter names of each form, for calls with named arguments: "string,start position,length?"; '?' ends an
     * optional one, "..." stands behind one that may be repeated ("n..."). */
    const char *form[BUILTIN_FORMS];
    size_t min, max;         // positional arguments; SIZE_MAX: as many as there are
    struct value (*call)(struct eval *, const struct value *args, size_t n);  // null where they do not fit
};
const struct builtin *builtin_find(struct slice name);
/* Arguments by name into their places, left-out optional ones null behind which nothing is given are cut. False: no
 * form has these names. args has room for BUILTIN_ARGS. */
bool builtin_arrange(const struct builtin *, const struct slice *names, const struct value *given, size_t n,
                     struct value *args, size_t *n_args);
/* What the table of a kind holds: one array a file, ended by a name of NULL; builtin.c joins them. */
extern const struct builtin builtins_string[], builtins_number[], builtins_list[], builtins_temporal[],
    builtins_context[], builtins_range[];

#endif

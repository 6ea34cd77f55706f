/* FEEL's types: what `instance of` asks, what a DMN file declares, what values are coerced to.
 *
 * Source  DMN 1.5 sections 7.3.3 (item definitions), 10.3.2.9 (conformance, coercion).
 */
#ifndef TENDERO_ENGINE_FEEL_TYPE_H
#define TENDERO_ENGINE_FEEL_TYPE_H

#include "engine/feel/value.h"

enum type_kind {
    TYPE_ANY, TYPE_NULL, TYPE_BOOLEAN, TYPE_NUMBER, TYPE_STRING, TYPE_DATE, TYPE_TIME, TYPE_DATE_TIME, TYPE_MONTHS,
    TYPE_DURATION, TYPE_LIST, TYPE_CONTEXT, TYPE_RANGE, TYPE_FUNCTION
};
struct type {
    enum type_kind kind;
    const struct type *element;          // LIST, RANGE: of what; FUNCTION: the result; NULL: Any
    const struct type_member {           // CONTEXT: its entries; FUNCTION: its parameters (names may be empty)
        struct slice name;
        const struct type *type;
    } *member;
    size_t n;
    bool open;                           // CONTEXT, FUNCTION: nothing said about members ("context", "function")
    /* Asked of each value of this type that is not null (DMN: allowed values); NULL: all are. */
    bool (*allows)(void *arg, struct value);
    void *arg;
};

/* A built-in type by its FEEL name ("number", "date and time", "years and months duration", "Any", …);
 * NULL: no such name. Static. */
const struct type *type_builtin(struct slice name);
bool type_conforms(const struct type *from, const struct type *to);
/* instance of: null is an instance of Null and Any only; what a type allows is not asked (DMN TCK 0070). */
bool type_has(const struct type *, struct value);
/* DMN's implicit conversions: to a singleton list, from one, date to date and time; null where the value does not
 * conform then. *ok false: mem is exhausted. */
struct value type_coerce(const struct type *, struct value, struct arena *mem, bool *ok);

#endif

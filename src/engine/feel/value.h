/* FEEL's values: immutable, in an arena, passed by copy of a few words.
 *
 * Source   DMN 1.5 section 10.3.2. null is a value. Lists count from 1 in FEEL and from 0 here.
 * Equal    value_equal is FEEL's =: VALUE_EQ_NULL where the standard says null (different kinds, neither null).
 * Memory   whatever a value points to lives in the arena that it was made in.
 */
#ifndef TENDERO_ENGINE_FEEL_VALUE_H
#define TENDERO_ENGINE_FEEL_VALUE_H

#include "base/arena.h"
#include "base/buf.h"
#include "engine/feel/number.h"
#include "engine/feel/temporal.h"

enum value_kind {
    VALUE_NULL, VALUE_BOOLEAN, VALUE_NUMBER, VALUE_STRING, VALUE_DATE, VALUE_TIME, VALUE_DATE_TIME,
    VALUE_MONTHS,     // years and months duration
    VALUE_DURATION,   // days and time duration
    VALUE_LIST, VALUE_CONTEXT, VALUE_RANGE, VALUE_FUNCTION,
    VALUE_KINDS
};

struct value {
    enum value_kind kind;
    union {
        bool boolean;
        struct number number;
        struct slice string;                 // UTF-8
        struct date date;
        const struct day_time *time;
        const struct date_time *date_time;
        int64_t months;
        struct duration duration;
        const struct value_list *list;
        const struct value_context *context;
        const struct value_range *range;
        const struct value_function *function;
    };
};

struct value_list {
    size_t n;
    const struct value *item;
};
/* In the order of the entries; names are normalised: single blanks. */
struct value_context {
    size_t n;
    const struct value_entry {
        struct slice name;
        struct value value;
    } *entry;
};
/* An end that is null and open has no bound ("< 5" is (null .. 5)). */
struct value_range {
    struct value low, high;
    bool low_closed, high_closed;
    /* One of the forms "< e", "<= e", "> e", ">= e": the other end was never there. Both are set for "= e" (both
     * ends e, closed) and "!= e" (both ends e, open), which are no ranges from e to e. */
    bool low_unbounded, high_unbounded;
};

static const struct value value_null = { VALUE_NULL };
static inline struct value value_boolean(bool b) { return (struct value){ .kind = VALUE_BOOLEAN, .boolean = b }; }
static inline struct value value_number(struct number n) { return (struct value){ .kind = VALUE_NUMBER, .number = n }; }
static inline struct value value_string(struct slice s) { return (struct value){ .kind = VALUE_STRING, .string = s }; }
static inline struct value value_date(struct date d) { return (struct value){ .kind = VALUE_DATE, .date = d }; }
static inline struct value value_months(int64_t m) { return (struct value){ .kind = VALUE_MONTHS, .months = m }; }
static inline struct value value_duration(struct duration d)
{
    return (struct value){ .kind = VALUE_DURATION, .duration = d };
}
/* Each copies what it is given into mem; a value of kind VALUE_NULL with *ok false says that mem is exhausted. */
struct value value_time(struct arena *mem, struct day_time, bool *ok);
struct value value_date_time(struct arena *mem, struct date_time, bool *ok);
struct value value_list(struct arena *mem, const struct value *items, size_t n, bool *ok);
struct value value_context(struct arena *mem, const struct value_entry *entries, size_t n, bool *ok);
struct value value_range(struct arena *mem, struct value_range, bool *ok);

static inline bool value_is_null(struct value v) { return v.kind == VALUE_NULL; }
static inline bool value_is_true(struct value v) { return v.kind == VALUE_BOOLEAN && v.boolean; }
/* The entry of that name; NULL when there is none. */
const struct value *value_member(const struct value_context *, struct slice name);

enum value_eq { VALUE_EQ_FALSE, VALUE_EQ_TRUE, VALUE_EQ_NULL };
/* FEEL's three truth values; what is no boolean is VALUE_EQ_NULL. */
enum value_eq truth_of(struct value);
struct value truth_value(enum value_eq);
enum value_eq truth_not(enum value_eq);
enum value_eq truth_and(enum value_eq a, enum value_eq b);
enum value_eq truth_or(enum value_eq a, enum value_eq b);
enum value_eq value_equal(struct value a, struct value b, const struct zones *);
/* The same, counting *budget down for each pair that is compared: shared parts can make a small value endless to walk.
 * VALUE_EQ_NULL and *budget 0 when it runs out; value_equal has a budget of its own. */
enum value_eq value_equal_within(struct value a, struct value b, const struct zones *, uint64_t *budget);
/* FEEL's is(): the same kind and the same value with its zone, no instants compared. */
bool value_same(struct value a, struct value b);
/* <, > …: false where that gives null (kinds without an order, zones that do not compare). */
bool value_compare(struct value a, struct value b, const struct zones *, int *ret);
/* Three-valued membership of a value in a range. */
enum value_eq value_in_range(struct value, const struct value_range *, const struct zones *);

/* FEEL's string() of a value, strings inside lists and contexts in quotes: [1, "a"], {a: 1}. */
void value_print(struct value, struct buf *out);
/* Text that parses to an equal value: for people and for tests. Strings with quotes, dates as @"…". */
void value_literal(struct value, struct buf *out);

#endif

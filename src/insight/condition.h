/* A condition on customers: FEEL over the population (docs/AUDIENCES.md lists what it may speak of).
 *
 * Names     the columns of the population, and functions (condition_calls.c has them all, docs/AUDIENCES.md explains them):
 *             event count("Order Completed", @"P90D")   and event sum, mean, min, max, distinct; first event, last event:
 *                                                       event_ask.h. Windows end today; a months' duration counts from
 *                                                       the same day of that month on
 *             event sequence(["A", "B"], @"P7D", "C")   one after the other and not the third between
 *             audience("Loyal")                         the condition of that audience, saved by that name
 *             related("household", orders > 0)          true of one of those who belong to them
 *             declared(diet)                            the customer has said what is known of that trait
 *           Names of events, windows, gaps and kinds are constants. An event that nobody ever did counts 0.
 * Flaws     text that does not parse, an unknown name or function: ERR_INVALID, e->pos the byte, e->text begins with
 *           "line L, column C: ".
 * Memory    mem keeps the condition and the columns that are counted for it, one bit to nine bytes a customer each.
 * Lock      all of this between population_lock and population_unlock, and the condition no longer than that.
 */
#ifndef TENDERO_INSIGHT_CONDITION_H
#define TENDERO_INSIGHT_CONDITION_H

#include "engine/columns/program_sql.h"
#include "insight/frame.h"

struct condition;
struct condition_world {
    const struct population *population;
    const struct zones *zones;
    int64_t now_ms;
    /* The condition of another audience, by its name; empty: there is none. */
    struct slice (*audience)(void *arg, struct slice name);
    /* For a frame: the audience's number; false: there is none. */
    bool (*audience_id)(void *arg, struct slice name, int64_t *ret);
    void *arg;
};
MUST_CHECK enum err_code condition_new(const struct condition_world *, struct slice text, struct arena *mem,
                                       struct condition **ret, struct err *e);
/* A bit a row for the customers that it is true of: COLUMN_WORDS(rows) words, in mem. */
MUST_CHECK enum err_code condition_run(const struct condition *, struct arena *mem, struct arena *scratch,
                                       const atomic_bool *cancel, uint64_t **ret, struct err *e);
/* The same over a frame, under population_lock_alone; it lives on behind the lock while frame_look and frame_state say
 * that its columns are what they were. world->audience is not asked. */
MUST_CHECK enum err_code condition_new_in(struct frame *, const struct condition_world *, struct slice text,
                                          struct arena *mem, struct condition **ret, struct err *e);
/* Its columns in the frame. */
const size_t *condition_places(const struct condition *, size_t *n);
/* Of all its columns in the frame that it was made for: frame_state. */
uint64_t condition_state(const struct condition *, const struct frame *);
/* It may be true of others tomorrow (today(), counts of events), or at another moment (now()), though nothing happens. */
bool condition_is_of_day(const struct condition *);
bool condition_is_of_moment(const struct condition *);
/* Over the first n rows of the frame: bits of whole words up to n. */
MUST_CHECK enum err_code condition_run_frame(const struct condition *, size_t n, uint64_t *bits, struct arena *scratch,
                                             struct err *e);
/* How it is worked out: engine/columns/program.h. */
void condition_plan(const struct condition *, struct buf *out);
size_t condition_row_steps(const struct condition *);
/* For a base in PostgreSQL: engine/columns/program_sql.h; the columns that it speaks of, in mem. */
MUST_CHECK enum err_code condition_sql(const struct condition *, struct arena *mem, struct buf *out, bool *exact,
                                       const struct column **columns, size_t *n, struct err *e);

/* Parts that can only be null, whatever customers have there: line and column are from 1. In mem. */
struct condition_warning {
    size_t line, column;
    char text[240];
};
MUST_CHECK enum err_code condition_warnings(const struct condition *, struct arena *mem, struct condition_warning **ret,
                                            size_t *n, struct err *e);

/* Why a customer is in, or not: the condition's parts, and for those that are no and, or, not what they speak of. */
enum why_joint { WHY_NONE, WHY_AND, WHY_OR, WHY_NOT };
struct condition_why {
    struct slice text;
    enum why_joint joint;
    enum value_eq is;
    size_t n_values, n_parts;
    struct value_entry *value;
    struct condition_why *part;
};
MUST_CHECK enum err_code condition_explain(const struct condition *, uint32_t row, struct arena *mem,
                                           struct condition_why *ret, struct err *e);

#endif

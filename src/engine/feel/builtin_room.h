/* What the files of built-in functions share: arguments taken apart, results put together.
 *
 * Coercion  a list of one stands for its item where no list is meant, an item for a list of one where a list is
 *           (DMN 1.5 section 10.3.2.9.4). null is never an argument that fits, except where a function says so.
 * Errors    arg_* answer false for what does not fit; the function then answers room_wrong.
 */
#ifndef TENDERO_ENGINE_FEEL_BUILTIN_ROOM_H
#define TENDERO_ENGINE_FEEL_BUILTIN_ROOM_H

#include "engine/feel/builtin.h"

/* Without the list of one around it. */
struct value arg_single(struct value);
bool arg_number(struct value, struct number *ret);
/* A number without its fraction: positions, lengths and scales are given so. */
bool arg_whole(struct value, int64_t *ret);
bool arg_string(struct value, struct slice *ret);
bool arg_context(struct value, const struct value_context **ret);
/* A function that takes n arguments. */
bool arg_function(struct value, size_t n, const struct value_function **ret);
/* The day of a date or of a date and time. */
bool arg_date(struct value, struct date *ret);
/* *arg must outlive *ret; false for null. */
bool arg_list(const struct value *arg, struct value_list *ret);
/* f([a, b]) and f(a, b) alike. */
bool args_list(const struct value *args, size_t n, struct value_list *ret);

/* 1-based from the front, negative from the back, as an index below n; false: 0 or beyond. */
bool room_index(int64_t position, size_t n, size_t *ret);

struct value room_wrong(struct eval *, const char *function, const char *wants);
struct value room_text(struct eval *, struct slice);       // copied
struct value room_buf(struct eval *, struct buf *);        // copied, and the buffer dropped
struct value room_number(struct eval *, const char *function, struct number, bool ok);

#endif

/* FEEL values from and to JSON: inputs of the command line and of the API, results back.
 *
 * JSON has no dates: strings stay strings, and what a model declares turns them (value_of_type).
 */
#ifndef TENDERO_ENGINE_FEEL_VALUE_JSON_H
#define TENDERO_ENGINE_FEEL_VALUE_JSON_H

#include "engine/feel/type.h"
#include "text/json.h"

/* Numbers keep all their digits up to 34. *ok false: mem is exhausted. */
struct value value_of_json(struct json, struct arena *mem, bool *ok);
/* Strings that a type says are dates, times or durations become those, deep inside; what does not fit stays. */
struct value value_of_type(struct value, const struct type *, const struct zones *, struct arena *mem, bool *ok);
/* Dates and durations as strings, functions and ranges as their text. */
void value_to_json(struct value, struct json_w *);

#endif

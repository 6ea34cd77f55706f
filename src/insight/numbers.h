/* Numbers side by side as an array of JSON: what fits keep. */
#ifndef TENDERO_INSIGHT_NUMBERS_H
#define TENDERO_INSIGHT_NUMBERS_H

#include "text/json.h"

static inline void numbers_write(struct json_w *w, const char *key, const double *of, size_t n)
{
    json_w_key(w, key);
    json_w_open(w, '[');
    for (size_t i = 0; i < n; i++)
        json_w_double(w, of[i]);
    json_w_close(w, ']');
}

/* false: the member is no array of that many numbers. */
static inline bool numbers_read(struct json json, const char *key, double *of, size_t n)
{
    struct json_iter it = json_iter(json_get(json, key));
    size_t i = 0;
    while (json_next(&it))
        if (i == n || !json_double(it.value, &of[i++]))
            return false;
    return i == n;
}

#endif

/* The seam to simdjson, the one C++ file: says whether a text is valid JSON and where its tokens are. */
#ifndef TENDERO_TEXT_JSON_CHECK_H
#define TENDERO_TEXT_JSON_CHECK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct json_check;
struct json_check *json_check_new(size_t depth_max);  // NULL when memory is exhausted
void json_check_free(struct json_check *);
/* NULL when `text` is one valid JSON document, else the reason (static storage). text need not be
 * padded: the shim copies into a padded buffer of its own, which is cheaper than the page faults of a
 * fresh allocation per request. *no_memory tells exhaustion from a flaw. */
const char *json_check_run(struct json_check *, const char *text, size_t len, int *no_memory);
/* After a run that returned NULL and until the next one: the offset of each of { } [ ] : , and of the
 * first byte of each string, number and literal, ascending. simdjson's first stage finds them 64 bytes
 * at a time anyway: walking them, json.h makes its marks without looking at the text again, in as much
 * time as the check takes (json_bench: 1.4 GB/s alone, 0.7 GB/s with marks). */
const uint32_t *json_check_tokens(const struct json_check *, size_t *n);

#ifdef __cplusplus
}
#endif
#endif

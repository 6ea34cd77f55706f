/* Where and why a text is not JSON: the plain reading of RFC 8259, a byte at a time.
 *
 * Runs only when json_check has refused a text, to name the place. It is also the specification that
 * tests and the fuzzer compare the fast path with.
 * Errors  ERR_OK when there is no flaw; ERR_INVALID with e->pos = byte offset; ERR_LIMIT for depth
 *         beyond LIMIT_JSON_DEPTH. The sentence never repeats what the text says.
 */
#ifndef TENDERO_TEXT_JSON_FLAW_H
#define TENDERO_TEXT_JSON_FLAW_H

#include "base/err.h"
#include "base/slice.h"

MUST_CHECK enum err_code json_flaw(struct slice text, struct err *e);

#endif

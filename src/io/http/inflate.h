/* gzip bodies of requests, made plain.
 *
 * Source   RFC 1952, by zlib. Several members one after another are one body; bytes behind the last are
 *          an error.
 * Memory   the inflater keeps zlib's window (some 40 KiB) for its life; one per thread.
 * Errors   ERR_INVALID: not gzip, damaged or cut; ERR_LIMIT: inflates to more than `limit` bytes.
 */
#ifndef TENDERO_IO_HTTP_INFLATE_H
#define TENDERO_IO_HTTP_INFLATE_H

#include "base/buf.h"

struct inflater;

struct inflater *inflater_new(void);  // NULL when memory is exhausted
void inflater_drop(struct inflater **);
/* Adds the plain bytes to out, whose own limit must allow for `limit` and INFLATE_STEP more. */
#define INFLATE_STEP (16u << 10)
MUST_CHECK enum err_code inflater_run(struct inflater *, struct slice gzip, size_t limit, struct buf *out,
                                      struct err *e);

#endif

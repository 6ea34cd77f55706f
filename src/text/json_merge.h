/* JSON merge patch: what a correction does to a fact's body.
 *
 * Source   RFC 7396. Members of the patch replace those of the target, objects merge, null removes.
 * Shape    bytes in, bytes out in mem: what the patch does not name keeps its bytes (numbers keep their
 *          digits); of twins only the last stays.
 * Errors   ERR_INVALID when one of both is not JSON, ERR_LIMIT when mem is exhausted.
 */
#ifndef TENDERO_TEXT_JSON_MERGE_H
#define TENDERO_TEXT_JSON_MERGE_H

#include "base/arena.h"
#include "base/err.h"

MUST_CHECK enum err_code json_merge(struct slice target, struct slice patch, struct arena *mem,
                                    struct slice *ret, struct err *e);

#endif

/* Counts failures by name within a sliding window: an account, an address.
 *
 * Fixed memory: THROTTLE_SLOTS names; when all are in use the one that failed longest ago gives way.
 */
#ifndef TENDERO_STAFF_THROTTLE_H
#define TENDERO_STAFF_THROTTLE_H

#include <stdint.h>

#include "base/slice.h"

#define THROTTLE_SLOTS 4096
#define THROTTLE_WINDOW_MS (INT64_C(15) * 60 * 1000)

struct throttle;
struct throttle *throttle_new(uint64_t seed);  // NULL without memory
void throttle_drop(struct throttle **);
/* Seconds to wait until `name` has fewer than `max` failures in the window; 0: may try. */
int64_t throttle_wait_s(const struct throttle *, struct slice name, unsigned max, int64_t now_ms);
void throttle_failed(struct throttle *, struct slice name, int64_t now_ms);
/* Takes back the newest failure: the attempt was right after all. */
void throttle_passed(struct throttle *, struct slice name);
void throttle_forget(struct throttle *, struct slice name);

#endif

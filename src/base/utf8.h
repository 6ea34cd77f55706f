/* UTF-8 as the Unicode Standard defines it (table 3-7): no overlong forms, no surrogates, nothing above
 * U+10FFFF.
 */
#ifndef TENDERO_BASE_UTF8_H
#define TENDERO_BASE_UTF8_H

#include "base/slice.h"

#define UTF8_REPLACEMENT "\xEF\xBF\xBD"  // U+FFFD

/* Bytes of the well-formed character that s begins with, 1 to 4; 0 when s is empty or ill-formed. */
size_t utf8_step(struct slice s);
/* That character; *bytes as utf8_step, and 0 for it where that is 0. */
uint32_t utf8_point(struct slice s, size_t *bytes);
/* Position of the first ill-formed byte, or s.len. */
size_t utf8_find_flaw(struct slice s);
bool utf8_valid(struct slice s);
/* Writes the character `point` and returns its bytes; point must be no surrogate and at most 0x10FFFF. */
size_t utf8_put(uint32_t point, char out[4]);

#endif

/* URLs and the escapes around them. Source: RFC 3986, WHATWG urlencoded. */
#ifndef TENDERO_TEXT_URL_H
#define TENDERO_TEXT_URL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* %XX decoded; '+' becomes a blank when plus is set. ERR_INVALID for a bad escape, a NUL or bytes that
 * are not UTF-8. */
MUST_CHECK enum err_code url_decode(struct slice text, bool plus, struct arena *mem,
                                    struct slice *ret, struct err *e);
void url_encode(struct buf *out, struct slice text);  // all but unreserved characters
/* Value of `name` in "a=1&b=2", decoded; *found tells an absent one from an empty one. */
MUST_CHECK enum err_code url_query(struct slice query, const char *name, struct arena *mem,
                                   struct slice *ret, bool *found, struct err *e);

/* Standard or URL-safe alphabet, padding optional, no line breaks. */
MUST_CHECK enum err_code base64_decode(struct slice text, struct arena *mem, struct slice *ret,
                                       struct err *e);
void base64_encode(struct buf *out, struct slice bytes);
/* & < > " ' as entities: for element text and quoted attributes. */
void html_escape(struct buf *out, struct slice text);

#endif

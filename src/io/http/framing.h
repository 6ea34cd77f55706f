/* Framing: where an HTTP/1.1 request ends, and whether its head may be trusted.
 *
 * Source   RFC 9112 sections 2 to 7, RFC 9110 sections 5 to 9. Where a recipient may choose between repairing
 *          and refusing, this module refuses: two programs that repair differently is how requests are
 *          smuggled. So no bare LF or CR, no folded lines, no blank before a colon, one Content-Length of
 *          digits only, never together with Transfer-Encoding, chunked as the only transfer coding.
 * Shape    bytes in, verdict out; no I/O, no allocation. framing_scan finds the end of the head as bytes
 *          arrive, framing_parse reads the head in one piece, framing_body counts the body.
 * Memory   slices of framing_head borrow the head's bytes.
 * Errors   FRAMING_REFUSED with the status to answer and a sentence; the connection must then be closed,
 *          because where the next request begins is no longer known.
 */
#ifndef TENDERO_IO_HTTP_FRAMING_H
#define TENDERO_IO_HTTP_FRAMING_H

#include "base/limits.h"
#include "io/http/http.h"

enum framing_verdict { FRAMING_MORE, FRAMING_DONE, FRAMING_REFUSED };

struct framing_refusal {
    int status;
    const char *reason;  // static; names the flaw and what to do
};

/* Zeroed when a message begins. `at` must hold the message's bytes from its first one on at each call;
 * bytes already looked at are not looked at again. */
struct framing_scan {
    size_t checked, line, lead;
};
/* FRAMING_DONE: the head is at[0, *head_len), with the empty line that ends it. */
enum framing_verdict framing_scan(struct framing_scan *, const char *at, size_t len, size_t *head_len,
                                  struct framing_refusal *);

struct framing_field {
    struct slice name, value;  // value without blanks around it
};
struct framing_head {
    enum http_method method;
    struct slice path, query;  // the path is "*" only for OPTIONS *
    int minor;                 // of HTTP/1.x
    bool keep_alive, expect_continue, chunked;
    uint64_t length;           // of the body; 0 when chunked
    size_t fields_n;
    struct framing_field fields[LIMIT_HTTP_HEADER_LINES];
};
/* `head` as framing_scan found it. FRAMING_DONE or FRAMING_REFUSED. */
enum framing_verdict framing_parse(struct slice head, struct framing_head *ret,
                                   struct framing_refusal *);
/* First field of that name, in any case; NULL when absent. */
const struct framing_field *framing_find(const struct framing_head *, struct slice name);

struct framing_body {
    int state;
    uint64_t left, total, limit;
    size_t line, overhead;
};
/* A body of more than `limit` bytes is refused with 413: at once when its length is stated. */
enum framing_verdict framing_body_begin(struct framing_body *, const struct framing_head *,
                                        uint64_t limit, struct framing_refusal *);
/* Consumes *used of the bytes; *data are the body's own among them (perhaps none). Call again with the
 * rest until *used is 0 or the verdict is FRAMING_DONE. */
enum framing_verdict framing_body(struct framing_body *, const char *at, size_t len, size_t *used,
                                  struct slice *data, struct framing_refusal *);

#endif

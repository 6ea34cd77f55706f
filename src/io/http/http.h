/* The HTTP/1.1 server: strict framing over libevent's sockets.
 *
 * Source    RFC 9110, RFC 9112. libevent keeps the event loops, buffers and TLS; framing.h reads requests.
 *           evhttp is not used: it lets ambiguous requests through, and a strict reader put before it makes
 *           two readers of the same bytes, which is what request smuggling is made of.
 * Threads   `threads` event loops share the port; a connection goes to the loop that has fewest. A handler
 *           runs on its connection's loop and must not block: it answers at once, or keeps the request and
 *           has http_reply called later from ANY thread (the answer is carried to the loop).
 * Body      complete before the handler is called, already inflated for Content-Encoding: gzip, at most
 *           LIMIT_HTTP_BODY (413 above; also for a body that inflates beyond it). Routes that take an
 *           upload get it as a file (spool_dir, LIMIT_HTTP_UPLOAD), so that memory does not grow.
 * Limits    header bytes and lines, connections and bytes of all bodies (503 above), 10 s for a header,
 *           30 s for a body (an upload: for each further 64 KiB), 60 s idle.
 * TLS       with tls_cert and tls_key every listener but the unix socket speaks TLS 1.2+.
 * Always    Date, Content-Length or chunked, X-Content-Type-Options: nosniff; HEAD answers like GET
 *           without a body; TRACE and CONNECT 405; Expect: 100-continue honoured after the checks.
 *           Requests refused before routing get problem details and a closed connection.
 */
#ifndef TENDERO_IO_HTTP_HTTP_H
#define TENDERO_IO_HTTP_HTTP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct http_server;
struct http_request;

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE, HTTP_OPTIONS };

struct http_options {
    const char *listen;     // "127.0.0.1:8080", "[::1]:0"; port 0 picks one
    const char *socket;     // path of a unix socket (mode 0600) or NULL
    const char *tls_cert, *tls_key;  // PEM files or NULL
    /* Where uploads are written while they arrive; made when it is not there. Files "upload-*" in it, left
     * by a process that was killed, are removed at the start. Needed with is_upload. */
    const char *spool_dir;
    unsigned threads;       // >= 1
    unsigned connections_max;        // 0: LIMIT_HTTP_CONNECTIONS
    size_t bodies_max;               // bytes of all bodies held at one time; 0: LIMIT_HTTP_BODIES
    /* Says before the body is read whether this path takes an upload into a file. */
    bool (*is_upload)(void *arg, enum http_method, struct slice path);
    /* May be NULL. Asked before the body of an upload is read (only method, path, query and headers are
     * there): 0 takes it, else the status to refuse it with, so that strangers cannot fill the disk. */
    int (*admit_upload)(void *arg, const struct http_request *);
    void (*handle)(void *arg, struct http_request *);
    /* Called once per loop thread: before its first request, by the thread that starts the server, and after
     * its last, by its own. Per-thread state (a read connection, a JSON parser, a scratch arena), found again
     * by http_thread_state; NULL: it cannot be made, and the server does not start (ERR_LIMIT). */
    void *(*thread_start)(void *arg, unsigned thread);
    void (*thread_stop)(void *arg, void *state);
    void *arg;
    int header_timeout_ms, body_timeout_ms, idle_timeout_ms;  // 0: 10 s, 30 s, 60 s
};

/* Binds and starts the loops; ERR_IO with the address when it cannot listen ("address in use"). */
MUST_CHECK enum err_code http_server_new(struct http_options, struct http_server **ret,
                                         struct err *e);
/* The port that was bound (for listen port 0). */
int http_server_port(const struct http_server *);
/* Graceful: stops listening, lets running requests end for grace_ms, then closes and joins. Requests that
 * are still held by other threads may be answered later; nobody hears it. */
void http_server_stop(struct http_server **, int grace_ms);
struct http_server_stats {
    uint64_t requests, refused, bytes_in, bytes_out;
    uint32_t connections, in_flight;
};
struct http_server_stats http_server_stats(const struct http_server *);

/* The request. Slices live until the reply has been given. */
enum http_method http_method(const struct http_request *);
struct slice http_path(const struct http_request *);   // raw, without the query, begins with '/'
struct slice http_query(const struct http_request *);  // raw, without '?'
/* First header of that name (any case), empty when absent. */
struct slice http_header(const struct http_request *, const char *name);
struct slice http_body(const struct http_request *);
const char *http_upload_path(const struct http_request *);  // NULL unless is_upload; deleted after the reply
                                                             // (rename it to keep it)
struct slice http_peer(const struct http_request *);   // "203.0.113.7"; empty on the unix socket
bool http_is_local(const struct http_request *);       // came in by the unix socket
bool http_is_tls(const struct http_request *);
struct arena *http_arena(struct http_request *);       // ends with the request, 8 MiB limit
void *http_thread_state(const struct http_request *);
int64_t http_received_ns(const struct http_request *); // steady clock, when the headers had come in

/* Answering: headers first, then exactly one reply or stream. The request is gone afterwards. */
void http_set_header(struct http_request *, const char *name, struct slice value);  // copies; refuses CR/LF by assert
void http_reply(struct http_request *, int status, struct slice content_type, struct slice body);

/* Carries the request back to its own loop: `fn` is called there, once, soon. From any thread; what a
 * writer or a job began is answered where the loop's own state (http_thread_state) may be used. Also called when the client has gone; not
 * when the server has stopped meanwhile (after its grace): then the request is dropped. */
void http_resume(struct http_request *, void (*fn)(struct http_request *, void *arg), void *arg);

/* A body that is made while it is sent: `next` is called on the loop whenever the socket has room; it
 * appends at most some 64 KiB and says *more = false with the last piece; an error cuts the connection,
 * so that the client sees a broken body and never a short one. `end` is called once, whatever happens; the
 * request's arena lives until then. Adding nothing without saying *more = false waits 10 ms. */
struct http_stream {
    enum err_code (*next)(void *arg, struct buf *out, bool *more, struct err *e);
    void (*end)(void *arg);
    void *arg;
};
void http_reply_stream(struct http_request *, int status, struct slice content_type,
                       struct http_stream);
/* Server-sent lines that outlive the handler (live events): like a stream, but `next` may add nothing;
 * it is then asked again every interval_ms. Ends when the client goes or the server stops. */
void http_reply_live(struct http_request *, struct slice content_type, int interval_ms,
                     struct http_stream);

const char *http_status_text(int status);

#endif

/* A small blocking HTTP client, by libcurl: the command line speaks with the running server by it.
 *
 * Source   libcurl's easy interface; proxies and redirects are never followed.
 * Threads  a client belongs to one thread at a time; its connection is kept for the next request.
 * Errors   ERR_NOT_FOUND when nobody listens there (the text says how to start the server), ERR_IO when the
 *          talk broke, ERR_BUSY when the time was up, ERR_LIMIT when the answer does not fit mem. An answer
 *          of any status is ERR_OK. Texts name the server, never the path, headers or body: those hold
 *          people's data and keys.
 */
#ifndef TENDERO_IO_HTTP_HTTP_CLIENT_H
#define TENDERO_IO_HTTP_HTTP_CLIENT_H

#include "base/arena.h"
#include "base/err.h"

struct http_client;

struct http_client_options {
    const char *socket;      // path of a unix socket, or NULL
    const char *url;         // "https://host:port", used when socket is NULL
    const char *ca_file;     // PEM of who may vouch for an https server; NULL: the system's
    int connect_timeout_ms;  // 0: 5 s
    int timeout_ms;          // of a whole request; 0: none but 60 s without a byte
};
MUST_CHECK enum err_code http_client_new(struct http_client_options, struct http_client **ret,
                                         struct err *e);
void http_client_drop(struct http_client **);

struct http_client_request {
    const char *method, *path;   // "GET", "/api/v1/customers?q=ann" (escaped by the caller)
    const char *const *headers;  // "Name: value", NULL at the end; or NULL
    struct slice body;           // JSON unless a Content-Type is among the headers
    const char *body_file;       // sent instead of body, read piece by piece
    /* When set: a 2xx answer's body comes here as it arrives; an error stops the request and is returned. */
    enum err_code (*on_bytes)(void *arg, struct slice bytes, struct err *e);
    void *arg;
};
struct http_client_answer {
    int status;
    struct slice content_type, body;  // in mem; the body is empty where on_bytes took it
};
MUST_CHECK enum err_code http_client_send(struct http_client *, const struct http_client_request *,
                                          struct arena *mem, struct http_client_answer *ret,
                                          struct err *e);

#endif

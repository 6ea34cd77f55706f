/* One request on its way through the api: what handlers are given, and how they answer.
 *
 * A handler returns ERR_OK after it has answered or taken the call over (call_write, call_slow); any other
 * code makes the dispatcher answer a problem document from the table in problem.c.
 * Memory   the call and all it points to live in the request's arena until the answer is given.
 */
#ifndef TENDERO_API_CALL_H
#define TENDERO_API_CALL_H

#include "api/api.h"
#include "offers/decide.h"
#include "text/json.h"

#define CALL_PARAMS 3

enum access { ACCESS_PUBLIC, ACCESS_READ, ACCESS_ADMIN };

struct call;
typedef enum err_code (*call_handler)(struct call *, struct err *);

struct route {
    enum http_method method;
    const char *pattern;       // "/api/v1/customers/{customer}"
    enum access access;
    call_handler handler;
    const char *operation;     // the handler's name: OpenAPI's operationId
    const char *summary;
    const char *query;         // "q sort order": names of query parameters
    const char *request, *response;  // schema names; "" none
};

struct api_thread {            // one per event loop
    struct api *api;
    struct store_conn *read;
    struct json_parser *parser;
    struct decider *decider;
    struct buf out;            // reused by every answer of the loop
};

struct call {
    struct api *api;
    const struct api_options *rooms;
    struct api_thread *thread;
    struct http_request *http;
    struct arena *mem;
    const struct route *route;
    struct slice param[CALL_PARAMS];
    struct session session;    // user.id 0: not a person
    enum scope scope;
    struct slice by;           // who did it, for facts: an e-mail address or "key:SOURCE"
    struct json_parser *parser;// of the request's own body; dropped with the answer
    int64_t now_ms;
};

/* The JSON body; it stays valid until the answer, also on the writer's thread. */
MUST_CHECK enum err_code call_body(struct call *, struct json *root, struct err *e);
/* A query parameter, decoded; empty when absent. */
MUST_CHECK enum err_code call_query(struct call *, const char *name, struct slice *ret, struct err *e);
/* limit=: `usual` when absent, 1 to LIMIT_PAGE. */
MUST_CHECK enum err_code call_query_limit(struct call *, size_t usual, size_t *ret, struct err *e);
MUST_CHECK enum err_code call_query_i64(struct call *, const char *name, int64_t usual, int64_t *ret,
                                        struct err *e);

/* An empty buffer for an answer; belongs to the loop and is used until call_answer. */
struct buf *call_buf(struct call *);
MUST_CHECK enum err_code call_answer(struct call *, int status, struct buf *json, struct err *e);
void call_empty(struct call *, int status);
/* For call_write's `after` where there is nothing to tell: 204. */
MUST_CHECK enum err_code call_nothing(struct call *, void *arg, struct err *e);
/* What was written on another thread, for the answer: the bytes into call->mem, the buffer dropped. A code that is an
 * error is passed on. */
MUST_CHECK enum err_code call_keep(struct call *, enum err_code code, struct buf *, struct slice *ret, struct err *e);
void call_raw(struct call *, int status, struct slice type, struct slice body);
void call_problem(struct call *, enum err_code, const struct err *);
/* Closes the books on a call (log line, metrics, parser). Only for handlers that call http_reply* themselves:
 * right before it. */
void call_end(struct call *, int status);

/* Runs `run` in a transaction of the writer, then `after` back on the loop; an error of either is answered
 * as a problem. arg lives in call->mem. */
struct call_work {
    enum err_code (*run)(struct call *, void *arg, struct tx *, struct err *e);
    enum err_code (*after)(struct call *, void *arg, struct err *e);
    void *arg;
    size_t facts;  // about how many it appends
};
MUST_CHECK enum err_code call_write(struct call *, struct call_work, struct err *e);
/* Runs `run` on the job pool, then `after` back on the loop. */
struct call_slow {
    enum err_code (*run)(struct call *, void *arg, struct err *e);
    enum err_code (*after)(struct call *, void *arg, struct err *e);
    void *arg;
};
MUST_CHECK enum err_code call_slow(struct call *, struct call_slow, struct err *e);

/* The customer that a reference names: a root. Takes the read lock itself. */
MUST_CHECK enum err_code call_customer(struct call *, struct slice ref, uint32_t *root, struct err *e);

#endif

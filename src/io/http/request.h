/* A request from its head to its answer, and the pool that lets its memory be used again.
 *
 * Threads  made and ended by its loop. Between being handed to the handler and being answered it belongs to
 *          the handler's side, whatever thread that is: the loop touches nothing but `conn` then.
 */
#ifndef TENDERO_IO_HTTP_REQUEST_H
#define TENDERO_IO_HTTP_REQUEST_H

#include "io/http/framing.h"

struct loop;
struct conn;

#define REQUEST_MAGIC 0x72657175u
#define REQUEST_ARENA (8u << 20)
#define PEER_MAX 46  // INET6_ADDRSTRLEN

enum answer_kind { ANSWER_WHOLE, ANSWER_STREAM, ANSWER_LIVE };
struct answer {
    enum answer_kind kind;
    int status, interval_ms;
    struct slice type, body;  // borrowed from the caller, or from the request once carried to the loop
    struct http_stream stream;
};

struct http_request {
    uint32_t magic;
    struct loop *loop;
    struct conn *conn;  // the loop's: NULL once the client has gone
    struct http_request *next;
    struct arena *mem;
    struct framing_head head;
    struct buf body;     // as received, or inflated
    struct buf spare;    // the compressed body; later the answer's body on its way to the loop
    struct buf headers;  // of the answer
    size_t held;         // bytes counted against LIMIT_HTTP_BODIES
    int64_t received_ns;
    char peer[PEER_MAX];
    bool local, tls;
    int spool_fd;        // -1 unless an upload
    const char *spool_path;
    struct answer answer;
    void (*resume)(struct http_request *, void *arg);  // set while it waits for the loop only to go on there
    void *resume_arg;
};

/* Taken from *pool or new; NULL when memory is exhausted. */
struct http_request *request_new(struct http_request **pool);
/* Removes the spool file and puts the request into *pool for reuse; frees it when pool is NULL or its
 * memory has grown beyond what a common request needs. */
void request_release(struct http_request *, struct http_request **pool);
void request_pool_drop(struct http_request **pool);
/* Copies what the answer borrows into the request, so that it can wait for the loop. When memory does not
 * suffice the answer becomes an empty 500. */
void request_own_answer(struct http_request *);

#endif

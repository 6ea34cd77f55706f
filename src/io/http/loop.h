/* One event loop and its thread: its connections, its share of the requests, its queue from other threads.
 *
 * Threads  everything belongs to the loop's thread but the inbox (under `lock`), `load` and the counters
 *          (atomic; written by the loop, read by anybody).
 */
#ifndef TENDERO_IO_HTTP_LOOP_H
#define TENDERO_IO_HTTP_LOOP_H

#include <event2/event.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "io/http/inflate.h"
#include "io/http/request.h"

struct loop {
    struct http_server *server;
    unsigned index;
    pthread_t thread;
    bool started;
    void *state;  // what thread_start returned
    struct event_base *base;
    struct event *wake, *sweep, *accept[2];
    int wake_fd;
    int64_t accept_again_ns;  // accepting rests until then: descriptors had run out

    pthread_mutex_t lock;
    struct http_request *inbox, **inbox_end;  // answered or to be resumed
    struct conn *arrivals;                          // accepted by the first loop
    bool woken, closed;

    struct conn *conns;
    struct http_request *pool;
    struct inflater *inflater;
    struct buf head, piece;  // scratch: an answer's head, a stream's next piece
    int64_t date_s;
    char date[32];

    _Atomic uint32_t load, in_flight;
    _Atomic uint64_t requests, refused, bytes_in, bytes_out;
};

struct http_server {
    struct http_options options;
    char *socket_path, *spool_dir;  // owned copies
    SSL_CTX *tls;
    int listen_fd[2];  // TCP, unix; -1 when there is none
    int port;
    int64_t header_ns, body_ns, idle_ns;
    _Atomic bool stopping;
    _Atomic int64_t stop_ns;       // when patience ends
    size_t bodies_max;
    _Atomic uint32_t connections;
    _Atomic size_t bodies;         // bytes of large bodies
    _Atomic uint32_t holders;      // the owner, and requests still held elsewhere after the loops' end
    unsigned loops_n;
    struct loop *loops;
};

MUST_CHECK enum err_code loop_init(struct loop *, struct http_server *, unsigned index, struct err *e);
/* After the thread has ended, or before it was started. */
void loop_fini(struct loop *);
void *loop_run(void *loop);  // the thread's function
/* From any thread. */
void loop_answer(struct loop *, struct http_request *);
void loop_resume(struct loop *, struct http_request *);
void loop_wake(struct loop *);
/* From the loop's own thread. */
const char *loop_date(struct loop *);  // IMF-fixdate of now
void loop_conn_gone(struct loop *);    // a connection has been freed
/* Gives up one hold on the server; the last one frees it. */
void server_release(struct http_server *);

static inline void count(_Atomic uint64_t *counter, uint64_t n)
{
    /* One writer: a plain load and store suffice and spare the bus lock. */
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

#endif

/* A client's connection: bytes in, requests to the handler one at a time, answers out.
 *
 * A state machine that conn_run drives as far as the bytes at hand allow; every event (bytes came, room in
 * the socket, an answer, a time-out) leads to conn_run. Requests that are sent ahead (pipelined) wait in the
 * socket until the one before is answered. Everything here runs on the connection's loop.
 */
#ifndef TENDERO_IO_HTTP_CONN_H
#define TENDERO_IO_HTTP_CONN_H

#include "io/http/loop.h"

struct bufferevent;

enum conn_state {
    CONN_HEAD,       // between requests, or inside a head
    CONN_BODY,
    CONN_HANDLED,    // the handler's side has the request
    CONN_SENDING,    // an answer is on its way out
    CONN_STREAMING,  // so is an answer whose next piece is asked for when there is room
    CONN_LINGERING,  // our side is closed; reads on so that the client sees the last answer
    CONN_DEAD
};

struct conn {
    struct loop *loop;
    struct conn *next, **link;  // the loop's list; before that, its arrivals
    int fd;
    bool local, tls, overload;  // overload: to be told 503 and closed
    char peer[PEER_MAX];
    struct bufferevent *bev;
    enum conn_state state;
    bool running;               // inside conn_run
    bool keep, chunked;         // the answer: another request may follow; its body comes in chunks
    bool eof, broken;           // the client sends no more; nor does it hear us
    bool linger;
    bool streaming, due;        // req's stream is open; it is to be asked for its next piece
    struct framing_scan scan;
    struct framing_body body;
    struct http_request *req;
    uint64_t progress;          // bytes of an upload at its last deadline
    int64_t deadline_ns;        // 0: none
    struct event *tick;         // the stream's interval
};

/* Takes over the accepted connection; frees it when memory is exhausted. */
void conn_start(struct loop *, struct conn *);
void conn_answer(struct conn *, struct http_request *);  // and goes on
/* Refuses or closes what has outlived its time; while the server stops, also what is idle. */
void conn_sweep(struct conn *, int64_t now_ns, bool stopping);
void conn_close(struct conn *);
/* Closes the socket of a connection that was never started. */
void conn_discard(struct http_server *, struct conn *);

#endif

#include "io/http/conn.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sys/clock.h"

#define READ_HIGH (64u << 10)    // bytes a client may send ahead before we stop reading
#define STREAM_HIGH (64u << 10)  // bytes of a stream that wait for the socket
#define STREAM_LOW (16u << 10)
#define LINGER_NS INT64_C(2000000000)
#define HELD_MIN (16u << 10)     // smaller bodies are not counted one by one
#define UPLOAD_STEP (64u << 10)  // an upload must bring this much in each body time-out

static size_t output_len(const struct conn *conn)
{
    return evbuffer_get_length(bufferevent_get_output(conn->bev));
}

/* Straight to the socket when nothing waits before it: saves the loop a round through epoll for each
 * answer. What the socket does not take is copied and sent by libevent. */
static void send_bytes(struct conn *conn, struct slice head, struct slice body)
{
    count(&conn->loop->bytes_out, head.len + body.len);
    size_t sent = 0;
    if (!conn->tls && output_len(conn) == 0) {
        struct iovec parts[2] = { { (void *)(uintptr_t)head.at, head.len },
                                  { (void *)(uintptr_t)body.at, body.len } };
        struct msghdr message = { .msg_iov = parts, .msg_iovlen = body.len ? 2 : 1 };
        ssize_t n = sendmsg(conn->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            conn->state = CONN_DEAD;
            return;
        }
        sent = n < 0 ? 0 : (size_t)n;
    }
    size_t from_head = sent < head.len ? sent : head.len;
    sent -= from_head;
    struct evbuffer *out = bufferevent_get_output(conn->bev);
    if (evbuffer_add(out, head.at + from_head, head.len - from_head) != 0 ||
        (body.len && evbuffer_add(out, body.at + sent, body.len - sent) != 0))
        conn->state = CONN_DEAD;
}

static void head_number(struct buf *head, size_t n)
{
    char digits[20];
    size_t i = sizeof digits;
    do
        digits[--i] = (char)('0' + n % 10);
    while (n /= 10);
    buf_add(head, (struct slice){ digits + i, sizeof digits - i });
}

/* The answer's head without the empty line that ends it. */
static struct buf *head_begin(struct conn *conn, int status, struct slice type)
{
    struct buf *head = &conn->loop->head;
    buf_clear(head);
    buf_add(head, SLICE("HTTP/1.1 "));
    head_number(head, (size_t)status);
    buf_addc(head, ' ');
    buf_adds(head, http_status_text(status));
    buf_add(head, SLICE("\r\nDate: "));
    buf_adds(head, loop_date(conn->loop));
    if (type.len) {
        buf_add(head, SLICE("\r\nContent-Type: "));
        buf_add(head, type);
    }
    buf_add(head, SLICE("\r\nX-Content-Type-Options: nosniff\r\n"));
    return head;
}

static void head_length(struct buf *head, size_t length)
{
    buf_add(head, SLICE("Content-Length: "));
    head_number(head, length);
    buf_add(head, SLICE("\r\n"));
}

static const char *problem_word(int status)
{
    return status == 413 || status == 414 || status == 431 ? "limit"
           : status == 503                                 ? "busy"
           : status == 401 || status == 403                ? "denied"
           : status == 500 || status == 507                ? "io"
                                                           : "invalid";
}

/* Answers a request that does not reach the handler, and ends the connection: after a refusal nobody knows
 * where the next request begins. */
static void refuse(struct conn *conn, int status, const char *reason)
{
    count(&conn->loop->refused, 1);
    if (conn->req) {
        request_release(conn->req, &conn->loop->pool);
        conn->req = NULL;
    }
    char body[512];
    int len = snprintf(body, sizeof body,
                       "{\"type\":\"/problems/%s\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\"}\n",
                       problem_word(status), http_status_text(status), status, reason);
    assert(len > 0 && (size_t)len < sizeof body);
    struct buf *head = head_begin(conn, status, SLICE("application/problem+json"));
    if (status == 405)
        buf_add(head, SLICE("Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"));
    if (status == 415)
        buf_add(head, SLICE("Accept-Encoding: gzip\r\n"));
    if (status == 503)
        buf_add(head, SLICE("Retry-After: 1\r\n"));
    head_length(head, (size_t)len);
    buf_add(head, SLICE("Connection: close\r\n\r\n"));
    conn->state = CONN_SENDING;
    conn->deadline_ns = 0;
    conn->keep = false;
    conn->linger = true;
    send_bytes(conn, buf_slice(head), (struct slice){ body, (size_t)len });
}

/* Counts large bodies against LIMIT_HTTP_BODIES; false when this one is beyond it. */
static bool body_hold(struct http_server *server, struct http_request *req)
{
    size_t now = (req->body.cap > HELD_MIN ? req->body.cap : 0) +
                 (req->spare.cap > HELD_MIN ? req->spare.cap : 0);
    size_t all = atomic_fetch_add(&server->bodies, now - req->held) + (now - req->held);
    req->held = now;
    return all <= server->bodies_max;
}

static bool spool_write(int fd, struct slice data)
{
    while (data.len) {
        ssize_t n = write(fd, data.at, data.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data = (struct slice){ data.at + n, data.len - (size_t)n };
    }
    return true;
}

static void body_store(struct conn *conn, struct slice data)
{
    struct http_request *req = conn->req;
    if (req->spool_fd >= 0) {
        if (!spool_write(req->spool_fd, data))
            refuse(conn, 507, "The disk takes no more of this upload; free some space.");
        return;
    }
    size_t cap = req->body.cap;
    buf_add(&req->body, data);
    bool held = req->body.cap == cap || body_hold(conn->loop->server, req);
    if (!held || req->body.failed)
        refuse(conn, 503, "Too many large bodies are arriving at once; try again in a moment.");
}

static bool is_coded(const struct http_request *req)
{
    const struct framing_field *coding = framing_find(&req->head, SLICE("content-encoding"));
    return coding && !slice_eq_nocase(coding->value, SLICE("identity"));
}

/* false: refused. */
static bool body_inflate(struct conn *conn)
{
    struct http_request *req = conn->req;
    struct err e;
    enum err_code code = inflater_run(conn->loop->inflater, buf_slice(&req->body), LIMIT_HTTP_BODY,
                                      &req->spare, &e);
    if (!code && !body_hold(conn->loop->server, req))
        code = err_set(&e, ERR_BUSY, 0, "too many large bodies are held; try again in a moment");
    if (code) {
        refuse(conn, code == ERR_INVALID ? 400 : code == ERR_BUSY ? 503 : 413, e.text);
        return false;
    }
    struct buf plain = req->spare;
    req->spare = req->body;
    req->body = plain;
    buf_clear(&req->spare);
    return true;
}

/* The request is complete: to the handler. */
static void hand_over(struct conn *conn)
{
    struct http_request *req = conn->req;
    if (req->spool_fd < 0 && req->body.len && is_coded(req) && !body_inflate(conn))
        return;
    struct loop *loop = conn->loop;
    conn->state = CONN_HANDLED;
    conn->deadline_ns = 0;
    count(&loop->requests, 1);
    atomic_fetch_add_explicit(&loop->in_flight, 1, memory_order_relaxed);
    if (slice_is(req->head.path, "*")) {
        http_set_header(req, "Allow", SLICE("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
        http_reply(req, 204, (struct slice){ NULL, 0 }, (struct slice){ NULL, 0 });
        return;
    }
    loop->server->options.handle(loop->server->options.arg, req);
}

/* false: refused. */
static bool spool_open(struct conn *conn)
{
    struct http_server *server = conn->loop->server;
    struct http_request *req = conn->req;
    int status = server->options.admit_upload
                     ? server->options.admit_upload(server->options.arg, req)
                     : 0;
    if (status) {
        refuse(conn, status, "This upload is not allowed.");
        return false;
    }
    if (is_coded(req)) {
        refuse(conn, 415, "An upload must be sent without Content-Encoding.");
        return false;
    }
    struct slice path = arena_printf(req->mem, "%s/upload-XXXXXX", server->spool_dir);
    req->spool_fd = path.at ? mkostemp((char *)(uintptr_t)path.at, O_CLOEXEC) : -1;
    if (req->spool_fd < 0) {
        refuse(conn, 507, "The upload cannot be written to disk; see the spool directory.");
        return false;
    }
    req->spool_path = path.at;
    return true;
}

/* The head is parsed: decides what becomes of the body. */
static void body_open(struct conn *conn, int64_t now_ns)
{
    struct http_request *req = conn->req;
    const struct http_options *options = &conn->loop->server->options;
    const struct framing_field *coding = framing_find(&req->head, SLICE("content-encoding"));
    if (coding && is_coded(req) && !slice_eq_nocase(coding->value, SLICE("gzip")) &&
        !slice_eq_nocase(coding->value, SLICE("x-gzip"))) {
        refuse(conn, 415, "The only content coding taken is gzip.");
        return;
    }
    bool upload = options->is_upload &&
                  options->is_upload(options->arg, req->head.method, req->head.path);
    uint64_t limit = upload ? LIMIT_HTTP_UPLOAD : LIMIT_HTTP_BODY;
    struct framing_refusal refusal;
    enum framing_verdict verdict = framing_body_begin(&conn->body, &req->head, limit, &refusal);
    if (verdict == FRAMING_REFUSED) {
        refuse(conn, refusal.status, refusal.reason);
        return;
    }
    if (upload && !spool_open(conn))
        return;
    if (verdict == FRAMING_DONE) {
        hand_over(conn);
        return;
    }
    conn->state = CONN_BODY;
    conn->progress = 0;
    conn->deadline_ns = now_ns + conn->loop->server->body_ns;
    if (req->head.expect_continue && evbuffer_get_length(bufferevent_get_input(conn->bev)) == 0)
        send_bytes(conn, SLICE("HTTP/1.1 100 Continue\r\n\r\n"), (struct slice){ NULL, 0 });
}

static void head_take(struct conn *conn, struct slice head, int64_t now_ns)
{
    struct http_request *req = request_new(&conn->loop->pool);
    struct slice copy = req ? arena_copy(req->mem, head) : (struct slice){ NULL, 0 };
    evbuffer_drain(bufferevent_get_input(conn->bev), head.len);
    count(&conn->loop->bytes_in, head.len);
    conn->req = req;
    if (!copy.at) {
        refuse(conn, 503, "Memory is exhausted; try again in a moment.");
        return;
    }
    req->loop = conn->loop;
    req->conn = conn;
    req->received_ns = now_ns;
    req->local = conn->local;
    req->tls = conn->tls;
    memcpy(req->peer, conn->peer, sizeof req->peer);
    struct framing_refusal refusal;
    if (framing_parse(copy, &req->head, &refusal) != FRAMING_DONE)
        refuse(conn, refusal.status, refusal.reason);
    else
        body_open(conn, now_ns);
}

/* The steps: each does what can be done now and says whether another may follow. */
static bool head_step(struct conn *conn)
{
    struct evbuffer *in = bufferevent_get_input(conn->bev);
    size_t len = evbuffer_get_length(in);
    if (len == conn->scan.checked)
        return false;
    int64_t now_ns = clock_steady_ns();
    if (conn->scan.checked == 0)
        conn->deadline_ns = now_ns + conn->loop->server->header_ns;
    len = len > LIMIT_HTTP_HEADER + 1 ? LIMIT_HTTP_HEADER + 1 : len;
    const char *at = (const char *)evbuffer_pullup(in, (ev_ssize_t)len);
    size_t head_len;
    struct framing_refusal refusal;
    enum framing_verdict verdict = framing_scan(&conn->scan, at, len, &head_len, &refusal);
    if (verdict == FRAMING_MORE)
        return false;
    if (verdict == FRAMING_REFUSED)
        refuse(conn, refusal.status, refusal.reason);
    else
        head_take(conn, (struct slice){ at, head_len }, now_ns);
    return true;
}

static bool body_step(struct conn *conn)
{
    struct evbuffer *in = bufferevent_get_input(conn->bev);
    struct evbuffer_iovec piece;
    if (evbuffer_get_length(in) == 0 || evbuffer_peek(in, -1, NULL, &piece, 1) < 1)
        return false;  // an empty buffer may still show a piece of no bytes
    size_t used;
    struct slice data;
    struct framing_refusal refusal;
    enum framing_verdict verdict =
        framing_body(&conn->body, piece.iov_base, piece.iov_len, &used, &data, &refusal);
    if (verdict != FRAMING_REFUSED && data.len)
        body_store(conn, data);
    evbuffer_drain(in, used);
    count(&conn->loop->bytes_in, used);
    if (conn->state != CONN_BODY)
        return true;  // body_store refused it
    conn->progress += data.len;
    if (conn->req->spool_fd >= 0 && conn->progress >= UPLOAD_STEP) {
        conn->progress = 0;
        conn->deadline_ns = clock_steady_ns() + conn->loop->server->body_ns;
    }
    if (verdict == FRAMING_REFUSED)
        refuse(conn, refusal.status, refusal.reason);
    else if (verdict == FRAMING_DONE)
        hand_over(conn);
    return true;
}

static bool sending_step(struct conn *conn)
{
    if (output_len(conn))
        return false;
    int64_t now_ns = clock_steady_ns();
    if (conn->keep) {
        conn->state = CONN_HEAD;
        conn->scan = (struct framing_scan){ 0 };
        conn->deadline_ns = now_ns + conn->loop->server->idle_ns;
        return true;
    }
    if (conn->tls) {
        SSL_shutdown(bufferevent_openssl_get_ssl(conn->bev));
        ERR_clear_error();  // it may fail where the client has gone; that is no news
    }
    if (conn->linger) {
        /* RFC 9112 section 9.6: closing with bytes unread makes the system reset the connection, and
         * the client may never see the answer. */
        shutdown(conn->fd, SHUT_WR);
        conn->state = CONN_LINGERING;
        conn->deadline_ns = now_ns + LINGER_NS;
    } else
        conn->state = CONN_DEAD;
    return true;
}

static void stream_end(struct conn *conn)
{
    struct http_request *req = conn->req;
    assert(req && req->answer.kind != ANSWER_WHOLE);
    req->answer.stream.end(req->answer.stream.arg);
    request_release(req, &conn->loop->pool);
    conn->req = NULL;
    conn->streaming = false;
    if (conn->tick)
        event_free(conn->tick);
    conn->tick = NULL;
}

/* A broken stream: reset, so that not even a client that reads until the end takes it for complete. */
static void stream_cut(struct conn *conn)
{
    struct linger now = { .l_onoff = 1 };
    setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    conn->state = CONN_DEAD;
}

static void stream_send(struct conn *conn, struct slice piece, bool more)
{
    char line[24];
    int len = conn->chunked ? snprintf(line, sizeof line, "%zx\r\n", piece.len) : 0;
    struct slice tail = !conn->chunked ? SLICE("")
                        : more         ? SLICE("\r\n")
                        : piece.len    ? SLICE("\r\n0\r\n\r\n")
                                       : SLICE("0\r\n\r\n");
    struct evbuffer *out = bufferevent_get_output(conn->bev);
    if ((piece.len && (evbuffer_add(out, line, (size_t)len) != 0 ||
                       evbuffer_add(out, piece.at, piece.len) != 0)) ||
        evbuffer_add(out, tail.at, tail.len) != 0)
        stream_cut(conn);
    count(&conn->loop->bytes_out, (size_t)len + piece.len + tail.len);
}

static void on_tick(evutil_socket_t fd, short what, void *arg);

static void stream_wait(struct conn *conn)
{
    conn->due = false;
    int ms = conn->req->answer.interval_ms;
    struct timeval interval = { ms / 1000, ms % 1000 * 1000 };
    if (!conn->tick)
        conn->tick = evtimer_new(conn->loop->base, on_tick, conn);
    if (!conn->tick || evtimer_add(conn->tick, &interval) != 0)
        stream_cut(conn);
}

static bool stream_step(struct conn *conn)
{
    struct answer *answer = &conn->req->answer;
    if (answer->kind == ANSWER_LIVE && conn->eof)
        conn->state = CONN_DEAD;
    if (conn->state == CONN_DEAD || !conn->due || output_len(conn) >= STREAM_HIGH)
        return false;
    struct buf *piece = &conn->loop->piece;
    buf_clear(piece);
    bool more = true;
    struct err e;
    enum err_code code = answer->stream.next(answer->stream.arg, piece, &more, &e);
    if (code || piece->failed) {
        stream_cut(conn);
        return false;
    }
    if (piece->len || !more)
        stream_send(conn, buf_slice(piece), more);
    else
        stream_wait(conn);
    if (more || conn->state == CONN_DEAD)
        return conn->state != CONN_DEAD;
    stream_end(conn);
    bufferevent_setwatermark(conn->bev, EV_WRITE, 0, 0);
    conn->state = CONN_SENDING;
    return true;
}

static bool step(struct conn *conn)
{
    switch (conn->state) {
    case CONN_HEAD: return head_step(conn);
    case CONN_BODY: return body_step(conn);
    case CONN_SENDING: return sending_step(conn);
    case CONN_STREAMING: return stream_step(conn);
    case CONN_LINGERING: {
        struct evbuffer *in = bufferevent_get_input(conn->bev);
        evbuffer_drain(in, evbuffer_get_length(in));
        return false;
    }
    case CONN_HANDLED:
    case CONN_DEAD: break;
    }
    return false;
}

static void conn_run(struct conn *conn)
{
    if (conn->running)
        return;  // we are inside the handler: the loop below goes on by itself
    conn->running = true;
    while (step(conn))
        ;
    conn->running = false;
    bool reads = conn->state == CONN_HEAD || conn->state == CONN_BODY ||
                 conn->state == CONN_LINGERING;
    if (conn->state == CONN_DEAD || (conn->eof && reads))
        conn_close(conn);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct conn *conn = arg;
    conn->due = true;
    conn_run(conn);
}

static void on_bytes(struct bufferevent *bev, void *arg)
{
    (void)bev;
    conn_run(arg);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    (void)bev;
    struct conn *conn = arg;
    /* TLS ends both directions at once; plain TCP may close one and still wait for the answer. */
    if (what & (BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT) || (what & BEV_EVENT_EOF && conn->tls))
        conn->broken = true;
    if (what & BEV_EVENT_EOF)
        conn->eof = true;
    if (conn->broken && conn->state != CONN_HANDLED)
        conn->state = CONN_DEAD;
    conn_run(conn);
}

void conn_answer(struct conn *conn, struct http_request *req)
{
    assert(conn->req == req && conn->state == CONN_HANDLED);
    struct answer *answer = &req->answer;
    bool whole = answer->kind == ANSWER_WHOLE;
    conn->keep = req->head.keep_alive && !atomic_load(&conn->loop->server->stopping);
    conn->chunked = !whole && req->head.minor >= 1;
    conn->keep = conn->keep && (whole || conn->chunked);

    struct buf *head = head_begin(conn, answer->status, answer->type);
    buf_add(head, buf_slice(&req->headers));
    if (whole && answer->status != 204 && answer->status != 304)
        head_length(head, answer->body.len);
    if (conn->chunked)
        buf_add(head, SLICE("Transfer-Encoding: chunked\r\n"));
    if (!conn->keep)
        buf_add(head, SLICE("Connection: close\r\n"));
    else if (req->head.minor == 0)
        buf_add(head, SLICE("Connection: keep-alive\r\n"));
    buf_add(head, SLICE("\r\n"));
    conn->broken |= head->failed || req->headers.failed;  // out of memory: rather no answer than half a head

    bool bodyless = req->head.method == HTTP_HEAD || answer->status == 204 || answer->status == 304;
    conn->state = whole || bodyless ? CONN_SENDING : CONN_STREAMING;
    if (conn->broken)
        conn->state = CONN_DEAD;
    else
        send_bytes(conn, buf_slice(head),
                   bodyless || !whole ? (struct slice){ NULL, 0 } : answer->body);
    if (whole) {
        request_release(req, &conn->loop->pool);
        conn->req = NULL;
    } else if (bodyless)
        stream_end(conn);
    else {
        conn->due = conn->streaming = true;
        bufferevent_setwatermark(conn->bev, EV_WRITE, STREAM_LOW, 0);
    }
    conn_run(conn);
}

void conn_sweep(struct conn *conn, int64_t now_ns, bool stopping)
{
    bool quiet = conn->state == CONN_HEAD && conn->scan.checked == 0;
    bool live = conn->state == CONN_STREAMING && conn->req->answer.kind == ANSWER_LIVE;
    if (stopping && (quiet || live))
        conn->state = CONN_DEAD;
    else if (conn->deadline_ns == 0 || now_ns < conn->deadline_ns)
        return;
    else if (quiet || conn->state == CONN_LINGERING)
        conn->state = CONN_DEAD;
    else if (conn->state == CONN_HEAD)
        refuse(conn, 408, "The header did not arrive in time.");
    else if (conn->state == CONN_BODY)
        refuse(conn, 408, "The body did not arrive in time.");
    conn_run(conn);
}

void conn_discard(struct http_server *server, struct conn *conn)
{
    if (conn->fd >= 0)
        close(conn->fd);
    free(conn);
    atomic_fetch_sub(&server->connections, 1);
}

static struct bufferevent *bev_new(struct loop *loop, struct conn *conn)
{
    if (!conn->tls)
        return bufferevent_socket_new(loop->base, conn->fd, BEV_OPT_CLOSE_ON_FREE);
    SSL *ssl = SSL_new(loop->server->tls);
    if (!ssl)
        return NULL;
    struct bufferevent *bev =
        bufferevent_openssl_socket_new(loop->base, conn->fd, ssl, BUFFEREVENT_SSL_ACCEPTING,
                                       BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    /* A missing close_notify is a plain end: framing tells by itself what is complete. */
    if (bev)
        bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
    else
        conn->fd = -1;  // libevent may have freed ssl and socket or not: rather a leak than a double close
    return bev;
}

void conn_start(struct loop *loop, struct conn *conn)
{
    assert(conn->state == CONN_HEAD && !conn->req);
    conn->loop = loop;
    conn->bev = bev_new(loop, conn);
    if (!conn->bev) {
        atomic_fetch_sub(&loop->load, 1);
        conn_discard(loop->server, conn);
        return;
    }
    int one = 1;
    if (!conn->local)
        setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    conn->next = loop->conns;
    conn->link = &loop->conns;
    if (conn->next)
        conn->next->link = &conn->next;
    loop->conns = conn;

    int64_t body_ns = loop->server->body_ns;
    struct timeval stuck = { body_ns / 1000000000, body_ns % 1000000000 / 1000 };
    bufferevent_setcb(conn->bev, on_bytes, on_bytes, on_event, conn);
    bufferevent_setwatermark(conn->bev, EV_READ, 0, READ_HIGH);
    bufferevent_set_timeouts(conn->bev, NULL, &stuck);
    conn->deadline_ns = clock_steady_ns() + loop->server->header_ns;
    if (bufferevent_enable(conn->bev, EV_READ | EV_WRITE) != 0)
        conn->state = CONN_DEAD;
    else if (conn->overload)
        refuse(conn, 503, "Too many connections are open; try again in a moment.");
    conn_run(conn);
}

void conn_close(struct conn *conn)
{
    struct loop *loop = conn->loop;
    struct http_request *req = conn->req;
    if (req && conn->state == CONN_HANDLED)
        req->conn = NULL;  // its answer will find nobody
    else if (req && conn->streaming)
        stream_end(conn);
    else if (req)
        request_release(req, &loop->pool);
    *conn->link = conn->next;
    if (conn->next)
        conn->next->link = conn->link;
    bufferevent_free(conn->bev);
    free(conn);
    loop_conn_gone(loop);
}

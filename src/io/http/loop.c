#include "io/http/loop.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "io/http/conn.h"
#include "sys/clock.h"

#define ACCEPT_BATCH 64
#define ACCEPT_REST_NS INT64_C(100000000)  // after descriptors ran out
#define OVERLOAD_MORE 64u                  // connections beyond the limit that are told so

static _Thread_local struct loop *current;  // the loop whose thread this is

const char *loop_date(struct loop *loop)
{
    static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    int64_t now_s = clock_now_ms(&sys_clock_real) / 1000;
    if (now_s == loop->date_s)
        return loop->date;
    time_t at = (time_t)now_s;
    struct tm tm;
    gmtime_r(&at, &tm);
    snprintf(loop->date, sizeof loop->date, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday],
             tm.tm_mday, months[tm.tm_mon], (tm.tm_year + 1900) % 10000, tm.tm_hour, tm.tm_min,
             tm.tm_sec);
    loop->date_s = now_s;
    return loop->date;
}

/* Answers a request whose client has gone: nobody hears it. */
static void discard(struct http_request *req, struct http_request **pool)
{
    if (req->answer.kind != ANSWER_WHOLE)
        req->answer.stream.end(req->answer.stream.arg);
    request_release(req, pool);
}

static void answer_now(struct loop *loop, struct http_request *req)
{
    atomic_fetch_sub_explicit(&loop->in_flight, 1, memory_order_relaxed);
    if (req->conn)
        conn_answer(req->conn, req);
    else
        discard(req, &loop->pool);
}

static void ring(struct loop *loop)
{
    uint64_t one = 1;
    ssize_t n = write(loop->wake_fd, &one, sizeof one);
    assert(n == sizeof one || errno == EAGAIN);  // EAGAIN: the counter is full, it rings already
}

void loop_wake(struct loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    bool need = !loop->woken;
    loop->woken = true;
    pthread_mutex_unlock(&loop->lock);
    if (need)
        ring(loop);
}

/* false: the loop has ended. */
static bool post(struct loop *loop, struct http_request *req)
{
    req->next = NULL;
    pthread_mutex_lock(&loop->lock);
    bool open = !loop->closed;
    if (open) {
        *loop->inbox_end = req;
        loop->inbox_end = &req->next;
        /* Rung under the lock: once it is released the request may be answered and the loop be gone. */
        if (!loop->woken)
            ring(loop);
        loop->woken = true;
    }
    pthread_mutex_unlock(&loop->lock);
    return open;
}

void loop_answer(struct loop *loop, struct http_request *req)
{
    if (current == loop) {
        answer_now(loop, req);
        return;
    }
    request_own_answer(req);
    if (post(loop, req))
        return;
    struct http_server *server = loop->server;
    discard(req, NULL);
    server_release(server);
}

void loop_resume(struct loop *loop, struct http_request *req)
{
    if (post(loop, req))
        return;
    struct http_server *server = loop->server;
    request_release(req, NULL);
    server_release(server);
}

static struct http_request *inbox_take(struct loop *loop)
{
    struct http_request *first = loop->inbox;
    loop->inbox = NULL;
    loop->inbox_end = &loop->inbox;
    return first;
}

static void inbox_run(struct loop *loop, struct http_request *req)
{
    while (req) {
        struct http_request *next = req->next;
        void (*resume)(struct http_request *, void *) = req->resume;
        req->resume = NULL;
        if (resume)
            resume(req, req->resume_arg);
        else
            answer_now(loop, req);
        req = next;
    }
}

void loop_conn_gone(struct loop *loop)
{
    atomic_fetch_sub(&loop->load, 1);
    atomic_fetch_sub(&loop->server->connections, 1);
    if (atomic_load(&loop->server->stopping) && !loop->conns)
        event_base_loopbreak(loop->base);
}

static void peer_text(const struct sockaddr_storage *from, char out[PEER_MAX])
{
    out[0] = '\0';
    if (from->ss_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)from)->sin_addr, out, PEER_MAX);
    if (from->ss_family != AF_INET6)
        return;
    const struct in6_addr *six = &((const struct sockaddr_in6 *)from)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(six))
        inet_ntop(AF_INET, &six->s6_addr[12], out, PEER_MAX);
    else
        inet_ntop(AF_INET6, six, out, PEER_MAX);
}

/* To the loop that has fewest connections. */
static void assign(struct http_server *server, struct conn *conn)
{
    struct loop *to = &server->loops[0];
    for (unsigned i = 1; i < server->loops_n; i++)
        if (atomic_load(&server->loops[i].load) < atomic_load(&to->load))
            to = &server->loops[i];
    atomic_fetch_add(&to->load, 1);
    if (to == current) {
        conn_start(to, conn);
        return;
    }
    pthread_mutex_lock(&to->lock);
    bool closed = to->closed;
    if (!closed) {
        conn->next = to->arrivals;
        to->arrivals = conn;
    }
    pthread_mutex_unlock(&to->lock);
    if (closed)
        conn_discard(server, conn);
    else
        loop_wake(to);
}

static void accepted(struct http_server *server, int fd, bool local,
                     const struct sockaddr_storage *from)
{
    unsigned max = server->options.connections_max ? server->options.connections_max
                                                   : LIMIT_HTTP_CONNECTIONS;
    uint32_t open = atomic_fetch_add(&server->connections, 1);
    bool tls = server->tls && !local;
    bool overload = open >= max;
    struct conn *conn = open >= max + OVERLOAD_MORE || (overload && tls) ? NULL
                                                                         : calloc(1, sizeof *conn);
    if (!conn) {
        close(fd);
        atomic_fetch_sub(&server->connections, 1);
        count(&server->loops[0].refused, 1);
        return;
    }
    *conn = (struct conn){
        .fd = fd, .local = local, .tls = tls, .overload = overload, .state = CONN_HEAD
    };
    peer_text(from, conn->peer);
    assign(server, conn);
}

static void accept_rest(struct loop *loop, bool rest)
{
    for (int i = 0; i < 2; i++) {
        if (loop->accept[i] && rest)
            event_del(loop->accept[i]);
        else if (loop->accept[i])
            event_add(loop->accept[i], NULL);
    }
    loop->accept_again_ns = rest ? clock_steady_ns() + ACCEPT_REST_NS : 0;
}

static void accept_end(struct loop *loop)
{
    for (int i = 0; i < 2; i++) {
        if (loop->accept[i])
            event_free(loop->accept[i]);
        loop->accept[i] = NULL;
    }
}

static void on_accept(evutil_socket_t listener, short what, void *arg)
{
    (void)what;
    struct loop *loop = arg;
    for (int i = 0; i < ACCEPT_BATCH; i++) {
        struct sockaddr_storage from = { 0 };
        socklen_t len = sizeof from;
        int fd = accept4(listener, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            accepted(loop->server, fd, listener == loop->server->listen_fd[1], &from);
        else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            accept_rest(loop, true);
            return;
        } else if (errno == EAGAIN)
            return;
    }
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    struct loop *loop = arg;
    uint64_t rings;
    ssize_t n = read(fd, &rings, sizeof rings);
    assert(n == sizeof rings || errno == EAGAIN);
    pthread_mutex_lock(&loop->lock);
    struct http_request *inbox = inbox_take(loop);
    struct conn *arrivals = loop->arrivals;
    loop->arrivals = NULL;
    loop->woken = false;
    pthread_mutex_unlock(&loop->lock);
    inbox_run(loop, inbox);
    while (arrivals) {
        struct conn *conn = arrivals;
        arrivals = conn->next;
        conn_start(loop, conn);
    }
    if (atomic_load(&loop->server->stopping))
        event_active(loop->sweep, EV_TIMEOUT, 0);
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct loop *loop = arg;
    int64_t now_ns = clock_steady_ns();
    bool stopping = atomic_load(&loop->server->stopping);
    for (struct conn *conn = loop->conns, *next; conn; conn = next) {
        next = conn->next;
        conn_sweep(conn, now_ns, stopping);
    }
    if (loop->accept_again_ns && now_ns >= loop->accept_again_ns && !stopping)
        accept_rest(loop, false);
    if (stopping)
        accept_end(loop);
    if (stopping && (!loop->conns || now_ns >= atomic_load(&loop->server->stop_ns)))
        event_base_loopbreak(loop->base);
}

static struct event *event_open(struct loop *loop, int fd, short what, event_callback_fn on,
                                const struct timeval *every)
{
    struct event *event = event_new(loop->base, fd, what, on, loop);
    if (event && event_add(event, every) != 0) {
        event_free(event);
        event = NULL;
    }
    return event;
}

static struct event_base *base_open(void)
{
    struct event_config *config = event_config_new();
    if (!config)
        return NULL;
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);  // only the loop's thread touches it
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

static int64_t sweep_ns(const struct http_server *server)
{
    int64_t least = server->header_ns < server->body_ns ? server->header_ns : server->body_ns;
    least = (server->idle_ns < least ? server->idle_ns : least) / 4;
    return least > 250000000 ? 250000000 : least < 1000000 ? 1000000 : least;
}

enum err_code loop_init(struct loop *loop, struct http_server *server, unsigned index,
                        struct err *e)
{
    *loop = (struct loop){ .server = server, .index = index, .date_s = -1 };
    pthread_mutex_init(&loop->lock, NULL);
    loop->inbox_end = &loop->inbox;
    loop->head = buf_make(0);
    loop->piece = buf_make(0);
    loop->inflater = inflater_new();
    loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    loop->base = base_open();
    int64_t every_ns = sweep_ns(server);
    struct timeval every = { 0, every_ns / 1000 };
    bool good = loop->inflater && loop->wake_fd >= 0 && loop->base;
    if (good) {
        loop->wake = event_open(loop, loop->wake_fd, EV_READ | EV_PERSIST, on_wake, NULL);
        loop->sweep = event_open(loop, -1, EV_PERSIST, on_sweep, &every);
        good = loop->wake && loop->sweep;
    }
    for (int i = 0; good && index == 0 && i < 2; i++) {
        if (server->listen_fd[i] < 0)
            continue;
        loop->accept[i] = event_open(loop, server->listen_fd[i], EV_READ | EV_PERSIST, on_accept, NULL);
        good = loop->accept[i] != NULL;
    }
    return good ? ERR_OK
                : err_set(e, ERR_LIMIT, 0, "cannot open an event loop: memory or descriptors are "
                          "exhausted");
}

void loop_fini(struct loop *loop)
{
    assert(!loop->conns && !loop->arrivals && !loop->inbox);
    accept_end(loop);
    if (loop->wake)
        event_free(loop->wake);
    if (loop->sweep)
        event_free(loop->sweep);
    if (loop->base)
        event_base_free(loop->base);
    if (loop->wake_fd >= 0)
        close(loop->wake_fd);
    request_pool_drop(&loop->pool);
    inflater_drop(&loop->inflater);
    buf_drop(&loop->head);
    buf_drop(&loop->piece);
    pthread_mutex_destroy(&loop->lock);
}

/* Closes what is left. Requests still with other threads keep the server's memory until answered. */
static void loop_end(struct loop *loop)
{
    accept_end(loop);
    while (loop->conns)
        conn_close(loop->conns);
    pthread_mutex_lock(&loop->lock);
    while (loop->inbox) {
        struct http_request *inbox = inbox_take(loop);
        pthread_mutex_unlock(&loop->lock);
        inbox_run(loop, inbox);
        pthread_mutex_lock(&loop->lock);
    }
    atomic_fetch_add(&loop->server->holders, atomic_load(&loop->in_flight));
    loop->closed = true;
    struct conn *arrivals = loop->arrivals;
    loop->arrivals = NULL;
    pthread_mutex_unlock(&loop->lock);
    while (arrivals) {
        struct conn *conn = arrivals;
        arrivals = conn->next;
        conn_discard(loop->server, conn);
    }
    event_base_loop(loop->base, EVLOOP_NONBLOCK);  // libevent closes sockets only here
}

void *loop_run(void *arg)
{
    struct loop *loop = arg;
    const struct http_options *options = &loop->server->options;
    current = loop;
    event_base_dispatch(loop->base);
    loop_end(loop);
    if (options->thread_stop)
        options->thread_stop(options->arg, loop->state);
    return NULL;
}

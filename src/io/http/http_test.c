/* The real server on a free port, spoken to by raw sockets. */
#include "io/http/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <assert.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zlib.h>

#include "base/limits.h"
#include "io/http/http_client.h"
#include "sys/pool.h"

#define PATIENCE_MS 20000  // far beyond what any step takes; a silent server fails the test

struct shop {
    struct http_server *server;
    struct pool *pool;
    char dir[64], socket[96], cert[96], key[96];
    int port;
    _Atomic int handled, started, stopped, ended, waiting;
    pthread_mutex_t gate;  // held by a test while "/gate" must not be answered
    _Atomic long resident_mib;  // while an upload was handled
};

/* ---- the handler ---- */

struct counter {
    struct shop *shop;
    int left, fail_at;
};

static enum err_code counter_next(void *arg, struct buf *out, bool *more, struct err *e)
{
    struct counter *c = arg;
    if (c->left == c->fail_at)
        return err_set(e, ERR_IO, 0, "the disk is gone");
    char block[10000];
    memset(block, 'a' + c->left % 26, sizeof block);
    if (c->left % 3)  // sometimes nothing yet
        buf_add(out, (struct slice){ block, sizeof block });
    *more = --c->left > 0;
    return ERR_OK;
}

static enum err_code live_next(void *arg, struct buf *out, bool *more, struct err *e)
{
    (void)e;
    (void)more;
    struct counter *c = arg;
    if (c->left++ % 2 == 0)
        buf_printf(out, "data: %d\n\n", c->left);
    return ERR_OK;
}

static void counter_end(void *arg)
{
    struct counter *c = arg;
    atomic_fetch_add(&c->shop->ended, 1);
    free(c);
}

static struct http_stream counter_stream(struct shop *shop, int left, int fail_at)
{
    struct counter *c = malloc(sizeof *c);
    assert_non_null(c);
    *c = (struct counter){ shop, left, fail_at };
    bool live = left == 0;
    return (struct http_stream){ live ? live_next : counter_next, counter_end, c };
}

static void answer_later(void *arg)
{
    struct http_request *req = arg;
    struct slice body = arena_printf(http_arena(req), "later %.*s", SLICE_ARG(http_body(req)));
    http_set_header(req, "X-Later", SLICE("yes"));
    http_reply(req, 200, SLICE("text/plain"), body);
}

struct gated {
    struct shop *shop;
    struct http_request *req;
};

static void answer_gated(void *arg)
{
    struct gated *g = arg;
    atomic_fetch_add(&g->shop->waiting, 1);
    pthread_mutex_lock(&g->shop->gate);
    pthread_mutex_unlock(&g->shop->gate);
    answer_later(g->req);
    free(g);
}

static void on_resume(struct http_request *req, void *arg)
{
    struct shop *shop = arg;
    assert(http_thread_state(req) == shop);
    http_reply(req, 200, SLICE("text/plain"), SLICE("resumed"));
}

static void resume_later(void *arg)
{
    struct http_request *req = arg;
    http_resume(req, on_resume, http_thread_state(req));
}

static void stream_later(void *arg)
{
    struct http_request *req = arg;
    http_reply_stream(req, 200, SLICE("text/plain"), counter_stream(http_thread_state(req), 4, -1));
}

static void submit(struct shop *shop, void (*run)(void *), void *arg)
{
    struct err e;
    if (pool_submit(shop->pool, run, arg, &e))
        fail_msg("%s", e.text);
}

static void answer_echo(struct http_request *req)
{
    static const char methods[][8] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" };
    struct slice agent = http_header(req, "x-word");
    struct slice text = arena_printf(http_arena(req), "%s %.*s ?%.*s word=%.*s peer=%.*s local=%d tls=%d "
                                     "body=%.*s", methods[http_method(req)], SLICE_ARG(http_path(req)),
                                     SLICE_ARG(http_query(req)), SLICE_ARG(agent),
                                     SLICE_ARG(http_peer(req)), http_is_local(req), http_is_tls(req),
                                     SLICE_ARG(http_body(req)));
    http_reply(req, 200, SLICE("text/plain"), text);
}

/* The address sanitizer keeps freed memory back, 256 MiB by default: that would look like our growth. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=8";
}

static long resident_mib(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%*d %ld", &pages), 1);
    fclose(f);
    return pages * sysconf(_SC_PAGESIZE) >> 20;
}

static void answer_upload(struct http_request *req)
{
    struct shop *shop = http_thread_state(req);
    shop->resident_mib = resident_mib();
    const char *path = http_upload_path(req);
    struct stat st;
    long long size = path && stat(path, &st) == 0 ? (long long)st.st_size : -1;
    http_reply(req, 200, SLICE("text/plain"), arena_printf(http_arena(req), "%lld bytes, mode %o", size,
                                                           path ? st.st_mode & 0777 : 0));
}

static void answer_big(struct http_request *req)
{
    size_t len = 6u << 20;
    char *at = arena_alloc(http_arena(req), len);
    assert_non_null(at);
    memset(at, 'b', len);
    http_reply(req, 200, SLICE("text/plain"), (struct slice){ at, len });
}

static void handle(void *arg, struct http_request *req)
{
    struct shop *shop = arg;
    atomic_fetch_add(&shop->handled, 1);
    struct slice path = http_path(req);
    assert(http_thread_state(req) == shop);
    if (slice_is(path, "/later"))
        submit(shop, answer_later, req);
    else if (slice_is(path, "/resume"))
        submit(shop, resume_later, req);
    else if (slice_is(path, "/gate")) {
        struct gated *g = malloc(sizeof *g);
        assert_non_null(g);
        *g = (struct gated){ shop, req };
        submit(shop, answer_gated, g);
    } else if (slice_is(path, "/stream"))
        http_reply_stream(req, 200, SLICE("text/plain"), counter_stream(shop, 200, -1));
    else if (slice_is(path, "/stream-later"))
        submit(shop, stream_later, req);
    else if (slice_is(path, "/stream-breaks"))
        http_reply_stream(req, 200, SLICE("text/plain"), counter_stream(shop, 20, 5));
    else if (slice_is(path, "/live"))
        http_reply_live(req, SLICE("text/event-stream"), 5, counter_stream(shop, 0, -1));
    else if (slice_is(path, "/upload"))
        answer_upload(req);
    else if (slice_is(path, "/big"))
        answer_big(req);
    else if (slice_is(path, "/none"))
        http_reply(req, 204, SLICE(""), SLICE(""));
    else
        answer_echo(req);
}

static bool is_upload(void *arg, enum http_method method, struct slice path)
{
    (void)arg;
    return method == HTTP_POST && slice_is(path, "/upload");
}

static int admit_upload(void *arg, const struct http_request *req)
{
    (void)arg;
    return slice_is(http_header(req, "X-Stranger"), "yes") ? 403 : 0;
}

static void *thread_start(void *arg, unsigned thread)
{
    struct shop *shop = arg;
    assert(thread < 2);
    atomic_fetch_add(&shop->started, 1);
    return shop;
}

static void thread_stop(void *arg, void *state)
{
    struct shop *shop = arg;
    assert(state == shop);
    atomic_fetch_add(&shop->stopped, 1);
}

/* ---- set-up ---- */

static struct shop *shop_open(struct http_options options)
{
    struct shop *shop = calloc(1, sizeof *shop);
    assert_non_null(shop);
    pthread_mutex_init(&shop->gate, NULL);
    strcpy(shop->dir, "/tmp/http-test-XXXXXX");
    assert_non_null(mkdtemp(shop->dir));
    snprintf(shop->socket, sizeof shop->socket, "%s/socket", shop->dir);
    snprintf(shop->cert, sizeof shop->cert, "%s/cert.pem", shop->dir);
    snprintf(shop->key, sizeof shop->key, "%s/key.pem", shop->dir);
    struct err e;
    assert_int_equal(pool_new(2, 10000, &shop->pool, &e), ERR_OK);
    options.listen = options.listen ? options.listen : "127.0.0.1:0";
    options.socket = shop->socket;
    options.spool_dir = shop->dir;
    options.threads = 2;
    options.is_upload = is_upload;
    options.admit_upload = admit_upload;
    options.handle = handle;
    options.thread_start = thread_start;
    options.thread_stop = thread_stop;
    options.arg = shop;
    if (http_server_new(options, &shop->server, &e))
        fail_msg("%s", e.text);
    shop->port = http_server_port(shop->server);
    assert_true(shop->port > 0);
    return shop;
}

static int files_in(const char *dir)
{
    DIR *d = opendir(dir);
    assert_non_null(d);
    int n = 0;
    for (struct dirent *entry; (entry = readdir(d));)
        n += entry->d_name[0] != '.';
    closedir(d);
    return n;
}

static void shop_close(struct shop *shop)
{
    http_server_stop(&shop->server, 5000);
    assert_null(shop->server);
    assert_int_equal(shop->started, 2);
    assert_int_equal(shop->stopped, 2);
    pool_drop(&shop->pool);
    unlink(shop->cert);
    unlink(shop->key);
    assert_int_equal(files_in(shop->dir), 0);  // no socket, no spool file is left
    rmdir(shop->dir);
    pthread_mutex_destroy(&shop->gate);
    free(shop);
}

/* ---- a raw client ---- */

static void patience(int fd)
{
    struct timeval most = { PATIENCE_MS / 1000, 0 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
}

static int dial(const struct shop *shop)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)shop->port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    patience(fd);
    return fd;
}

/* A server that has refused may close while we still write: that is no failure of the test. */
static void say(int fd, struct slice text)
{
    while (text.len) {
        ssize_t n = send(fd, text.at, text.len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        text = (struct slice){ text.at + n, text.len - (size_t)n };
    }
}

static void say_text(int fd, const char *text)
{
    say(fd, slice_of(text));
}

/* Everything until the server closes; the caller frees. */
static char *hear_all(int fd)
{
    struct buf in = buf_make(0);
    char block[4096];
    ssize_t n;
    while ((n = recv(fd, block, sizeof block, 0)) > 0)
        buf_add(&in, (struct slice){ block, (size_t)n });
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        fail_msg("the server neither answers nor closes");
    buf_addc(&in, '\0');
    assert_false(in.failed);
    return in.at;
}

/* One answer with Content-Length, from a connection that stays open; the caller frees. */
static char *hear_one(int fd)
{
    struct buf in = buf_make(0);
    char c;
    while (in.len < 4 || memcmp(in.at + in.len - 4, "\r\n\r\n", 4) != 0) {
        assert_int_equal(recv(fd, &c, 1, 0), 1);
        buf_addc(&in, c);
    }
    buf_addc(&in, '\0');
    in.len--;
    const char *length = strstr(in.at, "Content-Length: ");
    for (long left = length ? atol(length + 16) : 0; left > 0; left--) {
        assert_int_equal(recv(fd, &c, 1, 0), 1);
        buf_addc(&in, c);
    }
    buf_addc(&in, '\0');
    return in.at;
}

static int status_in(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? atoi(answer + 9) : 0;
}

static size_t count_of(const char *text, const char *word)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, word)); at += strlen(word))
        n++;
    return n;
}

/* Says `text` on a fresh connection, ends our side, and returns all that is answered. */
static char *ask_bytes(const struct shop *shop, struct slice text)
{
    int fd = dial(shop);
    say(fd, text);
    shutdown(fd, SHUT_WR);
    char *answer = hear_all(fd);
    close(fd);
    return answer;
}

static char *ask(const struct shop *shop, const char *text)
{
    return ask_bytes(shop, slice_of(text));
}

static void expect(const struct shop *shop, const char *text, int status, const char *part)
{
    char *answer = ask(shop, text);
    if (status_in(answer) != status || !strstr(answer, part))
        fail_msg("asked: %.300s\nwanted %d with '%s', got: %s", text, status, part, answer);
    free(answer);
}

#define GET "GET / HTTP/1.1\r\nHost: x\r\n"
#define POST "POST / HTTP/1.1\r\nHost: x\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"

/* ---- the tests ---- */

static void framing_end_to_end(void **state)
{
    (void)state;
    static const struct {
        struct slice in;
        int status;
    } cases[] = {
#define CASE(lit, status) { { lit, sizeof(lit) - 1 }, status }
        CASE(POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
        CASE(POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
        CASE(POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        CASE(POST "Content-Length: +7\r\n\r\nabcdefg", 400),
        CASE(POST "Content-Length: 7,3\r\n\r\nabcdefg", 400),
        CASE(POST "Content-Length: -1\r\n\r\n", 400),
        CASE(POST "Content-Length: 0x7\r\n\r\nabcdefg", 400),
        CASE(POST "Content-Length:\r\n\r\n", 400),
        CASE(GET "A : b\r\n\r\n", 400),
        CASE(GET "A: b\r\n c\r\n\r\n", 400),
        CASE(GET "A: \0\r\n\r\n", 400),
        CASE(GET "A: b\rc\r\n\r\n", 400),
        CASE("GET / HTTP/1.1\nHost: x\n\n", 400),
        CASE(CHUNKED "0x7\r\nabcdefg\r\n0\r\n\r\n", 400),
        CASE(CHUNKED "fffffffffffffff\r\n", 413),
        CASE(CHUNKED "3;a=b\r\nabc\r\n0\r\n\r\n", 200),
        CASE("GET / HTTP/1.1\r\n\r\n", 400),
        CASE(GET "Host: y\r\n\r\n", 400),
        CASE("GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        CASE("TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        CASE("BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        CASE("GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505),
        CASE(POST "Content-Length: 1048577\r\n\r\n", 413),
        CASE(POST "Content-Encoding: br\r\nContent-Length: 1\r\n\r\na", 415),
        CASE(POST "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd", 400),
        CASE(POST "Expect: cake\r\n\r\n", 417),
        CASE(GET "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n", 200),
    };
    struct shop *shop = shop_open((struct http_options){ 0 });
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int before = shop->handled;
        char *answer = ask_bytes(shop, cases[i].in);
        if (status_in(answer) != cases[i].status)
            fail_msg("%s\nwanted %d, got: %s", cases[i].in.at, cases[i].status, answer);
        bool refused = cases[i].status != 200;
        assert_int_equal(shop->handled - before, refused ? 0 : 1);
        assert_int_equal(strstr(answer, "application/problem+json") != NULL, refused);
        assert_int_equal(strstr(answer, "Connection: close") != NULL, refused);
        assert_int_equal(count_of(answer, "nosniff"), 1);
        free(answer);
    }
    shop_close(shop);
}

/* After a refusal nothing more is read: a smuggled second request must never be handled. */
static void refusal_ends_the_connection(void **state)
{
    (void)state;
    struct shop *shop = shop_open((struct http_options){ 0 });
    expect(shop, POST "Content-Length: 3\r\nContent-Length: 0\r\n\r\nabc" GET "\r\n", 400, "problems/invalid");
    assert_int_equal(shop->handled, 0);
    char *answer = ask(shop, GET "\r\n" POST "Content-Length: +1\r\n\r\n" GET "\r\n");
    assert_int_equal(count_of(answer, "HTTP/1.1 200"), 1);
    assert_int_equal(count_of(answer, "HTTP/1.1 400"), 1);
    assert_int_equal(shop->handled, 1);
    free(answer);
    assert_int_equal(http_server_stats(shop->server).refused, 2);
    shop_close(shop);
}

static void large_heads(void **state)
{
    (void)state;
    struct shop *shop = shop_open((struct http_options){ 0 });
    struct buf in = buf_make(0);
    buf_adds(&in, GET "A: ");
    for (size_t i = 0; i < 100000; i++)
        buf_addc(&in, 'a');
    buf_adds(&in, "\r\n\r\n");
    char *answer = ask_bytes(shop, buf_slice(&in));
    assert_int_equal(status_in(answer), 431);
    free(answer);
    buf_clear(&in);
    buf_adds(&in, GET);
    for (size_t i = 0; i < 10000; i++)
        buf_adds(&in, "A: b\r\n");
    buf_adds(&in, "\r\n");
    answer = ask_bytes(shop, buf_slice(&in));
    assert_int_equal(status_in(answer), 431);
    free(answer);
    buf_drop(&in);
    shop_close(shop);
}

static void answers(void **state)
{
    (void)state;
    struct shop *shop = shop_open((struct http_options){ 0 });
    expect(shop, "GET /a/b?c=d HTTP/1.1\r\nHost: x\r\nX-Word:  w  \r\nx-word: v\r\n\r\n", 200,
           "GET /a/b ?c=d word=w peer=127.0.0.1 local=0 tls=0 body=");
    expect(shop, POST "Content-Length: 3\r\n\r\nabc", 200, "POST / ? word= peer=127.0.0.1 local=0 tls=0 body=abc");
    expect(shop, "DELETE / HTTP/1.1\r\nHost: x\r\n\r\n", 200, "DELETE /");
    expect(shop, "PATCH / HTTP/1.1\r\nHost: x\r\n\r\n", 200, "PATCH /");
    expect(shop, "OPTIONS /x HTTP/1.1\r\nHost: x\r\n\r\n", 200, "OPTIONS /x");
    expect(shop, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 204, "Allow: GET");
    expect(shop, GET "\r\n", 200, "X-Content-Type-Options: nosniff");
    expect(shop, GET "\r\n", 200, "Date: ");
    expect(shop, "GET / HTTP/1.0\r\n\r\n", 200, "Connection: close");
    expect(shop, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200, "Connection: keep-alive");
    expect(shop, GET "Connection: close\r\n\r\n", 200, "Connection: close");

    char *answer = ask(shop, "GET /none HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(status_in(answer), 204);
    assert_null(strstr(answer, "Content-Length"));
    free(answer);
    answer = ask(shop, "HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(status_in(answer), 200);
    assert_non_null(strstr(answer, "Content-Length: 52\r\n"));  // what GET would send
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
    free(answer);
    shop_close(shop);
}

static void keep_alive_and_pipelining(void **state)
{
    (void)state;
    struct shop *shop = shop_open((struct http_options){ 0 });
    int fd = dial(shop);
    for (int i = 0; i < 3; i++) {
        say_text(fd, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
        char *answer = hear_one(fd);
        assert_non_null(strstr(answer, "X-Later: yes"));
        free(answer);
    }
    close(fd);
    /* Answers come in the order of the requests, though the first is the slowest. */
    char *answer = ask(shop, "POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1"
                             "GET /two HTTP/1.1\r\nHost: x\r\n\r\n"
                             "POST /resume HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n3\r\n0\r\n\r\n"
                             "GET /four HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                             "GET /five HTTP/1.1\r\nHost: x\r\n\r\n");
    const char *one = strstr(answer, "later 1"), *two = strstr(answer, "GET /two"),
               *three = strstr(answer, "resumed"), *four = strstr(answer, "GET /four");
    assert_true(one && two && three && four);
    assert_true(one < two && two < three && three < four);
    assert_null(strstr(answer, "/five"));
    free(answer);
    struct buf in = buf_make(0);
    for (int i = 0; i < 3000; i++)
        buf_adds(&in, GET "\r\n");
    answer = ask_bytes(shop, buf_slice(&in));
    assert_int_equal(count_of(answer, "HTTP/1.1 200"), 3000);
    free(answer);
    buf_drop(&in);
    shop_close(shop);
}

static void bytes_one_by_one(void **state)
{
    (void)state;
    struct shop *shop = shop_open((struct http_options){ 0 });
    static const char in[] = "\r\n" CHUNKED "3;x\r\nabc\r\n0\r\nT: u\r\n\r\n" GET "Connection: close\r\n\r\n";
    int fd = dial(shop);
    for (size_t i = 0; i < sizeof in - 1; i++)
        say(fd, (struct slice){ in + i, 1 });
    char *answer = hear_all(fd);
    assert_int_equal(count_of(answer, "HTTP/1.1 200"), 2);
    assert_non_null(strstr(answer, "body=abc"));
    free(answer);
    close(fd);
    shop_close(shop);
}

static void expect_continue(void **state)
{
    (void)state;
    struct shop *shop = shop_open((struct http_options){ 0 });
    int fd = dial(shop);
    say_text(fd, POST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    char *answer = hear_one(fd);
    assert_int_equal(status_in(answer), 100);
    free(answer);
    say_text(fd, "abc");
    answer = hear_one(fd);
    assert_int_equal(status_in(answer), 200);
    free(answer);
    say_text(fd, POST "Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n");
    answer = hear_all(fd);
    assert_int_equal(status_in(answer), 413);  // and no 100 before it
    free(answer);
    close(fd);
    shop_close(shop);
}

static struct buf gzip_of(struct slice plain)
{
    struct buf out = buf_make(128u << 20);
    z_stream z = { 0 };
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_true(buf_reserve(&out, deflateBound(&z, plain.len)));
    z.next_in = (Bytef *)(uintptr_t)plain.at;
    z.avail_in = (uInt)plain.len;
    z.next_out = (Bytef *)out.at;
    z.avail_out = (uInt)out.cap;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out.len = out.cap - z.avail_out;
    deflateEnd(&z);
    return out;
}

static char *ask_gzip(const struct shop *shop, struct slice gzip)
{
    struct buf in = buf_make(0);
    buf_printf(&in, POST "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", gzip.len);
    buf_add(&in, gzip);
    char *answer = ask_bytes(shop, buf_slice(&in));
    buf_drop(&in);
    return answer;
}

static void gzip_bodies(void **state)
{
    (void)state;
    struct shop *shop = shop_open((struct http_options){ 0 });
    struct buf one = gzip_of(SLICE("hello "));
    char *answer = ask_gzip(shop, buf_slice(&one));
    assert_int_equal(status_in(answer), 200);
    assert_non_null(strstr(answer, "body=hello "));
    free(answer);
    answer = ask_gzip(shop, (struct slice){ one.at, one.len - 3 });
    assert_int_equal(status_in(answer), 400);
    assert_non_null(strstr(answer, "cut or damaged"));
    free(answer);

    struct buf two = gzip_of(SLICE("again"));
    buf_add(&one, buf_slice(&two));
    answer = ask_gzip(shop, buf_slice(&one));
    assert_non_null(strstr(answer, "body=hello again"));
    free(answer);
    buf_adds(&one, "garbage");
    answer = ask_gzip(shop, buf_slice(&one));
    assert_int_equal(status_in(answer), 400);
    free(answer);

    char *zeros = calloc(1, 64u << 20);
    assert_non_null(zeros);
    struct buf bomb = gzip_of((struct slice){ zeros, 64u << 20 });
    assert_true(bomb.len < LIMIT_HTTP_BODY);
    answer = ask_gzip(shop, buf_slice(&bomb));
    assert_int_equal(status_in(answer), 413);
    free(answer);
    memset(zeros, 'z', LIMIT_HTTP_BODY);
    struct buf most = gzip_of((struct slice){ zeros, LIMIT_HTTP_BODY });
    answer = ask_gzip(shop, buf_slice(&most));
    assert_int_equal(status_in(answer), 200);
    free(answer);
    free(zeros);
    buf_drop(&one);
    buf_drop(&two);
    buf_drop(&bomb);
    buf_drop(&most);
    shop_close(shop);
}

/* The length is refused before the body is read; chunks once they pass the limit. */
static void body_limit(void **state)
{
    (void)state;
    struct shop *shop = shop_open((struct http_options){ 0 });
    int fd = dial(shop);
    say_text(fd, POST "Content-Length: 1048577\r\n\r\n");
    char *answer = hear_all(fd);
    assert_int_equal(status_in(answer), 413);
    assert_non_null(strstr(answer, "problems/limit"));
    free(answer);
    close(fd);
    struct buf in = buf_make(0);
    char block[65536];
    memset(block, 'x', sizeof block);
    /* A client that writes on regardless sees the answer and an orderly end, no reset. */
    fd = dial(shop);
    say_text(fd, POST "Content-Length: 1048577\r\n\r\n");
    for (int i = 0; i < 16; i++)
        assert_int_equal(send(fd, block, sizeof block, MSG_NOSIGNAL), sizeof block);
    ssize_t n = recv(fd, block, 12, MSG_WAITALL);
    assert_int_equal(n, 12);
    assert_memory_equal(block, "HTTP/1.1 413", 12);
    while ((n = recv(fd, block, sizeof block, 0)) > 0)
        ;
    assert_int_equal(n, 0);
    close(fd);
    memset(block, 'x', sizeof block);
    buf_adds(&in, CHUNKED);
    for (int i = 0; i < 17; i++) {
        buf_adds(&in, "10000\r\n");
        buf_add(&in, (struct slice){ block, sizeof block });
        buf_adds(&in, "\r\n");
    }
    answer = ask_bytes(shop, buf_slice(&in));
    assert_int_equal(status_in(answer), 413);
    free(answer);
    buf_drop(&in);
    assert_int_equal(shop->handled, 0);
    shop_close(shop);
}

static void uploads(void **state)
{
    (void)state;
    struct shop *shop = shop_open((struct http_options){ 0 });
    expect(shop, "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 200, "3 bytes, mode 600");
    expect(shop, "POST /upload HTTP/1.1\r\nHost: x\r\n\r\n", 200, "0 bytes, mode 600");
    expect(shop, "POST /upload HTTP/1.1\r\nHost: x\r\nX-Stranger: yes\r\nContent-Length: 3\r\n\r\nabc", 403,
           "problems/denied");
    expect(shop, "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
           415, "Content-Encoding");
    expect(shop, "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 413, "limit");
    int fd = dial(shop);
    say_text(fd, "POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    char block[65536 + 9];
    memcpy(block, "10000\r\n", 7);
    memset(block + 7, 'x', 65536);
    memcpy(block + sizeof block - 2, "\r\n", 2);
    long before = resident_mib();
    for (int i = 0; i < 1600; i++)
        say(fd, (struct slice){ block, sizeof block });
    say_text(fd, "0\r\n\r\n");
    char *answer = hear_one(fd);
    assert_non_null(strstr(answer, "104857600 bytes"));
    free(answer);
    assert_true(shop->resident_mib - before < 50);  // the 100 MiB went to the file
    say_text(fd, "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
    close(fd);  // goes in the middle: shop_close sees that no file stays
    shop_close(shop);
}

static void upload_left_by_a_killed_process(void **state)
{
    (void)state;
    char dir[] = "/tmp/http-spool-XXXXXX", left[64], other[64];
    assert_non_null(mkdtemp(dir));
    snprintf(left, sizeof left, "%s/upload-abc", dir);
    snprintf(other, sizeof other, "%s/import-abc", dir);
    FILE *f = fopen(left, "w"), *g = fopen(other, "w");
    assert_true(f && g);
    fclose(f), fclose(g);
    struct http_server *server;
    struct err e;
    struct http_options options = {
        .listen = "127.0.0.1:0", .threads = 1, .handle = handle, .spool_dir = dir };
    assert_int_equal(http_server_new(options, &server, &e), ERR_OK);
    http_server_stop(&server, 0);
    assert_int_equal(files_in(dir), 1);
    assert_int_equal(unlink(other), 0);
    rmdir(dir);
}

/* Many bodies that each keep to the limit must not fill the memory together. */
static void bodies_together(void **state)
{
    (void)state;
    struct shop *shop = shop_open((struct http_options){ .bodies_max = 3u << 20 });
    int fds[6];
    char *block = malloc(1000000);
    assert_non_null(block);
    memset(block, 'x', 1000000);
    for (int i = 0; i < 6; i++) {
        fds[i] = dial(shop);
        say_text(fds[i], POST "Content-Length: 1000001\r\n\r\n");
        say(fds[i], (struct slice){ block, 1000000 });
    }
    free(block);
    // Those without room hear so before their end. Only then may the others end and make room.
    struct pollfd waits[6];
    for (int refused = 0; refused < 3;) {
        for (int i = 0; i < 6; i++)
            waits[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
        refused = poll(waits, 6, 5);
    }
    int good = 0, busy = 0;
    for (int i = 0; i < 6; i++) {
        say_text(fds[i], "y");
        char *answer = hear_one(fds[i]);
        good += status_in(answer) == 200;
        busy += status_in(answer) == 503;
        free(answer);
        close(fds[i]);
    }
    assert_int_equal(good + busy, 6);
    assert_in_range(good, 1, 3);
    expect(shop, POST "Content-Length: 3\r\n\r\nabc", 200, "body=abc");
    shop_close(shop);
}

static void slow_clients(void **state)
{
    (void)state;
    struct shop *shop = shop_open((struct http_options){
        .header_timeout_ms = 150, .body_timeout_ms = 150, .idle_timeout_ms = 150 });
    int silent = dial(shop), head = dial(shop), body = dial(shop), idle = dial(shop);
    say_text(head, "GET / HTTP/1.1\r\nHo");
    say_text(body, POST "Content-Length: 10\r\n\r\nabc");
    say_text(idle, GET "\r\n");
    char *answer = hear_all(silent);
    assert_string_equal(answer, "");
    free(answer);
    answer = hear_all(head);
    assert_int_equal(status_in(answer), 408);
    free(answer);
    answer = hear_all(body);
    assert_int_equal(status_in(answer), 408);
    free(answer);
    answer = hear_all(idle);
    assert_int_equal(count_of(answer, "HTTP/1.1"), 1);
    assert_int_equal(status_in(answer), 200);
    free(answer);
    close(silent), close(head), close(body), close(idle);

    /* A drop now and then does not buy more time for a header. */
    int drip = dial(shop);
    char c;
    say_text(drip, GET);
    while (recv(drip, &c, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        say_text(drip, "A: b\r\n");
        poll(NULL, 0, 20);
    }
    answer = hear_all(drip);
    assert_int_equal(status_in(answer), 408);
    free(answer);
    close(drip);
    assert_int_equal(shop->handled, 1);
    shop_close(shop);
}

static void wait_for(_Atomic int *value, int at_least)
{
    for (int i = 0; i < PATIENCE_MS && *value < at_least; i++)
        poll(NULL, 0, 1);
    assert_true(*value >= at_least);
}

static void clients_that_leave(void **state)
{
    (void)state;
    struct shop *shop = shop_open((struct http_options){ 0 });
    pthread_mutex_lock(&shop->gate);
    struct linger now = { .l_onoff = 1 };
    for (int i = 0; i < 2; i++) {
        int fd = dial(shop);
        say_text(fd, "GET /gate HTTP/1.1\r\nHost: x\r\n\r\n");
        wait_for(&shop->waiting, i + 1);
        if (i)  // once by a reset, once by a plain end
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close(fd);
    }
    pthread_mutex_unlock(&shop->gate);
    int fd = dial(shop);
    say_text(fd, CHUNKED "5\r\nab");
    close(fd);
    fd = dial(shop);
    say_text(fd, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    close(fd);
    fd = dial(shop);
    say_text(fd, "GET /live HTTP/1.1\r\nHost: x\r\n\r\n");
    char c;
    assert_int_equal(recv(fd, &c, 1, 0), 1);
    close(fd);
    wait_for(&shop->ended, 2);
    expect(shop, GET "\r\n", 200, "GET /");
    shop_close(shop);
}

struct asker {
    const struct shop *shop;
    const char *path;
    int good;
};

static void *ask_many(void *arg)
{
    struct asker *a = arg;
    int fd = dial(a->shop);
    for (int i = 0; i < 200; i++) {
        char text[160], want[32];
        snprintf(want, sizeof want, "later %p.%d", arg, i);
        snprintf(text, sizeof text, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s", a->path,
                 strlen(want) - 6, want + 6);
        say_text(fd, text);
        char *answer = hear_one(fd);
        const char *body = strstr(answer, "\r\n\r\n");
        a->good += body && strcmp(body + 4, strcmp(a->path, "/later") ? "resumed" : want) == 0;
        free(answer);
    }
    close(fd);
    return NULL;
}

static void answers_from_other_threads(void **state)
{
    (void)state;
    struct shop *shop = shop_open((struct http_options){ 0 });
    pthread_t threads[8];
    struct asker askers[8];
    for (int i = 0; i < 8; i++) {
        askers[i] = (struct asker){ shop, i % 2 ? "/later" : "/resume", 0 };
        assert_int_equal(pthread_create(&threads[i], NULL, ask_many, &askers[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(askers[i].good, 200);
    }
    assert_int_equal(http_server_stats(shop->server).requests, 1600);
    shop_close(shop);
}

/* The chunks of an answer put together; *whole says whether the last one was there. */
static size_t unchunk(const char *answer, bool *whole)
{
    const char *at = strstr(answer, "\r\n\r\n");
    assert_non_null(at);
    size_t all = 0;
    for (at += 4; *at;) {
        char *end;
        unsigned long n = strtoul(at, &end, 16);
        *whole = n == 0 && strcmp(end, "\r\n\r\n") == 0;
        if (n == 0 || strlen(end) < n + 4)
            break;
        all += n;
        at = end + n + 4;
    }
    return all;
}

static void streams(void **state)
{
    (void)state;
    struct shop *shop = shop_open((struct http_options){ 0 });
    int fd = dial(shop);
    int small = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    say_text(fd, "GET /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    poll(NULL, 0, 50);  // a reader that is slower than the server
    char *answer = hear_all(fd);
    bool whole = false;
    assert_int_equal(unchunk(answer, &whole), 134 * 10000);
    assert_true(whole);
    free(answer);
    close(fd);
    answer = ask(shop, "GET /stream-later HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_non_null(strstr(answer, "0\r\n\r\nHTTP/1.1 200"));
    free(answer);
    answer = ask(shop, "GET /stream HTTP/1.0\r\n\r\n");
    assert_null(strstr(answer, "chunked"));
    assert_int_equal(strlen(strstr(answer, "\r\n\r\n") + 4), 134 * 10000);
    free(answer);
    answer = ask(shop, "HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
    free(answer);
    assert_int_equal(shop->ended, 4);
    answer = ask(shop, "GET /stream-breaks HTTP/1.1\r\nHost: x\r\n\r\n");
    if (strstr(answer, "\r\n\r\n"))  // a reset may take even the head with it
        unchunk(answer, &whole);
    else
        whole = false;
    assert_false(whole);
    free(answer);
    assert_int_equal(shop->ended, 5);
    shop_close(shop);
}

static void live_streams(void **state)
{
    (void)state;
    struct shop *shop = shop_open((struct http_options){ 0 });
    int fd = dial(shop);
    say_text(fd, "GET /live HTTP/1.1\r\nHost: x\r\n\r\n");
    struct buf in = buf_make(0);
    while (in.len == 0 || !memmem(in.at, in.len, "data: 5\n\n", 9)) {
        char block[256];
        ssize_t n = recv(fd, block, sizeof block, 0);
        assert_true(n > 0);
        buf_add(&in, (struct slice){ block, (size_t)n });
    }
    assert_non_null(memmem(in.at, in.len, "text/event-stream", 17));
    buf_drop(&in);
    shop_close(shop);  // ends it, though the client is still there
    char *rest = hear_all(fd);
    free(rest);
    close(fd);
}

static void large_answer_to_a_slow_reader(void **state)
{
    (void)state;
    struct shop *shop = shop_open((struct http_options){ 0 });
    int fd = dial(shop);
    say_text(fd, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n" GET "Connection: close\r\n\r\n");
    poll(NULL, 0, 50);
    char *answer = hear_all(fd);
    assert_int_equal(count_of(answer, "HTTP/1.1 200"), 2);
    assert_true(strlen(answer) > 6u << 20);
    free(answer);
    close(fd);
    shop_close(shop);
}

static void too_many_connections(void **state)
{
    (void)state;
    struct shop *shop = shop_open((struct http_options){ .connections_max = 3 });
    int fds[3];
    for (int i = 0; i < 3; i++) {
        fds[i] = dial(shop);
        say_text(fds[i], GET "\r\n");
        free(hear_one(fds[i]));
    }
    expect(shop, GET "\r\n", 503, "Retry-After");
    for (int i = 0; i < 3; i++) {
        say_text(fds[i], GET "\r\n");  // those within are served on
        char *answer = hear_one(fds[i]);
        assert_int_equal(status_in(answer), 200);
        free(answer);
        close(fds[i]);
    }
    for (int i = 0; i < PATIENCE_MS && http_server_stats(shop->server).connections; i++)
        poll(NULL, 0, 1);
    expect(shop, GET "\r\n", 200, "GET /");
    shop_close(shop);
}

static void graceful_stop(void **state)
{
    (void)state;
    struct shop *shop = shop_open((struct http_options){ 0 });
    int idle = dial(shop), busy = dial(shop);
    say_text(idle, GET "\r\n");
    free(hear_one(idle));
    pthread_mutex_lock(&shop->gate);
    say_text(busy, "GET /gate HTTP/1.1\r\nHost: x\r\n\r\n");
    wait_for(&shop->waiting, 1);
    pthread_mutex_unlock(&shop->gate);
    http_server_stop(&shop->server, 5000);
    char *answer = hear_all(busy);
    assert_int_equal(status_in(answer), 200);
    free(answer);
    answer = hear_all(idle);
    assert_string_equal(answer, "");
    free(answer);
    close(idle), close(busy);
    shop_close(shop);
}

/* A request still held when the server has gone is answered into the void. */
static void answer_after_stop(void **state)
{
    (void)state;
    struct shop *shop = shop_open((struct http_options){ 0 });
    pthread_mutex_lock(&shop->gate);
    int fd = dial(shop);
    say_text(fd, "GET /gate HTTP/1.1\r\nHost: x\r\n\r\n");
    wait_for(&shop->waiting, 1);
    http_server_stop(&shop->server, 10);
    char *answer = hear_all(fd);
    assert_string_equal(answer, "");
    free(answer);
    close(fd);
    pthread_mutex_unlock(&shop->gate);
    shop_close(shop);
}

/* ---- the unix socket and the client ---- */

static enum err_code take_bytes(void *arg, struct slice bytes, struct err *e)
{
    size_t *all = arg;
    *all += bytes.len;
    return *all > 1000000 ? err_set(e, ERR_DENIED, 0, "enough") : ERR_OK;
}

static void unix_socket_and_client(void **state)
{
    (void)state;
    struct shop *shop = shop_open((struct http_options){ 0 });
    struct stat st;
    assert_int_equal(stat(shop->socket, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    struct arena *mem = arena_new(4u << 20);
    struct http_client *client;
    struct http_client_answer answer;
    struct err e;
    assert_int_equal(http_client_new((struct http_client_options){ .socket = shop->socket }, &client, &e), 0);
    static const char *const headers[] = { "X-Word: hey", NULL };
    struct http_client_request request = {
        .method = "PUT", .path = "/p?q=1", .headers = headers, .body = SLICE("{}") };
    for (int i = 0; i < 2; i++) {
        assert_int_equal(http_client_send(client, &request, mem, &answer, &e), ERR_OK);
        assert_int_equal(answer.status, 200);
        assert_true(slice_is(answer.content_type, "text/plain"));
        assert_true(slice_is(answer.body, "PUT /p ?q=1 word=hey peer= local=1 tls=0 body={}"));
    }
    assert_int_equal(http_server_stats(shop->server).connections, 1);

    size_t all = 0;
    request = (struct http_client_request){
        .method = "GET", .path = "/stream-later", .on_bytes = take_bytes, .arg = &all };
    assert_int_equal(http_client_send(client, &request, mem, &answer, &e), ERR_OK);
    assert_int_equal(all, 30000);
    request.path = "/stream";
    assert_int_equal(http_client_send(client, &request, mem, &answer, &e), ERR_DENIED);
    assert_string_equal(e.text, "enough");
    request = (struct http_client_request){ .method = "GET", .path = "/big" };
    assert_int_equal(http_client_send(client, &request, mem, &answer, &e), ERR_LIMIT);

    char file[96];
    snprintf(file, sizeof file, "%s/file", shop->dir);
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    for (int i = 0; i < 3000000; i++)
        fputc('x', f);
    fclose(f);
    request = (struct http_client_request){ .method = "POST", .path = "/upload", .body_file = file };
    assert_int_equal(http_client_send(client, &request, mem, &answer, &e), ERR_OK);
    assert_true(slice_is(answer.body, "3000000 bytes, mode 600"));
    unlink(file);
    assert_int_equal(http_client_send(client, &request, mem, &answer, &e), ERR_NOT_FOUND);
    http_client_drop(&client);
    arena_drop(&mem);
    shop_close(shop);
}

static void client_errors(void **state)
{
    (void)state;
    struct arena *mem = arena_new(1u << 20);
    struct http_client *client;
    struct http_client_answer answer;
    struct err e;
    assert_int_equal(http_client_new((struct http_client_options){ .socket = "/nowhere/socket" }, &client, &e), 0);
    struct http_client_request request = { .method = "GET", .path = "/secret@example.com" };
    assert_int_equal(http_client_send(client, &request, mem, &answer, &e), ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, "/nowhere/socket"));
    assert_non_null(strstr(e.text, "tendero serve"));
    assert_null(strstr(e.text, "secret"));
    http_client_drop(&client);

    struct shop *shop = shop_open((struct http_options){ 0 });
    pthread_mutex_lock(&shop->gate);
    assert_int_equal(http_client_new((struct http_client_options){ .socket = shop->socket, .timeout_ms = 100 },
                                     &client, &e), 0);
    request.path = "/gate";
    assert_int_equal(http_client_send(client, &request, mem, &answer, &e), ERR_BUSY);
    http_client_drop(&client);
    pthread_mutex_unlock(&shop->gate);
    arena_drop(&mem);
    shop_close(shop);
}

static void addresses_that_do_not_work(void **state)
{
    (void)state;
    struct shop *shop = shop_open((struct http_options){ 0 });
    struct http_server *other = NULL;
    struct err e;
    char taken[32];
    snprintf(taken, sizeof taken, "127.0.0.1:%d", shop->port);
    struct http_options options = { .listen = taken, .threads = 1, .handle = handle };
    assert_int_equal(http_server_new(options, &other, &e), ERR_IO);
    assert_non_null(strstr(e.text, taken));
    assert_non_null(strstr(e.text, "choose another"));
    static const char *const wrong[] = { "8080", "127.0.0.1:", "127.0.0.1:http", ":80", "::1:80", "[::1]" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        options.listen = wrong[i];
        assert_int_equal(http_server_new(options, &other, &e), ERR_INVALID);
        assert_non_null(strstr(e.text, "127.0.0.1:8080"));
    }
    options.listen = NULL;
    options.socket = shop->socket;
    assert_int_equal(http_server_new(options, &other, &e), ERR_BUSY);
    assert_null(other);
    expect(shop, GET "\r\n", 200, "GET /");  // the first server was not harmed

    /* A socket left by a process that was killed is replaced; a file is not. */
    char path[96];
    snprintf(path, sizeof path, "%s/stale", shop->dir);
    struct sockaddr_un stale = { .sun_family = AF_UNIX };
    snprintf(stale.sun_path, sizeof stale.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&stale, sizeof stale), 0);
    close(fd);
    options.socket = path;
    assert_int_equal(http_server_new(options, &other, &e), ERR_OK);
    http_server_stop(&other, 0);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
    assert_int_equal(http_server_new(options, &other, &e), ERR_IO);
    assert_int_equal(unlink(path), 0);
    shop_close(shop);
}

/* ---- TLS ---- */

static void certificate_make(const char *cert_path, const char *key_path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    assert_true(key && cert);
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_NAME *name = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(cert, name);
    X509_set_pubkey(cert, key);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    FILE *f = fopen(cert_path, "w");
    assert_non_null(f);
    assert_int_equal(PEM_write_X509(f, cert), 1);
    fclose(f);
    f = fopen(key_path, "w");
    assert_non_null(f);
    assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(f);
    X509_free(cert);
    EVP_PKEY_free(key);
}

/* Connects with at most TLS version `most`; NULL when the handshake fails. */
static SSL *tls_dial(const struct shop *shop, SSL_CTX *ctx, int most, int *fd)
{
    SSL *ssl = SSL_new(ctx);
    assert_non_null(ssl);
    SSL_set_max_proto_version(ssl, most);
    *fd = dial(shop);
    SSL_set_fd(ssl, *fd);
    if (SSL_connect(ssl) == 1)
        return ssl;
    SSL_free(ssl);
    close(*fd);
    return NULL;
}

static void tls_round(const struct shop *shop, SSL_CTX *ctx, int version)
{
    int fd;
    SSL *ssl = tls_dial(shop, ctx, version, &fd);
    assert_non_null(ssl);
    static const char in[] = POST "Content-Length: 3\r\n\r\nabc"
                             "POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1"
                             "GET /big HTTP/1.1\r\nHost: x\r\n\r\n"
                             "GET /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_int_equal(SSL_write(ssl, in, sizeof in - 1), sizeof in - 1);
    struct buf all = buf_make(0);
    char block[16384];
    int n;
    while ((n = SSL_read(ssl, block, sizeof block)) > 0)
        buf_add(&all, (struct slice){ block, (size_t)n });
    assert_int_equal(SSL_get_error(ssl, n), SSL_ERROR_ZERO_RETURN);  // a proper end, not a cut
    buf_addc(&all, '\0');
    assert_int_equal(count_of(all.at, "HTTP/1.1 200"), 4);
    assert_non_null(strstr(all.at, "tls=1 body=abc"));
    assert_non_null(strstr(all.at, "later 1"));
    assert_true(all.len > (6u << 20) + 134 * 10000);
    assert_non_null(strstr(all.at + (all.len - 16), "\r\n0\r\n\r\n"));
    buf_drop(&all);
    SSL_free(ssl);
    close(fd);
}

/* More than the buffers hold, in both directions. */
static void tls_upload(const struct shop *shop, SSL_CTX *ctx)
{
    int fd;
    SSL *ssl = tls_dial(shop, ctx, TLS1_3_VERSION, &fd);
    assert_non_null(ssl);
    static const char head[] = "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n";
    assert_int_equal(SSL_write(ssl, head, sizeof head - 1), sizeof head - 1);
    char block[10000] = { 0 };
    for (int i = 0; i < 300; i++)
        assert_int_equal(SSL_write(ssl, block, sizeof block), sizeof block);
    struct buf all = buf_make(0);
    while (all.len == 0 || !memmem(all.at, all.len, "3000000 bytes", 13)) {
        int n = SSL_read(ssl, block, sizeof block);
        assert_true(n > 0);
        buf_add(&all, (struct slice){ block, (size_t)n });
    }
    buf_drop(&all);
    SSL_shutdown(ssl);
    SSL_free(ssl);
    close(fd);
}

static void tls(void **state)
{
    (void)state;
    char dir[] = "/tmp/http-tls-XXXXXX", cert[64], key[64], other[64];
    assert_non_null(mkdtemp(dir));
    snprintf(cert, sizeof cert, "%s/cert.pem", dir);
    snprintf(key, sizeof key, "%s/key.pem", dir);
    snprintf(other, sizeof other, "%s/other.pem", dir);
    certificate_make(other, key);
    struct shop *shop;
    struct http_server *server;
    struct err e;
    struct http_options options = { .listen = "127.0.0.1:0", .threads = 1, .handle = handle,
                                    .tls_cert = other, .tls_key = key };
    certificate_make(cert, key);
    assert_int_equal(http_server_new(options, &server, &e), ERR_INVALID);  // they do not belong together
    options.tls_cert = "/nowhere/cert.pem";
    assert_int_equal(http_server_new(options, &server, &e), ERR_IO);
    assert_non_null(strstr(e.text, "/nowhere/cert.pem"));
    options.tls_cert = key;
    assert_int_equal(http_server_new(options, &server, &e), ERR_INVALID);
    options.tls_key = NULL;
    assert_int_equal(http_server_new(options, &server, &e), ERR_INVALID);

    shop = shop_open((struct http_options){ .tls_cert = cert, .tls_key = key });
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    assert_non_null(ctx);
    SSL_CTX_set_security_level(ctx, 0);  // so that TLS 1.1 is really offered
    SSL_CTX_set_mode(ctx, SSL_MODE_AUTO_RETRY);
    tls_round(shop, ctx, TLS1_3_VERSION);
    tls_round(shop, ctx, TLS1_2_VERSION);
    tls_upload(shop, ctx);
    int fd;
    assert_null(tls_dial(shop, ctx, TLS1_1_VERSION, &fd));
    char *answer = ask(shop, GET "\r\n");  // plain text on the TLS port
    assert_null(strstr(answer, "HTTP/1.1 200"));
    free(answer);
    SSL *ssl = tls_dial(shop, ctx, TLS1_3_VERSION, &fd);  // leaves without a word
    assert_int_equal(SSL_write(ssl, GET, 10), 10);
    close(fd);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    shop_close(shop);
    unlink(cert), unlink(key), unlink(other);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(framing_end_to_end),
        cmocka_unit_test(refusal_ends_the_connection),
        cmocka_unit_test(large_heads),
        cmocka_unit_test(answers),
        cmocka_unit_test(keep_alive_and_pipelining),
        cmocka_unit_test(bytes_one_by_one),
        cmocka_unit_test(expect_continue),
        cmocka_unit_test(gzip_bodies),
        cmocka_unit_test(body_limit),
        cmocka_unit_test(uploads),
        cmocka_unit_test(upload_left_by_a_killed_process),
        cmocka_unit_test(bodies_together),
        cmocka_unit_test(slow_clients),
        cmocka_unit_test(clients_that_leave),
        cmocka_unit_test(answers_from_other_threads),
        cmocka_unit_test(streams),
        cmocka_unit_test(live_streams),
        cmocka_unit_test(large_answer_to_a_slow_reader),
        cmocka_unit_test(too_many_connections),
        cmocka_unit_test(graceful_stop),
        cmocka_unit_test(answer_after_stop),
        cmocka_unit_test(unix_socket_and_client),
        cmocka_unit_test(client_errors),
        cmocka_unit_test(addresses_that_do_not_work),
        cmocka_unit_test(tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

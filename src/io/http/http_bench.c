/* What this room costs beside a bare evhttp server that answers the same words: http_bench HTTPLOAD [ROUNDS]
 *
 * HTTPLOAD is the load generator (bench/httpload). The servers take turns in one process, one thread each, so
 * that a busy machine disturbs them alike; the processor time of the server's thread per request is the sturdy
 * figure. "other thread" answers each request from a second thread: what suspending and resuming adds.
 */
#include <assert.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "io/http/http.h"

#define WORDS "{\"success\":true}"
#define EVENT "{\"messageId\":\"@@@@@@@@@@@@\",\"type\":\"track\",\"event\":\"Order Completed\",\"userId\":" \
              "\"17850\",\"properties\":{\"product\":\"85123A\",\"price\":2.55,\"quantity\":6}}"

/* ---- a second thread that answers ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct http_request *queue[4096];
    size_t n;
    bool stop;
} other = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };

static void *other_run(void *arg)
{
    (void)arg;
    static struct http_request *mine[4096];
    pthread_mutex_lock(&other.lock);
    while (!other.stop || other.n) {
        if (other.n == 0) {
            pthread_cond_wait(&other.more, &other.lock);
            continue;
        }
        size_t n = other.n;
        memcpy(mine, other.queue, n * sizeof mine[0]);
        other.n = 0;
        pthread_mutex_unlock(&other.lock);
        for (size_t i = 0; i < n; i++)
            http_reply(mine[i], 200, SLICE("application/json"), SLICE(WORDS));
        pthread_mutex_lock(&other.lock);
    }
    pthread_mutex_unlock(&other.lock);
    return NULL;
}

static void handle_later(void *arg, struct http_request *req)
{
    (void)arg;
    pthread_mutex_lock(&other.lock);
    assert(other.n < sizeof other.queue / sizeof other.queue[0]);
    other.queue[other.n++] = req;
    if (other.n == 1)
        pthread_cond_signal(&other.more);
    pthread_mutex_unlock(&other.lock);
}

static void handle_now(void *arg, struct http_request *req)
{
    (void)arg;
    http_reply(req, 200, SLICE("application/json"), SLICE(WORDS));
}

/* ---- the bare server ---- */

static void bare_answer(struct evhttp_request *req, void *arg)
{
    (void)arg;
    struct evbuffer *out = evbuffer_new();
    evbuffer_add(out, WORDS, sizeof WORDS - 1);
    evhttp_add_header(evhttp_request_get_output_headers(req), "Content-Type", "application/json");
    evhttp_send_reply(req, 200, "OK", out);
    evbuffer_free(out);
}

struct bare {
    struct event_base *base;
    struct event *wake;
    pthread_t thread;
    int port, pipe[2];
};

static void bare_stop(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    event_base_loopbreak(arg);
}

static void *bare_run(void *arg)
{
    event_base_dispatch(((struct bare *)arg)->base);
    return NULL;
}

static void bare_open(struct bare *bare)
{
    bare->base = event_base_new();
    struct evhttp *http = evhttp_new(bare->base);
    struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);
    if (!bound || pipe(bare->pipe) != 0)
        abort();
    evhttp_set_gencb(http, bare_answer, NULL);
    bare->wake = event_new(bare->base, bare->pipe[0], EV_READ, bare_stop, bare->base);
    event_add(bare->wake, NULL);
    struct sockaddr_in at;
    socklen_t len = sizeof at;
    getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&at, &len);
    bare->port = ntohs(at.sin_port);
    if (pthread_create(&bare->thread, NULL, bare_run, bare) != 0)
        abort();
}

/* ---- rounds ---- */

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct round {
    double per_second, cpu_us, p99_us;
};

static double number_after(const char *json, const char *key)
{
    const char *at = strstr(json, key);
    if (!at) {
        fprintf(stderr, "http_bench: the load generator said nothing\n");
        exit(1);
    }
    return atof(at + strlen(key));
}

static struct round round_run(const char *httpload, const char *requests, int port)
{
    char command[1024], answer[1024] = "";
    snprintf(command, sizeof command, "%s --port %d --connections 64 --count 100000 --requests %s", httpload,
             port, requests);
    double before = cpu_s();
    FILE *f = popen(command, "r");
    if (!f || !fgets(answer, sizeof answer, f))
        answer[0] = '\0';
    if (f)
        pclose(f);
    double took = cpu_s() - before;  // the load generator is another process
    double n = number_after(answer, "\"200\":");
    return (struct round){ number_after(answer, "\"per_second\":"), took / n * 1e6,
                           number_after(answer, "\"p99\":") };
}

static int by_cpu(const void *a, const void *b)
{
    double x = ((const struct round *)a)->cpu_us, y = ((const struct round *)b)->cpu_us;
    return (x > y) - (x < y);
}

static struct http_server *room_open(void (*handle)(void *, struct http_request *))
{
    struct http_server *server;
    struct err e;
    struct http_options options = { .listen = "127.0.0.1:0", .threads = 1, .handle = handle };
    if (http_server_new(options, &server, &e)) {
        fprintf(stderr, "http_bench: %s\n", e.text);
        exit(1);
    }
    return server;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: http_bench HTTPLOAD [ROUNDS]\n");
        return 2;
    }
    enum { ROUNDS_MAX = 20 };
    int rounds = argc > 2 ? atoi(argv[2]) : 5;
    rounds = rounds < 1 ? 1 : rounds > ROUNDS_MAX ? ROUNDS_MAX : rounds;
    char requests[] = "/tmp/http-bench-XXXXXX";
    FILE *f = fdopen(mkstemp(requests), "w");
    if (!f)
        abort();
    fprintf(f, "POST /v1/track HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
               "Authorization: Basic a2V5Og==\r\nContent-Length: %zu\r\n\r\n%s", sizeof EVENT - 1, EVENT);
    fclose(f);

    static struct bare bare;
    bare_open(&bare);
    struct http_server *room = room_open(handle_now), *later = room_open(handle_later);
    pthread_t thread;
    if (pthread_create(&thread, NULL, other_run, NULL) != 0)
        abort();
    const char *names[] = { "bare evhttp", "this room", "this room, other thread" };
    int ports[] = { bare.port, http_server_port(room), http_server_port(later) };
    struct round all[3][ROUNDS_MAX];
    for (int i = 0; i < rounds; i++)
        for (int s = 0; s < 3; s++)
            all[s][i] = round_run(argv[1], requests, ports[s]);
    for (int s = 0; s < 3; s++) {
        qsort(all[s], (size_t)rounds, sizeof all[s][0], by_cpu);
        struct round m = all[s][rounds / 2];
        printf("%-24s %8.0f requests/s  %6.2f us CPU each  p99 %6.0f us  CPU against bare %.2f\n", names[s],
               m.per_second, m.cpu_us, m.p99_us, m.cpu_us / all[0][rounds / 2].cpu_us);
    }
    pthread_mutex_lock(&other.lock);
    other.stop = true;
    pthread_cond_signal(&other.more);
    pthread_mutex_unlock(&other.lock);
    pthread_join(thread, NULL);
    http_server_stop(&room, 100);
    http_server_stop(&later, 100);
    if (write(bare.pipe[1], "x", 1) == 1)
        pthread_join(bare.thread, NULL);
    unlink(requests);
    return 0;
}

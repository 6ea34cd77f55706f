/* A load generator: N connections, each asks, waits for the answer, and asks again (depth 1).
 *
 *   httpload --port P [--host H | --unix PATH] [--connections 64] [--seconds 5 | --count N] [--warmup 1]
 *            [--requests FILE] [--first NUMBER]
 *
 * FILE holds raw HTTP requests, one behind the other, each with a Content-Length where it has a body; the
 * connections take them in turn. Every run of twelve '@' is replaced by a running number of twelve digits,
 * from --first (0) on, so that identifiers differ. Without FILE: GET /. Prints one JSON object; the exit code is 1 when nothing was
 * answered. One thread: it costs far less than any server it measures.
 */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"

#define MARK 12
#define READ_SIZE 65536
#define SUB_BITS 6  // a histogram cell is 1/64 of its power of two: 1.6 %
#define CELLS (64 << SUB_BITS)

struct request {
    struct slice text;
    size_t marks_n;
    uint32_t *marks;  // where numbers go
};

struct options {
    const char *host, *unix_path, *file;
    int port, connections;
    double seconds, warmup_s;
    uint64_t count, first;
};

enum phase { IN_HEAD, IN_BODY, IN_CHUNKS, IN_CLOSED };

struct client {
    int fd;
    char *out;
    size_t out_len, sent;
    int64_t asked_ns;
    enum phase phase;
    bool busy, closes;
    char head[16384];
    size_t head_len, left;
    char tail[5];  // the last bytes of a chunked body
    int status;
};

struct load {
    struct options options;
    struct request *requests;
    size_t requests_n, longest;
    uint64_t number, turn;  // the next ones
    struct sockaddr_storage to;
    socklen_t to_len;
    int epoll;
    int64_t measure_from_ns, end_ns;
    uint64_t asked, answered, errors, bytes_in;
    uint64_t statuses[600];
    uint64_t cells[CELLS];
    int64_t sum_ns, max_ns;
};

static _Noreturn void die(const char *what, const char *which)
{
    fprintf(stderr, "httpload: %s%s%s%s%s\n", what, which ? " " : "", which ? which : "",
            errno ? ": " : "", errno ? strerror(errno) : "");
    exit(2);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- latencies ---- */

static size_t cell_of(uint64_t ns)
{
    unsigned top = ns < (1u << SUB_BITS) ? SUB_BITS : 63u - (unsigned)__builtin_clzll(ns);
    unsigned shift = top - SUB_BITS;
    return ((size_t)shift << SUB_BITS) + (size_t)(ns >> shift);
}

static double cell_us(size_t cell)
{
    unsigned shift = cell < (2u << SUB_BITS) ? 0 : (unsigned)(cell >> SUB_BITS) - 1;
    uint64_t base = cell - ((uint64_t)shift << SUB_BITS);
    return (double)((base << shift) + ((1ull << shift) >> 1)) / 1000.0;
}

static double percentile_us(const struct load *load, double share)
{
    uint64_t want = (uint64_t)((double)load->answered * share), seen = 0;
    for (size_t i = 0; i < CELLS; i++)
        if ((seen += load->cells[i]) > want)
            return cell_us(i);
    return (double)load->max_ns / 1000.0;
}

/* ---- requests ---- */

/* The end of the request that begins at `at`. */
static size_t request_len(struct slice rest)
{
    const char *end = memmem(rest.at, rest.len, "\r\n\r\n", 4);
    if (!end)
        return 0;
    size_t head = (size_t)(end - rest.at) + 4;
    size_t body = 0;
    for (size_t i = 0; i + 16 < head; i++)
        if (strncasecmp(rest.at + i, "\r\ncontent-length:", 17) == 0)
            body = strtoul(rest.at + i + 17, NULL, 10);
    return head + body <= rest.len ? head + body : 0;
}

static void request_add(struct load *load, struct slice text)
{
    load->requests = realloc(load->requests, (load->requests_n + 1) * sizeof *load->requests);
    uint32_t *marks = malloc((text.len / MARK + 1) * sizeof *marks);
    if (!load->requests || !marks)
        die("memory is exhausted", NULL);
    size_t n = 0;
    for (size_t i = 0; i + MARK <= text.len;)
        if (memcmp(text.at + i, "@@@@@@@@@@@@", MARK) == 0) {
            marks[n++] = (uint32_t)i;
            i += MARK;
        } else
            i++;
    load->requests[load->requests_n++] = (struct request){ text, n, marks };
    load->longest = text.len > load->longest ? text.len : load->longest;
}

static void requests_read(struct load *load)
{
    static const char plain[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    struct slice rest = slice_of(plain);
    if (load->options.file) {
        FILE *f = fopen(load->options.file, "rb");
        struct buf all = buf_make((size_t)1 << 30);
        char block[READ_SIZE];
        size_t n;
        if (!f)
            die("cannot read", load->options.file);
        while ((n = fread(block, 1, sizeof block, f)) > 0)
            buf_add(&all, (struct slice){ block, n });
        fclose(f);
        rest = buf_slice(&all);  // kept until the end of the program
    }
    while (rest.len) {
        size_t len = request_len(rest);
        if (len == 0)
            die("this file does not hold whole requests:", load->options.file);
        request_add(load, (struct slice){ rest.at, len });
        rest = (struct slice){ rest.at + len, rest.len - len };
    }
}

/* ---- connections ---- */

static void resolve(struct load *load)
{
    const struct options *o = &load->options;
    if (o->unix_path) {
        struct sockaddr_un *un = (struct sockaddr_un *)&load->to;
        un->sun_family = AF_UNIX;
        snprintf(un->sun_path, sizeof un->sun_path, "%s", o->unix_path);
        load->to_len = sizeof *un;
        return;
    }
    char port[12];
    snprintf(port, sizeof port, "%d", o->port);
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
    if (getaddrinfo(o->host, port, &hints, &found) != 0)
        die("unknown host", o->host);
    memcpy(&load->to, found->ai_addr, found->ai_addrlen);
    load->to_len = found->ai_addrlen;
    freeaddrinfo(found);
}

static bool wanted(const struct load *load)
{
    return load->options.count == 0 || load->asked < load->options.count;
}

static void watch(struct load *load, struct client *c, int op, bool write)
{
    struct epoll_event event = { .events = EPOLLIN | (write ? EPOLLOUT : 0u), .data.ptr = c };
    if (epoll_ctl(load->epoll, op, c->fd, &event) != 0)
        die("epoll_ctl", NULL);
}

static void send_more(struct load *load, struct client *c)
{
    bool waited = c->sent > 0;
    ssize_t n = send(c->fd, c->out + c->sent, c->out_len - c->sent, MSG_NOSIGNAL);
    if (n > 0)
        c->sent += (size_t)n;
    if (c->sent < c->out_len || waited)
        watch(load, c, EPOLL_CTL_MOD, c->sent < c->out_len);
}

static void ask(struct load *load, struct client *c)
{
    if (!wanted(load))
        return;
    const struct request *r = &load->requests[load->turn++ % load->requests_n];
    memcpy(c->out, r->text.at, r->text.len);
    for (size_t i = 0; i < r->marks_n; i++) {
        uint64_t n = load->number++;
        for (size_t digit = MARK; digit-- > 0; n /= 10)
            c->out[r->marks[i] + digit] = (char)('0' + n % 10);
    }
    c->out_len = r->text.len;
    c->sent = c->head_len = 0;
    c->phase = IN_HEAD;
    c->busy = true;
    c->asked_ns = now_ns();
    load->asked++;
    send_more(load, c);
}

static void connect_again(struct load *load, struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->busy = false;
    c->fd = socket(load->to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&load->to, load->to_len) != 0)
        die("cannot connect", NULL);
    int one = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    watch(load, c, EPOLL_CTL_ADD, false);
    ask(load, c);
}

static void answered(struct load *load, struct client *c)
{
    int64_t now = now_ns(), took = now - c->asked_ns;
    c->busy = false;
    if (c->asked_ns >= load->measure_from_ns) {
        load->answered++;
        load->statuses[c->status]++;
        load->cells[cell_of((uint64_t)took)]++;
        load->sum_ns += took;
        load->max_ns = took > load->max_ns ? took : load->max_ns;
    }
    if (c->closes && wanted(load))
        connect_again(load, c);
    else
        ask(load, c);
}

static const char *header(const char *head, const char *name)
{
    const char *at = strcasestr(head, name);
    return at ? at + strlen(name) : NULL;
}

/* Takes bytes of a head; returns how many. */
static size_t take_head(struct client *c, struct slice in)
{
    size_t room = sizeof c->head - 1 - c->head_len, n = in.len < room ? in.len : room;
    size_t before = c->head_len;
    memcpy(c->head + c->head_len, in.at, n);
    c->head[c->head_len + n] = '\0';
    char *end = strstr(c->head, "\r\n\r\n");
    if (!end) {
        c->head_len += n;
        return n;
    }
    end[2] = '\0';
    const char *length = header(c->head, "\r\ncontent-length:");
    c->status = atoi(c->head + 9);
    c->status = c->status >= 100 && c->status < 600 ? c->status : 0;
    c->closes = header(c->head, "\r\nconnection: close") != NULL;
    c->left = length ? strtoul(length, NULL, 10) : 0;
    c->phase = header(c->head, "\r\ntransfer-encoding: chunked") ? IN_CHUNKS
               : length || c->status == 204 || c->status == 304  ? IN_BODY
                                                                  : IN_CLOSED;
    memset(c->tail, 0, sizeof c->tail);
    return (size_t)(end + 4 - c->head) - before;
}

/* Only the end of a chunked body matters here; bodies that hold "0 CR LF CR LF" are not measured. */
static bool chunks_end(struct client *c, struct slice in)
{
    size_t n = in.len < 5 ? in.len : 5;
    memmove(c->tail, c->tail + n, 5 - n);
    memcpy(c->tail + 5 - n, in.at + in.len - n, n);
    return memcmp(c->tail, "0\r\n\r\n", 5) == 0;
}

static void take(struct load *load, struct client *c, struct slice in)
{
    load->bytes_in += in.len;
    while (in.len && c->busy && c->phase == IN_HEAD) {
        size_t n = take_head(c, in);
        in = (struct slice){ in.at + n, in.len - n };
        if (c->phase == IN_HEAD && c->head_len == sizeof c->head - 1)
            die("an answer's head is too long", NULL);
    }
    if (c->phase == IN_BODY) {
        c->left -= in.len < c->left ? in.len : c->left;
        if (c->left == 0)
            answered(load, c);
    } else if (c->phase == IN_CHUNKS && in.len && chunks_end(c, in))
        answered(load, c);
}

static void on_client(struct load *load, struct client *c, uint32_t events)
{
    static char block[READ_SIZE];
    if ((events & EPOLLOUT) && c->busy && c->sent < c->out_len)
        send_more(load, c);
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
        return;
    ssize_t n = recv(c->fd, block, sizeof block, MSG_DONTWAIT);
    if (n > 0) {
        if (c->busy)
            take(load, c, (struct slice){ block, (size_t)n });
        return;
    }
    if (n < 0 && errno == EAGAIN)
        return;
    if (c->busy && c->phase == IN_CLOSED) {
        c->closes = true;
        answered(load, c);
        return;
    }
    load->errors += c->busy;
    connect_again(load, c);
}

static void run(struct load *load)
{
    struct client *clients = calloc((size_t)load->options.connections, sizeof *clients);
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!clients || load->epoll < 0)
        die("memory is exhausted", NULL);
    int64_t start = now_ns();
    load->measure_from_ns = start + (int64_t)(load->options.warmup_s * 1e9);
    load->end_ns = load->options.count ? INT64_MAX
                                       : load->measure_from_ns + (int64_t)(load->options.seconds * 1e9);
    for (int i = 0; i < load->options.connections; i++) {
        clients[i].fd = -1;
        clients[i].out = malloc(load->longest);
        if (!clients[i].out)
            die("memory is exhausted", NULL);
        connect_again(load, &clients[i]);
    }
    for (bool open = true; open && now_ns() < load->end_ns;) {
        struct epoll_event events[256];
        int n = epoll_wait(load->epoll, events, 256, 100);
        for (int i = 0; i < n; i++)
            on_client(load, events[i].data.ptr, events[i].events);
        open = wanted(load);
        for (int i = 0; i < load->options.connections && !open; i++)
            open = clients[i].busy;
    }
    load->end_ns = now_ns();
    for (int i = 0; i < load->options.connections; i++)  // who still waits has waited so long, at least
        if (clients[i].busy && clients[i].asked_ns >= load->measure_from_ns && load->end_ns - clients[i].asked_ns > load->max_ns)
            load->max_ns = load->end_ns - clients[i].asked_ns;
}

static void print(const struct load *load)
{
    double seconds = (double)(load->end_ns - load->measure_from_ns) / 1e9;
    double mean = load->answered ? (double)load->sum_ns / (double)load->answered / 1000 : 0;
    printf("{\"requests\":%llu,\"seconds\":%.3f,\"per_second\":%.1f,\"errors\":%llu,\"bytes_in\":%llu,"
           "\"statuses\":{", (unsigned long long)load->answered, seconds,
           (double)load->answered / seconds, (unsigned long long)load->errors,
           (unsigned long long)load->bytes_in);
    const char *comma = "";
    for (int i = 0; i < 600; i++)
        if (load->statuses[i]) {
            printf("%s\"%d\":%llu", comma, i, (unsigned long long)load->statuses[i]);
            comma = ",";
        }
    printf("},\"latency_us\":{\"mean\":%.1f,\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,"
           "\"max\":%.1f}}\n", mean, percentile_us(load, 0.5), percentile_us(load, 0.9),
           percentile_us(load, 0.99), percentile_us(load, 0.999), (double)load->max_ns / 1000);
}

static struct options options_read(int argc, char **argv)
{
    static const struct option known[] = {
        { "host", required_argument, NULL, 'h' },    { "port", required_argument, NULL, 'p' },
        { "unix", required_argument, NULL, 'u' },    { "connections", required_argument, NULL, 'c' },
        { "seconds", required_argument, NULL, 's' }, { "count", required_argument, NULL, 'n' },
        { "warmup", required_argument, NULL, 'w' },  { "requests", required_argument, NULL, 'r' },
        { "first", required_argument, NULL, 'f' },   { NULL, 0, NULL, 0 },
    };
    struct options o = { .host = "127.0.0.1", .connections = 64, .seconds = 5, .warmup_s = -1 };
    int c;
    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (c) {
        case 'h': o.host = optarg; break;
        case 'p': o.port = atoi(optarg); break;
        case 'u': o.unix_path = optarg; break;
        case 'c': o.connections = atoi(optarg); break;
        case 's': o.seconds = atof(optarg); break;
        case 'n': o.count = strtoull(optarg, NULL, 10); break;
        case 'w': o.warmup_s = atof(optarg); break;
        case 'r': o.file = optarg; break;
        case 'f': o.first = strtoull(optarg, NULL, 10); break;
        default: exit(2);
        }
    }
    if ((o.port <= 0 && !o.unix_path) || o.connections <= 0 || o.seconds <= 0 || optind != argc)
        die("usage: httpload --port P [--host H | --unix PATH] [--connections N] [--seconds S | --count N] "
            "[--warmup S] [--requests FILE] [--first NUMBER]", NULL);
    if (o.warmup_s < 0)
        o.warmup_s = o.count ? 0 : 1;  // a count means every request
    return o;
}

int main(int argc, char **argv)
{
    static struct load load;
    load.options = options_read(argc, argv);
    load.number = load.options.first;
    resolve(&load);
    requests_read(&load);
    run(&load);
    print(&load);
    return load.answered ? 0 : 1;
}

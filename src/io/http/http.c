#include "io/http/http.h"

#include <assert.h>
#include <dirent.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/http/listen.h"
#include "io/http/loop.h"
#include "io/http/tls.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/os_err.h"

const char *http_status_text(int status)
{
    switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    default: return "Unknown";
    }
}

static void server_free(struct http_server *server)
{
    for (unsigned i = 0; i < server->loops_n; i++)
        loop_fini(&server->loops[i]);
    SSL_CTX_free(server->tls);
    free(server->loops);
    free(server->socket_path);
    free(server->spool_dir);
    free(server);
}

void server_release(struct http_server *server)
{
    if (atomic_fetch_sub(&server->holders, 1) == 1)
        server_free(server);
}

static int64_t timeout_ns(int ms, int otherwise_ms)
{
    return (int64_t)(ms > 0 ? ms : otherwise_ms) * 1000000;
}

/* Uploads of a process that was killed: nobody will ask for them, and they may hold people's data. */
static enum err_code spool_clean(const char *path, struct err *e)
{
    TRY(dir_make(path, e));
    DIR *dir = opendir(path);
    if (!dir)
        return os_err(e, "read", path);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (slice_starts(slice_of(entry->d_name), SLICE("upload-")))
            unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    return ERR_OK;
}

static enum err_code server_open(struct http_server *server, struct err *e)
{
    const struct http_options *options = &server->options;
    server->socket_path = options->socket ? strdup(options->socket) : NULL;
    server->spool_dir = options->spool_dir ? strdup(options->spool_dir) : NULL;
    if ((options->spool_dir && !server->spool_dir) || (options->socket && !server->socket_path))
        return err_set(e, ERR_LIMIT, 0, "memory is exhausted");
    if (server->spool_dir)
        TRY(spool_clean(server->spool_dir, e));
    if (options->tls_cert && options->tls_key)
        TRY(tls_server_new(options->tls_cert, options->tls_key, &server->tls, e));
    else if (options->tls_cert || options->tls_key)
        return err_set(e, ERR_INVALID, 0, "TLS needs both a certificate and its key");
    if (options->listen)
        TRY(listen_tcp(options->listen, &server->listen_fd[0], &server->port, e));
    if (options->socket)
        TRY(listen_unix(options->socket, &server->listen_fd[1], e));
    server->loops = calloc(options->threads, sizeof *server->loops);
    if (!server->loops)
        return err_set(e, ERR_LIMIT, 0, "memory is exhausted");
    for (unsigned i = 0; i < options->threads; i++) {
        server->loops_n = i + 1;
        TRY(loop_init(&server->loops[i], server, i, e));
    }
    return ERR_OK;
}

/* Its state is made here and not by its own thread: what cannot be made keeps the server from starting. */
static enum err_code loop_start(struct loop *loop, struct err *e)
{
    const struct http_options *options = &loop->server->options;
    if (options->thread_start)
        loop->state = options->thread_start(options->arg, loop->index);
    if (options->thread_start && !loop->state)
        return err_set(e, ERR_LIMIT, 0, "no memory or no descriptors for thread %u of the server",
                       loop->index + 1);
    loop->started = pthread_create(&loop->thread, NULL, loop_run, loop) == 0;
    if (loop->started)
        return ERR_OK;
    if (options->thread_stop && loop->state)
        options->thread_stop(options->arg, loop->state);
    return err_set(e, ERR_LIMIT, 0, "cannot start thread %u of the server", loop->index + 1);
}

/* Signals belong to the main thread; a client that has gone is an error code (EPIPE), never a signal. */
static enum err_code threads_start(struct http_server *server, struct err *e)
{
    sigset_t every, before;
    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    enum err_code code = ERR_OK;
    for (unsigned i = 0; i < server->loops_n && !code; i++)
        code = loop_start(&server->loops[i], e);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

enum err_code http_server_new(struct http_options options, struct http_server **ret, struct err *e)
{
    assert(options.threads >= 1 && options.handle);
    assert(options.listen || options.socket);
    assert(options.spool_dir || !options.is_upload);
    struct http_server *server = calloc(1, sizeof *server);
    if (!server)
        return err_set(e, ERR_LIMIT, 0, "memory is exhausted");
    server->options = options;
    server->listen_fd[0] = server->listen_fd[1] = -1;
    server->holders = 1;
    server->bodies_max = options.bodies_max ? options.bodies_max : LIMIT_HTTP_BODIES;
    server->header_ns = timeout_ns(options.header_timeout_ms, 10000);
    server->body_ns = timeout_ns(options.body_timeout_ms, 30000);
    server->idle_ns = timeout_ns(options.idle_timeout_ms, 60000);
    enum err_code code = server_open(server, e);
    if (!code)
        code = threads_start(server, e);
    if (code) {
        http_server_stop(&server, 0);
        return code;
    }
    *ret = server;
    return ERR_OK;
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

void http_server_stop(struct http_server **ret, int grace_ms)
{
    struct http_server *server = *ret;
    if (!server)
        return;
    *ret = NULL;
    atomic_store(&server->stop_ns, clock_steady_ns() + (int64_t)grace_ms * 1000000);
    atomic_store(&server->stopping, true);
    for (unsigned i = 0; i < server->loops_n; i++)
        if (server->loops[i].started)
            loop_wake(&server->loops[i]);
    for (unsigned i = 0; i < server->loops_n; i++)
        if (server->loops[i].started)
            pthread_join(server->loops[i].thread, NULL);
    if (server->listen_fd[1] >= 0)
        unlink(server->socket_path);
    for (int i = 0; i < 2; i++) {
        if (server->listen_fd[i] >= 0)
            close(server->listen_fd[i]);
        server->listen_fd[i] = -1;
    }
    server_release(server);
}

struct http_server_stats http_server_stats(const struct http_server *server)
{
    struct http_server_stats all = { .connections = atomic_load(&server->connections) };
    for (unsigned i = 0; i < server->loops_n; i++) {
        const struct loop *loop = &server->loops[i];
        all.requests += atomic_load(&loop->requests);
        all.refused += atomic_load(&loop->refused);
        all.bytes_in += atomic_load(&loop->bytes_in);
        all.bytes_out += atomic_load(&loop->bytes_out);
        all.in_flight += atomic_load(&loop->in_flight);
    }
    return all;
}

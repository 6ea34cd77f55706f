#include "io/http/http_client.h"

#include <assert.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "sys/os_err.h"

struct http_client {
    CURL *curl;
    char *socket, *url, *ca_file;
    struct http_client_options options;
};

struct transfer {
    const struct http_client_request *request;
    CURL *curl;
    FILE *file;
    struct buf body;
    enum err_code code;  // what on_bytes said
    struct err *e;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void curl_begin(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        abort();  // out of memory before anything began
}

static size_t on_read(char *out, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    size_t got = fread(out, 1, size * n, t->file);
    return got == 0 && ferror(t->file) ? CURL_READFUNC_ABORT : got;
}

static size_t on_write(char *at, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    long status = 0;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    struct slice bytes = { at, size * n };
    if (t->request->on_bytes && status >= 200 && status <= 299) {
        t->code = t->request->on_bytes(t->request->arg, bytes, t->e);
        return t->code ? 0 : bytes.len;
    }
    buf_add(&t->body, bytes);
    return t->body.failed ? 0 : bytes.len;
}

static const char *server_name(const struct http_client *client)
{
    return client->socket ? client->socket : client->url;
}

static enum err_code explain(const struct http_client *client, CURLcode code,
                             const struct transfer *t, struct err *e)
{
    const char *server = server_name(client);
    if (t->code)
        return t->code;  // on_bytes filled *e
    if (t->body.failed)
        return buf_check(&t->body, "the server's answer", e);
    switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
        return err_set(e, ERR_NOT_FOUND, 0, "no server answers on %s; start it with 'tendero serve'",
                       server);
    case CURLE_OPERATION_TIMEDOUT:
        return err_set(e, ERR_BUSY, 0, "the server on %s did not answer in time; try again", server);
    case CURLE_READ_ERROR:
    case CURLE_ABORTED_BY_CALLBACK:
        return err_set(e, ERR_IO, 0, "the file to be sent cannot be read to its end");
    case CURLE_OUT_OF_MEMORY: return err_set(e, ERR_LIMIT, 0, "memory is exhausted");
    default:
        return err_set(e, ERR_IO, 0, "the talk with %s broke: %s", server, curl_easy_strerror(code));
    }
}

/* false, and an empty list, when memory is exhausted. */
static bool list_add(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (!longer)
        curl_slist_free_all(*list);
    *list = longer;
    return longer != NULL;
}

static enum err_code headers_make(const struct http_client_request *request,
                                  struct curl_slist **ret, struct err *e)
{
    /* "Expect:" takes curl's own Expect: 100-continue out, which costs a round trip. */
    struct curl_slist *list = NULL;
    bool good = list_add(&list, "Expect:");
    bool typed = request->body.len == 0;
    for (size_t i = 0; good && request->headers && request->headers[i]; i++) {
        good = list_add(&list, request->headers[i]);
        typed |= strncasecmp(request->headers[i], "content-type:", 13) == 0;
    }
    if (good && !typed)
        good = list_add(&list, "Content-Type: application/json");
    if (!good)
        return err_set(e, ERR_LIMIT, 0, "memory is exhausted");
    *ret = list;
    return ERR_OK;
}

static void options_common(struct http_client *client, struct transfer *t)
{
    CURL *curl = client->curl;
    const struct http_client_options *options = &client->options;
    curl_easy_reset(curl);  // keeps the connection
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "tendero");
    if (client->socket)
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->socket);
    if (client->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, client->ca_file);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     options->connect_timeout_ms ? (long)options->connect_timeout_ms : 5000L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)options->timeout_ms);
    if (options->timeout_ms == 0) {
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 60L);
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_write);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
}

static enum err_code options_body(CURL *curl, struct transfer *t, struct err *e)
{
    const struct http_client_request *request = t->request;
    if (request->body_file) {
        struct stat st;
        t->file = fopen(request->body_file, "rbe");
        if (!t->file || fstat(fileno(t->file), &st) != 0)
            return os_err(e, "read", request->body_file);
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
        curl_easy_setopt(curl, CURLOPT_READDATA, t);
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE,
                         S_ISREG(st.st_mode) ? (curl_off_t)st.st_size : (curl_off_t)-1);
    } else if (request->body.len || strcmp(request->method, "POST") == 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body.len ? request->body.at : "");
    } else if (strcmp(request->method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    return ERR_OK;
}

static enum err_code perform(struct http_client *client, struct transfer *t, struct arena *mem,
                             struct http_client_answer *ret, struct err *e)
{
    CURLcode code = curl_easy_perform(client->curl);
    if (code != CURLE_OK)
        return explain(client, code, t, e);
    long status = 0;
    char *type = NULL;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(client->curl, CURLINFO_CONTENT_TYPE, &type);
    struct http_client_answer answer = { .status = (int)status,
                                         .content_type = arena_copy(mem, slice_of(type)),
                                         .body = arena_copy(mem, buf_slice(&t->body)) };
    if (!answer.content_type.at || !answer.body.at)
        return err_set(e, ERR_LIMIT, 0, "the answer of %zu bytes exceeds the memory set aside for it",
                       t->body.len);
    *ret = answer;
    return ERR_OK;
}

enum err_code http_client_send(struct http_client *client, const struct http_client_request *request,
                               struct arena *mem, struct http_client_answer *ret, struct err *e)
{
    assert(client && request->method && request->path);
    assert(request->path[0] == '/');
    struct transfer t = {
        .request = request, .curl = client->curl, .body = buf_make(0), .e = e
    };
    struct curl_slist *headers = NULL;
    struct slice url = arena_printf(mem, "%s%s", client->url, request->path);
    enum err_code code = url.at ? headers_make(request, &headers, e)
                                : err_set(e, ERR_LIMIT, 0, "memory is exhausted");
    if (!code) {
        options_common(client, &t);
        curl_easy_setopt(client->curl, CURLOPT_URL, url.at);
        curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
        code = options_body(client->curl, &t, e);
    }
    if (!code)
        code = perform(client, &t, mem, ret, e);
    curl_slist_free_all(headers);
    buf_drop(&t.body);
    if (t.file)
        fclose(t.file);
    return code;
}

enum err_code http_client_new(struct http_client_options options, struct http_client **ret,
                              struct err *e)
{
    assert(options.socket || options.url);
    pthread_once(&once, curl_begin);
    struct http_client *client = calloc(1, sizeof *client);
    if (!client)
        return err_set(e, ERR_LIMIT, 0, "memory is exhausted");
    client->options = options;
    client->socket = options.socket ? strdup(options.socket) : NULL;
    client->url = strdup(options.socket ? "http://localhost" : options.url);
    client->ca_file = options.ca_file ? strdup(options.ca_file) : NULL;
    client->curl = curl_easy_init();
    if (!client->url || !client->curl || (options.socket && !client->socket) ||
        (options.ca_file && !client->ca_file)) {
        http_client_drop(&client);
        return err_set(e, ERR_LIMIT, 0, "memory is exhausted");
    }
    *ret = client;
    return ERR_OK;
}

void http_client_drop(struct http_client **ret)
{
    struct http_client *client = *ret;
    if (!client)
        return;
    if (client->curl)
        curl_easy_cleanup(client->curl);
    free(client->socket);
    free(client->url);
    free(client->ca_file);
    free(client);
    *ret = NULL;
}

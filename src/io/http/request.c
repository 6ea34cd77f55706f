#include "io/http/request.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/http/loop.h"

#define KEEP_BYTES (16u << 10)  // what a pooled request may hold on to

struct http_request *request_new(struct http_request **pool)
{
    struct http_request *req = *pool;
    if (req) {
        *pool = req->next;
        req->next = NULL;
        assert(req->magic == REQUEST_MAGIC);
        return req;
    }
    req = malloc(sizeof *req);
    struct arena *mem = req ? arena_new(REQUEST_ARENA) : NULL;
    if (!mem) {
        free(req);
        return NULL;
    }
    req->magic = REQUEST_MAGIC;
    req->mem = mem;
    req->body = buf_make(0);
    req->spare = buf_make(0);
    req->headers = buf_make(KEEP_BYTES);
    req->conn = NULL;
    req->next = NULL;
    req->held = 0;
    req->spool_fd = -1;
    req->spool_path = NULL;
    req->resume = NULL;
    return req;
}

static void request_free(struct http_request *req)
{
    req->magic = 0;
    arena_drop(&req->mem);
    buf_drop(&req->body);
    buf_drop(&req->spare);
    buf_drop(&req->headers);
    free(req);
}

static void buf_shrink(struct buf *b)
{
    if (b->cap > KEEP_BYTES)
        buf_drop(b);
    else
        buf_clear(b);
}

void request_release(struct http_request *req, struct http_request **pool)
{
    assert(req && req->magic == REQUEST_MAGIC);
    if (req->held)
        atomic_fetch_sub(&req->loop->server->bodies, req->held);
    req->held = 0;
    if (req->spool_fd >= 0)
        close(req->spool_fd);
    if (req->spool_path)
        unlink(req->spool_path);  // gone already when the handler took it
    req->spool_fd = -1;
    req->spool_path = NULL;
    req->conn = NULL;
    if (!pool || arena_used(req->mem) > 4 * KEEP_BYTES) {
        request_free(req);
        return;
    }
    arena_reset(req->mem);
    buf_shrink(&req->body);
    buf_shrink(&req->spare);
    buf_shrink(&req->headers);
    req->next = *pool;
    *pool = req;
}

void request_pool_drop(struct http_request **pool)
{
    while (*pool) {
        struct http_request *req = *pool;
        *pool = req->next;
        request_free(req);
    }
}

void request_own_answer(struct http_request *req)
{
    struct answer *answer = &req->answer;
    buf_clear(&req->spare);
    buf_add(&req->spare, answer->type);
    buf_add(&req->spare, answer->body);
    if (req->spare.failed) {
        answer->status = 500;
        answer->type = answer->body = (struct slice){ NULL, 0 };
        return;
    }
    answer->body = (struct slice){ req->spare.at + answer->type.len, answer->body.len };
    answer->type.at = req->spare.at;
}

enum http_method http_method(const struct http_request *req)
{
    assert(req->magic == REQUEST_MAGIC);
    return req->head.method;
}

struct slice http_path(const struct http_request *req)
{
    return req->head.path;
}

struct slice http_query(const struct http_request *req)
{
    return req->head.query;
}

struct slice http_header(const struct http_request *req, const char *name)
{
    const struct framing_field *field = framing_find(&req->head, slice_of(name));
    return field ? field->value : (struct slice){ NULL, 0 };
}

struct slice http_body(const struct http_request *req)
{
    return buf_slice(&req->body);
}

const char *http_upload_path(const struct http_request *req)
{
    return req->spool_path;
}

struct slice http_peer(const struct http_request *req)
{
    return slice_of(req->peer);
}

bool http_is_local(const struct http_request *req)
{
    return req->local;
}

bool http_is_tls(const struct http_request *req)
{
    return req->tls;
}

struct arena *http_arena(struct http_request *req)
{
    return req->mem;
}

int64_t http_received_ns(const struct http_request *req)
{
    return req->received_ns;
}

void *http_thread_state(const struct http_request *req)
{
    return req->loop->state;
}

void http_set_header(struct http_request *req, const char *name, struct slice value)
{
    assert(req->magic == REQUEST_MAGIC);
    assert(!strpbrk(name, "\r\n: "));
    assert(slice_find(value, '\r') == value.len && slice_find(value, '\n') == value.len);
    buf_adds(&req->headers, name);
    buf_adds(&req->headers, ": ");
    buf_add(&req->headers, value);
    buf_adds(&req->headers, "\r\n");
}

void http_reply(struct http_request *req, int status, struct slice content_type, struct slice body)
{
    assert(req->magic == REQUEST_MAGIC);
    assert(status >= 200 && status <= 599);
    req->answer = (struct answer){
        .kind = ANSWER_WHOLE, .status = status, .type = content_type, .body = body
    };
    loop_answer(req->loop, req);
}

void http_resume(struct http_request *req, void (*fn)(struct http_request *, void *arg), void *arg)
{
    assert(req->magic == REQUEST_MAGIC);
    assert(fn && !req->resume);
    req->resume = fn;
    req->resume_arg = arg;
    loop_resume(req->loop, req);
}

void http_reply_stream(struct http_request *req, int status, struct slice content_type,
                       struct http_stream stream)
{
    assert(req->magic == REQUEST_MAGIC);
    assert(stream.next && stream.end);
    req->answer = (struct answer){ .kind = ANSWER_STREAM,
                                   .status = status,
                                   .type = content_type,
                                   .interval_ms = 10,
                                   .stream = stream };
    loop_answer(req->loop, req);
}

void http_reply_live(struct http_request *req, struct slice content_type, int interval_ms,
                     struct http_stream stream)
{
    assert(req->magic == REQUEST_MAGIC);
    assert(stream.next && stream.end && interval_ms > 0);
    req->answer = (struct answer){ .kind = ANSWER_LIVE,
                                   .status = 200,
                                   .type = content_type,
                                   .interval_ms = interval_ms,
                                   .stream = stream };
    loop_answer(req->loop, req);
}

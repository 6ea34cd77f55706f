#include "app/client.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/rooms.h"
#include "offers/decide.h"
#include "text/json.h"

struct client {
    struct rooms *rooms;  // NULL: a server runs
    struct http_client *http;
};

static enum err_code connect_to(struct client *c, const char *socket, struct err *e)
{
    return http_client_new((struct http_client_options){ .socket = socket }, &c->http, e);
}

static bool answers(struct client *c)
{
    AUTO(arena) mem = arena_new(65536);
    struct http_client_request request = { .method = "GET", .path = "/healthz" };
    struct http_client_answer answer;
    return mem && !http_client_send(c->http, &request, mem, &answer, NULL);
}

enum err_code client_new(const struct settings *settings, struct client **ret, struct err *e)
{
    assert(settings && ret);
    char socket[108];
    if (!rooms_socket(settings, socket))
        return err_set(e, ERR_INVALID, 0, "the path of the data folder is too long for a socket: shorten it");
    struct client *c = calloc(1, sizeof *c);
    if (!c)
        return err_set(e, ERR_LIMIT, 0, "no memory");
    enum err_code code = connect_to(c, socket, e);
    if (!code && !answers(c)) {
        http_client_drop(&c->http);
        code = rooms_open(settings, (struct rooms_options){ 0 }, &c->rooms, e);
        if (!code)
            code = connect_to(c, socket, e);
    }
    if (code)
        client_drop(&c);
    else
        *ret = c;
    return code;
}

void client_drop(struct client **client)
{
    if (!*client)
        return;
    http_client_drop(&(*client)->http);
    rooms_close(&(*client)->rooms);
    free(*client);
    *client = NULL;
}

enum err_code client_refresh(struct client *c, struct err *e)
{
    if (!c->rooms)
        return ERR_OK;
    int64_t now_ms = clock_now_ms(&sys_clock_real);
    if (people_refresh_due(c->rooms->people, now_ms))
        TRY(people_refresh(c->rooms->people, now_ms, e));
    TRY(population_refresh(c->rooms->population, c->rooms->people, now_ms, e));
    const struct recommend_taste taste = taste_of_catalogue(c->rooms->catalogue);
    return recommendations_due(c->rooms->recommendations, now_ms)
           ? recommendations_refit(c->rooms->recommendations, &taste, now_ms, NULL, e) : ERR_OK;
}

/* The words of a problem document; of anything else the status. */
static enum err_code problem_of(const struct http_client_answer *answer, struct arena *mem, struct err *e)
{
    struct json_parser *parser = json_parser_new();
    struct json root;
    struct slice detail = { NULL, 0 };
    if (parser && !json_parse(parser, answer->body, &root, NULL))
        detail = json_string(json_get(root, "detail"), mem);
    enum err_code code = answer->status == 404 ? ERR_NOT_FOUND
                         : answer->status == 409 ? ERR_CONFLICT
                         : answer->status >= 500 ? ERR_IO : ERR_INVALID;
    if (detail.len)
        err_set(e, code, 0, "%.*s", SLICE_ARG(detail));
    else
        err_set(e, code, 0, "the server answered %d", answer->status);
    json_parser_drop(&parser);
    return code;
}

enum err_code client_call(struct client *c, const char *method, const char *path, struct slice body,
                          struct arena *mem, struct slice *ret, struct err *e)
{
    struct http_client_request request = { .method = method, .path = path, .body = body };
    struct http_client_answer answer;
    TRY(http_client_send(c->http, &request, mem, &answer, e));
    if (answer.status < 200 || answer.status > 299)
        return problem_of(&answer, mem, e);
    *ret = answer.body;
    return ERR_OK;
}

static enum err_code to_stdout(void *arg, struct slice bytes, struct err *e)
{
    (void)arg;
    if (bytes.len && fwrite(bytes.at, 1, bytes.len, stdout) != bytes.len)
        return err_set(e, ERR_IO, 0, "standard output refuses");
    return ERR_OK;
}

enum err_code client_stream(struct client *c, const char *path, struct err *e)
{
    AUTO(arena) mem = arena_new(1 << 20);
    if (!mem)
        return err_set(e, ERR_LIMIT, 0, "no memory");
    struct http_client_request request = { .method = "GET", .path = path, .on_bytes = to_stdout };
    struct http_client_answer answer;
    TRY(http_client_send(c->http, &request, mem, &answer, e));
    if (answer.status != 200)
        return problem_of(&answer, mem, e);
    return fflush(stdout) ? err_set(e, ERR_IO, 0, "standard output refuses") : ERR_OK;
}

/* tendero share: what part of their spending customers leave with us, as JSON lines. */
#include <stdio.h>

#include "app/client.h"
#include "app/commands.h"
#include "base/limits.h"
#include "text/json.h"
#include "text/url.h"

#define ANSWER_MAX ((size_t)64 << 20)
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory")

struct desk {
    struct client *client;
    struct arena *mem;
    struct json_parser *parser;
};

static enum err_code get(struct desk *d, const char *path, struct json *ret, struct err *e)
{
    struct slice answer;
    TRY(client_call(d->client, "GET", path, SLICE(""), d->mem, &answer, e));
    return json_parse(d->parser, answer, ret, e);
}

static void print_lines(struct json list)
{
    for (struct json_iter it = json_iter(list); json_next(&it);)
        printf("%.*s\n", SLICE_ARG(json_raw(it.value)));
}

static enum err_code fit(struct desk *d, struct err *e)
{
    struct slice answer, last;
    struct json job;
    TRY(client_call(d->client, "POST", "/api/v1/share/fits", SLICE(""), d->mem, &answer, e));
    TRY(json_parse(d->parser, answer, &job, e));
    struct slice path = arena_printf(d->mem, "/api/v1/imports/%.*s", SLICE_ARG(json_string(json_get(job, "id"), d->mem)));
    return path.at ? job_wait(d->client, path.at, true, d->mem, &last, e) : NO_MEMORY(e);
}

static enum err_code print_fit(struct desk *d, struct err *e)
{
    struct json page;
    TRY(get(d, "/api/v1/share", &page, e));
    struct json report = json_get(page, "report");
    if (!json_is(report, JSON_OBJECT))
        return err_set(e, ERR_NOT_FOUND, 0, "there is no fit yet: tendero share fit");
    print_lines(json_get(report, "categories"));
    return ERR_OK;
}

static enum err_code run(struct desk *d, const char *what, const char *operand, int64_t limit, struct err *e)
{
    struct json answer;
    bool list = strcmp(what, "list") == 0;
    if (strcmp(what, "fit") == 0)
        TRY(fit(d, e));
    if (!operand)
        return print_fit(d, e);
    __attribute__((cleanup(buf_drop))) struct buf path = buf_make(1 << 16);
    buf_adds(&path, list ? "/api/v1/share/" : "/api/v1/customers/");
    url_encode(&path, slice_of(operand));
    if (list)
        buf_printf(&path, "/customers?limit=%lld", (long long)limit);
    else
        buf_adds(&path, "/share");
    buf_addc(&path, 0);
    TRY(buf_check(&path, "the path", e));
    TRY(get(d, path.at, &answer, e));
    print_lines(json_get(answer, list ? "items" : "categories"));
    return ERR_OK;
}

enum err_code command_share(struct settings *s, struct err *e)
{
    const char *text = settings_option(s, "limit"), *what = s->n_rest > 0 ? s->rest[0] : "";
    const char *operand = s->n_rest > 1 ? s->rest[1] : NULL;
    int64_t limit = 50;
    bool of = strcmp(what, "customer") == 0 || strcmp(what, "list") == 0;
    TRY(settings_no_options(s, e));
    if (text && (!slice_i64(slice_of(text), &limit) || limit < 1 || limit > LIMIT_PAGE))
        return err_set(e, ERR_INVALID, 0, "--limit is a number from 1 to %d", LIMIT_PAGE);
    if (what[0] && strcmp(what, "fit") != 0 && !of)
        return err_set(e, ERR_INVALID, 0, "'%s': say nothing, fit, customer ID or list CATEGORY", what);
    if (of != (operand != NULL))
        return err_set(e, ERR_INVALID, 0, "%s",
                       of ? "say which customer or category; see --help" : "that is one word too many");
    AUTO(arena) mem = arena_new(ANSWER_MAX);
    AUTO(json_parser) parser = json_parser_new();
    AUTO(client) client = NULL;
    if (!mem || !parser)
        return NO_MEMORY(e);
    TRY(client_new(s, &client, e));
    TRY(client_refresh(client, e));
    struct desk desk = { client, mem, parser };
    return run(&desk, what, operand, limit, e);
}

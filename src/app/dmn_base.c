/* tendero dmn base: what a table that the server keeps says of every customer, as CSV or as a trait. */
#include <stdio.h>
#include <string.h>

#include "app/client.h"
#include "app/commands.h"
#include "text/json.h"
#include "text/url.h"

#define ANSWER_MAX ((size_t)256 << 20)
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory")

struct wish {
    const char *model, *decision, *trait, *output;
    bool decided;
};
struct desk {
    struct client *client;
    struct arena *mem;
    struct json_parser *parser;
};

static enum err_code get(const struct desk *desk, const char *path, struct json *ret, struct err *e)
{
    struct slice answer;
    TRY(client_call(desk->client, "GET", path, SLICE(""), desk->mem, &answer, e));
    return json_parse(desk->parser, answer, ret, e);
}

/* By its number or its name. */
static enum err_code find_model(const struct desk *desk, const char *model, struct slice *id, struct err *e)
{
    struct json list;
    TRY(get(desk, "/api/v1/models", &list, e));
    for (struct json_iter it = json_iter(json_get(list, "items")); json_next(&it);) {
        *id = json_text(json_get(it.value, "id"), desk->mem);
        if (slice_is(*id, model) || slice_is(json_text(json_get(it.value, "name"), desk->mem), model))
            return ERR_OK;
    }
    return err_set(e, ERR_NOT_FOUND, 0, "there is no model '%s'; the console's page Rules lists them", model);
}

/* Of a model with one table, that. */
static enum err_code find_decision(const struct desk *desk, struct slice id, const char *wanted, struct slice *ret,
                                   struct err *e)
{
    struct json page;
    *ret = slice_of(wanted ? wanted : "");
    if (wanted)
        return ERR_OK;
    struct slice path = arena_printf(desk->mem, "/api/v1/models/%.*s", SLICE_ARG(id));
    if (!path.at)
        return NO_MEMORY(e);
    TRY(get(desk, path.at, &page, e));
    struct json tables = json_get(page, "tables");
    if (json_count(tables) != 1)
        return err_set(e, ERR_INVALID, 0, "the model has %zu tables: say which by --decision NAME", json_count(tables));
    struct json_iter it = json_iter(tables);
    if (json_next(&it))
        *ret = json_text(json_get(it.value, "decision"), desk->mem);
    return ERR_OK;
}

static enum err_code write_csv(const struct desk *desk, const struct wish *wish, struct slice id, struct slice decision,
                               struct err *e)
{
    struct buf name = buf_make(0);
    url_encode(&name, decision);
    struct slice path = arena_printf(desk->mem, "/api/v1/models/%.*s/export?decision=%.*s%s", SLICE_ARG(id),
                                     SLICE_ARG(buf_slice(&name)), wish->decided ? "&undecided=false" : "");
    buf_drop(&name);
    return path.at ? client_stream(desk->client, path.at, e) : NO_MEMORY(e);
}

static enum err_code begin_trait(const struct desk *desk, const struct wish *wish, struct slice id,
                                 struct slice decision, struct slice *job, struct err *e)
{
    struct slice path = arena_printf(desk->mem, "/api/v1/models/%.*s/trait", SLICE_ARG(id));
    struct buf body = buf_make(0);
    struct json_w w = json_w(&body);
    json_w_open(&w, '{');
    json_w_kstring(&w, "decision", decision);
    json_w_kcstr(&w, "trait", wish->trait);
    if (wish->output)
        json_w_kcstr(&w, "output", wish->output);
    json_w_close(&w, '}');
    enum err_code code = path.at ? client_call(desk->client, "POST", path.at, buf_slice(&body), desk->mem, job, e)
                                 : NO_MEMORY(e);
    buf_drop(&body);
    return code;
}

static enum err_code write_trait(const struct desk *desk, const struct wish *wish, struct slice id,
                                 struct slice decision, struct err *e)
{
    struct slice answer, last;
    struct json job;
    TRY(begin_trait(desk, wish, id, decision, &answer, e));
    TRY(json_parse(desk->parser, answer, &job, e));
    struct slice number = json_text(json_get(job, "id"), desk->mem);
    struct slice path = arena_printf(desk->mem, "/api/v1/imports/%.*s", SLICE_ARG(number));
    if (!path.at)
        return NO_MEMORY(e);
    TRY(job_wait(desk->client, path.at, false, desk->mem, &last, e));
    TRY(json_parse(desk->parser, last, &job, e));
    printf("%.*s\n", SLICE_ARG(json_raw(json_get(job, "trait"))));
    return ERR_OK;
}

static enum err_code run(const struct desk *desk, const struct wish *wish, struct err *e)
{
    struct slice id, decision;
    TRY(find_model(desk, wish->model, &id, e));
    TRY(find_decision(desk, id, wish->decision, &decision, e));
    TRY(client_refresh(desk->client, e));
    return wish->trait ? write_trait(desk, wish, id, decision, e) : write_csv(desk, wish, id, decision, e);
}

enum err_code command_dmn_base(struct settings *s, struct err *e)
{
    struct wish wish = { .decision = settings_option(s, "decision"), .trait = settings_option(s, "trait"),
                         .output = settings_option(s, "output"), .decided = settings_flag(s, "decided") };
    TRY(settings_no_options(s, e));
    if (s->n_rest < 2)
        return err_set(e, ERR_INVALID, 0, "the MODEL is missing; see --help");
    if (wish.output && !wish.trait)
        return err_set(e, ERR_INVALID, 0, "--output says which is written: say --trait NAME, too");
    wish.model = s->rest[1];
    AUTO(client) client = NULL;
    TRY(client_new(s, &client, e));
    AUTO(arena) mem = arena_new(ANSWER_MAX);
    AUTO(json_parser) parser = json_parser_new();
    const struct desk desk = { client, mem, parser };
    return mem && parser ? run(&desk, &wish, e) : NO_MEMORY(e);
}

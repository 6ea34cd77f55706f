/* tendero tiers: value tiers and what is done for each. tendero allocate: whom to spend a budget on. */
#include <stdio.h>
#include <stdlib.h>

#include "app/client.h"
#include "app/commands.h"
#include "text/json.h"

#define ANSWER_MAX ((size_t)256 << 20)
#define ASK_MAX ((size_t)1 << 20)
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory")

struct tiers_client {
    struct client *client;
    struct arena *mem;
    struct json_parser *parser;
};

static enum err_code ask(const struct tiers_client *c, const char *method, const char *path, struct slice body, struct json *ret,
                         struct err *e)
{
    struct slice answer;
    TRY(client_call(c->client, method, path, body, c->mem, &answer, e));
    return json_parse(c->parser, answer, ret, e);
}

static enum err_code open_client(struct settings *s, struct arena *mem, struct json_parser *parser, struct tiers_client *ret,
                                 struct err *e)
{
    *ret = (struct tiers_client){ NULL, mem, parser };
    if (!mem || !parser)
        return NO_MEMORY(e);
    TRY(client_new(s, &ret->client, e));
    return client_refresh(ret->client, e);
}

static double number(struct json object, const char *name)
{
    double value = 0;
    (void)json_double(json_get(object, name), &value);
    return value;
}

/* ---- tiers ---- */
static enum err_code print_tiers(const struct tiers_client *c, struct err *e)
{
    struct json root;
    TRY(ask(c, "GET", "/api/v1/tiers", SLICE(""), &root, e));
    if (json_is(json_get(root, "fit"), JSON_NULL))
        return err_set(e, ERR_CONFLICT, 0, "there are no tiers yet: they come once customers have bought twice, or by tiers fit");
    printf("%-14s %10s %14s %14s\n", "tier", "customers", "last year", "lifetime");
    for (struct json_iter it = json_iter(json_get(root, "tiers")); json_next(&it);) {
        struct slice tier = json_string(json_get(it.value, "tier"), c->mem);
        printf("%-14.*s %10.0f %14.2f %14.2f\n", SLICE_ARG(tier), number(it.value, "customers"), number(it.value, "actualValue"),
               number(it.value, "lifetimeValue"));
    }
    return ERR_OK;
}

static enum err_code fit(const struct tiers_client *c, struct err *e)
{
    struct json root;
    struct slice job;
    TRY(ask(c, "POST", "/api/v1/tiers/fits", SLICE(""), &root, e));
    struct slice id = json_string(json_get(root, "id"), c->mem);
    struct slice path = arena_printf(c->mem, "/api/v1/imports/%.*s", SLICE_ARG(id));
    if (!path.at)
        return NO_MEMORY(e);
    TRY(job_wait(c->client, path.at, true, c->mem, &job, e));
    return print_tiers(c, e);
}

static enum err_code print_plans(const struct tiers_client *c, struct err *e)
{
    struct json root;
    TRY(ask(c, "GET", "/api/v1/tiers", SLICE(""), &root, e));
    printf("%-14s %9s %-9s %-7s %9s  %s\n", "tier", "contacts", "service", "manager", "discount", "by");
    for (struct json_iter it = json_iter(json_get(root, "tiers")); json_next(&it);) {
        struct json plan = json_get(it.value, "plan");
        struct slice tier = json_string(json_get(it.value, "tier"), c->mem), by = json_string(json_get(plan, "by"), c->mem),
                     service = json_string(json_get(plan, "service"), c->mem);
        bool manager = false;
        (void)json_bool(json_get(plan, "manager"), &manager);
        printf("%-14.*s %9.0f %-9.*s %-7s %7.0f %%  %.*s\n", SLICE_ARG(tier), number(plan, "contactsPerMonth"),
               SLICE_ARG(service), manager ? "yes" : "no", 100 * number(plan, "discountMost"), SLICE_ARG(by));
    }
    return ERR_OK;
}

enum err_code command_tiers(struct settings *s, struct err *e)
{
    TRY(settings_no_options(s, e));
    const char *what = s->n_rest > 0 ? s->rest[0] : "";
    bool is_fit = strcmp(what, "fit") == 0, is_plan = strcmp(what, "plan") == 0;
    if (what[0] && !is_fit && !is_plan)
        return err_set(e, ERR_INVALID, 0, "'%s': say fit, plan or nothing", what);
    AUTO(arena) mem = arena_new(ANSWER_MAX);
    AUTO(json_parser) parser = json_parser_new();
    struct tiers_client c;
    enum err_code code = open_client(s, mem, parser, &c, e);
    if (!code)
        code = is_fit ? fit(&c, e) : is_plan ? print_plans(&c, e) : print_tiers(&c, e);
    client_drop(&c.client);
    return code;
}

/* ---- allocate ---- */
static enum err_code read_ask(const char *path, struct buf *out, struct err *e)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    char piece[4096];
    if (!file)
        return err_set(e, ERR_IO, 0, "%s cannot be read", path);
    for (size_t n; (n = fread(piece, 1, sizeof piece, file)) > 0;)
        buf_add(out, (struct slice){ piece, n });
    bool failed = ferror(file) != 0;
    if (file != stdin)
        fclose(file);
    return failed ? err_set(e, ERR_IO, 0, "%s cannot be read", path) : buf_check(out, "what is asked", e);
}

static void print_worths(struct json a, struct arena *mem)
{
    fprintf(stderr, "%.0f of %.0f customers get something: value %.2f for %.2f; at best %.2f more\n", number(a, "contacts"),
            number(a, "people"), number(a, "value"), number(a, "cost"), number(a, "gap"));
    fprintf(stderr, "one more unit of money is worth %.2f, one more contact %.2f\n", number(a, "moneyWorth"),
            number(a, "contactWorth"));
    for (struct json_iter it = json_iter(json_get(a, "channels")); json_next(&it);) {
        struct slice name = json_string(json_get(it.value, "name"), mem);
        fprintf(stderr, "channel %.*s: %.0f used, one more place is worth %.2f\n", SLICE_ARG(name), number(it.value, "used"),
                number(it.value, "worth"));
    }
}

/* Who gets what goes to standard output as CSV; where no server runs, that is the only time it can be asked for. */
static enum err_code allocate_file(const struct tiers_client *c, struct slice body, struct err *e)
{
    struct json root;
    TRY(ask(c, "POST", "/api/v1/allocations", body, &root, e));
    print_worths(root, c->mem);
    struct slice id = json_string(json_get(root, "id"), c->mem);
    struct slice path = arena_printf(c->mem, "/api/v1/allocations/%.*s/export", SLICE_ARG(id));
    return path.at ? client_stream(c->client, path.at, e) : NO_MEMORY(e);
}

enum err_code command_allocate(struct settings *s, struct err *e)
{
    TRY(settings_no_options(s, e));
    if (s->n_rest < 1)
        return err_set(e, ERR_INVALID, 0, "the FILE is missing; see --help");
    struct buf body = buf_make(ASK_MAX);
    AUTO(arena) mem = arena_new(ANSWER_MAX);
    AUTO(json_parser) parser = json_parser_new();
    struct tiers_client c = { 0 };
    enum err_code code = read_ask(s->rest[0], &body, e);
    if (!code)
        code = open_client(s, mem, parser, &c, e);
    if (!code)
        code = allocate_file(&c, buf_slice(&body), e);
    client_drop(&c.client);
    buf_drop(&body);
    return code;
}

/* tendero audience: how many customers a condition is true of, who they are, why one is in. */
#include <stdio.h>

#include "app/client.h"
#include "app/commands.h"
#include "text/json.h"

#define ANSWER_MAX ((size_t)256 << 20)
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory")

static enum err_code ask(struct client *client, const char *path, const char *condition, const char *customer,
                         struct arena *mem, struct json_parser *parser, struct json *ret, struct err *e)
{
    struct buf body = buf_make(1 << 20);
    struct json_w w = json_w(&body);
    struct slice answer;
    json_w_open(&w, '{');
    json_w_kcstr(&w, "condition", condition);
    if (customer)
        json_w_kcstr(&w, "customer", customer);
    json_w_close(&w, '}');
    enum err_code code = client_call(client, "POST", path, buf_slice(&body), mem, &answer, e);
    buf_drop(&body);
    TRY(code);
    return json_parse(parser, answer, ret, e);
}

static void print_plan(struct json plan, struct arena *mem)
{
    struct slice text = json_string(plan, mem);
    fprintf(stderr, "%.*s", SLICE_ARG(text));
}

/* What can only be null, whatever customers have there. */
static void print_warnings(struct json warnings, struct arena *mem)
{
    for (struct json_iter it = json_iter(warnings); json_next(&it);) {
        struct slice text = json_string(json_get(it.value, "text"), mem);
        fprintf(stderr, "line %.*s, character %.*s: %.*s\n", SLICE_ARG(json_raw(json_get(it.value, "line"))),
                SLICE_ARG(json_raw(json_get(it.value, "column"))), SLICE_ARG(text));
    }
}

static enum err_code count(struct client *client, const char *condition, struct arena *mem, struct json_parser *parser,
                           struct err *e)
{
    struct json root;
    TRY(ask(client, "/api/v1/audiences/count", condition, NULL, mem, parser, &root, e));
    print_plan(json_get(root, "plan"), mem);
    print_warnings(json_get(root, "warnings"), mem);
    printf("%.*s\n", SLICE_ARG(json_raw(json_get(root, "customers"))));
    return ERR_OK;
}

/* On standard error what of it the interpreter has to decide. */
static enum err_code print_sql(struct client *client, const char *condition, struct arena *mem, struct json_parser *parser,
                               struct err *e)
{
    struct json root;
    bool exact = false;
    TRY(ask(client, "/api/v1/audiences/sql", condition, NULL, mem, parser, &root, e));
    json_bool(json_get(root, "exact"), &exact);
    struct slice sql = json_string(json_get(root, "sql"), mem);
    if (!exact) {
        fprintf(stderr, "true for more rows than the condition: what goes row by row is left open\n");
        print_plan(json_get(root, "plan"), mem);
    }
    printf("%.*s\n", SLICE_ARG(sql));
    return ERR_OK;
}

/* Of a saved audience: "customers" or "changes", one JSON line each. */
static enum err_code list_pages(struct client *client, const char *id, const char *what, struct arena *mem,
                                struct json_parser *parser, struct err *e)
{
    char next[32] = "0";
    while (next[0]) {
        struct json root;
        struct slice answer;
        arena_reset(mem);
        struct slice path = arena_printf(mem, "/api/v1/audiences/%s/%s?limit=200&after=%s", id, what, next);
        if (!path.at)
            return NO_MEMORY(e);
        TRY(client_call(client, "GET", path.at, SLICE(""), mem, &answer, e));
        TRY(json_parse(parser, answer, &root, e));
        for (struct json_iter it = json_iter(json_get(root, "items")); json_next(&it);)
            printf("%.*s\n", SLICE_ARG(json_raw(it.value)));
        struct slice word = json_text(json_get(root, "next"), mem);
        snprintf(next, sizeof next, "%.*s", SLICE_ARG(word));
    }
    return ERR_OK;
}

static enum err_code list_audiences(struct client *client, struct arena *mem, struct json_parser *parser, struct err *e)
{
    struct slice answer;
    struct json root;
    TRY(client_call(client, "GET", "/api/v1/audiences", SLICE(""), mem, &answer, e));
    TRY(json_parse(parser, answer, &root, e));
    for (struct json_iter it = json_iter(json_get(root, "items")); json_next(&it);)
        printf("%.*s\n", SLICE_ARG(json_raw(it.value)));
    return ERR_OK;
}

/* "yes spend > 100  (spend = 250)", indented by depth. */
static void print_step(struct json step, int depth, struct arena *mem)
{
    bool is = false, known = json_bool(json_get(step, "is"), &is);
    struct slice joint = json_string(json_get(step, "joint"), mem), text = json_string(json_get(step, "text"), mem);
    printf("%*s%-7s ", 2 * depth, "", !known ? "unknown" : is ? "yes" : "no");
    if (!slice_is(joint, "none"))
        printf("%.*s:", SLICE_ARG(joint));
    else
        printf("%.*s", SLICE_ARG(text));
    for (struct json_iter it = json_iter(json_get(step, "values")); json_next(&it);) {
        struct slice name = json_string(json_get(it.value, "name"), mem);
        printf("  (%.*s = %.*s)", SLICE_ARG(name), SLICE_ARG(json_raw(json_get(it.value, "value"))));
    }
    printf("\n");
    for (struct json_iter it = json_iter(json_get(step, "parts")); json_next(&it);)
        print_step(it.value, depth + 1, mem);
}

static enum err_code explain(struct client *client, const char *condition, const char *customer, struct arena *mem,
                             struct json_parser *parser, struct err *e)
{
    struct json root;
    if (!customer)
        return err_set(e, ERR_INVALID, 0, "say --customer ID");
    TRY(ask(client, "/api/v1/audiences/explain", condition, customer, mem, parser, &root, e));
    print_step(json_get(root, "step"), 0, mem);
    return ERR_OK;
}

enum err_code command_audience(struct settings *s, struct err *e)
{
    const char *customer = settings_option(s, "customer");
    TRY(settings_no_options(s, e));
    const char *what = s->n_rest > 0 ? s->rest[0] : "", *operand = s->n_rest > 1 ? s->rest[1] : NULL;
    bool is_list = strcmp(what, "list") == 0, is_count = strcmp(what, "count") == 0;
    bool is_changes = strcmp(what, "changes") == 0, is_sql = strcmp(what, "sql") == 0;
    if (!is_list && !is_count && !is_changes && !is_sql && strcmp(what, "explain") != 0)
        return err_set(e, ERR_INVALID, 0, "'%s': say count, list, changes, explain or sql", what);
    if (!is_list && !operand)
        return err_set(e, ERR_INVALID, 0, "the %s is missing; see --help", is_changes ? "ID" : "CONDITION");
    AUTO(arena) mem = arena_new(ANSWER_MAX);
    AUTO(json_parser) parser = json_parser_new();
    AUTO(client) client = NULL;
    if (!mem || !parser)
        return NO_MEMORY(e);
    TRY(client_new(s, &client, e));
    TRY(client_refresh(client, e));
    if (is_list)
        return operand ? list_pages(client, operand, "customers", mem, parser, e) : list_audiences(client, mem, parser, e);
    if (is_sql)
        return print_sql(client, operand, mem, parser, e);
    if (is_changes)
        return list_pages(client, operand, "changes", mem, parser, e);
    return is_count ? count(client, operand, mem, parser, e) : explain(client, operand, customer, mem, parser, e);
}

#include "app/commands.h"

#include <assert.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "app/client.h"
#include "base/limits.h"
#include "io/store/store.h"
#include "offers/decide.h"
#include "staff/staff.h"
#include "text/json.h"
#include "text/url.h"

#define ANSWER_MAX ((size_t)64 << 20)
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory")

static enum err_code operand(const struct settings *s, int at, const char *what, const char **ret,
                             struct err *e)
{
    if (at >= s->n_rest)
        return err_set(e, ERR_INVALID, 0, "%s is missing; see --help", what);
    *ret = s->rest[at];
    return ERR_OK;
}

static void print_line(struct slice text)
{
    fwrite(text.at, 1, text.len, stdout);
    fputc('\n', stdout);
}

/* ---- export, openapi, settings, backup ---- */

enum err_code command_export(struct settings *s, struct err *e)
{
    static const char *const paths[][2] = { { "facts", "/api/v1/export/facts" },
                                            { "customers", "/api/v1/export/customers" },
                                            { "catalogue", "/api/v1/export/catalogue" } };
    const char *what = NULL;
    TRY(settings_no_options(s, e));
    TRY(operand(s, 0, "facts, customers or catalogue", &what, e));
    const char *path = NULL;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (strcmp(what, paths[i][0]) == 0)
            path = paths[i][1];
    if (!path)
        return err_set(e, ERR_INVALID, 0, "'%s' cannot be exported: facts, customers or catalogue", what);
    AUTO(client) client = NULL;
    TRY(client_new(s, &client, e));
    if (strcmp(what, "facts") != 0)
        TRY(client_refresh(client, e));
    return client_stream(client, path, e);
}

enum err_code command_openapi(struct settings *s, struct err *e)
{
    AUTO(client) client = NULL;
    TRY(settings_no_options(s, e));
    TRY(client_new(s, &client, e));
    return client_stream(client, "/openapi.json", e);
}

enum err_code command_settings(struct settings *s, struct err *e)
{
    TRY(settings_no_options(s, e));
    for (int i = 0; i < SETTINGS; i++)
        printf("%-13s = %-22s # %s; %s\n", s->of[i].name, s->of[i].value, s->of[i].from, s->of[i].help_en);
    return ERR_OK;
}

enum err_code command_backup(struct settings *s, struct err *e)
{
    const char *path = NULL;
    TRY(settings_no_options(s, e));
    TRY(operand(s, 0, "the FILE to write", &path, e));
    AUTO(store) store = NULL;
    TRY(store_open(slice_of(setting(s, SETTING_data)), (struct store_options){ 0 }, &store, e));
    return store_backup(store, path, e);
}

/* ---- keys and users ---- */

static enum err_code id_path(const char *form, const char *id, struct arena *mem, const char **ret,
                             struct err *e)
{
    struct buf escaped = buf_make(4096);
    url_encode(&escaped, slice_of(id));
    struct slice path = arena_printf(mem, "%s%.*s", form, (int)escaped.len, escaped.at ? escaped.at : "");
    buf_drop(&escaped);
    *ret = path.at;
    return path.at ? ERR_OK : NO_MEMORY(e);
}

static enum err_code json_answer(struct slice text, struct json_parser **parser, struct json *ret,
                                 struct err *e)
{
    *parser = json_parser_new();
    return *parser ? json_parse(*parser, text, ret, e) : NO_MEMORY(e);
}

static enum err_code key_create(struct settings *s, struct client *client, struct arena *mem, struct err *e)
{
    const char *scope = settings_option(s, "scope"), *name = settings_option(s, "name"),
               *source = settings_option(s, "source");
    TRY(settings_no_options(s, e));
    if (!scope)
        return err_set(e, ERR_INVALID, 0, "say --scope write, read or admin");
    struct buf body = buf_make(65536);
    struct json_w w = json_w(&body);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "scope", scope);
    json_w_kcstr(&w, "name", name ? name : "command line");
    if (source)
        json_w_kcstr(&w, "source", source);
    json_w_close(&w, '}');
    struct slice answer;
    enum err_code code = client_call(client, "POST", "/api/v1/keys", buf_slice(&body), mem, &answer, e);
    buf_drop(&body);
    TRY(code);
    AUTO(json_parser) parser = NULL;
    struct json root;
    TRY(json_answer(answer, &parser, &root, e));
    print_line(json_string(json_get(root, "key"), mem));
    return ERR_OK;
}

/* Each item of a list, one line of JSON. */
static enum err_code items_print(struct client *client, const char *path, struct arena *mem, struct err *e)
{
    struct slice answer;
    TRY(client_call(client, "GET", path, SLICE(""), mem, &answer, e));
    AUTO(json_parser) parser = NULL;
    struct json root;
    TRY(json_answer(answer, &parser, &root, e));
    for (struct json_iter it = json_iter(json_get(root, "items")); json_next(&it);)
        print_line(json_raw(it.value));
    return ERR_OK;
}

enum err_code command_key(struct settings *s, struct err *e)
{
    const char *what = NULL, *id = NULL;
    TRY(operand(s, 0, "create, list or revoke", &what, e));
    AUTO(arena) mem = arena_new(ANSWER_MAX);
    AUTO(client) client = NULL;
    if (!mem)
        return NO_MEMORY(e);
    bool create = strcmp(what, "create") == 0, list = strcmp(what, "list") == 0;
    if (!create && !list && strcmp(what, "revoke") != 0)
        return err_set(e, ERR_INVALID, 0, "'%s': say create, list or revoke", what);
    TRY(client_new(s, &client, e));
    if (create)
        return key_create(s, client, mem, e);
    TRY(settings_no_options(s, e));
    if (list)
        return items_print(client, "/api/v1/keys", mem, e);
    const char *path = NULL;
    struct slice answer;
    TRY(operand(s, 1, "the ID of the key", &id, e));
    TRY(id_path("/api/v1/keys/", id, mem, &path, e));
    return client_call(client, "DELETE", path, SLICE(""), mem, &answer, e);
}

/* From a terminal nothing is shown as it is typed. */
static enum err_code password_read(char *out, size_t cap, struct err *e)
{
    struct termios shown;
    bool terminal = isatty(STDIN_FILENO) && !tcgetattr(STDIN_FILENO, &shown);
    if (terminal) {
        struct termios hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
        fprintf(stderr, "Password: ");
    }
    bool got = fgets(out, (int)cap, stdin) != NULL;
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
        fprintf(stderr, "\n");
    }
    if (!got)
        return err_set(e, ERR_INVALID, 0, "no password came on standard input");
    out[strcspn(out, "\r\n")] = 0;
    return ERR_OK;
}

static enum err_code user_add(struct settings *s, struct client *client, const char *email, struct arena *mem,
                              struct err *e)
{
    const char *name = settings_option(s, "name"), *language = settings_option(s, "language");
    char password[PASSWORD_MAX + 2];
    TRY(settings_no_options(s, e));
    TRY(password_read(password, sizeof password, e));
    struct buf body = buf_make(65536);
    struct json_w w = json_w(&body);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "email", email);
    json_w_kcstr(&w, "name", name ? name : email);
    json_w_kcstr(&w, "language", language ? language : "en");
    json_w_kcstr(&w, "password", password);
    json_w_close(&w, '}');
    struct slice answer;
    enum err_code code = client_call(client, "POST", "/api/v1/users", buf_slice(&body), mem, &answer, e);
    buf_drop(&body);
    return code;
}

/* "/api/v1/users/ID" and what follows, of the user with that e-mail address. */
static enum err_code user_path(struct client *client, const char *email, const char *tail, struct arena *mem,
                               const char **ret, struct err *e)
{
    struct slice answer, id = { NULL, 0 };
    TRY(client_call(client, "GET", "/api/v1/users", SLICE(""), mem, &answer, e));
    AUTO(json_parser) parser = NULL;
    struct json root;
    TRY(json_answer(answer, &parser, &root, e));
    for (struct json_iter it = json_iter(json_get(root, "items")); json_next(&it);)
        if (slice_eq_nocase(json_string(json_get(it.value, "email"), mem), slice_of(email)))
            id = json_string(json_get(it.value, "id"), mem);
    if (!id.len)
        return err_set(e, ERR_NOT_FOUND, 0, "nobody with the e-mail address %s may log in: see tendero user list",
                       email);
    struct slice path = arena_printf(mem, "/api/v1/users/%.*s%s", SLICE_ARG(id), tail);
    *ret = path.at;
    return path.at ? ERR_OK : NO_MEMORY(e);
}

static enum err_code user_password(struct client *client, const char *email, struct arena *mem, struct err *e)
{
    char password[PASSWORD_MAX + 2];
    const char *path = NULL;
    TRY(user_path(client, email, "/password", mem, &path, e));
    TRY(password_read(password, sizeof password, e));
    struct buf body = buf_make(65536);
    struct json_w w = json_w(&body);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "password", password);
    json_w_close(&w, '}');
    struct slice answer;
    enum err_code code = client_call(client, "PUT", path, buf_slice(&body), mem, &answer, e);
    buf_drop(&body);
    return code;
}

static enum err_code user_remove(struct client *client, const char *email, struct arena *mem, struct err *e)
{
    const char *path = NULL;
    struct slice answer;
    TRY(user_path(client, email, "", mem, &path, e));
    return client_call(client, "DELETE", path, SLICE(""), mem, &answer, e);
}

enum err_code command_user(struct settings *s, struct err *e)
{
    const char *what = NULL, *email = NULL;
    TRY(operand(s, 0, "add, list, password or remove", &what, e));
    bool add = strcmp(what, "add") == 0, list = strcmp(what, "list") == 0, remove = strcmp(what, "remove") == 0;
    if (!add && !list && !remove && strcmp(what, "password") != 0)
        return err_set(e, ERR_INVALID, 0, "'%s': say add, list, password or remove", what);
    AUTO(arena) mem = arena_new(ANSWER_MAX);
    AUTO(client) client = NULL;
    if (!mem)
        return NO_MEMORY(e);
    if (!list)
        TRY(operand(s, 1, "the e-mail address", &email, e));
    if (!add)
        TRY(settings_no_options(s, e));
    TRY(client_new(s, &client, e));
    return add ? user_add(s, client, email, mem, e)
         : list ? items_print(client, "/api/v1/users", mem, e)
         : remove ? user_remove(client, email, mem, e)
                  : user_password(client, email, mem, e);
}

/* ---- decide ---- */

struct deciding {
    struct client *client;
    struct arena *mem;
    const char *limit, *category;
};

static void ask_begin(const struct deciding *d, struct json_w *w)
{
    json_w_open(w, '{');
    if (d->limit)
        json_w_kraw(w, "limit", slice_of(d->limit));
    if (d->category)
        json_w_kcstr(w, "category", d->category);
}

static enum err_code decide_one(const struct deciding *d, const char *customer, struct err *e)
{
    struct buf body = buf_make(65536);
    struct json_w w = json_w(&body);
    ask_begin(d, &w);
    json_w_kcstr(&w, "customer", customer);
    json_w_close(&w, '}');
    struct slice answer;
    enum err_code code = client_call(d->client, "POST", "/api/v1/decide", buf_slice(&body), d->mem, &answer, e);
    buf_drop(&body);
    if (!code)
        print_line(answer);
    return code;
}

static enum err_code decide_page(const struct deciding *d, struct json items, struct err *e)
{
    if (json_count(items) == 0)
        return ERR_OK;
    struct buf body = buf_make((size_t)1 << 20);
    struct json_w w = json_w(&body);
    ask_begin(d, &w);
    json_w_key(&w, "customers");
    json_w_open(&w, '[');
    for (struct json_iter it = json_iter(items); json_next(&it);)
        json_w_string(&w, json_string(json_get(it.value, "id"), d->mem));
    json_w_close(&w, ']');
    json_w_close(&w, '}');
    struct slice answer;
    enum err_code code = client_call(d->client, "POST", "/api/v1/decide", buf_slice(&body), d->mem, &answer, e);
    buf_drop(&body);
    TRY(code);
    AUTO(json_parser) parser = NULL;
    struct json root;
    TRY(json_answer(answer, &parser, &root, e));
    for (struct json_iter it = json_iter(json_get(root, "items")); json_next(&it);)
        print_line(json_raw(it.value));
    return ERR_OK;
}

/* Page after page of all customers, in the order they were first seen. */
static enum err_code decide_all(struct deciding *d, struct err *e)
{
    char path[512] = "/api/v1/customers?sort=first_seen&order=asc&limit=500";
    size_t head = strlen(path);
    for (;;) {
        struct slice answer;
        TRY(client_call(d->client, "GET", path, SLICE(""), d->mem, &answer, e));
        AUTO(json_parser) parser = NULL;
        struct json root;
        TRY(json_answer(answer, &parser, &root, e));
        TRY(decide_page(d, json_get(root, "items"), e));
        struct slice next = json_string(json_get(root, "next"), d->mem);
        if (!next.len)
            return ERR_OK;
        struct buf after = buf_make(400);
        url_encode(&after, next);
        snprintf(path + head, sizeof path - head, "&after=%.*s", (int)after.len, after.at ? after.at : "");
        buf_drop(&after);
        arena_reset(d->mem);
    }
}

enum err_code command_decide(struct settings *s, struct err *e)
{
    const char *customer = settings_option(s, "customer");
    struct deciding d = { .limit = settings_option(s, "limit"), .category = settings_option(s, "category") };
    int64_t limit = 1;
    bool all = settings_flag(s, "all");
    TRY(settings_no_options(s, e));
    if (!customer == !all)
        return err_set(e, ERR_INVALID, 0, "say --customer ID or --all");
    if (d.limit && (!slice_i64(slice_of(d.limit), &limit) || limit < 1 || limit > DECIDE_MAX))
        return err_set(e, ERR_INVALID, 0, "--limit is a whole number from 1 to %d", DECIDE_MAX);
    AUTO(arena) mem = arena_new(ANSWER_MAX);
    AUTO(client) client = NULL;
    if (!mem)
        return NO_MEMORY(e);
    TRY(client_new(s, &client, e));
    TRY(client_refresh(client, e));
    d.client = client;
    d.mem = mem;
    return all ? decide_all(&d, e) : decide_one(&d, customer, e);
}

/* ---- evaluate ---- */

enum err_code command_evaluate(struct settings *s, struct err *e)
{
    const char *days = settings_option(s, "held-back");
    int64_t held_back = 30;
    TRY(settings_no_options(s, e));
    if (days && (!slice_i64(slice_of(days), &held_back) || held_back < 1 || held_back > 3650))
        return err_set(e, ERR_INVALID, 0, "--held-back is a number of days from 1 to 3650");
    AUTO(arena) mem = arena_new(ANSWER_MAX);
    AUTO(client) client = NULL;
    if (!mem)
        return NO_MEMORY(e);
    TRY(client_new(s, &client, e));
    struct slice body = arena_printf(mem, "{\"heldBackDays\":%lld}", (long long)held_back), answer, job;
    if (!body.at)
        return NO_MEMORY(e);
    TRY(client_call(client, "POST", "/api/v1/evaluation", body, mem, &answer, e));
    AUTO(json_parser) parser = NULL;
    struct json root;
    TRY(json_answer(answer, &parser, &root, e));
    struct slice id = json_string(json_get(root, "id"), mem);
    struct slice path = arena_printf(mem, "/api/v1/imports/%.*s", SLICE_ARG(id));
    if (!path.at)
        return NO_MEMORY(e);
    TRY(job_wait(client, path.at, true, mem, &job, e));
    TRY(client_call(client, "GET", "/api/v1/evaluation", SLICE(""), mem, &answer, e));
    print_line(answer);
    return ERR_OK;
}

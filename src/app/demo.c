/* The demo shop: real order lines, moved to end yesterday; names and addresses are invented. */
#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/client.h"
#include "app/commands.h"
#include "base/hash.h"
#include "base/vec.h"
#include "insight/words.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/random.h"
#include "text/csv.h"
#include "text/json.h"
#include "text/time.h"

#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for the demo shop")
#define LOGIN_EMAIL "demo@example.com"
#define PASSWORD_CHARS 14

static const char *const first_names[] = {
    "Alice", "Amelia", "Anna", "Arthur", "Beatriz", "Ben", "Carla", "Carmen", "Charlotte", "Clara", "Daniel",
    "David", "Diego", "Edith", "Elena", "Emma", "Eric", "Eva", "Felix", "Fiona", "Florence", "Frank", "George",
    "Grace", "Hannah", "Harry", "Helen", "Henry", "Hugo", "Ines", "Irene", "Isabel", "Jack", "James", "Jane",
    "Julia", "Karen", "Laura", "Leo", "Lily", "Lucas", "Lucy", "Maria", "Mark", "Martha", "Martin", "Mateo",
    "Nadia", "Nicolas", "Nora", "Olga", "Oliver", "Oscar", "Paula", "Peter", "Rachel", "Rosa", "Ruth", "Samuel",
    "Sara", "Simon", "Sofia", "Teresa", "Thomas", "Vera", "Victor", "Walter", "Zoe",
};
static const char *const last_names[] = {
    "Abbott", "Alvarez", "Baker", "Barnes", "Bell", "Bennett", "Blanco", "Brooks", "Campos", "Carter", "Castro",
    "Clarke", "Cole", "Cooper", "Cruz", "Dawson", "Diaz", "Dixon", "Ellis", "Evans", "Fisher", "Flores",
    "Foster", "Fox", "Garcia", "Gibson", "Gomez", "Grant", "Green", "Harper", "Hayes", "Herrera", "Holmes",
    "Hughes", "Iglesias", "Jenkins", "Kelly", "King", "Lane", "Lopez", "Marsh", "Mason", "Mills", "Molina",
    "Moore", "Morgan", "Navarro", "Nash", "Ortega", "Owen", "Palmer", "Parker", "Pascual", "Price", "Ramos",
    "Reed", "Rivera", "Rose", "Rubio", "Scott", "Serrano", "Shaw", "Soto", "Stone", "Torres", "Turner", "Vega",
    "Walsh", "Ward", "Webb", "West", "Wood", "Young",
};
#define COUNT(list) (sizeof(list) / sizeof *(list))

/* ---- what the file tells before it is imported: its last day, its customers ---- */

struct glance {
    int64_t last_ms;
    struct words customers;
    int64_t *first_ms;      // of each customer's orders
    size_t first_cap;
    size_t date, customer;  // columns
};

static enum err_code from_file(void *arg, char *out, size_t cap, size_t *n, struct err *e)
{
    return line_file_read(arg, out, cap, n, e);
}

static bool find_columns(struct glance *g, const struct csv_record *record)
{
    g->date = g->customer = SIZE_MAX;
    for (size_t i = 0; i < record->fields; i++) {
        if (slice_is(record->field[i], "InvoiceDate"))
            g->date = i;
        if (slice_is(record->field[i], "CustomerID"))
            g->customer = i;
    }
    return g->date != SIZE_MAX && g->customer != SIZE_MAX;
}

static enum err_code record_glance(struct glance *g, const struct csv_record *record, struct err *e)
{
    int64_t time_ms;
    if (g->date >= record->fields || g->customer >= record->fields
        || time_parse(slice_trim(record->field[g->date]), &time_ms, NULL))
        return ERR_OK;
    g->last_ms = time_ms > g->last_ms ? time_ms : g->last_ms;
    struct slice customer = slice_trim(record->field[g->customer]);
    if (slice_ends(customer, SLICE(".0")))
        customer.len -= 2;
    if (!customer.len)
        return ERR_OK;
    uint32_t number = words_add(&g->customers, customer);
    if (!number || !vec_need(g->first_ms, g->first_cap, (size_t)number + 1))
        return NO_MEMORY(e);
    if (!g->first_ms[number] || time_ms < g->first_ms[number])
        g->first_ms[number] = time_ms;
    return ERR_OK;
}

static enum err_code csv_glance(struct csv *csv, struct glance *g, struct err *e)
{
    struct csv_record record;
    bool more;
    TRY(csv_next(csv, &record, &more, e));
    if (!more || !find_columns(g, &record))
        return err_set(e, ERR_INVALID, 1, "the demo file has no columns InvoiceDate and CustomerID");
    for (;;) {
        enum err_code code = csv_next(csv, &record, &more, e);
        if (code == ERR_INVALID)
            continue;  // the import will say so
        TRY(code);
        if (!more)
            return ERR_OK;
        TRY(record_glance(g, &record, e));
    }
}

static enum err_code file_glance(const char *path, struct glance *g, struct err *e)
{
    AUTO(line_file) file = NULL;
    AUTO(csv) csv = NULL;
    TRY(line_file_new(path, &file, e));
    TRY(csv_new(from_file, file, ',', &csv, e));
    return csv_glance(csv, g, e);
}

/* ---- invented people ---- */

static void person_json(struct slice customer, int64_t since_ms, struct buf *out)
{
    uint64_t hash = hash64(customer, 2026);
    const char *first = first_names[hash % COUNT(first_names)];
    const char *last = last_names[(hash >> 20) % COUNT(last_names)];
    struct json_w w = json_w(out);
    char text[160];
    json_w_open(&w, '{');
    json_w_kcstr(&w, "type", "identify");
    json_w_kstring(&w, "userId", customer);
    snprintf(text, sizeof text, "invented-%.*s", SLICE_ARG(customer));
    json_w_kcstr(&w, "messageId", text);
    json_w_ktime(&w, "timestamp", since_ms);
    json_w_key(&w, "traits");
    json_w_open(&w, '{');
    snprintf(text, sizeof text, "%s %s", first, last);
    json_w_kcstr(&w, "name", text);
    snprintf(text, sizeof text, "%s.%s.%.*s@example.com", first, last, SLICE_ARG(customer));
    for (char *c = text; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + ('a' - 'A'));
    json_w_kcstr(&w, "email", text);
    json_w_kcstr(&w, "language", hash >> 40 & 7 ? "en" : "es");
    json_w_close(&w, '}');
    json_w_close(&w, '}');
    buf_addc(out, '\n');
}

static enum err_code people_import(struct client *client, const char *data, const struct glance *glance,
                                   int64_t shift_ms, struct err *e)
{
    char path[PATH_MAX];
    struct buf lines = buf_make((size_t)64 << 20);
    for (uint32_t n = 1; n <= glance->customers.count; n++)
        person_json(words_text(&glance->customers, n), glance->first_ms[n] + shift_ms, &lines);
    snprintf(path, sizeof path, "%s/demo-people.ndjson", data);
    enum err_code code = buf_check(&lines, "the demo's people", e);
    if (!code)
        code = file_write_atomic(path, buf_slice(&lines), e);
    buf_drop(&lines);
    struct import_wish wish = { .path = path, .format = "ndjson", .name = "demo", .quiet = true };
    if (!code)
        code = import_file(client, &wish, e);
    return code;
}

/* ---- login and settings ---- */

/* The password is made once and kept beside the data, so that running the demo again tells it again. */
static enum err_code login_make(struct client *client, const char *data, struct arena *mem, struct slice *ret,
                                struct err *e)
{
    char path[PATH_MAX], password[PASSWORD_CHARS + 1];
    snprintf(path, sizeof path, "%s/demo-login.txt", data);
    if (file_exists(path))
        return file_read(path, 4096, mem, ret, e);
    random_token(password, PASSWORD_CHARS);
    struct slice body = arena_printf(mem, "{\"email\":\"" LOGIN_EMAIL "\",\"name\":\"Demo\",\"language\":\"en\","
                                          "\"password\":\"%s\"}", password), answer;
    *ret = arena_copy(mem, slice_of(password));
    if (!body.at || !ret->at)
        return NO_MEMORY(e);
    TRY(client_call(client, "POST", "/api/v1/users", body, mem, &answer, e));
    return file_write_atomic(path, *ret, e);
}

static enum err_code settings_write(const char *data, struct err *e)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/tendero.conf", data);
    if (file_exists(path))
        return ERR_OK;
    TRY(dir_make(data, e));
    return file_write_atomic(
        path,
        SLICE("shop_name = Demo gift shop\ncurrency = GBP\n"
              "notice_en = This is a demo shop: real order lines (UCI Online Retail, D. Chen, CC BY 4.0) moved to end"
              " yesterday; names and e-mail addresses are invented.\n"
              "notice_es = Esta es una tienda de demostración: líneas de pedido reales (UCI Online Retail, D. Chen,"
              " CC BY 4.0) trasladadas hasta ayer; los nombres y las direcciones son inventados.\n"),
        e);
}

static enum err_code default_file(char out[PATH_MAX], struct err *e)
{
    char exe[PATH_MAX - 128];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[n > 0 ? n : 0] = 0;
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(exe, '/');
        if (slash)
            *slash = 0;
    }
    snprintf(out, PATH_MAX, "%s/data/online-retail/online_retail_2010-12_2011-05.csv.gz", exe);
    if (!file_exists(out))
        snprintf(out, PATH_MAX, "/usr/share/tendero/data/online_retail_2010-12_2011-05.csv.gz");
    return file_exists(out) ? ERR_OK
                            : err_set(e, ERR_NOT_FOUND, 0, "the demo's order lines are not where they should be:"
                                      " give them with --file");
}

static enum err_code evaluate(struct client *client, struct arena *mem, struct err *e)
{
    struct slice answer, job;
    TRY(client_call(client, "POST", "/api/v1/evaluation", SLICE("{\"heldBackDays\":30}"), mem, &answer, e));
    AUTO(json_parser) parser = json_parser_new();
    struct json root;
    if (!parser)
        return NO_MEMORY(e);
    TRY(json_parse(parser, answer, &root, e));
    struct slice id = json_string(json_get(root, "id"), mem);
    struct slice path = arena_printf(mem, "/api/v1/imports/%.*s", SLICE_ARG(id));
    return path.at ? job_wait(client, path.at, true, mem, &job, e) : NO_MEMORY(e);
}

static enum err_code demo_fill(struct client *client, const char *data, const char *file,
                               const struct glance *glance, struct arena *mem, struct err *e)
{
    int64_t now_ms = clock_now_ms(&sys_clock_real);
    int64_t yesterday = now_ms / DAY_MS - 1, last = glance->last_ms / DAY_MS;
    struct import_wish orders = { .path = file, .format = "online-retail",
                                  .shift_ms = (yesterday - last) * DAY_MS };
    struct slice password;
    TRY(import_file(client, &orders, e));
    TRY(people_import(client, data, glance, orders.shift_ms, e));
    TRY(login_make(client, data, mem, &password, e));
    TRY(evaluate(client, mem, e));
    printf("Log in as " LOGIN_EMAIL " with the password %.*s\n", SLICE_ARG(password));
    return ERR_OK;
}

enum err_code command_demo(struct settings *s, struct err *e)
{
    const char *data = setting(s, SETTING_data), *file = settings_option(s, "file");
    char usual[PATH_MAX];
    TRY(settings_no_options(s, e));
    if (!file)
        TRY(default_file(usual, e));
    file = file ? file : usual;
    AUTO(arena) mem = arena_new((size_t)16 << 20);
    if (!mem)
        return NO_MEMORY(e);
    TRY(settings_write(data, e));
    struct glance glance = { 0 };
    AUTO(client) client = NULL;
    enum err_code code = file_glance(file, &glance, e);
    if (!code)
        code = client_new(s, &client, e);
    if (!code)
        code = demo_fill(client, data, file, &glance, mem, e);
    words_drop(&glance.customers);
    free(glance.first_ms);
    return code;
}

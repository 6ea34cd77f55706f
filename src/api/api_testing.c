#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "api/api_testing.h"
#include "io/store/migrations.h"
#include "offers/decide.h"
#include "sys/file.h"
#include "sys/pool.h"

static void need(enum err_code code, const struct err *e, const char *what)
{
    if (code)
        fail_msg("%s: %s", what, e->text);
}

static void open_rooms(struct shop *shop)
{
    struct err e = { 0 };
    struct api_options *r = &shop->rooms;
    need(store_open(slice_of(shop->dir), (struct store_options){ 0 }, &shop->store, &e), &e, "store");
    need(migrate_store(shop->store, migrations_all, migrations_count, SHOP_NOW, &e), &e, "migrations");
    need(store_conn_new(shop->store, STORE_READ, &shop->read, &e), &e, "connection");
    struct memory_options options = { .dir = shop->dir, .clock = &shop->clock };
    need(memory_new(shop->store, options, &r->memory, &e), &e, "memory");
    need(purchases_new(r->memory, &r->purchases, &e), &e, "purchases");
    need(counts_new(&r->counts, &e), &e, "counts");
    need(catalogue_new(r->memory, shop->read, r->purchases, &r->catalogue, &e), &e, "catalogue");
    need(population_new(r->memory, NULL, &r->population, &e), &e, "population");
    need(likings_new(r->memory, r->purchases, NULL, &r->likings, &e), &e, "likings");
    population_like_by(r->population, r->likings);
    need(roster_new(r->memory, r->population, NULL, &r->roster, &e), &e, "roster");
    struct follower followers[] = { purchases_follower(r->purchases), counts_follower(r->counts),
                                    catalogue_follower(r->catalogue), population_follower(r->population),
                                    population_events_follower(r->population),
                                    population_columns_follower(r->population), roster_follower(r->roster),
                                    likings_follower(r->likings) };
    for (size_t i = 0; i < sizeof followers / sizeof *followers; i++)
        memory_follow(r->memory, &followers[i]);
    need(memory_start(r->memory, &e), &e, "memory_start");
    need(people_new(r->memory, r->purchases, &r->people, &e), &e, "people");
    const struct valuation_options value = { NULL, 365, 0.1, 1 };
    need(valuation_new(r->memory, r->purchases, shop->read, value, &r->valuation, &e), &e, "valuation");
    population_value_by(r->population, r->valuation);
    need(investment_new(r->memory, r->valuation, r->population, shop->read, &r->investment, &e), &e, "investment");
    population_invest_by(r->population, r->investment);
    const struct customer_share_rooms rooms = { r->memory, r->purchases, r->people, r->population, NULL };
    need(customer_share_new(rooms, &r->share, &e), &e, "share");
    population_share_by(r->population, r->share);
    investment_reach_by(r->investment, customer_share_reach, r->share);
    need(recommendations_new(r->memory, r->purchases, shop->read, &r->recommendations, &e), &e, "recommendations");
    recommendations_content_by(r->recommendations, content_of_catalogue(r->catalogue));
    need(staff_new(shop->store, &shop->clock, &r->staff, &e), &e, "staff");
    need(pool_new(2, 32, &r->jobs, &e), &e, "pool");
}

struct first {
    struct command command;  // first
    struct shop *shop;
};

/* What `tendero` would do at first start: a user, and a key of each scope. */
static enum err_code first_run(struct command *command, struct tx *tx, struct err *e)
{
    struct shop *shop = ((struct first *)command)->shop;
    struct staff *staff = shop->rooms.staff;
    char *keys[] = { shop->key_write, shop->key_read, shop->key_admin };
    int64_t id;
    uint32_t source;
    char hash[PASSWORD_HASH];
    struct user ann = { .email = SLICE("ann@example.com"), .name = SLICE("Ann"), .language = SLICE("en") };
    TRY(staff_password_hash(SLICE("correct horse"), hash, e));
    TRY(staff_user_add(staff, tx->conn, &ann, hash, e));
    TRY(tx_source(tx, SLICE("web"), &source, e));
    for (int i = 0; i < 3; i++)
        TRY(staff_key_add(staff, tx->conn, (enum scope)(SCOPE_WRITE + i), SLICE("test"), SLICE("web"), keys[i],
                          &id, e));
    return ERR_OK;
}

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[256];
    struct err e = { 0 };
    snprintf(path, sizeof path, "%s/%s", dir, name);
    need(file_write_atomic(path, slice_of(text), &e), &e, "file");
}

static void console_files(struct shop *shop)
{
    char path[128];
    struct err e = { 0 };
    snprintf(path, sizeof path, "%s/assets", shop->console);
    need(dir_make(path, &e), &e, "folder");
    write_file(shop->console, "index.html", "<!doctype html><title>Tendero</title>");
    write_file(shop->console, "analytics.min.js", "analytics");
    write_file(path, "app-1a2b.js", "plain");
    write_file(path, "app-1a2b.js.gz", "packed");
    write_file(shop->dir, "secret", "secret");
}

static void serve(struct shop *shop)
{
    struct err e = { 0 };
    need(api_new(shop->rooms, &shop->api, &e), &e, "api");
    struct http_options http = { .listen = "127.0.0.1:0", .socket = shop->socket, .spool_dir = shop->dir,
                                 .threads = 2,
                                 .is_upload = api_is_upload, .admit_upload = api_admit_upload,
                                 .handle = api_handle, .thread_start = api_thread_start,
                                 .thread_stop = api_thread_stop, .arg = shop->api };
    need(http_server_new(http, &shop->server, &e), &e, "server");
}

void shop_open(struct shop *shop)
{
    struct err e = { 0 };
    *shop = (struct shop){ .dir = "/tmp/tendero-shop-XXXXXX", .clock = sys_clock_fixed(SHOP_NOW) };
    assert_non_null(mkdtemp(shop->dir));
    snprintf(shop->socket, sizeof shop->socket, "%s/tendero.sock", shop->dir);
    snprintf(shop->console, sizeof shop->console, "%s/console", shop->dir);
    shop->mem = arena_new((size_t)256 << 20);
    assert_non_null(shop->mem);
    open_rooms(shop);
    struct first first = { { .run = first_run }, shop };
    need(memory_run(shop->rooms.memory, &first.command, &e), &e, "first user and keys");
    need(staff_keys_load(shop->rooms.staff, &e), &e, "keys");
    console_files(shop);
    static const struct api_setting settings[] = { { "shop_name", "Test", "file", "Name.", "Nombre." } };
    shop->rooms.data_dir = shop->dir;
    shop->rooms.console_dir = shop->console;
    shop->rooms.shop = SLICE("Test");
    shop->rooms.currency = SLICE("GBP");
    shop->rooms.settings = settings;
    shop->rooms.n_settings = 1;
    serve(shop);
}

void shop_restart(struct shop *shop)
{
    http_server_stop(&shop->server, 2000);
    api_drop(&shop->api);
    serve(shop);
}

void shop_close(struct shop *shop)
{
    char command[128];
    struct api_options *r = &shop->rooms;
    http_server_stop(&shop->server, 2000);
    api_drop(&shop->api);
    pool_drop(&r->jobs);
    memory_stop(r->memory);
    staff_drop(&r->staff);
    recommendations_drop(&r->recommendations);
    people_drop(&r->people);
    roster_drop(&r->roster);
    population_drop(&r->population);
    likings_drop(&r->likings);
    investment_drop(&r->investment);
    valuation_drop(&r->valuation);
    customer_share_drop(&r->share);
    catalogue_drop(&r->catalogue);
    counts_drop(&r->counts);
    purchases_drop(&r->purchases);
    memory_drop(&r->memory);
    store_conn_drop(&shop->read);
    store_drop(&shop->store);
    for (size_t i = 0; i < SHOP_ANSWERS; i++)
        json_parser_drop(&shop->parser[i]);
    arena_drop(&shop->mem);
    snprintf(command, sizeof command, "rm -rf %s", shop->dir);
    assert_int_equal(system(command), 0);
}

/* ---- the client ---- */

static int dial_local(struct shop *shop)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    snprintf(to.sun_path, sizeof to.sun_path, "%s", shop->socket);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static int dial(struct shop *shop)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)http_server_port(shop->server)),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    struct timeval patience = { .tv_sec = 20 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void send_all(int fd, struct slice s)
{
    while (s.len) {
        ssize_t n = send(fd, s.at, s.len, MSG_NOSIGNAL);
        if (n <= 0)
            return;  // refused early: the answer tells
        s.at += n;
        s.len -= (size_t)n;
    }
}

/* Reads to the end, or of a stream that has none (`live`) to the first empty line of the body. */
static struct slice receive(struct shop *shop, int fd, bool live)
{
    struct buf in = buf_make((size_t)64 << 20);
    char piece[65536];
    for (ssize_t n; (n = recv(fd, piece, sizeof piece, 0)) > 0;) {
        buf_add(&in, (struct slice){ piece, (size_t)n });
        if (live && in.len > 4 && memmem(in.at, in.len, "data: ", 6))
            break;
    }
    struct slice all = arena_copy(shop->mem, buf_slice(&in));
    buf_drop(&in);
    return all;
}

static struct slice join_chunks(struct shop *shop, struct slice body)
{
    struct buf out = buf_make((size_t)64 << 20);
    while (body.len) {
        struct slice line = slice_cut(&body, '\n');
        size_t size = strtoul(line.at, NULL, 16);
        if (!size || size > body.len)
            break;
        buf_add(&out, (struct slice){ body.at, size });
        body.at += size;
        body.len -= size;
        slice_cut(&body, '\n');
    }
    struct slice joined = arena_copy(shop->mem, buf_slice(&out));
    buf_drop(&out);
    return joined;
}

struct slice header_of(struct answer answer, const char *name)
{
    struct slice rest = answer.head;
    while (rest.len) {
        struct slice value = slice_cut(&rest, '\n'), key = slice_cut(&value, ':');
        if (slice_eq_nocase(key, slice_of(name)))
            return slice_trim(value);
    }
    return (struct slice){ "", 0 };
}

static struct answer answer_of(struct shop *shop, struct slice all)
{
    struct answer answer = { 0 };
    struct err e = { 0 };
    const char *end = all.len ? memmem(all.at, all.len, "\r\n\r\n", 4) : NULL;
    if (!end)
        fail_msg("the server sent no answer");
    answer.head = (struct slice){ all.at, (size_t)(end - all.at) };
    answer.body = (struct slice){ end + 4, all.len - answer.head.len - 4 };
    answer.status = atoi(all.at + 9);
    if (slice_is(header_of(answer, "Transfer-Encoding"), "chunked"))
        answer.body = join_chunks(shop, answer.body);
    struct slice type = header_of(answer, "Content-Type");
    if (answer.body.len
        && (slice_starts(type, SLICE("application/json")) || slice_starts(type, SLICE("application/problem+json")))) {
        struct json_parser **parser = &shop->parser[shop->answers++ % SHOP_ANSWERS];
        json_parser_drop(parser);
        *parser = json_parser_new();
        need(json_parse(*parser, answer.body, &answer.json, &e), &e, "the answer's JSON");
    }
    return answer;
}

static struct answer ask_by(struct shop *shop, int fd, const char *method, const char *target,
                            const char *headers, struct slice body)
{
    struct buf out = buf_make((size_t)16 << 20);
    buf_printf(&out, "%s %s HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n%s", method, target, headers);
    if (body.at)
        buf_printf(&out, "Content-Length: %zu\r\n", body.len);
    buf_adds(&out, "\r\n");
    buf_add(&out, body);
    send_all(fd, buf_slice(&out));
    buf_drop(&out);
    struct slice all = receive(shop, fd, strcmp(target, "/api/v1/live") == 0);
    close(fd);
    return answer_of(shop, all);
}

struct answer ask_bytes(struct shop *shop, const char *method, const char *target, const char *headers,
                        struct slice body)
{
    return ask_by(shop, dial(shop), method, target, headers, body);
}

struct answer ask_local(struct shop *shop, const char *method, const char *target, const char *body)
{
    return ask_by(shop, dial_local(shop), method, target, "Content-Type: application/json\r\n", slice_of(body));
}

struct answer ask(struct shop *shop, const char *method, const char *target, const char *headers,
                  const char *body)
{
    return ask_bytes(shop, method, target, headers, slice_of(body));
}

struct answer ask_ok(struct shop *shop, int status, const char *method, const char *target, const char *body)
{
    char headers[128];
    snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\n", shop->key_admin);
    struct answer answer = ask(shop, method, target, headers, body);
    if (answer.status != status)
        fail_msg("%s %s answered %d: %.*s", method, target, answer.status, SLICE_ARG(answer.body));
    return answer;
}

void send_event(struct shop *shop, const char *path, const char *body)
{
    char headers[128];
    snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\n", shop->key_write);
    struct answer answer = ask(shop, "POST", path, headers, body);
    if (answer.status != 200 || !slice_is(answer.body, "{\"success\":true}"))
        fail_msg("%s answered %d: %.*s", path, answer.status, SLICE_ARG(answer.body));
}

struct json at(struct json value, const char *path)
{
    struct slice rest = slice_of(path);
    while (rest.len) {
        struct slice name = slice_cut(&rest, '.');
        int64_t index;
        if (!json_is(value, JSON_ARRAY) || !slice_i64(name, &index)) {
            value = json_get_slice(value, name);
            continue;
        }
        struct json_iter it = json_iter(value);
        value = (struct json){ 0 };
        while (index-- >= 0 && json_next(&it))
            value = it.value;
        if (index >= 0)
            value = (struct json){ 0 };
    }
    return value;
}

void expect_text(struct json value, const char *path, const char *want)
{
    AUTO(arena) mem = arena_new(1 << 20);
    struct slice text = json_string(at(value, path), mem);
    if (!json_is(at(value, path), JSON_STRING) || !slice_is(text, want))
        fail_msg("%s is %.*s, not \"%s\"", path, SLICE_ARG(json_raw(at(value, path))), want);
}

void expect_number(struct json value, const char *path, double want)
{
    double number;
    if (!json_double(at(value, path), &number) || number > want || number < want)
        fail_msg("%s is %.*s, not %g", path, SLICE_ARG(json_raw(at(value, path))), want);
}

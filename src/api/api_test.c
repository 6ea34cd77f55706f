/* The API over a real server: who may, what each route answers, and that acts change what is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/api_room.h"
#include "api/api_testing.h"
#include "sys/file.h"
#include "text/url.h"

static struct shop shop;

static int set_up(void **state)
{
    (void)state;
    shop_open(&shop);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    shop_close(&shop);
    return 0;
}

static const char *bearer(const char *key)
{
    static char line[128];
    snprintf(line, sizeof line, "Authorization: Bearer %s\r\n", key);
    return line;
}

static void order(const char *user, const char *id, const char *products)
{
    char body[1024];
    snprintf(body, sizeof body,
             "{\"userId\":\"%s\",\"event\":\"Order Completed\",\"messageId\":\"%s\",\"properties\":{\"order_id\":"
             "\"%s\",\"currency\":\"GBP\",\"products\":[%s]}}", user, id, id, products);
    send_event(&shop, "/v1/track", body);
}

#define LINE(id) "{\"product_id\":\"" id "\",\"price\":2.5,\"quantity\":2}"

static void stock(void)
{
    static const char *const ids[] = { "mug", "pot", "cup", "tea" };
    for (size_t i = 0; i < 4; i++) {
        char target[64], body[256];
        snprintf(target, sizeof target, "/api/v1/products/%s", ids[i]);
        snprintf(body, sizeof body, "{\"title\":\"WHITE %s <b>\",\"price\":4.25,\"category\":\"kitchen\"}", ids[i]);
        ask_ok(&shop, 200, "PUT", target, body);
    }
}

/* ---- who may ---- */

static int sample_status(const struct route *route, const char *headers)
{
    static const char *const words[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" };
    char target[256];
    size_t n = 0;
    bool inside = false;
    for (const char *c = route->pattern; *c; c++) {  // {customer} becomes 999999
        if (*c == '{')
            n += (size_t)snprintf(target + n, sizeof target - n, "999999");
        inside = (inside || *c == '{') && *c != '}';
        if (!inside && *c != '}')
            target[n++] = *c;
    }
    target[n] = 0;
    return ask(&shop, words[route->method], target, headers, route->method == HTTP_GET ? NULL : "{}").status;
}

static void each_route_asks_who(void **state)
{
    (void)state;
    for (size_t i = 0; i < routes_count; i++) {
        const struct route *route = &routes[i];
        int nobody = sample_status(route, ""), write = sample_status(route, bearer(shop.key_write)),
            read = sample_status(route, bearer(shop.key_read));
        bool open = route->access == ACCESS_PUBLIC;
        if (!open && (nobody != 401 || write != 403))
            fail_msg("%s: nobody %d, a write key %d", route->operation, nobody, write);
        if (route->access == ACCESS_ADMIN && read != 403)
            fail_msg("%s: a read key %d", route->operation, read);
        if (route->access == ACCESS_READ && read == 403)
            fail_msg("%s: a read key is refused", route->operation);
        if (open && nobody == 403)
            fail_msg("%s: is not public", route->operation);
    }
    assert_int_equal(ask(&shop, "GET", "/api/v1/today", "Authorization: Bearer nope\r\n", NULL).status, 401);
}

/* Logs in and writes the headers of a person's request: the cookie, and the CSRF word. */
static struct answer log_in(const char *email, const char *password, char headers[512])
{
    char body[256];
    snprintf(body, sizeof body, "{\"email\":\"%s\",\"password\":\"%s\"}", email, password);
    struct answer answer = ask(&shop, "POST", "/api/v1/session", "", body);
    if (answer.status != 200)
        return answer;
    struct slice cookie = header_of(answer, "Set-Cookie"), token = slice_cut(&cookie, ';');
    struct slice csrf = json_string(at(answer.json, "csrf"), shop.mem);
    snprintf(headers, 512, "Cookie: other=1; %.*s\r\nX-CSRF-Token: %.*s\r\n", SLICE_ARG(token), SLICE_ARG(csrf));
    return answer;
}

static void people_log_in(void **state)
{
    char headers[512], cookie_only[512];
    (void)state;
    struct answer answer = log_in("ann@example.com", "correct horse", headers);
    assert_int_equal(answer.status, 200);
    expect_text(answer.json, "user.name", "Ann");
    expect_text(answer.json, "shop.currency", "GBP");
    struct slice cookie = header_of(answer, "Set-Cookie");
    assert_true(slice_starts(cookie, SLICE("tendero_session=")));
    assert_non_null(memmem(cookie.at, cookie.len, "HttpOnly; SameSite=Lax", 22));
    snprintf(cookie_only, sizeof cookie_only, "%.*s\r\n", (int)strcspn(headers, "\r"), headers);
    assert_int_equal(ask(&shop, "GET", "/api/v1/session", cookie_only, NULL).status, 200);
    assert_int_equal(ask(&shop, "PATCH", "/api/v1/session", cookie_only, "{\"language\":\"es\"}").status, 403);
    answer = ask(&shop, "PATCH", "/api/v1/session", headers, "{\"language\":\"es\"}");
    assert_int_equal(answer.status, 200);
    expect_text(answer.json, "user.language", "es");
    expect_text(ask(&shop, "GET", "/api/v1/session", headers, NULL).json, "user.language", "es");
    assert_int_equal(ask(&shop, "DELETE", "/api/v1/session", headers, NULL).status, 204);
    assert_int_equal(ask(&shop, "GET", "/api/v1/session", headers, NULL).status, 401);
}

static void people_change_their_password(void **state)
{
    static const char path[] = "/api/v1/session/password";
    char here[512], elsewhere[512], after[512];
    (void)state;
    ask_ok(&shop, 201, "POST", "/api/v1/users",
           "{\"email\":\"cid@example.com\",\"password\":\"first password\"}");
    assert_int_equal(log_in("cid@example.com", "first password", here).status, 200);
    assert_int_equal(log_in("cid@example.com", "first password", elsewhere).status, 200);
    struct answer answer = ask(&shop, "PUT", path, here,
                               "{\"current\":\"a wrong one\",\"password\":\"second password\"}");
    assert_int_equal(answer.status, 400);
    expect_text(answer.json, "pointer", "/current");
    answer = ask(&shop, "PUT", path, here, "{\"current\":\"first password\",\"password\":\"short\"}");
    assert_int_equal(answer.status, 400);
    expect_text(answer.json, "pointer", "/password");
    assert_int_equal(ask(&shop, "GET", "/api/v1/session", here, NULL).status, 200);
    answer = ask(&shop, "PUT", path, here,
                 "{\"current\":\"first password\",\"password\":\"second password\"}");
    assert_int_equal(answer.status, 200);
    assert_true(header_of(answer, "Set-Cookie").len > 0);
    assert_int_equal(ask(&shop, "GET", "/api/v1/session", elsewhere, NULL).status, 401);
    assert_int_equal(log_in("cid@example.com", "first password", after).status, 401);
    assert_int_equal(log_in("cid@example.com", "second password", after).status, 200);
    assert_int_equal(ask(&shop, "PUT", path, bearer(shop.key_admin),
                         "{\"current\":\"second password\",\"password\":\"third password\"}").status, 401);
}

static void people_are_let_in_and_out(void **state)
{
    char path[128], headers[512];
    (void)state;
    struct answer made = ask_ok(&shop, 201, "POST", "/api/v1/users",
                                "{\"email\":\"Dee@example.com\",\"password\":\"first password\",\"language\":\"es\"}");
    struct slice id = json_string(at(made.json, "id"), shop.mem);
    assert_int_equal(log_in("dee@example.com", "first password", headers).status, 200);
    struct answer list = ask_ok(&shop, 200, "GET", "/api/v1/users", NULL);
    assert_non_null(memmem(list.body.at, list.body.len, "\"dee@example.com\"", 17));
    assert_null(memmem(list.body.at, list.body.len, "argon2", 6));
    snprintf(path, sizeof path, "/api/v1/users/%.*s", SLICE_ARG(id));
    assert_int_equal(ask(&shop, "DELETE", path, headers, NULL).status, 409);  // herself
    snprintf(path, sizeof path, "/api/v1/users/%.*s/password", SLICE_ARG(id));
    ask_ok(&shop, 204, "PUT", path, "{\"password\":\"second password\"}");
    assert_int_equal(ask(&shop, "GET", "/api/v1/session", headers, NULL).status, 401);
    assert_int_equal(log_in("dee@example.com", "second password", headers).status, 200);
    snprintf(path, sizeof path, "/api/v1/users/%.*s", SLICE_ARG(id));
    ask_ok(&shop, 204, "DELETE", path, NULL);
    assert_int_equal(ask(&shop, "GET", "/api/v1/session", headers, NULL).status, 401);
    assert_int_equal(log_in("dee@example.com", "second password", headers).status, 401);
    assert_int_equal(ask(&shop, "DELETE", path, bearer(shop.key_admin), NULL).status, 404);
}

static void guessing_is_slowed(void **state)
{
    (void)state;
    ask_ok(&shop, 201, "POST", "/api/v1/users",
           "{\"email\":\"bob@example.com\",\"name\":\"Bob\",\"password\":\"battery staple\"}");
    int status = 0;
    for (int i = 0; i < 6; i++) {
        struct answer answer = ask(&shop, "POST", "/api/v1/session", "",
                                   "{\"email\":\"bob@example.com\",\"password\":\"wrong wrong\"}");
        status = answer.status;
        assert_true(status == 401 || status == 429);
        if (status == 429)
            assert_true(header_of(answer, "Retry-After").len > 0);
    }
    assert_int_equal(status, 429);
    assert_int_equal(ask(&shop, "POST", "/api/v1/session", "Sec-Fetch-Site: cross-site\r\n",
                         "{\"email\":\"ann@example.com\",\"password\":\"correct horse\"}").status, 401);
}

static void keys_come_and_go(void **state)
{
    char key[64], target[64];
    (void)state;
    struct answer made = ask_ok(&shop, 201, "POST", "/api/v1/keys",
                                "{\"scope\":\"write\",\"name\":\"till\",\"source\":\"till 1\"}");
    snprintf(key, sizeof key, "%.*s", SLICE_ARG(json_string(at(made.json, "key"), shop.mem)));
    snprintf(target, sizeof target, "/api/v1/keys/%.*s", SLICE_ARG(json_string(at(made.json, "id"), shop.mem)));
    const char *event = "{\"userId\":\"k1\",\"event\":\"Tried\"}";
    assert_int_equal(ask(&shop, "POST", "/v1/track", bearer(key), event).status, 200);
    expect_text(ask_ok(&shop, 200, "GET", "/api/v1/facts?limit=1", NULL).json, "items.0.source", "till 1");
    struct answer list = ask_ok(&shop, 200, "GET", "/api/v1/keys", NULL);
    assert_null(memmem(list.body.at, list.body.len, key, strlen(key)));
    ask_ok(&shop, 204, "DELETE", target, NULL);
    assert_int_equal(ask(&shop, "POST", "/v1/track", bearer(key), event).status, 401);
    ask_ok(&shop, 404, "DELETE", target, NULL);
}

static void problems_say_what_is_wrong(void **state)
{
    static const struct {
        const char *method, *target, *body;
        int status;
        const char *type, *pointer;
    } cases[] = {
        { "GET", "/api/v1/nothing", NULL, 404, "/problems/not_found", NULL },
        { "PUT", "/api/v1/today", "{}", 405, "/problems/not_found", NULL },
        { "GET", "/api/v1/customers/nobody", NULL, 404, "/problems/not_found", NULL },
        { "GET", "/api/v1/customers?limit=501", NULL, 400, "/problems/invalid", NULL },
        { "GET", "/api/v1/customers?tier=gold", NULL, 400, "/problems/invalid", NULL },
        { "GET", "/api/v1/customers?after=%00", NULL, 400, "/problems/invalid", NULL },
        { "GET", "/api/v1/facts/0", NULL, 404, "/problems/not_found", NULL },
        { "POST", "/api/v1/decide", "{\"limit\":21}", 400, "/problems/invalid", "/limit" },
        { "POST", "/api/v1/decide", "{\"limt\":2}", 400, "/problems/invalid", "/limt" },
        { "POST", "/api/v1/decide", "[]", 400, "/problems/invalid", NULL },
        { "POST", "/api/v1/decide", "{\"customers\":[\"nobody\"]}", 404, "/problems/not_found", "/customers/0" },
        { "POST", "/api/v1/customers", "{\"kind\":\"robot\"}", 400, "/problems/invalid", "/kind" },
        { "POST", "/api/v1/customers", "{\"kind\":\"person\",\"identifiers\":[{\"kind\":1}]}", 400,
          "/problems/invalid", "/identifiers/0" },
        { "PUT", "/api/v1/products/p", "{\"title\":\"P\",\"variants\":[{\"id\":\"a\",\"price\":\"x\"}]}", 400,
          "/problems/invalid", "/variants/0/price" },
        { "POST", "/api/v1/merges", "{\"winner\":\"nobody\",\"loser\":\"nobody\"}", 404, "/problems/not_found", NULL },
        { "GET", "/api/v1/export/secrets", NULL, 404, "/problems/not_found", NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer answer = ask_ok(&shop, cases[i].status, cases[i].method, cases[i].target, cases[i].body);
        assert_true(slice_is(header_of(answer, "Content-Type"), "application/problem+json"));
        expect_text(answer.json, "type", cases[i].type);
        expect_number(answer.json, "status", cases[i].status);
        if (cases[i].pointer)
            expect_text(answer.json, "pointer", cases[i].pointer);
    }
}

/* ---- customers ---- */

static void a_customer_is_told_whole(void **state)
{
    (void)state;
    stock();
    send_event(&shop, "/v1/identify", "{\"userId\":\"17850\",\"messageId\":\"i-1\",\"traits\":{\"name\":\"Zoë Abel\","
                                      "\"email\":\"zoe@example.com\",\"address\":{\"country\":\"France\"}}}");
    order("17850", "536365", LINE("mug") "," LINE("pot"));
    struct answer one = ask_ok(&shop, 200, "GET", "/api/v1/customers/email:zoe@example.com", NULL);
    expect_text(one.json, "name", "Zoë Abel");
    expect_text(one.json, "userId", "17850");
    expect_number(one.json, "orders", 1);
    expect_number(one.json, "value", 10);
    expect_number(one.json, "rfm.frequency", 1);
    expect_text(one.json, "traits.0.provenance", "declared");
    assert_true(json_count(at(one.json, "identifiers")) == 2);
    struct answer line = ask_ok(&shop, 200, "GET", "/api/v1/customers/17850/timeline", NULL);
    expect_text(line.json, "items.0.story.en", "Ordered 2 products for £10.00 (order 536365)");
    expect_text(line.json, "items.0.story.es", "Pidió 2 productos por 10,00 £ (pedido 536365)");
    expect_text(line.json, "items.0.messageId", "536365");
    struct answer some = ask_ok(&shop, 200, "GET", "/api/v1/customers/17850/timeline?limit=1", NULL);
    char target[256];
    snprintf(target, sizeof target, "/api/v1/customers/17850/timeline?limit=1&after=%.*s",
             SLICE_ARG(json_string(at(some.json, "next"), shop.mem)));
    expect_text(ask_ok(&shop, 200, "GET", target, NULL).json, "items.0.type", "identify");
    line = ask_ok(&shop, 200, "GET", "/api/v1/customers/17850/timeline?type=identify&since=2026-01-01", NULL);
    assert_int_equal(json_count(at(line.json, "items")), 1);
    struct answer found = ask_ok(&shop, 200, "GET", "/api/v1/customers?q=zoe%20ab", NULL);
    expect_text(found.json, "items.0.email", "zoe@example.com");
    expect_number(found.json, "total", 1);
}

static void staff_declare(void **state)
{
    (void)state;
    struct answer made = ask_ok(&shop, 201, "POST", "/api/v1/customers",
                                "{\"kind\":\"company\",\"identifiers\":[{\"kind\":\"vat\",\"value\":\"GB1\"}],"
                                "\"traits\":{\"name\":\"Abel Ltd\"}}");
    expect_text(made.json, "name", "Abel Ltd");
    ask_ok(&shop, 409, "POST", "/api/v1/customers",
           "{\"kind\":\"company\",\"identifiers\":[{\"kind\":\"vat\",\"value\":\"GB1\"}]}");
    send_event(&shop, "/v1/identify", "{\"userId\":\"p1\",\"traits\":{\"name\":\"Pia\"}}");
    struct answer person = ask_ok(&shop, 200, "POST", "/api/v1/customers/p1/accounts",
                                  "{\"account\":\"vat:GB1\",\"role\":\"buyer\"}");
    expect_text(person.json, "accounts.0.role", "buyer");
    expect_text(person.json, "accounts.0.name", "Abel Ltd");
    expect_text(ask_ok(&shop, 200, "GET", "/api/v1/customers/vat:GB1", NULL).json, "members.0.name", "Pia");
    person = ask_ok(&shop, 200, "DELETE", "/api/v1/customers/p1/accounts/vat:GB1", NULL);
    assert_int_equal(json_count(at(person.json, "accounts")), 0);
    shop.clock.fixed_ms += 1000;
    person = ask_ok(&shop, 200, "PATCH", "/api/v1/customers/p1/traits", "{\"name\":\"Pía\",\"size\":42}");
    expect_text(person.json, "name", "Pía");
    struct answer history = ask_ok(&shop, 200, "GET", "/api/v1/customers/p1/traits/name/history", NULL);
    expect_text(history.json, "items.0.value", "Pía");
    expect_text(history.json, "items.1.value", "Pia");
    shop.clock.fixed_ms += 1000;
    person = ask_ok(&shop, 200, "PATCH", "/api/v1/customers/p1/traits", "{\"size\":null}");
    assert_int_equal(json_count(at(person.json, "traits")), 1);
    expect_text(ask_ok(&shop, 200, "PATCH", "/api/v1/traits/name",
                       "{\"label\":{\"en\":\"Name\",\"es\":\"Nombre\"},\"rule\":\"latest\",\"purpose\":\"service\"}").json,
                "label.es", "Nombre");
    assert_true(json_count(at(ask_ok(&shop, 200, "GET", "/api/v1/traits", NULL).json, "items")) >= 2);
    ask_ok(&shop, 404, "PATCH", "/api/v1/traits/nobody_has_it", "{\"rule\":\"all\"}");
}

static void customers_say_whether_they_may_be_contacted(void **state)
{
    static const struct {
        const char *body, *pointer;
    } bad[] = {
        { "{}", "/permissions" },
        { "{\"permissions\":[]}", "/permissions" },
        { "{\"permissions\":[7]}", "/permissions/0" },
        { "{\"permissions\":[{\"customer\":\"q1\",\"channel\":\"sms\",\"given\":true},{\"customer\":\"q1\",\"channel\":\"fax\","
          "\"given\":true}]}", "/permissions/1/channel" },
        { "{\"permissions\":[{\"customer\":\"q1\",\"channel\":\"sms\"}]}", "/permissions/0/given" },
        { "{\"permissions\":[{\"customer\":\"q1\",\"channel\":\"sms\",\"given\":true,\"until\":\"soon\"}]}", "/permissions/0/until" },
        { "{\"permissions\":[{\"customer\":\"q1\",\"channel\":\"sms\",\"given\":true,\"at\":\"2999-01-01\"}]}",
          "/permissions/0/at" },
        { "{\"permissions\":[{\"customer\":\"q1\",\"channel\":\"sms\",\"given\":true,\"unitl\":\"\"}]}", "/permissions/0/unitl" },
    };
    (void)state;
    send_event(&shop, "/v1/identify", "{\"userId\":\"q1\",\"traits\":{\"name\":\"Quin\"}}");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_text(ask_ok(&shop, 400, "POST", "/api/v1/permissions", bad[i].body).json, "pointer", bad[i].pointer);
    ask_ok(&shop, 404, "POST", "/api/v1/permissions",
           "{\"permissions\":[{\"customer\":\"q1\",\"channel\":\"sms\",\"given\":true},"
           "{\"customer\":\"nobody\",\"channel\":\"sms\",\"given\":true}]}");
    assert_int_equal(json_count(at(ask_ok(&shop, 200, "GET", "/api/v1/customers/q1/permissions", NULL).json, "items")), 0);
    struct answer kept = ask_ok(&shop, 201, "POST", "/api/v1/permissions",
                                "{\"permissions\":[{\"customer\":\"q1\",\"channel\":\"sms\",\"topic\":\" news \",\"given\":true,"
                                "\"until\":\"2999-01-31\",\"evidence\":\"form\",\"at\":\"2020-01-01\"},"
                                "{\"customer\":\"q1\",\"channel\":\"email\",\"given\":false}]}");
    expect_number(kept.json, "kept", 2);
    struct answer said = ask_ok(&shop, 200, "GET", "/api/v1/customers/q1/permissions", NULL);
    expect_text(said.json, "items.0.channel", "email");
    expect_text(said.json, "items.1.topic", "news");
    expect_text(said.json, "items.1.until", "2999-01-31");
    expect_text(said.json, "items.1.since", "2020-01-01T00:00:00.000Z");
    bool holds = false;
    assert_true(json_bool(at(said.json, "items.1.holds"), &holds) && holds);
    assert_true(json_bool(at(said.json, "items.0.holds"), &holds) && !holds);
    char target[64];
    double fact = 0;
    assert_true(json_double(at(said.json, "items.1.fact"), &fact));
    snprintf(target, sizeof target, "/api/v1/facts/%d", (int)fact);
    ask_ok(&shop, 200, "DELETE", target, NULL);
    assert_int_equal(json_count(at(ask_ok(&shop, 200, "GET", "/api/v1/customers/q1/permissions", NULL).json, "items")), 1);
}

static void a_list_is_paged_without_gaps(void **state)
{
    (void)state;
    for (int i = 0; i < 25; i++) {
        char body[128];
        snprintf(body, sizeof body, "{\"userId\":\"page%02d\",\"traits\":{\"name\":\"Page %02d\"}}", i, i);
        send_event(&shop, "/v1/identify", body);
    }
    static const char *const sorts[] = { "name", "value", "last_seen", "first_seen", "orders", "last_order" };
    for (size_t s = 0; s < 6; s++) {
        char target[512], after[256] = "";
        size_t n = 0;
        double total = 0;
        do {
            snprintf(target, sizeof target, "/api/v1/customers?q=page&limit=7&sort=%s&after=%s", sorts[s], after);
            struct answer page = ask_ok(&shop, 200, "GET", target, NULL);
            n += json_count(at(page.json, "items"));
            assert_true(json_double(at(page.json, "total"), &total));
            struct buf word = buf_make(0);
            url_encode(&word, json_string(at(page.json, "next"), shop.mem));
            snprintf(after, sizeof after, "%.*s", SLICE_ARG(buf_slice(&word)));
            buf_drop(&word);
        } while (after[0] && n < 100);
        if (n != 25 || (int)total != 25)
            fail_msg("sort=%s: %zu rows, total %g", sorts[s], n, total);
    }
}

/* ---- merging ---- */

static void merged_and_parted_again(void **state)
{
    char merge[64];
    (void)state;
    send_event(&shop, "/v1/identify", "{\"userId\":\"m1\",\"traits\":{\"name\":\"Mia\",\"city\":\"Leeds\"}}");
    send_event(&shop, "/v1/identify", "{\"userId\":\"m2\",\"traits\":{\"name\":\"Mia B\",\"email\":\"mia@example.com\"}}");
    order("m2", "o-m2", LINE("cup"));
    struct answer first = ask_ok(&shop, 200, "GET", "/api/v1/customers/user_id:m1", NULL);
    struct answer second = ask_ok(&shop, 200, "GET", "/api/v1/customers/user_id:m2", NULL);
    const char *pair = "{\"winner\":\"user_id:m1\",\"loser\":\"user_id:m2\",\"reason\":\"same person\"}";
    struct answer preview = ask_ok(&shop, 200, "POST", "/api/v1/merges/preview", pair);
    bool allowed = false;
    assert_true(json_bool(at(preview.json, "allowed"), &allowed) && allowed);
    assert_int_equal(json_count(at(preview.json, "warnings")), 1);
    expect_number(preview.json, "result.orders", 1);
    expect_text(preview.json, "result.email", "mia@example.com");
    struct answer made = ask_ok(&shop, 201, "POST", "/api/v1/merges", pair);
    expect_text(made.json, "note", "same person");
    expect_text(made.json, "reason", "by_hand");
    snprintf(merge, sizeof merge, "/api/v1/merges/%.*s", SLICE_ARG(json_string(at(made.json, "id"), shop.mem)));
    struct answer joined = ask_ok(&shop, 200, "GET", "/api/v1/customers/user_id:m2", NULL);
    expect_number(joined.json, "histories", 2);
    expect_number(joined.json, "orders", 1);
    assert_true(slice_eq(json_raw(at(joined.json, "tier")), json_raw(at(preview.json, "result.tier"))));
    ask_ok(&shop, 409, "POST", "/api/v1/merges", pair);
    assert_true(json_is(at(ask_ok(&shop, 200, "DELETE", merge, NULL).json, "undoneAt"), JSON_STRING));
    ask_ok(&shop, 409, "DELETE", merge, NULL);
    struct answer again1 = ask_ok(&shop, 200, "GET", "/api/v1/customers/user_id:m1", NULL);
    struct answer again2 = ask_ok(&shop, 200, "GET", "/api/v1/customers/user_id:m2", NULL);
    static const char *const members[] = { "id", "name", "email", "orders", "value", "traits", "identifiers",
                                           "histories", "firstSeenAt" };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        assert_true(slice_eq(json_raw(at(first.json, members[i])), json_raw(at(again1.json, members[i]))));
        assert_true(slice_eq(json_raw(at(second.json, members[i])), json_raw(at(again2.json, members[i]))));
    }
    expect_text(ask_ok(&shop, 200, "GET", "/api/v1/merges?limit=1", NULL).json, "items.0.by", "key:web");
}

static void suggestions_wait_for_people(void **state)
{
    char target[64];
    (void)state;
    send_event(&shop, "/v1/identify", "{\"userId\":\"s1\",\"traits\":{\"email\":\"same@example.com\"}}");
    send_event(&shop, "/v1/identify", "{\"userId\":\"s2\",\"traits\":{\"email\":\"same@example.com\"}}");
    struct answer list = ask_ok(&shop, 200, "GET", "/api/v1/merge-suggestions", NULL);
    expect_text(list.json, "items.0.reason.en", "Both gave one e-mail address: same@example.com");
    snprintf(target, sizeof target, "/api/v1/merge-suggestions/%.*s",
             SLICE_ARG(json_string(at(list.json, "items.0.id"), shop.mem)));
    ask_ok(&shop, 204, "DELETE", target, NULL);
    ask_ok(&shop, 404, "DELETE", target, NULL);
    assert_int_equal(json_count(at(ask_ok(&shop, 200, "GET", "/api/v1/merge-suggestions", NULL).json, "items")), 0);
}

/* ---- facts ---- */

static void facts_are_corrected_and_taken_back(void **state)
{
    char target[64];
    double seq;
    (void)state;
    order("f1", "o-f1", LINE("mug"));
    struct answer list = ask_ok(&shop, 200, "GET", "/api/v1/facts?type=track&event=Order%20Completed&limit=1", NULL);
    assert_true(json_double(at(list.json, "items.0.seq"), &seq));
    snprintf(target, sizeof target, "/api/v1/facts/%.0f/corrections", seq);
    struct answer fact = ask_ok(&shop, 200, "POST", target,
                                "{\"body\":{\"properties\":{\"products\":[" LINE("mug") "," LINE("pot") "," LINE("cup")
                                "]}},\"note\":\"two were missing\"}");
    expect_text(fact.json, "story.en", "Ordered 3 products for £15.00 (order o-f1)");
    expect_number(ask_ok(&shop, 200, "GET", "/api/v1/customers/f1", NULL).json, "value", 15);
    snprintf(target, sizeof target, "/api/v1/facts/%.0f?note=never%%20happened", seq);
    bool deleted = false;
    assert_true(json_bool(at(ask_ok(&shop, 200, "DELETE", target, NULL).json, "deleted"), &deleted) && deleted);
    expect_number(ask_ok(&shop, 200, "GET", "/api/v1/customers/f1", NULL).json, "orders", 0);
    ask_ok(&shop, 409, "DELETE", target, NULL);
    expect_text(ask_ok(&shop, 200, "GET", "/api/v1/facts?limit=1", NULL).json, "items.0.type", "deletion");
    struct answer live = ask_ok(&shop, 200, "GET", "/api/v1/live", NULL);
    assert_true(slice_is(header_of(live, "Content-Type"), "text/event-stream"));
    assert_non_null(memmem(live.body.at, live.body.len, "\"outcome\":\"accepted\"", 20));
}

/* ---- catalogue and deciding ---- */

static void refit(void)
{
    struct err e = { 0 };
    const struct recommend_taste taste = taste_of_catalogue(shop.rooms.catalogue);
    if (recommendations_refit(shop.rooms.recommendations, &taste, shop.clock.fixed_ms, NULL, &e)
        || people_refresh(shop.rooms.people, shop.clock.fixed_ms, &e))
        fail_msg("%s", e.text);
}

static void a_purchase_changes_the_next_answer(void **state)
{
    (void)state;
    stock();
    for (int i = 0; i < 6; i++) {
        char user[16], id[16];
        snprintf(user, sizeof user, "d%d", i);
        snprintf(id, sizeof id, "o-d%d", i);
        order(user, id, LINE("mug") "," LINE("tea") "," LINE("pot"));
    }
    order("dx", "o-dx", LINE("mug"));
    refit();
    struct answer before = ask_ok(&shop, 200, "POST", "/api/v1/decide", "{\"customer\":\"dx\",\"limit\":1}");
    assert_true(json_is(at(before.json, "id"), JSON_STRING));
    expect_text(before.json, "proposals.0.reasons.0.code", "bought_together");
    char first[64], line[128];
    snprintf(first, sizeof first, "%.*s",
             SLICE_ARG(json_string(at(before.json, "proposals.0.product.id"), shop.mem)));
    snprintf(line, sizeof line, "{\"product_id\":\"%s\",\"price\":2.5,\"quantity\":1}", first);
    order("dx", "o-dx2", line);
    struct answer after = ask_ok(&shop, 200, "POST", "/api/v1/decide", "{\"customer\":\"dx\",\"log\":false}");
    assert_true(json_is(at(after.json, "id"), JSON_NULL));
    for (struct json_iter it = json_iter(at(after.json, "proposals")); json_next(&it);)
        assert_false(slice_is(json_string(at(it.value, "product.id"), shop.mem), first));
    struct answer fact = ask_ok(&shop, 200, "GET", "/api/v1/customers/dx/timeline?type=decision", NULL);
    assert_int_equal(json_count(at(fact.json, "items")), 1);
    struct answer many = ask_ok(&shop, 200, "POST", "/api/v1/decide",
                                "{\"customers\":[\"dx\",\"d1\",null],\"category\":\"kitchen\"}");
    assert_int_equal(json_count(at(many.json, "items")), 3);
    assert_true(json_is(at(many.json, "items.2.customer"), JSON_NULL));
    assert_true(json_count(at(many.json, "items.2.proposals")) > 0);
    struct answer look = ask_ok(&shop, 200, "GET", "/api/v1/customers/dx/proposals?limit=2", NULL);
    assert_true(json_is(at(look.json, "id"), JSON_NULL));
    struct answer message = ask_ok(&shop, 200, "POST", "/api/v1/customers/dx/message", "{\"language\":\"es\"}");
    expect_text(message.json, "language", "es");
    assert_null(memmem(message.body.at, message.body.len, "WHITE tea <b>\",\"text", 20));
    message = ask_ok(&shop, 200, "POST", "/api/v1/customers/dx/message", "{\"product\":\"cup\"}");
    expect_text(message.json, "product.id", "cup");
    struct slice html = json_string(at(message.json, "html"), shop.mem);
    assert_non_null(memmem(html.at, html.len, "&lt;b&gt;", 9));
    assert_null(memmem(html.at, html.len, "WHITE cup <b>", 13));
    ask_ok(&shop, 404, "POST", "/api/v1/customers/dx/message", "{\"product\":\"no such thing\"}");
}

static void the_catalogue_is_kept(void **state)
{
    (void)state;
    ask_ok(&shop, 200, "PUT", "/api/v1/categories/kitchen", "{\"name\":{\"en\":\"Kitchen\",\"es\":\"Cocina\"}}");
    struct answer put = ask_ok(&shop, 200, "PUT", "/api/v1/products/jug%2F1",
                               "{\"title\":\"Jug\",\"price\":0.10,\"stock\":3,\"category\":\"kitchen\",\"variants\":"
                               "[{\"id\":\"jug/1-red\",\"title\":\"Red\",\"price\":0.2,\"attributes\":{\"c\":1}}]}");
    expect_text(put.json, "id", "jug/1");
    expect_number(put.json, "variants.0.attributes.c", 1);
    assert_true(slice_is(json_raw(at(put.json, "price")), "0.1"));
    struct answer list = ask_ok(&shop, 200, "GET", "/api/v1/products?q=jug", NULL);
    expect_text(list.json, "items.0.title", "Jug");
    list = ask_ok(&shop, 200, "GET", "/api/v1/products?limit=1", NULL);
    assert_true(json_is(at(list.json, "next"), JSON_STRING));
    assert_true(json_count(at(ask_ok(&shop, 200, "GET", "/api/v1/categories", NULL).json, "items")) > 0);
    ask_ok(&shop, 200, "PUT", "/api/v1/products/jug%2F1", "{\"title\":\"Jug 2\"}");
    expect_text(ask_ok(&shop, 200, "GET", "/api/v1/products/jug%2F1", NULL).json, "title", "Jug 2");
    ask_ok(&shop, 204, "DELETE", "/api/v1/products/jug%2F1", NULL);
    ask_ok(&shop, 404, "GET", "/api/v1/products/jug%2F1", NULL);
}

/* ---- jobs and exports ---- */

static struct answer job_ended(const char *id)
{
    char target[64];
    snprintf(target, sizeof target, "/api/v1/imports/%s", id);
    for (int i = 0; i < 4000; i++) {  // 20 s, far beyond what it takes
        struct answer job = ask_ok(&shop, 200, "GET", target, NULL);
        if (json_is(at(job.json, "endedAt"), JSON_STRING))
            return job;
        usleep(5000);
    }
    fail_msg("the job does not end");
    return (struct answer){ 0 };
}

static const char *id_of(struct answer job)
{
    static char id[32];
    snprintf(id, sizeof id, "%.*s", SLICE_ARG(json_string(at(job.json, "id"), shop.mem)));
    return id;
}

static void files_are_imported(void **state)
{
    const char *file = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\r\n"
                       "536400,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17851,United Kingdom\r\n"
                       "536400,71053,WHITE METAL LANTERN,6,2010-12-01 08:26:00,3.39,17851,United Kingdom\r\n"
                       "536401,22633,HAND WARMER,six,2010-12-01 08:28:00,1.85,17851,United Kingdom\r\n";
    char target[64];
    (void)state;
    struct answer job = ask_ok(&shop, 202, "POST", "/api/v1/imports?format=online-retail&name=orders", file);
    job = job_ended(id_of(job));
    expect_text(job.json, "state", "done");
    expect_number(job.json, "rows", 3);
    expect_number(job.json, "imported", 2);
    expect_number(job.json, "rejected", 1);
    expect_number(job.json, "amount", 35.64);
    snprintf(target, sizeof target, "/api/v1/imports/%s/rejected", id_of(job));
    struct answer rows = ask_ok(&shop, 200, "GET", target, NULL);
    assert_non_null(memmem(rows.body.at, rows.body.len, "536401", 6));
    expect_number(ask_ok(&shop, 200, "GET", "/api/v1/customers/17851", NULL).json, "orders", 1);
    job = job_ended(id_of(ask_ok(&shop, 202, "POST", "/api/v1/imports?format=online-retail&name=orders", file)));
    expect_number(job.json, "facts", 0);
    snprintf(target, sizeof target, "/api/v1/imports/%s/cancel", id_of(job));
    expect_text(ask_ok(&shop, 200, "POST", target, "").json, "state", "done");
    assert_true(json_count(at(ask_ok(&shop, 200, "GET", "/api/v1/imports", NULL).json, "items")) >= 2);
    ask_ok(&shop, 400, "POST", "/api/v1/imports?format=word", file);
    ask_ok(&shop, 404, "GET", "/api/v1/imports/4711", NULL);
    ask_ok(&shop, 404, "GET", "/api/v1/imports/4711/rejected", NULL);
}

static void proposals_are_measured(void **state)
{
    (void)state;
    struct answer none = ask_ok(&shop, 404, "GET", "/api/v1/evaluation", NULL);
    expect_text(none.json, "type", "/problems/not_found");
    order("e1", "o-e1", LINE("mug"));
    struct answer job = ask_ok(&shop, 202, "POST", "/api/v1/evaluation", "{\"heldBackDays\":7}");
    expect_text(job_ended(id_of(job)).json, "state", "done");
    struct answer result = ask_ok(&shop, 200, "GET", "/api/v1/evaluation", NULL);
    expect_number(result.json, "heldBackDays", 7);
    assert_int_equal(json_count(at(result.json, "byOrders")), 4);
}

static void models_of_what_to_propose(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        char user[16], id[16];
        snprintf(user, sizeof user, "r%d", i);
        snprintf(id, sizeof id, "o-r%d", i);
        order(user, id, i % 2 ? LINE("mug") "," LINE("tea") : LINE("mug") "," LINE("pot"));
    }
    struct answer job = ask_ok(&shop, 202, "POST", "/api/v1/recommendations/fits", "");
    expect_text(job.json, "kind", "recommend");
    expect_text(job_ended(id_of(job)).json, "state", "done");
    struct answer page = ask_ok(&shop, 200, "GET", "/api/v1/recommendations", NULL);
    expect_text(page.json, "health", "few");
    assert_int_equal(json_count(at(page.json, "proof.quality")), MEASURED - 2);  // nobody bought before the cutoff: nothing to factor
    assert_int_equal(json_count(at(page.json, "versions.0.models")), PROPOSERS);
    expect_text(page.json, "versions.0.models.1.kind", "walk");
    expect_number(page.json, "versions.0.models.1.weight", 1);
    ask_ok(&shop, 404, "GET", "/api/v1/customers/c4711/recommendations", NULL);
}

static void the_command_line_names_a_file(void **state)
{
    char path[128], body[512];
    struct err e = { 0 };
    (void)state;
    snprintf(path, sizeof path, "%s/events.ndjson", shop.dir);
    if (file_write_atomic(path, SLICE("{\"who\":\"cli1\",\"what\":\"Called\",\"when\":\"2026-11-20\"}\n"), &e))
        fail_msg("%s", e.text);
    snprintf(body, sizeof body, "{\"path\":\"%s\",\"format\":\"ndjson\",\"name\":\"calls\",\"dryRun\":true,"
                                "\"mapping\":{\"kind\":\"event\",\"event\":\"what\",\"userId\":\"who\"}}", path);
    struct answer job = ask_local(&shop, "POST", "/api/v1/imports", body);
    assert_int_equal(job.status, 202);
    expect_text(job.json, "name", "calls");
    expect_text(job.json, "format", "ndjson");
    job_ended(id_of(job));
    assert_true(file_exists(path));  // it is not ours to delete
    assert_int_equal(ask_local(&shop, "POST", "/api/v1/imports", "{\"path\":\"x.csv\",\"format\":\"csv\"}").status,
                     400);
    assert_int_equal(ask_local(&shop, "GET", "/api/v1/session", NULL).status, 401);
}

struct unfinished {
    struct command command;  // first
};

static enum err_code leave_running(struct command *command, struct tx *tx, struct err *e)
{
    (void)command;
    return store_exec(tx->conn, "UPDATE jobs SET state = 'running', ended_ms = NULL WHERE id = 1", e);
}

static void what_was_running_has_failed(void **state)
{
    struct err e = { 0 };
    struct unfinished left = { { .run = leave_running } };
    (void)state;
    assert_int_equal(memory_run(shop.rooms.memory, &left.command, &e), ERR_OK);
    shop_restart(&shop);
    struct answer job = ask_ok(&shop, 200, "GET", "/api/v1/imports/1", NULL);
    expect_text(job.json, "state", "failed");
    assert_true(json_is(at(job.json, "error"), JSON_STRING));
    assert_true(json_is(at(job.json, "endedAt"), JSON_STRING));
    struct answer list = ask_ok(&shop, 200, "GET", "/api/v1/imports", NULL);
    assert_true(json_count(at(list.json, "items")) >= 3);
}

static size_t lines_with(struct slice text, const char *word)
{
    size_t n = 0;
    struct json_parser *parser = json_parser_new();
    struct err e = { 0 };
    while (text.len) {
        struct slice line = slice_cut(&text, '\n');
        struct json value;
        if (json_parse(parser, line, &value, &e))
            fail_msg("a line is not JSON: %s", e.text);
        n += memmem(line.at, line.len, word, strlen(word)) != NULL;
    }
    json_parser_drop(&parser);
    return n;
}

static void everything_comes_out_again(void **state)
{
    (void)state;
    send_event(&shop, "/v1/track", "{\"userId\":\"x1\",\"event\":\"Kept\",\"messageId\":\"m-kept\",\"seq\":7,"
                                   "\"properties\":{\"deep\":[1, 2.50]}}");
    struct answer facts = ask_ok(&shop, 200, "GET", "/api/v1/export/facts", NULL);
    assert_true(slice_is(header_of(facts, "Content-Type"), "application/x-ndjson"));
    assert_int_equal(lines_with(facts.body, "\"messageId\":\"m-kept\""), 1);
    assert_int_equal(lines_with(facts.body, "{\"deep\":[1,2.50]}"), 1);
    assert_int_equal(lines_with(facts.body, "\"seq\":7,\"properties\""), 0);
    memory_read_lock(shop.rooms.memory);
    uint32_t roots = customers_roots(memory_customers(shop.rooms.memory));
    memory_read_unlock(shop.rooms.memory);
    struct answer customers = ask_ok(&shop, 200, "GET", "/api/v1/export/customers", NULL);
    assert_int_equal(lines_with(customers.body, "\"identifiers\":"), roots);
    struct answer catalogue = ask_ok(&shop, 200, "GET", "/api/v1/export/catalogue", NULL);
    assert_int_equal(lines_with(catalogue.body, "\"neighbours\":"),
                     (size_t)catalogue_count(shop.rooms.catalogue));
}

/* ---- figures, files ---- */

static void figures_and_health(void **state)
{
    (void)state;
    refit();
    struct answer today = ask_ok(&shop, 200, "GET", "/api/v1/today?days=7", NULL);
    expect_text(today.json, "day", "2026-11-23");
    assert_int_equal(json_count(at(today.json, "days")), 7);
    assert_int_equal(json_count(at(today.json, "tiers")), TIERS);
    double received;
    assert_true(json_double(at(today.json, "received"), &received) && received > 10);
    expect_text(ask_ok(&shop, 200, "GET", "/api/v1/settings", NULL).json, "items.0.help.es", "Nombre.");
    assert_int_equal(ask(&shop, "GET", "/healthz", "", NULL).status, 200);
    assert_int_equal(ask(&shop, "GET", "/readyz", "", NULL).status, 200);
    struct answer metrics = ask(&shop, "GET", "/metrics", "", NULL);
    assert_int_equal(metrics.status, 200);
    assert_true(slice_ends(metrics.body, SLICE("# EOF\n")));
    assert_non_null(memmem(metrics.body.at, metrics.body.len, "tendero_events_accepted_total", 29));
    api_tick(shop.api, shop.clock.fixed_ms + 7200000);
}

static void the_console_is_served_safely(void **state)
{
    static const char *const outside[] = { "/../secret", "/%2e%2e/secret", "/assets/../../secret", "/./index.html",
                                           "//index.html", "/.hidden", "/assets/..%2f..%2fsecret" };
    (void)state;
    assert_int_equal(ask(&shop, "GET", "/people/email:ann@example.com", "", NULL).status, 200);
    assert_int_equal(ask(&shop, "GET", "/people/../../etc/passwd", "", NULL).status, 404);
    static const char html[] = "Accept: text/html,*/*;q=0.8\r\n";
    assert_int_equal(ask(&shop, "GET", "/no/such/page", "", NULL).status, 404);
    struct answer lost = ask(&shop, "GET", "/no/such/page", html, NULL);
    assert_int_equal(lost.status, 404);
    assert_true(slice_is(header_of(lost, "Content-Type"), "text/html; charset=utf-8"));
    static const char *const no_page[] = { "/people/../../etc/passwd", "/../secret", "/assets/gone.js",
                                           "/api/v1/nothing", "/v1/nothing" };
    for (size_t i = 0; i < sizeof no_page / sizeof *no_page; i++) {
        struct answer none = ask(&shop, "GET", no_page[i], html, NULL);
        assert_int_equal(none.status, 404);
        assert_true(slice_is(header_of(none, "Content-Type"), "application/problem+json"));
    }
    struct answer page = ask(&shop, "GET", "/people/c42", "", NULL);
    assert_int_equal(page.status, 200);
    assert_true(slice_is(header_of(page, "Content-Type"), "text/html; charset=utf-8"));
    assert_true(slice_is(header_of(page, "Cache-Control"), "no-cache"));
    struct slice policy = header_of(page, "Content-Security-Policy");
    assert_non_null(memmem(policy.at, policy.len, "script-src 'self'", 17));
    assert_true(slice_is(header_of(page, "X-Content-Type-Options"), "nosniff"));
    struct answer script = ask(&shop, "GET", "/assets/app-1a2b.js", "", NULL);
    assert_true(slice_is(script.body, "plain"));
    assert_non_null(memmem(header_of(script, "Cache-Control").at, 40, "immutable", 9));
    script = ask(&shop, "GET", "/assets/app-1a2b.js", "Accept-Encoding: br, gzip\r\n", NULL);
    assert_true(slice_is(script.body, "packed"));
    assert_true(slice_is(header_of(script, "Content-Encoding"), "gzip"));
    assert_int_equal(ask(&shop, "GET", "/assets/gone.js", "", NULL).status, 404);
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        struct answer answer = ask(&shop, "GET", outside[i], "", NULL);
        if (answer.body.len && memmem(answer.body.at, answer.body.len, "secret", 6) && answer.status == 200)
            fail_msg("%s gives a file outside the console", outside[i]);
    }
}

static void check_refs(struct json schemas, struct json value)
{
    for (struct json_iter it = json_iter(value); json_next(&it);) {
        bool ref = it.object && slice_is(json_string(it.key, shop.mem), "$ref");
        struct slice name = json_string(it.value, shop.mem), prefix = SLICE("#/components/schemas/");
        if (ref) {
            assert_true(slice_starts(name, prefix));
            struct slice last = { name.at + prefix.len, name.len - prefix.len };
            if (json_is(json_get_slice(schemas, last), JSON_NONE))
                fail_msg("\"%.*s\" names nothing", SLICE_ARG(name));
        }
        check_refs(schemas, it.value);
    }
}

static void openapi_tells_every_route(void **state)
{
    static const char *const words[] = { "get", "head", "post", "put", "patch", "delete" };
    (void)state;
    struct answer doc = ask(&shop, "GET", "/openapi.json", "", NULL);
    assert_int_equal(doc.status, 200);
    expect_text(doc.json, "openapi", "3.1.0");
    struct json schemas = at(doc.json, "components.schemas");
    assert_true(json_count(schemas) > 40);
    check_refs(schemas, doc.json);
    for (size_t i = 0; i < routes_count; i++) {
        struct json operation = json_get(json_get_slice(at(doc.json, "paths"), slice_of(routes[i].pattern)),
                                         words[routes[i].method]);
        expect_text(operation, "operationId", routes[i].operation);
    }
    assert_true(slice_eq(doc.body, api_openapi(shop.api)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proposals_are_measured),      cmocka_unit_test(models_of_what_to_propose),
        cmocka_unit_test(each_route_asks_who),
        cmocka_unit_test(people_log_in),               cmocka_unit_test(guessing_is_slowed),
        cmocka_unit_test(people_change_their_password), cmocka_unit_test(people_are_let_in_and_out),
        cmocka_unit_test(keys_come_and_go),            cmocka_unit_test(problems_say_what_is_wrong),
        cmocka_unit_test(a_customer_is_told_whole),    cmocka_unit_test(staff_declare),
        cmocka_unit_test(a_list_is_paged_without_gaps), cmocka_unit_test(merged_and_parted_again),
        cmocka_unit_test(suggestions_wait_for_people), cmocka_unit_test(facts_are_corrected_and_taken_back),
        cmocka_unit_test(a_purchase_changes_the_next_answer), cmocka_unit_test(the_catalogue_is_kept),
        cmocka_unit_test(files_are_imported),          cmocka_unit_test(everything_comes_out_again),
        cmocka_unit_test(the_command_line_names_a_file), cmocka_unit_test(what_was_running_has_failed),
        cmocka_unit_test(figures_and_health),          cmocka_unit_test(the_console_is_served_safely),
        cmocka_unit_test(openapi_tells_every_route),   cmocka_unit_test(customers_say_whether_they_may_be_contacted),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

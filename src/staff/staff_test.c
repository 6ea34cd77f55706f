#include "staff/staff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "io/store/migrations.h"
#include "staff/throttle.h"

struct room {
    char dir[64];
    struct store *store;
    struct store_conn *write;
    struct sys_clock clock;
    struct staff *staff;
    struct arena *mem;
};

static int setup(void **state)
{
    struct room *room = calloc(1, sizeof *room);
    snprintf(room->dir, sizeof room->dir, "/tmp/tendero-staff-XXXXXX");
    assert_non_null(mkdtemp(room->dir));
    room->clock = sys_clock_fixed(INT64_C(1800000000000));
    int applied;
    assert_int_equal(store_open(slice_of(room->dir), (struct store_options){ 0 }, &room->store, NULL), 0);
    assert_int_equal(store_conn_new(room->store, STORE_WRITE, &room->write, NULL), 0);
    assert_int_equal(migrate_run(room->write, migrations_all, migrations_count, 1, &applied, NULL), 0);
    assert_int_equal(staff_new(room->store, &room->clock, &room->staff, NULL), 0);
    room->mem = arena_new(1 << 20);
    *state = room;
    return 0;
}

static int teardown(void **state)
{
    struct room *room = *state;
    staff_drop(&room->staff);
    store_conn_drop(&room->write);
    store_drop(&room->store);
    arena_drop(&room->mem);
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", room->dir);
    int failed = system(command);
    free(room);
    return failed;
}

static enum err_code add(struct room *room, const char *email, const char *password, const char *language,
                         int64_t *id)
{
    char hash[PASSWORD_HASH];
    struct user user = { .email = slice_of(email), .name = SLICE("Somebody"), .language = slice_of(language) };
    TRY(staff_password_hash(slice_of(password), hash, NULL));
    TRY(staff_user_add(room->staff, room->write, &user, hash, NULL));
    *id = user.id;
    return ERR_OK;
}

static int64_t add_ann(struct room *room)
{
    int64_t id = 0;
    assert_int_equal(add(room, "Ann@Example.com", "correct horse", "en", &id), ERR_OK);
    assert_true(id > 0);
    return id;
}

static enum err_code try_login(struct room *room, const char *email, const char *password,
                               struct user *user, struct err *e)
{
    return staff_login(room->staff, slice_of(email), slice_of(password), SLICE("203.0.113.7"), room->mem,
                       user, e);
}

static void login_and_session(void **state)
{
    struct room *room = *state;
    add_ann(room);
    struct user user;
    assert_int_equal(try_login(room, "ann@EXAMPLE.com", "correct horse", &user, NULL), ERR_OK);
    assert_true(slice_is(user.email, "ann@example.com"));
    assert_int_equal(try_login(room, "ann@example.com", "wrong horse", &user, NULL), ERR_DENIED);
    assert_int_equal(try_login(room, "bob@example.com", "correct horse", &user, NULL), ERR_DENIED);
    struct session session, found;
    assert_int_equal(staff_session_start(room->staff, room->write, user, &session, NULL), ERR_OK);
    assert_int_equal(staff_session(room->staff, slice_of(session.token), room->mem, &found, NULL), ERR_OK);
    assert_string_equal(found.csrf, session.csrf);
    assert_string_not_equal(session.csrf, session.token);
    assert_int_equal(staff_session(room->staff, slice_of(session.csrf), room->mem, &found, NULL), ERR_DENIED);
    assert_int_equal(staff_logout(room->staff, room->write, slice_of(session.token), NULL), ERR_OK);
    assert_int_equal(staff_session(room->staff, slice_of(session.token), room->mem, &found, NULL),
                     ERR_DENIED);
}

static void sessions_end(void **state)
{
    struct room *room = *state;
    add_ann(room);
    struct user user;
    struct session session, found;
    assert_int_equal(try_login(room, "ann@example.com", "correct horse", &user, NULL), ERR_OK);
    assert_int_equal(staff_session_start(room->staff, room->write, user, &session, NULL), ERR_OK);
    int hours = 0;
    for (; hours < 24 * 7 - 11; hours += 11) {  // used every 11 hours: stays, to the seventh day
        room->clock.fixed_ms += INT64_C(11) * 3600 * 1000;
        assert_int_equal(staff_session(room->staff, slice_of(session.token), room->mem, &found, NULL),
                         ERR_OK);
        assert_true(staff_flush_due(room->staff));
        assert_int_equal(staff_flush(room->staff, room->write, NULL), ERR_OK);
        assert_false(staff_flush_due(room->staff));
    }
    room->clock.fixed_ms += INT64_C(11) * 3600 * 1000 + 3600 * 1000;
    assert_int_equal(staff_session(room->staff, slice_of(session.token), room->mem, &found, NULL),
                     ERR_DENIED);
}

static void failures_are_throttled(void **state)
{
    struct room *room = *state;
    add_ann(room);
    struct user user;
    struct err e = { 0 };
    for (int i = 0; i < 5; i++)
        assert_int_equal(try_login(room, "ann@example.com", "guess", &user, &e), ERR_DENIED);
    assert_int_equal(try_login(room, "ann@example.com", "correct horse", &user, &e), ERR_BUSY);
    assert_int_equal(e.pos, 15 * 60);
    room->clock.fixed_ms += INT64_C(15) * 60 * 1000;
    assert_int_equal(try_login(room, "ann@example.com", "correct horse", &user, &e), ERR_OK);
}

/* A firm's people come from one address. */
static void success_costs_an_address_nothing(void **state)
{
    struct room *room = *state;
    struct user user;
    add_ann(room);
    for (int i = 0; i < 25; i++)
        assert_int_equal(try_login(room, "ann@example.com", "correct horse", &user, NULL), ERR_OK);
}

static void weak_input_is_refused(void **state)
{
    struct room *room = *state;
    static const struct {
        const char *email, *password, *language;
    } cases[] = {
        { "ann", "correct horse", "en" },
        { "@example.com", "correct horse", "en" },
        { "ann@", "correct horse", "en" },
        { "ann@example.com", "short", "en" },
        { "ann@example.com", "correct horse", "fr" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t id = -7;
        assert_int_equal(add(room, cases[i].email, cases[i].password, cases[i].language, &id), ERR_INVALID);
        assert_int_equal(id, -7);
    }
    add_ann(room);
    int64_t id;
    assert_int_equal(add(room, "ann@example.com", "correct horse", "en", &id), ERR_CONFLICT);
}

static void a_new_password_ends_sessions(void **state)
{
    struct room *room = *state;
    int64_t ann = add_ann(room);
    char hash[PASSWORD_HASH];
    struct user user;
    struct session session, found;
    assert_int_equal(try_login(room, "ann@example.com", "correct horse", &user, NULL), ERR_OK);
    assert_int_equal(staff_session_start(room->staff, room->write, user, &session, NULL), ERR_OK);
    assert_int_equal(staff_password_hash(SLICE("battery staple"), hash, NULL), ERR_OK);
    assert_int_equal(staff_user_password(room->staff, room->write, ann, hash, NULL), ERR_OK);
    assert_int_equal(staff_session(room->staff, slice_of(session.token), room->mem, &found, NULL),
                     ERR_DENIED);
    assert_int_equal(try_login(room, "ann@example.com", "correct horse", &user, NULL), ERR_DENIED);
    assert_int_equal(try_login(room, "ann@example.com", "battery staple", &user, NULL), ERR_OK);
    assert_int_equal(staff_user_password(room->staff, room->write, ann + 1, hash, NULL), ERR_NOT_FOUND);
}

static void the_last_one_stays(void **state)
{
    struct room *room = *state;
    int64_t ann = add_ann(room), bob;
    struct user user, *users;
    struct session session, found;
    size_t n;
    assert_int_equal(staff_user_remove(room->staff, room->write, ann, NULL), ERR_CONFLICT);
    assert_int_equal(add(room, "bob@example.com", "battery staple", "es", &bob), ERR_OK);
    assert_int_equal(try_login(room, "ann@example.com", "correct horse", &user, NULL), ERR_OK);
    assert_int_equal(staff_session_start(room->staff, room->write, user, &session, NULL), ERR_OK);
    assert_int_equal(staff_user_remove(room->staff, room->write, ann, NULL), ERR_OK);
    assert_int_equal(staff_session(room->staff, slice_of(session.token), room->mem, &found, NULL),
                     ERR_DENIED);
    assert_int_equal(try_login(room, "ann@example.com", "correct horse", &user, NULL), ERR_DENIED);
    assert_int_equal(staff_user_remove(room->staff, room->write, ann, NULL), ERR_NOT_FOUND);
    assert_int_equal(staff_users(room->staff, room->mem, &users, &n, NULL), ERR_OK);
    assert_int_equal(n, 1);
    assert_true(slice_is(users[0].email, "bob@example.com") && slice_is(users[0].language, "es"));
    assert_int_equal(users[0].created_ms, room->clock.fixed_ms);
}

static void keys_have_scopes_and_sources(void **state)
{
    struct room *room = *state;
    char text[KEY_TEXT], source[SOURCE_NAME_MAX + 1];
    int64_t id;
    assert_int_equal(staff_key_add(room->staff, room->write, SCOPE_WRITE, SLICE("Web shop"), SLICE("web"),
                                   text, &id, NULL), ERR_OK);
    assert_int_equal(staff_keys_load(room->staff, NULL), ERR_OK);
    assert_int_equal(staff_key_check(room->staff, slice_of(text), source), SCOPE_WRITE);
    assert_string_equal(source, "web");
    assert_int_equal(staff_key_check(room->staff, SLICE("tw_0123456789abcdefghijklmnopqrstuv"), source),
                     SCOPE_NONE);
    assert_int_equal(staff_key_check(room->staff, SLICE(""), source), SCOPE_NONE);
    struct key *keys;
    size_t n;
    assert_int_equal(staff_keys(room->staff, room->mem, &keys, &n, NULL), ERR_OK);
    assert_int_equal(n, 1);
    assert_true(slice_eq(keys[0].hint, slice_of(text + KEY_TEXT - 5)));
    assert_int_equal(keys[0].last_used_ms, room->clock.fixed_ms);
    assert_int_equal(staff_flush(room->staff, room->write, NULL), ERR_OK);
    assert_int_equal(staff_key_remove(room->staff, room->write, id, NULL), ERR_OK);
    assert_int_equal(staff_keys_load(room->staff, NULL), ERR_OK);
    assert_int_equal(staff_key_check(room->staff, slice_of(text), source), SCOPE_NONE);
    assert_int_equal(staff_key_remove(room->staff, room->write, id, NULL), ERR_NOT_FOUND);
}

static void throttle_window_slides(void **state)
{
    (void)state;
    struct throttle *t = throttle_new(1);
    for (int i = 0; i < 3; i++)
        throttle_failed(t, SLICE("a"), 1000 + i * 60000);
    assert_int_equal(throttle_wait_s(t, SLICE("a"), 4, 130000), 0);
    assert_int_equal(throttle_wait_s(t, SLICE("a"), 3, 121000), (1000 + THROTTLE_WINDOW_MS - 121000) / 1000);
    assert_int_equal(throttle_wait_s(t, SLICE("a"), 3, 1000 + THROTTLE_WINDOW_MS), 0);
    assert_int_equal(throttle_wait_s(t, SLICE("b"), 1, 121000), 0);
    for (int i = 0; i < THROTTLE_SLOTS + 5; i++) {  // a flood of names pushes out the oldest
        char name[16];
        int n = snprintf(name, sizeof name, "n%d", i);
        throttle_failed(t, (struct slice){ name, (size_t)n }, 200000 + i);
    }
    assert_int_equal(throttle_wait_s(t, SLICE("a"), 3, 204200), 0);
    assert_true(throttle_wait_s(t, SLICE("n4100"), 1, 204200) > 0);
    throttle_drop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(login_and_session, setup, teardown),
        cmocka_unit_test_setup_teardown(sessions_end, setup, teardown),
        cmocka_unit_test_setup_teardown(failures_are_throttled, setup, teardown),
        cmocka_unit_test_setup_teardown(success_costs_an_address_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(weak_input_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_new_password_ends_sessions, setup, teardown),
        cmocka_unit_test_setup_teardown(the_last_one_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_have_scopes_and_sources, setup, teardown),
        cmocka_unit_test(throttle_window_slides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

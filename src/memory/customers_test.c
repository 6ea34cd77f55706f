/* The rules of customers.h, each as a story: events and acts in, histories, customers and suggestions out. */
#include "memory/customers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "memory/memory_testing.h"

/* Words of an event: u= userId, a= anonymousId, e= e-mail, p= phone, x= an external id; `alias` with was=.
 * Acts: merge W L, unmerge N and dismiss N (the n-th made), reopen. Steps end with ';'.
 * Wanted: the history of each event; the root of each history; suggestions, oldest first. */
static const struct story {
    const char *name, *steps, *want;
} stories[] = {
    { "one visitor", "a=x; a=x", "1 1 | 1 |" },
    { "two visitors", "a=x; a=y", "1 2 | 1 2 |" },
    { "nobody", "u=null; u=undefined a=; a=00000000-0000-0000-0000-000000000000; e=none", "0 0 0 0 | |" },
    { "a placeholder beside an id", "u=null a=x; u=undefined a=y", "1 2 | 1 2 |" },
    { "user and device new together", "u=ann a=x; a=x; u=ann", "1 1 1 | 1 |" },
    { "login after browsing", "a=x; u=ann a=x; a=x; u=ann", "1 2 1 2 | 2 2 |" },
    { "a user's new device", "u=ann a=x; u=ann a=y; a=y", "1 1 1 | 1 |" },
    { "two users, one device", "u=ann a=x; u=bob a=x; a=x; a=x; u=ann a=x; u=bob a=x",
      "1 2 3 3 1 2 | 1 2 3 | shared_device:1-2" },
    { "two users after browsing", "a=x; u=ann a=x; u=bob a=x; a=x", "1 2 3 4 | 2 2 3 4 | shared_device:1-3" },
    { "a shared device does not join a third", "u=ann a=x; u=bob a=x; u=eve a=x; a=x",
      "1 2 3 4 | 1 2 3 4 | shared_device:1-2" },
    { "userId equal to somebody's anonymousId", "a=x; u=x; u=x a=y", "1 2 2 | 1 2 |" },
    { "e-mail of a visitor", "a=x e=Ann@Example.com; e=ann@example.com", "1 1 | 1 |" },
    { "e-mail known, another visitor", "a=x e=ann@a.example; a=y e=ANN@a.example; a=y", "1 2 2 | 1 1 |" },
    { "e-mail of a user, a visitor", "u=ann e=ann@a.example; a=y; a=y e=ann@a.example", "1 2 2 | 1 1 |" },
    { "e-mail of a user, another user", "u=ann e=ann@a.example; u=bob e=ann@a.example; e=ann@a.example",
      "1 2 1 | 1 2 | same_email:1-2" },
    { "the same dispute twice is one suggestion", "u=ann e=f@a.example; u=bob e=f@a.example; u=bob e=f@a.example",
      "1 2 2 | 1 2 | same_email:1-2" },
    { "an e-mail of many users is shared", "u=a e=f@a.example; u=b e=f@a.example; u=c e=f@a.example; "
      "u=d e=f@a.example; e=f@a.example; u=g e=f@a.example",
      "1 2 3 4 5 6 | 1 2 3 4 5 6 | same_email:1-2 same_email:1-3 same_email:1-4" },
    { "dismissed: two people, the e-mail is shared", "u=a e=f@a.example; u=b e=f@a.example; dismiss 1; "
      "e=f@a.example; a=x e=f@a.example", "1 2 3 4 | 1 2 3 4 |" },
    { "role mailboxes identify nobody", "u=a e=info@a.example; u=b e=Info@a.example; e=info@a.example; "
      "e=info@a.example; a=x e=no-reply+7@a.example", "1 2 3 3 4 | 1 2 3 4 |" },
    { "a telephone joins visitors, however written", "a=x p=+34-600-10; a=y p=0034(600)10", "1 2 | 1 1 |" },
    { "a word is no telephone", "a=x p=none; a=y p=ask; a=z p=ask", "1 2 3 | 1 2 3 |" },
    { "telephone of two users", "u=a p=600; u=b p=6-0-0", "1 2 | 1 2 | same_phone:1-2" },
    { "an external id joins a visitor", "u=a x=k1; a=y x=k1", "1 2 | 1 1 |" },
    { "an external id of two users", "u=a x=k1; u=b x=k1", "1 2 | 1 2 | same_identifier:1-2" },
    { "two e-mail histories never hold two users", "a=x e=m@a.example; a=y e=n@a.example; a=x e=n@a.example; "
      "u=a a=x; u=b a=y", "1 2 1 3 4 | 3 3 3 4 | two_users:2-4" },

    { "alias of a visitor", "a=x; alias u=ann was=x; a=x", "1 2 1 | 2 2 |" },
    { "alias of an unknown id", "u=ann; alias u=ann was=old; a=old", "1 1 1 | 1 |" },
    { "alias to itself", "alias u=ann was=ann; alias u=ann was=ann", "1 1 | 1 |" },
    { "alias of two users", "u=old a=x; u=new; alias u=new was=old; u=new a=x; a=x", "1 2 2 2 1 | 2 2 |" },
    { "alias chain", "u=one a=x; alias u=two was=one; alias u=three was=two; u=three a=x",
      "1 2 3 3 | 3 3 3 |" },
    { "alias of a shared device", "u=a a=x; u=b a=x; alias u=b was=x", "1 2 2 | 1 2 | shared_device:1-2" },
    { "alias without previousId", "alias u=ann", "1 | 1 |" },
    { "alias undone, then sent again", "u=a; u=b; alias u=b was=a; unmerge 1; alias u=b was=a", "1 2 2 2 | 1 2 |" },

    { "merge and unmerge by hand", "u=a; u=b; merge 1 2; unmerge 1", "1 2 | 1 2 |" },
    { "merged by hand", "u=a; u=b; merge 2 1", "1 2 | 2 2 |" },
    { "unmerged twice in any order", "u=a; u=b; u=c; merge 1 2; merge 1 3; unmerge 1; unmerge 2; merge 3 2",
      "1 2 3 | 1 3 3 |" },
    { "the middle of a chain undone", "u=a; u=b; u=c; merge 2 1; merge 3 2; unmerge 2", "1 2 3 | 2 2 3 |" },
    { "the first of a chain undone", "u=a; u=b; u=c; merge 2 1; merge 3 2; unmerge 1", "1 2 3 | 1 3 3 |" },
    { "who logs in while merged stays with whom he logged in as",
      "u=a; u=b; a=x; merge 2 1; u=a a=x; unmerge 1", "1 2 3 1 | 1 2 1 |" },
    { "evidence that came while merged is kept", "a=x; u=a; merge 1 2; u=a a=x; unmerge 1", "1 2 2 | 2 2 |" },
    { "evidence holds no two users together",
      "u=a; u=b; a=x; merge 1 2; merge 2 3; u=a a=x; unmerge 1", "1 2 3 1 | 1 2 2 |" },
    { "what was undone is not done again by itself", "a=x; u=a a=x; unmerge 1; u=a a=x; a=x", "1 2 2 1 | 1 2 |" },
    { "what was undone can be done by hand", "a=x; u=a a=x; unmerge 1; merge 1 2", "1 2 | 1 1 |" },
    { "merging by hand shares no device", "u=a a=x; u=b; merge 1 2; unmerge 1; u=a a=x; a=x", "1 2 1 1 | 1 2 |" },
    { "all of it after a restart", "a=x; u=a a=x; u=b; merge 3 2; reopen; unmerge 2; reopen; u=b a=x; a=x",
      "1 2 3 3 4 | 2 2 3 4 | shared_device:1-3" },
};

struct telling {
    struct lab lab;
    int64_t merges[16];
    size_t n_merges;
    struct buf out;
    char step[200];
};

static struct customers *who_of(const struct telling *t)
{
    return memory_customers(t->lab.memory);
}

static struct slice word(const struct telling *t, const char *key)
{
    struct slice rest = slice_of(t->step);
    while (rest.len) {
        struct slice one = slice_cut(&rest, ' ');
        if (slice_starts(one, slice_of(key)))
            return (struct slice){ one.at + strlen(key), one.len - strlen(key) };
    }
    return SLICE("");
}

static enum err_code event(void *arg, struct tx *tx, struct err *e)
{
    struct telling *t = arg;
    struct identifier external = { SLICE("crm"), word(t, "x=") };
    struct who who = { .user_id = word(t, "u="), .anonymous_id = word(t, "a="), .email = word(t, "e="),
                       .phone = word(t, "p="), .previous_id = word(t, "was="), .external = &external,
                       .n_external = 1 };
    uint32_t history = 0;
    TRY(slice_starts(slice_of(t->step), SLICE("alias")) ? tx_alias(tx, &who, 1, tx->now_ms, &history, e)
                                                        : tx_resolve(tx, &who, 1, tx->now_ms, &history, e));
    buf_printf(&t->out, "%u ", history);
    return ERR_OK;
}

static enum err_code act(void *arg, struct tx *tx, struct err *e)
{
    struct telling *t = arg;
    unsigned a = 0, b = 0;
    if (sscanf(t->step, "merge %u %u", &a, &b) == 2)
        return tx_merge(tx, a, b, SLICE("by_hand"), SLICE("eva"), SLICE(""), &(int64_t){ 0 }, e);
    if (sscanf(t->step, "unmerge %u", &a) == 1)
        return tx_unmerge(tx, t->merges[a - 1], SLICE("eva"), e);
    if (sscanf(t->step, "dismiss %u", &a) == 1)
        return tx_suggestion_dismiss(tx, a, e);
    return event(arg, tx, e);
}

static void list_merges(struct telling *t)
{
    AUTO(arena) mem = arena_new(1 << 20);
    struct merge_row *rows;
    size_t n;
    assert_int_equal(customers_merges(who_of(t), t->lab.read, 0, 0, 16, mem, &rows, &n, NULL), ERR_OK);
    for (size_t i = 0; i < n; i++)
        t->merges[n - 1 - i] = rows[i].id;
    t->n_merges = n;
}

static void tell(struct telling *t)
{
    buf_adds(&t->out, "|");
    for (uint32_t id = 1; id <= customers_count(who_of(t)); id++)
        buf_printf(&t->out, " %u", customers_root(who_of(t), id));
    buf_adds(&t->out, " |");
    AUTO(arena) mem = arena_new(1 << 20);
    struct suggestion_row *rows;
    size_t n;
    assert_int_equal(customers_suggestions(who_of(t), t->lab.read, 0, 50, mem, &rows, &n, NULL),
                     ERR_OK);
    while (n-- > 0)
        buf_printf(&t->out, " %.*s:%u-%u", SLICE_ARG(rows[n].code), rows[n].a, rows[n].b);
}

static void story_holds(void **state)
{
    const struct story *story = *state;
    struct telling t = { .out = buf_make(0) };
    lab_open(&t.lab);
    struct slice rest = slice_of(story->steps);
    while (rest.len) {
        struct slice step = slice_trim(slice_cut(&rest, ';'));
        snprintf(t.step, sizeof t.step, "%.*s", SLICE_ARG(step));
        if (slice_is(step, "reopen")) {
            lab_reopen(&t.lab);
            continue;
        }
        t.lab.clock.fixed_ms += 1000;
        lab_must_run(&t.lab, act, &t);
        list_merges(&t);
    }
    tell(&t);
    buf_addc(&t.out, '\0');
    assert_false(t.out.failed);
    assert_string_equal(t.out.at, story->want);
    buf_drop(&t.out);
    lab_close(&t.lab);
}

int main(void)
{
    struct CMUnitTest tests[sizeof stories / sizeof *stories];
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++)
        tests[i] = (struct CMUnitTest){ .name = stories[i].name, .test_func = story_holds,
                                        .initial_state = (void *)(uintptr_t)&stories[i] };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

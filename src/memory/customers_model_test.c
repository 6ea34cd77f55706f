/* Merge then unmerge restores both, in any order and interleaved with new events: random stories.
 *
 * Each seed is told to two worlds. The first gets everything: events, merges and unmerges by hand, transactions
 * that fail, restarts. The second gets the events alone. What must hold:
 *   - each event and each identifier goes to the same history in both, facts and traits with it;
 *   - customers are what joining the listed merges one by one, by the simplest means, says;
 *   - counts are those of a recount; a failed transaction and a restart change nothing;
 *   - links made without a person's word never hold two userIds together;
 *   - with every merge by hand undone, both worlds have the same customers (where none was refused because of
 *     who was together for a while); with every merge undone, each history is a customer.
 */
#include "memory/customers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/hash.h"
#include "memory/memory_testing.h"
#include "memory/traits.h"

#define SEEDS 40
#define STEPS 90
#define HISTORIES 2048
#define MERGES 4096

struct random {
    uint64_t state;
};

static uint32_t below(struct random *r, uint32_t n)
{
    r->state += 0x9e3779b97f4a7c15u;
    return (uint32_t)(hash_mix(r->state) % n);
}

/* An event, or an act of a person's. */
struct step {
    enum { EVENT, ALIAS, MERGE, UNMERGE, FAIL, REOPEN } what;
    char user[12], device[12], email[24], phone[12], previous[12];
    uint32_t a, b;
    int64_t at_ms;
    bool more;  // in one transaction with the next
};

struct told {
    struct lab lab;
    const struct step *steps;
    size_t from, until;           // steps of the transaction
    bool fail;
    bool crowded;                 // a merge by hand put two users together
    bool gentle;                  // only merges by hand are undone
    uint32_t order;               // of undoing
    bool also_automatic;
    uint32_t histories[STEPS];    // of each event; 0 for acts
    struct merge_row merges[MERGES];
    size_t n_merges;              // oldest first
    struct arena *mem;
};

static struct customers *who_of(const struct told *t)
{
    return memory_customers(t->lab.memory);
}

/* ---- telling ---- */

static enum err_code tell_event(struct told *t, struct tx *tx, size_t i, struct err *e)
{
    const struct step *s = &t->steps[i];
    struct who who = { .user_id = slice_of(s->user), .anonymous_id = slice_of(s->device),
                       .email = slice_of(s->email), .phone = slice_of(s->phone),
                       .previous_id = slice_of(s->previous) };
    uint32_t history;
    TRY(s->what == ALIAS ? tx_alias(tx, &who, 1, s->at_ms, &history, e)
                         : tx_resolve(tx, &who, 1, s->at_ms, &history, e));
    struct slice body = arena_printf(t->mem, "{\"step\":%zu,\"seen\":\"%s\"}", i, s->device);
    struct fact fact = { .type = FACT_IDENTIFY, .customer = history, .source = 1, .timestamp_ms = s->at_ms,
                         .original_ms = FACT_NO_TIME, .sent_ms = FACT_NO_TIME, .received_ms = tx->now_ms,
                         .message_id = arena_printf(t->mem, "m%zu", i), .body = body };
    TRY(tx_append(tx, &fact, e));
    t->histories[i] = history;
    struct json traits;
    TRY(json_parse(t->lab.parser, body, &traits, e));
    return history ? tx_traits_set(tx, history, traits, PROVENANCE_DECLARED, 1, s->at_ms, fact.seq, e) : ERR_OK;
}

static enum err_code tell_act(struct told *t, struct tx *tx, const struct step *s, struct err *e)
{
    uint32_t count = customers_count(who_of(t));
    enum err_code code = ERR_OK;
    int64_t id;
    if (s->what == MERGE && count)
        code = tx_merge(tx, s->a % count + 1, s->b % count + 1, SLICE("by_hand"), SLICE("eva"), SLICE("why"),
                        &id, e);
    else if (s->what == UNMERGE && t->n_merges) {
        const struct merge_row *m = &t->merges[s->a % t->n_merges];
        if (!t->gentle || slice_is(m->reason, "by_hand"))
            code = tx_unmerge(tx, m->id, SLICE("eva"), e);
    }
    return code == ERR_INVALID || code == ERR_CONFLICT ? ERR_OK : code;  // refused: nothing was changed
}

static enum err_code tell_some(void *arg, struct tx *tx, struct err *e)
{
    struct told *t = arg;
    for (size_t i = t->from; i < t->until; i++) {
        const struct step *s = &t->steps[i];
        TRY(s->what == EVENT || s->what == ALIAS ? tell_event(t, tx, i, e) : tell_act(t, tx, s, e));
    }
    return t->fail ? err_set(e, ERR_INVALID, 0, "the test wants it to fail") : ERR_OK;
}

/* ---- what is there ---- */

static void dump(const struct told *t, struct buf *out)
{
    const struct customers *c = who_of(t);
    buf_printf(out, "%u %u %u", customers_count(c), customers_roots(c), customers_known(c));
    for (uint32_t id = 1; id <= customers_count(c); id++) {
        uint32_t histories[64];
        size_t n = customers_histories(c, id, histories, 64);
        buf_printf(out, "\n%u: %d %d %lld %lld", id, customers_kind(c, id), customers_is_known(c, id),
                   (long long)customers_first_seen_ms(c, id), (long long)customers_last_seen_ms(c, id));
        for (size_t i = 0; i < n && i < 64; i++)
            buf_printf(out, " %u", histories[i]);
    }
    assert_false(out->failed);
}

static void same_text(struct buf *a, struct buf *b)
{
    buf_addc(a, '\0');
    buf_addc(b, '\0');
    assert_string_equal(a->at, b->at);
    buf_drop(a);
    buf_drop(b);
}

static void list_merges(struct told *t)
{
    struct merge_row *rows;
    size_t n;
    assert_int_equal(customers_merges(who_of(t), t->lab.read, 0, 0, MERGES, t->mem, &rows, &n, NULL),
                     ERR_OK);
    for (size_t i = 0; i < n; i++)
        t->merges[n - 1 - i] = rows[i];
    t->n_merges = n;
}

struct identifiers {
    struct identifier_row *row;
    size_t n;
};

/* Of one history alone. */
static struct identifiers identifiers_of(const struct told *t, uint32_t history)
{
    struct identifiers all, own = { NULL, 0 };
    assert_int_equal(customers_identifiers(who_of(t), t->lab.read, history, t->mem, &all.row, &all.n,
                                           NULL), ERR_OK);
    own.row = arena_array(t->mem, struct identifier_row, all.n + 1);
    assert_non_null(own.row);
    for (size_t i = 0; i < all.n; i++) {
        if (all.row[i].history == history)
            own.row[own.n++] = all.row[i];
    }
    return own;
}

static bool has_kind(struct identifiers ids, const char *kind)
{
    for (size_t i = 0; i < ids.n; i++) {
        if (slice_is(ids.row[i].id.kind, kind))
            return true;
    }
    return false;
}

/* ---- the reference: joins by relabelling everybody ---- */

struct reference {
    uint32_t root[HISTORIES];
};

static void join_listed(const struct told *t, struct reference *ref, bool automatic_only)
{
    uint32_t count = customers_count(who_of(t));
    assert_true(count < HISTORIES);
    for (uint32_t id = 1; id <= count; id++)
        ref->root[id] = id;
    for (size_t m = 0; m < t->n_merges; m++) {
        const struct merge_row *row = &t->merges[m];
        bool by_wish = slice_is(row->reason, "by_hand") || slice_is(row->reason, "alias");
        if (row->undone_ms != FACT_NO_TIME || (automatic_only && by_wish))
            continue;
        uint32_t winner = ref->root[row->winner], loser = ref->root[row->loser];
        for (uint32_t id = 1; id <= count; id++)
            ref->root[id] = ref->root[id] == loser ? winner : ref->root[id];
    }
}

/* Users in each customer of the reference; `known`: it has a user or an e-mail. */
struct people {
    uint32_t users[HISTORIES];
    bool known[HISTORIES];
};

static void count_people(const struct told *t, const struct reference *ref, struct people *p)
{
    *p = (struct people){ 0 };
    for (uint32_t id = 1; id <= customers_count(who_of(t)); id++) {
        struct identifiers ids = identifiers_of(t, id);
        uint32_t root = ref->root[id];
        p->users[root] += has_kind(ids, "user_id");
        p->known[root] |= has_kind(ids, "user_id") || has_kind(ids, "email");
        for (size_t i = 0; i < ids.n; i++)
            assert_int_equal(customers_find(who_of(t), ids.row[i].id), id);
    }
}

static void customers_are_as_listed(struct told *t)
{
    static struct reference all, automatic;
    static struct people people, joined_silently;
    const struct customers *c = who_of(t);
    uint32_t roots = 0, known = 0;
    arena_reset(t->mem);
    list_merges(t);
    join_listed(t, &all, false);
    join_listed(t, &automatic, true);
    count_people(t, &all, &people);
    count_people(t, &automatic, &joined_silently);
    for (uint32_t id = 1; id <= customers_count(c); id++) {
        assert_int_equal(customers_root(c, id), all.root[id]);
        assert_int_equal(customers_is_known(c, id), people.known[all.root[id]]);
        assert_true(joined_silently.users[id] <= 1);
        t->crowded |= people.users[id] > 1;
        roots += all.root[id] == id;
        known += all.root[id] == id && people.known[id];
    }
    assert_int_equal(customers_roots(c), roots);
    assert_int_equal(customers_known(c), known);
}

/* ---- a story ---- */

static void pick(struct random *r, char *out, size_t size, const char *stem, uint32_t n, uint32_t chance)
{
    out[0] = '\0';
    if (below(r, 100) < chance)
        snprintf(out, size, "%s%u", stem, below(r, n));
}

/* users: among how many userIds events choose. gentle: no aliases and few identifiers, so that hardly a join is
 * refused because of who is together at the time, and both worlds join alike. */
static void invent(struct random *r, bool gentle, uint32_t users, struct step *steps)
{
    for (size_t i = 0; i < STEPS; i++) {
        struct step *s = &steps[i];
        uint32_t dice = below(r, 100);
        *s = (struct step){ .at_ms = INT64_C(1750000000000) + below(r, 1u << 30), .a = below(r, 1u << 30),
                            .b = below(r, 1u << 30), .more = below(r, 3) == 0 };
        s->what = dice < 62 ? EVENT : dice < 66 ? (gentle ? EVENT : ALIAS) : dice < 80 ? MERGE
                : dice < 92 ? UNMERGE : dice < 96 ? FAIL : REOPEN;
        if (gentle && users > 1 && s->what == MERGE && dice > 68)
            s->what = EVENT;
        pick(r, s->user, sizeof s->user, "u", users, 40);
        pick(r, s->device, sizeof s->device, "d", 14, 75);
        pick(r, s->email, sizeof s->email, "e", gentle ? 4 : 6, 20);
        pick(r, s->phone, sizeof s->phone, "600", 3, 7);
        pick(r, s->previous, sizeof s->previous, below(r, 2) ? "u" : "d", 6, s->what == ALIAS ? 100 : 0);
        if (s->email[0])
            snprintf(s->email + strlen(s->email), sizeof s->email - strlen(s->email), "@a.example");
    }
}

static void transact(struct told *t, size_t from, size_t until, bool fail)
{
    struct err e;
    t->from = from;
    t->until = until;
    t->fail = fail;
    enum err_code code = lab_run(&t->lab, tell_some, t, &e);
    if (code != (fail ? ERR_INVALID : ERR_OK))
        fail_msg("steps %zu to %zu: %s", from, until, e.text);
}

static bool is_event(const struct step *s)
{
    return s->what == EVENT || s->what == ALIAS;
}

static enum err_code undo_all(void *arg, struct tx *tx, struct err *e)
{
    struct told *t = arg;
    for (size_t i = 0; i < t->n_merges; i++) {
        const struct merge_row *m = &t->merges[(i + t->order) % t->n_merges];
        if (m->undone_ms == FACT_NO_TIME && (t->also_automatic || slice_is(m->reason, "by_hand")))
            TRY(tx_unmerge(tx, m->id, SLICE("eva"), e));
    }
    return ERR_OK;
}

static void undo_merges(struct told *t, bool also_automatic, uint32_t order)
{
    list_merges(t);
    t->also_automatic = also_automatic;
    t->order = order;
    lab_must_run(&t->lab, undo_all, t);
    customers_are_as_listed(t);
}

static void restart(struct told *t)
{
    struct buf before = buf_make(0), after = buf_make(0);
    dump(t, &before);
    lab_reopen(&t->lab);
    dump(t, &after);
    same_text(&before, &after);
}

static void fail_a_transaction(struct told *t, size_t from)
{
    struct buf before = buf_make(0), after = buf_make(0);
    uint32_t histories[STEPS];
    memcpy(histories, t->histories, sizeof histories);
    dump(t, &before);
    size_t until = from + 12 < STEPS ? from + 12 : STEPS;
    transact(t, from, until, true);
    dump(t, &after);
    same_text(&before, &after);
    memcpy(t->histories, histories, sizeof histories);
}

static void tell_all(struct told *t)
{
    for (size_t i = 0, until; i < STEPS; i = until) {
        until = i + 1;
        t->lab.clock.fixed_ms += 1000;
        if (t->steps[i].what == REOPEN) {
            restart(t);
            continue;
        }
        if (t->steps[i].what == FAIL) {
            fail_a_transaction(t, i);
            continue;
        }
        while (until < STEPS && t->steps[until - 1].more && t->steps[until].what < FAIL)
            until++;
        transact(t, i, until, false);
        customers_are_as_listed(t);
    }
}

static void tell_events(struct told *t)
{
    for (size_t i = 0; i < STEPS; i++) {
        if (is_event(&t->steps[i]))
            transact(t, i, i + 1, false);
    }
}

static size_t facts_of(const struct told *t, uint32_t history, struct fact *ret)
{
    size_t n;
    struct log_query query = { .customers = &history, .n = 1, .type = SLICE("identify"),
                               .since_ms = FACT_NO_TIME, .until_ms = FACT_NO_TIME, .order = LOG_OLDEST,
                               .limit = STEPS };
    assert_int_equal(log_read(memory_log(t->lab.memory), t->lab.read, &query, t->mem, ret, &n, NULL), ERR_OK);
    return n;
}

static struct slice trait_of(const struct told *t, uint32_t history)
{
    struct trait *traits;
    size_t n;
    assert_int_equal(traits_of(t->lab.memory, t->lab.read, history, t->mem, &traits, &n, NULL), ERR_OK);
    for (size_t i = 0; i < n; i++) {
        if (slice_is(traits[i].name, "step"))
            return traits[i].chosen.value;
    }
    return SLICE("");
}

/* The histories hold the same, whatever was merged and undone in between. */
static void histories_are_equal(const struct told *a, const struct told *b)
{
    assert_int_equal(customers_count(who_of(a)), customers_count(who_of(b)));
    assert_memory_equal(a->histories, b->histories, sizeof a->histories);
    for (uint32_t id = 1; id <= customers_count(who_of(a)); id++) {
        struct identifiers x = identifiers_of(a, id), y = identifiers_of(b, id);
        assert_int_equal(x.n, y.n);
        for (size_t i = 0; i < x.n; i++) {
            assert_true(slice_eq(x.row[i].id.kind, y.row[i].id.kind));
            assert_true(slice_eq(x.row[i].id.value, y.row[i].id.value));
            assert_int_equal(x.row[i].shared, y.row[i].shared);
            assert_true(x.row[i].since_ms == y.row[i].since_ms);
        }
        struct fact of_a[STEPS], of_b[STEPS];
        size_t n = facts_of(a, id, of_a);
        assert_int_equal(n, facts_of(b, id, of_b));
        for (size_t i = 0; i < n; i++) {
            assert_true(slice_eq(of_a[i].message_id, of_b[i].message_id));
            assert_true(slice_eq(of_a[i].body, of_b[i].body));
        }
    }
}

static bool has_suggestion(const struct told *t, const char *code)
{
    struct suggestion_row *rows;
    size_t n;
    assert_int_equal(customers_suggestions(who_of(t), t->lab.read, 0, 1000, t->mem, &rows, &n, NULL),
                     ERR_OK);
    for (size_t i = 0; i < n; i++) {
        if (slice_is(rows[i].code, code))
            return true;
    }
    return false;
}

static void partitions_are_equal(const struct told *a, const struct told *b)
{
    const struct customers *x = who_of(a), *y = who_of(b);
    for (uint32_t i = 1; i <= customers_count(x); i++) {
        for (uint32_t j = 1; j < i; j++)
            assert_int_equal(customers_root(x, i) == customers_root(x, j),
                             customers_root(y, i) == customers_root(y, j));
    }
}

static bool join_was_refused(const struct told *t)
{
    return t->crowded || has_suggestion(t, "two_users") || has_suggestion(t, "identifier_limit");
}

static void customers_are_equal(const struct told *a, const struct told *b)
{
    struct buf x = buf_make(0), y = buf_make(0);
    dump(a, &x);
    dump(b, &y);
    same_text(&x, &y);
    for (uint32_t id = 1; id <= customers_count(who_of(a)); id++) {
        uint32_t root = customers_root(who_of(a), id);
        assert_true(slice_eq(trait_of(a, root), trait_of(b, root)));
    }
}

static void told_new(struct told *t, const struct step *steps, bool gentle)
{
    *t = (struct told){ .steps = steps, .gentle = gentle, .mem = arena_new(64 << 20) };
    assert_non_null(t->mem);
    lab_open(&t->lab);
}

static void told_drop(struct told *t)
{
    lab_close(&t->lab);
    arena_drop(&t->mem);
}

static void unmerge_restores(void **state)
{
    (void)state;
    static struct told a, b;
    unsigned compared = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct random r = { seed };
        struct step steps[STEPS];
        bool gentle = seed % 2;
        invent(&r, gentle, gentle ? 1 + seed / 2 % 2 : 6, steps);
        told_new(&a, steps, gentle);
        told_new(&b, steps, gentle);
        tell_all(&a);
        tell_events(&b);
        histories_are_equal(&a, &b);
        undo_merges(&a, false, below(&r, 100));
        restart(&a);
        histories_are_equal(&a, &b);
        if (gentle && !join_was_refused(&a) && !join_was_refused(&b)) {
            partitions_are_equal(&a, &b);
            compared++;
        }
        undo_merges(&a, true, below(&r, 100));
        assert_int_equal(customers_roots(who_of(&a)), customers_count(who_of(&a)));
        undo_merges(&b, true, 0);
        customers_are_equal(&a, &b);
        restart(&a);
        told_drop(&a);
        told_drop(&b);
    }
    assert_true(compared >= SEEDS / 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(unmerge_restores) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

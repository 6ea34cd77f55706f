/* The log against a plain array of what was appended: random facts over many small parts, restarts between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/limits.h"
#include "memory/log_state.h"
#include "memory/memory_testing.h"

enum { PART_ROWS = 97, FACTS = 3000, CUSTOMERS = 23, EVENTS = 5, IDS = 2500, SOURCES = 2, PAGE = 40 };

struct told {
    int64_t timestamp_ms;
    uint32_t customer, source, event, id;
    enum fact_type type;
    bool deleted;
    int corrected;  // how often; the newest patch sets "k" to that number
};

struct model {
    struct lab lab;
    uint64_t random;
    struct told *facts;  // fact seq stands at seq - 1
    size_t n;
    bool *known;         // by source and id
};

static uint64_t next(struct model *m, uint64_t below)
{
    m->random = hash_mix(m->random + 0x9e3779b97f4a7c15u);
    return m->random % below;
}

static void check(enum err_code code, const struct err *e)
{
    if (code)
        fail_msg("%s: %s", err_name(code), e->text);
}

static struct slice event_name(uint32_t event, char out[16])
{
    int len = event ? snprintf(out, 16, "event %u", event) : 0;
    return (struct slice){ out, (size_t)len };
}

/* ---- writing ---- */

struct append {
    struct model *m;
    struct told told[200];
    size_t n, duplicates;
};

static enum err_code append_one(struct tx *tx, const struct told *told, bool *known, struct err *e)
{
    char id[24], event[16], body[64];
    snprintf(id, sizeof id, "message-%u", told->id);
    snprintf(body, sizeof body, "{\"id\":%u,\"k\":0}", told->id);
    TRY(log_known(tx->log, told->source, slice_of(id), known, e));
    if (*known)
        return ERR_OK;
    struct fact fact = { .type = told->type, .customer = told->customer, .source = told->source,
                         .event = event_name(told->event, event), .message_id = slice_of(id),
                         .timestamp_ms = told->timestamp_ms, .original_ms = told->timestamp_ms - 1,
                         .sent_ms = FACT_NO_TIME, .received_ms = tx->now_ms, .body = slice_of(body) };
    return tx_append(tx, &fact, e);
}

static enum err_code append_act(void *arg, struct tx *tx, struct err *e)
{
    struct append *a = arg;
    a->duplicates = 0;
    for (size_t i = 0; i < a->n; i++) {
        bool known;
        TRY(append_one(tx, &a->told[i], &known, e));
        a->duplicates += known;
    }
    return ERR_OK;
}

static void append_some(struct model *m)
{
    struct err e = { 0 };
    struct append *a = calloc(1, sizeof *a);
    size_t duplicates = 0;
    assert_non_null(a);
    a->n = 1 + next(m, m->n + 200 < FACTS ? 150 : 20);
    for (size_t i = 0; i < a->n; i++) {
        struct told told = { .timestamp_ms = LAB_NOW - (int64_t)next(m, 500) * 1000,
                             .customer = (uint32_t)next(m, CUSTOMERS), .source = 1 + (uint32_t)next(m, SOURCES),
                             .event = (uint32_t)next(m, EVENTS), .id = (uint32_t)next(m, IDS),
                             .type = next(m, 3) ? FACT_TRACK : FACT_PAGE };
        bool *known = &m->known[told.source * IDS + told.id];
        a->told[i] = told;
        duplicates += *known;
        if (!*known)
            m->facts[m->n++] = told;
        *known = true;
    }
    check(lab_run(&m->lab, append_act, a, &e), &e);
    assert_int_equal(a->duplicates, duplicates);
    free(a);
}

struct edit {
    int64_t seq;
    bool deletion;
    int k;
};

static enum err_code edit_act(void *arg, struct tx *tx, struct err *e)
{
    const struct edit *edit = arg;
    char body[64], patch[32];
    snprintf(patch, sizeof patch, "{\"k\":%d}", edit->k);
    snprintf(body, sizeof body, "{\"seq\":%lld}", (long long)edit->seq);
    struct fact fact = { .type = edit->deletion ? FACT_DELETION : FACT_CORRECTION, .timestamp_ms = LAB_NOW,
                         .original_ms = FACT_NO_TIME, .sent_ms = FACT_NO_TIME, .received_ms = FACT_NO_TIME,
                         .body = slice_of(body) };
    TRY(tx_append(tx, &fact, e));
    return log_edit(tx->log, edit->seq, edit->deletion ? LOG_EDIT_DELETION : LOG_EDIT_CORRECTION, fact.seq,
                    slice_of(patch), e);
}

static void edit_one(struct model *m)
{
    struct err e = { 0 };
    size_t at = next(m, m->n);
    struct edit edit = { (int64_t)at + 1, next(m, 2) == 0, m->facts[at].corrected + 1 };
    if (m->facts[at].type != FACT_TRACK)
        return;
    check(lab_run(&m->lab, edit_act, &edit, &e), &e);
    m->facts[at].deleted |= edit.deletion;
    m->facts[at].corrected += !edit.deletion;
    m->facts[m->n++] = (struct told){ .timestamp_ms = LAB_NOW,
                                      .type = edit.deletion ? FACT_DELETION : FACT_CORRECTION };
}

/* ---- reading ---- */

static void same(const struct model *m, const struct fact *fact)
{
    char event[16], body[64];
    assert_in_range(fact->seq, 1, m->n);
    const struct told *told = &m->facts[fact->seq - 1];
    assert_int_equal(fact->timestamp_ms, told->timestamp_ms);
    assert_int_equal(fact->customer, told->customer);
    assert_int_equal(fact->type, told->type);
    assert_true(slice_eq(fact->event, event_name(told->event, event)));
    if (told->type == FACT_CORRECTION || told->type == FACT_DELETION)
        return;
    assert_int_equal(fact->original_ms, told->timestamp_ms - 1);
    assert_true(fact->sent_ms == FACT_NO_TIME);
    assert_true(fact->corrected == (told->corrected > 0));
    assert_true(fact->deleted == told->deleted);
    snprintf(body, sizeof body, "{\"id\":%u,\"k\":%d}", told->id, told->corrected);
    assert_true(slice_is(fact->body, body));
}

static bool matches(const struct model *m, size_t at, const struct log_query *q)
{
    const struct told *told = &m->facts[at];
    char event[16];
    bool of = false;
    for (size_t i = 0; i < q->n; i++)
        of |= told->customer && told->customer == q->customers[i];
    return of && (!q->type.len || slice_is(q->type, fact_type_name(told->type)))
           && (!q->event.len || slice_eq(q->event, event_name(told->event, event)))
           && (q->since_ms == FACT_NO_TIME || told->timestamp_ms >= q->since_ms)
           && (q->until_ms == FACT_NO_TIME || told->timestamp_ms < q->until_ms)
           && (q->with_deleted || !told->deleted);
}

/* How many of the model's answers stand before this one. */
static size_t rank(const struct model *m, size_t at, const struct log_query *q)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n; i++) {
        int64_t ms = m->facts[i].timestamp_ms, own = m->facts[at].timestamp_ms;
        bool before = ms != own ? ms < own : i < at;
        bool after = ms != own ? ms > own : i > at;
        n += matches(m, i, q) && (q->order == LOG_OLDEST ? before : after);
    }
    return n;
}

static struct log_query random_query(struct model *m, uint32_t customers[3], char event[16])
{
    struct log_query q = { .customers = customers, .n = 1 + next(m, 3), .since_ms = FACT_NO_TIME,
                           .until_ms = FACT_NO_TIME, .order = next(m, 2) ? LOG_NEWEST : LOG_OLDEST,
                           .with_deleted = next(m, 2), .limit = 1 + next(m, PAGE) };
    for (size_t i = 0; i < 3; i++)  // distinct, as histories are
        customers[i] = (uint32_t)(next(m, CUSTOMERS / 3) * 3 + i);
    if (next(m, 3) == 0)
        q.type = next(m, 2) ? SLICE("track") : SLICE("page");
    if (next(m, 3) == 0)
        q.event = event_name(1 + (uint32_t)next(m, EVENTS - 1), event);
    if (next(m, 2))
        q.since_ms = LAB_NOW - (int64_t)next(m, 500) * 1000;
    if (next(m, 2))
        q.until_ms = LAB_NOW - (int64_t)next(m, 500) * 1000;
    return q;
}

/* Pages through all answers: each stands where the model has it, and none is missing at the end. */
static void page_through(struct model *m)
{
    struct err e = { 0 };
    uint32_t customers[3];
    char event[16];
    struct fact facts[PAGE];
    struct log_query q = random_query(m, customers, event);
    size_t all = 0, got = q.limit, want = 0;
    for (size_t i = 0; i < m->n; i++)
        want += matches(m, i, &q);
    while (got == q.limit) {
        memory_read_lock(m->lab.memory);
        check(log_read(memory_log(m->lab.memory), m->lab.read, &q, m->lab.mem, facts, &got, &e), &e);
        memory_read_unlock(m->lab.memory);
        for (size_t i = 0; i < got; i++, all++) {
            same(m, &facts[i]);
            assert_true(matches(m, (size_t)facts[i].seq - 1, &q));
            assert_int_equal(rank(m, (size_t)facts[i].seq - 1, &q), all);
        }
        if (got) {
            q.after_ms = facts[got - 1].timestamp_ms;
            q.after_seq = facts[got - 1].seq;
        }
    }
    assert_int_equal(all, want);
}

static void scan_all(struct model *m)
{
    struct fact *facts;
    size_t n = lab_facts(&m->lab, true, &facts), visible = 0;
    assert_int_equal(n, m->n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(facts[i].seq, i + 1);
    n = lab_facts(&m->lab, false, &facts);
    for (size_t i = 0; i < m->n; i++)
        visible += !m->facts[i].deleted;
    assert_int_equal(n, visible);
    for (size_t i = 0; i < n; i++)
        same(m, &facts[i]);
}

static void recent_some(struct model *m)
{
    struct err e = { 0 };
    struct fact facts[PAGE];
    char event[16];
    size_t got, at = m->n;
    struct slice type = next(m, 2) ? SLICE("page") : (struct slice){ 0 };
    struct slice only = next(m, 2) ? event_name(2, event) : (struct slice){ 0 };
    int64_t before = (int64_t)next(m, m->n) + 2;
    memory_read_lock(m->lab.memory);
    check(log_recent(memory_log(m->lab.memory), m->lab.read, before, type, only, PAGE, m->lab.mem, facts,
                     &got, &e), &e);
    memory_read_unlock(m->lab.memory);
    at = (size_t)before - 1 < m->n ? (size_t)before - 1 : m->n;
    for (size_t i = 0; i < got; i++) {
        char own[16];
        do {
            assert_true(at > 0);
            at--;
        } while (m->facts[at].deleted || (type.len && m->facts[at].type != FACT_PAGE)
                 || (only.len && !slice_eq(only, event_name(m->facts[at].event, own))));
        assert_int_equal(facts[i].seq, at + 1);
        same(m, &facts[i]);
    }
}

struct history {
    struct model *m;
    uint32_t customer;
    int64_t before;
    size_t n;
};

static enum err_code history_fact(void *arg, const struct fact *fact, struct err *e)
{
    struct history *h = arg;
    (void)e;
    same(h->m, fact);
    assert_int_equal(fact->customer, h->customer);
    assert_true(fact->seq > h->before);
    h->before = fact->seq;
    h->n++;
    return ERR_OK;
}

static void history_all(struct model *m, uint32_t customer, int64_t until)
{
    struct err e = { 0 };
    struct history h = { m, customer, 0, 0 };
    size_t want = 0;
    for (size_t i = 0; i < m->n && (int64_t)i < until; i++)
        want += m->facts[i].customer == customer && !m->facts[i].deleted;
    memory_read_lock(m->lab.memory);
    check(log_history(memory_log(m->lab.memory), m->lab.read, customer, until, history_fact, &h, &e), &e);
    memory_read_unlock(m->lab.memory);
    assert_int_equal(h.n, want);
}

/* ---- tests ---- */

static void model_open(struct model *m, uint64_t seed)
{
    *m = (struct model){ .random = seed };
    lab_open_with(&m->lab, (struct lab_options){ .part_rows = PART_ROWS });
    m->facts = calloc(FACTS + 400, sizeof *m->facts);
    m->known = calloc((SOURCES + 1) * IDS, sizeof *m->known);
    assert_true(m->facts && m->known);
}

static void model_close(struct model *m)
{
    lab_close(&m->lab);
    free(m->facts);
    free(m->known);
}

static void reads_what_was_told(void **state)
{
    (void)state;
    struct model m;
    model_open(&m, 42);
    for (int round = 0; m.n < FACTS && round < 60; round++) {
        append_some(&m);
        edit_one(&m);
        if (round % 7 == 3)
            lab_reopen(&m.lab);
        for (int i = 0; i < 6; i++)
            page_through(&m);
        recent_some(&m);
        history_all(&m, 1 + (uint32_t)next(&m, CUSTOMERS - 1), (int64_t)next(&m, m.n) + 1);
        scan_all(&m);
        arena_reset(m.lab.mem);
    }
    assert_true(m.n > 10 * PART_ROWS);
    assert_true(lab_number(&m.lab, "SELECT count(*) FROM log_parts") > 5);
    model_close(&m);
}

/* Ids stay known for the whole window wherever they lie, and leave it once their part has. */
static void window_expires(void **state)
{
    (void)state;
    struct model m;
    struct err e = { 0 };
    struct append *a = calloc(1, sizeof *a);
    assert_non_null(a);
    model_open(&m, 7);
    for (a->n = 0; a->n < 150; a->n++)
        a->told[a->n] = (struct told){ .timestamp_ms = LAB_NOW, .customer = 1, .source = 1,
                                       .id = (uint32_t)a->n, .type = FACT_TRACK };
    check(lab_run(&m.lab, append_act, a, &e), &e);
    assert_int_equal(a->duplicates, 0);
    m.lab.clock.fixed_ms += DEDUPE_WINDOW_MS;
    check(lab_run(&m.lab, append_act, a, &e), &e);
    assert_int_equal(a->duplicates, 150);
    lab_reopen(&m.lab);
    check(lab_run(&m.lab, append_act, a, &e), &e);
    assert_int_equal(a->duplicates, 150);
    m.lab.clock.fixed_ms += 2;
    lab_reopen(&m.lab);
    check(lab_run(&m.lab, append_act, a, &e), &e);
    assert_int_equal(a->duplicates, 0);
    free(a);
    model_close(&m);
}

/* Message 0 is stored under message 1's hash: 1 must still be taken, from the open part and from a sealed one. */
static void a_collision_loses_nothing(void **state)
{
    (void)state;
    struct model m;
    struct err e = { 0 };
    struct store_conn *write = NULL;
    char sql[128];
    model_open(&m, 7);
    struct append a = { .n = 1, .told = { { .timestamp_ms = LAB_NOW, .customer = 1, .source = 1 } } };
    check(lab_run(&m.lab, append_act, &a, &e), &e);
    uint64_t hash = log_message_hash(memory_log(m.lab.memory), 1, SLICE("message-1"));
    lab_stop(&m.lab);
    check(store_open(slice_of(m.lab.dir), (struct store_options){ 0 }, &m.lab.store, &e), &e);
    check(store_conn_new(m.lab.store, STORE_WRITE, &write, &e), &e);
    snprintf(sql, sizeof sql, "UPDATE facts_000001 SET message_hash = %lld", (long long)hash);
    check(store_exec(write, sql, &e), &e);
    store_conn_drop(&write);
    store_drop(&m.lab.store);
    check(lab_try_start(&m.lab, &e), &e);
    a.told[0].id = 1;
    check(lab_run(&m.lab, append_act, &a, &e), &e);
    assert_int_equal(a.duplicates, 0);
    for (a.n = 0; a.n < PART_ROWS; a.n++)  // seals the part with both
        a.told[a.n] = (struct told){ .timestamp_ms = LAB_NOW, .source = 1, .id = (uint32_t)a.n + 10 };
    check(lab_run(&m.lab, append_act, &a, &e), &e);
    lab_reopen(&m.lab);
    assert_int_equal(lab_number(&m.lab, "SELECT count(*) FROM log_parts"), 2);
    a.n = 1;
    a.told[0].id = 1;
    check(lab_run(&m.lab, append_act, &a, &e), &e);
    assert_int_equal(a.duplicates, 1);
    model_close(&m);
}

/* An open part is closed after a month even when little came in. */
static void month_ends_a_part(void **state)
{
    (void)state;
    struct model m;
    struct err e = { 0 };
    model_open(&m, 7);
    struct append a = { .n = 1, .told = { { .timestamp_ms = LAB_NOW, .customer = 1, .source = 1, .id = 1 } } };
    check(lab_run(&m.lab, append_act, &a, &e), &e);
    assert_int_equal(lab_number(&m.lab, "SELECT count(*) FROM log_parts"), 1);
    m.lab.clock.fixed_ms += INT64_C(30) * 86400000;
    a.told[0].id = 2;
    check(lab_run(&m.lab, append_act, &a, &e), &e);
    lab_reopen(&m.lab);  // the writer seals behind `done`
    assert_int_equal(lab_number(&m.lab, "SELECT count(*) FROM log_parts"), 2);
    model_close(&m);
}

static void refuses_what_is_not_there(void **state)
{
    (void)state;
    struct model m;
    struct err e = { 0 };
    struct fact fact;
    size_t got;
    model_open(&m, 7);
    assert_int_equal(log_get(memory_log(m.lab.memory), m.lab.read, 1, m.lab.mem, &fact, &e), ERR_NOT_FOUND);
    assert_int_equal(log_get(memory_log(m.lab.memory), m.lab.read, -1, m.lab.mem, &fact, &e), ERR_NOT_FOUND);
    struct edit edit = { 5, true, 0 };
    assert_int_equal(lab_run(&m.lab, edit_act, &edit, &e), ERR_NOT_FOUND);
    assert_int_equal(log_last_seq(memory_log(m.lab.memory)), 0);
    uint32_t customer = 1;
    struct log_query q = { .customers = &customer, .n = 1, .type = SLICE("nonsense"), .limit = 1 };
    assert_int_equal(log_read(memory_log(m.lab.memory), m.lab.read, &q, m.lab.mem, &fact, &got, &e),
                     ERR_INVALID);
    model_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_was_told),
        cmocka_unit_test(window_expires),
        cmocka_unit_test(a_collision_loses_nothing),
        cmocka_unit_test(month_ends_a_part),
        cmocka_unit_test(refuses_what_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

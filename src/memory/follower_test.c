/* Followers: told in order, saved and loaded, told again after a failure, shown the edited view. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "memory/memory_testing.h"

enum { CUSTOMERS = 8, MAX_FACTS = 4000 };

static void check(enum err_code code, const struct err *e)
{
    if (code)
        fail_msg("%s: %s", err_name(code), e->text);
}

/* Per customer the sum of "v" over its facts, and how many there were; and the facts told since the start. */
struct sums {
    int64_t sum[CUSTOMERS], count[CUSTOMERS];
    int64_t told, resets, last;
    int64_t fail_at;     // refuse the fact with this seq, `failures` times
    int failures;
    bool per_customer;
};

static enum err_code sums_apply(void *self, const struct fact *fact, struct err *e)
{
    struct sums *s = self;
    long long v = 0;
    if (fact->seq == s->fail_at && s->failures > 0) {
        s->failures--;
        return err_set(e, ERR_LIMIT, 0, "no memory, says the test");
    }
    if (!s->per_customer)  // only those are told a history again
        assert_int_equal(fact->seq, s->last + 1);
    s->last = fact->seq;
    s->told++;
    if (fact->type != FACT_TRACK)
        return ERR_OK;
    assert_int_equal(sscanf(fact->body.at, "{\"v\":%lld", &v), 1);
    s->sum[fact->customer] += v;
    s->count[fact->customer]++;
    return ERR_OK;
}

static void sums_forget(void *self, uint32_t customer)
{
    struct sums *s = self;
    assert_in_range(customer, 1, CUSTOMERS - 1);
    s->sum[customer] = s->count[customer] = 0;
}

static void sums_reset(void *self)
{
    struct sums *s = self;
    memset(s->sum, 0, sizeof s->sum);
    memset(s->count, 0, sizeof s->count);
    s->last = 0;
    s->resets++;
}

static enum err_code sums_save(void *self, struct snapshot_out *out, struct err *e)
{
    struct sums *s = self;
    static char padding[200000];  // more than a chunk
    TRY(snapshot_put(out, s->sum, sizeof s->sum, e));
    TRY(snapshot_put(out, padding, sizeof padding, e));
    TRY(snapshot_put(out, s->count, sizeof s->count, e));
    return snapshot_put(out, &s->last, sizeof s->last, e);
}

static enum err_code sums_load(void *self, struct snapshot_in *in, struct err *e)
{
    struct sums *s = self;
    static char padding[200000];
    TRY(snapshot_get(in, s->sum, sizeof s->sum, e));
    TRY(snapshot_get(in, padding, sizeof padding, e));
    TRY(snapshot_get(in, s->count, sizeof s->count, e));
    return snapshot_get(in, &s->last, sizeof s->last, e);
}

static struct follower follower_of(struct sums *s, const char *name)
{
    return (struct follower){ .name = name, .version = 1, .per_customer = s->per_customer,
                              .apply = sums_apply, .forget = sums_forget, .reset = sums_reset,
                              .save = sums_save, .load = sums_load, .self = s };
}

/* ---- writing ---- */

struct tell {
    int64_t n, v;
};

static enum err_code tell_act(void *arg, struct tx *tx, struct err *e)
{
    const struct tell *t = arg;
    for (int64_t i = 0; i < t->n; i++) {
        char body[64];
        snprintf(body, sizeof body, "{\"v\":%lld}", (long long)(t->v + i));
        struct fact fact = { .type = FACT_TRACK, .customer = (uint32_t)(1 + i % (CUSTOMERS - 1)), .source = 1,
                             .timestamp_ms = LAB_NOW - i, .original_ms = FACT_NO_TIME,
                             .sent_ms = FACT_NO_TIME, .received_ms = tx->now_ms, .body = slice_of(body) };
        TRY(tx_append(tx, &fact, e));
    }
    return ERR_OK;
}

static void tell(struct lab *lab, int64_t n, int64_t v)
{
    struct err e = { 0 };
    struct tell t = { n, v };
    check(lab_run(lab, tell_act, &t, &e), &e);
}

struct edit {
    int64_t seq, v;  // v < 0: delete
};

static enum err_code edit_act(void *arg, struct tx *tx, struct err *e)
{
    const struct edit *edit = arg;
    char body[64], patch[32];
    snprintf(patch, sizeof patch, "{\"v\":%lld}", (long long)edit->v);
    snprintf(body, sizeof body, "{\"seq\":%lld}", (long long)edit->seq);
    struct fact fact = { .type = edit->v < 0 ? FACT_DELETION : FACT_CORRECTION, .timestamp_ms = LAB_NOW,
                         .original_ms = FACT_NO_TIME, .sent_ms = FACT_NO_TIME, .received_ms = FACT_NO_TIME,
                         .body = slice_of(body) };
    TRY(tx_append(tx, &fact, e));
    return log_edit(tx->log, edit->seq, edit->v < 0 ? LOG_EDIT_DELETION : LOG_EDIT_CORRECTION, fact.seq,
                    slice_of(patch), e);
}

static void edit(struct lab *lab, int64_t seq, int64_t v)
{
    struct err e = { 0 };
    check(lab_run(lab, edit_act, &(struct edit){ seq, v }, &e), &e);
}

/* What the log says the sums are: the edited view for per-customer followers, as written for the others. */
static void sums_check(struct lab *lab, const struct sums *s)
{
    struct sums want = { .per_customer = true };
    struct fact *facts;
    struct err e = { 0 };
    arena_reset(lab->mem);
    size_t n = lab_facts(lab, !s->per_customer, &facts);
    for (size_t i = 0; i < n; i++)
        check(sums_apply(&want, &facts[i], &e), &e);
    memory_read_lock(lab->memory);
    assert_memory_equal(s->sum, want.sum, sizeof s->sum);
    assert_memory_equal(s->count, want.count, sizeof s->count);
    memory_read_unlock(lab->memory);
}

static void snapshot_path(const struct lab *lab, const char *name, char out[128])
{
    snprintf(out, 128, "%s/snapshots/%s.snap", lab->dir, name);
}

/* ---- tests ---- */

static void a_restart_loads_and_replays_the_rest(void **state)
{
    struct lab lab;
    struct sums s = { 0 };
    struct follower f = follower_of(&s, "sums");
    (void)state;
    lab_open_with(&lab, (struct lab_options){ .part_rows = 100, .followers = &f, .n_followers = 1 });
    tell(&lab, 350, 1);
    sums_check(&lab, &s);
    assert_int_equal(s.told, 350);
    s.told = 0;
    lab_reopen(&lab);
    assert_int_equal(s.told, 0);  // all was in the snapshot
    assert_int_equal(memory_stats(lab.memory).replayed_at_start, 0);
    sums_check(&lab, &s);
    tell(&lab, 30, 5);
    sums_check(&lab, &s);
    f.version = 2;  // another layout: from the first fact
    s.told = 0;
    lab_reopen(&lab);
    assert_int_equal(s.told, 380);
    sums_check(&lab, &s);
    lab_close(&lab);
}

/* Every byte of a snapshot that changes, every length it is cut to: told again, never wrong. */
static void a_damaged_snapshot_is_replaced(void **state)
{
    struct lab lab;
    struct sums s = { 0 };
    struct follower f = follower_of(&s, "sums");
    char path[128];
    (void)state;
    lab_open_with(&lab, (struct lab_options){ .followers = &f, .n_followers = 1 });
    tell(&lab, 20, 1);
    snapshot_path(&lab, "sums", path);
    struct err e = { 0 };
    for (int64_t at = 0, size = 1; at < size; at += at < 60 ? 1 : 9973) {
        lab_stop(&lab);
        int fd = open(path, O_RDWR);
        assert_true(fd >= 0);
        size = lseek(fd, 0, SEEK_END);
        unsigned char byte;
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 0x40;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        if (at % 3 == 0)
            assert_int_equal(ftruncate(fd, at), 0);
        close(fd);
        s.told = 0;
        check(lab_try_start(&lab, &e), &e);
        assert_int_equal(s.told, 20);
        sums_check(&lab, &s);
    }
    lab_close(&lab);
}

/* A database restored from an older copy has a snapshot ahead of it: not used, now or later. */
static void a_snapshot_ahead_of_the_log_is_removed(void **state)
{
    struct lab lab;
    struct err e = { 0 };
    struct sums s = { 0 };
    struct follower f = follower_of(&s, "sums");
    char path[128], command[512];
    (void)state;
    lab_open_with(&lab, (struct lab_options){ .followers = &f, .n_followers = 1 });
    tell(&lab, 10, 1);
    lab_stop(&lab);
    snprintf(command, sizeof command, "cp %s/tendero.db %s/older", lab.dir, lab.dir);
    assert_int_equal(system(command), 0);
    check(lab_try_start(&lab, &e), &e);
    tell(&lab, 10, 100);
    lab_stop(&lab);
    snprintf(command, sizeof command, "rm -f %s/tendero.db-*; mv %s/older %s/tendero.db", lab.dir, lab.dir,
             lab.dir);
    assert_int_equal(system(command), 0);
    check(lab_try_start(&lab, &e), &e);
    snapshot_path(&lab, "sums", path);
    assert_int_not_equal(access(path, F_OK), 0);
    sums_check(&lab, &s);
    tell(&lab, 30, 7);
    sums_check(&lab, &s);
    lab_close(&lab);
}

static void a_failing_follower_is_told_again(void **state)
{
    struct lab lab;
    struct sums good = { 0 }, bad = { .fail_at = 15, .failures = 2 };
    struct follower both[2] = { follower_of(&bad, "bad"), follower_of(&good, "good") };
    (void)state;
    lab_open_with(&lab, (struct lab_options){ .part_rows = 16, .followers = both, .n_followers = 2 });
    tell(&lab, 20, 1);
    sums_check(&lab, &good);
    tell(&lab, 20, 1);
    lab.clock.fixed_ms += 5000;  // a second later it is tried again
    tell(&lab, 20, 1);
    tell(&lab, 1, 1);
    lab_stop(&lab);
    struct err e = { 0 };
    check(lab_try_start(&lab, &e), &e);
    assert_int_equal(bad.failures, 0);
    sums_check(&lab, &bad);
    sums_check(&lab, &good);
    lab_close(&lab);
}

static void edits_are_told(void **state)
{
    struct lab lab;
    struct err e = { 0 };
    struct sums view = { .per_customer = true }, raw = { 0 };
    struct follower both[2] = { follower_of(&view, "view"), follower_of(&raw, "raw") };
    char path[128];
    (void)state;
    lab_open_with(&lab, (struct lab_options){ .part_rows = 64, .followers = both, .n_followers = 2 });
    for (int round = 0; round < 12; round++) {
        tell(&lab, 40, round);
        edit(&lab, 1 + round * 3, 1000);      // an older one, mostly in a sealed part
        edit(&lab, 1 + round * 3, 2000);      // corrected twice
        edit(&lab, 2 + round * 3, -1);
        edit(&lab, round * 44 + 5, round % 2 ? -1 : 500);
        sums_check(&lab, &view);
        sums_check(&lab, &raw);
        if (round % 4 == 1)
            lab_reopen(&lab);
        if (round % 4 == 3) {                 // from the first fact
            lab_stop(&lab);
            snapshot_path(&lab, "view", path);
            assert_int_equal(unlink(path), 0);
            check(lab_try_start(&lab, &e), &e);
            sums_check(&lab, &view);
        }
    }
    lab_close(&lab);
}

/* A kill leaves the snapshot of a while ago: facts after it are told, edits of facts before it too. */
static void an_older_snapshot_meets_newer_edits(void **state)
{
    struct lab lab;
    struct err e = { 0 };
    struct sums view = { .per_customer = true };
    struct follower f = follower_of(&view, "view");
    char command[512];
    (void)state;
    lab_open_with(&lab, (struct lab_options){ .part_rows = 64, .followers = &f, .n_followers = 1 });
    tell(&lab, 50, 1);
    lab_stop(&lab);
    snprintf(command, sizeof command, "cp %s/snapshots/view.snap %s/older", lab.dir, lab.dir);
    assert_int_equal(system(command), 0);
    check(lab_try_start(&lab, &e), &e);
    tell(&lab, 50, 1);
    edit(&lab, 3, 900);
    edit(&lab, 60, 800);
    edit(&lab, 61, -1);
    edit(&lab, 4, -1);
    lab_stop(&lab);
    snprintf(command, sizeof command, "mv %s/older %s/snapshots/view.snap", lab.dir, lab.dir);
    assert_int_equal(system(command), 0);
    check(lab_try_start(&lab, &e), &e);
    sums_check(&lab, &view);
    lab_close(&lab);
}

static void snapshots_are_saved_while_running(void **state)
{
    struct lab lab;
    struct sums s = { 0 };
    struct follower f = follower_of(&s, "sums");
    char path[128];
    (void)state;
    lab_open_with(&lab, (struct lab_options){ .snapshot_every = 100, .followers = &f, .n_followers = 1 });
    tell(&lab, 150, 1);
    snapshot_path(&lab, "sums", path);
    for (int waited = 0; access(path, F_OK) && waited < 10000; waited++)
        usleep(1000);
    assert_int_equal(access(path, F_OK), 0);
    lab_close(&lab);
}

static enum err_code source_act(void *arg, struct tx *tx, struct err *e)
{
    return tx_source(tx, SLICE("shop"), arg, e);
}

static enum err_code source_refused_act(void *arg, struct tx *tx, struct err *e)
{
    TRY(tx_source(tx, SLICE("other"), arg, e));
    return err_set(e, ERR_INVALID, 0, "refused on purpose");
}

static void sources_have_names(void **state)
{
    struct lab lab;
    struct err e = { 0 };
    uint32_t shop = 0, other = 0, again = 0;
    (void)state;
    lab_open(&lab);
    assert_int_equal(lab_run(&lab, source_refused_act, &other, &e), ERR_INVALID);
    check(lab_run(&lab, source_act, &shop, &e), &e);
    lab_reopen(&lab);
    check(lab_run(&lab, source_act, &again, &e), &e);
    assert_int_equal(shop, again);
    memory_read_lock(lab.memory);
    assert_true(slice_is(memory_source_name(lab.memory, shop), "shop"));
    assert_true(slice_is(memory_source_name(lab.memory, shop + 1), ""));
    assert_true(slice_is(memory_source_name(lab.memory, 0), ""));
    memory_read_unlock(lab.memory);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restart_loads_and_replays_the_rest),
        cmocka_unit_test(a_damaged_snapshot_is_replaced),
        cmocka_unit_test(a_snapshot_ahead_of_the_log_is_removed),
        cmocka_unit_test(a_failing_follower_is_told_again),
        cmocka_unit_test(edits_are_told),
        cmocka_unit_test(an_older_snapshot_meets_newer_edits),
        cmocka_unit_test(snapshots_are_saved_while_running),
        cmocka_unit_test(sources_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

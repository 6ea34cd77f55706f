/* A short life of the log, for tests that make its allocations fail: as store_life.c, but through the writer,
 * with parts of 8 facts, so that sealing is met too, and one history corrected and read back.
 *
 * usage: log_life DIR
 * Appends numbers after the greatest one there and prints each as soon as it is acknowledged. Exit 0: done;
 * 1: refused, with one line that says why. Anything else is a flaw.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/store/migrations.h"
#include "memory/memory.h"

enum { NUMBERS = 20, PART_ROWS = 8, MAX_FACTS = 100000 };

struct number {
    struct command command;
    int64_t n;
};

static enum err_code number_run(struct command *command, struct tx *tx, struct err *e)
{
    const struct number *number = (const struct number *)(const void *)command;
    char id[24], body[48];
    uint32_t source;
    bool known;
    TRY(tx_source(tx, SLICE("life"), &source, e));
    snprintf(id, sizeof id, "%lld", (long long)number->n);
    TRY(log_known(tx->log, source, slice_of(id), &known, e));
    if (known)
        return err_set(e, ERR_CORRUPT, 0, "the new number %s is known already", id);
    struct fact fact = { .type = FACT_TRACK, .customer = (uint32_t)(1 + number->n % 3), .source = source,
                         .message_id = slice_of(id), .timestamp_ms = number->n, .original_ms = FACT_NO_TIME,
                         .sent_ms = FACT_NO_TIME, .received_ms = tx->now_ms, .body = SLICE("{\"v\":1}") };
    TRY(tx_append(tx, &fact, e));
    if (number->n % 5)
        return ERR_OK;
    snprintf(body, sizeof body, "{\"seq\":%lld}", (long long)fact.seq);
    struct fact edit = { .type = FACT_CORRECTION, .timestamp_ms = number->n, .original_ms = FACT_NO_TIME,
                         .sent_ms = FACT_NO_TIME, .received_ms = tx->now_ms, .body = slice_of(body) };
    TRY(tx_append(tx, &edit, e));
    return log_edit(tx->log, fact.seq, LOG_EDIT_CORRECTION, edit.seq, SLICE("{\"v\":2}"), e);
}

/* Sums what it is told: enough to tell whether it was told everything. */
struct sum {
    int64_t facts;
};

static enum err_code sum_apply(void *self, const struct fact *fact, struct err *e)
{
    (void)fact, (void)e;
    ((struct sum *)self)->facts++;
    return ERR_OK;
}

static void sum_reset(void *self)
{
    ((struct sum *)self)->facts = 0;
}

static enum err_code sum_save(void *self, struct snapshot_out *out, struct err *e)
{
    return snapshot_put(out, self, sizeof(struct sum), e);
}

static enum err_code sum_load(void *self, struct snapshot_in *in, struct err *e)
{
    return snapshot_get(in, self, sizeof(struct sum), e);
}

/* The greatest number in the log, read as a page of all three histories. */
static enum err_code greatest(struct memory *memory, struct store_conn *read, int64_t *ret, struct err *e)
{
    static const uint32_t histories[] = { 1, 2, 3 };
    struct log_query q = { .customers = histories, .n = 3, .since_ms = FACT_NO_TIME, .until_ms = FACT_NO_TIME,
                           .limit = 10 };
    struct fact facts[10];
    size_t got = 0;
    AUTO(arena) mem = arena_new((size_t)1 << 20);
    if (!mem)
        return err_set(e, ERR_LIMIT, 0, "no memory to read");
    memory_read_lock(memory);
    enum err_code code = log_read(memory_log(memory), read, &q, mem, facts, &got, e);
    memory_read_unlock(memory);
    TRY(code);
    *ret = 0;
    if (got && !slice_i64(facts[0].message_id, ret))
        return err_set(e, ERR_CORRUPT, 0, "a message id is no number");
    return ERR_OK;
}

static enum err_code numbers_append(struct memory *memory, struct store_conn *read, struct err *e)
{
    int64_t top, back;
    TRY(greatest(memory, read, &top, e));
    for (int64_t n = top + 1; n <= top + NUMBERS; n++) {
        struct number number = { .command = { .run = number_run, .facts = 2 }, .n = n };
        TRY(memory_run(memory, &number.command, e));
        char line[24];
        int len = snprintf(line, sizeof line, "%lld\n", (long long)n);
        if (write(1, line, (size_t)len) != len)
            return err_set(e, ERR_IO, 0, "standard output is closed");
        TRY(greatest(memory, read, &back, e));
        if (back != n)
            _exit(4);  // acknowledged and not read: a flaw, whatever failed before
    }
    return ERR_OK;
}

static enum err_code migrated(struct store *store, struct err *e)
{
    AUTO(store_conn) conn = NULL;
    int applied;
    TRY(store_conn_new(store, STORE_WRITE, &conn, e));
    return migrate_run(conn, migrations_all, migrations_count, 1, &applied, e);
}

static enum err_code life(const char *dir, struct err *e)
{
    AUTO(store) store = NULL;
    AUTO(memory) memory = NULL;
    AUTO(store_conn) read = NULL;
    struct sum sum = { 0 };
    struct follower follower = { .name = "sum", .version = 1, .apply = sum_apply, .reset = sum_reset,
                                 .save = sum_save, .load = sum_load, .self = &sum };
    struct memory_options options = { .dir = dir, .clock = &sys_clock_real, .log_part_rows = PART_ROWS,
                                      .snapshot_every = 10 };
    TRY(store_open(slice_of(dir), (struct store_options){ 0 }, &store, e));
    TRY(migrated(store, e));
    TRY(memory_new(store, options, &memory, e));
    memory_follow(memory, &follower);
    TRY(memory_start(memory, e));
    TRY(store_conn_new(store, STORE_READ, &read, e));
    enum err_code code = numbers_append(memory, read, e);
    memory_stop(memory);
    if (!code && sum.facts != log_last_seq(memory_log(memory)))
        _exit(5);  // a follower missed a fact
    store_conn_drop(&read);
    memory_drop(&memory);
    return code;
}

int main(int argc, char **argv)
{
    struct err e = { 0 };
    if (argc != 2)
        return 2;
    if (!life(argv[1], &e))
        return 0;
    ssize_t told = write(2, e.text, strlen(e.text));
    return e.text[0] && told > 0 ? 1 : 3;
}

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/store/migrations.h"
#include "memory/customers.h"
#include "memory/memory_testing.h"

#define LAB_BYTES (256u << 20)

static void need(enum err_code code, const struct err *e, const char *what)
{
    if (code)
        fail_msg("%s: %s", what, e->text);
}

static enum err_code started(struct lab *lab, struct err *e)
{
    struct memory_options options = { .dir = lab->dir, .clock = &lab->clock,
                                      .log_part_rows = lab->options.part_rows,
                                      .snapshot_every = lab->options.snapshot_every };
    TRY(store_open(slice_of(lab->dir), (struct store_options){ .vfs = lab->options.vfs }, &lab->store, e));
    TRY(migrate_store(lab->store, migrations_all, migrations_count, LAB_NOW, e));
    TRY(memory_new(lab->store, options, &lab->memory, e));
    for (size_t i = 0; i < lab->options.n_followers; i++)
        memory_follow(lab->memory, &lab->options.followers[i]);
    TRY(memory_start(lab->memory, e));
    return store_conn_new(lab->store, STORE_READ, &lab->read, e);
}

void lab_stop(struct lab *lab)
{
    store_conn_drop(&lab->read);
    memory_drop(&lab->memory);
    store_drop(&lab->store);
}

enum err_code lab_try_start(struct lab *lab, struct err *e)
{
    enum err_code code = started(lab, e);
    if (code)
        lab_stop(lab);
    return code;
}

static void start(struct lab *lab)
{
    struct err e = { 0 };
    need(lab_try_start(lab, &e), &e, "start");
}

void lab_open_with(struct lab *lab, struct lab_options options)
{
    *lab = (struct lab){ .options = options, .clock = sys_clock_fixed(LAB_NOW) };
    /* In memory where there is such a folder: syncing a disk thousands of times proves nothing here. */
    snprintf(lab->dir, sizeof lab->dir, "%s/tendero-lab-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    assert_non_null(mkdtemp(lab->dir));
    lab->mem = arena_new(LAB_BYTES);
    lab->parser = json_parser_new();
    assert_true(lab->mem && lab->parser);
    start(lab);
}

void lab_open(struct lab *lab)
{
    lab_open_with(lab, (struct lab_options){ 0 });
}

void lab_reopen(struct lab *lab)
{
    lab_stop(lab);
    start(lab);
}

void lab_close(struct lab *lab)
{
    char command[128];
    lab_stop(lab);
    arena_drop(&lab->mem);
    json_parser_drop(&lab->parser);
    snprintf(command, sizeof command, "rm -rf %s", lab->dir);
    assert_int_equal(system(command), 0);
}

int lab_setup(void **state)
{
    struct lab *lab = malloc(sizeof *lab);
    assert_non_null(lab);
    lab_open(lab);
    *state = lab;
    return 0;
}

int lab_teardown(void **state)
{
    struct lab *lab = *state;
    lab_close(lab);
    free(lab);
    return 0;
}

const char *lab_file(struct lab *lab, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    struct buf text = buf_make(0);
    char block[4096];
    for (size_t n; (n = fread(block, 1, sizeof block, file)) > 0;)
        buf_add(&text, (struct slice){ block, n });
    fclose(file);
    assert_false(text.failed);
    const char *at = arena_copy(lab->mem, buf_slice(&text)).at;
    buf_drop(&text);
    assert_non_null(at);
    return at;
}

struct act {
    struct command command;  // first
    enum err_code (*act)(void *, struct tx *, struct err *);
    void *arg;
    enum err_code code;
    struct err e;
};

static enum err_code act_run(struct command *command, struct tx *tx, struct err *e)
{
    struct act *act = (struct act *)(void *)command;
    return act->act(act->arg, tx, e);
}

static void act_done(struct command *command, enum err_code code, const struct err *e)
{
    struct act *act = (struct act *)(void *)command;
    act->code = code;
    if (code && e)
        act->e = *e;
}

enum err_code lab_run(struct lab *lab, enum err_code (*act)(void *, struct tx *, struct err *), void *arg,
                      struct err *e)
{
    struct act a = { .command = { .run = act_run, .done = act_done, .facts = 1 }, .act = act, .arg = arg };
    enum err_code code = memory_run(lab->memory, &a.command, e);
    if (a.code && e)
        *e = a.e;
    return a.code ? a.code : code;
}

static void batch_done(struct command *command, enum err_code code, const struct err *e)
{
    struct act *told = ingest_arg(ingest_of(command));
    told->code = code;
    if (code && e)
        told->e = *e;
}

enum err_code lab_try_ingest(struct lab *lab, enum ingest_call call, uint32_t source, const char *body,
                             struct ingest_result *ret, struct err *e)
{
    struct ingest_batch *batch = NULL;
    struct slice key;
    struct act told = { .code = ERR_OK };
    TRY(ingest_parse(lab->parser, call, slice_of(body), &batch, &key, e));
    struct ingest_envelope env = { source, clock_now_ms(&lab->clock), SLICE("203.0.113.9"), SLICE("UA") };
    ingest_prepare(batch, env, batch_done, &told);
    enum err_code code = memory_run(lab->memory, ingest_command(batch), e);
    if (told.code) {
        code = told.code;
        *e = told.e;
    }
    *ret = ingest_result(batch);
    ingest_drop(&batch);
    return code;
}

struct ingest_result lab_ingest(struct lab *lab, enum ingest_call call, uint32_t source, const char *body)
{
    struct err e = { 0 };
    struct ingest_result result;
    need(lab_try_ingest(lab, call, source, body, &result, &e), &e, "ingest");
    return result;
}

void lab_must_run(struct lab *lab, enum err_code (*act)(void *arg, struct tx *, struct err *), void *arg)
{
    struct err e = { 0 };
    need(lab_run(lab, act, arg, &e), &e, "command");
}

int64_t lab_number(struct lab *lab, const char *sql)
{
    struct err e = { 0 };
    struct store_stmt *st;
    bool row = false;
    need(store_prepare(lab->read, slice_of(sql), &st, &e), &e, sql);
    need(store_step(st, &row, &e), &e, sql);
    assert_true(row);
    int64_t number = store_col_i64(st, 0);
    store_reset(st);
    return number;
}

size_t lab_facts(struct lab *lab, bool raw, struct fact **ret)
{
    enum { MAX = 100000 };
    struct err e = { 0 };
    size_t n = 0, got = 1;
    struct fact *facts = arena_array(lab->mem, struct fact, MAX);
    assert_non_null(facts);
    memory_read_lock(lab->memory);
    while (got && n < MAX) {
        need(log_scan(memory_log(lab->memory), lab->read, n ? facts[n - 1].seq : 0, MAX - n, raw, lab->mem,
                      facts + n, &got, &e), &e, "log_scan");
        n += got;
    }
    memory_read_unlock(lab->memory);
    assert_true(n < MAX);
    *ret = facts;
    return n;
}

uint32_t lab_customer(struct lab *lab, const char *kind, const char *value)
{
    memory_read_lock(lab->memory);
    const struct customers *c = memory_customers(lab->memory);
    uint32_t history = customers_find(c, (struct identifier){ slice_of(kind), slice_of(value) });
    uint32_t root = history ? customers_root(c, history) : 0;
    memory_read_unlock(lab->memory);
    return root;
}

/* Fits of the tiers in the store: a megabyte of states a command, so that the writer is not held up, and the fit behind them
 * all. */
#include <float.h>
#include <stdlib.h>

#include "insight/investment_room.h"
#include "insight/numbers.h"

#define STATE_BYTES 6u
#define CHUNK_STATES 131072u
#define CHUNK_BYTES ((size_t)CHUNK_STATES * STATE_BYTES)
#define REPORT_BYTES ((size_t)1 << 16)
#define MOVES ((TIERS_COUNT + 1) * TIERS_COUNT)
#define CUTS 7
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for the tiers of customers")

/* ---- states ---- */
static void put_state(uint8_t *at, const struct tiers_state *s)
{
    uint32_t day = (uint32_t)s->since_day;
    at[0] = s->tier;
    at[1] = s->leaning;
    for (int i = 0; i < 4; i++)
        at[2 + i] = (uint8_t)(day >> 8 * i);
}

static bool get_state(const uint8_t *at, struct tiers_state *ret)
{
    uint32_t day = 0;
    for (int i = 0; i < 4; i++)
        day |= (uint32_t)at[2 + i] << 8 * i;
    *ret = (struct tiers_state){ at[0], at[1], (int32_t)day };
    return at[0] <= TIERS_NONE && at[1] <= TIERS_NONE;
}

struct keep_chunk {
    struct command command;          // first
    int64_t fit, chunk;
    struct slice states;
};

static enum err_code chunk_run(struct command *command, struct tx *tx, struct err *e)
{
    const struct keep_chunk *keep = (const struct keep_chunk *)command;
    struct store_stmt *st;
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO investment_states (fit, chunk, states) VALUES ($1, $2, $3) "
                                      "ON CONFLICT (fit, chunk) DO UPDATE SET states = excluded.states"), &st, e));
    store_bind_i64(st, 1, keep->fit);
    store_bind_i64(st, 2, keep->chunk);
    store_bind_blob(st, 3, keep->states);
    return store_run(st, e);
}

static enum err_code keep_states(struct investment *v, int64_t fit, const struct tiers_state *state, uint32_t states,
                                 struct err *e)
{
    uint8_t *bytes = malloc(CHUNK_BYTES);
    enum err_code code = bytes ? ERR_OK : NO_MEMORY(e);
    for (uint32_t from = 0; from < states && !code; from += CHUNK_STATES) {
        uint32_t n = states - from < CHUNK_STATES ? states - from : CHUNK_STATES;
        for (uint32_t i = 0; i < n; i++)
            put_state(bytes + (size_t)i * STATE_BYTES, &state[from + i]);
        struct keep_chunk keep = { { .run = chunk_run, .bytes = CHUNK_BYTES }, fit, from / CHUNK_STATES,
                                   { (const char *)bytes, (size_t)n * STATE_BYTES } };
        code = memory_run(v->memory, &keep.command, e);
    }
    free(bytes);
    return code;
}

/* ---- the fit ---- */
/* JSON has no infinity. */
static double cut_number(double cut)
{
    return fmin(cut, DBL_MAX);
}

static double number_cut(double cut)
{
    return cut < DBL_MAX ? cut : INFINITY;
}

static void write_report(const struct investment_fit *fit, struct buf *out)
{
    const struct tiers_cuts *c = &fit->cuts;
    const double cuts[CUTS] = { cut_number(c->valuable), cut_number(c->growable), c->floor, c->near_floor, c->reach_rate,
                                c->alive_least, c->margin };
    double tiers[TIERS_COUNT * 3], moved[MOVES];
    struct json_w w = json_w(out);
    for (size_t t = 0; t < TIERS_COUNT; t++) {
        tiers[3 * t] = (double)fit->tier[t].customers;
        tiers[3 * t + 1] = fit->tier[t].actual;
        tiers[3 * t + 2] = fit->tier[t].lifetime;
    }
    for (size_t i = 0; i < MOVES; i++)
        moved[i] = (double)fit->movement.customers[i / TIERS_COUNT][i % TIERS_COUNT];
    json_w_open(&w, '{');
    numbers_write(&w, "cuts", cuts, CUTS);
    numbers_write(&w, "tiers", tiers, TIERS_COUNT * 3);
    numbers_write(&w, "moved", moved, MOVES);
    numbers_write(&w, "movedValue", &fit->movement.value[0][0], MOVES);
    json_w_close(&w, '}');
}

static bool read_report(struct json report, struct investment_fit *fit)
{
    double cuts[CUTS], tiers[TIERS_COUNT * 3], moved[MOVES], value[MOVES];
    if (!numbers_read(report, "cuts", cuts, CUTS) || !numbers_read(report, "tiers", tiers, TIERS_COUNT * 3)
        || !numbers_read(report, "moved", moved, MOVES) || !numbers_read(report, "movedValue", value, MOVES))
        return false;
    fit->cuts = (struct tiers_cuts){ number_cut(cuts[0]), number_cut(cuts[1]), cuts[2], cuts[3], cuts[4], cuts[5], cuts[6] };
    for (size_t t = 0; t < TIERS_COUNT; t++)
        fit->tier[t] = (struct investment_tier){ (uint64_t)fmax(tiers[3 * t], 0), tiers[3 * t + 1], tiers[3 * t + 2] };
    for (size_t i = 0; i < MOVES; i++) {
        fit->movement.customers[i / TIERS_COUNT][i % TIERS_COUNT] = (uint64_t)fmax(moved[i], 0);
        fit->movement.value[i / TIERS_COUNT][i % TIERS_COUNT] = value[i];
    }
    return true;
}

struct keep_fit {
    struct command command;          // first
    const struct investment_fit *fit;
    struct slice report;
};

static enum err_code fit_run(struct command *command, struct tx *tx, struct err *e)
{
    static const char *const others[] = { "DELETE FROM investment_fits WHERE id <> $1",
                                          "DELETE FROM investment_states WHERE fit <> $1" };
    const struct keep_fit *keep = (const struct keep_fit *)command;
    const struct investment_fit *fit = keep->fit;
    struct store_stmt *st;
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO investment_fits (id, fitted_ms, day, value_fit, report) "
                                      "VALUES ($1, $2, $3, $4, $5)"), &st, e));
    store_bind_i64(st, 1, fit->id);
    store_bind_i64(st, 2, fit->fitted_ms);
    store_bind_i64(st, 3, fit->day);
    store_bind_i64(st, 4, fit->value_fit);
    store_bind_text(st, 5, keep->report);
    TRY(store_run(st, e));
    for (size_t i = 0; i < 2; i++) {
        TRY(store_prepare(tx->conn, slice_of(others[i]), &st, e));
        store_bind_i64(st, 1, fit->id);
        TRY(store_run(st, e));
    }
    return ERR_OK;
}

enum err_code investment_keep(struct investment *v, const struct investment_fit *fit, const struct tiers_state *state,
                              uint32_t states, struct err *e)
{
    struct buf report = buf_make(REPORT_BYTES);
    write_report(fit, &report);
    enum err_code code = buf_check(&report, "the report of the tiers", e);
    if (!code)
        code = keep_states(v, fit->id, state, states, e);
    struct keep_fit keep = { { .run = fit_run, .bytes = REPORT_BYTES }, fit, buf_slice(&report) };
    if (!code)
        code = memory_run(v->memory, &keep.command, e);
    buf_drop(&report);
    return code;
}

/* ---- back from the store ---- */
static enum err_code read_fit(struct store_conn *conn, struct investment_fit *ret, bool *is, struct err *e)
{
    struct store_stmt *st;
    bool row;
    AUTO(json_parser) parser = json_parser_new();
    struct json report;
    struct investment_fit fit = { 0 };
    if (!parser)
        return NO_MEMORY(e);
    TRY(store_prepare(conn, SLICE("SELECT id, fitted_ms, day, value_fit, report FROM investment_fits ORDER BY id DESC LIMIT 1"),
                      &st, e));
    TRY(store_step(st, &row, e));
    if (row) {
        fit.id = store_col_i64(st, 0);
        fit.fitted_ms = store_col_i64(st, 1);
        fit.day = (int32_t)store_col_i64(st, 2);
        fit.value_fit = store_col_i64(st, 3);
        struct err flaw;
        *is = !json_parse(parser, store_col_text(st, 4), &report, &flaw) && read_report(report, &fit);
        *ret = fit;
    }
    store_reset(st);
    return ERR_OK;
}

/* Adds a chunk's states behind those that are there. */
static bool add_states(struct investment *v, struct slice bytes, bool *ok)
{
    uint32_t n = (uint32_t)(bytes.len / STATE_BYTES);
    *ok = *ok && bytes.len % STATE_BYTES == 0 && n <= CHUNK_STATES && v->states % CHUNK_STATES == 0;
    if (!*ok || !n)
        return true;
    struct tiers_state *state = realloc(v->state, (v->states + (size_t)n) * sizeof *state);
    if (!state)
        return false;
    v->state = state;
    for (uint32_t i = 0; i < n; i++)
        *ok = get_state((const uint8_t *)bytes.at + (size_t)i * STATE_BYTES, &state[v->states + i]) && *ok;
    v->states += n;
    return true;
}

static enum err_code read_states(struct investment *v, struct store_conn *conn, int64_t fit, bool *ok, struct err *e)
{
    struct store_stmt *st;
    bool more = true, memory = true;
    *ok = true;
    TRY(store_prepare(conn, SLICE("SELECT chunk, states FROM investment_states WHERE fit = $1 ORDER BY chunk"), &st, e));
    store_bind_i64(st, 1, fit);
    while (more && memory) {
        TRY(store_step(st, &more, e));
        if (!more)
            break;
        *ok = *ok && store_col_i64(st, 0) == v->states / CHUNK_STATES;
        memory = add_states(v, store_col_blob(st, 1), ok);
    }
    store_reset(st);
    return memory ? ERR_OK : NO_MEMORY(e);
}

enum err_code investment_read(struct investment *v, struct store_conn *conn, struct err *e)
{
    struct investment_fit fit = { 0 };
    bool is = false, ok = false;
    TRY(read_fit(conn, &fit, &is, e));
    v->last_id = fit.id;
    if (is)
        TRY(read_states(v, conn, fit.id, &ok, e));
    if (is && ok) {
        v->fit = fit;
        return ERR_OK;
    }
    free(v->state);                  // everybody is seen for the first time
    v->state = NULL;
    v->states = 0;
    v->fit = (struct investment_fit){ 0 };
    return ERR_OK;
}

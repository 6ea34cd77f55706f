/* A decision over everybody as CSV: one line a customer with what the saved table says and the rules that hit.
 *
 * Pieces    a table may ask for much work a customer, so each piece is made on a thread of the pool and the loop takes
 *           it when it is there; exports take turns with each other and with whatever else the pool does.
 * Ends      whoever ends last, the stream or the piece that is being made, frees what they share.
 */
#include <stdio.h>
#include <stdlib.h>

#include "api/model_ask.h"
#include "api/model_rows.h"
#include "engine/feel/value_json.h"
#include "sys/clock.h"
#include "text/csv.h"

#define PIECE_BYTES (48u << 10)
#define PIECE_NS INT64_C(50000000)       // then others have their turn
#define STEP_CUSTOMERS 256
#define NO_ROOM(e) err_set(e, ERR_LIMIT, 0, "no memory for the export")

struct base_export {
    struct api *api;
    const struct api_options *rooms;
    struct model_rows *rows;
    struct store_conn *conn;
    struct arena *mem, *cells;    // of a step, of a line
    bool undecided;               // are written, too
    atomic_bool gone;             // the stream has ended
    pthread_mutex_t lock;         // guards what follows
    enum { PIECE_NONE, PIECE_ASKED, PIECE_READY } state;
    bool more;
    enum err_code code;
    struct buf piece;
};

static void base_export_drop(struct base_export **at)
{
    struct base_export *x = *at;
    if (!x)
        return;
    model_rows_drop(&x->rows);
    store_conn_drop(&x->conn);
    arena_drop(&x->mem);
    arena_drop(&x->cells);
    buf_drop(&x->piece);
    pthread_mutex_destroy(&x->lock);
    free(x);
    *at = NULL;
}

/* ---- lines ---- */

/* Texts as they are, the rest as FEEL's string() or, where it has parts, as JSON. */
static enum err_code write_value(struct base_export *x, struct value v, struct err *e)
{
    struct buf text = buf_make(0);
    bool parts = v.kind == VALUE_LIST || v.kind == VALUE_CONTEXT;
    struct json_w w = json_w(&text);
    if (value_is_null(v))
        return ERR_OK;
    if (parts)
        value_to_json(v, &w);
    else if (v.kind == VALUE_STRING)
        buf_add(&text, v.string);
    else
        value_print(v, &text);
    enum err_code code = buf_check(&text, "an answer", e);
    if (!code)
        csv_write_safe(&x->piece, buf_slice(&text));
    buf_drop(&text);
    return code;
}

static enum err_code write_line(struct base_export *x, const struct model_row *row, struct err *e)
{
    struct memory *memory = x->rooms->memory;
    struct customer_face face;
    size_t n;
    (void)model_rows_outputs(x->rows, &n);
    arena_reset(x->cells);
    memory_read_lock(memory);
    enum err_code code = customers_face(memory_customers(memory), x->conn, row->root, x->cells, &face, e);
    memory_read_unlock(memory);
    TRY(code);
    buf_printf(&x->piece, "c%u,", row->root);
    csv_write_safe(&x->piece, face.user_id);
    buf_addc(&x->piece, ',');
    csv_write_safe(&x->piece, face.email);
    for (size_t o = 0; o < n; o++) {
        buf_addc(&x->piece, ',');
        TRY(write_value(x, row->output[o], e));
    }
    buf_addc(&x->piece, ',');
    for (size_t h = 0; h < row->n_hits; h++)
        buf_printf(&x->piece, h ? " %zu" : "%zu", row->hit[h] + 1);
    buf_adds(&x->piece, "\r\n");
    return ERR_OK;
}

static void write_head(struct base_export *x)
{
    size_t n;
    const struct slice *output = model_rows_outputs(x->rows, &n);
    buf_adds(&x->piece, "customer,userId,email");
    for (size_t o = 0; o < n; o++) {
        buf_addc(&x->piece, ',');
        csv_write_safe(&x->piece, output[o]);
    }
    buf_adds(&x->piece, ",rules\r\n");
}

/* ---- pieces ---- */
static enum err_code make_piece(struct base_export *x, bool *more, struct err *e)
{
    int64_t end_ns = clock_steady_ns() + PIECE_NS;
    do {
        struct model_row *row;
        size_t n;
        arena_reset(x->mem);
        TRY(model_rows_next(x->rows, STEP_CUSTOMERS, x->mem, &row, &n, e));
        for (size_t i = 0; i < n; i++)
            if (x->undecided || row[i].state != ROW_UNDECIDED)
                TRY(write_line(x, &row[i], e));
        *more = n > 0 && !atomic_load(&x->gone);
    } while (*more && x->piece.len < PIECE_BYTES && clock_steady_ns() < end_ns);
    return buf_check(&x->piece, "a piece of the export", e);
}

static void piece_work(void *arg)
{
    struct base_export *x = arg;
    struct api *api = x->api;
    struct err ignored;
    bool more = false;
    enum err_code code = make_piece(x, &more, &ignored);
    pthread_mutex_lock(&x->lock);
    x->code = code;
    x->more = more;
    x->state = PIECE_READY;
    bool gone = atomic_load(&x->gone);
    pthread_mutex_unlock(&x->lock);
    if (gone)
        base_export_drop(&x);
    api_count_work(api, false);
}

/* Under the lock. A pool that is full is asked again. */
static void ask_piece(struct base_export *x)
{
    struct err ignored;
    api_count_work(x->api, true);
    if (pool_submit(x->rooms->jobs, piece_work, x, &ignored))
        api_count_work(x->api, false);
    else
        x->state = PIECE_ASKED;
}

static enum err_code take_piece(struct base_export *x, struct buf *out, bool *more)
{
    if (x->state == PIECE_READY) {
        if (x->code)
            return x->code;
        buf_add(out, buf_slice(&x->piece));
        buf_clear(&x->piece);
        *more = x->more;
        x->state = PIECE_NONE;
    }
    if (x->state == PIECE_NONE && *more)
        ask_piece(x);
    return ERR_OK;
}

static enum err_code export_next(void *arg, struct buf *out, bool *more, struct err *e)
{
    struct base_export *x = arg;
    (void)e;
    pthread_mutex_lock(&x->lock);
    enum err_code code = take_piece(x, out, more);
    pthread_mutex_unlock(&x->lock);
    return code;
}

static void export_end(void *arg)
{
    struct base_export *x = arg;
    pthread_mutex_lock(&x->lock);
    bool asked = x->state == PIECE_ASKED, back = asked && pool_withdraw(x->rooms->jobs, piece_work, x);
    atomic_store(&x->gone, true);
    pthread_mutex_unlock(&x->lock);
    if (back)
        api_count_work(x->api, false);
    if (!asked || back)
        base_export_drop(&x);
}

/* ---- asking for it ---- */
struct export_ask {
    struct model_asked *asked;
    bool undecided;
    struct base_export *made;
};

static enum err_code export_begin(struct call *call, const struct export_ask *ask, struct base_export *x, struct err *e)
{
    x->api = call->api;
    x->rooms = call->rooms;
    x->undecided = ask->undecided;
    x->piece = buf_make(0);
    x->mem = arena_new(MODEL_WORK_BYTES);
    x->cells = arena_new((size_t)1 << 20);
    if (!x->mem || !x->cells)
        return NO_ROOM(e);
    TRY(model_rows_new(call->rooms, ask->asked->row.text, ask->asked->decision, &x->rows, e));
    TRY(model_rows_begin(x->rows, call->now_ms, e));
    TRY(store_conn_new(memory_store(call->rooms->memory), STORE_READ, &x->conn, e));
    write_head(x);
    return ERR_OK;
}

static enum err_code export_run(struct call *call, void *arg, struct err *e)
{
    struct export_ask *ask = arg;
    struct base_export *x = ask->made = calloc(1, sizeof *x);
    if (!x)
        return NO_ROOM(e);
    pthread_mutex_init(&x->lock, NULL);
    enum err_code code = export_begin(call, ask, x, e);
    if (code)
        base_export_drop(&ask->made);
    return code;
}

static enum err_code export_begun(struct call *call, void *arg, struct err *e)
{
    const struct export_ask *ask = arg;
    char name[80];
    int n = snprintf(name, sizeof name, "attachment; filename=\"model-%lld-version-%lld.csv\"",
                     (long long)ask->asked->id, (long long)ask->asked->row.version);
    (void)e;
    call_end(call, 200);
    http_set_header(call->http, "Content-Disposition", (struct slice){ name, (size_t)n });
    http_set_header(call->http, "Cache-Control", SLICE("no-store"));
    http_reply_stream(call->http, 200, SLICE("text/csv; charset=utf-8"),
                      (struct http_stream){ export_next, export_end, ask->made });
    return ERR_OK;
}

enum err_code model_export(struct call *call, struct err *e)
{
    struct slice undecided;
    struct export_ask *ask = arena_one(call->mem, struct export_ask);
    if (!ask)
        return NO_ROOM(e);
    TRY(model_asked_new(call, true, &ask->asked, e));
    TRY(call_query(call, "decision", &ask->asked->decision, e));
    TRY(call_query(call, "undecided", &undecided, e));
    if (!ask->asked->decision.len)
        return err_set(e, ERR_INVALID, 0, "/decision: say which: ?decision=NAME");
    if (undecided.len && !slice_is(undecided, "true") && !slice_is(undecided, "false"))
        return err_set(e, ERR_INVALID, 0, "/undecided: is true or false");
    ask->undecided = !slice_is(undecided, "false");
    return call_slow(call, (struct call_slow){ export_run, export_begun, ask }, e);
}

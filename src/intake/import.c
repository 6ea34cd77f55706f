#include "intake/import.h"

#include <assert.h>
#include <stdlib.h>

#include "intake/batch.h"
#include "sys/clock.h"

bool import_format_parse(struct slice name, enum import_format *ret)
{
    static const char *const names[] = { "online-retail", "csv", "ndjson" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!slice_is(name, names[i]))
            continue;
        *ret = (enum import_format)i;
        return true;
    }
    return false;
}

enum err_code import_source(void *arg, char *out, size_t cap, size_t *n, struct err *e)
{
    struct import *import = arg;
    return line_file_read(import->file, out, cap, n, e);
}

enum err_code import_step(struct import *import, struct err *e)
{
    atomic_store(&import->progress->bytes_done, line_file_done_bytes(import->file));
    if (atomic_load(&import->progress->cancel))
        return err_set(e, ERR_BUSY, 0, "cancelled: what had been committed stays, a new run goes on from there");
    return ERR_OK;
}

/* ---- rejects ---- */

static enum err_code rejects_open(struct import *import, struct err *e)
{
    if (import->rejects_file || !import->options->rejects_path)
        return ERR_OK;
    TRY(file_draft_new(import->options->rejects_path, &import->rejects_file, e));
    buf_adds(&import->rejects, "line,reason,remedy,row\r\n");
    return ERR_OK;
}

static enum err_code rejects_write(struct import *import, struct err *e)
{
    if (!import->rejects_file || !import->rejects.len)
        return ERR_OK;
    TRY(file_draft_write(import->rejects_file, import->rejects.at, import->rejects.len, e));
    buf_clear(&import->rejects);
    return ERR_OK;
}

enum err_code import_reject(struct import *import, int64_t line, const char *reason, const char *remedy,
                            struct slice row, struct err *e)
{
    atomic_fetch_add(&import->progress->rejected, 1);
    TRY(rejects_open(import, e));
    if (!import->rejects_file)
        return ERR_OK;
    struct buf *out = &import->rejects;
    buf_printf(out, "%lld,", (long long)line);
    csv_write(out, slice_of(reason));
    buf_addc(out, ',');
    csv_write(out, slice_of(remedy));
    buf_addc(out, ',');
    csv_write_safe(out, row);
    buf_adds(out, "\r\n");
    TRY(buf_check(out, "the list of refused rows", e));
    return out->len > ((size_t)1 << 20) ? rejects_write(import, e) : ERR_OK;
}

/* ---- batches ---- */

/* Takes back the batch that is away; what it refused joins the refused rows. */
static enum err_code take_back(struct import *import, struct err *e)
{
    struct refusal refusal;
    TRY(batch_wait(import->away, import->progress, e));
    while (batch_refused(import->away, &refusal))
        TRY(import_reject(import, refusal.line, refusal.reason, "mend the event, see docs/API.md", refusal.row,
                          e));
    batch_clear(import->away);
    return ERR_OK;
}

/* Sends what is filled and waits for the one before: reading and committing go side by side. */
static enum err_code swap_batches(struct import *import, struct err *e)
{
    TRY(take_back(import, e));
    struct import_batch *filled = import->filling;
    import->filling = import->away;
    import->away = filled;
    return batch_empty(filled) ? ERR_OK : batch_send(filled, e);
}

static enum err_code room_for_one(struct import *import, struct err *e)
{
    return batch_full(import->filling) ? swap_batches(import, e) : ERR_OK;
}

enum err_code import_put_event(struct import *import, const struct import_event *event, struct err *e)
{
    if (import->options->dry_run) {
        atomic_fetch_add(&import->progress->imported, event->rows);
        atomic_fetch_add(&import->progress->amount_micro, event->amount_micro);
        return ERR_OK;
    }
    TRY(room_for_one(import, e));
    return batch_event(import->filling, event, e);
}

enum err_code import_put_product(struct import *import, const struct product *product, int64_t rows,
                                 struct err *e)
{
    if (import->options->dry_run) {
        atomic_fetch_add(&import->progress->imported, rows);
        return ERR_OK;
    }
    TRY(room_for_one(import, e));
    return batch_product(import->filling, product, rows, e);
}

enum err_code import_put_category(struct import *import, const struct category *category, struct err *e)
{
    if (import->options->dry_run)
        return ERR_OK;
    TRY(room_for_one(import, e));
    return batch_category(import->filling, category, e);
}

enum err_code import_flush(struct import *import, struct err *e)
{
    TRY(swap_batches(import, e));
    return take_back(import, e);
}

/* ---- CSV ---- */

static enum err_code csv_take(struct import *import, struct csv *csv, const struct import_table *table,
                              struct err *e)
{
    struct csv_record record = { 0 };
    bool more = true;
    TRY(csv_next(csv, &record, &more, e));
    if (!more)
        return err_set(e, ERR_INVALID, 1, "the file is empty");
    TRY(table->header(table->arg, &record, e));
    for (;;) {
        struct err flaw;
        enum err_code code = csv_next(csv, &record, &more, &flaw);
        if (code && code != ERR_INVALID)
            return err_set(e, code, flaw.pos, "%s", flaw.text);
        if (!code && !more)
            return ERR_OK;
        atomic_fetch_add(&import->progress->rows, 1);
        arena_reset(import->scratch);
        if (code)
            TRY(import_reject(import, (int64_t)flaw.pos, flaw.text, "mend the quotes of the line", SLICE(""), e));
        else
            TRY(table->record(table->arg, &record, e));
        TRY(import_step(import, e));
    }
}

enum err_code import_csv(struct import *import, const struct import_table *table, struct err *e)
{
    AUTO(csv) csv = NULL;
    TRY(csv_new(import_source, import, table->separator, &csv, e));
    return csv_take(import, csv, table, e);
}

/* ---- the run ---- */

/* Order lines of one shop may come in several files that overlap: they share a source. */
static struct slice usual_name(const struct import_options *options)
{
    const char *slash = strrchr(options->path, '/');
    return options->format == IMPORT_ONLINE_RETAIL ? SLICE("online-retail")
                                                   : slice_of(slash ? slash + 1 : options->path);
}

static enum err_code import_open(struct import *import, struct err *e)
{
    import->scratch = arena_new((size_t)8 << 20);
    if (!import->scratch)
        return err_set(e, ERR_LIMIT, 0, "no memory to import");
    TRY(batch_new(import->memory, import->source_name, &import->filling, e));
    TRY(batch_new(import->memory, import->source_name, &import->away, e));
    TRY(line_file_new(import->options->path, &import->file, e));
    atomic_store(&import->progress->bytes_total, line_file_total_bytes(import->file));
    return ERR_OK;
}

static void import_close(struct import *import)
{
    struct import_progress ignored = { 0 };
    if (import->away && batch_wait(import->away, &ignored, NULL)) {
        // the error that ended the import is told already
    }
    batch_drop(&import->filling);
    batch_drop(&import->away);
    line_file_drop(&import->file);
    file_draft_drop(&import->rejects_file);
    buf_drop(&import->rejects);
    arena_drop(&import->scratch);
}

enum err_code import_run(struct memory *memory, struct catalogue *catalogue,
                         const struct import_options *options, struct import_progress *progress,
                         struct err *e)
{
    assert(memory && catalogue && options && progress);
    struct import import = { .memory = memory, .options = options, .progress = progress,
                             .rejects = buf_make((size_t)8 << 20),
                             .source_name = options->name.len ? options->name : usual_name(options) };
    atomic_store(&progress->started_ns, clock_steady_ns());
    enum err_code code = import_open(&import, e);
    if (!code)
        code = options->format == IMPORT_ONLINE_RETAIL ? import_online_retail(&import, e)
                                                       : import_mapped(&import, e);
    if (!code)
        code = import_flush(&import, e);
    struct err later;
    enum err_code rejects_code = rejects_write(&import, &later);
    if (!rejects_code && import.rejects_file)
        rejects_code = file_draft_commit(&import.rejects_file, &later);
    if (!code && rejects_code) {
        code = rejects_code;
        if (e)
            *e = later;
    }
    import_close(&import);
    atomic_store(&progress->ended_ns, clock_steady_ns());
    return code;
}

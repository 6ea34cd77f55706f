/* Bulk files to facts: order lines, CSV and NDJSON with a mapping.
 *
 * online-retail  the UCI "Online Retail" form: InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,
 *                CustomerID,Country. The lines of an invoice become one fact, Order Completed, as a shop's own
 *                client would send it; an invoice "C…" becomes Order Refunded (quantities stay negative, as
 *                in the file). Lines without a customer are facts of nobody. Sums of quantity * price are kept
 *                exactly. Products enter the catalogue with their most frequent description and last price.
 * csv, ndjson    a mapping file (JSON, docs/IMPORT.md) says which column or member is what: an event, a
 *                customer's traits, or a product.
 * Twice          each fact has a messageId made from the source and its own content, so a second run adds nothing; an
 *                invoice that has changed since becomes Order Updated.
 * Restart        facts are committed in order; a run after a kill skips what is there. Progress by bytes.
 * Rejects        one CSV line each: line number, reason, remedy, the line as it was. Nothing else is held up.
 */
#ifndef TENDERO_INTAKE_IMPORT_H
#define TENDERO_INTAKE_IMPORT_H

#include <stdatomic.h>

#include "memory/memory.h"
#include "offers/catalogue.h"

enum import_format { IMPORT_ONLINE_RETAIL, IMPORT_CSV, IMPORT_NDJSON };
bool import_format_parse(struct slice name, enum import_format *ret);

struct import_options {
    enum import_format format;
    const char *path;           // plain or gzip
    struct slice name;          // of the source; empty: "online-retail", or the file's name
    struct slice mapping;       // JSON text; csv and ndjson only
    const char *rejects_path;   // where rejected rows go; written only when there are any
    bool dry_run;               // reads and checks everything, writes nothing
    int64_t shift_ms;           // added to every time (the demo moves the shop to yesterday)
};
struct import_progress {        // written by the job, read by anybody
    _Atomic int64_t bytes_done, bytes_total, rows, imported, duplicates, rejected, facts, amount_micro;
    _Atomic int64_t started_ns, ended_ns;
    atomic_bool cancel;
};
/* Runs to the end (or cancel: ERR_BUSY "cancelled") on the caller's thread. */
MUST_CHECK enum err_code import_run(struct memory *, struct catalogue *, const struct import_options *,
                                    struct import_progress *, struct err *e);

#endif

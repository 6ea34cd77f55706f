/* Inside intake: events and products that are committed together. */
#ifndef TENDERO_INTAKE_BATCH_H
#define TENDERO_INTAKE_BATCH_H

#include "intake/import_room.h"

#define BATCH_ITEMS 500
#define BATCH_BYTES ((size_t)2 << 20)

struct import_batch;
MUST_CHECK enum err_code batch_new(struct memory *, struct slice source, struct import_batch **ret,
                                   struct err *e);
void batch_drop(struct import_batch **);  // not while it is away
bool batch_full(const struct import_batch *);
bool batch_empty(const struct import_batch *);
/* Copies what it is given. */
MUST_CHECK enum err_code batch_event(struct import_batch *, const struct import_event *, struct err *e);
MUST_CHECK enum err_code batch_product(struct import_batch *, const struct product *, int64_t rows,
                                       struct err *e);
MUST_CHECK enum err_code batch_category(struct import_batch *, const struct category *, struct err *e);
/* Hands it to the writer; batch_wait brings it back with what it did added to the progress. */
MUST_CHECK enum err_code batch_send(struct import_batch *, struct err *e);
MUST_CHECK enum err_code batch_wait(struct import_batch *, struct import_progress *, struct err *e);
/* The events that the log's rules refused, one after the other; false when there is none left. */
struct refusal {
    int64_t line;
    const char *reason;
    struct slice row;
};
bool batch_refused(struct import_batch *, struct refusal *ret);
void batch_clear(struct import_batch *);  // for the next filling

#endif

/* CSV, RFC 4180: quotes, doubled quotes, line breaks inside quotes, LF or CRLF, optional UTF-8 BOM.
 *
 * A push-free reader: give it a source of bytes, take records. A record's slices are valid until the next
 * call. Empty lines are no records. Bytes are handed on as they are: whoever needs UTF-8 checks it.
 * Errors  ERR_INVALID with e->pos = line of the file (1-based) and column in the text; after it the
 *         reader stands behind the bad record and may go on.
 * Limits  LIMIT_CSV_RECORD bytes a record, LIMIT_CSV_FIELDS fields.
 */
#ifndef TENDERO_TEXT_CSV_H
#define TENDERO_TEXT_CSV_H

#include "base/err.h"
#include "base/slice.h"

struct csv;
typedef enum err_code (*csv_source)(void *arg, char *out, size_t cap, size_t *n, struct err *e);

struct csv_record {
    const struct slice *field;
    size_t fields;
    int64_t line;       // where the record begins, 1-based
    int64_t next_line;  // where the next one begins
    struct slice raw;   // the record's bytes without the line break
};

MUST_CHECK enum err_code csv_new(csv_source source, void *arg, char separator, struct csv **ret,
                                 struct err *e);
void csv_drop(struct csv **);
/* *more = false at the end. ERR_INVALID skips the bad record; other errors end the reading. */
MUST_CHECK enum err_code csv_next(struct csv *, struct csv_record *ret, bool *more, struct err *e);

/* Writes one field, quoted where it must be. A leading = + - @ of text gets no help here: exports that
 * spreadsheets open use csv_write_safe, which puts an apostrophe before it. */
struct buf;
void csv_write(struct buf *out, struct slice field);
void csv_write_safe(struct buf *out, struct slice field);

#endif

/* Inside intake: one import on its way, shared by the formats.
 *
 * A format reads records and hands over events and products; the room puts them in batches, each a command of
 * the writer, and reads on while the batch before is being committed.
 */
#ifndef TENDERO_INTAKE_IMPORT_ROOM_H
#define TENDERO_INTAKE_IMPORT_ROOM_H

#include "intake/import.h"
#include "sys/file.h"
#include "text/csv.h"
#include "text/json.h"

struct import_batch;

struct import {
    struct memory *memory;
    const struct import_options *options;
    struct import_progress *progress;
    struct line_file *file;
    struct slice source_name;
    struct import_batch *filling, *away;  // away: with the writer
    struct buf rejects;                   // not yet written
    struct file_draft *rejects_file;
    struct arena *scratch;                // one record's
};

/* One event. It counts as `rows` rows and `amount_micro` when it is committed. */
struct import_event {
    struct slice key;       // the importer's own; unique in the source
    uint64_t hash;          // of the content
    struct slice event;     // JSON string, put first; empty: `rest` has all members
    struct slice changed;   // the event's name when the key is there with another hash; empty: the same
    struct slice rest;      // the other members of the object, without brackets
    bool nobody;
    int64_t rows, amount_micro;
    int64_t line;           // of the file, for a refusal
};
MUST_CHECK enum err_code import_put_event(struct import *, const struct import_event *, struct err *e);
MUST_CHECK enum err_code import_put_product(struct import *, const struct product *, int64_t rows,
                                            struct err *e);
MUST_CHECK enum err_code import_put_category(struct import *, const struct category *, struct err *e);
/* Commits what is left and waits for it. */
MUST_CHECK enum err_code import_flush(struct import *, struct err *e);

/* Writes one refused row; the import goes on. */
MUST_CHECK enum err_code import_reject(struct import *, int64_t line, const char *reason, const char *remedy,
                                       struct slice row, struct err *e);
/* After each record: progress by bytes; ERR_BUSY when somebody cancelled. */
MUST_CHECK enum err_code import_step(struct import *, struct err *e);
/* The file's bytes, for parsers that ask for them. arg is the import. */
enum err_code import_source(void *arg, char *out, size_t cap, size_t *n, struct err *e);

/* Reads the file as CSV: `header` is told the first record, `record` each other one, with the scratch empty. Records
 * that cannot be read are refused rows; an error of either ends the import. */
struct import_table {
    char separator;
    enum err_code (*header)(void *arg, const struct csv_record *, struct err *e);
    enum err_code (*record)(void *arg, const struct csv_record *, struct err *e);
    void *arg;
};
MUST_CHECK enum err_code import_csv(struct import *, const struct import_table *, struct err *e);

MUST_CHECK enum err_code import_online_retail(struct import *, struct err *e);
MUST_CHECK enum err_code import_mapped(struct import *, struct err *e);

#endif

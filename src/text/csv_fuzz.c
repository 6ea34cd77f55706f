/* Reads any bytes in chunks of any size; each record, written again, reads as the same record. */
#include <stdlib.h>

#include "base/buf.h"
#include "text/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
    struct slice rest;
    size_t chunk;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static enum err_code source(void *arg, char *out, size_t cap, size_t *n, struct err *e)
{
    (void)e;
    struct bytes *b = arg;
    size_t some = b->rest.len < b->chunk ? b->rest.len : b->chunk;
    *n = some < cap ? some : cap;
    if (*n) {
        memcpy(out, b->rest.at, *n);
        b->rest = (struct slice){ b->rest.at + *n, b->rest.len - *n };
    }
    return ERR_OK;
}

static void reread(const struct csv_record *record)
{
    struct buf out = buf_make(0);
    for (size_t i = 0; i < record->fields; i++) {
        if (i)
            buf_addc(&out, ',');
        csv_write(&out, record->field[i]);
    }
    require(!out.failed);
    struct bytes b = { buf_slice(&out), SIZE_MAX };
    struct csv *csv = NULL;
    struct csv_record again;
    bool more = true;
    require(csv_new(source, &b, ',', &csv, NULL) == ERR_OK);
    require(csv_next(csv, &again, &more, NULL) == ERR_OK);
    /* One empty field is an empty line, which is no record; a BOM is only read at the start. */
    bool bom = slice_starts(buf_slice(&out), SLICE("\xEF\xBB\xBF"));
    require(more || out.len == 0 || bom);
    if (more && !bom) {
        require(again.fields == record->fields);
        for (size_t i = 0; i < record->fields; i++)
            require(slice_eq(again.field[i], record->field[i]));
    }
    csv_drop(&csv);
    buf_drop(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    struct bytes b = { { (const char *)data + 1, size - 1 }, data[0] + 1u };
    struct csv *csv = NULL;
    require(csv_new(source, &b, ',', &csv, NULL) == ERR_OK);
    int64_t line = 0;
    for (bool more = true; more;) {
        struct csv_record record;
        struct err e = { ERR_OK, 0, "" };
        enum err_code code = csv_next(csv, &record, &more, &e);
        require(code == ERR_OK || (code == ERR_INVALID && e.pos > 0));
        if (code || !more)
            continue;
        require(record.line > line && record.next_line >= record.line);
        line = record.line;
        reread(&record);
    }
    csv_drop(&csv);
    return 0;
}

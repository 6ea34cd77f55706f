#include "memory/log_index.h"

#include <assert.h>
#include <stdlib.h>

enum { CHUNK_BYTES = 4000, ENTRY_BYTES = 20, MESSAGE_BYTES = 12 };
enum { CHUNK_ENTRIES = CHUNK_BYTES / ENTRY_BYTES, CHUNK_MESSAGES = CHUNK_BYTES / MESSAGE_BYTES };
enum which { BY_CUSTOMER, BY_MESSAGE };
static_assert(CHUNK_ENTRIES == 200 && CHUNK_MESSAGES == 333, "the layout in the database");

void index_drop(struct log_index *index)
{
    free(index->heads);
    free(index->message_heads);
    *index = (struct log_index){ 0 };
}

/* ---- bytes ---- */

static void put(unsigned char *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t get(const unsigned char *at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

static void entry_put(unsigned char *at, const struct index_entry *entry)
{
    put(at, (uint64_t)entry->timestamp_ms, 8);
    put(at + 8, entry->customer, 4);
    put(at + 12, entry->row, 4);
    put(at + 16, entry->kind, 4);
}

static struct index_entry entry_get(const unsigned char *at)
{
    return (struct index_entry){ (int64_t)get(at, 8), (uint32_t)get(at + 8, 4), (uint32_t)get(at + 12, 4),
                                 (uint32_t)get(at + 16, 4) };
}

static int64_t chunk_id(size_t part, enum which which, size_t chunk)
{
    assert(chunk < 1u << 24);
    return ((int64_t)part * 2 + which) << 24 | (int64_t)chunk;
}

/* ---- writing ---- */

static enum err_code chunk_write(struct store_conn *conn, size_t part, enum which which, size_t chunk,
                                 const unsigned char *bytes, size_t len, struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(conn, SLICE("INSERT INTO log_index (id, bytes) VALUES ($1, $2)"), &stmt, e));
    store_bind_i64(stmt, 1, chunk_id(part, which, chunk));
    store_bind_blob(stmt, 2, (struct slice){ (const char *)bytes, len });
    return store_run(stmt, e);
}

static int entry_order(const void *a, const void *b)
{
    const struct index_entry *x = a, *y = b;
    if (x->customer != y->customer)
        return x->customer < y->customer ? -1 : 1;
    if (x->timestamp_ms != y->timestamp_ms)
        return x->timestamp_ms < y->timestamp_ms ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static int message_order(const void *a, const void *b)
{
    const struct message_entry *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static size_t entries_of(const struct open_part *open, struct index_entry *ret)
{
    size_t n = 0;
    for (size_t r = 0; r < open->n; r++)
        if (open->rows[r].customer)
            ret[n++] = (struct index_entry){ open->rows[r].timestamp_ms, open->rows[r].customer,
                                             (uint32_t)r, open->rows[r].kind };
    qsort(ret, n, sizeof *ret, entry_order);
    return n;
}

static size_t messages_of(const struct open_part *open, struct message_entry *ret)
{
    size_t n = 0;
    for (size_t r = 0; r < open->n; r++)
        if (open->rows[r].message_hash)
            ret[n++] = (struct message_entry){ open->rows[r].message_hash, (uint32_t)r };
    qsort(ret, n, sizeof *ret, message_order);
    return n;
}

static enum err_code entries_write(struct store_conn *conn, size_t part, const struct index_entry *entries,
                                   size_t n, struct log_index *ret, struct err *e)
{
    unsigned char bytes[CHUNK_BYTES];
    for (size_t at = 0; at < n; ret->n_heads++) {
        size_t in_chunk = 0;
        ret->heads[ret->n_heads] = entries[at];
        for (; in_chunk < CHUNK_ENTRIES && at < n; in_chunk++, at++)
            entry_put(bytes + in_chunk * ENTRY_BYTES, &entries[at]);
        TRY(chunk_write(conn, part, BY_CUSTOMER, ret->n_heads, bytes, in_chunk * ENTRY_BYTES, e));
    }
    return ERR_OK;
}

static enum err_code messages_write(struct store_conn *conn, size_t part,
                                    const struct message_entry *entries, size_t n, struct log_index *ret,
                                    struct err *e)
{
    unsigned char bytes[CHUNK_BYTES];
    for (size_t at = 0; at < n; ret->n_message_heads++) {
        size_t in_chunk = 0;
        ret->message_heads[ret->n_message_heads] = entries[at].hash;
        for (; in_chunk < CHUNK_MESSAGES && at < n; in_chunk++, at++) {
            put(bytes + in_chunk * MESSAGE_BYTES, entries[at].hash, 8);
            put(bytes + in_chunk * MESSAGE_BYTES + 8, entries[at].row, 4);
        }
        TRY(chunk_write(conn, part, BY_MESSAGE, ret->n_message_heads, bytes, in_chunk * MESSAGE_BYTES, e));
    }
    return ERR_OK;
}

static enum err_code heads_alloc(struct log_index *ret, size_t n_heads, size_t n_message_heads,
                                 struct err *e)
{
    *ret = (struct log_index){ 0 };
    ret->heads = calloc(n_heads + 1, sizeof *ret->heads);
    ret->message_heads = calloc(n_message_heads + 1, sizeof *ret->message_heads);
    if (ret->heads && ret->message_heads)
        return ERR_OK;
    index_drop(ret);
    return err_set(e, ERR_LIMIT, 0, "no memory for the index of a part");
}

enum err_code index_write(struct store_conn *conn, size_t part, const struct open_part *open,
                          struct log_index *ret, struct err *e)
{
    struct log_index made;
    struct index_entry *entries = calloc(open->n + 1, sizeof *entries);
    struct message_entry *messages = calloc(open->n + 1, sizeof *messages);
    enum err_code code = entries && messages ? ERR_OK
                                             : err_set(e, ERR_LIMIT, 0, "no memory to sort a part");
    if (!code)
        code = heads_alloc(&made, open->n / CHUNK_ENTRIES + 1, open->n / CHUNK_MESSAGES + 1, e);
    if (!code) {
        code = entries_write(conn, part, entries, entries_of(open, entries), &made, e);
        if (!code)
            code = messages_write(conn, part, messages, messages_of(open, messages), &made, e);
        if (code)
            index_drop(&made);
    }
    free(entries);
    free(messages);
    if (!code)
        *ret = made;
    return code;
}

void index_save(const struct log_index *index, struct buf *heads, struct buf *message_heads)
{
    unsigned char bytes[ENTRY_BYTES];
    for (size_t i = 0; i < index->n_heads; i++) {
        entry_put(bytes, &index->heads[i]);
        buf_add(heads, (struct slice){ (const char *)bytes, ENTRY_BYTES });
    }
    for (size_t i = 0; i < index->n_message_heads; i++) {
        put(bytes, index->message_heads[i], 8);
        buf_add(message_heads, (struct slice){ (const char *)bytes, 8 });
    }
}

enum err_code index_load(struct slice heads, struct slice message_heads, struct log_index *ret,
                         struct err *e)
{
    struct log_index made;
    if (heads.len % ENTRY_BYTES || message_heads.len % 8)
        return err_set(e, ERR_CORRUPT, 0, "the index of a part of the log is damaged: restore a backup");
    TRY(heads_alloc(&made, heads.len / ENTRY_BYTES, message_heads.len / 8, e));
    for (; made.n_heads < heads.len / ENTRY_BYTES; made.n_heads++)
        made.heads[made.n_heads] =
            entry_get((const unsigned char *)heads.at + made.n_heads * ENTRY_BYTES);
    for (; made.n_message_heads < message_heads.len / 8; made.n_message_heads++)
        made.message_heads[made.n_message_heads] =
            get((const unsigned char *)message_heads.at + made.n_message_heads * 8, 8);
    *ret = made;
    return ERR_OK;
}

/* ---- reading ---- */

struct chunk {
    unsigned char bytes[CHUNK_BYTES];
    size_t n;  // entries
};

static enum err_code chunk_read(struct store_conn *conn, size_t part, enum which which, size_t at,
                                size_t entry_bytes, struct chunk *ret, struct err *e)
{
    struct store_stmt *stmt;
    bool row;
    TRY(store_prepare(conn, SLICE("SELECT bytes FROM log_index WHERE id = $1"), &stmt, e));
    store_bind_i64(stmt, 1, chunk_id(part, which, at));
    TRY(store_step(stmt, &row, e));
    struct slice bytes = row ? store_col_blob(stmt, 0) : (struct slice){ 0 };
    bool good = bytes.len && bytes.len <= CHUNK_BYTES && bytes.len % entry_bytes == 0;
    if (good) {
        memcpy(ret->bytes, bytes.at, bytes.len);
        ret->n = bytes.len / entry_bytes;
    }
    store_reset(stmt);
    return good ? ERR_OK
                : err_set(e, ERR_CORRUPT, at, "the index of part %zu of the log is damaged: restore a "
                          "backup", part + 1);
}

/* How many of the entries lie before `key`. */
static size_t entries_before(const struct chunk *chunk, const struct index_entry *key)
{
    size_t low = 0, high = chunk->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct index_entry entry = entry_get(chunk->bytes + middle * ENTRY_BYTES);
        if (entry_order(&entry, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The last chunk whose head lies before `key`, or the first. */
static size_t chunk_of(const struct log_index *index, const struct index_entry *key)
{
    size_t low = 0, high = index->n_heads;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (entry_order(&index->heads[middle], key) < 0)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static enum err_code walk_forward(const struct log_index *index, struct store_conn *conn, size_t part,
                                  const struct index_query *q, struct err *e)
{
    struct chunk chunk;
    struct index_entry key = { .timestamp_ms = q->low_ms, .customer = q->customer };
    bool stop = false;
    for (size_t at = chunk_of(index, &key); at < index->n_heads; at++) {
        TRY(chunk_read(conn, part, BY_CUSTOMER, at, ENTRY_BYTES, &chunk, e));
        for (size_t i = entries_before(&chunk, &key); i < chunk.n; i++) {
            struct index_entry entry = entry_get(chunk.bytes + i * ENTRY_BYTES);
            if (entry.customer != q->customer || entry.timestamp_ms > q->high_ms)
                return ERR_OK;
            TRY(q->each(q->arg, &entry, &stop, e));
            if (stop)
                return ERR_OK;
        }
    }
    return ERR_OK;
}

static enum err_code walk_backward(const struct log_index *index, struct store_conn *conn, size_t part,
                                   const struct index_query *q, struct err *e)
{
    struct chunk chunk;
    struct index_entry key = { q->high_ms, q->customer, UINT32_MAX, 0 };
    bool stop = false;
    for (size_t at = chunk_of(index, &key) + 1; at-- > 0;) {
        TRY(chunk_read(conn, part, BY_CUSTOMER, at, ENTRY_BYTES, &chunk, e));
        for (size_t i = entries_before(&chunk, &key); i-- > 0;) {
            struct index_entry entry = entry_get(chunk.bytes + i * ENTRY_BYTES);
            if (entry.customer != q->customer || entry.timestamp_ms < q->low_ms)
                return ERR_OK;
            TRY(q->each(q->arg, &entry, &stop, e));
            if (stop)
                return ERR_OK;
        }
    }
    return ERR_OK;
}

enum err_code index_customer(const struct log_index *index, struct store_conn *conn, size_t part,
                             const struct index_query *q, struct err *e)
{
    assert(q->customer);
    if (!index->n_heads)
        return ERR_OK;
    return q->backward ? walk_backward(index, conn, part, q, e) : walk_forward(index, conn, part, q, e);
}

/* How many hashes of the chunk are smaller. */
static size_t messages_before(const struct chunk *chunk, uint64_t hash)
{
    size_t low = 0, high = chunk->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (get(chunk->bytes + middle * MESSAGE_BYTES, 8) < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

enum err_code index_message(const struct log_index *index, struct store_conn *conn, size_t part,
                            uint64_t hash,
                            enum err_code (*each)(void *arg, uint32_t row, bool *stop, struct err *e),
                            void *arg, struct err *e)
{
    struct chunk chunk;
    size_t low = 0, high = index->n_message_heads;
    bool stop = false;
    while (high - low > 1) {  // the last chunk whose head is smaller, or the first
        size_t middle = low + (high - low) / 2;
        if (index->message_heads[middle] < hash)
            low = middle;
        else
            high = middle;
    }
    for (; low < index->n_message_heads && index->message_heads[low] <= hash; low++) {
        TRY(chunk_read(conn, part, BY_MESSAGE, low, MESSAGE_BYTES, &chunk, e));
        for (size_t i = messages_before(&chunk, hash); i < chunk.n; i++) {
            if (get(chunk.bytes + i * MESSAGE_BYTES, 8) != hash)
                return ERR_OK;
            TRY(each(arg, (uint32_t)get(chunk.bytes + i * MESSAGE_BYTES + 8, 4), &stop, e));
            if (stop)
                return ERR_OK;
        }
    }
    return ERR_OK;
}

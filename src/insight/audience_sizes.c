#include "insight/audience_sizes.h"

#define SIZES_MAX 400

enum err_code audience_sizes(struct store_conn *conn, int64_t id, struct arena *mem, struct audience_size **ret,
                             size_t *n, struct err *e)
{
    struct store_stmt *st;
    bool more;
    *ret = arena_array(mem, struct audience_size, SIZES_MAX);
    *n = 0;
    if (!*ret)
        return err_set(e, ERR_LIMIT, 0, "no memory for the sizes");
    TRY(store_prepare(conn, SLICE("SELECT day, customers FROM (SELECT day, customers FROM audience_sizes "
                                  "WHERE audience = $1 ORDER BY day DESC LIMIT 400) s ORDER BY day"), &st, e));
    store_bind_i64(st, 1, id);
    for (;;) {
        TRY(store_step(st, &more, e));
        if (!more)
            return ERR_OK;
        (*ret)[(*n)++] = (struct audience_size){ (int32_t)store_col_i64(st, 0), store_col_i64(st, 1) };
    }
}

enum err_code tx_audience_size(struct tx *tx, int64_t id, int32_t day, int64_t customers, struct err *e)
{
    struct store_stmt *st;
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO audience_sizes (audience, day, customers) VALUES ($1, $2, $3) "
                                      "ON CONFLICT (audience, day) DO UPDATE SET customers = excluded.customers"), &st, e));
    store_bind_i64(st, 1, id);
    store_bind_i64(st, 2, day);
    store_bind_i64(st, 3, customers);
    bool row;
    return store_step(st, &row, e);
}

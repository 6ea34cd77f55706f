#include <assert.h>

#include "base/limits.h"
#include "memory/ingest_memory.h"

enum err_code trait_schemas(struct store_conn *conn, struct arena *mem, struct trait_schema **ret, size_t *n,
                            struct err *e)
{
    struct store_stmt *st;
    TRY(store_prepare(conn, SLICE("SELECT name, label_en, label_es, purpose, type, rule, first_seen_ms, "
                                  "customers FROM trait_schema ORDER BY name"), &st, e));
    struct trait_schema *rows = arena_array(mem, struct trait_schema, LIMIT_TRAIT_SCHEMA);
    size_t got = 0;
    for (bool row; rows && got < LIMIT_TRAIT_SCHEMA; got++) {
        TRY(store_step(st, &row, e));
        if (!row)
            break;
        rows[got] = (struct trait_schema){
            .name = arena_copy(mem, store_col_text(st, 0)), .label_en = arena_copy(mem, store_col_text(st, 1)),
            .label_es = arena_copy(mem, store_col_text(st, 2)),
            .purpose = arena_copy(mem, store_col_text(st, 3)), .type = (enum trait_type)store_col_i64(st, 4),
            .rule = (enum trait_rule)store_col_i64(st, 5), .first_seen_ms = store_col_i64(st, 6),
            .customers = store_col_i64(st, 7) };
        if (rows[got].type == TRAIT_UNTOLD)
            rows[got].type = TRAIT_TEXT;
        if (!rows[got].name.at || !rows[got].purpose.at)
            rows = NULL;
    }
    store_reset(st);
    if (!rows)
        return err_set(e, ERR_LIMIT, 0, "the schema needs more memory than a request may use");
    *ret = rows;
    *n = got;
    return ERR_OK;
}

static void bind_changed(struct store_stmt *st, int param, struct slice text)
{
    if (text.len)
        store_bind_text(st, param, text);
    else
        store_bind_null(st, param);
}

static void bind_number(struct store_stmt *st, int param, int number)
{
    if (number >= 0)
        store_bind_i64(st, param, number);
    else
        store_bind_null(st, param);
}

enum err_code tx_trait_schema_edit(struct tx *tx, struct slice name, const struct trait_schema_edit *edit,
                                   struct err *e)
{
    assert(tx && edit && edit->type <= TRAIT_MIXED && edit->rule <= RULE_ALL);
    struct store_stmt *st;
    TRY(store_prepare(tx->conn,
                      SLICE("UPDATE trait_schema SET label_en = COALESCE($2, label_en), "
                            "label_es = COALESCE($3, label_es), purpose = COALESCE($4, purpose), "
                            "decided = CASE WHEN $5 IS NULL THEN decided ELSE 1 END, "
                            "type = COALESCE($5, type), rule = COALESCE($6, rule) WHERE name = $1"), &st, e));
    store_bind_text(st, 1, name);
    bind_changed(st, 2, edit->label_en);
    bind_changed(st, 3, edit->label_es);
    bind_changed(st, 4, edit->purpose);
    bind_number(st, 5, edit->type);
    bind_number(st, 6, edit->rule);
    TRY(store_run(st, e));
    if (store_changes(tx->conn) == 0)
        return err_set(e, ERR_NOT_FOUND, 0, "no trait of this name has been seen yet");
    ingest_state_trait_edit(memory_ingest(tx->memory), name, edit->type, edit->rule);
    return ERR_OK;
}

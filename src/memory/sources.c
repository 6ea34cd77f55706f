#include <assert.h>
#include <stdlib.h>

#include "memory/memory_state.h"

static enum err_code name_add(struct sources *sources, struct slice name, struct err *e)
{
    char *copy = malloc(name.len + 1);
    if (!copy)
        return err_set(e, ERR_LIMIT, 0, "no memory for the name of a source");
    if (name.len)
        memcpy(copy, name.at, name.len);
    copy[name.len] = 0;
    sources->names[sources->n++] = (struct slice){ copy, name.len };
    return ERR_OK;
}

enum err_code sources_init(struct sources *sources, struct store_conn *conn, struct err *e)
{
    struct store_stmt *stmt;
    bool row;
    sources->names = calloc(SOURCES_MAX, sizeof *sources->names);
    if (!sources->names)
        return err_set(e, ERR_LIMIT, 0, "no memory for the sources");
    TRY(store_prepare(conn, SLICE("SELECT id, name FROM sources ORDER BY id"), &stmt, e));
    for (;;) {
        TRY(store_step(stmt, &row, e));
        if (!row)
            break;
        if (store_col_i64(stmt, 0) != (int64_t)sources->n + 1 || sources->n == SOURCES_MAX)
            return err_set(e, ERR_CORRUPT, sources->n, "the sources have no number %u: restore a backup",
                           sources->n + 1);
        TRY(name_add(sources, store_col_text(stmt, 1), e));
    }
    sources_committed(sources);
    return ERR_OK;
}

void sources_drop(struct sources *sources)
{
    for (uint32_t i = 0; i < sources->n; i++)
        free((void *)(uintptr_t)sources->names[i].at);
    free(sources->names);
    *sources = (struct sources){ 0 };
}

void sources_committed(struct sources *sources)
{
    sources->committed = sources->n;
}

void sources_rolled_back(struct sources *sources)
{
    while (sources->n > sources->committed)
        free((void *)(uintptr_t)sources->names[--sources->n].at);
}

enum err_code tx_source(struct tx *tx, struct slice name, uint32_t *ret, struct err *e)
{
    struct sources *sources = &tx->memory->sources;
    for (uint32_t i = 0; i < sources->n; i++) {
        if (slice_eq(sources->names[i], name)) {
            *ret = i + 1;
            return ERR_OK;
        }
    }
    if (sources->n == SOURCES_MAX)
        return err_set(e, ERR_LIMIT, 0, "there are %d sources already", SOURCES_MAX);
    struct store_stmt *stmt;
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO sources (id, name) VALUES ($1, $2)"), &stmt, e));
    store_bind_i64(stmt, 1, sources->n + 1);
    store_bind_text(stmt, 2, name);
    TRY(store_run(stmt, e));
    TRY(name_add(sources, name, e));
    *ret = sources->n;
    return ERR_OK;
}

bool memory_source_find(const struct memory *memory, struct slice name, uint32_t *ret)
{
    for (uint32_t i = 0; i < memory->sources.committed; i++) {
        if (!slice_eq(memory->sources.names[i], name))
            continue;
        *ret = i + 1;
        return true;
    }
    return false;
}

struct slice memory_source_name(const struct memory *memory, uint32_t source)
{
    bool known = source >= 1 && source <= memory->sources.committed;
    return known ? memory->sources.names[source - 1] : SLICE("");
}

/* Named texts that people write and change: conditions of audiences, decision models. Every change is a version, with
 * who, when and why.
 *
 * kind  "audience", "model", …: names are unique within one.
 */
#ifndef TENDERO_MEMORY_DOCUMENTS_H
#define TENDERO_MEMORY_DOCUMENTS_H

#include "io/store/store.h"
#include "memory/memory.h"

#define DOCUMENT_NAME_MAX 200
#define DOCUMENT_NOTE_MAX 1000

struct document_row {
    int64_t id, version;
    struct slice name, text, note, by;
    int64_t created_ms, changed_ms;
};
/* By name, each with its newest version; in mem. texts false: without them. */
MUST_CHECK enum err_code documents_list(struct store_conn *, const char *kind, bool texts, struct arena *mem,
                                        struct document_row **ret, size_t *n, struct err *e);
MUST_CHECK enum err_code document_read(struct store_conn *, const char *kind, int64_t id, struct arena *mem,
                                       struct document_row *ret, struct err *e);
MUST_CHECK enum err_code document_named(struct store_conn *, const char *kind, struct slice name, struct arena *mem,
                                        struct document_row *ret, bool *is, struct err *e);
/* One version's; ERR_NOT_FOUND. */
MUST_CHECK enum err_code document_text(struct store_conn *, int64_t id, int64_t version, struct arena *mem,
                                       struct slice *ret, struct err *e);
struct document_version {
    int64_t version, at_ms;
    struct slice text, note, by;
};
/* Newest first. */
MUST_CHECK enum err_code document_versions(struct store_conn *, int64_t id, bool texts, struct arena *mem,
                                           struct document_version **ret, size_t *n, struct err *e);

/* ---- writing, inside a transaction ---- */
/* ERR_CONFLICT: the name is taken. */
MUST_CHECK enum err_code tx_document_add(struct tx *, const char *kind, struct slice name, struct slice text,
                                         struct slice note, struct slice by, int64_t *ret_id, struct err *e);
/* A new version where the text is another one. ERR_NOT_FOUND, ERR_CONFLICT. */
MUST_CHECK enum err_code tx_document_edit(struct tx *, const char *kind, int64_t id, struct slice name,
                                          struct slice text, struct slice note, struct slice by, struct err *e);
/* Its versions stay: what was decided by it can still be told. */
MUST_CHECK enum err_code tx_document_remove(struct tx *, const char *kind, int64_t id, struct err *e);

#endif

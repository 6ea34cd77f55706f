/* Inside of ingest and traits: what ingest_state holds, for the code that fills it. The writer's thread. */
#ifndef TENDERO_MEMORY_INGEST_MEMORY_H
#define TENDERO_MEMORY_INGEST_MEMORY_H

#include "memory/ingest_state.h"
#include "memory/ingest_event.h"
#include "memory/live.h"

struct live *ingest_state_live(struct ingest_state *);
/* Memory of the running group: gone at the first call after its end. */
struct arena *ingest_state_group(struct ingest_state *);
/* For values that come from the store, one at a time. */
struct json_parser *ingest_state_parser(struct ingest_state *);
/* Outcomes of the running group that no batch tells: counted once it is committed. */
void ingest_state_count(struct ingest_state *, bool duplicate);

/* True when the last observed traits that this history was told since the start were the same: then they are
 * in the store. Remembers them: 4 bytes a history, in place of a look into the store for each event. */
bool ingest_state_told(struct ingest_state *, uint32_t history, const struct trait_in *, size_t n);
void ingest_state_untold(struct ingest_state *, uint32_t history);

/* The next id of a rejection. */
int64_t ingest_state_rejection_id(struct ingest_state *);

/* ---- the trait schema ---- */
struct trait_known {
    uint32_t id;         // trait_schema.id, from 1
    enum trait_type type;
    enum trait_rule rule;
    bool decided;        // somebody set the type: values do not change it
};
/* The trait of a name with a value of that type; made, or turned `mixed`, in the running group where need
 * be. *ret is NULL when the schema is full. */
MUST_CHECK enum err_code ingest_state_trait(struct tx *, struct slice name, enum trait_type,
                                            const struct trait_known **ret, struct err *e);
/* One more (or fewer) customers with that trait: written by flush. */
void ingest_state_trait_count(struct ingest_state *, uint32_t trait, int by);
/* After an edit of the schema's row. */
void ingest_state_trait_edit(struct ingest_state *, struct slice name, int type, int rule);

#endif

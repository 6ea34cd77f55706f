/* Inside of ingest: one event read from JSON, and what the writer does with it.
 *
 * Lifetime  slices borrow from the event's text and from the arena given to ingest_read.
 */
#ifndef TENDERO_MEMORY_INGEST_EVENT_H
#define TENDERO_MEMORY_INGEST_EVENT_H

#include "memory/customers.h"
#include "memory/ingest.h"
#include "memory/traits_set.h"

struct ingest_event {
    struct fact fact;  // customer and seq are the writer's; source, times and a missing id ingest_complete's
    struct who who;
    struct slice group_id, role;
    enum customer_kind group_kind;
    struct trait_in *traits;
    size_t n_traits;
    struct trait_in observed[2];  // locale, timezone
    size_t n_observed;
    size_t context_at;            // offset in body behind the '{' of context; 0: there is none
    bool context_empty;
    bool wants_ip, wants_agent;   // of a browser or a direct client, and not in its context yet
    bool own_id;                  // came without a messageId
    bool lent;                    // its text lives until the command is done
    bool rejected;
    const char *reason;           // code; of an accepted event a remark ("bad_time"), else NULL
};

/* What a batch says for all its events. */
struct ingest_base {
    struct json context, integrations, sent_at;
};

/* Reads one event. Anything wrong with the event itself is told in ret->rejected and reason; errors are of
 * the machine (ERR_LIMIT). type: of the request's path, or FACT_TYPES to read it from the event. */
MUST_CHECK enum err_code ingest_read(struct json item, const struct ingest_base *, enum fact_type type,
                                     bool nobody, struct arena *mem, struct ingest_event *ret,
                                     struct err *e);
/* Fills source, times, a missing messageId, and ip and user agent where the event wants them. */
MUST_CHECK enum err_code ingest_complete(struct ingest_event *, const struct ingest_envelope *,
                                         struct arena *mem, struct err *e);
/* Brings what ingest_apply will look up into the caches: a few events ahead, since each of these tables is
 * larger than the caches and a miss costs as much as all else. */
void ingest_prefetch(const struct tx *, const struct ingest_event *);
/* The writer's part: dedupe, resolve, append, traits. */
MUST_CHECK enum err_code ingest_apply(struct tx *, struct ingest_event *, bool *duplicate, struct err *e);

/* The body to keep: the item as it came where nothing has to change, else printed anew, with base merged
 * under it, without writeKey, and without `drop` members that are unusable. */
struct ingest_body_job {
    struct json item, context, integrations;  // context, integrations: the item's own
    const struct ingest_base *base;
    bool drop_write_key, drop_message_id;
};
MUST_CHECK enum err_code ingest_body(const struct ingest_body_job *, struct arena *mem,
                                     struct ingest_event *ret, struct err *e);

/* Rows of the rejections table. Bodies are cut to INGEST_REJECTED_BODY bytes. */
#define INGEST_REJECTED_BODY 4096
#define INGEST_REJECTIONS_KEPT 10000
MUST_CHECK enum err_code ingest_reject(struct tx *, uint32_t source, const char *code, struct slice body,
                                       struct err *e);

#endif

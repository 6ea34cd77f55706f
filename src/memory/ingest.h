/* The Segment tracking contract: bytes of a request to a command of the writer.
 *
 * Source    dialogue.md section 5 (read from the SDKs' source). Transport (paths, auth, CORS, status) is
 *           api/segment.c's; here are the messages.
 * Parsing   happens on the caller's thread; the batch owns a copy of the body and all it needs later.
 *           Invalid JSON or an oversized batch refuses the whole (ERR_INVALID, ERR_LIMIT). An event that is
 *           wrong by itself (no id, too large, unknown type) is dropped with a reason: rejections are kept
 *           (newest 10,000, at most 100 of one batch) and shown live, and the batch still succeeds. A time
 *           that cannot be read loses nothing: the event counts as of its arrival, remark "bad_time".
 * Kept      bodies are stored as they came, byte for byte, but where something must be put in (messageId, ip,
 *           userAgent), merged, or taken out (a writeKey is a key, not an event).
 * Observed  context.locale and context.timezone become observed traits of the customer.
 * Time      timestamp = received - (sent - original), without sentAt original, without both received; never
 *           later than received.
 * Merging   top-level context and integrations of a batch lie under each item's own.
 */
#ifndef TENDERO_MEMORY_INGEST_H
#define TENDERO_MEMORY_INGEST_H

#include "memory/memory.h"
#include "text/json.h"

enum ingest_call { INGEST_TRACK, INGEST_IDENTIFY, INGEST_PAGE, INGEST_SCREEN, INGEST_GROUP, INGEST_ALIAS,
                   INGEST_BATCH };

struct ingest_envelope {
    uint32_t source;
    int64_t received_ms;
    struct slice ip, user_agent;  // put in context where the library is a browser's or context.direct is set
};

struct ingest_batch;  // begins with a struct command
/* write_key: the body's writeKey or empty, for keys that come in the body only; lives as long as the batch. */
MUST_CHECK enum err_code ingest_parse(struct json_parser *, enum ingest_call, struct slice body,
                                      struct ingest_batch **ret, struct slice *write_key, struct err *e);
/* Fills the rest before memory_submit. done gets the command; ingest_result tells how it went. */
void ingest_prepare(struct ingest_batch *, struct ingest_envelope, void (*done)(struct command *, enum err_code,
                    const struct err *), void *arg);
struct command *ingest_command(struct ingest_batch *);
struct ingest_batch *ingest_of(struct command *);
void *ingest_arg(const struct ingest_batch *);
struct ingest_result { uint32_t accepted, duplicates, rejected; };
struct ingest_result ingest_result(const struct ingest_batch *);
void ingest_drop(struct ingest_batch **);

/* Facts made by our own importers take the same way: one event as JSON, as a client would send it. `nobody`:
 * may come without any identifier (a till sale, a company by its groupId alone). Appends unless
 * (source, messageId) is known. ERR_INVALID with the sentence of the reason where a batch
 * would drop the event. */
MUST_CHECK enum err_code tx_ingest(struct tx *, struct json event, bool nobody, uint32_t source,
                                   int64_t received_ms, bool *duplicate, struct err *e);

/* Corrections and deletions: append the fact, edit the view, rebuild the history's traits; followers are
 * told to forget the history and told its facts again. Identifiers that the fact brought stay attached, and
 * histories it joined stay joined: an unmerge takes that back. ERR_NOT_FOUND; ERR_CONFLICT for a fact that was deleted
 * before or that is no event (merges, decisions, corrections). */
MUST_CHECK enum err_code tx_correct(struct tx *, int64_t seq, struct slice patch, struct slice by,
                                    struct slice note, struct err *e);
MUST_CHECK enum err_code tx_delete_fact(struct tx *, int64_t seq, struct slice by, struct slice note,
                                        struct err *e);

/* What happened just now, for the live view: a ring of the newest 1,000 outcomes. */
enum ingest_outcome { OUTCOME_ACCEPTED, OUTCOME_DUPLICATE, OUTCOME_REJECTED };
struct live_event {
    int64_t id, at_ms;       // id rises by one
    uint32_t source, customer;
    enum fact_type type;
    enum ingest_outcome outcome;
    char event[64], message_id[64], reason[96];  // a code such as "no_id", empty: fine; its text is ingest_reason_text's
};
/* Events with id > after, oldest first; from any thread. */
size_t ingest_live(struct memory *, int64_t after, struct live_event *ret, size_t max);
struct rejection_row { int64_t id, at_ms; uint32_t source; struct slice code, body; };
MUST_CHECK enum err_code ingest_rejections(struct store_conn *, int64_t before, size_t limit,
                                           struct arena *mem, struct rejection_row **ret, size_t *n,
                                           struct err *e);
struct rejection_day { int32_t day; uint32_t rejected; };  // days since 1970-01-01, UTC, of arrival
/* Of those still kept: days with day >= from_day, oldest first. */
MUST_CHECK enum err_code ingest_rejection_days(struct store_conn *, int32_t from_day, struct rejection_day *ret,
                                               size_t max, size_t *n, struct err *e);
/* The sentence of a code: lang "en" or "es". */
const char *ingest_reason_text(struct slice code, const char *lang);
struct ingest_totals { uint64_t accepted, duplicates, rejected; };  // since start
struct ingest_totals ingest_totals(struct memory *);

#endif

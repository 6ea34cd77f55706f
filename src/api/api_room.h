/* Inside the api room: what its files share. */
#ifndef TENDERO_API_API_ROOM_H
#define TENDERO_API_API_ROOM_H

#include <pthread.h>
#include <stdatomic.h>

#include "api/call.h"
#include "api/jobs.h"
#include "api/metrics.h"
#include "api/problem.h"
#include "insight/allocations.h"
#include "memory/customers.h"
#include "memory/documents.h"

#define LIMIT_PAGE_BYTES ((size_t)64 << 20)  // of the facts of one page: an imported order may have 4 MiB

struct api {
    struct api_options options;
    struct metrics *metrics;
    struct jobs *jobs;
    struct allocations *allocations;
    struct buf openapi;
    atomic_bool stopping;
    struct pool *background;           // of two threads: what is due, and the training of what to propose
    struct progress refit, training;   // of the models of value, the tiers and shares; of what to propose; when they are due
    pthread_mutex_t lock;              // guards the next three
    pthread_cond_t idle;
    bool refreshing, recommending, flushing;  // one such work is with the pool, the last with the writer
    size_t work;                       // with the pool: pieces of exports, allocations
    int64_t flushed_ms;                // of the thread that calls api_tick
    _Atomic int64_t sized_ms;          // when sizes of audiences were kept last
};

/* Work that the pool does with the api, and no longer: the api ends behind it. */
void api_count_work(struct api *, bool more);

/* The handlers that the table names. */
#define ROUTE(method, pattern, access, handler, summary, query, request, response)                             \
    enum err_code handler(struct call *, struct err *);
#include "api/routes.def"
#undef ROUTE
extern const struct route routes[];
extern const size_t routes_count;
/* The route of a method and path, with the path's parameters decoded into mem. ERR_NOT_FOUND; *known: the path
 * exists for another method. */
MUST_CHECK enum err_code route_find(enum http_method, struct slice path, struct arena *mem,
                                    const struct route **ret, struct slice param[CALL_PARAMS], bool *known,
                                    struct err *e);

/* Who is asking: session cookie, Bearer key or the local socket; fills session, scope and by. ERR_DENIED when
 * the route asks for more than that; *forbidden tells "known, but may not" (403) from "unknown" (401). */
MUST_CHECK enum err_code auth_check(struct call *, bool *forbidden, struct err *e);
/* The session cookie's value; empty when there is none. */
struct slice auth_cookie(struct http_request *);

/* The Segment contract: answers and returns true when the path is one of its own. */
bool segment_handle(struct api *, struct http_request *);
/* The console's files; answers always, 404 included. */
void files_handle(struct api *, struct http_request *);
MUST_CHECK enum err_code openapi_make(struct buf *out, struct err *e);

/* ---- members of a request's JSON object; errors begin with the member's JSON pointer ---- */
/* A text of at most max bytes; absent or null: empty, or an error when required. */
MUST_CHECK enum err_code body_text(struct call *, struct json object, const char *name, bool required,
                                   size_t max, struct slice *ret, struct err *e);
MUST_CHECK enum err_code body_i64(struct json object, const char *name, int64_t low, int64_t high,
                                  int64_t usual, int64_t *ret, struct err *e);
MUST_CHECK enum err_code body_bool(struct json object, const char *name, bool usual, bool *ret,
                                   struct err *e);
/* Refuses members that are not among the blank-separated `names`: a typing error must not pass silently. */
MUST_CHECK enum err_code body_only(struct call *, struct json object, const char *names, struct err *e);
/* The customer that the member refers to; takes the read lock. */
MUST_CHECK enum err_code body_customer(struct call *, struct json object, const char *name, uint32_t *root,
                                       struct err *e);
/* "language": "en", "es" or empty. */
MUST_CHECK enum err_code language_member(struct call *, struct json object, struct slice *ret, struct err *e);
/* On a pool thread; its errors begin with "/password". */
MUST_CHECK enum err_code password_hash_member(struct slice password, char hash[PASSWORD_HASH], struct err *e);
/* A path's parameter as a number from 1. */
MUST_CHECK enum err_code param_i64(struct call *, size_t param, int64_t *ret, struct err *e);
/* ?after= as a number; 0 when absent. */
MUST_CHECK enum err_code query_after(struct call *, int64_t *ret, struct err *e);
/* ?type=: a fact's type or empty. */
MUST_CHECK enum err_code query_fact_type(struct call *, struct slice *ret, struct err *e);
/* The source that stands for whoever asks: a key's own, else "staff". */
MUST_CHECK enum err_code tx_call_source(struct tx *, struct call *, uint32_t *ret, struct err *e);

/* Shapes that several handlers write. The read lock is held where memory is read. */
struct customer_row {
    uint32_t root;
    enum customer_kind kind;
    bool known;
    struct customer_face face;
    struct purchase_summary bought;
    enum tier tier;
    int64_t first_ms, last_ms;
};
MUST_CHECK enum err_code customer_row(struct call *, uint32_t root, struct customer_row *ret, struct err *e);
void json_customer_row(struct json_w *, const struct customer_row *);
MUST_CHECK enum err_code json_customer_row_of(struct call *, struct json_w *, uint32_t root, struct err *e);
/* Takes the read lock itself. */
MUST_CHECK enum err_code json_kcustomer(struct call *, struct json_w *, const char *key, uint32_t root, struct err *e);
MUST_CHECK enum err_code json_customer(struct call *, struct json_w *, uint32_t root, struct err *e);
void json_product_row(struct json_w *, const struct product *);
void json_user(struct json_w *, const struct user *);
/* Takes the read lock itself. ERR_NOT_FOUND. */
MUST_CHECK enum err_code json_product(struct call *, struct json_w *, struct slice id, struct arena *mem,
                                      struct err *e);
void json_identifiers(struct call *, struct json_w *, const struct identifier_row *, size_t n);
void json_merge_row(struct json_w *, const struct merge_row *);
void json_list_open(struct json_w *);
/* next 0: the last page. */
void json_list_close(struct json_w *, int64_t next);
void json_list_close_word(struct json_w *, struct slice next);
void json_ktext_or_null(struct json_w *, const char *key, struct slice);
void json_ktime_or_null(struct json_w *, const char *key, int64_t ms);
void json_kday(struct json_w *, const char *key, int32_t day);  // "2026-01-02"
/* {"en": …, "es": …} of an object's member; absent members stay empty. */
MUST_CHECK enum err_code body_texts(struct call *, struct json object, const char *name, struct slice *en,
                                    struct slice *es, struct err *e);
/* Answers with the customer's page. */
MUST_CHECK enum err_code answer_customer(struct call *, int status, uint32_t root, struct err *e);

/* "valueTier" of an object that is open: the tier, why, and what is done for it; null where there are no tiers yet. */
void json_customer_tier(struct json_w *, const struct investment *, const struct customer_tier *);

/* Answers with a job of jobs.h. */
MUST_CHECK enum err_code answer_job(struct call *, int status, int64_t id, struct err *e);

/* What a fact tells, one sentence of plain text in each language. `body`: the fact's, parsed. */
void story_write(struct call *, const struct fact *, struct json body, struct buf *en, struct buf *es);
MUST_CHECK enum err_code json_fact(struct call *, struct json_w *, const struct fact *, struct err *e);
void json_w_texts(struct json_w *, const char *key, struct slice en, struct slice es);  // {"en","es"}
void json_id(struct json_w *, const char *key, uint32_t root);  // "c42", or null for FACT_NOBODY
void json_row_id(struct json_w *, const char *key, int64_t id); // "42"
/* Members of an object that is open; not the text, which has another name for each kind. */
void json_document(struct json_w *, const struct document_row *);
void json_document_version(struct json_w *, const struct document_version *);

#endif

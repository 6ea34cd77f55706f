/* Asking the population from a handler: what the files of audiences share. Private to the api.
 *
 * A question runs on a thread of the pool: ask_begin brings the columns up to date (or answers ERR_BUSY while the first
 * reading of many customers goes on), then population_lock around the rest.
 */
#ifndef TENDERO_API_AUDIENCE_ASK_H
#define TENDERO_API_AUDIENCE_ASK_H

#include "api/api_room.h"
#include "insight/audience_sizes.h"
#include "insight/roster.h"

#define AUDIENCE_CONDITION_MAX 16384
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for the request")

struct asking {
    const struct api_options *rooms;
    struct store_conn *conn;             // made when a condition first names an audience
    struct err failed;                   // why one could not be read; code ERR_OK: all could
    struct condition_world world;
    struct arena *mem, *scratch;         // of this question
};
/* rooms: the api's options. */
MUST_CHECK enum err_code ask_begin(const struct api_options *rooms, int64_t now_ms, struct asking *, struct err *e);
void ask_end(struct asking *);           // also after a failed begin
/* Begins, asks under the lock, ends. */
typedef enum err_code (*ask_question)(struct call *, struct asking *, void *arg, struct err *e);
MUST_CHECK enum err_code ask_population(struct call *, ask_question, void *arg, struct err *e);
/* The condition that a member of the request's body holds; its flaws begin with the member's pointer. */
MUST_CHECK enum err_code ask_condition(struct asking *, struct slice text, const char *member, struct condition **ret,
                                       struct err *e);
MUST_CHECK enum err_code ask_run(struct asking *, struct slice text, const char *member, struct condition **condition,
                                 uint64_t **bits, struct err *e);
size_t ask_rows(const struct asking *);
/* Members are those of now; ERR_BUSY while the first reading of many customers goes on. From a thread of the pool. */
MUST_CHECK enum err_code ask_members(const struct api_options *rooms, int64_t now_ms, struct err *e);
MUST_CHECK enum err_code condition_member(struct call *, struct json body, const char *name, struct slice *ret,
                                          struct err *e);
/* One audience or all, with their sizes. */
struct saved {
    int64_t id;                     // 0: all
    struct document_row *row;
    int64_t *customers;             // -1: not known
    struct slice *why;              // of each, why it no longer reads; empty: it does
    size_t n;
    uint64_t *bits;                 // of one audience, in mem of the call
    size_t rows;
    struct err unknown;             // why sizes are not known
};
/* For call_slow; arg: a struct saved, or what begins with one. */
MUST_CHECK enum err_code audience_saved_run(struct call *, void *arg, struct err *e);
/* Writes how large each audience is today; called every hour from a thread of the pool. */
MUST_CHECK enum err_code audiences_keep_sizes(const struct api_options *rooms, int64_t now_ms, struct err *e);

#endif

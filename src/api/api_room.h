/* Inside the api room: what its files share. */
#ifndef TENDERO_API_API_ROOM_H
#define TENDERO_API_API_ROOM_H

#include "api/call.h"
#include "api/jobs.h"
#include "api/metrics.h"

struct api {
    struct api_options options;
    struct metrics *metrics;
    struct jobs *jobs;
    struct buf openapi;
};

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

/* Shapes that several handlers write. The read lock is held where memory is read. */
void json_customer_row(struct call *, struct json_w *, uint32_t root, const struct customer_face *);
MUST_CHECK enum err_code json_customer_row_of(struct call *, struct json_w *, uint32_t root, struct err *e);
MUST_CHECK enum err_code json_customer(struct call *, struct json_w *, uint32_t root, struct err *e);
void json_product_row(struct json_w *, const struct product *);
MUST_CHECK enum err_code json_fact(struct call *, struct json_w *, const struct fact *, struct err *e);
void json_w_texts(struct json_w *, const char *key, struct slice en, struct slice es);  // {"en","es"}
void json_id(struct json_w *, const char *key, uint32_t root);  // "c42", or null for FACT_NOBODY

#endif

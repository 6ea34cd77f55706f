/* The HTTP API: one table of routes, who may call them, and the handlers.
 *
 * src/api/routes.def is the table: it dispatches, and openapi.c makes /openapi.json of it together with
 * schemas.json. docs/API.md says the same for people.
 * Threads  api_handle runs on the loops of io/http. What is slow (passwords, imports, evaluations) runs on
 *          `jobs`, what writes runs on memory's writer; both resume on the request's own loop.
 */
#ifndef TENDERO_API_API_H
#define TENDERO_API_API_H

#include "dialogue/preview.h"
#include "insight/recommendations.h"
#include "insight/counts.h"
#include "insight/likings.h"
#include "insight/investment.h"
#include "insight/customer_share.h"
#include "insight/people.h"
#include "insight/roster.h"
#include "insight/valuation.h"
#include "intake/import.h"
#include "io/http/http.h"
#include "offers/catalogue.h"
#include "staff/staff.h"
#include "sys/pool.h"

struct api;

struct api_setting {
    const char *name, *value, *from;  // value already without secrets; from: "default", "file", …
    const char *help_en, *help_es;
};

struct api_log_line {
    const char *method, *route;  // the pattern, never the path: paths may hold identifiers
    int status;
    int64_t duration_us;
};

struct api_options {
    struct memory *memory;
    struct purchases *purchases;
    struct people *people;
    struct population *population;
    struct valuation *valuation;
    struct likings *likings;
    struct investment *investment;
    struct customer_share *share;
    struct roster *roster;
    const struct zones *zones; // of rules
    struct recommendations *recommendations;
    struct catalogue *catalogue;
    struct counts *counts;
    struct staff *staff;
    struct pool *jobs;
    const char *data_dir;      // uploads and rejected rows lie below it
    const char *console_dir;   // built console, or NULL
    struct slice shop, currency, notice_en, notice_es;  // notice: shown on every page, or empty
    const struct api_setting *settings;
    size_t n_settings;
    void (*log)(void *arg, const struct api_log_line *);  // or NULL
    void *log_arg;
};

MUST_CHECK enum err_code api_new(struct api_options, struct api **ret, struct err *e);
/* After the server has stopped and before the pool and the memory end: cancels running jobs and waits. */
void api_drop(struct api **);

/* For struct http_options; arg is the api. */
void api_handle(void *arg, struct http_request *);
bool api_is_upload(void *arg, enum http_method, struct slice path);
int api_admit_upload(void *arg, const struct http_request *);
void *api_thread_start(void *arg, unsigned thread);
void api_thread_stop(void *arg, void *state);

/* The OpenAPI document, as served at /openapi.json. Lives as long as the api. */
struct slice api_openapi(const struct api *);

/* Work that is due by now: tiers, neighbours, notes of use. Called every few seconds by app. */
void api_tick(struct api *, int64_t now_ms);

#endif

/* Long work that people watch: imports, evaluations, traits that rules write, fits of models; one row each in table `jobs`.
 *
 * A job runs on the pool; its progress is read while it runs. What was running when the process ended is
 * shown as failed, with the word that running it again goes on where it stopped.
 */
#ifndef TENDERO_API_JOBS_H
#define TENDERO_API_JOBS_H

#include "api/api.h"
#include "text/json.h"

struct jobs;
/* Marks what was left running as failed. `rooms` outlives the jobs. */
MUST_CHECK enum err_code jobs_new(const struct api_options *rooms, struct jobs **ret, struct err *e);
/* Cancels what runs and waits for it. */
void jobs_drop(struct jobs **);

struct import_ask {
    enum import_format format;
    struct slice path, name, mapping;  // copied
    bool dry_run, own_file;            // own_file: an upload, deleted afterwards
    int64_t shift_ms;
};
MUST_CHECK enum err_code jobs_import(struct jobs *, const struct import_ask *, int64_t *id, struct err *e);
MUST_CHECK enum err_code jobs_evaluate(struct jobs *, int held_back_days, int64_t *id, struct err *e);
/* What a table says of everybody as a trait (model_trait.c). Customers are the bytes and rows of its progress. */
struct trait_progress {
    _Atomic int64_t decided, undecided, conflicts;
};
struct trait_work {
    struct slice name;                 // the trait's; copied
    int64_t model, version;
    enum err_code (*run)(void *arg, struct import_progress *, struct trait_progress *, struct err *e);
    void (*drop)(void *arg);
    void *arg;
};
/* Takes arg over, whatever happens. */
MUST_CHECK enum err_code jobs_trait(struct jobs *, const struct trait_work *, int64_t *id, struct err *e);
/* A model is fitted anew. kind: "value", …; a literal, as is name. */
struct fit_work {
    const char *kind, *name;
    enum err_code (*run)(const struct api_options *, struct progress *, struct err *e);
};
MUST_CHECK enum err_code jobs_fit(struct jobs *, const struct fit_work *, int64_t *id, struct err *e);
/* ERR_NOT_FOUND; a job that has ended stays as it is. */
MUST_CHECK enum err_code jobs_cancel(struct jobs *, int64_t id, struct err *e);
/* One job as docs/API.md's Job; newest first in a list. */
MUST_CHECK enum err_code jobs_json(struct jobs *, struct store_conn *, int64_t id, struct json_w *,
                                   struct err *e);
MUST_CHECK enum err_code jobs_list_json(struct jobs *, struct store_conn *, struct json_w *, struct err *e);
/* Where the rejected rows of an import lie; ERR_NOT_FOUND when there were none. */
MUST_CHECK enum err_code jobs_rejects_path(struct jobs *, int64_t id, struct arena *mem, struct slice *ret,
                                           struct err *e);
/* The newest evaluation that ended well; ERR_NOT_FOUND. */
MUST_CHECK enum err_code jobs_evaluation(struct jobs *, struct store_conn *, struct evaluation *ret,
                                         struct err *e);

#endif

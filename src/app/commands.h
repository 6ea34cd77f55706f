/* The command line: one table of commands; each prints its results on standard output, one error sentence on
 * standard error, and ends with 0, 1 (refused) or 2 (the words of the call are off).
 */
#ifndef TENDERO_APP_COMMANDS_H
#define TENDERO_APP_COMMANDS_H

#include "app/settings.h"

struct command_entry {
    const char *name, *usage, *summary, *help;
    enum err_code (*run)(struct settings *, struct err *e);
};
extern const struct command_entry commands[];
extern const size_t commands_count;

MUST_CHECK enum err_code command_serve(struct settings *, struct err *e);
MUST_CHECK enum err_code command_demo(struct settings *, struct err *e);
MUST_CHECK enum err_code command_import(struct settings *, struct err *e);
MUST_CHECK enum err_code command_export(struct settings *, struct err *e);
MUST_CHECK enum err_code command_decide(struct settings *, struct err *e);
MUST_CHECK enum err_code command_evaluate(struct settings *, struct err *e);
MUST_CHECK enum err_code command_key(struct settings *, struct err *e);
MUST_CHECK enum err_code command_user(struct settings *, struct err *e);
MUST_CHECK enum err_code command_settings(struct settings *, struct err *e);
MUST_CHECK enum err_code command_openapi(struct settings *, struct err *e);
MUST_CHECK enum err_code command_backup(struct settings *, struct err *e);
MUST_CHECK enum err_code command_audience(struct settings *, struct err *e);
MUST_CHECK enum err_code command_feel(struct settings *, struct err *e);
MUST_CHECK enum err_code command_dmn(struct settings *, struct err *e);
MUST_CHECK enum err_code command_share(struct settings *, struct err *e);
MUST_CHECK enum err_code command_value(struct settings *, struct err *e);
MUST_CHECK enum err_code command_model(struct settings *, struct err *e);
MUST_CHECK enum err_code command_tiers(struct settings *, struct err *e);
MUST_CHECK enum err_code command_allocate(struct settings *, struct err *e);
MUST_CHECK enum err_code command_value_contracts(struct settings *, struct err *e);  // of command_value
MUST_CHECK enum err_code command_recommend(struct settings *, struct err *e);
MUST_CHECK enum err_code command_dmn_base(struct settings *, struct err *e);  // of command_dmn

/* Import one file through a client, with progress on standard error; prints the sums. */
struct client;
struct import_wish {
    const char *path, *format, *name, *rejects;
    struct slice mapping;
    bool dry_run, quiet;
    int64_t shift_ms;
};
MUST_CHECK enum err_code import_file(struct client *, const struct import_wish *, struct err *e);
/* Waits for a job, showing its progress unless quiet; the job's last state in mem. */
MUST_CHECK enum err_code job_wait(struct client *, const char *path, bool quiet, struct arena *mem,
                                  struct slice *job, struct err *e);

#endif

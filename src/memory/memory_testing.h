/* A real memory for tests: a store in a folder of its own, migrated, with the writer running.
 *
 * Errors that a test does not expect fail it where they happen. Needs cmocka's headers before it.
 */
#ifndef TENDERO_MEMORY_MEMORY_TESTING_H
#define TENDERO_MEMORY_MEMORY_TESTING_H

#include "base/arena.h"
#include "memory/ingest.h"

#define LAB_NOW INT64_C(1795403305400)  // 2026-11-23T03:08:25.400Z

struct lab_options {
    size_t part_rows;            // memory_options.log_part_rows
    int64_t snapshot_every;      // memory_options.snapshot_every
    const char *vfs;             // store_options.vfs
    const struct follower *followers;
    size_t n_followers;
};

struct lab {
    struct lab_options options;
    char dir[64];
    struct sys_clock clock;      // fixed at LAB_NOW: tests move it
    struct store *store;
    struct memory *memory;
    struct store_conn *read;
    struct arena *mem;
    struct json_parser *parser;
};

void lab_open(struct lab *);
void lab_open_with(struct lab *, struct lab_options);
/* The same in steps, for what may fail: lab_try_start leaves nothing open when it does. */
MUST_CHECK enum err_code lab_try_start(struct lab *, struct err *e);
void lab_stop(struct lab *);
void lab_reopen(struct lab *);  // stops and starts it, as a restart of the program would
void lab_close(struct lab *);   // and removes the folder

/* For cmocka's setup and teardown: *state is a lab of its own. */
int lab_setup(void **state);
int lab_teardown(void **state);
/* A whole file with a NUL behind it, in mem; NULL when there is none. */
const char *lab_file(struct lab *, const char *path);

/* Runs act as one command; what it answers is returned, the text in e. */
enum err_code lab_run(struct lab *, enum err_code (*act)(void *arg, struct tx *, struct err *), void *arg,
                      struct err *e);
void lab_must_run(struct lab *, enum err_code (*act)(void *arg, struct tx *, struct err *), void *arg);
/* Delivers a request's body as `source`, received by the lab's clock, and waits for the commit. */
struct ingest_result lab_ingest(struct lab *, enum ingest_call, uint32_t source, const char *body);
MUST_CHECK enum err_code lab_try_ingest(struct lab *, enum ingest_call, uint32_t source, const char *body,
                                        struct ingest_result *ret, struct err *e);
/* One number of the store. */
int64_t lab_number(struct lab *, const char *sql);
/* Every fact of the log from the first, edited view or raw; in mem. */
size_t lab_facts(struct lab *, bool raw, struct fact **ret);
/* Root of "kind:value"; 0 when unknown. */
uint32_t lab_customer(struct lab *, const char *kind, const char *value);

#endif

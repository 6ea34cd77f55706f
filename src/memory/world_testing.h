/* A memory on a database of its own in a new folder, for tests: open, run acts in transactions, close, open
 * again as after a restart. Every failure that a test does not ask for ends it. */
#ifndef TENDERO_MEMORY_WORLD_TESTING_H
#define TENDERO_MEMORY_WORLD_TESTING_H

#include "memory/customers.h"

struct world {
    char dir[64];
    struct store *store;
    struct store_conn *read;
    struct memory *memory;
    struct customers *customers;  // the memory's
    struct sys_clock clock;
    const char *vfs;  // store_options.vfs
};

void world_new(struct world *, const char *vfs);  // makes the folder and opens
void world_open(struct world *);
void world_close(struct world *);                 // stops the memory; the folder stays
void world_drop(struct world *);                  // closes and removes the folder

/* One command of the writer's. */
typedef enum err_code world_act(struct tx *, void *arg, struct err *e);
MUST_CHECK enum err_code world_run(struct world *, world_act *, void *arg, struct err *e);
/* The same where it must work. */
void world_do(struct world *, world_act *, void *arg);

#endif

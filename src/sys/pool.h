/* A small pool of threads for work that must not hold up a network loop: password hashes, model fits,
 * imports, evaluations. Jobs run in the order given; `done` runs on the pool's thread.
 */
#ifndef TENDERO_SYS_POOL_H
#define TENDERO_SYS_POOL_H

#include <stdbool.h>

#include "base/err.h"

struct pool;

MUST_CHECK enum err_code pool_new(unsigned threads, size_t queue_max, struct pool **ret,
                                  struct err *e);
/* The same, whose threads give way to all others of the machine: long work that nobody waits for. */
MUST_CHECK enum err_code pool_new_behind(unsigned threads, size_t queue_max, struct pool **ret, struct err *e);
/* Lets running jobs end, drops waiting ones without calling them. */
void pool_drop(struct pool **);
/* ERR_BUSY when queue_max jobs wait already. */
MUST_CHECK enum err_code pool_submit(struct pool *, void (*run)(void *arg), void *arg, struct err *e);
/* Takes a job back that has not begun: it is not called then. false: it runs or has run. */
bool pool_withdraw(struct pool *, void (*run)(void *arg), void *arg);

#endif

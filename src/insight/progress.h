/* Long work as others watch it: how much of how much is done, and the wish that it ends. */
#ifndef TENDERO_INSIGHT_PROGRESS_H
#define TENDERO_INSIGHT_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct progress {
    _Atomic int64_t done, of;
    atomic_bool cancel;
};
/* All of these take NULL: nobody watches. */
static inline void progress_set(struct progress *p, int64_t done, int64_t of)
{
    if (!p)
        return;
    atomic_store(&p->of, of);
    atomic_store(&p->done, done);
}
/* ERR_BUSY: it is to end. */
MUST_CHECK static inline enum err_code progress_check(struct progress *p, struct err *e)
{
    return p && atomic_load(&p->cancel) ? err_set(e, ERR_BUSY, 0, "cancelled") : ERR_OK;
}

#endif

/* Arrays that grow by a half, of those who fill them one after the other. */
#ifndef TENDERO_ENGINE_CONFIGURATOR_GROW_H
#define TENDERO_ENGINE_CONFIGURATOR_GROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Room for `need` rows of `size` bytes at *(T **)at, which holds *cap of them. false: no memory, and all is as it was. */
static inline bool grow(void *at, size_t *cap, size_t need, size_t size)
{
    void *now, *more;
    size_t wish = need + need / 2 + 16, bytes;
    if (need <= *cap)
        return true;
    if (wish < need || __builtin_mul_overflow(wish, size, &bytes))
        return false;
    memcpy(&now, at, sizeof now);    // whatever T is
    if (!(more = realloc(now, bytes)))
        return false;
    memcpy(at, &more, sizeof more);
    *cap = wish;
    return true;
}

#endif

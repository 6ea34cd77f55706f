/* Reading a text from the left: a slice and how far one is. */
#ifndef TENDERO_BASE_SCAN_H
#define TENDERO_BASE_SCAN_H

#include "base/slice.h"

struct scan {
    struct slice s;
    size_t i;
};
static inline bool scan_end(const struct scan *sc)
{
    return sc->i == sc->s.len;
}
static inline bool scan_digit(const struct scan *sc)
{
    return !scan_end(sc) && sc->s.at[sc->i] >= '0' && sc->s.at[sc->i] <= '9';
}
/* Passes over c; false: something else stands there. */
static inline bool scan_accept(struct scan *sc, char c)
{
    if (scan_end(sc) || sc->s.at[sc->i] != c)
        return false;
    sc->i++;
    return true;
}

#endif

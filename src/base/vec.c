#include "base/vec.h"

#include <string.h>

#define LARGE ((size_t)1 << 20)  // rows: beyond it what is not used yet stays below an eighth

bool vec_room(void **at, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap)
        return true;
    size_t grown = *cap ? *cap : 64;
    while (grown < need)
        grown += grown < LARGE ? grown : grown / 8;
    size_t bytes;
    if (__builtin_mul_overflow(grown, size, &bytes))
        return false;
    char *moved = realloc(*at, bytes);
    if (!moved)
        return false;
    memset(moved + *cap * size, 0, bytes - *cap * size);
    *at = moved;
    *cap = grown;
    return true;
}

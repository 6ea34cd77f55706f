/* Hashes: xxh3 by libxxhash. Seeds are secret per database, so that nobody outside can aim at a slot. */
#ifndef TENDERO_BASE_HASH_H
#define TENDERO_BASE_HASH_H

#include "base/slice.h"

struct hash128 {
    uint64_t low, high;
};

uint64_t hash64(struct slice s, uint64_t seed);
struct hash128 hash128(struct slice s, uint64_t seed);
/* A bijection of 64 bits (splitmix64's finaliser, Steele, Lea, Flood 2014): for integer keys. */
static inline uint64_t hash_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

#endif

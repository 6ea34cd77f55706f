#include "engine/columns/bits.h"

#include <assert.h>
#include <string.h>
#if defined __x86_64__ && defined __GNUC__
#include <immintrin.h>
#define COMPRESSES 1
#endif

size_t bits_count(const uint64_t *bits, size_t rows)
{
    size_t n = 0;
    for (size_t w = 0; w < rows / 64; w++)
        n += (size_t)__builtin_popcountll(bits[w]);
    if (rows % 64)
        n += (size_t)__builtin_popcountll(bits[rows / 64] & ((UINT64_C(1) << rows % 64) - 1));
    return n;
}

void bits_pick(const uint32_t *row, size_t n, struct bits_picked *ret)
{
    assert(n <= COLUMN_CHUNK);
    ret->n = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t word = row[i] / 64;
        if (ret->n == 0 || ret->word[ret->n - 1] != word) {
            ret->word[ret->n] = word;
            ret->mask[ret->n++] = 0;
        }
        ret->mask[ret->n - 1] |= UINT64_C(1) << row[i] % 64;
    }
}

void bits_gather_plainly(const struct bits_picked *p, const uint64_t *bits, size_t words, uint64_t ret[COLUMN_CHUNK / 64])
{
    size_t at = 0;
    memset(ret, 0, COLUMN_CHUNK / 8);
    for (size_t i = 0; i < p->n && p->word[i] < words; i++)
        for (uint64_t left = p->mask[i], word = bits[p->word[i]]; left; left &= left - 1, at++)
            ret[at / 64] |= (word >> __builtin_ctzll(left) & 1) << at % 64;
}

#ifdef COMPRESSES
/* Each word's bits behind those of the words before it, without a branch: how many there are is never the same. */
__attribute__((target("bmi2,popcnt"))) static void gather_compressing(const struct bits_picked *p, const uint64_t *bits,
                                                                      size_t words, uint64_t *ret)
{
    uint64_t filling = 0;
    unsigned full = 0;       // bits of `filling`, fewer than 64
    size_t out = 0;
    memset(ret, 0, COLUMN_CHUNK / 8);
    for (size_t i = 0; i < p->n && p->word[i] < words; i++) {
        uint64_t is = _pext_u64(bits[p->word[i]], p->mask[i]);
        unsigned n = full + (unsigned)__builtin_popcountll(p->mask[i]);
        filling |= is << full;
        ret[out] = filling;
        filling = n >= 64 ? is >> 1 >> (63 - full) : filling;
        out += n / 64;
        full = n % 64;
    }
    if (full)
        ret[out] = filling;
}

void bits_gather(const struct bits_picked *p, const uint64_t *bits, size_t words, uint64_t ret[COLUMN_CHUNK / 64])
{
    if (__builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt"))
        gather_compressing(p, bits, words, ret);
    else
        bits_gather_plainly(p, bits, words, ret);
}
#else
void bits_gather(const struct bits_picked *p, const uint64_t *bits, size_t words, uint64_t ret[COLUMN_CHUNK / 64])
{
    bits_gather_plainly(p, bits, words, ret);
}
#endif

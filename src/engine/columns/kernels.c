/* Plain loops that the compiler makes wide: a byte a row first, then bytes to bits. */
#include "engine/columns/kernels.h"

#include <assert.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#if defined __x86_64__ && defined __gnu_linux__ && !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__ \
    && !defined __clang__
#define WIDE __attribute__((target_clones("arch=x86-64-v4", "avx2", "default"), optimize("O3")))
#else
#define WIDE
#endif

/* Bytes of 0 and 0xff to bits; the first byte is bit 0. */
#ifdef __SSE2__
static inline uint64_t pack(const uint8_t m[64])
{
    uint64_t word = 0;
    for (int i = 0; i < 4; i++) {
        __m128i sixteen = _mm_loadu_si128((const __m128i *)(const void *)(m + 16 * i));
        word |= (uint64_t)(uint32_t)_mm_movemask_epi8(sixteen) << 16 * i;
    }
    return word;
}
#else
static inline uint64_t pack(const uint8_t m[64])
{
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) {
        uint64_t eight;
        memcpy(&eight, m + 8 * i, 8);  // little endian
        word |= ((eight & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080) >> 56) << 8 * i;
    }
    return word;
}
#endif

/* Both ends by one comparison: below low wraps to beyond span. */
#define RANGE(bits)                                                                                                    \
    WIDE static void range_##bits(const uint##bits##_t *v, uint##bits##_t low, uint##bits##_t span, uint64_t *out)    \
    {                                                                                                                  \
        for (size_t w = 0; w < KERNEL_WORDS; w++, v += 64) {                                                           \
            uint8_t m[64];                                                                                             \
            for (int i = 0; i < 64; i++)                                                                               \
                m[i] = (uint##bits##_t)(v[i] - low) <= span ? 0xff : 0;                                                        \
            out[w] = pack(m);                                                                                          \
        }                                                                                                              \
    }
RANGE(8)
RANGE(16)
RANGE(32)
RANGE(64)

#define CODES(bits)                                                                                                    \
    static void codes_##bits(const uint##bits##_t *v, const uint8_t *is, uint64_t *out)                                \
    {                                                                                                                  \
        for (size_t w = 0; w < KERNEL_WORDS; w++, v += 64) {                                                           \
            uint64_t word = 0;                                                                                         \
            for (int i = 0; i < 64; i++)                                                                               \
                word |= (uint64_t)is[v[i]] << i;                                                                       \
            out[w] = word;                                                                                             \
        }                                                                                                              \
    }
CODES(8)
CODES(16)
CODES(32)

void kernel_range(const void *data, size_t width, int64_t low, int64_t high, uint64_t out[KERNEL_WORDS])
{
    assert(low <= high);
    uint64_t from = (uint64_t)low, span = (uint64_t)high - from;
    switch (width) {
    case 1: range_8(data, (uint8_t)from, (uint8_t)span, out); break;
    case 2: range_16(data, (uint16_t)from, (uint16_t)span, out); break;
    case 4: range_32(data, (uint32_t)from, (uint32_t)span, out); break;
    default: range_64(data, from, span, out);
    }
}

void kernel_codes(const void *data, size_t width, const uint8_t *is, uint64_t out[KERNEL_WORDS])
{
    switch (width) {
    case 1: codes_8(data, is, out); break;
    case 2: codes_16(data, is, out); break;
    default: assert(width == 4); codes_32(data, is, out);
    }
}

/* Half a word at a time: the shift of each value is known, so that there is no branch and the loop is wide. */
WIDE void kernel_put(const uint64_t *bits, size_t n, uint32_t set, uint32_t *out)
{
    size_t whole = n / 32 * 32;
    for (size_t i = 0; i < whole; i += 32) {
        uint32_t half = (uint32_t)(bits[i / 64] >> i % 64);
        for (uint32_t k = 0; k < 32; k++)
            out[i + k] ^= (out[i + k] ^ set) & (0 - (half >> k & 1));
    }
    for (size_t i = whole; i < n; i++)
        out[i] = bits[i / 64] >> i % 64 & 1 ? set : out[i];
}

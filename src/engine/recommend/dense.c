#include "engine/recommend/dense.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined __x86_64__ && defined __gnu_linux__ && !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__ \
    && !defined __clang__
// -std=c17 alone keeps gcc from making one instruction of a product and a sum: half of the speed
#define WIDE __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"), optimize("O3", "fp-contract=fast")))
#define LANES_ARE_WIDE (__builtin_cpu_supports("avx512f") > 0)
#else
#define WIDE
#define LANES_ARE_WIDE false
#endif
#define INLINE static inline __attribute__((always_inline))
#define TALL 8                  // rows of a tile: with one row of lanes each, as many sums as hide an addition's latency

#define FEW DENSE_FEW
#define AHEAD 8                 // rows that are asked for before their turn
#define SHORTEST 32767

typedef float lanes __attribute__((vector_size(DENSE_LANES * sizeof(float)), aligned(4), may_alias));
typedef int32_t whole_lanes __attribute__((vector_size(DENSE_LANES * sizeof(int32_t)), aligned(4), may_alias));
typedef float half_lanes __attribute__((vector_size(DENSE_LANES / 2 * sizeof(float))));
typedef float quarter_lanes __attribute__((vector_size(DENSE_LANES / 4 * sizeof(float))));

float *dense_new(size_t rows, size_t width)
{
    if (width && rows > SIZE_MAX / 2 / sizeof(float) / width)
        return NULL;
    size_t bytes = (rows * width * sizeof(float) + DENSE_ALIGN) / DENSE_ALIGN * DENSE_ALIGN;
    float *at = aligned_alloc(DENSE_ALIGN, bytes);
    return at ? memset(at, 0, bytes) : NULL;
}

/* c[TALL][lanes] += by * a'b over k rows; what belongs to the next row of c stands `next` behind in a. */
INLINE void tile(float by, const float *a, size_t next, size_t a_stride, const float *b, size_t b_stride, size_t k, float *c,
                 size_t c_stride)
{
    lanes s0 = { 0 }, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
    for (size_t i = 0; i < k; i++, a += a_stride, b += b_stride) {
        lanes row = *(const lanes *)b;
        s0 += a[0] * row;
        s1 += a[next] * row;
        s2 += a[2 * next] * row;
        s3 += a[3 * next] * row;
        s4 += a[4 * next] * row;
        s5 += a[5 * next] * row;
        s6 += a[6 * next] * row;
        s7 += a[7 * next] * row;
    }
    *(lanes *)(c + 0 * c_stride) += by * s0;
    *(lanes *)(c + 1 * c_stride) += by * s1;
    *(lanes *)(c + 2 * c_stride) += by * s2;
    *(lanes *)(c + 3 * c_stride) += by * s3;
    *(lanes *)(c + 4 * c_stride) += by * s4;
    *(lanes *)(c + 5 * c_stride) += by * s5;
    *(lanes *)(c + 6 * c_stride) += by * s6;
    *(lanes *)(c + 7 * c_stride) += by * s7;
}

/* The same of two lanes, where registers are as wide as one: half of the loads. */
INLINE void tile_of_two(float by, const float *a, size_t next, size_t a_stride, const float *b, size_t b_stride, size_t k,
                        float *c, size_t c_stride)
{
    lanes left[TALL] = { { 0 } }, right[TALL] = { { 0 } };
    for (size_t i = 0; i < k; i++, a += a_stride, b += b_stride) {
        lanes b_left = *(const lanes *)b, b_right = *(const lanes *)(b + DENSE_LANES);
#pragma GCC unroll 8
        for (size_t row = 0; row < TALL; row++) {
            left[row] += a[row * next] * b_left;
            right[row] += a[row * next] * b_right;
        }
    }
#pragma GCC unroll 8
    for (size_t row = 0; row < TALL; row++) {
        *(lanes *)(c + row * c_stride) += by * left[row];
        *(lanes *)(c + row * c_stride + DENSE_LANES) += by * right[row];
    }
}

/* c[TALL][from..width) += by * a'b over k rows. */
INLINE void strip(bool wide, float by, const float *a, size_t next, size_t a_stride, const float *b, size_t b_stride,
                  size_t from, size_t width, size_t k, float *c, size_t c_stride)
{
    size_t col = from;
    for (; wide && col + 2 * DENSE_LANES <= width; col += 2 * DENSE_LANES)
        tile_of_two(by, a, next, a_stride, b + col, b_stride, k, c + col, c_stride);
    for (; col < width; col += DENSE_LANES)
        tile(by, a, next, a_stride, b + col, b_stride, k, c + col, c_stride);
}

WIDE void dense_gram(const float *y, size_t n, size_t stride, size_t width, float *c, size_t c_stride)
{
    assert(width % DENSE_LANES == 0);
    bool wide = LANES_ARE_WIDE;
    for (size_t row = 0; row < width; row += TALL)
        strip(wide, 1, y + row, 1, stride, y, stride, row / DENSE_LANES * DENSE_LANES, width, n, c + row * c_stride, c_stride);
}

WIDE void dense_outer(float by, const float *a, size_t a_stride, size_t rows, const float *b, size_t b_stride, size_t width,
                      size_t k, float *c, size_t c_stride)
{
    assert(width % DENSE_LANES == 0 && rows % TALL == 0);
    bool wide = LANES_ARE_WIDE;
    for (size_t row = 0; row < rows; row += TALL)
        strip(wide, by, a + row, 1, a_stride, b, b_stride, 0, width, k, c + row * c_stride, c_stride);
}

INLINE float sum_of(const lanes *v)
{
    half_lanes eight[2];
    quarter_lanes four[2];
    memcpy(eight, v, sizeof eight);
    eight[0] += eight[1];
    memcpy(four, eight, sizeof four);
    four[0] += four[1];
    return (four[0][0] + four[0][2]) + (four[0][1] + four[0][3]);
}

INLINE float dot(const float *a, const float *b, size_t width)
{
    lanes even = { 0 }, odd = { 0 };
    size_t k = 0;
    for (; k + 2 * DENSE_LANES <= width; k += 2 * DENSE_LANES) {
        even += *(const lanes *)(a + k) * *(const lanes *)(b + k);
        odd += *(const lanes *)(a + k + DENSE_LANES) * *(const lanes *)(b + k + DENSE_LANES);
    }
    if (k < width)
        even += *(const lanes *)(a + k) * *(const lanes *)(b + k);
    even += odd;
    return sum_of(&even);
}

WIDE void dense_dots(const float *y, size_t n, size_t stride, size_t width, const float *w, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] += dot(y + i * stride, w, width);
}

WIDE void dense_sum(float by, const float *y, size_t n, size_t stride, size_t width, const float *r, float *out)
{
    for (size_t k = 0; k < width; k += DENSE_LANES) {
        lanes even = { 0 }, odd = { 0 };
        const float *at = y + k;
        size_t i = 0;
        for (; i + 1 < n; i += 2, at += 2 * stride) {
            even += r[i] * *(const lanes *)at;
            odd += r[i + 1] * *(const lanes *)(at + stride);
        }
        if (i < n)
            even += r[i] * *(const lanes *)at;
        *(lanes *)(out + k) += by * (even + odd);
    }
}

WIDE void dense_times(const float *a, size_t a_stride, size_t rows, const float *b, size_t b_stride, size_t width, size_t k,
                      float *c, size_t c_stride)
{
    bool wide = LANES_ARE_WIDE;
    size_t row = 0;
    for (; row + TALL <= rows; row += TALL)
        strip(wide, 1, a + row * a_stride, a_stride, 1, b, b_stride, 0, width, k, c + row * c_stride, c_stride);
    for (; row < rows; row++)
        dense_sum(1, b, k, b_stride, width, a + row * a_stride, c + row * c_stride);
}

/* ---- rows of 16 bits ---- */
WIDE float dense_shorten(const float *from, size_t width, int32_t *to)
{
    assert(width % DENSE_PAIR == 0);
    float most = 0;
    for (size_t k = 0; k < width; k++)
        most = fabsf(from[k]) > most ? fabsf(from[k]) : most;
    float by = most > 0 ? SHORTEST / most : 0;
    for (size_t k = 0; k < width; k += DENSE_PAIR) {
        // above zero, cutting off is rounding
        lanes low = *(const lanes *)(from + k) * by + (SHORTEST + 1.5f),
              high = *(const lanes *)(from + k + DENSE_LANES) * by + (SHORTEST + 1.5f);
        *(whole_lanes *)(to + k / 2) = ((__builtin_convertvector(low, whole_lanes) - (SHORTEST + 1)) & 0xffff)
            | (__builtin_convertvector(high, whole_lanes) - (SHORTEST + 1)) << 16;
    }
    return most / SHORTEST / 65536;
}

/* The sums of four. */
INLINE quarter_lanes sums_of(const lanes *v)
{
    quarter_lanes q[FEW], low, high;
    for (int i = 0; i < FEW; i++) {
        half_lanes eight[2];
        quarter_lanes four[2];
        memcpy(eight, v + i, sizeof eight);
        eight[0] += eight[1];
        memcpy(four, eight, sizeof four);
        q[i] = four[0] + four[1];
    }
    low = __builtin_shufflevector(q[0], q[1], 0, 4, 1, 5) + __builtin_shufflevector(q[0], q[1], 2, 6, 3, 7);
    high = __builtin_shufflevector(q[2], q[3], 0, 4, 1, 5) + __builtin_shufflevector(q[2], q[3], 2, 6, 3, 7);
    return __builtin_shufflevector(low, high, 0, 1, 4, 5) + __builtin_shufflevector(low, high, 2, 3, 6, 7);
}

/* Of FEW rows at once, so that their sums hide each other's latency; made long, they stay in the first cache for what follows.
 * A number is taken 65,536 times too large where it stands, which the scale makes good. */
INLINE quarter_lanes dots_of_few(const int32_t *const *row, const int32_t *const *ahead, size_t width, const float *p,
                                 float *lengthened)
{
    lanes sum[FEW] = { { 0 } };
    for (size_t k = 0; k < width; k += DENSE_PAIR) {
        lanes by_low = *(const lanes *)(p + k), by_high = *(const lanes *)(p + k + DENSE_LANES);
#pragma GCC unroll 4
        for (size_t i = 0; i < FEW; i++) {
            __builtin_prefetch(ahead[i] + k / 2);
            whole_lanes both = *(const whole_lanes *)(row[i] + k / 2);
            lanes low = __builtin_convertvector(both << 16, lanes), high = __builtin_convertvector(both & ~0xffff, lanes);
            *(lanes *)(lengthened + i * width + k) = low;
            *(lanes *)(lengthened + i * width + k + DENSE_LANES) = high;
            sum[i] += low * by_low;
            sum[i] += high * by_high;
        }
    }
    return sums_of(sum);
}

INLINE void add_few(quarter_lanes by, const float *lengthened, size_t width, float *out)
{
    for (size_t k = 0; k < width; k += DENSE_LANES) {
        lanes sum = *(const lanes *)(out + k);
#pragma GCC unroll 4
        for (int i = 0; i < FEW; i++)
            sum += by[i] * *(const lanes *)(lengthened + (size_t)i * width + k);
        *(lanes *)(out + k) = sum;
    }
}

WIDE void dense_pulls(struct dense_shorts y, const uint32_t *which, size_t n, float less, const float *p, float *out,
                      float *scratch)
{
    size_t width = y.width, step = width / 2;
    for (size_t done = 0; done < n; done += FEW) {
        const int32_t *row[FEW], *ahead[FEW];
        quarter_lanes scale = { 0 };
        bool whole = done + FEW + AHEAD <= n;
#pragma GCC unroll 4
        for (size_t i = 0; i < FEW; i++) {
            bool there = whole || done + i < n;
            uint32_t number = which[there ? done + i : done];
            row[i] = y.row + number * step;
            ahead[i] = y.row + which[whole || done + i + AHEAD < n ? done + i + AHEAD : done] * step;
            scale[i] = there ? y.scale[number] : 0;
        }
        quarter_lanes off = scale * (scale * dots_of_few(row, ahead, width, p, scratch) - less);
        add_few(off, scratch, width, out);
    }
}

/* ---- factors ---- */
/* In bands of DENSE_LANES rows: within one by rows, then what lies below it by tiles. */
WIDE bool dense_factor(float *a, size_t n, size_t stride)
{
    assert(n % DENSE_LANES == 0);
    bool wide = LANES_ARE_WIDE;
    for (size_t band = 0; band < n; band += DENSE_LANES) {
        size_t below = band + DENSE_LANES;
        for (size_t k = band; k < below; k++) {
            float *pivot = a + k * stride;
            if (!(pivot[k] > 0) || !isfinite(pivot[k]))
                return false;
            float scale = 1 / sqrtf(pivot[k]);
            for (size_t col = band; col < n; col += DENSE_LANES)
                *(lanes *)(pivot + col) *= scale;
            for (size_t row = k + 1; row < below; row++)
                for (size_t col = band; col < n; col += DENSE_LANES)
                    *(lanes *)(a + row * stride + col) -= pivot[row] * *(const lanes *)(pivot + col);
        }
        for (size_t row = below; row < n; row += TALL)
            strip(wide, -1, a + band * stride + row, 1, stride, a + band * stride, stride, row / DENSE_LANES * DENSE_LANES, n,
                  DENSE_LANES, a + row * stride, stride);
    }
    return true;
}

/* In bands, as above: one by one within a band, by lanes outside of it. */
WIDE void dense_solve(const float *u, size_t n, size_t stride, float *x)
{
    for (size_t k = 0; k < n; k++) {
        size_t beyond = (k / DENSE_LANES + 1) * DENSE_LANES;
        const float *row = u + k * stride;
        float is = x[k] /= row[k];
        for (size_t col = k + 1; col < beyond; col++)
            x[col] -= is * row[col];
        for (size_t col = beyond; col < n; col += DENSE_LANES)
            *(lanes *)(x + col) -= is * *(const lanes *)(row + col);
    }
    for (size_t k = n; k-- > 0;) {
        size_t beyond = (k / DENSE_LANES + 1) * DENSE_LANES;
        const float *row = u + k * stride;
        float sum = x[k] - dot(row + beyond, x + beyond, n - beyond);
        for (size_t col = k + 1; col < beyond; col++)
            sum -= row[col] * x[col];
        x[k] = sum / row[k];
    }
}

WIDE bool dense_sweep(float *a, size_t n, size_t stride)
{
    for (size_t p = 0; p < n; p++) {
        float *pivot = a + p * stride, of_pivot = pivot[p];
        if (!(of_pivot > 0) || !isfinite(of_pivot))
            return false;
        for (size_t col = 0; col < n; col++)
            pivot[col] /= of_pivot;
        for (size_t row = 0; row < n; row++) {
            float *to = a + row * stride, by = to[p];
            if (row == p)
                continue;
            for (size_t col = 0; col < n; col += DENSE_LANES)
                *(lanes *)(to + col) -= by * *(const lanes *)(pivot + col);
            to[p] = pivot[row];
        }
        pivot[p] = -1 / of_pivot;
    }
    return true;
}

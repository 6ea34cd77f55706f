/* The products that small dense matrices need, as loops that the compiler makes wide for the processor it runs on.
 *
 * OpenBLAS has them all, but takes 10 us before a product of 145 x 32 begins, and its 0.3.21 does not know processors that came
 * after it: there it runs on the code of 2004, at a tenth of the speed (recommend_bench prints both).
 *
 * Shape   rows of floats, `stride` apart; widths are multiples of DENSE_LANES, heights of anything.
 *         Symmetric matrices: the upper triangle counts; what stands below it is scratch.
 */
#ifndef TENDERO_ENGINE_RECOMMEND_DENSE_H
#define TENDERO_ENGINE_RECOMMEND_DENSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DENSE_LANES 16
#define DENSE_PAIR 32
#define DENSE_FEW 4
#define DENSE_ALIGN 64

/* Zeroed, aligned to DENSE_ALIGN; free() it. NULL without memory, or when it would be more than there can be. */
float *dense_new(size_t rows, size_t width);

/* c += y'y of n rows. */
void dense_gram(const float *y, size_t n, size_t stride, size_t width, float *c, size_t c_stride);
/* c[rows][width] += by * a'b: a holds k rows of `rows` (a multiple of 8), b k rows of `width`. */
void dense_outer(float by, const float *a, size_t a_stride, size_t rows, const float *b, size_t b_stride, size_t width,
                 size_t k, float *c, size_t c_stride);
/* out[n] += Y w. */
void dense_dots(const float *y, size_t n, size_t stride, size_t width, const float *w, float *out);
/* out[width] += by * Y'r. */
void dense_sum(float by, const float *y, size_t n, size_t stride, size_t width, const float *r, float *out);

/* c[rows][width] += a b: a holds rows of k, b k rows of `width`. */
void dense_times(const float *a, size_t a_stride, size_t rows, const float *b, size_t b_stride, size_t width, size_t k,
                 float *c, size_t c_stride);

/* Rows of 16 bits with a scale for each: half of what has to come from memory, and as good as 1 / 65,536 of the largest of a
 * row. The width is a multiple of DENSE_PAIR: two numbers that stand DENSE_LANES apart share an int32_t. */
struct dense_shorts {
    const int32_t *row;         // width / 2 apart
    const float *scale;
    size_t width;
};
/* to[width / 2]; returns the scale. */
float dense_shorten(const float *from, size_t width, int32_t *to);
/* out += sum over these n rows y of (y.p - less) y, in one pass; scratch[DENSE_FEW * width]. */
void dense_pulls(struct dense_shorts, const uint32_t *which, size_t n, float less, const float *p, float *out, float *scratch);

/* a = U'U in its place; false: it is not positive definite, as far as float32 tells. */
bool dense_factor(float *a, size_t n, size_t stride);
/* x = a^-1 x, of a factored. */
void dense_solve(const float *factored, size_t n, size_t stride, float *x);
/* All of a (both triangles, n a multiple of DENSE_LANES) = -a^-1, by sweeps (Goodnight 1979); false as above. */
bool dense_sweep(float *a, size_t n, size_t stride);

#endif

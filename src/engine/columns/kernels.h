/* The hot loops: a chunk of a column to bits. Private to engine/columns. */
#ifndef TENDERO_ENGINE_COLUMNS_KERNELS_H
#define TENDERO_ENGINE_COLUMNS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#define KERNEL_WORDS 64u   // of a chunk

/* Bit i of out: low <= value i <= high. low <= high, both within the width. */
void kernel_range(const void *data, size_t width, int64_t low, int64_t high, uint64_t out[KERNEL_WORDS]);
/* out[i]: set where bit i is, for n values; bits can be read up to a whole word. */
void kernel_put(const uint64_t *bits, size_t n, uint32_t set, uint32_t *out);
/* Bit i: is[code i]; `is` holds 0 and 1 for each code. */
void kernel_codes(const void *data, size_t width, const uint8_t *is, uint64_t out[KERNEL_WORDS]);

#endif

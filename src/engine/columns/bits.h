/* Bitmaps: a bit a row. */
#ifndef TENDERO_ENGINE_COLUMNS_BITS_H
#define TENDERO_ENGINE_COLUMNS_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COLUMN_CHUNK 4096u                       // rows that the executors take at a time
#define COLUMN_WORDS(rows) (((rows) + COLUMN_CHUNK - 1) / COLUMN_CHUNK * (COLUMN_CHUNK / 64))

static inline bool bits_has(const uint64_t *bits, size_t row)
{
    return bits[row / 64] >> row % 64 & 1;
}
size_t bits_count(const uint64_t *bits, size_t rows);

/* Where some rows have their bits: found once, for as many bitmaps as are gathered. */
struct bits_picked {
    size_t n;                                    // words that hold a bit
    uint32_t word[COLUMN_CHUNK];
    uint64_t mask[COLUMN_CHUNK];
};
/* n <= COLUMN_CHUNK rows, which ascend, each once. */
void bits_pick(const uint32_t *row, size_t n, struct bits_picked *ret);
/* Their bits side by side, COLUMN_CHUNK of them; rows beyond `words`, and places beyond the rows, have none. */
void bits_gather(const struct bits_picked *, const uint64_t *bits, size_t words, uint64_t ret[COLUMN_CHUNK / 64]);
/* The same on machines that cannot compress a word. */
void bits_gather_plainly(const struct bits_picked *, const uint64_t *bits, size_t words, uint64_t ret[COLUMN_CHUNK / 64]);

#endif

/* Random conditions over a random base, for the tests of those who work them out. Needs cmocka's headers before it. */
#ifndef TENDERO_ENGINE_COLUMNS_PROGRAM_TESTING_H
#define TENDERO_ENGINE_COLUMNS_PROGRAM_TESTING_H

#include "engine/columns/program.h"

#define ROWS 5000u               // more than a chunk, and no multiple of 64
#define NOW_MS INT64_C(1796256000000)
#define STORE_COLUMNS 9

/* A column of each kind and width, with nulls, extremes and neighbours of the constants in conditions. */
struct store {
    struct column column[STORE_COLUMNS];
    uint64_t *null[STORE_COLUMNS];
    void *data[STORE_COLUMNS];
};
void store_fill(struct store *);
void store_clear(struct store *);

/* The same numbers in each run. */
uint64_t any(uint64_t below);
void any_condition(struct buf *, unsigned depth);
struct node *parse_condition(const struct columns *, struct slice text, struct arena *mem);
enum value_eq interpreter_says(const struct columns *, const struct node *, size_t row, struct arena *mem);

#endif

/* A program's steps, for those who run them and those who print them. Private to program*.c. */
#ifndef TENDERO_ENGINE_COLUMNS_PROGRAM_ROOM_H
#define TENDERO_ENGINE_COLUMNS_PROGRAM_ROOM_H

#include "engine/columns/program.h"

enum step_kind {
    STEP_CONSTANT, STEP_RANGES, STEP_RUNS, STEP_CODES, STEP_BITS, STEP_PAIR, STEP_AND, STEP_OR, STEP_NOT, STEP_ROWS
};
struct range {
    int64_t low, high;
};
struct step {
    enum step_kind kind;
    enum value_eq constant;            // CONSTANT; else what null gives
    const struct column *a, *b;
    struct range *is, *unknown;        // RANGES, RUNS: where it is true, where null
    size_t n_is, n_unknown;
    const uint8_t *codes, *unknown_codes;  // CODES: 0 and 1 for each; unknown_codes may be NULL
    enum value_eq of[2];               // BITS: of false and true
    enum node_op op;                   // PAIR
    size_t left, right;                // AND, OR, NOT (left)
    const struct node *node;
    const char *why;                   // ROWS
    const struct column **use;
    size_t n_use;
};
struct program {
    const struct columns *columns;
    const struct zones *zones;
    int64_t now_ms;
    struct step *step;
    size_t n, root;
};

#endif

/* What ials.c and ials_solve.c share: one half step's rows, solved. */
#ifndef TENDERO_ENGINE_RECOMMEND_IALS_ROOM_H
#define TENDERO_ENGINE_RECOMMEND_IALS_ROOM_H

#include "engine/recommend/dense.h"
#include "engine/recommend/ials.h"

/* One side while the other is solved. */
struct ials_side {
    const float *vector;        // of the other side, rows of `width`
    const float *gram;          // alpha times their products
    uint32_t others;
    size_t width;
    float alpha, lambda, nu;
};
static inline size_t ials_turned_width(size_t width)
{
    return (width + DENSE_PAIR - 1) / DENSE_PAIR * DENSE_PAIR;
}
static inline struct ials_side ials_items(const struct ials *m)
{
    return (struct ials_side){ m->item, m->gram, m->items, ials_width(m->dimensions), m->alpha, m->lambda, m->nu };
}

/* The held side seen along the axes of its gram, E diag(axis) E': there that is as good as nothing to multiply by, and says how
 * far to go along each axis. */
struct ials_turned {
    struct dense_shorts vector;
    const float *there, *back;  // E and E', w E there and back again; vector.width is at least the side's
    const float *axis;          // vector.width
    const float *usual;         // vector.width: what a purchase adds to it, on average
};

/* Scratch of one thread. */
struct ials_work {
    size_t room;                 // rows that gathered has room for
    float *gathered;            // the vectors of a row's other side
    float *off;                 // prediction - 1 of each of them
    float *square;              // width^2
    float *pull;                // width: alpha H'H w, or what is left
    float *step;                // width
};
struct ials_work *ials_work_with(uint32_t dimensions, size_t room);

/* w, exactly, of the row whose other side is these n. */
void ials_solve(const struct ials_side *, const uint32_t *other, size_t n, float *w, struct ials_work *);
/* One sweep over blocks of w; work->room >= n. */
void ials_sweep(const struct ials_side *, size_t block, const uint32_t *other, size_t n, float *w, struct ials_work *);
/* So many steps of conjugate gradients from w on, both turned. */
void ials_step(const struct ials_side *, const struct ials_turned *, unsigned steps, const uint32_t *other, size_t n, float *w,
               struct ials_work *);
/* work->square: Cholesky's factor of what ials_solve would solve. */
void ials_factor(const struct ials_side *, const uint32_t *other, size_t n, struct ials_work *);
double ials_weight(const struct ials_side *, size_t n);  // of |w|^2

#endif

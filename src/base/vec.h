/* Growing arrays of plain rows: doubled, large ones by an eighth; never shrunk, failing cleanly. */
#ifndef TENDERO_BASE_VEC_H
#define TENDERO_BASE_VEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* Makes room for `need` rows of `size` bytes at *at; new rows are zero. false: no memory, nothing changed. */
bool vec_room(void **at, size_t *cap, size_t need, size_t size);
/* vec_need(v->row, v->cap, n): for a member that is a pointer to rows. */
#define vec_need(rows, cap, need) vec_room((void **)&(rows), &(cap), (need), sizeof *(rows))

#endif

/* A frame: values of some rows of the population side by side, for many conditions that are asked about the same few
 * rows again and again. Conditions are made over the frame's columns once (condition_new_in) and run whenever other
 * rows have been gathered into them.
 *
 * Columns   of the population, by name; tallies of events, gathered over all histories of a customer; questions about
 *           events; other audiences, whose bits the owner writes.
 * Stale     frame_look finds the columns anew. What a program knows of a column when it is made (its kind, the values of
 *           its dictionary) has a number, frame_state; a program made at another state must be made again.
 * Locks     adding under population_lock_alone, the rest under either lock of the population.
 */
#ifndef TENDERO_INSIGHT_FRAME_H
#define TENDERO_INSIGHT_FRAME_H

#include "insight/event_ask.h"
#include "insight/related_ask.h"

#define FRAME_COLUMNS_MAX 8192

struct frame;
MUST_CHECK enum err_code frame_new(struct population *, struct frame **ret, struct err *e);
void frame_drop(struct frame **);
/* COLUMN_CHUNK rows; it stays where it is, its n grows. */
const struct columns *frame_columns(const struct frame *);

/* Each finds the column of that name or makes it; *ret is its place. ERR_LIMIT: memory, or FRAME_COLUMNS_MAX. */
MUST_CHECK enum err_code frame_add_base(struct frame *, const struct column *, size_t *ret, struct err *e);
MUST_CHECK enum err_code frame_add_tally(struct frame *, struct slice name, struct slice event, enum tally_kind,
                                         int32_t from, int32_t to, size_t *ret, struct err *e);
MUST_CHECK enum err_code frame_add_audience(struct frame *, struct slice name, int64_t audience, size_t *ret,
                                            struct err *e);
/* What a question about events answers; one that is old is made anew. ERR_INVALID: event_ask_new. */
MUST_CHECK enum err_code frame_add_events(struct frame *, struct slice name, const struct event_question *,
                                          const struct zones *, int64_t now_ms, size_t *ret, struct err *e);
/* What is asked of those who belong to them. The frame owns it, also after an error. */
MUST_CHECK enum err_code frame_add_related(struct frame *, struct slice name, struct related_ask *, size_t *ret, struct err *e);
/* NULL: there is none of that name, or it is old. */
const struct related_ask *frame_related(const struct frame *, struct slice name, size_t *ret);
/* The audience of that place; false: it is another column. */
bool frame_audience(const struct frame *, size_t place, int64_t *ret);

/* ERR_NOT_FOUND: a column is gone, the frame has to be made anew. */
MUST_CHECK enum err_code frame_look(struct frame *, struct err *e);
uint64_t frame_state(const struct frame *, size_t place);
/* The next frame_gather fills these, too. */
void frame_want(struct frame *, const size_t *place, size_t n);
void frame_want_none(struct frame *);
/* n <= COLUMN_CHUNK rows, which ascend, into the columns that are wanted, but audiences. ERR_LIMIT: memory, or a question
 * about events that is too much work. */
MUST_CHECK enum err_code frame_gather(struct frame *, const uint32_t *row, size_t n, struct err *e);
/* Where the rows that were gathered last have their bits. */
const struct bits_picked *frame_picked(const struct frame *);
/* For the owner to write: COLUMN_CHUNK bits. */
uint64_t *frame_bits(struct frame *, size_t place);

#endif

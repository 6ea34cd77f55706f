/* What the files of condition share. Private to condition*.c. */
#ifndef TENDERO_INSIGHT_CONDITION_ROOM_H
#define TENDERO_INSIGHT_CONDITION_ROOM_H

#include "insight/condition.h"

struct condition {
    const struct condition_world *world;
    struct node *node;
    struct columns columns;      // the population's, then those counted for this condition; or the frame's
    struct program *program;
    size_t *place;               // of a frame
    size_t n_places, places_cap;
    bool by_day, by_moment;
};

/* While it is made. */
struct making {
    struct condition *condition;
    const struct condition_world *world;
    struct arena *mem;
    struct slice text;
    struct column *column;
    size_t n, cap;
    unsigned depth;
    bool of_related;             // it is asked of those who belong to somebody
    struct frame *frame;         // NULL: columns are counted for this condition alone
    struct err *e;
};

/* condition.c */
MUST_CHECK enum err_code condition_make(struct making *, struct slice text, struct condition *);
MUST_CHECK enum err_code condition_no_memory(struct err *e);
MUST_CHECK enum err_code condition_flaw(const struct making *, size_t at, const char *text);
MUST_CHECK enum err_code condition_add_column(struct making *, struct column);
/* The condition speaks of that column of the frame. */
MUST_CHECK enum err_code condition_add_place(struct making *, size_t place);
/* In m->mem; no text: memory. */
struct slice condition_printed(struct making *, const struct node *);
bool node_calls(const struct node *, struct slice function);

/* As condition_new_in, of those who belong to somebody. */
MUST_CHECK enum err_code condition_new_of_related(struct frame *, const struct condition_world *, struct slice text,
                                                  struct arena *mem, struct condition **ret, struct err *e);

/* condition_calls.c: the functions that conditions know beside FEEL's own. */
const struct slice *condition_functions(size_t *n);
/* Each call of one becomes the name of a column, which is added to m->column. */
MUST_CHECK enum err_code condition_replace_calls(struct making *, struct node *);

#endif

/* What the files of condition share. Private to condition*.c. */
#ifndef TENDERO_INSIGHT_CONDITION_ROOM_H
#define TENDERO_INSIGHT_CONDITION_ROOM_H

#include "insight/condition.h"

struct condition {
    const struct condition_world *world;
    struct slice text;
    struct node *node;
    struct columns columns;      // the population's, then those counted for this condition; or the frame's
    struct program *program;
    size_t *place;               // of a frame
    size_t n_places, places_cap;
    struct condition_where *where;   // of its calls about events: condition_fit.c looks at them
    size_t n_where, where_cap;
    bool by_day, by_moment;
};
struct condition_where {
    const struct node *node;
    struct slice event;
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
/* m->condition, of that text. */
MUST_CHECK enum err_code condition_make(struct making *, struct slice text);
MUST_CHECK enum err_code condition_no_memory(struct err *e);
MUST_CHECK enum err_code condition_flaw(const struct making *, size_t at, const char *text);
MUST_CHECK enum err_code condition_add_column(struct making *, struct column);
/* The condition speaks of that column of the frame. */
MUST_CHECK enum err_code condition_add_place(struct making *, size_t place);
/* In m->mem; no text: memory. */
struct slice condition_printed(struct making *, const struct node *);

/* As condition_new_in, of those who belong to somebody. */
MUST_CHECK enum err_code condition_new_of_related(struct frame *, const struct condition_world *, struct slice text,
                                                  struct arena *mem, struct condition **ret, struct err *e);

/* condition_arguments.c: the functions that conditions know beside FEEL's own. */
const struct slice *condition_functions(size_t *n);
enum param { PARAM_NONE, PARAM_EVENT, PARAM_PROPERTY, PARAM_WITHIN, PARAM_WHERE, PARAM_STEPS, PARAM_GAP, PARAM_WITHOUT,
             PARAM_AUDIENCE, PARAM_KIND, PARAM_TRAIT, PARAM_CHANNEL, PARAM_TOPIC, PARAMS };
#define PARAMS_MAX 4
enum about { ABOUT_EVENTS, ABOUT_AUDIENCE, ABOUT_RELATED, ABOUT_DECLARED, ABOUT_PERMISSION };
struct function {
    enum about about;
    enum event_measure measure;
    enum param params[PARAMS_MAX];
    size_t required;             // arguments, from the first on
    const char *shape;
};
struct arguments {
    const struct function *function;
    const struct node *call;
    const struct node *of[PARAMS];
};
/* Days from and to, both included. */
struct window {
    int32_t from, to;
    bool ranged;                 // by its two ends
};
/* NULL: it calls none of them. */
const struct function *call_function(const struct node *);
MUST_CHECK enum err_code call_bind(const struct making *, struct arguments *);
MUST_CHECK enum err_code call_is_wrong(const struct making *, const struct arguments *);
/* false: it is no text that is constant. */
bool call_text(struct making *, const struct node *, struct slice *ret);
MUST_CHECK enum err_code call_window(struct making *, const struct arguments *, struct window *ret);
MUST_CHECK enum err_code call_question(struct making *, const struct arguments *, struct window, struct event_question *);
MUST_CHECK enum err_code call_permission(struct making *, const struct arguments *, struct event_question *);
int32_t condition_today(const struct making *);

/* condition_calls.c. Each call of one becomes the name of a column, which is added to m->column. */
MUST_CHECK enum err_code condition_replace_calls(struct making *, struct node *);

#endif

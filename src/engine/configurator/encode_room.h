/* Inside the configurator: what the files of the encoder share. */
#ifndef TENDERO_ENGINE_CONFIGURATOR_ENCODE_ROOM_H
#define TENDERO_ENGINE_CONFIGURATOR_ENCODE_ROOM_H

#include "engine/configurator/encode.h"

#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory to encode the product model")

/* A list of literals that grows in the arena. */
struct literals {
    int32_t *at;
    size_t n, cap;
};
struct encoder {
    const struct uvl_model *model;
    struct arena *mem;
    struct encoding *ret;
    uint32_t rule;                   // whose clauses are being made
    const uint32_t *end;             // of each feature: what is below it ends before
    const int32_t *variable;         // of each feature where we are: its own, or that of an instance
    int32_t always;                  // a literal that is true; 0: not made yet
    uint32_t depth;                  // of the expression that is being read
};

MUST_CHECK enum err_code encode_emit(struct encoder *, const int32_t *literal, size_t n, struct err *e);
/* A clause that defines a helper. */
MUST_CHECK enum err_code encode_define(struct encoder *, const int32_t *literal, size_t n, struct err *e);
MUST_CHECK enum err_code encode_push(struct encoder *, struct literals *, int32_t literal, struct err *e);
MUST_CHECK enum err_code encode_always(struct encoder *, int32_t *ret, struct err *e);
/* Before and after going down into an expression: ERR_INVALID where it is nested too deep. */
MUST_CHECK enum err_code encode_deeper(struct encoder *, uint32_t expr, struct err *e);
MUST_CHECK enum err_code encode_helper(struct encoder *, int32_t *ret, struct err *e);
/* ret <=> if `test` then `yes` else `no`. */
MUST_CHECK enum err_code encode_choice(struct encoder *, int32_t test, int32_t yes, int32_t no, int32_t *ret, struct err *e);
MUST_CHECK enum err_code encode_fault(const struct encoder *, struct uvl_place, struct err *e, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* encode_formula.c: `guard` or the expression. */
MUST_CHECK enum err_code encode_rule(struct encoder *, uint32_t expr, int32_t guard, struct err *e);
/* encode_sum.c: a literal for an equation. */
MUST_CHECK enum err_code encode_equation(struct encoder *, uint32_t expr, int32_t *ret, struct err *e);
/* encode_sum.c: a literal that is true where from min to max of them are. */
MUST_CHECK enum err_code encode_between(struct encoder *, const int32_t *literal, size_t n, uint32_t min, uint32_t max, int32_t *ret,
                                        struct err *e);

#endif

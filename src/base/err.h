/* Errors of the world outside: a code, and one sentence by the deepest function that knows.
 *
 * Our own mistakes are asserts. `pos` is the byte, row or element the sentence speaks of.
 * A function that fails leaves its outputs untouched unless its header says otherwise.
 */
#ifndef TENDERO_BASE_ERR_H
#define TENDERO_BASE_ERR_H

#include <stddef.h>

enum err_code {
    ERR_OK,
    ERR_INVALID,   // the input is wrong; the text says where and what to do
    ERR_NOT_FOUND,
    ERR_CONFLICT,  // the state forbids it
    ERR_DENIED,
    ERR_LIMIT,     // larger than a stated maximum, or memory is exhausted
    ERR_BUSY,      // try again later
    ERR_IO,        // disk or network refused
    ERR_CORRUPT    // stored bytes are not what was written
};

struct err {
    enum err_code code;
    size_t pos;
    char text[160];
};

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
/* AUTO(arena) mem = NULL; calls arena_drop(&mem) on every way out of the block. */
#define AUTO(T) __attribute__((cleanup(T##_drop))) struct T *
#define TRY(call)                                                                                  \
    do {                                                                                           \
        enum err_code c_ = (call);                                                                 \
        if (c_)                                                                                    \
            return c_;                                                                             \
    } while (0)

/* Fills *e (which may be NULL) and returns `code`, so that `return err_set(...)` reads as one act. */
enum err_code err_set(struct err *e, enum err_code code, size_t pos, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* The stable lower-case word of a code ("invalid", "not_found", ...), for logs and problem details. */
const char *err_name(enum err_code code);

#endif

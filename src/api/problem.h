/* Problem details, RFC 9457: the one table from our error codes to HTTP. */
#ifndef TENDERO_API_PROBLEM_H
#define TENDERO_API_PROBLEM_H

#include "base/buf.h"
#include "base/err.h"

int problem_status(enum err_code);
/* Seconds for Retry-After, 0: no such header. */
int problem_retry_s(enum err_code, const struct err *);
void problem_json(struct buf *out, enum err_code, int status, const struct err *);

#endif

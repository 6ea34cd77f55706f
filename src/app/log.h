/* The log of the process: a line of JSON on standard error for each thing worth knowing.
 *
 * Never personal data, keys, paths with identifiers, queries or bodies. One write a line, so that lines of
 * several threads never mix; a thread writes one at a time.
 */
#ifndef TENDERO_APP_LOG_H
#define TENDERO_APP_LOG_H

#include "base/buf.h"
#include "text/json.h"

struct log_line {
    struct buf text;
    bool comma;
};
struct log_line log_begin(const char *level, const char *event);  // level: info, warning, error
void log_text(struct log_line *, const char *key, const char *value);
void log_number(struct log_line *, const char *key, int64_t value);
void log_end(struct log_line *);

#endif

/* Counters of the api, and the OpenMetrics text. Source: OpenMetrics 1.0. Any thread. */
#ifndef TENDERO_API_METRICS_H
#define TENDERO_API_METRICS_H

#include "base/buf.h"
#include "base/err.h"

struct metrics;
struct metrics *metrics_new(void);  // NULL without memory
void metrics_drop(struct metrics **);
/* `route` is the pattern: at most METRIC_ROUTES of them, compared by address. */
void metrics_request(struct metrics *, const char *route, int status, int64_t duration_us);
void metrics_requests_text(const struct metrics *, struct buf *out);
/* One family: "# TYPE", "# HELP" and its only sample. kind: "counter" or "gauge". */
void metrics_sample(struct buf *out, const char *name, const char *kind, const char *help, double value);

#endif

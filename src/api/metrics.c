#include "api/metrics.h"

#include <assert.h>
#include <stdbool.h>
#include <stdatomic.h>
#include <stdlib.h>

#define METRIC_ROUTES 128
#define BUCKETS 9

static const int64_t bucket_us[BUCKETS] = { 100, 500, 1000, 5000, 25000, 100000, 500000, 2500000, 10000000 };

struct route_metrics {
    _Atomic(const char *) route;
    _Atomic uint64_t by_status[6];        // [2] counts 2xx, …
    _Atomic uint64_t by_bucket[BUCKETS + 1];  // not cumulative; the last: slower than all
    _Atomic uint64_t sum_us;
};

struct metrics {
    struct route_metrics of[METRIC_ROUTES];
};

struct metrics *metrics_new(void)
{
    return calloc(1, sizeof(struct metrics));
}

void metrics_drop(struct metrics **metrics)
{
    free(*metrics);
    *metrics = NULL;
}

/* Patterns are string literals, so their addresses name them; a slot is taken once and stays. */
static struct route_metrics *route_slot(struct metrics *metrics, const char *route)
{
    for (size_t i = 0; i < METRIC_ROUTES; i++) {
        const char *seen = NULL;
        if (atomic_load(&metrics->of[i].route) == route
            || atomic_compare_exchange_strong(&metrics->of[i].route, &seen, route) || seen == route)
            return &metrics->of[i];
    }
    return &metrics->of[METRIC_ROUTES - 1];
}

void metrics_request(struct metrics *metrics, const char *route, int status, int64_t duration_us)
{
    assert(metrics && route && status >= 100 && status < 600);
    struct route_metrics *slot = route_slot(metrics, route);
    size_t bucket = 0;
    while (bucket < BUCKETS && duration_us > bucket_us[bucket])
        bucket++;
    atomic_fetch_add_explicit(&slot->by_status[status / 100], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&slot->by_bucket[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&slot->sum_us, (uint64_t)(duration_us > 0 ? duration_us : 0),
                              memory_order_relaxed);
}

static void route_text(const struct route_metrics *slot, const char *route, struct buf *out)
{
    uint64_t count = 0;
    for (size_t b = 0; b <= BUCKETS; b++) {
        count += atomic_load(&slot->by_bucket[b]);
        if (b < BUCKETS)
            buf_printf(out, "tendero_request_seconds_bucket{route=\"%s\",le=\"%g\"} %llu\n", route,
                       (double)bucket_us[b] / 1e6, (unsigned long long)count);
        else
            buf_printf(out, "tendero_request_seconds_bucket{route=\"%s\",le=\"+Inf\"} %llu\n", route,
                       (unsigned long long)count);
    }
    buf_printf(out, "tendero_request_seconds_count{route=\"%s\"} %llu\n", route, (unsigned long long)count);
    buf_printf(out, "tendero_request_seconds_sum{route=\"%s\"} %.6f\n", route,
               (double)atomic_load(&slot->sum_us) / 1e6);
}

void metrics_requests_text(const struct metrics *metrics, struct buf *out)
{
    buf_adds(out, "# TYPE tendero_requests counter\n# HELP tendero_requests Requests answered.\n");
    for (size_t i = 0; i < METRIC_ROUTES; i++) {
        const char *route = atomic_load(&metrics->of[i].route);
        for (int s = 1; route && s < 6; s++) {
            uint64_t n = atomic_load(&metrics->of[i].by_status[s]);
            if (n)
                buf_printf(out, "tendero_requests_total{route=\"%s\",status=\"%dxx\"} %llu\n", route, s,
                           (unsigned long long)n);
        }
    }
    buf_adds(out, "# TYPE tendero_request_seconds histogram\n# UNIT tendero_request_seconds seconds\n"
                  "# HELP tendero_request_seconds Time from headers to answer.\n");
    for (size_t i = 0; i < METRIC_ROUTES; i++) {
        const char *route = atomic_load(&metrics->of[i].route);
        if (route)
            route_text(&metrics->of[i], route, out);
    }
}

void metrics_sample(struct buf *out, const char *name, const char *kind, const char *help, double value)
{
    bool counter = kind[0] == 'c';
    buf_printf(out, "# TYPE tendero_%s %s\n# HELP tendero_%s %s\n", name, kind, name, help);
    buf_printf(out, "tendero_%s%s %.17g\n", name, counter ? "_total" : "", value);
}

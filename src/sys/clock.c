#include "sys/clock.h"

#include <assert.h>
#include <time.h>

static int64_t read_ns(clockid_t id)
{
    struct timespec t;
    int rc = clock_gettime(id, &t);
    assert(rc == 0);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t now_real(const struct sys_clock *clock)
{
    (void)clock;
    return read_ns(CLOCK_REALTIME) / 1000000;
}

static int64_t now_fixed(const struct sys_clock *clock)
{
    return clock->fixed_ms;
}

const struct sys_clock sys_clock_real = { .now_ms = now_real };

struct sys_clock sys_clock_fixed(int64_t now_ms)
{
    return (struct sys_clock){ .now_ms = now_fixed, .fixed_ms = now_ms };
}

int64_t clock_steady_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

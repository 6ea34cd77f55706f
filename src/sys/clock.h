/* Time: the real clock and one that tests move by hand. Milliseconds since 1970-01-01 UTC ("_ms"). */
#ifndef TENDERO_SYS_CLOCK_H
#define TENDERO_SYS_CLOCK_H

#include <stdint.h>

struct sys_clock {
    int64_t (*now_ms)(const struct sys_clock *);
    int64_t fixed_ms;  // what the simulated clock answers; tests write it
};

extern const struct sys_clock sys_clock_real;
struct sys_clock sys_clock_fixed(int64_t now_ms);

static inline int64_t clock_now_ms(const struct sys_clock *clock)
{
    return clock->now_ms(clock);
}

/* A steady clock for durations: progress, metrics, time-outs. */
int64_t clock_steady_ns(void);

#endif

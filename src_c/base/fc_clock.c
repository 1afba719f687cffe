#define _GNU_SOURCE /* clock_gettime */
#include "fc_clock.h"

#include <time.h>

static int64_t read_clock(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t fc_clock_ns(void) { return read_clock(CLOCK_MONOTONIC) + 1; /* the clock may begin at 0 */ }

int64_t fc_clock_cpu_ns(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

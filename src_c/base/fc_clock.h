/* Clocks, in nanoseconds. Only differences mean something. Thread-safe, O(1). */
#ifndef FC_CLOCK_H
#define FC_CLOCK_H

#include <stdint.h>

/* Return the time by a clock that never goes back, > 0. */
int64_t fc_clock_ns(void);

/* Return how long the calling thread has kept a processor. */
int64_t fc_clock_cpu_ns(void);

#endif

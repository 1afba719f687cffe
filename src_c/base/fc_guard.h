/* Read memory that is mapped from files without dying when a file is cut short or its disk fails.
 *
 * A read of a page that its file no longer has, or that cannot be fetched, is a SIGBUS. Inside a guarded region such a
 * fault ends the region instead of the process; every other SIGBUS goes to whoever handled it before. Part of the one
 * runtime of the process: other modules call it through fc_runtime. */
#ifndef FC_GUARD_H
#define FC_GUARD_H

#include "fc_runtime.h"

/* Run region(ctx), which may read [bytes, bytes + len). Returns true when it ran to its end, false when a fault at an
 * address of that stretch broke it off; *out_fault is then the offset of the fault in the stretch. What the region
 * wrote through ctx before the fault is there.
 * The region takes no lock, allocates nothing, holds no C++ object, calls no Python and is not nested in another one.
 * To be called between fc_guard_begin and fc_guard_end on the same thread. Takes some nanoseconds. */
bool fc_guard_run(const void *bytes, size_t len, void (*region)(void *ctx), void *ctx, size_t *out_fault);

/* Make the faults of this thread catchable: install the handler if it is not the one in force (at the first call, or
 * because someone has put another over it), and let the thread receive the signal. Returns whether the thread had it
 * blocked, for fc_guard_end, which blocks it again. Thread-safe, also in a forked child. Takes about 0.5 us. */
bool fc_guard_begin(void);
void fc_guard_end(bool was_blocked);

#endif

# cython: language_level=3, freethreading_compatible=True, autotestdict=False
"""The process-wide runtime: instruction-set level, thread pool, and the exception of every status code."""

import atexit
import os

from cpython.exc cimport PyErr_CheckSignals, PyErr_Occurred
from libc.stdint cimport uint32_t, uint64_t

from fastcore.errors import LineError

cdef extern from "Python.h" nogil:
    unsigned long PyThread_get_thread_ident()

cdef extern from "fc_cpu.h" nogil:
    fc_cpu_level fc_cpu_detect()
    fc_cpu_level fc_cpu_by_name(const char *name)
    const char *fc_cpu_name(fc_cpu_level level)

cdef extern from "fc_pool.h" nogil:
    const fc_runtime *fc_pool_runtime(fc_cpu_level cpu)
    unsigned int fc_pool_workers()

cdef extern from "fc_fold.h" nogil:
    uint32_t fc_fold(uint32_t code_point)
    size_t fc_fold_orbit(uint32_t code_point, uint32_t *out_orbit)

cdef extern from *:
    """
    #include <stdatomic.h>
    static atomic_uint_least64_t selftest_sum;
    static void selftest_reset(void) { atomic_store(&selftest_sum, 0); }
    static uint64_t selftest_read(void) { return atomic_load(&selftest_sum); }
    static void selftest_work(void *ctx, size_t item, unsigned worker) {
        (void)ctx; (void)worker;
        atomic_fetch_add(&selftest_sum, item + 1);
    }
    """
    void selftest_reset() nogil
    uint64_t selftest_read() nogil
    void selftest_work(void *ctx, size_t item, unsigned int worker) noexcept nogil


cdef fc_cpu_level chosen_level() except *:
    cdef fc_cpu_level best = fc_cpu_detect()
    cdef fc_cpu_level cap
    if "simd" in [word.strip() for word in os.environ.get("FASTCORE_OFF", "").split(",")]:
        return FC_CPU_BASE
    name = os.environ.get("FASTCORE_CPU", "")
    if not name:
        return best
    cap = fc_cpu_by_name(name.encode())
    if cap == FC_CPU_COUNT:
        raise ImportError(f"FASTCORE_CPU={name!r}: known levels are base, v3 and v4")
    return min(cap, best)


cdef const fc_runtime *the_runtime = fc_pool_runtime(chosen_level())
cdef bint is_exiting = False
cdef unsigned long exiting_thread = 0


cdef const fc_runtime *runtime() noexcept nogil:
    return the_runtime


cdef bint exiting() noexcept nogil:
    return is_exiting and PyThread_get_thread_ident() != exiting_thread


def _exit():
    """Make the jobs of other threads end: after this a thread that waits for the interpreter never comes back."""
    global is_exiting, exiting_thread
    exiting_thread = PyThread_get_thread_ident()
    is_exiting = True


atexit.register(_exit)

_EXCEPTIONS = {
    FC_NO_MEMORY: MemoryError,
    FC_BAD_VALUE: ValueError,
    FC_OS: OSError,
    FC_BAD_LINE: LineError,
    FC_STOPPED: KeyboardInterrupt,
    FC_FORKED: RuntimeError,
}


cdef int raise_status(fc_status status) except -1:
    if status == FC_OK:
        return 0
    if status == FC_STOPPED and PyErr_Occurred() != NULL:
        return -1
    if status == FC_STOPPED and exiting():
        raise SystemExit  # ends a thread without a word, as the interpreter is about to do
    raise _EXCEPTIONS[status](fc_status_name(status).decode())


def raise_for_status(int code):
    if not 0 <= code < FC_STATUS_COUNT:
        raise IndexError(f"no status code {code}")
    raise_status(<fc_status>code)


def cpu_level():
    return fc_cpu_name(the_runtime.cpu).decode()


def cpu_detected():
    return fc_cpu_name(fc_cpu_detect()).decode()


def fold(uint32_t code_point):
    return fc_fold(code_point)


def orbit(uint32_t code_point):
    cdef uint32_t members[4]
    cdef size_t count = fc_fold_orbit(code_point, members)
    return tuple([members[i] for i in range(count)])


def pool_workers():
    return fc_pool_workers()

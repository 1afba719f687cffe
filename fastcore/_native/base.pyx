# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""The process-wide runtime: instruction-set level, thread pool, costs of call sites, the exception of every status."""

import atexit
import os

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AsString, PyBytes_FromStringAndSize, PyBytes_Size
from cpython.exc cimport PyErr_CheckSignals, PyErr_Occurred
from libc.stdint cimport INT64_MAX, int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, getenv
from libc.string cimport strlen

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

cdef extern from "fc_sites.h" nogil:
    ctypedef struct fc_cost_site:
        double ns_per_item, ns_per_byte
        uint64_t serial, parallel, measured
        double predicted_ns, measured_ns, error
    ctypedef struct fc_sites_row:
        char *name
        size_t name_len
        fc_cost_site site
    enum:
        FC_COST_BY_MODEL, FC_SITES_MAX
    int64_t fc_sites_begin_serial(const fc_runtime *runtime, const fc_cost_work *work)
    void fc_sites_end_serial(const fc_runtime *runtime, const fc_cost_work *work, int64_t began_ns)
    double fc_sites_serial_ns(const fc_cost_work *work)
    unsigned int fc_sites_would_choose(const fc_runtime *runtime, const fc_cost_work *work, unsigned int threads)
    void fc_sites_set_threshold(int64_t threshold_ns)
    int64_t fc_sites_handover_ns()
    size_t fc_sites_list(fc_sites_row *out_rows, size_t most)
    void fc_sites_clear()

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


cdef class Poll:
    def __cinit__(self, str unit):
        self.unit = unit


cdef int poll_signals(void *ctx) noexcept nogil:
    return poll_progress(ctx, 0, 0)


cdef int poll_progress(void *ctx, uint64_t done, uint64_t total) noexcept nogil:
    return 1 if exiting() else poll_python(ctx, done, total)


cdef int poll_python(void *ctx, uint64_t done, uint64_t total) noexcept with gil:
    cdef Poll state = <Poll>ctx
    try:
        PyErr_CheckSignals()
        if state.progress is not None:
            state.progress(done, total, state.unit)
    except BaseException as error:
        state.error = error
        return 1
    return 0


cdef class Held:
    def __cinit__(self, source):
        PyObject_GetBuffer(source, &self.view, PyBUF_SIMPLE)
        self.held = True

    def __dealloc__(self):
        if self.held:
            PyBuffer_Release(&self.view)


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


cdef int read_threshold() except -1:
    """Take over what the environment says now. Keeps the GIL: os.environ changes it under the GIL."""
    cdef const char *text = getenv("FASTCORE_PARALLEL_THRESHOLD_US")
    cdef int64_t us = 0
    cdef size_t i
    if text == NULL or text[0] == 0:
        fc_sites_set_threshold(FC_COST_BY_MODEL)
        return 0
    for i in range(strlen(text)):
        if not c'0' <= text[i] <= c'9' or i >= 19:
            raise ValueError(f"FASTCORE_PARALLEL_THRESHOLD_US={text.decode('utf-8', 'replace')!r}: "
                             "wanted a number of microseconds, 0 or more")
        us = INT64_MAX // 1000 if us > INT64_MAX // 10000 else us * 10 + (text[i] - c'0')
    fc_sites_set_threshold(us * 1000 if us < INT64_MAX // 1000 else INT64_MAX)
    return 0


def check_threshold():
    read_threshold()


@cython.final
cdef class Site:
    cdef readonly bytes name
    cdef fc_cost_work work
    cdef public int64_t handover_ns

    def __cinit__(self, bytes name not None, int64_t handover_ns=0):
        self.name = name
        self.handover_ns = handover_ns
        self.work.name = PyBytes_AsString(name)
        self.work.name_len = <size_t>PyBytes_Size(name)

    def choose(self, size_t items, uint64_t nbytes, unsigned int threads):
        cdef fc_cost_work work = self.work
        work.handover_ns = self.handover_ns
        read_threshold()
        work.items = items
        work.bytes = nbytes
        return the_runtime.choose(the_runtime, &work, threads)

    def would_choose(self, size_t items, uint64_t nbytes, unsigned int threads, int64_t guess_ns=0):
        cdef fc_cost_work work = self.work
        work.handover_ns = self.handover_ns
        read_threshold()
        work.items = items
        work.bytes = nbytes
        work.guess_ns = guess_ns
        return fc_sites_would_choose(the_runtime, &work, threads)

    def begin_serial(self, items):
        cdef fc_cost_work work = self.work
        work.handover_ns = self.handover_ns
        read_threshold()
        work.items = <size_t>len(items)
        return fc_sites_begin_serial(the_runtime, &work)

    def end_serial(self, results, int64_t began_ns):
        cdef fc_cost_work work = self.work
        work.handover_ns = self.handover_ns
        work.items = <size_t>len(results)
        fc_sites_end_serial(the_runtime, &work, began_ns)

    def expected_ns(self, size_t items, uint64_t nbytes):
        cdef fc_cost_work work = self.work
        work.handover_ns = self.handover_ns
        work.items = items
        work.bytes = nbytes
        return fc_sites_serial_ns(&work)

    def learn(self, size_t items, uint64_t nbytes, unsigned int threads, int64_t took_ns):
        cdef fc_cost_work work = self.work
        work.handover_ns = self.handover_ns
        work.items = items
        work.bytes = nbytes
        the_runtime.learn(the_runtime, &work, threads, took_ns)


def insist(step):
    cdef int failures = 0
    error = None
    while True:
        try:
            if not step():
                break
            failures = 0
        except BaseException as raised:
            error = raised
            failures += 1
            if failures == 100:
                break
    if error is not None:
        raise error


def sites():
    cdef fc_sites_row *rows = <fc_sites_row *>calloc(FC_SITES_MAX, sizeof(fc_sites_row))
    cdef fc_cost_site *site
    if rows == NULL:
        raise MemoryError
    try:
        found = []
        for i in range(fc_sites_list(rows, FC_SITES_MAX)):
            site = &rows[i].site
            name = PyBytes_FromStringAndSize(rows[i].name, <Py_ssize_t>rows[i].name_len)
            found.append((name.decode("utf-8", "replace"), site.serial, site.parallel, site.ns_per_item,
                          site.ns_per_byte, site.measured, site.predicted_ns, site.measured_ns, site.error))
        return found
    finally:
        free(rows)


def forget_sites():
    fc_sites_clear()


def handover_ns():
    return fc_sites_handover_ns()

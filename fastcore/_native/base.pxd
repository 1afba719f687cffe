"""What other compiled modules take from the one process-wide runtime by cimport."""

cimport cython
from libc.stdint cimport int64_t, uint64_t

cdef extern from "fc_status.h" nogil:
    ctypedef enum fc_status:
        FC_OK, FC_NO_MEMORY, FC_BAD_VALUE, FC_OS, FC_BAD_LINE, FC_STOPPED, FC_FORKED, FC_STATUS_COUNT
    const char *fc_status_name(fc_status status)

cdef extern from "fc_cpu.h" nogil:
    ctypedef enum fc_cpu_level:
        FC_CPU_BASE, FC_CPU_V3, FC_CPU_V4, FC_CPU_COUNT

cdef extern from "fc_cost.h" nogil:
    ctypedef struct fc_cost_work:
        const char *name
        size_t name_len
        size_t items
        uint64_t bytes
        int64_t guess_ns
        int64_t handover_ns

cdef extern from "fc_runtime.h" nogil:
    ctypedef struct fc_job:
        void (*work)(void *ctx, size_t item, unsigned int worker) noexcept
        void *ctx
        size_t items
        unsigned int threads
        int (*poll)(void *poll_ctx) noexcept
        void *poll_ctx
    ctypedef struct fc_runtime:
        fc_cpu_level cpu
        unsigned int (*run)(const fc_runtime *runtime, fc_job *job)
        bint (*should_stop)(fc_job *job, unsigned int worker)
        unsigned int (*choose)(const fc_runtime *runtime, const fc_cost_work *work, unsigned int threads)
        void (*learn)(const fc_runtime *runtime, const fc_cost_work *work, unsigned int threads, int64_t took_ns)

# What a running kernel asks Python: pending signals, and the user's progress function. `error` is what was raised.
@cython.final
cdef class Poll:
    cdef str unit
    cdef object progress, error

# A buffer of somebody else's that stays exported as long as this lives.
@cython.final
cdef class Held:
    cdef Py_buffer view
    cdef bint held

# The polls of kernels, of which some tell how far they are; `ctx` is a Poll.
cdef int poll_signals(void *ctx) noexcept nogil
cdef int poll_progress(void *ctx, uint64_t done, uint64_t total) noexcept nogil

cdef const fc_runtime *runtime() noexcept nogil
cdef bint exiting() noexcept nogil
cdef int raise_status(fc_status status) except -1

# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""Tempo from the times of onsets, and from envelopes of onset strength."""

cimport numpy as np
from libc.stdint cimport uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from fastcore._native.base cimport (
    FC_BAD_VALUE, FC_OK, Poll, fc_cost_work, fc_cpu_level, fc_runtime, fc_status, poll_signals, raise_status, runtime,
)

import numpy

from fastcore._base import check_threads

np.import_array()


cdef extern from "fc_comb.h" nogil:
    ctypedef struct fc_comb_score:
        pass
    ctypedef struct fc_comb:
        pass
    const fc_comb_score fc_comb_general, fc_comb_pop
    void fc_comb_init(fc_comb *comb, double rate, const fc_comb_score *score)

cdef extern from "fc_estimate.h" nogil:
    ctypedef enum fc_estimate_source:
        FC_ESTIMATE_NONE, FC_ESTIMATE_WHOLE, FC_ESTIMATE_LOCAL
    ctypedef struct fc_alternative:
        double bpm, score
    ctypedef struct fc_estimate:
        fc_estimate_source source
        double bpm, confidence, stability
        fc_alternative alternatives[3]
        size_t alternatives_len

cdef extern from "fc_onsets.h" nogil:
    double FC_ONSETS_RATE

cdef extern from "fc_cpu.h" nogil:
    fc_cpu_level fc_cpu_detect()
    fc_cpu_level fc_cpu_by_name(const char *name)

cdef extern from "fc_lags.h" nogil:
    enum: FC_LAGS_MAX

cdef extern from "fc_envelope.h" nogil:
    enum: FC_ENVELOPE_ROOM
    ctypedef void fc_envelope_kernel(const float *values, size_t count, size_t lags, float *out)
    fc_envelope_kernel *fc_envelope_for(fc_cpu_level level)
    double fc_envelope_rate(double rate, size_t *out_group)

cdef extern from "fc_many.h" nogil:
    ctypedef struct fc_many_piece:
        const double *times
        const double *weights
        size_t len
    ctypedef struct fc_many:
        const fc_comb *comb
        const fc_many_piece *pieces
        const float *rows
        size_t len
        double rate
        size_t count
        fc_estimate *out
        unsigned int threads
        int (*poll)(void *ctx) noexcept
        void *poll_ctx
    fc_cost_work fc_many_work(size_t count, uint64_t bytes, bint is_envelopes)
    fc_status fc_many_tell(const fc_runtime *runtime, const fc_many *many, size_t *out_bad)


# A piece of 4 minutes takes about 0.5 ms, a frame of an envelope 10 to 50 ns; the GIL is released above 1 ms.
cdef size_t FEW_ONSETS = 2000, FEW_FRAMES = 30000


cdef const fc_comb_score *score_of(name) except NULL:
    if name == "general":
        return &fc_comb_general
    if name == "pop":
        return &fc_comb_pop
    raise ValueError(f"score={name!r}: known are general and pop")


cdef np.ndarray real(x, str name, int number):
    """Real numbers of any kind as an array of one type, in C order; what is too large for it becomes infinite."""
    if isinstance(x, numpy.ma.MaskedArray):
        raise TypeError(f"{name}: masked arrays are not taken; pass {name}.compressed()")
    array = numpy.asarray(x)
    if array.dtype.kind not in "biuf" and array.size != 0:
        raise TypeError(f"{name}: wanted real numbers, not {array.dtype}")
    with numpy.errstate(over="ignore"):
        return numpy.ascontiguousarray(array, numpy.float64 if number == np.NPY_DOUBLE else numpy.float32)


cdef np.ndarray line(x, str name):
    cdef np.ndarray array
    if numpy.ndim(x) != 1:
        raise ValueError(f"{name}: wanted 1-D, not {numpy.ndim(x)}-D")
    array = real(x, name, np.NPY_DOUBLE)
    return array


cdef tuple as_tuple(const fc_estimate *e, str whole):
    cdef size_t i
    if e.source == FC_ESTIMATE_NONE:
        return None, 0.0, (), None, "none"
    others = []
    for i in range(e.alternatives_len):
        others.append((e.alternatives[i].bpm, e.alternatives[i].score))
    return (e.bpm, e.confidence, tuple(others), None if e.stability < 0 else e.stability,
            whole if e.source == FC_ESTIMATE_WHOLE else "local")


cdef fc_status run(fc_many *many, bint large, size_t *out_bad) except *:
    cdef fc_status status
    cdef Poll state
    many.threads = 1
    if not large:
        return fc_many_tell(runtime(), many, out_bad)
    many.threads = check_threads(None)
    state = Poll(None)
    many.poll = poll_signals
    many.poll_ctx = <void *>state
    with nogil:
        status = fc_many_tell(runtime(), many, out_bad)
    if state.error is not None:
        raise state.error
    return status


def of_onsets(pieces, score):
    """Return (bpm, confidence, alternatives, stability, source) of each (times, weights)."""
    cdef fc_comb comb
    cdef fc_many many
    cdef size_t i, bad = 0, onsets = 0, count
    cdef np.ndarray times, weights
    cdef fc_status status
    cdef fc_many_piece *made
    fc_comb_init(&comb, FC_ONSETS_RATE, score_of(score))
    memset(&many, 0, sizeof(many))
    kept = []
    for times_of, weights_of in pieces:
        times = line(times_of, "times")
        weights = None if weights_of is None else line(weights_of, "weights")
        if weights is not None and np.PyArray_DIM(weights, 0) != np.PyArray_DIM(times, 0):
            raise ValueError(f"weights: there are {len(weights)} of them, and {len(times)} times")
        kept.append((times, weights))
        onsets += <size_t>np.PyArray_DIM(times, 0)
    count = len(kept)
    made = <fc_many_piece *>calloc(count + 1, sizeof(fc_many_piece))
    many.out = <fc_estimate *>calloc(count + 1, sizeof(fc_estimate))
    try:
        if made == NULL or many.out == NULL:
            raise MemoryError()
        for i in range(count):
            times, weights = kept[i]
            made[i].times = <const double *>np.PyArray_DATA(times)
            made[i].weights = NULL if weights is None else <const double *>np.PyArray_DATA(weights)
            made[i].len = <size_t>np.PyArray_DIM(times, 0)
        many.comb, many.pieces, many.count = &comb, made, count
        status = run(&many, count > 2 or onsets > FEW_ONSETS, &bad)
        if status == FC_BAD_VALUE:
            raise ValueError("weights: wanted 0 or more" + (f", also in piece {bad}" if count > 1 else ""))
        raise_status(status)
        return [as_tuple(&many.out[i], "onsets") for i in range(count)]
    finally:
        free(made)
        free(many.out)


def of_envelopes(envelope, rate, score):
    """Return the same of each row of a 1-D or 2-D array."""
    cdef fc_comb comb
    cdef fc_many many
    cdef size_t i, bad = 0, group
    cdef double left, frames_a_second = rate
    cdef np.ndarray rows
    cdef const fc_comb_score *wanted = score_of(score)
    cdef int dimensions = numpy.ndim(envelope)
    if not 0 < frames_a_second < numpy.inf:
        raise ValueError(f"rate={rate}: wanted frames a second, above 0")
    if dimensions not in (1, 2):
        raise ValueError(f"envelope: wanted 1-D or 2-D, a row for each recording, not {dimensions}-D")
    rows = real(envelope, "envelope", np.NPY_FLOAT)
    memset(&many, 0, sizeof(many))
    left = fc_envelope_rate(frames_a_second, &group)
    if left > 0:
        fc_comb_init(&comb, left, wanted)
    many.comb, many.rate = &comb, frames_a_second
    many.rows, many.len = <const float *>np.PyArray_DATA(rows), <size_t>np.PyArray_DIM(rows, dimensions - 1)
    many.count = <size_t>np.PyArray_DIM(rows, 0) if dimensions == 2 else 1
    many.out = <fc_estimate *>calloc(many.count + 1, sizeof(fc_estimate))
    try:
        if many.out == NULL:
            raise MemoryError()
        raise_status(run(&many, <double>many.count * many.len > FEW_FRAMES, &bad))
        return [as_tuple(&many.out[i], "envelope") for i in range(many.count)]
    finally:
        free(many.out)


def correlate(values, count, lags, str level not None):
    """Return the sums of the first `count` values times those each lag later, by the kernel of one level."""
    cdef size_t n = count, wanted = lags
    cdef np.ndarray given = line(values, "values").astype(numpy.float32)
    cdef fc_cpu_level chosen = fc_cpu_by_name(level.encode())
    cdef np.ndarray padded, result
    if wanted > FC_LAGS_MAX or n > <size_t>np.PyArray_DIM(given, 0) or chosen > fc_cpu_detect():
        raise ValueError(f"count={count}, lags={lags}, level={level!r}: too many, or a level that this machine lacks")
    padded = numpy.concatenate([given, numpy.zeros(FC_LAGS_MAX + FC_ENVELOPE_ROOM, numpy.float32)])
    result = numpy.empty(wanted + FC_ENVELOPE_ROOM, numpy.float32)
    fc_envelope_for(chosen)(<const float *>np.PyArray_DATA(padded), n, wanted, <float *>np.PyArray_DATA(result))
    return result[:wanted]


def cost(str op not None, size_t items, uint64_t nbytes):
    cdef fc_cost_work work
    for is_envelopes in (False, True):
        work = fc_many_work(items, nbytes, is_envelopes)
        if work.name[: work.name_len].decode() == op:
            return work.items, work.bytes, work.guess_ns
    return None

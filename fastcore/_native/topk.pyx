# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""Selection of the k largest or smallest elements of arrays, and of streams of them."""

from collections import namedtuple

cimport cython
cimport numpy as np
from cpython.number cimport PyNumber_Index
from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memset

from fastcore._native.base cimport FC_OK, Poll, fc_cost_work, fc_runtime, fc_status, poll_signals, raise_status, runtime

import numpy

from fastcore._base import check_threads

np.import_array()


cdef extern from "fc_key.h" nogil:
    ctypedef enum fc_dtype:
        FC_I8, FC_U8, FC_I16, FC_U16, FC_I32, FC_U32, FC_I64, FC_U64, FC_F32, FC_F64, FC_DTYPE_COUNT

cdef extern from "fc_select.h" nogil:
    ctypedef struct fc_selection:
        fc_dtype dtype
        bint half, smallest, sorted
        const void *values
        const uint8_t *where
        const void *bias
        size_t rows, n, k
        void *out_values
        int64_t *out_indices
        unsigned int threads
        int (*poll)(void *ctx) noexcept
        void *poll_ctx
    fc_cost_work fc_select_work(size_t size, size_t elements, bint prepared)
    fc_status fc_select(const fc_runtime *runtime, const fc_selection *selection, size_t *out_found)

cdef extern from "fc_merge.h" nogil:
    ctypedef struct fc_best_of:
        const void *values
        const int64_t *indices
        size_t len
    size_t fc_merge(fc_dtype dtype, bint half, bint smallest, const fc_best_of *a, const fc_best_of *b, size_t k,
                    void *out_values, int64_t *out_indices)


TopK = namedtuple("TopK", "values indices", module="fastcore")
cdef object new_tuple = tuple.__new__  # TopK(values, indices) goes through Python code, five times as slow
TopK.__doc__ = """What `top_k` found: `values` in the array's dtype and their `indices` (int64).

A tuple of two arrays: immutable itself, the arrays are the caller's own. Safe to share between threads; O(1); keeps the
GIL.
"""

DTYPES = "float16, float32, float64, int8 to int64, uint8 to uint64"
# From so much expected work on threads are asked for, and the GIL is released. An element of the answer takes 5 ns.
cdef double LARGE_NS = 100e3, RELEASE_NS = 1e6, NS_PER_SORTED = 5


cdef int set_dtype(fc_selection *s, np.ndarray array, str name) except -1:
    """Name the element type for the core."""
    cdef int number = np.PyArray_TYPE(array)
    cdef Py_ssize_t size = np.PyArray_ITEMSIZE(array)
    s.half = number == np.NPY_FLOAT16
    if number == np.NPY_FLOAT:
        s.dtype = FC_F32
    elif number == np.NPY_DOUBLE:
        s.dtype = FC_F64
    elif number in (np.NPY_BYTE, np.NPY_SHORT, np.NPY_INT, np.NPY_LONG, np.NPY_LONGLONG) or s.half:
        s.dtype = FC_I8 if size == 1 else FC_I16 if size == 2 else FC_I32 if size == 4 else FC_I64
    elif number in (np.NPY_UBYTE, np.NPY_USHORT, np.NPY_UINT, np.NPY_ULONG, np.NPY_ULONGLONG):
        s.dtype = FC_U8 if size == 1 else FC_U16 if size == 2 else FC_U32 if size == 4 else FC_U64
    else:
        raise TypeError(f"{name}: cannot rank elements of type {array.dtype}; wanted {DTYPES}")
    return 0


cdef bint is_plain(np.ndarray array) noexcept:
    """True for what the core reads as it lies: C order, aligned, native byte order."""
    return np.PyArray_ISCARRAY_RO(array)


cdef np.ndarray as_array(a, str name):
    """Any buffer, `__array__`, CPU DLPack or sequence, as an array."""
    if isinstance(a, numpy.ma.MaskedArray):
        raise TypeError(f"{name}: masked arrays are not taken; pass {name}.data and where=~{name}.mask")
    if not np.PyArray_Check(a) and hasattr(a, "__dlpack__") and not hasattr(a, "__array__"):
        return numpy.from_dlpack(a)
    return numpy.asarray(a)


cdef np.ndarray rows_of(np.ndarray array, int axis):
    """The array in C order with the axis last, copied only if it lies otherwise."""
    if axis != np.PyArray_NDIM(array) - 1:
        array = numpy.moveaxis(array, axis, -1)
    return numpy.require(array, array.dtype.newbyteorder("="), "CA")


cdef int check_like(np.ndarray other, np.ndarray array, str name, bint is_mask) except -1:
    """Check `where` or `bias` against the array that they go with."""
    cdef int number = np.PyArray_TYPE(other)
    if is_mask and number != np.NPY_BOOL:
        raise TypeError(f"{name}: wanted bool, not {other.dtype}")
    if not is_mask and not (number < np.NPY_CFLOAT or number == np.NPY_FLOAT16):
        raise TypeError(f"{name}: wanted real numbers, not {other.dtype}")
    if (<object>other).shape != (<object>array).shape:
        raise ValueError(f"{name}: its shape is {(<object>other).shape}, that of a {(<object>array).shape}")
    return 0


def top_k(a, k, /, *, axis=-1, mode="largest", sorted=True, where=None, bias=None):
    """Return the k largest or smallest elements of an array along an axis, and their indices.

    `a` is an array of float16, 32, 64 or of integers of 8 to 64 bits: a NumPy array, anything with the buffer protocol,
    `__array__` or `__dlpack__` on the CPU, or a list. It is read as it lies if it is in C order with the axis last;
    otherwise it is copied once. Read-only and byte-swapped arrays are taken.

    The order is total: `mode="largest"` or "smallest" value first, NaN after all other values in both modes, -0.0
    equal to 0.0, and of equal values the one with the lowest index; so the answer is the same on every processor and
    with any number of threads. `sorted=False` returns the same elements in order by index.

    `where` (bool, shape of `a`) leaves elements out that are False. `bias` (real numbers, shape of `a`, for float
    arrays only) is added in `a`'s dtype before elements are compared: a prior; the values returned are those of `a`. If
    fewer than k elements are eligible, a 1-D result is shorter; in others the rest of the row has index -1 and the
    value NaN, 0 for integers.

    Returns the named tuple `TopK(values, indices)`: `values` in the dtype of `a`, `indices` int64, both of the shape of
    `a` with k in the place of the axis. Raises ValueError for a k that is negative or above the axis' length, an
    axis that there is not, another shape or mode, and for 0-d arrays; TypeError for other dtypes.

    Time is linear in the size of `a` for k far below n, plus k times an element's bytes for the order; memory is of the
    order of k for each thread. Thread-safe; large arrays are shared among threads (FASTCORE_THREADS), and the GIL is
    released where more than about a millisecond of work is expected. Follows the array API's and NumPy's top_k.

    >>> import numpy as np
    >>> top_k(np.array([3.0, 9.0, np.nan, 9.0, 1.0]), 3)
    TopK(values=array([9., 9., 3.]), indices=array([1, 3, 0]))
    >>> top_k(np.array([[5, 1, 4], [2, 6, 2]]), 2, mode="smallest").indices
    array([[1, 2],
           [0, 2]])
    """
    cdef fc_selection s
    memset(&s, 0, sizeof(s))
    # Whatever may run Python code comes first, so that nothing changes under what is read from the arrays below.
    cdef np.ndarray array = <np.ndarray>a if np.PyArray_CheckExact(a) else as_array(a, "a")
    cdef np.ndarray where_array = None if where is None else as_array(where, "where")
    cdef np.ndarray bias_array = None if bias is None else as_array(bias, "bias")
    number = PyNumber_Index(k)
    if axis is None:
        raise TypeError("axis: wanted an int; ravel the array to select from all of it")
    place = PyNumber_Index(axis)
    s.smallest = is_smallest(mode)
    s.sorted = True if sorted is True else bool(sorted)
    set_dtype(&s, array, "a")
    cdef int at = axis_of(place, np.PyArray_NDIM(array))
    cdef Py_ssize_t wanted = count_of(number, np.PyArray_DIM(array, at))
    if bias_array is not None:
        if not s.half and s.dtype < FC_F32:
            raise TypeError(f"bias: only float arrays take one, not {array.dtype}")
        check_like(bias_array, array, "bias", False)
        bias_array = rows_of(bias_array, at).astype(array.dtype.newbyteorder("="), copy=False)
        s.bias = np.PyArray_DATA(bias_array)
    if where_array is not None:
        check_like(where_array, array, "where", True)
        where_array = rows_of(where_array, at)
        s.where = <const uint8_t *>np.PyArray_DATA(where_array)
    return select(&s, array, at, wanted)


def cost(str op not None, size_t items, size_t nbytes):
    cdef fc_cost_work work
    for size in (1, 2, 4, 8):
        for prepared in (False, True):
            work = fc_select_work(size, nbytes // size, prepared)
            if work.name.decode() == op:
                return work.items, work.bytes, work.guess_ns
    return None


cdef int axis_of(place, int dimensions) except -1:
    if dimensions == 0:
        raise ValueError("a: a 0-d array has no axis to select along")
    if not -dimensions <= place < dimensions:
        raise ValueError(f"axis={place}: the array has {dimensions} dimensions")
    return place + dimensions if place < 0 else place


cdef bint is_smallest(mode) except -1:
    if mode is "largest" or mode == "largest":  # a literal is one object everywhere: no comparison is needed
        return False
    if mode != "smallest":
        raise ValueError(f"mode={mode!r}: known are largest and smallest")
    return True


cdef Py_ssize_t count_of(number, Py_ssize_t length) except -1:
    if number < 0:
        raise ValueError(f"k={number}: wanted 0 or more")
    if number > length:
        raise ValueError(f"k={number}: there are only {length} elements along the axis")
    return number


cdef select(fc_selection *s, np.ndarray array, int axis, Py_ssize_t k):
    """Allocate the results, run the core, put the axis back where it was."""
    cdef np.npy_intp shape[64]
    cdef int dimensions = np.PyArray_NDIM(array)
    cdef np.ndarray rows = array
    cdef size_t found = 0
    if axis != dimensions - 1 or not is_plain(array):
        rows = rows_of(array, axis)
    for i in range(dimensions):
        shape[i] = np.PyArray_DIM(rows, i)
    s.n = <size_t>shape[dimensions - 1]
    s.rows = 1
    for i in range(dimensions - 1):
        s.rows *= <size_t>shape[i]
    shape[dimensions - 1] = k
    s.k = <size_t>k
    cdef np.ndarray values = np.PyArray_EMPTY(dimensions, shape, np.PyArray_TYPE(rows), 0)
    cdef np.ndarray indices = np.PyArray_EMPTY(dimensions, shape, np.NPY_INT64, 0)
    s.values = np.PyArray_DATA(rows)
    s.out_values = np.PyArray_DATA(values)
    s.out_indices = <int64_t *>np.PyArray_DATA(indices)
    s.threads = 1
    call(s, <size_t>np.PyArray_ITEMSIZE(rows), &found)
    if dimensions == 1:
        if found < <size_t>k:
            values, indices = values[:found].copy(), indices[:found].copy()
    elif axis != dimensions - 1:
        values, indices = numpy.moveaxis(values, -1, axis), numpy.moveaxis(indices, -1, axis)
    if rows is not array and not np.PyArray_ISNOTSWAPPED(array):
        values = values.astype(array.dtype)
    return new_tuple(TopK, (values, indices))


cdef int call(fc_selection *s, size_t size, size_t *out_found) except -1:
    """Run the core. Work below a millisecond keeps the GIL: to get it back from a busy thread takes five."""
    cdef bint prepared = s.half or s.where != NULL or s.bias != NULL
    cdef double work_ns = <double>fc_select_work(size, s.rows * s.n, prepared).guess_ns
    work_ns += <double>s.rows * <double>s.k * NS_PER_SORTED
    cdef fc_status status
    cdef Poll state
    if work_ns >= LARGE_NS:
        s.threads = check_threads(None)
    if work_ns < RELEASE_NS:
        raise_status(fc_select(runtime(), s, out_found))
        return 0
    state = Poll(None)
    s.poll = poll_signals
    s.poll_ctx = <void *>state
    with nogil:
        status = fc_select(runtime(), s, out_found)
    if state.error is not None:
        raise state.error
    raise_status(status)
    return 0


@cython.final
cdef class RunningTopK:
    """The k largest or smallest of a stream of scores, in memory of the order of k.

    `push(scores, base=0)` takes a 1-D array of one of `top_k`'s dtypes, the first element having index `base`; the
    first push decides the dtype. `merge(other)` adds what another one of the same k, mode and dtype has kept. Both may
    come in any order: the result is that of `top_k` over all scores at once, ties by the lowest index. `result()`
    returns `TopK(values, indices)`, the best first, fewer than k if there were no more. `len()` is how many are kept.

    ValueError for a k below 0, another mode, k, or dtype, scores that are not 1-D, and a base below 0 or so high that
    indices leave int64; TypeError for other dtypes. An empty list is of float64, as in NumPy. A push is O(n + k) for n
    scores, a merge O(k). Safe to share between threads: what is pushed is selected first, as by `top_k`, and merged
    then, under the GIL or, where there is none, the object's lock. Can be pickled.

    >>> best = RunningTopK(2)
    >>> best.push([0.5, 0.1], base=0)
    >>> best.push([0.2, 0.9], base=2)
    >>> best.result()
    TopK(values=array([0.9, 0.5]), indices=array([3, 0]))
    """
    cdef readonly Py_ssize_t k
    cdef readonly str mode
    cdef np.ndarray values, indices

    def __cinit__(self, k, mode="largest"):
        is_smallest(mode)
        number = PyNumber_Index(k)
        if not 0 <= number < 1 << 48:
            raise ValueError(f"k={k}: wanted 0 or more" if number < 0 else f"k={k}: too many to keep")
        self.k = number
        self.mode = mode

    def push(self, scores, *, base=0):
        cdef np.ndarray array = as_array(scores, "scores")
        if np.PyArray_NDIM(array) != 1:
            raise ValueError(f"scores: wanted 1-D, not {np.PyArray_NDIM(array)}-D")
        cdef Py_ssize_t n = np.PyArray_DIM(array, 0)
        start = PyNumber_Index(base)
        if not 0 <= start <= (1 << 63) - 1 - n:
            raise ValueError(f"base={base}: indices must be from 0 to 2**63 - 1")
        array = array.astype(array.dtype.newbyteorder("="), copy=False)
        self.check(array)
        values, indices = top_k(array, min(self.k, n), mode=self.mode)
        self.add(values, indices + start)

    def merge(self, RunningTopK other not None):
        if other is self:
            raise ValueError("other: is this one itself, whose scores would count twice")
        if (other.k, other.mode) != (self.k, self.mode):
            raise ValueError(f"other: has k={other.k}, mode={other.mode!r}, not k={self.k}, mode={self.mode!r}")
        values, indices = other.kept()
        if values is not None:
            self.add(values, indices)

    def result(self):
        values, indices = self.kept()
        if values is None:
            return TopK(numpy.empty(0), numpy.empty(0, numpy.int64))
        return TopK(values.copy(), indices.copy())

    cdef tuple kept(self):
        """Values and indices of one moment; what they hold is never changed."""
        with cython.critical_section(self):
            return self.values, self.indices

    cdef int check(self, np.ndarray scores) except -1:
        """Refuse scores that cannot be ranked among those that were pushed."""
        cdef fc_selection s
        set_dtype(&s, scores, "scores")
        if self.values is not None and np.PyArray_TYPE(self.values) != np.PyArray_TYPE(scores):
            if self.values.dtype != scores.dtype:  # int64 has two names in C
                raise ValueError(f"scores: are of type {scores.dtype}, those before were of {self.values.dtype}")
        return 0

    cdef int add(self, np.ndarray values, np.ndarray indices) except -1:
        """Merge a sorted selection in. What is kept is replaced, never changed, so that a reader is undisturbed."""
        with cython.critical_section(self):
            self.check(values)  # a push in another thread may have been the first
            if self.values is None:
                self.values, self.indices = values, indices
            else:
                self.values, self.indices = self.merged(values, indices)
        return 0

    cdef tuple merged(self, np.ndarray values, np.ndarray indices):
        cdef fc_selection s
        cdef fc_best_of mine, new
        cdef np.npy_intp shape[1]
        memset(&s, 0, sizeof(s))
        set_dtype(&s, values, "scores")
        mine.values, mine.indices = np.PyArray_DATA(self.values), <int64_t *>np.PyArray_DATA(self.indices)
        mine.len = <size_t>np.PyArray_DIM(self.values, 0)
        new.values, new.indices = np.PyArray_DATA(values), <int64_t *>np.PyArray_DATA(indices)
        new.len = <size_t>np.PyArray_DIM(values, 0)
        shape[0] = min(self.k, <Py_ssize_t>(mine.len + new.len))
        cdef np.ndarray both = np.PyArray_EMPTY(1, shape, np.PyArray_TYPE(values), 0)
        cdef np.ndarray at = np.PyArray_EMPTY(1, shape, np.NPY_INT64, 0)
        fc_merge(s.dtype, s.half, self.mode == "smallest", &mine, &new, <size_t>shape[0], np.PyArray_DATA(both),
                 <int64_t *>np.PyArray_DATA(at))
        return both, at

    def __len__(self):
        values, _ = self.kept()
        return 0 if values is None else len(values)

    def __repr__(self):
        values, _ = self.kept()
        kind, count = ("", 0) if values is None else (f", {values.dtype}", len(values))
        return f"RunningTopK(k={self.k}, mode={self.mode!r}{kind}: {count} kept)"

    def __reduce__(self):
        return _restore, (self.k, self.mode, *self.kept())


def _restore(k, mode, values, indices):
    cdef RunningTopK best = RunningTopK(k, mode)
    if values is None:
        return best
    values, indices = numpy.ascontiguousarray(values), numpy.ascontiguousarray(indices, numpy.int64)
    if values.ndim != 1 or values.shape != indices.shape or len(values) > best.k:
        raise ValueError("a RunningTopK was pickled with values and indices that do not fit together")
    best.add(values, indices)
    return best

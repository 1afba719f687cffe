# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""Columns as Arrow's PyCapsules: the C stream and schema over Python's buffers."""

cimport cython
from cpython.bytes cimport PyBytes_AsString
from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_IsValid, PyCapsule_New
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport int64_t, uint8_t, uintptr_t
from libc.stdlib cimport calloc, free
from libc.string cimport strcmp

from fastcore._native.base cimport Held, exiting, fc_status, raise_status


cdef extern from "<stdbool.h>" nogil:
    ctypedef bint c_bool "bool"

cdef extern from "Python.h" nogil:
    int Py_IsInitialized()

cdef extern from "fc_arrow.h" nogil:
    struct ArrowSchema:
        const char *format
        int64_t n_children
        void (*release)(ArrowSchema *schema) noexcept
    struct ArrowArrayStream:
        void (*release)(ArrowArrayStream *stream) noexcept
    ctypedef struct fc_arrow_owner:
        pass
    fc_status fc_arrow_owner_new(void (*dispose)(void *ctx) noexcept, void *ctx, fc_arrow_owner **out_owner)
    void fc_arrow_owner_release(fc_arrow_owner *owner)
    ctypedef enum fc_arrow_type:
        FC_ARROW_BOOL, FC_ARROW_LIST, FC_ARROW_TYPE_COUNT
    fc_arrow_type fc_arrow_type_by_name(const char *name)
    size_t fc_arrow_type_width(fc_arrow_type type)
    ctypedef struct fc_arrow_column:
        fc_arrow_type type
        c_bool nullable
        const char *name
        int64_t len
        const uint8_t *validity
        const void *values
        const int64_t *offsets
        const fc_arrow_column *items
    fc_status fc_arrow_schema(const fc_arrow_column *columns, size_t columns_len, ArrowSchema *out_schema)
    fc_status fc_arrow_stream(const fc_arrow_column *columns, size_t columns_len, int64_t len, int64_t batch_len,
                              fc_arrow_owner *owner, ArrowArrayStream *out_stream)


cdef const char *SCHEMA = "arrow_schema"
cdef const char *STREAM = "arrow_array_stream"
cdef int64_t LEN_MAX = <int64_t>1 << 56  # so that no size below overflows


cdef void dispose(void *ctx) noexcept nogil:
    """The last count is back, on whatever thread. When the interpreter is on its way out nothing can be given back."""
    if Py_IsInitialized() and not exiting():
        let_go(ctx)


cdef void let_go(void *ctx) noexcept with gil:
    Py_DECREF(<object>ctx)


cdef void release_schema(object capsule) noexcept:
    cdef ArrowSchema *schema = <ArrowSchema *>PyCapsule_GetPointer(capsule, SCHEMA)
    if schema.release != NULL:
        schema.release(schema)
    free(schema)


cdef void release_stream(object capsule) noexcept:
    cdef ArrowArrayStream *stream = <ArrowArrayStream *>PyCapsule_GetPointer(capsule, STREAM)
    if stream.release != NULL:
        stream.release(stream)
    free(stream)


@cython.final
cdef class Export:
    cdef fc_arrow_column *columns
    cdef list held  # what the columns point to: buffers, names, the items of lists
    cdef size_t columns_len
    cdef int64_t len

    def __cinit__(self, list columns not None, int64_t length):
        self.held = []
        self.columns_len = <size_t>len(columns)
        self.len = length
        self.columns = <fc_arrow_column *>calloc(self.columns_len + 1, sizeof(fc_arrow_column))
        if self.columns == NULL:
            raise MemoryError
        for i in range(self.columns_len):
            self.fill(&self.columns[i], columns[i])
            if self.columns[i].len != length:
                raise ValueError(f"column {columns[i][0]!r}: has {self.columns[i].len} rows, not {length}")

    def __dealloc__(self):
        free(self.columns)

    cdef int fill(self, fc_arrow_column *column, tuple parts) except -1:
        """Check the parts of one column and point to them."""
        name, kind, nullable, length, validity, values, offsets, items = parts
        cdef int64_t n = length
        cdef int64_t last
        cdef bytes kind_bytes = kind.encode()
        cdef size_t width
        cdef Export below
        column.type = fc_arrow_type_by_name(PyBytes_AsString(kind_bytes))
        if column.type == FC_ARROW_TYPE_COUNT or not 0 <= n <= LEN_MAX:
            raise ValueError(f"column {name!r}: no column of {n} x {kind}")
        column.name = self.text(name)
        column.nullable = nullable or validity is not None
        column.len = n
        width = fc_arrow_type_width(column.type)
        if validity is not None:
            column.validity = <const uint8_t *>self.buffer(validity, name, (n + 7) // 8, 1)
        if width > 0:
            column.values = self.buffer(values, name, n * <int64_t>width, width)
        elif column.type == FC_ARROW_BOOL:
            column.values = self.buffer(values, name, (n + 7) // 8, 1)
        else:
            column.offsets = <const int64_t *>self.buffer(offsets, name, (n + 1) * 8, 8)
            last = column.offsets[n]
            if column.offsets[0] < 0 or last < column.offsets[0]:
                raise ValueError(f"column {name!r}: its offsets do not ascend")
            if column.type == FC_ARROW_LIST:
                below = Export([items], items[3])
                column.items = below.columns
                self.held.append(below)
                if below.len < last:
                    raise ValueError(f"column {name!r}: its lists count {last} items of {below.len}")
            else:
                column.values = self.buffer(values, name, last, 1)
        return 0

    cdef const char *text(self, str name) except NULL:
        cdef bytes encoded = name.encode("utf-8", "backslashreplace")
        if b"\0" in encoded:
            raise ValueError(f"column {name!r}: Arrow ends a name at NUL")
        self.held.append(encoded)
        return PyBytes_AsString(encoded)

    cdef const void *buffer(self, source, str name, int64_t least, size_t width) except? NULL:
        """Hold a buffer of at least so many bytes."""
        cdef Held held = Held(source)
        if held.view.len < least or <uintptr_t>held.view.buf % width != 0:
            raise ValueError(f"column {name!r}: a buffer of {held.view.len} bytes, wanted {least} aligned to {width}")
        self.held.append(held)
        return held.view.buf

    def schema(self):
        cdef ArrowSchema *schema = <ArrowSchema *>calloc(1, sizeof(ArrowSchema))
        if schema == NULL:
            raise MemoryError
        try:
            capsule = PyCapsule_New(schema, SCHEMA, release_schema)
        except BaseException:
            free(schema)
            raise
        raise_status(fc_arrow_schema(self.columns, self.columns_len, schema))
        return capsule

    def stream(self, requested_schema=None, int64_t batch_rows=65536):
        cdef fc_arrow_owner *owner
        cdef fc_status status
        check_request(requested_schema, self.columns_len)
        cdef ArrowArrayStream *stream = <ArrowArrayStream *>calloc(1, sizeof(ArrowArrayStream))
        if stream == NULL:
            raise MemoryError
        try:
            capsule = PyCapsule_New(stream, STREAM, release_stream)
        except BaseException:
            free(stream)
            raise
        raise_status(fc_arrow_owner_new(dispose, <void *>self, &owner))
        Py_INCREF(self)
        status = fc_arrow_stream(self.columns, self.columns_len, self.len, batch_rows, owner, stream)
        fc_arrow_owner_release(owner)
        raise_status(status)
        return capsule


cdef int check_request(requested, size_t columns_len) except -1:
    """Refuse what is no schema, or not one of as many columns; anything else is a wish."""
    if requested is None:
        return 0
    if not PyCapsule_IsValid(requested, SCHEMA):
        raise TypeError("requested_schema: wanted a PyCapsule called arrow_schema or None")
    cdef ArrowSchema *schema = <ArrowSchema *>PyCapsule_GetPointer(requested, SCHEMA)
    if schema.release == NULL:
        raise ValueError("requested_schema: was released already")
    if strcmp(schema.format, "+s") != 0 or schema.n_children != <int64_t>columns_len:
        raise ValueError(f"requested_schema: wanted a struct of the {columns_len} columns")
    return 0

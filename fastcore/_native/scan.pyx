# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""Queries over session logs: the compiled plan, the files to scan, and the scan itself."""

cimport cython
from cpython.bytes cimport PyBytes_AsString, PyBytes_FromStringAndSize, PyBytes_Size
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memset, strerror

from fastcore._native.base cimport (
    FC_BAD_LINE, FC_OK, Held, Poll, fc_cost_work, fc_runtime, fc_status, poll_progress, raise_status, runtime,
)


cdef extern from "<stdbool.h>" nogil:
    ctypedef bint c_bool "bool"

cdef extern from "fc_buffer.h" nogil:
    ctypedef struct fc_buffer:
        uint8_t *data
        size_t len
    void fc_buffer_free(fc_buffer *buffer)

cdef extern from "fc_file.h" nogil:
    ctypedef struct fc_file_info:
        uint64_t size
    ctypedef struct fc_file_entry:
        char *path
        size_t path_len
        const uint8_t *memory
        c_bool is_open
        int fd
        fc_file_info info
        c_bool has_size
    ctypedef struct fc_file_error:
        char *path
        size_t path_len
        int code
    ctypedef struct fc_file_list:
        fc_file_entry *entries
        size_t len
        fc_file_error *errors
        size_t errors_len
    fc_status fc_file_list_add_path(fc_file_list *list, const char *path, size_t path_len, bint follow)
    fc_status fc_file_list_add_memory(fc_file_list *list, const char *path, size_t path_len, const uint8_t *bytes,
                                      size_t len)
    fc_status fc_file_list_add_open(fc_file_list *list, const char *path, size_t path_len, int fd, int *out_errno)
    fc_status fc_file_list_add_file(fc_file_list *list, const char *path, size_t path_len, const char *place)
    const char *fc_file_entry_place(const fc_file_entry *entry)
    void fc_file_list_free(fc_file_list *list)
    fc_status fc_file_stat_path(const char *path, fc_file_info *out_info, int *out_errno)

cdef extern from "fc_blocks.h" nogil:
    enum:
        FC_USE_FACTS, FC_USE_SKETCH

cdef extern from "fc_corpus.h" nogil:
    ctypedef struct fc_corpus_changes:
        size_t added, grown, replaced, removed, truncated
    ctypedef struct fc_corpus_size:
        size_t files, mapped, blocks, facts, names, sketches
        uint64_t bytes, memory, learnt, sketch_memory
    fc_status fc_corpus_hold(const fc_runtime *runtime, fc_file_list *files, const fc_file_list *before,
                             fc_corpus_changes *out_changes)
    void fc_corpus_release(fc_file_list *files)
    void fc_corpus_doubt(fc_file_list *files)
    fc_corpus_size fc_corpus_measure(const fc_file_list *files)

cdef extern from "fc_find.h" nogil:
    ctypedef struct fc_find:
        pass
    const fc_find *fc_find_for(int level)

cdef extern from "fc_structure.h" nogil:
    ctypedef int fc_line_reason
    enum:
        FC_LINE_NO_OBJECT
    ctypedef struct fc_structure:
        pass
    fc_status fc_structure_new(fc_structure **out)
    void fc_structure_free(fc_structure *structure)
    fc_status fc_structure_reserve(fc_structure *structure, size_t len)

cdef extern from "fc_record.h" nogil:
    ctypedef struct fc_slice:
        const uint8_t *bytes
        uint32_t len
    ctypedef struct fc_slices:
        fc_slice *items
        size_t len
    ctypedef struct fc_record:
        fc_slice type, message_role, session, uuid, cwd, branch, model
        fc_slices tools, pieces
        bint is_error, is_human, has_time
        int64_t time_us
    fc_status fc_record_read(fc_structure *structure, const uint8_t *line, size_t len, bint check_all,
                             fc_record *record, fc_line_reason *out_reason)
    void fc_record_free(fc_record *record)
    fc_slice fc_record_role(const fc_record *record)
    size_t fc_slice_decode(fc_slice slice, uint8_t *out)
    fc_status fc_record_text(const fc_record *record, fc_buffer *out)
    const char *fc_line_reason_name(fc_line_reason reason)

cdef extern from "fc_probe.h" nogil:
    ctypedef struct fc_probe:
        size_t literals_len

cdef extern from "fc_grams.h" nogil:
    ctypedef void (*fc_grams_mark)(const uint8_t *bytes, size_t len, unsigned int shift, uint8_t *marks)
    fc_grams_mark fc_grams_for(int level)

cdef extern from "fc_sketch.h" nogil:
    ctypedef struct fc_spellings:
        uint64_t[2] ascii
        uint64_t[2] pages
        c_bool kelvin, long_s
    ctypedef struct fc_sketch_draft:
        pass
    ctypedef struct fc_sketch:
        fc_spellings spellings
        unsigned int shift
        uint8_t *bits
    void fc_sketch_gather(fc_sketch_draft *draft, fc_grams_mark mark, const fc_find *find, const uint8_t *bytes,
                          size_t len)
    fc_status fc_sketch_new(const fc_sketch_draft *draft, fc_sketch **out)
    size_t fc_sketch_nbytes(const fc_sketch *sketch)

cdef extern from "fc_sketches.h" nogil:
    ctypedef struct fc_sketches_options:
        unsigned int threads
        size_t block
        uint64_t max_mapped
        int64_t timeout_ns
        int (*poll)(void *ctx, uint64_t done_bytes, uint64_t total_bytes) noexcept
        void *poll_ctx
    fc_status fc_sketches_make(const fc_runtime *runtime, const fc_file_list *files,
                               const fc_sketches_options *options, c_bool *out_whole)

cdef extern from "fc_sieve.h" nogil:
    ctypedef struct fc_sieve:
        pass
    void fc_sieve_start(fc_sieve *sieve, const fc_probe *probe, const fc_find *find, const uint8_t *bytes, size_t len)
    size_t fc_sieve_next(fc_sieve *sieve, size_t start)

cdef extern from "fc_plan.h" nogil:
    ctypedef enum fc_op:
        FC_OP_TEXT, FC_OP_ROLE, FC_OP_TYPE, FC_OP_SESSION, FC_OP_UUID, FC_OP_CWD, FC_OP_PROJECT, FC_OP_BRANCH
        FC_OP_MODEL, FC_OP_TOOL, FC_OP_IS_ERROR, FC_OP_IS_HUMAN, FC_OP_NOT, FC_OP_AND, FC_OP_OR
    ctypedef struct fc_term:
        fc_op op
        uint32_t operands
        const uint8_t *value
        size_t len
    ctypedef struct fc_plan_options:
        bint case_sensitive, no_prefilter, has_since, has_until
        int64_t since_us, until_us
    ctypedef struct fc_plan:
        fc_probe probe
        bint sketches_help
    fc_status fc_plan_new(const fc_term *terms, size_t count, const fc_plan_options *options, fc_plan **out)
    void fc_plan_free(fc_plan *plan)
    bint fc_plan_may_match_sketch(const fc_plan *plan, const fc_sketch *sketch)

cdef extern from "fc_match.h" nogil:
    ctypedef struct fc_scratch:
        pass
    ctypedef struct fc_range:
        size_t start, end
    void fc_scratch_free(fc_scratch *scratch)
    fc_status fc_match_record(const fc_plan *plan, const fc_find *find, const fc_record *record, const char *path,
                              size_t path_len, fc_scratch *scratch, c_bool *out_match)
    fc_status fc_match_spans(const fc_plan *plan, const fc_find *find, const uint8_t *text, size_t len,
                             fc_range **out_ranges, size_t *out_count)

cdef extern from "fc_time.h" nogil:
    bint fc_time_parse(const uint8_t *text, size_t len, int64_t *out_us)

cdef extern from "fc_line_time.h" nogil:
    ctypedef struct fc_line_time:
        pass
    void fc_line_time_init(fc_line_time *out, const fc_find *find)
    c_bool fc_line_time_read(const fc_line_time *time, const uint8_t *line, size_t len, int64_t *out_us)

cdef extern from "fc_trail.h" nogil:
    ctypedef struct fc_trail:
        size_t len
        c_bool is_lost
    void fc_trail_free(fc_trail *trail)

cdef extern from "fc_run.h" nogil:
    ctypedef enum fc_order:
        FC_ORDER_NEWEST, FC_ORDER_OLDEST, FC_ORDER_FILE
    ctypedef struct fc_run_options:
        fc_order order
        size_t limit
        bint validate_all, uncounted, no_prune, stop_on_os_error, keep_trail
        const fc_trail *only
        uint64_t max_mapped
        size_t max_line
        unsigned int threads
        int64_t timeout_ns
        size_t chunk, span, block
        unsigned int use
        int (*poll)(void *ctx, uint64_t done_bytes, uint64_t total_bytes) noexcept
        void *poll_ctx
        bint poll_total
    ctypedef struct fc_hit:
        size_t file
        uint64_t offset, line
        int64_t time_us
        bint has_time
        uint8_t *raw
        size_t raw_len
    enum:
        FC_REPORTS_MAX
    ctypedef enum fc_report_kind:
        FC_REPORT_LINE, FC_REPORT_OS, FC_REPORT_TRUNCATED, FC_REPORT_CHANGED
    ctypedef struct fc_report:
        size_t file
        fc_report_kind kind
        int reason
        uint64_t offset, line
        uint8_t *excerpt
        size_t excerpt_len
    ctypedef struct fc_tail:
        size_t file
        uint64_t offset
    ctypedef struct fc_run_result:
        fc_hit *hits
        size_t hits_len
        fc_report *reports
        size_t reports_len
        fc_tail *tails
        size_t tails_len
        uint64_t bytes, lines, blank, records, candidates, pruned, matches, errors, files_failed
        fc_trail trail
        uint64_t blocks, blocks_passed, blocks_idle
        bint counted, timed_out
        unsigned int threads
        int64_t scan_ns, merge_ns, cpu_ns
    fc_cost_work fc_run_work(size_t parts, size_t files, uint64_t bytes, bint every_line)
    fc_status fc_run(const fc_runtime *runtime, const fc_file_list *files, const fc_plan *plan,
                     const fc_run_options *options, fc_run_result *out)
    void fc_run_result_free(fc_run_result *result)


_OPS = {
    "text": FC_OP_TEXT, "role": FC_OP_ROLE, "type": FC_OP_TYPE, "session": FC_OP_SESSION, "uuid": FC_OP_UUID,
    "cwd": FC_OP_CWD, "project": FC_OP_PROJECT, "branch": FC_OP_BRANCH, "model": FC_OP_MODEL, "tool": FC_OP_TOOL,
    "not": FC_OP_NOT, "and": FC_OP_AND, "or": FC_OP_OR,
}
USE_FACTS, USE_SKETCH = FC_USE_FACTS, FC_USE_SKETCH
_FLAGS = {"error": FC_OP_IS_ERROR, "human": FC_OP_IS_HUMAN}


cdef const fc_find *kernels() noexcept nogil:
    return fc_find_for(runtime().cpu)


cdef str slice_text(fc_slice value):
    """Decode a slice; None when it is absent."""
    if value.bytes == NULL:
        return None
    cdef bytearray decoded = bytearray(value.len)
    cdef char *data = decoded
    cdef size_t size = fc_slice_decode(value, <uint8_t *>data)
    return decoded[:size].decode()


@cython.final
cdef class _Reader:
    """An indexer and a record for single lines."""
    cdef fc_structure *structure
    cdef fc_record record
    cdef fc_line_reason reason

    def __cinit__(self):
        raise_status(fc_structure_new(&self.structure))

    def __dealloc__(self):
        if self.structure != NULL:
            fc_structure_free(self.structure)
        fc_record_free(&self.record)

    cdef bint read(self, bytes line, bint check_all) except -1:
        """Read a line without its end; False, and the reason, when it is no record. A bytes object ends in a NUL,
        which is readable and not structural."""
        cdef size_t size = <size_t>PyBytes_Size(line)
        if size == 0:
            self.reason = FC_LINE_NO_OBJECT
            return False
        raise_status(fc_structure_reserve(self.structure, size))
        cdef fc_status status = fc_record_read(self.structure, <const uint8_t *>PyBytes_AsString(line), size,
                                               check_all, &self.record, &self.reason)
        if status == FC_BAD_LINE:
            return False
        raise_status(status)
        return True


@cython.final
cdef class Plan:
    cdef fc_plan *plan
    cdef readonly bint has_filter, sketches_help
    cdef tuple arguments

    def __cinit__(self, program, *, bint case_sensitive=False, since_us=None, until_us=None, bint prefilter=True):
        cdef fc_plan_options options
        options.case_sensitive = case_sensitive
        options.no_prefilter = not prefilter
        options.has_since = since_us is not None
        options.has_until = until_us is not None
        options.since_us = since_us if since_us is not None else 0
        options.until_us = until_us if until_us is not None else 0
        cdef list values = []
        cdef size_t count = len(program)
        cdef size_t i = 0
        cdef bytes value
        cdef fc_term *terms = <fc_term *>calloc(count + 1, sizeof(fc_term))
        if terms == NULL:
            raise MemoryError
        try:
            for op, argument in program:
                if op == "is":
                    terms[i].op = _FLAGS[argument]
                elif op in ("not", "and", "or"):
                    terms[i].op = _OPS[op]
                    terms[i].operands = argument
                else:
                    terms[i].op = _OPS[op]
                    value = argument.encode()
                    values.append(value)
                    terms[i].value = <const uint8_t *>PyBytes_AsString(value)
                    terms[i].len = <size_t>PyBytes_Size(value)
                i += 1
            raise_status(fc_plan_new(terms, count, &options, &self.plan))
        finally:
            free(terms)
        self.has_filter = self.plan.probe.literals_len != 0
        self.sketches_help = self.plan.sketches_help
        self.arguments = (list(program), case_sensitive, since_us, until_us, prefilter)

    def __reduce__(self):
        return _make_plan, self.arguments

    def __dealloc__(self):
        fc_plan_free(self.plan)

    def is_candidate(self, bytes line not None):
        cdef fc_sieve sieve
        cdef size_t size = <size_t>PyBytes_Size(line)
        if not self.has_filter:
            return True
        fc_sieve_start(&sieve, &self.plan.probe, kernels(), <const uint8_t *>PyBytes_AsString(line), size)
        return fc_sieve_next(&sieve, 0) < size

    def matches(self, bytes line not None, bytes path not None=b"", *, bint check_all=False):
        cdef _Reader reader = _Reader()
        if not reader.read(line, check_all):
            return None
        cdef fc_scratch *scratch = <fc_scratch *>calloc(1, sizeof(fc_scratch))
        if scratch == NULL:
            raise MemoryError
        cdef c_bool matched = False
        cdef fc_status status = fc_match_record(self.plan, kernels(), &reader.record, PyBytes_AsString(path),
                                                <size_t>PyBytes_Size(path), scratch, &matched)
        fc_scratch_free(scratch)
        free(scratch)
        raise_status(status)
        return bool(matched)

    def spans(self, str text not None):
        cdef bytes encoded = text.encode()
        cdef fc_range *ranges = NULL
        cdef size_t count = 0
        raise_status(fc_match_spans(self.plan, kernels(), <const uint8_t *>PyBytes_AsString(encoded),
                                    <size_t>PyBytes_Size(encoded), &ranges, &count))
        try:
            return [(ranges[i].start, ranges[i].end) for i in range(count)]
        finally:
            free(ranges)


def _make_plan(program, case_sensitive, since_us, until_us, prefilter):
    return Plan(program, case_sensitive=case_sensitive, since_us=since_us, until_us=until_us, prefilter=prefilter)


cdef set bits_set(const uint8_t *bytes, size_t len):
    return {8 * i + bit for i in range(len) for bit in range(8) if bytes[i] >> bit & 1}


@cython.final
cdef class Sketch:
    cdef fc_sketch *sketch

    def __cinit__(self, bytes block not None):
        cdef fc_sketch_draft *draft = <fc_sketch_draft *>malloc(sizeof(fc_sketch_draft))
        if draft == NULL:
            raise MemoryError
        fc_sketch_gather(draft, fc_grams_for(runtime().cpu), kernels(), <const uint8_t *>PyBytes_AsString(block),
                         <size_t>PyBytes_Size(block))
        cdef fc_status status = fc_sketch_new(draft, &self.sketch)
        free(draft)
        raise_status(status)

    def __dealloc__(self):
        free(self.sketch)

    @property
    def nbytes(self):
        return fc_sketch_nbytes(self.sketch)

    def contents(self):
        cdef fc_spellings *spellings = &self.sketch.spellings
        return (bits_set(self.sketch.bits, (<size_t>65536 >> self.sketch.shift) // 8),
                bits_set(<const uint8_t *>spellings.ascii, 16), bits_set(<const uint8_t *>spellings.pages, 16),
                bool(spellings.kelvin), bool(spellings.long_s))

    def may_match(self, Plan plan not None):
        return bool(fc_plan_may_match_sketch(plan.plan, self.sketch))


@cython.final
cdef class Sources:
    cdef fc_file_list files
    cdef list buffers
    cdef public unsigned int use
    cdef public uint64_t max_mapped
    cdef public object sketching
    cdef public bint sketched

    def __cinit__(self):
        self.buffers = []

    def __dealloc__(self):
        with nogil:
            fc_corpus_release(&self.files)
            fc_file_list_free(&self.files)

    def hold(self, Sources before):
        cdef fc_corpus_changes changes
        cdef const fc_file_list *known = NULL if before is None else &before.files
        cdef fc_status status
        with nogil:
            status = fc_corpus_hold(runtime(), &self.files, known, &changes)
        raise_status(status)
        return changes.added, changes.grown, changes.replaced, changes.removed, changes.truncated

    def doubt(self):
        fc_corpus_doubt(&self.files)

    def measure(self):
        cdef fc_corpus_size size
        with nogil:
            size = fc_corpus_measure(&self.files)
        return {"files": size.files, "mapped": size.mapped, "bytes": size.bytes, "blocks": size.blocks,
                "facts": size.facts, "names": size.names, "sketches": size.sketches, "memory": size.memory,
                "learnt": size.learnt, "sketch_bytes": size.sketch_memory}

    def add_path(self, bytes path not None, bint follow):
        cdef fc_status status
        cdef const char *name = PyBytes_AsString(path)
        cdef size_t size = <size_t>PyBytes_Size(path)
        with nogil:
            status = fc_file_list_add_path(&self.files, name, size, follow)
        raise_status(status)

    def add_memory(self, buffer, bytes name not None):
        cdef Held held = Held(buffer)
        self.buffers.append(held)
        raise_status(fc_file_list_add_memory(&self.files, PyBytes_AsString(name), <size_t>PyBytes_Size(name),
                                             <const uint8_t *>held.view.buf, <size_t>held.view.len))

    def add_fd(self, int fd, bytes name not None):
        cdef int code = 0
        cdef fc_status status = fc_file_list_add_open(&self.files, PyBytes_AsString(name),
                                                      <size_t>PyBytes_Size(name), fd, &code)
        if code:
            raise OSError(code, strerror(code).decode("utf-8", "replace"))
        raise_status(status)

    def add_file(self, bytes path not None, bytes place not None):
        raise_status(fc_file_list_add_file(&self.files, PyBytes_AsString(path), <size_t>PyBytes_Size(path),
                                           PyBytes_AsString(place)))

    def __len__(self):
        return self.files.len

    @property
    def failed(self):
        return self.files.errors_len

    def errors(self):
        return file_errors(&self.files)

    def entries(self):
        cdef fc_file_entry *entry
        found = []
        for i in range(self.files.len):
            entry = &self.files.entries[i]
            content = None
            if entry.memory != NULL:
                content = PyBytes_FromStringAndSize(<const char *>entry.memory, <Py_ssize_t>entry.info.size)
            found.append((PyBytes_FromStringAndSize(entry.path, <Py_ssize_t>entry.path_len), size_of(entry), content,
                          entry.fd if entry.is_open else None))
        return found

    def paths(self):
        return [PyBytes_FromStringAndSize(self.files.entries[i].path, <Py_ssize_t>self.files.entries[i].path_len)
                for i in range(self.files.len)]


cdef object size_of(const fc_file_entry *entry):
    """The size of an entry; 0 for a file that cannot be asked."""
    cdef fc_file_info info = entry.info
    cdef int code
    cdef fc_status status = FC_OK
    if not entry.has_size:
        with nogil:
            status = fc_file_stat_path(fc_file_entry_place(entry), &info, &code)
    return info.size if status == FC_OK else 0


cdef int64_t nanoseconds(timeout) except? -2:
    return -1 if timeout is None else <int64_t>(min(timeout, 1e9) * 1e9)


cdef tuple hit_tuple(fc_file_list *files, fc_hit *hit):
    """Take the hit over: its line is freed at once, so that a long result is not held twice."""
    cdef fc_file_entry *entry = &files.entries[hit.file]
    cdef bytes raw = PyBytes_FromStringAndSize(<char *>hit.raw, <Py_ssize_t>hit.raw_len)
    free(hit.raw)
    hit.raw = NULL
    return (PyBytes_FromStringAndSize(entry.path, <Py_ssize_t>entry.path_len), hit.line or None, hit.offset,
            hit.time_us if hit.has_time else None, raw)


cdef tuple report_tuple(fc_file_list *files, fc_report *report):
    cdef fc_file_entry *entry = &files.entries[report.file]
    cdef bytes path = PyBytes_FromStringAndSize(entry.path, <Py_ssize_t>entry.path_len)
    if report.kind == FC_REPORT_LINE:
        return (path, report.line or None, report.offset, None, fc_line_reason_name(report.reason).decode(),
                PyBytes_FromStringAndSize(<char *>report.excerpt, <Py_ssize_t>report.excerpt_len))
    if report.kind == FC_REPORT_OS:
        return (path, None, report.offset or None, report.reason or None, os_reason(report.reason), None)
    if report.kind == FC_REPORT_TRUNCATED:
        return (path, None, report.offset, None, f"truncated at byte {report.offset}", None)
    return (path, None, None, None, "changed during scan", None)


cdef str os_reason(int code):
    return strerror(code).decode("utf-8", "replace") if code else "not a regular file"


cdef list file_errors(fc_file_list *files):
    """What the search for files could not read, as report_tuple gives it."""
    cdef fc_file_error *failed
    errors = []
    for i in range(files.errors_len):
        failed = &files.errors[i]
        errors.append((PyBytes_FromStringAndSize(failed.path, <Py_ssize_t>failed.path_len), None, None,
                       failed.code or None, os_reason(failed.code), None))
    return errors


def merge_errors(list found, list reports):
    if not found and len(reports) <= FC_REPORTS_MAX:
        return reports
    cdef Py_ssize_t room = FC_REPORTS_MAX - len(found) - len([1 for report in reports if report[5] is None])
    kept = []
    for report in reports:
        if report[5] is not None:
            room -= 1
        if report[5] is None or room >= 0:
            kept.append(report)
    # Those of one path stay in their order: sources may share a name.
    return sorted(found + kept, key=_path_of)[:FC_REPORTS_MAX]


def _path_of(report):
    return report[0]


@cython.final
cdef class Trail:
    cdef fc_trail trail
    cdef Sources sources
    cdef tuple arguments
    cdef size_t max_line

    def __dealloc__(self):
        fc_trail_free(&self.trail)

    def __len__(self):
        return self.trail.len

    cdef bint leads(self, Sources sources, Plan plan, size_t max_line) except -1:
        """True if every match of the plan is among these."""
        return sources is self.sources and max_line == self.max_line and narrows(self.arguments, plan.arguments)


cdef kept_trail(Sources sources, Plan plan, size_t max_line, fc_run_result *result):
    """Take the trail over; None when it is not that of a whole scan of files that stood still."""
    if result.trail.is_lost:
        return None
    for i in range(result.reports_len):
        if result.reports[i].kind != FC_REPORT_LINE:
            return None
    cdef Trail kept = Trail()
    kept.trail = result.trail
    memset(&result.trail, 0, sizeof(fc_trail))
    kept.sources = sources
    kept.arguments = plan.arguments
    kept.max_line = max_line
    return kept


def narrows(before, after):
    """Say whether the second plan's matches, by the arguments of both, are all among the first one's."""
    if before[1] != after[1] or before[4] != after[4]:
        return False
    for old, new, sign in ((before[2], after[2], 1), (before[3], after[3], -1)):
        if old is not None and (new is None or sign * new < sign * old):
            return False
    first, second = operands(before[0]), operands(after[0])
    return len(first) <= len(second) and all([
        old == new or (len(old) == len(new) == 1 and old[0][0] == new[0][0] == "text"
                       and new[0][1].startswith(old[0][1]))
        for old, new in zip(first, second)])


cdef list operands(program):
    """The programs that must all hold."""
    stack = []
    for step in program:
        if step[0] in ("not", "and", "or"):
            taken = stack[len(stack) - step[1]:]
            del stack[len(stack) - step[1]:]
            stack.append((taken if step[0] == "and" else None, [one for _, part in taken for one in part] + [step]))
        else:
            stack.append((None, [step]))
    if not stack:
        return []
    parts, whole = stack[0]
    return [whole] if parts is None else [part for _, part in parts]


def run(Sources sources not None, Plan plan not None, *, int order, limit, bint count, bint prune, bint validate_all,
        size_t max_line, unsigned int threads, timeout, progress, bint raise_on_error, size_t chunk, size_t span,
        size_t block=0, unsigned int use=0, Trail after=None, bint keep_trail=False):
    cdef fc_run_options options
    cdef fc_run_result result
    cdef fc_status status = FC_OK
    cdef Poll state = Poll("bytes")
    if sources.sketching is not None and not validate_all:
        timeout = sources.sketching.before(sources, plan, threads, block, timeout)
    memset(&result, 0, sizeof(result))
    state.progress = progress
    options.order = <fc_order>order
    options.limit = <size_t>-1 if limit < 0 else limit
    options.validate_all = validate_all
    options.uncounted = not count
    options.no_prune = not prune
    options.stop_on_os_error = raise_on_error
    options.max_line = max_line
    options.threads = threads
    options.timeout_ns = nanoseconds(timeout)
    options.chunk = chunk
    options.span = span
    options.block = block
    options.use = sources.use & use
    options.poll = poll_progress
    options.poll_ctx = <void *>state
    options.poll_total = progress is not None
    options.keep_trail = keep_trail = keep_trail and count and not validate_all and plan.has_filter
    options.only = NULL
    options.max_mapped = sources.max_mapped
    if keep_trail and after is not None and after.leads(sources, plan, max_line):
        options.only = &after.trail
    if not (raise_on_error and sources.files.errors_len):
        with nogil:
            status = fc_run(runtime(), &sources.files, plan.plan, &options, &result)
    if state.error is not None:
        if status == FC_OK:
            fc_run_result_free(&result)
        raise state.error
    raise_status(status)
    cdef fc_file_list *files = &sources.files
    try:
        hits = [hit_tuple(files, &result.hits[i]) for i in range(result.hits_len)]
        errors = merge_errors(file_errors(files),
                              [report_tuple(files, &result.reports[i]) for i in range(result.reports_len)])
        tails = [(PyBytes_FromStringAndSize(files.entries[result.tails[i].file].path,
                                            <Py_ssize_t>files.entries[result.tails[i].file].path_len),
                  result.tails[i].offset) for i in range(result.tails_len)]
        counted = bool(result.counted)
        stats = {
            "files": files.len,
            "files_failed": result.files_failed + files.errors_len,
            "bytes": result.bytes,
            "lines": result.lines if counted else None,
            "blank": result.blank if counted else None,
            "skipped": result.pruned if counted else None,  # lines are counted where the filter passes over none
            "records": result.records,
            "candidates": result.candidates,
            "matches": result.matches if count else None,
            "errors": result.errors,
            "tail": result.tails_len,
            "threads": result.threads,
            "timed_out": bool(result.timed_out),
            "wall_s": (result.scan_ns + result.merge_ns) / 1e9,
            "cpu_s": result.cpu_ns / 1e9,
            "phases": {"scan": result.scan_ns / 1e9, "merge": result.merge_ns / 1e9},
        }
        if keep_trail:
            stats["trail"] = kept_trail(sources, plan, max_line, &result)
        if sources.sketching is not None:
            sources.sketching.after(plan, result.blocks, result.blocks_passed, result.blocks_idle)
        return hits, errors, tails, stats
    finally:
        fc_run_result_free(&result)


include "scan_facts.pxi"


def make_sketches(Sources sources not None, *, unsigned int threads, size_t block, timeout, progress):
    cdef fc_sketches_options options
    cdef c_bool whole = False
    cdef fc_status status
    cdef Poll state = Poll("bytes")
    state.progress = progress
    options.threads = threads
    options.block = block
    options.max_mapped = sources.max_mapped
    options.timeout_ns = nanoseconds(timeout)
    options.poll = poll_progress
    options.poll_ctx = <void *>state
    with nogil:
        status = fc_sketches_make(runtime(), &sources.files, &options, &whole)
    if state.error is not None:
        raise state.error
    raise_status(status)
    return bool(whole)


def decode(bytes raw not None):
    cdef _Reader reader = _Reader()
    if not reader.read(raw, False):
        raise ValueError(f"not a record: {fc_line_reason_name(reader.reason).decode()}")
    cdef fc_record *record = &reader.record
    cdef fc_buffer *joined = <fc_buffer *>calloc(1, sizeof(fc_buffer))
    if joined == NULL:
        raise MemoryError
    try:
        raise_status(fc_record_text(record, joined))
        decoded = PyBytes_FromStringAndSize(<char *>joined.data, <Py_ssize_t>joined.len).decode()
    finally:
        fc_buffer_free(joined)
        free(joined)
    tools = tuple([slice_text(record.tools.items[i]) for i in range(record.tools.len)])
    return (slice_text(record.type), slice_text(fc_record_role(record)), slice_text(record.session),
            slice_text(record.uuid), slice_text(record.cwd), slice_text(record.branch), slice_text(record.model),
            tools, bool(record.is_error), bool(record.is_human), decoded,
            record.time_us if record.has_time else None)


def parse_time(bytes text not None):
    cdef int64_t us
    if not fc_time_parse(<const uint8_t *>PyBytes_AsString(text), <size_t>PyBytes_Size(text), &us):
        return None
    return us


def line_time(bytes line not None):
    cdef fc_line_time time
    cdef int64_t us
    fc_line_time_init(&time, kernels())
    if not fc_line_time_read(&time, <const uint8_t *>PyBytes_AsString(line), <size_t>PyBytes_Size(line), &us):
        return None
    return us


def cost(str op not None, size_t items, uint64_t nbytes):
    cdef fc_cost_work work
    for every_line in (False, True):
        work = fc_run_work(max(items, nbytes >> 20), items, nbytes, every_line)
        if PyBytes_FromStringAndSize(work.name, <Py_ssize_t>work.name_len).decode() == op:
            return work.items, work.bytes, work.guess_ns
    for names in (False, True):
        work = fc_learning_work(max(items, nbytes >> 18), nbytes, names)
        if PyBytes_FromStringAndSize(work.name, <Py_ssize_t>work.name_len).decode() == op:
            return work.items, work.bytes, work.guess_ns
    return None

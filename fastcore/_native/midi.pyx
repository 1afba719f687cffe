# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""Standard MIDI Files, read into arrays."""

cimport cython
cimport numpy as np
from cpython.bytes cimport PyBytes_AsString, PyBytes_FromStringAndSize, PyBytes_Size
from cpython.ref cimport Py_INCREF, PyObject
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memchr, memcpy, memset

from fastcore._native.base cimport (
    FC_NO_MEMORY, FC_OK, FC_OS, Poll, fc_cost_work, fc_runtime, fc_status, poll_progress, raise_status, runtime,
)

import errno
import os

import numpy

np.import_array()


cdef extern from *:  # numpy's own declarations lack it
    """
    #define fc_new_array(n, shape, dtype) PyArray_Empty(n, shape, (PyArray_Descr *)(dtype), 0)
    #define fc_array_over(shape, dtype, data) \\
        PyArray_NewFromDescr(&PyArray_Type, (PyArray_Descr *)(dtype), 1, shape, NULL, data, NPY_ARRAY_CARRAY_RO, NULL)
    """
    object fc_new_array(int n, np.npy_intp *shape, PyObject *dtype)
    object fc_array_over(np.npy_intp *shape, PyObject *dtype, void *data)

cdef extern from "Python.h":
    bytes PyUnicode_EncodeFSDefault(object text)

cdef extern from "fc_buffer.h" nogil:
    ctypedef struct fc_buffer:
        uint8_t *data
        size_t len
    void fc_buffer_free(fc_buffer *buffer)

cdef extern from "fc_file.h" nogil:
    ctypedef struct fc_file_info:
        uint64_t size
        int64_t mtime_ns

cdef extern from "fc_load.h" nogil:
    fc_status fc_load(const char *path, fc_buffer *content, fc_file_info *out_info, int *out_errno)

cdef extern from "fc_song.h" nogil:
    ctypedef struct fc_note:
        pass
    ctypedef struct fc_tempo_event:
        pass
    ctypedef struct fc_time_signature:
        pass
    ctypedef struct fc_key_signature:
        pass
    ctypedef struct fc_control:
        pass
    ctypedef struct fc_text:
        uint64_t tick
        uint32_t track
        uint8_t kind
        size_t offset, len
    ctypedef struct fc_song:
        unsigned int format
        uint32_t tracks, tracks_declared, tpqn
        double ticks_per_second
        uint64_t end_tick, note_ons, warnings
        bint damaged
        size_t damage_offset
        fc_note *notes
        size_t notes_len
        fc_tempo_event *tempos
        size_t tempos_len
        fc_time_signature *time_signatures
        size_t time_signatures_len
        fc_key_signature *key_signatures
        size_t key_signatures_len
        fc_control *controls
        size_t controls_len
        fc_text *texts
        size_t texts_len
        uint64_t *track_ends
        void *room
    void fc_song_free(fc_song *song)

cdef extern from "fc_smf.h" nogil:
    ctypedef enum fc_smf_code:
        FC_SMF_OK, FC_SMF_NO_MEMORY, FC_SMF_CODE_COUNT
    ctypedef enum fc_smf_warning:
        FC_SMF_WARNING_COUNT
    fc_smf_code fc_smf_read(fc_song *song, const uint8_t *bytes, size_t len, size_t *out_offset)
    const char *fc_smf_code_name(fc_smf_code code)
    const char *fc_smf_warning_name(fc_smf_warning warning)

cdef extern from "fc_timeline.h" nogil:
    ctypedef struct fc_segment:
        pass
    ctypedef struct fc_timeline:
        fc_segment *segments
        size_t segments_len
        double duration
        bint has_tempo
        double bpm, bpm_initial, bpm_min, bpm_max
        size_t changes
    fc_status fc_timeline_read(fc_timeline *timeline, fc_song *song)
    double fc_timeline_seconds(const fc_timeline *timeline, uint32_t track, uint64_t tick)
    double fc_timeline_tick(const fc_timeline *timeline, uint32_t track, double seconds)
    void fc_timeline_free(fc_timeline *timeline)

cdef extern from "fc_estimate.h" nogil:
    ctypedef struct fc_alternative:
        double bpm, score

cdef extern from "fc_tempo.h" nogil:
    ctypedef enum fc_tempo_choice:
        FC_TEMPO_AUTO, FC_TEMPO_AS_WRITTEN, FC_TEMPO_FROM_ONSETS
    ctypedef enum fc_tempo_source:
        FC_TEMPO_NONE, FC_TEMPO_SOURCE_COUNT
    ctypedef struct fc_tempo_result:
        fc_tempo_source source
        double bpm, confidence, coherence, stability
        fc_alternative alternatives[3]
        size_t alternatives_len
        double initial, min, max
        size_t changes
    ctypedef struct fc_tempo_room:
        pass
    fc_status fc_tempo_tell(const fc_song *song, const fc_timeline *timeline, fc_tempo_choice choice,
                            fc_tempo_room *room, fc_tempo_result *out)
    void fc_tempo_room_free(fc_tempo_room *room)
    const char *fc_tempo_source_name(fc_tempo_source source)


def _layout(size, /, **fields):
    """A structured dtype of the C struct of that size."""
    formats, offsets = zip(*fields.values())
    return numpy.dtype({"names": list(fields), "formats": formats, "offsets": offsets, "itemsize": size})


NOTE = _layout(sizeof(fc_note), start=("i8", 0), end=("i8", 8), start_s=("f8", 16), end_s=("f8", 24),
               track=("u4", 32), channel=("u1", 36), pitch=("u1", 37), velocity=("u1", 38), program=("u1", 39))
TEMPO = _layout(sizeof(fc_tempo_event), tick=("i8", 0), us_per_quarter=("u4", 8), track=("u4", 12))
TIME_SIGNATURE = _layout(sizeof(fc_time_signature), tick=("i8", 0), track=("u4", 8), numerator=("u1", 12),
                         denominator_exponent=("u1", 13))
KEY_SIGNATURE = _layout(sizeof(fc_key_signature), tick=("i8", 0), track=("u4", 8), sharps=("i1", 12),
                        minor=("?", 13))
CONTROL = _layout(sizeof(fc_control), tick=("i8", 0), track=("u4", 8), kind=("u1", 12), channel=("u1", 13),
                  number=("u1", 14), value=("i2", 16))
SEGMENT = _layout(sizeof(fc_segment), tick=("i8", 0), seconds=("f8", 8), seconds_per_tick=("f8", 16),
                  us_per_quarter=("u4", 24), track=("u4", 28))

cdef object TICK = numpy.dtype("i8")

WARNINGS = tuple([fc_smf_warning_name(<fc_smf_warning>i).decode() for i in range(FC_SMF_WARNING_COUNT)])
CODES = tuple([fc_smf_code_name(<fc_smf_code>i).decode() for i in range(FC_SMF_CODE_COUNT)])

# Up to which size of a file its memory, 31 times as much, is kept for the next; from which the GIL is released (1 ms).
cdef size_t KEPT_BYTES = 1 << 18, RELEASE_BYTES = 1 << 19


@cython.final
cdef class _Reader:
    """The memory of one reading, used again for the next."""
    cdef fc_song song
    cdef fc_timeline timeline
    cdef fc_buffer content
    cdef fc_tempo_room tempo

    def __cinit__(self):
        memset(&self.content, 0, sizeof(self.content))
        memset(&self.tempo, 0, sizeof(self.tempo))
        memset(&self.song, 0, sizeof(self.song))
        memset(&self.timeline, 0, sizeof(self.timeline))

    def __dealloc__(self):
        fc_song_free(&self.song)
        fc_timeline_free(&self.timeline)
        fc_buffer_free(&self.content)
        fc_tempo_room_free(&self.tempo)


cdef list idle = []


cdef np.ndarray array_of(const void *items, size_t count, np.dtype dtype):
    """A read-only copy of so many items."""
    cdef np.npy_intp shape[1]
    shape[0] = <np.npy_intp>count
    Py_INCREF(dtype)  # PyArray_Empty takes over a reference
    cdef np.ndarray array = fc_new_array(1, shape, <PyObject *>dtype)
    if count != 0:
        memcpy(np.PyArray_DATA(array), items, count * <size_t>np.PyArray_ITEMSIZE(array))
    np.PyArray_CLEARFLAGS(array, np.NPY_ARRAY_WRITEABLE)
    return array


cdef tuple names_of(uint64_t warnings):
    return tuple([name for i, name in enumerate(WARNINGS) if warnings >> i & 1]) if warnings else ()


cdef _Reader take():
    try:
        return idle.pop()
    except IndexError:
        return _Reader()


cdef int give_back(_Reader reader, size_t size) except -1:
    if size <= KEPT_BYTES:
        idle.append(reader)
    return 0


def read(data):
    cdef _Reader reader = take()
    cdef bytes held = data if type(data) is bytes else bytes(memoryview(data))
    cdef const uint8_t *content = <const uint8_t *>PyBytes_AsString(held)
    cdef size_t size = <size_t>PyBytes_Size(held), offset = 0
    cdef fc_smf_code code
    if size < RELEASE_BYTES:
        code = parse(reader, content, size, &offset)
    else:
        with nogil:
            code = parse(reader, content, size, &offset)
    result = parsed_of(&reader.song, &reader.timeline, code, offset, content)
    give_back(reader, size)
    return result


def read_path(str path not None):
    cdef _Reader reader = take()
    cdef bytes encoded = encoded_path(path)
    cdef const char *name = PyBytes_AsString(encoded)
    cdef fc_buffer *content = &reader.content
    cdef fc_file_info info
    cdef size_t offset = 0
    cdef int number = 0
    cdef fc_smf_code code = FC_SMF_OK
    cdef fc_status status
    with nogil:
        status = fc_load(name, content, &info, &number)
        if status == FC_OK:
            code = parse(reader, content.data, content.len, &offset)
    if status == FC_OS:
        raise os_error(number, path)
    raise_status(status)
    result = parsed_of(&reader.song, &reader.timeline, code, offset, content.data)
    give_back(reader, content.len)
    return result


cdef bytes encoded_path(str path):
    cdef bytes encoded = PyUnicode_EncodeFSDefault(path)
    if memchr(PyBytes_AsString(encoded), 0, <size_t>PyBytes_Size(encoded)) != NULL:
        raise ValueError(f"source: {path!r} holds a NUL character")
    return encoded


cdef object os_error(int number, str name):
    if number == 0:  # opened, and no regular file
        number = errno.EISDIR if os.path.isdir(name) else errno.EINVAL
    return OSError(number, "Not a regular file" if number == errno.EINVAL else os.strerror(number), name)


cdef fc_smf_code parse(_Reader reader, const uint8_t *content, size_t size, size_t *out_offset) noexcept nogil:
    cdef fc_smf_code code = fc_smf_read(&reader.song, content, size, out_offset)
    if code == FC_SMF_OK and fc_timeline_read(&reader.timeline, &reader.song) != FC_OK:
        return FC_SMF_NO_MEMORY
    return code


FACTS = (
    "code", "offset", "status", "warnings", "format", "tracks", "tracks_declared", "tpqn", "ticks_per_second",
    "end_tick",
    "note_ons", "notes", "tempos", "time_signatures", "key_signatures", "controls", "texts", "track_ends", "segments",
    "duration", "bpm", "tempo_changes",
)


@cython.final
cdef class Parsed:
    """What was read of a file, in one block of memory; objects of Python are made of it one by one, when asked for."""
    cdef fc_song song
    cdef fc_timeline timeline
    cdef uint8_t *texts  # what the song's texts say, one after another
    cdef void *block
    cdef fc_smf_code code
    cdef size_t offset

    def __dealloc__(self):
        free(self.block)

    cdef np.ndarray view(self, const void *items, size_t count, np.dtype dtype):
        """A read-only array of items of the block, which it keeps alive."""
        cdef np.npy_intp shape[1]
        shape[0] = <np.npy_intp>count
        Py_INCREF(dtype)  # the array takes over a reference
        cdef np.ndarray array = fc_array_over(shape, <PyObject *>dtype, <void *>items)
        np.set_array_base(array, self)
        return array

    cdef list made_texts(self):
        cdef const fc_text *text
        cdef size_t i
        made = []
        for i in range(self.song.texts_len):
            text = &self.song.texts[i]
            made.append((text.tick, text.track, text.kind,
                         PyBytes_FromStringAndSize(<const char *>self.texts + text.offset, <Py_ssize_t>text.len)))
        return made

    def keys(self):
        return FACTS if self.code == FC_SMF_OK else FACTS[:2]

    def __getitem__(self, name):
        cdef fc_song *song = &self.song
        cdef fc_timeline *timeline = &self.timeline
        if name == "code":
            return CODES[self.code]
        if self.code != FC_SMF_OK:
            if name == "offset":
                return self.offset
            raise KeyError(name)
        if name == "notes":
            return self.view(song.notes, song.notes_len, NOTE)
        if name == "segments":
            return self.view(timeline.segments, timeline.segments_len, SEGMENT)
        if name == "controls":
            return self.view(song.controls, song.controls_len, CONTROL)
        if name == "tempos":
            return self.view(song.tempos, song.tempos_len, TEMPO)
        if name == "time_signatures":
            return self.view(song.time_signatures, song.time_signatures_len, TIME_SIGNATURE)
        if name == "key_signatures":
            return self.view(song.key_signatures, song.key_signatures_len, KEY_SIGNATURE)
        if name == "track_ends":
            return self.view(song.track_ends, song.tracks, TICK)
        if name == "texts":
            return self.made_texts()
        if name == "bpm":
            if not timeline.has_tempo:
                return None
            return timeline.bpm, timeline.bpm_initial, timeline.bpm_min, timeline.bpm_max
        if name == "duration":
            return timeline.duration
        if name == "tempo_changes":
            return timeline.changes
        if name == "status":
            return "damaged" if song.damaged else "ok"
        if name == "offset":
            return song.damage_offset if song.damaged else None
        if name == "warnings":
            return names_of(song.warnings)
        if name == "format":
            return song.format
        if name == "tracks":
            return song.tracks
        if name == "tracks_declared":
            return song.tracks_declared
        if name == "tpqn":
            return song.tpqn if song.tpqn else None
        if name == "ticks_per_second":
            return song.ticks_per_second if not song.tpqn else None
        if name == "end_tick":
            return song.end_tick
        if name == "note_ons":
            return song.note_ons
        raise KeyError(name)


cdef void *keep(uint8_t **at, const void *items, size_t size) noexcept:
    """Copy items to the block and move on to where the next ones lie, aligned."""
    cdef void *kept = at[0]
    if size != 0:
        memcpy(kept, items, size)
    at[0] += size + 7 & ~<size_t>7
    return kept


cdef Parsed parsed_of(const fc_song *song, const fc_timeline *timeline, fc_smf_code code, size_t offset,
                      const uint8_t *content):
    """Copy what was read to memory of its own."""
    cdef Parsed parsed = Parsed.__new__(Parsed)
    cdef fc_song *own = &parsed.song
    cdef size_t i, text_bytes = 0, size
    cdef uint8_t *at
    if code == FC_SMF_NO_MEMORY:
        raise_status(FC_NO_MEMORY)
    parsed.code, parsed.offset = code, offset
    if code != FC_SMF_OK:
        return parsed
    own[0] = song[0]
    own.room = NULL
    parsed.timeline = timeline[0]
    for i in range(song.texts_len):
        text_bytes += song.texts[i].len
    size = song.notes_len * sizeof(fc_note) + song.tempos_len * sizeof(fc_tempo_event)
    size += song.time_signatures_len * sizeof(fc_time_signature) + song.key_signatures_len * sizeof(fc_key_signature)
    size += song.controls_len * sizeof(fc_control) + song.texts_len * sizeof(fc_text)
    size += song.tracks * sizeof(uint64_t) + timeline.segments_len * sizeof(fc_segment) + text_bytes
    parsed.block = malloc(size + 8)  # every struct is a multiple of 8 bytes long
    if parsed.block == NULL:
        raise MemoryError
    at = <uint8_t *>parsed.block
    own.notes = <fc_note *>keep(&at, song.notes, song.notes_len * sizeof(fc_note))
    own.tempos = <fc_tempo_event *>keep(&at, song.tempos, song.tempos_len * sizeof(fc_tempo_event))
    own.time_signatures = <fc_time_signature *>keep(&at, song.time_signatures,
                                                    song.time_signatures_len * sizeof(fc_time_signature))
    own.key_signatures = <fc_key_signature *>keep(&at, song.key_signatures,
                                                  song.key_signatures_len * sizeof(fc_key_signature))
    own.controls = <fc_control *>keep(&at, song.controls, song.controls_len * sizeof(fc_control))
    own.texts = <fc_text *>keep(&at, song.texts, song.texts_len * sizeof(fc_text))
    own.track_ends = <uint64_t *>keep(&at, song.track_ends, song.tracks * sizeof(uint64_t))
    parsed.timeline.segments = <fc_segment *>keep(&at, timeline.segments, timeline.segments_len * sizeof(fc_segment))
    parsed.texts = at
    text_bytes = 0
    for i in range(song.texts_len):
        memcpy(at + text_bytes, content + song.texts[i].offset, song.texts[i].len)
        own.texts[i].offset = text_bytes
        text_bytes += song.texts[i].len
    return parsed


cdef fc_timeline timeline_of(np.ndarray segments) except *:
    cdef fc_timeline timeline
    memset(&timeline, 0, sizeof(timeline))
    if segments.dtype != SEGMENT or np.PyArray_NDIM(segments) != 1 or not np.PyArray_IS_C_CONTIGUOUS(segments):
        raise TypeError("segments: wanted an array of SEGMENT that lies in one piece")
    timeline.segments_len = <size_t>np.PyArray_DIM(segments, 0)
    if timeline.segments_len == 0:
        raise ValueError("segments: a tempo map has one or more")
    timeline.segments = <fc_segment *>np.PyArray_DATA(segments)
    return timeline


def to_seconds(np.ndarray segments not None, ticks):
    cdef np.ndarray given = numpy.asarray(ticks, numpy.int64, order="C")
    cdef fc_timeline timeline = timeline_of(segments)
    cdef np.ndarray result = numpy.empty((<object>given).shape, numpy.float64)
    cdef const int64_t *at = <const int64_t *>np.PyArray_DATA(given)
    cdef double *to = <double *>np.PyArray_DATA(result)
    cdef Py_ssize_t i
    for i in range(np.PyArray_SIZE(given)):
        if at[i] < 0:
            raise ValueError(f"ticks: {at[i]} is before the song begins")
        to[i] = fc_timeline_seconds(&timeline, 0, <uint64_t>at[i])
    return result


def to_ticks(np.ndarray segments not None, seconds):
    cdef np.ndarray given = numpy.asarray(seconds, numpy.float64, order="C")
    cdef fc_timeline timeline = timeline_of(segments)
    cdef np.ndarray result = numpy.empty((<object>given).shape, numpy.float64)
    cdef const double *at = <const double *>np.PyArray_DATA(given)
    cdef double *to = <double *>np.PyArray_DATA(result)
    cdef Py_ssize_t i
    for i in range(np.PyArray_SIZE(given)):
        if not at[i] >= 0:
            raise ValueError(f"seconds: {at[i]} is before the song begins")
        to[i] = fc_timeline_tick(&timeline, 0, at[i])
    return result


cdef extern from "fc_hash.h" nogil:
    ctypedef struct fc_hash:
        uint64_t hi, lo
    fc_hash fc_hash_bytes(const void *bytes, size_t len)

cdef extern from "fc_sweep.h" nogil:
    ctypedef struct fc_sweep:
        pass
    fc_status fc_sweep_fill(fc_sweep *sweep, const fc_song *song)
    void fc_sweep_free(fc_sweep *sweep)

cdef extern from "fc_tonality.h" nogil:
    enum: FC_KEYS
    ctypedef enum fc_profile:
        FC_PROFILE_COUNT
    ctypedef enum fc_key_notes:
        FC_PITCHED_SECONDS, FC_PITCHED_COUNT, FC_ALL_COUNT
    ctypedef struct fc_tonality:
        int key, second
        double correlation, confidence
    void fc_tonality_find(const double *weights, fc_profile profile, fc_tonality *out)
    void fc_tonality_of(const fc_song *song, fc_key_notes kind, fc_profile profile, fc_tonality *out)
    const char *fc_tonality_name(int key)

cdef extern from "fc_chord.h" nogil:
    enum: FC_CHORD_NAME_SIZE
    ctypedef enum fc_quality:
        FC_CHORD_NONE
    ctypedef struct fc_chord:
        uint64_t start, end
        uint8_t root, bass, quality
    ctypedef struct fc_chords:
        fc_chord *items
        size_t len
    fc_status fc_chords_fill(fc_chords *chords, const fc_song *song, const fc_sweep *sweep)
    void fc_chords_free(fc_chords *chords)
    size_t fc_chord_name(const fc_chord *chord, char *out_name)

cdef extern from "fc_stats.h" nogil:
    enum: FC_ABSENT, FC_SHARPS_ABSENT
    ctypedef struct fc_stats:
        uint64_t notes, pitched
        double density
        int pitch_min, pitch_max
        double velocity_mean
        uint64_t polyphony_max
        double polyphony_mean
        int monophonic
        uint64_t *programs
        uint64_t *kits
        unsigned int channels
        int drums_only
        bint has_lyrics
        int numerator, denominator_exponent
        uint64_t time_signature_changes
        int sharps, minor
        uint64_t key_signature_changes
        bint has_bars
        uint64_t bars
        uint64_t *controllers
        bint has_bends
        int bend_min, bend_max
    void fc_stats_of(const fc_song *song, double duration, const fc_sweep *sweep, const uint8_t *bytes, fc_stats *out)

cdef extern from "fc_groove.h" nogil:
    double fc_groove_grid(const fc_song *song)
    double fc_groove_swing(const fc_song *song)

cdef extern from "fc_digest.h" nogil:
    ctypedef struct fc_digest:
        bint present
        uint64_t notes, shape
    void fc_digest_of(const fc_song *song, fc_digest *out)


CHORD = _layout(sizeof(fc_chord), start=("i8", 0), end=("i8", 8), root=("u1", 16), bass=("u1", 17),
                quality=("u1", 18), inversion=("i1", 19))
KEYS = tuple([fc_tonality_name(i).decode() for i in range(FC_KEYS)])
PROFILES = {"albrecht-shanahan": 0, "krumhansl-kessler": 1}
KEY_NOTES = {"pitched seconds": FC_PITCHED_SECONDS, "pitched count": FC_PITCHED_COUNT, "all count": FC_ALL_COUNT}


@cython.final
cdef class _Examiner:
    """The memory of one file's facts, used again for the next; what they are, in C."""
    cdef fc_song song
    cdef fc_timeline timeline
    cdef fc_sweep sweep
    cdef fc_chords chords
    cdef fc_stats stats
    cdef double grid, swing
    cdef fc_digest digest
    cdef fc_tonality tonality

    def __cinit__(self):
        memset(&self.song, 0, sizeof(self.song))
        memset(&self.timeline, 0, sizeof(self.timeline))
        memset(&self.sweep, 0, sizeof(self.sweep))
        memset(&self.chords, 0, sizeof(self.chords))

    def __dealloc__(self):
        fc_song_free(&self.song)
        fc_timeline_free(&self.timeline)
        fc_sweep_free(&self.sweep)
        fc_chords_free(&self.chords)

    cdef fc_smf_code read(self, const uint8_t *data, size_t size) noexcept nogil:
        """Read and time the song; out of memory is a code as well."""
        cdef size_t offset = 0
        cdef fc_smf_code code = fc_smf_read(&self.song, data, size, &offset)
        if code == FC_SMF_OK and fc_timeline_read(&self.timeline, &self.song) != FC_OK:
            return FC_SMF_NO_MEMORY
        return code

    cdef fc_smf_code examine(self, const uint8_t *data, size_t size) noexcept nogil:
        cdef fc_smf_code code = self.read(data, size)
        if code != FC_SMF_OK:
            return code
        if fc_sweep_fill(&self.sweep, &self.song) != FC_OK:
            return FC_SMF_NO_MEMORY
        if fc_chords_fill(&self.chords, &self.song, &self.sweep) != FC_OK:
            return FC_SMF_NO_MEMORY
        fc_stats_of(&self.song, self.timeline.duration, &self.sweep, data, &self.stats)
        self.grid = fc_groove_grid(&self.song)
        self.swing = fc_groove_swing(&self.song)
        fc_digest_of(&self.song, &self.digest)
        fc_tonality_of(&self.song, FC_PITCHED_SECONDS, <fc_profile>0, &self.tonality)
        return FC_SMF_OK


cdef list members_of(const uint64_t *words):
    return [i for i in range(128) if words[i >> 6] >> (i & 63) & 1]


cdef object or_none(double value):
    return value if value == value else None


cdef object check_code(fc_smf_code code):
    raise_status(FC_NO_MEMORY if code == FC_SMF_NO_MEMORY else FC_OK)
    if code != FC_SMF_OK:
        raise ValueError(CODES[code])


def file_hash(data):
    cdef const uint8_t[::1] view = data
    cdef fc_hash found = fc_hash_bytes(&view[0] if view.shape[0] != 0 else NULL, <size_t>view.shape[0])
    return f"{found.hi:016x}{found.lo:016x}"


def chord_name(int root, int bass, int quality):
    cdef char name[FC_CHORD_NAME_SIZE]
    cdef fc_chord chord
    if not (0 <= root < 12 and 0 <= bass < 12 and 0 <= quality <= FC_CHORD_NONE):
        raise ValueError(f"chord: no such root, bass or quality: {root}, {bass}, {quality}")
    chord.root, chord.bass, chord.quality = <uint8_t>root, <uint8_t>bass, <uint8_t>quality
    return name[:fc_chord_name(&chord, name)].decode()


cdef tuple of_tonality(const fc_tonality *found):
    if found.key < 0:
        return None, None, None, None
    return found.key, found.second, found.correlation, found.confidence


def key_of(weights, str profile="albrecht-shanahan"):
    cdef double given[12]
    cdef fc_tonality found
    if len(weights) != 12:
        raise ValueError(f"weights: wanted 12, not {len(weights)}")
    for i in range(12):
        given[i] = weights[i]
        if not 0 <= given[i] < float("inf"):
            raise ValueError(f"weights: {given[i]} is not finite and at least 0")
    fc_tonality_find(given, <fc_profile><int>PROFILES[profile], &found)
    return of_tonality(&found)


def key_of_file(bytes data not None, str notes="pitched seconds", str profile="albrecht-shanahan"):
    cdef _Examiner examiner = _Examiner()
    cdef fc_tonality found
    check_code(examiner.read(<const uint8_t *>PyBytes_AsString(data), <size_t>PyBytes_Size(data)))
    fc_tonality_of(&examiner.song, <fc_key_notes><int>KEY_NOTES[notes], <fc_profile><int>PROFILES[profile], &found)
    return of_tonality(&found)


def facts(bytes data not None):
    cdef _Examiner examiner = _Examiner()
    cdef fc_stats *s = &examiner.stats
    check_code(examiner.examine(<const uint8_t *>PyBytes_AsString(data), <size_t>PyBytes_Size(data)))
    key, second, correlation, confidence = of_tonality(&examiner.tonality)
    return {
        "duration": examiner.timeline.duration,
        "notes": s.notes,
        "pitched": s.pitched,
        "density": or_none(s.density),
        "pitch_min": s.pitch_min if s.pitch_min != FC_ABSENT else None,
        "pitch_max": s.pitch_max if s.pitch_max != FC_ABSENT else None,
        "velocity_mean": or_none(s.velocity_mean),
        "polyphony_max": s.polyphony_max,
        "polyphony_mean": or_none(s.polyphony_mean),
        "monophonic": bool(s.monophonic) if s.monophonic != FC_ABSENT else None,
        "programs": members_of(s.programs),
        "kits": members_of(s.kits),
        "channels": [i for i in range(16) if s.channels >> i & 1],
        "drums_only": bool(s.drums_only) if s.drums_only != FC_ABSENT else None,
        "has_lyrics": bool(s.has_lyrics),
        "time_signature": (s.numerator, 1 << s.denominator_exponent) if s.numerator != FC_ABSENT else None,
        "time_signature_changes": s.time_signature_changes,
        "key_signature": (s.sharps, bool(s.minor)) if s.sharps != FC_SHARPS_ABSENT else None,
        "key_signature_changes": s.key_signature_changes,
        "bars": s.bars if s.has_bars else None,
        "controllers": members_of(s.controllers),
        "pitch_bend": (s.bend_min, s.bend_max) if s.has_bends else None,
        "grid": or_none(examiner.grid),
        "swing": or_none(examiner.swing),
        "key": KEYS[key] if key is not None else None,
        "key_second": KEYS[second] if key is not None else None,
        "key_correlation": correlation,
        "key_confidence": confidence,
        "chords": array_of(examiner.chords.items, examiner.chords.len, CHORD),
        "file_hash": file_hash(data),
        "note_hash": f"{examiner.digest.notes:016x}" if examiner.digest.present else None,
        "shape_hash": f"{examiner.digest.shape:016x}" if examiner.digest.present else None,
    }


CHOICES = {"auto": FC_TEMPO_AUTO, "written": FC_TEMPO_AS_WRITTEN, "onsets": FC_TEMPO_FROM_ONSETS}


def tempo(bytes data not None, choice="auto"):
    """What fc_tempo tells of a file, as a dict; None for what there is not."""
    cdef _Reader reader = _Reader()
    cdef fc_tempo_result r
    cdef size_t offset = 0, i
    cdef fc_tempo_choice wanted
    if choice not in CHOICES:
        raise ValueError(f"tempo={choice!r}: known are {', '.join(CHOICES)}")
    wanted = CHOICES[choice]
    code = fc_smf_read(&reader.song, <const uint8_t *>PyBytes_AsString(data), <size_t>PyBytes_Size(data), &offset)
    if code != FC_SMF_OK:
        raise ValueError(f"data: {CODES[code]}")
    raise_status(fc_timeline_read(&reader.timeline, &reader.song))
    raise_status(fc_tempo_tell(&reader.song, &reader.timeline, wanted, &reader.tempo, &r))
    return {
        "source": fc_tempo_source_name(r.source).decode(),
        "bpm": r.bpm if r.bpm else None,
        "confidence": r.confidence,
        "coherence": r.coherence if r.coherence >= 0 else None,
        "stability": r.stability if r.stability >= 0 else None,
        "alternatives": tuple([(r.alternatives[i].bpm, r.alternatives[i].score) for i in range(r.alternatives_len)]),
        "written": (r.initial, r.min, r.max) if r.initial else None,
        "changes": r.changes,
    }


cdef extern from "fc_analysis.h" nogil:
    ctypedef enum fc_part:
        FC_PART_STATS, FC_PART_TEMPO, FC_PART_KEY, FC_PART_CHORDS, FC_PART_GRID, FC_PART_FILE_HASH, FC_PART_DIGEST
        FC_PART_TEXTS, FC_PART_SWING, FC_PARTS_ALL
    ctypedef struct fc_analysis_options:
        unsigned int parts
        fc_tempo_choice tempo
        bint reference
    ctypedef struct fc_analysis:
        fc_smf_code code
        bint damaged
        uint64_t offset, warnings
        unsigned int format
        uint32_t tracks, tpqn
        double duration
        fc_hash file_hash
        fc_stats stats
        fc_tempo_result tempo
        fc_tonality tonality
        double grid, swing
        fc_digest digest
        uint64_t chords
    ctypedef struct fc_analysis_room:
        fc_song song
        fc_timeline timeline
        fc_chords chords
    void fc_analysis_of(fc_analysis_room *room, const uint8_t *bytes, size_t len, const fc_analysis_options *options,
                        fc_analysis *out)
    void fc_analysis_room_free(fc_analysis_room *room)

cdef extern from "fc_gather.h" nogil:
    enum: FC_GATHER_COLUMNS
    ctypedef enum fc_gather_column:
        pass
    ctypedef struct fc_gather:
        pass
    ctypedef struct fc_gather_row:
        pass
    ctypedef struct fc_gathered:
        uint8_t *bytes
        int64_t *text_offsets
        int64_t *row_offsets
        size_t bytes_len, texts
    fc_status fc_gather_add(fc_gather *gather, const fc_song *song, const uint8_t *bytes, fc_gather_row *out)
    fc_status fc_gather_column_of(const fc_gather_row *rows, size_t len, fc_gather_column column, fc_gathered *out)
    void fc_gathered_free(fc_gathered *gathered)
    void fc_gather_free(fc_gather *gather)

cdef extern from "fc_batch.h" nogil:
    ctypedef struct fc_batch_row:
        bint opened
        int number
        uint64_t size
        int64_t mtime_ns
        fc_analysis analysis
    ctypedef struct fc_batch:
        const char **paths
        size_t count
        fc_analysis_options options
        fc_batch_row *rows
        fc_gathered texts[3]
        unsigned int threads
        int (*poll)(void *ctx, uint64_t done, uint64_t total) noexcept
        void *poll_ctx
    fc_cost_work fc_batch_work(size_t count, bint is_all)
    fc_status fc_batch_run(const fc_runtime *runtime, fc_batch *batch)

PARTS = {"stats": FC_PART_STATS, "tempo": FC_PART_TEMPO, "key": FC_PART_KEY, "chords": FC_PART_CHORDS,
         "grid": FC_PART_GRID, "swing": FC_PART_SWING, "hash": FC_PART_FILE_HASH, "digest": FC_PART_DIGEST,
         "texts": FC_PART_TEXTS}
SOURCES = tuple([fc_tempo_source_name(<fc_tempo_source>i).decode() for i in range(FC_TEMPO_SOURCE_COUNT)])


cdef size_t place(const fc_batch_row *row, const void *field) noexcept:
    return <size_t>(<const char *>field - <const char *>row)


cdef object row_layout():
    """What is read of fc_batch_row, by name."""
    cdef fc_batch_row row
    cdef fc_analysis *a = &row.analysis
    return _layout(
        sizeof(fc_batch_row),
        opened=("?", place(&row, &row.opened)),
        number=("i4", place(&row, &row.number)),
        size=("u8", place(&row, &row.size)),
        mtime_ns=("i8", place(&row, &row.mtime_ns)),
        code=("u4", place(&row, &a.code)),
        damaged=("?", place(&row, &a.damaged)),
        offset=("u8", place(&row, &a.offset)),
        warnings=("u8", place(&row, &a.warnings)),
        format=("u4", place(&row, &a.format)),
        tracks=("u4", place(&row, &a.tracks)),
        tpqn=("u4", place(&row, &a.tpqn)),
        duration=("f8", place(&row, &a.duration)),
        file_hash=("2u8", place(&row, &a.file_hash)),
        notes=("u8", place(&row, &a.stats.notes)),
        density=("f8", place(&row, &a.stats.density)),
        pitch_min=("i4", place(&row, &a.stats.pitch_min)),
        pitch_max=("i4", place(&row, &a.stats.pitch_max)),
        velocity_mean=("f8", place(&row, &a.stats.velocity_mean)),
        polyphony_max=("u8", place(&row, &a.stats.polyphony_max)),
        polyphony_mean=("f8", place(&row, &a.stats.polyphony_mean)),
        monophonic=("i4", place(&row, &a.stats.monophonic)),
        programs=("2u8", place(&row, &a.stats.programs)),
        kits=("2u8", place(&row, &a.stats.kits)),
        channels=("u4", place(&row, &a.stats.channels)),
        drums_only=("i4", place(&row, &a.stats.drums_only)),
        has_lyrics=("?", place(&row, &a.stats.has_lyrics)),
        numerator=("i4", place(&row, &a.stats.numerator)),
        denominator_exponent=("i4", place(&row, &a.stats.denominator_exponent)),
        time_signature_changes=("u8", place(&row, &a.stats.time_signature_changes)),
        sharps=("i4", place(&row, &a.stats.sharps)),
        minor=("i4", place(&row, &a.stats.minor)),
        key_signature_changes=("u8", place(&row, &a.stats.key_signature_changes)),
        has_bars=("?", place(&row, &a.stats.has_bars)),
        bars=("u8", place(&row, &a.stats.bars)),
        controllers=("2u8", place(&row, &a.stats.controllers)),
        has_bends=("?", place(&row, &a.stats.has_bends)),
        bend_min=("i4", place(&row, &a.stats.bend_min)),
        bend_max=("i4", place(&row, &a.stats.bend_max)),
        source=("u4", place(&row, &a.tempo.source)),
        bpm=("f8", place(&row, &a.tempo.bpm)),
        confidence=("f8", place(&row, &a.tempo.confidence)),
        stability=("f8", place(&row, &a.tempo.stability)),
        alternatives=("(3,2)f8", place(&row, &a.tempo.alternatives)),
        alternatives_len=("u8", place(&row, &a.tempo.alternatives_len)),
        initial=("f8", place(&row, &a.tempo.initial)),
        slowest=("f8", place(&row, &a.tempo.min)),
        fastest=("f8", place(&row, &a.tempo.max)),
        changes=("u8", place(&row, &a.tempo.changes)),
        key=("i4", place(&row, &a.tonality.key)),
        second=("i4", place(&row, &a.tonality.second)),
        key_confidence=("f8", place(&row, &a.tonality.confidence)),
        grid=("f8", place(&row, &a.grid)),
        swing=("f8", place(&row, &a.swing)),
        has_digest=("?", place(&row, &a.digest.present)),
        note_digest=("u8", place(&row, &a.digest.notes)),
        shape_digest=("u8", place(&row, &a.digest.shape)),
        chords=("u8", place(&row, &a.chords)),
    )


ROW = row_layout()


cdef tuple texts_of(const fc_gathered *texts, size_t rows):
    """Bytes, offsets of texts, offsets of rows."""
    return (PyBytes_FromStringAndSize(<const char *>texts.bytes, <Py_ssize_t>texts.bytes_len),
            array_of(texts.text_offsets, texts.texts + 1, TICK), array_of(texts.row_offsets, rows + 1, TICK))


def analyze_many(list paths not None, str tempo, unsigned int parts, unsigned int threads, progress):
    cdef fc_batch batch
    cdef Poll state = Poll("files")
    cdef np.ndarray rows = numpy.empty(len(paths), ROW)
    cdef fc_status status
    cdef const char **names
    cdef size_t i
    cdef bytes path
    memset(&batch, 0, sizeof(batch))
    state.progress = progress
    batch.count = len(paths)
    batch.options.parts = parts
    batch.options.tempo = CHOICES[tempo]
    batch.rows = <fc_batch_row *>np.PyArray_DATA(rows)
    batch.threads = threads
    batch.poll = poll_progress
    batch.poll_ctx = <void *>state
    batch.paths = names = <const char **>calloc(batch.count + 1, sizeof(char *))
    if names == NULL:
        raise MemoryError
    try:
        for i in range(batch.count):
            path = paths[i]
            names[i] = PyBytes_AsString(path)
        with nogil:
            status = fc_batch_run(runtime(), &batch)
        if state.error is not None:
            raise state.error
        raise_status(status)
        if not parts & FC_PART_TEXTS:
            return rows, None
        return rows, tuple([texts_of(&batch.texts[i], batch.count) for i in range(<size_t>FC_GATHER_COLUMNS)])
    finally:
        for i in range(<size_t>FC_GATHER_COLUMNS):
            fc_gathered_free(&batch.texts[i])
        free(<void *>names)


@cython.final
cdef class _Analyzer:
    """The memory of one analysis."""
    cdef fc_analysis_room room
    cdef fc_gather gather
    cdef fc_buffer content

    def __cinit__(self):
        memset(&self.room, 0, sizeof(self.room))
        memset(&self.gather, 0, sizeof(self.gather))
        memset(&self.content, 0, sizeof(self.content))

    def __dealloc__(self):
        fc_analysis_room_free(&self.room)
        fc_gather_free(&self.gather)
        fc_buffer_free(&self.content)


def analyze(str path, data, str tempo, bint reference):
    cdef _Analyzer analyzer = _Analyzer()
    cdef np.ndarray rows = numpy.zeros(1, ROW)
    cdef fc_batch_row *row = <fc_batch_row *>np.PyArray_DATA(rows)
    cdef fc_analysis_options options
    cdef fc_file_info info
    cdef fc_gather_row place
    cdef fc_gathered column
    cdef const uint8_t *content
    cdef const char *name
    cdef bytes held
    cdef size_t size
    cdef int number = 0
    cdef fc_status status = FC_OK
    cdef size_t c
    info.mtime_ns = 0
    options.parts, options.tempo, options.reference = FC_PARTS_ALL, CHOICES[tempo], reference
    memset(&place, 0, sizeof(place))
    if path is not None:
        held = encoded_path(path)
        name = PyBytes_AsString(held)
        with nogil:
            status = fc_load(name, &analyzer.content, &info, &number)
        if status == FC_OS:
            raise os_error(number, path)
        raise_status(status)
        content, size = analyzer.content.data, analyzer.content.len
    else:
        held = data if type(data) is bytes else bytes(memoryview(data))
        content, size = <const uint8_t *>PyBytes_AsString(held), <size_t>PyBytes_Size(held)
    row.opened, row.size, row.mtime_ns = True, size, info.mtime_ns
    with nogil:
        fc_analysis_of(&analyzer.room, content, size, &options, &row.analysis)
        if row.analysis.code == FC_SMF_OK:
            status = fc_gather_add(&analyzer.gather, &analyzer.room.song, content, &place)
    raise_status(FC_NO_MEMORY if row.analysis.code == FC_SMF_NO_MEMORY else status)
    texts = []
    for c in range(<size_t>FC_GATHER_COLUMNS):
        raise_status(fc_gather_column_of(&place, 1, <fc_gather_column>c, &column))
        try:
            texts.append(texts_of(&column, 1))
        finally:
            fc_gathered_free(&column)
    np.PyArray_CLEARFLAGS(rows, np.NPY_ARRAY_WRITEABLE)
    parsed = parsed_of(&analyzer.room.song, &analyzer.room.timeline, row.analysis.code, row.analysis.offset, content)
    chords = array_of(analyzer.room.chords.items, analyzer.room.chords.len, CHORD)
    return rows, tuple(texts), parsed, chords


def cost(str op not None, size_t items, uint64_t nbytes):
    cdef fc_cost_work work
    for is_all in (False, True):
        work = fc_batch_work(items, is_all)
        if work.name[: work.name_len].decode() == op:
            return work.items, work.bytes, work.guess_ns
    return None

"""The columns of `analyze_many`, made out of the core's rows: array by array, no object of Python for each row."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastcore._arrow import Lists, Numbers, Texts
from fastcore._midi_instruments import INSTRUMENTS, kit_name
from fastcore._midi_name import key_in_name, tempo_in_name
from fastcore._midi_song import MAJOR, MINOR
from fastcore._midi_text import decode
from fastcore._native import midi as _native

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastcore._arrow import Column

    Array = np.ndarray[Any, Any]
    Packed = tuple[bytes, Array, Array]

_OS_CODES = {
    0: "not_a_file",
    errno.EISDIR: "not_a_file",
    errno.ENXIO: "not_a_file",
    errno.ENOENT: "not_found",
    errno.ENOTDIR: "not_found",
    errno.ENAMETOOLONG: "not_found",
    errno.EACCES: "no_permission",
    errno.EPERM: "no_permission",
}
OS_CODES = ("io_error", "not_a_file", "not_found", "no_permission")
STATUSES = ("ok", "damaged", "error")


class Batch(NamedTuple):
    """What the core says of files: its rows, their texts (names, others, lyrics), their paths, and how to decode."""

    rows: Array
    texts: tuple[Packed, ...] | None
    paths: list[str | None]
    charset: str | None

    @property
    def failed(self) -> Array:
        """True where there is no song."""
        failed: Array = ~self.rows["opened"] | (self.rows["code"] != 0)
        return failed


def _words(texts: Any) -> Texts:
    return Texts.of([text.encode("utf-8", "backslashreplace") for text in texts], None, "text")


def _chosen(names: Any, at: Array, mask: Array) -> Column:
    """A text for each row: that of its index."""
    table = _words(names)
    found = table.take(np.where(mask, 0, at).astype(np.int64))
    return _blanked(found, mask)


def _blanked(texts: Any, mask: Array) -> Column:
    """The texts with nulls, which hold no bytes."""
    if not mask.any():
        return Texts(texts.data, texts.offsets, mask)
    lengths = np.where(mask, 0, np.diff(texts.offsets))
    kept = np.repeat(~mask, np.diff(texts.offsets))
    data = np.frombuffer(texts.data, np.uint8)[kept].tobytes()
    return Texts(data, np.concatenate(([0], np.cumsum(lengths))), mask)


def _number(field: str, absent: Callable[[Array], Array] | None = None, dtype: str = "int64") -> Any:
    """A column of numbers, null where there is no song and where it is absent."""

    def make(batch: Batch) -> Column:
        values = batch.rows[field]
        mask = batch.failed if absent is None else batch.failed | absent(batch.rows)
        return Numbers(values.astype(dtype), mask)

    return make


def _real(field: str) -> Any:
    return _number(field, lambda rows: np.isnan(rows[field]), "float64")


def _below(field: str, dtype: str = "int64") -> Any:
    """Numbers that are absent where they are below 0."""
    return _number(field, lambda rows: rows[field] < 0, dtype)


def _tempo(field: str) -> Any:
    """Numbers that are absent where they are not above 0."""
    return _number(field, lambda rows: ~(rows[field] > 0), "float64")


def _bytes(words: Array, order: str) -> Array:
    """Rows of words as rows of bytes."""
    width = words.shape[1] if words.ndim == 2 else 1
    return np.ascontiguousarray(words.astype(order)).view(np.uint8).reshape(len(words), 8 * width)


def _bits(words: Array) -> Array:
    """Rows of words as rows of bits, the lowest first."""
    return np.unpackbits(_bytes(words, "<u8"), axis=1, bitorder="little")


def _members(bits: Array) -> tuple[Array, Array]:
    """Which bits are set, row by row, and the offsets of the rows."""
    rows, at = np.nonzero(bits)
    return at, np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=len(bits)))))


def _set(field: str) -> Any:
    def make(batch: Batch) -> Column:
        at, offsets = _members(_bits(batch.rows[field]))
        return Lists(Numbers(at.astype(np.uint8)), offsets, batch.failed)

    return make


def _named(bits: Array, names: Any, mask: Array) -> Column:
    at, offsets = _members(bits)
    return Lists(_words(names).take(at), offsets, mask)


def _warnings(batch: Batch) -> Column:
    return _named(_bits(batch.rows["warnings"])[:, : len(_native.WARNINGS)], _native.WARNINGS, batch.failed)


_SOUNDS = (*INSTRUMENTS, *(kit_name(program) for program in range(128)))


def _instruments(batch: Batch) -> Column:
    bits = np.hstack([_bits(batch.rows["programs"]), _bits(batch.rows["kits"])])
    return _named(bits, _SOUNDS, batch.failed)


def _path(batch: Batch) -> Column:
    mask = np.fromiter((path is None for path in batch.paths), np.bool_, len(batch.paths))
    names = [b"" if path is None else os.fsencode(path) for path in batch.paths]
    texts = _words(name.decode("utf-8", "backslashreplace") for name in names)
    return Texts(texts.data, texts.offsets, mask)


def _size(batch: Batch) -> Column:
    return Numbers(batch.rows["size"].astype(np.int64), ~batch.rows["opened"])


def _mtime(batch: Batch) -> Column:
    ns = batch.rows["mtime_ns"]
    return Numbers((ns // 1000).view("M8[us]"), ~batch.rows["opened"] | (ns == 0))


def _hex(words: Array, mask: Array) -> Column:
    """Texts of 16 digits for each word of a row."""
    data = _bytes(words, ">u8")
    return _blanked(Texts(data.tobytes().hex().encode(), np.arange(len(words) + 1) * 2 * data.shape[1]), mask)


def _hash(batch: Batch) -> Column:
    # Where memory ran out the file was not read.
    return _hex(batch.rows["file_hash"], ~batch.rows["opened"] | ~batch.rows["file_hash"].any(axis=1))


def _digest(field: str) -> Any:
    def make(batch: Batch) -> Column:
        return _hex(batch.rows[field], batch.failed | ~batch.rows["has_digest"])

    return make


def _status(batch: Batch) -> Column:
    at = np.where(batch.failed, 2, np.where(batch.rows["damaged"], 1, 0))
    return _chosen(STATUSES, at, np.zeros(len(at), np.bool_))


def _code(batch: Batch) -> Column:
    rows = batch.rows
    at = len(OS_CODES) + rows["code"].astype(np.int64)
    for row in np.flatnonzero(~rows["opened"]).tolist():
        at[row] = OS_CODES.index(_OS_CODES.get(int(rows["number"][row]), "io_error"))
    return _chosen((*OS_CODES, *_native.CODES), at, ~batch.failed)


def _offset(batch: Batch) -> Column:
    rows = batch.rows
    return Numbers(rows["offset"].astype(np.int64), ~(rows["opened"] & (batch.failed | rows["damaged"])))


def _key(field: str) -> Any:
    def make(batch: Batch) -> Column:
        return _chosen(_native.KEYS, batch.rows[field], batch.failed | (batch.rows[field] < 0))

    return make


def _no_key(rows: Array) -> Array:
    none: Array = rows["key"] < 0
    return none


_SIGNATURES = (*(f"{tonic} major" for tonic in MAJOR), *(f"{tonic} minor" for tonic in MINOR))


def _key_signature(batch: Batch) -> Column:
    rows = batch.rows
    return _chosen(_SIGNATURES, rows["sharps"] + 7 + 15 * rows["minor"], batch.failed | (rows["minor"] < 0))


def _time_signature(batch: Batch) -> Column:
    rows = batch.rows
    mask = batch.failed | (rows["numerator"] < 0)
    numbers, at = np.unique(
        np.where(mask, 0, rows["numerator"] * 8 + rows["denominator_exponent"]), return_inverse=True
    )
    names = [f"{number >> 3}/{1 << (number & 7)}" for number in numbers.tolist()] or [""]
    return _chosen(names, at, mask)


def _flag(field: str) -> Any:
    """Truth that may be unknown."""
    return _number(field, (lambda rows: rows[field] < 0) if field != "has_lyrics" else None, "bool")


def _source(batch: Batch) -> Column:
    return _chosen(_native.SOURCES, batch.rows["source"], batch.failed)


def _alternatives(batch: Batch) -> Column:
    kept = np.arange(3) < batch.rows["alternatives_len"][:, None]
    offsets = np.concatenate(([0], np.cumsum(kept.sum(axis=1))))
    return Lists(Numbers(batch.rows["alternatives"][:, :, 0][kept]), offsets, batch.failed)


def _pitch_bend(batch: Batch) -> Column:
    rows = batch.rows
    mask = batch.failed | ~rows["has_bends"]
    kept = np.stack([rows["bend_min"], rows["bend_max"]], axis=1)[~mask].astype(np.int16)
    return Lists(Numbers(kept.reshape(-1)), np.concatenate(([0], np.cumsum(2 * ~mask))), mask)


def decoded(packed: Packed, charset: str | None) -> Texts:
    """Texts of a column as UTF-8: only those that are not plain ASCII are looked at one by one."""
    data, offsets, _ = packed
    values = np.frombuffer(data, np.uint8)
    odd = np.flatnonzero((values >= 0x80) | (values == 0)) if charset is None else np.arange(len(values))
    changed = np.unique(np.searchsorted(offsets, odd, side="right") - 1)
    if len(changed) == 0:
        return Texts(data, offsets)
    parts, last, lengths = [], 0, np.diff(offsets)
    for at in changed.tolist():
        start, end = int(offsets[at]), int(offsets[at + 1])
        text = decode(data[start:end], charset).encode("utf-8", "backslashreplace")
        parts += [data[last:start], text]
        last, lengths[at] = end, len(text)
    parts.append(data[last:])
    return Texts(b"".join(parts), np.concatenate(([0], np.cumsum(lengths))))


def _texts(which: int) -> Any:
    def make(batch: Batch) -> Column:
        assert batch.texts is not None
        return Lists(decoded(batch.texts[which], batch.charset), batch.texts[which][2], batch.failed)

    return make


def _lyrics(batch: Batch) -> Column:
    assert batch.texts is not None
    texts = decoded(batch.texts[2], batch.charset)
    mask = np.diff(batch.texts[2][2]) == 0
    ends = np.where(mask, 0, 1)
    return Texts(texts.data, texts.offsets[np.concatenate(([0], np.cumsum(ends)))], mask)


def _from_name(read: Callable[[str], Any], empty: Any) -> Any:
    def make(batch: Batch) -> Column:
        found = [None if path is None else read(path) for path in batch.paths]
        mask = np.fromiter((value is None for value in found), np.bool_, len(found))
        if empty == "":
            texts = _words("" if value is None else value for value in found)
            return Texts(texts.data, texts.offsets, mask)
        return Numbers(np.array([empty if value is None else value for value in found], np.float64), mask)

    return make


def _smpte(rows: Array) -> Array:
    none: Array = rows["tpqn"] == 0
    return none


# Name: how it is made, and the part of the analysis that it needs beside the reading.
COLUMNS: dict[str, tuple[Callable[[Batch], Column], str | None]] = {
    "path": (_path, None),
    "size": (_size, None),
    "mtime": (_mtime, None),
    "hash": (_hash, "hash"),
    "note_hash": (_digest("note_digest"), "digest"),
    "shape_hash": (_digest("shape_digest"), "digest"),
    "status": (_status, None),
    "code": (_code, None),
    "offset": (_offset, None),
    "warnings": (_warnings, None),
    "format": (_number("format"), None),
    "tracks": (_number("tracks"), None),
    "tpqn": (_number("tpqn", _smpte), None),
    "duration": (_number("duration", None, "float64"), None),
    "notes": (_number("notes"), "stats"),
    "bpm": (_tempo("bpm"), "tempo"),
    "bpm_source": (_source, "tempo"),
    "bpm_confidence": (_number("confidence", None, "float64"), "tempo"),
    "bpm_alternatives": (_alternatives, "tempo"),
    "bpm_initial": (_tempo("initial"), "tempo"),
    "bpm_min": (_tempo("slowest"), "tempo"),
    "bpm_max": (_tempo("fastest"), "tempo"),
    "tempo_changes": (_number("changes", _smpte), "tempo"),
    "tempo_stability": (_below("stability", "float64"), "tempo"),
    "key": (_key("key"), "key"),
    "key_confidence": (_number("key_confidence", _no_key, "float64"), "key"),
    "key_second": (_key("second"), "key"),
    "key_signature": (_key_signature, "stats"),
    "key_signature_changes": (_number("key_signature_changes"), "stats"),
    "time_signature": (_time_signature, "stats"),
    "time_signature_changes": (_number("time_signature_changes"), "stats"),
    "bars": (_number("bars", lambda rows: ~rows["has_bars"]), "stats"),
    "chord_count": (_number("chords"), "chords"),
    "grid": (_real("grid"), "grid"),
    "swing": (_real("swing"), "swing"),
    "pitch_min": (_below("pitch_min"), "stats"),
    "pitch_max": (_below("pitch_max"), "stats"),
    "velocity_mean": (_real("velocity_mean"), "stats"),
    "density": (_real("density"), "stats"),
    "polyphony_max": (_number("polyphony_max"), "stats"),
    "polyphony_mean": (_real("polyphony_mean"), "stats"),
    "monophonic": (_flag("monophonic"), "stats"),
    "programs": (_set("programs"), "stats"),
    "kits": (_set("kits"), "stats"),
    "instruments": (_instruments, "stats"),
    "channels": (_set("channels"), "stats"),
    "drums_only": (_flag("drums_only"), "stats"),
    "controllers": (_set("controllers"), "stats"),
    "pitch_bend": (_pitch_bend, "stats"),
    "has_lyrics": (_flag("has_lyrics"), "stats"),
    "track_names": (_texts(0), "texts"),
    "text": (_texts(1), "texts"),
    "lyrics": (_lyrics, "texts"),
    "name_tempo": (_from_name(tempo_in_name, 0.0), None),
    "name_key": (_from_name(key_in_name, ""), None),
}


def check_columns(columns: Any) -> tuple[str, ...]:
    """Return the names that are wanted; ValueError, naming the known ones, for others."""
    if columns is None:
        return tuple(COLUMNS)
    if isinstance(columns, str):
        raise TypeError(f"columns: wanted several names, not one: [{columns!r}]")
    names = tuple(columns)
    for name in names:
        if name not in COLUMNS:
            raise ValueError(f"columns: no {name!r}; known are {', '.join(COLUMNS)}")
    return names


def parts_of(names: tuple[str, ...]) -> int:
    """Return the mask of what the core must work out for these columns."""
    parts = 0
    for name in names:
        part = COLUMNS[name][1]
        parts |= 0 if part is None else _native.PARTS[part]
    return parts


def make_columns(names: tuple[str, ...], batch: Batch) -> dict[str, Column]:
    """Make the columns of these names."""
    return {name: COLUMNS[name][0](batch) for name in names}

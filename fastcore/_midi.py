"""`fastcore.midi`: reading MIDI files from wherever they are."""

from __future__ import annotations

import os

from fastcore._midi_song import Song
from fastcore._native import midi as _native
from fastcore.errors import MidiError, printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

    Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO

_WHY = {
    "empty": "the file is empty",
    "zeros": "only zeros: the file was never written, or its copy broke off",
    "gzip": "compressed by gzip: decompress it first (gzip.open)",
    "html": "a web page, no MIDI file: download it again",
    "not_midi": "no MIDI file: neither a header (MThd) nor a track (MTrk) in the first 64 KB",
    "no_track": "a header (MThd) and no track (MTrk): there is nothing to read",
    "too_large": "4 GB and more: MIDI files are not that large",
}


def read(source: Source, *, charset: str | None = None) -> Song:
    """Read one MIDI file into a `Song`: notes, tempo map, signatures, controllers and texts.

    `source` is a path, bytes (or a bytearray or memoryview; content, never a path) or an open binary file, which is
    read to its end. `charset` names the codec of the texts; None finds it for each text: UTF-8, UTF-16 with
    a byte order mark, else Shift-JIS or Latin-1 by what reads more likely.

    A damaged file is read as far as it can be, never refused: `song.status` is then "damaged", `song.warnings` names
    what was odd and `song.offset` is the first byte of it. Raises MidiError for what holds no track at all (empty,
    a web page, compressed...), OSError for a file that cannot be opened or is no regular one, LookupError for an
    unknown charset, TypeError for another source. O(bytes), at most 32 times the file's memory; thread-safe; the GIL
    is released for files of 512 KB and more.

    >>> song = read(bytes.fromhex("4d546864 00000006 0000 0001 0060 4d54726b 0000000c 00903c40 60803c40 00ff2f00"))
    >>> song.tpqn, song.duration, song.notes["pitch"].tolist(), song.status
    (96, 0.5, [60], 'ok')
    """
    if charset is not None:
        b"a".decode(charset, "replace")  # a LookupError here, and not where the first text is read
    if type(source) is str:
        path: str | None = source
        parsed = _native.read_path(source)
    else:
        place, content, path = located(source)
        parsed = _native.read(content) if place is None else _native.read_path(place)
    if parsed["code"] != "ok":
        raise error_of(parsed["code"], parsed["offset"], path)
    return Song(parsed, path, charset)


def reason_of(code: str) -> str:
    """Return in words why there is no song, for the codes of the system's failures too.

    >>> reason_of("empty"), reason_of("not_found")
    ('the file is empty', 'not found')
    """
    return _WHY.get(code, code.replace("_", " "))


def error_of(code: str, offset: int, path: str | None) -> MidiError:
    """Return the exception of a code of the reader."""
    return MidiError(f"{printable(path or '<memory>')}: {reason_of(code)}", code, path, offset)


def located(source: Source) -> tuple[str | None, Any, str | None]:
    """Return where to read, else None and the content; and the path, if there is one."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return None, source, None
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        if not isinstance(path, str):
            raise TypeError(f"source: bytes are taken as content; decode the path {path!r} with os.fsdecode")
        return path, None, path
    if hasattr(source, "read"):
        content: object = source.read()
        if not isinstance(content, (bytes, bytearray, memoryview)):
            raise TypeError("source: an open file must be binary")
        name = getattr(source, "name", None)
        return None, content, name if isinstance(name, str) else None
    raise TypeError(f"source: wanted a path, bytes or an open binary file, not {type(source).__name__}")

"""What `fastcore.midi.read` returns: a song as its file says it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastcore._midi_text import decode
from fastcore._native import midi as _native
from fastcore.errors import printable

_KINDS = ("text", "copyright", "track_name", "instrument", "lyric", "marker", "cue", "program_name", "device_name")
_TRACK_NAME = 3
MAJOR = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
MINOR = ("Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#")


class Text(NamedTuple):
    """A text of a MIDI file: where it stands, what `kind` of text it is, the decoded `text` and its `raw` bytes.

    `kind` is one of text, copyright, track_name, instrument, lyric, marker, cue, program_name, device_name, or
    text_10 to text_15. Immutable; safe to share between threads; O(1); keeps the GIL.
    """

    tick: int
    track: int
    kind: str
    text: str
    raw: bytes


Text.__module__ = "fastcore.midi"


_set = object.__setattr__


class Immutable:
    __slots__: tuple[str, ...] = ()

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")


class TempoMap(Immutable):
    """Which tick of a song sounds at which second. Every time in this package goes through it.

    `segments` is a read-only array in order by (track, tick) with the fields tick, seconds (where each begins),
    seconds_per_tick, us_per_quarter (0 under SMPTE division) and track (whose map it is in format 2, else 0); of
    several tempos on one tick the last counts, and equal neighbours are one segment. `bpm` is the time-weighted mean,
    quarter notes by minutes until the song ends, `bpm_initial`, `bpm_min` and `bpm_max` say what they are called, all
    None under SMPTE division. `changes` counts the segments that begin within the song.

    Immutable; safe to share between threads; conversions are O(n log(segments)) and keep the GIL.

    >>> import fastcore
    >>> track = bytes.fromhex("4d54726b 00000013 00ff5103 0f4240 60ff5103 07a120 60ff2f00")
    >>> song = fastcore.midi.read(bytes.fromhex("4d546864 00000006 0000 0001 0060") + track)
    >>> song.tempo_map.bpm, song.tempo_map.seconds([0, 96, 144]).tolist(), float(song.tempo_map.ticks(1.25))
    (80.0, [0.0, 1.0, 1.25], 144.0)
    """

    __slots__ = ("_bpm", "changes", "segments")
    __module__ = "fastcore.midi"
    segments: NDArray[np.void]
    changes: int
    _bpm: tuple[float, float, float, float] | None

    def __init__(self, segments: NDArray[np.void], bpm: tuple[float, float, float, float] | None, changes: int) -> None:
        object.__setattr__(self, "segments", segments)
        object.__setattr__(self, "changes", changes)
        object.__setattr__(self, "_bpm", bpm)

    @property
    def bpm(self) -> float | None:
        """Quarter notes a minute, the time-weighted mean."""
        return self._bpm and self._bpm[0]

    @property
    def bpm_initial(self) -> float | None:
        """The tempo at tick 0; 120 where the file gives none."""
        return self._bpm and self._bpm[1]

    @property
    def bpm_min(self) -> float | None:
        """The slowest tempo within the song."""
        return self._bpm and self._bpm[2]

    @property
    def bpm_max(self) -> float | None:
        """The fastest tempo within the song."""
        return self._bpm and self._bpm[3]

    def _of(self, track: int) -> NDArray[np.void]:
        tracks = self.segments["track"]
        if tracks[-1] == 0:
            return self.segments
        first, end = np.searchsorted(tracks, [track, track + 1])
        if first == end:
            raise ValueError(f"track={track}: the song has tracks 0 to {tracks[-1]}")
        return self.segments[first:end]

    def seconds(self, ticks: ArrayLike, track: int = 0) -> NDArray[np.float64]:
        """Return the seconds at which ticks sound, an array of the shape of `ticks`.

        `track` matters in format 2 alone; ValueError for one that is not there.
        """
        return _native.to_seconds(self._of(track), ticks)

    def ticks(self, seconds: ArrayLike, track: int = 0) -> NDArray[np.float64]:
        """Return the ticks at these seconds, fractions included, an array of their shape; `track` as in `seconds`."""
        return _native.to_ticks(self._of(track), seconds)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TempoMap) and np.array_equal(self.segments, other.segments)

    def __hash__(self) -> int:
        return hash(self.segments.tobytes())

    def __reduce__(self) -> tuple[Any, ...]:
        return _tempo_map, (self.segments, self._bpm, self.changes)

    def __repr__(self) -> str:
        if self._bpm is None:
            return "<TempoMap: SMPTE division, no tempo>"
        return f"<TempoMap: {self._bpm[0]:.2f} BPM, {self._bpm[2]:.2f} to {self._bpm[3]:.2f}, {self.changes} changes>"


def _tempo_map(segments: NDArray[np.void], bpm: tuple[float, float, float, float] | None, changes: int) -> TempoMap:
    segments.flags.writeable = False
    return TempoMap(segments, bpm, changes)


class Song(Immutable):
    """One MIDI file, parsed. Arrays are structured, read-only, and in order by (tick, track, place in the track).

    `notes`: start, end (ticks), start_s, end_s (seconds, through the tempo map), track, channel (0-15, 9 is drums),
    pitch (60 is C4), velocity (1-127), program (0-127, in force at the start). A note-off ends the note of its pitch,
    channel and track that began first; what is never ended ends with its track.
    `controls`: tick, track, kind (0 controller, 1 program, 2 pitch bend), channel, number (of the controller or
    program), value (0-127, of a bend -8192 to 8191).
    `time_signatures`: tick, track, numerator, denominator_exponent (3 means eighths). `key_signatures`: tick, track,
    sharps (flats are negative), minor. `tempos`: tick, us_per_quarter, track, as written; `tempo_map` applies them.
    `track_ends`: the tick at which each track ends.

    `format` is the file's own number; `tracks` are counted, `tracks_declared` is what the header says; `tpqn`
    (ticks a quarter note) is None under SMPTE division, `ticks_per_second` is None otherwise; `end_tick` and
    `duration` (seconds) are those of the longest track.
    `status` is "ok" or "damaged", `offset` the first damaged byte or None, `warnings` the names of all that is odd, out
    of `Song.WARNINGS`.

    Immutable; safe to share between threads; attributes are made when they are first asked for, in O(1), `texts` and
    what is made of it in O(their bytes) at each access; keeps the GIL. Pickle and copy work; songs are equal if all
    that they say is.

    >>> import fastcore
    >>> fastcore.midi.read(bytes.fromhex("4d546864000000060000000100604d54726b0000000c00903c4060803c4000ff2f00"))
    <Song: format 0, 1 track, 1 note, 0.50 s, 120.00 BPM>
    """

    __slots__ = ("_charset", "_made", "_parsed", "path")
    __module__ = "fastcore.midi"
    WARNINGS = _native.WARNINGS
    path: str | None
    _parsed: _native.Parsed | None
    _made: dict[str, Any]
    _charset: str | None

    def __init__(
        self, parsed: _native.Parsed | None, path: str | None, charset: str | None, made: dict[str, Any] | None = None
    ) -> None:
        _set(self, "_parsed", parsed)
        _set(self, "_made", {} if made is None else made)  # what was asked for once
        _set(self, "_charset", charset)
        _set(self, "path", path)

    def _fact(self, name: str) -> Any:
        """One of FACTS, the same object each time."""
        made = self._made.get(name)
        if made is None and name not in self._made and self._parsed is not None:
            made = self._made.setdefault(name, self._parsed[name])
        return made

    def _facts(self) -> dict[str, Any]:
        return {name: self._fact(name) for name in _native.FACTS}

    @property
    def tempo_map(self) -> TempoMap:
        """Which tick sounds at which second."""
        found: TempoMap | None = self._made.get("tempo_map")
        if found is None:
            new = TempoMap(self._fact("segments"), self._fact("bpm"), self._fact("tempo_changes"))
            found = self._made.setdefault("tempo_map", new)
        return found

    @property
    def texts(self) -> tuple[Text, ...]:
        """Every text, in order by (tick, track, place)."""
        return tuple(
            Text(tick, track, _kind_name(kind), decode(raw, self._charset), raw)
            for tick, track, kind, raw in self._fact("texts")
        )

    @property
    def track_names(self) -> tuple[str | None, ...]:
        """The first name of each track, None for one without."""
        names: list[str | None] = [None] * self.tracks
        for _, track, kind, raw in self._fact("texts"):
            if kind == _TRACK_NAME and names[track] is None:
                names[track] = decode(raw, self._charset)
        return tuple(names)

    @property
    def status(self) -> str:
        """ "ok", or "damaged" if something was lost or had to be guessed."""
        return str(self._fact("status"))

    @property
    def offset(self) -> int | None:
        """The first damaged byte."""
        return self._fact("offset")  # type: ignore[no-any-return]

    @property
    def warnings(self) -> tuple[str, ...]:
        """The names of all that is odd, harmless or not, in the order of `Song.WARNINGS`."""
        return self._fact("warnings")  # type: ignore[no-any-return]

    @property
    def format(self) -> int:
        """0, 1 or 2; other numbers are read as 1."""
        return self._fact("format")  # type: ignore[no-any-return]

    @property
    def tracks(self) -> int:
        """How many tracks were read."""
        return self._fact("tracks")  # type: ignore[no-any-return]

    @property
    def tracks_declared(self) -> int:
        """How many tracks the header announces."""
        return self._fact("tracks_declared")  # type: ignore[no-any-return]

    @property
    def tpqn(self) -> int | None:
        """Ticks a quarter note; None under SMPTE division."""
        return self._fact("tpqn")  # type: ignore[no-any-return]

    @property
    def ticks_per_second(self) -> float | None:
        """Ticks a second under SMPTE division, else None."""
        return self._fact("ticks_per_second")  # type: ignore[no-any-return]

    @property
    def end_tick(self) -> int:
        """Where the longest track ends."""
        return self._fact("end_tick")  # type: ignore[no-any-return]

    @property
    def duration(self) -> float:
        """When the longest track ends, in seconds."""
        return self._fact("duration")  # type: ignore[no-any-return]

    @property
    def notes(self) -> NDArray[np.void]:
        """The notes."""
        return self._fact("notes")  # type: ignore[no-any-return]

    @property
    def controls(self) -> NDArray[np.void]:
        """Controllers, programs and pitch bends."""
        return self._fact("controls")  # type: ignore[no-any-return]

    @property
    def tempos(self) -> NDArray[np.void]:
        """The tempo events as written."""
        return self._fact("tempos")  # type: ignore[no-any-return]

    @property
    def time_signatures(self) -> NDArray[np.void]:
        """The time signatures."""
        return self._fact("time_signatures")  # type: ignore[no-any-return]

    @property
    def key_signatures(self) -> NDArray[np.void]:
        """The key signatures."""
        return self._fact("key_signatures")  # type: ignore[no-any-return]

    @property
    def track_ends(self) -> NDArray[np.int64]:
        """The tick at which each track ends."""
        return self._fact("track_ends")  # type: ignore[no-any-return]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Song):
            return False
        return all(
            np.array_equal(mine, its) if isinstance(mine, np.ndarray) else mine == its
            for mine, its in zip(self._facts().values(), other._facts().values(), strict=True)
        )

    def __hash__(self) -> int:
        return hash(self.notes.tobytes())

    def __reduce__(self) -> tuple[Any, ...]:
        return _song, (self._facts(), self.path, self._charset)

    def __repr__(self) -> str:
        bpm = self.tempo_map.bpm
        head = [f"format {self.format}", _count(self.tracks, "track"), _count(len(self.notes), "note")]
        head += [f"{self.duration:.2f} s", "SMPTE division" if bpm is None else f"{bpm:.2f} BPM"]
        lines = [", ".join(head)]
        signatures = [f"{s['numerator']}/{1 << int(s['denominator_exponent'])}" for s in self.time_signatures[:8]]
        keys = [_key_name(int(s["sharps"]), bool(s["minor"])) for s in self.key_signatures[:8]]
        names = [printable(name[:40]) for name in self.track_names[:200] if name][:8]
        for title, shown in (("time", signatures), ("key signature", keys), ("tracks", names)):
            if shown:
                lines.append(f"{title} {', '.join(shown)}")
        if self.warnings:
            place = "" if self.offset is None else f" (byte {self.offset})"
            lines.append(f"{self.status}{place}: {', '.join(self.warnings)}")
        path = "" if self.path is None else f" {printable(self.path)}"
        return f"<Song{path}: " + "\n  ".join(lines) + ">"


def _song(facts: dict[str, Any], path: str | None, charset: str | None) -> Song:
    for value in facts.values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    return Song(None, path, charset, facts)


def _kind_name(kind: int) -> str:
    return _KINDS[kind - 1] if kind <= len(_KINDS) else f"text_{kind}"


def _key_name(sharps: int, minor: bool) -> str:
    return f"{MINOR[sharps + 7]} minor" if minor else f"{MAJOR[sharps + 7]} major"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

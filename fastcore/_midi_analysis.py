"""`fastcore.midi.analyze` and `analyze_many`: all that is told of files of MIDI."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcore import _base, _midi_columns, _midi_paths
from fastcore._midi import error_of, located
from fastcore._midi_columns import Batch
from fastcore._midi_song import Immutable, Song
from fastcore._native import midi as _native
from fastcore._progress import check_progress
from fastcore._table import Table
from fastcore.errors import printable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from fastcore._midi import Source
    from fastcore._midi_song import TempoMap

_ROLL_MAX = 1 << 28  # bytes
_SHOWN = 60


class Analysis(Immutable):
    """All that is told of one file: an attribute for each column of `analyze_many`, and what they are made of.

    `song` is the `Song` that was read, `notes` and `tempo_map` are its own. `chords` is a structured array, one row
    for each stretch of one chord: start, end (ticks), root, bass (pitch classes, C is 0), quality (its place in
    QUALITIES), inversion (-1: the bass is no tone of the chord); `chord_names` are their names, as "F#m7/C#", "N.C.".
    `alternatives` are the pairs (bpm, score) of `bpm_alternatives`.

    Immutable; safe to share between threads; pickle and copy work. Attributes are made anew at each access in O(1), or
    in what is as long as they are; keeps the GIL.

    >>> import fastcore
    >>> track = bytes.fromhex("4d54726b 00000013 00ff5103 0f4240 00903c40 60803c40 00ff2f00")
    >>> analysis = fastcore.midi.analyze(bytes.fromhex("4d546864 00000006 0000 0001 0060") + track)
    >>> analysis.duration, analysis.bpm_initial, analysis.bpm, analysis.key
    (1.0, 60.0, None, None)
    """

    __slots__ = ("_batch", "chords", "song")
    __module__ = "fastcore.midi"
    QUALITIES = ("maj", "min", "dim", "aug", "sus2", "sus4", "5", "6", "7", "maj7", "m7", "m7b5", "dim7", "9", "N.C.")
    song: Song
    chords: NDArray[np.void]
    _batch: Batch
    path: str | None
    size: int
    mtime: dt.datetime | None
    hash: str
    note_hash: str | None
    shape_hash: str | None
    status: str
    code: None
    offset: int | None
    warnings: list[str]
    format: int
    tracks: int
    tpqn: int | None
    duration: float
    bpm: float | None
    bpm_source: str
    bpm_confidence: float
    bpm_alternatives: list[float]
    bpm_initial: float | None
    bpm_min: float | None
    bpm_max: float | None
    tempo_changes: int | None
    tempo_stability: float | None
    key: str | None
    key_confidence: float | None
    key_second: str | None
    key_signature: str | None
    key_signature_changes: int
    time_signature: str | None
    time_signature_changes: int
    bars: int | None
    chord_count: int
    grid: float | None
    swing: float | None
    pitch_min: int | None
    pitch_max: int | None
    velocity_mean: float | None
    density: float | None
    polyphony_max: int
    polyphony_mean: float | None
    monophonic: bool | None
    programs: list[int]
    kits: list[int]
    instruments: list[str]
    channels: list[int]
    drums_only: bool | None
    controllers: list[int]
    pitch_bend: list[int] | None
    has_lyrics: bool
    track_names: list[str]
    text: list[str]
    lyrics: str | None
    name_tempo: float | None
    name_key: str | None

    def __init__(self, batch: Batch, song: Song, chords: NDArray[np.void]) -> None:
        object.__setattr__(self, "_batch", batch)
        object.__setattr__(self, "song", song)
        object.__setattr__(self, "chords", chords)

    def __getattr__(self, name: str) -> Any:
        if name not in _midi_columns.COLUMNS:
            raise AttributeError(f"Analysis has no attribute {name!r}")
        return _midi_columns.make_columns((name,), self._batch)[name].values()[0]

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_midi_columns.COLUMNS})

    @property
    def notes(self) -> NDArray[np.void]:
        """The notes, as in `Song`; the column `notes` counts them."""
        return self.song.notes

    @property
    def tempo_map(self) -> TempoMap:
        """Which tick sounds at which second."""
        return self.song.tempo_map

    @property
    def alternatives(self) -> tuple[tuple[float, float], ...]:
        """Other tempi that the onsets may have, with their scores: 1 is as good as `bpm`."""
        row = self._batch.rows[0]
        return tuple((bpm, score) for bpm, score in row["alternatives"][: row["alternatives_len"]].tolist())

    @property
    def chord_names(self) -> tuple[str, ...]:
        """The names of `chords`."""
        return tuple(_native.chord_name(int(c["root"]), int(c["bass"]), int(c["quality"])) for c in self.chords)

    def to_dict(self) -> dict[str, Any]:
        """Return the columns as a new dict: the row of `analyze_many`."""
        columns = _midi_columns.make_columns(tuple(_midi_columns.COLUMNS), self._batch)
        return {name: column.values()[0] for name, column in columns.items()}

    def piano_roll(self, fs: float = 100.0) -> NDArray[np.uint8]:
        """Return an array of (128, frames): the highest velocity that sounds of each pitch in each frame, drums out.

        Frame i begins at second i / fs; a note sounds in every frame that it touches. The last frame is that in which
        the last note ends. ValueError for `fs` that is not above 0 and for a roll of more than 256 MB, as songs of
        absurd length would have: then ask for a lower `fs`. O(frames + what the notes last); keeps the GIL.
        """
        fs = float(fs)
        if not 0 < fs < float("inf"):
            raise ValueError(f"fs={fs}: wanted frames a second, above 0")
        notes = self.notes[self.notes["channel"] != 9]
        last = float(notes["end_s"].max()) * fs if len(notes) else 0.0
        if not 128 * last <= _ROLL_MAX:
            raise ValueError(f"fs={fs:g}: a roll of {last / fs:.0f} s would take more than 256 MB; ask for a lower fs")
        first = np.floor(notes["start_s"] * fs).astype(np.int64)
        end = np.maximum(np.ceil(notes["end_s"] * fs).astype(np.int64), first + 1)
        roll = np.zeros((128, int(end.max()) if len(notes) else 0), np.uint8)
        for at in np.argsort(notes["velocity"], kind="stable").tolist():
            roll[notes["pitch"][at], first[at] : end[at]] = notes["velocity"][at]
        return roll

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Analysis):
            return False
        return self.song == other.song and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(self.song)

    def __reduce__(self) -> tuple[Any, ...]:
        return _analysis, (tuple(self._batch), self.song, self.chords)

    def __repr__(self) -> str:
        path = "" if self.path is None else f" {printable(self.path)}"
        lines = [f"<Analysis{path}: {self.status}"]
        for title, value in self._facts():
            if value:
                lines.append(f"  {title:<12} {value}")
        return "\n".join(lines) + ">"

    def _facts(self) -> list[tuple[str, str]]:
        bpm = "none" if self.bpm is None else f"{self.bpm:.2f} BPM"
        others = ", ".join(f"{other:.2f}" for other in self.bpm_alternatives)
        span = "" if self.bpm_min is None else f"{self.bpm_min:.2f} to {self.bpm_max:.2f}"
        pitches = "" if self.pitch_min is None else f", pitches {self.pitch_min} to {self.pitch_max}"
        second = "none" if self.key is None else f"{self.key} ({self.key_confidence:.3f} before {self.key_second})"
        place = "" if self.offset is None else f" (byte {self.offset})"
        return [
            ("file", f"format {self.format}, {self.tracks} tracks, {self.size:,} bytes"),
            ("duration", f"{self.duration:.2f} s" + ("" if self.bars is None else f", {self.bars} bars")),
            ("notes", f"{len(self.notes)}{pitches}, at most {self.polyphony_max} at a time"),
            ("tempo", f"{bpm}, {self.bpm_source}, confidence {self.bpm_confidence:.2f}"),
            ("or", others),
            ("written", f"{span} BPM, {self.tempo_changes} changes" if span else ""),
            ("key", second),
            ("signatures", _list([s for s in (self.time_signature, self.key_signature) if s is not None])),
            ("chords", _list(self.chord_names[:8])),
            ("instruments", _list(self.instruments)),
            ("channels", _list([str(channel + 1) for channel in self.channels])),
            ("tracks", _list(self.track_names)),
            ("warnings", _list(self.warnings) + place if self.warnings else ""),
            ("hash", self.hash),
        ]


def _list(texts: Iterable[str]) -> str:
    text = printable(", ".join(texts))
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def _analysis(batch: tuple[Any, ...], song: Song, chords: NDArray[np.void]) -> Analysis:
    chords.flags.writeable = False
    return Analysis(Batch(*batch), song, chords)


def analyze(source: Source, *, tempo: str = "auto", charset: str | None = None, profile: str | None = None) -> Analysis:
    """Tell all that can be told of one MIDI file: tempo, key, chords, instruments, hashes.

    `source` and `charset` are those of `read`. `tempo` chooses where the tempo is from: "written" in the file, the
    "onsets" of its notes, or "auto", which trusts what is written only where the notes fit it. The columns of
    `analyze_many`, which are the attributes of the result, say what they mean in `help(fastcore.midi)`.

    `profile="reference"` tells tempo and key as another system does, which is wrong, and is there for comparison: the
    BPM is the mean of the written tempi weighted by ticks instead of time, the key comes from how many notes there are
    instead of how long they last, drums taken for melody, by the profiles of Krumhansl and Kessler.

    Raises what `read` raises, MidiError for what holds no song; ValueError for another tempo or profile. O(bytes), but
    a tempo from onsets takes about 0.3 ms more; thread-safe; the GIL is released.

    >>> track = bytes.fromhex("4d54726b 0000000c 00903c40 60803c40 00ff2f00")
    >>> analysis = analyze(bytes.fromhex("4d546864 00000006 0000 0001 0060") + track)
    >>> analysis.duration, analysis.instruments, analysis.monophonic, analysis.piano_roll(fs=10).shape
    (0.5, ['acoustic grand piano'], True, (128, 5))

    A quarter note at 60 and one at 240 take 1.25 s, which are 96 a minute:

    >>> head, slow, fast = "4d546864 00000006 0000 0001 0060 4d54726b 00000012", "00ff51030f4240", "60ff510303d090"
    >>> two = bytes.fromhex(head + slow + fast + "60ff2f00")
    >>> analyze(two, tempo="written").bpm, analyze(two, profile="reference").bpm
    (96.0, 150.0)
    """
    _check_tempo(tempo)
    if profile not in (None, "reference"):
        raise ValueError(f"profile={profile!r}: known are None and 'reference'")
    if charset is not None:
        b"a".decode(charset, "replace")
    place, data, path = located(source)
    rows, texts, parsed, chords = _native.analyze(place, data, tempo, profile is not None)
    if parsed["code"] != "ok":
        raise error_of(parsed["code"], parsed["offset"], path)
    return Analysis(Batch(rows, texts, [path], charset), Song(parsed, path, charset), chords)


def analyze_many(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    tempo: str = "auto",
    threads: int | None = None,
    columns: Iterable[str] | None = None,
    executor: Executor | None = None,
    progress: bool | Callable[[int, int, str], object] | None = None,
    charset: str | None = None,
) -> Table:
    """Analyse many MIDI files into a `Table`, a row for each file in the order of `paths`.

    `paths` are files, taken whatever their names, and folders, which are walked for *.mid, *.midi, *.kar and *.rmi, in
    byte order of their paths. A file that cannot be read or holds no song is a row as well: `status` is "error", `code`
    says why, all that is unknown is null. `columns` names those that are wanted (None: all), in their order; what only
    others need is not worked out. They are explained by `help(fastcore.midi)`; `tempo` and `charset` as in `analyze`.

    `threads`: at most so many (None: FASTCORE_THREADS, else the processors there are), of which as many are used as the
    work is worth. `executor`: the files are shared out among the workers of a concurrent.futures.Executor, which must
    see them at the same paths. `progress(done, total, "files")` is called about every 10 ms from the calling thread;
    True logs to `fastcore`.

    The table does not depend on threads or executor. Ctrl-C stops within a file. ValueError for an unknown column or
    tempo, LookupError for an unknown charset. About 0.1 ms a file of 17 KB; memory is that of the table, and for each
    thread at most 32 times the largest file and 1 MB. Thread-safe; the GIL is released.

    >>> table = analyze_many(["/nowhere.mid"], columns=["path", "status", "code", "bpm"])
    >>> table[0]
    {'path': '/nowhere.mid', 'status': 'error', 'code': 'not_found', 'bpm': None}
    """
    _check_tempo(tempo)
    names = _midi_columns.check_columns(columns)
    if charset is not None:
        b"a".decode(charset, "replace")
    report = check_progress(progress, "midi")
    threads = _base.check_threads(1 if threads is None and executor is not None else threads)
    parts = _midi_columns.parts_of(names)
    given = list(_midi_paths.each(paths))
    found = _midi_paths.collect(given, looks=False)
    rows, texts = _run(found, tempo, parts, threads, executor, report)
    if any(os.path.isdir(found[at]) for at in np.flatnonzero(~rows["opened"]).tolist()):
        # A folder has the name of a file: hardly ever, so that no file is looked at beforehand to find that out.
        found = _midi_paths.collect(given)
        rows, texts = _run(found, tempo, parts, threads, executor, report)
    return Table(_midi_columns.make_columns(names, Batch(rows, texts, list(found), charset)))


def _run(
    found: list[str], tempo: str, parts: int, threads: int, executor: Executor | None, report: Any
) -> tuple[Any, Any]:
    """The core's rows of these files, and their texts."""
    if executor is None:
        return _native.analyze_many([os.fsencode(path) for path in found], tempo, parts, threads, report)
    from fastcore import _midi_executor

    return _midi_executor.run(executor, found, tempo, parts, threads, report)


def _check_tempo(tempo: str) -> None:
    if tempo not in _native.CHOICES:
        raise ValueError(f"tempo={tempo!r}: known are {', '.join(_native.CHOICES)}")

"""`fastcore midi show`: one file's facts, tracks, tempo curve and notes."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import numpy as np

from fastcore._midi_instruments import instrument_name, kit_name
from fastcore.cli import notes
from fastcore.cli.arguments import UsageError
from fastcore.cli.midi_arguments import parse_show
from fastcore.cli.midi_roll import CHARACTERS, LABEL, curve_line, pitch_name, roll_lines, time_line
from fastcore.cli.midi_text import clock
from fastcore.cli.terminal import Painter, can_print, spelled, terminal_width, wants_color

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from fastcore.midi import Analysis

CHORDS, TEXTS, TRACKS = 16, 8, 64  # that are shown
TEXT = 60  # characters of a long text
DRUMS = 9  # the channel


def main(argv: list[str]) -> int:
    try:
        args = parse_show(argv)
    except UsageError as error:
        return notes.fail(error, "text", "midi show")
    try:
        analysis = analysed(args)
        if args.plot is not None:
            from fastcore.cli.midi_plot import plot

            plot(analysis.song, args.path, args.plot)
    except Exception as error:
        return notes.fail(error, "text", "midi show")
    painter = Painter(sys.stdout, wants_color(args.color, sys.stdout))
    blocks = can_print(CHARACTERS)
    sys.stdout.writelines(line + "\n" for line in lines(analysis, args.path, painter, terminal_width(), blocks))
    return 0


def analysed(args: argparse.Namespace) -> Analysis:
    from fastcore.midi import analyze

    source = io.BytesIO(sys.stdin.buffer.read()) if args.path == "-" else args.path
    return analyze(source, tempo=args.tempo, charset=args.charset)


def lines(analysis: Analysis, name: str, painter: Painter, width: int, blocks: bool) -> Iterator[str]:
    yield painter.paint("path", spelled(name))
    for title, value in facts(analysis):
        if value:
            yield f"  {painter.paint('note', f'{title:<11}')} {painter.clean(' '.join(value.split()))}"
    yield from track_lines(analysis, painter)
    columns = width - LABEL
    curve = tempo_curve(analysis, columns)
    if curve is not None:
        yield from ("", painter.paint("note", f"tempo, {curve.min():.2f} to {curve.max():.2f} BPM as written"))
        yield from (curve_line(curve, blocks), time_line(analysis.duration, columns))
    roll = [] if analysis.duration == 0 else list(roll_lines(frames(analysis, columns), blocks))
    if roll:
        yield from ("", painter.paint("note", "notes"), *roll, time_line(analysis.duration, columns))


def facts(a: Analysis) -> Iterator[tuple[str, str]]:
    """What is known, title by title; empty where nothing is."""
    place = "" if a.offset is None else f" (byte {a.offset:,})"
    yield "status", f"{a.status}{place}" + (f": {', '.join(a.warnings)}" if a.warnings else "")
    division = "SMPTE division" if a.tpqn is None else f"{a.tpqn} ticks a quarter note"
    yield "file", f"format {a.format}, {notes.counted(a.tracks, 'track')}, {division}, {notes.counted(a.size, 'byte')}"
    yield "length", clock(a.duration) + ("" if a.bars is None else f", {notes.counted(a.bars, 'bar')}")
    yield "tempo", tempo(a)
    yield "key", "" if a.key is None else f"{a.key}, confidence {a.key_confidence:.2f}; then {a.key_second}"
    yield "signatures", ", ".join(one for one in (a.time_signature, a.key_signature) if one is not None)
    yield "notes", notes_of(a)
    yield "chords", ", ".join(a.chord_names[:CHORDS]) + (", ..." if len(a.chord_names) > CHORDS else "")
    yield "text", "; ".join(shortened(text) for text in a.text[:TEXTS]) + ("; ..." if len(a.text) > TEXTS else "")
    yield "lyrics", shortened(a.lyrics or "")
    yield "hash", a.hash
    yield "note hash", a.note_hash or ""


def tempo(a: Analysis) -> str:
    if a.bpm is None:
        return "unknown: too few onsets" if len(a.notes) else ""
    said = f"{a.bpm:.2f} BPM, {a.bpm_source}, confidence {a.bpm_confidence:.2f}"
    others = ", ".join(f"{bpm:.2f}" for bpm in a.bpm_alternatives)
    return said + (f"; or {others}" if others else "")


def notes_of(a: Analysis) -> str:
    said = notes.counted(len(a.notes), "note")
    if a.pitch_min is not None and a.pitch_max is not None:
        said += f", {pitch_name(a.pitch_min)} to {pitch_name(a.pitch_max)}, up to {a.polyphony_max} at a time"
    return said + ("" if a.velocity_mean is None else f", velocity {a.velocity_mean:.0f} on average")


def shortened(text: str) -> str:
    return text if len(text) <= TEXT else text[: TEXT - 3] + "..."


def track_lines(a: Analysis, painter: Painter) -> Iterator[str]:
    """A line for each track that has notes or a name."""
    names = a.song.track_names
    wanted = sorted({*np.unique(a.notes["track"]).tolist(), *(track for track, name in enumerate(names) if name)})
    if not wanted:
        return
    rows = [["track", "notes", "pitches", "channels", "instruments", "name"]]
    for track in wanted[:TRACKS]:
        played = a.notes[a.notes["track"] == track]
        rows.append([str(track), f"{len(played):,}", *sound_of(played), " ".join((names[track] or "").split())])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    yield ""
    for place, row in enumerate(rows):
        numbers = [cell.rjust(width) for cell, width in zip(row[:2], widths, strict=False)]
        texts = [cell.ljust(width) for cell, width in zip(row[2:], widths[2:], strict=True)]
        line = "  ".join([*numbers, *texts]).rstrip()
        yield "  " + (painter.paint("note", line) if place == 0 else painter.clean(line))
    if len(wanted) > TRACKS:
        yield f"  and {len(wanted) - TRACKS:,} more"


def sound_of(played: NDArray[np.void]) -> list[str]:
    """Pitches, channels from 1 and instruments of the notes of a track."""
    if not len(played):
        return ["", "", ""]
    low, high = (pitch_name(int(end(played["pitch"]))) for end in (np.min, np.max))
    channels = [str(channel + 1) for channel in np.unique(played["channel"]).tolist()]
    sounds = np.unique(played[["channel", "program"]])
    names = dict.fromkeys(
        kit_name(program) if channel == DRUMS else instrument_name(program) for channel, program in sounds.tolist()
    )
    return [f"{low} to {high}", ", ".join(channels), shortened(", ".join(names))]


def tempo_curve(a: Analysis, columns: int) -> NDArray[np.float64] | None:
    """The written tempo (of format 2 the first track's) at each column's middle; None where it does not change."""
    if a.tpqn is None or not a.tempo_changes or a.duration == 0:
        return None
    segments = a.tempo_map.segments[a.tempo_map.segments["track"] == 0]
    middles = (np.arange(columns) + 0.5) * a.duration / columns
    at = np.searchsorted(segments["seconds"], middles, side="right") - 1
    bpm: NDArray[np.float64] = 60e6 / segments["us_per_quarter"][at]
    return bpm if bpm.min() < bpm.max() else None


def frames(a: Analysis, columns: int) -> NDArray[np.uint8]:
    return a.piano_roll(columns / a.duration)[:, :columns]

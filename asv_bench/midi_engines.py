"""MIDI libraries at the same work, reading a path to notes with seconds, each by the fastest of its ways.

Each is a function of a path that returns how many notes it read.
"""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from typing import TYPE_CHECKING, Any

from fastcore import midi

if TYPE_CHECKING:
    from collections.abc import Callable

    Reader = Callable[[str], int]

REFUSED = (OSError, EOFError, ValueError, IndexError, KeyError)  # what mido raises for files that it does not read


def fastcore(path: str) -> int:
    return len(midi.read(path).notes)


def _symusic() -> Reader:
    """`ttype="second"` is as fast as `.to("second")`; `.notes.numpy()` would take half as long again."""
    Score: Any = importlib.import_module("symusic").Score

    return lambda path: sum(len(track.notes) for track in Score(path, ttype="second").tracks)


def _mido() -> Reader:
    from mido import MidiFile

    return lambda path: sum(1 for m in MidiFile(path) if m.type == "note_on" and m.velocity > 0)


def _pretty_midi() -> Reader:
    import pretty_midi

    def read(path: str) -> int:
        return sum(len(instrument.notes) for instrument in pretty_midi.PrettyMIDI(path).instruments)

    return read


def _miditoolkit() -> Reader:
    """It has ticks, and a table of the seconds of each."""
    from miditoolkit import MidiFile

    def read(path: str) -> int:
        song = MidiFile(path)
        seconds = song.get_tick_to_time_mapping()
        return len([(seconds[n.start], seconds[n.end]) for track in song.instruments for n in track.notes])

    return read


def installed() -> dict[str, Reader]:
    """fastcore first, then the peers that are here."""
    found: dict[str, Reader] = {"fastcore": fastcore}
    peers = {"symusic": _symusic, "mido": _mido, "pretty_midi": _pretty_midi, "miditoolkit": _miditoolkit}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pretty_midi imports what is deprecated
        for name, make in peers.items():
            if importlib.util.find_spec(name) is not None:
                found[name] = make()
    return found


def mido_onsets(path: str) -> tuple[int, list[float] | None] | None:
    """How many note-ons mido finds and, but for format 2, which it does not merge, their seconds in order; None for
    a file that it refuses."""
    import mido

    try:
        song: Any = mido.MidiFile(path)
    except REFUSED:
        return None
    if song.type == 2:
        return sum(m.type == "note_on" and m.velocity > 0 for track in song.tracks for m in track), None
    now, onsets = 0.0, []
    for message in song:
        now += message.time
        if message.type == "note_on" and message.velocity > 0:
            onsets.append(now)
    return len(onsets), onsets

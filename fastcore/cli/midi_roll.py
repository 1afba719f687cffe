"""What happens in a song over its time, in characters: the notes in half blocks, the tempo in eighths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastcore.cli.midi_text import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

LABEL = 5  # columns in front of a line
_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_EIGHTHS, _DIGITS = "▁▂▃▄▅▆▇█", "12345678"
_HALVES, _MARKS = " ▄▀█", " .':"
CHARACTERS = _EIGHTHS + _HALVES  # what the stream must be able to print where `blocks` is true


def pitch_name(pitch: int) -> str:
    """The name of a note number.

    >>> pitch_name(60), pitch_name(0), pitch_name(127)
    ('C4', 'C-1', 'G9')
    """
    return f"{_NAMES[pitch % 12]}{pitch // 12 - 1}"


def roll_lines(roll: NDArray[Any], blocks: bool = True) -> Iterator[str]:
    """A piano roll, (pitches, frames): a frame a column, two pitches a line, the highest that sounds first.

    Lines that hold a C name it. Without `blocks` in ASCII: "." is the lower pitch, "'" the upper, ":" both.

    >>> roll = np.zeros((128, 3), np.uint8)
    >>> roll[60, 0] = roll[61, 1] = roll[[60, 61], 2] = 64
    >>> list(roll_lines(roll)), list(roll_lines(roll, blocks=False))
    (['  C4 ▄▀█'], ["  C4 .':"])
    """
    sounds = np.asarray(roll) > 0
    pitches = np.flatnonzero(sounds.any(axis=1))
    halves = _HALVES if blocks else _MARKS
    for low in range(int(pitches[-1]) // 2 * 2, int(pitches[0]) // 2 * 2 - 1, -2) if len(pitches) else ():
        name = pitch_name(low) if low % 12 == 0 else ""
        cells = sounds[low] + 2 * sounds[low + 1]
        yield f"{name:>{LABEL - 1}} {''.join(halves[cell] for cell in cells).rstrip()}".rstrip()


def curve_line(values: NDArray[np.float64], blocks: bool = True) -> str:
    """Values as columns of eight heights, the least the lowest; without `blocks` digits.

    >>> curve_line(np.array([60.0, 90.0, 120.0]))
    '     ▁▅█'
    """
    steps = _EIGHTHS if blocks else _DIGITS
    low, high = float(values.min()), float(values.max())
    heights = np.rint((values - low) / (high - low or 1.0) * (len(steps) - 1)).astype(int)
    return " " * LABEL + "".join(steps[height] for height in heights)


def time_line(duration: float, columns: int) -> str:
    """The beginning and the end of the time that lines of so many columns show.

    >>> time_line(61.0, 20)
    '     0:00.0        1:01.0'
    """
    start, end = clock(0.0), clock(duration)
    return " " * LABEL + start + end.rjust(columns - len(start))

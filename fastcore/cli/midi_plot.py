"""`fastcore midi show --plot`: the notes and the tempo as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastcore.errors import MissingExtra, printable

if TYPE_CHECKING:
    from fastcore.midi import Song

LEGEND = 16  # tracks that are named


def plot(song: Song, title: str, path: str) -> None:
    """Write a picture, PNG or SVG by the end of its name. MissingExtra without matplotlib, OSError as open() does."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra("--plot needs matplotlib: pip install '.[plot]'") from error
    import warnings

    figure = Figure(figsize=(12, 7), layout="constrained")
    notes, tempo = figure.subplots(2, 1, sharex=True, height_ratios=(5, 1))
    notes.set_title(printable(title), parse_math=False)
    _draw_notes(notes, song)
    _draw_tempo(tempo, song)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of characters that the font lacks: they are drawn as boxes
        figure.savefig(path, format=path[-3:].lower())


def _draw_notes(axes: Any, song: Song) -> None:
    names, tracks = song.track_names, song.notes["track"]
    present = np.unique(tracks)
    for place, track in enumerate(present[:LEGEND].tolist()):
        label = f"{track} {printable(names[track] or '')}"
        _draw_track(axes, song.notes[tracks == track], f"C{place % 10}", label)
    if len(present) > LEGEND:
        _draw_track(axes, song.notes[tracks > present[LEGEND - 1]], "0.6", "others")
    axes.set_ylabel("pitch (60 is C4)")
    if len(present):
        for text in axes.legend(title="track", loc="upper left", bbox_to_anchor=(1, 1)).get_texts():
            text.set_parse_math(False)


def _draw_track(axes: Any, notes: Any, color: str, label: str) -> None:
    axes.hlines(notes["pitch"], notes["start_s"], notes["end_s"], colors=color, linewidth=2, label=label)


def _draw_tempo(axes: Any, song: Song) -> None:
    axes.set_xlabel("seconds")
    axes.set_ylabel("written BPM")
    if song.tpqn is not None:
        segments = song.tempo_map.segments[song.tempo_map.segments["track"] == 0]
        bpm = 60e6 / segments["us_per_quarter"]
        end = max(song.duration, float(segments["seconds"][-1]))
        axes.step([*segments["seconds"], end], [*bpm, bpm[-1]], where="post")

"""The tempo of songs whose tempo is known: by the compiled core, by the oracle, as written and played freely."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import oracles_tempo as oracle
import pytest
from scale import some
from tempo_songs import MULTIPLES, as_file, read, right, warped

import fastcore
from fastcore._native import midi

pytestmark = pytest.mark.native

SHIPPED = Path(__file__).parent / "data" / "pop909"
FULL = Path(os.environ.get("FASTCORE_DATA", "/nowhere")) / "pop909"
SONGS = some(sorted((FULL if FULL.is_dir() else SHIPPED).glob("*/*.mid")))


@pytest.mark.parametrize("path", SONGS, ids=lambda path: path.stem)
def test_a_song_is_told_as_by_the_oracle(path: Path) -> None:
    _, times, weights, _ = read(path)
    told = fastcore.bpm(times, weights)
    assert tuple(told) == oracle.onsets(times, weights)
    by_file = midi.tempo(path.read_bytes(), "onsets")
    assert [by_file[name] for name in told._fields] == list(told)


def coherence(path: Path) -> tuple[float, int]:
    song = fastcore.midi.read(path)
    ticks = np.unique(song.notes["start"])
    turns = [np.exp(2j * np.pi * k * ticks / song.tpqn).mean() for k in (1, 2, 3, 4, 6)]
    return float(np.max(np.abs(turns))), len(ticks)


@pytest.mark.parametrize("path", SONGS, ids=lambda path: path.stem)
def test_the_written_tempo_is_taken_where_notes_fit_it(path: Path) -> None:
    told = midi.tempo(path.read_bytes())
    fit, ticks = coherence(path)
    assert told["coherence"] == pytest.approx(fit, abs=1e-9)
    assert (told["source"] == "written") == (fit > 0.3 and fit * ticks**0.5 > 3)
    if told["source"] == "written":
        assert told["bpm"] == fastcore.midi.read(path).tempo_map.bpm and told["confidence"] == told["coherence"]
    else:
        assert told == {**midi.tempo(path.read_bytes(), "onsets"), "coherence": told["coherence"]}


def test_most_songs_are_told_right() -> None:
    """Loose on a few songs; asv_bench/tempo_accuracy.py judges by all."""
    true = [read(path).true for path in SONGS]
    auto, onsets, pop = [], [], []
    for path in SONGS:
        auto.append(midi.tempo(path.read_bytes())["bpm"])
        onsets.append(midi.tempo(path.read_bytes(), "onsets")["bpm"])
        pop.append(fastcore.bpm(*read(path)[1:3], score="pop").bpm)

    def share(told: list[Any], multiples: tuple[float, ...] = (1.0,)) -> float:
        return float(np.mean([right(one, tempo, multiples) for one, tempo in zip(told, true, strict=True)]))

    assert share(auto) >= 0.95
    assert share(onsets) >= 0.6 and share(onsets, MULTIPLES) >= 0.95
    assert share(pop) >= 0.75 and share(pop, MULTIPLES) >= 0.95


@pytest.mark.parametrize("variation", [0.1, 0.2])
def test_what_is_played_freely_is_told_locally_and_better(variation: float) -> None:
    whole, local = 0, 0
    for seed, path in enumerate(SONGS[:60]):
        song = warped(read(path), variation, seed)
        times, weights = song.times, song.weights
        told = fastcore.bpm(times, weights)
        blocks = oracle.blocks_of_onsets(times, weights)
        assert blocks is not None
        lags = oracle.normalised(np.add.accumulate(blocks)[-1], 100.0)
        as_whole = oracle.told([lags], 100.0, oracle.GENERAL)[0]
        assert told.source == "local"
        whole += right(as_whole, song.true, MULTIPLES)
        local += right(told.bpm, song.true, MULTIPLES)
    assert local > whole


def test_a_free_performance_under_a_header_is_not_taken_as_written() -> None:
    data = as_file(warped(read(SONGS[0]), 0.1, 0))
    told = midi.tempo(data)
    assert told["source"] == "local" and told["written"] == (120.0, 120.0, 120.0) and told["coherence"] < 0.3
    assert midi.tempo(data, "written")["bpm"] == 120


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="tempo='best'"):
        midi.tempo(b"", "best")
    with pytest.raises(ValueError, match="empty"):
        midi.tempo(b"")

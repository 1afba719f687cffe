"""The tempo of songs whose tempo is known: by the compiled core, by the oracle, as written and played freely."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import oracles_tempo as oracle
import pytest

import fastcore
from fastcore._native import midi

pytestmark = pytest.mark.native

SHIPPED = Path(__file__).parent / "data" / "pop909"
FULL = Path(os.environ.get("FASTCORE_DATA", "/nowhere")) / "pop909"
SONGS = sorted((FULL if FULL.is_dir() else SHIPPED).glob("*/*.mid"))
MULTIPLES = (1.0, 2.0, 3.0, 1 / 2, 1 / 3)


def notes_of(path: Path) -> tuple[np.ndarray, np.ndarray]:
    notes = fastcore.midi.read(path).notes
    seconds = np.minimum(notes["end_s"] - notes["start_s"], 1.5)
    return notes["start_s"], np.sqrt(notes["velocity"] / 127.0) * np.sqrt(seconds) + 0.02


def beats_of(path: Path) -> np.ndarray:
    return np.loadtxt(path.with_name("beat_midi.txt"))[:, 0]


def right(told: float | None, true: float, multiples: tuple[float, ...] = (1.0,)) -> bool:
    return told is not None and any(abs(told / (true * multiple) - 1) <= 0.04 for multiple in multiples)


def warped(path: Path, variation: float, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    """The song played freely: a random walk of the logarithm of the tempo, a step a second, of this deviation."""
    times, weights = notes_of(path)
    beats = beats_of(path)
    last = max(times[-1], beats[-1])
    walk = np.cumsum(np.random.default_rng(seed).normal(size=int(last) + 2))
    walk = (walk - walk.mean()) * variation / walk.std()
    seconds = np.concatenate([[0], np.cumsum(np.exp(walk))])
    times, beats = (np.interp(at, np.arange(len(seconds)), seconds) for at in (times, beats))
    return times, weights, float(60 / np.median(np.diff(beats)))


@pytest.mark.parametrize("path", SONGS, ids=lambda path: path.stem)
def test_a_song_is_told_as_by_the_oracle(path: Path) -> None:
    times, weights = notes_of(path)
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
    true = [60 / np.median(np.diff(beats_of(path))) for path in SONGS]
    auto, onsets, pop = [], [], []
    for path in SONGS:
        auto.append(midi.tempo(path.read_bytes())["bpm"])
        onsets.append(midi.tempo(path.read_bytes(), "onsets")["bpm"])
        pop.append(fastcore.bpm(*notes_of(path), score="pop").bpm)

    def share(told: list[Any], multiples: tuple[float, ...] = (1.0,)) -> float:
        return float(np.mean([right(one, tempo, multiples) for one, tempo in zip(told, true, strict=True)]))

    assert share(auto) >= 0.95
    assert share(onsets) >= 0.6 and share(onsets, MULTIPLES) >= 0.95
    assert share(pop) >= 0.75 and share(pop, MULTIPLES) >= 0.95


@pytest.mark.parametrize("variation", [0.1, 0.2])
def test_what_is_played_freely_is_told_locally_and_better(variation: float) -> None:
    whole, local = 0, 0
    for seed, path in enumerate(SONGS[:60]):
        times, weights, true = warped(path, variation, seed)
        told = fastcore.bpm(times, weights)
        blocks = oracle.blocks_of_onsets(times, weights)
        assert blocks is not None
        lags = oracle.normalised(np.add.accumulate(blocks)[-1], 100.0)
        as_whole = oracle.told([lags], 100.0, oracle.GENERAL)[0]
        assert told.source == "local"
        whole += right(as_whole, true, MULTIPLES)
        local += right(told.bpm, true, MULTIPLES)
    assert local > whole


def test_a_free_performance_under_a_header_is_not_taken_as_written() -> None:
    times, _, _ = warped(SONGS[0], 0.1, 0)
    data = file_of(times)
    told = midi.tempo(data)
    assert told["source"] == "local" and told["written"] == (120.0, 120.0, 120.0) and told["coherence"] < 0.3
    assert midi.tempo(data, "written")["bpm"] == 120


def file_of(times: np.ndarray) -> bytes:
    """Notes at these times, under a header of 120 and 480 ticks a quarter note."""
    ticks = np.sort(np.round(times * 960).astype(int))
    body = bytes.fromhex("00ff510307a120")
    for delta in np.diff(ticks, prepend=0):
        body += varying(int(delta)) + bytes.fromhex("903c40") + bytes.fromhex("00803c40")
    body += bytes.fromhex("00ff2f00")
    header = b"MThd" + bytes.fromhex("00000006 0000 0001 01e0")
    return header + b"MTrk" + len(body).to_bytes(4, "big") + body


def varying(number: int) -> bytes:
    out = bytes([number & 127])
    while number := number >> 7:
        out = bytes([128 | number & 127]) + out
    return out


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="tempo='best'"):
        midi.tempo(b"", "best")
    with pytest.raises(ValueError, match="empty"):
        midi.tempo(b"")

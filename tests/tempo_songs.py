"""Songs whose tempo is known, as they are and played freely: what tests and asv_bench/tempo_accuracy.py judge by."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

import fastcore

TICKS = 960  # a second, at 120 beats a minute and 480 ticks a quarter note
MULTIPLES = (1.0, 2.0, 3.0, 1 / 2, 1 / 3)


class Song(NamedTuple):
    path: Path
    times: np.ndarray
    weights: np.ndarray
    beats: np.ndarray

    @property
    def true(self) -> float:
        return float(60 / np.median(np.diff(self.beats)))


def read(path: Path) -> Song:
    """A song with beat_midi.txt beside it, and its onsets' weights."""
    notes = fastcore.midi.read(path).notes
    seconds = np.minimum(notes["end_s"] - notes["start_s"], 1.5)
    weights = np.sqrt(notes["velocity"] / 127.0) * np.sqrt(seconds) + 0.02
    return Song(path, notes["start_s"], weights, np.loadtxt(path.with_name("beat_midi.txt"))[:, 0])


def warped(song: Song, variation: float, seed: int) -> Song:
    """The song played freely: a random walk of the logarithm of the tempo, a step a second, of this deviation."""
    last = max(song.times[-1], song.beats[-1])
    walk = np.cumsum(np.random.default_rng(seed).normal(size=int(last) + 2))
    walk = (walk - walk.mean()) * variation / walk.std()
    seconds = np.concatenate([[0], np.cumsum(np.exp(walk))])
    return song._replace(
        times=np.interp(song.times, np.arange(len(seconds)), seconds),
        beats=np.interp(song.beats, np.arange(len(seconds)), seconds),
    )


def as_file(song: Song) -> bytes:
    """Notes at the song's onsets, as long as gives them their weights, under a header of 120 beats a minute."""
    events = []
    for i, (start, weight) in enumerate(zip(song.times.tolist(), song.weights.tolist(), strict=True)):
        on, pitch = round(start * TICKS), i % 128
        events.append((on, 1, bytes([0x90, pitch, 127])))
        events.append((on + max(1, round((weight - 0.02) ** 2 * TICKS)), 0, bytes([0x90, pitch, 0])))
    body, tick = bytearray.fromhex("00ff510307a120"), 0
    for at, _, event in sorted(events):
        body += varying(at - tick) + event
        tick = at
    body += bytes.fromhex("00ff2f00")
    return bytes.fromhex("4d546864000000060000000101e04d54726b") + len(body).to_bytes(4, "big") + bytes(body)


def varying(number: int) -> bytes:
    out = bytes([number & 127])
    while number := number >> 7:
        out = bytes([128 | number & 127]) + out
    return out



def right(told: float | None, true: float, multiples: tuple[float, ...] = (1.0,)) -> bool:
    """Within 4 % of the truth, or of one of its multiples."""
    return told is not None and any(abs(told / (true * multiple) - 1) <= 0.04 for multiple in multiples)

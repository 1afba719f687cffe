"""Songs whose tempo is known, as they are and played freely: what tests and asv_bench/tempo_accuracy.py judge by."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

import fastcore

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
    """Notes at the song's onsets under a header of 120 and 480 ticks a quarter note."""
    body = bytearray.fromhex("00ff510307a120")
    for delta in np.diff(np.sort(np.round(song.times * 960).astype(int)), prepend=0).tolist():
        groups = [delta >> shift & 127 for shift in (21, 14, 7, 0)]
        first = next((i for i, group in enumerate(groups) if group), 3)
        body += bytes([group | 128 for group in groups[first:3]] + groups[3:]) + b"\x90\x3c\x40\x00\x80\x3c\x40"
    body += bytes.fromhex("00ff2f00")
    return bytes.fromhex("4d546864000000060000000101e04d54726b") + len(body).to_bytes(4, "big") + bytes(body)


def right(told: float | None, true: float, multiples: tuple[float, ...] = (1.0,)) -> bool:
    """Within 4 % of the truth, or of one of its multiples."""
    return told is not None and any(abs(told / (true * multiple) - 1) <= 0.04 for multiple in multiples)

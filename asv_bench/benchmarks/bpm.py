"""Tempo of onsets and of envelopes of onset strength, known before; and of a file whose notes fit what is written."""

from __future__ import annotations

import importlib
import os
from typing import Any

import numpy as np

import fastcore
from benchmarks.midi import cadence, song

BEATS = 100
SECONDS = 240


def bpm_of() -> Any:
    found = getattr(fastcore, "bpm", None)
    if found is None:
        raise NotImplementedError("this commit has no bpm")  # asv then has no value for it
    return found


def judge(bpm: float | None) -> None:
    if bpm is None or abs(bpm / BEATS - 1) > 0.005:
        raise AssertionError(f"{bpm}: expected is {BEATS}")


class Bpm:
    """Four minutes of eighths, the beat twice as loud."""

    rounds, repeat, warmup_time = 2, (5, 15, 1.0), 0.1

    def setup(self) -> None:
        self.bpm = bpm_of()
        self.times = np.arange(0, SECONDS, 30 / BEATS)
        self.weights = np.where(np.arange(len(self.times)) % 2, 1.0, 2.0)

    def time_onsets(self) -> None:
        judge(self.bpm(self.times, self.weights).bpm)


class Envelope:
    """The same as one envelope and as a batch of eight, of 86 and 172 frames a second, by each instruction-set level.

    FASTCORE_CPU is read when fastcore first works; asv sets each case up in a process of its own, before that.
    """

    params = (["base", "v3", "v4"], [86, 172])
    param_names = ("level", "rate")
    rounds, repeat, warmup_time = 2, (5, 15, 1.0), 0.1

    def setup(self, level: str, rate: int) -> None:
        os.environ["FASTCORE_CPU"] = level
        self.bpm = bpm_of()
        found = importlib.import_module("fastcore._native.base").cpu_level()
        if found != level:
            raise NotImplementedError(f"{found}, not {level}: the machine has no more, or other work came first")
        times = np.arange(0, SECONDS, 30 / BEATS)
        self.envelope = np.zeros((8, SECONDS * rate), np.float32)
        self.envelope[:, np.round(times * rate).astype(int)] = np.where(np.arange(len(times)) % 2, 1.0, 2.0)

    def time_envelope(self, level: str, rate: int) -> None:
        judge(self.bpm(envelope=self.envelope[0], rate=rate).bpm)

    def time_eight_envelopes(self, level: str, rate: int) -> None:
        for tempo in self.bpm(envelope=self.envelope, rate=rate):
            judge(tempo.bpm)


class Written:
    """A file of chords on a grid, whose written tempo is trusted, and one whose notes fit no grid, told by its onsets:
    both are read too."""

    rounds, repeat, warmup_time = 2, (5, 15, 1.0), 0.1

    def setup(self) -> None:
        self.native: Any = importlib.import_module("fastcore._native.midi")
        if not hasattr(self.native, "tempo"):
            raise NotImplementedError("this commit has no tempo")
        self.on_grid, self.free = cadence(100), song(17_000)[0]
        self.of_free = self.native.tempo(self.free)["bpm"]

    def time_trusted(self) -> None:
        self.check(self.on_grid, {"written"}, BEATS)

    def time_onsets(self) -> None:
        self.check(self.free, {"onsets", "local"}, self.of_free)

    def check(self, data: bytes, sources: set[str], bpm: float) -> None:
        told = self.native.tempo(data)
        if told["source"] not in sources or not abs(told["bpm"] - bpm) < 1e-9:
            raise AssertionError(f"{told}: expected is {bpm}")

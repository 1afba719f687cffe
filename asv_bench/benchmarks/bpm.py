"""Tempo of onsets and of envelopes of onset strength, known before; and of a file whose notes fit what is written."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

import fastcore

from .midi import song

BEATS = 100
SECONDS = 240


def bpm_of() -> Any:
    found = getattr(fastcore, "bpm", None)
    if found is None:
        raise NotImplementedError("this commit has no bpm")  # asv then has no value for it
    return found


class Bpm:
    """Four minutes of eighths, the beat twice as loud."""

    rounds, repeat, warmup_time = 2, (5, 15, 1.0), 0.1

    def setup(self) -> None:
        self.bpm = bpm_of()
        self.times = np.arange(0, SECONDS, 30 / BEATS)
        self.weights = np.where(np.arange(len(self.times)) % 2, 1.0, 2.0)
        self.envelope = np.zeros((8, SECONDS * 86), np.float32)
        self.envelope[:, np.round(self.times * 86).astype(int)] = self.weights

    def time_onsets(self) -> None:
        self.judge(self.bpm(self.times, self.weights).bpm)

    def time_envelope(self) -> None:
        self.judge(self.bpm(envelope=self.envelope[0], rate=86).bpm)

    def time_eight_envelopes(self) -> None:
        for tempo in self.bpm(envelope=self.envelope, rate=86):
            self.judge(tempo.bpm)

    def judge(self, bpm: float) -> None:
        if abs(bpm / BEATS - 1) > 0.005:
            raise AssertionError(f"{bpm}: expected is {BEATS}")


class Written:
    """A file of 17 KB, read and told as it is written, and by its onsets."""

    params = (["written", "onsets"],)
    param_names = ("tempo",)
    rounds, repeat, warmup_time = 2, (5, 15, 1.0), 0.1

    def setup(self, tempo: str) -> None:
        self.native: Any = importlib.import_module("fastcore._native.midi")
        if not hasattr(self.native, "tempo"):
            raise NotImplementedError("this commit has no tempo")
        self.data = song(17_000)[0]
        self.told = self.native.tempo(self.data, tempo)["bpm"]

    def time_tempo(self, tempo: str) -> None:
        told = self.native.tempo(self.data, tempo)
        if told["bpm"] != self.told or told["bpm"] is None:
            raise AssertionError(f"{told}: expected is {self.told}")

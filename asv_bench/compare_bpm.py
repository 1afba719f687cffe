"""The envelope's autocorrelation on each instruction-set level, alternating, and a whole call beside: `compare_bpm.py`.

Five minutes at 86 frames a second. Every level's sums are held against base's, bit for bit. Ends with 1 if v3
takes more than half of base's time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from bars import Bars

import fastcore
from fastcore._native import base
from fastcore._native import bpm as native

FRAMES, RATE, LAGS, ROUNDS = 25_800, 86, 440, 40
LEVELS = ("base", "v3", "v4")


def seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def main() -> int:
    row = np.random.default_rng(1).random(FRAMES, np.float32)
    row[::43] += 2
    levels = LEVELS[: LEVELS.index(base.cpu_detected()) + 1]
    wanted = native.correlate(row, FRAMES, LAGS, "base").tobytes()
    best = dict.fromkeys((*levels, "call"), float("inf"))
    for _ in range(ROUNDS):
        for level in levels:
            best[level] = min(best[level], seconds(partial(native.correlate, row, FRAMES, LAGS, level)))
            if native.correlate(row, FRAMES, LAGS, level).tobytes() != wanted:
                raise AssertionError(f"{level} differs from base")
        best["call"] = min(best["call"], seconds(partial(fastcore.bpm, envelope=row, rate=RATE)))
    for name, took in best.items():
        print(f"  {name:6} {took * 1e6:8.0f} us")
    bars = Bars()
    if len(levels) > 1:
        bars.at_least("base's time by v3's, autocorrelation", best["base"] / best["v3"], 2, "times")
    return 0 if bars.show() else 1


if __name__ == "__main__":
    sys.exit(main())

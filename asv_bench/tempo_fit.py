"""Fit the numbers of fc_comb_pop to songs whose tempo is known, and judge the fit: `tempo_fit.py [FOLDER]`.

The score has six numbers (fc_comb.h). They are fitted by the likelihood of the true tempo among the grid's, within 4 %,
by a descent along each number in turn, which needs nothing but NumPy and always ends at the same place.

Five folds by song: each song is told by numbers that were fitted without it. The last rows play the songs faster or
slower and tell by what was fitted at their own speed: what such numbers have learned is the repertoire, so they are an
option and not the default.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from data_sets import folder_of
from tempo_accuracy import oracle, songs_of

FOLDS = 5
MULTIPLES = (1.0, 2.0, 4.0, 0.5)
GRID = np.array(oracle.GRID)
START = np.array([0.5, 0.3, 0.3, 0.0, np.log2(110), 0.0])  # the untrained: sharpness and width as logarithms
Array = Any


def lags_of(times: Array, weights: Array) -> Array:
    return oracle.normalised(sum(oracle.blocks_of_onsets(times, weights)), 100.0)


def features(lags: Array) -> Array:
    """For each tempo of the grid the autocorrelation at its beat and the multiples."""
    return np.array([[oracle.at(lags, multiple * 6000 / bpm) for multiple in MULTIPLES] for bpm in GRID])


def log_likelihood(numbers: Array, x: Array) -> Array:
    """Of each tempo of the grid, for songs' features: fc_comb's L, up to a constant."""
    fits = x[..., 0] + x[..., 1] * numbers[0] + x[..., 2] * numbers[1] + x[..., 3] * numbers[2]
    usual = ((np.log2(GRID) - numbers[4]) / np.exp(numbers[5])) ** 2
    return np.exp(numbers[3]) * np.log(np.maximum(fits, 1e-6)) - usual / 2


def loss(numbers: Array, x: Array, near: Array) -> float:
    z = log_likelihood(numbers, x)
    p = np.exp(z - z.max(1, keepdims=True))
    return float(-np.log(np.maximum((p * near).sum(1) / p.sum(1), 1e-9)).mean())


def fit(x: Array, near: Array) -> Array:
    numbers, step = START.copy(), np.full(len(START), 0.3)
    best = loss(numbers, x, near)
    while step.max() > 0.002:
        for i in range(len(numbers)):
            for sign in (1, -1):
                tried = numbers.copy()
                tried[i] += sign * step[i]
                if (now := loss(tried, x, near)) < best:
                    best, numbers = now, tried
                    step[i] *= 1.5
                    break
            else:
                step[i] /= 2
    return numbers


def told(numbers: Array, x: Array, lags: list[Array]) -> list[float]:
    best = log_likelihood(numbers, x).argmax(1)
    return [oracle.refined(one, 100.0, GRID[k]) for one, k in zip(lags, best, strict=True)]


def shares(tempi: list[float], true: Array) -> str:
    rows = [
        [songs_of.right(bpm, tempo, multiples) for bpm, tempo in zip(tempi, true, strict=True)]
        for multiples in ((1.0,), songs_of.MULTIPLES)
    ]
    return "  ".join(f"{np.mean(row):.3f}" for row in rows)


def main(folder: Path) -> None:
    songs = [songs_of.read(path) for path in sorted(folder.glob("*/*.mid"))]
    true = np.array([song.true for song in songs])
    lags = [lags_of(song.times, song.weights) for song in songs]
    x = np.array([features(one) for one in lags])
    near = abs(np.log(GRID)[None] - np.log(true)[:, None]) <= 0.04
    print(f"{len(songs)} songs; A1, A2\n  untrained                 {shares(told(START, x, lags), true)}")

    order = np.random.default_rng(0).permutation(len(songs))
    by_fold = np.zeros(len(songs))
    for fold in range(FOLDS):
        held = order[fold::FOLDS]
        rest = np.setdiff1d(order, held)
        by_fold[held] = told(fit(x[rest], near[rest]), x[held], [lags[i] for i in held])
    print(f"  fitted, cross-validated   {shares(by_fold.tolist(), true)}")

    numbers = fit(x, near)
    shown = dict(zip(("twice", "four", "half"), numbers, strict=False))
    shown |= {"sharpness": np.exp(numbers[3]), "centre": 2 ** numbers[4], "width": np.exp(numbers[5])}
    print("  " + ", ".join(f".{name} = {number:.3g}" for name, number in shown.items()))
    for speed in (0.75, 1.25, 1.5, 2.0):
        faster = [lags_of(song.times / speed, song.weights) for song in songs]
        y = np.array([features(one) for one in faster])
        untrained, fitted = (shares(told(one, y, faster), true * speed) for one in (START, numbers))
        print(f"  at {speed} of their speed: untrained {untrained}, fitted {fitted}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else folder_of("pop909"))

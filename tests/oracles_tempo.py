"""The shortest obviously right Python for what src_c/bpm does, each sum in the same order, so that results are equal.

Logarithms and powers are the C library's (`math`); what NumPy does here it does one element after the other.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

SECONDS, HOP, WINDOW, LAG = 300, 2.0, 4, 5.12
GRID = [28 * math.exp(0.02 * k) for k in range(122)]


class Score(NamedTuple):
    twice: float
    four: float
    half: float
    sharpness: float
    centre: float
    width: float


GENERAL = Score(0.5, 0.3, 0.3, 1, 110, 1)
POP = Score(0.04, 0.40, 0.43, 6.7, 86.7, 0.34)
NONE = (None, 0.0, (), None, "none")


def rounded(x: float) -> int:
    return math.floor(x + 0.5)


def add(values: list[float]) -> float:
    """One after the other: NumPy adds in pairs, and Python 3.12 corrects its sums."""
    total = 0.0
    for value in values:
        total += value
    return total


def blocks_of_onsets(times: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
    """For each 2 s, how much weight two onsets have that are a lag apart, the first of them in these 2 s."""
    order = np.argsort(times, kind="stable")
    times, weights = times[order] - times[order[0]], weights[order]
    times, weights = times[times < SECONDS], weights[times < SECONDS]
    bins, place = np.unique(np.floor(100 * times + 0.5).astype(int), return_inverse=True)
    weight = np.bincount(place, weights)
    if len(bins) < 8 or bins[-1] < 200:
        return None
    blocks = np.zeros((bins[-1] // 200 + 1, 512))
    for i in range(len(bins)):
        for j in range(i + 1, np.searchsorted(bins, bins[i] + 512)):
            blocks[bins[i] // 200, bins[j] - bins[i]] += weight[i] * weight[j]
    return blocks


def normalised(lags: np.ndarray, rate: float) -> np.ndarray | None:
    """Smooth by a Gaussian of 30 ms, subtract the mean, divide by the maximum, clip; None where nothing stands out."""
    sigma = 0.03 * rate
    radius = rounded(3 * sigma)
    taps = [math.exp(-0.5 * (x * x)) for x in (i / sigma for i in range(radius + 1))]
    total = add([taps[0], *(2 * tap for tap in taps[1:])])
    taps = [tap / total for tap in taps]
    padded = np.concatenate([np.zeros(radius), lags, np.zeros(radius)])
    n = len(lags)
    smooth = taps[0] * lags
    for i in range(1, radius + 1):
        smooth = smooth + taps[i] * (padded[radius - i :][:n] + padded[radius + i :][:n])
    low, high = rounded(0.2 * rate), rounded(4 * rate)
    fourths = [add(smooth[low + i :: 4].tolist()) for i in range(4)]
    smooth = smooth - ((fourths[0] + fourths[1]) + (fourths[2] + fourths[3])) / (n - low)
    most = smooth[low:high].max()
    return np.clip(smooth / most, -1, 1.5) if most > 0 else None


def at(lags: np.ndarray, lag: float) -> float:
    """Between lags by Catmull and Rom's cubic, 0 outside of them."""
    i = math.floor(lag)
    if i < 1 or i + 2 >= len(lags):
        return 0.0
    f = lag - i
    a, b, c, d = lags[i - 1 : i + 3].tolist()
    return a * (f * (f * (1 - 0.5 * f) - 0.5)) + b * (f * f * (1.5 * f - 2.5) + 1) \
        + c * (f * (f * (2 - 1.5 * f) + 0.5)) + d * (f * f * (0.5 * f - 0.5))


def likelihood(lags: np.ndarray | None, rate: float, bpm: float, score: Score) -> float:
    fits = 1.0
    if lags is not None:
        tau = 60 * rate / bpm
        fits = at(lags, tau) + score.twice * at(lags, 2 * tau) + score.four * at(lags, 4 * tau) \
            + score.half * at(lags, 0.5 * tau)
        fits = max(fits, 1e-6)
    octaves = math.log2(bpm / score.centre) / score.width
    return (fits if score.sharpness == 1 else fits**score.sharpness) * math.exp(-0.5 * octaves * octaves)


def refined(lags: np.ndarray | None, rate: float, bpm: float) -> float:
    """The best tempo within 3 %, by steps of 0.5 % and then a parabola through three of 0.1 %."""
    if lags is None:
        return bpm
    longest = 60 * rate / (0.969 * bpm)
    multiples = [multiple for multiple in (1, 2, 4) if multiple * longest < len(lags) - 3]

    def fits(bpm: float) -> float:
        return add([at(lags, multiple * (60 * rate / bpm)) for multiple in multiples])

    tried = [bpm * (1 + 0.005 * i) for i in range(-6, 7)]
    best = max(tried, key=fits)
    below, here, above = (fits(best * factor) for factor in (0.999, 1.0, 1.001))
    bend = below - 2 * here + above
    return best * (1 + 0.001 * min(max(0.5 * (below - above) / bend, -3), 3)) if bend < 0 else best


def path(likelihoods: list[list[float]]) -> list[int]:
    """The most likely sequence of places on the grid: a jump of d steps costs a factor of exp(-0.16 d^2), d <= 6."""
    jumps = [math.exp(-0.16 * (d * d)) for d in range(7)]
    best, back = likelihoods[0], []
    n = len(GRID)
    for now in likelihoods[1:]:
        top = max(best)
        best = [max(x / top, 1e-100) for x in best]
        came = [max(range(max(0, k - 6), min(n, k + 7)), key=lambda j: best[j] * jumps[abs(j - k)]) for k in range(n)]
        best = [best[j] * jumps[abs(j - k)] * now[k] for k, j in enumerate(came)]
        back.append(came)
    places = [best.index(max(best))]
    for came in reversed(back):
        places.append(came[places[-1]])
    return places[::-1]


def quantile(ordered: list[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    i = min(int(place), len(ordered) - 2) if len(ordered) > 1 else 0
    return ordered[i] + (ordered[min(i + 1, len(ordered) - 1)] - ordered[i]) * (place - i)


def told(windows: list[np.ndarray | None], rate: float, score: Score) -> tuple:
    """Tempo, confidence, alternatives and stability by windows that follow each other; one window: the whole piece."""
    grids = [[likelihood(window, rate, bpm, score) for bpm in GRID] for window in windows]
    places = path(grids)
    tempi = [refined(window, rate, GRID[k]) for window, k in zip(windows, places, strict=True)]
    ordered = sorted(tempi)
    bpm = quantile(ordered, 0.5)
    shares = [add(grid[max(0, k - 2) : k + 3]) / add(grid) for grid, k in zip(grids, places, strict=True)]

    def all_at(factor: float) -> float:
        both = zip(windows, tempi, strict=True)
        return add([likelihood(window, rate, factor * tempo, score) for window, tempo in both])

    others = []
    for factor in (2.0, 0.5, 1.5):
        if GRID[0] <= factor * bpm <= GRID[-1]:
            others.append((factor * bpm, all_at(factor) / all_at(1.0)))
    others.sort(key=lambda pair: -pair[1])
    spread = (quantile(ordered, 0.75) - quantile(ordered, 0.25)) / bpm
    return bpm, add(shares) / len(shares), tuple(others), spread


FREE = 0.04


def estimate(blocks: np.ndarray, rate: float, score: Score, source: str) -> tuple:
    whole = np.zeros(blocks.shape[1])
    for block in blocks:
        whole = whole + block
    lags = normalised(whole, rate)
    if lags is None:
        return NONE
    bpm, confidence, others, stability = *told([lags], rate, score)[:3], None
    if len(blocks) >= 2 * WINDOW - 1:
        sums = [blocks[w] + blocks[w + 1] + blocks[w + 2] + blocks[w + 3] for w in range(len(blocks) - WINDOW + 1)]
        *local, stability = told([normalised(lag, rate) for lag in sums], rate, score)
        if stability > FREE:
            (bpm, confidence, others), source = local, "local"
    return bpm, confidence, others, stability, source


def onsets(times: np.ndarray, weights: np.ndarray | None = None, score: Score = GENERAL) -> tuple:
    times = np.asarray(times, float)
    weights = np.ones(len(times)) if weights is None else np.asarray(weights, float)
    if len(times) == 0 or not np.isfinite(times).all() or not np.isfinite(weights).all():
        return NONE
    blocks = blocks_of_onsets(times, weights)
    return NONE if blocks is None else estimate(blocks, 100.0, score, "onsets")


def correlated(values: np.ndarray, count: int, lags: int) -> np.ndarray:
    """In single precision: of each full 32 i and i + 16 for i from 0 to 15, what is left upwards."""
    full = count // 32 * 32
    order = [block + i + far for block in range(0, full, 32) for i in range(16) for far in (0, 16)]
    sums = np.zeros(lags, np.float32)
    for i in order + list(range(full, count)):
        sums = sums + values[i] * values[i : i + lags]
    return sums


def envelope(row: np.ndarray, rate: float, score: Score = GENERAL) -> tuple:
    row = np.asarray(row, np.float32)
    group = math.ceil(rate / 200) if rate > 200 else 1
    left = min(rate / group, 200.0)
    count = min(len(row) // group, int(SECONDS * left))
    if left < 10 or count < rounded(HOP * left) or not np.isfinite(row).all():
        return NONE
    frames = [add(row[i * group : (i + 1) * group].tolist()) / group for i in range(count)]
    mean = add(frames) / count
    peak = max(abs(x - mean) for x in frames)
    if not peak > 1e-6 * max(map(abs, frames)):
        return NONE
    lags, hop = rounded(LAG * left), rounded(HOP * left)
    values = np.zeros(count + lags, np.float32)
    values[:count] = [(x - mean) / peak for x in frames]
    blocks = np.array([correlated(values[i:], min(hop, count - i), lags) for i in range(0, count, hop)], float)
    blocks[:, 0] = 0
    return estimate(blocks, left, score, "envelope")

"""Tempo by onsets and by envelopes: equal to the oracle's, and right where the answer is known."""

from __future__ import annotations

import copy
import doctest
import os
import pickle
import random
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import oracles_tempo as oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import SCALE
from strategies import maybe, randoms

import fastcore
from fastcore import Tempo, bpm, bpm_many
from fastcore._native import base
from fastcore._native import bpm as native

pytestmark = pytest.mark.native

SCORES = {"general": oracle.GENERAL, "pop": oracle.POP}
# A case with all its windows takes the oracle a tenth of a second.
few = settings(max_examples=30 * SCALE)


def rhythm(rnd: random.Random) -> tuple[np.ndarray, np.ndarray | None]:
    """A beat with subdivisions, gaps, chords, drift and noise; or nothing like that."""
    beat = 60 / rnd.uniform(35, 250)
    count = rnd.choice([0, 1, 7, 8, 9, 20, 60, 200, 600])
    kind = rnd.choice(["beat", "beat", "free", "noise", "same"])
    if kind == "noise":
        times = np.array([rnd.uniform(0, rnd.choice([1.9, 30, 400])) for _ in range(count)])
    elif kind == "same":
        times = np.full(count, 3.0)
    else:
        steps = [beat * rnd.choice([0, 0.25, 0.5, 0.5, 1, 1, 1, 2, 4]) for _ in range(count)]
        drift = np.exp(np.cumsum([rnd.uniform(-0.06, 0.06) for _ in steps])) if kind == "free" else 1.0
        times = np.cumsum(np.array(steps) * drift) + rnd.choice([0, -5.0, 1e6])
        times = times + np.array([rnd.uniform(-0.01, 0.01) for _ in steps])
    if count and maybe(rnd, 0.2):
        times = times.copy()
        times[rnd.randrange(count)] = rnd.choice([np.nan, np.inf, -np.inf, 1e300, -1e300])
    if maybe(rnd, 0.3):
        rnd.shuffle(order := list(range(count)))
        times = times[order]
    weights = np.array([rnd.choice([0, 0.02, 1, rnd.random(), 1e-200]) for _ in times]) if maybe(rnd, 0.5) else None
    return times, weights


@given(randoms(), st.sampled_from(sorted(SCORES)))
@few
def test_onsets_are_told_as_by_the_oracle(rnd: random.Random, score: Any) -> None:
    times, weights = rhythm(rnd)
    assert tuple(bpm(times, weights, score=score)) == oracle.onsets(times, weights, SCORES[score])


def strength(rnd: random.Random) -> tuple[np.ndarray, float]:
    rate = rnd.choice([9.0, 10.0, 43.07, 86.1328125, 100.0, 200.0, 200.001, 344.53125, 999.0])
    seconds = rnd.choice([0, 1.99, 2, 3.3, 10, 20])
    n = int(seconds * rate)
    row = np.array([rnd.uniform(-0.2, 0.2) for _ in range(n)], np.float32)
    beat = max(1.0, 60 * rate / rnd.uniform(40, 220))
    for i in range(int(n / beat)):
        row[int(i * beat)] += 1 + rnd.random()
    row = np.abs(row) * np.float32(rnd.choice([1, 1e-30, 1e30]))
    if n and maybe(rnd, 0.2):
        row[rnd.randrange(n)] = rnd.choice([np.nan, np.inf, 1e37])
    if maybe(rnd, 0.1):
        row[:] = rnd.choice([0, 0.1, -7])
    return row, rate


@given(randoms(), st.sampled_from(sorted(SCORES)))
@few
def test_envelopes_are_told_as_by_the_oracle(rnd: random.Random, score: Any) -> None:
    row, rate = strength(rnd)
    assert tuple(bpm(envelope=row, rate=rate, score=score)) == oracle.envelope(row, rate, SCORES[score])


def test_onsets_in_every_bin_are_told_as_by_the_oracle() -> None:
    """In the second half some bins have none, so that runs of bins end anywhere."""
    rng = np.random.default_rng(3)
    bins = np.array([i for i in range(1500) if i < 750 or rng.random() < 0.99])
    weights = rng.uniform(0.1, 1, len(bins)) + (bins % 43 == 0) * 5.0
    found = bpm(bins / 100, weights)
    assert found.source in ("onsets", "local")
    assert tuple(found) == oracle.onsets(bins / 100, weights, oracle.GENERAL)


@pytest.mark.parametrize("beats", [50, 66, 72.5, 90, 100, 113, 120, 128, 140.3])
def test_a_click_track(beats: float) -> None:
    times = np.arange(0, 40, 30 / beats)
    loud = np.where(np.arange(len(times)) % 2, 1.0, 2.0)
    told = bpm(times, loud)
    assert any(bpm == pytest.approx(beats, rel=5e-4) for bpm in (told.bpm, *(one for one, _ in told.alternatives)))
    assert told.source == "onsets" and 0 < told.confidence < 1 and told.stability < 0.002
    clicks = np.zeros(8000, np.float32)
    clicks[np.round(times * 200).astype(int)] = loud
    again = bpm(envelope=clicks, rate=200)
    assert again.bpm == pytest.approx(told.bpm, rel=1e-3) and again.source == "envelope"


def test_where_a_piece_lies_in_time_does_not_matter() -> None:
    times = np.cumsum(np.random.default_rng(1).choice([0.25, 0.5, 0.75], 200))
    told = bpm(times)
    assert told == bpm(times + 4096) == bpm(times[::-1] - 1024) == bpm(times.tolist())
    assert bpm(times, np.ones(200)) == told
    assert bpm(np.concatenate([times, times[-1] + 301 + np.arange(50) * 0.31])) == told  # after 300 s


def test_a_tempo_that_wanders_is_told_locally() -> None:
    beats = 0.6 * np.exp(0.3 * np.sin(np.arange(200) / 15))
    times = np.cumsum(beats)
    told = bpm(np.sort(np.concatenate([times, times + beats / 2])))
    assert told.source == "local" and told.stability > 0.04
    assert told.bpm == pytest.approx(60 / np.median(np.diff(times)), rel=0.06)


def test_what_has_no_tempo() -> None:
    none = Tempo(None, 0.0, (), None, "none")
    beat = np.arange(0, 20, 0.5)
    assert bpm([]) == bpm(beat[:7]) == bpm(beat * 0.01) == bpm(np.zeros(50)) == none
    assert bpm(np.repeat(beat[:7], 9)) == none  # chords are one onset each
    assert bpm(np.append(beat, np.nan)) == bpm(beat, np.full(40, np.inf)) == bpm(beat, np.zeros(40)) == none
    assert bpm(beat, np.full(40, 1e300)) == none  # their products are infinite
    for row in (np.zeros(1000), np.full(1000, 0.1), np.full(1000, np.nan), np.random.default_rng(1).random(199)):
        assert bpm(envelope=row, rate=100) == none
    assert bpm(envelope=np.random.default_rng(1).random(1000), rate=9.9) == none
    assert bpm(envelope=np.random.default_rng(1).random(1000), rate=1e300) == none
    assert bpm(envelope=[], rate=100) == none and bpm(envelope=np.zeros((0, 5)), rate=100) == []


REFUSED: list[tuple[type[Exception], str, tuple[Any, ...], dict[str, Any]]] = [
    (ValueError, "either", (), {}),
    (ValueError, "either", ([1.0],), {"envelope": [1.0], "rate": 10}),
    (ValueError, "rate: an envelope", (), {"envelope": [1.0]}),
    (ValueError, "rate=0", (), {"envelope": [1.0], "rate": 0}),
    (ValueError, "rate=-5", (), {"envelope": [1.0], "rate": -5}),
    (ValueError, "rate=nan", (), {"envelope": [1.0], "rate": np.nan}),
    (ValueError, "rate=inf", (), {"envelope": [1.0], "rate": np.inf}),
    (ValueError, "rate: goes with", ([1.0],), {"rate": 10}),
    (ValueError, "weights: go with", (None, [1.0]), {"envelope": [1.0], "rate": 10}),
    (ValueError, "3-D", (), {"envelope": np.zeros((2, 2, 2)), "rate": 10}),
    (ValueError, "0-D", (), {"envelope": 3.0, "rate": 10}),
    (ValueError, "times: wanted 1-D", (np.zeros((2, 2)),), {}),
    (ValueError, "weights: wanted 1-D", (np.zeros(2), np.zeros((2, 1))), {}),
    (ValueError, "there are 1 of them, and 2 times", (np.zeros(2), np.zeros(1)), {}),
    (ValueError, "weights: wanted 0 or more", (np.zeros(2), [1, -1e-9]), {}),
    (ValueError, "score='best'", (np.zeros(2),), {"score": "best"}),
    (ValueError, "score=None", (), {"score": None, "envelope": [1.0], "rate": 10}),
    (TypeError, "complex", (np.zeros(2, complex),), {}),
    (TypeError, "<U", (["a", "b"],), {}),
    (TypeError, "masked", (np.ma.masked_array([1.0, 2.0], [True, False]),), {}),
    (TypeError, "object", (), {"envelope": [None], "rate": 10}),
]


@pytest.mark.parametrize(("error", "reason", "arguments", "options"), REFUSED, ids=[case[1] for case in REFUSED])
def test_what_is_refused(error: type[Exception], reason: str, arguments: Any, options: Any) -> None:
    with pytest.raises(error, match=reason):
        bpm(*arguments, **options)


def test_what_a_kernel_is_not_asked_for() -> None:
    for count, lags, level in ((6, 5, "base"), (5, 1025, "base"), (5, 5, "v9")):
        with pytest.raises(ValueError, match="too many"):
            native.correlate(np.zeros(5), count, lags, level)


def test_many_are_each_as_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTCORE_PARALLEL_THRESHOLD_US", "0")
    rnd = random.Random(4)
    pieces = [rhythm(rnd) for _ in range(60)]
    alone = [bpm(times, weights) for times, weights in pieces]
    assert sum(told.bpm is not None for told in alone) > 20
    rows = np.random.default_rng(5).random((9, 4000), np.float32)
    rows[3] = 0
    rows_alone = [bpm(envelope=row, rate=43.07) for row in rows]
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("FASTCORE_THREADS", threads)
        assert bpm_many((one for one, _ in pieces), [weights for _, weights in pieces]) == alone
        assert bpm(envelope=rows, rate=43.07) == rows_alone
        assert bpm(envelope=rows.T.copy().T, rate=43.07) == rows_alone
        assert bpm(envelope=rows.astype(">f8"), rate=43.07) == rows_alone
    assert bpm_many([]) == []
    with pytest.raises(ValueError, match="also in piece 2"):
        bpm_many([[1.0]] * 4, [None, [1], [-1], [-1]])
    with pytest.raises(ValueError, match="shorter"):
        bpm_many([[1.0]] * 4, [None])


def test_a_million_onsets_in_any_order() -> None:
    times = np.random.default_rng(1).permutation(1_000_000) * 0.0003
    told = bpm(times)  # a note in every bin: there is no beat
    assert told == bpm(np.sort(times)) and told.confidence < 0.2


def test_tempo_is_a_named_tuple() -> None:
    told = bpm(np.arange(0, 30, 0.5))
    again = pickle.loads(pickle.dumps(told))
    assert type(again) is Tempo and again == told and copy.copy(told) == told
    assert Tempo.__module__ == "fastcore"
    assert repr(told).startswith("Tempo(bpm=120.0, confidence=0.") and repr(told).endswith("source='onsets')")
    with pytest.raises(AttributeError):
        told.bpm = 3.0
    with pytest.raises(AttributeError):
        told.other = 3.0


def test_from_many_threads() -> None:
    times = np.cumsum(np.random.default_rng(1).choice([0.25, 0.5, 0.75], 500))
    alone, told = bpm(times), []
    threads = [threading.Thread(target=lambda: told.extend(bpm_many([times] * 20))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [alone] * 80


@given(st.integers(0, 500), st.integers(0, 1024), st.integers(0, 99))
def test_the_kernel_of_every_level_sums_in_one_order(count: int, lags: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=count + seed).astype(np.float32)
    padded = np.concatenate([values, np.zeros(lags, np.float32)])
    wanted = oracle.correlated(padded, count, lags)
    levels = ("base", "v3", "v4")
    for level in levels[: levels.index(base.cpu_detected()) + 1]:
        assert native.correlate(values, count, lags, level).tobytes() == wanted.tobytes()


LEVELS = """
import numpy as np
import fastcore
rows = np.random.default_rng(1).random((20, 5000), np.float32)
for i in range(20):
    rows[i, :: 20 + i] += 3
print([tempo[:] for rate in (21.5, 43.07, 86.1, 100, 199, 344.5) for tempo in fastcore.bpm(envelope=rows, rate=rate)])
"""


def test_every_level_gives_the_same_bits() -> None:
    shown = {
        subprocess.run(
            [sys.executable, "-c", LEVELS],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "FASTCORE_CPU": level},
        ).stdout
        for level in ("base", "v3", "v4")
    }
    assert len(shown) == 1 and next(iter(shown)).count("envelope") > 60


@pytest.mark.parametrize("name", ["bpm", "bpm_many", "Tempo"])
def test_examples_in_docstrings(name: str) -> None:
    names = {"bpm": bpm, "bpm_many": bpm_many, "Tempo": Tempo}
    test = doctest.DocTestParser().get_doctest(getattr(fastcore, name).__doc__, names, name, None, 0)
    assert test.examples and doctest.DocTestRunner(verbose=False).run(test).failed == 0

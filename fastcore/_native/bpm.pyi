"""Tempo from the times of onsets, and from envelopes of onset strength."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

def of_onsets(pieces: Iterable[tuple[ArrayLike, ArrayLike | None]], score: str) -> list[tuple[Any, ...]]:
    """Return (bpm, confidence, alternatives, stability, source) of each (times, weights)."""

def of_envelopes(envelope: ArrayLike, rate: float, score: str) -> list[tuple[Any, ...]]:
    """Return the same of each row of a 1-D or 2-D array."""

def correlate(values: ArrayLike, count: int, lags: int, level: str) -> NDArray[np.float32]:
    """Return the sums of the first `count` values times those each lag later, by the kernel of one level."""

def cost(op: str, items: int, nbytes: int) -> tuple[int, int, int] | None:
    """Return the work of a site of this binding for `base.Site`: the parts that can run side by side, the bytes, and a
    first guess in ns. None for what is no name of one."""

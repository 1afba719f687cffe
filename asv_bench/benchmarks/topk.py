"""The k best of a million floats, in the orders that are easy and hard for a filter."""

from __future__ import annotations

from typing import Any

import numpy as np

import fastcore

N = 1_000_000
ORDERS = ("random", "ascending", "descending", "few distinct")


class TopK:
    """The whole answer is held against a stable sort before it is timed, its ends in every timed call."""

    params = (ORDERS, [10, 1000])
    param_names = ("order", "k")
    rounds, repeat, warmup_time = 4, (5, 10, 0.5), 0.1

    def setup(self, order: str, k: int) -> None:
        self.top_k: Any = getattr(fastcore, "top_k", None)
        if self.top_k is None:
            raise NotImplementedError("this commit has no top_k")  # asv then has no value for it
        array = np.random.default_rng(1).random(N, dtype=np.float32)
        if order == "few distinct":
            array = np.floor(array * 8)
        elif order != "random":
            array.sort()
        self.array = np.ascontiguousarray(array[::-1] if order == "descending" else array)
        expected = np.argsort(-self.array, kind="stable")[:k]
        values, indices = self.top_k(self.array, k)
        if not (np.array_equal(indices, expected) and np.array_equal(values, self.array[expected])):
            raise AssertionError("not the k best, the first of equals first")
        self.ends = (int(expected[0]), int(expected[-1]))

    def time_top_k(self, order: str, k: int) -> None:
        indices = self.top_k(self.array, k).indices
        if (indices[0], indices[-1]) != self.ends:
            raise AssertionError(f"{indices[0]}, {indices[-1]}: expected are {self.ends}")

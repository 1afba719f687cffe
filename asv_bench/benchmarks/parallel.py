"""Maps over native work of 1 us to 1 ms an item, whose plan adaptive_map must find out."""

from __future__ import annotations

import hashlib
from typing import Any

import fastcore

# Bytes for which sha256, which lets go of the GIL, takes about so long.
BYTES = {"1us": 1 << 10, "30us": 1 << 16, "1ms": 1 << 21}


def digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


class AdaptiveMap:
    """Every result is held against a loop's. setup's calls are those by which the plan is learned."""

    params = (list(BYTES), [20, 1000])
    param_names = ("work", "items")
    timeout = 300
    rounds, number, repeat, warmup_time = 4, 1, (5, 10, 1.0), 0.2

    def setup(self, work: str, items: int) -> None:
        self.adaptive_map: Any = getattr(fastcore, "adaptive_map", None)
        if self.adaptive_map is None:
            raise NotImplementedError("this commit has no adaptive_map")  # asv then has no value for it
        self.items = [bytes([i % 256]) * BYTES[work] for i in range(min(items, 64))] * -(-items // 64)
        self.items = self.items[:items]
        self.expected = [digest(item) for item in self.items]
        for _ in range(3):
            self.time_map(work, items)

    def time_map(self, work: str, items: int) -> None:
        if self.adaptive_map(digest, self.items) != self.expected:
            raise AssertionError("not what a loop gives")

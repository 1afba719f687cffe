"""Numbers without an end, for tests of how far ahead is taken."""

from __future__ import annotations


class Endless:
    """1, 2, 3, ...; `taken` is the last of them that was asked for."""

    def __init__(self) -> None:
        self.taken = 0

    def __iter__(self) -> Endless:
        return self

    def __next__(self) -> int:
        self.taken += 1
        return self.taken

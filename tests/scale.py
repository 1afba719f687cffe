"""Counts of cases: FASTCORE_TEST_SCALE=1 for `make test`, 30 for torture."""

from __future__ import annotations

import os

SCALE = int(os.environ.get("FASTCORE_TEST_SCALE", "1"))


def scaled(count: int) -> int:
    """Return the number of cases at this scale, and print it so that a log shows what ran."""
    print(f"cases: {count * SCALE}")
    return count * SCALE

"""Counts of cases: FASTCORE_TEST_SCALE=1 for `make test`, 30 for torture; FASTCORE_TEST_FILES for slow interpreters."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

SCALE = int(os.environ.get("FASTCORE_TEST_SCALE", "1"))


def scaled(count: int) -> int:
    """Return the number of cases at this scale, and print it so that a log shows what ran."""
    print(f"cases: {count * SCALE}")
    return count * SCALE


def some(files: Sequence[Path]) -> list[Path]:
    """Return at most FASTCORE_TEST_FILES files of one kind, spread evenly; all of them where it is not set."""
    most = int(os.environ.get("FASTCORE_TEST_FILES", len(files)))
    if most >= len(files):
        return list(files)
    return [files[i * len(files) // most] for i in range(most)]

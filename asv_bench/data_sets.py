"""Where data with known answers lies: FASTCORE_DATA names a folder of full sets, tests/data holds a part of each."""

from __future__ import annotations

import os
from pathlib import Path

SHIPPED = Path(__file__).resolve().parents[1] / "tests" / "data"


def folder_of(name: str) -> Path:
    """Return the folder of a data set, the full one where it is there."""
    given = os.environ.get("FASTCORE_DATA")
    return Path(given, name) if given and Path(given, name).is_dir() else SHIPPED / name

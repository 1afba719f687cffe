"""Samples of calls that run in turn, and the file in which a comparison keeps its own."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from compare_table import RESULTS


def alternate(calls: Mapping[str, Callable[[], object]], rounds: int, thrown_away: int = 2) -> dict[str, list[float]]:
    """Seconds of each call in each round; the first rounds, which warm up, do not count."""
    samples: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(-thrown_away, rounds):
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            took = time.perf_counter() - began
            if number >= 0:
                samples[name].append(took)
    return samples


def keep(name: str, kept: Mapping[str, Any], out: Path | None, whole: bool) -> None:
    """Write them to `out`, else those of a whole run to the newest file of that comparison; say where."""
    path = out or (RESULTS / f"{name}-{date.today().isoformat()}.json" if whole else None)
    if path is None:
        print("\nnot a whole run: its samples are kept with --out FILE only")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    print(f"\nsamples: {path}")

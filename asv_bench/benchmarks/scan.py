"""Scans of the sample trees: a rare word, a common one, none to look for, many small files, and the memory at most."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
import compare_scan
import sample_logs

import fastcore

FOLDER = Path(os.environ.get("FASTCORE_COMPARE_DIR") or os.path.expanduser("~/.cache/fastcore-compare"))
TREES = {"tree": (100_000_000, 270), "small": (8_000_000, 4000)}  # bytes, files


class Scan:
    """Every count is held against what was planted: an engine that finds nothing is not fast."""

    timeout = 300
    rounds, number, repeat, warmup_time = 4, 1, (5, 10, 1.0), 0.2

    def setup_cache(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """The folder of each tree and what was planted there. The trees stay for the next commit, and the next run."""
        made = {}
        for name, (size, files) in TREES.items():
            folder = FOLDER / f"tree-{size}-{files}"
            made[name] = (str(folder), sample_logs.build(folder, size, files))
        return made

    def setup(self, made: dict[str, tuple[str, dict[str, Any]]]) -> None:
        if not hasattr(fastcore, "scan"):
            raise NotImplementedError("this commit has no scan")  # asv then has no value for it

    def scan(self, where: tuple[str, dict[str, Any]], query: str, matches: int) -> None:
        found = fastcore.scan(where[0], query, threads=2, limit=50).stats.matches
        if found != matches:
            raise AssertionError(f"{query!r}: found {found}, planted are {matches}")

    def time_rare(self, made: dict[str, tuple[str, dict[str, Any]]]) -> None:
        self.scan(made["tree"], sample_logs.RARE, records_of(made["tree"], sample_logs.RARE))

    def time_common(self, made: dict[str, tuple[str, dict[str, Any]]]) -> None:
        self.scan(made["tree"], sample_logs.COMMON, records_of(made["tree"], sample_logs.COMMON))

    def time_common_uncounted(self, made: dict[str, tuple[str, dict[str, Any]]]) -> None:
        """The newest records alone: most lines are too old and need no parsing."""
        try:
            hits = fastcore.scan(made["tree"][0], sample_logs.COMMON, threads=2, limit=50, count=False)
        except TypeError:
            raise NotImplementedError("this commit counts always") from None
        if len(hits) != 50 or hits.stats.matches is not None:
            raise AssertionError(f"found {len(hits)}")

    def time_no_literal(self, made: dict[str, tuple[str, dict[str, Any]]]) -> None:
        """What is not there is no help to a filter: every line is parsed."""
        others = made["tree"][1]["records"] - records_of(made["tree"], sample_logs.RARE)
        self.scan(made["tree"], f"-{sample_logs.RARE}", others)

    def time_many_small_files(self, made: dict[str, tuple[str, dict[str, Any]]]) -> None:
        self.scan(made["small"], sample_logs.RARE, records_of(made["small"], sample_logs.RARE))

    def track_peak_memory(self, made: dict[str, tuple[str, dict[str, Any]]]) -> int:
        """Of a process of its own: what asv's peakmem sees may be the memory of the process that forked this one."""
        folder, planted = made["tree"]
        matches, peak, _ = compare_scan.peak([Path(folder)], sample_logs.COMMON)
        if matches != planted["planted"][sample_logs.COMMON]["records"]:
            raise AssertionError(f"found {matches}")
        return peak

    track_peak_memory.unit = "bytes"  # type: ignore[attr-defined]


def records_of(where: tuple[str, dict[str, Any]], word: str) -> int:
    """How many records of a tree hold the planted word."""
    return int(where[1]["planted"][word]["records"])

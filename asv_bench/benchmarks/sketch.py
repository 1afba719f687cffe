"""An opened corpus with sketches: making them, and words that they deny."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
import sample_logs

import fastcore

FOLDER = Path(os.environ.get("FASTCORE_COMPARE_DIR") or os.path.expanduser("~/.cache/fastcore-compare"))
SIZE, FILES = 100_000_000, 270


class Sketch:
    """Every count is held against what was planted."""

    timeout = 300
    rounds, number, repeat, warmup_time = 4, 1, (5, 10, 1.0), 0.2

    def setup_cache(self) -> tuple[str, dict[str, Any]]:
        folder = FOLDER / f"tree-{SIZE}-{FILES}"
        return str(folder), sample_logs.build(folder, SIZE, FILES)

    def setup(self, made: tuple[str, dict[str, Any]]) -> None:
        if not hasattr(getattr(fastcore, "Corpus", None), "build_sketch"):
            raise NotImplementedError("this commit has no sketches")  # asv then has no value for it
        self.corpus = fastcore.Corpus(made[0])
        self.corpus.build_sketch(threads=2)

    def teardown(self, made: tuple[str, dict[str, Any]]) -> None:
        if hasattr(self, "corpus"):
            self.corpus.close()

    def scan(self, word: str, matches: int) -> int:
        stats = self.corpus.scan(word, threads=2).stats
        if stats.matches != matches:
            raise AssertionError(f"{word!r}: found {stats.matches}, planted are {matches}")
        return stats.bytes

    def time_rare(self, made: tuple[str, dict[str, Any]]) -> None:
        self.scan(sample_logs.RARE, made[1]["planted"][sample_logs.RARE]["records"])

    def time_absent(self, made: tuple[str, dict[str, Any]]) -> None:
        self.scan("xylophone", 0)

    def time_build(self, made: tuple[str, dict[str, Any]]) -> None:
        with fastcore.Corpus(made[0]) as corpus:
            corpus.build_sketch(threads=2)
            if corpus.stats.sketches != corpus.stats.blocks:
                raise AssertionError(f"{corpus.stats.sketches} of {corpus.stats.blocks} blocks have a sketch")

    def track_bytes_searched(self, made: tuple[str, dict[str, Any]]) -> int:
        return self.scan("xylophone", 0)

    track_bytes_searched.unit = "bytes"  # type: ignore[attr-defined]

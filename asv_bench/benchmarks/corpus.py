"""An opened corpus asked again and again: opening, words, the newest by facts, a refresh, a query that grows."""

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
RARE, COMMON = sample_logs.RARE, sample_logs.COMMON
Made = tuple[str, dict[str, Any]]


class Corpus:
    """Every count is held against what was planted: an engine that finds nothing is not fast. What sketches cost and
    save is in sketch.py."""

    timeout = 300
    rounds, number, repeat, warmup_time = 4, 1, (5, 10, 1.0), 0.2

    def setup_cache(self) -> Made:
        """The tree stays for the next commit, and the next run."""
        folder = FOLDER / f"tree-{SIZE}-{FILES}"
        return str(folder), sample_logs.build(folder, SIZE, FILES)

    def setup(self, made: Made) -> None:
        if not hasattr(getattr(fastcore, "Corpus", None), "build_facts"):
            raise NotImplementedError("this commit has no corpus with facts")  # asv then has no value for it
        self.corpus = fastcore.Corpus(made[0], sketch=False)
        self.corpus.build_facts(threads=2)
        self.newest = list(fastcore.scan(made[0], COMMON, threads=2, limit=50))
        self.last = self.corpus.scan(RARE[:-1], threads=2, limit=50, slot="box").stats.matches

    def teardown(self, made: Made) -> None:
        if hasattr(self, "corpus"):
            self.corpus.close()

    def scan(self, made: Made, word: str, **options: Any) -> fastcore.Hits:
        hits = self.corpus.scan(word, threads=2, limit=50, **options)
        planted = made[1]["planted"][word]["records"]
        if hits.stats.matches not in (None, planted):
            raise AssertionError(f"{word!r}: found {hits.stats.matches}, planted are {planted}")
        return hits

    def time_open(self, made: Made) -> None:
        with fastcore.Corpus(made[0]) as corpus:
            if corpus.stats.mapped != FILES:
                raise AssertionError(f"{corpus.stats.mapped} files of {FILES} are mapped")

    def time_rare(self, made: Made) -> None:
        self.scan(made, RARE)

    def time_common(self, made: Made) -> None:
        self.scan(made, COMMON)

    def time_common_uncounted(self, made: Made) -> None:
        """The newest records alone: facts say which blocks are too old."""
        if list(self.scan(made, COMMON, count=False)) != self.newest:
            raise AssertionError("other hits than the newest that a scan has")

    def time_build_facts(self, made: Made) -> None:
        with fastcore.Corpus(made[0]) as corpus:
            corpus.build_facts(threads=2)
            if corpus.stats.facts != corpus.stats.blocks or corpus.stats.blocks < FILES:
                raise AssertionError(f"facts of {corpus.stats.facts} blocks of {corpus.stats.blocks}")

    def time_refresh(self, made: Made) -> None:
        """Of files that have not changed."""
        if self.corpus.refresh() != fastcore.Changes(0, 0, 0, 0, 0):
            raise AssertionError("nothing has changed")

    def time_one_more_letter(self, made: Made) -> None:
        """Of a word that is typed: the letter before is asked again first, for the slot to go on from."""
        if self.corpus.scan(RARE[:-1], threads=2, limit=50, slot="box").stats.matches != self.last:
            raise AssertionError(f"{RARE[:-1]!r}: not {self.last} matches")
        self.scan(made, RARE, slot="box")

    def track_bytes_uncounted(self, made: Made) -> int:
        """What facts leave to be looked at of the files."""
        return self.scan(made, COMMON, count=False).stats.bytes

    track_bytes_uncounted.unit = "bytes"  # type: ignore[attr-defined]

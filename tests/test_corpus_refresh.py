"""What `Corpus.refresh` takes a file for: grown, replaced or the same; what was learnt of it goes with that."""

from __future__ import annotations

import mmap
import os
import time
from pathlib import Path

import pytest
from test_corpus import append, line, same

import fastcore

pytestmark = pytest.mark.native

SINCE = "2024-05-01T10:20:00"


def write(path: Path, numbers: range, text: str = "needle") -> bytes:
    content = b"".join(line(number, text) for number in numbers)
    path.write_bytes(content)
    return content


def check(folder: Path, corpus: fastcore.Corpus) -> None:
    """Facts, names and sketches of the corpus are of what stands there."""
    for question in ({"query": "role:user needle"}, {"query": "other", "since": SINCE}, {"query": "porcelain"}):
        same(fastcore.scan(folder, limit=None, **question), corpus.scan(limit=None, **question), exact=False)


def test_a_rewrite_whose_time_was_set_back(tmp_path: Path) -> None:
    """The same size, the same end, the same time of modification: the time of the change itself tells."""
    path = tmp_path / "a.jsonl"
    content = write(path, range(20_000))
    os.utime(path, ns=(10**18, 10**18))
    with fastcore.Corpus(tmp_path, sketch=True) as corpus:
        corpus.build_facts()
        check(tmp_path, corpus)
        with path.open("r+b") as file:
            file.seek(content.index(b"needle 9000"))
            file.write(b"porcel")
        os.utime(path, ns=(10**18, 10**18))
        assert corpus.refresh() == fastcore.Changes(0, 0, 1, 0, 0)
        check(tmp_path, corpus)


@pytest.mark.parametrize("learnt", ["times", "names", "sketch", "disk"])
@pytest.mark.parametrize("grows", [False, True])
def test_bytes_that_changed_unseen(learnt: str, grows: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through a mapping that is written already a file changes without any of its times doing so."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "logs"
    folder.mkdir()
    path = folder / "a.jsonl"
    content = write(path, range(20_000))
    write(folder / "b.jsonl", range(100))
    at = content.index(b"needle 9000")
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapping:
        mapping[at] = content[at]
        if learnt == "disk":
            time.sleep(2.1)  # what has just been changed is not kept
            with fastcore.Corpus(folder, facts="disk") as corpus:
                corpus.build_facts()
        with fastcore.Corpus(folder, facts="disk" if learnt == "disk" else True) as corpus:
            if learnt == "sketch":
                corpus.build_sketch()
            elif learnt == "names":
                corpus.scan("role:user")
            else:
                corpus.scan("needle", since=SINCE)
            mapping[at : at + 6] = b"porcel"
            if grows:
                append(path, line(1))
            told = corpus.refresh(verify=True)
            assert (told.added, told.replaced, told.removed, told.truncated) == (0, 1, 0, 0)
            assert corpus.stats.facts == corpus.stats.sketches == 0
            check(folder, corpus)
            assert corpus.refresh(verify=True) == fastcore.Changes(0, 0, 0, 0, 0)
            check(folder, corpus)


def test_what_nobody_learnt_of_cannot_be_compared(tmp_path: Path) -> None:
    """But then nothing of it is known that could be wrong."""
    path = tmp_path / "a.jsonl"
    content = write(path, range(20_000))
    at = content.index(b"needle 9000")
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapping:
        mapping[at] = content[at]
        with fastcore.Corpus(tmp_path) as corpus:
            assert corpus.scan("porcelain").stats.matches == 0
            mapping[at : at + 9] = b"porcelain"
            corpus.refresh(verify=True)
            assert corpus.scan("porcelain").stats.matches == 1
            check(tmp_path, corpus)


@pytest.mark.parametrize("looks", [1, 2])
@pytest.mark.parametrize("scanned", [False, True])
def test_a_rewrite_behind_growth_that_nobody_read(looks: int, scanned: bool, tmp_path: Path) -> None:
    """What was learnt before a file grew is compared with what it is when it is used, however often it grew since."""
    path = tmp_path / "a.jsonl"
    write(path, range(20_000))
    with fastcore.Corpus(path, sketch=True) as corpus:
        corpus.build_facts()
        corpus.build_sketch()
        for number in range(looks):
            append(path, line(number))
            assert corpus.refresh().grown == 1
        # A longer text in the file's place, of other times.
        path.write_bytes(b"".join(line(number + 1234, "porcelain other") for number in range(30_000)))
        if scanned:
            assert corpus.scan("porcelain", limit=0).stats.matches is not None
            append(path, line(7, "other"))
        corpus.refresh()
        check(path, corpus)

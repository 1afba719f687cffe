"""`Corpus`: the very answers of `scan`, whatever happens to the files between and during scans."""

from __future__ import annotations

import os
import pickle
import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
import strategies
from hypothesis import given, settings
from scale import scaled

import fastcore

pytestmark = pytest.mark.native

SIZES = ["64", "257", "4096", "65536", "1048576"]
QUERIES = ["task", "zq9", "-task", "Kiosk OR alpha", "", "role:user", "type:summary task", "日本", "k"]


def line(number: int, text: str = "needle") -> bytes:
    stamp = f"2024-05-01T10:{number // 60 % 60:02}:{number % 60:02}Z"
    record = f'{{"type":"user","message":{{"role":"user","content":"{text} {number}"}},"timestamp":"{stamp}"}}\n'
    return record.encode()


def same(one: fastcore.Hits, other: fastcore.Hits, exact: bool = True) -> None:
    """Both scans found the same."""
    assert [(hit.path, hit.line, hit.offset, hit.time_ns, hit.raw) for hit in one] == [
        (hit.path, hit.line, hit.offset, hit.time_ns, hit.raw) for hit in other
    ]
    assert one.stats.matches == other.stats.matches
    assert one.tails == other.tails
    if exact:
        assert one.errors == other.errors
        names = ["files", "files_failed", "lines", "blank", "errors", "tail"]
        if one.stats.matches is not None:  # else lines may be left unparsed
            names += ["skipped", "records", "candidates"]
        assert [getattr(one.stats, name) for name in names] == [getattr(other.stats, name) for name in names]


def question(rnd: random.Random) -> dict[str, Any]:
    moments = [None, None, None, *strategies.TIMES[:6]]
    limit = rnd.choice([None, None, 0, 1, 3])
    return {
        "query": rnd.choice(QUERIES),
        "order": rnd.choice(["newest", "oldest", "file"]),
        "limit": limit,
        "count": limit == 0 or rnd.random() < 0.5,
        "since": rnd.choice(moments),
        "until": rnd.choice(moments),
        "validate": rnd.choice(["candidates", "candidates", "all"]),
        "max_line": rnd.choice([64 << 20, 64 << 20, 300]),
        "threads": rnd.choice([1, 2]),
    }


def disturb(rnd: random.Random, folder: Path, paths: list[Path]) -> None:
    """Something that happens to files between two looks at them."""
    path = rnd.choice(paths)
    event = rnd.choice(["append", "append", "append", "cut", "rewrite", "replace", "remove", "new", "touch", "folder"])
    content = path.read_bytes() if path.is_file() else b""
    if event == "new" or not path.is_file():
        if path.is_dir():
            path.rmdir()
        path.write_bytes(strategies.log(rnd, False))
    elif event == "append":
        with path.open("ab") as file:
            file.write(strategies.log(rnd, False)[rnd.choice([0, 0, 3]) :])
    elif event == "cut":
        os.truncate(path, rnd.randrange(len(content) + 1))
    elif event == "rewrite":
        path.write_bytes(bytes(reversed(content)) if rnd.random() < 0.3 else content.replace(b"task", b"zq9k"))
    elif event == "replace":
        (folder / "part").write_bytes(strategies.log(rnd, False))
        (folder / "part").rename(path)
    elif event == "touch":
        os.utime(path, ns=(1, rnd.randrange(2**60)))
    elif event in ("remove", "folder"):
        path.unlink()
        if event == "folder":
            path.mkdir()


@settings(max_examples=scaled(150))
@given(strategies.randoms())
def test_a_corpus_answers_as_a_scan_does(rnd: random.Random) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        paths = [folder / f"{number}.jsonl" for number in range(rnd.choice([1, 2, 9]))]
        for path in paths:
            path.write_bytes(strategies.log(rnd, False))
        sizes = ("FASTCORE_CHUNK", "FASTCORE_SPAN", "FASTCORE_BLOCK")
        patch.setenv("FASTCORE_BLOCK", rnd.choice(SIZES))
        facts = rnd.random() < 0.5
        with fastcore.Corpus(folder, facts=facts) as corpus:
            for _ in range(rnd.choice([1, 3, 5])):
                for _ in range(3):
                    for size in sizes[:2]:
                        patch.setenv(size, rnd.choice(SIZES))
                    asked = question(rnd)
                    same(fastcore.scan(folder, **asked), corpus.scan(**asked), exact=not facts)
                disturb(rnd, folder, paths)
                corpus.refresh()


def test_changes_are_told_and_seen_only_by_a_refresh(tmp_path: Path) -> None:
    for name in "abcdef":
        (tmp_path / f"{name}.jsonl").write_bytes(b"".join(map(line, range(20))))
    with fastcore.Corpus(tmp_path) as corpus:
        before = corpus.scan("needle", limit=None)
        with (tmp_path / "a.jsonl").open("ab") as file:
            file.write(line(20))
        (tmp_path / "c.jsonl").unlink()
        (tmp_path / "part").write_bytes(line(7))
        (tmp_path / "part").rename(tmp_path / "d.jsonl")
        (tmp_path / "g.jsonl").write_bytes(line(8))
        same(before, corpus.scan("needle", limit=None))
        os.truncate(tmp_path / "b.jsonl", len(line(0)) * 3)
        assert [error.reason for error in corpus.scan("needle").errors] == [f"truncated at byte {len(line(0)) * 3}"]
        assert corpus.refresh() == fastcore.Changes(1, 1, 1, 1, 1)
        assert corpus.refresh() == fastcore.Changes(0, 0, 0, 0, 0)
        same(fastcore.scan(tmp_path, "needle", limit=None), corpus.scan("needle", limit=None))
        assert corpus.stats.files == 6 == corpus.stats.mapped


def test_what_was_appended_to_an_unfinished_line_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    content = b"".join(line(number, "needle") for number in range(12))
    path.write_bytes(b"")
    with fastcore.Corpus(path) as corpus:
        for end in range(0, len(content) + 1, 7):
            path.write_bytes(content[:end]) if end == 0 else append(path, content[end - 7 : end])
            corpus.refresh()
            hits = corpus.scan("needle", limit=None, order="file")
            same(fastcore.scan(path, "needle", limit=None, order="file"), hits)
            assert len(hits) in (content[:end].count(b"\n"), content[:end].count(b"\n") + 1)


def append(path: Path, more: bytes) -> None:
    with path.open("ab") as file:
        file.write(more)


def test_a_closed_corpus_says_so(tmp_path: Path) -> None:
    corpus = fastcore.Corpus(tmp_path)
    assert repr(corpus) == "<Corpus: 0 files, 0 bytes>"
    corpus.close()
    corpus.close()
    for ask in (corpus.scan, corpus.refresh, corpus.__enter__, lambda: corpus.stats, lambda: corpus.nbytes):
        with pytest.raises(ValueError, match="closed"):
            ask()
    assert repr(corpus) == "<Corpus: closed>"


def test_what_is_no_path_is_refused(tmp_path: Path) -> None:
    for wrong in (b"a.jsonl", [b"{}"], [3], 3):
        with pytest.raises(TypeError):
            fastcore.Corpus(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        pickle.dumps(fastcore.Corpus(tmp_path))
    with pytest.raises(TypeError, match="wanted a path, not bytes"):
        fastcore.Corpus(b"a.jsonl")  # type: ignore[arg-type]


def test_without_paths_it_holds_the_users_own_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "projects" / "a").mkdir(parents=True)
    (tmp_path / "projects" / "a" / "1.jsonl").write_text('{"type":"user","message":{"content":"needle"}}\n')
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path))
    with fastcore.Corpus() as corpus:
        assert corpus.scan("needle").stats.matches == fastcore.scan(None, "needle").stats.matches == 1

"""The JSON test suite: what must be accepted and refused, and that a bad line never costs its neighbours."""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path

import oracles
import pytest

import fastcore
from fastcore import query as q
from fastcore._native.scan import Plan, decode

pytestmark = pytest.mark.native

SHIPPED = Path(__file__).parent / "data" / "json-test-suite"
GIVEN = Path(os.environ.get("FASTCORE_DATA", SHIPPED.parent)) / SHIPPED.name
FOLDER = GIVEN if GIVEN.is_dir() else SHIPPED
CASES = {path.name: path.read_bytes() for path in sorted(FOLDER.glob("*.json"))}
# A newline at a case's end is no part of what it says.
LINES = {name: case.removesuffix(b"\n") for name, case in CASES.items() if b"\n" not in case.removesuffix(b"\n")}
GOOD = b'{"type":"user","message":{"content":"needle"}}'


def wrapped(case: bytes) -> bytes:
    return b'{"type":"user","x":' + case + b',"message":{"role":"user","content":"a needle"}}'


def judged() -> list[str]:
    return [name for name in LINES if name[0] in "yn"]


def test_the_suite_is_whole() -> None:
    print(f"JSON test suite: {FOLDER}")
    assert len(CASES) == 318
    assert len(judged()) == 278


@pytest.mark.parametrize("name", judged())
def test_wrapped(name: str) -> None:
    content = b"\n".join([GOOD, wrapped(LINES[name]), GOOD, b""])
    hits = fastcore.scan(content, "needle", validate="all", order="file")
    assert hits.stats.records == (3 if name[0] == "y" else 2)
    assert hits.stats.errors == (0 if name[0] == "y" else 1)
    assert [hit.line for hit in hits] == ([1, 2, 3] if name[0] == "y" else [1, 3])
    assert [error.line for error in hits.errors] == ([] if name[0] == "y" else [2])


@pytest.mark.parametrize("name", [name for name in LINES if name[0] == "i"])
def test_wrapped_as_the_oracle_says(name: str) -> None:
    """What the suite leaves open is settled: sizes are never judged, lone surrogates are read, bad UTF-8 is not."""
    content = b"\n".join([GOOD, wrapped(LINES[name]), GOOD])
    expected = oracles.scan([("<memory>", content, None)], order="file")
    hits = fastcore.scan(content, "needle", validate="all", order="file")
    assert [hit.line for hit in hits] == [hit.line for hit in expected.hits]


@pytest.mark.parametrize("validate", ["candidates", "all"])
@pytest.mark.parametrize("query", ["", "a", "é", "-a"])
def test_raw_files(query: str, validate: str) -> None:
    """Every file as it is: no crash, nothing lost, and under "all" the oracle's answer."""
    tree = q.parse(query)
    for name, content in CASES.items():
        hits = fastcore.scan(FOLDER / name, query, validate=validate)
        expected = oracles.scan([(str(FOLDER / name), content, hits[0].time_ns // 1000 if hits else None)], tree)
        stats, counts = hits.stats, expected.counts
        if validate == "all":
            assert [hit.raw for hit in hits] == [hit.raw for hit in expected.hits], name
            assert [(e.path, e.line, e.offset, e.excerpt) for e in hits.errors] == expected.errors, name
            found = (stats.lines, stats.blank, stats.records, stats.errors, stats.tail)
            assert found == tuple(counts[kind] for kind in ("lines", "blank", "record", "error", "tail")), name
        if stats.lines is not None:
            assert stats.records + stats.errors + stats.blank + stats.tail == stats.lines == counts["lines"], name


@pytest.mark.parametrize("name", sorted(CASES))
def test_raw_bytes_as_a_line(name: str) -> None:
    plan = Plan([("text", "needle")])
    for line in (CASES[name], wrapped(CASES[name])):
        plan.is_candidate(line)
        matched = plan.matches(line, check_all=True)
        assert matched in (None, plan.matches(line))
        if matched is not None:
            decode(line)


def test_chunks_and_threads_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine files, so that a pool is worth it; every case between good lines, the long ones too."""
    files = []
    for number in range(9):
        lines = [line for case in list(LINES.values())[number::9] for line in (wrapped(case), GOOD)]
        content = b"\r\n".join([GOOD, *lines]) + (b"\n" if number % 2 else b'\n{"type":"us')
        path = tmp_path / f"{number}.jsonl"
        path.write_bytes(content)
        files.append((str(path), content, path.stat().st_mtime_ns // 1000))
    expected = oracles.scan(files, order="file")
    wanted = [(hit.path, hit.line, hit.offset, hit.raw) for hit in expected.hits]
    for chunk, threads in product([64, 257, 64 << 10, 256 << 10], [1, 2, 4]):
        monkeypatch.setenv("FASTCORE_CHUNK", str(chunk))
        monkeypatch.setenv("FASTCORE_SPAN", str(chunk))
        hits = fastcore.scan([tmp_path], "needle", validate="all", order="file", limit=None, threads=threads)
        assert [(hit.path, hit.line, hit.offset, hit.raw) for hit in hits] == wanted, (chunk, threads)
        assert [(error.path, error.line, error.offset, error.excerpt) for error in hits.errors] == expected.errors
        assert [(tail.path, tail.offset) for tail in hits.tails] == expected.tails
        stats = hits.stats
        assert stats.records + stats.errors + stats.blank + stats.tail == stats.lines == expected.counts["lines"]
        assert stats.skipped == 0

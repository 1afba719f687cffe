"""The JSON test suite: every single-line case inside a record between two good lines, and every file by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

import fastcore

pytestmark = pytest.mark.native

SUITE = Path(__file__).parent / "data" / "json-test-suite"
CASES = sorted(path for path in SUITE.glob("*.json"))
GOOD = b'{"type":"user","message":{"role":"user","content":"needle"}}\n'


def single_line(path: Path) -> bytes | None:
    """The case without its final newlines; None if one is left, which would end the line."""
    case = path.read_bytes().rstrip(b"\n")
    return None if b"\n" in case else case


def test_the_suite_is_whole() -> None:
    assert len(CASES) == 318
    assert sum(single_line(path) is not None for path in CASES if path.name[0] in "yn") == 278


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_wrapped(path: Path) -> None:
    case = single_line(path)
    if case is None:
        pytest.skip("a raw newline ends a line of JSON Lines")
    wrapped = b'{"type":"user","x":' + case + b',"message":{"role":"user","content":"needle"}}\n'
    stats = fastcore.scan(GOOD + wrapped + GOOD, "needle", validate="all").stats
    expected = {"y": [(3, 0)], "n": [(2, 1)], "i": [(3, 0), (2, 1)]}[path.name[0]]
    assert (stats.records, stats.errors) in expected
    assert stats.matches == stats.records


@pytest.mark.parametrize("validate", ["candidates", "all"])
def test_raw_files_never_crash(validate: str) -> None:
    for path in CASES:
        for query in ("", "a", "é"):
            hits = fastcore.scan(path, query, validate=validate)
            assert hits.stats.records + hits.stats.errors + hits.stats.tail >= 0, path
            assert hits.stats.files == 1

"""The generator of sample logs: the same bytes every time, and the counts that it claims."""

from __future__ import annotations

import hashlib
from pathlib import Path

import oracles
import pytest

import fastcore

BENCH = Path(__file__).resolve().parents[1] / "asv_bench"
pytestmark = pytest.mark.skipif(not BENCH.exists(), reason="needs the source tree")


def digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*.jsonl")):
        found.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return found.hexdigest()


def test_the_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCH))
    import sample_logs

    made = sample_logs.build(tmp_path / "a", 4_000_000, 60)
    again = sample_logs.build(tmp_path / "b", 4_000_000, 60)
    assert made == again
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    assert sample_logs.build(tmp_path / "a", 4_000_000, 60) == made

    records = [
        oracles.fields(record)
        for path in (tmp_path / "a").rglob("*.jsonl")
        for *_, record in oracles.lines_of(path.read_bytes())
        if record is not None
    ]
    assert len(records) == made["records"]
    assert {record["type"] for record in records} >= {
        "user",
        "assistant",
        "system",
        "summary",
        "attachment",
        "progress",
    }
    for word, planted in made["planted"].items():
        needle = oracles.fold_text(word, False)
        assert sum(needle in oracles.fold_text(record["text"], False) for record in records) == planted["records"], word
        hits = fastcore.scan(tmp_path / "a", f'"{word}"', limit=1)
        assert hits.stats.matches == planted["records"]
    raw = b"".join(path.read_bytes() for path in (tmp_path / "a").rglob("*.jsonl")).lower().split(b"\n")
    common = sample_logs.COMMON
    assert sum(common.encode() in line for line in raw) == made["planted"][common]["lines"]
    assert made["planted"][common]["records"] in range(made["records"] // 2, made["records"] // 2 + 3)

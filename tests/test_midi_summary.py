"""`fastcore.midi.summarize` against counting by hand."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastcore
from fastcore import midi
from fastcore._native.midi import KEYS

TYPES = {
    "path": "text", "status": "text", "code": "text?", "warnings": "list[text]?", "bpm": "float64?", "key": "text?",
    "note_hash": "text?",
}  # fmt: skip
ROWS = st.fixed_dictionaries(
    {
        "path": st.text(max_size=2),
        "status": st.sampled_from(["ok", "damaged", "error"]),
        "code": st.sampled_from([None, "gzip", "html"]),
        "warnings": st.none() | st.lists(st.sampled_from(["padding", "riff_size"]), max_size=2),
        "bpm": st.none() | st.floats(1, 500) | st.sampled_from([10.0, 119.99, 120.0, 6e7]),
        "key": st.none() | st.sampled_from(KEYS),
        "note_hash": st.none() | st.sampled_from(["0a", "0b", "0c"]),
    }
)


def table_of(rows: list[dict[str, Any]]) -> fastcore.Table:
    return fastcore.Table({name: [row[name] for row in rows] for name in TYPES}, types=TYPES)


def counts(values: list[Any]) -> dict[Any, int]:
    return {value: values.count(value) for value in values if value is not None}


@given(st.lists(ROWS, max_size=30), st.integers(1, 10))
def test_counts(rows: list[dict[str, Any]], size: int) -> None:
    summary = midi.summarize(table_of(rows))
    assert summary == midi.summarize(table_of(rows[at : at + size]) for at in range(0, len(rows), size))
    assert summary.files == len(rows)
    assert summary.status == counts([row["status"] for row in rows])
    assert summary.codes == counts([row["code"] for row in rows])
    damaged = [row["warnings"] or [] for row in rows if row["status"] == "damaged"]
    assert summary.warnings == counts([name for names in damaged for name in names])
    assert summary.keys == counts([row["key"] for row in rows])
    assert list(summary.keys) == [key for key in KEYS if key in summary.keys]
    steps = [None if row["bpm"] is None else int(row["bpm"] / 10) * 10 for row in rows]
    assert {step: count for step, count in summary.tempi.items() if count} == counts(steps)
    assert list(summary.tempi) == sorted(summary.tempi)
    told = [step for step in summary.tempi if step <= 400]
    assert told == list(range(told[0], told[-1] + 1, 10)) if told else True
    assert summary.tempo_unknown == steps.count(None)
    assert summary.key_unknown == [row["key"] for row in rows].count(None)
    groups: dict[str, list[str]] = {}
    for row in rows:
        if row["note_hash"] is not None:
            groups.setdefault(row["note_hash"], []).append(row["path"])
    wanted = sorted(
        ((name, tuple(paths)) for name, paths in groups.items() if len(paths) > 1), key=lambda g: -len(g[1])
    )
    assert list(summary.duplicates) == wanted
    assert pickle.loads(pickle.dumps(summary)) == summary


def test_a_column_that_lacks() -> None:
    with pytest.raises(KeyError, match="note_hash"):
        midi.summarize(midi.analyze_many([], columns=["path", "status", "code", "warnings", "bpm", "key"]))

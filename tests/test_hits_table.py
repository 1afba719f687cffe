"""Hits as columns, and to Arrow's consumers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import arro3.core as arro3
import pytest

import fastcore
from fastcore import _hits, _hits_table

LOG = b"""{"type":"user","message":{"role":"user","content":"hello \\u00e9 hello"},"timestamp":"2024-05-01T00:00:01Z"}
{"type":"assistant","uuid":"u","sessionId":"s","cwd":"/src","gitBranch":"main","message":{"role":"assistant","model":\
"m","content":[{"type":"text","text":"hello"},{"type":"tool_use","name":"Bash"},{"type":"tool_use","name":"Read"}]}}
{"type":"user","message":{"content":"hello \\ud800"},"timestamp":"2300-01-01T00:00:00Z"}
""".replace(b"\\\n", b"")


def as_rows(source: Any) -> list[dict[str, Any]]:
    """What arro3 reads, row by row."""
    table = arro3.Table.from_arrow(source)
    columns = [[value.as_py() for value in table.column(i)] for i in range(table.num_columns)]
    return [dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]


def expected(hit: fastcore.Hit) -> dict[str, Any]:
    """The row of a hit whose path is UTF-8."""
    row = hit.to_dict()
    ns = row["time_ns"]
    row |= {"path_bytes": None, "tools": list(row["tools"]), "spans": [list(span) for span in row["spans"]]}
    return row | {"time_ns": ns if ns is None or ns < 2**63 else None}


def test_columns_and_rows() -> None:
    found = fastcore.scan(LOG, "hello", order="file")
    assert len(found) == 3
    table = found.to_table()
    assert isinstance(table, fastcore.Table)
    assert set(table.columns) == {*found[0].to_dict(), "path_bytes"}
    wanted = [expected(hit) for hit in found]
    assert table.to_dicts() == as_rows(found) == as_rows(found) == wanted
    assert [row["time_ns"] is None for row in wanted] == [False, True, True]
    assert [row["time"] is None for row in wanted] == [False] * 3  # a record without a time inherits the next one's
    assert wanted[1]["tools"] == ["Bash", "Read"] and wanted[0]["spans"] == [[0, 5], [8, 13]]
    (untimed,) = as_rows(fastcore.scan(b'{"type":"user","message":{"content":"hello"}}', "hello"))
    assert (untimed["time"], untimed["time_ns"], untimed["session"]) == (None, None, None)
    assert table["text"][2] == "hello \ufffd"
    assert as_rows(found[1:2]) == wanted[1:2]


def test_schema_without_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    found = fastcore.scan(LOG, "hello")
    monkeypatch.setattr(_hits, "decode", lambda raw: 1 / 0)
    schema = arro3.Schema.from_arrow(found)
    assert schema.names == list(_hits_table.TYPES)
    assert [field.nullable for field in schema] == [word.endswith("?") for word in _hits_table.TYPES.values()]
    assert schema == arro3.Schema.from_arrow(found[:0])
    assert as_rows(found[:0]) == []


@pytest.mark.skipif(os.fsencode("\udcff") != b"\xff", reason="needs file names of any bytes")
def test_a_path_that_is_no_utf8(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/odd\xff\\.jsonl"
    with open(name, "wb") as file:
        file.write(LOG)
    (row, *_) = as_rows(fastcore.scan(os.fsdecode(name), "hello"))
    assert row["path_bytes"] == name
    assert row["path"].endswith("/odd\\xff\\.jsonl")

"""Hits as a `Table`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastcore._table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastcore._hits import Hit

TYPES = {
    "path": "text",
    "path_bytes": "bytes?",
    "line": "int64?",
    "offset": "int64",
    "time": "time?",
    "time_ns": "int64?",
    "type": "text?",
    "role": "text?",
    "session": "text?",
    "uuid": "text?",
    "cwd": "text?",
    "branch": "text?",
    "model": "text?",
    "tools": "list[text]",
    "is_error": "bool",
    "text": "text",
    "spans": "list[list[int64]]",
}


def table(hits: Iterable[Hit]) -> Table:
    """Return the fields of all hits, each decoded, as columns."""
    rows = [_row(hit) for hit in hits]
    return Table({name: [row[name] for row in rows] for name in TYPES}, types=TYPES)


def _row(hit: Hit) -> dict[str, Any]:
    row = hit.to_dict()
    path = hit.path_bytes.decode("utf-8", "backslashreplace")
    same = path.encode() == hit.path_bytes
    ns = row["time_ns"]
    if ns is not None and not -(2**63) <= ns < 2**63:
        ns = None
    return {**row, "path": path, "path_bytes": None if same else hit.path_bytes, "time_ns": ns}

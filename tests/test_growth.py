"""A call leaves nothing behind, and Ctrl-C is answered soon: what a long-lived process asks of a library."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nanoarrow
import numpy as np
import pytest
from growth import assert_no_growth, needs_mallinfo2
from scale import SCALE, scaled

import fastcore
from fastcore import errors, query

pytestmark = pytest.mark.native

LOG = b"".join(
    b'{"type":"user","sessionId":"s%d","timestamp":"2026-01-02T03:04:%02dZ","message":'
    b'{"content":"caf\\u00e9 needle %d"}}\n' % (n, n, n)
    for n in range(9)
)


def refused(error: type[Exception], call: Callable[[], object]) -> None:
    try:
        call()
    except error:
        return
    raise AssertionError("not refused")


def calls(folder: Path) -> dict[str, Callable[[], object]]:
    """Every public function, and its ways to fail."""
    path = folder / "a.jsonl"
    path.write_bytes(LOG + b"broken needle\n")
    missing = folder / "missing"
    hits = fastcore.scan(path, "needle")
    return {
        "scan of memory": lambda: fastcore.scan(LOG, "needle -absent role:user", since="2020-01-01"),
        "scan of a file": lambda: fastcore.scan(path, "needle", order="oldest", limit=2),
        "scan without the count": lambda: fastcore.scan(path, "needle", limit=2, count=False),
        "scan with validate": lambda: fastcore.scan(path, "", validate="all", where={"session": ["s1", "s2"]}),
        "scan of a missing path": lambda: fastcore.scan(missing, "needle"),
        "scan with a bad query": lambda: refused(errors.QueryError, lambda: fastcore.scan(LOG, '"open')),
        "scan with a bad limit": lambda: refused(ValueError, lambda: fastcore.scan(LOG, "x", limit=-1)),
        "scan with a bad path": lambda: refused(TypeError, lambda: fastcore.scan(3, "x")),  # type: ignore[arg-type]
        "scan that raises OSError": lambda: refused(OSError, lambda: fastcore.scan(missing, on_error="raise")),
        "scan that raises LineError": lambda: refused(
            errors.LineError, lambda: fastcore.scan(path, validate="all", on_error="raise")
        ),
        "scan stopped by progress": lambda: refused(
            ZeroDivisionError, lambda: fastcore.scan(path, progress=lambda done, total, unit: 1 / 0)
        ),
        "scan out of time": lambda: fastcore.scan(path, "needle", timeout=0),
        "hits": lambda: [(h.text, h.spans, h.record, h.time, h.tools, repr(h)) for h in hits[1:4]],
        "hits as rows": lambda: (hits.to_dicts(), repr(hits), hits._repr_html_(), hits.stats, hits.errors),
        "hits pickled": lambda: pickle.loads(pickle.dumps(hits)),
        "query": lambda: query.parse("a (b OR -c) role:user"),
        **selections(),
        "hits to Arrow": lambda: (hits.__arrow_c_stream__(), hits.__arrow_c_schema__()),
        **{f"table {name}": call for name, call in table_calls(hits.to_table()).items()},
    }


def table_calls(table: fastcore.Table) -> dict[str, Callable[[], object]]:
    """The same of a table, and what consumers of Arrow do to it."""
    rows, types = table.to_dicts(), table.types
    columns = {name: [row[name] for row in rows] for name in table.columns}
    not_a_schema = table.__arrow_c_stream__()
    return {
        "made": lambda: fastcore.Table(columns, types=types),
        "refused": lambda: refused(ValueError, lambda: fastcore.Table({"a": [1], "b": []}, types={"b": "text"})),
        "read": lambda: (
            table["line"],
            table["text"],
            table.mask("cwd"),
            table[1],
            table[2:5],
            table[::2],
            list(table),
        ),
        "shown": lambda: (repr(table), table._repr_html_(), table == table[:], pickle.loads(pickle.dumps(table))),
        "to a consumer that reads": lambda: nanoarrow.Array(table).to_pylist(),
        "to a consumer that drops it": lambda: (table.__arrow_c_stream__(), table.__arrow_c_schema__()),
        "to a consumer that keeps a column": lambda: nanoarrow.c_array_stream(table[1:]).get_next().child(3),
        "with a bad wish": lambda: refused(TypeError, lambda: table.__arrow_c_stream__(not_a_schema)),
    }


def selections() -> dict[str, Callable[[], object]]:
    a = np.arange(3000.0) % 7
    best = fastcore.RunningTopK(10)
    best.push(a)
    return {
        "top_k": lambda: fastcore.top_k(a, 20, where=a > 1, bias=a),
        "top_k of strided rows": lambda: fastcore.top_k(a.reshape(3, 1000).T, 2, axis=0, mode="smallest"),
        "top_k of a list": lambda: fastcore.top_k([3, 1, 2], 2, sorted=False),
        "top_k with a bad k": lambda: refused(ValueError, lambda: fastcore.top_k(a, 3001)),
        "top_k with a bad mask": lambda: refused(TypeError, lambda: fastcore.top_k(a, 1, where=a)),
        "top_k with a bad bias": lambda: refused(ValueError, lambda: fastcore.top_k(a, 1, bias=a[1:])),
        "RunningTopK": lambda: (fastcore.RunningTopK(10).merge(best), best.push(a, base=7), best.result(), repr(best)),
        "RunningTopK pickled": lambda: pickle.loads(pickle.dumps(best)),
        "RunningTopK with a bad push": lambda: refused(ValueError, lambda: best.push(a, base=-1)),
    }


@needs_mallinfo2
def test_no_call_leaves_anything_behind(tmp_path: Path) -> None:
    for name, call in calls(tmp_path).items():
        assert_no_growth(name, call)


def test_ctrl_c_is_answered_soon(tmp_path: Path) -> None:
    """Prints how long it takes from the signal to the exception; that it comes at all is what is asserted."""
    (tmp_path / "a.jsonl").write_bytes(LOG * 20_000)
    code = """
import random, signal, sys, time
import fastcore
def ring(number, frame):
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, ring)
late = []
while len(late) < int(sys.argv[2]):
    after = 0.001 + random.random() * 0.05
    due = time.monotonic() + after
    signal.setitimer(signal.ITIMER_REAL, after)
    try:
        while True:
            fastcore.scan(sys.argv[1], "", validate="all", threads=2)
    except KeyboardInterrupt:
        late.append(time.monotonic() - due)
late.sort()
print(f"p50 {late[len(late) // 2] * 1e3:.1f} ms, p99 {late[len(late) * 99 // 100] * 1e3:.1f} ms")"""
    command = [sys.executable, "-c", code, str(tmp_path), str(scaled(30))]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60 * SCALE, check=False)
    assert result.returncode == 0, result.stderr
    print(result.stdout)

"""Read a `Table` and `Hits` into polars, DuckDB, pandas and pyarrow: `make compare-arrow`.

A table of a million rows with nulls in most columns and the hits of a scan are read by each library, by
`__arrow_c_stream__` and by what there is without it, lists of Python's values, in turn; the rows and values that arrive
are asserted, and the DuckDB queries' answers against NumPy's. Prints how often DuckDB asks for streams and schemas, and
the median of the ratios; keeps the samples of a whole run in asv_bench/results/compare/.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.metadata
import statistics
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pandas
import polars
import pyarrow

sys.path.insert(0, str(Path(__file__).parent))
import bars
import sampling

import fastcore

if TYPE_CHECKING:
    from collections.abc import Callable

LIBRARIES = ("polars", "duckdb", "pandas", "pyarrow")


def make_table(rows: int) -> fastcore.Table:
    n = np.arange(rows)
    columns = {
        "path": [f"songs/{i % 1000}/é{i}.mid" for i in range(rows)],
        "bpm": np.ma.MaskedArray(60 + n % 140 + 0.5, n % 7 == 0),
        "bars": np.ma.MaskedArray((n % 300).astype(np.int32), n % 5 == 0),
        "drums": n % 2 == 0,
        "mtime": np.datetime64("2024-05-01", "us") + n,
        "key": [None if i % 3 == 0 else "F# minor" for i in range(rows)],
        "programs": [list(range(i % 4)) for i in range(rows)],
    }
    return fastcore.Table(columns)


def make_hits(records: int) -> fastcore.Hits:
    lines = (
        b'{"type":"user","sessionId":"s%d","timestamp":"2026-01-02T03:04:05Z",' % (i % 9)
        + b'"message":{"content":"needle \\u00e9 %d"}}\n' % i
        for i in range(records)
    )
    return fastcore.scan(b"".join(lines), "needle", limit=None, order="file")


def readers(source: Any) -> dict[str, Callable[[], Any]]:
    """How each library reads by Arrow's protocol; DuckDB reads when it is asked, so it hands the rows on to pyarrow."""
    return {
        "polars": lambda: polars.DataFrame(source),
        "duckdb": lambda: duckdb.from_arrow(source).to_arrow_table(),
        "pandas": lambda: pandas.DataFrame.from_arrow(source),
        "pyarrow": lambda: pyarrow.table(source),
    }


def by_values(source: fastcore.Table) -> dict[str, Callable[[], Any]]:
    """How each reads without it: from lists of Python's values, column by column."""

    def lists() -> dict[str, list[Any]]:
        return {name: source._columns[name].values() for name in source.columns}

    return {
        "polars": lambda: polars.DataFrame(lists()),
        "pandas": lambda: pandas.DataFrame(lists()),
        "pyarrow": lambda: pyarrow.table(lists()),
    }


def rows_of(name: str, read: Any) -> list[dict[str, Any]]:
    """What arrived, as rows of Python's values."""
    if name == "polars":
        rows: list[dict[str, Any]] = read.to_dicts()
    elif name == "pandas":
        rows = [{key: plain(value) for key, value in row.items()} for row in read.to_dict("records")]
    else:
        rows = read.to_pylist()
    return rows


def plain(value: Any) -> Any:
    """One value of pandas, which has NaN, NaT and arrays where others have None and lists."""
    if isinstance(value, (np.ndarray, list)):
        return [plain(item) for item in value]
    if value is None or value is pandas.NaT or value != value:
        return None
    if isinstance(value, pandas.Timestamp):
        return value.to_pydatetime()
    return int(value) if isinstance(value, float) and value.is_integer() else value


def check(name: str, read: Any, wanted: list[dict[str, Any]]) -> None:
    """End the run unless the rows are those of the source."""
    found = rows_of(name, read)
    if len(found) != len(wanted):
        raise SystemExit(f"{name}: {len(found)} rows, wanted {len(wanted)}")
    for number, (row, right) in enumerate(zip(found, wanted, strict=True)):
        if utc(row) != right:
            raise SystemExit(f"{name}: row {number} is {row}, wanted {right}")


def utc(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value.astimezone(dt.UTC) if isinstance(value, dt.datetime) else value for key, value in row.items()}


class Counted:
    """A source that counts what is asked of it."""

    def __init__(self, source: Any, asked: Counter[str]) -> None:
        self.source, self.asked = source, asked

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        self.asked["streams"] += 1
        return self.source.__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        self.asked["schemas"] += 1
        return self.source.__arrow_c_schema__()


def query(table: fastcore.Table) -> Counter[str]:
    """A self-join and an aggregation, held against NumPy; returns what DuckDB asked for."""
    asked: Counter[str] = Counter()
    database = duckdb.connect()
    database.register("songs", Counted(table, asked))
    text = "select count(*), sum(a.bars), max(b.bpm) from songs a join songs b using (path)"
    (found,) = database.sql(text).fetchall()
    bars_, bpm = table["bars"], table["bpm"]
    wanted = (len(table), int(bars_.sum()), float(np.nanmax(bpm)))
    if found != wanted:
        raise SystemExit(f"duckdb: {found}, wanted {wanted}")
    return asked


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, help="where the samples go (of a whole run: into results/compare)")
    args = parser.parse_args()
    table, hits = make_table(args.rows), make_hits(20_000)
    part = table[:200_000]
    for kind, source, wanted in (("table", part, part.to_dicts()), ("hits", hits, hits.to_table().to_dicts())):
        for name, read in readers(source).items():
            check(name, read(), wanted)
        print(f"{kind}: {len(wanted):,} rows x {len(wanted[0])} columns arrive in {', '.join(LIBRARIES)}")
    asked = query(table)
    print(f"duckdb: a self-join asks for {asked['streams']} streams and {asked['schemas']} schemas")
    calls: dict[str, Callable[[], object]] = {f"{name} by Arrow": call for name, call in readers(table).items()}
    calls |= {f"{name} by values": call for name, call in by_values(table).items()}
    samples = sampling.alternate(calls, args.rounds, thrown_away=1)
    print(f"\n{args.rows:,} rows, median seconds")
    for name in LIBRARIES:
        line, arrow = f"  {name:8} {statistics.median(samples[f'{name} by Arrow']):8.4f}", samples[f"{name} by Arrow"]
        values = samples.get(f"{name} by values")
        if values is not None:
            ratio = statistics.median(v / a for v, a in zip(values, arrow, strict=True))
            line += f"   {ratio:7.1f} x as fast as by lists of values"
        print(line)
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    kept = {"machine": bars.machine() | versions, "rows": args.rows, "asked": asked, "samples": samples}
    sampling.keep("arrow", kept, args.out, args.rows == 1_000_000)
    return 0


if __name__ == "__main__":
    sys.exit(main())

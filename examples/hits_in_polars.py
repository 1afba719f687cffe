"""Count matching records a day and role with polars: `python examples/hits_in_polars.py FOLDER QUERY`."""

from __future__ import annotations

import sys
from typing import Any

import fastcore


def found(folder: str, query: str) -> fastcore.Table:
    """Return all matching records as columns, decoded once."""
    return fastcore.scan(folder, query, limit=None, order="oldest").to_table()[["time", "role", "path", "text"]]


def by_day(table: fastcore.Table) -> Any:
    """Return a data frame of how many records and files there are for each day and role."""
    import polars

    frame = polars.DataFrame(table)
    days = frame.with_columns(polars.col("time").dt.date().alias("day"))
    counts = days.group_by("day", "role").agg(polars.len().alias("records"), polars.n_unique("path").alias("files"))
    return counts.sort("day", "role", nulls_last=True)


def main() -> None:
    print(by_day(found(sys.argv[1], sys.argv[2])))


if __name__ == "__main__":
    main()

"""DuckDB and polars at the same search, on two threads, each in the fastest of the forms that were tried.

Their `records` parse each line into columns and find the records whose text holds the word, as fastcore does; their
`lines` look at the line's bytes, as ripgrep does.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import sample_logs

THREADS = 2
TEXT = ("message", "content", "summary", "attachment")  # where the records of the sample tree have their text


def glob_of(root: Path) -> str:
    return f"{root}/**/*.jsonl"


class DuckDB:
    """It passes over what is no record. ILIKE and contains(lower()) take 1.1 to 1.5 times as long as `(?i)`."""

    def __init__(self) -> None:
        import duckdb

        self.connection = duckdb.connect()
        for setting in (f"threads={THREADS}", "preserve_insertion_order=false", "enable_progress_bar=false"):
            self.connection.execute(f"SET {setting}")

    def records(self, roots: list[Path], word: str) -> int:
        """Declared as JSON, the columns take as long."""
        columns = ", ".join(f"{name}: 'VARCHAR'" for name in TEXT)
        table = f"read_json($files, format='newline_delimited', ignore_errors=true, columns={{{columns}}})"
        return self._count(table, TEXT, roots, word)

    def lines(self, roots: list[Path], word: str) -> int:
        return self._count("read_ndjson_objects($files, ignore_errors=true)", ("json::VARCHAR",), roots, word)

    def _count(self, table: str, texts: tuple[str, ...], roots: list[Path], word: str) -> int:
        matches = " OR ".join(f"regexp_matches({text}, $word)" for text in texts)
        values = {"files": [glob_of(root) for root in roots], "word": f"(?i){word}"}
        found = self.connection.execute(f"SELECT count(*) FROM {table} WHERE {matches}", values).fetchone()
        assert found is not None
        return int(found[0])


class Polars:
    """It refuses a file with a byte order mark or a broken line, whatever `ignore_errors` says, and lines that are not
    UTF-8: it gets `mended` files. `contains_any` is no faster, `low_memory` and `batch_size` change nothing."""

    def __init__(self) -> None:
        os.environ["POLARS_MAX_THREADS"] = str(THREADS)  # read when it is imported
        import polars

        self.polars: Any = polars

    def records(self, roots: list[Path], word: str) -> int:
        pl = self.polars
        rows = pl.scan_ndjson([glob_of(root) for root in roots], schema=dict.fromkeys(TEXT, pl.String))
        return self._count(rows, TEXT, word)

    def lines(self, roots: list[Path], word: str) -> int:
        return self._count(self.polars.scan_lines([glob_of(root) for root in roots]), ("line",), word)

    def _count(self, rows: Any, texts: tuple[str, ...], word: str) -> int:
        pl = self.polars
        matching = rows.filter(pl.any_horizontal(pl.col(text).str.contains(f"(?i){word}") for text in texts))
        return int(matching.select(pl.len()).collect(engine="streaming").item())


def mended(tree: Path, copy: Path) -> Path:
    """Copy a tree without its byte order marks and without what is no record; a copy that stands is left alone."""
    import orjson

    if not copy.exists():
        unfinished = copy.with_suffix(".part")
        for path in tree.rglob("*.jsonl"):
            target = unfinished / path.relative_to(tree)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(b"".join(whole(path.read_bytes(), orjson.loads)))
        unfinished.rename(copy)
    return copy


def whole(content: bytes, loads: Any) -> list[bytes]:
    """The lines that are records."""
    lines = []
    for line in content.removeprefix(sample_logs.BOM).split(b"\n"):
        try:
            if isinstance(loads(line), dict):
                lines.append(line + b"\n")
        except ValueError:
            continue
    return lines

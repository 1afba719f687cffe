"""The formats of `fastcore midi` for programs: `json`, `jsonl`, `csv` and `tsv`, always in UTF-8. Their schema is 1.

`json` is one object: schema (1), rows (a list of objects, one a file, written as they come), errors (what is not there
or could not be listed). `jsonl` is one row a line, each with schema (1) in front, and a last line of schema and stats;
errors are failures, one a line on standard error. Rows are in the order in which the files are met.

A row: the columns below, or those of --columns, in order, by name, and, only where path is not the name itself (bytes
that are no UTF-8 are `\\xff` in it), path_bytes (list of integers) behind them. What a file does not say is null.
Stats: files (integer), errors (integer).
An error: path (string), errno (integer), reason (string), and path_bytes as in a row.
A failure: kind (the exception's class), message (string), hint, path (string or null), line, offset (integer or null).

`csv` and `tsv` are a line of column names and one line a file. What is null is empty, true and false are written so,
lists are JSON. `csv` quotes what holds a comma, a quote or a line's end, and doubles quotes; in `tsv` backslash, tab,
newline and carriage return are written `\\\\ \\t \\n \\r`.

`json` and `jsonl` of --summary are the same one object on one line: schema (1), summary, errors (list).
A summary: files, tempo_unknown, key_unknown (integers), status, codes, warnings, tempi, keys (objects of integers: by
status, by code of the files without a song, by warning of the damaged ones, by the lower end of 10 BPM, by key),
duplicates (list of objects of files with equal notes: note_hash, paths).

Columns, which `python -c "help('fastcore.midi')"` explains:
"""

from __future__ import annotations

import os
import sys
from json import dumps

from fastcore.cli.formats import SCHEMA, TSV_ESCAPES, json_line, path_fields
from fastcore.cli.terminal import Painter, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from fastcore._table import Table
    from fastcore.cli.midi_run import Run

_QUOTED = frozenset(',"\n\r')


def explained() -> str:
    """The text above, and the columns with their types."""
    from fastcore.midi import analyze_many

    types = analyze_many([]).types
    width = max(map(len, types))
    return (__doc__ or "") + "".join(f"  {name:{width}}  {_kind(word)}\n" for name, word in types.items())


def _kind(word: str) -> str:
    """The type of a column in JSON's words.

    >>> _kind("int64?"), _kind("list[text]"), _kind("time")
    ('integer or null', 'list of strings', 'string like `2024-05-01T10:00:00.000000Z`')
    """
    if word.endswith("?"):
        return _kind(word[:-1]) + " or null"
    if word.startswith("list["):
        return f"list of {_kind(word[5:-1])}s"
    if word.startswith(("int", "uint")):
        return "integer"
    words = {"bool": "true or false", "text": "string", "time": "string like `2024-05-01T10:00:00.000000Z`"}
    return words.get(word, "number")


def parts(run: Run) -> Iterator[str]:
    """The rows of all files, a batch at a time."""
    if run.args.format == "json":
        return json_parts(run)
    if run.args.format == "jsonl":
        return jsonl_parts(run)
    return table_parts(run)


def json_parts(run: Run) -> Iterator[str]:
    yield f'{{"schema": {SCHEMA}, "rows": ['
    between = ""
    for paths, table in run.batches(None):
        yield (between if paths else "") + ", ".join(_json(row) for row in _rows(paths, table))
        between = ", "
    yield f'], "errors": {_json([error_of(error) for error in run.failures])}}}\n'


def jsonl_parts(run: Run) -> Iterator[str]:
    for paths, table in run.batches(None):
        yield "".join(json_line({"schema": SCHEMA, **row}) for row in _rows(paths, table))
    yield json_line({"schema": SCHEMA, "stats": {"files": run.files, "errors": len(run.failures)}})


def table_parts(run: Run) -> Iterator[str]:
    """`csv` or `tsv`, control characters visible on a terminal."""
    cell, between = (_csv_cell, ",") if run.args.format == "csv" else (_tsv_cell, "\t")
    painter = Painter(sys.stdout, color=False)
    first = True
    for paths, table in run.batches(None):
        lines = [between.join(table.columns)] if first else []
        first = False
        for row in _rows(paths, table):
            lines.append(between.join(cell(_text(row[name])) for name in table.columns))
        yield painter.clean("".join(line + "\n" for line in lines))


def _rows(paths: list[str], table: Table) -> Iterator[dict[str, Any]]:
    """The rows as JSON has them."""
    for path, row in zip(paths, table, strict=True):
        for name, value in row.items():
            if hasattr(value, "isoformat"):
                row[name] = value.isoformat(timespec="microseconds").replace("+00:00", "Z")
        if "path" in row:
            row.update(path_fields(os.fsencode(path)))
        yield row


def error_of(error: OSError) -> dict[str, Any]:
    name = os.fsencode(error.filename)
    return {"path": plain(name), "errno": error.errno, "reason": error.strerror, **path_fields(name)}


def _json(value: object) -> str:
    return json_line(value).removesuffix("\n")


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else dumps(value, ensure_ascii=False)


def _csv_cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _QUOTED.intersection(text) else text


def _tsv_cell(text: str) -> str:
    return text.translate(TSV_ESCAPES)

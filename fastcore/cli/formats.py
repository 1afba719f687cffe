"""The formats of `fastcore scan` for programs: `json`, `jsonl` and `tsv`, always in UTF-8. Their schema is 1.

`json` is one object: schema (1), query (string), hits, stats, errors (lists of the objects below, stats one of them).
`jsonl` is one hit a line, each with schema (1) in front, and a last line of schema and stats; files that failed and the
first bad lines are failures, one a line on standard error, and so is the count of the other bad lines.

A hit: path (string; bytes that are no UTF-8 as `\\xff`), line (integer from 1, or null when a time limit left it
uncounted), offset (integer, bytes), time (string like `2024-05-01T10:00:00.000000Z`, or null), time_ns (integer since
1970, or null), type, role, session, uuid, cwd, branch, model (string or null), tools (list of strings), is_error (true
or false), text (string), spans (list of [start, end] in characters of text), and, only where path is not the name
itself, path_bytes (list of integers), as in errors and failures.
Stats: files, files_failed, bytes, records, candidates, errors, tail, threads (integers), matches, lines, blank, skipped
(integers, or null when not counted), timed_out (true or false), seconds (object of numbers: wall, cpu, each phase).
An error: path (string), line, offset, errno (integer or null), reason (string), excerpt (string or null).
A failure: kind (the exception's class), message (string), hint, path (string or null), line, offset (integer or null).

`tsv` is a line of column names and one line a hit: path, line, offset, time, type, role, session, text; what is null is
empty, and backslash, tab, newline and carriage return are written `\\\\ \\t \\n \\r`.
"""

from __future__ import annotations

import os
from json import dumps

from fastcore.cli.terminal import BIDI, plain, spelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from fastcore._hits import Hit, Hits, ScanError

SCHEMA = 1
TSV_COLUMNS = ("path", "line", "offset", "time", "type", "role", "session", "text")
# JSON leaves these as they are; a terminal would obey them.
_CONTROLS = {c: f"\\u{c:04x}" for c in (*range(0x7F, 0xA0), *BIDI)}
TSV_ESCAPES = {ord("\\"): "\\\\", ord("\t"): "\\t", ord("\n"): "\\n", ord("\r"): "\\r"}


def json_lines(hits: Hits, query: str) -> Iterator[str]:
    """The one object of `json`."""
    whole = {
        "schema": SCHEMA,
        "query": query,
        "hits": [_hit(hit) for hit in hits],
        "stats": hits.stats.to_dict(),
        "errors": [_error(error) for error in hits.errors],
    }
    yield json_line(whole)


def jsonl_lines(hits: Hits) -> Iterator[str]:
    for hit in hits:
        yield json_line({"schema": SCHEMA, **_hit(hit)})
    yield json_line({"schema": SCHEMA, "stats": hits.stats.to_dict()})


def tsv_lines(hits: Hits) -> Iterator[str]:
    yield "\t".join(TSV_COLUMNS) + "\n"
    for hit in hits:
        values = (plain(hit.path_bytes), hit.line, hit.offset, _utc(hit), hit.type, hit.role, hit.session, hit.text)
        cells = ("" if value is None else str(value).translate(TSV_ESCAPES) for value in values)
        yield "\t".join(cells) + "\n"


def failure(error: Exception) -> str:
    """One line for an exception that ended the command."""
    from fastcore.errors import LineError, NoLogs, QueryError

    message, hint = str(error), ""
    path = getattr(error, "path", None) or getattr(error, "filename", None)
    if isinstance(error, QueryError):
        from fastcore._bounds import FORMS

        message, hint = error.message, ""
        if message.endswith(f"; {FORMS}"):  # which holds the mark itself
            message, hint = message.removesuffix(f"; {FORMS}"), FORMS
        elif "; " in message:
            message, _, hint = message.rpartition("; ")
        message += f" (column {error.column})" if error.column is not None else ""
    elif isinstance(error, LineError):
        message = error.reason
    elif isinstance(error, NoLogs):
        message, hint = "no session logs found", f"looked in {', '.join(error.folders)}"
    elif isinstance(error, OSError) and error.strerror:
        message = error.strerror
    hint = "; ".join([hint] * bool(hint) + getattr(error, "__notes__", []))
    line, offset = getattr(error, "line", None), getattr(error, "offset", None)
    return _failure(type(error).__name__, message or "failed", hint, path, line, offset)


def file_failure(error: ScanError) -> str:
    """One line for a file that failed or a bad line, after which the scan went on."""
    # OSError makes its own subclass of an errno.
    kind = "LineError" if error.excerpt is not None else type(OSError(error.errno or 0, "")).__name__
    return _failure(kind, error.reason, "", error.path, error.line, error.offset)


def note(kind: str, message: str) -> str:
    """One line for what belongs to no file."""
    return _failure(kind, message, "", None, None, None)


def _failure(kind: str, message: str, hint: str, path: object, line: int | None, offset: int | None) -> str:
    found = {"kind": kind, "message": spelled(message), "hint": spelled(hint) or None}
    place = path_fields(os.fsencode(path)) if isinstance(path, (str, bytes)) else {"path": None}
    extra = {name: value for name, value in place.items() if name != "path"}
    return dumps({**found, "path": place["path"], "line": line, "offset": offset, **extra}) + "\n"


def _hit(hit: Hit) -> dict[str, Any]:
    return {**hit.to_dict(), "time": _utc(hit), **path_fields(hit.path_bytes)}


def _error(error: ScanError) -> dict[str, Any]:
    excerpt = None if error.excerpt is None else plain(error.excerpt)
    return {**error.to_dict(), "excerpt": excerpt, **path_fields(os.fsencode(error.path))}


def path_fields(name: bytes) -> dict[str, Any]:
    """The path as text, and its bytes where the text is not the name."""
    path = plain(name)
    return {"path": path} if path.encode() == name else {"path": path, "path_bytes": list(name)}


def _utc(hit: Hit) -> str | None:
    return hit.time.isoformat(timespec="microseconds").replace("+00:00", "Z") if hit.time else None


def json_line(value: object) -> str:
    return dumps(value, ensure_ascii=False).translate(_CONTROLS) + "\n"

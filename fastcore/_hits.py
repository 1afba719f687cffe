"""What a scan returns: `Hits`, a sequence of `Hit`, with its statistics, errors and unfinished tails.

>>> import fastcore
>>> log = b'{"type":"user","message":{"content":"hello world"},"timestamp":"2024-05-01T10:00:00Z"}'
>>> hits = fastcore.scan(log, "HELLO")
>>> hits[0].text, hits[0].spans, hits.stats.matches
('hello world', [(0, 5)], 1)
"""

from __future__ import annotations

import os

from fastcore._frozen import Frozen
from fastcore._native.scan import Plan, decode
from fastcore._rows import Rows
from fastcore.errors import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping
    from typing import Any, overload

    from fastcore._table import Table
else:

    def overload(function):  # what typing.overload does, without its import
        return function


_Row = tuple[bytes, "int | None", int, "int | None", bytes]


class Stats(Frozen):
    """What a scan did. Immutable; safe to share between threads; O(1); keeps the GIL.

    Counts are ints: `files` found, `files_failed` (of those, or named and not found), `bytes`, `records` and
    `candidates` (lines parsed), `matches` (verified, before `limit`; None when they were not to be counted), `errors`
    (lines), `tail` (unfinished last lines), `threads` that took part. `lines`, `blank` and `skipped` are None when the
    filter passed over lines uncounted.
    `seconds` is a new dict of `wall`, `cpu` (the sum of the threads that scanned) and one entry a phase; `timed_out`
    says that the time limit cut the scan short.

    >>> import fastcore
    >>> stats = fastcore.scan(b'{"type":"mode"}\\n\\nbroken', validate="all").stats
    >>> stats.lines, stats.records, stats.blank, stats.errors, stats.tail
    (3, 1, 1, 0, 1)
    """

    __slots__ = (
        "files",
        "files_failed",
        "bytes",
        "lines",
        "blank",
        "skipped",
        "records",
        "candidates",
        "matches",
        "errors",
        "tail",
        "threads",
        "timed_out",
        "_seconds",
    )
    __module__ = "fastcore"
    files: int
    files_failed: int
    bytes: int
    lines: int | None
    blank: int | None
    skipped: int | None
    records: int
    candidates: int
    matches: int | None
    errors: int
    tail: int
    threads: int
    timed_out: bool
    _seconds: dict[str, float]

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds of `wall`, `cpu` and each phase, as a new dict."""
        return dict(self._seconds)


class ScanError(Frozen):
    """A line that is no record, or a file that failed: where, and the reason.

    `line` (from 1) is None for what concerns a whole file, `offset` (bytes) too unless a place in it is to blame;
    `errno` is the system's number or None; `excerpt` holds the line's first 120 bytes or is None. Immutable; safe to
    share between threads; O(1); keeps the GIL.

    >>> import fastcore
    >>> print(fastcore.scan(b'{"type":"mode"}\\n{broken}\\n').errors[0])
    <memory>:2 (byte 16): comma, colon, key or bracket misplaced
    """

    __slots__ = ("path", "line", "offset", "reason", "excerpt", "errno")
    __module__ = "fastcore"
    path: str
    line: int | None
    offset: int | None
    reason: str
    excerpt: bytes | None
    errno: int | None

    def __str__(self) -> str:
        place = f":{self.line}" if self.line is not None else ""
        # The other reasons that know a place name it themselves.
        placed = self.offset is not None and (self.excerpt is not None or self.errno is not None)
        offset = f" (byte {self.offset})" if placed else ""
        return f"{self.path or repr('')}{place}{offset}: {self.reason}"


class Tail(Frozen):
    """An unfinished last line: its file and where it begins, in bytes. A later scan reads it once it is whole.

    Immutable; safe to share between threads; O(1); keeps the GIL.

    >>> import fastcore
    >>> fastcore.scan(b'{"type":"mode"}\\n{"type":"us').tails
    (Tail(path='<memory>', offset=16),)
    """

    __slots__ = ("path", "offset")
    __module__ = "fastcore"
    path: str
    offset: int


class Hit:
    """One matching record. Immutable; its fields are decoded from `raw` when first asked for.

    `path`, `line` (from 1; None when a time limit left the lines above uncounted), `offset` (bytes), `time` (aware
    datetime in UTC, the record's own or inherited; None without one, or outside the years 1 to 9999), `time_ns` (int,
    since 1970, or None), `type`, `role`, `session`, `uuid`, `cwd`, `branch`, `model` (str or None), `tools` (tuple of
    str), `is_error`, `text`, `spans` (character ranges of the needles in `text`), `raw` (the line's bytes without its
    end), `record` (the decoded JSON object) and `path_bytes` (the path as the system has it). The first of the decoded
    fields and each `spans` and `record` cost O(len(raw)), others O(1). Keeps the GIL; safe to share between threads.

    >>> import fastcore
    >>> line = b'{"type":"user","message":{"role":"user","content":"\\\\u0068ello"},"cwd":"/src","n":12}'
    >>> hit = fastcore.scan(line, "hello")[0]
    >>> hit.path, hit.line, hit.role, hit.cwd, hit.time, hit.text, hit.record["n"]
    ('<memory>', 1, 'user', '/src', None, 'hello', 12)
    """

    __slots__ = ("_fields", "_plan", "_row")
    __module__ = "fastcore"
    _row: _Row
    _plan: Plan
    _fields: tuple[Any, ...] | None

    def __init__(self, row: _Row, plan: Plan) -> None:
        object.__setattr__(self, "_row", row)
        object.__setattr__(self, "_plan", plan)
        object.__setattr__(self, "_fields", None)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("Hit is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("Hit is immutable")

    def _decoded(self) -> tuple[Any, ...]:
        fields = self._fields
        if fields is None:
            fields = decode(self._row[4])
            object.__setattr__(self, "_fields", fields)
        return fields

    @property
    def path(self) -> str:
        """The file, as it was named or found; `<memory>` or `<stdin>` for what is none."""
        return os.fsdecode(self._row[0])

    @property
    def path_bytes(self) -> bytes:
        """The path as the system has it."""
        return self._row[0]

    @property
    def line(self) -> int | None:
        """The line's number, from 1; None when a time limit left the lines above uncounted."""
        return self._row[1]

    @property
    def offset(self) -> int:
        """Where the line begins, in bytes."""
        return self._row[2]

    @property
    def time(self) -> dt.datetime | None:
        """The record's own or inherited time, aware and in UTC; None without one, or outside the years 1 to 9999."""
        us = self._row[3]
        if us is None:
            return None
        import datetime as dt

        try:
            return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=us)
        except OverflowError:  # an offset carried year 0 or 9999 out of datetime's range; time_ns still has it
            return None

    @property
    def time_ns(self) -> int | None:
        """The same in nanoseconds since 1970, or None."""
        us = self._row[3]
        return None if us is None else us * 1000

    @property
    def type(self) -> str | None:
        """The record's type, or None."""
        return self._decoded()[0]  # type: ignore[no-any-return]

    @property
    def role(self) -> str | None:
        """The message's role, else the record's type, or None."""
        return self._decoded()[1]  # type: ignore[no-any-return]

    @property
    def session(self) -> str | None:
        """The session's id, or None."""
        return self._decoded()[2]  # type: ignore[no-any-return]

    @property
    def uuid(self) -> str | None:
        """The record's id, or None."""
        return self._decoded()[3]  # type: ignore[no-any-return]

    @property
    def cwd(self) -> str | None:
        """The working directory, or None."""
        return self._decoded()[4]  # type: ignore[no-any-return]

    @property
    def branch(self) -> str | None:
        """The git branch, or None."""
        return self._decoded()[5]  # type: ignore[no-any-return]

    @property
    def model(self) -> str | None:
        """The model that answered, or None."""
        return self._decoded()[6]  # type: ignore[no-any-return]

    @property
    def tools(self) -> tuple[str, ...]:
        """The names of the tools that the record uses, in order."""
        return self._decoded()[7]  # type: ignore[no-any-return]

    @property
    def is_error(self) -> bool:
        """True if a tool or a request failed."""
        return self._decoded()[8]  # type: ignore[no-any-return]

    @property
    def text(self) -> str:
        """The record's text: its pieces joined with newlines."""
        return self._decoded()[10]  # type: ignore[no-any-return]

    @property
    def spans(self) -> list[tuple[int, int]]:
        """The character ranges in `text` of every needle that is not under NOT, overlapping ones merged."""
        return self._plan.spans(self.text)

    @property
    def raw(self) -> bytes:
        """The line's bytes, without its end and without a byte order mark."""
        return self._row[4]

    @property
    def record(self) -> dict[str, Any]:
        """The record as `json.loads` reads it, a new dict each time; integers of any size.

        Lone surrogate escapes stay what they are, where `text` has U+FFFD. Raises ValueError if a value that the scan
        stepped over is not JSON (only under `validate="candidates"`), RecursionError if the interpreter's limit is
        below the record's depth.
        """
        import json

        def integer(digits: str) -> int:
            try:
                return int(digits)
            except ValueError:  # more digits than the interpreter converts by default
                from decimal import Context, Decimal

                return int(Decimal(digits, Context(prec=len(digits))))

        loaded: dict[str, Any] = json.loads(self.raw, parse_int=integer)
        return loaded

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, but `raw` and `record`, as a new dict."""
        return {name: getattr(self, name) for name in _COLUMNS}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hit) and other._row == self._row

    def __hash__(self) -> int:
        return hash(self._row)

    def __reduce__(self) -> tuple[Any, ...]:
        return Hit, (self._row, self._plan)

    def __repr__(self) -> str:
        when = self.time.isoformat(timespec="seconds") if self.time else "no time"
        role = "" if self.role is None else " " + printable(self.role[:20])
        return f"<Hit {where(self)} {when}{role}: {snippet(self, 60)!r}>"


_COLUMNS = (
    "path",
    "line",
    "offset",
    "time",
    "time_ns",
    "type",
    "role",
    "session",
    "uuid",
    "cwd",
    "branch",
    "model",
    "tools",
    "is_error",
    "text",
    "spans",
)


def where(hit: Hit) -> str:
    """Return the hit's `path:line`, on one line and without characters that steer a terminal."""
    return f"{printable(hit.path)}:{'?' if hit.line is None else hit.line}"


def window(hit: Hit, width: int) -> tuple[int, int]:
    """Return where about `width` characters around the first match begin and end in the hit's text."""
    spans, length = hit.spans, len(hit.text)
    start = max(0, spans[0][0] - width // 3) if spans else 0
    return start, min(length, start + width)


def snippet(hit: Hit, width: int) -> str:
    """Return about `width` characters of the hit's text around its first match, on one line."""
    start, end = window(hit, width)
    part = " ".join(hit.text[start:end].split())
    return ("..." if start else "") + part + ("..." if end < len(hit.text) else "")


class Hits(Rows[Hit]):
    """The matching records of one scan, in its order: an immutable sequence.

    `stats` says what was done, `errors` what could not be read (1,000 at most: whole
    files, then the first lines, in order by path and offset), `tails` where
    unfinished last lines begin. Indexing gives a `Hit`, a slice gives `Hits` with the same `stats`, `errors` and
    `tails`. Indexing and `len` are O(1), a slice O(its length), fields are decoded when touched; equal are Hits of the
    same records at the same places. Pickle and copy work. Keeps the GIL; safe to share between threads.

    `to_table()` is the hits as columns. Arrow's consumers (`polars.DataFrame(hits)`, `pyarrow.table(hits)`,
    `pandas.DataFrame.from_arrow(hits)`, DuckDB by name) read `Hits` themselves, and decode all hits each time they do.
    It is a sequence in all but name: consumers that ask for `collections.abc.Sequence` first would read it row by row.

    >>> import fastcore
    >>> log = b'{"type":"user","message":{"content":"one"}}\\n{"type":"user","message":{"content":"two"}}\\n'
    >>> hits = fastcore.scan(log)
    >>> len(hits), [hit.text for hit in hits], hits[1:][0].line, hits[:1].stats.matches
    (2, ['one', 'two'], 2, 2)
    """

    __slots__ = ("_errors", "_plan", "_rows", "_stats", "_tails")
    __module__ = "fastcore"

    def __init__(
        self, rows: list[_Row], plan: Plan, stats: Stats, errors: tuple[ScanError, ...], tails: tuple[Tail, ...]
    ) -> None:
        self._rows = rows
        self._plan = plan
        self._stats = stats
        self._errors = errors
        self._tails = tails

    @property
    def stats(self) -> Stats:
        """What the scan did."""
        return self._stats

    @property
    def errors(self) -> tuple[ScanError, ...]:
        """What could not be read: 1,000 at most, whole files before lines, in order by path and offset."""
        return self._errors

    @property
    def tails(self) -> tuple[Tail, ...]:
        """Where unfinished last lines begin, in order by path."""
        return self._tails

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Hit: ...
    @overload
    def __getitem__(self, index: slice) -> Hits: ...  # noqa: F811
    def __getitem__(self, index: int | slice) -> Hit | Hits:  # noqa: F811
        if isinstance(index, slice):
            return Hits(self._rows[index], self._plan, self._stats, self._errors, self._tails)
        return Hit(self._rows[index], self._plan)

    def __iter__(self) -> Iterator[Hit]:
        return (Hit(row, self._plan) for row in self._rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hits) and other._rows == self._rows

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return Hits, (self._rows, self._plan, self._stats, self._errors, self._tails)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return every hit's fields, but `raw` and `record`, as a list of new dicts."""
        return [hit.to_dict() for hit in self]

    def to_table(self) -> Table:
        r"""Return the hits as a `Table`, one column for each name of `to_dicts` and `path_bytes`; decodes all of them.

        path is text, bytes that are no UTF-8 as `\xff`, and `path_bytes` (bytes) then holds the name itself, else
        null. line, offset and time_ns are int64 (time_ns is null also where int64 cannot hold it, after the year 2262),
        time is time; type, role, session, uuid, cwd, branch, model and text are text; tools is a list of text, is_error
        bool, spans a list of lists of two int64. line, time, time_ns, path_bytes and type to model may be null.

        O(bytes of the records); imports numpy.
        """
        from fastcore._hits_table import table

        return table(self)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return a new PyCapsule of `to_table()`, made anew each time: to be read often, keep the table instead."""
        return self.to_table().__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        """Return the schema of `to_table()`, which is the same for all hits; decodes none."""
        return self[:0].to_table().__arrow_c_schema__()

    def __repr__(self) -> str:
        stats = self._stats
        head = f"<Hits: {_share(self)} in {stats.files} files"
        head += f", {len(self._errors)} errors>" if self._errors else ">"
        shown = [f"  {hit!r}" for hit in self[:15]]
        if len(self) > len(shown):
            shown.append(f"  ... {len(self) - len(shown)} more")
        return "\n".join([head, *shown])

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><td>{escape(where(hit))}</td><td>{escape(str(hit.time or ''))}</td>"
            f"<td>{escape(printable(hit.role or ''))}</td><td>{escape(printable(snippet(hit, 120)))}</td></tr>"
            for hit in self[:15]
        )
        return (
            "<table><thead><tr><th>where</th><th>time</th><th>role</th><th>text</th></tr></thead>"
            f"<tbody>{rows}</tbody></table><p>{_share(self)}</p>"
        )


def _share(hits: Hits) -> str:
    matches = hits.stats.matches
    return f"{len(hits)} matches, not all counted" if matches is None else f"{len(hits)} of {matches} matches"


def make_stats(counts: Mapping[str, Any]) -> Stats:
    """Turn the compiled scan's dict into `Stats`."""
    seconds = {"wall": counts["wall_s"], "cpu": counts["cpu_s"], **counts["phases"]}
    values = {**counts, "_seconds": seconds}
    return Stats(*(values[name] for name in Stats.__slots__))

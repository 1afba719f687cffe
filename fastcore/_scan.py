"""`scan`: search session logs for the records that match a query."""

from __future__ import annotations

import errno
import os
import sys
from time import perf_counter

from fastcore import _base, _hits, _sources
from fastcore import query as _query
from fastcore._native import scan as _native
from fastcore._progress import check_progress
from fastcore.errors import LineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping
    from concurrent.futures import Executor
    from typing import Any

    from fastcore._sources import Source

ORDERS = ("newest", "oldest", "file")
VALIDATE = ("candidates", "all")
ON_ERROR = ("report", "raise")
SIZE_MAX = 1 << 30  # a buffer of this size is taken for each thread


def scan(
    paths: Source | Iterable[Source] | None = None,
    query: str = "",
    *,
    where: Mapping[str, Any] | None = None,
    since: str | dt.date | None = None,
    until: str | dt.date | None = None,
    order: str = "newest",
    limit: int | None = 50,
    count: bool = True,
    case_sensitive: bool = False,
    validate: str = "candidates",
    max_line: int = 64 << 20,
    follow: bool = False,
    threads: int | None = None,
    timeout: float | None = None,
    progress: bool | Callable[[int, int, str], object] | None = None,
    on_error: str = "report",
    executor: Executor | None = None,
) -> _hits.Hits:
    """Search files of JSON Lines session logs and return the best matching records.

    `paths` is None (the user's own session logs) or one or many of: a file, a folder (walked for `*.jsonl` and
    `*.ndjson`), a glob, bytes or a memoryview (content, called `<memory>`: `b"a.jsonl"` is no path, os.fsdecode makes
    it one), an open binary file (read to its end). `~` is not expanded: os.path.expanduser does it.
    A file named twice is scanned once. `query` is explained by `fastcore.query.HELP`; `where` adds field terms as a
    dict of field to value or list of values. `since` and `until`, both inclusive, take an aware datetime (naive is
    local), a date, RFC 3339, `today`, `90m`, `2d` and the like; a record without any time matches neither.

    `order` is "newest" (time descending, then path, then offset), "oldest" (time ascending) or "file" (path, then
    offset); records without a time come last. `limit` keeps the first so many (None: all, 0: only count). A record
    without a readable time inherits the next one's in its file, else the previous one's, else the file's mtime.

    `count=False` leaves matches uncounted (`stats.matches` is None) and returns the very same hits sooner: in an order
    of time a line is not parsed if its bytes prove that its record, by a time of its own, comes behind `limit` others
    or lies outside `since` and `until`. So bad lines that show a time make no entry in `hits.errors`, whether they were
    parsed or not, and `stats.records`, `candidates` and `skipped` may differ from run to run. `validate="all"` parses
    every line and reports as ever.

    `validate="candidates"` parses only lines that can match, so that `hits.errors` holds only what had to be parsed;
    "all" checks every value of every line. Lines over `max_line` bytes are errors. `follow` follows symbolic links met
    in a walk. `threads=None` takes what the machine gives (or FASTCORE_THREADS). `timeout` in seconds ends the scan
    early with what was found, `stats.timed_out` set. `progress(done, total, "bytes")` is called about every 10 ms;
    True logs it to the logger `fastcore`, level INFO, once a second. `on_error="raise"` raises OSError for a file that
    fails, else `LineError` for the first bad line.

    `executor` is a `concurrent.futures.Executor` (threads, processes, `dask.distributed.Client.get_executor()`) that
    scans instead: files are listed here and shared out by size among tasks, no file is split, and the answers merge
    into the very hits, errors and tails of a scan without it. A task uses one thread unless `threads` says how many.
    Workers read the files at the same absolute paths and need the same fastcore. Bytes and memoryviews travel with
    their task, and so does an open file up to 16 MiB; a longer one is scanned here, before the rest. Counts and
    processor seconds are sums, `stats.threads` those of all workers that took part. `progress` is called after each
    task. `timeout` leaves out tasks not begun by then; the workers' clocks must agree with the caller's. A worker that
    dies costs a retry where the executor does that (dask), else ExecutorError.

    Raises QueryError, ValueError and TypeError for arguments that cannot be read, NoLogs where there are no session
    logs, and whatever `progress` or an open file raises. A file that changes, shrinks or goes away meanwhile is
    reported in `hits.errors`, never more. Time is linear in the bytes, memory is bounded by threads times (buffers +
    limit lines). Thread-safe; the GIL is released while files are read.

    >>> log = b'''{"type":"user","message":{"role":"user","content":"fix the flaky test"}}
    ... {"type":"assistant","message":{"role":"assistant","content":"done"}}'''
    >>> [(hit.line, hit.role) for hit in scan(log, "flaky")]
    [(1, 'user')]
    """
    return search(
        paths,
        query,
        where=where,
        since=since,
        until=until,
        order=order,
        limit=limit,
        count=count,
        case_sensitive=case_sensitive,
        validate=validate,
        max_line=max_line,
        follow=follow,
        threads=threads,
        timeout=timeout,
        progress=progress,
        on_error=on_error,
        run=_runner(executor),
        one_thread=executor is not None,
    )


class Typing:
    """What a scan leaves to the next one of its slot: where its matches are, if that is known."""

    def __init__(self, trail: _native.Trail | None) -> None:
        self.trail = trail

    def run(self, sources: _native.Sources, plan: _native.Plan, **options: Any) -> tuple[Any, Any, Any, dict[str, Any]]:
        after, self.trail = self.trail, None
        rows, errors, tails, counts = _native.run(sources, plan, after=after, keep_trail=True, **options)
        self.trail = counts.get("trail")
        return rows, errors, tails, counts


def search(
    paths: Source | Iterable[Source] | _native.Sources | None,
    query: str,
    *,
    where: Mapping[str, Any] | None,
    since: str | dt.date | None,
    until: str | dt.date | None,
    order: str,
    limit: int | None,
    count: bool,
    case_sensitive: bool,
    validate: str,
    max_line: int,
    follow: bool,
    threads: int | None,
    timeout: float | None,
    progress: bool | Callable[[int, int, str], object] | None,
    on_error: str,
    run: Callable[..., Any],
    one_thread: bool = False,
) -> _hits.Hits:
    """Scan by `run`, which is called as the compiled one is; with one thread if no number of them is asked for."""
    _check(order, limit, count, validate, max_line, timeout, on_error)
    off = _base.off_words()
    tree = _query.combine(_query.parse(query), _query.from_where(where))
    since_us = until_us = None
    if since is not None or until is not None:
        from fastcore import _bounds

        since_us = None if since is None else _bounds.to_us(since, end=False)
        until_us = None if until is None else _bounds.to_us(until, end=True)
    plan = _native.Plan(
        _query.compile_query(tree),
        case_sensitive=case_sensitive,
        since_us=since_us,
        until_us=until_us,
        prefilter="prefilter" not in off,
    )
    threads = _base.check_threads(1 if threads is None and one_thread else threads)
    report = check_progress(progress, "scan")
    began = perf_counter()
    sources, _spooled = _sources.collect(paths, follow)
    walk = perf_counter() - began
    rows, errors, tails, counts = run(
        sources,
        plan,
        order=ORDERS.index(order),
        limit=-1 if limit is None else min(limit, sys.maxsize),
        count=count,
        prune="prune" not in off,
        use=_native.USE_SKETCH if "facts" in off else _native.USE_FACTS | _native.USE_SKETCH,
        validate_all=validate == "all",
        max_line=min(max_line, sys.maxsize),
        threads=threads,
        timeout=timeout,
        progress=report,
        raise_on_error=on_error == "raise",
        chunk=_bytes_from("FASTCORE_CHUNK", 1 << 20),
        span=_bytes_from("FASTCORE_SPAN", 4 << 20),
        block=block_bytes(),
    )
    found = tuple(
        _hits.ScanError(os.fsdecode(path), line, offset, reason, excerpt, code)
        for path, line, offset, code, reason, excerpt in errors
    )
    if on_error == "raise" and found:
        _raise(found)
    counts["phases"] = {"walk": walk, **counts["phases"]}
    counts["wall_s"] += walk
    ends = tuple(_hits.Tail(os.fsdecode(path), offset) for path, offset in tails)
    return _hits.Hits(rows, plan, _hits.make_stats(counts), found, ends)


def _runner(executor: Executor | None) -> Callable[..., Any]:
    if executor is None:
        return _native.run
    from functools import partial

    from fastcore import _executor, _scan_executor

    _executor.check_executor(executor)
    return partial(_scan_executor.run, executor)


def _check(
    order: str,
    limit: int | None,
    count: bool,
    validate: str,
    max_line: int,
    timeout: float | None,
    on_error: str,
) -> None:
    for name, value, known in (
        ("order", order, ORDERS),
        ("validate", validate, VALIDATE),
        ("on_error", on_error, ON_ERROR),
    ):
        if value not in known:
            raise ValueError(f"{name}={value!r}: known are {', '.join(known)}")
    for name, number in (("limit", limit), ("max_line", max_line)):
        if number is None and name == "limit":
            continue
        if isinstance(number, bool) or not isinstance(number, int):
            raise TypeError(f"{name}: wanted an int, not {type(number).__name__}")
    if not isinstance(count, bool):
        raise TypeError(f"count: wanted True or False, not {type(count).__name__}")
    if limit is not None and limit < 0:
        raise ValueError(f"limit={limit}: wanted 0 or more, or None for all")
    if limit == 0 and not count:
        raise ValueError("limit=0 only counts: with count=False ask for 1 or more")
    if max_line < 1:
        raise ValueError(f"max_line={max_line}: wanted 1 or more")
    if timeout is not None:
        if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
            raise TypeError(f"timeout: wanted seconds, not {type(timeout).__name__}")
        if not timeout >= 0:  # neither is NaN
            raise ValueError(f"timeout={timeout}: wanted seconds, 0 or more")


def block_bytes() -> int:
    """How big a block of a mapped file is at least."""
    return _bytes_from("FASTCORE_BLOCK", 256 << 10)


def _bytes_from(name: str, default: int) -> int:
    """A size in bytes from the environment, which only tests set."""
    text = os.environ.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) <= SIZE_MAX):
        raise ValueError(f"{name}={text!r}: wanted a number of bytes from 1 to {SIZE_MAX}")
    return int(text)


def _raise(errors: tuple[_hits.ScanError, ...]) -> None:
    for error in errors:
        if error.excerpt is None:
            # The system names no number for what is no file, nor for one that changed under the scan.
            code = error.errno or (errno.EINVAL if error.reason == "not a regular file" else errno.ESTALE)
            raise OSError(code, error.reason, error.path)
    first = errors[0]
    raise LineError(str(first), first.path, first.line, first.offset, first.reason)

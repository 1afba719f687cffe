"""The scan on an executor: its files are shared out among tasks, each scans as usual, and their answers are merged."""

from __future__ import annotations

import heapq
import os
import time
from functools import partial

from fastcore import _executor
from fastcore._native.scan import Sources, merge_errors
from fastcore._native.scan import run as run_here

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from concurrent.futures import Executor
    from typing import Any

    from fastcore._hits import _Row
    from fastcore._native.scan import Plan

    Report = tuple[bytes, int | None, int | None, int | None, str, bytes | None]
    Answer = tuple[list[_Row], list[Report], list[tuple[bytes, int]], dict[str, Any]]
    File = tuple[bytes, bytes, bytes | None]  # path, where it lies, content (None: to be read there)
    Group = tuple[int, bytes, list[File]]  # cost, path, the sources of that path in the order in which they were named

NEWEST, FILE = 0, 2  # places in fastcore._scan.ORDERS
FILE_COST = 32 << 10  # what opening a file costs, in bytes scanned meanwhile
TASK_COST_MAX = 256 << 20  # unless one file has more: a task that runs is waited for when the scan is given up
TIMEOUT_MAX = 1e9
SUMMED = "files_failed bytes lines blank skipped records candidates matches errors tail cpu_s".split()
GRACE = 1.0  # seconds in which a task that timed out may still send what it found

_given_up: set[bytes] = set()  # the scans of this process whose tasks are to end at once


class _GivenUp(Exception):
    """Ends a task whose answer nobody waits for."""


def run(
    executor: Executor,
    sources: Sources,
    plan: Plan,
    *,
    timeout: float | None,
    progress: Callable[[int, int, str], object] | None,
    **options: Any,
) -> Answer:
    """Scan as `fastcore._native.scan.run` does, in the workers of an executor.

    What the search for files told stays: no worker walks a folder. Memory travels with its task; an open file that
    waits in a temporary file is scanned here, first, with all that share its name.
    """
    began = time.perf_counter()
    here, groups, size = _divide(sources)
    if not groups or (options["raise_on_error"] and sources.failed):
        return run_here(sources, plan, timeout=timeout, progress=progress, **options)
    timeout = None if timeout is None else min(timeout, TIMEOUT_MAX)
    ends = None if timeout is None else time.time() + timeout
    deadline = None if timeout is None else time.monotonic() + timeout + GRACE
    tell = progress or (lambda done, total, unit: None)
    tell(0, size, "bytes")
    merger = _Merger(options["order"], options["limit"])
    merger.add(run_here(here, plan, timeout=timeout, progress=None, **options), "here")
    scan_id = os.urandom(16)
    scan_files = partial(_scan_files, plan, options, timeout, ends, scan_id)
    tasks = _share(groups, _executor.worker_count(executor), options["span"])
    stop = partial(_given_up.add, scan_id)
    answers = _executor.run_ordered(executor, scan_files, tasks, deadline=deadline, stop=stop)
    missing = len(tasks)
    try:
        for answer, worker in answers:
            missing -= 1
            merger.add(answer, worker)
            tell(merger.done, max(merger.done, size), "bytes")
            if options["raise_on_error"] and merger.has_failed_file():
                break  # the caller raises the first error
    finally:
        answers.close()
        _given_up.discard(scan_id)
    scan_s = time.perf_counter() - began
    hits, errors, tails, counts = merger.merged()
    counts["timed_out"] |= missing > 0
    if not counts["timed_out"]:
        tell(max(merger.done, size), max(merger.done, size), "bytes")
    counts["files"] = len(sources)
    counts["files_failed"] += sources.failed
    counts["wall_s"] = time.perf_counter() - began
    counts["phases"] = {"scan": scan_s, "merge": counts["wall_s"] - scan_s}
    return hits, merge_errors(sources.errors(), errors), tails, counts


def _divide(sources: Sources) -> tuple[Sources, list[Group], int]:
    """Return what is scanned here, what is for the executor, and the bytes of both.

    Sources of one path stay together: only a scan of all of them can tell them apart and keep their order.
    """
    by_path: dict[bytes, list[tuple[bytes, int, bytes | None, int | None]]] = {}
    for entry in sources.entries():
        by_path.setdefault(entry[0], []).append(entry)
    here, groups, total = Sources(), [], 0
    for path, entries in by_path.items():
        size = sum(entry[1] for entry in entries)
        total += size
        if any(fd is not None for *_, fd in entries):
            for _, _, content, fd in entries:
                _add(here, path, path, content, fd)
        else:
            # A worker may work in another folder.
            place = path if path.startswith(b"/") else os.path.join(os.getcwdb(), path)
            files = [(path, place, content) for _, _, content, _ in entries]
            groups.append((size + FILE_COST * len(entries), path, files))
    return here, groups, total


def _add(sources: Sources, path: bytes, place: bytes, content: bytes | None, fd: int | None = None) -> None:
    if fd is not None:
        sources.add_fd(fd, path)
    elif content is not None:
        sources.add_memory(content, path)
    else:
        sources.add_file(path, place)


def _share(groups: list[Group], workers: int, least: int) -> list[list[File]]:
    """Share the groups out among tasks: the largest first, each to the task that has the least so far."""
    cost = sum(group[0] for group in groups)
    wanted = max(1, min(_executor.PER_WORKER * workers, cost // least), -(-cost // TASK_COST_MAX))
    tasks: list[list[File]] = [[] for _ in range(min(wanted, len(groups)))]
    loads = [(0, number) for number in range(len(tasks))]
    for cost, _, files in sorted(groups, key=lambda group: (-group[0], group[1])):
        load, number = loads[0]
        tasks[number] += files
        heapq.heapreplace(loads, (load + cost, number))
    return tasks


def _scan_files(
    plan: Plan,
    options: dict[str, Any],
    timeout: float | None,
    ends: float | None,
    scan_id: bytes,
    files: list[File],
) -> tuple[Answer, Hashable]:
    """Scan in the worker: return the answer, in plain tuples, and who gave it."""
    from _thread import get_ident

    sources = Sources()
    for path, place, content in files:
        _add(sources, path, place, content)
    if timeout is not None and ends is not None:
        timeout = max(0.0, min(timeout, ends - time.time()))

    def look_up(done: int, total: int, unit: str) -> None:
        if scan_id in _given_up:  # where the workers are threads of the caller's process
            raise _GivenUp

    answer = run_here(sources, plan, timeout=timeout, progress=look_up, **options)
    return answer, (os.uname().nodename, os.getpid(), get_ident())


class _Merger:
    """What the answers so far come to. Sources of one path are all in one answer, in their order."""

    def __init__(self, order: int, limit: int) -> None:
        self._order, self._limit = order, limit
        self._hits: list[_Row] = []
        self._errors: list[Report] = []
        self._tails: list[tuple[bytes, int]] = []
        self._counts: dict[str, Any] = {}
        self._threads: dict[Hashable, int] = {}

    def add(self, answer: Answer, worker: Hashable) -> None:
        hits, errors, tails, counts = answer
        self._hits += hits
        if self._limit >= 0:
            self._hits = self._sorted_hits()[: self._limit]
        self._errors = merge_errors([], sorted(self._errors + errors, key=_path_of))
        self._tails += tails
        self._threads[worker] = max(counts["threads"], self._threads.get(worker, 0))
        for name in SUMMED:
            value, so_far = counts[name], self._counts.get(name, 0)
            self._counts[name] = None if value is None or so_far is None else value + so_far
        self._counts["timed_out"] = counts["timed_out"] or self._counts.get("timed_out", False)

    @property
    def done(self) -> int:
        return self._counts["bytes"]  # type: ignore[no-any-return]

    def has_failed_file(self) -> bool:
        return any(report[5] is None for report in self._errors)

    def merged(self) -> Answer:
        counts = {**self._counts, "threads": sum(self._threads.values())}
        return self._sorted_hits(), self._errors, sorted(self._tails, key=_path_of), counts

    def _sorted_hits(self) -> list[_Row]:
        return sorted(self._hits, key=_path_of if self._order == FILE else self._time_and_path)

    def _time_and_path(self, row: _Row) -> tuple[bool, int, bytes]:
        time_us = row[3] or 0
        return row[3] is None, -time_us if self._order == NEWEST else time_us, row[0]


def _path_of(item: tuple[Any, ...]) -> Any:
    return item[0]

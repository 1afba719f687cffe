"""`analyze_many` on an executor: stretches of files are tasks, and their rows are laid one behind the other."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcore import _executor
from fastcore._native import midi as _native

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from fastcore._midi_columns import Packed

    Array = np.ndarray[Any, Any]
    Answer = tuple[Array, tuple[Packed, ...] | None]

FILE_COST = 4 << 10  # what opening a file costs, in bytes analysed meanwhile
TASK_COST_MIN = 1 << 20
TASK_FILES_MAX = 10_000  # a task that runs is waited for when the rest is given up

_given_up: set[bytes] = set()  # the runs of this process whose tasks are to end at once


class _GivenUp(Exception):
    """Ends a task whose answer nobody waits for."""


def run(
    executor: Executor,
    paths: list[str],
    tempo: str,
    parts: int,
    threads: int,
    progress: Callable[[int, int, str], object] | None,
) -> Answer:
    """Analyse as `fastcore._native.midi.analyze_many` does, in the workers of an executor."""
    _executor.check_executor(executor)
    if not paths:
        return _native.analyze_many([], tempo, parts, threads, progress)
    run_id = os.urandom(16)
    work = partial(_analyze, tempo, parts, threads, run_id)
    tell = progress or (lambda done, total, unit: None)
    answers = _executor.run_ordered(executor, work, _share(paths, executor), stop=partial(_given_up.add, run_id))
    rows: list[Array] = []
    texts: list[tuple[Packed, ...]] = []
    done = 0
    tell(0, len(paths), "files")
    try:
        for some, packed in answers:
            rows.append(some)
            texts.append(packed or ())
            done += len(some)
            tell(done, len(paths), "files")
    finally:
        answers.close()
        _given_up.discard(run_id)
    return np.concatenate(rows), tuple(map(_joined, zip(*texts, strict=True))) or None


def _share(paths: list[str], executor: Executor) -> list[list[bytes]]:
    """Cut the files into stretches of about the same size, several for each worker."""
    costs = [_size(path) + FILE_COST for path in paths]
    most = max(TASK_COST_MIN, sum(costs) // (_executor.PER_WORKER * _executor.worker_count(executor)) + 1)
    folder = os.getcwdb()  # a worker may work in another
    tasks: list[list[bytes]] = [[]]
    cost = 0
    for path, more in zip(paths, costs, strict=True):
        if tasks[-1] and (cost + more > most or len(tasks[-1]) == TASK_FILES_MAX):
            tasks.append([])
            cost = 0
        tasks[-1].append(os.path.join(folder, os.fsencode(path)))
        cost += more
    return tasks


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0  # whoever opens it tells why


def _analyze(tempo: str, parts: int, threads: int, run_id: bytes, paths: list[bytes]) -> Answer:
    def look_up(done: int, total: int, unit: str) -> None:
        if run_id in _given_up:  # where the workers are threads of the caller's process
            raise _GivenUp

    return _native.analyze_many(paths, tempo, parts, threads, look_up)


def _joined(columns: tuple[Packed, ...]) -> Packed:
    data = b"".join(column[0] for column in columns)
    return data, _behind_each_other([column[1] for column in columns]), _behind_each_other([c[2] for c in columns])


def _behind_each_other(offsets: list[Array]) -> Array:
    """Offsets of what is laid one behind the other."""
    lengths = np.concatenate([np.diff(one) for one in offsets])
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)

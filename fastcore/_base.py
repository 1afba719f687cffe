"""Threads and switches: what the environment says about them."""

from __future__ import annotations

import os

from fastcore._native import base as _native

MAX_THREADS = 256
OFF_WORDS = ("prefilter", "prune", "facts", "sketch", "pool", "simd")

_quota: list[int] = []


def check_threads(threads: int | None) -> int:
    """Return how many threads to use: the argument, else FASTCORE_THREADS, else what the machine gives this process.

    Below 1 is a ValueError, above 256 is capped; FASTCORE_OFF=pool makes it 1. Also takes over
    FASTCORE_PARALLEL_THRESHOLD_US, which says from what work on several are used. O(1).

    >>> check_threads(1)
    1
    """
    if threads is None:
        text = os.environ.get("FASTCORE_THREADS", "")
        if not text:
            threads = default_threads()
        elif text.isascii() and text.isdigit() and len(text) < 20 and int(text) > 0:
            threads = int(text)
        else:
            raise ValueError(f"FASTCORE_THREADS={text!r}: wanted a positive integer")
    if isinstance(threads, bool) or not isinstance(threads, int):
        raise TypeError(f"threads: wanted an int, not {type(threads).__name__}")
    if threads < 1:
        raise ValueError(f"threads={threads}: wanted 1 or more")
    _native.check_threshold()
    return 1 if "pool" in off_words(warn=False) else min(threads, MAX_THREADS)


def default_threads() -> int:
    """Return the processors this process may run on, capped by its cgroup's quota (rounded up)."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:
        count = os.cpu_count() or 1
    if not _quota:
        _quota.append(_read_quota())
    return max(1, min(count, _quota[0], MAX_THREADS))


def _read_quota() -> int:
    """The smallest processor quota of the process's cgroups, rounded up; a large number where there is none."""
    least = MAX_THREADS
    for quota_file, period_file in _quota_files():
        try:
            words = _read(quota_file).split() + (_read(period_file).split() if period_file else [])
            quota, period = int(words[0]), int(words[1])
        except (OSError, ValueError, IndexError):
            continue  # no such file, or `max`
        if quota > 0 and period > 0:
            least = min(least, -(-quota // period))
    return least


def _quota_files() -> list[tuple[str, str]]:
    """Version 2, then 1: from the process's own group up to the root, which is all that a container shows."""
    groups = {"": "", "cpu": ""}
    try:
        lines = _read("/proc/self/cgroup").splitlines()
    except (OSError, ValueError):
        lines = []
    for line in lines:
        controllers, _, path = line.partition(":")[2].partition(":")
        for controller in controllers.split(","):
            if controller in groups:
                groups[controller] = path.rstrip("/")
    files = []
    for controller, path in groups.items():
        for group in (path[:end] for end in range(len(path), -1, -1) if end == len(path) or path[end] == "/"):
            folder = f"/sys/fs/cgroup{'/cpu' if controller else ''}{group}"
            if controller:
                files.append((f"{folder}/cpu.cfs_quota_us", f"{folder}/cpu.cfs_period_us"))
            else:
                files.append((f"{folder}/cpu.max", ""))
    return files


def _read(path: str) -> str:
    with open(path, encoding="ascii") as file:
        return file.read()


def off_words(*, warn: bool = True) -> frozenset[str]:
    """Return the optimisations that FASTCORE_OFF switches off.

    An unknown word is warned about, as if by the line that called the public function whose helper asks.
    """
    text = os.environ.get("FASTCORE_OFF", "")
    if not text:
        return frozenset()
    words = frozenset(word.strip() for word in text.split(",") if word.strip())
    unknown = words.difference(OFF_WORDS)
    if unknown and warn:
        import warnings

        from fastcore.errors import printable

        named = ", ".join(printable(word) for word in sorted(unknown))
        warnings.warn(f"FASTCORE_OFF: unknown {named}; known are {', '.join(OFF_WORDS)}", stacklevel=4)
    return words

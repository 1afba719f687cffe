"""The runtime's binding: instruction-set levels, exceptions of the status codes, the pool seen from Python."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from fastcore import LineError
from fastcore._native import base

EXCEPTIONS = [None, MemoryError, ValueError, OSError, LineError, KeyboardInterrupt, RuntimeError]


def test_every_status_code_has_its_exception() -> None:
    for code, expected in enumerate(EXCEPTIONS):
        if expected is None:
            base.raise_for_status(code)
        else:
            with pytest.raises(expected):
                base.raise_for_status(code)
    with pytest.raises(IndexError):
        base.raise_for_status(len(EXCEPTIONS))


def level(**env: str) -> subprocess.CompletedProcess[str]:
    code = "from fastcore._native import base; print(base.cpu_level(), base.cpu_detected())"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **env}, check=False
    )


def test_the_level_is_the_machines_or_below() -> None:
    order = ["base", "v3", "v4"]
    detected = base.cpu_detected()
    for cap in order:
        chosen = level(FASTCORE_CPU=cap).stdout.split()
        assert chosen == [min(cap, detected, key=order.index), detected]
    assert level(FASTCORE_CPU="", FASTCORE_OFF="pool, simd").stdout.split()[0] == "base"
    wrong = level(FASTCORE_CPU="v9")
    assert wrong.returncode == 1
    assert "base, v3 and v4" in wrong.stderr


def test_no_thread_before_the_first_large_job() -> None:
    code = """
import fastcore
from fastcore._native import base
fastcore.scan(b'{"a":1}', threads=4)
print(base.pool_workers())
fastcore.scan(b'{"a":1}\\n' * 1_000_000, threads=4, limit=0)
print(base.pool_workers())"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["0", "3"] or os.environ.get("FASTCORE_OFF") == "pool"

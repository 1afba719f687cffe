"""What calls leave behind: Python's blocks and malloc's bytes."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable

import pytest
from scale import SCALE

LOOKS_MAX = 12

needs_mallinfo2 = pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="needs glibc 2.33's mallinfo2")


class _Mallinfo2(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_size_t) for name in "arena ordblks a b hblkhd c d uordblks e f".split())


def in_use() -> int:
    """Bytes that malloc has given out and not taken back."""
    mallinfo2 = ctypes.CDLL(None).mallinfo2
    mallinfo2.restype = _Mallinfo2
    found = mallinfo2()
    return int(found.uordblks) + int(found.hblkhd)


def growth(call: Callable[[], object], count: int) -> tuple[float, float]:
    """Python's blocks and malloc's bytes that each of `count` calls leaves behind."""
    gc.collect()
    blocks, heap = sys.getallocatedblocks(), in_use()
    for _ in range(count):
        call()
    gc.collect()
    return (sys.getallocatedblocks() - blocks) / count, (in_use() - heap) / count


def assert_no_growth(name: str, call: Callable[[], object], count: int = 1700 * SCALE) -> None:
    """What leaks grows by a block a call in every look; the interpreter's own tables and caches settle after some."""
    for look in range(1, LOOKS_MAX + 1):
        blocks, heap = growth(call, count)
        quiet = blocks < 50 / count and heap <= 4
        if quiet and look > 1:
            break
    print(f"{name}: {blocks:+.4f} blocks, {heap:+.3f} bytes a call in look {look}")
    print("cases:", look * count)
    assert quiet, name

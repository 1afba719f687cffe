"""Maps leave nothing behind, whichever way they were made and ended."""

from __future__ import annotations

import itertools

import pytest
from growth import assert_no_growth, needs_mallinfo2

import fastcore

pytestmark = pytest.mark.native


def fail(item: int) -> int:
    if item == 7:
        raise ValueError(item)
    return item


def failing_map() -> None:
    with pytest.raises(ValueError):
        fastcore.adaptive_map(fail, range(20), threads=3)


def failing_imap() -> None:
    with pytest.raises(ValueError):
        list(fastcore.adaptive_imap(fail, range(20), threads=3))


def closed_imap() -> None:
    generator = fastcore.adaptive_imap(abs, itertools.count(), threads=3, buffer=20)
    next(generator)
    generator.close()


CALLS = {
    "map": lambda: fastcore.adaptive_map(abs, range(20), threads=3),
    "map that fails": failing_map,
    "imap": lambda: list(fastcore.adaptive_imap(abs, range(20), threads=3)),
    "imap that fails": failing_imap,
    "imap that is closed": closed_imap,
    "stats and plan": lambda: (fastcore.parallel.stats(), fastcore.parallel.plan("scan", 5, 5)),
}


@needs_mallinfo2
@pytest.mark.parametrize("threshold", ["0", "1000000000"], ids=["parallel", "serial"])
@pytest.mark.parametrize("name", CALLS)
def test_no_call_leaves_anything_behind(name: str, threshold: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FASTCORE_OFF", raising=False)
    monkeypatch.setenv("FASTCORE_PARALLEL_THRESHOLD_US", threshold)
    assert_no_growth(name, CALLS[name])

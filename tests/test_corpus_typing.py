"""Scans of one slot of a `Corpus`: what narrows the last one is searched for in its matches alone."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
import strategies
from hypothesis import given, settings
from scale import scaled
from test_corpus import SIZES, append, line, same

import fastcore
from fastcore import query as q
from fastcore._native.scan import Plan, narrows

pytestmark = pytest.mark.native


def plan_of(query: str, since: int | None = None, until: int | None = None, cased: bool = False) -> tuple[Any, ...]:
    return (q.compile_query(q.parse(query)), cased, since, until, True)


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ("lan", "lant", True),
        ("lan", "lan", True),
        ("", "a", True),
        ("lan", "lan x", True),
        ("lan tern", "lan ternx role:user", True),
        ("lan role:user", "lant role:user", True),
        ("lan -x", "lant -x", True),
        ("(a OR b) lan", "(a OR b) lant", True),
        ('"a b" c', '"a bc" c', True),
        ("lant", "lan", False),
        ("lan", "elan", False),
        ("lan x", "lan", False),
        ("lan -x", "lan -xy", False),
        ("a OR b", "a OR bc", False),
        ("type:user", "type:users", False),
        ("a", "type:a", False),
    ],
)
def test_what_narrows(before: str, after: str, wanted: bool) -> None:
    assert narrows(plan_of(before), plan_of(after)) == wanted


def test_bounds_and_case_narrow_too() -> None:
    assert narrows(plan_of("a"), plan_of("a", 5, 9))
    assert narrows(plan_of("a", 5, 9), plan_of("a", 6, 9))
    assert not narrows(plan_of("a", 5), plan_of("a", 4))
    assert not narrows(plan_of("a", 5), plan_of("a"))
    assert not narrows(plan_of("a", None, 5), plan_of("a", None, 6))
    assert not narrows(plan_of("a"), plan_of("a", cased=True))


@settings(max_examples=scaled(300))
@given(strategies.randoms())
def test_what_narrows_matches_less(rnd: random.Random) -> None:
    """Whenever it says so: every record that matches the second query matches the first."""
    trees = [strategies.tree(rnd) for _ in range(2)]
    texts = [strategies.write_query(rnd, tree) for tree in trees]
    if rnd.random() < 0.6:
        texts[1] = texts[0] + rnd.choice(["x", " task", " role:user", "k a"])
    try:
        plans = [(q.compile_query(q.parse(text)), False, None, None, True) for text in texts]
    except fastcore.QueryError:
        return
    if not narrows(*plans):
        return
    first, second = (Plan(plan[0]) for plan in plans)
    for record in strategies.log(rnd, False).split(b"\n"):
        if second.matches(record):
            assert first.matches(record), texts


@settings(max_examples=scaled(60))
@given(strategies.randoms())
def test_typing_gives_the_answers_of_scans(rnd: random.Random) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        for number in range(rnd.choice([1, 3])):
            (folder / f"{number}.jsonl").write_bytes(strategies.log(rnd, False) + rnd.choice([b"", b'{"type":"t']))
        patch.setenv("FASTCORE_BLOCK", rnd.choice(SIZES))
        with fastcore.Corpus(folder) as corpus:
            for _ in range(3):
                typed = rnd.choice(["task", "Kiosk alpha", "zq9", "role:user task", "-alpha task", "\u65e5\u672c"])
                options = {"order": rnd.choice(["newest", "file"]), "limit": rnd.choice([None, 0, 2])}
                if rnd.random() < 0.3:
                    options["since"] = "2024-05-01T10:00:00Z"
                for end in range(1, len(typed) + 1):
                    try:
                        wanted = fastcore.scan(folder, typed[:end], **options)
                    except fastcore.QueryError:
                        continue
                    same(wanted, corpus.scan(typed[:end], slot=1, **options), exact=False)
                if rnd.random() < 0.3:
                    append(folder / "0.jsonl", line(1, "task Kiosk alpha"))
                    corpus.refresh()


def test_a_longer_word_looks_at_the_last_matches_alone(tmp_path: Path) -> None:
    text = b"".join(line(number, "needle" if number % 100 == 0 else "straw") for number in range(5000))
    (tmp_path / "a.jsonl").write_bytes(text)
    with fastcore.Corpus(tmp_path) as corpus:
        whole = corpus.scan("need", slot="box").stats
        assert (whole.matches, whole.bytes) == (50, len(text))
        less = corpus.scan("needl", slot="box").stats
        assert less.matches == 50
        assert less.bytes == sum(len(hit.raw) for hit in corpus.scan("need", limit=None)) < len(text) / 50
        assert corpus.scan("needl", slot="other").stats.bytes == len(text)
        assert corpus.scan("needl").stats.bytes == len(text)
        assert corpus.scan("needle 4", slot="box").stats.bytes == less.bytes
        assert corpus.scan("straw", slot="box").stats.matches == 4950
        corpus.scan("needl", slot="box")
        append(tmp_path / "a.jsonl", line(7))
        corpus.refresh()
        assert corpus.scan("needle", slot="box").stats.matches == 51

"""Sketches of blocks: they hold what the oracle says, and deny no record that matches."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import oracles
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import scaled

from fastcore import query as q
from fastcore._native.base import cpu_level
from fastcore._native.scan import Plan, Sketch

pytestmark = pytest.mark.native

PIECES = [rb"\u212a", rb"\u212", rb"\u017F", rb"\u0041", rb"\\u00e9", rb"\ud83d\ude00", b"quartz", b"Lantern"]
PIECES += ["\u212a".encode(), "\u017f".encode(), "日本".encode(), b"2026-06", b"\\", b"u", b"\n", b"\xff"]
PIECES += [bytes(range(256))]
BLOCKS = st.builds(
    lambda pieces, times: b"".join(pieces) * times,
    st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=300)), max_size=12),
    st.sampled_from([1, 1, 1, 2, 40]),
)


@settings(max_examples=scaled(200))
@given(BLOCKS)
def test_a_sketch_holds_what_the_oracle_says(block: bytes) -> None:
    assert Sketch(block).contents() == oracles.sketch(block)


def bits_of(block: bytes) -> int:
    return 8 * (Sketch(block).nbytes - Sketch(b"").nbytes + 64)


def test_a_sketch_takes_a_part_of_its_block() -> None:
    sizes = [100, 2051, 2052, 4099, 4100, 262_147, 262_148, 1_000_000]
    assert [bits_of(bytes(size)) for size in sizes] == [512, 512, 1024, 1024, 2048, 65536, 65536, 65536]


def some_block(rnd: random.Random) -> list[bytes]:
    return [strategies.spelled(rnd, strategies.record(rnd)) for _ in range(rnd.choice([1, 1, 2, 5]))]


def deny_no_match(rnd: random.Random, lines: list[bytes], tree: q.Node, case_sensitive: bool) -> tuple[bool, bool]:
    """One case: whether a record matches, and whether the sketch denies it."""
    path = "/logs/projects/-src-app/x.jsonl"
    records = [oracles.fields(oracles.parse_line(line)) for line in lines]
    expected = any(oracles.matches(tree, record, path, case_sensitive) for record in records)
    plan = Plan(q.compile_query(tree), case_sensitive=case_sensitive)
    possible = Sketch(b"".join(line + b"\n" for line in lines)).may_match(plan)
    assert possible or not expected, (tree, case_sensitive, lines)
    assert possible or plan.sketches_help
    return expected, not possible


@settings(max_examples=scaled(200))
@given(strategies.randoms())
def test_a_sketch_denies_no_match(rnd: random.Random) -> None:
    deny_no_match(rnd, some_block(rnd), strategies.tree(rnd), rnd.random() < 0.2)


def deny_no_match_of_many(count: int, seed: int) -> None:
    """The same from a seed, without shrinking; most needles are cut out of the text and cased anew."""
    rnd = random.Random(seed)
    matched = denied = 0
    for _ in range(count):
        lines = some_block(rnd)
        tree = strategies.tree(rnd)
        text = "".join(oracles.fields(oracles.parse_line(line))["text"] for line in lines)
        if len(text) > 4 and rnd.random() < 0.7:
            start = rnd.randrange(len(text) - 4)
            found = text[start : start + rnd.choice([4, 5, 8, 20])]
            tree = q.Text(
                rnd.choice([found, found.lower(), found.upper(), found.swapcase()]).replace("\ud83d", "\ufffd")
            )
        expected, denies = deny_no_match(rnd, lines, tree, rnd.random() < 0.2)
        matched += expected
        denied += denies
    print(f"seed {seed}, level {cpu_level()}: {matched} of {count} blocks match, {denied} are denied")
    assert matched > count / 10
    assert denied > count / 100


@pytest.mark.parametrize("level", ["base", "v3", "v4"])
def test_at_every_instruction_set(level: str) -> None:
    code = "import oracles, random, test_scan_sketch as t\n"
    code += f"t.deny_no_match_of_many({scaled(500)}, {random.randrange(2**32)})\n"
    code += "block = random.randbytes(5000) + b'\\n'\nassert t.Sketch(block).contents() == oracles.sketch(block)"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent,
        env={**os.environ, "FASTCORE_CPU": level},
        capture_output=True,
        text=True,
    )
    print(run.stdout)
    assert run.returncode == 0, run.stdout + run.stderr


def block(*texts: str) -> Sketch:
    lines = [b'{"type":"user","message":{"content":"%s"}}\n' % text.encode() for text in texts]
    return Sketch(b"".join(lines))


@pytest.mark.parametrize(
    ("query", "possible"),
    [
        ("quartz", True),
        ("porcelain", False),
        ("quartz porcelain", False),
        ("quartz OR porcelain", True),
        ("porcelain OR ziggurat", False),
        ("-porcelain", True),
        ("quartz -porcelain", True),
        ("porcelain -quartz", False),
        ("quartz lantern", True),  # of different lines: only the block is judged
        ("porcelain OR -quartz", True),
        ("sea", True),  # too short for any run
        ("porcelain OR sea", True),
        ("model:opalescent", False),
        ("project:/porcelain", True),  # the folder's name may stand for it
        ("", True),
    ],
)
def test_terms_are_joined_as_the_query_joins_them(query: str, possible: bool) -> None:
    plan = Plan(q.compile_query(q.parse(query)))
    assert block("a Quartz lamp", "the lantern").may_match(plan) == possible


def test_without_the_filter_nothing_is_denied() -> None:
    plan = Plan(q.compile_query(q.parse("porcelain")), prefilter=False)
    assert block("quartz").may_match(plan)
    assert not plan.sketches_help

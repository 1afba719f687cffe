"""The compiled scan against the oracle, on logs made by hypothesis."""

from __future__ import annotations

import os
import random
from pathlib import Path

import oracles
import pytest
import strategies
from hypothesis import given, settings
from scale import scaled

import fastcore
from fastcore import query as q
from fastcore._native.scan import Plan

pytestmark = pytest.mark.native


def write_tree(folder: Path, rnd: random.Random) -> list[tuple[str, bytes, int | None]]:
    files = []
    for number in range(rnd.randrange(1, 4)):
        path = folder / rnd.choice(["projects/-src-app", "projects/-src-app-2", "other"]) / f"{number}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        content = strategies.log(rnd)
        path.write_bytes(content)
        mtime = rnd.randrange(1_600_000_000, 1_800_000_000) * 10**9 + rnd.randrange(10**9)
        os.utime(path, ns=(mtime, mtime))
        files.append((str(path), content, path.stat().st_mtime_ns // 1000))
    return files


@settings(max_examples=scaled(340))
@given(strategies.seeds())
def test_scan_equals_the_oracle(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    rnd = random.Random(seed)
    folder = tmp_path_factory.mktemp("tree")
    files = write_tree(folder, rnd)
    text = strategies.query(rnd) if rnd.random() < 0.9 else ""
    tree = q.parse(text)
    moments = ["2024-05-01T10:00:00Z", "2023-12-31T23:59:59.999999Z", None, None]
    since, until = rnd.choice(moments), rnd.choice(moments)
    options = {
        "order": rnd.choice(["newest", "oldest", "file"]),
        "limit": rnd.choice([None, None, 0, 1, 3]),
        "case_sensitive": rnd.random() < 0.2,
        "max_line": rnd.choice([64 << 20, 64 << 20, 700]),
    }
    bounds = {"since": oracles.time_us(since), "until": oracles.time_us(until)}
    expected = oracles.scan(files, tree, **options, **bounds)
    validate = rnd.choice(["candidates", "all"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASTCORE_CHUNK", str(rnd.choice([64, 257, 4096, 1 << 20])))
        patch.setenv("FASTCORE_SPAN", str(rnd.choice([64, 257, 4096, 1 << 20])))
        patch.setenv("FASTCORE_OFF", rnd.choice(["", "prefilter"]))
        hits = fastcore.scan(
            [str(folder)], text, since=since, until=until, validate=validate, threads=rnd.choice([1, 2, 5]), **options
        )
    found = [(h.path, h.line, h.offset, None if h.time_ns is None else h.time_ns // 1000, h.raw) for h in hits]
    assert found == [hit[:5] for hit in expected["hits"]]
    assert hits.stats.matches == expected["matches"]
    assert [(t.path, t.offset) for t in hits.tails] == expected["tails"]
    for hit, (*_, record) in zip(hits, expected["hits"], strict=True):
        for name in ("type", "role", "session", "uuid", "cwd", "branch", "model", "tools", "is_error", "text"):
            assert getattr(hit, name) == record[name], name
        assert hit.spans == oracles.spans(tree, record["text"], options["case_sensitive"])
    if validate == "all":
        stats = hits.stats
        counts = expected["counts"]
        assert [(e.path, e.line, e.offset) for e in hits.errors] == expected["errors"]
        assert (stats.lines, stats.blank, stats.records, stats.errors, stats.tail) == tuple(counts.values())
        assert stats.skipped == 0


def test_the_raw_filter_misses_nothing() -> None:
    """A line whose decoded text holds the needle is a candidate, however its characters are spelled."""
    count = scaled(6_700)
    rnd = random.Random(20240501)
    matched = 0
    for _ in range(count):
        text = strategies.text_of(rnd) + strategies.text_of(rnd)
        line = strategies.Spelling(rnd).value((("type", "summary"), ("summary", text))).encode()
        if rnd.random() < 0.6 and text:
            start = rnd.randrange(len(text))
            needle = text[start : start + rnd.randrange(1, 8)]
            needle = rnd.choice([needle, needle.swapcase(), needle.upper(), needle.lower()])
        else:
            needle = rnd.choice(strategies.WORDS)
        case_sensitive = rnd.random() < 0.2
        plan = Plan([("text", needle)], case_sensitive=case_sensitive)
        wanted = oracles.fold_text(needle, case_sensitive) in oracles.fold_text(text, case_sensitive)
        matched += wanted
        assert plan.matches(line) == wanted, (needle, text, line)
        assert plan.is_candidate(line) or not wanted, (needle, text, line)
    assert matched > count / 10

"""The compiled scan against the oracle, on made logs and queries.

FASTCORE_CPU is read when the package is imported, so the other instruction-set levels run in processes of their own.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import oracles
import pytest
import strategies
from hypothesis import given, settings
from scale import scaled

import fastcore
from fastcore import query as q
from fastcore._native.base import cpu_level
from fastcore._native.scan import Plan, line_time

pytestmark = pytest.mark.native

SIZES = ["64", "257", "4096", "65536", "1048576"]
FOLDERS = "projects/-src-app projects/-src-app/s/subagents projects/-src-app-2 projects/-K-k projects x".split()
NAMES = [f"{folder}/{name}" for folder in FOLDERS for name in ("a", "é", "\udcff")]
FIELDS = ("type", "role", "session", "uuid", "cwd", "branch", "model", "tools", "is_error", "text")


def write_files(rnd: random.Random, folder: Path, unread: bool) -> list[tuple[str, bytes, int | None]]:
    files = []
    # The pool is not used for fewer than eight small files.
    for name in rnd.sample(NAMES, rnd.choice([1, 2, 8])):
        path = folder / f"{name}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        content = strategies.log(rnd, unread)
        path.write_bytes(content)
        mtime_ns = rnd.choice([1_714_557_600, 1_600_000_000, -5]) * 10**9 + rnd.choice([0, 999, 123_456_789])
        os.utime(path, ns=(mtime_ns, mtime_ns))
        files.append((str(path), content, path.stat().st_mtime_ns // 1000))
    return files


def some_max_line(rnd: random.Random, files: list[tuple[str, bytes, int | None]]) -> int:
    """No bound that matters, or one that a line just keeps or just breaks."""
    lengths = [len(line.raw) for _, content, _ in files for line in oracles.lines_of(content) if line.raw]
    if not lengths or rnd.random() < 0.7:
        return oracles.MAX_LINE
    return max(1, rnd.choice(lengths) - rnd.choice([0, 0, 1, 2]))


def some_query(rnd: random.Random) -> tuple[str, dict[str, Any] | None, q.Node | None]:
    """A query, a `where`, and the tree that both together mean."""
    node = strategies.tree(rnd) if rnd.random() < 0.9 else None
    text = "" if node is None else strategies.write_query(rnd, node)
    assert q.parse(text) == node, text
    if rnd.random() < 0.8:
        return text, None, node
    where = {"role": ["user", "assistant"]}
    either = q.Or(q.Field("role", "user"), q.Field("role", "assistant"))
    return text, where, either if node is None else q.And(node, either)


def compare(rnd: random.Random, folder: Path) -> None:
    """One case: make files, and compare."""
    validate = rnd.choice(["candidates", "all"])
    ask(rnd, folder, write_files(rnd, folder, validate == "all"), validate)


def is_reported(bad_line: bytes, max_line: int) -> bool:
    """With matches uncounted: what shows a time may be left unparsed, but a line that no buffer holds is noticed."""
    return len(bad_line) > max_line or line_time(bad_line) is None


def ask(rnd: random.Random, folder: Path, files: list[tuple[str, bytes, int | None]], validate: str) -> None:
    """Make a question to the files below a folder and compare every answer."""
    text, where, tree = some_query(rnd)
    options: dict[str, Any] = {
        "order": rnd.choice(["newest", "oldest", "file"]),
        "limit": rnd.choice([None, None, 0, 1, 3]),
        "case_sensitive": rnd.random() < 0.2,
        "max_line": some_max_line(rnd, files),
    }
    moments = [None, None, None, *strategies.TIMES[:6], "2020-09-13T12:26:40.123456Z"]
    since, until = rnd.choice(moments), rnd.choice(moments)
    bounds = {"since_us": oracles.time_us(since or ""), "until_us": oracles.time_us(until or "")}
    expected = oracles.scan(files, tree, **options, **bounds)
    switches = {
        "FASTCORE_CHUNK": rnd.choice(SIZES),
        "FASTCORE_SPAN": rnd.choice(SIZES),
        "FASTCORE_OFF": rnd.choice([os.environ.get("FASTCORE_OFF", ""), "prefilter", "prune", "prefilter,prune"]),
    }
    count = options["limit"] == 0 or rnd.random() < 0.5
    paths = [str(folder)] if rnd.random() < 0.5 else [path for path, *_ in files]
    threads = rnd.choice([1, 2, 5])
    with pytest.MonkeyPatch.context() as patch:
        for name, value in switches.items():
            patch.setenv(name, value)
        hits = fastcore.scan(
            paths,
            text,
            where=where,
            since=since,
            until=until,
            validate=validate,
            threads=threads,
            count=count,
            **options,
        )

    found = [(hit.path, hit.line, hit.offset, hit.time_ns, hit.raw) for hit in hits]
    wanted = [(h.path, h.line, h.offset, None if h.time_us is None else h.time_us * 1000, h.raw) for h in expected.hits]
    assert found == wanted, (text, options, switches)
    assert hits.stats.matches == (expected.matches if count else None)
    assert [(tail.path, tail.offset) for tail in hits.tails] == expected.tails
    for hit, want in zip(hits, expected.hits, strict=True):
        assert {name: getattr(hit, name) for name in FIELDS} == {name: want.fields[name] for name in FIELDS}
        assert hit.spans == oracles.spans(tree, want.fields["text"], options["case_sensitive"])
    errors = [(error.path, error.line, error.offset, error.excerpt) for error in hits.errors]
    counts, stats = expected.counts, hits.stats
    bad = expected.errors
    quiet = not count and validate == "candidates" and options["order"] != "file"
    if quiet:
        lines = {(path, line.offset): line.raw for path, content, _ in files for line in oracles.lines_of(content)}
        bad = [error for error in bad if is_reported(lines[error[0], error[2]], options["max_line"])]
    if validate == "all" or "prefilter" in switches["FASTCORE_OFF"] or tree is None:
        assert errors == bad[:1000], (options, switches)
        assert (stats.errors, stats.tail) == (len(bad), counts["tail"])
        assert (stats.lines, stats.blank) == (counts["lines"], counts["blank"])
        assert stats.skipped == stats.lines - stats.blank - stats.records - stats.errors - stats.tail
        assert stats.records == counts["record"] or quiet
    else:
        assert set(errors) <= set(bad)
        # No filter passes over a line that no buffer holds.
        long = {
            (path, line.number, line.offset, line.excerpt)
            for path, content, _ in files
            for line in oracles.lines_of(content, options["max_line"])
            if len(line.raw) > options["max_line"]
        }
        assert long <= set(errors) or len(errors) == 1000
        assert stats.errors == len(errors) or len(errors) == 1000


@settings(max_examples=scaled(340))
@given(strategies.randoms())
def test_scan_equals_the_oracle(rnd: random.Random) -> None:
    with tempfile.TemporaryDirectory() as folder:
        compare(rnd, Path(folder))


def compare_many(count: int, seed: int) -> None:
    """The same from a seed, without shrinking."""
    for number in range(seed, seed + count):
        with tempfile.TemporaryDirectory() as folder:
            try:
                compare(random.Random(number), Path(folder))
            except AssertionError:
                print(f"seed {number}, level {cpu_level()}")
                raise
    print(f"cases: {count}, seeds from {seed}, level {cpu_level()}")


@pytest.mark.parametrize("level", ["base", "v3", "v4"])
def test_every_instruction_set_equals_the_oracle(level: str) -> None:
    code = f"import test_scan_oracle; test_scan_oracle.compare_many({scaled(100)}, {random.randrange(2**32)})"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent,
        env={**os.environ, "FASTCORE_CPU": level},
        capture_output=True,
        text=True,
    )
    print(run.stdout)
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_big_file_in_pieces(tmp_path: Path) -> None:
    """Five threads share one file of some 300 KB; records inherit their times across the pieces."""
    seed = random.randrange(2**32)
    rnd = random.Random(seed)
    print(f"seed {seed}")
    path = tmp_path / "big.jsonl"
    for _ in range(scaled(3)):
        validate = rnd.choice(["candidates", "all"])
        logs = [strategies.log(rnd, validate == "all").removeprefix(strategies.BOM) for _ in range(150)]
        content = b"\n".join(logs)
        stampless = content.replace(b"timestamp", b"timestump")
        content = rnd.choice([content, content + stampless, stampless + content])
        path.write_bytes(content)
        for _ in range(5):
            ask(rnd, tmp_path, [(str(path), content, path.stat().st_mtime_ns // 1000)], validate)


def sought(rnd: random.Random, text: str) -> str:
    """A needle that mostly stands in the text, in some case."""
    if not text or rnd.random() < 0.4:
        return strategies.needle(rnd)
    start = rnd.randrange(len(text))
    found = text[start : start + rnd.choice([1, 2, 3, 5, 8, 40])]
    cased = [found, found, found.lower(), found.upper(), found.swapcase(), found.title()]
    return rnd.choice(cased).replace("\ud83d", "\ufffd")


def test_the_raw_filter_drops_no_match() -> None:
    """However its characters are spelled, a line whose text holds the needle is a candidate."""
    count = scaled(6_700)
    seed = random.randrange(2**32)
    rnd = random.Random(seed)
    matched = dropped = 0
    for _ in range(count):
        text = "".join(strategies.text(rnd) for _ in range(3))
        content = rnd.choice([text, [(("type", "text"), ("text", text)), (("type", "odd"), ("note", "task"))]])
        line = strategies.spelled(rnd, (("type", "user"), ("message", (("content", content),))))
        needle, case_sensitive = sought(rnd, text), rnd.random() < 0.2
        plan = Plan([("text", needle)], case_sensitive=case_sensitive)
        decoded = oracles.fields(oracles.parse_line(line))["text"]
        expected = oracles.holds(decoded, needle, case_sensitive)
        matched += expected
        dropped += not plan.is_candidate(line)
        assert plan.matches(line) == expected, (seed, needle, case_sensitive, line)
        assert plan.is_candidate(line) or not expected, (seed, needle, case_sensitive, line)
    print(f"seed {seed}: {matched} of {count} lines match, {dropped} are dropped")
    assert matched > count / 10
    assert dropped > count / 10


def test_the_raw_filter_drops_no_record_of_a_query() -> None:
    """The same for trees, whose field terms look at spelled values too."""
    count = scaled(2_000)
    seed = random.randrange(2**32)
    rnd = random.Random(seed)
    matched = dropped = 0
    path = "/logs/projects/-src-app/x.jsonl"
    for _ in range(count):
        line = strategies.spelled(rnd, strategies.record(rnd))
        tree, case_sensitive = strategies.tree(rnd), rnd.random() < 0.2
        plan = Plan(q.compile_query(tree), case_sensitive=case_sensitive)
        expected = oracles.matches(tree, oracles.fields(oracles.parse_line(line)), path, case_sensitive)
        matched += expected
        dropped += not plan.is_candidate(line)
        assert plan.matches(line, path.encode()) == expected, (seed, tree, case_sensitive, line)
        assert plan.is_candidate(line) or not expected, (seed, tree, case_sensitive, line)
    print(f"seed {seed}: {matched} of {count} records match, {dropped} are dropped")
    assert matched > count / 20
    assert dropped > count / 20

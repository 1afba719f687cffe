"""`count=False`: the very hits of a scan that counts, whatever is left unparsed meanwhile."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import oracles
import pytest
import strategies
from hypothesis import given, settings
from scale import scaled

import fastcore
from fastcore._native.scan import decode, line_time

pytestmark = pytest.mark.native

prunes = pytest.mark.skipif("prune" in os.environ.get("FASTCORE_OFF", ""), reason="needs what is switched off")
NOW = 1_714_557_600  # 2024-05-01T10:00:00Z


def stamp(second: int) -> str:
    return f"2024-05-01T10:{second // 60:02}:{second % 60:02}Z"


def line(second: int | None, text: str = "a needle", more: str = "") -> bytes:
    time = "" if second is None else f',"timestamp":"{stamp(second)}"'
    return f'{{"type":"user","message":{{"content":"{text}"}}{time}{more}}}\n'.encode()


def places(hits: fastcore.Hits) -> list[tuple[str, int, int | None]]:
    return [(hit.path, hit.offset, hit.time_ns) for hit in hits]


def ask(paths: Any, **options: Any) -> fastcore.Hits:
    """Scan with and without the count, and with pruning switched off: the hits are the same."""
    exact = fastcore.scan(paths, "needle", **options)
    hits = fastcore.scan(paths, "needle", count=False, **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASTCORE_OFF", f"prune,{os.environ.get('FASTCORE_OFF', '')}")
        whole = fastcore.scan(paths, "needle", count=False, **options)
    assert exact.stats.matches is not None and hits.stats.matches is None and whole.stats.matches is None
    assert list(hits) == list(exact) == list(whole)
    assert hits.tails == exact.tails == whole.tails and hits.errors == whole.errors
    assert set(hits.errors) <= set(exact.errors)
    assert whole.stats.candidates == exact.stats.candidates >= hits.stats.candidates
    return hits


# What a line shows of its time.


def some_line(rnd: random.Random) -> bytes:
    made = strategies.record(rnd)
    if rnd.random() < 0.5:
        at = rnd.randrange(len(made) + 1)
        members = [member for member in made if member[0] != "timestamp"]
        made = (*members[:at], ("timestamp", rnd.choice(strategies.TIMES)), *members[at:])
    return strategies.spelled(rnd, made)


@settings(max_examples=scaled(1_000))
@given(strategies.randoms())
def test_a_line_shows_its_time_by_the_rule(rnd: random.Random) -> None:
    raw = some_line(rnd)
    assert line_time(raw) == oracles.line_time(raw), raw


def test_many_lines_show_their_time() -> None:
    """What the property above is worth: both answers are common."""
    rnd = random.Random(1)
    shown = [line_time(some_line(rnd)) is not None for _ in range(2_000)]
    assert 100 < sum(shown) < 1_900


@settings(max_examples=scaled(1_000))
@given(strategies.randoms())
def test_no_line_shows_a_time_that_is_not_its_records(rnd: random.Random) -> None:
    """Also where values that are stepped over are no JSON, which only the walk itself can say."""
    made = strategies.damaged(rnd, (*strategies.record(rnd), ("timestamp", rnd.choice(strategies.TIMES))))
    raw = strategies.spelled(rnd, made)
    if rnd.random() < 0.5:
        parts = [b'"timestamp":', b'"', b"timestamp", b'"timestamp"', b"]", b"{", b"\\", b",", stamp(7).encode()]
        for _ in range(rnd.choice([1, 2, 4])):
            at = rnd.randrange(len(raw) + 1)
            raw = raw[:at] + rnd.choice(parts) + raw[at:]
    shown = line_time(raw)
    try:
        own = decode(raw)[11]
    except ValueError:
        return
    assert shown is None or shown == own, raw


# What the hits are.


@prunes
@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_lines_that_come_too_late_are_left_unparsed(tmp_path: Path, order: str) -> None:
    path = tmp_path / "a.jsonl"
    seconds = range(500) if order == "oldest" else range(500, 0, -1)
    path.write_bytes(b"".join(line(second) for second in seconds))
    hits = ask(path, order=order, limit=5, threads=1)
    assert [hit.line for hit in hits] == [1, 2, 3, 4, 5]
    assert (hits.stats.candidates, hits.stats.records, hits.stats.matches) == (5, 5, None)


@prunes
def test_a_file_is_searched_from_its_end(tmp_path: Path) -> None:
    """A log grows forwards: read so, each of its lines would be the best so far."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(line(second) for second in range(3000)))
    hits = ask(path, limit=5, threads=1)
    assert [hit.line for hit in hits] == [3000, 2999, 2998, 2997, 2996]
    assert hits.stats.candidates < 1000


@pytest.mark.parametrize("chunk", ["64", "1024", "16384", "1048576"])
def test_lines_without_time_from_the_end(tmp_path: Path, chunk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTCORE_CHUNK", chunk)
    path = tmp_path / "a.jsonl"
    for share in (2, 30, 10_000):
        path.write_bytes(b"".join(line(at // 10 if at % share == 1 else None, f"a needle {at}") for at in range(2000)))
        hits = ask(path, limit=30, threads=1)
        assert [hit.text for hit in hits] == [f"a needle {hit.line - 1}" for hit in hits if hit.line]


@prunes
def test_where_nothing_is_filtered_lines_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join(line(second) for second in range(100, 0, -1)))
    stats = fastcore.scan(path, "", count=False, limit=3, threads=1).stats
    assert (stats.lines, stats.blank, stats.skipped, stats.records) == (199, 99, 97, 3)


@prunes
def test_bounds_are_judged_by_the_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(line(second) for second in range(100)))
    hits = ask(path, since=stamp(40), until=stamp(49), limit=100)
    assert (len(hits), hits.stats.candidates) == (10, 10)


def test_ties_are_decided_by_path_and_offset(tmp_path: Path) -> None:
    for name in "bca":
        (tmp_path / f"{name}.jsonl").write_bytes(line(7) * 20)
    for order in ("newest", "oldest"):
        for limit in (1, 19, 20, 21, 45, 60, 61):
            hits = ask(tmp_path, order=order, limit=limit)
            assert [hit.offset // len(line(7)) for hit in hits] == [at % 20 for at in range(min(limit, 60))]
            assert [hit.path[-7] for hit in hits] == ["abc"[at // 20] for at in range(min(limit, 60))]


def snapshot(second: int) -> bytes:
    text = f'{{"type":"file-history-snapshot","snapshot":{{"note":"a needle","timestamp":"{stamp(second)}"}}}}\n'
    return text.encode()


def test_a_snapshot_takes_its_neighbours_time(tmp_path: Path) -> None:
    """Its own is one level down, and old; the next record's is the newest of all."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(line(second) for second in range(50, 60)) + snapshot(1) + line(99, "straw"))
    hits = ask(path, limit=3, threads=1)
    assert (hits[0].type, hits[0].time_ns) == ("file-history-snapshot", (NOW + 99) * 10**9)


def many(path: Path, special: bytes) -> list[tuple[str, int, int | None]]:
    """Put a line among newer ones, first and last, and say where it comes."""
    found = []
    for content in (special + line(30) * 9, line(30) * 9 + special, line(30) * 9 + special + line(10, "straw")):
        path.write_bytes(content)
        hits = ask(path, limit=2, threads=1)
        found += [hit.time_ns for hit in hits if hit.raw == special[:-1]]
    return found


@pytest.mark.parametrize(
    "special",
    [
        line(None),
        line(None, more=f',"snapshot":{{"timestamp":"{stamp(1)}"}}'),
        line(1, more=f',"\\u0074imestamp":"{stamp(60)}"'),
        line(1, more=f',"timestamp":"{stamp(60)}"'),
        line(None, more=f',"t\\u0069mestamp":"{stamp(60)}"'),
        line(None, more=f',"say \\"timestamp":"{stamp(1)}"'),
        line(None, more=f',"toolUseResult":["a"timestamp":"{stamp(1)}","b]'),
        line(None, more=f',"toolUseResult":["a"timestamp":"{stamp(1)}",}}"b]'),
        line(None, more=f',"toolUseResult":["a,"timestamp":"{stamp(1)}","]'),
        line(1, more=',"timestamp":"soon"'),
        line(1, more=',"timestamp":5'),
    ],
)
def test_lines_that_do_not_show_their_time_are_parsed(tmp_path: Path, special: bytes) -> None:
    """They are among the best, by another member's time or by that of a neighbour."""
    assert line_time(special[:-1]) is None
    assert many(tmp_path / "a.jsonl", special)


@pytest.mark.parametrize("chunk", ["64", "4096", "1048576"])
def test_records_without_time_inherit_past_unparsed_lines(
    tmp_path: Path, chunk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTCORE_CHUNK", chunk)
    monkeypatch.setenv("FASTCORE_SPAN", "1000")
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(line(None if at % 7 == 3 else at * 37 % 500) for at in range(300)))
    for order in ("newest", "oldest"):
        ask(path, order=order, limit=20)


def test_without_times_nothing_is_left_out(tmp_path: Path) -> None:
    for at in range(5):
        path = tmp_path / f"{at}.jsonl"
        path.write_bytes(line(None) * 10)
        os.utime(path, (NOW + at, NOW + at))
    hits = ask(tmp_path, limit=12)
    assert [hit.path[-7] for hit in hits] == ["4"] * 10 + ["3"] * 2
    memory = [line(None) * 3, line(5) * 3, line(None) * 3]
    assert [hit.time_ns for hit in ask(memory, limit=5)] == [(NOW + 5) * 10**9] * 3 + [None] * 2


def test_files_are_visited_in_any_order(tmp_path: Path) -> None:
    """The time of a file bounds nothing: the newest records lie in the file that was written first."""
    for at in range(40):
        path = tmp_path / f"{at:02}.jsonl"
        path.write_bytes(b"".join(line(at * 10 + i) for i in range(10)))
        os.utime(path, (NOW - at * 1000, NOW - at * 1000))
    for order, first in (("newest", "39"), ("oldest", "00")):
        for threads in (1, 2, 5):
            assert ask(tmp_path, order=order, limit=7, threads=threads)[0].path[-8:-6] == first


# What is reported.


def test_bad_lines_that_show_a_time_are_not_reported(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    bad = line(70).replace(b'"}', b'"},', 1).replace(b"}\n", b",}\n"), line(None).replace(b"}\n", b",}\n")
    path.write_bytes(line(60) * 3 + b"".join(bad) + b'{"type":"user","message":{"content":"a needle')
    for limit in (1, 50):
        hits = ask(path, limit=limit)
        assert [error.line for error in hits.errors] == [5] and hits.stats.errors == 1
        assert len(hits.tails) == 1
    assert [error.line for error in fastcore.scan(path, "needle").errors] == [4, 5]
    assert [error.line for error in fastcore.scan(path, "needle", count=False, order="file").errors] == [4, 5]
    checked = fastcore.scan(path, "needle", count=False, validate="all")
    assert [error.line for error in checked.errors] == [4, 5]
    assert (checked.stats.matches, checked.stats.records, checked.stats.skipped) == (None, 3, 0)


def test_a_line_too_long_is_reported_whatever_its_time(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(line(60) * 3 + line(1, "a needle " * 50) + line(2))
    hits = ask(path, limit=1, max_line=200)
    assert [(error.line, error.reason) for error in hits.errors] == [(4, "longer than max_line")]


def write_mixed(rnd: random.Random, path: Path) -> None:
    """Lines of few times, some without one, some bad."""
    made: list[Callable[[], bytes]] = [
        lambda: line(rnd.randrange(rnd.choice([2, 100])), rnd.choice(["a needle", "straw"])),
        lambda: line(None),
        lambda: snapshot(rnd.randrange(100)),
        lambda: line(5).replace(b"}\n", b",}\n"),
        lambda: line(None)[:-2] + b"\n",
    ]
    path.write_bytes(b"".join(rnd.choices(made, [20, 1, 1, 1, 1])[0]() for _ in range(rnd.choice([3, 100]))))


def test_an_unfinished_line_is_told_whatever_its_time(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(line(60) * 3 + f'{{"timestamp":"{stamp(1)}","message":{{"content":"a needle'.encode())
    assert line_time(path.read_bytes().rpartition(b"\n")[2]) is not None
    hits = ask(path, limit=1)
    assert [tail.offset for tail in hits.tails] == [len(line(60)) * 3]
    with fastcore.Corpus(path) as corpus:
        assert corpus.scan("needle", limit=1, count=False).tails == hits.tails


@settings(max_examples=scaled(60))
@given(strategies.randoms())
def test_nothing_depends_on_threads_or_chunks(rnd: random.Random) -> None:
    """Many lines of few times, most of them pruned at some moment or other."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for at in range(rnd.choice([1, 8, 30])):
            write_mixed(rnd, Path(folder, f"{at}.jsonl"))
        options = {"order": rnd.choice(["newest", "oldest"]), "limit": rnd.choice([1, 5, 40])}
        seen = set()
        for threads in (1, 2, 5, 2, 5):
            patch.setenv("FASTCORE_CHUNK", rnd.choice(["64", "257", "4096", "1048576"]))
            patch.setenv("FASTCORE_SPAN", rnd.choice(["64", "257", "4096", "1048576"]))
            hits = ask(folder, threads=threads, **options)
            seen.add((tuple(places(hits)), hits.errors, hits.tails, hits.stats.errors))
        assert len(seen) == 1


# Arguments and what is shown.


def test_arguments() -> None:
    with pytest.raises(ValueError, match="limit=0 only counts"):
        fastcore.scan(line(1), "needle", limit=0, count=False)
    with pytest.raises(TypeError, match="count: wanted True or False, not int"):
        fastcore.scan(line(1), "needle", count=1)  # type: ignore[arg-type]
    everything = fastcore.scan(line(1) * 60, "needle", limit=None, count=False)
    assert (len(everything), everything.stats.matches) == (60, None)


def test_what_is_shown() -> None:
    hits = fastcore.scan(line(1) * 3, "needle", limit=2, count=False)
    assert repr(hits).startswith("<Hits: 2 matches, not all counted in 1 files>")
    assert "<p>2 matches, not all counted</p>" in hits._repr_html_()
    assert hits.stats.to_dict()["matches"] is None


# Mapped files.


def same_mapped(corpus: fastcore.Corpus, paths: Any, facts: bool = False, **options: Any) -> fastcore.Hits:
    """What a corpus finds without the count, which is what a scan that counts finds.

    Of blocks that it may pass over, by what it knows of them, bad lines are not reported.
    """
    exact = fastcore.scan(paths, "needle", **options)
    hits = corpus.scan("needle", count=False, **options)
    assert hits.stats.matches is None and hits.tails == exact.tails
    assert [(hit.path, hit.line, hit.offset, hit.time_ns, hit.raw) for hit in hits] == [
        (hit.path, hit.line, hit.offset, hit.time_ns, hit.raw) for hit in exact
    ]
    errors = fastcore.scan(paths, "needle", count=False, **options).errors
    assert set(hits.errors) <= set(errors) if facts else hits.errors == errors
    return hits


@settings(max_examples=scaled(60))
@given(strategies.randoms())
def test_mapped_files_give_the_same_hits(rnd: random.Random) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASTCORE_BLOCK", rnd.choice(["64", "300", "4096"]))
        for at in range(rnd.choice([1, 8, 30])):
            write_mixed(rnd, Path(folder, f"{at}.jsonl"))
        facts = rnd.random() < 0.5
        with fastcore.Corpus(folder, facts=facts) as corpus:
            for _ in range(4):
                patch.setenv("FASTCORE_CHUNK", rnd.choice(["64", "257", "1048576"]))
                patch.setenv("FASTCORE_SPAN", rnd.choice(["64", "257", "4096", "1048576"]))
                options = {"order": rnd.choice(["newest", "oldest"]), "limit": rnd.choice([1, 5, 40])}
                same_mapped(corpus, folder, facts, threads=rnd.choice([1, 2, 5]), **options)


@prunes
@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_mapped_lines_that_come_too_late_are_left_unparsed(
    tmp_path: Path, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTCORE_BLOCK", "4096")
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(line(second) for second in range(3000)))
    with fastcore.Corpus(path, facts=False) as corpus:
        hits = same_mapped(corpus, path, order=order, limit=5, threads=1)
    assert hits.stats.candidates < (1500 if "prefilter" in os.environ.get("FASTCORE_OFF", "") else 100)


@pytest.mark.parametrize("share", [2, 30, 10_000])
def test_mapped_lines_without_time(tmp_path: Path, share: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTCORE_BLOCK", "1024")
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(line(at // 10 if at % share == 1 else None, f"a needle {at}") for at in range(2000)))
    for facts in (False, True):
        with fastcore.Corpus(path, facts=facts) as corpus:
            for order in ("newest", "oldest"):
                same_mapped(corpus, path, facts, order=order, limit=30, threads=1)


@pytest.mark.parametrize("facts", [False, True])
@pytest.mark.parametrize("keep", [0, 1, 1000, 4096, 30_000, 100_001])
def test_a_mapped_file_that_was_cut_short(
    tmp_path: Path, keep: int, facts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Judged from its end: the blocks that are gone, then those that are left, each record once."""
    monkeypatch.setenv("FASTCORE_BLOCK", "5000")
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(line(second) for second in range(3000)))
    with fastcore.Corpus(path, facts=facts) as corpus:
        os.truncate(path, keep)
        hits = corpus.scan("needle", count=False, limit=3000)
        exact = corpus.scan("needle", limit=3000)
    assert places(hits) == places(exact) == places(fastcore.scan(path, "needle", limit=3000))
    assert [error.reason for error in hits.errors] == [f"truncated at byte {keep}"]

"""What is known of blocks changes no answer: made logs and queries, with facts and without, against the oracle."""

from __future__ import annotations

import json
import os
import random
import stat
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import oracles
import pytest
import strategies
from hypothesis import given, settings
from scale import scaled
from test_scan_oracle import some_max_line, some_query

import fastcore
from fastcore import _facts_file
from fastcore import query as q
from fastcore._native import scan as native

pytestmark = pytest.mark.native

OLD = 1_600_000_000 * 10**9  # no file of that age is being written
Files = list[tuple[str, bytes, int | None]]

BLOCKS = ["1", "64", "300", "1000", "262144"]


def write(path: Path, content: bytes, rnd: random.Random) -> None:
    path.write_bytes(content)
    age(path, rnd)


def age(path: Path, rnd: random.Random) -> None:
    """Give a file an old time, another one each time."""
    mtime_ns = OLD + rnd.randrange(10**18 // 2)
    os.utime(path, ns=(mtime_ns, mtime_ns))


def untimed(rnd: random.Random, content: bytes) -> bytes:
    """The log with most records' own times taken away, at the borders of blocks as anywhere else."""
    return b"\n".join(
        line.replace(b"timestamp", b"timestump") if rnd.random() < 0.7 else line for line in content.split(b"\n")
    )


def some_log(rnd: random.Random) -> bytes:
    content = b"\n".join(strategies.log(rnd).removeprefix(strategies.BOM) for _ in range(rnd.choice([1, 1, 3])))
    if rnd.random() < 0.2:
        content = untimed(rnd, content)
    return rnd.choice([b"", b"", b"", strategies.BOM]) + content


def change(rnd: random.Random, path: Path) -> None:
    """Let happen to a file what happens to logs."""
    content = path.read_bytes()
    event = rnd.choice(["append", "append", "append", "finish", "rotate", "truncate", "rewrite", "replace", "touch"])
    if event == "append":
        with path.open("ab") as file:
            file.write(some_log(rnd).removeprefix(strategies.BOM))
    elif event == "finish":  # the last line, which had no newline, goes on
        with path.open("ab") as file:
            file.write(rnd.choice([b"\n", b'"}\n', b"{}\n", b' {"type":"user"}\n', b"\r\n"]))
    elif event == "rotate":
        path.rename(path.with_suffix(".1"))
        path.write_bytes(some_log(rnd))
    elif event == "truncate":
        os.truncate(path, rnd.randrange(len(content) + 1))
    elif event == "rewrite":
        path.write_bytes(some_log(rnd))
    elif event == "replace":
        other = path.with_suffix(".new")
        other.write_bytes(content[: rnd.randrange(len(content) + 1)] + some_log(rnd))
        other.replace(path)
    if rnd.random() < 0.7:
        age(path, rnd)


def question(rnd: random.Random, files: Files) -> tuple[str, q.Node | None, dict[str, Any]]:
    """A query, with what facts can answer more often than elsewhere, its tree, and the options of a scan."""
    if rnd.random() < 0.4:
        name = rnd.choice(["session", "role", "type"])
        tree: q.Node | None = q.Field(name, rnd.choice([value for value in strategies.VALUES[name] if value]))
        if rnd.random() < 0.5:
            tree = rnd.choice([q.And, q.Or])(tree, strategies.tree(rnd, 1))
        text = strategies.write_query(rnd, tree)
        where = None
    else:
        text, where, tree = some_query(rnd)
    moments = [None, None, *strategies.TIMES[:6], "2020-09-13T12:26:40.123456Z", "2030-01-01T00:00:00Z"]
    options = {
        "where": where,
        "since": rnd.choice(moments),
        "until": rnd.choice(moments),
        "order": rnd.choice(["newest", "newest", "oldest", "file"]),
        "limit": rnd.choice([None, 0, 1, 1, 3]),
        "case_sensitive": rnd.random() < 0.2,
        "max_line": some_max_line(rnd, files),
    }
    return text, tree, options


def read_all(paths: list[Path]) -> Files:
    return [(str(path), path.read_bytes(), path.stat().st_mtime_ns // 1000) for path in paths if path.exists()]


def rows(hits: fastcore.Hits) -> list[tuple[Any, ...]]:
    return [(hit.path, hit.line, hit.offset, hit.time_ns, hit.raw) for hit in hits]


def ask(rnd: random.Random, corpora: list[fastcore.Corpus], files: Files) -> int:
    """Put one question to every corpus; returns how often some bytes were passed over."""
    text, tree, options = question(rnd, files)
    plain = {name: options[name] for name in ("order", "limit", "case_sensitive", "max_line")}
    bounds = {name + "_us": oracles.time_us(options[name] or "") for name in ("since", "until")}
    expected = oracles.scan(files, tree, **plain, **bounds)
    wanted = [(h.path, h.line, h.offset, None if h.time_us is None else h.time_us * 1000, h.raw) for h in expected.hits]
    validate = "all" if rnd.random() < 0.1 else "candidates"
    passed = 0
    for corpus in corpora:
        for count in (True, False) if options["limit"] != 0 else (True,):
            hits = corpus.scan(text, **options, validate=validate, count=count, threads=rnd.choice([1, 2, 3]))
            assert rows(hits) == wanted, (text, options, count, corpus)
            assert hits.stats.matches in ((expected.matches,) if count else (expected.matches, None))
            assert [(tail.path, tail.offset) for tail in hits.tails] == expected.tails
            seen = {(error.path, error.line, error.offset, error.excerpt) for error in hits.errors}
            assert seen <= set(expected.errors)
            long = {
                (path, line.number, line.offset, line.excerpt)
                for path, content, _ in files
                for line in oracles.lines_of(content, options["max_line"])
                if len(line.raw) > options["max_line"]
            }
            assert long <= seen, (text, options)
            if validate == "all":
                assert [(e.path, e.line, e.offset, e.excerpt) for e in hits.errors] == expected.errors
            passed += hits.stats.bytes < sum(len(content) for _, content, _ in files)
    return passed


def story(rnd: random.Random, folder: Path) -> int:
    """Files, a corpus that learns and one that does not, questions, events, questions again."""
    paths = [folder / f"{name}.jsonl" for name in rnd.sample("abcdé", rnd.choice([1, 2, 4]))]
    for path in paths:
        write(path, some_log(rnd), rnd)
    passed = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASTCORE_BLOCK", rnd.choice(BLOCKS))
        patch.setenv("FASTCORE_CHUNK", rnd.choice(["64", "4096", "1048576"]))
        patch.setenv("FASTCORE_SPAN", rnd.choice(["257", "4096", "1048576"]))
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        facts = rnd.choice([True, True, "disk"])
        sketch = rnd.choice([None, True])
        with (
            fastcore.Corpus(folder, facts=facts, sketch=sketch) as learns,
            fastcore.Corpus(folder, facts=False) as other,
        ):
            for _ in range(rnd.choice([1, 2, 4])):
                if rnd.random() < 0.4:
                    learns.build_facts()
                for _ in range(2):
                    passed += ask(rnd, [learns, other], read_all(paths))
                for path in paths:
                    if rnd.random() < 0.7:
                        change(rnd, path)
                learns.refresh()
                other.refresh()
            passed += ask(rnd, [learns], read_all(paths))
        if facts == "disk":
            with fastcore.Corpus(folder, facts="disk") as later:
                passed += ask(rnd, [later], read_all(paths))
    return passed


def settle() -> None:
    """Wait until what was just written counts as done with."""
    time.sleep(2.1)


def known(corpus: fastcore.Corpus) -> int:
    return corpus.stats.facts


def on_disk(tree: Path) -> fastcore.Corpus:
    return fastcore.Corpus(tree, facts="disk")


@settings(max_examples=scaled(80))
@given(strategies.randoms())
def test_facts_change_no_answer(rnd: random.Random) -> None:
    with tempfile.TemporaryDirectory() as folder:
        story(rnd, Path(folder))


def test_facts_change_no_answer_many() -> None:
    """The same from a seed; bytes are passed over in many of the cases."""
    seed = random.randrange(2**32)
    print(f"seeds from {seed}")
    passed = 0
    for number in range(seed, seed + scaled(100)):
        with tempfile.TemporaryDirectory() as folder:
            try:
                passed += story(random.Random(number), Path(folder))
            except AssertionError:
                print(f"seed {number}")
                raise
    assert passed > scaled(100)


def test_facts_from_the_disk_change_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was kept of files that then stay, or change, or grow."""
    seed = random.randrange(2**32)
    rnd = random.Random(seed)
    print(f"seed {seed}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folders = [tmp_path / str(number) for number in range(scaled(40))]
    blocks = {folder: rnd.choice(BLOCKS) for folder in folders}
    for folder in folders:
        folder.mkdir()
        for name in "abc":
            (folder / f"{name}.jsonl").write_bytes(some_log(rnd))
    settle()
    recalled = 0
    for folder in folders:
        monkeypatch.setenv("FASTCORE_BLOCK", blocks[folder])
        with on_disk(folder) as corpus:
            corpus.build_facts()
        paths = [folder / f"{name}.jsonl" for name in "abc"]
        for path in paths:
            if rnd.random() < 0.5:
                change(rnd, path)
        with on_disk(folder) as corpus, fastcore.Corpus(folder, facts=False) as other:
            corpus.scan("nothing")
            recalled += known(corpus)
            for _ in range(3):
                ask(rnd, [corpus, other], read_all(paths))
    assert recalled > len(folders)


def block_of(rnd: random.Random) -> bytes:
    content = some_log(rnd)
    return content + b"\n" if content and not content.endswith(b"\n") else content


@settings(max_examples=scaled(150))
@given(strategies.randoms())
def test_facts_of_a_block_equal_the_oracle(rnd: random.Random) -> None:
    block, base = block_of(rnd), rnd.choice([0, 77])
    span, newlines, has_own, ends_untimed = native.facts_of(block, base)
    first, last, truth = oracles.facts(block, at_offset_0=base == 0)
    assert (newlines, has_own, ends_untimed) == (block.count(b"\n"), truth["has_own"], truth["ends_untimed"])
    if first is not None:
        assert span[0] <= first <= last <= span[1]
    for _ in range(10):
        tree = strategies.tree(rnd)
        plan = native.Plan(q.compile_query(tree))
        hit = any(oracles.matches(tree, record) for record in truth["records"])
        assert native.names_may_match(block, base, plan) >= hit, tree


@pytest.mark.parametrize("name", ["session", "role", "type"])
def test_names_of_a_block_are_all_its_names(name: str) -> None:
    seed = random.randrange(2**32)
    rnd = random.Random(seed)
    print(f"seed {seed}")
    absent = 0
    for _ in range(scaled(200)):
        block = block_of(rnd)
        for value in filter(None, strategies.VALUES[name]):
            tree = q.Field(name, value)
            records = oracles.facts(block, at_offset_0=True)[2]["records"]
            may = native.names_may_match(block, 0, native.Plan(q.compile_query(tree)))
            found = [record[name] for record in records if record[name] is not None]
            same = [one for one in found if one == value or (name == "session" and one.startswith(value))]
            assert may == bool(same)
            absent += not may
    assert absent


def line(second: int, text: str = "needle", **members: Any) -> bytes:
    stamp = {} if second < 0 else {"timestamp": f"2024-05-01T10:{second // 60:02}:{second % 60:02}Z"}
    return json.dumps({"type": "user", "message": {"content": text}, **stamp, **members}).encode() + b"\n"


def make_tree(folder: Path) -> Path:
    """Two files of 300 records, each about a block of its own, every tenth record without a time."""
    folder.mkdir()
    for number, name in enumerate("ab"):
        lines = [line(-1 if i % 10 == 5 else 2 * i + number, sessionId=f"session-{name}{i // 100}") for i in range(300)]
        (folder / f"{name}.jsonl").write_bytes(b"".join(lines))
    return folder


@pytest.fixture
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Blocks of a line each, and a cache of the test's own."""
    monkeypatch.setenv("FASTCORE_BLOCK", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def tree(surroundings: Path) -> Path:
    return make_tree(surroundings / "logs")


@pytest.fixture(scope="module")
def settled_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree that no test changes."""
    tree = make_tree(tmp_path_factory.mktemp("settled") / "logs")
    settle()
    return tree


@pytest.fixture
def settled(settled_tree: Path, surroundings: Path) -> Path:
    return settled_tree


def read_bytes(hits: fastcore.Hits) -> int:
    return hits.stats.bytes


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("needle", {"limit": 5, "count": False}),
        ("needle", {"limit": 5, "count": False, "order": "oldest"}),
        ("needle", {"since": "2024-05-01T10:09:30Z"}),
        ("", {"since": "2024-05-01T10:09:30Z"}),
        ("needle", {"until": "2024-05-01T10:00:30Z", "order": "file"}),
        ("needle session:session-b2", {}),
        ("session:session-b2", {"limit": None}),
        ("needle type:summary", {}),
        ("needle role:assistant", {}),
    ],
)
def test_what_cannot_matter_is_not_read(tree: Path, query: str, options: dict[str, Any]) -> None:
    whole = sum(path.stat().st_size for path in tree.iterdir())
    with fastcore.Corpus(tree) as corpus, fastcore.Corpus(tree, facts=False) as plain:
        first, again, wanted = (c.scan(query, **options) for c in (corpus, corpus, plain))
        assert rows(first) == rows(again) == rows(wanted)
        assert again.stats.matches == wanted.stats.matches
        assert read_bytes(wanted) == whole
        assert read_bytes(again) < whole / 2
        assert read_bytes(first) == whole + read_bytes(again)  # what was learnt was read, too
        assert plain.stats.facts == 0 and corpus.stats.facts == corpus.stats.blocks > 500


def test_a_query_that_needs_no_facts_learns_none(tree: Path) -> None:
    with fastcore.Corpus(tree) as corpus:
        for options in ({}, {"limit": None}, {"order": "file", "count": False}, {"validate": "all", "since": "2d"}):
            corpus.scan("needle", **options)
        assert corpus.stats.facts == 0
        corpus.build_facts()
        assert corpus.stats.facts == corpus.stats.blocks


def test_what_learning_costs_is_a_site(tree: Path) -> None:
    with fastcore.Corpus(tree) as corpus:
        corpus.build_facts()
    assert {fastcore.parallel.plan(site, 1, 1000) for site in ("scan, facts", "scan, facts and names")} == {"serial"}
    assert native.cost("scan, facts", 1, 10 << 20) == (40, 10 << 20, (10 << 20) // 4)
    assert native.cost("scan, nothing", 1, 1) is None


def test_the_switch(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with fastcore.Corpus(tree) as corpus:
        corpus.build_facts()
        with_facts = corpus.scan("needle", limit=5, count=False)
        monkeypatch.setenv("FASTCORE_OFF", "facts")
        without = corpus.scan("needle", limit=5, count=False)
        assert rows(with_facts) == rows(without)
        assert read_bytes(with_facts) < read_bytes(without)


def test_arguments(tree: Path) -> None:
    for wrong in ("Disk", None, 1, 0, "", b"disk"):
        with pytest.raises(ValueError, match="facts="):
            fastcore.Corpus(tree, facts=wrong)  # type: ignore[arg-type]
    with fastcore.Corpus(tree, facts=False) as corpus, pytest.raises(ValueError, match="facts=False"):
        corpus.build_facts()


def test_progress_of_building(tree: Path) -> None:
    calls: list[tuple[int, int, str]] = []
    with fastcore.Corpus(tree) as corpus:
        corpus.build_facts(progress=lambda *call: calls.append(call))
        assert calls and all(done <= total and unit == "bytes" for done, total, unit in calls)
        corpus.build_facts()

    def stop(done: int, total: int, unit: str) -> None:
        raise KeyError("enough")

    with fastcore.Corpus(tree) as corpus:
        with pytest.raises(KeyError):
            corpus.build_facts(progress=stop)
        assert rows(corpus.scan("needle", limit=3, count=False)) == rows(fastcore.scan(tree, "needle", limit=3))


def test_a_timeout_while_facts_are_learnt(tree: Path) -> None:
    with fastcore.Corpus(tree) as corpus:
        hits = corpus.scan("needle", since="2024-01-01", timeout=0)
        assert hits.stats.timed_out and not hits
        assert len(corpus.scan("needle", since="2024-01-01", limit=None)) == 600


def test_facts_are_kept_on_the_disk(settled: Path) -> None:
    with on_disk(settled) as corpus:
        corpus.scan("needle", limit=1, count=False)
        assert not os.path.exists(_facts_file.place())
    info = os.stat(_facts_file.place())
    assert stat.S_IMODE(info.st_mode) == 0o600
    assert b"needle" not in Path(_facts_file.place()).read_bytes()
    with on_disk(settled) as corpus:
        assert known(corpus) == 0
        hits = corpus.scan("needle", limit=1, count=False)
        assert known(corpus) == corpus.stats.blocks
        assert read_bytes(hits) < 1000  # nothing had to be learnt
        corpus.build_facts()  # names were not known
    names = os.stat(_facts_file.place())
    assert names.st_size > info.st_size
    with on_disk(settled) as corpus:
        assert read_bytes(corpus.scan("session:session-a1")) < 30_000
    assert os.stat(_facts_file.place()).st_ino == names.st_ino  # nothing new was known


@pytest.mark.parametrize("damage", ["cut", "byte", "empty", "text", "longer", "mode", "folder", "fifo", "link"])
def test_a_damaged_or_foreign_file_is_made_again(settled: Path, damage: str) -> None:
    with on_disk(settled) as corpus:
        corpus.build_facts()
    path = Path(_facts_file.place())
    content = path.read_bytes()
    path.unlink()
    if damage in ("mode", "link"):
        target = path.with_name("elsewhere") if damage == "link" else path
        target.write_bytes(content)
        target.chmod(0o644 if damage == "mode" else 0o600)
        if damage == "link":
            path.symlink_to(target)
    elif damage == "folder":
        path.mkdir()
    elif damage == "fifo":
        os.mkfifo(path)
    else:
        middle = len(content) // 2
        written = {
            "cut": content[:middle],
            "byte": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
            "empty": b"",
            "text": b"facts",
            "longer": content + b"\0",
        }[damage]
        path.write_bytes(written)
        path.chmod(0o600)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with on_disk(settled) as corpus:
            hits = corpus.scan("needle", limit=3, count=False)
            assert read_bytes(hits) > sum(path.stat().st_size for path in settled.iterdir())  # all was learnt again
            assert rows(hits) == rows(fastcore.scan(settled, "needle", limit=3))
    assert len(caught) == (damage == "folder")  # which cannot be replaced
    if damage != "folder":
        with on_disk(settled) as corpus:
            corpus.scan("needle", limit=3, count=False)
            assert os.stat(path).st_size > 1000 and stat.S_ISREG(os.lstat(path).st_mode)


def test_what_changed_since_is_learnt_again(tree: Path) -> None:
    a, b = tree / "a.jsonl", tree / "b.jsonl"
    before = a.stat()
    settle()
    with on_disk(tree) as corpus:
        corpus.build_facts()
    a.write_bytes(a.read_bytes().replace(b"10:00:00", b"10:59:59"))
    os.utime(a, ns=(before.st_mtime_ns, before.st_mtime_ns))  # only its ctime tells
    with b.open("ab") as file:
        file.write(line(3000))
    with on_disk(tree) as corpus:
        hits = corpus.scan("needle", limit=3, count=False)
        assert rows(hits) == rows(fastcore.scan(tree, "needle", limit=3))
        assert before.st_size < read_bytes(hits) < before.st_size + 2000  # the other has merely grown


def test_a_file_that_is_being_written_is_not_kept(tree: Path) -> None:
    settle()
    (tree / "a.jsonl").write_bytes(line(1))
    with on_disk(tree) as corpus:
        corpus.build_facts()
    with on_disk(tree) as corpus:
        corpus.scan("nothing")
        assert known(corpus) == corpus.stats.blocks - 1


def test_other_files_facts_stay(settled: Path) -> None:
    for name in "abab":
        with on_disk(settled / f"{name}.jsonl") as corpus:
            corpus.build_facts()
    with on_disk(settled) as corpus:
        assert read_bytes(corpus.scan("needle", limit=1, count=False)) < 1000


def test_facts_that_cannot_be_kept(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tree / "a.jsonl"))  # no folder
    with pytest.warns(RuntimeWarning, match="not kept"), on_disk(tree) as corpus:
        corpus.scan("needle", limit=1, count=False)
    with on_disk(tree) as corpus:
        with pytest.raises(OSError):
            corpus.build_facts()
        corpus._kept = None  # nothing to keep, so that close() has nothing to say


def test_where_facts_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    for cache, wanted in (("/cache", "/cache"), ("not/absolute", "/home/ada/.cache"), ("", "/home/ada/.cache")):
        monkeypatch.setenv("XDG_CACHE_HOME", cache)
        assert _facts_file.place() == f"{wanted}/fastcore/facts"

"""`fastcore.scan` as a function: what it takes, in which order it answers, what it refuses."""

from __future__ import annotations

import datetime as dt
import errno
import inspect
import io
import logging
import mmap
import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import fastcore
from fastcore import _scan, _sources

GOOD = b'{"type":"user","message":{"content":"needle"}}\n'


def record(text: str = "needle", time: str | None = None) -> bytes:
    stamp = b"" if time is None else b',"timestamp":"' + time.encode() + b'"'
    return b'{"type":"user","message":{"content":"' + text.encode() + b'"}' + stamp + b"}\n"


def places(hits: fastcore.Hits) -> list[tuple[str, int | None]]:
    return [(hit.path, hit.line) for hit in hits]


def test_the_arguments_are_the_documented_ones() -> None:
    parameters = inspect.signature(fastcore.scan).parameters
    assert {name: p.default for name, p in parameters.items()} == {
        "paths": None,
        "query": "",
        "where": None,
        "since": None,
        "until": None,
        "order": "newest",
        "limit": 50,
        "count": True,
        "case_sensitive": False,
        "validate": "candidates",
        "max_line": 64 << 20,
        "follow": False,
        "threads": None,
        "timeout": None,
        "progress": None,
        "on_error": "report",
        "executor": None,
    }
    assert [name for name, p in parameters.items() if p.kind is not p.KEYWORD_ONLY] == ["paths", "query"]


# What is searched


def test_paths_of_every_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.jsonl").write_bytes(GOOD)
    Path("sub").mkdir()
    Path("sub/b.ndjson").write_bytes(GOOD)
    Path("sub/c.txt").write_bytes(GOOD)
    for paths in ("a.jsonl", Path("a.jsonl"), ["a.jsonl"], ("a.jsonl",), iter(["a.jsonl"]), os.scandir(".")):
        assert "a.jsonl" in {os.path.basename(hit.path) for hit in fastcore.scan(paths, "needle")}, paths  # type: ignore[arg-type]
    assert places(fastcore.scan(["sub", "a.jsonl"], order="file")) == [("a.jsonl", 1), ("sub/b.ndjson", 1)]
    assert places(fastcore.scan("sub/")) == [("sub/b.ndjson", 1)]
    assert places(fastcore.scan("./sub/c.txt")) == [("./sub/c.txt", 1)]  # named, whatever its ending
    assert places(fastcore.scan(".", order="file")) == [("./a.jsonl", 1), ("./sub/b.ndjson", 1)]


def test_a_name_given_twice_is_reported_once(tmp_path: Path) -> None:
    path = tmp_path / "missing"
    hits = fastcore.scan([path, str(path), f"{path}*", f"{path}*"])
    assert [(e.path, e.errno) for e in hits.errors] == [(str(path), errno.ENOENT), (f"{path}*", errno.ENOENT)]
    assert hits.stats.files_failed == 2
    assert len(fastcore.scan([GOOD, GOOD])) == 2  # contents are no names


def test_no_paths_at_all() -> None:
    hits = fastcore.scan([], "needle")
    assert (len(hits), hits.stats.files, hits.stats.bytes, hits.errors) == (0, 0, 0, ())


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda b: memoryview(b).cast("b"), io.BytesIO])
def test_content(kind: object) -> None:
    content = kind(GOOD + record("other"))  # type: ignore[operator]
    (hit,) = fastcore.scan(content, "needle")
    assert (hit.path, hit.line, hit.time, hit.raw + b"\n") == ("<memory>", 1, None, GOOD)
    assert len(fastcore.scan([GOOD, GOOD], "needle")) == 2  # memory is never the same twice


def test_content_is_let_go() -> None:
    content = bytearray(GOOD)
    hits = fastcore.scan(content, "needle")
    content.clear()  # a BufferError, were it still held
    assert hits[0].text == "needle"


def test_open_files_are_read_from_where_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(GOOD * 3)
    for buffering in (-1, 0):
        with path.open("rb", buffering=buffering) as file:
            file.seek(len(GOOD))
            hits = fastcore.scan(file, "needle")
            assert [(hit.path, hit.offset, hit.time) for hit in hits] == [
                (str(path), 0, None),
                (str(path), len(GOOD), None),
            ]
            assert file.read() == b""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert len(fastcore.scan(mapped, "needle")) == 3
        assert len(fastcore.scan(memoryview(mapped), "needle")) == 3


def pipe_with(content: bytes) -> io.FileIO:
    """The reading end of a pipe that holds `content`."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as file:
        file.write(content)
    return io.FileIO(reader)


@pytest.mark.parametrize("spool", [1, len(GOOD), len(GOOD) * 100 - 1, len(GOOD) * 100, len(GOOD) * 100 + 1])
def test_what_does_not_fit_waits_in_a_file(spool: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sources, "SPOOL_BYTES", spool)
    with pipe_with(GOOD * 100) as pipe:
        hits = fastcore.scan(pipe, "needle", limit=None)
    assert [(hit.path, hit.line, hit.time) for hit in hits] == [("<memory>", i + 1, None) for i in range(100)]
    assert len(fastcore.scan(io.BytesIO(), "needle")) == 0


def test_a_long_pipe_takes_no_memory() -> None:
    code = f"""
import sys
import fastcore
hits = fastcore.scan(sys.stdin.buffer, "needle", threads=3, limit=2, order="oldest")
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(hits.stats.matches, hits.stats.bytes, peak // 1024)
assert not hits.errors, hits.errors
assert [(hit.path, hit.line, hit.offset) for hit in hits] == [("<stdin>", 1, 0), ("<stdin>", 2, {len(GOOD)})]
assert hits[1].record["message"] and hits[1].time is None"""
    part = (GOOD[:-1] + b" " * 4000 + b"\n") * 1000
    times = (200 << 20) // len(part)
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(GOOD)
        for _ in range(times):
            process.stdin.write(part)
        process.stdin.close()
        matches, size, peak = map(int, process.stdout.read().split())
    assert process.returncode == 0
    assert (matches, size) == (1 + 1000 * times, len(GOOD) + len(part) * times)
    assert peak < 120  # megabytes, of 200


def test_a_pipe_that_would_not_block_is_refused() -> None:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    with io.FileIO(reader) as pipe, pytest.raises(BlockingIOError, match="nothing to read"):
        fastcore.scan(pipe)
    os.close(writer)


class BytesPath:
    def __fspath__(self) -> bytes:
        return b"a.jsonl"


@pytest.mark.parametrize(
    ("paths", "error", "message"),
    [
        (5, TypeError, "wanted a path, bytes.*not int"),
        ([None], TypeError, "not NoneType"),
        ([GOOD, 1.5], TypeError, "not float"),
        (io.StringIO("{}"), TypeError, "must be binary"),
        (BytesPath(), TypeError, "os.fsdecode"),
        ("a\0b", ValueError, "NUL"),
        ("*\0b", ValueError, "NUL"),
        ("a\ud800b", ValueError, "surrogates"),
        (memoryview(GOOD)[::2], BufferError, "contiguous"),
    ],
)
def test_paths_that_cannot_be_read(paths: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        fastcore.scan(paths)  # type: ignore[arg-type]


def test_paths_that_fail_are_entries(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(GOOD)
    paths = ["", str(tmp_path / "a.jsonl" / "x"), str(tmp_path / ("n" * 300)), str(tmp_path / "a.jsonl")]
    hits = fastcore.scan(paths, "needle")
    assert len(hits) == 1
    assert {(e.path, e.errno) for e in hits.errors} == {
        (paths[0], errno.ENOENT),
        (paths[1], errno.ENOTDIR),
        (paths[2], errno.ENAMETOOLONG),
    }
    assert hits.stats.files_failed == 3
    assert hits.stats.errors == 0  # lines


def test_globs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("b.jsonl", "a.jsonl", ".hidden/c.jsonl", "x/y/d.jsonl", "x/y/e.log"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(GOOD)
    assert places(fastcore.scan("[ab].jsonl", order="file")) == [("a.jsonl", 1), ("b.jsonl", 1)]
    assert len(fastcore.scan("**/*.jsonl")) == 4
    assert len(fastcore.scan("*")) == 4  # folders are walked, hidden ones too
    assert places(fastcore.scan("x/?/*.log")) == [("x/y/e.log", 1)]
    assert [e.errno for e in fastcore.scan("*.none").errors] == [errno.ENOENT]
    # A file that a glob names twice stands under the first name in byte order.
    os.link("a.jsonl", "Z.jsonl")
    assert places(fastcore.scan("?.jsonl", order="file")) == [("Z.jsonl", 1), ("b.jsonl", 1)]
    os.symlink("nowhere", "[a].jsonl")  # a link that leads nowhere exists as a name: it is no glob either
    assert [(e.path, e.errno) for e in fastcore.scan("[a].jsonl").errors] == [("[a].jsonl", errno.ENOENT)]
    Path("*.jsonl").write_bytes(GOOD)
    assert places(fastcore.scan("*.jsonl")) == [("*.jsonl", 1)]  # a path that exists is no glob


def test_the_users_own_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(fastcore.NoLogs) as caught:
        fastcore.scan(query="needle")
    assert isinstance(caught.value, FileNotFoundError)
    assert caught.value.folders == (str(tmp_path / ".claude/projects"),)
    assert caught.value.errno == errno.ENOENT
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    for config in (tmp_path / ".claude", tmp_path / "other"):
        folder = config / "projects" / "-src-app"
        folder.mkdir(parents=True)
        with pytest.raises(fastcore.NoLogs):  # folders, but no logs
            monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(config))
            fastcore.scan()
        (folder / "s.jsonl").write_bytes(GOOD)
        assert places(fastcore.scan()) == [(str(folder / "s.jsonl"), 1)]
        for unset in ("", None):
            monkeypatch.delenv("CLAUDE_CONFIG_DIR") if unset is None else monkeypatch.setenv("CLAUDE_CONFIG_DIR", unset)
            assert places(fastcore.scan()) == [(str(tmp_path / ".claude/projects/-src-app/s.jsonl"), 1)]


def test_own_logs_that_may_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as config:  # pytest's own folders are closed to other users
        monkeypatch.setenv("CLAUDE_CONFIG_DIR", config)
        os.chmod(config, 0o755)
        os.mkdir(f"{config}/projects", mode=0o000)
        if user == 0:
            os.seteuid(65534)  # root may read everything
        try:
            with pytest.raises(PermissionError) as caught:
                fastcore.scan()
            hits = fastcore.scan([f"{config}/projects", GOOD], "needle")
        finally:
            os.seteuid(user)
    assert caught.value.filename == f"{config}/projects"
    assert (len(hits), [e.errno for e in hits.errors]) == (1, [errno.EACCES])


# Which records, in which order

FIRST, SECOND, THIRD = "2024-05-01T00:00:00Z", "2024-05-01T02:00:00.000001+02:00", "2024-05-01T00:00:01Z"


@pytest.fixture
def timed(tmp_path: Path) -> Path:
    (tmp_path / "b.jsonl").write_bytes(record(time=FIRST) + record(time=THIRD) + record(time=FIRST))
    (tmp_path / "a.jsonl").write_bytes(record(time=SECOND) + record(time=FIRST))
    return tmp_path


def test_orders(timed: Path) -> None:
    def names(order: str, limit: int | None = None) -> str:
        hits = fastcore.scan([timed / "b.jsonl", timed / "a.jsonl", record()], order=order, limit=limit)
        return " ".join(f"{Path(hit.path).stem}{hit.line}" for hit in hits)

    assert names("newest") == "b2 a1 a2 b1 b3 <memory>1"
    assert names("oldest") == "a2 b1 b3 a1 b2 <memory>1"
    assert names("file") == "a1 a2 b1 b2 b3 <memory>1"
    for order in ("newest", "oldest", "file"):
        everything = names(order).split()
        for limit in range(7):
            assert names(order, limit).split() == everything[:limit]
        assert names(order, 2**80).split() == everything


def test_limits(timed: Path) -> None:
    for limit in (0, 1, None):
        assert fastcore.scan(timed, limit=limit).stats.matches == 5
    many = record() * 60
    assert len(fastcore.scan(many)) == 50
    assert len(fastcore.scan(many, limit=None)) == 60


def test_bounds_are_inclusive(timed: Path) -> None:
    def count(**bounds: object) -> int:
        return fastcore.scan([timed, record()], limit=0, **bounds).stats.matches  # type: ignore[arg-type]

    first = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
    assert count() == 6
    assert count(since=first) == 5
    assert count(since=FIRST, until=FIRST) == 3
    assert count(since=first + dt.timedelta(microseconds=1)) == 2
    assert count(until=SECOND) == 4
    assert count(since="2024-05-02", until="2024-05-03") == 0
    assert count(since="now") == 0
    assert count(until=dt.date(2024, 5, 2)) == 5
    assert count(since=THIRD, until=FIRST) == 0
    for wrong in ("2024", "soon", "", 5, "2d ago"):
        with pytest.raises(fastcore.QueryError, match="accepted are"):
            count(since=wrong)


def test_case() -> None:
    log = record("Needle")
    assert fastcore.scan(log, "nEEDLE").stats.matches == 1
    assert fastcore.scan(log, "nEEDLE", case_sensitive=True).stats.matches == 0
    assert fastcore.scan(log, "Needle", case_sensitive=True)[0].spans == [(0, 6)]


def test_spans() -> None:
    (hit,) = fastcore.scan(record("aXbX needle ab"), "x OR needle OR eed NOT zzz")
    assert [hit.text[a:b] for a, b in hit.spans] == ["X", "X", "needle"]
    (hit,) = fastcore.scan(record("naïve \\ud83d\\ude00 café"), 'café "😀"')
    assert [hit.text[a:b] for a, b in hit.spans] == ["😀", "café"]
    assert fastcore.scan(record("aaa"), "aa")[0].spans == [(0, 3)]
    assert fastcore.scan(record("ab"), "")[0].spans == []
    assert fastcore.scan(record("ab"), "type:user")[0].spans == []


def test_keys_however_they_are_written() -> None:
    """Escaped keys, keys after the values they explain, duplicates (the last wins)."""
    for line in (
        b'{"\\u0074ype":"user","mess\\u0061ge":{"c\\u006fntent":"needle"}}',
        b'{"message":{"content":[{"text":"needle","type":"text"}],"role":"r"},"type":"user"}',
        b'{"type":"system","type":"user","message":{"content":"other"},"message":{"content":"needle"}}',
    ):
        (hit,) = fastcore.scan(line, "needle type:user")
        assert (hit.type, hit.text) == ("user", "needle")
    assert (
        len(fastcore.scan(b'{"type":"user","message":{"content":"needle"},"message":{"content":"x"}}', "needle")) == 0
    )


def test_where_and_query_add_up() -> None:
    log = b'{"type":"user","x":1,"sessionId":"12345678-9"}\n{"type":"system","content":"a"}\n'
    assert len(fastcore.scan(log, "type:user", where={"session": "12345678"})) == 1
    assert len(fastcore.scan(log, "type:system", where={"session": "12345678"})) == 0
    assert len(fastcore.scan(log, where={"type": ["user", "system"]})) == 2
    assert len(fastcore.scan(log, where={})) == 2


# What is reported


def test_every_line_is_counted_when_all_are_checked() -> None:
    log = GOOD + b"\n" + b"broken\n" + record("other") + b" \t\r\n" + b'{"cut'
    stats = fastcore.scan(log, "needle", validate="all").stats
    assert (stats.lines, stats.records, stats.errors, stats.blank, stats.tail, stats.skipped) == (6, 2, 1, 2, 1, 0)
    stats = fastcore.scan(log, "needle").stats
    assert (stats.matches, stats.tail, stats.bytes, stats.files, stats.timed_out) == (1, 1, len(log), 1, False)
    assert {"wall", "cpu"} <= set(stats.seconds)
    assert all(isinstance(value, float) and value >= 0 for value in stats.seconds.values())


def test_errors_are_the_same_for_every_query_when_all_are_checked() -> None:
    log = GOOD + b'{"a":1e}\nbroken\n' + GOOD + b"{}{}\n"
    seen = [
        [(e.line, e.offset, e.reason) for e in fastcore.scan(log, q, validate="all").errors]
        for q in ("", "needle", "z")
    ]
    assert [line for line, *_ in seen[0]] == [2, 3, 5]
    assert seen == [seen[0]] * 3


def test_errors_are_kept_in_order_to_a_thousand(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl"):
        (tmp_path / name).write_bytes(GOOD + b"bad needle\n" * 700)
    hits = fastcore.scan([tmp_path / "missing", tmp_path], "needle")
    assert hits.stats.errors == 1400
    # What concerns a whole file is kept before the first of the lines; all stand by path and offset.
    expected = [("a.jsonl", line) for line in range(2, 702)] + [("b.jsonl", line) for line in range(2, 301)]
    assert [(os.path.basename(e.path), e.line) for e in hits.errors] == [*expected, ("missing", None)]
    with pytest.raises(FileNotFoundError):
        fastcore.scan([tmp_path, tmp_path / "missing"], "needle", on_error="raise")


def test_long_lines() -> None:
    log = GOOD + record("x" * 100) + GOOD
    hits = fastcore.scan(log, "needle", max_line=len(GOOD) - 1)
    assert [hit.line for hit in hits] == [1, 3]
    assert [(e.line, e.reason) for e in hits.errors] == [(2, "longer than max_line")]
    assert [e.line for e in fastcore.scan(log, "needle", max_line=len(GOOD) - 2).errors] == [1, 2, 3]
    assert fastcore.scan(log, "needle", max_line=2**80).errors == ()


def test_a_missing_path_raises_before_anything_is_read(tmp_path: Path) -> None:
    calls: list[object] = []
    with pytest.raises(FileNotFoundError):
        fastcore.scan(
            [GOOD * 100, tmp_path / "gone"], "needle", on_error="raise", progress=lambda *call: calls.append(call)
        )
    assert calls == []


def test_a_bad_line_raises_as_one_also_when_time_ran_out() -> None:
    """Its number is unknown then, and it is still no file that failed."""
    bad = fastcore.ScanError("a", None, 5, "not a JSON object", b"x", None)
    with pytest.raises(fastcore.LineError) as caught:
        _scan._raise((bad,))
    assert (caught.value.line, caught.value.offset) == (None, 5)
    assert str(bad) == "a (byte 5): not a JSON object"


def test_a_timeout_that_is_no_number() -> None:
    with pytest.raises(ValueError, match="timeout=nan"):
        fastcore.scan(GOOD, "needle", timeout=float("nan"))


@pytest.mark.parametrize("timeout", ["1", True, [1]])
def test_a_timeout_of_another_type(timeout: object) -> None:
    with pytest.raises(TypeError, match="timeout: wanted seconds"):
        fastcore.scan(GOOD, "needle", timeout=timeout)  # type: ignore[arg-type]


def test_a_project_is_no_part_of_a_path_without_projects() -> None:
    assert not fastcore.scan(GOOD, "project:/src/app")


@pytest.mark.parametrize("word", ["".join(map(chr, range(0x4E00, 0x4E64))), "needle"], ids=["long", "short"])
@pytest.mark.parametrize("others", [0, 40])
def test_words_that_no_probe_holds(word: str, others: int) -> None:
    """Too many characters for the escapes of one, or too many words: then every line is a candidate."""
    query = " OR ".join([f"word{number}{chr(0x3B1 + number % 20)}" for number in range(others)] + [word])
    spelled = "".join(f"\\u{ord(c):04x}" for c in word)
    lines = [f'{{"type":"user","message":{{"content":"{text}"}}}}\n' for text in (word, "straw", spelled, word[:-1])]
    assert [hit.line for hit in fastcore.scan("".join(lines).encode(), query, order="file")] == [1, 3]


def test_the_last_progress_says_that_all_is_done() -> None:
    calls: list[tuple[int, int, str]] = []
    for threads in (1, 2):
        fastcore.scan(GOOD * 1000, "needle", threads=threads, progress=lambda *call: calls.append(call))
        assert calls[-1] == (1000 * len(GOOD), 1000 * len(GOOD), "bytes")
    calls.clear()
    fastcore.scan(GOOD * 1000, "needle", timeout=0, progress=lambda *call: calls.append(call))
    assert all(done < total for done, total, _ in calls)


def test_progress_never_passes_its_total(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where pieces read on to the end of a line that is the next one's neighbour."""
    path = tmp_path / "a.jsonl"
    path.write_bytes((GOOD + record("x" * 3000)) * 6000)
    monkeypatch.setenv("FASTCORE_SPAN", "65536")
    calls: list[tuple[int, int, str]] = []
    for threads in (1, 2):
        fastcore.scan(path, "", validate="all", threads=threads, progress=lambda *call: calls.append(call))
        size = path.stat().st_size
        assert calls[-1] == (size, size, "bytes")
        assert all(done <= total == size for done, total, _ in calls)


def test_raising(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"bad needle\n" + GOOD + b"worse needle\n")
    with pytest.raises(fastcore.LineError) as caught:
        fastcore.scan(tmp_path, "needle", on_error="raise")
    assert (caught.value.path, caught.value.line, caught.value.offset) == (str(tmp_path / "a.jsonl"), 1, 0)
    assert isinstance(caught.value, ValueError)
    with pytest.raises(FileNotFoundError) as missing:
        fastcore.scan([tmp_path, tmp_path / "gone"], "needle", on_error="raise")
    assert (missing.value.errno, missing.value.filename) == (errno.ENOENT, str(tmp_path / "gone"))
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(OSError, match="not a regular file") as odd:
        fastcore.scan(tmp_path / "fifo", on_error="raise")
    assert (odd.value.errno, odd.value.filename) == (errno.EINVAL, str(tmp_path / "fifo"))
    assert len(fastcore.scan(GOOD, "needle", on_error="raise")) == 1


def test_links_inside_folders(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "real.jsonl").write_bytes(GOOD)
    (inside / "link.jsonl").symlink_to(tmp_path / "real.jsonl")
    assert len(fastcore.scan(inside)) == 0
    assert places(fastcore.scan(inside, follow=True)) == [(str(inside / "link.jsonl"), 1)]
    assert len(fastcore.scan(inside / "link.jsonl")) == 1


# Switches


def test_progress_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="fastcore"):
        fastcore.scan(GOOD * 1000, progress=True)
    assert [r.name for r in caplog.records][:1] == ["fastcore"]
    assert f"of {len(GOOD) * 1000} bytes" in caplog.messages[0]
    caplog.clear()
    fastcore.scan(GOOD, progress=False)
    assert not caplog.records


def test_the_library_never_prints(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    fastcore.scan([tmp_path / "missing", b"broken\n"], progress=True)
    assert capfd.readouterr() == ("", "")


def test_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    for threads in (1, 2, 256, 100_000):
        assert fastcore.scan(GOOD, threads=threads).stats.threads <= min(threads, 256)
    monkeypatch.setenv("FASTCORE_THREADS", "2")
    assert len(fastcore.scan(GOOD)) == 1
    for wrong in ("0", "-1", "two", "1.5"):
        monkeypatch.setenv("FASTCORE_THREADS", wrong)
        with pytest.raises(ValueError, match="FASTCORE_THREADS"):
            fastcore.scan(GOOD)


@pytest.mark.skipif(os.environ.get("FASTCORE_OFF") == "pool", reason="needs the pool")
def test_two_threads_take_part_where_there_is_enough_to_do() -> None:
    log = GOOD * 200_000
    # On a busy machine one may finish all before the other is given the processor.
    assert any(fastcore.scan(log, "absent", threads=2, validate="all").stats.threads == 2 for _ in range(100))
    assert fastcore.scan(log, "absent", threads=1).stats.threads == 1


@pytest.mark.parametrize("name", ["FASTCORE_CHUNK", "FASTCORE_SPAN"])
def test_sizes_from_the_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("0", "-5", "", "big", "9" * 18, "9" * 23, "9" * 5000):
        monkeypatch.setenv(name, wrong)
        with pytest.raises(ValueError, match=name):
            fastcore.scan(GOOD)


def test_unknown_switches_warn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTCORE_OFF", "prefilter,turbo")
    with pytest.warns(UserWarning, match="unknown turbo; known are prefilter"):
        assert len(fastcore.scan(GOOD, "needle")) == 1
    monkeypatch.setenv("FASTCORE_OFF", "tur\x1b[1mbo")
    with pytest.warns(UserWarning) as caught:
        fastcore.scan(GOOD, "needle")
    assert [(w.filename, str(w.message).partition(";")[0]) for w in caught] == [
        (__file__, "FASTCORE_OFF: unknown tur\\x1b[1mbo")
    ]


@pytest.mark.parametrize("chunk", [1, 64, 257, 1 << 16])
@pytest.mark.parametrize("span", [64, 1 << 20])
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_answers_do_not_depend_on_the_cutting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, span: int, threads: int
) -> None:
    lines = [record(f"needle {i}", f"2024-05-01T00:{i % 60:02}:00Z") if i % 3 else record("needle") for i in range(90)]
    (tmp_path / "a.jsonl").write_bytes(b"".join(lines[:70]) + b"bad needle\n" + b"".join(lines[70:]) + b'{"cut needle')
    os.utime(tmp_path / "a.jsonl", (0, 0))
    whole = fastcore.scan(tmp_path, "needle", limit=40, threads=1, validate="all")
    monkeypatch.setenv("FASTCORE_CHUNK", str(chunk))
    monkeypatch.setenv("FASTCORE_SPAN", str(span))
    cut = fastcore.scan(tmp_path, "needle", limit=40, threads=threads, validate="all")
    assert cut.to_dicts() == whole.to_dicts()
    assert (cut.errors, cut.tails) == (whole.errors, whole.tails)
    counted = ("lines", "blank", "skipped", "records", "matches", "errors", "tail", "bytes")
    assert [getattr(cut.stats, name) for name in counted] == [getattr(whole.stats, name) for name in counted]

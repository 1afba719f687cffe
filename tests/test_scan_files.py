"""What happens to files: odd entries, changes during a scan, forks, threads, limits. Nothing may crash or hang."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from scale import SCALE, scaled

import fastcore

pytestmark = pytest.mark.native
SANITIZED = "libasan" in os.environ.get("LD_PRELOAD", "")


def line(number: int, text: str = "needle") -> bytes:
    return json.dumps(
        {
            "type": "user",
            "message": {"content": f"{text} {number}"},
            "timestamp": f"2024-05-01T00:{number // 60 % 60:02}:{number % 60:02}Z",
        }
    ).encode()


def write(path: Path, count: int, text: str = "needle") -> bytes:
    content = b"".join(line(i, text) + b"\n" for i in range(count))
    path.write_bytes(content)
    return content


def run_python(code: str, *args: str, timeout: float = 60, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, timeout=timeout, check=False, **options
    )  # type: ignore[call-overload, no-any-return]


def test_a_folder_without_logs_is_empty(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(line(1))
    hits = fastcore.scan(tmp_path, "needle")
    assert (len(hits), hits.stats.files, hits.errors) == (0, 0, ())


def test_a_missing_path_is_reported_and_the_others_are_searched(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", 1)
    hits = fastcore.scan([tmp_path / "missing", tmp_path / "a.jsonl"], "needle")
    assert len(hits) == 1
    assert [(e.path, e.errno, e.line, e.offset) for e in hits.errors] == [
        (str(tmp_path / "missing"), errno.ENOENT, None, None)
    ]
    with pytest.raises(FileNotFoundError) as caught:
        fastcore.scan(tmp_path / "missing", on_error="raise")
    assert caught.value.filename == str(tmp_path / "missing")


def test_a_file_named_twice_is_scanned_once(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", 3)
    os.link(tmp_path / "a.jsonl", tmp_path / "b.jsonl")
    (tmp_path / "c.jsonl").symlink_to(tmp_path / "a.jsonl")
    hits = fastcore.scan([tmp_path / "b.jsonl", tmp_path, tmp_path / "c.jsonl"], "needle", limit=None)
    assert {hit.path for hit in hits} == {str(tmp_path / "b.jsonl")}
    assert len(hits) == 3


def test_odd_entries_never_block(tmp_path: Path) -> None:
    write(tmp_path / "good.jsonl", 1)
    hidden = tmp_path / ".hidden"
    hidden.mkdir()
    write(hidden / "h.ndjson", 1)
    os.mkfifo(tmp_path / "fifo.jsonl")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "socket.jsonl"))
    (tmp_path / "loop.jsonl").symlink_to(tmp_path / "loop.jsonl")
    (tmp_path / "dangling.jsonl").symlink_to(tmp_path / "nothing")
    (tmp_path / "again").symlink_to(tmp_path)
    (tmp_path / "folder.jsonl").mkdir()
    write(tmp_path / "new\nline.jsonl", 1)
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.jsonl")).write_bytes(line(1))
    (tmp_path / "empty.jsonl").touch()
    for follow in (False, True):
        hits = fastcore.scan(tmp_path, "needle", follow=follow, limit=None)
        assert len(hits) == 4
        assert hits.errors == ()
    named = [tmp_path / name for name in ("fifo.jsonl", "socket.jsonl", "loop.jsonl", "dangling.jsonl")]
    hits = fastcore.scan([*named, "/dev/null", "/dev/zero"], "needle")
    assert {(Path(e.path).name, e.errno) for e in hits.errors} == {
        ("fifo.jsonl", None),
        ("socket.jsonl", None),
        ("loop.jsonl", errno.ELOOP),
        ("dangling.jsonl", errno.ENOENT),
        ("null", None),
        ("zero", None),
    }
    listener.close()


def test_a_glob_and_a_path_that_looks_like_one(tmp_path: Path) -> None:
    write(tmp_path / "a[1].jsonl", 1)
    write(tmp_path / "a1.jsonl", 2)
    assert len(fastcore.scan(str(tmp_path / "a[1].jsonl"), "needle")) == 1
    assert len(fastcore.scan(str(tmp_path / "a?.jsonl"), "needle")) == 2
    hits = fastcore.scan(str(tmp_path / "z*.jsonl"), "needle")
    assert [e.errno for e in hits.errors] == [errno.ENOENT]


@pytest.mark.skipif(SANITIZED, reason="strace and AddressSanitizer are in each other's way")
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace, which .ci/run installs")
def test_a_disk_that_fails_in_the_middle_of_a_file(tmp_path: Path) -> None:
    """The error names the file and the place, what was read before counts, and the other files are scanned."""
    content = write(tmp_path / "a.jsonl", 2500)
    assert len(content) > 3 * 65536
    write(tmp_path / "b.jsonl", 10)
    code = """
import sys
import fastcore
hits = fastcore.scan(sys.argv[1:], "needle", threads=1, limit=0)
places = [(error.path[-7:], error.errno, error.offset) for error in hits.errors]
print(hits.stats.matches, hits.stats.files_failed, places, hits.errors[0])"""
    trace = [*"strace -qq -o /dev/null -e inject=pread64:error=EIO:when=3 -P".split(), str(tmp_path / "a.jsonl")]
    command = [*trace, sys.executable, "-c", code, str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl")]
    environment = {**os.environ, "FASTCORE_CHUNK": "65536"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    before = content[: 2 * 65536].count(b"\n")
    place = [("a.jsonl", errno.EIO, 2 * 65536)]
    assert result.stdout.startswith(f"{before + 10} 1 {place} "), result.stdout + result.stderr
    assert result.stdout.endswith(f"a.jsonl (byte {2 * 65536}): Input/output error\n")


@pytest.mark.skipif(SANITIZED, reason="AddressSanitizer needs memory of its own")
def test_memory_is_bounded(tmp_path: Path) -> None:
    """100 MB with lines up to 1 MB: 64 MB in all, beside the lines that are kept."""
    with (tmp_path / "a.jsonl").open("wb") as file:
        for number in range(400):
            file.write(line(number, "needle" + "x" * (200, 2_000, 30_000, 990_000)[number % 4]) + b"\n")
    code = """
import sys
import fastcore
hits = fastcore.scan(sys.argv[1], "needle", threads=2, limit=5, order="file")
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(hits.stats.matches, peak // 1024, 2 * sum(len(hit.raw) for hit in hits) // 2**20)"""
    result = run_python(code, str(tmp_path))
    matches, peak, kept = map(int, result.stdout.split())
    assert matches == 400
    assert peak < 64 + kept + 1, f"{peak} MiB"


def test_a_thousand_files_with_few_descriptors(tmp_path: Path) -> None:
    for i in range(1000):
        write(tmp_path / f"{i}.jsonl", 1)
    code = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))
import fastcore
print(fastcore.scan(sys.argv[1], "needle", threads=4).stats.matches)"""
    result = run_python(code, str(tmp_path))
    assert result.stdout.split() == ["1000"], result.stderr


EVENTS = ("truncate", "zero", "overwrite", "unlink", "copytruncate", "rename", "append")


def disturb(path: Path, event: str, content: bytes) -> None:
    if event == "truncate":
        os.truncate(path, len(content) // 2)
    elif event == "zero":
        os.truncate(path, 0)
    elif event == "overwrite":
        with path.open("r+b") as file:
            file.write(content.replace(b"needle", b"noodle"))
    elif event == "unlink":
        path.unlink()
    elif event == "copytruncate":
        with path.open("r+b") as file:
            file.truncate(0)
            file.write(line(1, "noodle") + b"\n")
    elif event == "rename":
        other = path.with_suffix(".new")
        other.write_bytes(line(1, "noodle") + b"\n")
        other.rename(path)
    else:
        with path.open("ab") as file:
            file.write(line(5) + b"\n")


def lines_with_offsets(content: bytes) -> list[tuple[int, bytes]]:
    found = []
    offset = 0
    for whole in content.splitlines(keepends=True):
        found.append((offset, whole[:-1]))
        offset += len(whole)
    return found


def test_files_that_change_during_a_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole or in pieces: a difference from the quiet scan is explained by a report, and nothing found is broken."""
    rnd = random.Random(7)
    path = tmp_path / "live.jsonl"
    count = 3000
    seen = dict.fromkeys(EVENTS, 0)
    for round_number in range(scaled(300)):
        content = write(path, count)
        monkeypatch.setenv("FASTCORE_SPAN", rnd.choice(["10000", "70000", "100000000"]))
        event = EVENTS[round_number % len(EVENTS)]
        delay = rnd.random() * 0.0015
        disturber = threading.Timer(delay, disturb, (path, event, content))
        disturber.start()
        hits = fastcore.scan(path, "needle", limit=None, order="file", threads=rnd.choice([1, 2]))
        disturber.join()
        assert [hit.offset for hit in hits] == sorted({hit.offset for hit in hits})
        found = [(hit.offset, hit.raw) for hit in hits]
        before = lines_with_offsets(content)
        assert set(found) <= {*before, (len(content), line(5))}
        after = fastcore.scan(path, "needle", limit=None, order="file") if path.exists() else []
        reasons = [error.reason for error in hits.errors if error.line is None]
        if found != before and found != [(hit.offset, hit.raw) for hit in after]:
            assert reasons, (event, len(found), len(before))
        for reason in reasons:
            assert reason == "changed during scan" or reason.startswith("truncated at byte") or "No such" in reason
        seen[event] += bool(reasons)
    print("rounds with a report:", seen)


@pytest.mark.skipif(SANITIZED, reason="AddressSanitizer's allocator may be locked in a forked child")
def test_a_forked_child_scans(tmp_path: Path) -> None:
    for i in range(20):
        write(tmp_path / f"{i}.jsonl", 400)
    code = """
import os, sys, threading, warnings
warnings.filterwarnings("ignore", message=".*multi-threaded.*fork", category=DeprecationWarning)
import fastcore
scan = lambda: fastcore.scan(sys.argv[1], "needle", threads=3, limit=3).stats.matches
assert scan() == 8000  # all is imported: a fork during an import leaves the child without the import lock
busy = True
def work():
    while busy:
        assert scan() == 8000
thread = threading.Thread(target=work)
thread.start()
for _ in range(int(sys.argv[2])):
    child = os.fork()
    if child == 0:
        os._exit(0 if scan() == 8000 else 3)
    assert os.waitpid(child, 0)[1] == 0
busy = False
thread.join()
print("fine")"""
    result = run_python(code, str(tmp_path), str(scaled(10)), timeout=120 * SCALE)
    assert result.stdout.split() == ["fine"], result.stderr


@pytest.mark.skipif(SANITIZED, reason="AddressSanitizer's allocator may be locked in a forked child")
def test_a_child_forked_while_threads_scan_says_so(tmp_path: Path) -> None:
    """What the threads had found is lost in it: an error, never a wrong answer, and its next scan is whole again."""
    for i in range(20):
        write(tmp_path / f"{i}.jsonl", 4000)
    for name in "ab":  # lines so long that threads wait for one another to parse them
        (tmp_path / f"{name}.jsonl").write_bytes((line(1, "needle" + "x" * 1_200_000) + b"\n") * 10)
    code = """
import os, sys, warnings
warnings.filterwarnings("ignore", message=".*multi-threaded.*fork", category=DeprecationWarning)
import fastcore
child = None
def fork(done, total, unit):
    global child
    if child is None:
        child = os.fork()
def scan(**options):
    return fastcore.scan(sys.argv[1], "needle", validate="all", threads=3, limit=3, **options).stats.matches
try:
    found = scan(progress=fork)
except RuntimeError as error:
    assert child == 0 and "forked" in str(error)
    os._exit(0 if scan() == 80_020 else 3)
if child == 0:
    os._exit(0 if found == 80_020 else 4)  # no thread had joined yet
assert found == 80_020 and os.waitpid(child, 0)[1] == 0
print("fine")"""
    for _ in range(3):
        result = run_python(code, str(tmp_path), timeout=60)
        assert result.stdout.split() == ["fine"], result.stderr


def test_many_threads_at_once(tmp_path: Path) -> None:
    """A pool that is busy leaves later callers to themselves; their answers are the same."""
    for i in range(20):
        write(tmp_path / f"{i}.jsonl", 40)
    expected = [(hit.path, hit.offset) for hit in fastcore.scan(tmp_path, "needle", threads=1, limit=20)]
    end = time.monotonic() + 2 * SCALE
    scans, wrong = [0] * 64, []

    def work(number: int) -> None:
        while not wrong:
            hits = fastcore.scan(tmp_path, "needle", threads=1 + number % 3, limit=20)
            if [(hit.path, hit.offset) for hit in hits] != expected:
                wrong.append(hits)
            scans[number] += 1
            if time.monotonic() > end:
                break

    threads = [threading.Thread(target=work, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    print("cases:", sum(scans))


def test_the_interpreter_may_leave_during_a_scan(tmp_path: Path) -> None:
    for i in range(30):
        write(tmp_path / f"{i}.jsonl", 1000)
    code = """
import sys, threading, time
import fastcore
def work():
    while True:
        fastcore.scan(sys.argv[1], "", threads=2, validate="all")
threading.Thread(target=work, daemon=True).start()
time.sleep(0.05)
print("leaving")"""
    for _ in range(5):
        result = run_python(code, str(tmp_path))
        assert (result.returncode, result.stdout.split(), result.stderr) == (0, ["leaving"], "")


def test_a_scan_while_the_interpreter_leaves(tmp_path: Path) -> None:
    """What was registered before the first scan runs after the package's own farewell, in the thread that leaves."""
    write(tmp_path / "a.jsonl", 100)
    code = """
import atexit, sys
atexit.register(lambda: print(fastcore.scan(sys.argv[1], "needle", threads=2).stats.matches))
import fastcore
fastcore.scan(sys.argv[1], "needle")"""
    result = run_python(code, str(tmp_path))
    assert (result.stdout.split(), result.stderr) == (["100"], "")


def test_ctrl_c_ends_a_scan(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", 20_000)
    code = """
import sys
import fastcore
print("ready", flush=True)
try:
    while True:
        fastcore.scan(sys.argv[1], "", validate="all", threads=2)
except KeyboardInterrupt:
    print("interrupted")"""
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30)[0] == "interrupted\n"
    assert process.returncode == 0


def test_a_timeout_returns_what_was_found(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", 100)
    hits = fastcore.scan(tmp_path, "needle", timeout=0)
    assert hits.stats.timed_out
    assert len(hits) == 0
    assert not fastcore.scan(tmp_path, "needle", timeout=60).stats.timed_out


def test_a_timeout_ends_the_search_for_a_time(tmp_path: Path) -> None:
    """The first match asks the whole file for a time that no record has; no match counts before its time is known."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"type":"summary","summary":"needle","timestamp":"soon"}\n' * 400_000)
    hits = fastcore.scan(path, "needle", timeout=0.02, threads=1)
    assert hits.stats.timed_out
    assert hits.stats.matches == len(hits) == 0


def test_cpu_seconds_are_those_of_the_scan(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", 30_000)
    busy = True

    def work() -> None:
        while busy:
            hashlib.sha256(bytes(1 << 20)).digest()  # without the GIL

    others = [threading.Thread(target=work) for _ in range(2)]
    for other in others:
        other.start()
    for threads in (1, 2):
        seconds = fastcore.scan(tmp_path, "", validate="all", threads=threads).stats.seconds
        assert 0 < seconds["cpu"] <= threads * seconds["wall"] + 0.001
    busy = False
    for other in others:
        other.join()


def test_progress_counts_the_bytes_and_may_stop_the_scan(tmp_path: Path) -> None:
    content = write(tmp_path / "a.jsonl", 100)
    seen: list[tuple[int, int, str]] = []
    fastcore.scan(tmp_path, "needle", progress=lambda *facts: seen.append(facts))
    assert seen
    assert all(0 <= done <= total == len(content) and unit == "bytes" for done, total, unit in seen)

    def stop(done: int, total: int, unit: str) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        fastcore.scan(tmp_path, "needle", progress=stop)


def test_no_time_anywhere_stays_linear(tmp_path: Path) -> None:
    """A record without a time looks for its neighbours' times; where there are none, once, not once a record."""
    path = tmp_path / "a.jsonl"
    record = b'{"type":"summary","summary":"needle"}\n'
    path.write_bytes(record * 200_000)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    hits = fastcore.scan(path, "needle", limit=2, threads=2)
    assert hits.stats.matches == 200_000
    assert [(h.line, h.time_ns) for h in hits] == [(1, 1_700_000_000 * 10**9), (2, 1_700_000_000 * 10**9)]
    assert (hits.stats.candidates, hits.errors) == (200_000, ())


def test_lines_parsed_only_for_their_time_are_not_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    bad = b'{"timestamp":"2024-05-01T00:00:00Z" oops\n'
    path.write_bytes(b'{"type":"summary","summary":"needle"}\n' + bad * 3 + line(7, "other") + b"\n")
    hits = fastcore.scan(path, "needle")
    assert [h.time_ns for h in hits] == [1_714_521_607 * 10**9]
    if "prefilter" not in os.environ.get("FASTCORE_OFF", ""):
        assert (hits.stats.candidates, hits.stats.errors, hits.errors) == (1, 0, ())


def test_one_long_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    long = b'{"type":"user","message":{"content":"' + b"x" * (9 << 20) + b' needle"}}'
    path.write_bytes(line(1) + b"\n" + long + b"\n" + line(2) + b"\n")
    hits = fastcore.scan(path, "needle", order="file", threads=2)
    assert [(h.line, len(h.raw)) for h in hits] == [(1, len(line(1))), (2, len(long)), (3, len(line(2)))]
    hits = fastcore.scan(path, "needle", order="file", threads=2, max_line=1 << 20)
    assert [h.line for h in hits] == [1, 3]
    assert [(e.line, e.reason, e.excerpt) for e in hits.errors] == [(2, "longer than max_line", long[:120])]


def test_numbers_of_any_size(tmp_path: Path) -> None:
    digits = "9" * 5000
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"type":"new","n":{digits},"m":1e999,"note":"needle","big":{2**64}}}\n')
    (hit,) = fastcore.scan(path, "needle", validate="all")
    assert hit.record["n"] == int("9" * 4000) * 10**1000 + int("9" * 1000)
    assert hit.record["big"] == 2**64


def test_nesting_is_counted(tmp_path: Path) -> None:
    def nested(levels: int) -> bytes:
        return (
            b'{"type":"user","message":{"content":[{"type":"tool_use","input":'
            + b"[" * levels
            + b'"needle"'
            + b"]" * levels
            + b"}]}}\n"
        )

    path = tmp_path / "a.jsonl"
    path.write_bytes(nested(1020) + nested(1021) + nested(100_000) + line(1) + b"\n")
    hits = fastcore.scan(path, "needle", order="file")
    assert [h.line for h in hits] == [1, 4]
    assert [e.reason for e in hits.errors] == ["nested deeper than 1024 levels"] * 2


@pytest.mark.parametrize("validate", ["candidates", "all"])
def test_odd_lines_cost_no_neighbour(tmp_path: Path, validate: str) -> None:
    """Three-line files with the case in the middle and at the end."""
    good = line(1)
    cases = {
        b"garbage needle": "error",
        b'{"a":"\xff needle"}': "error",
        b"\x00 needle": "error",
        good + b" " + good: "error",
        b'{"type":"user","message":{"content":NaN},"x":"needle"}': "error",
        b'{"type":"user","message":{"content":["needle",]}}': "error",
        b"\xef\xbb\xbf" + good: "error",
        b'{"type":"user","message":{"content":"needle \\u0000"}}': "record",
        good + b"\r": "record",
        b"  ": "blank",
    }
    for case, kind in cases.items():
        path = tmp_path / "a.jsonl"
        path.write_bytes(good + b"\n" + case + b"\n" + good + b"\n")
        hits = fastcore.scan(path, "needle", validate=validate)
        assert len(hits) == 2 + (kind == "record"), case
        assert hits.stats.errors == (kind == "error"), case
        path.write_bytes(good + b"\n" + good + b"\n" + case)
        hits = fastcore.scan(path, "needle", validate=validate)
        assert len(hits) == 2 + (kind == "record"), case
        assert len(hits.tails) == (kind == "error"), case
        assert hits.stats.errors == 0, case

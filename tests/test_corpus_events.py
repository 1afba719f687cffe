"""`Corpus` when files are cut, replaced and lost under it, in threads, forks and beside other handlers of faults."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import threading
import time
from itertools import accumulate, count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from scale import scaled
from test_corpus import append, line, same

import fastcore

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.native

SANITIZED = "libasan" in os.environ.get("LD_PRELOAD", "")
EXPECTED = ("truncated at byte", "changed during scan")


def write(path: Path, lines: int, text: str = "needle") -> bytes:
    content = b"".join(line(number, text) for number in range(lines))
    path.write_bytes(content)
    return content


def run(code: str, *args: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)  # type: ignore[call-overload,no-any-return]


def in_threads(*work: Callable[[], None]) -> None:
    """Run them side by side; the first exception of any comes out."""
    failed: list[BaseException] = []

    def guarded(one: Callable[[], None]) -> None:
        try:
            one()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def test_files_cut_while_four_threads_scan_them(tmp_path: Path) -> None:
    """Every hit is a whole line that was once at its place; what else there is is told."""
    rounds = scaled(34)
    contents = {tmp_path / f"{name}.jsonl": b"" for name in "abcd"}
    for path in contents:
        contents[path] = write(path, 2000)
    known = {str(path): content for path, content in contents.items()}
    content = known[str(tmp_path / "a.jsonl")]
    numbers = dict(zip(accumulate(map(len, content.splitlines(True)), initial=0), count(1), strict=False))
    done = [False] * 4
    with fastcore.Corpus(tmp_path) as corpus:

        def cut(number: int, path: Path) -> None:
            rnd = random.Random(number)
            try:
                for _ in range(rounds):
                    os.truncate(path, rnd.randrange(len(contents[path])))
                    if rnd.random() < 0.5:
                        time.sleep(0.001 * rnd.random())
                    with path.open("r+b") as file:
                        file.write(contents[path])
            finally:
                done[number] = True

        def ask(number: int) -> None:
            while not all(done):
                hits = corpus.scan("needle", limit=None, order=("file", "newest")[number % 2], threads=1 + number % 2)
                for hit in hits:
                    assert known[hit.path].startswith(hit.raw + b"\n", hit.offset)
                    assert hit.line in (None, numbers[hit.offset])
                whole = [error for error in hits.errors if error.excerpt is None]
                assert all(error.reason.startswith(EXPECTED) for error in whole), whole
                if number == 0:
                    corpus.refresh()

        work: list[Callable[[], None]] = []
        for number, path in enumerate(contents):
            work += [lambda number=number, path=path: cut(number, path), lambda number=number: ask(number)]  # type: ignore[misc]
        in_threads(*work)
        corpus.refresh()
        same(fastcore.scan(tmp_path, "needle", limit=None), corpus.scan("needle", limit=None))


def disturb(path: Path, event: str, content: bytes) -> None:
    if event == "truncate":
        os.truncate(path, len(content) // 3)
    elif event == "empty":
        os.truncate(path, 0)
    elif event == "zero":
        with path.open("r+b") as file:
            file.write(bytes(len(content)))
    elif event == "overwrite":
        with path.open("r+b") as file:
            file.write(content.replace(b"needle", b"nettle"))
    elif event == "unlink":
        path.unlink()
    elif event == "copytruncate":
        path.with_suffix(".1").write_bytes(content)
        os.truncate(path, 0)
    elif event == "rename":
        path.rename(path.with_suffix(".1"))
        path.write_bytes(content[:1000])
    elif event in ("folder", "fifo"):
        path.unlink()
        path.mkdir() if event == "folder" else os.mkfifo(path)
    elif event == "append":
        append(path, content)


EVENTS = "truncate empty zero overwrite unlink copytruncate rename folder fifo append".split()
LASTING = ("unlink", "rename", "folder", "fifo", "append")  # the mapping keeps what was there


def check_told(hits: fastcore.Hits, versions: dict[str, tuple[bytes, ...]], victim: Path, wanted: int) -> None:
    """What is found was once there, each record once; where some are missing a report says so."""
    told = [error for error in hits.errors if error.excerpt is None]
    assert all(error.path == str(victim) and error.reason.startswith(EXPECTED) for error in told), told
    for hit in hits:
        assert any(text.startswith(hit.raw, hit.offset) for text in versions[hit.path]), hit
    assert len({(hit.path, hit.offset) for hit in hits}) == len(hits) <= wanted
    assert len(hits) == wanted or told


@pytest.mark.parametrize("event", EVENTS)
def test_files_that_change_during_a_scan(event: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a scan reads, after it has, and beside it, and with and without blocks; then a refresh makes all well."""
    monkeypatch.setenv("FASTCORE_BLOCK", "4096")
    monkeypatch.setenv("FASTCORE_SPAN", "65536")
    lines = 600
    content = b"".join(line(number) for number in range(lines))
    changed = content.replace(b"needle", b"nettle")
    for number in range(scaled(34)):
        rnd = random.Random(f"{event} {number}")
        folder = tmp_path / str(number)
        folder.mkdir()
        paths = [folder / f"{name}.jsonl" for name in "ab"]
        for path in paths:
            path.write_bytes(content)
            os.utime(path, ns=(10**18, 10**18))  # a change within a tick of the system's clock would leave no trace
        victim = rnd.choice(paths)
        versions = {str(path): (content, changed) if path == victim else (content,) for path in paths}
        query = rnd.choice(["needle", "role:user", ""])
        when, left, delay = rnd.choice(["call", "beside", "beside"]), [rnd.choice([0, 1])], rnd.random() * 0.003
        with fastcore.Corpus(folder) as corpus:
            if rnd.random() < 0.5:
                assert corpus.scan(query, limit=0).stats.matches == 2 * lines

            def happen(victim: Path = victim, delay: float = delay) -> None:
                time.sleep(delay)
                disturb(victim, event, content)

            def progress(done: int, total: int, unit: str, left: list[int] = left, victim: Path = victim) -> None:
                if left[0] == 0:
                    disturb(victim, event, content)
                left[0] -= 1

            beside = threading.Thread(target=happen)
            if when == "beside":
                beside.start()
            hits = corpus.scan(
                query, limit=None, progress=progress if when == "call" else None, threads=rnd.choice([1, 2])
            )
            if when == "beside":
                beside.join()
            elif left[0] >= 0:
                disturb(victim, event, content)
            if query == "needle":
                versions[str(victim)] = (content,)  # what it was overwritten with is no match
            check_told(hits, versions, victim, 2 * lines)
            if event in LASTING:
                assert len(hits) == 2 * lines
            corpus.refresh()
            same(fastcore.scan(folder, query, limit=None), corpus.scan(query, limit=None))


def test_rewrites_within_a_moment_are_seen(tmp_path: Path) -> None:
    """The same size, and times that cannot tell: what was learnt of the file so shortly is not trusted."""
    path = tmp_path / "a.jsonl"
    write(path, 50, "before")
    with fastcore.Corpus(path) as corpus:
        for number in range(scaled(200)):
            with path.open("r+b") as file:
                file.write(b"".join(line(i, random.Random(number * i).choice(["needle", "noodle"])) for i in range(50)))
            if number % 3 == 0:
                os.utime(path, ns=(10**18, 10**18))
            corpus.refresh()
            same(fastcore.scan(path, "needle", limit=None), corpus.scan("needle", limit=None))


def test_a_refresh_that_trusts_nothing(tmp_path: Path) -> None:
    for name in "ab":
        write(tmp_path / f"{name}.jsonl", 500)
        os.utime(tmp_path / f"{name}.jsonl", ns=(10**18, 10**18))
    with fastcore.Corpus(tmp_path) as corpus:
        assert corpus.scan("needle", limit=0).stats.matches == 1000
        assert corpus.stats.blocks == 2
        append(tmp_path / "a.jsonl", line(1))
        assert corpus.refresh(verify=True) == fastcore.Changes(0, 1, 0, 0, 0)
        assert corpus.stats.blocks == corpus.stats.facts == 0
        same(fastcore.scan(tmp_path, "needle", limit=None), corpus.scan("needle", limit=None))


def test_a_clock_that_was_set_back(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    write(path, 50)
    with fastcore.Corpus(path) as corpus:
        assert corpus.scan("needle").stats.matches == 50
        write(path, 50, "noodle")
        os.utime(path, ns=(10**9, 10**9))
        assert corpus.refresh().replaced == 1
        assert corpus.scan("needle").stats.matches == 0
        append(path, line(0))
        os.utime(path, ns=(0, 0))
        assert corpus.refresh().grown == 1
        assert corpus.scan("needle").stats.matches == 1


def test_a_file_that_becomes_a_folder_or_fifo(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.jsonl" for name in "abc"]
    for path in paths:
        write(path, 10)
    with fastcore.Corpus(paths) as named, fastcore.Corpus(tmp_path) as walked:
        for path, event in zip(paths, ("folder", "fifo"), strict=False):
            disturb(path, event, b"")
        assert named.scan("needle").stats.matches == 30 == walked.scan("needle").stats.matches
        assert named.refresh().removed == 2 == walked.refresh().removed
        for corpus, where in ((named, paths), (walked, tmp_path)):
            same(fastcore.scan(where, "needle"), corpus.scan("needle"))
            assert corpus.scan("needle").stats.matches == 10
        paths[1].unlink()
        write(paths[1], 5)
        assert named.refresh().added == 1
        assert named.scan("needle").stats.matches == 15


def test_an_empty_file_that_grows(tmp_path: Path) -> None:
    """By whole lines and parts of one, cut to nothing and grown again; it is mapped from its first byte on."""
    path = tmp_path / "a.jsonl"
    path.touch()
    write(tmp_path / "b.jsonl", 3)
    for number in range(scaled(10)):
        rnd = random.Random(number)
        with fastcore.Corpus(tmp_path) as corpus:
            wanted = b""
            for step in range(12):
                same(fastcore.scan(tmp_path, "needle"), corpus.scan("needle"))
                assert corpus.stats.bytes == len(wanted) + (tmp_path / "b.jsonl").stat().st_size
                if step == 6:
                    os.truncate(path, 0)
                    assert corpus.refresh().truncated == (len(wanted) > 0)
                    wanted = b""
                more = line(step)[: rnd.choice([1, 40, None])] + b"\n"[: rnd.randrange(2)]  # type: ignore[misc]
                append(path, more)
                wanted += more
                assert path.read_bytes() == wanted
                assert corpus.refresh() == fastcore.Changes(0, 1, 0, 0, 0)
            assert corpus.stats.mapped == 2
        os.truncate(path, 0)


def test_more_files_than_mappings(tmp_path: Path) -> None:
    for folder in range(9):
        (tmp_path / str(folder)).mkdir()
        for number in range(1000):
            write(tmp_path / str(folder) / f"{number}.jsonl", 1, "needle" if number % 9 else "straw")
    with fastcore.Corpus(tmp_path) as corpus:
        assert corpus.stats.files == 9000 > 8192 >= corpus.stats.mapped > 8000
        same(fastcore.scan(tmp_path, "needle", limit=99), corpus.scan("needle", limit=99))
        write(tmp_path / "8" / "500.jsonl", 3)
        append(tmp_path / "0" / "500.jsonl", line(1))
        assert corpus.refresh() == fastcore.Changes(0, 2, 0, 0, 0)
        same(fastcore.scan(tmp_path, "needle", limit=99), corpus.scan("needle", limit=99))
    with fastcore.Corpus(tmp_path / "0") as corpus:
        assert corpus.stats.mapped == 1000


def test_what_is_not_mapped_is_read_as_it_was(tmp_path: Path) -> None:
    code = """
import os, resource, sys, fastcore
path = sys.argv[1]
content = open(path, "rb").read()
used = 4096 * int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20), -1))
corpus = fastcore.Corpus(path)
print(corpus.stats.mapped, corpus.scan("needle", limit=0, threads=1).stats.matches)
with open(path, "ab") as file:
    file.write(content[:content.index(b"\\n") + 1])
print(corpus.scan("needle", limit=0, threads=1).stats.matches, corpus.refresh().grown)
print(corpus.scan("needle", limit=0, threads=1).stats.matches)
os.truncate(path, 0)
print(corpus.scan("needle", limit=0, threads=1).errors[0].reason)
os.rename(path, path + ".old")
open(path, "wb").close()
print(corpus.scan("needle", limit=0, threads=1).errors[0].errno)
"""
    path = tmp_path / "a.jsonl"
    content = write(path, 1000)
    big = path.stat().st_size * 1000
    with path.open("wb") as file:
        for _ in range(1000):
            file.write(content)
    assert big == path.stat().st_size > 80 << 20
    result = run(code, path)
    wanted = ["0 1000000", "1000000 1", "1000001", "truncated at byte 0", str(errno.ESTALE)]
    assert result.stdout.splitlines() == wanted, result.stderr


@pytest.mark.skipif(SANITIZED, reason="AddressSanitizer's own handler reports the fault")
@pytest.mark.parametrize("when", ["before", "after", "during", "never"])
def test_beside_faulthandler(when: str, tmp_path: Path) -> None:
    """It is not disturbed by faults that are expected, and shows those that are not."""
    code = f"""
import faulthandler, mmap, os, sys, fastcore
when = {when!r}
path = sys.argv[1]
if when == "before":
    faulthandler.enable()
corpus = fastcore.Corpus(path)
assert corpus.scan("needle").stats.matches == 20000
if when == "after":
    faulthandler.enable()
def progress(done, total, unit):
    if when == "during":
        faulthandler.enable()
    os.truncate(path, 5000)
for query in ("needle", "role:user", "needle"):
    hits = corpus.scan(query, progress=progress)
    assert [error.reason for error in hits.errors if error.excerpt is None] == ["truncated at byte 5000"], hits.errors
print("fine", flush=True)
with open(path, "r+b") as file:
    view = mmap.mmap(file.fileno(), 5000, access=mmap.ACCESS_READ)
os.truncate(path, 0)
view[0]
"""
    path = tmp_path / "a.jsonl"
    write(path, 20000)
    result = run(code, path)
    assert result.stdout == "fine\n", result.stderr
    assert result.returncode == -signal.SIGBUS
    assert result.stderr.count("Fatal Python error: Bus error") == (when != "never")


@pytest.mark.skipif(SANITIZED, reason="AddressSanitizer's own handler reports the fault")
@pytest.mark.parametrize("enabled", ["before", "after", "twice"])
@pytest.mark.parametrize("fault", ["SIGBUS", "SIGSEGV"])
@pytest.mark.parametrize("thread", ["main", "other"])
def test_a_fault_elsewhere_is_shown_and_deadly(enabled: str, fault: str, thread: str, tmp_path: Path) -> None:
    """A page of another file that is lost, memory that never was: Python says where, the signal ends the process."""
    code = """
import ctypes, faulthandler, mmap, os, sys, threading, fastcore
path, enabled, fault, thread = sys.argv[1:]
def read_lost_page():
    with open(path, "r+b") as file:
        view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    os.truncate(path, 0)
    view[0]
def read_nowhere():
    ctypes.string_at(16)
if enabled in ("before", "twice"):
    faulthandler.enable()
with fastcore.Corpus(path) as corpus:
    os.truncate(path, 5000)
    hits = corpus.scan("needle")
    assert [error.reason for error in hits.errors if error.excerpt is None] == ["truncated at byte 5000"]
    if enabled == "twice":
        faulthandler.disable()
        assert corpus.scan("needle").errors
    if enabled in ("after", "twice"):
        faulthandler.enable()
        assert corpus.scan("needle").errors  # ours over it again
deadly = read_lost_page if fault == "SIGBUS" else read_nowhere
if thread == "main":
    deadly()
one = threading.Thread(target=deadly)
one.start()
one.join()
"""
    path = tmp_path / "a.jsonl"
    write(path, 1000)
    result = run(code, path, enabled, fault, thread)
    assert result.returncode == -signal.Signals[fault], result.stderr
    said = {"SIGBUS": "Bus error", "SIGSEGV": "Segmentation fault"}[fault]
    assert result.stderr.startswith(f"Fatal Python error: {said}\n")
    assert result.stderr.count("Fatal Python error") == 1
    assert ("read_lost_page" if fault == "SIGBUS" else "read_nowhere") in result.stderr


def test_a_child_opens_its_own(tmp_path: Path) -> None:
    """Forked idle, and in the middle of a scan."""
    code = """
import os, sys, threading, warnings, fastcore
warnings.simplefilter("ignore", DeprecationWarning)
folder = sys.argv[1]
corpus = fastcore.Corpus(folder)
def child(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0
def ask():
    assert corpus.scan("needle", limit=0).stats.matches == 20000
    corpus.refresh()
    assert corpus.scan("role:user", limit=0).stats.matches == 20000
for _ in range(5):
    ask()
    child(ask)
forked = []
def progress(done, total, unit):
    if not forked:
        forked.append(os.fork())
        if forked[0] == 0:
            raise KeyError
try:
    corpus.scan("needle", limit=0, progress=progress)
except KeyError:
    ask()
    os._exit(3)
assert os.waitstatus_to_exitcode(os.waitpid(forked[0], 0)[1]) == 3
ask()
with corpus._lock:  # as another thread of the parent may hold it
    child(ask)
corpus.close()
print("fine")
"""
    for name in "ab":
        write(tmp_path / f"{name}.jsonl", 10000)
    result = run(code, tmp_path)
    assert result.stdout == "fine\n", result.stderr


def test_closed_while_others_scan(tmp_path: Path) -> None:
    for name in "abcd":
        write(tmp_path / f"{name}.jsonl", 2000)
    for number in range(scaled(20)):
        corpus = fastcore.Corpus(tmp_path)
        begun = threading.Barrier(4)

        def ask(corpus: fastcore.Corpus = corpus, begun: threading.Barrier = begun) -> None:
            begun.wait()
            for _ in range(20):
                try:
                    assert corpus.scan("needle", limit=0).stats.matches == 8000
                except ValueError as error:
                    assert "closed" in str(error)
                    return

        def close(corpus: fastcore.Corpus = corpus, begun: threading.Barrier = begun, number: int = number) -> None:
            begun.wait()
            time.sleep(0.001 * number)
            corpus.close()

        in_threads(ask, ask, ask, close)


def test_scans_and_refreshes_side_by_side(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.jsonl" for number in range(10)]
    for path in paths:
        write(path, 100)
    rounds = scaled(30)
    with fastcore.Corpus(tmp_path) as corpus:

        def grow() -> None:
            for number in range(rounds):
                append(paths[number % 10], line(number))
                corpus.refresh()

        def ask() -> None:
            last = 0
            for _ in range(rounds * 3):
                found = corpus.scan("needle", limit=0).stats.matches
                assert last <= found
                last = found

        in_threads(grow, ask, ask, ask)
        assert corpus.scan("needle", limit=0).stats.matches == 1000 + rounds


def test_a_newer_scan_ends_an_older_one_of_its_slot(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", 100)
    with fastcore.Corpus(tmp_path) as corpus:
        found = []

        def type_on(done: int, total: int, unit: str) -> None:
            if not found:
                found.append(corpus.scan("needle 7", slot="box", limit=0).stats.matches)

        with pytest.raises(fastcore.Cancelled, match="slot='box'"):
            corpus.scan("needle", slot="box", progress=type_on)
        assert found == [19]
        assert corpus.scan("needle", slot="other", progress=lambda *_: found.append(0)).stats.matches == 100
        assert corpus.scan("needle", slot="box").stats.matches == 100


@pytest.mark.skipif(SANITIZED, reason="one more process under AddressSanitizer shows nothing")
@pytest.mark.skipif(not os.access("/dev/fuse", os.W_OK), reason="needs FUSE")
def test_a_page_that_is_lost_is_an_error_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTCORE_CHUNK", "4096")  # what is read in one go with the page is lost with it
    folder, content = tmp_path / "disk", tmp_path / "content"
    folder.mkdir()
    whole = write(content, 2000)
    lost = len(whole) // 2 // 4096 * 4096
    script = Path(__file__).with_name("broken_disk.py")
    command = [sys.executable, str(script), str(folder), str(content), str(lost)]
    disk = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert disk.stdout is not None and disk.stdin is not None
    try:
        if "mounted" not in disk.stdout.readline():
            pytest.skip("may not mount")
        before = whole[:lost].count(b"\n")
        for query in ("needle", "role:user"):
            with fastcore.Corpus(folder / "a.jsonl") as corpus:
                assert corpus.stats.mapped == 1
                hits = corpus.scan(query, limit=0)
                assert [(error.errno, error.offset) for error in hits.errors] == [(errno.EIO, lost)]
                assert hits.stats.files_failed == 1
                assert hits.stats.matches in (before, before - 1)
                with pytest.raises(OSError, match="Input/output error") as raised:
                    corpus.scan(query, on_error="raise")
                assert (raised.value.errno, raised.value.filename) == (errno.EIO, str(folder / "a.jsonl"))
    finally:
        disk.stdin.close()
        disk.wait()


@pytest.mark.skipif(SANITIZED, reason="AddressSanitizer needs memory of its own")
def test_mapped_pages_are_given_back(tmp_path: Path) -> None:
    code = """
import sys, fastcore
def resident():
    return next(int(line.split()[1]) << 10 for line in open("/proc/self/status") if line.startswith("RssFile"))
for most in (None, 20 << 20):
    with fastcore.Corpus(sys.argv[1], max_mapped=most, facts=False, sketch=False) as corpus:
        before = resident()
        for query in ("needle 77", "role:user", "needle"):
            matches = corpus.scan(query, limit=5).stats.matches
        print(matches, resident() - before)
"""
    content = write(tmp_path / "one", 100_000)
    for name in ("a", "b"):
        with (tmp_path / f"{name}.jsonl").open("wb") as file:
            for _ in range(5):
                file.write(content)
    size = 10 * len(content)
    (all_matches, unbounded), (matches, bounded) = (
        map(int, line.split()) for line in run(code, tmp_path).stdout.splitlines()
    )
    assert all_matches == matches == 1_000_000
    assert unbounded > size * 0.9 > 80 << 20
    assert bounded < 30 << 20


@pytest.mark.parametrize("wrong", [0, -1, True, 1.5])
def test_a_bound_is_a_number_of_bytes(wrong: object, tmp_path: Path) -> None:
    with pytest.raises((TypeError, ValueError), match="max_mapped"):
        fastcore.Corpus(tmp_path, max_mapped=wrong)  # type: ignore[arg-type]

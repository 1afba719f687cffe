"""`scan(executor=...)` against the scan without it."""

from __future__ import annotations

import contextlib
import errno
import glob
import io
import os
import random
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
import strategies
from hypothesis import given, settings
from scale import scaled
from test_executor import PATIENCE, ByHand, Eager
from test_scan_oracle import some_max_line, some_query, write_files

import fastcore
from fastcore import _scan_executor, _sources

LINE = b'{"type":"user","message":{"content":"a needle"},"timestamp":"2024-05-01T10:00:00Z"}\n'
OWN = ("threads", "seconds")  # what need not be the same
UNSURE = ("records", "candidates", "skipped")  # nor these, where lines may be left unparsed


@pytest.fixture
def small_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTCORE_SPAN", "1")


def everything(hits: fastcore.Hits) -> tuple[Any, ...]:
    left_out = OWN if hits.stats.matches is not None else (*OWN, *UNSURE)
    stats = {name: value for name, value in hits.stats.to_dict().items() if name not in left_out}
    rows = [(hit.path_bytes, hit.line, hit.offset, hit.time_ns, hit.raw) for hit in hits]
    return rows, hits.errors, hits.tails, stats


def some_sources(rnd: random.Random, folder: Path, paths: list[str]) -> list[Callable[[], Any]]:
    """What makes each source: files, a folder, names that lead nowhere, memory and open files, some of one name."""
    sources: list[Callable[[], Any]] = [lambda path=path: path for path in paths]  # type: ignore[misc]
    if rnd.random() < 0.3:
        sources = [lambda: str(folder)]
    for _ in range(rnd.choice([0, 0, 1, 3])):
        content = strategies.log(rnd)
        sources.append(rnd.choice([lambda c=content: c, lambda c=content: io.BytesIO(c)]))
    if rnd.random() < 0.3:
        sources.append(lambda: open(paths[0], "rb"))  # noqa: SIM115
    if rnd.random() < 0.3:
        sources.append(lambda: str(folder / "nowhere.jsonl"))
    if rnd.random() < 0.3:
        sources.append(lambda: os.path.relpath(paths[-1], folder))
    rnd.shuffle(sources)
    return sources


def compare(rnd: random.Random, folder: Path, executor: Executor) -> None:
    validate = rnd.choice(["candidates", "all"])
    files = write_files(rnd, folder, validate == "all")
    text, where, _ = some_query(rnd) if rnd.random() < 0.5 else ("", None, None)
    options: dict[str, Any] = {
        "where": where,
        "since": rnd.choice([None, None, "2024-01-01T00:00:00Z"]),
        "order": rnd.choice(["newest", "oldest", "file"]),
        "limit": rnd.choice([None, None, 0, 1, 3]),
        "case_sensitive": rnd.random() < 0.2,
        "max_line": some_max_line(rnd, files),
        "validate": validate,
    }
    options["count"] = options["limit"] == 0 or rnd.random() < 0.5
    sources = some_sources(rnd, folder, [path for path, *_ in files])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("FASTCORE_CHUNK", rnd.choice(["64", "4096", "1048576"]))
        patch.setenv("FASTCORE_SPAN", rnd.choice(["1", "32768", "100000"]))
        patch.setattr(_sources, "SPOOL_BYTES", rnd.choice([100, 16 << 20]))
        with contextlib.ExitStack() as opened:

            def made() -> list[Any]:
                found = [make() for make in sources]
                for file in found:
                    if isinstance(file, io.BufferedReader):
                        opened.enter_context(file)
                return found

            here = fastcore.scan(made(), text, threads=1, **options)
            there = fastcore.scan(made(), text, executor=executor, **options)
    assert everything(there) == everything(here), (text, options)


THREADS = ThreadPoolExecutor(3)


@pytest.mark.native
@settings(max_examples=scaled(250))
@given(strategies.randoms())
def test_as_without_an_executor(rnd: random.Random) -> None:
    with tempfile.TemporaryDirectory() as folder:
        compare(rnd, Path(folder), THREADS)


def pid_after_a_while(_: int) -> int:
    time.sleep(0.05)
    return os.getpid()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_as_without_an_executor(method: str) -> None:
    seed = random.randrange(2**32)
    print(f"seeds from {seed}")
    with ProcessPoolExecutor(2, get_context(method)) as executor:
        # The workers must not begin in the folder of a case, which goes away.
        while len(set(executor.map(pid_after_a_while, range(4), timeout=PATIENCE))) < 2:
            continue
        for number in range(seed, seed + scaled(15)):
            with tempfile.TemporaryDirectory() as folder:
                compare(random.Random(number), Path(folder), executor)


def write_some(folder: Path, sizes: list[int]) -> list[str]:
    paths = [folder / f"{number}.jsonl" for number in range(len(sizes))]
    for path, size in zip(paths, sizes, strict=True):
        path.write_bytes(LINE * size)
    return list(map(str, paths))


def test_files_are_shared_out_by_size() -> None:
    costs = [9, 1, 5, 4, 1, 4]
    groups = [(cost, b"%d" % number, [(b"%d" % number, b"/x", None)]) for number, cost in enumerate(costs)]

    def shared(workers: int, least: int) -> list[list[int]]:
        return [[int(path) for path, *_ in files] for files in _scan_executor._share(groups, workers, least)]

    assert shared(1, 8) == [[0], [2, 1, 4], [3, 5]]
    assert shared(1, 24) == [[0, 2, 3, 5, 1, 4]]
    assert shared(1, 25) == [[0, 2, 3, 5, 1, 4]]
    assert len(shared(1, 1)) == 4
    assert len(shared(9, 1)) == 6
    assert _scan_executor._share([(1 << 40, b"x", [(b"x", b"/x", None)])] * 2, 1, 1 << 50) != []


class Meddler(Eager):
    """Does something before the first task runs."""

    def __init__(self, meddle: Callable[[], object]) -> None:
        super().__init__()
        self.meddle = meddle

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if not self.queue:
            self.meddle()
        return super().submit(fn, *args, **kwargs)


@pytest.mark.usefixtures("small_tasks")
def test_no_worker_walks_again(tmp_path: Path) -> None:
    """What was listed is what is scanned: nothing that came since, and what went is reported as without an executor."""
    paths = write_some(tmp_path, [1, 1, 2])

    def meddle() -> None:
        (tmp_path / "new.jsonl").write_bytes(LINE)
        os.unlink(paths[0])
        os.unlink(paths[1])
        os.mkdir(paths[1])
        Path(paths[1], "inner.jsonl").write_bytes(LINE)

    hits = fastcore.scan(tmp_path, "needle", executor=Meddler(meddle))
    assert [hit.path for hit in hits] == [paths[2]] * 2
    assert [(error.path, error.errno, error.reason) for error in hits.errors] == [
        (paths[0], errno.ENOENT, os.strerror(errno.ENOENT)),
        (paths[1], None, "not a regular file"),
    ]
    assert (hits.stats.files, hits.stats.files_failed) == (3, 2)


def test_workers_may_work_in_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there").mkdir()
    write_some(tmp_path, [1])
    (tmp_path / "there" / "0.jsonl").write_bytes(LINE.replace(b"needle", b"wrong needle"))
    with ProcessPoolExecutor(1, get_context("spawn")) as executor:
        executor.submit(os.chdir, tmp_path / "there").result(PATIENCE)
        monkeypatch.chdir(tmp_path)
        hits = fastcore.scan(["0.jsonl"], "needle", executor=executor)
    assert [(hit.path, hit.text) for hit in hits] == [("0.jsonl", "a needle")]


@pytest.mark.usefixtures("small_tasks")
def test_a_thousand_errors_are_kept(tmp_path: Path) -> None:
    """Whole files before lines, then the first of all tasks."""
    for number in range(30):
        (tmp_path / f"{number:02}.jsonl").write_bytes(b"needle\n" * (60 if number % 3 else 900))
    for number in range(10):
        (tmp_path / f"{number}.gone").symlink_to("nowhere")
    for failed in ([], [str(path) for path in tmp_path.glob("*.gone")]):
        here = fastcore.scan([tmp_path, *failed], "needle")
        there = fastcore.scan([tmp_path, *failed], "needle", executor=THREADS)
        assert everything(here) == everything(there)
        assert len(there.errors) == 1000
        assert sum(error.excerpt is None for error in there.errors) == len(failed)


@pytest.mark.usefixtures("small_tasks")
def test_failed_files_of_all_tasks_go_before_lines(tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"{number}.jsonl").write_bytes(b"needle\n" * 400)
    gone = [str(tmp_path / f"{number}.jsonl") for number in (6, 7)]

    def meddle() -> None:
        for path in gone:
            os.unlink(path)

    hits = fastcore.scan(tmp_path, "needle", executor=Meddler(meddle))
    assert len(hits.errors) == 1000
    assert [error.path for error in hits.errors if error.excerpt is None] == gone
    assert [error.path for error in hits.errors][-3:] == [str(tmp_path / "2.jsonl"), *gone]


def test_sources_of_one_name_keep_their_order() -> None:
    logs = [LINE.replace(b"needle", b"needle %d" % number) * 2 for number in range(40)]
    for order in ("newest", "file"):
        hits = fastcore.scan(logs, "needle", order=order, limit=None, executor=THREADS)
        assert hits == fastcore.scan(logs, "needle", order=order, limit=None)
        assert [hit.text for hit in hits] == [f"a needle {number}" for number in range(40) for _ in range(2)]


@pytest.mark.usefixtures("small_tasks")
def test_stats(tmp_path: Path) -> None:
    write_some(tmp_path, [1, 5, 3, 2])
    with ProcessPoolExecutor(2) as executor:
        stats = fastcore.scan(tmp_path, validate="all", executor=executor).stats
    assert (stats.files, stats.lines, stats.matches, stats.bytes) == (4, 11, 11, 11 * len(LINE))
    assert 1 <= stats.threads <= 2
    assert set(stats.seconds) == {"wall", "cpu", "walk", "scan", "merge"}
    assert stats.seconds["wall"] >= stats.seconds["scan"] > 0 and stats.seconds["cpu"] > 0
    one = Eager()
    assert fastcore.scan(tmp_path, executor=one).stats.threads == 1
    assert len(one.queue) == 4


@pytest.mark.usefixtures("small_tasks")
def test_progress(tmp_path: Path) -> None:
    write_some(tmp_path, [1, 5, 3])
    seen: list[tuple[int, int, str]] = []
    fastcore.scan([tmp_path, LINE], executor=Eager(), progress=lambda *told: seen.append(told))
    total = 10 * len(LINE)
    assert [done for done, *_ in seen] == [n * len(LINE) for n in (0, 5, 8, 9, 10, 10)]
    assert {told[1:] for told in seen} == {(total, "bytes")}


def test_no_files(tmp_path: Path) -> None:
    for paths in ([], [tmp_path], [tmp_path / "nowhere"]):
        executor = Eager()
        assert everything(fastcore.scan(paths, executor=executor)) == everything(fastcore.scan(paths))
        assert not executor.queue


@pytest.mark.usefixtures("small_tasks")
def test_on_error_raise(tmp_path: Path) -> None:
    paths = write_some(tmp_path, [1, 5, 3])
    executor = Eager()
    with pytest.raises(FileNotFoundError):
        fastcore.scan([tmp_path, tmp_path / "nowhere"], on_error="raise", executor=executor)
    assert not executor.queue
    with pytest.raises(FileNotFoundError) as caught:
        fastcore.scan(tmp_path, on_error="raise", executor=Meddler(lambda: os.unlink(paths[2])))
    assert caught.value.filename == paths[2]
    for path in paths:
        with open(path, "ab") as file:
            file.write(b"broken\n")
    with pytest.raises(fastcore.LineError) as line_error:
        fastcore.scan(tmp_path, on_error="raise", executor=THREADS)
    assert (line_error.value.path, line_error.value.line) == (paths[1 - 1], 2)


def endless(folder: Path) -> str:
    """A file that takes minutes: one line of a terabyte, of which nothing is on the disk."""
    path = folder / "endless.jsonl"
    path.write_bytes(LINE)
    os.truncate(path, 1 << 40)
    return str(path)


class Recorder(ThreadPoolExecutor):
    """Keeps the futures; the first task is replaced where a test says so."""

    def __init__(self, workers: int, first: Callable[[], Any] | None = None) -> None:
        super().__init__(workers)
        self.first = first
        self.futures: list[Future[Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self.first is not None and not self.futures:
            self.futures.append(super().submit(self.first))
        else:
            self.futures.append(super().submit(fn, *args, **kwargs))
        return self.futures[-1]


def readers_of(path: str) -> list[int]:
    """Wait for processes that have the file open."""
    give_up = time.monotonic() + PATIENCE
    found: list[int] = []
    while not found and time.monotonic() < give_up:
        for link in glob.iglob("/proc/[0-9]*/fd/*"):
            with contextlib.suppress(OSError):
                if os.readlink(link) == path:
                    found.append(int(link.split("/")[2]))
    return found


needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")


@needs_proc
def test_a_failure_ends_the_tasks_that_run(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    paths = sorted([endless(tmp_path), endless(tmp_path / "b")])  # as large files are handed out

    def fail() -> None:
        assert readers_of(paths[1]) == [os.getpid()]
        raise ValueError("enough")

    with Recorder(2, fail) as executor, pytest.raises(ValueError, match="enough"):
        fastcore.scan(paths, executor=executor)
    assert isinstance(executor.futures[1].exception(), _scan_executor._GivenUp)
    assert not _scan_executor._given_up


@needs_proc
def test_an_interrupt_ends_the_tasks_that_run(tmp_path: Path) -> None:
    path = endless(tmp_path)

    def interrupt() -> None:
        readers_of(path)
        os.kill(os.getpid(), signal.SIGINT)

    with Recorder(1) as executor:
        threading.Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            fastcore.scan(tmp_path, executor=executor)
        assert isinstance(executor.futures[0].exception(), _scan_executor._GivenUp)


def test_timeout(tmp_path: Path) -> None:
    paths = write_some(tmp_path, [1, 2])
    endless(tmp_path)
    with ThreadPoolExecutor(2) as executor:
        hits = fastcore.scan(tmp_path, "needle", executor=executor, timeout=0.5)
    assert hits.stats.timed_out
    assert {hit.path for hit in hits} >= set(paths)
    assert not fastcore.scan(paths, "needle", executor=Eager(), timeout=1e300).stats.timed_out


def test_an_executor_without_workers_times_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_scan_executor, "GRACE", 0.05)
    write_some(tmp_path, [1, 2])
    executor = ByHand()
    hits = fastcore.scan(tmp_path, executor=executor, timeout=0.05)
    assert hits.stats.timed_out and len(hits) == 0
    assert (hits.stats.files, hits.stats.matches) == (2, 0)
    assert all(future.cancelled() for future, _ in executor.queue)


def kill_reader(path: str) -> int:
    """Kill the process that reads an endless file, which ends after its first line from then on."""
    pid = readers_of(path)[0]
    os.kill(pid, signal.SIGSTOP)
    os.truncate(path, len(LINE))
    os.kill(pid, signal.SIGKILL)
    return pid


@needs_proc
def test_a_killed_worker_is_a_clear_error(tmp_path: Path) -> None:
    write_some(tmp_path, [1, 2])
    path = endless(tmp_path)
    with ProcessPoolExecutor(2) as executor:
        killer = threading.Thread(target=kill_reader, args=[path])
        killer.start()
        with pytest.raises(fastcore.ExecutorError, match="worker died"):
            fastcore.scan(tmp_path, "needle", executor=executor)
        killer.join(PATIENCE)
    with ProcessPoolExecutor(2) as executor:
        assert len(fastcore.scan(tmp_path, "needle", executor=executor)) == 4


def test_what_is_no_executor(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="executor"):
        fastcore.scan(tmp_path / "nowhere", executor=2)  # type: ignore[arg-type]

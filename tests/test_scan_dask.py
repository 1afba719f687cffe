"""Scans and tasks on a real `dask.distributed.LocalCluster` of two worker processes, on the loopback only."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import pytest
from distributed import Client, LocalCluster
from test_executor import PATIENCE, pid_of, square
from test_scan_executor import LINE, endless, everything, kill_reader, needs_proc, write_some

import fastcore
from fastcore._executor import run_ordered, worker_count


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    folder = str(tmp_path_factory.mktemp("dask"))
    quiet: dict[str, Any] = {
        "dashboard_address": None,
        "worker_dashboard_address": None,
        "silence_logs": 50,
        "processes": True,
    }
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        LocalCluster(2, threads_per_worker=1, host="127.0.0.1", local_directory=folder, **quiet) as made,
    ):
        yield made


@pytest.fixture
def client(cluster: LocalCluster) -> Iterator[Client]:
    with Client(cluster) as client:
        client.wait_for_workers(2, timeout=PATIENCE)
        yield client


def in_time(call: Any) -> Any:
    """Fail, rather than hang, where a call does not return."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(call())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert found, "it hangs"
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]


def die_once(marker: str) -> int:
    """Kill the worker that takes this first."""
    if not os.path.exists(marker):
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def die(_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def count_call(marker: str) -> int:
    with open(marker, "ab") as file:
        file.write(b"x")
    return os.path.getsize(marker)


def fail(n: int) -> int:
    if n == 2:
        raise KeyError(n)
    return n


def test_tasks(client: Client, tmp_path: Path) -> None:
    executor = client.get_executor()
    assert worker_count(executor) == 2
    assert in_time(lambda: list(run_ordered(executor, square, range(40)))) == [n * n for n in range(40)]
    assert in_time(lambda: list(run_ordered(executor, lambda n: n + 1, [1, [2][0]]))) == [2, 3]
    with pytest.raises(KeyError, match="2"):
        in_time(lambda: list(run_ordered(executor, fail, range(9))))
    with pytest.raises(TypeError, match=r"get_executor\(\)"):
        run_ordered(client, square, range(3))  # type: ignore[arg-type]
    odd = [(abs, -3), {"x": (abs, -1)}, [[(sum, [1, 2])]], "key"]  # tasks, as dask used to spell them
    assert in_time(lambda: list(run_ordered(executor, type, odd))) == [tuple, dict, list, str]


def test_two_workers_take_part(client: Client) -> None:
    assert len({*client.run(os.getpid).values(), os.getpid()}) == 3
    pids = set(in_time(lambda: list(run_ordered(client.get_executor(), pid_of, range(40)))))
    assert len(pids) == 2 and os.getpid() not in pids


def test_equal_calls_are_made_each(client: Client, tmp_path: Path) -> None:
    marker = str(tmp_path / "calls")
    executor = client.get_executor()
    assert sorted(in_time(lambda: list(run_ordered(executor, count_call, [marker] * 3, window=1)))) == [1, 2, 3]


def test_the_hits_of_a_local_scan(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTCORE_SPAN", "1")
    write_some(tmp_path, [5, 3, 2, 2, 1, 1, 1])
    (tmp_path / "broken.jsonl").write_bytes(b"needle\n" + LINE[:20])
    (tmp_path / "5.jsonl").write_bytes(LINE.replace(b"2024", b"2025"))
    sources = [str(tmp_path), str(tmp_path / "nowhere"), LINE, LINE]
    for order in ("newest", "oldest", "file"):
        for limit in (None, 4):
            options: dict[str, Any] = {"order": order, "limit": limit}
            there = in_time(lambda o=options: fastcore.scan(sources, "needle", executor=client.get_executor(), **o))
            assert everything(there) == everything(fastcore.scan(sources, "needle", **options))
            assert len(there) == (limit or 17)
            assert 1 <= there.stats.threads <= 2
    log = tmp_path / "0.jsonl"
    log.write_bytes(log.read_bytes() + LINE)  # the same question again is asked again
    again = in_time(lambda: fastcore.scan(sources, "needle", limit=None, executor=client.get_executor()))
    assert again.stats.matches == 18


@needs_proc
def test_a_scan_survives_a_killed_worker(client: Client, tmp_path: Path) -> None:
    """Dask gives the task to another worker."""
    write_some(tmp_path, [1, 2])
    path = endless(tmp_path)
    killed: list[int] = []
    killer = threading.Thread(target=lambda: killed.append(kill_reader(path)))
    killer.start()
    hits = in_time(lambda: fastcore.scan(tmp_path, "needle", executor=client.get_executor()))
    killer.join(PATIENCE)
    assert len(killed) == 1 and killed[0] != os.getpid()
    assert everything(hits) == everything(fastcore.scan(tmp_path, "needle"))
    assert len(hits) == 4 and not hits.errors


def test_tasks_survive_a_killed_worker(client: Client, tmp_path: Path) -> None:
    marker = str(tmp_path / "died")
    assert in_time(lambda: list(run_ordered(client.get_executor(), die_once, [marker])))
    assert os.path.exists(marker)


def test_a_task_that_kills_each_worker_is_a_clear_error(client: Client) -> None:
    with pytest.raises(fastcore.ExecutorError, match="dask lost the workers of a task"):
        in_time(lambda: list(run_ordered(client.get_executor(), die, [0])))
    assert in_time(lambda: list(run_ordered(client.get_executor(), square, [3]))) == [9]


def test_close_drops_what_is_queued(client: Client, tmp_path: Path) -> None:
    results = run_ordered(client.get_executor(), pid_of, range(1000), window=50)
    in_time(lambda: next(results))
    in_time(results.close)
    assert in_time(lambda: list(run_ordered(client.get_executor(), square, [3]))) == [9]

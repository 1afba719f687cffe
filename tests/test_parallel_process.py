"""Maps and what befalls the process: Ctrl-C, forks, its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from scale import SCALE, scaled

import fastcore
from fastcore import _workers

pytestmark = [
    pytest.mark.native,
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded, use of fork:DeprecationWarning"),
]

PROLOGUE = """
import itertools, os, sys, threading, time
import fastcore
running = set()
begun = []
def work(item):
    begun.append(item)
    running.add(item)
    if len(begun) == 5:
        print("go", flush=True)
    time.sleep(0.01)
    running.discard(item)
    return item
"""
EPILOGUE = """
except KeyboardInterrupt:
    count = len(begun)
    time.sleep(0.05)
    print("caught", len(begun) == count, flush=True)
"""
MAPS = {
    "map": "fastcore.adaptive_map(work, range(100000), threads=3)",
    "list": "fastcore.adaptive_map(work, list(range(100000)), threads=3)",
    "imap": "for _ in fastcore.adaptive_imap(work, itertools.count(), threads=3): pass",
    "unordered": "for _ in fastcore.adaptive_imap(work, itertools.count(), threads=3, ordered=False): pass",
}


def start(code: str, threshold: str, *arguments: str) -> subprocess.Popen[str]:
    env = {**os.environ, "FASTCORE_PARALLEL_THRESHOLD_US": threshold}
    env.pop("FASTCORE_OFF", None)
    return subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True, env=env)


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("threshold", ["0", "", "1000000000"], ids=["parallel", "model", "serial"])
def test_ctrl_c_begins_no_more(name: str, threshold: str) -> None:
    process = start(f"{PROLOGUE}try:\n    {MAPS[name]}{EPILOGUE}", threshold)
    assert process.stdout is not None
    assert process.stdout.readline() == "go\n"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert out == "caught True\n" and process.returncode == 0


def test_ctrl_c_while_waiting_for_a_worker_waits_for_its_item() -> None:
    """The caller has nothing left to do; a second Ctrl-C changes nothing."""
    code = """
import signal, sys, threading, time
import fastcore
main = threading.get_ident()
ended = []
both = threading.Barrier(2)
def work(item):
    both.wait()
    if threading.get_ident() != main:
        print("go", flush=True)
        time.sleep(0.5)
        ended.append(item)
try:
    fastcore.adaptive_map(work, [0, 1], threads=2)
except KeyboardInterrupt:
    print("caught", len(ended))
"""
    process = start(code, "0")
    assert process.stdout is not None
    assert process.stdout.readline() == "go\n"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert out == "caught 1\n" and process.returncode == 0


INTERRUPTED = """
import gc, signal, sys, threading, time
import fastcore

class Interrupt(BaseException):
    pass

here = threading.get_ident()
running, shots, judged = set(), [], 0

def work(item):
    if threading.get_ident() == here:
        time.sleep(0.0003)
    else:
        running.add(item)
        time.sleep(0.0005)
        running.discard(item)

def interrupt(*_):
    if shots:
        shots.pop()
        raise Interrupt

def use(lazy):
    if lazy:
        for _ in fastcore.adaptive_imap(work, range(12), threads=4):
            pass
    else:
        fastcore.adaptive_map(work, range(12), threads=4)

def turn(number, lazy):
    global judged
    shots[:] = [None] * (1 + number % 2)
    signal.setitimer(signal.ITIMER_REAL, 0.00001 + 0.00002 * (number % 200), 0.0003)
    try:
        use(lazy)
    except Interrupt as error:
        error.__traceback__ = None  # and with it a generator that was interrupted between two results
        left = set(running)
        shots.clear()
        judged += 1
        if left:
            sys.exit(f"turn {number}: {left} run on")

gc.disable()
use(False)
use(True)
signal.signal(signal.SIGALRM, interrupt)
for number in range(int(sys.argv[1])):
    for lazy in (False, True):
        try:
            try:
                turn(number, lazy)
            except Interrupt:  # not in the map any more
                shots.clear()
        except Interrupt:
            shots.clear()
        shots.clear()
signal.setitimer(signal.ITIMER_REAL, 0)
print(judged > 0, fastcore._workers.is_inside())
"""


def test_interrupts_at_any_moment_leave_nothing_running() -> None:
    process = start(INTERRUPTED, "0", str(scaled(400)))
    out, _ = process.communicate(timeout=120 * SCALE)
    assert out == "True False\n" and process.returncode == 0


@pytest.mark.parametrize("ordered", [True, False])
def test_the_interpreter_ends_with_a_generator_left_open(ordered: bool) -> None:
    code = f"""
import itertools, time
import fastcore
left = fastcore.adaptive_imap(lambda item: time.sleep(0.001) or item, itertools.count(), threads=3, ordered={ordered})
print(next(left) >= 0)
"""
    process = start(code, "0")
    out, _ = process.communicate(timeout=60)
    assert out == "True\n" and process.returncode == 0


def test_the_interpreter_ends_while_another_thread_maps() -> None:
    code = """
import threading, time
import fastcore
begun = threading.Event()
def work(item):
    begun.set()
    time.sleep(0.01)
threading.Thread(target=lambda: fastcore.adaptive_map(work, range(10**6), threads=3), daemon=True).start()
begun.wait()
print("end")
"""
    process = start(code, "0")
    out, _ = process.communicate(timeout=60)
    assert out == "end\n" and process.returncode == 0


def child_of(work: object) -> int:
    """The exit code of a forked child that runs `work`."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = 0 if work() else 2  # type: ignore[operator]
        finally:
            os._exit(code)
    deadline = time.monotonic() + 60
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return 99
        time.sleep(0.001)


def squares() -> bool:
    expected = [item * item for item in range(50)]
    given = fastcore.adaptive_map(lambda item: item * item, range(50), threads=3)
    return (
        given == expected and list(fastcore.adaptive_imap(lambda item: item * item, range(50), threads=3)) == expected
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_child_starts_with_threads_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FASTCORE_OFF", raising=False)
    monkeypatch.setenv("FASTCORE_PARALLEL_THRESHOLD_US", "0")
    assert squares() and _workers.thread_count() > 0
    for _ in range(scaled(10)):
        assert child_of(lambda: _workers.thread_count() == 0 and squares() and _workers.thread_count() == 2) == 0
    assert squares()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_fork_inside_of_a_map_ends_in_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child's copy of the map has lost its workers: it does itself what they had begun."""
    monkeypatch.delenv("FASTCORE_OFF", raising=False)
    monkeypatch.setenv("FASTCORE_PARALLEL_THRESHOLD_US", "0")
    parent, caller = os.getpid(), _workers._thread.get_ident()
    pids: list[int] = []

    def work(item: int) -> int:
        time.sleep(0.001)
        if item >= 5 and not pids and os.getpid() == parent and _workers._thread.get_ident() == caller:
            pids.append(os.fork())
        return item

    for turn in ("map", "imap"):
        pids.clear()
        code = 1
        try:
            if turn == "map":
                results = fastcore.adaptive_map(work, range(60), threads=3)
            else:
                results = list(fastcore.adaptive_imap(work, range(60), threads=3))
            code = 0 if results == list(range(60)) else 2
        finally:
            if os.getpid() != parent:
                os._exit(code)
        assert code == 0 and len(pids) == 1
        _, status = os.waitpid(pids[0], 0)
        assert os.waitstatus_to_exitcode(status) == 0

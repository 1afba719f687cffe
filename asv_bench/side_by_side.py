"""Two threads of one process beside two processes of one thread each: `ratio(setup, call)`.

Each process makes its own input by `setup`, then repeats `call` for as long as it is told and says how often it got
through. What two threads do is divided by what the two processes do together, in rounds that alternate.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

WORKER = """
import sys, time
exec(sys.argv[1])
call = eval("lambda: " + sys.argv[2])
call(), call(), call()
print("ready", flush=True)
for line in sys.stdin:
    ends, calls = time.perf_counter() + float(line), 0
    while time.perf_counter() < ends:
        call()
        calls += 1
    print(calls, flush=True)
"""


class Worker:
    def __init__(self, setup: str, call: str, threads: int) -> None:
        env = {**os.environ, "FASTCORE_THREADS": str(threads)}
        command = [sys.executable, "-c", WORKER, setup, call]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        if self._line() != "ready":
            raise SystemExit(f"{call}: the worker did not get ready")

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def begin(self, seconds: float) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()

    def calls(self) -> int:
        return int(self._line())

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def ratio(setup: str, call: str, rounds: int = 7, seconds: float = 0.6) -> tuple[float, list[tuple[int, int]]]:
    """Return the median ratio, and for each round the calls of two threads and those of two processes."""
    both, alone = Worker(setup, call, 2), [Worker(setup, call, 1) for _ in range(2)]
    samples = []
    try:
        for _ in range(rounds):
            both.begin(seconds)
            threads = both.calls()
            for worker in alone:
                worker.begin(seconds)
            samples.append((threads, sum(worker.calls() for worker in alone)))
    finally:
        for worker in (both, *alone):
            worker.end()
    return statistics.median(threads / processes for threads, processes in samples), samples

"""Two threads of one process beside two processes of one thread each: `ratio(setup, call)`.

Each process makes its own input by `setup`, then repeats `call` for as long as it is told and says how many calls a
second it did. What two threads do is divided by what the two processes do together, in rounds that alternate.
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
    began, took, calls = time.perf_counter(), 0.0, 0
    while took < float(line):
        call()
        calls += 1
        took = time.perf_counter() - began
    print(calls / took, flush=True)
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

    def calls_per_second(self) -> float:
        return float(self._line())

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def ratio(setup: str, call: str, rounds: int = 7, seconds: float = 1.5) -> tuple[float, list[tuple[float, float]]]:
    """Return the median ratio, and for each round the calls a second of two threads and those of two processes."""
    both, alone = Worker(setup, call, 2), [Worker(setup, call, 1) for _ in range(2)]
    samples = []
    try:
        for _ in range(rounds):
            both.begin(seconds)
            threads = both.calls_per_second()
            for worker in alone:
                worker.begin(seconds)
            samples.append((threads, sum(worker.calls_per_second() for worker in alone)))
    finally:
        for worker in (both, *alone):
            worker.end()
    return statistics.median(threads / processes for threads, processes in samples), samples

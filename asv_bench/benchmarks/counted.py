"""Instructions and memory of one call of each capability, on one thread: the same on a busy machine as on a quiet one.

Each is taken in processes of its own. Instructions are callgrind's, of the call alone: the difference between a process
that makes it thirteen times and one that makes it three times. valgrind hides AVX-512.
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import fastcore

BENCH = Path(__file__).parents[1]
LOGS = """
import pathlib, sample_logs
made = sample_logs.build(pathlib.Path(folder), 2_000_000, 20)["planted"]
def check(word, found):
    assert found.stats.matches == made[word]["records"] > 0, found.stats
"""
SONGS = """
import pathlib, benchmarks.midi
pathlib.Path(folder).mkdir(exist_ok=True)
for i in range(20):
    pathlib.Path(folder, f"{i}.mid").write_bytes(benchmarks.midi.cadence(100))
"""
# What a commit must have, what is made first, and the call.
CASES = {
    "scan": (
        "scan",
        f"{LOGS}\ndef call(): check(sample_logs.RARE, fastcore.scan(folder, sample_logs.RARE, threads=1))",
    ),
    "corpus": (
        "Corpus",
        f"{LOGS}\ncorpus = fastcore.Corpus(folder, sketch=False)\n"
        "def call(): check(sample_logs.RARE, corpus.scan(sample_logs.RARE, threads=1))",
    ),
    "top_k": (
        "top_k",
        "import numpy\na = numpy.random.default_rng(1).random(10**6, 'f')\nbest = a.argmax()\n"
        "def call(): assert fastcore.top_k(a, 10).indices[0] == best",
    ),
    "adaptive_map": (
        "adaptive_map",
        "items = [b'x' * i for i in range(1000)]\n"
        "def call(): assert fastcore.adaptive_map(len, items, threads=1) == list(range(1000))",
    ),
    "midi": (
        "midi.analyze_many",
        f"{SONGS}\ndef call():\n"
        "    assert [song['bpm'] for song in fastcore.midi.analyze_many(folder, threads=1)] == [100] * 20",
    ),
    "bpm": (
        "bpm",
        "import numpy\nonsets = numpy.arange(0, 240, 0.3)\n"
        "def call(): assert abs(fastcore.bpm(onsets).bpm / 100 - 1) < 0.01",
    ),
}
CHILD = """
import sys
bench, setup, folder, times = sys.argv[1:]
sys.path.insert(0, bench)
import fastcore
exec(setup)
for _ in range(int(times)):
    call()
print(open("/proc/self/status").read())
"""


def run(case: str, folder: str, times: int, *tool: str) -> str:
    """What the process and the tool say that make a case's input in the folder and call it so many times."""
    command = [*tool, sys.executable, "-c", CHILD, str(BENCH), CASES[case][1], str(Path(folder, "input")), str(times)]
    env = {
        **os.environ,
        "PYTHONHASHSEED": "0",
        "FASTCORE_CPU": "v3",
        "FASTCORE_OFF": "pool",
        "OPENBLAS_NUM_THREADS": "1",
    }
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=folder)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout


class Counted:
    """Each call asserts what it finds."""

    params = (list(CASES),)
    param_names = ("call",)
    timeout = 600

    def setup(self, case: str) -> None:
        wanted = CASES[case][0]
        try:
            functools.reduce(getattr, wanted.split("."), fastcore)
        except AttributeError:
            raise NotImplementedError(f"this commit has no {wanted}") from None  # asv then has no value for it

    def track_instructions(self, case: str) -> float:
        with tempfile.TemporaryDirectory() as folder:
            run(case, folder, 0)
            few, many = (self.instructions(case, folder, times) for times in (3, 13))
        return (many - few) / 10

    def instructions(self, case: str, folder: str, times: int) -> int:
        out = Path(folder, f"counted.{times}")
        run(case, folder, times, "valgrind", "--tool=callgrind", f"--callgrind-out-file={out}")
        found = re.search(r"^(?:totals|summary): (\d+)$", out.read_text("utf-8"), re.MULTILINE)
        if found is None:
            raise AssertionError("callgrind counted nothing")
        return int(found[1])

    def track_peak_memory(self, case: str) -> int:
        with tempfile.TemporaryDirectory() as folder:
            found = re.search(r"^VmHWM:\s+(\d+) kB$", run(case, folder, 3), re.MULTILINE)
        if found is None:
            raise AssertionError("the system does not say")
        return int(found[1]) * 1024

    track_instructions.unit = "instructions"  # type: ignore[attr-defined]
    track_peak_memory.unit = "bytes"  # type: ignore[attr-defined]

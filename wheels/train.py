"""What a build by a profile is trained on: `python wheels/train.py [LEVEL]`, with the package that is on the path.

Every `time_` method of asv_bench/benchmarks runs, on smaller trees, and then what is hard: arrays that defeat a filter,
MIDI files of every damage that the tests know, the JSON test suite as records, text full of escapes. Each variant of a
kernel is trained, on every instruction-set level that this processor has, in a process of its own: what is never run
would count as cold.
"""

from __future__ import annotations

import importlib
import inspect
import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LEVELS = ("base", "v3", "v4")
ROUNDS = 3


def cases(cls: type) -> Iterator[tuple[Any, ...]]:
    """The parameters of a benchmark class, as asv reads them: one list, or one a parameter."""
    params = getattr(cls, "params", ())
    lists = params if params and isinstance(params[0], (list, tuple)) else [params] if params else []
    return itertools.product(*lists)


def run_benchmark(cls: type) -> int:
    """Run every `time_` method with every parameter; how many ran."""
    ran = 0
    cache = [cls().setup_cache()] if hasattr(cls, "setup_cache") else []
    for case in cases(cls):
        benchmark = cls()
        try:
            benchmark.setup(*cache, *case)
        except NotImplementedError:  # the benchmark's own word for: not here, or not on this level
            continue
        for name in dir(cls):
            if name.startswith("time_"):
                for _ in range(ROUNDS):
                    getattr(benchmark, name)(*cache, *case)
                ran += 1
        if hasattr(benchmark, "teardown"):
            benchmark.teardown(*cache, *case)
    return ran


def run_benchmarks(folder: str) -> int:
    os.environ["FASTCORE_COMPARE_DIR"] = folder
    sys.path.insert(0, str(ROOT / "asv_bench"))
    scan = importlib.import_module("benchmarks.scan")
    scan.TREES = {"tree": (8_000_000, 30), "small": (400_000, 200)}  # type: ignore[attr-defined]
    ran = 0
    for path in sorted((ROOT / "asv_bench" / "benchmarks").glob("[!_]*.py")):
        module: Any = importlib.import_module(f"benchmarks.{path.stem}")
        if hasattr(module, "SIZE"):
            module.SIZE, module.FILES = scan.TREES["tree"]
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if cls.__module__ == module.__name__:
                ran += run_benchmark(cls)
    return ran


def hard_arrays() -> None:
    import numpy as np

    import fastcore

    n = 200_000
    saw = np.arange(n) % 1000
    orders = [np.arange(n), np.arange(n)[::-1], saw, np.zeros(n), np.where(saw < 500, np.nan, saw)]
    for order, dtype in itertools.product(orders, ("f4", "f8", "i1", "u2", "i4", "i8", "f2")):
        with np.errstate(all="ignore"):
            array = np.ascontiguousarray(order.astype("f8").astype(dtype) if dtype[0] == "f" else saw.astype(dtype))
        for k in (1, 10, 1000, n // 2):
            fastcore.top_k(array, k)
            fastcore.top_k(array, k, mode="smallest", sorted=False)
    fastcore.top_k(np.tile(saw[:64].astype("f4"), (5000, 1)), 3, axis=1)


def hard_files() -> None:
    import fastcore

    sys.path.insert(0, str(ROOT / "tests"))
    songs = [case.data for case in importlib.import_module("midi_files").CASES]
    for data in songs:
        try:
            fastcore.midi.read(data)
            fastcore.midi.analyze(data)
        except fastcore.MidiError:
            continue  # it is no song: that too is to be trained


def hard_logs() -> None:
    import fastcore

    suite = [path.read_bytes().replace(b"\n", b" ") for path in sorted((ROOT / "tests/data").rglob("*.json"))]
    text = b'caf\\u00e9 \\"na\\u00efve\\" \\n\\t\\\\ \\ud83d\\ude00 k\\u017f ' * 40
    lines = [b'{"type":"user","message":{"content":"%s needle %d"}}' % (text, i) for i in range(300)]
    log = b"\n".join([*lines, *(b'{"type":"user","message":{"content":%s}}' % one for one in suite)]) + b"\n"
    for query in ("needle", "kelvin", "sSs", "na\u00efve", '"needle 7"', "-needle", "needle OR caf\u00e9", "\u00fc"):
        for validate in ("candidates", "all"):
            hits = fastcore.scan(log, query, validate=validate, limit=50)
            _ = [(hit.text, hit.spans) for hit in hits], hits.to_table()


def train(level: str) -> None:
    os.environ["FASTCORE_CPU"] = level  # read when the package first works
    with tempfile.TemporaryDirectory() as folder:
        ran = run_benchmarks(folder)
    hard_arrays()
    hard_files()
    hard_logs()
    used = importlib.import_module("fastcore._native.base").cpu_level()
    print(f"trained on {used}: {ran} benchmarks and what is hard", flush=True)


def main() -> int:
    if len(sys.argv) > 1:
        train(sys.argv[1])
        return 0
    for level in LEVELS:
        subprocess.run([sys.executable, __file__, level], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Measure what `fastcore.adaptive_map` chooses, beside the choices it could make: `make compare-parallel`.

A grid of so many items that take so long each. The work is zlib.crc32 over a buffer, which gives the GIL up from 5 KB
on: for less, as for items of 1 us on many machines, it is kept (marked GIL). At each point, after three calls to warm
up, in turn: the list comprehension, threads always, `adaptive_map`, `adaptive_map` that FASTCORE_PARALLEL_THRESHOLD_US
keeps serial, a fixed rule (threads for work predicted above 100 us or more than 5 items, by one average for all), and
joblib. Each one's results are asserted. Prints ratios, round by round, to the better of comprehension and threads, and
for each bar whether it was met; the serial plan must miss them. Then the pool's share of processor time in large jobs,
and two threads beside two processes.
Keeps the samples as JSON in asv_bench/results/compare/. Ends with 1 if a bar was missed.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import sys
import time
import types
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))
import bars
import compare_table
import sample_logs
import sampling
import side_by_side

import fastcore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Engine = Callable[[Callable[[int], int], Sequence[int]], list[int]]

COUNTS = (2, 5, 20, 1000)
ITEM_US = (1, 10, 100, 1_000, 10_000)
THREADS = 2
THRESHOLD = "FASTCORE_PARALLEL_THRESHOLD_US"
WARM_UP = 3
SECONDS = 2.0  # of comprehension a point, within the limits of rounds
ROUNDS = (3, 41)
BATCH_US = 500  # shorter calls are timed in batches
GIL_BYTES = 5 * 1024


def calibrate() -> float:
    """Nanoseconds of zlib.crc32 a byte."""
    data = os.urandom(1 << 20)
    best = math.inf
    for _ in range(20):
        began = time.perf_counter_ns()
        zlib.crc32(data)
        best = min(best, time.perf_counter_ns() - began)
    return best / len(data)


def make_work(count: int, item_us: int, ns_per_byte: float) -> tuple[Callable[[int], int], int]:
    """A function with a place of its own, as if it were written once for each point, and the bytes it reads."""
    data = os.urandom(max(1, int(item_us * 1000 / ns_per_byte)))
    crc32 = zlib.crc32

    def work(item: int) -> int:
        return crc32(data, item)

    name = f"work_{count}_{item_us}"
    made = types.FunctionType(work.__code__.replace(co_name=name), globals(), name, None, work.__closure__)
    made.__qualname__ = name
    return made, len(data)


def comprehension(fn: Callable[[int], int], items: Sequence[int]) -> list[int]:
    return [fn(item) for item in items]


# Three call sites, as three places in a program: what one of them learns says nothing of the others.


def always(fn: Callable[[int], int], items: Sequence[int]) -> list[int]:
    return fastcore.adaptive_map(fn, items)


def ours(fn: Callable[[int], int], items: Sequence[int]) -> list[int]:
    return fastcore.adaptive_map(fn, items)


def kept_serial(fn: Callable[[int], int], items: Sequence[int]) -> list[int]:
    return fastcore.adaptive_map(fn, items)


class FixedRule:
    """Threads for work predicted above 100 us, by one moving average for everything, or for more than 5 items."""

    def __init__(self) -> None:
        self.item_ns = 0.0

    def is_parallel(self, items: Sequence[int]) -> bool:
        return len(items) > 5 or len(items) * self.item_ns > 100_000

    def __call__(self, fn: Callable[[int], int], items: Sequence[int]) -> list[int]:
        began = time.perf_counter_ns()
        results = fastcore.adaptive_map(fn, items)
        self.item_ns += 0.1 * ((time.perf_counter_ns() - began) / len(items) - self.item_ns)
        return results


RULE = FixedRule()
FORCED = {"always parallel": "0", "kept serial": str(10**12)}


def engines() -> dict[str, Engine]:
    found: dict[str, Engine] = {
        "comprehension": comprehension,
        "always parallel": always,
        "adaptive_map": ours,
        "kept serial": kept_serial,
        "fixed rule": RULE,
    }
    try:
        from joblib import Parallel, delayed
    except ImportError:
        print("joblib is not installed (extra `compare`): left out")
        return found
    pool = Parallel(n_jobs=THREADS, prefer="threads").__enter__()

    def joblib(fn: Callable[[int], int], items: Sequence[int]) -> list[int]:
        results: list[int] = pool(delayed(fn)(item) for item in items)
        return results

    return found | {"joblib": joblib}


def set_plan(name: str, items: Sequence[int]) -> None:
    """Force what an engine is to do, outside of what is timed."""
    plan = FORCED.get(name)
    if name == "fixed rule":
        plan = "0" if RULE.is_parallel(items) else str(10**12)
    if plan is None:
        os.environ.pop(THRESHOLD, None)
    else:
        os.environ[THRESHOLD] = plan


class Point:
    """So many items of so long, and what each engine took, in seconds, round by round."""

    def __init__(self, count: int, item_us: int, ns_per_byte: float) -> None:
        self.count, self.item_us = count, item_us
        self.work, size = make_work(count, item_us, ns_per_byte)
        self.keeps_gil = size < GIL_BYTES
        self.samples: dict[str, list[float]] = {}

    def measure(self) -> None:
        items = list(range(self.count))
        expected = comprehension(self.work, items)
        least, most = ROUNDS
        rounds = min(most, max(least, int(SECONDS * 1e6 / (self.count * self.item_us))))
        batch = max(1, int(BATCH_US / (self.count * self.item_us)))
        names = list(ENGINES)
        for number in range(-1, rounds):
            for name in names[number % len(names) :] + names[: number % len(names)]:  # each comes after each other
                calls = 1 if name == "joblib" else batch
                if number < 0:
                    calls = WARM_UP if name == "adaptive_map" else 1  # the others have nothing to learn here
                took = self.time(name, items, expected, calls)
                if number >= 0:
                    self.samples.setdefault(name, []).append(took)

    def time(self, name: str, items: Sequence[int], expected: list[int], calls: int) -> float:
        """Seconds a call, of so many in a row."""
        engine = ENGINES[name]
        set_plan(name, items)
        began = time.perf_counter()
        for _ in range(calls):
            results = engine(self.work, items)
        took = (time.perf_counter() - began) / calls
        if results != expected:
            raise SystemExit(f"{self}: {name} gives other results")
        return took

    @property
    def is_short(self) -> bool:
        return self.count * self.item_us < 100

    @property
    def better(self) -> str:
        return min("comprehension", "always parallel", key=lambda name: statistics.median(self.samples[name]))

    def ratio(self, name: str) -> float:
        """To the better of comprehension and threads, the median of the rounds' ratios."""
        return compare_table.ratio(self.samples, name, self.better)

    def extra_us(self, name: str) -> float:
        """Microseconds over the comprehension, the median of the rounds' differences."""
        pairs = zip(self.samples[name], self.samples["comprehension"], strict=True)
        return statistics.median(ours - serial for ours, serial in pairs) * 1e6

    def __str__(self) -> str:
        return f"{self.count} x {self.item_us} us"

    def show(self) -> None:
        took = statistics.median(self.samples["comprehension"])
        line = f"  {self!s:18}{'GIL' if self.keeps_gil else '':4}{took * 1e6:12.1f} us  "
        line += "".join(f"{self.ratio(name):11.2f}" for name in ENGINES)
        print(f"{line}  {self.extra_us('adaptive_map'):9.1f} us", flush=True)


def judge(judged: bars.Bars, points: list[Point], name: str) -> None:
    """The bars of the grid for an engine."""
    ratios = [point.ratio(name) for point in points]
    judged.at_most(f"{name}, geometric mean", statistics.geometric_mean(ratios), 1.05, "x better")
    long = [point for point in points if not point.is_short]
    if long:
        worst = max(long, key=lambda point: point.ratio(name))
        judged.at_most(f"{name}, worst: {worst}", worst.ratio(name), 1.25, "x better")
    short = [point for point in points if point.is_short]
    if short:
        worst = max(short, key=lambda point: point.extra_us(name))
        judged.at_most(f"{name}, worst short: {worst}", worst.extra_us(name), 3, "us more")


def share_of_pool(job: Callable[[int], object], rounds: int) -> tuple[float, list[tuple[float, float]]]:
    """(CPU of 2 threads - CPU of 1) / CPU of 2, the median of rounds, and the samples."""
    samples: list[tuple[float, float]] = []
    for number in range(-1, rounds):
        took = []
        for threads in (1, THREADS):
            began = time.process_time()
            job(threads)
            took.append(time.process_time() - began)
        if number >= 0:
            samples.append((took[0], took[1]))
    return statistics.median((two - one) / two for one, two in samples), samples


TREE = Path(os.environ.get("FASTCORE_COMPARE_DIR") or os.path.expanduser("~/.cache/fastcore-compare")) / "tree-parallel"


def large_jobs(ns_per_byte: float) -> dict[str, Callable[[int], object]]:
    made = sample_logs.build(TREE, sample_logs.byte_count("400MB"), 1000)
    planted = made["planted"][sample_logs.COMMON]["records"]
    work, _ = make_work(0, 1000, ns_per_byte)

    def scan(threads: int) -> None:
        found = fastcore.scan(str(TREE), sample_logs.COMMON, threads=threads).stats
        if found.matches != planted:
            raise SystemExit(f"scan found {found.matches}, planted are {planted}")

    def mapped(threads: int) -> None:
        fastcore.adaptive_map(work, range(400), threads=threads)

    return {"scan of 400 MB, common word": scan, "adaptive_map, 400 x 1 ms": mapped}


ENGINES = engines()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--items", type=int, choices=COUNTS, action="append", help="only so many; may be given again")
    parser.add_argument("--us", type=int, choices=ITEM_US, action="append", help="only so long; may be given again")
    parser.add_argument("--rounds", type=int, default=9, help="of the large jobs")
    parser.add_argument("--out", type=Path, help="where the samples go (of a whole run: into results/compare)")
    args = parser.parse_args()
    ns_per_byte = calibrate()
    os.environ["FASTCORE_THREADS"] = str(THREADS)
    print(f"zlib.crc32: {ns_per_byte:.3f} ns a byte; times as multiples of the better of the first two")
    print(f"  {'':22}{'comprehension':>15}  " + "".join(f"{name[:10]:>11}" for name in ENGINES) + f"{'more':>14}")
    points = []
    for item_us in args.us or ITEM_US:
        for count in args.items or COUNTS:
            points.append(Point(count, item_us, ns_per_byte))
            points[-1].measure()
            points[-1].show()
    os.environ.pop(THRESHOLD, None)
    for name in ENGINES:
        print(f"  geometric mean, {name}: {statistics.geometric_mean(point.ratio(name) for point in points):.3f}")

    judged, serial = bars.Bars(), bars.Bars()
    judge(judged, points, "adaptive_map")
    judge(serial, points, "kept serial")
    missed = sum(not row["met"] for row in serial.rows)
    judged.at_least("bars that the serial plan misses", missed, 1, "")
    shares = {}
    for name, job in large_jobs(ns_per_byte).items():
        share, shares[name] = share_of_pool(job, args.rounds)
        judged.at_most(f"pool's share, {name}", share * 100, 5, "% of CPU")
    del os.environ["FASTCORE_THREADS"]
    both, beside = side_by_side.ratio("import fastcore", f"fastcore.scan({str(TREE)!r}, {sample_logs.COMMON!r})")
    judged.at_least("two threads, scan of 400 MB", both, 0.9, "x 2 processes")
    print("\nof the plan that is kept serial:", end="")
    serial.show()
    met = judged.show()

    whole = not args.items and not args.us
    kept = {"machine": bars.machine(), "threads": THREADS, "ns_per_byte": ns_per_byte}
    kept |= {"points": {str(point): point.samples for point in points}, "shares": shares}
    kept |= {"two threads": beside, "bars": judged.rows}
    sampling.keep("parallel", kept, args.out, whole)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

"""Measure `fastcore.top_k` beside NumPy's argpartition and sort, `max`, torch and polars: `make compare-topk`.

float32 arrays of 10,000 to 10 million elements in seven orders, k of 10, 100 and 1,000. The engines run in turn; each
answer is held against a stable sort: ours must be that, the others must have the same values, and how often their
indices differ among ties is counted. Prints medians of ratios, and for each bar whether it was met; keeps the samples
in asv_bench/results/compare/. Ends with 1 if a bar was missed.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import bars
import sampling
import side_by_side

import fastcore

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES, KS = (10**4, 10**5, 10**6, 10**7), (10, 100, 1000)
ORDERS = ("random", "ascending", "descending", "saw-tooth", "organ pipe", "constant", "few distinct")
ENOUGH_S = 0.002  # a sample lasts at least so long
top_k = fastcore.top_k


def array(order: str, n: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    rnd, ramp = np.random.default_rng(n), np.arange(n)
    made: dict[str, Callable[[], Any]] = {
        "random": lambda: rnd.random(n, np.float32),
        "ascending": lambda: ramp,
        "descending": lambda: n - ramp,
        "saw-tooth": lambda: ramp % 1000,
        "organ pipe": lambda: np.minimum(ramp, n - ramp),
        "constant": lambda: np.ones(n),
        "few distinct": lambda: rnd.integers(0, 5, n),
    }
    return np.ascontiguousarray(made[order](), np.float32)


def by_argpartition(a: Any, k: int) -> Any:
    """What people write today."""
    best = np.argpartition(a, len(a) - k)[len(a) - k :]
    return best[np.argsort(-a[best], kind="stable")]


def engines() -> dict[str, Callable[[Any, int], Any]]:
    """Everything that selects indices, as functions of an array and k."""
    found: dict[str, Callable[[Any, int], Any]] = {
        "fastcore": lambda a, k: top_k(a, k).indices,
        "argpartition": by_argpartition,
    }
    if hasattr(np, "top_k"):
        found["numpy.top_k"] = lambda a, k: np.top_k(a, k)[1]  # type: ignore[attr-defined]
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_num_threads(2)
        found["torch"] = lambda a, k: torch.topk(torch.from_numpy(a), k).indices.numpy()
    if importlib.util.find_spec("polars"):
        import polars

        found["polars"] = lambda a, k: (
            polars.DataFrame({"a": a}).with_row_index().top_k(k, by="a").sort("a", descending=True)["index"].to_numpy()
        )
    return found


def sample(call: Callable[[], object]) -> float:
    """Seconds a call, over as many calls as take a while."""
    began = time.perf_counter()
    call()
    calls = max(1, int(ENOUGH_S / (time.perf_counter() - began)))
    began = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - began) / calls


def measure(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Samples of calls that run in turn, after two throw-away rounds."""
    samples: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(-2, rounds):
        for name, call in calls.items():
            took = sample(call)
            if number >= 0:
                samples[name].append(took)
    return samples


def ratio(samples: dict[str, list[float]], one: str, other: str) -> float:
    return statistics.median(x / y for x, y in zip(samples[one], samples[other], strict=True))


def check(name: str, a: Any, k: int, found: Any, order: Any) -> bool:
    """True if these are the indices of the stable order; other values end the run."""
    if not np.array_equal(a[found], a[order[:k]]):
        raise SystemExit(f"{name}: not the {k} largest of {len(a)}")
    same = bool(np.array_equal(found, order[:k]))
    if name == "fastcore" and not same:
        raise SystemExit(f"fastcore: ties not by the lowest index, k={k}, n={len(a)}")
    return same


def grid(sizes: tuple[int, ...], rounds: int, judged: bars.Bars) -> list[dict[str, Any]]:
    kept, differing = [], dict.fromkeys(engines(), 0)
    cases = 0
    for n in sizes:
        for order in ORDERS:
            a = array(order, n)
            stable = np.argsort(-a, kind="stable")[: max(KS)]
            for k in KS:
                cases += 1
                for name, engine in engines().items():
                    differing[name] += not check(name, a, k, engine(a, k), stable)
        arrays = {order: array(order, n) for order in ORDERS}
        for k in KS:
            kept.append(one_size(arrays, n, k, rounds, judged))
    print(f"\nother indices than the lowest among ties, of {cases} cases:")
    print("  " + ", ".join(f"{name} {count}" for name, count in differing.items()))
    return [*kept, {"cases": cases, "other indices among ties": differing}]


def one_size(arrays: dict[str, Any], n: int, k: int, rounds: int, judged: bars.Bars) -> dict[str, Any]:
    a = arrays["random"]
    calls: dict[str, Callable[[], object]] = {"max": a.max}
    calls |= {name: partial(engine, a, k) for name, engine in engines().items()}
    calls["fastcore"] = partial(top_k, a, k)
    calls |= {order: partial(top_k, b, k) for order, b in arrays.items() if order != "random"}
    samples = measure(calls, rounds)
    median = {name: statistics.median(times) * 1e6 for name, times in samples.items()}
    others = {name: ratio(samples, name, "fastcore") for name in engines() if name != "fastcore"}
    adversaries = {order: ratio(samples, order, "fastcore") for order in ORDERS if order != "random"}
    print(f"\nn={n:,} k={k}: {median['fastcore']:.1f} us, {ratio(samples, 'fastcore', 'max'):.2f} x max")
    print("  random, times as fast as " + ", ".join(f"{name} {value:.1f}" for name, value in others.items()))
    print("  to random: " + ", ".join(f"{order} {value:.2f}" for order, value in adversaries.items()))
    if n >= 10**5 and k in (10, 1000):
        judged.at_least(f"n={n:,} k={k}", others["argpartition"], 30 if k == 10 else 10, "x argpartition")
    if n == 10**7 and k == 10:
        judged.at_most(f"n={n:,} k={k}", ratio(samples, "fastcore", "max"), 1.3, "x a.max()")
    worst = max(adversaries, key=lambda order: adversaries[order])
    judged.at_most(f"n={n:,} k={k}, {worst}", adversaries[worst], 3, "x random")
    return {"n": n, "k": k, "samples": samples}


def small_call(rounds: int, judged: bars.Bars) -> dict[str, list[float]]:
    a = array("random", 16)
    samples = measure({"top_k": lambda: top_k(a, 4), "max": a.max}, 3 * rounds)
    value = ratio(samples, "top_k", "max")
    print(f"\n16 floats: {statistics.median(samples['top_k']) * 1e9:.0f} ns, {value:.2f} x max")
    judged.at_most("16 floats", value, 1, "x a.max()")
    return samples


def busy_thread(rounds: int, judged: bars.Bars, calls: int = 10_000) -> dict[str, list[float]]:
    """Ten thousand calls of about 10 us, alone and beside a thread that never rests."""
    a = array("random", 300_000)
    samples: dict[str, list[float]] = {"alone": [], "beside": [], "each": []}
    for _ in range(rounds):
        for name in ("alone", "beside"):
            ends = threading.Event()

            def spin(ends: threading.Event = ends) -> None:
                while not ends.is_set():
                    pass

            thread = threading.Thread(target=spin)
            if name == "beside":
                thread.start()
            began = time.perf_counter()
            for _ in range(calls):
                top_k(a, 10)
            samples[name].append(time.perf_counter() - began)
            ends.set()
            if name == "beside":
                thread.join()
    samples["each"] = [took / calls for took in samples["alone"]]
    value, each = ratio(samples, "beside", "alone"), statistics.median(samples["each"]) * 1e6
    print(f"\n10,000 calls of {each:.0f} us beside a busy thread: {value:.2f} x alone")
    judged.at_most("10,000 calls beside a busy thread", value, 3, "x alone")
    return samples


SETUP = "import numpy, fastcore; a = numpy.random.default_rng(1).random(10_000_000, numpy.float32)"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--size", type=int, action="append", help="only this n; may be given again")
    parser.add_argument("--out", type=Path, help="where the samples go (of a whole run: into results/compare)")
    args = parser.parse_args()
    judged = bars.Bars()
    kept: dict[str, Any] = {"machine": bars.machine() | {"numpy": np.__version__, "engines": list(engines())}}
    kept["grid"] = grid(tuple(args.size or SIZES), args.rounds, judged)
    kept["16 floats"] = small_call(args.rounds, judged)
    kept["busy thread"] = busy_thread(min(args.rounds, 5), judged)
    value, kept["two threads"] = side_by_side.ratio(SETUP, "fastcore.top_k(a, 10)")
    judged.at_least("two threads, n=10,000,000 k=10", value, 0.9, "x 2 processes")
    met = judged.show()
    kept["bars"] = judged.rows
    sampling.keep("topk", kept, args.out, not args.size)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

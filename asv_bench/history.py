"""Measure the last commits with asv and keep what it finds in asv_bench/results/asv: `make asv`.

Runs the benchmarks of this work tree on the last commits that touch the code (`--commits`, 3), with `--spread` on so
many from the first to the last, or on those that are named; each is built from scratch into an environment of its own.
Prints a table of them. What asv writes is checked to hold no path, no host name and no address before it may be
committed. The figures of one table were measured in one run and can be compared; those of another day or another
machine cannot. Times are noisy where other work runs meanwhile, instructions are not: what judges is `make gate`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import platform
import re
import socket
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
RESULTS = BENCH / "results" / "asv"
CODE = ("src_c", "fastcore", "setup.py")


def git(*arguments: str) -> list[str]:
    return subprocess.run(
        ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True
    ).stdout.splitlines()


def chosen(count: int, spread: bool) -> list[str]:
    """The commits to measure, the oldest first."""
    commits = git("log", "--first-parent", "--format=%H", "--", *CODE)[::-1]
    if not spread or count >= len(commits):
        return commits[-count:]
    return [commits[i * (len(commits) - 1) // max(1, count - 1)] for i in range(count)]


def machine() -> dict[str, str]:
    """What asv shall write of this machine: what it is, not what it is called."""
    cpus = Path("/proc/cpuinfo")
    models = re.findall(r"^model name\s*: (.*)$", cpus.read_text("utf-8"), re.MULTILINE) if cpus.exists() else []
    cpu, cores = models[0] if models else platform.machine(), str(os.cpu_count())
    name = "-".join(re.findall(r"[a-z0-9]+", f"{cpu} {platform.machine()} {cores} cores".lower()))
    found = {"machine": name, "os": platform.system(), "arch": platform.machine(), "cpu": cpu, "num_cpu": cores}
    return {**found, "ram": ""}


def remember(machine: dict[str, str]) -> None:
    """Tell asv of the machine, in its file in the home folder: `asv machine` drops what equals its own defaults."""
    from asv.machine import MachineCollection

    MachineCollection.save(machine["machine"], machine)


def run(commits: list[str], name: str, bench: str | None) -> None:
    hashes = ROOT / "build" / "asv" / "commits"
    hashes.parent.mkdir(parents=True, exist_ok=True)
    hashes.write_text("\n".join(commits) + "\n", "utf-8")
    only = ["--bench", bench] if bench else []
    command = [sys.executable, "-m", "asv", "run", "--machine", name, "--interleave-rounds", "--show-stderr", *only]
    if subprocess.run([*command, f"HASHFILE:{hashes}"], cwd=BENCH, check=False).returncode not in (0, 2):
        raise SystemExit("asv could not run")  # 2: a benchmark failed at some commit, which the table shows


# What says where something was measured, and not what.
PRIVATE = re.compile(r"(?<![\w.])/(?:home|root|tmp|work|opt|usr|var|mnt|srv|Users)/|https?://|file:")


def private(text: str) -> list[str]:
    """The paths, addresses and the name of this machine that stand in a result."""
    host = re.escape(socket.gethostname())
    return [found[0] for found in PRIVATE.finditer(text)] + re.findall(rf"(?<![\w-]){host}(?![\w-])", text)


def check_private(folder: Path) -> None:
    for path in sorted(folder.glob("*.json")):
        if found := private(path.read_text("utf-8")):
            path.unlink()
            raise SystemExit(f"{path.name} names a place of this machine and was not kept: {', '.join(found)}")


Value = tuple[float, float]  # the lower quartile, which what else runs meanwhile spoils less than the median; the upper


def measured(commit: str, name: str) -> dict[str, Value | None]:
    """What each benchmark found at a commit: nan where the commit has nothing to measure, None where it failed."""
    found: dict[str, Value | None] = {}
    for path in (RESULTS / name).glob(f"{commit[:8]}-*.json"):
        kept = json.loads(path.read_text("utf-8"))
        for benchmark, row in kept["results"].items():
            cells = dict(zip(kept["result_columns"], row, strict=False))
            labels = [" ".join(chosen) for chosen in itertools.product(*cells.get("params") or [])]
            values = cells.get("result") or [None] * len(labels)
            low, high = (cells.get(f"stats_q_{quarter}") or values for quarter in (25, 75))
            for label, value, *quartiles in zip(labels, values, low, high, strict=True):
                # What has no quartiles has null for them.
                lower, upper = (value if quartile is None else quartile for quartile in quartiles)
                found[f"{benchmark} {label}".strip()] = None if value is None else (lower, upper)
    return found


def is_nothing(value: Value | None) -> bool:
    return value is not None and math.isnan(value[0])


def show(benchmark: str, value: Value | None, first: Value | None) -> str:
    """A cell: the value and, unless the quartiles overlap, its ratio to the oldest commit's."""
    if value is None:
        return "FAILED"
    if is_nothing(value):
        return "none"
    if ".time_" in benchmark:
        text = f"{value[0] * 1e3:.2f} ms" if value[0] >= 1e-3 else f"{value[0] * 1e6:.1f} us"
    elif ".track_instructions" in benchmark:
        text = f"{value[0] / 1e6:.2f} M"
    else:
        text = f"{value[0] / 1e6:.1f} MB"
    if first is None or is_nothing(first) or first is value:
        return f"{text}       "
    if value[0] <= first[1] and first[0] <= value[1] and value[0] != value[1]:
        return f"{text}   same"
    return f"{text} {value[0] / first[0]:4.2f} x"


def table(commits: list[str], name: str) -> bool:
    """Print a row a benchmark, a column a commit, the oldest first, but no row without any value. False if a benchmark
    failed or none was run."""
    columns = [measured(commit, name) for commit in commits]
    benchmarks = sorted({name for column in columns for name, value in column.items() if not is_nothing(value)})
    width = max(map(len, benchmarks), default=0) + 2
    print(f"\n{'':{width}}" + "".join(f"{commit[:8]:>13}       " for commit in commits))
    for benchmark in benchmarks:
        cells = [show(benchmark, column.get(benchmark), columns[0].get(benchmark)) for column in columns]
        print(f"{benchmark:{width}}" + "".join(f"{cell:>20}" for cell in cells))
    print("lower quartiles; same: the quartiles overlap; none: the commit has nothing to measure")
    return bool(columns[-1]) and all(value is not None for column in columns for value in column.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("commit", nargs="*", help="these, the oldest first")
    parser.add_argument("--commits", type=int, default=3)
    parser.add_argument(
        "--spread", action="store_true", help="commits spread over the whole history, not the last ones"
    )
    parser.add_argument("--bench", help="only benchmarks whose name matches this pattern")
    args = parser.parse_args()
    commits = [git("rev-parse", commit)[0] for commit in args.commit] or chosen(args.commits, args.spread)
    here = machine()
    remember(here)
    run(commits, here["machine"], args.bench)
    check_private(RESULTS / here["machine"])
    return 0 if table(commits, here["machine"]) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Measure the last commits with asv and keep what it finds in asv_bench/results/asv: `make asv`.

Runs the benchmarks of this work tree on the last commits that touch the code (`--commits`, 3), each built from scratch
into an environment of its own, and prints a table of them. What asv writes is checked to hold no path, no host name and
no address before it may be committed. The figures of one table were measured in one run and can be compared; those of
another day or another machine cannot, for that is `make gate`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
RESULTS = BENCH / "results" / "asv"
CODE = ("src_c", "fastcore", "setup.py")


def git(*arguments: str) -> list[str]:
    return subprocess.run(
        ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True
    ).stdout.splitlines()


def machine() -> dict[str, str]:
    """What asv shall write of this machine: what it is, not what it is called."""
    cpus = Path("/proc/cpuinfo")
    models = re.findall(r"^model name\s*: (.*)$", cpus.read_text("utf-8"), re.MULTILINE) if cpus.exists() else []
    cpu, cores = models[0] if models else platform.machine(), str(os.cpu_count())
    name = "-".join(re.findall(r"[a-z0-9]+", f"{cpu} {platform.machine()} {cores} cores".lower()))
    found = {"machine": name, "os": platform.system(), "arch": platform.machine(), "cpu": cpu, "num_cpu": cores}
    return {**found, "ram": ""}


def remember(machine: dict[str, str]) -> None:
    """Tell asv of the machine: its own `asv machine` drops what it would have found out by itself."""
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


def check_private(name: str) -> None:
    for path in sorted((RESULTS / name).glob("*.json")):
        text = path.read_text("utf-8")
        found = PRIVATE.search(text)
        if found or (len(socket.gethostname()) > 3 and socket.gethostname() in text):
            raise SystemExit(f"{path}: names a place of this machine ({found[0] if found else 'its host'}): not kept")


def measured(commit: str, name: str) -> dict[str, Any]:
    """The value of each benchmark at a commit; None where asv has none."""
    found: dict[str, Any] = {}
    for path in (RESULTS / name).glob(f"{commit[:8]}-*.json"):
        kept = json.loads(path.read_text("utf-8"))
        column = kept["result_columns"].index("result")
        for benchmark, row in kept["results"].items():
            found[benchmark] = row[column][0] if row and row[column] else None
    return found


def show(value: float | None, first: float | None) -> str:
    if value is None:
        return "n/a"
    text = f"{value / 1e6:.1f} MB" if value > 1e4 else f"{value * 1e3:.2f} ms"
    return text + (f" {value / first:5.2f} x" if first else "")


def table(commits: list[str], name: str) -> bool:
    """Print a row a benchmark, a column a commit, the oldest first and each as a multiple of it. False: one failed."""
    columns = [measured(commit, name) for commit in commits]
    print(f"\n{'':36}" + "".join(f"{commit[:8]:>20}" for commit in commits))
    for benchmark in sorted({name for column in columns for name in column}):
        first = columns[0].get(benchmark)
        print(f"{benchmark:36}" + "".join(f"{show(column.get(benchmark), first):>20}" for column in columns))
    return all(value is not None for value in columns[-1].values()) and bool(columns[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--commits", type=int, default=3)
    parser.add_argument("--bench", help="only benchmarks whose name matches this pattern")
    args = parser.parse_args()
    commits = git("log", f"-{args.commits}", "--format=%H", "--", *CODE)[::-1]
    here = machine()
    remember(here)
    run(commits, here["machine"], args.bench)
    check_private(here["machine"])
    return 0 if table(commits, here["machine"]) else 1


if __name__ == "__main__":
    sys.exit(main())

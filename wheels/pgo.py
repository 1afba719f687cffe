"""What the build switches are worth: `python wheels/pgo.py`, or `--table` for the table of what is recorded.

Builds the package instrumented, trains it (wheels/train.py), and builds the cases of the gate once a switch: as they
are, by the profile, linked as one (LTO), by both, for this processor (native). Each case's instructions are counted
under valgrind as in asv_bench/gate.py, and its time is the quickest of rounds in which the builds alternate. All goes
to asv_bench/results/builds.json.

The released wheel is built by a profile only if by counts no case is more than 2 % slower and the geometric mean is at
least 5 % faster; `--judge` ends with 1 where that is not so. valgrind knows no AVX-512: what is counted as native is
this processor without it, and what is timed is native as it is.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "asv_bench"))
import gate  # noqa: E402 (no package of ours: it lies in asv_bench)

BUILD = ROOT / "build" / "pgo"
RECORDED = ROOT / "asv_bench" / "results" / "builds.json"
SLOWEST, GAIN = 1.02, 0.95
ROUNDS, REPEATS = 5, 7
BASELINE = "baseline"
SWITCHES: dict[str, dict[str, str]] = {
    BASELINE: {},
    "PGO": {"FASTCORE_PGO": "use"},
    "LTO": {"FASTCORE_LTO": "1"},
    "PGO and LTO": {"FASTCORE_PGO": "use", "FASTCORE_LTO": "1"},
    "native": {"FASTCORE_MARCH": "native"},
}
COUNTED_ELSE = {"native": ["-mno-avx512f"]}  # what is counted is built with these too
Figures = dict[str, dict[str, float]]  # by case, then by build

ASK_PROFILE = """
import json, sys, setup
objects = [source.rpartition(".")[0] + ".o" for source in sys.argv[1:]]
print(json.dumps([setup.profile_flags(f"{setup.OBJECTS}/{name}") for name in objects]))
"""


def python(script: str, **env: str) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FASTCORE_")}
    subprocess.run([sys.executable, *script.split()], cwd=ROOT, env={**clean, **env}, check=True)


def train() -> dict[str, str]:
    """Build the package instrumented and train it; the switches by which the profile is found."""
    profile, package = BUILD / "profile", BUILD / "instrumented"
    shutil.rmtree(profile, ignore_errors=True)
    found = {"FASTCORE_PGO_DIR": str(profile)}
    python(f"setup.py -q build --build-lib {package}", FASTCORE_PGO="generate", **found)
    python("wheels/train.py", PYTHONPATH=str(package))
    return found


def profile_of(found: Mapping[str, str]) -> dict[Path, list[str]]:
    """The flags that give each source its profile, and the digest of it, which tells objects of two trainings apart."""
    sources = sorted(path for end in ("c", "cpp") for path in ROOT.glob(f"src_c/*/*.{end}"))
    names = [str(path.relative_to(ROOT)) for path in sources]
    listed = json.loads(gate.output([sys.executable, "-c", ASK_PROFILE, *names], FASTCORE_PGO="use", **found))
    flags = {}
    for source, own in zip(sources, listed, strict=True):
        counts = [flag.partition("=")[2] for flag in own if flag.startswith("-fprofile-use=")]
        digest = [f"-DPROFILE_{hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]}" for path in counts]
        flags[source] = own + digest
    if not any(flags.values()):
        raise gate.Failed("the training left no counts")
    return flags


def build(found: Mapping[str, str], tools: dict[str, str]) -> tuple[dict[str, Path], dict[str, Path]]:
    """The programs to time and those to count, by build."""
    profile = profile_of(found)
    timed, counted = {}, {}
    for name, switches in SWITCHES.items():
        own = profile if "FASTCORE_PGO" in switches else {}
        file = "gate-" + name.replace(" ", "-")

        def more(source: Path, own: dict[Path, list[str]] = own) -> list[str]:
            return own.get(source, [])

        counted[name] = timed[name] = gate.build(ROOT, tools, file, switches, more)
        if name in COUNTED_ELSE:
            counted[name] = gate.build(
                ROOT, tools, file + "-counted", switches, lambda source, name=name: COUNTED_ELSE[name]
            )
    return timed, counted


def rows(program: Path) -> list[tuple[str, str]]:
    listed = [line.split() for line in gate.output([str(program)]).splitlines()]
    return [(case, level) for case, level in listed]


def count(programs: Mapping[str, Path]) -> Figures:
    figures: Figures = {f"{case} {level}": {} for case, level in rows(programs[BASELINE])}
    for name, program in programs.items():
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            jobs = {row: pool.submit(gate.count, program, *row.split()) for row in figures}
        for row, job in jobs.items():
            figures[row][name] = job.result()
    return figures


def time(programs: Mapping[str, Path]) -> Figures:
    """The quickest nanoseconds of each case, the builds alternating in every round."""
    figures: Figures = {}
    for case, level in rows(programs[BASELINE]):
        best = figures[f"{case} {level}"] = dict.fromkeys(programs, math.inf)
        for _ in range(ROUNDS):
            for name, program in programs.items():
                best[name] = min(best[name], int(gate.output([str(program), case, level, str(REPEATS)])))
    return figures


def ratios(figures: Figures, name: str) -> dict[str, float]:
    return {case: of[name] / of[BASELINE] for case, of in figures.items()}


def mean(values: list[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))


def is_worth(counted: Figures, name: str) -> bool:
    found = list(ratios(counted, name).values())
    return max(found) <= SLOWEST and mean(found) <= GAIN


def table(kept: Mapping[str, Any]) -> str:
    """A row a build: the mean of all cases, the best and the worst, by instructions and by time."""
    lines = [
        "| build | instructions, mean | least | most | time, mean | least | most |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in list(SWITCHES)[1:]:
        cells = []
        for kind in ("instructions", "ns"):
            found = ratios(kept[kind], name)
            low, high = min(found, key=found.__getitem__), max(found, key=found.__getitem__)
            cells += [f"{mean(list(found.values())):.3f}"]
            cells += [f"{found[at]:.2f} {at}" for at in (low, high)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def show(kept: Mapping[str, Any]) -> None:
    """Every case side by side, as ratios to the baseline."""
    names = list(SWITCHES)[1:]
    for kind in ("instructions", "ns"):
        print(f"{kind:28}", *(f"{name:>12}" for name in names))
        for case in kept[kind]:
            print(f"{case:28}", *(f"{ratios(kept[kind], name)[case]:>12.3f}" for name in names))
    print(table(kept))
    for name in names:
        print(f"{name}: {'worth it' if is_worth(kept['instructions'], name) else 'not worth it'} by the rule above")


def measure() -> dict[str, Any]:
    tools = gate.toolchain()
    timed, counted = build(train(), tools)
    kept = {"toolchain": tools, "instructions": count(counted), "ns": time(timed)}
    RECORDED.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    return kept


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--table", action="store_true", help="print the table of what is recorded, measure nothing")
    parser.add_argument("--judge", action="store_true", help="end with 1 unless PGO is worth it by counts")
    args = parser.parse_args()
    try:
        kept = json.loads(RECORDED.read_text("utf-8")) if args.table else measure()
    except gate.Failed as error:
        print(error)
        return 1
    if args.table:
        print(table(kept), end="")
    else:
        show(kept)
    return int(args.judge and not is_worth(kept["instructions"], "PGO"))


if __name__ == "__main__":
    sys.exit(main())

"""Count the instructions of the kernels under callgrind and hold them against the recorded counts: `make gate`.

A case is a C function in asv_bench/gate_cases/ROOM.c and a line in that room's table. It is built with the flags of
setup.py's baseline build, run by valgrind on each level that it has (base and v3: valgrind hides AVX-512), with glibc
and simdjson held to one variant each, and counted inside the case alone: the same to 0.1 % from run to run.

More than 3 % above the recorded count fails. `make gate-record REASON="..."` records new counts, each case that changed
with the reason, in asv_bench/results/gate.json, to be committed with the change.

Counts of one toolchain (compiler, libc, valgrind, simdjson) say nothing of another. Where the recorded one is not here,
the commit that recorded them is built by the toolchain that is here and counted beside: so the gate bites everywhere.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RECORDED = ROOT / "asv_bench" / "results" / "gate.json"
BUILD = ROOT / "build" / "gate"
CASES = "asv_bench/gate_cases"
HEADERS = (".h", ".inc")
ALLOWED = 1.03
MEASURED = "gate_measured*"  # a compiler that sees the whole program may call its copy gate_measured.constprop.0
REPEATS = 0.001
# glibc's plain variants are there wherever this runs; simdjson's are those that the level's oldest processors take.
UNUSED = "AVX AVX2 AVX_Fast_Unaligned_Load AVX512F AVX512BW AVX512VL ERMS FSRM BMI2 RTM SSE4_1 SSE4_2 SSSE3".split()
GLIBC = "glibc.cpu.hwcaps=" + ",".join(f"-{name}" for name in UNUSED)
SIMDJSON = {"base": "arm64" if platform.machine() in ("aarch64", "arm64") else "westmere", "v3": "haswell"}
CC, CXX = os.environ.get("CC") or "cc", os.environ.get("CXX") or "c++"
Counts = dict[str, int]


class Failed(Exception):
    """The gate cannot judge; the message says why."""


def output(command: list[str], cwd: Path = ROOT, **env: str) -> str:
    """What a command prints; its error output too if it fails."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FASTCORE_")}
    done = subprocess.run(command, cwd=cwd, env={**clean, **env}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def need(tool: str) -> str:
    found = shutil.which(tool)
    if found is None:
        raise Failed(f"{tool} is missing: install it, or run .ci/run, which does")
    return found


def toolchain() -> dict[str, str]:
    """What the counts hang on beside the sources."""
    return {
        "machine": platform.machine(),
        "C": output([need(CC), "--version"]).splitlines()[0],
        "C++": output([need(CXX), "--version"]).splitlines()[0],
        "libc": " ".join(platform.libc_ver()),
        "valgrind": output([need("valgrind"), "--version"]).strip(),
        "pysimdjson": version("pysimdjson"),
    }


# Building.

ASK_FLAGS = """
import json, setup
kinds = ("src_c/x/x.c", "src_c/x/x.cpp", "src_c/scan/fc_simdjson.cpp")
print(json.dumps([setup.SIMDJSON, setup.MACROS, setup.LINK, *map(setup.flags, kinds)]))
"""


def compile_one(root: Path, source: Path, flags: list[str], key: str) -> Path:
    """Compile a file unless the very same was compiled before."""
    compiler = need(CXX if source.suffix == ".cpp" else CC)
    digest = hashlib.sha256(repr((flags, key)).encode() + source.read_bytes()).hexdigest()[:16]
    target = BUILD / "objects" / f"{source.stem}-{digest}.o"
    if not target.exists():
        unfinished = target.with_suffix(f".{os.getpid()}")
        output([compiler, *flags, "-c", str(source), "-o", str(unfinished)], root)
        unfinished.rename(target)
    return target


def build(
    root: Path,
    tools: dict[str, str],
    name: str = "gate",
    switches: Mapping[str, str] = MappingProxyType({}),
    more: Callable[[Path], list[str]] = lambda source: [],
) -> Path:
    """Build the cases of a source tree with that tree's own flags; return the program.

    `switches` are those of setup.py, FASTCORE_LTO and the like, and `more` gives further flags for a source.
    """
    simdjson, macros, link, *kinds = json.loads(output([sys.executable, "-c", ASK_FLAGS], root, **switches))
    (BUILD / "objects").mkdir(parents=True, exist_ok=True)
    headers = sorted(path for where in ("src_c/*", CASES) for path in root.glob(f"{where}/*") if path.suffix in HEADERS)
    key = "".join([*tools.values(), *(path.read_text("utf-8") for path in headers)])
    rooms = ["-fPIC", *(f"-D{name}={value}" for name, value in macros)]
    rooms += [f"-I{room.relative_to(root)}" for room in sorted(root.glob("src_c/*/"))]

    def compiled(source: Path) -> Path:
        if source.name == "fc_simdjson.cpp":  # no header of ours in it: it is made once for all trees
            return compile_one(
                root, source, [*kinds[2], "-fPIC", "-DSIMDJSON_EXCEPTIONS=0", f"-I{simdjson}"], str(tools)
            )
        if source.suffix == ".cpp":
            return compile_one(root, source, [*kinds[1], *rooms, f"-I{simdjson}", *more(source)], key)
        return compile_one(root, source, [*kinds[0], *rooms, "-pthread", *more(source)], key)

    sources = sorted([*root.glob("src_c/*/*.cpp"), *root.glob("src_c/*/*.c"), *root.glob(f"{CASES}/*.c")])
    sources.sort(key=lambda source: source.name != "fc_simdjson.cpp")  # the longest first
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        objects = [str(path) for path in pool.map(compiled, sources)]
    program = BUILD / (name if root == ROOT else f"{name}-{root.name}")
    output([need(CXX), *objects, *link, "-pthread", "-lm", "-o", str(program)])
    return program


# Counting.


def count(program: Path, case: str, level: str) -> int:
    """The instructions of one case on one level, in an environment of its own."""
    out = BUILD / f"{program.name}.{case}.{level}.out"
    command = [need("valgrind"), "--tool=callgrind", f"--toggle-collect={MEASURED}", f"--callgrind-out-file={out}"]
    command += [f"./{program.name}", case, level]
    env = {"GLIBC_TUNABLES": GLIBC, "SIMDJSON_FORCE_IMPLEMENTATION": SIMDJSON[level], "PATH": os.environ["PATH"]}
    done = subprocess.run(command, cwd=program.parent, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{case} {level}: {done.stdout}{done.stderr}")
    found = re.search(r"^totals: (\d+)$", out.read_text("utf-8"), re.MULTILINE)
    if found is None or int(found[1]) == 0:
        raise Failed(f"{case} {level}: callgrind counted nothing in {out}")
    return int(found[1])


def counts(program: Path) -> Counts:
    """Every case on every level that it has and that can be counted."""
    listed = [line.split() for line in output([str(program)]).splitlines()]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        found = pool.map(lambda row: count(program, *row), listed)
        return {f"{case} {level}": number for (case, level), number in zip(listed, found, strict=True)}


# Judging.


def judge(old: Counts, now: Counts) -> tuple[list[str], list[str]]:
    """A line a case, and what is wrong: a count above what is allowed, a case without a count."""
    lines, wrong = [], []
    for case in sorted(old.keys() | now.keys()):
        if case not in old or case not in now:
            wrong.append(f"{case} {'is not recorded' if case in now else 'is recorded and gone'}")
            continue
        change = now[case] / old[case]
        word = "FAILS" if change > ALLOWED else "better: worth recording" if change < 2 - ALLOWED else ""
        lines.append(f"{case:24} {old[case]:>14,} {now[case]:>14,} {100 * (change - 1):>+8.2f} %  {word}".rstrip())
        if change > ALLOWED:
            wrong.append(f"{case} takes {100 * (change - 1):.1f} % more instructions")
    return lines, wrong


def bites() -> None:
    """The comparison must fail at 4 % more, and not at 2 %: a gate that is always open is none."""
    for percent, fails in ((102, False), (104, True), (50, False)):
        if bool(judge({"case": 100}, {"case": percent})[1]) != fails:
            raise Failed(f"the comparison is broken: {percent} against 100")


def recorded_tree() -> Path:
    """The sources of the commit that recorded the counts."""
    git = [need("git"), "-c", "safe.directory=*", "-C", str(ROOT)]  # the folder may be another user's, as in CI
    commit = output([*git, "log", "-1", "--format=%H", "--", str(RECORDED.relative_to(ROOT))]).strip()
    shallow = output([*git, "rev-parse", "--is-shallow-repository"]).strip() == "true"
    if not commit or shallow:
        raise Failed(f"the commit that recorded {RECORDED.name} is not here: fetch the whole history, or record anew")
    folder = BUILD / commit[:12]
    if not folder.exists():
        unfinished = folder.with_suffix(f".{os.getpid()}")
        unfinished.mkdir(parents=True)
        archive = str(unfinished / "sources.tar")
        output([*git, "archive", f"--output={archive}", commit, "src_c", "setup.py", "fastcore/__init__.py", CASES])
        output(["tar", "-xf", archive, "-C", str(unfinished)])
        unfinished.rename(folder)
    return folder


def record(now: Counts, tools: dict[str, str], reason: str) -> None:
    """Write the counts; a case whose count is the same, as far as counts repeat, stays with the reason that it has."""
    old: dict[str, Any] = json.loads(RECORDED.read_text("utf-8"))["cases"] if RECORDED.exists() else {}
    cases = {
        name: old[name] if name in old and same(old[name]["count"], number) else {"count": number, "reason": reason}
        for name, number in sorted(now.items())
    }
    RECORDED.write_text(json.dumps({"toolchain": tools, "cases": cases}, indent=1) + "\n", "utf-8")
    changed = sum(old.get(name) != case for name, case in cases.items())
    print(f"recorded {len(cases)} counts, {changed} of them new: commit {RECORDED.relative_to(ROOT)} with the change")


def same(old: int, now: int) -> bool:
    return abs(now - old) <= REPEATS * old


def compare(now: Counts, tools: dict[str, str]) -> None:
    if not RECORDED.exists():
        raise Failed('nothing is recorded yet: make gate-record REASON="first counts"')
    kept = json.loads(RECORDED.read_text("utf-8"))
    old = {name: int(case["count"]) for name, case in kept["cases"].items()}
    if kept["toolchain"] != tools:
        print("OTHER TOOLCHAIN: the recorded counts do not carry over; the commit that recorded them is counted here.")
        for name, value in tools.items():
            print(
                f"  {name:10} {value}"
                + (f" (recorded: {was})" if (was := kept["toolchain"].get(name)) != value else "")
            )
        here = counts(build(recorded_tree(), tools))
        old = {name: here[name] for name in old if name in here}
    lines, wrong = judge(old, now)
    print(f"{'case, level':24} {'recorded':>14} {'now':>14} {'change':>10}", *lines, sep="\n")
    if wrong:
        advice = 'if that must be: make gate-record REASON="why", and commit the record with the change'
        raise Failed("\n".join([f"gate: {len(wrong)} of {len(now)} counts fail", *wrong, advice]))
    print(f"gate: {len(lines)} counts, none more than {100 * ALLOWED - 100:.0f} % above what is recorded")
    print("AVX-512 is not counted: valgrind hides it.")


def repeated(rounds: list[Counts]) -> None:
    """Print how far the counts of several runs lie apart; more than REPEATS is no count to go by."""
    apart = {case: max(seen) / min(seen) - 1 for case in rounds[0] if (seen := [one[case] for one in rounds])}
    for case, difference in sorted(apart.items(), key=lambda row: -row[1]):
        print(f"{case:24} {rounds[0][case]:>14,} {100 * difference:>10.4f} %")
    worst = max(apart, key=lambda case: apart[case])
    said = f"{len(apart)} counts in {len(rounds)} runs: at most {100 * apart[worst]:.4f} % apart, {worst}"
    if apart[worst] > REPEATS:
        raise Failed(f"gate: {said}; {100 * REPEATS:.1f} % are allowed")
    print(f"gate: {said}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--record", metavar="REASON", help="record new counts, and why they changed")
    parser.add_argument("--repeat", metavar="N", type=int, help="count N times and tell how far the counts lie apart")
    args = parser.parse_args()
    try:
        if args.record is not None and not args.record.strip():
            raise Failed('say why: make gate-record REASON="..."')
        bites()
        tools = toolchain()
        program = build(ROOT, tools)
        if args.repeat is not None:
            repeated([counts(program) for _ in range(max(2, args.repeat))])
            return 0
        now = counts(program)
        if args.record is not None:
            record(now, tools, args.record.strip())
        else:
            compare(now, tools)
    except Failed as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

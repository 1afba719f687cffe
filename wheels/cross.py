"""Compile the core for other machines with zig, and run its C tests for aarch64 under qemu: `python wheels/cross.py`.

zig comes with a wheel of the package index (`pip install -r wheels/tools.txt`), `qemu-aarch64` with Debian's package
qemu-user. Linux must compile; macOS, which lacks a few of glibc's functions, and Windows, which has neither POSIX files
nor signals, are shown as far as they are. The tests are linked statically against musl, so that they need nothing of
the other system; those that cannot run so are named in CANNOT.
"""

from __future__ import annotations

import glob
import importlib.util
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "cross"
CORES = len(os.sched_getaffinity(0))
INCLUDE = [f"-I{room}" for room in sorted(glob.glob("src_c/*/", root_dir=ROOT))]
C_FLAGS = ["-std=c11", "-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-pthread", *INCLUDE]


@dataclass(frozen=True)
class Target:
    name: str  # as zig says it
    required: bool = True
    tests: bool = False


TARGETS = (
    Target("aarch64-linux-musl", tests=True),
    Target("aarch64-linux-gnu.2.28"),
    Target("x86_64-linux-musl"),
    Target("aarch64-macos", required=False),
    Target("x86_64-macos", required=False),
    Target("x86_64-windows-gnu", required=False),
    Target("aarch64-windows-gnu", required=False),
)
CANNOT = {
    "test_base_file": "puts functions of its own before those of a shared libc",
    "test_base_pool": "forks while threads run, which qemu-user does not survive",
}


def zig(language: str) -> list[str]:
    return [sys.executable, "-m", "ziglang", language]


def simdjson() -> str:
    spec = importlib.util.find_spec("simdjson")
    if spec is None or spec.origin is None:
        raise SystemExit("pysimdjson is missing, whose simdjson.cpp the core is built with")
    return str(Path(spec.origin).parent)


def command(target: Target, source: str, output: Path) -> list[str]:
    if source.endswith(".cpp"):
        flags = ["-std=c++17", "-O2", "-w", "-fno-exceptions", "-DSIMDJSON_EXCEPTIONS=0", f"-I{simdjson()}", *INCLUDE]
        return [*zig("c++"), "-target", target.name, *flags, "-c", source, "-o", str(output)]
    return [*zig("cc"), "-target", target.name, *C_FLAGS, "-c", source, "-o", str(output)]


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": str(BUILD / "zig")}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def compile_all(target: Target) -> tuple[list[str], dict[str, str]]:
    """The objects of a target, and what its compiler said of each source that has none."""
    folder = BUILD / target.name
    folder.mkdir(parents=True, exist_ok=True)
    sources = sorted(glob.glob("src_c/*/*.c", root_dir=ROOT) + glob.glob("src_c/*/*.cpp", root_dir=ROOT))
    objects = {source: folder / (Path(source).stem + ".o") for source in sources}
    with ThreadPoolExecutor(CORES) as pool:
        done = dict(zip(sources, pool.map(lambda s: run(command(target, s, objects[s])), sources), strict=True))
    failed = {source: result.stderr for source, result in done.items() if result.returncode != 0}
    return [str(objects[source]) for source in sources if source not in failed], failed


def run_tests(target: Target, objects: list[str], emulator: str) -> list[str]:
    """Link every C test against the objects and run it; the names of those that fail."""
    archive = BUILD / target.name / "libfastcore.a"
    archive.unlink(missing_ok=True)
    run([*zig("ar"), "rcs", str(archive), *objects])

    def passes(test: Path) -> bool:
        program = BUILD / target.name / test.stem
        made = program.with_suffix(".o")
        results = [run([*zig("cc"), "-target", target.name, *C_FLAGS, "-c", str(test), "-o", str(made)])]
        link = [*zig("c++"), "-target", target.name, "-static", str(made), str(archive), "-o", str(program)]
        results += [run(link)]
        if all(result.returncode == 0 for result in results):
            results += [subprocess.run([emulator, program], cwd=BUILD, capture_output=True, text=True, check=False)]
        last = results[-1]
        good = last.returncode == 0 and last.stdout.strip().endswith(" checks")
        if not good:
            print(f"{test.stem}: {last.returncode}\n{last.stdout[-500:]}{last.stderr[-1500:]}", flush=True)
        return good

    for name, why in CANNOT.items():
        print(f"{name}: not run, it {why}")
    tests = sorted(test for test in ROOT.glob("tests/c/test_*.c") if test.stem not in CANNOT)
    with ThreadPoolExecutor(CORES) as pool:
        failed = [test.stem for test, good in zip(tests, pool.map(passes, tests), strict=True) if not good]
    print(f"{target.name}: {len(tests) - len(failed)} of {len(tests)} C tests pass under {Path(emulator).name}")
    return failed


def main() -> int:
    wrong = 0
    emulator = shutil.which("qemu-aarch64")
    if emulator is None:
        print("qemu-aarch64 is missing: the tests for aarch64 cannot run (Debian: qemu-user)")
        wrong = 1
    for target in TARGETS:
        objects, failed = compile_all(target)
        word = "" if target.required else " (experimental)"
        print(f"{target.name}: {len(objects)} sources compile, {len(failed)} do not{word}", flush=True)
        for source, shown in failed.items():
            lines = [line for line in shown.splitlines() if "error:" in line] or ["no message"]
            print(f"  {source}: {lines[0].partition('error:')[2].strip() or lines[0]}", flush=True)
        wrong |= bool(failed) and target.required
        if target.tests and emulator is not None and not failed:
            wrong |= bool(run_tests(target, objects, emulator))
    return wrong


if __name__ == "__main__":
    sys.exit(main())

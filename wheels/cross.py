"""Compile the core for other machines with zig, and run its C tests for aarch64 and for musl.

    python wheels/cross.py [TARGET...]

zig comes with a wheel of the package index (`pip install -r wheels/tools.txt`), `qemu-aarch64` with Debian's package
qemu-user, a glibc for aarch64 with libc6-arm64-cross. Linux must compile; macOS, which lacks a few of glibc's
functions, and Windows, which has neither POSIX files nor signals, are shown as far as they are. The tests are linked
statically against musl, so that they need nothing of the other system, but for those that need a shared libc.
"""

from __future__ import annotations

import argparse
import glob
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "cross"
CORES = len(os.sched_getaffinity(0))
INCLUDE = [f"-I{room}" for room in sorted(glob.glob("src_c/*/", root_dir=ROOT))]
C_FLAGS = ["-std=c11", "-O3", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-pthread", *INCLUDE]


class Lacking(Exception):
    """What this machine has not; the message says what to install."""


class Target(NamedTuple):
    name: str  # as zig says it
    required: bool = True
    tests: str = ""  # those that are linked "static" or against a "shared" libc


TARGETS = (
    Target("aarch64-linux-musl", tests="static"),
    Target("aarch64-linux-gnu.2.28", tests="shared"),
    Target("x86_64-linux-musl", tests="static"),
    Target("aarch64-macos", required=False),
    Target("x86_64-macos", required=False),
    Target("x86_64-windows-gnu", required=False),
    Target("aarch64-windows-gnu", required=False),
)
SHARED = ("test_base_file",)  # puts functions of its own before those of a shared libc
WRAP = "-Wl," + ",".join(f"--wrap={name}" for name in ("malloc", "calloc", "realloc", "free"))
# qemu-user does not always survive a fork while threads run, and makes up which pages are in memory: what needs those
# is left out.
EMULATED = {"test_base_pool": ["-DCANNOT_FORK"], "test_scan_member": ["-DCANNOT_COUNT_PAGES"]}


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


def run(command: list[str], cwd: str = str(ROOT)) -> subprocess.CompletedProcess[str]:
    env = {"ZIG_GLOBAL_CACHE_DIR": str(BUILD / "zig"), **os.environ}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


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


def tests_of(target: Target) -> list[Path]:
    return sorted(t for t in ROOT.glob("tests/c/test_*.c") if (t.stem in SHARED) == (target.tests == "shared"))


def commands_of(target: Target, test: Path, archive: Path, emulator: list[str]) -> list[list[str]]:
    """How a C test is compiled, linked and run."""
    program = BUILD / target.name / test.stem
    made = program.with_suffix(".o")
    compiled = [*zig("cc"), "-target", target.name, *C_FLAGS, "-c", str(test)]
    if emulator:
        compiled += EMULATED.get(test.stem, [])
    linked = [*zig("c++"), "-target", target.name, str(made), str(archive)]
    if target.tests == "static":
        linked.append("-static")
    if re.search(r"__wrap_malloc|\"exhausted\.h\"", test.read_text("utf-8")):
        linked.append(WRAP)
    return [[*compiled, "-o", str(made)], [*linked, "-o", str(program)], [*emulator, str(program)]]


def passes(commands: list[list[str]], name: str) -> bool:
    """Whether all commands succeed and the last, a C test, closes by saying how many checks it made."""
    with tempfile.TemporaryDirectory() as folder:  # where the test may make files
        for command in commands:
            done = run(command, folder if command is commands[-1] else str(ROOT))
            if done.returncode != 0:
                break
    good = done.returncode == 0 and re.search(r"^[1-9]\d* checks$", done.stdout.strip().rpartition("\n")[2]) is not None
    if not good:
        print(f"{name}: {done.returncode}\n{done.stdout[-500:]}{done.stderr[-1500:]}", flush=True)
    return good


def run_tests(target: Target, objects: list[str], emulator: list[str]) -> list[str]:
    """Link the C tests of a target against the objects and run them; the names of those that fail."""
    archive = BUILD / target.name / "libfastcore.a"
    archive.unlink(missing_ok=True)
    run([*zig("ar"), "rcs", str(archive), *objects])
    tests = tests_of(target)
    with ThreadPoolExecutor(CORES) as pool:
        good = list(pool.map(lambda t: passes(commands_of(target, t, archive, emulator), t.stem), tests))
    failed = [test.stem for test, passed in zip(tests, good, strict=True) if not passed]
    print(f"{target.name}: {len(tests) - len(failed)} of {len(tests)} C tests pass", flush=True)
    return failed


def emulator_for(target: Target) -> list[str]:
    """What runs a program of a target, nothing where this machine does; raise Lacking if it is not here."""
    machine = target.name.partition("-")[0]
    if machine == platform.machine() and sys.platform == "linux":
        return []
    emulator = shutil.which(f"qemu-{machine}")
    if emulator is None:
        raise Lacking(f"qemu-{machine} is missing (Debian: qemu-user)")
    if target.tests == "static":
        return [emulator]
    libc = f"/usr/{machine}-linux-gnu"
    if not glob.glob(f"{libc}/lib/ld-linux-*"):
        raise Lacking(f"{libc} is missing (Debian: libc6-arm64-cross)")
    return [emulator, "-L", libc]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Compile the core for other machines, run its C tests for aarch64.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(target.name for target in TARGETS))
    names = parser.parse_args(arguments).targets
    if unknown := set(names) - {target.name for target in TARGETS}:
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    wrong = False
    for target in TARGETS:
        if names and target.name not in names:
            continue
        objects, failed = compile_all(target)
        word = "" if target.required else " (experimental)"
        print(f"{target.name}: {len(objects)} sources compile, {len(failed)} do not{word}", flush=True)
        for source, shown in failed.items():
            lines = [line for line in shown.splitlines() if "error:" in line] or ["no message"]
            print(f"  {source}: {lines[0].partition('error:')[2].strip() or lines[0]}", flush=True)
        wrong |= bool(failed) and target.required
        if target.tests and not failed:
            try:
                wrong |= bool(run_tests(target, objects, emulator_for(target)))
            except Lacking as lacking:
                print(f"{target.name}: the tests cannot run: {lacking}", flush=True)
                wrong = True
    return wrong


if __name__ == "__main__":
    sys.exit(main())

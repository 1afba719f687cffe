"""The steps of `make check` behind `make test`: `python tests/check/run.py [STEP ...]`.

Each step prints its seconds and is stopped at its budget; the first that fails ends the run.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
BUILD = ROOT / "build" / "check"
C_FLAGS = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Isrc_c/base", "-Isrc_c/scan", "-pthread"]
BASE = sorted(glob.glob("src_c/base/*.c", root_dir=ROOT))
SCAN = sorted(glob.glob("src_c/scan/*.c", root_dir=ROOT))
passed = 0


def run(command: list[str], budget: float, **env: str) -> None:
    """Run a command in the project's folder; its failure, or the end of its budget, ends everything."""
    result = subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, timeout=budget, check=False)
    if result.returncode != 0:
        raise SystemExit(f"failed with {result.returncode}: {' '.join(command)}")


def need(tool: str) -> str:
    found = shutil.which(tool)
    if found is None:
        raise SystemExit(f"{tool} is missing: install it, or run .ci/run, which does")
    return found


def lint() -> None:
    run([str(BIN / "ruff"), "check", "."], 60)
    run([str(BIN / "mypy")], 300)
    run([str(BIN / "stubtest"), "fastcore._native.base", "fastcore._native.scan"], 300)


def warnings() -> None:
    """The C of src_c under both compilers, every warning an error."""
    BUILD.mkdir(parents=True, exist_ok=True)
    for compiler in ("gcc", "clang"):
        for source in BASE + SCAN:
            run([need(compiler), *C_FLAGS, "-O2", "-c", source, "-o", str(BUILD / "warnings.o")], 60)


def pythons() -> None:
    """One abi3 wheel, installed into a fresh environment of each Python and tested from another folder."""
    run([sys.executable, "wheels/check_wheel.py"], 900)


def switches() -> None:
    """The native tests again with each optimisation off and on each instruction-set level."""
    pytest = [str(BIN / "python"), "-m", "pytest", "--quiet", "-m", "native", "tests"]
    for word in ("prefilter", "pool"):
        run(pytest, 300, FASTCORE_OFF=word)
    for level in ("base", "v3"):
        run(pytest, 300, FASTCORE_CPU=level)


def address() -> None:
    """The native tests under AddressSanitizer and UndefinedBehaviorSanitizer, simdjson left out of them."""
    run([str(BIN / "python"), "tests/check/sanitized.py"], 900)


def thread() -> None:
    """The C tests of the pool under ThreadSanitizer."""
    BUILD.mkdir(parents=True, exist_ok=True)
    program = str(BUILD / "pool_tsan")
    run(
        [
            need("gcc"),
            *C_FLAGS,
            "-fsanitize=thread",
            "-O1",
            "-g",
            "tests/c/test_base_pool.c",
            *BASE,
            "-lm",
            "-o",
            program,
        ],
        120,
    )
    run([program], 300, TSAN_OPTIONS="halt_on_error=1")


def fuzz() -> None:
    run([str(BIN / "python"), "tests/fuzz/run.py", os.environ.get("SECONDS_EACH", "20")], 300)


STEPS = {step.__name__: step for step in (lint, warnings, switches, thread, fuzz, address, pythons)}


def main(names: list[str]) -> int:
    for name in names or list(STEPS):
        print(f"== {name}", flush=True)
        began = time.monotonic()
        STEPS[name]()
        print(f"== {name}: {time.monotonic() - began:.0f} s", flush=True)
    print(f"{len(names or STEPS)} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

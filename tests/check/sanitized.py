"""Build the package with ASan and UBSan into a folder of its own and run the native tests there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / "build" / "sanitized"
PARTS = ("setup.py", "pyproject.toml", "README.md", "LICENSE", "fastcore", "src_c", "tests", "asv_bench", "wheels")


def library(name: str) -> str:
    return subprocess.run(
        ["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True
    ).stdout.strip()


def main() -> int:
    for part in PARTS:
        source, target = ROOT / part, COPY / part
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)  # what was deleted since must not run; objects stay in build/
            shutil.copytree(
                source, target, ignore=shutil.ignore_patterns("*.so", "__pycache__", "dist", "needs_cpu.txt")
            )
        else:
            COPY.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    build = {**os.environ, "FASTCORE_SANITIZE": "address,undefined", "LDSHARED": "gcc -shared"}
    subprocess.run([sys.executable, "setup.py", "-q", "build_ext", "--inplace"], cwd=COPY, env=build, check=True)
    env = {
        **os.environ,
        "LD_PRELOAD": f"{library('libasan.so')} {library('libstdc++.so.6')}",
        "ASAN_OPTIONS": "detect_leaks=0",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": str(COPY),
    }
    # Only sys.stderr is captured, so that a report, which is written to the descriptor, is seen.
    options = ["--quiet", "--capture=sys", "-p", "no:cacheprovider", "-m", "native"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, "tests"], cwd=COPY, env=env, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())

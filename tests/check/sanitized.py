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
            shutil.copytree(
                source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.so", "__pycache__", "dist")
            )
        else:
            COPY.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    build = {**os.environ, "FASTCORE_SANITIZE": "address,undefined", "LDSHARED": "gcc -shared"}
    subprocess.run([sys.executable, "setup.py", "-q", "build_ext", "--inplace"], cwd=COPY, env=build, check=True)
    log = COPY / "report"
    for old in COPY.glob("report.*"):
        old.unlink()
    env = {
        **os.environ,
        "LD_PRELOAD": f"{library('libasan.so')} {library('libstdc++.so.6')}",
        "ASAN_OPTIONS": f"detect_leaks=0:log_path={log}",
        "UBSAN_OPTIONS": f"print_stacktrace=1:halt_on_error=1:log_path={log}",
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": str(COPY),
    }
    tests = [sys.executable, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "-m", "native", "tests"]
    result = subprocess.run(tests, cwd=COPY, env=env, check=False)
    reports = sorted(COPY.glob("report.*"))
    for report in reports:
        print(report.read_text("utf-8", "replace"))
    return 1 if reports else result.returncode


if __name__ == "__main__":
    sys.exit(main())

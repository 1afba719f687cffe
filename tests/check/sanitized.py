"""Build the package with ASan and UBSan into a folder of its own and run the native tests there, some under LSan.

With arguments pytest gets them in the place of all tests: `sanitized.py tests/test_corpus_events.py -k changes`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / "build" / "sanitized"
PARTS = ("setup.py", "pyproject.toml", "README.md", "LICENSE", "fastcore", "src_c", "tests", "asv_bench", "wheels")

CALL_EVERYTHING = [f"tests/test_{name}.py" for name in ("growth", "scan_files", "scan_json_suite")]
CALL_EVERYTHING += ["tests/test_midi_analysis.py::test_nothing_is_left_behind", "tests/test_midi_read.py"]
CALLED_AGAIN = "tests/test_growth.py::test_no_call_leaves_anything_behind"  # thousands of times, under LSan
OURS = r"src_c/|_native/|\.abi3\.so"  # with and without symbols
# Songs that are read of each data set; this Python takes ten times as long. Files made for a corner are all read.
SONGS = 20


def library(name: str) -> str:
    return subprocess.run(
        ["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True
    ).stdout.strip()


def main(chosen: list[str]) -> int:
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
        "FASTCORE_TEST_FILES": str(SONGS),
    }
    # Only sys.stderr is captured, so that a report, which is written to the descriptor, is seen.
    pytest = [sys.executable, "-m", "pytest", "--quiet", "--capture=sys", "-p", "no:cacheprovider", "-m", "native"]
    if chosen:
        return subprocess.run([*pytest, *chosen], cwd=COPY, env=env, check=False).returncode
    done = subprocess.run([*pytest, "--deselect", CALLED_AGAIN, "tests"], cwd=COPY, env=env, check=False)
    return done.returncode or leaks(pytest, env)


def leaks(pytest: list[str], env: dict[str, str]) -> int:
    """Run the tests that call everything once more and fail if memory of ours is lost when the process ends.

    The interpreter loses memory of its own, so only stacks that name our libraries count. LeakSanitizer dies of the
    pool's threads, which stay to the end, so the pool is off; nor may the process leave in the middle of a scan.
    """
    for old in COPY.glob("leaks.*"):
        old.unlink()
    env = {**env, "ASAN_OPTIONS": f"detect_leaks=1:log_path={COPY}/leaks", "LSAN_OPTIONS": "exitcode=0"}
    env["FASTCORE_OFF"] = "pool"
    done = subprocess.run([*pytest, "-k", "not interpreter", *CALL_EVERYTHING], cwd=COPY, env=env, check=False)
    reports = [report.read_text("utf-8", "replace") for report in COPY.glob("leaks.*")]
    lost = [stack for report in reports for stack in report.split("\n\n") if re.search(OURS, stack)]
    print("\n\n".join(lost[:10]) or f"no leak of ours in {len(reports)} reports")
    return done.returncode or bool(lost) or any("fatal error" in report for report in reports)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

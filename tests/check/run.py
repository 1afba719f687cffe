"""The steps of `make check`: `python tests/check/run.py [STEP ...]`.

Each step prints its seconds and is stopped at its budget, which stands in STEPS; the first that fails ends the run.
The last line sums up all tests; it stands in build/check/summary too, for who wraps this.
"""

from __future__ import annotations

import glob
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
BUILD = ROOT / "build" / "check"
INCLUDE = [f"-I{room}" for room in sorted(glob.glob("src_c/*/", root_dir=ROOT))]
C_FLAGS = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", *INCLUDE, "-pthread"]
SOURCES = sorted(glob.glob("src_c/*/*.c", root_dir=ROOT))
SHIMS = sorted(set(glob.glob("src_c/*/*.cpp", root_dir=ROOT)) - {"src_c/scan/fc_simdjson.cpp"})
SIMDJSON = importlib.util.find_spec("simdjson")
SIMDJSON_FOLDER = str(Path(SIMDJSON.origin).parent) if SIMDJSON is not None and SIMDJSON.origin else "missing"
CPP_FLAGS = ["-std=c++17", *C_FLAGS[1:], "-fno-exceptions", "-DSIMDJSON_EXCEPTIONS=0", "-isystem", SIMDJSON_FOLDER]
counts = {"passed": 0, "failed": 0}
step = {"ends": float("inf")}  # when the budget of the step that runs is spent, by time.monotonic()


class Failed(Exception):
    """A step did not pass; its output is on the screen already."""


def run(command: list[str], cwd: Path = ROOT, **env: str) -> None:
    """Run a command in the project's folder, pass its output on and count the tests in pytest's closing lines.

    A failure, or the end of the step's budget, raises Failed; nothing that the command started stays behind.
    """
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env={**environment, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    timer = threading.Timer(min(max(0.0, step["ends"] - time.monotonic()), threading.TIMEOUT_MAX), end, [process])
    timer.start()
    failed = 0
    assert process.stdout is not None
    try:
        for raw in process.stdout:
            sys.stdout.buffer.write(raw)
            sys.stdout.flush()
            line = raw.decode("utf-8", "replace")
            if re.search(r"\b(passed|failed|errors?)\b.* in [0-9.]+s", line):
                counts["passed"] += sum(map(int, re.findall(r"(\d+) passed", line)))
                failed += sum(map(int, re.findall(r"(\d+) (?:failed|errors?)", line)))
        process.wait()
    finally:
        timer.cancel()
        end(process)
    if process.returncode != 0:
        counts["failed"] += max(failed, 1)
        why = "out of time" if time.monotonic() >= step["ends"] else f"failed with {process.returncode}"
        raise Failed(f"{why}: {' '.join(command)}")


def end(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # all of it has ended by itself


def need(tool: str) -> str:
    found = shutil.which(tool)
    if found is None:
        counts["failed"] += 1
        raise Failed(f"{tool} is missing: install it, or run .ci/run, which does")
    return found


def test() -> None:
    """What a person runs, first; with a count of the cases that each property test ran."""
    run(["make", "test"], FASTCORE_SHOW_CASES="1")


def lint() -> None:
    """Style, types, and that what is declared of the compiled modules and of the public names is there."""
    run([str(BIN / "ruff"), "check", "."])
    run([str(BIN / "mypy")])
    stubtest = [str(BIN / "stubtest"), "--mypy-config-file", "pyproject.toml"]
    run([*stubtest, "--allowlist", "tests/check/stubtest_allowed.txt", "fastcore"])


def warnings() -> None:
    """The C of src_c under both compilers, every warning an error."""
    BUILD.mkdir(parents=True, exist_ok=True)
    for compiler in ("gcc", "clang"):
        for source in [*SOURCES, *sorted(glob.glob("asv_bench/gate_cases/*.c", root_dir=ROOT))]:
            run([need(compiler), *C_FLAGS, "-O2", "-c", source, "-o", str(BUILD / "warnings.o")])
    for compiler in ("g++", "clang++"):
        for source in SHIMS:
            run([need(compiler), *CPP_FLAGS, "-O2", "-c", source, "-o", str(BUILD / "warnings.o")])


def docs() -> None:
    """The site and the man page, every warning an error; their examples run in the step test."""
    for kind in ("html", "man"):
        sphinx = [str(BIN / "python"), "-m", "sphinx", "-q", "-W", "--keep-going", "-d", str(BUILD / "doctrees")]
        run([*sphinx, "-b", kind, "docs", str(BUILD / kind)])


def gate() -> None:
    """The kernels' instruction counts against the recorded ones."""
    run([sys.executable, "asv_bench/gate.py"])


def pythons() -> None:
    """One abi3 wheel, installed into a fresh environment of each Python and tested from another folder."""
    run([sys.executable, "wheels/check_wheel.py"])


# What each switch of the environment reaches: the rooms whose native tests run again with it (FASTCORE_OFF=simd is
# base).
SWITCHES = (
    ("FASTCORE_OFF", "prefilter", "scan"),
    ("FASTCORE_OFF", "prune", "scan"),
    ("FASTCORE_OFF", "pool", "scan parallel topk bpm midi_analysis"),
    ("FASTCORE_CPU", "base", "scan topk bpm"),
    ("FASTCORE_CPU", "v3", "scan topk bpm"),
)


def switches() -> None:
    """The native tests again with each optimisation off and on each instruction-set level."""
    for name, value, rooms in SWITCHES:
        files = sorted(str(path) for room in rooms.split() for path in ROOT.glob(f"tests/test_{room}*.py"))
        run([str(BIN / "python"), "-m", "pytest", "--quiet", "-m", "native", *files], **{name: value})


SCANS = """
import sys
sys.path.insert(0, sys.argv[1])
import fastcore
log = b'{"type":"user","message":{"content":"Needle"}}\\n' * 3
assert fastcore.__file__.startswith(sys.argv[1]), fastcore.__file__
assert fastcore.scan(log, "needle").stats.matches == 3
"""


def builds() -> None:
    """What setup.py's switches build that no other step does; each must scan."""
    for switch in ("MARCH=native", "LTO=1", "DEBUG=1"):
        folder = str(BUILD / f"build-{switch}")
        name, _, value = switch.partition("=")
        run([sys.executable, "setup.py", "--quiet", "build", "--build-lib", folder], **{f"FASTCORE_{name}": value})
        run([sys.executable, "-c", SCANS, folder])


# C tests that count who holds what, with what they need beside their own file.
COUNTED = {
    "arrow_arrow": ["src_c/arrow/fc_arrow.c", "src_c/base/fc_status.c"],
    "arrow_memory": ["src_c/base/fc_status.c"],
}


def address() -> None:
    """AddressSanitizer and UndefinedBehaviorSanitizer: C tests, which LeakSanitizer watches too, and the native tests,
    simdjson left out of them."""
    BUILD.mkdir(parents=True, exist_ok=True)
    for name, sources in COUNTED.items():
        program = str(BUILD / f"{name}_asan")
        sanitize = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-O1", "-g"]
        run([need("gcc"), *C_FLAGS, *sanitize, f"tests/c/test_{name}.c", *sources, "-o", program])
        run([program])
    run([str(BIN / "python"), "tests/check/sanitized.py"])


def thread() -> None:
    """The C tests that start threads under ThreadSanitizer; simdjson, which knows no threads, is left out of it."""
    BUILD.mkdir(parents=True, exist_ok=True)
    shims = []
    for source in (*SHIMS, "src_c/scan/fc_simdjson.cpp"):
        shims.append(str(BUILD / (Path(source).stem + ".o")))
        run([need("g++"), *CPP_FLAGS, "-w", "-O1", "-c", source, "-o", shims[-1]])
    names = "arrow_arrow base_guard base_pool base_sites bpm_many scan_floor scan_parser scan_run topk_select"
    for name in names.split():
        program = str(BUILD / f"{name}_tsan")
        sources = [f"tests/c/test_{name}.c", *SOURCES, *shims]
        run([need("gcc"), *C_FLAGS, "-fsanitize=thread", "-O1", "-g", *sources, "-lstdc++", "-lm", "-o", program])
        run([program], TSAN_OPTIONS="halt_on_error=1")


def fuzz() -> None:
    run([str(BIN / "python"), "tests/fuzz/run.py", os.environ.get("SECONDS_EACH", "20")])


def clone() -> None:
    """What a new user does: the README's first command in a fresh clone, with an empty HOME."""
    cache = subprocess.run([sys.executable, "-m", "pip", "cache", "dir"], capture_output=True, text=True, check=False)
    with tempfile.TemporaryDirectory() as folder:
        home, project = Path(folder, "home"), Path(folder, "fastcore")
        home.mkdir()
        # The folder may be another user's, as in a container.
        Path(folder, ".gitconfig").write_text("[safe]\n\tdirectory = *\n", "utf-8")
        run([need("git"), "clone", "--quiet", str(ROOT), str(project)], HOME=folder)
        env = {"HOME": str(home), "PIP_CACHE_DIR": cache.stdout.strip() or str(home / "cache")}
        for known in ("~/.config/pip/pip.conf", "~/.pip/pip.conf"):  # it may name the index that can be reached
            if os.path.exists(os.path.expanduser(known)):
                env["PIP_CONFIG_FILE"] = os.path.expanduser(known)
        command = [need("bash"), "-o", "pipefail", "-c", 'make demo PYTHON="$0" 2>&1 | tee "$1"', sys.executable]
        run([*command, f"{folder}/shown"], cwd=project, **env)
        shown = Path(folder, "shown").read_text("utf-8")
        found = re.findall(r"^\.demo/\S+:\d+  ", shown, re.MULTILINE)
        planted = re.search(r"zyxquartz in (\d+) records", shown)
        if len(found) != 5 or planted is None or f"{planted[1]} matches in" not in shown:
            counts["failed"] += 1
            raise Failed("make demo in a fresh clone does not show what was planted")
        status = [need("git"), "-C", str(project), "status", "--porcelain"]
        left = subprocess.run(status, capture_output=True, text=True, check=True).stdout
        if left:
            counts["failed"] += 1
            raise Failed(f"make demo leaves files in the work tree:\n{left}")


# With the seconds that each may take.
STEPS = {
    "test": (test, 1200),
    "lint": (lint, 300),
    "docs": (docs, 120),
    "warnings": (warnings, 300),
    "gate": (gate, 300),
    "clone": (clone, 300),
    "switches": (switches, 1200),
    "builds": (builds, 600),
    "thread": (thread, 600),
    "fuzz": (fuzz, 600),
    "address": (address, 1800),
    "pythons": (pythons, 1800),
}


def main(names: list[str]) -> int:
    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what runs is ended too
    try:
        for name in names or list(STEPS):
            print(f"== {name}", flush=True)
            step_began = time.monotonic()
            work, budget = STEPS[name]
            step["ends"] = step_began + budget
            work()
            counts["passed"] += name not in ("test", "switches", "address", "pythons")  # those count tests
            print(f"== {name}: {time.monotonic() - step_began:.0f} s", flush=True)
    except Failed as error:
        print(error, flush=True)
    summary = f"{counts['passed']} passed, {counts['failed']} failed in {time.monotonic() - began:.2f}s"
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "summary").write_text(summary + "\n", "utf-8")
    print(summary)
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Lines of C and Python that the suite and the C tests reach: `python tests/check/coverage.py`, or `make coverage`.

The package is built with gcov's counters into a copy of the tree, where the whole suite runs, Python's lines counted by
`coverage`, in subprocesses too; every C test runs on objects that count as well. A table by room is printed, and
build/coverage/missed.txt lists each line that nothing reaches, with the reason where its text tells one.
"""

from __future__ import annotations

import glob
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from run import INCLUDE, SIMDJSON_FOLDER
from sanitized import PARTS

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "coverage"
COPY = BUILD / "tree"
COUNTED = ["-O0", "-g", "--coverage", "-fprofile-update=atomic", "-fprofile-abs-path", "-pthread"]
Lines = dict[str, dict[int, int]]  # by file: by line: how often
# Why a line is not reached, by what stands there or just above.
REASONS = (
    ("memory that cannot be had", r"NO_MEMORY|no_memory|== NULL|MemoryError|alloc"),
    ("a call of the system that fails", r"errno|FC_OS|!= 0\)|OSError|pthread_"),
    ("another kind of processor or system", r"BYTE_ORDER|bswap|FC_CPU_BASE|platform|sys\.platform|ABI3"),
    ("what cannot be", r"assert|unreachable|COUNT: break|return NULL;|return BAD;|default:"),
)


def run(command: list[str], cwd: Path, **env: str) -> int:
    return subprocess.run(command, cwd=cwd, env={**os.environ, **env}, check=False).returncode


def copy() -> None:
    for part in (*PARTS, "Makefile", "MANIFEST.in", "CONTRIBUTING.md", ".ci", ".github"):
        source, target = ROOT / part, COPY / part
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            ignored = shutil.ignore_patterns(
                "*.so", "__pycache__", "dist", "needs_cpu.txt", "planted", "test_planted.py"
            )
            shutil.copytree(source, target, ignore=ignored)
        else:
            COPY.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


def run_suite() -> int:
    """Build and run the suite; without its C tests, which compile objects of their own."""
    copy()
    for old in [*COPY.rglob("*.gcda"), *COPY.glob(".coverage*")]:
        old.unlink()
    code = run([sys.executable, "setup.py", "-q", "build_ext", "--inplace"], COPY, FASTCORE_COVERAGE="1")
    if code != 0:
        return code
    (COPY / ".coveragerc").write_text("[run]\nsource = fastcore\nparallel = true\npatch = subprocess\n", "utf-8")
    settings = {"PYTHONPATH": str(COPY), "COVERAGE_RCFILE": str(COPY / ".coveragerc")}
    pytest = ["-m", "pytest", "--quiet", "-p", "no:cacheprovider", "--ignore=tests/test_c.py"]
    code = run([sys.executable, "-m", "coverage", "run", *pytest], COPY, **settings)
    run([sys.executable, "-m", "coverage", "combine", "--quiet"], COPY, **settings)
    return code or run([sys.executable, "-m", "coverage", "json", "--quiet", "-o", "python.json"], COPY, **settings)


def run_c_tests() -> int:
    """Every C test, on objects made for them all."""
    folder = BUILD / "c"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    objects: list[str] = []
    for source in sorted(glob.glob("src_c/*/*.c*", root_dir=ROOT)):
        objects.append(str(folder / (Path(source).stem + ".o")))
        cpp = ["-std=c++17", "-w", "-fno-exceptions", "-DSIMDJSON_EXCEPTIONS=0", f"-I{SIMDJSON_FOLDER}", *INCLUDE]
        command = ["gcc", "-std=c11", *COUNTED, *INCLUDE]
        if source.endswith(".cpp"):
            command = ["g++", *cpp, *(["-O1"] if source.endswith("fc_simdjson.cpp") else COUNTED)]
        if run([*command, "-c", source, "-o", objects[-1]], ROOT) != 0:
            return 1
    failed = 0
    for test in sorted(glob.glob("tests/c/test_*.c", root_dir=ROOT)):
        program = str(folder / Path(test).stem)
        flags = ["-std=c11", "-g", "--coverage", *INCLUDE, "-pthread"]
        failed |= run(["gcc", *flags, test, *objects, "-lstdc++", "-lm", "-o", program], ROOT)
        failed |= run([program], folder)
    return failed


def gcov(counts: Path) -> Lines:
    """What one object's counters say of the files that it is made of."""
    command = ["gcov", "--json-format", "--stdout", str(counts)]
    shown = subprocess.run(command, cwd=counts.parent, capture_output=True, text=True, check=True).stdout
    lines: Lines = defaultdict(dict)
    for text in shown.splitlines():
        for file in json.loads(text)["files"]:
            found = re.search(r"(src_c/\w+/\w+\.(?:c|inc|cpp|h))$", file["file"])
            for line in file["lines"] if found else []:
                kept = lines[found[1]] if found else {}
                kept[line["line_number"]] = max(kept.get(line["line_number"], 0), line["count"])
    return lines


def c_lines() -> Lines:
    """The lines of src_c, reached by whatever object they are in."""
    lines: Lines = defaultdict(dict)
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for found in pool.map(gcov, sorted(BUILD.rglob("fc_*.gcda"))):
            for file, counts in found.items():
                for number, count in counts.items():
                    lines[file][number] = max(lines[file].get(number, 0), count)
    return lines


def python_lines() -> Lines:
    found = json.loads((COPY / "python.json").read_text("utf-8"))["files"]
    return {
        file: {**dict.fromkeys(of["executed_lines"], 1), **dict.fromkeys(of["missing_lines"], 0)}
        for file, of in found.items()
    }


def reason(text: list[str], number: int) -> str:
    near = "\n".join(text[max(0, number - 2) : number])
    return next((word for word, pattern in REASONS if re.search(pattern, near)), "no test goes there")


def report(lines: Lines) -> None:
    rooms: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    why: Counter[str] = Counter()
    missed = []
    for file, counts in sorted(lines.items()):
        text = (ROOT / file).read_text("utf-8").splitlines()
        room = rooms[str(Path(file).parent)]
        for number, count in sorted(counts.items()):
            room[0] += count > 0
            room[1] += 1
            if count == 0:
                word = reason(text, number)
                why[word] += 1
                missed.append(f"{file}:{number}: [{word}] {text[number - 1].strip()}")
    for name, (reached, of) in sorted(rooms.items()):
        print(f"{name:24} {reached:>6,} of {of:>6,} lines, {100 * reached / of:.1f} %")
    for word, count in why.most_common():
        print(f"  not reached: {count:>5,}  {word}")
    with open(BUILD / "missed.txt", "a", encoding="utf-8") as file_of_missed:
        file_of_missed.write("\n".join(missed) + "\n")


def main() -> int:
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "missed.txt").unlink(missing_ok=True)
    failed = run_c_tests() | run_suite()
    report(c_lines())
    report(python_lines())
    return failed


if __name__ == "__main__":
    sys.exit(main())

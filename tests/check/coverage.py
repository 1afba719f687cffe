"""Lines of C, Cython and Python that the suite and the C tests reach: `make coverage`, or
`python tests/check/coverage.py [c] [suite] [--record]`, where the parts that are named are run anew.

The package is built with gcov's counters into a copy of the tree, where the whole suite runs, Python's lines counted by
`coverage`, in subprocesses too; what Cython made tells gcov the line of the .pyx that it is made of. Every C test runs
on objects that count as well. A table by room is printed, and build/coverage/missed.txt lists each line that nothing
reaches, with the reason where its text tells one. `--record` keeps the figures for the docs.
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
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))
import test_c
from run import INCLUDE, SIMDJSON_FOLDER
from sanitized import PARTS

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT / "asv_bench" / "results" / "coverage.json"
BUILD = ROOT / "build" / "coverage"
COPY = BUILD / "tree"
PYTHON = BUILD / "python.json"
COUNTED = ["-O0", "-g", "--coverage", "-fprofile-update=atomic", "-fprofile-abs-path", "-pthread"]
BESIDE = ("Makefile", "MANIFEST.in", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
BESIDE += (".ci", ".github", "docs", "examples")
OURS = re.compile(r"(src_c/\w+/\w+\.(?:c|inc|cpp|h)|fastcore/_native/\w+\.(?:pyx|pxi))$")
Lines = dict[str, dict[int, int]]  # by file: by line: how often


class Missed(NamedTuple):
    """A line that nothing reaches."""

    file: str
    number: int
    function: str
    why: str
    text: str


# Why a line is not reached: by the function that it is in, or by what stands there or just above.
PLACES = (
    ("counts that die with a process: by a signal, or by _exit", "fc_guard.c", "die|pass_on|on_fault"),
    ("counts that die with a process: by a signal, or by _exit", r"fc_(?:pool|sites)\.c", "in_child"),
    ("counts that die with a process: by a signal, or by _exit", "_workers.py|_remote.py", "adopt|_explain"),
    ("threads of `_thread`, which coverage does not see", "_workers.py", "wants_help|help|_serve|_help|_make"),
    ("tests of a copy of the package", "fastcore/__init__.py", "_check_compiled|_check_cpu"),
    ("what only classes of their own kind say", r"_arrow\.py|_rows\.py", ""),
)
REASONS = (
    ("memory that cannot be had", r"NO_MEMORY|no_memory|== NULL|MemoryError|alloc"),
    ("a call of the system that fails", r"errno|FC_OS|!= 0\)|OSError|pthread_"),
    ("another kind of processor or system", r"BYTE_ORDER|bswap|FC_CPU_BASE|platform|AttributeError|ABI3"),
    ("what cannot be", r"assert|unreachable|COUNT: break|return NULL;|return BAD;|default:"),
)
UNKNOWN = "no test goes there"
FUNCTION = {  # where one begins, by the kind of file
    "c": re.compile(r"^(?:(?:[\w*]+|__attribute__\(\(\w+\)\))[\s*]+)*(\w+(?:\(\w+\))?)\((?!.*;$)"),
    "py": re.compile(r"^\s*(?:async\s+def|def|cdef|cpdef)\b[^=(]*?(\w+)\("),
}


def run(command: list[str], cwd: Path, **env: str) -> int:
    return subprocess.run(command, cwd=cwd, env={**os.environ, **env}, check=False).returncode


# Running.


def copy() -> None:
    for part in (*PARTS, *BESIDE):
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
    counted = BUILD / "python"  # not in the copy, which is to look like a tree
    shutil.rmtree(counted, ignore_errors=True)
    counted.mkdir()
    for old in COPY.rglob("*.gcda"):
        old.unlink()
    code = run([sys.executable, "setup.py", "-q", "build_ext", "--inplace"], COPY, FASTCORE_COVERAGE="1")
    if code != 0:
        return code
    rules = f"[run]\nsource = fastcore\nparallel = true\npatch = subprocess\ndata_file = {counted}/lines\n"
    (counted / "rules").write_text(rules, "utf-8")
    settings = {"PYTHONPATH": str(COPY), "COVERAGE_RCFILE": str(counted / "rules")}
    pytest = ["-m", "pytest", "--quiet", "-p", "no:cacheprovider", "--ignore=tests/test_c.py"]
    code = run([sys.executable, "-m", "coverage", "run", *pytest], COPY, **settings)
    run([sys.executable, "-m", "coverage", "combine", "--quiet"], COPY, **settings)
    told = ["json", "--quiet", "--omit=*/_native/*", "-o", str(PYTHON)]  # the bindings are gcov's
    return run([sys.executable, "-m", "coverage", *told], COPY, **settings) or code


def run_c_tests() -> int:
    """Every C test, as tests/test_c.py runs it, on objects that count."""
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
    archive = str(folder / "libfastcore.a")  # a test that holds the code which it checks takes the rest of it
    failed = run(["ar", "rcs", archive, *objects], ROOT)
    for path in test_c.PROGRAMS:
        program, own = str(folder / path.stem), folder / f"{path.stem}.files"
        own.mkdir()
        link = [*(test_c.WRAP if path.stem in test_c.COUNTED else []), "-lstdc++", "-lm"]
        built = run(["gcc", "-std=c11", *COUNTED, *INCLUDE, str(path), archive, *link, "-o", program], ROOT)
        failed |= built or run([program], own)
        if built == 0 and path.stem in test_c.READ_LINES:
            failed |= run([program], own, SIMDJSON_FORCE_IMPLEMENTATION="fallback")
    return failed


# Counting.


def gcov(counts: Path) -> Lines:
    """What one object's counters say of the files that it is made of."""
    command = ["gcov", "--json-format", "--stdout", str(counts)]
    shown = subprocess.run(command, cwd=counts.parent, capture_output=True, text=True, check=True).stdout
    lines: Lines = defaultdict(dict)
    for text in shown.splitlines():
        for file in json.loads(text)["files"]:
            found = OURS.search(file["file"])
            for line in file["lines"] if found else []:
                kept = lines[found[1]] if found else {}
                kept[line["line_number"]] = max(kept.get(line["line_number"], 0), line["count"])
    return lines


def compiled_lines() -> Lines:
    """The lines of src_c and of the bindings, reached by whatever object they are in.

    What a line of src_c is, the C tests' objects say: optimised ones count declarations too, none of which runs.
    """
    lines: Lines = defaultdict(dict)
    plain: set[tuple[str, int]] = set()
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        paths = sorted(BUILD.rglob("*.gcda"))
        for path, found in zip(paths, pool.map(gcov, paths), strict=True):
            for file, counts in found.items():
                if path.is_relative_to(BUILD / "c"):
                    plain.update((file, number) for number in counts)
                for number, count in counts.items():
                    lines[file][number] = max(lines[file].get(number, 0), count)
    return {file: own_lines(file, counts, plain) for file, counts in lines.items()}


def own_lines(file: str, counts: dict[int, int], plain: set[tuple[str, int]]) -> dict[int, int]:
    """Without what only optimised objects of C count, and without code of Cython's own behind a binding's line."""
    if file.startswith("src_c"):
        return {number: count for number, count in counts.items() if (file, number) in plain}
    text = dict(enumerate((ROOT / file).read_text("utf-8").splitlines(), 1))
    # Neither comments nor what only declares: heads of functions and types, names without a value, ends of brackets.
    idle = re.compile(
        r'\s*(?:#|"""|@|from |cimport |import |[)\]]|$|try:|(?:cdef |cpdef |def |c?typedef |enum)(?!.* = )|'
        r"(?!return|raise)(?:const )?\w+ \*?\w+(?:, \*?\w+)*$)"
    )
    return {number: count for number, count in counts.items() if number in text and not idle.match(text[number])}


def python_lines() -> Lines:
    found = json.loads(PYTHON.read_text("utf-8"))["files"]
    return {
        file: {**dict.fromkeys(of["executed_lines"], 1), **dict.fromkeys(of["missing_lines"], 0)}
        for file, of in found.items()
    }


# Telling.


def function_of(file: str, text: list[str], number: int) -> str:
    """The function that a line is in, by the nearest line above that begins one."""
    begins = FUNCTION["py" if Path(file).suffix in (".py", ".pyx", ".pxi") else "c"]
    found = (begins.match(line) for line in reversed(text[:number]))
    return next((match[1] for match in found if match), "")


def reason(file: str, function: str, text: list[str], number: int) -> str:
    for word, files, functions in PLACES:
        if re.search(files, file) and re.fullmatch(functions or ".*", function):
            return word
    near = "\n".join(text[max(0, number - 2) : number])
    return next((word for word, pattern in REASONS if re.search(pattern, near)), UNKNOWN)


def missed_lines(lines: Lines) -> list[Missed]:
    missed = []
    for file, counts in sorted(lines.items()):
        text = (ROOT / file).read_text("utf-8").splitlines()
        for number in sorted(number for number, count in counts.items() if count == 0):
            function = function_of(file, text, number)
            why = reason(file, function, text, number)
            missed.append(Missed(file, number, function, why, text[number - 1].strip()))
    return missed


def reached_by_room(lines: Lines) -> dict[str, tuple[int, int]]:
    """By folder: how many lines are reached, of how many."""
    rooms: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for file, counts in lines.items():
        rooms[str(Path(file).parent)][0] += sum(count > 0 for count in counts.values())
        rooms[str(Path(file).parent)][1] += len(counts)
    return {name: (reached, of) for name, (reached, of) in sorted(rooms.items())}


def record(rooms: dict[str, tuple[int, int]], missed: list[Missed]) -> None:
    """Keep the figures, and by file, function and reason how many lines are not reached."""
    gcc = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()
    where: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for line in missed:
        where[line.file][line.function][line.why] += 1
    tools = {"gcc": gcc, "coverage": version("coverage"), "python": sys.version.split()[0]}
    kept = {"tools": tools, "rooms": rooms, "missed": where}
    RECORDED.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")


def main(arguments: list[str]) -> int:
    BUILD.mkdir(parents=True, exist_ok=True)
    parts = {"c": run_c_tests, "suite": run_suite}
    named = [name for name in arguments if name in parts] or list(parts)
    codes = [parts[name]() for name in named]
    lines = {**compiled_lines(), **python_lines()}
    rooms, missed = reached_by_room(lines), missed_lines(lines)
    for name, (reached, of) in rooms.items():
        print(f"{name:24} {reached:>6,} of {of:>6,} lines, {100 * reached / of:.1f} %")
    for word, count in Counter(line.why for line in missed).most_common():
        print(f"  not reached: {count:>5,}  {word}")
    rows = (f"{line.file}:{line.number}: {line.function}: [{line.why}] {line.text}" for line in missed)
    (BUILD / "missed.txt").write_text("\n".join(rows) + "\n", "utf-8")
    if "--record" in arguments:
        record(rooms, missed)
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

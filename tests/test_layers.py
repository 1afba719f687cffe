"""The rules of the house: what may include and import what, and that every room has its parts."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fastcore

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path(fastcore.__file__).parent
ROOMS = sorted(ROOT.glob("src_c/*/"))
HEADERS = sorted(ROOT.glob("src_c/*/*.h"))
SOURCES = sorted([*ROOT.glob("src_c/*/*.c"), *ROOT.glob("src_c/*/*.cpp"), *ROOT.glob("src_c/*/*.inc"), *HEADERS])
# Headers that declare no function of their own.
DATA_ONLY = {"fc_target.h": "pragmas", "fc_runtime.h": "a table that fc_pool fills"}
LIBC = """assert dirent errno fcntl math pthread setjmp signal stdalign stdatomic stdbool stddef stdint stdio stdlib
string time unistd""".split()
SYSTEM = {f"{name}.h" for name in LIBC} | {f"sys/{name}.h" for name in ("mman", "stat", "types")}
SYSTEM |= {"emmintrin.h", "immintrin.h", "cpuid.h"}
USES = {"midi": {"bpm"}}  # what a room may include of other rooms than base; setup.py links the same
CPP = {"memory", "new", "simdjson.h", "simdjson.cpp"}

pytestmark = pytest.mark.skipif(not ROOMS, reason="needs the source tree")


def includes(path: Path) -> list[str]:
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_includes(path: Path) -> None:
    own = {header.name for header in path.parent.glob("*") if header.suffix in (".h", ".inc")}
    rooms = {"base"} | USES.get(path.parent.name, set())
    others = {header.name for room in rooms for header in (ROOT / "src_c" / room).glob("*.h")}
    allowed = SYSTEM | own | others | (CPP if path.suffix == ".cpp" else set())
    assert not set(includes(path)) - allowed
    if path.suffix != ".cpp":
        assert "simdjson" not in path.read_text("utf-8").replace("simdjson's", "")


def test_rooms_are_linked_as_they_include() -> None:
    found = re.search(r"^USES = (.+)$", (ROOT / "setup.py").read_text("utf-8"), re.MULTILINE)
    assert found and {room: set(used) for room, used in ast.literal_eval(found[1]).items()} == USES


@pytest.mark.parametrize("header", HEADERS, ids=lambda p: p.name)
def test_every_header_has_its_code_and_its_test(header: Path) -> None:
    assert header.read_text("utf-8").startswith("/* "), "a header begins with what it is for"
    if header.name in DATA_ONLY:
        return
    assert any(header.with_suffix(end).exists() for end in (".c", ".cpp")), "no code"
    name = header.stem.removeprefix("fc_")
    assert (ROOT / f"tests/c/test_{header.parent.name}_{name}.c").exists(), "no C test"


FILES = """open openat creat fopen close read pread readv write pwrite lseek stat fstat fstatat lstat mmap munmap
opendir fdopendir readdir unlink rename mkdir ftruncate fsync printf fprintf puts perror""".split()
SIGNALS = "signal sigaction raise kill setitimer alarm".split()


def code_of(path: Path) -> str:
    """A source file without its comments and strings."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text("utf-8"), flags=re.DOTALL)
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)


def test_only_the_file_room_touches_files_and_signals() -> None:
    calls = re.compile(rf"(?<![\w.>])({'|'.join(FILES + SIGNALS)})\s*\(")
    for path in SOURCES:
        if path.stem not in ("fc_file", "fc_map", "fc_guard"):
            assert not calls.search(code_of(path)), path


def test_kernels_do_not_allocate_and_begin_with_their_idea() -> None:
    kernels = [path for path in SOURCES if path.suffix == ".inc"]
    for path in kernels:
        assert not re.search(r"\b(malloc|calloc|realloc|aligned_alloc|free)\b", code_of(path)), path
        assert path.read_text("utf-8").startswith("/* "), path
    assert ROOT / "src_c/scan/fc_find.inc" in kernels


STATIC = re.compile(r"^[ \t]*static\s+(?!const\b|inline\b|_Static_assert)[^()=;{]*[=;{\[]", re.MULTILINE)
GLOBAL = re.compile(
    r"^(?!(?:static|const|extern|typedef|return|using|namespace)\b)"
    r"[a-z_][\w* \t]*[ *]\w+(?:\[[^\]]*\])?\s*(?:=[^;(]*)?;",
    re.MULTILINE,
)


RUNTIME = ("fc_pool.c", "fc_sites.c", "fc_guard.c", "fc_map.c")  # the one of the process, linked into `base` alone


def test_state_lives_in_the_runtime_alone() -> None:
    for path in SOURCES:
        found = [match[0] for pattern in (STATIC, GLOBAL) for match in pattern.finditer(code_of(path))]
        if path.name in RUNTIME:
            assert found  # the patterns find what there is
        else:
            assert not found, path
    for odd in ("static int calls;", "  static char buffer[9];", "static struct { int a; } b;", "unsigned seen = 0;"):
        assert STATIC.search(odd) or GLOBAL.search(odd), odd
    for fine in ("static const int x = 1;", "static int f(int a) {", "const int y = 2;", "int f(void);"):
        assert not STATIC.search(fine) and not GLOBAL.search(fine), fine


@pytest.mark.skipif(shutil.which("nm") is None, reason="needs nm")
def test_writable_data_of_ours_is_the_runtime() -> None:
    """By the linker's view: constants with addresses in them lie in .data.rel.ro, which is read-only once loaded."""
    words = {word for path in SOURCES for word in re.findall(r"\w+", code_of(path))}
    for library in PACKAGE.glob("_native/*.so"):
        listed = subprocess.run(["nm", "--format=sysv", library], capture_output=True, text=True, check=True).stdout
        rows = [[cell.strip() for cell in line.split("|")] for line in listed.splitlines() if line.count("|") == 6]
        names = {row[0].partition(".")[0] for row in rows if row[6] in (".data", ".bss", ".tdata", ".tbss")}
        ours = {name for name in names & words if not name.startswith("_")}
        if not names:
            pytest.skip("the libraries are stripped")
        assert ("the_runtime" in ours) == library.name.startswith("base."), library
        runtime = {word for name in RUNTIME for word in re.findall(r"\w+", code_of(ROOT / "src_c/base" / name))}
        assert ours <= (runtime if library.name.startswith("base.") else set()), library


def test_floats_are_not_rounded_at_will() -> None:
    text = (ROOT / "setup.py").read_text("utf-8")
    assert '"-ffp-contract=off"' in text
    assert not re.search(r"fast-math|-Ofast|unsafe-math|-ffinite|-fassociative", text)


PARSERS = {"record", "run", "smf", "stored"}  # the headers that take bytes from outside


def test_every_parser_of_bytes_has_a_fuzz_target() -> None:
    assert {path.stem for path in ROOT.glob("tests/fuzz/fuzz_*.c")} == {f"fuzz_{name}" for name in PARSERS}
    headers = {header.stem for header in HEADERS}
    assert {f"fc_{name}" for name in PARSERS} <= headers


def test_every_binding_has_its_parts() -> None:
    for binding in (ROOT / "fastcore/_native").glob("*.pyx"):
        name = binding.stem
        assert binding.with_suffix(".pyi").exists()
        assert (ROOT / "src_c" / name).is_dir()
        assert (ROOT / f"fastcore/_{name}.py").exists()
        assert list((ROOT / "tests").glob(f"test_{name}*.py"))


def test_python_layers() -> None:
    for path in ROOT.glob("fastcore/**/*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        modules = {
            name
            for node in ast.walk(tree)
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names])
        }
        assert not modules & {"pickle", "marshal", "simdjson"}, path
        if "cli" not in path.parts and path.name != "__main__.py":
            assert not any(module.startswith("fastcore.cli") for module in modules), path
        calls = {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not calls & {"eval", "exec", "compile"}, path
        if "cli" not in path.parts:
            assert "print" not in calls, path


def test_bindings_run_no_code_that_they_read() -> None:
    for path in ROOT.glob("fastcore/**/*.p[yx][xd]"):
        text = path.read_text("utf-8")
        assert not re.search(r"^\s*(?:cimport|import|from)\s+(?:pickle|marshal|simdjson)\b", text, re.MULTILINE), path
        assert not re.search(r"(?<![\w.])(?:eval|exec|compile)\s*\(", text), path


@pytest.mark.skipif(shutil.which("nm") is None, reason="needs nm")
def test_the_runtime_lives_in_base_alone() -> None:
    folder = Path(fastcore.__file__).parent / "_native"
    for library in folder.glob("*.so"):
        symbols = subprocess.run(["nm", library], capture_output=True, text=True, check=True).stdout
        if not symbols:
            pytest.skip("the libraries are stripped")
        for function in ("fc_pool_runtime", "fc_sites_choose"):
            assert (function in symbols) == library.name.startswith("base."), library


UNWANTED = "numpy asyncio importlib.metadata rich logging dataclasses typing glob shutil pathlib tempfile".split()
UNWANTED += "concurrent.futures threading".split()
LINE = '{"type":"user","message":{"content":"a needle"},"timestamp":"2024-05-01T10:00:00Z"}\n'


@pytest.mark.parametrize(
    ("arguments", "last"),
    [
        (["--version"], f"fastcore {fastcore.__version__}"),
        (["scan", "needle", "a.jsonl"], "    a needle"),
        (["scan", "needle", "."], "    a needle"),
        (["scan", "needle", "-"], "    a needle"),
        (["scan", "needle", "a.jsonl", "--color", "always", "--stats"], "    a \x1b[1;31mneedle\x1b[0m"),
        (["scan", "needle", "a.jsonl", "--format", "json"], None),
        (["scan", "needle", "a.jsonl", "--format", "jsonl"], None),
        (["scan", "needle", "a.jsonl", "--format", "tsv"], None),
        (["scan", "needle", "a.jsonl", "--since", "2024-04-01", "--until", "2024-06-01T00:00:00"], "    a needle"),
        (["scan", "needle", "a.jsonl", "-c"], "1"),
        (["scan", "needle", "a.jsonl", "-l"], "a.jsonl"),
        (["scan", "x", "/nowhere", "a.jsonl"], None),
        (None, None),
    ],
    ids=str,
)
def test_what_is_not_imported(arguments: list[str] | None, last: str | None, tmp_path: Path) -> None:
    """The start-up of the command pays for nothing that it does not use.

    The interpreter is bare, so that nothing that `site` happens to load is taken for loaded anyway.
    """
    (tmp_path / "a.jsonl").write_text(LINE)
    call = "import fastcore.cli; fastcore.cli.main(sys.argv[2:])" if arguments is not None else "import fastcore"
    probe = f"import sys\nsys.path.insert(0, sys.argv[1])\n{call}\n"
    probe += f"print(*[name for name in {UNWANTED!r} if name in sys.modules], sep=', ')"
    command = [sys.executable, "-I", "-S", "-c", probe, str(PACKAGE.parent), *(arguments or [])]
    result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path, input=LINE)
    assert result.stdout.splitlines()[-1] == "", result.stdout
    if last is not None:
        assert result.stdout.splitlines()[-2] == last

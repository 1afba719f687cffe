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
ROOMS = sorted(ROOT.glob("src_c/*/"))
HEADERS = sorted(ROOT.glob("src_c/*/*.h"))
SOURCES = sorted([*ROOT.glob("src_c/*/*.c"), *ROOT.glob("src_c/*/*.cpp"), *ROOT.glob("src_c/*/*.inc"), *HEADERS])
# Headers that declare no function of their own.
DATA_ONLY = {"fc_target.h": "pragmas", "fc_runtime.h": "a table that fc_pool fills"}
LIBC = """assert dirent errno fcntl math pthread signal stdalign stdatomic stdbool stddef stdint stdio stdlib
string time unistd""".split()
SYSTEM = {f"{name}.h" for name in LIBC} | {"sys/stat.h", "sys/types.h", "emmintrin.h", "immintrin.h", "cpuid.h"}
CPP = {"memory", "new", "simdjson.h", "simdjson.cpp"}

pytestmark = pytest.mark.skipif(not ROOMS, reason="needs the source tree")


def includes(path: Path) -> list[str]:
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_includes(path: Path) -> None:
    own = {header.name for header in path.parent.glob("*") if header.suffix in (".h", ".inc")}
    base = {header.name for header in (ROOT / "src_c/base").glob("*.h")}
    allowed = SYSTEM | own | base | (CPP if path.suffix == ".cpp" else set())
    assert not set(includes(path)) - allowed
    if path.suffix != ".cpp":
        assert "simdjson" not in path.read_text("utf-8").replace("simdjson's", "")


@pytest.mark.parametrize("header", HEADERS, ids=lambda p: p.name)
def test_every_header_has_its_code_and_its_test(header: Path) -> None:
    assert header.read_text("utf-8").startswith("/* "), "a header begins with what it is for"
    if header.name in DATA_ONLY:
        return
    assert any(header.with_suffix(end).exists() for end in (".c", ".cpp")), "no code"
    name = header.stem.removeprefix("fc_")
    assert (ROOT / f"tests/c/test_{header.parent.name}_{name}.c").exists(), "no C test"


def test_only_the_file_room_touches_files() -> None:
    calls = re.compile(r"\b(open|fopen|pread|read|mmap|opendir|fdopendir|printf|fprintf|puts)\s*\(")
    for path in SOURCES:
        if path.stem != "fc_file":
            code = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)
            assert not calls.search(code), path


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
        assert not calls & {"eval", "exec"}, path
        if "cli" not in path.parts:
            assert "print" not in calls, path


@pytest.mark.skipif(shutil.which("nm") is None, reason="needs nm")
def test_the_pool_lives_in_base_alone() -> None:
    folder = Path(fastcore.__file__).parent / "_native"
    for library in folder.glob("*.so"):
        symbols = subprocess.run(["nm", library], capture_output=True, text=True, check=True).stdout
        if not symbols:
            pytest.skip("the libraries are stripped")
        assert ("fc_pool_runtime" in symbols) == library.name.startswith("base."), library


UNWANTED = ["numpy", "asyncio", "importlib.metadata", "rich", "logging", "dataclasses", "typing", "glob"]


@pytest.mark.parametrize(
    "code",
    [
        "import fastcore",
        "import fastcore.cli; fastcore.cli.main(['--version'])",
        "import fastcore.cli; fastcore.cli.main(['scan', 'x', '/nowhere'])",
    ],
)
def test_what_is_not_imported(code: str) -> None:
    """The start-up of the command pays for nothing that it does not use."""
    found = f"[m for m in {UNWANTED!r} if m in sys.modules and m not in before]"
    probe = f"import sys\nbefore = set(sys.modules)\n{code}\nprint(*{found})"
    result = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == ""

"""The package as it is built and imported: names, version, switches of the build, what a wheel carries."""

from __future__ import annotations

import os
import pickle
import re
import shutil
import subprocess
import sys
import tomllib
import types
from pathlib import Path

import pytest

import fastcore
from fastcore import errors

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path(fastcore.__file__).parent

needs_sources = pytest.mark.skipif(not (ROOT / "setup.py").exists(), reason="needs the source tree")


def project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def in_fresh_process(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run code where the package is the one in `folder`, whatever is installed."""
    env = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_every_export_is_there_and_says_where_it_belongs() -> None:
    assert set(dir(fastcore)) == set(fastcore.__all__)
    for name in fastcore.__all__:
        value = getattr(fastcore, name)
        if isinstance(value, type) and not issubclass(value, BaseException):
            assert value.__module__ == "fastcore", name
    with pytest.raises(AttributeError, match="nothing_like_it"):
        fastcore.nothing_like_it  # noqa: B018


@pytest.mark.parametrize(
    ("name", "parent"),
    [
        ("QueryError", ValueError),
        ("LineError", ValueError),
        ("NoLogs", FileNotFoundError),
        ("MidiError", ValueError),
        ("MissingExtra", ImportError),
        ("ExecutorError", RuntimeError),
        ("Cancelled", RuntimeError),
    ],
)
def test_each_error_is_also_a_builtin_one(name: str, parent: type) -> None:
    assert issubclass(getattr(fastcore, name), errors.FastcoreError)
    assert issubclass(getattr(fastcore, name), parent)


def test_the_module_of_errors_exports_all_of_them() -> None:
    defined = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert set(errors.__all__) == defined
    assert defined <= set(fastcore.__all__)


def public_classes() -> list[type]:
    modules = (fastcore, fastcore.midi, fastcore.query, fastcore.parallel)
    exported = [getattr(module, name) for module in modules for name in module.__all__]
    return [value for value in exported if isinstance(value, type)]


@pytest.mark.parametrize("cls", public_classes(), ids=lambda cls: cls.__name__)
def test_each_class_says_what_it_costs_and_who_may_share_it(cls: type) -> None:
    text = vars(cls)["__doc__"]
    assert "thread" in text and "GIL" in text and re.search(r"O\(\w", text), text
    own = ("fastcore.midi", "fastcore.query", "fastcore.parallel")
    wanted = cls.__module__ if cls.__module__ in own else "fastcore"
    assert cls.__module__ == wanted and pickle.whichmodule(cls, cls.__qualname__) == wanted


def test_modules_come_when_they_are_named() -> None:
    for name in ("aio", "errors", "midi", "parallel", "query"):
        code = f"import sys, fastcore; print('fastcore.{name}' in sys.modules, fastcore.{name}.__name__)"
        assert in_fresh_process(code, PACKAGE.parent).stdout.split() == ["False", f"fastcore.{name}"]
        assert name in dir(fastcore)


def test_no_public_name_is_both_function_and_module() -> None:
    modules = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    for name in set(fastcore.__all__) & modules:
        assert isinstance(getattr(fastcore, name), types.ModuleType), name


@pytest.mark.parametrize("command", [[sys.executable, "-m", "fastcore"], None], ids=["module", "script"])
def test_the_command_tells_its_version(command: list[str] | None) -> None:
    if command is None:
        script = shutil.which("fastcore", path=str(Path(sys.executable).parent))
        if script is None:
            pytest.skip("the package is on the path, not installed")
        command = [script]
    result = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    assert fastcore.__version__ in result.stdout


def test_version_takes_one_option() -> None:
    command = [sys.executable, "-m", "fastcore", "--version", "--short"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "fastcore: --version takes --verbose or nothing, not '--short'\n"


def test_a_result_class_wants_all_its_values() -> None:
    with pytest.raises(TypeError, match="Changes takes 5 values"):
        fastcore.Changes(1)  # type: ignore[call-arg]


def verbose(**env: str) -> dict[str, str]:
    """What `fastcore --version --verbose` says, by name."""
    command = [sys.executable, "-m", "fastcore", "--version", "--verbose"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FASTCORE_")}
    result = subprocess.run(command, env={**clean, **env}, capture_output=True, text=True, check=True)
    return {line[:14].strip(): line[14:].strip() for line in result.stdout.splitlines()}


def test_the_command_tells_what_a_report_of_a_bug_needs() -> None:
    said = verbose(FASTCORE_CPU="base", FASTCORE_OFF="simd,nonsense\x1b", FASTCORE_THREADS="3")
    assert said["fastcore"] == fastcore.__version__
    assert said["cpu"].startswith("base, where ") and said["cpu"].endswith("FASTCORE_CPU=base")
    assert said["threads"].startswith("3 of ") and said["threads"].endswith("FASTCORE_THREADS=3")
    known = "prefilter, prune, facts, sketch, pool, simd"
    assert said["switched off"] == f"nonsense\\x1b (unknown), simd; known are {known}"
    assert set(re.findall(r"(\w+)=", said["built with"])) == {"march", "lto", "debug", "sanitize", "abi3"}
    plain = verbose()
    assert plain["switched off"].startswith("nothing") and plain["cpu"].endswith("FASTCORE_CPU is not set")
    assert "wanted a positive integer" in verbose(FASTCORE_THREADS="many")["threads"]


@needs_sources
def test_the_command_tells_which_extras_are_there() -> None:
    extras = {name.removeprefix("extra "): text for name, text in verbose().items() if name.startswith("extra ")}
    if "extra" in extras:
        pytest.skip("the package is on the path, not installed")
    settings = project()["project"]
    assert isinstance(settings, dict)
    assert set(extras) == set(settings["optional-dependencies"]) - {"all"}
    assert f"pytest {pytest.__version__}" in extras["test"]
    named = {re.split(r"[ >=<]", one)[0] for one in settings["optional-dependencies"]["compare"]}
    assert set(re.findall(r"([a-z]\w+)(?: [0-9.]\S*)?(?:, |; |$)", extras["compare"].replace("missing: ", ""))) == named


def copy_of_package(target: Path) -> Path:
    shutil.copytree(PACKAGE, target / "fastcore", ignore=shutil.ignore_patterns("__pycache__"))
    return target / "fastcore" / "_native"


def test_a_missing_compiled_part_is_explained(tmp_path: Path) -> None:
    native = copy_of_package(tmp_path)
    for library in native.glob("*.so"):
        library.unlink()
    result = in_fresh_process("import fastcore", tmp_path)
    assert result.returncode == 1
    assert "ImportError: fastcore: the compiled part is missing" in result.stderr
    assert "another package called fastcore" in result.stderr
    shutil.rmtree(native)
    assert "the compiled part is missing" in in_fresh_process("import fastcore", tmp_path).stderr


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="needs /proc/cpuinfo")
def test_a_native_build_refuses_another_processor(tmp_path: Path) -> None:
    needs = copy_of_package(tmp_path) / "needs_cpu.txt"
    needs.write_text("", "utf-8")
    assert in_fresh_process("import fastcore; fastcore.scan", tmp_path).returncode == 0
    needs.write_text("avx9000 avx9001", "utf-8")
    result = in_fresh_process("import fastcore", tmp_path)
    assert result.returncode == 1
    assert "ImportError" in result.stderr and "lacks avx9000, avx9001" in result.stderr


@needs_sources
def test_the_name_and_the_version_stand_in_one_place() -> None:
    settings = project()["project"]
    assert isinstance(settings, dict)
    assert "version" in settings["dynamic"] and "Private :: Do Not Upload" in settings["classifiers"]
    assert settings["scripts"] == {"fastcore": "fastcore.cli:main"}
    for path in [*ROOT.glob("*.*"), *ROOT.glob("fastcore/**/*.py"), *ROOT.glob("wheels/*.py"), ROOT / "Makefile"]:
        if path.is_file():
            text = path.read_text("utf-8")
            assert settings["name"] not in text or path.name == "pyproject.toml", path
            told = [ROOT / "fastcore" / "_build.py", ROOT / "CHANGELOG.md"]  # the first is what setup.py wrote
            told += [ROOT / "setup.py"] if fastcore.__version__ == "0+unknown" else []
            assert fastcore.__version__ not in text or path in told, path


@needs_sources
def test_the_table_of_extras_is_whole() -> None:
    settings = project()["project"]
    assert isinstance(settings, dict)
    extras = set(settings["optional-dependencies"])
    section = (ROOT / "README.md").read_text("utf-8").partition("## Extras")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == extras


@needs_sources
@pytest.mark.parametrize("name", ["scan", "summary"])
def test_the_tables_of_figures_are_made_from_the_samples(name: str) -> None:
    made = subprocess.run(
        [sys.executable, ROOT / "asv_bench" / "tables.py", name], capture_output=True, text=True, check=True
    ).stdout
    assert made.count("\n") >= 5
    assert made.strip() in (ROOT / "README.md").read_text("utf-8")


@needs_sources
@pytest.mark.parametrize("name", ["MARCH", "LTO", "SANITIZE", "DEBUG"])
def test_a_build_switch_refuses_what_it_does_not_know(name: str) -> None:
    pytest.importorskip("Cython")
    pytest.importorskip("setuptools")
    env = {**os.environ, f"FASTCORE_{name}": "fast"}
    command = [sys.executable, "setup.py", "--version"]
    result = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert result.returncode != 0 and f"FASTCORE_{name}='fast'" in result.stderr, result.stderr


@pytest.mark.skipif(shutil.which("readelf") is None, reason="needs readelf")
def test_the_libraries_are_hardened_and_of_one_abi() -> None:
    libraries = sorted((PACKAGE / "_native").glob("*.so"))
    bindings = sorted(path.stem for path in (PACKAGE / "_native").glob("*.pyi"))
    assert [library.name.partition(".")[0] for library in libraries] == bindings
    for library in libraries:
        if not sys.abiflags:  # a free-threaded Python has its own
            assert library.name.endswith(".abi3.so")
        command = ["readelf", "--wide", "--dynamic", "--segments", library]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert "GNU_RELRO" in text and ("BIND_NOW" in text or re.search(r"FLAGS.*NOW", text)), library
        stack = re.search(r"GNU_STACK.*", text)
        assert stack is not None and "RWE" not in stack[0], library
        assert "libpython" not in text, library

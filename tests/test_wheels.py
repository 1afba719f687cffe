"""What ships a build: the gain tables and their rule, the SBOM, the workflows."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.skipif(not (ROOT / "wheels/README.md").exists(), reason="needs the source tree")


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"wheels_{name}", ROOT / f"wheels/{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_gains_in_the_readme_are_those_recorded() -> None:
    command = [sys.executable, ROOT / "wheels/pgo.py", "--table"]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert made.count("\n") == 6
    assert made in (ROOT / "wheels/README.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("pgo", "worth"),
    [((94, 95), True), ((90, 102), False), ((85, 102), True), ((50, 103), False), ((96, 96), False)],
    ids=str,
)
def test_a_profile_must_gain_in_the_mean_and_lose_nowhere(pgo: tuple[int, int], worth: bool) -> None:
    counted = {f"case {i}": {"baseline": 100, "PGO": count} for i, count in enumerate(pgo)}
    assert load("pgo").is_worth(counted, "PGO") is worth


def test_the_sbom_names_what_is_compiled_in(tmp_path: Path) -> None:
    (tmp_path / "simdjson.h").write_text('#define SIMDJSON_VERSION "9.8.7"\n', "utf-8")
    made = load("sbom").sbom("a-name", "1.2.3", str(tmp_path))
    assert json.loads(json.dumps(made)) == made
    assert made["metadata"]["component"]["version"] == "1.2.3"
    assert {part["name"]: part["version"] for part in made["components"]} == {
        "simdjson": "9.8.7",
        "Unicode CaseFolding": re.search(
            r"Unicode (\S+)\.\n", (ROOT / "wheels/licenses/unicode.txt").read_text("utf-8")
        )[1],  # type: ignore[index]
    }
    (tmp_path / "simdjson.h").write_text("", "utf-8")
    with pytest.raises(SystemExit, match="does not say its version"):
        load("sbom").sbom("a-name", "1.2.3", str(tmp_path))


def test_a_wheel_that_no_python_here_can_test_is_not_called_good(monkeypatch: pytest.MonkeyPatch) -> None:
    check_wheel = load("check_wheel")
    free = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    assert check_wheel.version_of(sys.executable) == f"3.{sys.version_info.minor}{free}"
    monkeypatch.setattr(check_wheel, "look_into", lambda wheel: None)
    monkeypatch.setattr(check_wheel, "build", lambda: Path("a.whl"))
    for arguments in ([], ["--all", "a.whl"]):
        monkeypatch.setattr(check_wheel, "version_of", lambda python: "3.14t")
        monkeypatch.setattr(check_wheel.sys, "argv", ["check_wheel.py", *arguments])
        with pytest.raises(SystemExit, match=r"none of Python 3\.11, .* is here"):
            check_wheel.main()


def test_cross_runs_every_c_test_once() -> None:
    cross = load("cross")
    for machine in {target.name.partition("-")[0] for target in cross.TARGETS if target.tests}:
        own = [target for target in cross.TARGETS if target.tests and target.name.startswith(machine)]
        run = [test.stem for target in own for test in cross.tests_of(target)]
        skipped = set() if machine == "aarch64" else set(cross.SHARED)
        assert sorted([*run, *skipped]) == sorted(test.stem for test in ROOT.glob("tests/c/test_*.c"))
    for name, defined in cross.EMULATED.items():
        text = (ROOT / f"tests/c/{name}.c").read_text("utf-8")
        assert all(f"defined({macro.removeprefix('-D')})" in text for macro in defined)


@pytest.mark.parametrize(
    ("commands", "good"),
    [
        (["pass", "print('more'); print('5 checks')"], True),
        (["raise SystemExit(1)", "print('5 checks')"], False),
        (["pass", "print('5 checks'); raise SystemExit(1)"], False),
        (["pass", "import os; print('5 checks', flush=True); os.abort()"], False),
        (["pass", "print('0 checks')"], False),
        (["pass", "print('5 checks'); print('more')"], False),
        (["pass", "pass"], False),
    ],
    ids=str,
)
def test_a_c_test_passes_that_ends_well_and_says_what_it_checked(commands: list[str], good: bool) -> None:
    cross = load("cross")
    assert cross.passes([[sys.executable, "-c", code] for code in commands], "a test") is good


@pytest.mark.parametrize("wrong", ["nothing", "a source", "an experimental source", "a test", "an emulator"])
def test_cross_fails_for_what_must_work(
    wrong: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cross = load("cross")

    def compile_all(target: Any) -> tuple[list[str], dict[str, str]]:
        bad = target.name == {"a source": "x86_64-linux-musl", "an experimental source": "aarch64-macos"}.get(wrong)
        return ["good.o"], {"bad.c": "bad.c:1: error: the reason"} if bad else {}

    def run_tests(target: Any, objects: list[str], emulator: list[str]) -> list[str]:
        return ["test_bad"] if wrong == "a test" and target.name.startswith("aarch64") else []

    monkeypatch.setattr(cross, "compile_all", compile_all)
    monkeypatch.setattr(cross, "run_tests", run_tests)
    monkeypatch.setattr(cross.shutil, "which", lambda name: None if wrong == "an emulator" else f"/bin/{name}")
    monkeypatch.setattr(cross.glob, "glob", lambda pattern: [pattern])
    monkeypatch.setattr(cross.platform, "machine", lambda: "x86_64")
    assert bool(cross.main([])) is (wrong in ("a source", "a test", "an emulator"))
    shown = capsys.readouterr().out
    assert ("bad.c: the reason" in shown) is ("source" in wrong)
    assert ("qemu-aarch64 is missing" in shown) is (wrong == "an emulator")


WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_hash_and_may_write_nothing_by_default(path: Path) -> None:
    text = path.read_text("utf-8")
    used = re.findall(r"^\s*- ?(?:id: \w+\n\s*)?uses: (.+)$|^\s+uses: (.+)$", text, re.MULTILINE)
    assert used
    for one in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", "".join(one)), one
    assert re.search(r"^permissions:\n  contents: read\n(?! )", text, re.MULTILINE)


def test_one_action_has_one_hash() -> None:
    pins = {pin for path in WORKFLOWS for pin in re.findall(r"uses: (\S+)@(\w+)", path.read_text("utf-8"))}
    assert len(pins) == len({action for action, _ in pins}) > 5


def test_nothing_is_uploaded_that_a_repository_does_not_name() -> None:
    uploads = [path for path in WORKFLOWS if "gh-action-pypi-publish" in path.read_text("utf-8")]
    assert [path.stem for path in uploads] == ["wheels"]
    job = re.search(r"^  upload:\n(.*?)(?=^  \w|\Z)", uploads[0].read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert job is not None and "vars.PYPI_NAME != ''" in job[1].partition("steps:")[0]

"""The planted bugs can still be planted; that they are found is shown by tests/planted/run.py."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
PATCHES = sorted(ROOT.glob("tests/planted/*.patch"))
pytestmark = pytest.mark.skipif(not (ROOT / "src_c").exists(), reason="needs the source tree")


@pytest.fixture(scope="module")
def planted() -> Any:
    spec = importlib.util.spec_from_file_location("planted_run", ROOT / "tests/planted/run.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["planted_run"] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


def test_there_are_ten_and_more(planted: Any) -> None:
    bugs = planted.read_bugs()
    assert len(bugs) == len(PATCHES) >= 10
    assert all(bug.what and bug.files for bug in bugs)


@pytest.mark.parametrize("patch", PATCHES, ids=lambda path: path.stem)
def test_each_applies(patch: Path) -> None:
    command = ["git", "-c", "safe.directory=*", "apply", "--check", str(patch)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_what_found_each_is_recorded(planted: Any) -> None:
    kept = json.loads(planted.RECORDED.read_text("utf-8"))
    assert {name: bug["what"] for name, bug in kept.items()} == {bug.name: bug.what for bug in planted.read_bugs()}
    assert all(bug["step"] in planted.STEPS and name not in bug["test"] for name, bug in kept.items())


def test_a_record_keeps_what_was_not_planted_again(
    planted: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, *others = planted.read_bugs()
    monkeypatch.setattr(planted, "RECORDED", tmp_path / "planted.json")
    planted.record({bug.name: ("room", "tests/test_x.py::test_a") for bug in (first, *others)})
    planted.record({first.name: ("c", "tests/test_c.py::test_b")})
    kept = json.loads((tmp_path / "planted.json").read_text("utf-8"))
    assert kept[first.name] == {"what": first.what, "step": "c", "test": "tests/test_c.py::test_b"}
    assert {kept[bug.name]["step"] for bug in others} == {"room"}


def test_what_found_a_bug_is_read_from_what_is_printed(planted: Any) -> None:
    failed = "tests/test_x.py::test_a PASSED\nFAILED tests/test_x.py::test_b[1] - assert\n"
    died = "tests/test_x.py::test_a PASSED [ 1%]\ntests/test_x.py::test_b Fatal Python error: Segmentation fault\n"
    assert planted.pytest_found(1, failed) == "tests/test_x.py::test_b[1]"
    assert planted.pytest_found(-11, died) == "tests/test_x.py::test_b"
    assert planted.pytest_found(0, "1 passed in 1s") is None
    for shown in ("ImportError while loading conftest", ""):
        with pytest.raises(planted.Failed, match="no failed test"):
            planted.pytest_found(4, shown)
    assert planted.program_found(0, "") is None
    assert planted.program_found(1, "failed with 66: /x/build/check/base_pool_tsan\n") == "base_pool_tsan"
    assert planted.program_found(1, "fuzz_run: 20 s, seed 1\nfuzz_smf: 20 s, seed 1\nTraceback\n") == "fuzz_smf"
    with pytest.raises(planted.Failed, match="says nothing"):
        planted.program_found(1, "failed with 1: gcc -c x.c -o x.o\n")

"""What ships a build: the gain tables and their rule, the SBOM, the workflows."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

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

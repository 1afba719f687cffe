"""The version that setup.py gives a build: from an sdist, from git's tags, or none."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(not (ROOT / "setup.py").exists(), reason="needs the source tree")


@pytest.fixture
def setup(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """setup.py as a module, in an empty folder."""
    pytest.importorskip("Cython")
    monkeypatch.delenv("FASTCORE_VERSION", raising=False)
    monkeypatch.delenv("FASTCORE_MARCH", raising=False)
    spec = importlib.util.spec_from_file_location("setup_of_fastcore", ROOT / "setup.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.chdir(tmp_path)
    return module


def git(*arguments: str) -> str:
    settings = ("user.name=n", "user.email=e@example.org", "commit.gpgsign=false", "tag.gpgsign=false")
    options = [word for setting in settings for word in ("-c", setting)]
    return subprocess.run(["git", *options, *arguments], capture_output=True, text=True, check=True).stdout.strip()


def commit(text: str) -> str:
    """Commit a file with this text and return the short hash."""
    Path("file").write_text(text, "utf-8")
    git("add", "file")
    git("commit", "-qm", text)
    return git("rev-parse", "--short=8", "HEAD")


def test_tags_tell_the_version(setup: ModuleType) -> None:
    git("init", "-q")
    first = commit("one")
    assert setup.version() == f"0.1.dev1+g{first}"
    git("tag", "not-a-version")
    git("tag", "-a", "v1.4.9", "-m", "release")
    assert setup.version() == "1.4.9"
    second = commit("two")
    assert setup.version() == f"1.4.10.dev1+g{second}"
    Path("file").write_text("changed", "utf-8")
    assert setup.version() == f"1.4.10.dev1+g{second}.dirty"
    git("checkout", "-q", "file")
    git("tag", "v2.0.0rc1")
    assert setup.version() == "2.0.0rc1"
    third = commit("three")
    assert setup.version() == f"2.0.0rc2.dev1+g{third}"


def test_an_sdist_and_the_environment_tell_the_version(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert setup.version() == "0+unknown"
    git("init", "-q")
    assert setup.version() == "0+unknown"
    commit("one")
    Path("PKG-INFO").write_text("Metadata-Version: 2.4\nName: x\nVersion: 3.1.4\n", "utf-8")
    assert setup.version() == "3.1.4"
    monkeypatch.setenv("FASTCORE_VERSION", "9.9")
    assert setup.version() == "9.9"


def test_another_projects_repository_around_it_tells_nothing(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    git("init", "-q")
    commit("one")
    git("tag", "v7.0")
    (tmp_path / "vendored").mkdir()
    monkeypatch.chdir(tmp_path / "vendored")
    assert setup.version() == "0+unknown"


def test_a_build_for_one_processor_says_so(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert setup.local("1.2") == "1.2"
    monkeypatch.setattr(setup, "MARCH", "native")
    assert setup.local("1.2") == "1.2+native"
    assert setup.local("1.3.dev1+gabc") == "1.3.dev1+gabc.native"
    assert setup.local("1.2+native") == "1.2+native"


def test_an_sdist_holds_what_is_built_and_tested_and_nothing_that_was_made(tmp_path: Path) -> None:
    pytest.importorskip("Cython")
    command = [sys.executable, "setup.py", "-q", "egg_info", "-e", str(tmp_path), "sdist", "-d", str(tmp_path)]
    env = {**os.environ, "FASTCORE_VERSION": "1.2.3"}
    subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=True)
    (archive,) = tmp_path.glob("*-1.2.3.tar.gz")
    with tarfile.open(archive) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
        stored = tar.extractfile(next(name for name in tar.getnames() if name.count("/") == 1 and "PKG-INFO" in name))
        assert stored is not None and b"\nVersion: 1.2.3\n" in stored.read()
    assert "fastcore/_build.py" not in names and not any(name.endswith((".so", ".o", ".pyc")) for name in names)
    wanted = [*ROOT.glob("src_c/*/*"), *ROOT.glob("fastcore/**/*.p*"), *ROOT.glob("tests/*.py"), *ROOT.glob("*.md")]
    wanted += [*ROOT.glob("examples/*.py"), *ROOT.glob("docs/*.md"), ROOT / "setup.py", ROOT / "Makefile"]
    missing = {str(path.relative_to(ROOT)) for path in wanted if path.is_file()} - names - {"fastcore/_build.py"}
    assert not {name for name in missing if not name.endswith(".pyc")}

"""The committed fold table is what its generator makes, and it is Unicode's simple case folding."""

from __future__ import annotations

import importlib.util
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path
from types import ModuleType

import pytest

from fastcore._native.base import fold, orbit

BASE = Path(__file__).resolve().parents[1] / "src_c" / "base"
SOURCE = Path("/usr/share/unicode/CaseFolding.txt")


@pytest.fixture(scope="module")
def fold_table() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fold_table", BASE / "fold_table.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def source(fold_table: ModuleType) -> Path:
    if not SOURCE.exists():
        pytest.skip(f"{SOURCE} is missing: it comes with Debian's package unicode-data")
    first = SOURCE.read_text("utf-8").partition("\n")[0]
    if first != fold_table.VERSION:
        pytest.skip(f"{SOURCE} is of another version: {first}")
    return SOURCE


def by_python(c: str) -> str:
    """Simple case folding out of what Python's full folding and lower-casing say."""
    folded = c.casefold()
    if len(folded) == 1:
        return folded
    return c.lower() if len(c.lower()) == 1 else c


def test_table_is_what_the_generator_makes(fold_table: ModuleType, source: Path) -> None:
    assert (BASE / "fc_fold_table.inc").read_text("ascii") == fold_table.table(fold_table.read(source))


def test_compiled_table_is_the_source(fold_table: ModuleType, source: Path) -> None:
    wanted = fold_table.read(source)
    assert len(wanted) == 1454
    assert {c: fold(c) for c in range(sys.maxunicode + 1) if fold(c) != c} == wanted
    for members in fold_table.orbits(wanted):
        for c in members:
            assert orbit(c) == tuple(members)


@pytest.mark.parametrize(
    "first", ["# CaseFolding-15.1.0.txt", "# CaseFolding-14.0.0.txt", "# SpecialCasing-15.0.0.txt", ""]
)
def test_generator_refuses_another_version(fold_table: ModuleType, tmp_path: Path, first: str) -> None:
    other = tmp_path / "CaseFolding.txt"
    other.write_text(f"{first}\n0041; C; 0061; # LATIN CAPITAL LETTER A\n", "utf-8")
    with pytest.raises(SystemExit, match="wanted '# CaseFolding-15"):
        fold_table.read(other)


@pytest.mark.native
def test_fold_and_orbit_follow_the_formula() -> None:
    if tuple(map(int, unicodedata.unidata_version.split("."))) >= (16,):
        pytest.skip(f"this Python knows letters of Unicode {unicodedata.unidata_version} that the table does not")
    orbits = defaultdict(list)
    for c in range(sys.maxunicode + 1):
        folded = ord(by_python(chr(c)))
        orbits[folded].append(c)
        assert fold(c) == folded, f"U+{c:04X}"
    assert max(map(len, orbits.values())) == 4
    for members in orbits.values():
        for c in members:
            assert orbit(c) == tuple(members), f"U+{c:04X}"

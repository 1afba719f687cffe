"""The record of what no test reaches: it is of the rooms that there are, and says where a line is and why."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "tests/check/coverage.py"
pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="needs the source tree")

C = """\
static int other(void);

/* A comment. */
static inline const fc_key *
NAME(find)(const char *at,
           size_t len) {
    if (at == NULL) return FC_NO_MEMORY;
    return len;
}
"""
PYTHON = """\
class A:
    async def told(
        self,
    ) -> int:
        return 1

LAST = 2
"""


@pytest.fixture(scope="module")
def coverage() -> Any:
    spec = importlib.util.spec_from_file_location("check_coverage", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [*sys.path])  # the script puts its neighbours there
        patch.delitem(sys.modules, "run", raising=False)  # of which another folder has one by the same name
        spec.loader.exec_module(module)
    return module


def test_a_line_is_in_the_function_that_begins_above(coverage: Any) -> None:
    assert coverage.function_of("src_c/x/fc_x.inc", C.splitlines(), 7) == "NAME(find)"
    one_line = ["static inline __attribute__((always_inline)) size_t NAME(tell)(bool third) {", "    return 1;"]
    assert coverage.function_of("src_c/x/fc_x.inc", one_line, 2) == "NAME(tell)"
    assert coverage.function_of("src_c/x/fc_x.c", C.splitlines(), 2) == ""
    assert coverage.function_of("fastcore/_x.py", PYTHON.splitlines(), 5) == "told"
    assert coverage.function_of("fastcore/_native/x.pyx", ["cdef int kept(self) except -1:", "    pass"], 2) == "kept"
    assert coverage.function_of("fastcore/_x.py", ["x = 1"], 1) == ""


def test_why_is_told_by_the_place_or_by_the_line(coverage: Any) -> None:
    text = C.splitlines()
    assert coverage.reason("src_c/base/fc_x.c", "find", text, 7) == "memory that cannot be had"
    assert coverage.reason("src_c/base/fc_x.c", "find", ["int a = 1;"], 1) == coverage.UNKNOWN
    assert "signal" in coverage.reason("src_c/base/fc_guard.c", "die", text, 7)
    assert "_thread" in coverage.reason("fastcore/_workers.py", "help", text, 7)
    assert coverage.reason("fastcore/_workers.py", "helped", ["x"], 1) == coverage.UNKNOWN


def test_lines_are_counted_by_folder(coverage: Any) -> None:
    lines = {"a/x.c": {1: 5, 2: 0}, "a/y.c": {3: 1}, "b/z.py": {1: 0}}
    assert coverage.reached_by_room(lines) == {"a": (2, 3), "b": (0, 1)}


def test_the_record_is_of_the_rooms_that_there_are() -> None:
    kept = json.loads((ROOT / "asv_bench/results/coverage.json").read_text("utf-8"))
    rooms = {str(path.parent.relative_to(ROOT)) for path in ROOT.glob("src_c/*/*.c")}
    assert kept["rooms"].keys() == rooms | {"fastcore", "fastcore/_native", "fastcore/cli"}
    missed = dict.fromkeys(kept["rooms"], 0)
    for file, functions in kept["missed"].items():
        missed[str(Path(file).parent)] += sum(sum(reasons.values()) for reasons in functions.values())
    assert missed == {room: of - reached for room, (reached, of) in kept["rooms"].items()}

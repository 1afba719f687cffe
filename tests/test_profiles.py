"""`make profile`: what perf prints becomes stacks, shares and flame graphs."""

from __future__ import annotations

import importlib
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).resolve().parents[1] / "asv_bench"
if not (BENCH / "profiles.py").exists():
    pytest.skip("needs the source tree", allow_module_level=True)
sys.path.append(str(BENCH))
profiles: Any = importlib.import_module("profiles")
flame: Any = importlib.import_module("flame")

PRINTED = """\
python
\t ffffffff81 copy_page ([kernel.kallsyms])
\t ffffffff82 __x64_sys_pread64 ([kernel.kallsyms])
\t      d0043 __pread (/usr/lib/libc.so.6)
\t       1234 fc_file_read (/somewhere/fastcore/_native/scan.abi3.so)
\t       4321 _PyEval_EvalFrameDefault (/usr/lib/libpython3.11.so.1.0)

python
\t       1111 find_step (inlined)
\t       1111 (anonymous namespace)::v3_find(char const*) (inlined)
\t       1111 fc_find_next (/somewhere/fastcore/_native/scan.abi3.so)
\t       4321 _PyEval_EvalFrameDefault (/usr/lib/libpython3.11.so.1.0)
\t       4322 _PyEval_Vector (inlined)
\t       4322 PyEval_EvalCode (/usr/lib/libpython3.11.so.1.0)

python
\t       1111 find_step (inlined)
\t       1111 (anonymous namespace)::v3_find(char const*) (inlined)
\t       1111 fc_find_next (/somewhere/fastcore/_native/scan.abi3.so)
\t       4321 _PyEval_EvalFrameDefault (/usr/lib/libpython3.11.so.1.0)
\t       4322 _PyEval_Vector (inlined)
\t       4322 PyEval_EvalCode (/usr/lib/libpython3.11.so.1.0)
"""


def test_stacks_are_read() -> None:
    found = profiles.stacks(PRINTED)
    assert sorted(found.values()) == [1, 2]
    twice = found.most_common(1)[0][0]
    assert [library for _, library in twice] == ["scan.abi3.so"] * 3 + ["libpython3.11.so.1.0"] * 3
    assert twice[1][0] == "(anonymous namespace)::v3_find(char const*)"


KERNEL, LIBC, OURS, BASE = "[kernel.kallsyms]", "libc.so.6", "scan.abi3.so", "base.abi3.so"
PYTHON = ("_PyEval_EvalFrameDefault", "libpython3.11.so.1.0")


@pytest.mark.parametrize(
    ("stack", "share"),
    [
        ([("fc_find_next", OURS), PYTHON], "work"),
        ([("memcpy", LIBC), ("fc_find_next", OURS), PYTHON], "work"),
        ([("crc32_z", "libz.so.1"), PYTHON], "work"),
        ([("memcpy", LIBC), PYTHON], "Python"),
        ([PYTHON], "Python"),
        ([("copy_page", KERNEL), ("ksys_pread64", KERNEL), ("pread", LIBC), ("fc_file_read", OURS)], "I/O"),
        ([("clear_page", KERNEL), ("asm_exc_page_fault", KERNEL), ("fc_find_next", OURS)], "kernel, other"),
        ([("futex_wait", KERNEL), ("pthread_cond_wait", LIBC), ("worker_main", BASE)], "pool wait"),
        ([("worker_main", BASE)], "pool wait"),
        ([("fc_worker_scan", OURS), ("worker_main", BASE)], "work"),
        ([("futex_wait", KERNEL), ("pthread_cond_timedwait", LIBC), ("take_gil", PYTHON[1]), PYTHON], "GIL wait"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0][0],
)
def test_a_sample_counts_for_one_share(stack: list[tuple[str, str]], share: str) -> None:
    assert profiles.share_of(tuple(stack)) == share and share in profiles.SHARES


def test_folded_stacks_name_no_place_and_join_the_interpreters_frames() -> None:
    assert profiles.folded(profiles.stacks(PRINTED)) == {
        "Python;fc_file_read;__pread;__x64_sys_pread64;copy_page": 1,
        "Python;fc_find_next;(anonymous namespace)::v3_find(char const*);find_step": 2,
    }


def test_a_flame_graph_is_as_wide_as_the_samples() -> None:
    picture = ElementTree.fromstring(flame.graph("a < b", {"main;a": 1, "main;a;deep": 2, "main;b": 1}))
    titles = [element.text for element in picture.iter() if element.tag.endswith("title")]
    assert titles == ["a < b", "main: 100.0 %", "a: 75.0 %", "deep: 50.0 %", "b: 25.0 %"]
    widths = [float(element.attrib["width"]) for element in picture.iter() if element.tag.endswith("rect")][1:]
    whole = flame.WIDTH - 2 * flame.MARGIN
    assert widths == pytest.approx([whole - 0.5, 0.75 * whole - 0.5, 0.5 * whole - 0.5, 0.25 * whole - 0.5])


def test_what_was_kept_is_of_every_capability() -> None:
    kept = {path.stem for path in profiles.RESULTS.glob("*.json")}
    assert kept == set(profiles.CASES)

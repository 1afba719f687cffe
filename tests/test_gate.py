"""The gate of instruction counts: its comparison bites, and what is recorded is what there is to count."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[1]
CASES = sorted(ROOT.glob("asv_bench/gate_cases/*.c"))
pytestmark = pytest.mark.skipif(not CASES, reason="needs the source tree")


@pytest.fixture(scope="module")
def gate() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "asv_bench"))
        import gate

        yield gate


@given(old=st.integers(10_000, 10**12), percent=st.floats(-99, 1000))
def test_more_than_three_percent_fails(gate: Any, old: int, percent: float) -> None:
    now = round(old * (1 + percent / 100))
    lines, wrong = gate.judge({"same": 5, "case": old}, {"same": 5, "case": now})
    assert len(lines) == 2
    assert [text.split()[0] for text in wrong] == (["case"] if now / old > 1.03 else [])
    assert ("FAILS" in lines[0]) == bool(wrong)
    assert ("better" in lines[0]) == (now / old < 0.97)


@pytest.mark.parametrize("percent", [97, 100, 103])
def test_the_border_passes(gate: Any, percent: int) -> None:
    assert gate.judge({"case": 100}, {"case": percent})[1] == []


def test_a_case_without_its_count_fails(gate: Any) -> None:
    assert gate.judge({}, {"new": 1}) == ([], ["new is not recorded"])
    assert gate.judge({"old": 1}, {}) == ([], ["old is recorded and gone"])


def test_a_comparison_that_is_open_is_noticed(gate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    gate.bites()
    monkeypatch.setattr(gate, "ALLOWED", 1.05)
    with pytest.raises(gate.Failed, match="104 against 100"):
        gate.bites()


def test_a_record_keeps_the_reasons_of_what_did_not_change(
    gate: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(gate, "ROOT", tmp_path)
    monkeypatch.setattr(gate, "RECORDED", tmp_path / "gate.json")
    gate.record({"a": 10_000, "b": 2, "gone": 3}, {"C": "x"}, "first")
    gate.record({"a": 10_010, "b": 3, "new": 4}, {"C": "y"}, "second")
    kept = json.loads((tmp_path / "gate.json").read_text("utf-8"))
    assert kept["toolchain"] == {"C": "y"}
    assert {name: tuple(case.values()) for name, case in kept["cases"].items()} == {
        "a": (10_000, "first"),
        "b": (3, "second"),
        "new": (4, "second"),
    }
    gate.compare({"a": 10_000, "b": 3, "new": 4}, {"C": "y"})
    with pytest.raises(gate.Failed, match=r"1 of 3 counts fail\nb takes 33.3 % more"):
        gate.compare({"a": 10_000, "b": 4, "new": 4}, {"C": "y"})


def test_a_record_needs_a_reason(
    gate: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["gate.py", "--record", " "])
    assert gate.main() == 1
    assert "say why" in capsys.readouterr().out


def test_counts_that_lie_apart_are_no_counts(gate: Any, capsys: pytest.CaptureFixture[str]) -> None:
    gate.repeated([{"a": 100_000, "b": 50}, {"a": 100_090, "b": 50}])
    assert "2 counts in 2 runs: at most 0.0900 % apart, a" in capsys.readouterr().out
    with pytest.raises(gate.Failed, match=r"at most 0\.2000 % apart, b; 0\.1 % are allowed"):
        gate.repeated([{"a": 100_000, "b": 1000}, {"a": 100_090, "b": 1000}, {"a": 100_000, "b": 1002}])


def test_every_case_is_recorded_with_its_reason() -> None:
    row = re.compile(r'^    \{"(\w+)", \w+, [^,]+, FC_CPU_(BASE|V3)\},$', re.MULTILINE)
    levels = {"BASE": ("base",), "V3": ("base", "v3")}
    listed = {
        f"{path.stem}.{name} {level}"
        for path in CASES
        for name, up_to in row.findall(path.read_text("utf-8"))
        for level in levels[up_to]
    }
    recorded = json.loads((ROOT / "asv_bench/results/gate.json").read_text("utf-8"))["cases"]
    assert recorded.keys() == listed
    assert all(case["count"] > 0 and case["reason"] for case in recorded.values())


def test_every_room_with_a_kernel_has_cases() -> None:
    assert {path.parent.name for path in ROOT.glob("src_c/*/*.inc")} <= {path.stem for path in CASES}

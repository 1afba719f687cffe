"""The history of speed: what is kept of it tells nothing of the machine, and its table tells failures."""

from __future__ import annotations

import json
import math
import socket
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT / "asv_bench"
pytestmark = pytest.mark.skipif(not BENCH.exists(), reason="needs the source tree")
COMMITS = ["1" * 40, "2" * 40]


@pytest.fixture(scope="module")
def history() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCH))
        import history

        yield history


def test_no_result_names_a_place(history: Any) -> None:
    results = sorted(BENCH.glob("results/**/*.json"))
    assert results
    for path in results:
        assert not history.PRIVATE.search(path.read_text("utf-8")), path


@pytest.mark.parametrize(
    "text",
    ['"/home/ada/x"', "https://a.example/simple", "file:x", f'"{socket.gethostname()}"'],
    ids=lambda text: text[:9],
)
def test_a_place_is_found(history: Any, tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text("{}")
    history.check_private(tmp_path)
    (tmp_path / "b.json").write_text(text)
    with pytest.raises(SystemExit, match=r"b\.json names a place"):
        history.check_private(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def keep(folder: Path, commit: str, **rows: list[Any]) -> None:
    folder.mkdir(exist_ok=True)
    columns = ["result", "params", "stats_ci_99_a", "stats_ci_99_b"]
    results = {f"scan.Scan.{name}": row for name, row in rows.items()}
    kept = json.dumps({"result_columns": columns, "results": results})
    (folder / f"{commit[:8]}-env.json").write_text(kept, "utf-8")


@pytest.mark.parametrize(
    ("row", "shown", "passes"),
    [
        ([[0.02], [], [0.019], [0.021]], "20.00 ms 2.00 x", True),
        ([[0.02], [], [0.001], [0.021]], "20.00 ms   same", True),
        ([[math.nan], []], "none", True),
        ([None, []], "FAILED", False),
    ],
    ids=["slower", "same", "none", "failed"],
)
def test_the_table(
    history: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    row: list[Any],
    shown: str,
    passes: bool,
) -> None:
    monkeypatch.setattr(history, "RESULTS", tmp_path)
    keep(tmp_path / "m", COMMITS[0], time_a=[[0.01], [], [0.009], [0.011]], track_b=[[2e6], []])
    keep(tmp_path / "m", COMMITS[1], time_a=row, track_b=[[3e6], []])
    assert history.table(COMMITS, "m") == passes
    _, head, first, second, _ = capsys.readouterr().out.splitlines()
    assert head.split() == [commit[:8] for commit in COMMITS]
    assert first.endswith(shown) and "10.00 ms" in first
    assert "2.0 MB" in second and second.endswith("3.0 MB 1.50 x")


def test_each_parameter_has_its_row(
    history: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(history, "RESULTS", tmp_path)
    params = [["'a'", "'b'"], ["1", "2"]]
    interval = [0.001, 0.0005, None, math.nan]
    keep(tmp_path / "m", COMMITS[0], time_a=[[0.001, 0.0005, None, math.nan], params, interval, interval])
    assert not history.table(COMMITS[:1], "m")
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[2:-1]]
    assert [row[1:3] for row in rows] == [["'a'", "1"], ["'a'", "2"], ["'b'", "1"]]
    assert [" ".join(row[3:]) for row in rows] == ["1.00 ms", "500.0 us", "FAILED"]


def test_nothing_measured_is_a_failure(history: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(history, "RESULTS", tmp_path)
    assert not history.table(COMMITS, "m")

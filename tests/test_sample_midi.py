"""The generator of sample MIDI files: what it says that it wrote is what its files hold."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import mido
import pytest

from fastcore import midi

BENCH = Path(__file__).resolve().parents[1] / "asv_bench"
pytestmark = [pytest.mark.native, pytest.mark.skipif(not BENCH.exists(), reason="needs the source tree")]
SETS = ("loops", "2 KB", "17 KB", "64 KB", "free")


@pytest.fixture(scope="module")
def sample() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCH))
        import sample_midi

        yield sample_midi


@pytest.mark.parametrize("name", SETS)
def test_files_hold_what_is_told_of_them(sample: Any, name: str) -> None:
    for number in range(12):
        data, notes, bpm = sample.song(name, number, 1)
        song = midi.read(data)
        assert len(data) == sample.SETS[name][1]
        assert song.status == "ok" and not song.warnings
        heard = [m for m in mido.MidiFile(file=io.BytesIO(data)) if m.type == "note_on" and m.velocity > 0]
        assert len(song.notes) == notes == len(heard)
        told = midi.analyze(data)
        assert (told.bpm_source == "written") == (bpm is not None) == (name != "free")
        if bpm is not None:
            assert told.bpm == pytest.approx(bpm, rel=1e-12)


def test_the_seed_decides(sample: Any) -> None:
    assert sample.song("2 KB", 3, 1) == sample.song("2 KB", 3, 1)
    assert sample.song("2 KB", 3, 1)[0] != sample.song("2 KB", 3, 2)[0]


def test_texts_fill_any_room(sample: Any) -> None:
    assert [len(sample.padding(room)) for room in range(4, 1000)] == list(range(4, 1000))


def test_a_folder_that_holds_something_else_is_left_alone(sample: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.mid").write_bytes(b"")
    with pytest.raises(FileExistsError, match="something else"):
        sample.build(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.mid"]


def test_files_are_made_once(sample: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "SETS", {name: (2, *sample.SETS[name][1:]) for name in ("loops", "free")})
    made = sample.build(tmp_path / "new")
    assert sorted(made["files"]) == ["free", "loops"] and len(made["files"]["loops"]) == 2
    first = tmp_path / "new" / "loops" / "0000.mid"
    first.write_bytes(b"kept")
    assert sample.build(tmp_path / "new") == made and first.read_bytes() == b"kept"
    assert sample.build(tmp_path / "new", seed=2) != made and first.stat().st_size == 597

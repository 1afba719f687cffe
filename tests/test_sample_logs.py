"""The generator of sample logs: the same bytes every time, and the counts that it claims."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import oracles
import pytest

import fastcore

BENCH = Path(__file__).resolve().parents[1] / "asv_bench"
pytestmark = pytest.mark.skipif(not BENCH.exists(), reason="needs the source tree")
SIZE, FILES = 1_000_000, 60


@pytest.fixture(scope="module")
def sample_logs() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCH))
        import sample_logs

        yield sample_logs


@pytest.fixture(scope="module")
def tree(sample_logs: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "tree"
    sample_logs.build(folder, SIZE, FILES)
    return folder


def made_of(folder: Path) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((folder / "planted.json").read_text("utf-8"))
    return made


def files_of(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.jsonl"))


def digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in files_of(folder):
        found.update(f"{path.relative_to(folder)} {path.stat().st_mtime_ns}".encode() + path.read_bytes())
    return found.hexdigest()


def parts_of(tree: Path) -> list[tuple[Path, dict[str, Any]]]:
    made = made_of(tree)
    return [(tree, made), *((tree / name, half) for name, half in made["halves"].items())]


def test_the_same_bytes_every_time(sample_logs: ModuleType, tree: Path, tmp_path: Path) -> None:
    again = sample_logs.build(tmp_path / "again", SIZE, FILES)
    assert again == made_of(tree)
    assert digest(tmp_path / "again") == digest(tree)
    assert sample_logs.build(tmp_path / "other", SIZE, FILES, seed=2)["planted"] != again["planted"]
    assert digest(tmp_path / "other") != digest(tree)


def test_a_tree_that_stands_is_left_alone(sample_logs: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    made = sample_logs.build(folder, 50_000, 5)
    changed = files_of(folder)[0]
    changed.write_bytes(b"mine")
    assert sample_logs.build(folder, 50_000, 5) == made
    assert changed.read_bytes() == b"mine"
    other = sample_logs.build(folder, 50_000, 4)  # other parameters: nothing of the old tree stays
    assert len(files_of(folder)) == 4 == other["files"]
    (folder / "planted.json").write_text(json.dumps({"parameters": other["parameters"]}))  # begun, not ended
    files_of(folder)[0].unlink()
    assert sample_logs.build(folder, 50_000, 4) == other
    assert len(files_of(folder)) == 4


def test_a_folder_of_others_is_refused(sample_logs: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "theirs.txt").write_text("keep")
    with pytest.raises(FileExistsError, match="something else"):
        sample_logs.build(tmp_path, 50_000, 5)
    assert [path.name for path in tmp_path.iterdir()] == ["theirs.txt"]


@pytest.mark.parametrize("writers", ["plain", "ascii", "hostile"])
def test_one_writer(sample_logs: ModuleType, tmp_path: Path, writers: str) -> None:
    made = sample_logs.build(tmp_path / "tree", 200_000, 8, writers=writers)
    content = b"".join(path.read_bytes() for path in files_of(tmp_path / "tree"))
    # The byte order mark and the broken lines are the same whoever writes.
    valid = [line for line in content.removeprefix(sample_logs.BOM).split(b"\n") if line not in sample_logs.BROKEN]
    assert (max(b"".join(valid).replace(sample_logs.BOM, b"")) > 127) == (writers != "ascii")
    assert (b"\\u00E9" in content) == (writers == "hostile")  # json.dumps writes it in lower case
    assert made["planted"][sample_logs.RARE]["records"] == sample_logs.PLANTED[sample_logs.RARE]


def test_what_the_files_look_like(tree: Path) -> None:
    made = made_of(tree)
    files = files_of(tree)
    assert len(files) == FILES == made["files"]
    assert sum(path.stat().st_size for path in files) == made["bytes"]
    assert SIZE * 0.8 < made["bytes"] < SIZE * 1.5
    assert SIZE * 0.3 <= max(path.stat().st_size for path in files) < SIZE * 0.4
    assert any(path.parent.name == "subagents" for path in files)
    for path in files:
        times = [
            oracles.fields(line.record)["time_us"]
            for line in oracles.lines_of(path.read_bytes())
            if line.record is not None
        ]
        own = [time for time in times if time is not None]
        assert own == sorted(own), path
        if times[-1] is not None:
            assert times[-1] == path.stat().st_mtime_ns // 1000, path


def test_lines_and_records(tree: Path) -> None:
    """Each line is what the generator counted it as; every type is there."""
    for folder, made in parts_of(tree):
        lines = [line for path in files_of(folder) for line in oracles.lines_of(path.read_bytes())]
        kinds = [line.kind for line in lines]
        assert len(lines) == made["lines"], folder.name
        for kind, name in (("record", "records"), ("error", "broken"), ("blank", "blank"), ("tail", "tails")):
            assert kinds.count(kind) == made[name], (folder.name, kind)
    types = {oracles.fields(line.record)["type"] for line in lines if line.record is not None}
    expected = (
        "user assistant system summary attachment progress queue-operation file-history-snapshot telemetry-v9 mode"
    )
    assert types >= {*expected.split(), "pr-link", None}
    assert min(made_of(tree)[name] for name in ("broken", "blank", "tails")) > 0


def test_planted_records(sample_logs: ModuleType, tree: Path) -> None:
    """The simplest count: json.loads, the text by the oracle, `in`."""
    for folder, made in parts_of(tree):
        found: dict[str, list[tuple[str, str, int]]] = {word: [] for word in made["planted"]}
        for path in files_of(folder):
            for number, line in enumerate(path.read_bytes().removeprefix(sample_logs.BOM).split(b"\n"), 1):
                try:
                    record = json.loads(line)
                except ValueError:
                    continue
                if isinstance(record, dict):
                    text = oracles.fields(oracles.parse_line(line))["text"].casefold()
                    for word in found:
                        if word.casefold() in text:
                            where = path.relative_to(tree).as_posix()
                            found[word].append((record.get("timestamp", ""), where, number))
        for word, planted in made["planted"].items():
            assert len(found[word]) == planted["records"], (folder.name, word)
            if word != sample_logs.COMMON:
                newest = sorted(found[word], key=lambda hit: hit[1:])
                newest.sort(key=lambda hit: hit[0], reverse=True)
                assert [list(hit) for hit in newest] == planted["newest"], (folder.name, word)
        assert abs(2 * made["planted"][sample_logs.COMMON]["records"] - made["records"]) <= 1
    assert {word: made_of(tree)["planted"][word]["records"] for word in sample_logs.PLANTED} == sample_logs.PLANTED


def test_planted_lines(tree: Path) -> None:
    """What `rg -c -i -F` counts: lines that hold the plain spelling, in any case."""
    for folder, made in parts_of(tree):
        lines = [line for path in files_of(folder) for line in path.read_bytes().split(b"\n")]
        folded = [line.decode("utf-8", "replace").casefold() for line in lines]
        for word, planted in made["planted"].items():
            assert sum(word.casefold() in line for line in folded) == planted["lines"], (folder.name, word)
    # Raw text alone gives the wrong answer: an escaped spelling is missed, a repetition outside the text is found.
    halves = made_of(tree)["halves"]
    assert halves["ascii"]["planted"]["Ωmega-zył"]["lines"] == 0 < halves["ascii"]["planted"]["Ωmega-zył"]["records"]
    assert halves["ascii"]["planted"]["lantern"]["lines"] > halves["ascii"]["planted"]["lantern"]["records"]


def test_scan_finds_what_was_planted(tree: Path) -> None:
    for folder, made in parts_of(tree):
        for word, planted in made["planted"].items():
            hits = fastcore.scan(folder, f'"{word}"', limit=50, validate="all")
            assert hits.stats.matches == planted["records"], (folder.name, word)
            assert (hits.stats.errors, hits.stats.tail) == (made["broken"], made["tails"])
            if planted["newest"]:
                where = [[Path(hit.path).relative_to(tree).as_posix(), hit.line] for hit in hits]
                assert where == [hit[1:] for hit in planted["newest"]], (folder.name, word)

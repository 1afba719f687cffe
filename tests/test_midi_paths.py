"""Which files `find` and `analyze_many` take, in which order, and what they do with what is not there."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcore import midi


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("b.mid", "a/z.MID", "a/.hidden/y.kar", "a.midi", "a/no.txt", "a0.rmi", "other.bin"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def found(*paths: str | Path) -> list[str]:
    return list(midi.find(paths))


def test_a_folder(library: Path) -> None:
    assert found(".") == ["./a.midi", "./a/.hidden/y.kar", "./a/z.MID", "./a0.rmi", "./b.mid"]
    assert found(library / "a") == [f"{library}/a/.hidden/y.kar", f"{library}/a/z.MID"]
    assert list(midi.find("a")) == list(midi.find(Path("a"))) == ["a/.hidden/y.kar", "a/z.MID"]
    assert found("a/") == ["a/.hidden/y.kar", "a/z.MID"]
    assert found() == []


def test_a_named_file_is_taken_whatever_its_name(library: Path) -> None:
    assert found("other.bin", "a/no.txt", "b.mid") == ["other.bin", "a/no.txt", "b.mid"]


def test_no_file_twice(library: Path) -> None:
    everything = ["./a.midi", "./a/.hidden/y.kar", "./a/z.MID", "./a0.rmi", "./b.mid"]
    assert found("b.mid", ".", "./b.mid") == ["b.mid", *everything[:-1]]
    assert found(".", "b.mid", "a", "a/z.MID", ".") == everything
    assert found(".", "other.bin") == [*everything, "other.bin"]
    assert found("a", ".") == ["a/.hidden/y.kar", "a/z.MID", "./a.midi", "./a0.rmi", "./b.mid"]
    assert found("b.mid", "b.mid", library / "b.mid") == ["b.mid"]


def test_globs(library: Path) -> None:
    assert found("*.mid*") == ["a.midi", "b.mid"]
    assert found("**/*.kar") == ["a/.hidden/y.kar"]
    (library / "a[1].mid").touch()
    assert found("a[1].mid") == ["a[1].mid"]
    with pytest.raises(FileNotFoundError):
        found("none*.mid")


def test_links_met_on_the_way_lead_to_files_alone(library: Path) -> None:
    (library / "a" / "loop").symlink_to(library)
    (library / "a" / "link.mid").symlink_to(library / "b.mid")
    (library / "a" / "broken.mid").symlink_to("nowhere")
    (library / "a" / "folder.mid").symlink_to(library)
    (library / "a" / "round.mid").symlink_to("round.mid")
    os.mkfifo(library / "a" / "fifo.mid")
    assert found("a") == ["a/.hidden/y.kar", "a/link.mid", "a/round.mid", "a/z.MID"]
    assert found("a", "a/link.mid", "a/fifo.mid") == [
        "a/.hidden/y.kar",
        "a/link.mid",
        "a/round.mid",
        "a/z.MID",
        "a/fifo.mid",
    ]
    assert found("a/link.mid") == ["a/link.mid"]
    assert found("a/loop/a0.rmi", "a/loop/b.mid") == ["a/loop/a0.rmi", "a/loop/b.mid"]


def test_what_is_not_there(library: Path) -> None:
    with pytest.raises(FileNotFoundError, match="gone"):
        found("b.mid", "gone.mid")
    errors: list[OSError] = []
    assert list(midi.find(["gone", "b.mid", "b.mid/x", ""], on_error=errors.append)) == ["b.mid"]
    assert [(error.filename, error.strerror) for error in errors] == [
        ("gone", "No such file or directory"),
        ("b.mid/x", "Not a directory"),
        ("", "No such file or directory"),
    ]


def test_a_folder_that_may_not_be_listed() -> None:
    errors: list[OSError] = []
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to others
        closed = Path(folder, "a")
        closed.mkdir()
        Path(folder, "b.mid").touch()
        Path(folder).chmod(0o755)
        closed.chmod(0)
        if user == 0:
            os.seteuid(65534)  # root may read everything
        try:
            assert list(midi.find(folder, on_error=errors.append)) == [f"{folder}/b.mid"]
        finally:
            os.seteuid(user)
    assert [(type(error), error.filename) for error in errors] == [(PermissionError, str(closed))]


def test_names_that_are_no_utf8_and_wrong_arguments(library: Path) -> None:
    (library / os.fsdecode(b"\xff.mid")).touch()
    assert found(".")[-1] == "./" + os.fsdecode(b"\xff.mid")
    for odd in (b"b.mid", 3, [b"b.mid"], [None]):
        with pytest.raises(TypeError):
            list(midi.find(odd))  # type: ignore[arg-type]


def test_analyze_many_takes_what_is_named(library: Path) -> None:
    def taken(*paths: str) -> list[str]:
        return [row["path"] for row in midi.analyze_many(paths, columns=["path"])]

    assert taken(".") == found(".")
    assert taken("b.mid", "gone", "a", "b.mid", "a", "*.mid") == [
        "b.mid", "gone", *found("a"), "b.mid", *found("a"), "*.mid",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="NUL"):
        midi.analyze_many("a\0")


def test_deep_folders(library: Path) -> None:
    """Deeper than Python's calls may nest."""
    depth = 1200
    for _ in range(depth):
        os.mkdir("d")
        os.chdir("d")
    Path("x.mid").touch()
    try:
        os.chdir(library)
        assert [path.count("/") for path in midi.find("d")] == [depth]
    finally:  # what shutil.rmtree, which nests calls, cannot remove
        subprocess.run(["rm", "-rf", library / "d"], check=True)


NAMES = st.sampled_from(["a", "b", "a.mid", "a0", "B.MID", ".mid"])


@given(st.sets(st.lists(NAMES, min_size=1, max_size=3).map(tuple)))
def test_the_order_is_that_of_paths(tmp_path_factory: pytest.TempPathFactory, names: set[tuple[str, ...]]) -> None:
    folder = tmp_path_factory.mktemp("library")
    for parts in names:
        path = folder.joinpath(*parts)
        if not any(parent.is_file() for parent in path.parents) and not path.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    wanted = [path for path in folder.rglob("*") if path.is_file() and path.name.lower().endswith(".mid")]
    assert found(folder) == sorted(map(str, wanted), key=os.fsencode)


def test_a_folder_that_is_called_like_a_file(library: Path) -> None:
    (library / "all.mid" / "deep.mid").mkdir(parents=True)
    for name in ("all.mid/deep.mid/1.mid", "all.mid/2.txt"):
        (library / name).touch()
    (library / "empty.mid").mkdir()
    table = midi.analyze_many(iter(["b.mid", "all.mid", "gone.mid", "empty.mid"]), columns=["path", "code"])
    assert table["path"].tolist() == ["b.mid", "all.mid/deep.mid/1.mid", "gone.mid"]
    assert table["code"].tolist() == ["empty", "empty", "not_found"]

"""`analyze` and `analyze_many`: by the oracles, by each other, on any number of threads and on executors."""

from __future__ import annotations

import copy
import datetime as dt
import doctest
import gzip
import os
import pickle
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import midi_files as m
import numpy as np
import oracles_midi as oracle
import pytest
from growth import assert_no_growth, needs_mallinfo2
from scale import some

import fastcore
from fastcore import MidiError
from fastcore._midi_columns import COLUMNS
from fastcore._midi_instruments import INSTRUMENTS, kit_name
from fastcore._native import midi as native
from fastcore.midi import Analysis, analyze, analyze_many, read

pytestmark = pytest.mark.native
DATA = Path(__file__).parent / "data"
SONGS = some(sorted(DATA.glob("pop909/*/*.mid")))
FILES = sorted([*SONGS, *DATA.glob("midi-odd/*.mid")])
SHOWN_LINES = 20
ORACLE_NOTES, ORACLE_QUARTERS = 10_000, 4000  # more take the oracles too long
KEY = ("pitched seconds", "albrecht-shanahan")
LINE = [60 + step for step in (0, 2, 4, 5, 7, 9, 11, 12)]


def scale(*before: bytes, channel: int = 0) -> bytes:
    return m.track(*before, *(m.note(pitch=pitch, channel=channel) for pitch in LINE))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The edge files, and the songs and odd files that are shipped."""
    folder = tmp_path_factory.mktemp("midi")
    for number, case in enumerate(m.CASES):
        (folder / f"{number:03d}.mid").write_bytes(case.data)
    for path in FILES:
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def rows_of(table: fastcore.Table) -> list[dict[str, Any]]:
    return table.to_dicts()


def check_row(row: dict[str, Any], path: Path) -> None:
    """A row by the oracles, and by the functions that other tests compare with theirs."""
    data = path.read_bytes()
    song = native.read(data)
    assert row["path"] == str(path) and row["size"] == len(data) and row["hash"] == oracle.file_hash(data)
    assert row["mtime"] == dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(
        microseconds=path.stat().st_mtime_ns // 1000
    )
    assert (row["code"] or "ok") == song["code"]
    if song["code"] != "ok":
        assert row["status"] == "error" and row["offset"] == song["offset"]
        known = {"path", "size", "mtime", "hash", "status", "code", "offset", "name_tempo", "name_key"}
        assert all(value is None for name, value in row.items() if name not in known)
        return
    for name in ("status", "offset", "format", "tracks", "tpqn", "duration"):
        assert row[name] == song[name], name
    assert row["warnings"] == list(song["warnings"])
    check_facts(row, song, data)
    check_tempo(row, song, data)
    check_texts(row, read(path))


def check_facts(row: dict[str, Any], song: dict[str, Any], data: bytes) -> None:
    # What the oracles take too long for, the core's own function tells, which their tests compare.
    small = song["end_tick"] <= ORACLE_QUARTERS * (song["tpqn"] or 1) and len(song["notes"]) <= ORACLE_NOTES
    found = native.facts(data)
    wanted = {**found, **(oracle.facts(song, data) if small else {})}
    if small:
        wanted["bars"] = oracle.bars(song)
    for name in COLUMNS:
        if name not in wanted or name in ("time_signature", "key_signature", "pitch_bend", "key", "key_second"):
            continue
        value = wanted[name]
        if isinstance(value, float):
            assert row[name] == pytest.approx(value, rel=1e-9, abs=1e-12), name
        else:
            assert row[name] == value, name
    meter, key = wanted["time_signature"], wanted["key_signature"]
    assert row["time_signature"] == (None if meter is None else f"{meter[0]}/{meter[1]}")
    assert (row["key_signature"] is None) == (key is None)
    if key is not None:
        assert row["key_signature"].endswith("minor" if key[1] else "major")
    assert row["pitch_bend"] == (None if wanted["pitch_bend"] is None else list(wanted["pitch_bend"]))
    best, second, _, confidence = oracle.key_of_song(song, *KEY) if small else native.key_of_file(data, *KEY)
    assert row["key"] == (None if best is None else native.KEYS[best])
    assert row["key_second"] == (None if best is None else native.KEYS[second])
    assert row["key_confidence"] == (None if best is None else pytest.approx(confidence, abs=1e-9))
    names = [INSTRUMENTS[program] for program in wanted["programs"]] + [kit_name(kit) for kit in wanted["kits"]]
    assert row["instruments"] == names
    assert row["chord_count"] == sum(chord["quality"] != oracle.QUALITIES.index("N.C.") for chord in found["chords"])


def check_tempo(row: dict[str, Any], song: dict[str, Any], data: bytes) -> None:
    wanted = native.tempo(data)
    assert (row["bpm"], row["bpm_source"], row["bpm_confidence"]) == tuple(
        wanted[name] for name in ("bpm", "source", "confidence")
    )
    assert row["bpm_alternatives"] == [bpm for bpm, _ in wanted["alternatives"]]
    assert (row["bpm_initial"], row["bpm_min"], row["bpm_max"]) == (wanted["written"] or (None,) * 3)
    assert row["tempo_changes"] == (None if song["tpqn"] is None else wanted["changes"])
    assert row["tempo_stability"] == wanted["stability"]
    if len(np.unique(song["notes"]["start"])) < 8:
        assert row["bpm"] is None and row["bpm_source"] == "none"


def check_texts(row: dict[str, Any], song: fastcore.midi.Song) -> None:
    assert row["track_names"] == [name for name in song.track_names if name]
    assert row["text"] == [t.text for t in song.texts if t.kind not in ("track_name", "lyric") and t.raw]
    lyrics = [text.raw for text in song.texts if text.kind == "lyric"]
    if any(lyrics) and b"".join(lyrics).isascii():
        assert row["lyrics"] == b"".join(lyrics).rstrip(b"\0").decode()
    assert (row["lyrics"] is None) == (not any(lyrics))


def test_rows_are_what_the_oracles_say(folder: Path) -> None:
    table = analyze_many(folder)
    paths = sorted(folder.iterdir(), key=os.fsencode)
    assert table.columns == tuple(COLUMNS) and len(table) == len(paths) > len(m.CASES)
    for row, path in zip(rows_of(table), paths, strict=True):
        check_row(row, path)


def test_a_file_alone_is_its_row(folder: Path) -> None:
    for row in rows_of(analyze_many(folder)):
        path = row["path"]
        if row["status"] == "error":
            with pytest.raises(MidiError) as caught:
                analyze(path)
            assert (caught.value.code, caught.value.offset, caught.value.path) == (row["code"], row["offset"], path)
            continue
        alone = analyze(path)
        assert alone.to_dict() == row
        assert {name: getattr(alone, name) for name in COLUMNS if name != "notes"} == {
            name: value for name, value in row.items() if name != "notes"
        }
        assert alone.song == read(path) and np.array_equal(alone.notes, read(path).notes)
        assert len(alone.notes) == row["notes"] and len(repr(alone).splitlines()) <= SHOWN_LINES
        assert alone.chords.tolist() == native.facts(Path(path).read_bytes())["chords"].tolist()
        assert len(alone.chord_names) - alone.chord_names.count("N.C.") == row["chord_count"]


@pytest.mark.parametrize("tempo", ["auto", "written", "onsets"])
def test_threads_make_no_difference(folder: Path, tempo: str) -> None:
    one = analyze_many(folder, threads=1, tempo=tempo)
    for threads in (2, 5):
        assert analyze_many(folder, threads=threads, tempo=tempo) == one
    assert rows_of(one)[-1]["bpm"] == analyze(rows_of(one)[-1]["path"], tempo=tempo).bpm


def test_columns(folder: Path) -> None:
    table = analyze_many(folder)
    for name in COLUMNS:
        assert analyze_many(folder, columns=[name]) == table[[name]], name
    some = ["lyrics", "key", "path"]
    assert analyze_many(folder, columns=iter(some)) == table[some]
    assert len(analyze_many(folder, columns=[])) == 0 and analyze_many([], columns=some).columns == tuple(some)
    with pytest.raises(ValueError, match=r"no 'tempo'; known are path, .*, name_key"):
        analyze_many(folder, columns=["path", "tempo"])
    with pytest.raises(TypeError, match=r"\['bpm'\]"):
        analyze_many(folder, columns="bpm")


def test_types_do_not_depend_on_files(folder: Path) -> None:
    types = analyze_many(folder).types
    for paths in ([], [folder / "nowhere.mid"], SONGS[:1]):
        assert analyze_many(paths).types == types
    assert types["bpm"] == "float64?" and types["programs"] == "list[uint8]?" and types["mtime"] == "time?"


def test_executors(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    relative: list[str | os.PathLike[str]] = [folder.name, "nowhere.mid", SONGS[0]]
    table = analyze_many(relative)
    told: list[tuple[int, int, str]] = []
    with ThreadPoolExecutor(3) as threads:
        monkeypatch.setattr("fastcore._midi_executor.TASK_COST_MIN", 1)
        assert analyze_many(relative, executor=threads, progress=lambda *now: told.append(now)) == table
        assert told[0] == (0, len(table), "files") and told[-1] == (len(table), len(table), "files")
        assert len(told) > 5
        assert analyze_many(relative, executor=threads, columns=["path", "bpm"]) == table[["path", "bpm"]]
        assert analyze_many([], executor=threads) == analyze_many([])
        with pytest.raises(ZeroDivisionError):
            analyze_many(relative, executor=threads, progress=lambda done, total, unit: done and 1 / 0)
    with ProcessPoolExecutor(2) as processes:
        assert analyze_many(relative, executor=processes) == table
    with pytest.raises(TypeError, match="executor"):
        analyze_many(relative, executor=3)  # type: ignore[arg-type]


def test_what_is_no_song_is_a_row(tmp_path: Path) -> None:
    (tmp_path / "empty.mid").write_bytes(b"")
    (tmp_path / "zipped.mid").write_bytes(gzip.compress(SONGS[0].read_bytes()))
    (tmp_path / "page.mid").write_bytes(b"<!DOCTYPE html><html></html>")
    (tmp_path / "secret.mid").write_bytes(SONGS[0].read_bytes())
    (tmp_path / "secret.mid").chmod(0)
    os.mkfifo(tmp_path / "fifo.mid")
    (tmp_path / "song.mid").write_bytes(SONGS[0].read_bytes())
    (tmp_path / "loop.mid").symlink_to("loop.mid")
    names = "fifo.mid nowhere.mid empty.mid song.mid zipped.mid page.mid secret.mid loop.mid song.mid/x".split()
    table = analyze_many([tmp_path / name for name in names], threads=2)
    codes = dict(zip(names, table["code"].tolist(), strict=True))
    secret = codes.pop("secret.mid")
    assert secret == ("no_permission" if os.geteuid() else None)  # root reads it all the same
    assert codes == {
        "fifo.mid": "not_a_file",
        "nowhere.mid": "not_found",
        "empty.mid": "empty",
        "song.mid": None,
        "zipped.mid": "gzip",
        "page.mid": "html",
        "loop.mid": "io_error",
        "song.mid/x": "not_found",
    }
    row = table[1]
    assert row.pop("path").endswith("nowhere.mid") and row.pop("status") == "error" and row.pop("code") == "not_found"
    assert set(row.values()) == {None}
    assert table[2]["size"] == 0 and table[2]["offset"] == 0 and table[2]["bpm"] is None
    for name in names:
        if name != "song.mid" and codes.get(name):
            with pytest.raises((OSError, MidiError)):
                analyze(tmp_path / name)


def test_folders_are_walked(tmp_path: Path) -> None:
    song = SONGS[0].read_bytes()
    for name in ("b.mid", "a/z.MIDI", "a/y.kar", "a-b.rmi", ".hidden/x.mid", "no.txt", "midi"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(song)
    (tmp_path / "folder.mid").mkdir()
    (tmp_path / "folder.mid/c.mid").write_bytes(song)
    (tmp_path / "up").symlink_to(tmp_path)
    (tmp_path / "link.mid").symlink_to("b.mid")
    os.mkfifo(tmp_path / "fifo.mid")
    found = [os.path.relpath(path, tmp_path) for path in analyze_many(tmp_path, columns=["path"])["path"]]
    assert found == [".hidden/x.mid", "a-b.rmi", "a/y.kar", "a/z.MIDI", "b.mid", "folder.mid/c.mid", "link.mid"]
    named = [tmp_path / "no.txt", tmp_path / "a", tmp_path / "b.mid", tmp_path / "b.mid"]
    found = [os.path.relpath(path, tmp_path) for path in analyze_many(named, columns=["path"])["path"]]
    assert found == ["no.txt", "a/y.kar", "a/z.MIDI", "b.mid", "b.mid"]
    if os.geteuid():
        (tmp_path / "a").chmod(0)
        row = analyze_many(tmp_path / "a")[0]
        (tmp_path / "a").chmod(0o700)
        assert row["path"] == str(tmp_path / "a") and row["code"] == "no_permission"


def test_names_of_files(tmp_path: Path) -> None:
    for name in ("a_120bpm_F#m.mid", os.fsdecode(b"caf\xe9.mid"), "é 90 BPM.mid"):
        (tmp_path / name).write_bytes(m.smf(scale()))
    rows = rows_of(analyze_many(tmp_path, columns=["path", "name_tempo", "name_key", "notes"]))
    assert [(row["name_tempo"], row["name_key"]) for row in rows] == [(120, "F# minor"), (None, None), (90, None)]
    assert [row["notes"] for row in rows] == [8] * 3
    assert rows[1]["path"].endswith("caf\\xe9.mid")


def test_texts_of_any_charset() -> None:
    kana = "ドラム".encode("shift-jis")
    song = m.smf(
        m.track(m.meta(0, 3, kana), m.meta(0, 1, b"plain"), m.meta(0, 2, "é".encode("latin-1") + b"t\xe9"), m.note()),
        m.track(m.meta(0, 3, "Flöte".encode()), m.meta(0, 5, b"la\0"), m.meta(0, 5, b"la\0")),
        m.track(m.meta(0, 6, b"end\0\0"), m.meta(0, 3, b"")),
    )
    told = analyze(song)
    assert told.track_names == ["ドラム", "Flöte"] and told.text == ["plain", "été", "end"]
    assert told.lyrics == "la\0la" and told.has_lyrics
    assert analyze(song, charset="cp1252").track_names == [kana.decode("cp1252", "replace"), "FlÃ¶te"]
    with pytest.raises(LookupError):
        analyze(song, charset="klingon")
    with pytest.raises(LookupError):
        analyze_many([], charset="klingon")


def test_the_reference_weights_ticks_and_counts_drums() -> None:
    data = m.smf(
        scale(m.tempo(0, 1_000_000)),
        m.track(m.tempo(8 * m.TPQN, 250_000), m.event(8 * m.TPQN, 0xB0, 7, 1)),
        scale(channel=9),
    )
    told, odd = analyze(data), analyze(data, profile="reference")
    assert told.bpm == pytest.approx(96) and odd.bpm == pytest.approx(150)
    wanted = oracle.key_of_song(native.read(data), "all count", "krumhansl-kessler")
    assert odd.key == native.KEYS[wanted[0]] and odd.key_confidence == pytest.approx(wanted[3], abs=1e-9)
    assert odd.duration == told.duration == 10
    for path in SONGS:
        song = read(path)
        segments, end = song.tempo_map.segments, song.end_tick
        held = np.diff([*segments["tick"].tolist(), max(end, int(segments["tick"][-1]))])
        mean = float((held * (60e6 / segments["us_per_quarter"])).sum() / held.sum())
        assert analyze(path, profile="reference").bpm == pytest.approx(mean)
    with pytest.raises(ValueError, match="profile='mine'"):
        analyze(data, profile="mine")
    with pytest.raises(ValueError, match="tempo='fast'"):
        analyze(data, tempo="fast")
    with pytest.raises(ValueError, match="tempo='fast'"):
        analyze_many([], tempo="fast")


def roll_by_hand(notes: Any, fs: float) -> np.ndarray:
    """Frame by frame."""
    notes = [note for note in notes if note["channel"] != 9]
    spans = [(int(np.floor(n["start_s"] * fs)), int(np.ceil(n["end_s"] * fs))) for n in notes]
    spans = [(first, max(end, first + 1)) for first, end in spans]
    roll = np.zeros((128, max((end for _, end in spans), default=0)), np.uint8)
    for note, (first, end) in zip(notes, spans, strict=True):
        for frame in range(first, end):
            roll[note["pitch"], frame] = max(roll[note["pitch"], frame], note["velocity"])
    return roll


@pytest.mark.parametrize("fs", [1, 10, 33.3])
def test_piano_roll(fs: float) -> None:
    overlapping = m.smf(m.track(m.on(0, 60, velocity=90), m.on(5, 60, velocity=30), m.off(600), m.off(9)), scale())
    sources: list[Any] = [overlapping, m.smf(scale(channel=9)), *SONGS[:2]]
    for source in sources:
        told = analyze(source)
        roll = told.piano_roll(fs)
        assert roll.shape[0] == 128 and roll.dtype == np.uint8
        assert np.array_equal(roll, roll_by_hand(told.notes, fs))


def test_a_piano_roll_of_absurd_length_is_refused() -> None:
    long = analyze(m.smf(m.track(m.on(0), *(m.event(0x0FFFFFFF, 0xB0, 7, 1) for _ in range(20)), m.off(0))))
    with pytest.raises(ValueError, match="more than 256 MB; ask for a lower fs"):
        long.piano_roll()
    assert long.piano_roll(fs=1e-3).any()
    for fs in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="above 0"):
            long.piano_roll(fs)


def test_an_analysis_is_a_value() -> None:
    told = analyze(SONGS[0])
    for twin in (pickle.loads(pickle.dumps(told)), copy.copy(told), copy.deepcopy(told)):
        assert twin == told and hash(twin) == hash(told) and repr(twin) == repr(told)
        assert not twin.chords.flags.writeable and not twin.notes.flags.writeable
    assert told != analyze(SONGS[1]) and told != 3
    with pytest.raises(AttributeError, match="immutable"):
        told.bpm = 3
    with pytest.raises(AttributeError, match="no attribute 'beat'"):
        told.beat  # noqa: B018
    assert {"bpm", "notes", "chord_names"} <= set(dir(told))
    assert set(Analysis.__annotations__) >= set(COLUMNS) - {"notes"}


def test_sources(tmp_path: Path) -> None:
    data = SONGS[0].read_bytes()
    told = analyze(SONGS[0])
    sources: list[Any] = [data, bytearray(data), memoryview(data), str(SONGS[0])]
    for source in sources:
        assert analyze(source).song.notes.tobytes() == told.notes.tobytes() and analyze(source).hash == told.hash
    with SONGS[0].open("rb") as file:
        assert analyze(file).path == str(SONGS[0])
    assert analyze(data).path is None and analyze(data).mtime is None
    with pytest.raises(TypeError):
        analyze(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="NUL"):
        analyze("a\0b")
    with pytest.raises(ValueError, match="NUL"):
        analyze_many("a\0b")
    with pytest.raises(TypeError, match="analyze takes bytes"):
        analyze_many(data)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not bytes"):
        analyze_many([data])  # type: ignore[list-item]
    with pytest.raises(IsADirectoryError):
        analyze(tmp_path)


def test_the_page_of_units_names_every_column() -> None:
    page = fastcore.midi.__doc__ or ""
    assert [name for name in COLUMNS if name not in page.replace(",", " ").replace(";", " ").split()] == []


@pytest.mark.parametrize("name", ["Analysis", "analyze", "analyze_many"])
def test_examples_in_docstrings(name: str) -> None:
    thing = getattr(fastcore.midi, name)
    test = doctest.DocTestParser().get_doctest(thing.__doc__, {name: thing}, name, None, 0)
    assert test.examples and doctest.DocTestRunner(verbose=False).run(test).failed == 0


def test_progress(folder: Path) -> None:
    told: list[tuple[int, int, str]] = []
    table = analyze_many([folder] * 20, progress=lambda *now: told.append(now), threads=2)
    assert told[-1] == (len(table), len(table), "files") and sorted(told) == told
    with pytest.raises(ZeroDivisionError):
        analyze_many(folder, progress=lambda done, total, unit: 1 / 0)
    assert analyze_many(folder, progress=False, columns=["path"]) == analyze_many(folder, columns=["path"])


def test_ctrl_c_ends_it(folder: Path) -> None:
    code = """
import sys
from fastcore.midi import analyze_many
print("ready", flush=True)
try:
    while True:
        analyze_many([sys.argv[1]] * 50, threads=2)
except KeyboardInterrupt:
    print("interrupted")"""
    process = subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30)[0] == "interrupted\n"
    assert process.returncode == 0


def no_song() -> None:
    with pytest.raises(MidiError):
        analyze(b"<html>")


@needs_mallinfo2
def test_nothing_is_left_behind(folder: Path) -> None:
    song = m.smf(scale(m.meta(0, 3, b"name"), m.meta(0, 1, b"text")))
    small = sorted(folder.glob("0*.mid"))[:8]
    assert_no_growth("analyze", lambda: analyze(song).to_dict(), 60)
    assert_no_growth("analyze_many", lambda: analyze_many(small, threads=2), 60)
    assert_no_growth("no song", no_song, 200)


def test_the_alternatives_are_those_of_the_row(tmp_path: Path) -> None:
    beats = [m.note(0 if i == 0 else m.TPQN // 4, m.TPQN // 4, 60 + i % 5) for i in range(64)]
    (tmp_path / "a.mid").write_bytes(m.smf(m.track(*beats)))
    found = analyze(tmp_path / "a.mid", tempo="onsets").alternatives
    table = analyze_many([tmp_path / "a.mid"], tempo="onsets")
    assert found and [bpm for bpm, _ in found] == list(table["bpm_alternatives"][0])
    assert all(0 <= score <= 1 for _, score in found)

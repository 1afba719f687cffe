"""Reading MIDI files: every corner of the format, generated files, damaged ones, and mido as a second opinion."""

from __future__ import annotations

import copy
import io
import os
import pickle
import random
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from midi_files import CASES, END, ONE, TPQN, Case, event, header, meta, note, on, quantity, smf, tempo, track
from midi_oracle import Song as Oracle
from midi_oracle import facts
from scale import scaled, some

from fastcore import midi
from fastcore._midi_text import decode
from fastcore._native import midi as native
from fastcore.errors import MidiError

pytestmark = pytest.mark.native

SHIPPED = Path(__file__).parent / "data"
GIVEN = Path(os.environ.get("FASTCORE_DATA", SHIPPED))
SONGS = some(sorted((GIVEN / "pop909").glob("*/*.mid")) or sorted((SHIPPED / "pop909").glob("*/*.mid")))
ODD = sorted((GIVEN / "midi-odd").glob("*.mid")) or sorted((SHIPPED / "midi-odd").glob("*.mid"))
SMALL = 100_000  # bytes, up to which the oracle is quick enough
SLOWEST = 30.0  # seconds, which no file may take


def test_the_data_is_there() -> None:
    print(f"songs: {len(SONGS)} in {SONGS[0].parents[1]}, odd files: {len(ODD)} in {ODD[0].parent}")
    assert len(SONGS) >= len(some([Path()] * 20)) and len(ODD) == 72


def lists(array: np.ndarray[Any, Any], *names: str) -> list[tuple[Any, ...]]:
    return list(zip(*(array[name].tolist() for name in names), strict=True))


def assert_like_the_oracle(data: bytes) -> None:
    want, got = Oracle(data), native.read(data)
    assert got["code"] == want.code
    if want.code != "ok":
        return
    assert set(got["warnings"]) == want.warnings
    assert (got["status"] == "damaged") == (got["offset"] is not None)
    assert got["note_ons"] == len(want.notes)
    assert got["track_ends"].tolist() == want.ends and got["tracks"] == len(want.ends)
    assert (got["format"], got["end_tick"]) == (want.format, max(want.ends))
    assert got["tracks_declared"] == max(want.declared, 0)
    assert (got["tpqn"] or 0) == want.tpqn
    notes = got["notes"]
    assert lists(notes, "start", "end", "track", "channel", "pitch", "velocity") == [tuple(n[:6]) for n in want.notes]
    assert notes["program"].tolist() == [want.program_of(n) for n in want.notes]
    assert lists(got["controls"], "tick", "track", "kind", "channel", "number", "value") == want.controls
    assert lists(got["tempos"], "tick", "us_per_quarter", "track") == want.tempos
    assert lists(got["time_signatures"], "tick", "track", "numerator", "denominator_exponent") == want.meters
    assert lists(got["key_signatures"], "tick", "track", "sharps", "minor") == want.keys
    assert got["texts"] == want.texts
    times = facts(want)
    seconds = np.array(times["times"]).reshape(-1, 2)
    assert np.allclose(notes["start_s"], seconds[:, 0], rtol=1e-12, atol=1e-12)
    assert np.allclose(notes["end_s"], seconds[:, 1], rtol=1e-12, atol=1e-12)
    assert got["duration"] == pytest.approx(times["duration"], rel=1e-12)
    assert got["bpm"] == (times["bpm"] and pytest.approx(times["bpm"], rel=1e-12))


def known(song: midi.Song, raw: native.Parsed) -> dict[str, Any]:
    """Every fact that a case may name."""
    notes = song.notes
    first = notes[0] if len(notes) else None
    return {
        "format": song.format,
        "tracks": song.tracks,
        "tracks_declared": song.tracks_declared,
        "tpqn": song.tpqn,
        "ticks_per_second": song.ticks_per_second,
        "end_tick": song.end_tick,
        "duration": song.duration,
        "bpm": raw["bpm"],
        "tempo_changes": song.tempo_map.changes,
        "offset": song.offset,
        "ends": [float(song.tempo_map.seconds(tick, i)) for i, tick in enumerate(song.track_ends[:9].tolist())],
        "start": None if first is None else int(first["start"]),
        "program": None if first is None else int(first["program"]),
        "channel": None if first is None else int(first["channel"]),
        "spans": lists(notes, "start", "end"),
        "tracks_of": notes["track"].tolist(),
        "meters": lists(song.time_signatures, "numerator", "denominator_exponent"),
        "keys": lists(song.key_signatures, "sharps", "minor"),
        "names": song.track_names,
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_corner_of_the_format(case: Case) -> None:
    began = time.perf_counter()
    raw = native.read(case.data)
    took = time.perf_counter() - began
    print(f"{took * 1000:.1f} ms for {len(case.data)} bytes")
    assert took < SLOWEST
    if case.code != "ok":
        with pytest.raises(MidiError) as caught:
            midi.read(case.data)
        assert (caught.value.code, caught.value.path) == (case.code, None)
        return
    began = time.perf_counter()
    whole = midi.analyze(case.data, tempo="onsets")
    took = time.perf_counter() - began
    print(f"{took * 1000:.1f} ms with all that is told of it")
    assert took < SLOWEST and (whole.status, len(whole.notes)) == (case.status, case.note_ons)
    song = midi.read(case.data)
    assert set(song.warnings) == set(case.warnings.split())
    assert (song.status, raw["note_ons"], len(song.notes)) == (case.status, case.note_ons, case.note_ons)
    facts_of = known(song, raw)
    for name, value in case.facts.items():
        assert facts_of[name] == (pytest.approx(value) if isinstance(value, (float, tuple)) else value), name
    assert len(repr(song).splitlines()) <= 20
    if len(case.data) < SMALL and case.data[:4] != b"RIFF":
        assert_like_the_oracle(case.data)


def test_every_warning_and_code_has_its_case() -> None:
    assert {name for case in CASES for name in case.warnings.split()} == set(midi.Song.WARNINGS)
    assert {case.code for case in CASES} == set(native.CODES) - {"too_large", "no_memory"}


BYTES7 = st.integers(0, 127)
TEXTS = st.builds(meta, st.just(0), st.integers(0, 16), st.binary(max_size=5))
DELTAS = st.one_of(st.sampled_from([0, 0, 0, 1, 127, 128, TPQN]), st.integers(0, 0x0FFFFFFF))


@st.composite
def messages(draw: st.DrawFn) -> tuple[int, bytes]:
    """A time and a whole message, of few channels and pitches so that notes meet."""
    kind = draw(st.sampled_from([8, 9, 9, 9, 10, 11, 12, 13, 14, 15]))
    delta = draw(DELTAS)
    if kind == 15:
        choices = [TEXTS, st.builds(tempo, st.just(0), st.integers(0, 2**24 - 1)), st.just(b"\0\xf0\2\1\xf7")]
        return delta, draw(st.one_of(choices))[1:]
    channel, first = draw(st.integers(0, 2)), draw(st.integers(60, 62))
    data = [first] if kind in (12, 13) else [first, draw(st.sampled_from([0, 1, 64, 127]))]
    return delta, bytes([kind << 4 | channel, *data])


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A file as a program would write it: with running status or without, in any format."""
    tracks = []
    for events in draw(st.lists(st.lists(messages(), max_size=30), min_size=1, max_size=4)):
        written, status = [], 0
        for delta, message in events:
            short = message[0] == status < 0xF0 and draw(st.booleans())
            written.append(quantity(delta, draw(st.integers(1, 5))) + message[short:])
            status = message[0]
        tracks.append(track(*written, end=draw(st.sampled_from([END, END, b""]))))
    division = draw(st.sampled_from([1, 96, TPQN, 0x7FFF, 0xE728, 0xE350]))
    return smf(*tracks, kind=draw(st.sampled_from([0, 1, 1, 2])), division=division)


@given(files())
def test_generated_files_say_what_the_oracle_says(data: bytes) -> None:
    assert_like_the_oracle(data)


@given(files(), st.data())
def test_cut_files_say_what_the_oracle_says(data: bytes, draw: st.DataObject) -> None:
    assert_like_the_oracle(data[: draw.draw(st.integers(0, len(data)))])


def mutated(data: bytes, seeded: random.Random) -> bytes:
    """The bytes with some changed, taken out, doubled or put in."""
    changed = bytearray(data)
    for _ in range(seeded.choice([1, 1, 2, 5, 20])):
        at, size = seeded.randrange(len(changed) + 1), seeded.choice([1, 1, 2, 4, 40])
        match seeded.randrange(4):
            case 0 if at < len(changed):
                changed[at] = seeded.choice([0, 0x7F, 0x80, 0xFF, seeded.randrange(256)])
            case 1:
                del changed[at : at + size]
            case 2:
                changed[at:at] = changed[at : at + size]
            case _:
                inserted = [b"MTrk", b"MThd", b"\0\xff\x2f\0", b"\xff\xff\xff\xff", b"\x90", b"\0\0\0\0\0\0\0"]
                changed[at:at] = seeded.choice(inserted)
    return bytes(changed)


def test_mutations_say_what_the_oracle_says() -> None:
    """10,000 at torture."""
    seed = 20240607
    print(f"seed: {seed}")
    seeded = random.Random(seed)
    seeds = (
        [path.read_bytes() for path in ODD] + [case.data for case in CASES] + [path.read_bytes() for path in SONGS[:5]]
    )
    seeds = [data for data in seeds if 0 < len(data) < 20_000 and data[:4] != b"RIFF"]
    slowest = 0.0
    for _ in range(scaled(334)):
        data = mutated(seeded.choice(seeds), seeded)
        began = time.perf_counter()
        native.read(data)
        slowest = max(slowest, time.perf_counter() - began)
        try:
            assert_like_the_oracle(data)
        except AssertionError:
            print(data.hex())
            raise
    print(f"slowest: {slowest * 1000:.1f} ms")
    assert slowest < SLOWEST


def test_noise_is_read_to_its_end() -> None:
    seeded = random.Random(3)
    for _ in range(scaled(200)):
        noise = seeded.randbytes(seeded.randrange(400))
        body = bytes(byte & seeded.choice([0x7F, 0xFF, 0x9F]) for byte in noise)
        assert_like_the_oracle(smf(track(body, end=b"")))


@pytest.mark.parametrize("folder", [SONGS, ODD], ids=["songs", "odd"])
def test_mido_finds_the_same_notes_at_the_same_times(folder: list[Path]) -> None:
    compared = 0
    for path in folder:
        try:
            theirs = mido.MidiFile(path)
        except (OSError, EOFError, ValueError, IndexError, KeyError):
            continue  # mido refuses it
        song = midi.read(path)
        heard = [m for t in theirs.tracks for m in t if m.type == "note_on" and m.velocity > 0]
        assert len(song.notes) == len(heard), path
        if theirs.type != 2:  # mido merges no independent sequences
            now, onsets = 0.0, []
            for message in theirs:
                now += message.time
                if message.type == "note_on" and message.velocity > 0:
                    onsets.append((now, message.channel, message.note, message.velocity))
            ours = sorted(lists(song.notes, "start_s", "channel", "pitch", "velocity"))
            for mine, other in zip(ours, sorted(onsets), strict=True):
                assert abs(mine[0] - other[0]) < 1e-4 and mine[1:] == other[1:], path
        compared += 1
    print(f"compared: {compared} of {len(folder)}")
    assert compared >= 0.8 * len(folder)


def test_the_odd_files_and_songs_say_what_the_oracle_says() -> None:
    for path in [*ODD, *SONGS[:20]]:
        if path.stat().st_size < SMALL:
            assert_like_the_oracle(path.read_bytes())


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 13, 1000])
def test_sources(size: int, tmp_path: Path) -> None:
    data = smf(track(*[note(pitch=i % 128) for i in range(size)]))
    path = tmp_path / "song\udcff.mid"
    path.write_bytes(data)
    sources = [path, str(path), data, bytearray(data), memoryview(data), io.BytesIO(data), path.open("rb")]
    songs = [midi.read(source) for source in sources]
    assert all(song == songs[0] and hash(song) == hash(songs[0]) for song in songs)
    assert [song.path for song in songs] == [str(path)] * 2 + [None] * 4 + [str(path)]


def test_what_is_no_source(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        midi.read(tmp_path)
    with pytest.raises(FileNotFoundError):
        midi.read(tmp_path / "nowhere.mid")
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(OSError, match="regular"):
        midi.read(tmp_path / "fifo")
    with pytest.raises(OSError, match="regular"):
        midi.read("/dev/null")
    with pytest.raises(ValueError, match="NUL"):
        midi.read("a\0b")
    with pytest.raises(PermissionError) if os.geteuid() else nullcontext():
        (tmp_path / "closed").write_bytes(ONE)
        (tmp_path / "closed").chmod(0)
        midi.read(tmp_path / "closed")
    with pytest.raises(TypeError, match="path"):
        midi.read(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="binary"):
        midi.read(io.StringIO("x"))  # type: ignore[arg-type]
    with pytest.raises(LookupError):
        midi.read(ONE, charset="no such codec")


def test_a_file_that_is_longer_than_it_says_is_read_to_its_end() -> None:
    """As one of size 0 in /proc is."""
    with pytest.raises(MidiError) as caught:
        midi.read("/proc/self/stat")
    assert caught.value.code == "not_midi"


def test_an_error_says_what_where_and_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b.mid"
    path.write_bytes(b"\x1f\x8b123")
    with pytest.raises(MidiError, match="decompress") as caught:
        midi.read(path)
    error = pickle.loads(pickle.dumps(caught.value))
    assert (error.code, error.path, error.offset) == ("gzip", str(path), 0)
    assert str(error) == str(caught.value) and "\x1b" not in str(error)


def test_a_song_is_a_value() -> None:
    data = smf(track(meta(0, 3, b"A name"), tempo(0, 400_000), note(), on(5)), track(event(0, 0xB0, 7, 100)))
    song = midi.read(data)
    for other in (pickle.loads(pickle.dumps(song)), copy.copy(song), copy.deepcopy(song), midi.read(data)):
        assert other == song and hash(other) == hash(song) and repr(other) == repr(song)
        assert other.tempo_map == song.tempo_map and hash(other.tempo_map) == hash(song.tempo_map)
        with pytest.raises(ValueError, match="read-only"):
            other.notes["pitch"] = 0
    assert song != midi.read(ONE) and song != 5 and song.tempo_map != midi.read(ONE).tempo_map
    with pytest.raises(AttributeError, match="immutable"):
        song.path = "x"  # type: ignore[misc]
    with pytest.raises(AttributeError, match="immutable"):
        del song.path  # type: ignore[misc]
    with pytest.raises(AttributeError, match="immutable"):
        song.tempo_map.changes = 1  # type: ignore[misc]
    assert repr(pickle.loads(pickle.dumps(song.tempo_map))) == "<TempoMap: 150.00 BPM, 150.00 to 150.00, 0 changes>"
    assert "A name" in repr(song) and "unclosed_note" in repr(song)
    assert [text.text for text in song.texts] == ["A name"] and song.texts[0].kind == "track_name"


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 2**24 - 1)), max_size=10), st.integers(1, 0x7FFF))
def test_the_tempo_map_goes_there_and_back(tempos: list[tuple[int, int]], division: int) -> None:
    song = midi.read(smf(track(*[tempo(delta, us) for delta, us in tempos]), kind=0, division=division))
    ticks = np.arange(0, song.end_tick + 100, 7)
    seconds = song.tempo_map.seconds(ticks)
    assert np.all(np.diff(seconds) > 0)
    assert np.allclose(song.tempo_map.ticks(seconds), ticks, rtol=1e-9, atol=1e-6)
    assert float(song.tempo_map.seconds(song.end_tick)) == pytest.approx(song.duration)


def test_tempo_maps_of_format_2_are_each_their_own() -> None:
    song = midi.read(smf(track(tempo(0, 250_000), note()), track(), track(tempo(0, 10**6), note()), kind=2))
    assert [float(song.tempo_map.seconds(TPQN, i)) for i in range(3)] == [0.25, 0.5, 1.0]
    assert float(song.tempo_map.ticks(1.0, 2)) == TPQN
    with pytest.raises(ValueError, match="tracks 0 to 2"):
        song.tempo_map.seconds(0, 3)


def test_times_before_the_song_are_refused() -> None:
    tempo_map = midi.read(ONE).tempo_map
    with pytest.raises(ValueError, match="before"):
        tempo_map.seconds(-1)
    for odd in (-0.5, float("nan")):
        with pytest.raises(ValueError, match="before"):
            tempo_map.ticks([1.0, odd])
    with pytest.raises(TypeError, match="SEGMENT"):
        native.to_seconds(np.zeros(3), 0)
    with pytest.raises(ValueError, match="one or more"):
        native.to_seconds(np.zeros(0, native.SEGMENT), 0)


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("Piano", "ascii"),
        ("Flöte und Fagott", "utf-8"),
        ("ピアノ", "utf-8"),
        ("Flöte und Fagott", "latin-1"),
        ("Ma chère été", "latin-1"),
        ("Señor Müller", "latin-1"),
        ("© 1997 Somebody", "latin-1"),
        ("ピアノ", "shift-jis"),
        ("作曲者 田中", "shift-jis"),
        ("ﾄﾞﾗﾑｽ", "shift-jis"),
        ("春 Piano 2", "shift-jis"),
        ("Flöte ピアノ", "utf-16"),
        ("Flöte", "utf-8-sig"),
    ],
)
def test_text_is_read_as_it_was_meant(text: str, codec: str) -> None:
    assert decode(text.encode(codec)) == text
    assert decode(text.encode(codec) + b"\0") == text or codec == "utf-16"


@given(st.binary(max_size=40), st.sampled_from([None, "utf-8", "shift-jis", "utf-16", "ascii"]))
def test_no_bytes_are_an_error(raw: bytes, charset: str | None) -> None:
    assert isinstance(decode(raw, charset), str)


def test_a_charset_is_believed() -> None:
    raw = "Привет".encode("cp1251")
    assert decode(raw, "cp1251") == "Привет"
    song = midi.read(smf(track(meta(0, 3, raw))), charset="cp1251")
    assert song.track_names == ("Привет",) and song.texts[0].raw == raw


def test_memory_is_used_again_and_files_do_not_see_each_other() -> None:
    """Readings of all sizes in turn say what each says alone."""
    datas = [case.data for case in CASES if case.code == "ok" and len(case.data) < SMALL]
    alone = [midi.read(data) for data in datas]
    seeded = random.Random(1)
    for _ in range(scaled(300)):
        at = seeded.randrange(len(datas))
        assert midi.read(datas[at]) == alone[at]


def test_a_header_alone_between_songs() -> None:
    with pytest.raises(MidiError):
        midi.read(header(1, 5))
    assert midi.read(ONE).tracks == 1


def test_arrays_keep_their_memory() -> None:
    notes, pitches = midi.read(ONE).notes, []
    for _ in range(100):
        pitches.append(midi.read(ONE).notes["pitch"])
    assert notes["pitch"].tolist() == [60] and all(found.tolist() == [60] for found in pitches)
    song = midi.read(ONE)
    assert song.notes is song.notes and song.tempo_map is song.tempo_map
    assert not song.notes.flags.writeable and not song.tempo_map.segments.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        song.notes["pitch"] = 1
    with pytest.raises(ValueError, match="WRITEABLE"):
        song.notes.flags.writeable = True


def test_every_fact_is_made_and_no_other() -> None:
    song, none = native.read(ONE), native.read(b"")
    assert [name for name, value in dict(song).items() if value is None] == ["offset", "ticks_per_second"]
    assert tuple(song.keys()) == native.FACTS and dict(none) == {"code": "empty", "offset": 0}
    for parsed, name in ((song, "colour"), (none, "notes")):
        with pytest.raises(KeyError):
            parsed[name]


def test_a_tempo_map_tells_its_slowest_and_its_fastest() -> None:
    control = event(0, 0xB0, 7, 100)
    song = midi.read(smf(track(tempo(0, 500_000), control, tempo(TPQN, 250_000), tempo(TPQN, 1_000_000), note())))
    tempi = song.tempo_map
    assert (tempi.bpm_initial, tempi.bpm_min, tempi.bpm_max) == (120, 60, 240)
    assert tempi.bpm == pytest.approx(3 * 60 / 1.75)  # three quarters in 0.5 + 0.25 + 1 s
    assert song.tempos["us_per_quarter"].tolist() == [500_000, 250_000, 1_000_000]
    assert song.controls[["kind", "number", "value"]].tolist() == [(0, 7, 100)]


def test_smpte_division_has_no_tempo() -> None:
    tempi = midi.read(smf(track(note()), division=0xE728)).tempo_map
    assert tempi.bpm is tempi.bpm_initial is tempi.bpm_min is tempi.bpm_max is None
    assert repr(tempi) == "<TempoMap: SMPTE division, no tempo>"


def test_a_path_of_bytes_says_how_to_decode_it() -> None:
    class Path:
        def __fspath__(self) -> bytes:
            return b"a.mid"

    with pytest.raises(TypeError, match=r"decode the path b'a\.mid' with os\.fsdecode"):
        midi.read(Path())  # type: ignore[arg-type]

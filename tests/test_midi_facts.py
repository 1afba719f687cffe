"""What the core says of a song: key, chords, statistics and hashes, against tests/oracles_midi.py."""

from __future__ import annotations

import importlib.util
import itertools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import midi_files as m
import oracles_midi as oracle
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from scale import scaled, some

from fastcore._native import midi

pytestmark = pytest.mark.native
ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "tests/data"
GIVEN = Path(os.environ.get("FASTCORE_DATA", SHIPPED))
SONGS = some(sorted(GIVEN.glob("pop909/*/*.mid")) or sorted(SHIPPED.glob("pop909/*/*.mid")))
ODD = sorted(GIVEN.glob("midi-odd/*.mid")) or sorted(SHIPPED.glob("midi-odd/*.mid"))
TABLE = ROOT / "src_c/midi/chord_table.py"
needs_sources = pytest.mark.skipif(not TABLE.exists(), reason="needs the source tree")
LONG, MANY = 4000, 10_000  # quarter notes and notes that take the oracles too long


# A song: a division, and tracks of (tick, message) in quarter notes' 24ths, which are turned into ticks.

BEAT = 24
MOMENTS = st.integers(0, 12 * BEAT) | st.sampled_from(range(0, 12 * BEAT, BEAT // 2))
PITCHES = st.integers(0, 127) | st.sampled_from([36, 48, 60, 64, 67, 69, 71, 72])
CHANNELS = st.sampled_from([0, 0, 0, 1, 9])


@st.composite
def notes(draw: Any) -> list[tuple[int, bytes]]:
    """A note, or the tones of a chord."""
    start, length, channel = draw(MOMENTS), draw(st.sampled_from([0, 1, 6, 12, 24, 24, 48, 96, 400])), draw(CHANNELS)
    pitch, velocity = draw(PITCHES), draw(st.integers(1, 127))
    above = draw(st.sampled_from([[0], [0], *oracle.TONES.values()]))
    events = []
    for tone in above:
        if pitch + tone < 128:
            events.append((start, bytes([0x90 | channel, pitch + tone, velocity])))
            events.append((start + length, bytes([0x80 | channel, pitch + tone, 0])))
    return events


OTHERS = st.one_of(
    st.builds(lambda us: m.meta(0, 0x51, us.to_bytes(3, "big"))[1:], st.integers(1, (1 << 24) - 1)),
    st.builds(lambda n, e: m.meta(0, 0x58, bytes([n, e, 24, 8]))[1:], st.integers(1, 12), st.integers(0, 7)),
    st.builds(lambda s, mode: m.meta(0, 0x59, bytes([s % 256, mode]))[1:], st.integers(-7, 7), st.integers(0, 1)),
    st.builds(lambda c, p: bytes([0xC0 | c, p]), CHANNELS, st.integers(0, 127)),
    st.builds(lambda c, n, v: bytes([0xB0 | c, n, v]), CHANNELS, st.integers(0, 127), st.integers(0, 127)),
    st.builds(lambda c, a, b: bytes([0xE0 | c, a, b]), CHANNELS, st.integers(0, 127), st.integers(0, 127)),
    st.sampled_from([m.meta(0, k, t)[1:] for k in (1, 5) for t in (b"", b"la", b"@KMIDI KARAOKE FILE")]),
)


def track_of(events: list[tuple[int, bytes]], ticks: float) -> bytes:
    """Events of one moment keep their order."""
    ordered = sorted(((round(moment * ticks), message) for moment, message in events), key=lambda event: event[0])
    before = [0, *(tick for tick, _ in ordered)]
    return m.track(*(m.quantity(tick - last) + message for (tick, message), last in zip(ordered, before, strict=False)))


@st.composite
def songs(draw: Any) -> bytes:
    division = draw(st.sampled_from([1, 2, 5, 24, 96, 480, 480, 1023, 0xE728]))
    tracks = draw(
        st.lists(
            st.lists(notes() | st.builds(lambda at, message: [(at, message)], MOMENTS, OTHERS), max_size=25),
            min_size=1,
            max_size=3,
        )
    )
    ticks = (480 if division > 32767 else division) / BEAT
    bodies = [track_of(list(itertools.chain(*events)), ticks) for events in tracks]
    return m.smf(*bodies, kind=draw(st.sampled_from([0, 1, 1])), division=division)


def check_equal(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        if isinstance(value, float) and found[name] is not None:
            assert found[name] == pytest.approx(value, rel=1e-9, abs=1e-12), name
        else:
            assert found[name] == value, name


def check_key(found: Any, wanted: Any) -> None:
    assert found[:2] == wanted[:2]
    assert found[2:] == pytest.approx(wanted[2:], abs=1e-9) if wanted[0] is not None else found == wanted


def check_song(data: bytes) -> None:
    song, found = midi.read(data), midi.facts(data)
    last = max((note.end for note in oracle.rows(song)), default=0)
    if last <= LONG * (song["tpqn"] or last):
        check_equal(found, {"bars": oracle.bars(song)})
        assert found["chords"].tolist() == oracle.chords(song)
    check_equal(found, oracle.facts(song, data))
    for kind, profile in itertools.product(midi.KEY_NOTES, midi.PROFILES):
        check_key(midi.key_of_file(data, kind, profile), oracle.key_of_song(song, kind, profile))
    key = midi.key_of_file(data)
    assert (found["key"], found["key_second"]) == tuple(None if k is None else midi.KEYS[k] for k in key[:2])
    assert (found["key_correlation"], found["key_confidence"]) == key[2:]


@settings(max_examples=scaled(300), deadline=None)
@given(songs())
def test_songs(data: bytes) -> None:
    check_song(data)


@settings(max_examples=scaled(200), deadline=None)
@given(
    st.lists(st.sampled_from(["on", "off", "off", "both", "both", "both", "other", "none"]), min_size=12, max_size=60),
    st.sampled_from([4, 7, 24, 96, 480, 1000]),
    st.floats(0.4, 0.75),
    st.floats(0, 0.12),
    st.sampled_from([b"", b"\x04\x02", b"\x02\x01", b"\x06\x03", b"\x03\x02"]),
    st.integers(0, 50),
    st.randoms(use_true_random=False),
)
def test_swing(kinds: list[str], tpqn: int, off: float, spread: float, meter: bytes, start: int, rnd: Any) -> None:
    """Beats that have what their kinds say, where the eighths off the beat lie around one place."""
    events = [(start, m.meta(0, 0x58, meter + b"\x18\x08")[1:])] if meter else []
    for beat, kind in enumerate(kinds):
        place = off + rnd.uniform(-spread, spread)
        places = {"on": [0], "off": [place], "both": [0, place], "other": [0, 0.25, place], "none": []}[kind]
        for at in places:
            tick = start + round((beat + at) * tpqn)
            events += [(tick, bytes([0x90, 60, 64])), (tick + 1, bytes([0x80, 60, 64]))]
    data = m.smf(track_of(events, 1), division=tpqn)
    found, wanted = midi.facts(data), oracle.groove(midi.read(data))
    event(f"swings: {wanted['swing'] is not None}")
    check_equal(found, wanted)


def test_real_songs() -> None:
    assert SONGS
    for path in SONGS[:: max(1, len(SONGS) // scaled(5))]:
        check_song(path.read_bytes())


def test_odd_files() -> None:
    """Those that were found, and those that are made for each corner of the format."""
    checked = 0
    for data in [path.read_bytes() for path in ODD] + [case.data for case in m.CASES]:
        song = midi.read(data)
        if song["code"] == "ok" and len(song["notes"]) <= MANY:
            check_song(data)
            checked += 1
    assert checked > 100


@settings(max_examples=scaled(300), deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=12, max_size=12), st.sampled_from(sorted(midi.PROFILES)))
def test_key_of_weights(weights: list[float], profile: str) -> None:
    check_key(midi.key_of(weights, profile), oracle.key_of(weights, profile))


@settings(max_examples=scaled(100), deadline=None)
@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=12, max_size=12), st.integers(0, 11))
def test_key_moves_with_the_weights(weights: list[float], by: int) -> None:
    key, _, correlation, confidence = midi.key_of(weights)
    moved = midi.key_of(weights[-by:] + weights[:-by])
    if key is None:
        assert moved[0] is None
    else:
        assert moved[2:] == pytest.approx((correlation, confidence), abs=1e-9)
        assert confidence == 0 or moved[0] == (key % 12 + by) % 12 + key // 12 * 12


@pytest.mark.parametrize("weights", [[1.0] * 11, [-1.0] + [0.0] * 11, [float("nan")] * 12, [float("inf")] * 12])
def test_weights_that_are_none(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights"):
        midi.key_of(weights)


# Hashes.


@settings(max_examples=scaled(300), deadline=None)
@given(st.binary(max_size=300))
def test_file_hash(data: bytes) -> None:
    assert midi.file_hash(data) == midi.file_hash(bytearray(data)) == oracle.file_hash(data)


def song_of(events: list[list[tuple[int, bytes]]], **options: int) -> dict[str, Any]:
    return midi.facts(m.smf(*(track_of(track, 20) for track in events), **options))


TUNES = st.lists(st.tuples(MOMENTS, st.integers(1, 48), st.integers(20, 100), st.sampled_from([0, 1, 9])), min_size=1)


def tune(parts: list[tuple[int, int, int, int]], up: int = 0, velocity: int = 70) -> list[tuple[int, bytes]]:
    events = []
    for start, length, pitch, channel in parts:
        moved = pitch if channel == 9 else pitch + up
        events.append((start, bytes([0x90 | channel, moved, velocity])))
        events.append((start + length, bytes([0x80 | channel, moved, 0])))
    return events


def without_overlaps(parts: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """One note of a pitch and channel, so that no off can be of another."""
    return list({(pitch, channel): (start, length, pitch, channel) for start, length, pitch, channel in parts}.values())


@settings(max_examples=scaled(200), deadline=None)
@given(TUNES.map(without_overlaps), st.integers(-20, 27).filter(bool), st.integers(0, 3))
def test_note_hashes_know_what_counts(parts: list[tuple[int, int, int, int]], up: int, cut: int) -> None:
    one = song_of([tune(parts)])
    several = song_of([tune(parts[cut:], velocity=3), [(0, bytes([0xC0, 9]))], tune(parts[:cut])])
    assert (one["note_hash"], one["shape_hash"]) == (several["note_hash"], several["shape_hash"])
    assert one["file_hash"] != several["file_hash"]
    higher = song_of([tune(parts, up)])
    assert higher["shape_hash"] == one["shape_hash"]
    assert (higher["note_hash"] == one["note_hash"]) == one["drums_only"]
    fewer = song_of([tune(parts[1:])])
    assert fewer["note_hash"] != one["note_hash"] and fewer["shape_hash"] != one["shape_hash"]


# Chords.


@needs_sources
def test_the_table_is_the_generators() -> None:
    made = subprocess.run([sys.executable, TABLE], capture_output=True, text=True, check=True).stdout
    assert made == TABLE.with_name("fc_chord_table.inc").read_text("utf-8")


@needs_sources
def test_the_table_against_the_oracle() -> None:
    spec = importlib.util.spec_from_file_location("chord_table", TABLE)
    assert spec is not None and spec.loader is not None
    table = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(table)
    for heard in range(1, 4096, 2):
        root, _, quality, _ = oracle.chord_of(frozenset(i for i in range(12) if heard >> i & 1), 0)
        assert table.entry(heard) == 16 * root + oracle.QUALITIES.index(quality)


@pytest.mark.parametrize("quality", oracle.QUALITIES[:-1])
def test_every_root_in_root_position(quality: str) -> None:
    suffix = {"maj": "", "min": "m"}.get(quality, quality)
    names = "C Db D Eb E F F# G Ab A Bb B".split()
    sharp = dict(zip(("Db", "Ab"), ("C#", "G#"), strict=True)) if 3 in oracle.TONES[quality] else {}
    for root in range(12):
        pitches = [48 + root + tone for tone in oracle.TONES[quality]]
        events = [(at, bytes([kind, pitch, 64])) for at, kind in ((0, 0x90), (48, 0x80)) for pitch in pitches]
        chord = song_of([events])["chords"]
        assert chord[["root", "bass", "inversion"]].tolist() == [(root, root, 0)]
        name = midi.chord_name(root, root, int(chord["quality"][0]))
        assert name == sharp.get(names[root], names[root]) + suffix


@pytest.mark.parametrize("chord", [(12, 0, 0), (0, 12, 0), (0, 0, 15), (-1, 0, 0)])
def test_chords_that_are_none(chord: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="chord"):
        midi.chord_name(*chord)


# What no song says.


def test_no_song() -> None:
    for function in (midi.facts, midi.key_of_file):
        with pytest.raises(ValueError, match="empty"):
            function(b"")


def test_absent_is_null() -> None:
    found = midi.facts(m.smf(m.track()))
    absent = "density pitch_min pitch_max velocity_mean polyphony_mean monophonic drums_only time_signature bars swing"
    for name in f"{absent} key_signature pitch_bend grid key key_second key_confidence note_hash shape_hash".split():
        assert found[name] is None, name
    assert found["notes"] == 0 and len(found["chords"]) == 0


def test_a_song_without_end() -> None:
    """Nothing is as long as the song lasts."""
    events = [m.on(0), *[m.meta(0x0FFFFFFF, 1)] * 3000, m.off(0), m.note(5)]
    found = midi.facts(m.smf(m.track(*events)))
    assert found["notes"] == 2 and len(found["chords"]) == 1
    assert found["bars"] == 3000 * 0x0FFFFFFF // 1920 + 1

"""Reading MIDI files of a few sizes from memory, key, chords and whole analyses, which assert what they say."""

from __future__ import annotations

import importlib
import random
import tempfile
from pathlib import Path
from typing import Any

SIZES = (600, 2_000, 17_000, 64_000)
TRACKS = 4


CHORDS = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7))  # C, F, G, C


def midi_module() -> Any:
    try:
        return importlib.import_module("fastcore.midi")
    except ModuleNotFoundError:
        raise NotImplementedError("this commit has no fastcore.midi") from None  # asv then has no value for it


def song(size: int) -> tuple[bytes, int]:
    """A file of about `size` bytes in four tracks and one of tempo, and its number of notes; the same every time."""
    seeded = random.Random(size)
    count = max(1, size // (9 * TRACKS))
    tracks = [bytes.fromhex("00ff51030927c000ff2f00")]
    for channel in range(TRACKS):
        body = bytearray([0, 0xC0 | channel, channel])
        for _ in range(count):
            pitch = seeded.randrange(40, 80)
            body += bytes([0x81, seeded.randrange(128), 0x90 | channel, pitch, 80])
            body += bytes([seeded.randrange(60, 120), 0x80 | channel, pitch, 0])
        tracks.append(bytes(body) + bytes.fromhex("00ff2f00"))
    head = bytes.fromhex("4d546864000000060001") + len(tracks).to_bytes(2, "big") + b"\x01\xe0"
    return head + b"".join(b"MTrk" + len(body).to_bytes(4, "big") + body for body in tracks), TRACKS * count


class Read:
    """Bytes to notes with seconds, in arrays."""

    params = (SIZES,)
    param_names = ("bytes",)
    rounds, repeat, warmup_time = 2, (5, 15, 1.0), 0.1

    def setup(self, size: int) -> None:
        self.midi = midi_module()
        self.data, self.notes = song(size)
        found = self.midi.read(self.data)
        if len(found.notes) != self.notes or abs(found.tempo_map.bpm - 100) > 1e-9 or found.warnings:
            raise AssertionError(f"not the song that was written: {found!r}")

    def time_read(self, size: int) -> None:
        if len(self.midi.read(self.data).notes) != self.notes:
            raise AssertionError("notes are missing")


def cadence(bars: int) -> bytes:
    """C F G C, a chord each half bar with its root in the bass, at 100 beats a minute; each chord is repeated in
    eighths."""
    body = bytearray.fromhex("00ff51030927c0")
    for half in range(2 * bars):
        pitches = [60 + pitch for pitch in CHORDS[half % 4]]
        for _ in range(4):
            body += b"".join(bytes([0, 0x90, pitch, 80]) for pitch in pitches)
            for i, pitch in enumerate(pitches):  # 240 ticks
                body += bytes([*((0x81, 0x70) if i == 0 else (0,)), 0x80, pitch, 0])
    body += bytes.fromhex("00ff2f00")
    return bytes.fromhex("4d546864000000060000000101e04d54726b") + len(body).to_bytes(4, "big") + bytes(body)


class Parts:
    """Key and chords of bytes in memory, by what the core has for tests: each reads the file too."""

    rounds, repeat, warmup_time = 2, (5, 15, 1.0), 0.1

    def setup(self) -> None:
        midi_module()
        self.native: Any = importlib.import_module("fastcore._native.midi")
        if not hasattr(self.native, "facts"):
            raise NotImplementedError("this commit tells no key and no chords")
        self.data = cadence(100)

    def time_key(self) -> None:
        key = self.native.KEYS[self.native.key_of_file(self.data)[0]]
        if key != "C major":
            raise AssertionError(f"{key}: expected is C major")

    def time_all_facts(self) -> None:
        chords = self.native.facts(self.data)["chords"]
        if len(chords) != 151:  # of 200 half bars; of C, F, G, C, C, F, ... 49 pairs are one chord
            raise AssertionError(f"{len(chords)} chords")


class Analysis:
    """Whole analyses of a file in memory, and of 200 on disk, by one thread."""

    rounds, repeat, warmup_time = 2, (5, 15, 1.0), 0.1

    def setup(self) -> None:
        self.midi = midi_module()
        if not hasattr(self.midi, "analyze_many"):
            raise NotImplementedError("this commit has no analyses")
        self.data = cadence(100)
        self.folder = tempfile.TemporaryDirectory()
        self.paths = [str(Path(self.folder.name, f"{i}.mid")) for i in range(200)]
        for path in self.paths:
            Path(path).write_bytes(self.data)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()

    def judge(self, bpm: float | None, key: str | None) -> None:
        if bpm is None or abs(bpm - 100) > 1e-9 or key != "C major":
            raise AssertionError(f"{bpm} in {key}: expected are 100 in C major")

    def time_analyze(self) -> None:
        told = self.midi.analyze(self.data)
        self.judge(told.bpm, told.key)

    def time_analyze_many(self) -> None:
        self.many(None)

    def time_four_columns(self) -> None:
        self.many(["path", "notes", "bpm", "key"])

    def many(self, columns: list[str] | None) -> None:
        table = self.midi.analyze_many(self.paths, threads=1, columns=columns)
        if len(table) != len(self.paths) or set(table["notes"].tolist()) != {24 * 100}:
            raise AssertionError("not the notes that were written")
        self.judge(table["bpm"][-1], table["key"][-1])

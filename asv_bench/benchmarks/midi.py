"""Reading MIDI files of a few sizes from memory, which asserts what they say."""

from __future__ import annotations

import importlib
import random
from typing import Any

SIZES = (600, 2_000, 17_000, 64_000)
TRACKS = 4


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
        try:
            self.midi: Any = importlib.import_module("fastcore.midi")
        except ModuleNotFoundError:
            raise NotImplementedError("this commit has no fastcore.midi") from None
        self.data, self.notes = song(size)
        found = self.midi.read(self.data)
        if len(found.notes) != self.notes or abs(found.tempo_map.bpm - 100) > 1e-9 or found.warnings:
            raise AssertionError(f"not the song that was written: {found!r}")

    def time_read(self, size: int) -> None:
        if len(self.midi.read(self.data).notes) != self.notes:
            raise AssertionError("notes are missing")

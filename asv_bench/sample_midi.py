"""Make folders of MIDI files whose notes and tempi are known: `python asv_bench/sample_midi.py FOLDER`.

`loops` are 597 bytes of one instrument, `2 KB` are sketches, `17 KB` songs of a band, `64 KB` songs of eight
instruments, every fourth of both with tempi that change, and `free` are 17 KB that somebody plays on a piano without a
grid, under the header's 120. Sizes are exact. The same seed makes the same bytes; `planted.json` says what they hold.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
from pathlib import Path
from typing import Any

FORMAT = 1  # of what is made; another one makes it again
TPQN, BAR = 480, 4 * 480
SETS: dict[str, tuple[int, int, tuple[str, ...]]] = {  # files, bytes, instruments
    "loops": (2000, 597, ()),
    "2 KB": (1000, 2_000, ("lead", "bass")),
    "17 KB": (500, 17_000, ("lead", "keys", "bass", "pad", "drums")),
    "64 KB": (150, 64_000, ("lead", "keys", "bass", "pad", "drums", "arpeggio", "brass", "bells")),
    "free": (75, 17_000, ("lead", "keys", "bass")),
}
CHANNELS = {"lead": 0, "keys": 1, "bass": 2, "pad": 3, "arpeggio": 4, "brass": 5, "bells": 6, "drums": 9}
PROGRAMS = {"lead": 73, "keys": 0, "bass": 33, "pad": 48, "arpeggio": 24, "brass": 61, "bells": 11, "drums": 0}
PROGRESSIONS = ((0, 7, 9, 5), (9, 5, 0, 7), (0, 9, 5, 7), (2, 7, 0, 9))  # degrees in semitones above the tonic
MINOR = (2, 4, 9)
SCALE = (0, 2, 4, 7, 9)
KICK, SNARE, HAT = 36, 38, 42
Note = tuple[float, float, int, int]  # start and length in beats of the bar, pitch, velocity


def quantity(value: int) -> bytes:
    """A variable-length quantity."""
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))


def meta(kind: int, content: bytes) -> bytes:
    return b"\0\xff" + bytes([kind]) + quantity(len(content)) + content


def padding(room: int) -> bytes:
    """Texts of so many bytes in all, which are 4 or more; one text cannot take 132."""
    if room == 132:
        return padding(66) * 2
    return meta(1, b"." * (room - (4 if room < 132 else 5)))


class Track:
    """A track as it grows. Every other song ends its notes by a velocity of 0 under running status."""

    def __init__(self, name: str, channel: int, program: int, running: bool) -> None:
        self.channel, self.running = channel, running
        self.body = bytearray(meta(3, name.encode()) + bytes([0, 0xC0 | channel, program]))
        self.tick = self.status = 0

    def grown(self, events: list[tuple[int, int, bytes]], end: int) -> tuple[bytes, int, int]:
        """The bytes of these (tick, rank, message), and the tick and running status behind them; changes nothing."""
        found, tick, status = bytearray(), self.tick, self.status
        for at, _, message in sorted(events):
            found += quantity(at - tick) + (message[1:] if self.running and message[0] == status else message)
            tick, status = at, message[0]
        return bytes(found), tick, status

    def messages(self, notes: list[tuple[int, int, int, int]]) -> list[tuple[int, int, bytes]]:
        on, off = 0x90 | self.channel, 0x80 | self.channel
        found = []
        for start, end, pitch, velocity in notes:
            found.append((start, 1, bytes([on, pitch, velocity])))
            found.append((end, 0, bytes([on, pitch, 0] if self.running else [off, pitch, 64])))
        return found


def lead(rnd: random.Random, tonic: int, chord: int) -> list[Note]:
    found, at, step = [], 0.0, rnd.randrange(5)
    while at < 4:
        length = rnd.choice((0.5, 0.5, 0.5, 1.0, 1.0, 1.5))
        step = max(0, min(9, step + rnd.choice((-2, -1, -1, 1, 1, 2))))
        found.append((at, 0.9 * length, 69 + tonic + SCALE[step % 5] + 12 * (step // 5), rnd.randrange(70, 110)))
        at += length
    return found


def triad(tonic: int, chord: int) -> list[int]:
    root = (tonic + chord) % 12
    return [root, root + (3 if chord in MINOR else 4), root + 7]


def keys(rnd: random.Random, tonic: int, chord: int) -> list[Note]:
    beats = rnd.choice(((0.0, 2.0), (0.0, 1.5, 3.0), (0.0, 1.0, 2.0, 3.0)))
    return [(at, 0.8, 48 + pitch, rnd.randrange(50, 90)) for at in beats for pitch in triad(tonic, chord)]


def bass(rnd: random.Random, tonic: int, chord: int) -> list[Note]:
    root, fifth = triad(tonic, chord)[::2]
    return [(i / 2, 0.45, 28 + (fifth if i in (3, 7) else root), rnd.randrange(80, 110)) for i in range(8)]


def pad(rnd: random.Random, tonic: int, chord: int) -> list[Note]:
    return [(0.0, 3.9, 60 + pitch, 60) for pitch in triad(tonic, chord)]


def arpeggio(rnd: random.Random, tonic: int, chord: int) -> list[Note]:
    tones = triad(tonic, chord)
    return [(i / 4, 0.2, 60 + tones[i % 3], rnd.randrange(60, 80)) for i in range(16)]


def brass(rnd: random.Random, tonic: int, chord: int) -> list[Note]:
    return [(at, 0.4, 55 + pitch, 96) for at in (0.0, 1.5, 2.5) for pitch in triad(tonic, chord)]


def bells(rnd: random.Random, tonic: int, chord: int) -> list[Note]:
    return [(float(i), 0.7, 84 + triad(tonic, chord)[rnd.randrange(3)], 70) for i in range(4)]


def drums(rnd: random.Random, tonic: int, chord: int) -> list[Note]:
    found: list[Note] = [(i / 2, 0.1, HAT, rnd.randrange(50, 80)) for i in range(8)]
    found += [(at, 0.1, KICK, 110) for at in (0.0, 1.5, 2.0)] + [(at, 0.1, SNARE, 100) for at in (1.0, 3.0)]
    if rnd.random() < 0.25:
        found += [(3.5 + i / 4, 0.1, SNARE, 90) for i in range(2)]
    return found


PLAYERS = {
    "lead": lead, "keys": keys, "bass": bass, "pad": pad,
    "arpeggio": arpeggio, "brass": brass, "bells": bells, "drums": drums,
}  # fmt: skip


class Clock:
    """Where the beats of the bars lie, in ticks: on the grid, or where a player without one puts them."""

    def __init__(self, rnd: random.Random, free: bool, swing: bool) -> None:
        self.rnd, self.free, self.swing = rnd, free, swing
        self.begin, self.walk = 0, 0.0
        self.beats = self._next()

    def _next(self) -> list[float]:
        """Five beats: the next bar's and the one behind. Freely at about 96 a minute, of which the header knows 120."""
        found = [float(self.begin)]
        for _ in range(4):
            if self.free:
                self.walk = 0.95 * self.walk + self.rnd.gauss(0, 0.04)
            found.append(found[-1] + (TPQN * 1.25 * 2.718281828**self.walk if self.free else TPQN))
        return found

    @property
    def end(self) -> int:
        return int(self.beats[4])

    def advance(self) -> None:
        self.begin = self.end
        self.beats = self._next()

    def tick(self, at: float) -> int:
        beat = min(3, int(at))
        part = at - beat
        if self.swing and part == 0.5:
            part = 2 / 3
        place = self.beats[beat] + part * (self.beats[beat + 1] - self.beats[beat])
        if self.free:
            place += self.rnd.gauss(0, 10)
        return max(self.begin, min(int(place + 0.5), self.end))

    def place(self, notes: list[Note]) -> list[tuple[int, int, int, int]]:
        """Notes in ticks: none overlaps another of its pitch, and none is empty."""
        placed = sorted((self.tick(at), self.tick(at + length), pitch, v) for at, length, pitch, v in notes)
        following: dict[int, int] = {}
        found = []
        for start, end, pitch, velocity in reversed(placed):
            end = min(end, following.get(pitch, self.end))
            if end > start:
                following[pitch] = start
                found.append((start, end, pitch, velocity))
        return found


def conductor(rnd: random.Random, tonic: int, us: int) -> bytearray:
    sharps = (tonic * 7 + 5) % 12 - 5
    head = meta(3, b"Song") + meta(0x51, us.to_bytes(3, "big"))
    return bytearray(head + meta(0x58, bytes([4, 2, 24, 8])) + meta(0x59, bytes([sharps & 0xFF, 0])))


def song(name: str, number: int, seed: int) -> tuple[bytes, int, float | None]:
    """A file's bytes, its notes, and its mean tempo by the map; None where the map says nothing of what is played."""
    _, size, parts = SETS[name]
    rnd = random.Random(f"{seed} {name} {number}")
    free, changing = name == "free", name in ("17 KB", "64 KB") and number % 4 == 0
    parts = parts or (rnd.choice(("drums", "arpeggio", "lead", "bass")),)
    tonic, progression = rnd.randrange(12), rnd.choice(PROGRESSIONS)
    us = 500_000 if free else round(60e6 / rnd.uniform(70, 170))
    tracks = {
        part: Track(part, 0 if free else CHANNELS[part], 0 if free else PROGRAMS[part], number % 2 == 0)
        for part in parts
    }
    clock = Clock(rnd, free, swing=number % 10 == 1)
    leader, leader_tick = conductor(rnd, tonic, us), 0
    tempi: list[int] = []  # of each bar
    end = bytes.fromhex("ff2f00")
    notes_len, ends = 0, (len(tracks) + 1) * (8 + 3 + 4)  # a chunk's head and its end
    while True:
        more, count = {}, 0
        chord = progression[len(tempi) % 4]
        for part, track in tracks.items():
            notes = clock.place(PLAYERS[part](rnd, tonic, chord))
            events = track.messages(notes)
            if part == "lead" and name != "loops":  # vibrato, and a bend now and then
                events += [(clock.tick(i / 2), 2, bytes([0xB0 | track.channel, 1, rnd.randrange(128)])) for i in (1, 5)]
                events.append((clock.tick(3.5), 2, bytes([0xE0 | track.channel, 0, rnd.randrange(128)])))
            more[part] = track.grown(events, clock.end)
            count += len(notes)
        change = b""
        if changing and len(tempi) % 8 == 7:
            us = round(us * rnd.uniform(0.9, 1.1))
            change = quantity(clock.begin - leader_tick) + meta(0x51, us.to_bytes(3, "big"))[1:]
        written = 14 + len(leader) + sum(len(track.body) for track in tracks.values())
        if written + len(change) + sum(len(found) for found, _, _ in more.values()) + ends + 4 > size:
            break
        if change:
            leader, leader_tick = leader + change, clock.begin
        for part, (found, tick, status) in more.items():
            tracks[part].body += found
            tracks[part].tick, tracks[part].status = tick, status
        tempi.append(us)
        notes_len += count
        clock.advance()
    bodies = [bytes(track.body) + quantity(clock.begin - track.tick) + end for track in tracks.values()]
    tail = quantity(clock.begin - leader_tick) + end
    room = size - 14 - 8 * (len(bodies) + 1) - sum(map(len, bodies)) - len(leader) - len(tail)
    # The padding stands at the front of the leader, where its delta of 0 is right.
    bodies.insert(0, padding(room) + bytes(leader) + tail)
    head = b"MThd\0\0\0\6\0\1" + len(bodies).to_bytes(2, "big") + TPQN.to_bytes(2, "big")
    data = head + b"".join(b"MTrk" + len(body).to_bytes(4, "big") + body for body in bodies)
    assert len(data) == size, (name, number)
    return data, notes_len, None if free else 60e6 * len(tempi) / sum(tempi)


def build(folder: Path, seed: int = 1) -> dict[str, Any]:
    """Make the files, or find them made, and return what `planted.json` holds. Only what was made here is replaced."""
    marker = folder / "planted.json"
    parameters = {"seed": seed, "format": FORMAT, "sets": {name: list(kind[:2]) for name, kind in SETS.items()}}
    if marker.exists():
        made: dict[str, Any] = json.loads(marker.read_text("utf-8"))
        if made["parameters"] == parameters and "files" in made:
            return made
        for name in SETS:
            shutil.rmtree(folder / name, ignore_errors=True)
    elif folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} holds something else: name an empty or a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    marker.write_text(json.dumps({"parameters": parameters}), "utf-8")  # begun; the rest follows when all is written
    files: dict[str, list[list[Any]]] = {}
    for name, (count, _, _) in SETS.items():
        (folder / name).mkdir()
        for number in range(count):
            data, notes, bpm = song(name, number, seed)
            path = f"{name}/{number:04}.mid"
            (folder / path).write_bytes(data)
            files.setdefault(name, []).append([path, notes, bpm])
    made = {"parameters": parameters, "files": files}
    marker.write_text(json.dumps(made, indent=1) + "\n", "utf-8")
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description="Make folders of MIDI files whose notes and tempi are known.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    for name, files in build(args.folder, args.seed)["files"].items():
        print(f"{name:6} {len(files):5} files, {sum(notes for _, notes, _ in files):9,} notes", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The rules by which MIDI files are read, damaged ones too, in the shortest Python: slow, and a byte at a time.

A RIFF wrapper is not unwrapped here; the files of `midi_files` check that.
"""

from __future__ import annotations

import bisect
from collections import defaultdict, deque
from fractions import Fraction
from typing import Any

TICK_MAX = 2**63 - 1
NO_TEMPO = Fraction(500_000)


class Cut(Exception):
    """An event leads past the end of its track."""


class Track:
    """The events of the bytes [at, end) as track `number`."""

    def __init__(self, song: Song, number: int, at: int, end: int, guessed: bool) -> None:
        self.song, self.number, self.at, self.end, self.guessed = song, number, at, end, guessed
        self.data = song.data
        self.tick = self.running = self.place = 0
        self.kept = self.ended = self.stopped = False
        self.open: dict[tuple[int, int], deque[list[int]]] = defaultdict(deque)

    def byte(self) -> int:
        if self.at >= self.end:
            raise Cut
        self.at += 1
        return self.data[self.at - 1]

    def quantity(self) -> int:
        begin, value = self.at, 0
        while True:
            byte = self.byte()
            value = min(value << 7 | byte & 0x7F, TICK_MAX)
            if byte < 0x80:
                break
        if self.at - begin > 4:
            self.song.warn("long_quantity")
        return value

    def read(self) -> int:
        while True:
            self.read_events()
            here = self.end
            if self.ended or here == len(self.data) or self.song.chunk_begins(here):
                break
            self.song.warn("track_length")
            self.end, self.guessed = self.song.find_track(here), True
        if not self.stopped and self.at < self.end:
            self.song.warn("event_cut")
        if not self.ended:
            self.song.warn("no_end_of_track")
        for waiting in self.open.values():
            for note in waiting:
                self.song.warn("unclosed_note")
                self.close(note)
        self.song.ends.append(self.tick)
        return self.at if self.stopped else self.end

    def read_events(self) -> None:
        while self.at < self.end and not self.stopped:
            before = self.at
            try:
                self.read_event()
            except Cut:
                self.at = before
                return

    def read_event(self) -> None:
        tick = self.tick + self.quantity()
        status = self.byte()
        if tick > TICK_MAX:
            self.song.warn("tick_overflow")
            tick = TICK_MAX
        if status < 0x80 and self.running:
            self.at -= 1
            status = self.running
            if self.kept:
                self.song.warn("kept_status")
        elif status < 0x80:
            self.song.warn("no_status")
            while status < 0x80:
                if self.at == self.end:
                    return
                status = self.byte()
        if status >= 0xF0:
            self.system(tick, status)
        else:
            data = [self.byte() for _ in range(1 if status >> 5 == 6 else 2)]
            if max(data) >= 0x80:
                self.song.warn("high_data")
            self.running, self.kept = status, False
            self.channel_message(tick, status >> 4, status & 15, [value & 0x7F for value in data])
        self.tick = tick
        self.place += 1

    def channel_message(self, tick: int, kind: int, channel: int, data: list[int]) -> None:
        where = (tick, self.number)
        if kind == 9 and data[1]:
            waiting = self.open[channel, data[0]]
            if waiting:
                self.song.warn("overlapping_note")
            note = [tick, -1, self.number, channel, *data, self.place]
            waiting.append(note)
            self.song.notes.append(note)
        elif kind in (8, 9):
            waiting = self.open[channel, data[0]]
            if not waiting:
                self.song.warn("orphan_off")
            else:
                self.tick = tick
                self.close(waiting.popleft())
        elif kind == 11:
            self.song.controls.append((*where, 0, channel, *data))
        elif kind == 12:
            self.song.controls.append((*where, 1, channel, data[0], data[0]))
            self.song.programs.append((*where, self.place, channel, data[0]))
        elif kind == 14:
            self.song.controls.append((*where, 2, channel, 0, data[1] * 128 + data[0] - 8192))

    def close(self, note: list[int]) -> None:
        note[1] = self.tick
        if note[0] == note[1]:
            self.song.warn("empty_note")

    def system(self, tick: int, status: int) -> None:
        if status not in (0xF0, 0xF7, 0xFF):
            self.song.warn("system_message")
            for _ in range({0xF1: 1, 0xF2: 2, 0xF3: 1}.get(status, 0)):
                if self.at < self.end and self.data[self.at] < 0x80:
                    self.at += 1
            return
        kind = self.byte() if status == 0xFF else -1
        length = self.quantity()
        if length > self.end - self.at:
            raise Cut
        content = self.data[self.at : self.at + length]
        self.at += length
        self.kept = True
        if kind == 0x2F:
            self.running, self.ended = 0, True
            ours = self.data[self.at : self.at + 4] in (b"MTrk", b"MThd") and len(self.data) - self.at >= 8
            self.stopped = self.at == self.end or self.guessed or ours
            if self.at < self.end and not self.guessed:
                self.song.warn("track_length" if ours else "after_end_of_track")
        else:
            self.song.meta(tick, self.number, kind, content)


class Song:
    """What a file says; `code` is ok, or why it says nothing."""

    def __init__(self, data: bytes) -> None:
        self.data, self.code = data, "ok"
        self.warnings: set[str] = set()
        self.notes: list[list[int]] = []
        self.controls: list[tuple[int, ...]] = []
        self.programs: list[tuple[int, ...]] = []
        self.tempos: list[tuple[int, int, int]] = []
        self.meters: list[tuple[int, int, int, int]] = []
        self.keys: list[tuple[int, int, int, bool]] = []
        self.texts: list[tuple[int, int, int, bytes]] = []
        self.ends: list[int] = []
        self.format, self.declared, self.tpqn, self.ticks_per_second = 1, -1, 480, Fraction(0)
        self.read()
        for events in (self.notes, self.controls, self.tempos, self.meters, self.keys, self.texts):
            events.sort(key=lambda e: e[0])
        self.notes.sort(key=lambda n: (n[0], n[2]))

    def warn(self, name: str) -> None:
        self.warnings.add(name)

    def chunk_begins(self, at: int) -> bool:
        return len(self.data) - at >= 8 and all(0x20 <= byte <= 0x7E for byte in self.data[at : at + 4])

    def find_track(self, at: int) -> int:
        found = self.data.find(b"MTrk", at)
        return found if 0 <= found <= len(self.data) - 8 else len(self.data)

    def read(self) -> None:
        data, at = self.data, self.data[: 65536 + 3].find(b"MThd")
        if at != 0 and self.classify():
            return
        if at >= 0:
            if at > 0:
                self.warn("leading_bytes")
            at = self.header(at)
        else:
            at = self.find_track(0)
            if at == len(data) or at >= 65536:
                self.code = "not_midi"
                return
            self.warn("no_header")
        while at < len(data):
            at = self.chunk(at)
        if not self.ends:
            self.code = "no_track"
        if self.declared not in (-1, len(self.ends)):
            self.warn("track_count")
        if self.format == 0 and len(self.ends) > 1:
            self.warn("format_0_tracks")

    def classify(self) -> bool:
        text = self.data.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\n\v\f\r")
        for code, holds in (
            ("empty", not self.data),
            ("zeros", not self.data.strip(b"\0")),
            ("gzip", self.data[:2] == b"\x1f\x8b"),
            ("html", text[:1] == b"<" and b" " < text[1:2] < b"\x80"),
        ):
            if holds:
                self.code = code
                return True
        return False

    def number(self, at: int, size: int) -> int:
        return int.from_bytes(self.data[at : at + size], "big")

    def header(self, at: int) -> int:
        data, end = self.data, len(self.data)
        if end - at >= 8:
            length = self.number(at + 4, 4)
            if length != 6:
                self.warn("header_length")
            if data[at + 14 : at + 18] == b"MTrk":
                end = at + 14
            elif length <= end - at - 8:
                end = at + 8 + length
            else:
                end = self.find_track(at + 8)
        if end - at >= 10:
            self.format = self.number(at + 8, 2)
        if end - at >= 12:
            self.declared = self.number(at + 10, 2)
        if end - at >= 14:
            self.division(self.number(at + 12, 2))
        else:
            self.warn("header_cut")
        if self.format > 2:
            self.warn("format_unknown")
        return end

    def division(self, division: int) -> None:
        if division == 0:
            self.warn("division_zero")
        elif division < 0x8000:
            self.tpqn = division
        else:
            frames, ticks = 256 - (division >> 8), division & 0xFF
            if frames not in (24, 25, 29, 30) or not ticks:
                self.warn("smpte_rate")
            self.tpqn = 0
            self.ticks_per_second = (ticks or 40) * (Fraction(30000, 1001) if frames == 29 else Fraction(frames))

    def chunk(self, at: int) -> int:
        data = self.data
        length, begin = self.number(at + 4, 4), at + 8
        if data[at : at + 4] == b"MTrk" and len(data) - at >= 8:
            if length > len(data) - begin:
                self.warn("track_past_end")
                return Track(self, len(self.ends), begin, len(data), True).read()
            return Track(self, len(self.ends), begin, begin + length, False).read()
        following = self.find_track(at)
        if not self.chunk_begins(at):
            self.warn("padding" if following < len(data) else "trailing_bytes")
            return following
        self.warn("second_header" if data[at : at + 4] == b"MThd" else "foreign_chunk")
        if length <= len(data) - begin:
            return begin + length
        if following == len(data):
            self.warn("trailing_bytes")
        return following

    def meta(self, tick: int, track: int, kind: int, content: bytes) -> None:
        if 1 <= kind <= 15:
            self.texts.append((tick, track, kind, content))
        elif kind == 0x51:
            if len(content) != 3:
                self.warn("tempo_length")
            if len(content) >= 3 and (us := int.from_bytes(content[:3], "big")):
                self.tempos.append((tick, us, track))
            elif len(content) >= 3:
                self.warn("tempo_zero")
        elif kind == 0x58:
            if len(content) != 4:
                self.warn("time_signature")
            if len(content) >= 2 and content[0] and content[1] <= 7:
                self.meters.append((tick, track, content[0], content[1]))
            else:
                self.warn("time_signature")
        elif kind == 0x59:
            sharps = int.from_bytes(content[:1], "big", signed=True)
            if len(content) >= 2 and -7 <= sharps <= 7 and content[1] <= 1:
                self.keys.append((tick, track, sharps, content[1] == 1))
            else:
                self.warn("key_signature")

    def program_of(self, note: list[int]) -> int:
        start, _, track, channel, _, _, place = note
        before = [
            change
            for change in self.programs
            if change[3] == channel and change[:3] < (start, track, place) and (self.format != 2 or change[1] == track)
        ]
        return max(before)[4] if before else 0


class TempoMap:
    """Ticks to seconds, exactly."""

    def __init__(self, song: Song, track: int) -> None:
        self.song = song
        tempos = {0: NO_TEMPO}
        for tick, us, of in song.tempos:
            if song.format != 2 or of == track:
                tempos[tick] = Fraction(us)
        self.ticks = sorted(tempos)
        self.us = [tempos[tick] for tick in self.ticks]
        self.seconds_at = [Fraction(0)]
        for i in range(1, len(self.ticks)):
            lasts = self.ticks[i] - self.ticks[i - 1]
            self.seconds_at.append(self.seconds_at[-1] + lasts * self.us[i - 1] / (max(song.tpqn, 1) * 10**6))

    def seconds(self, tick: int) -> Fraction:
        if not self.song.tpqn:
            return tick / self.song.ticks_per_second
        i = bisect.bisect_right(self.ticks, tick) - 1
        return self.seconds_at[i] + (tick - self.ticks[i]) * self.us[i] / (self.song.tpqn * 10**6)

    def spans(self, end: int) -> list[tuple[int, Fraction]]:
        """How many ticks each tempo holds until the end."""
        until = [*self.ticks[1:], end]
        spans = [(min(b, end) - a, us) for a, b, us in zip(self.ticks, until, self.us, strict=True)]
        return [(lasts, us) for lasts, us in spans if lasts > 0]


def facts(song: Song) -> dict[str, Any]:
    """What the file says as plain values, times and tempos included."""
    own = song.format == 2
    maps = [TempoMap(song, track) for track in range(len(song.ends) if own else 1)]
    map_of = [maps[track if own else 0] for track in range(len(song.ends))]
    ends = song.ends if own else [max(song.ends)]
    spans = [span for tempo_map, end in zip(maps, ends, strict=True) for span in tempo_map.spans(end)]
    bpm = None
    if song.tpqn:
        initial = 60 * 10**6 / maps[0].us[0]
        tempos = [60 * 10**6 / us for _, us in spans] or [initial]
        mean = 60 * 10**6 * sum(t for t, _ in spans) / sum(t * us for t, us in spans) if spans else initial
        bpm = tuple(map(float, (mean, initial, min(tempos), max(tempos))))
    return {
        "bpm": bpm,
        "duration": float(max(map_of[i].seconds(end) for i, end in enumerate(song.ends))),
        "times": [(float(map_of[n[2]].seconds(n[0])), float(map_of[n[2]].seconds(n[1]))) for n in song.notes],
    }

"""MIDI files made of bytes: a tiny writer, and a file for each corner of the format with what reading it must say."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from typing import Any

TPQN = 480
END = bytes.fromhex("00ff2f00")


def quantity(value: int, least: int = 1) -> bytes:
    """A variable-length quantity of `least` bytes and more."""
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    groups += [0x80] * (least - len(groups))
    return bytes(reversed(groups))


def event(delta: int, *message: int) -> bytes:
    return quantity(delta) + bytes(message)


def meta(delta: int, kind: int, content: bytes = b"") -> bytes:
    return event(delta, 0xFF, kind) + quantity(len(content)) + content


def tempo(delta: int, us: int) -> bytes:
    return meta(delta, 0x51, us.to_bytes(3, "big"))


def on(delta: int, pitch: int = 60, channel: int = 0, velocity: int = 64) -> bytes:
    return event(delta, 0x90 | channel, pitch, velocity)


def off(delta: int, pitch: int = 60, channel: int = 0) -> bytes:
    return event(delta, 0x80 | channel, pitch, 0)


def note(delta: int = 0, length: int = TPQN, pitch: int = 60, channel: int = 0) -> bytes:
    return on(delta, pitch, channel) + off(length, pitch, channel)


def chunk(kind: bytes, body: bytes, length: int | None = None) -> bytes:
    return kind + (len(body) if length is None else length).to_bytes(4, "big") + body


def track(*events: bytes, length: int | None = None, end: bytes = END) -> bytes:
    return chunk(b"MTrk", b"".join(events) + end, length)


def header(kind: int, tracks: int, division: int = TPQN) -> bytes:
    return chunk(b"MThd", b"".join(number.to_bytes(2, "big") for number in (kind, tracks, division)))


def smf(*tracks: bytes, kind: int = 1, division: int = TPQN) -> bytes:
    """A file of these tracks."""
    return header(kind, len(tracks), division) + b"".join(tracks)


def riff(data: bytes, before: bytes = b"", size: int | None = None) -> bytes:
    """A RIFF wrapper of the file's bytes, with chunks before them."""
    length = (len(data) if size is None else size).to_bytes(4, "little")
    content = b"RMID" + before + b"data" + length + data + b"\0" * (len(data) % 2)
    return b"RIFF" + (len(content)).to_bytes(4, "little") + content


@dataclass
class Case:
    """A file and what reading it must say: `code` of an error, or warnings, note-ons and other facts by name."""

    name: str
    data: bytes
    warnings: str = ""
    note_ons: int = 1
    status: str = "ok"
    code: str = "ok"
    facts: dict[str, Any] = field(default_factory=dict)


ONE = smf(track(note()))
TWO = smf(track(note()), track(note(pitch=64)))
HTML = b'<!DOCTYPE html>\n<html lang="en"><title>404</title>MThd</html>'
PLAIN = TWO[14:]


def error(name: str, data: bytes, code: str) -> Case:
    return Case(name, data, code=code)


def damaged(name: str, data: bytes, warnings: str, note_ons: int = 1, **facts: Any) -> Case:
    return Case(name, data, warnings, note_ons, "damaged", facts=facts)


def odd(name: str, data: bytes, warnings: str = "", note_ons: int = 1, **facts: Any) -> Case:
    return Case(name, data, warnings, note_ons, facts=facts)


HEADERS = [
    error("empty", b"", "empty"),
    error("only the id of a header", b"MThd", "no_track"),
    error("half a header", ONE[:9], "no_track"),
    error("header of 13 bytes", ONE[:13], "no_track"),
    error("header without track", ONE[:14], "no_track"),
    error("no header and half a track's head", b"MTrk\0\0", "not_midi"),
    error("gzip", gzip.compress(ONE), "gzip"),
    error("html", HTML, "html"),
    error("html behind a byte order mark", b"\xef\xbb\xbf \r\n" + HTML, "html"),
    error("zeros", bytes(5000), "zeros"),
    error("text", b"this is not a MIDI file", "not_midi"),
    error("header behind 64 KB", b"x" * 65536 + ONE, "not_midi"),
    damaged("header of length 4", chunk(b"MThd", ONE[8:12]) + ONE[14:], "header_length header_cut", tpqn=480),
    damaged("header of length 0", chunk(b"MThd", b"") + ONE[14:], "header_length header_cut", tpqn=480, format=1),
    odd("header of length 8", chunk(b"MThd", ONE[8:14] + b"\1\2") + ONE[14:], "header_length"),
    odd("header that claims length 8", ONE[:7] + b"\x08" + ONE[8:], "header_length"),
    odd("header of length 0xFFFFFFFF", ONE[:4] + b"\xff" * 4 + ONE[8:], "header_length"),
    odd("header of length 0xFFFFFFFF and 8", ONE[:4] + b"\xff" * 4 + ONE[8:14] + b"\1\2" + ONE[14:], "header_length"),
    damaged("division 0", smf(track(note()), division=0), "division_zero", tpqn=480, duration=0.5),
    odd("SMPTE 24", smf(track(note()), division=0xE850), tpqn=None, ticks_per_second=24 * 80, duration=0.25),
    odd("SMPTE 25", smf(track(note()), division=0xE728), ticks_per_second=1000, duration=0.48, bpm=None),
    odd("SMPTE 29", smf(track(note()), division=0xE364), ticks_per_second=100 * 30000 / 1001),
    odd("SMPTE 30", smf(track(note()), division=0xE250), ticks_per_second=2400, duration=0.2),
    odd("SMPTE and a tempo", smf(track(tempo(0, 10), note()), division=0xE728), duration=0.48, tempo_changes=0),
    damaged("SMPTE 23", smf(track(note()), division=0xE90A), "smpte_rate", ticks_per_second=230),
    damaged("SMPTE of 0 ticks", smf(track(note()), division=0xE700), "smpte_rate", ticks_per_second=1000),
    damaged("SMPTE 128", smf(track(note()), division=0x8001), "smpte_rate", ticks_per_second=128),
    damaged("format 3", smf(*[track(note())] * 2, kind=3), "format_unknown", 2, format=3),
    odd("format 0 of two tracks", smf(*[track(note())] * 2, kind=0), "format_0_tracks", 2, format=0),
    odd(
        "format 2",
        smf(track(tempo(0, 250000), note()), track(tempo(0, 10**6), note(), length=None), track(note()), kind=2),
        note_ons=3,
        duration=1.0,
        bpm=(60e6 * 3 / 1750000, 240.0, 60.0, 240.0),
        ends=[0.25, 1.0, 0.5],
    ),
    odd("track count 0", header(1, 0) + PLAIN, "track_count", 2, tracks_declared=0, tracks=2),
    odd("track count too large", header(1, 9) + PLAIN, "track_count", 2, tracks_declared=9, tracks=2),
    odd("track count too small", header(1, 1) + PLAIN, "track_count", 2, tracks=2),
    odd("two headers", header(1, 2) + TWO, "second_header", 2, tracks=2),
    odd(
        "header between tracks",
        header(1, 2, 240) + track(note()) + header(0, 7) + track(note()),
        "second_header",
        2,
        tpqn=240,
    ),
    odd("MacBinary", b"\0\7song.mid".ljust(128, b"\0") + TWO, "leading_bytes", 2),
    odd("byte order mark", b"\xef\xbb\xbf" + ONE, "leading_bytes"),
    odd("60,000 bytes before", b"MTr" * 20000 + ONE, "leading_bytes"),
    odd("RIFF", riff(ONE)),
    odd("RIFF with chunks around", riff(ONE, b"DISP\3\0\0\0abc\0") + b"LIST\4\0\0\0INFO"),
    damaged("RIFF whose data is too long", riff(ONE, size=10**6), "riff_size trailing_bytes"),
    damaged("RIFF whose data is too short", riff(TWO, size=20), "riff_size", 2, tracks=2),
    damaged("RIFF whose data ends inside of a track", riff(TWO, size=30), "riff_size", 2, tracks=2),
    damaged("RIFF whose data ends with a track", riff(TWO, size=len(ONE)), "riff_size", 2, tracks=2),
    damaged("RIFF with a chunk too long", riff(ONE, b"DISP\xff\0\0\0abc\0"), "riff_size leading_bytes trailing_bytes"),
    damaged("no header", PLAIN, "no_header", 2, tpqn=480, format=1),
    damaged("no header and junk", b"junk" + PLAIN, "no_header", 2),
]

LONG = track(note(), length=0xFFFFFFFF)
CHUNKS = [
    damaged("track beyond the end", smf(track(note(), length=999)), "track_past_end"),
    damaged("track of 0xFFFFFFFF bytes", smf(LONG, track(note())), "track_past_end", 2, tracks=2),
    damaged(
        "track beyond the end without end event",
        smf(track(note(), length=99, end=b"")),
        "track_past_end no_end_of_track",
    ),
    damaged("track too short", smf(track(note(), length=5), track(note())), "track_length", 2, tracks=2),
    damaged(
        "track too short, by what looks like a chunk",
        smf(track(meta(0, 1, b"ABCDEFGHIJKLMNOP"), note(), length=8), track(note())),
        "foreign_chunk no_end_of_track event_cut",
        tracks=2,
    ),
    damaged("track too short, the last", smf(track(note(), length=10)), "track_length"),
    damaged("track of length 0", smf(track(note(), length=0), track(note())), "track_length", 2, tracks=2),
    damaged("track of no bytes", smf(track(end=b""), track(note())), "no_end_of_track", tracks=2),
    damaged("track too long", smf(track(note(), length=20), track(note())), "track_length", 2, tracks=2),
    odd(
        "foreign chunk", smf(track(note()), chunk(b"XFIH", b"\0\1MTrk"), track(note())), "foreign_chunk track_count", 2
    ),
    damaged(
        "foreign chunk beyond the end",
        smf(track(note())) + chunk(b"XFIH", b"abc", 99),
        "foreign_chunk trailing_bytes",
    ),
    odd(
        "foreign chunk of a wrong length",
        header(1, 2) + track(note()) + chunk(b"XFIH", b"abc", 99) + track(note()),
        "foreign_chunk",
        2,
    ),
    damaged("padding", header(1, 2) + track(note()) + bytes(7) + track(note()), "padding", 2),
    damaged("trailing bytes", ONE + b"\0\1\2", "trailing_bytes", offset=len(ONE)),
    damaged("trailing id", ONE + b"MTrk", "trailing_bytes", offset=len(ONE)),
    damaged(
        "events behind the end of the track", smf(track(note(), END, note())), "after_end_of_track", 2, duration=1.0
    ),
    damaged("zeros behind the end of the track", smf(track(note(), END, end=bytes(9))), "after_end_of_track no_status"),
    damaged("no end of track", smf(track(note(), end=b""), track(note())), "no_end_of_track", 2),
    odd("65,535 tracks", smf(*[track(on(0), off(1))] * 65535), note_ons=65535, tracks=65535),
    odd("500,000 foreign chunks", header(1, 1) + chunk(b"XFIH", b"") * 500_000 + track(note()), "foreign_chunk"),
    damaged("4 MB of padding", header(1, 1) + b"MTr\0" * 1_000_000 + track(note()), "padding"),
    odd("no notes", smf(track()), note_ons=0, duration=0.0),
]

MANY = [on(0x0FFFFFFF) + off(0x0FFFFFFF) for _ in range(1000)]
EVENTS = [
    odd("quantity of five bytes", smf(track(quantity(5, 5) + on(0)[1:], off(1))), "long_quantity", start=5),
    odd("longest delta, again and again", smf(track(*MANY)), note_ons=1000, end_tick=2000 * 0x0FFFFFFF),
    odd("4.2 million seconds", smf(track(*[meta(0x0FFFFFFF, 1)] * 15, note())), duration=15 * 0x0FFFFFFF / 960 + 0.5),
    damaged(
        "ticks beyond 63 bits",
        smf(track(b"\xff" * 9 + b"\x7f" + on(0)[1:], off(5))),
        "long_quantity tick_overflow empty_note",
        end_tick=2**63 - 1,
    ),
    damaged("cut quantity", smf(track(note(), end=b"\x81\x82")), "event_cut no_end_of_track"),
    damaged("cut note", smf(track(note(), end=b"\x00\x90\x40")), "event_cut no_end_of_track"),
    damaged("cut program", smf(track(note(), end=b"\x00\xc0")), "event_cut no_end_of_track"),
    damaged("cut meta event", smf(track(note(), end=b"\x00\xff")), "event_cut no_end_of_track"),
    damaged("text beyond the end", smf(track(note(), end=b"\x00\xff\x01\x20ab")), "event_cut no_end_of_track"),
    damaged("SysEx beyond the end", smf(track(note(), end=b"\x00\xf0\x20ab")), "event_cut no_end_of_track"),
    damaged("data without a status", smf(track(b"\0\x3c\x40", note())), "no_status", offset=23),
    damaged("nothing but data", smf(track(b"\0\x3c\x40", end=b"")), "no_status no_end_of_track", 0),
    odd("running status", smf(track(on(0), b"\x60\x3c\0\0\x3e\x40\x60\x3e\0")), note_ons=2, duration=0.2),
    odd("running status across text", smf(track(on(0), meta(0, 1, b"x"), b"\x60\x3c\0")), "kept_status"),
    odd("running status across SysEx", smf(track(on(0), b"\0\xf0\1\xf7", b"\x60\x3c\0")), "kept_status"),
    odd("split SysEx", smf(track(b"\0\xf0\2\1\2", b"\x10\xf7\2\3\xf7", note()))),
    odd("real-time messages", smf(track(*[event(0, s) for s in range(0xF8, 0xFF)], note())), "system_message"),
    odd(
        "other system messages",
        smf(
            track(
                event(0, 0xF1, 1),
                event(0, 0xF2, 1, 2),
                event(0, 0xF3, 1),
                *[event(0, s) for s in (0xF4, 0xF5, 0xF6)],
                note(),
            )
        ),
        "system_message",
    ),
    damaged("data bytes of 80 and above", smf(track(event(0, 0x90, 0xBC, 0xC0), off(5))), "high_data", offset=24),
    damaged("program of 80 and above", smf(track(event(0, 0xC0, 0x85), note())), "high_data", program=5),
    damaged("tempo of 2 bytes", smf(track(meta(0, 0x51, b"\1\2"), note())), "tempo_length", duration=0.5),
    damaged("tempo of 4 bytes", smf(track(meta(0, 0x51, b"\x0f\x42\x40\0"), note())), "tempo_length", duration=1.0),
    damaged("tempo of 0 bytes", smf(track(meta(0, 0x51), note())), "tempo_length", duration=0.5),
    damaged("tempo of 0", smf(track(tempo(0, 0), note())), "tempo_zero", duration=0.5),
    odd("tempo of 1", smf(track(tempo(0, 1), note())), duration=1e-6, bpm=(60e6, 60e6, 60e6, 60e6)),
    odd("tempo in another track", smf(track(note(480)), track(tempo(480, 10**6))), duration=1.5, tempo_changes=1),
    odd(
        "two tempos on one tick",
        smf(track(tempo(0, 250000), tempo(0, 10**6), note())),
        duration=1.0,
        bpm=(60.0, 60.0, 60.0, 60.0),
        tempo_changes=0,
    ),
    odd("tempo that ends nothing", smf(track(note(), tempo(0, 1))), duration=0.5, tempo_changes=0, bpm=(120.0,) * 4),
    damaged(
        "time signature over 256", smf(track(meta(0, 0x58, b"\4\x08\x18\x08"), note())), "time_signature", meters=[]
    ),
    damaged("time signature of 0", smf(track(meta(0, 0x58, b"\0\2\x18\x08"), note())), "time_signature", meters=[]),
    damaged("short time signature", smf(track(meta(0, 0x58, b"\3\2"), note())), "time_signature", meters=[(3, 2)]),
    damaged("time signature of 1 byte", smf(track(meta(0, 0x58, b"\3"), note())), "time_signature", meters=[]),
    odd("time signatures", smf(track(meta(0, 0x58, b"\6\3\x18\x08"), note())), meters=[(6, 3)]),
    damaged("key of 8 signs", smf(track(meta(0, 0x59, b"\x08\0"), note())), "key_signature", keys=[]),
    damaged("key of mode 2", smf(track(meta(0, 0x59, b"\1\2"), note())), "key_signature", keys=[]),
    damaged("key of 1 byte", smf(track(meta(0, 0x59, b"\1"), note())), "key_signature", keys=[]),
    damaged("key of -8 signs", smf(track(meta(0, 0x59, b"\xf8\0"), note())), "key_signature", keys=[]),
    odd("keys", smf(track(meta(0, 0x59, b"\xf9\1"), meta(0, 0x59, b"\7\0"), note())), keys=[(-7, True), (7, False)]),
    odd("Shift-JIS", smf(track(meta(0, 3, "ピアノ".encode("shift-jis")), note())), names=("ピアノ",)),
    odd("Latin-1", smf(track(meta(0, 3, "Flöte".encode("latin-1")), note())), names=("Flöte",)),
    odd("UTF-16", smf(track(meta(0, 3, "Flöte".encode("utf-16")), note())), names=("Flöte",)),
    odd("UTF-8", smf(track(meta(0, 3, "Flöte ピアノ".encode()), note())), names=("Flöte ピアノ",)),
    odd("empty name", smf(track(meta(0, 3), note())), names=("",)),
]

COME_AND_GO = bytes.fromhex("023c40 023c00 023f40 023f00")
NOTES = [
    odd("velocity 0 is off", smf(track(on(0), on(480, velocity=0))), duration=0.5),
    odd("unclosed note", smf(track(on(0), meta(480, 1))), "unclosed_note", spans=[(0, 480)]),
    odd("orphan off", smf(track(off(0), note())), "orphan_off"),
    odd(
        "overlapping notes",
        smf(track(on(0), on(10), off(10), off(10))),
        "overlapping_note",
        2,
        spans=[(0, 20), (10, 30)],
    ),
    odd("1,000 overlapping notes", smf(track(*[on(1)] * 1000, *[off(1)] * 1000)), "overlapping_note", 1000),
    odd("empty note", smf(track(on(5), off(0))), "empty_note", spans=[(5, 5)]),
    odd(
        "off in another track",
        smf(track(on(0), meta(960, 1)), track(off(480))),
        "unclosed_note orphan_off",
        spans=[(0, 960)],
    ),
    odd("off on another channel", smf(track(on(0), off(480, channel=1))), "unclosed_note orphan_off"),
    odd("drums", smf(track(note(channel=9))), channel=9),
    odd("program in an earlier track", smf(track(event(0, 0xC0, 7)), track(note())), program=7),
    odd("program in a later track", smf(track(note(480)), track(event(0, 0xC0, 7))), program=7),
    odd("program in a later track, on the same tick", smf(track(note()), track(event(0, 0xC0, 7))), program=0),
    odd(
        "program of another track before its own",
        smf(track(event(0, 0xC0, 3), note()), track(event(5, 0xC0, 7))),
        program=3,
    ),
    odd("program behind the note", smf(track(on(0), event(0, 0xC0, 3), off(9)), track(event(5, 0xC0, 7))), program=0),
    odd("programs in format 2", smf(track(event(0, 0xC0, 3)), track(note()), kind=2), program=0),
    odd(
        "order of notes",
        smf(track(note(480)), track(note(480), note(0)), track(note(0))),
        note_ons=4,
        tracks_of=[2, 0, 1, 1],
    ),
    odd(
        "100,000 chords that come and go",
        smf(track(on(0, 48), COME_AND_GO * 50_000), division=1),
        "unclosed_note",
        100_001,
    ),
    odd(
        "a million note-ons",
        smf(track(on(0), b"\0\x3c\x40" * 999_999)),
        "overlapping_note unclosed_note empty_note",
        10**6,
    ),
]

CASES = [*HEADERS, *CHUNKS, *EVENTS, *NOTES]

"""The shortest obviously right Python for what the compiled core says of a song. Slow, and meant to be read.

A song is the dict that `fastcore._native.midi.read` returns; its own oracle is elsewhere.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

Song = dict[str, Any]
WORD = (1 << 64) - 1
TICK_MAX = 1 << 56
DRUMS = 9

# Hashes.

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
K = [math.isqrt(prime << 128) & WORD for prime in PRIMES]


def mix(a: int, b: int) -> int:
    return a * b >> 64 ^ a * b & WORD


def absorb(state: tuple[int, int], x: int, y: int) -> tuple[int, int]:
    return mix(x ^ K[0], y ^ state[0]), mix(x ^ state[1], y ^ K[1])


def file_hash(data: bytes) -> str:
    padded = data + bytes(-len(data) % 64)
    words = [int.from_bytes(padded[i : i + 8], "little") for i in range(0, len(padded), 8)]
    lanes = [(K[2 + 2 * i], K[3 + 2 * i]) for i in range(4)]
    for at in range(0, len(words), 2):
        lane = at // 2 % 4
        lanes[lane] = absorb(lanes[lane], words[at], words[at + 1])
    state = (len(data) ^ K[10], len(data) ^ K[11])
    for x, y in [*lanes, (K[2], K[3]), (K[4], K[5])]:
        state = absorb(state, x, y)
    return f"{state[0]:016x}{state[1]:016x}"


def note_hashes(song: Song) -> tuple[str, str] | tuple[None, None]:
    def place(tick: int) -> int:
        if song["tpqn"] is None:
            return math.floor(tick * (96 / song["ticks_per_second"]) + 0.5)
        return (96 * tick + song["tpqn"]) // (2 * song["tpqn"])

    notes = rows(song)
    if not notes:
        return None, None
    lowest = min((note.pitch for note in notes if note.channel != DRUMS), default=0)
    sums = [0, 0]
    for note in notes:
        t = mix(place(note.start) ^ K[0], place(note.end) - place(note.start) ^ K[1])
        drums = note.channel == DRUMS
        for i, pitch in enumerate((note.pitch + 128 * drums, note.pitch + 128 if drums else note.pitch - lowest)):
            sums[i] += mix(t ^ K[2], pitch ^ K[3])
    return tuple(f"{mix(total & WORD ^ K[4], len(notes) ^ K[5]):016x}" for total in sums)  # type: ignore[return-value]


# Notes.


class Note:
    """A note whose ticks end with TICK_MAX."""

    def __init__(self, row: Any) -> None:
        self.start, self.end = min(int(row["start"]), TICK_MAX), min(int(row["end"]), TICK_MAX)
        self.start_s, self.end_s = float(row["start_s"]), float(row["end_s"])
        self.channel, self.pitch = int(row["channel"]), int(row["pitch"])
        self.velocity, self.program = int(row["velocity"]), int(row["program"])


def rows(song: Song) -> list[Note]:
    return [Note(row) for row in song["notes"]]


def pitched(song: Song) -> list[Note]:
    return [note for note in rows(song) if note.channel != DRUMS]


def sounding(song: Song) -> list[Note]:
    return [note for note in pitched(song) if note.start < note.end]


# Key.

PROFILES = {
    "albrecht-shanahan": (
        [0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081],
        [0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052],
    ),
    "krumhansl-kessler": (
        [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88],
        [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17],
    ),
}


def key_of(weights: Any, profile: str = "albrecht-shanahan") -> tuple[int, int, float, float] | tuple[None] * 4:
    if max(weights) - min(weights) <= 1e-9 * max(weights):
        return None, None, None, None
    shares = np.array(weights) / max(weights)
    r = np.array([np.corrcoef(shares, np.roll(mode, tonic))[0, 1] for mode in PROFILES[profile] for tonic in range(12)])
    best = int(np.argmax(r > r.max() - 1e-9))
    others = np.where(np.arange(24) == best, -2, r)
    second = int(np.argmax(others > others.max() - 1e-9))
    margin = float(r[best] - r[second])
    return best, second, float(r[best]), 0.0 if margin < 1e-9 else margin


def key_of_song(song: Song, notes: str, profile: str) -> tuple[int, int, float, float] | tuple[None] * 4:
    chosen = rows(song) if notes == "all count" else pitched(song)
    weights = [0.0] * 12
    for note in chosen:
        weights[note.pitch % 12] += note.end_s - note.start_s if notes == "pitched seconds" else 1
    return key_of(weights if len(chosen) >= 8 else [0.0] * 12, profile)


# Bars and chords.


def stretches(song: Song) -> list[tuple[int, int, int, int]]:
    """Start, end, numerator and denominator of what each time signature holds for."""
    if song["tpqn"] is None:
        return []
    changes = {0: (4, 4)}
    for row in song["time_signatures"]:
        if row["tick"] <= TICK_MAX:
            changes[int(row["tick"])] = int(row["numerator"]), 1 << int(row["denominator_exponent"])
    ends = [*list(changes)[1:], TICK_MAX + 1]
    return [(start, end, *meter) for (start, meter), end in zip(changes.items(), ends, strict=True)]


def half_bars(song: Song) -> Iterator[tuple[int, int, int]]:
    """Start and end of each half bar, for ever, and its number within the stretch; those of less than a tick too."""
    for start, end, numerator, denominator in stretches(song):
        length = Fraction(2 * numerator * song["tpqn"], denominator)
        for half in itertools.count():
            here, following = (start + math.floor(k * length) for k in (half, half + 1))
            if here >= end:
                break
            yield here, min(following, end), half


def bars(song: Song) -> int | None:
    if song["tpqn"] is None or not len(song["notes"]):
        return None
    last = max(note.end for note in rows(song))
    begun = itertools.takewhile(lambda half: half[0] < last, half_bars(song))
    return max(1, sum(half % 2 == 0 for _, _, half in begun))


QUALITIES = ["maj", "min", "dim", "aug", "sus2", "sus4", "5", "6", "7", "maj7", "m7", "m7b5", "dim7", "9", "N.C."]
TONES = {
    "maj": [0, 4, 7],
    "min": [0, 3, 7],
    "7": [0, 4, 7, 10],
    "m7": [0, 3, 7, 10],
    "maj7": [0, 4, 7, 11],
    "6": [0, 4, 7, 9],
    "9": [0, 4, 7, 10, 2],
    "sus2": [0, 2, 7],
    "sus4": [0, 5, 7],
    "m7b5": [0, 3, 6, 10],
    "dim": [0, 3, 6],
    "dim7": [0, 3, 6, 9],
    "aug": [0, 4, 8],
    "5": [0, 7],
}


@cache
def chord_of(heard: frozenset[int], bass: int) -> tuple[int, int, str, int]:
    """Root, bass, quality and inversion of the pitch classes that are heard."""
    found = []
    for rank, (quality, tones) in enumerate(TONES.items()):
        for above in range(12):
            chord = {(bass + above + tone) % 12 for tone in tones}
            missing, extra = len(chord - heard), len(heard - chord)
            allowed = extra <= 2 if len(heard) > 2 else extra == 0 and quality in ("maj", "min", "5")
            if len(heard) > 1 and missing <= 1 and allowed:
                found.append((3 * missing + 2 * extra, above != 0, rank, above, quality))
    if not found:
        return 0, 0, "N.C.", -1
    *_, above, quality = min(found)
    from_root = -above % 12
    inversion = TONES[quality].index(from_root) if from_root in TONES[quality] else -1
    return (bass + above) % 12, bass, quality, inversion


def chord_of_half(notes: list[Note], start: int, end: int) -> tuple[int, int, str, int]:
    pitches: Counter[int] = Counter()
    for note in notes:
        pitches[note.pitch] += max(0, min(note.end, end) - max(note.start, start))
    classes = [min(end - start, sum(w for p, w in pitches.items() if p % 12 == c)) for c in range(12)]
    heaviest = max(classes)
    if heaviest == 0:
        return 0, 0, "N.C.", -1
    heard = frozenset(c for c in range(12) if 4 * classes[c] >= heaviest)
    heavy = [p for p, w in pitches.items() if 4 * w >= heaviest]
    bass = min(heavy or [p for p, w in pitches.items() if w > 0 and p % 12 in heard])
    return chord_of(heard, bass % 12)


def chords(song: Song) -> list[tuple[int, int, int, int, int, int]]:
    """Rows of the array of CHORD."""
    notes = sounding(song)
    if song["tpqn"] is None or not notes:
        return []
    last = max(note.end for note in notes)
    found = [
        (start, end, chord_of_half(notes, start, end))
        for start, end, _ in itertools.takewhile(lambda half: half[0] < last, half_bars(song))
        if start < end
    ]
    merged = []
    for (root, bass, quality, inversion), same in itertools.groupby(found, key=lambda half: half[2]):
        halves = list(same)
        merged.append((halves[0][0], halves[-1][1], root, bass, QUALITIES.index(quality), inversion))
    return merged


# Statistics.


def groove(song: Song) -> dict[str, float | None]:
    notes = [note for note in rows(song) if note.start < TICK_MAX]
    if song["tpqn"] is None or not notes:
        return {"grid": None, "swing": None}
    tpqn = song["tpqn"]
    on = [Fraction(twelfth * tpqn, 12) for twelfth in (0, 3, 4, 6, 8, 9, 12)]
    near = [min(abs(note.start % tpqn - place) for place in on) <= Fraction(tpqn, 96) for note in notes]
    beats: dict[tuple[int, int], list[float]] = {}
    for note in notes:
        start, _, _, denominator = next(s for s in stretches(song) if s[0] <= note.start < s[1])
        if denominator in (2, 4):
            beat, ticks = divmod(note.start - start, tpqn)
            beats.setdefault((start, beat), []).append(ticks * (1.0 / tpqn))
    places, others = [], 0
    for starts in beats.values():
        off = [place for place in starts if 0.45 <= place <= 0.72]
        other = any(0.1 <= place <= 0.9 and place not in off for place in starts)
        others += other
        if off and not other:
            places.append(sum(off) / len(off))
    swing = None
    if len(places) >= max(16, others) and np.var(places) <= 0.05**2:
        swing = float(np.mean(places) / (1 - np.mean(places)))
    return {"grid": sum(near) / len(near), "swing": swing}


def longest(song: Song, name: str) -> tuple[Any, int]:
    """The signature that holds longest, and how often they change."""
    held = {int(row["tick"]): tuple(row.item()[2:]) for row in song[name]}
    if not held:
        return None, 0
    ends = [*list(held)[1:], song["end_tick"]]
    ticks: Counter[Any] = Counter()
    for (tick, value), end in zip(held.items(), ends, strict=True):
        ticks[value] += max(0, end - tick)
    values = list(held.values())
    best = max(ticks, key=lambda value: (ticks[value], -values.index(value)))
    return best, sum(a != b for a, b in itertools.pairwise(values))


def polyphony_mean(notes: list[Note]) -> float | None:
    spans = sorted((note.start_s, note.end_s) for note in notes)
    union, reached = 0.0, -math.inf
    for start, end in spans:
        union += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return sum(end - start for start, end in spans) / union if union else None


def facts(song: Song, data: bytes) -> dict[str, Any]:
    notes, melodic, long = rows(song), pitched(song), sounding(song)
    pitches = [note.pitch for note in melodic]
    polyphony = max((sum(b.start <= a.start < b.end for b in long) for a in long), default=0)
    meter, meter_changes = longest(song, "time_signatures")
    key_signature, key_changes = longest(song, "key_signatures")
    controls = song["controls"]
    bends = controls["value"][controls["kind"] == 2].tolist()
    texts = [(kind, content) for _, _, kind, content in song["texts"]]
    note_hash, shape_hash = note_hashes(song)
    return {
        "duration": song["duration"],
        "notes": len(notes),
        "pitched": len(melodic),
        "density": len(notes) / song["duration"] if song["duration"] else None,
        "pitch_min": min(pitches, default=None),
        "pitch_max": max(pitches, default=None),
        "velocity_mean": sum(note.velocity for note in notes) / len(notes) if notes else None,
        "polyphony_max": polyphony,
        "polyphony_mean": polyphony_mean(melodic) if song["format"] != 2 or song["tracks"] < 2 else None,
        "monophonic": polyphony == 1 if long else None,
        "programs": sorted({note.program for note in melodic}),
        "kits": sorted({note.program for note in notes if note.channel == DRUMS}),
        "channels": sorted({note.channel for note in notes}),
        "drums_only": not melodic if notes else None,
        "has_lyrics": any(
            (kind == 5 and content) or (kind == 1 and content.startswith(b"@KMIDI KARAOKE FILE"))
            for kind, content in texts
        ),
        "time_signature": (meter[0], 2 ** meter[1]) if meter else None,
        "time_signature_changes": meter_changes,
        "key_signature": key_signature,
        "key_signature_changes": key_changes,
        "controllers": sorted(set(controls["number"][controls["kind"] == 0].tolist())),
        "pitch_bend": (min(bends), max(bends)) if bends else None,
        **groove(song),
        "file_hash": file_hash(data),
        "note_hash": note_hash,
        "shape_hash": shape_hash,
    }

"""What a file's name says of its music: tempo and key, as in "song_120bpm_F#m.mid"."""

from __future__ import annotations

import os
import re

from fastcore._native.midi import KEYS

BPM_MIN, BPM_MAX = 20.0, 400.0
_NUMBER = r"(\d{2,3}(?:[.,]\d{1,3})?)"
_BPM = re.compile(rf"(?<![\d.,]){_NUMBER}[ _-]?bpm(?![a-z])|(?<![a-z])bpm[ _=-]?{_NUMBER}(?![\d.,]*\d)", re.IGNORECASE)

# What every key has: it is looked for first, since most names have none.
_MAYBE_KEY = re.compile(r"[A-Ga-g](?:[#♯b♭]|[ _-]?(?:sharp|flat|Sharp|Flat|SHARP|FLAT))?[ _-]?[mM]")
_BEFORE, _BEHIND = r"(?<![A-Za-z0-9#'’])", r"(?![A-Za-z0-9#'’])"
_SIGN = r"(?P<sign>[#♯b♭]|[ _-]?(?:sharp|flat|Sharp|Flat|SHARP|FLAT))"
_MODE = r"(?P<mode>maj(?:or)?|min(?:or)?|Maj(?:or)?|Min(?:or)?|MAJ(?:OR)?|MIN(?:OR)?)"
_KEYS = [
    re.compile(rf"{_BEFORE}(?P<letter>[A-Ga-g]){_SIGN}[ _-]?{_MODE}{_BEHIND}"),  # F# minor, bb_maj, B flat major
    re.compile(rf"{_BEFORE}(?P<letter>[A-G]){_SIGN}(?P<mode>m){_BEHIND}"),  # F#m
    re.compile(rf"{_BEFORE}(?P<letter>[A-Ga-g]){_MODE}{_BEHIND}"),  # Cmaj, dmin
    re.compile(rf"{_BEFORE}(?P<letter>[B-G])[ _-]{_MODE}{_BEHIND}"),  # C minor
    # "A minor" may be the article, so it must end its part of the name or follow "in".
    re.compile(rf"{_BEFORE}(?P<letter>A)[ _-]{_MODE}(?=$|[ _-]*[-_.,()\[\]\d])"),
    re.compile(rf"(?<=[Ii]n )(?P<letter>A)[ _-]{_MODE}{_BEHIND}"),
    re.compile(rf"{_BEFORE}(?P<letter>[BCDFG])(?P<mode>m){_BEHIND}"),  # Dm
    re.compile(r"(?<=[(\[])(?P<letter>[AE])(?P<mode>m)(?=[)\]])"),  # (Am): elsewhere a word, "I Am", "Show Em"
]
_WITH_TEMPO = re.compile(rf"{_BEFORE}(?P<letter>[AE])(?P<mode>m){_BEHIND}")  # Am, beside a tempo
_TONICS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]


def _one(found: set[float]) -> float | None:
    return found.pop() if len(found) == 1 else None


def tempo_in_name(path: str) -> float | None:
    """Return the tempo that the last part of a path names, in beats a minute.

    That is a number of two or three digits, with decimals or not, before or behind "bpm" in any case. None where there
    is none, where it is not within 20 to 400, and where two that differ are named. O(length); thread-safe.

    >>> tempo_in_name("loops/128bpm/Drums 92.5 BPM.mid")
    92.5
    """
    stem = _stem(path)
    if "bpm" not in stem.lower():
        return None
    numbers = {float((a or b).replace(",", ".")) for a, b in _BPM.findall(stem)}
    return _one({number for number in numbers if BPM_MIN <= number <= BPM_MAX} if len(numbers) == 1 else set())


def key_in_name(path: str) -> str | None:
    """Return the key that the last part of a path names, e.g. "F# minor", spelled as everywhere (KEYS).

    Read are "F#m", "Bb major", "C_min", "dmaj", "E flat minor". A letter without a mode is no key, nor is a chord
    ("Cmaj7"). What may be a word counts only where it can hardly be one: "A minor" at the end of a part of the name or
    after "in", "Am" and "Em" in brackets or beside a tempo (`tempo_in_name`). None where there is none, and where two
    that differ are named. O(length); thread-safe.

    >>> key_in_name("song_120bpm_F#m.mid"), key_in_name("A Minor Setback.mid"), key_in_name("I Am.mid")
    ('F# minor', None, None)
    """
    stem = _stem(path)
    if _MAYBE_KEY.search(stem) is None:
        return None
    patterns = _KEYS if tempo_in_name(path) is None else [*_KEYS, _WITH_TEMPO]
    key = _one({_key_of(match) for pattern in patterns for match in pattern.finditer(stem)})
    return None if key is None else KEYS[int(key)]


def _key_of(match: re.Match[str]) -> int:
    sign = (match.groupdict().get("sign") or "").strip(" _-").lower()
    raised = 1 if sign in ("#", "♯", "sharp") else -1 if sign else 0
    minor = match["mode"].lower().startswith("m") and not match["mode"].lower().startswith("maj")
    return (_TONICS[match["letter"].upper()] + raised) % 12 + 12 * minor

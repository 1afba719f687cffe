"""Text of MIDI files, whose encoding no file names."""

from __future__ import annotations


def decode(raw: bytes, charset: str | None = None) -> str:
    """Return the text that `raw` holds; never an error for the bytes, whatever they are.

    With `charset`, a codec's name, the bytes are read by it, U+FFFD for what it does not know; LookupError for an
    unknown codec. Otherwise they are UTF-8, or UTF-16 if they begin with its byte order mark, or else Shift-JIS
    or Latin-1, whichever reads more likely. Byte order marks and NULs at the end are dropped. O(len(raw)); pure.

    >>> decode("Café".encode()), decode("Café".encode("latin-1")), decode("ドラム".encode("shift-jis"))
    ('Café', 'Café', 'ドラム')
    """
    if charset is not None:
        return raw.decode(charset, "replace").lstrip("\ufeff").rstrip("\0")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace").rstrip("\0")
    raw = raw.rstrip(b"\0")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _decode_legacy(raw)


def _decode_legacy(raw: bytes) -> str:
    latin = raw.decode("latin-1")
    try:
        japanese = raw.decode("shift-jis")
    except UnicodeDecodeError:
        return latin
    return japanese if _japanese_score(japanese) > _latin_score(latin) else latin


def _japanese_score(text: str) -> float:
    """The share of what is not ASCII that Japanese is written in; half-width katakana, one byte each, count less."""
    odd = [c for c in text if not c.isascii()]
    likely = sum("\u3000" <= c <= "\u30ff" or "\u4e00" <= c <= "\u9fff" or "\uff01" <= c <= "\uff5e" for c in odd)
    return (likely + 0.4 * sum("\uff61" <= c <= "\uff9f" for c in odd)) / max(1, len(odd))


def _latin_score(text: str) -> float:
    """The share of what is not ASCII that are letters beside a letter of ASCII, or signs that titles have."""
    odd = [i for i, c in enumerate(text) if not c.isascii()]
    beside = [text[max(0, i - 1) : i] + text[i + 1 : i + 2] for i in odd]
    letters = [text[i] for i, near in zip(odd, beside, strict=True) if any(c.isascii() and c.isalpha() for c in near)]
    words = sum(letter.isalpha() for letter in letters)
    return (words + sum(text[i] in "©®°«»¡¿§´" for i in odd)) / max(1, len(odd))

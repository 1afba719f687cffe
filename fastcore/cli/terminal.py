"""What a terminal needs and a pipe must not get: colour, visible control characters, a progress line."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

CODES = {"path": "35", "line": "32", "match": "1;31", "note": "2", "role": "36", "error": "31"}
# They turn the direction of what follows, so that a terminal shows another text than there is.
BIDI = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_ESCAPES = {c: f"\\x{c:02x}" for c in (*range(0x20), *range(0x7F, 0xA0)) if chr(c) not in "\t\n"}
_ESCAPES |= {c: f"\\u{c:04x}" for c in BIDI}


def wants_color(choice: str, stream: TextIO) -> bool:
    """Decide on colour: the option, then NO_COLOR, then FORCE_COLOR and CLICOLOR_FORCE, then the terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if any(os.environ.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def terminal_width() -> int:
    """The columns of the terminal that standard output is, 40 at least; 80 where it is none or does not say."""
    try:
        columns = os.get_terminal_size().columns
    except (OSError, ValueError):  # no terminal, or no file at all
        columns = 0
    return max(columns or 80, 40)


def can_print(text: str) -> bool:
    """True if standard output's encoding has these characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def visible(text: str) -> str:
    r"""Turn control characters, but tab and newline, into escapes that a terminal shows and does not obey.

    >>> visible("a\x1b[31m\n\x9b\u202e")
    'a\\x1b[31m\n\\x9b\\u202e'
    """
    return text if text.isprintable() else text.translate(_ESCAPES)


def plain(path: bytes) -> str:
    r"""A path as text, bytes that are no UTF-8 as `\xff`."""
    return path.decode("utf-8", "backslashreplace")


def spelled(text: str) -> str:
    r"""Text that Python made of file names among others, the names as `plain` has them.

    >>> spelled("odd-\udcff: no such file")
    'odd-\\xff: no such file'
    """
    try:
        return plain(text.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:  # a surrogate that stands for no byte: the stream escapes it
        return text


def say(text: str) -> None:
    """Print a line on standard error."""
    text = spelled(text)
    print(visible(text) if sys.stderr.isatty() else text, file=sys.stderr)


class Painter:
    """Writes text for one stream: control characters made visible on a terminal, colour where it is wanted."""

    def __init__(self, stream: TextIO, color: bool) -> None:
        self.color = color
        self.is_terminal = stream.isatty()

    def clean(self, text: str) -> str:
        return visible(text) if self.is_terminal else text

    def paint(self, kind: str, text: str) -> str:
        text = self.clean(text)
        return f"\x1b[{CODES[kind]}m{text}\x1b[0m" if self.color and text else text


class Progress:
    """A line on stderr that counts what is done, ten times a second and at the end, and then vanishes.

    It waits for `after` seconds first; None never shows it, only keeps the `total`.
    """

    def __init__(self, after: float | None) -> None:
        from time import monotonic

        self.total = 0
        self.shown = False
        self.due = None if after is None else monotonic() + after

    def __call__(self, done: int, total: int, unit: str) -> None:
        from time import monotonic

        self.total = total
        if self.due is None:
            return
        now = monotonic()
        at_the_end = self.shown and 0 < total <= done
        if now < self.due and not at_the_end:
            return
        self.due = now + 0.1
        self.shown = True
        scale, name = (1e6, "MB") if unit == "bytes" else (1, unit)
        share = f" of {total / scale:,.0f}" if total else ""
        sys.stderr.write(f"\r\x1b[K{done / scale:,.0f}{share} {name}")
        sys.stderr.flush()

    def clear(self) -> None:
        if self.shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

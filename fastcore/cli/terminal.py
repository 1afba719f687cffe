"""What a terminal needs and a pipe must not get: colour, visible control characters, a progress line."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

CODES = {"path": "35", "line": "32", "match": "1;31", "note": "2", "role": "36", "error": "31"}


def wants_color(choice: str, stream: TextIO) -> bool:
    """Decide on colour: the option, then NO_COLOR, then FORCE_COLOR and CLICOLOR_FORCE, then the terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR") or os.environ.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def visible(text: str) -> str:
    r"""Turn control characters, but tab and newline, into escapes that a terminal shows and does not obey.

    >>> visible("a\x1b[31m\n\x9b")
    'a\\x1b[31m\n\\x9b'
    """
    if text.isprintable():
        return text
    return "".join(
        f"\\x{ord(c):02x}" if (ord(c) < 0x20 and c not in "\t\n") or 0x7F <= ord(c) < 0xA0 else c for c in text
    )


def plain(path: bytes) -> str:
    r"""A path as text, bytes that are no UTF-8 as `\xff`."""
    return path.decode("utf-8", "backslashreplace")


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
    """A line on stderr that counts what is done, at most ten times a second, and vanishes at the end."""

    def __init__(self) -> None:
        self.next = 0.0
        self.shown = False

    def __call__(self, done: int, total: int, unit: str) -> None:
        from time import monotonic

        now = monotonic()
        if now < self.next:
            return
        self.next = now + 0.1
        self.shown = True
        share = f" of {total / 1e6:,.0f}" if total else ""
        sys.stderr.write(f"\r\x1b[K{done / 1e6:,.0f}{share} MB")
        sys.stderr.flush()

    def clear(self) -> None:
        if self.shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

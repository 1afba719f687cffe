"""The exceptions of the package. Each is also a child of the builtin that a caller would expect.

>>> from fastcore import query
>>> try:
...     query.parse("timeout AND (cat OR dog")
... except ValueError as error:
...     print(type(error).__name__, error.column)
...     print(error)
QueryError 13
this bracket is never closed (column 13)
  timeout AND (cat OR dog
              ^
"""

from __future__ import annotations

import errno

__all__ = [
    "Cancelled",
    "ExecutorError",
    "FastcoreError",
    "LineError",
    "MidiError",
    "MissingExtra",
    "NoLogs",
    "QueryError",
]

_EXCERPT = 50  # characters shown on either side of the caret


class FastcoreError(Exception):
    """Base of every exception that the package defines.

    Each of them is made in O(1), keeps the GIL, and belongs to the thread that catches it: none is changed later.
    """

    __module__ = "fastcore"


class QueryError(FastcoreError, ValueError):
    """A query, or a bound of time, that cannot be read.

    `message` says what is wrong, `query` is the whole text. `column` is the place in it, in characters from
    1; None where no place is to blame, as for `since` and `until`. `str()` adds the text around the place and
    a caret. O(1); keeps the GIL; may be shown in another thread.
    """

    __module__ = "fastcore"

    def __init__(self, message: str, query: str = "", column: int | None = None) -> None:
        super().__init__(message, query, column)
        self.message = message
        self.query = query
        self.column = column

    def __str__(self) -> str:
        if self.column is None:
            return self.message
        place = self.column - 1
        start, end = max(0, place - _EXCERPT), place + _EXCERPT
        before = ("..." if start else "") + printable(self.query[start:place])
        after = printable(self.query[place:end]) + ("..." if end < len(self.query) else "")
        return f"{self.message} (column {self.column})\n  {before}{after}\n  {' ' * _cells(before)}^"


class LineError(FastcoreError, ValueError):
    """A line that is no record.

    `path` is its file, `line` counts from 1, `offset` is that of its first byte, `reason` says what is wrong
    with it. O(1); keeps the GIL; may be shown in another thread.

    >>> import fastcore
    >>> try:
    ...     fastcore.scan(b"[1]\\n", on_error="raise")
    ... except LineError as error:
    ...     print(error.line, error.offset, error.reason)
    1 0 not a JSON object
    """

    __module__ = "fastcore"

    def __init__(
        self,
        message: str,
        path: str | None = None,
        line: int | None = None,
        offset: int | None = None,
        reason: str = "",
    ) -> None:
        super().__init__(message, path, line, offset, reason)
        self.message = message
        self.path = path
        self.line = line
        self.offset = offset
        self.reason = reason

    def __str__(self) -> str:
        return self.message


class MidiError(FastcoreError, ValueError):
    """A file that holds no MIDI at all: a damaged one that holds a track is read.

    `code` is one of empty, zeros, gzip, html, not_midi, no_track and too_large; `path` is the file, None for bytes;
    `offset` is the byte that told. O(1); keeps the GIL; may be shown in another thread.

    >>> import fastcore
    >>> try:
    ...     fastcore.midi.read(b"<html><body>404</body></html>")
    ... except MidiError as error:
    ...     print(error.code, error.offset, error)
    html 0 <memory>: a web page, no MIDI file: download it again
    """

    __module__ = "fastcore"

    def __init__(self, message: str, code: str = "", path: str | None = None, offset: int = 0) -> None:
        super().__init__(message, code, path, offset)
        self.message = message
        self.code = code
        self.path = path
        self.offset = offset

    def __str__(self) -> str:
        return self.message


class NoLogs(FastcoreError, FileNotFoundError):
    """No session logs were found where they are looked for; `folders` lists the places tried.

    `errno` is ENOENT and `filename` the first of the places. O(1); keeps the GIL; may be shown in another thread.
    """

    __module__ = "fastcore"

    def __init__(self, message: str, folders: tuple[str, ...] = ()) -> None:
        super().__init__(errno.ENOENT, message)
        self.message = message
        self.folders = folders
        self.filename = folders[0] if folders else None

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[type[NoLogs], tuple[str, tuple[str, ...]]]:
        # OSError would give (errno, message) to __init__.
        return type(self), (self.message, self.folders)


class MissingExtra(FastcoreError, ImportError):
    """A feature needs a package that is not installed; the message names the command that installs it.

    O(1); keeps the GIL; may be shown in another thread.
    """

    __module__ = "fastcore"


class ExecutorError(FastcoreError, RuntimeError):
    """An executor lost work: a worker died, or the executor was shut down meanwhile. Nothing of the result is kept.

    The message says what to do, `__cause__` is the executor's own exception. O(1); keeps the GIL; may be shown in
    another thread.
    """

    __module__ = "fastcore"


class Cancelled(FastcoreError, RuntimeError):
    """A scan was ended because a newer one with the same slot has begun. Nothing of its result is kept.

    O(1); keeps the GIL; may be shown in another thread.
    """

    __module__ = "fastcore"


def printable(text: str) -> str:
    r"""Return `text` with control characters and everything else that does not print as escapes.

    >>> printable("a\x1b[31m\n")
    'a\\x1b[31m\\n'
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _cells(text: str) -> int:
    """The columns of a terminal that `text` takes: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)

"""Files of MIDI below folders."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

ENDS = (".mid", ".midi", ".kar", ".rmi")


def collect(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[str]:
    """Return the files that are named, in order; a folder gives way to the files of MIDI below it."""
    if isinstance(paths, (str, os.PathLike)):
        paths = (paths,)
    elif isinstance(paths, (bytes, bytearray, memoryview)):
        raise TypeError("paths: wanted paths, not content; analyze takes bytes")
    found: list[str] = []
    for given in paths:
        path = os.fspath(given) if isinstance(given, (str, os.PathLike)) else given
        if not isinstance(path, str):
            raise TypeError(f"paths: wanted str or PathLike, not {type(path).__name__}; os.fsdecode decodes bytes")
        if "\0" in path:
            raise ValueError(f"paths: {path!r} holds a NUL character")
        if path.lower().endswith(ENDS) and not os.path.isdir(path):
            found.append(path)
        elif os.path.isdir(path):
            found += walk(path)
        else:
            found.append(path)
    return found


def walk(folder: str) -> list[str]:
    """Return the regular files below a folder whose names end as MIDI's do, in byte order of their paths.

    Links to folders are not followed. A folder that cannot be listed stands for itself, for whoever opens it to tell
    why. O(n log n).
    """
    found, ahead = [], [folder]
    while ahead:
        here = ahead.pop()
        try:
            with os.scandir(here) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        ahead.append(entry.path)
                    elif entry.name.lower().endswith(ENDS) and entry.is_file():
                        found.append(entry.path)
        except OSError:
            found.append(here)
    return sorted(found, key=os.fsencode)

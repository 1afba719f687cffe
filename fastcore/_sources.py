"""What `scan` searches: paths, globs, memory and open files, turned into the compiled list of sources."""

from __future__ import annotations

import os

from fastcore._native.scan import Sources
from fastcore.errors import NoLogs

TYPE_CHECKING = False
if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterable
    from typing import BinaryIO

    Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | mmap.mmap

GLOB_CHARACTERS = "*?["
SPOOL_BYTES = 16 << 20
WANTED = "a path, bytes, a memoryview or an open binary file"


def default_folder() -> str:
    """Return the folder of the user's own session logs: `$CLAUDE_CONFIG_DIR/projects`, else `~/.claude/projects`."""
    config = os.environ.get("CLAUDE_CONFIG_DIR") or os.path.join(os.path.expanduser("~"), ".claude")
    return os.path.join(config, "projects")


def collect(paths: Source | Iterable[Source] | Sources | None, follow: bool) -> tuple[Sources, list[BinaryIO]]:
    """List every source, each file once; the open files returned must live as long as the list is used."""
    if isinstance(paths, Sources):  # of a corpus
        return paths, []
    sources = Sources()
    spooled: list[BinaryIO] = []
    if paths is None:
        folder = default_folder()
        if os.path.isdir(folder):
            sources.add_path(os.fsencode(folder), follow)
            os.scandir(folder).close()  # a folder that may not be read is an OSError, not one without logs
        if len(sources) == 0 and not sources.failed:
            raise NoLogs(f"no session logs found; looked in {folder}", (folder,))
        return sources, spooled
    seen: set[str] = set()
    for source in _each(paths):
        if isinstance(source, (bytes, bytearray, memoryview)):
            sources.add_memory(source, b"<memory>")
        elif isinstance(source, (str, os.PathLike)):
            path = os.fspath(source)
            if path not in seen:  # the list knows files that are there, not names that lead nowhere
                seen.add(path)
                _add_path(sources, path, follow)
        elif hasattr(source, "read"):
            _add_open(sources, source, spooled)
        else:
            raise TypeError(f"paths: wanted {WANTED}, not {type(source).__name__}")
    return sources, spooled


def _each(paths: Source | Iterable[Source]) -> Iterable[Source]:
    if isinstance(paths, (str, bytes, bytearray, memoryview, os.PathLike)) or hasattr(paths, "read"):
        return (paths,)  # type: ignore[return-value]
    try:
        return iter(paths)
    except TypeError:
        raise TypeError(f"paths: wanted {WANTED}, or several, not {type(paths).__name__}") from None


def _add_path(sources: Sources, path: str, follow: bool) -> None:
    if not isinstance(path, str):
        raise TypeError(f"paths: bytes are taken as content; decode the path {path!r} with os.fsdecode")
    if "\0" in path:
        raise ValueError(f"paths: {path!r} holds a NUL character")
    if any(c in path for c in GLOB_CHARACTERS) and not os.path.lexists(path):
        import glob

        found = sorted(glob.glob(path, recursive=True, include_hidden=True), key=os.fsencode)
        for name in found:
            sources.add_path(os.fsencode(name), follow)
        if found:
            return
    sources.add_path(os.fsencode(path), follow)


def _add_open(sources: Sources, file: BinaryIO | mmap.mmap, spooled: list[BinaryIO]) -> None:
    """Take an open file from where it stands to its end; what is big waits in a temporary file, not in memory."""
    name = getattr(file, "name", None)
    label = os.fsencode(name) if isinstance(name, str) else b"<memory>"
    content = bytearray()
    while len(content) < SPOOL_BYTES:
        part = _read(file, SPOOL_BYTES - len(content))
        if not part:
            sources.add_memory(content, label)
            return
        content += part
    import tempfile

    spool = tempfile.TemporaryFile()  # noqa: SIM115
    spooled.append(spool)
    spool.write(content)
    while part := _read(file, 1 << 20):
        spool.write(part)
    spool.flush()
    sources.add_fd(spool.fileno(), label)


def _read(file: BinaryIO | mmap.mmap, size: int) -> bytes:
    part: object = file.read(size)
    if part is None:
        raise BlockingIOError("paths: an open file has nothing to read yet; it must block until it has")
    if not isinstance(part, bytes):
        raise TypeError("paths: an open file must be binary")
    return part

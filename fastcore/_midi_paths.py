"""Which files of MIDI paths mean: files, folders and globs."""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Path = str | os.PathLike[str]
    Paths = Path | Iterable[Path]

ENDINGS = (".mid", ".midi", ".kar", ".rmi")
_GLOB_CHARACTERS = "*?["


def collect(paths: list[str], *, looks: bool = True) -> list[str]:
    """Return the files that are named, in order and as often; a folder gives way to the files of MIDI below it.

    What is not there is taken for a file, and a folder that cannot be listed stands for itself, for whoever opens them
    to tell why. Unless it `looks`, what is called like a file of MIDI is taken for one.
    """
    found: list[str] = []
    for path in paths:
        if (looks or not path.lower().endswith(ENDINGS)) and os.path.isdir(path):
            search = _Search(lambda error: found.append(os.fspath(error.filename)))
            for file in search.walk(path):
                found.append(file)
        else:
            found.append(path)
    return found


def find(paths: Paths, *, on_error: Callable[[OSError], object] | None = None) -> Iterator[str]:
    """Yield the MIDI files that paths name, as they are met.

    A path is a file, which is taken whatever its name is, a folder, or a glob (of `*?[`, `**` included) where nothing
    has that name. Below a folder, hidden ones included, are taken the regular files that end in .mid, .midi, .kar or
    .rmi in any case, in ascending byte order of their paths, and links to such files; links to folders are not
    followed. No folder is walked twice, nor is a file yielded again that was named before its folder, or after it.

    What is not there or cannot be listed goes to `on_error` as OSError, after which the search goes on; None raises it.
    TypeError for what is no path. Each folder is listed when it is reached; memory is that of the names in the folders
    on the way, and a few bytes for each folder and named file. Keeps the GIL; an iterator belongs to one thread.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("b.mid", "a.MID", "c.txt"):
    ...         open(os.path.join(folder, name), "w").close()
    ...     [os.path.basename(path) for path in find(folder)]
    ['a.MID', 'b.mid']
    """
    search = _Search(on_error or _raise)
    return (file for path in each(paths) for name in _globbed(path) for file in search.named(name))


def each(paths: Paths) -> Iterator[str]:
    """Yield the paths as text; TypeError and ValueError for what is none."""
    if isinstance(paths, (bytes, bytearray, memoryview)):
        raise TypeError("paths: wanted paths, not content; analyze takes bytes")
    for given in [paths] if isinstance(paths, (str, os.PathLike)) else paths:
        path = os.fspath(given) if isinstance(given, os.PathLike) else given
        if not isinstance(path, str):
            raise TypeError(f"paths: wanted str or PathLike, not {type(path).__name__}; os.fsdecode decodes bytes")
        if "\0" in path:
            raise ValueError(f"paths: {path!r} holds a NUL character")
        yield path


def _raise(error: OSError) -> None:
    raise error


class _Search:
    def __init__(self, on_error: Callable[[OSError], object]) -> None:
        self.on_error = on_error
        self.folders: set[tuple[int, int]] = set()  # walked ones, by device and number
        self.files: set[tuple[int, int]] = set()  # named ones

    def named(self, path: str) -> Iterator[str]:
        try:
            status = os.stat(path)
            around = os.stat(os.path.dirname(path) or ".")
        except OSError as error:
            self.on_error(error)
            return
        if stat.S_ISDIR(status.st_mode):
            yield from self.walk(path)
            return
        was_met = _place(around) in self.folders and path.lower().endswith(ENDINGS) and stat.S_ISREG(status.st_mode)
        if not was_met and _place(status) not in self.files:
            self.files.add(_place(status))
            yield path

    def walk(self, folder: str) -> Iterator[str]:
        levels = [iter(self.listed(folder))]
        while levels:
            entry = next(levels[-1], None)
            if entry is None:
                levels.pop()
            elif entry.is_dir(follow_symlinks=False):
                levels.append(iter(self.listed(entry.path)))
            else:
                yield entry.path

    def listed(self, folder: str) -> list[os.DirEntry[str]]:
        """The folders and MIDI files of a folder that is met for the first time, in the order of their paths."""
        try:
            place = _place(os.stat(folder))
            if place in self.folders:
                return []
            self.folders.add(place)
            with os.scandir(folder) as found:
                wanted = [(_order(entry), entry) for entry in found if self.wants(entry, place[0])]
        except OSError as error:
            self.on_error(error)
            return []
        return [entry for _, entry in sorted(wanted, key=lambda pair: pair[0])]

    def wants(self, entry: os.DirEntry[str], device: int) -> bool:
        if entry.is_dir(follow_symlinks=False):
            return True
        if not entry.name.lower().endswith(ENDINGS) or (device, entry.inode()) in self.files:
            return False
        try:
            return entry.is_file()
        except OSError:  # a link that cannot be followed: whoever opens it tells why
            return True


def _place(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _order(entry: os.DirEntry[str]) -> bytes:
    return os.fsencode(entry.name) + (b"/" if entry.is_dir(follow_symlinks=False) else b"")


def _globbed(path: str) -> list[str]:
    """What a glob finds, else the path."""
    if any(c in path for c in _GLOB_CHARACTERS) and not os.path.lexists(path):
        import glob

        return sorted(glob.glob(path, recursive=True, include_hidden=True), key=os.fsencode) or [path]
    return [path]

"""`Corpus`: files kept mapped, to be scanned again and again.

>>> import fastcore, tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     with open(folder + "/a.jsonl", "w") as file:
...         _ = file.write('{"type":"user","message":{"content":"hello"}}\\n')
...     with fastcore.Corpus(folder) as corpus:
...         [hit.text for hit in corpus.scan("HELLO")], corpus.refresh()
(['hello'], Changes(added=0, grown=0, replaced=0, removed=0, truncated=0))
"""

from __future__ import annotations

import os
from threading import Lock

from fastcore import _base, _facts_file, _scan, _sources
from fastcore._frozen import Frozen
from fastcore._native import scan as _native
from fastcore._progress import check_progress
from fastcore._sketching import Sketching
from fastcore.errors import Cancelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Hashable, Iterable, Mapping
    from types import TracebackType
    from typing import Any, Self

    from fastcore._hits import Hits

    Path = str | os.PathLike[str]


class Changes(Frozen):
    """What a refresh found: how many files are new, have grown, were replaced, are gone, became shorter.

    `replaced` are also files that were written over or touched; a longer text in the place of one that no scan has read
    counts as grown. `refresh(verify=True)` counts as replaced what was written over unnoticed, too. Immutable; safe to
    share between threads; O(1); keeps the GIL.

    >>> Changes(1, 0, 0, 0, 0).added
    1
    """

    __slots__ = ("added", "grown", "replaced", "removed", "truncated")
    __module__ = "fastcore"
    added: int
    grown: int
    replaced: int
    removed: int
    truncated: int


class CorpusStats(Frozen):
    """What a corpus holds: `files`, how many of them are `mapped`, their `bytes` as of the last refresh; the `blocks`
    that they were cut into so far, and of how many of these `facts` and `sketches` are known; `sketch_bytes`, the
    memory of the sketches. `scanned` counts the blocks that scans came by so far, `passed` those that they passed by
    unseen.

    Immutable; safe to share between threads; O(1); keeps the GIL.

    >>> CorpusStats(2, 2, 4096, 2, 0, 0, 0, 0, 0).bytes
    4096
    """

    __slots__ = ("files", "mapped", "bytes", "blocks", "facts", "sketches", "sketch_bytes", "scanned", "passed")
    __module__ = "fastcore"
    files: int
    mapped: int
    bytes: int
    blocks: int
    facts: int
    sketches: int
    sketch_bytes: int
    scanned: int
    passed: int


class Corpus:
    """Files of session logs, kept mapped: what is asked again and again is answered at the speed of memory.

    `paths` is None (the user's own session logs) or one or many of: a file, a folder (walked for `*.jsonl` and
    `*.ndjson`), a glob; `follow` follows symbolic links met in a walk. Opening lists and maps the files, it does not
    read them. At most 8,192 files are mapped in one process; the rest, and those that the system refuses to map, are
    read at each scan, with the same answers.

    `facts=True` lets it learn of each block of about 256 KB when its records are from and how many lines it has, at the
    first query with `since`, `until` or `count=False`; and which sessions, roles and types they have, at the first
    query with such a term; or all of it by `build_facts()`. From then on blocks that cannot matter are not read: bad
    lines in them are not reported, and `stats.lines` is None. What is learnt holds while a file's device, inode, size,
    times and last 4 KB are as they were, or it has grown behind them. It takes about 0.13 % of the files' size in
    memory. "disk" also keeps it for the next Corpus, in `$XDG_CACHE_HOME/fastcore/facts` (`~/.cache`), a file that only
    this user may read and that holds numbers and those names, no text.

    `sketch` is about small sets of what occurs in each block of some 256 KB, about 1/32 of the size in all, by which a
    scan passes most of the blocks by that do not hold a word of five letters or more. Making them takes about as long
    as four scans of the files. True: a scan whose query can use them makes those that are missing. None: it does so
    after three scans that they would have helped. False: never. The matches are the same; as no line of a block that is
    passed by is judged, `hits.errors` may lack some that do not match, and what befell a file that is passed by whole.

    `max_mapped` bounds what of the mapped files stays in this process's memory, in bytes, whatever reads them: pages
    behind the first so many are given back as soon as they were searched or learnt of, and fetched again by the next
    scan. While it runs each thread holds a piece of about 4 MB besides. The system takes
    pages back by itself where memory is short, so that a corpus may be larger than memory without it, too.

    Use it as a context manager, or call `close()`. Every method may be called from several threads at once: scans run
    side by side, beside a refresh and beside `close`, each on the files as it found them. In a forked child the corpus
    opens its files anew when it is first used. Pickle and copy are refused.

    Raises NoLogs where there are no session logs, TypeError and ValueError for arguments that cannot be read. O(files),
    about 10 us each; the GIL is released.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Corpus(folder) as corpus:
    ...     corpus.stats.files
    0
    """

    __slots__ = (
        "_closed",
        "_facts",
        "_files",
        "_follow",
        "_kept",
        "_lock",
        "_max_mapped",
        "_paths",
        "_pid",
        "_sketching",
        "_slots",
        "_trails",
    )
    __module__ = "fastcore"

    def __init__(
        self,
        paths: Path | Iterable[Path] | None = None,
        *,
        facts: bool | str = True,
        sketch: bool | None = None,
        max_mapped: int | None = None,
        follow: bool = False,
    ) -> None:
        if not (isinstance(facts, bool) or facts == "disk"):
            raise ValueError(f"facts={facts!r}: wanted True, False or 'disk'")
        if sketch not in (None, True, False):
            raise TypeError(f"sketch: wanted None, True or False, not {sketch!r}")
        if max_mapped is not None and (isinstance(max_mapped, bool) or not isinstance(max_mapped, int)):
            raise TypeError(f"max_mapped: wanted a number of bytes, not {type(max_mapped).__name__}")
        if max_mapped is not None and max_mapped < 1:
            raise ValueError(f"max_mapped={max_mapped}: wanted 1 or more, or None for no bound")
        self._max_mapped = max_mapped
        self._facts = facts
        self._paths = _each_path(paths)
        self._follow = follow
        self._sketching = Sketching(sketch)
        self._closed = False
        self._open(paths is None)

    def _open(self, own_logs: bool = False) -> None:
        self._lock = Lock()
        self._slots: dict[Hashable, object] = {}
        self._trails: dict[Hashable, _native.Trail | None] = {}
        self._kept: int | None = None  # how much is known of blocks and stands on the disk
        self._sketching = Sketching(self._sketching.wanted)
        self._files = self._look(None if own_logs else self._paths, None)[0]
        self._pid = os.getpid()

    def _look(self, paths: tuple[Path, ...] | None, before: _native.Sources | None) -> tuple[_native.Sources, Changes]:
        files, _ = _sources.collect(paths, self._follow)
        files.use = _native.USE_FACTS if self._facts else 0
        files.sketching = self._sketching
        files.max_mapped = min(self._max_mapped or 0, (1 << 64) - 1)
        return files, Changes(*files.hold(before))

    def _now(self) -> _native.Sources:
        """The files as of the last refresh."""
        if self._closed:
            raise ValueError("this Corpus is closed: open another one")
        if self._pid != os.getpid():
            self._open()
        return self._files

    def scan(
        self,
        query: str = "",
        *,
        where: Mapping[str, Any] | None = None,
        since: str | dt.date | None = None,
        until: str | dt.date | None = None,
        order: str = "newest",
        limit: int | None = 50,
        count: bool = True,
        case_sensitive: bool = False,
        validate: str = "candidates",
        max_line: int = 64 << 20,
        threads: int | None = None,
        timeout: float | None = None,
        progress: bool | Callable[[int, int, str], object] | None = None,
        on_error: str = "report",
        slot: Hashable = None,
    ) -> Hits:
        """Search the files as of the last refresh; arguments, answers and errors are those of `fastcore.scan`.

        What was appended since is not seen. A file that was replaced or deleted since is searched as it was; one that
        became shorter, or was written over, is searched as far as it goes and reported in `hits.errors`; hits in it may
        have no `line`.

        `slot` is for answers while a person types: a newer scan with the same slot (any hashable but None) ends an
        older one that still runs in another thread, within about 10 ms; that raises `fastcore.errors.Cancelled`. And
        one that asks for more of the same (the same terms, a word longer, or one word more) than the last whole scan of
        its slot looks only at the records that matched that one: bad lines elsewhere are not reported.

        Raises ValueError when the corpus is closed, else what `fastcore.scan` raises. O(bytes). Thread-safe; the GIL is
        released while files are searched.

        >>> import fastcore, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with open(folder + "/a.jsonl", "w") as file:
        ...         _ = file.write('{"type":"user","message":{"content":"hello"}}')
        ...     with fastcore.Corpus(folder) as corpus:
        ...         corpus.scan("hello").stats.matches
        1
        """
        files = self._now()
        if self._facts == "disk":
            self._recall(files)
        typing = _scan.Typing(self._trails.get(slot))
        if slot is not None:
            progress = self._in_slot(slot, progress)
        hits = _scan.search(
            files,
            query,
            where=where,
            since=since,
            until=until,
            order=order,
            limit=limit,
            count=count,
            case_sensitive=case_sensitive,
            validate=validate,
            max_line=max_line,
            threads=threads,
            timeout=timeout,
            progress=progress,
            on_error=on_error,
            follow=self._follow,
            run=_native.run if slot is None else typing.run,
        )
        if slot is not None:
            self._trails[slot] = typing.trail
        return hits

    def _in_slot(
        self, slot: Hashable, progress: bool | Callable[[int, int, str], object] | None
    ) -> Callable[[int, int, str], object]:
        """Take the slot over, and watch whether someone else does."""
        report = check_progress(progress, "scan")
        mine = self._slots[slot] = object()

        def watch(done: int, total: int, unit: str) -> None:
            if self._slots.get(slot) is not mine:
                raise Cancelled(f"a newer scan with slot={slot!r} has begun")
            if report is not None:
                report(done, total, unit)

        return watch

    def build_facts(
        self, *, threads: int | None = None, progress: bool | Callable[[int, int, str], object] | None = None
    ) -> None:
        """Learn all facts of all files as of the last refresh, rather than at the first queries that need them.

        Reads every line of the blocks of which something is unknown, which takes 2 to 4 times as long as a scan does.
        `progress` is as in `scan`. With `facts="disk"` they are then kept there.

        Raises ValueError when the corpus is closed or was opened with `facts=False`, OSError where they cannot be kept,
        and whatever `progress` raises: then what was learnt by then stays. O(bytes). Thread-safe; the GIL is released.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with open(folder + "/a.jsonl", "w") as file:
        ...         _ = file.write('{"type":"user","message":{"content":"hello"}}\\n')
        ...     with Corpus(folder) as corpus:
        ...         corpus.build_facts()
        ...         corpus.stats.facts
        1
        """
        files = self._now()
        if not self._facts:
            raise ValueError("this Corpus was opened with facts=False")
        if self._facts == "disk":
            self._recall(files)
        _native.learn(
            files,
            names=True,
            block=_scan.block_bytes(),
            threads=_base.check_threads(threads),
            progress=check_progress(progress, "build_facts"),
        )
        if self._facts == "disk":
            self._keep(files)

    def _recall(self, files: _native.Sources) -> None:
        """Take what the disk knows, once."""
        with self._lock:
            if self._kept is not None:
                return
            stored = _facts_file.read()
            if stored is not None:
                _native.recall(files, stored, _scan.block_bytes())
            self._kept = _known(files)

    def _keep(self, files: _native.Sources) -> None:
        """Write what is known, if that is more than what the disk knows."""
        with self._lock:
            known = _known(files)
            if known != self._kept:
                _facts_file.write(_native.keep(files, _facts_file.read()))
                self._kept = known

    def refresh(self, verify: bool = False) -> Changes:
        """Look at the files again and say what has changed; from now on scans answer for them as they are now.

        A file that is new, has grown or was replaced is mapped anew; one that is unchanged, by its device, inode, size
        and times, is not touched. A rewrite that leaves all of these as they were goes unnoticed, unless it is within
        two seconds of the one before. `verify=True` takes no file on trust: all are mapped anew, and what was learnt
        of them (facts, sketches) is dropped, to be learnt again. Before that the blocks of which something was learnt
        are read, and a file of which one has other bytes now counts as `replaced`. What nothing was learnt of cannot be
        compared, but for the last 4 KB of a mapped file that was scanned.

        Raises ValueError when the corpus is closed. O(files), about 2 us for one that is unchanged; with `verify`
        O(bytes of which something was learnt), and not interrupted. Thread-safe; the GIL is released.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, Corpus(folder) as corpus:
        ...     corpus.refresh()
        Changes(added=0, grown=0, replaced=0, removed=0, truncated=0)
        """
        self._now()
        with self._lock:
            if verify:
                self._now().doubt()
            files, changes = self._look(self._paths, self._now())
            if not self._closed:
                self._files = files
                self._trails = {}
        return changes

    def build_sketch(
        self, *, threads: int | None = None, progress: bool | Callable[[int, int, str], object] | None = None
    ) -> None:
        """Make the sketches of all blocks that have none, now; later scans use them, and make those of what is added.

        `progress(done, total, "bytes")` is called about every 10 ms; True logs it to the logger `fastcore`, level INFO,
        once a second. Raises ValueError when the corpus is closed or was opened with `sketch=False`, and whatever
        `progress` raises: then what was made so far is kept. O(bytes without a sketch). Thread-safe; the GIL is
        released.

        >>> import fastcore, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with open(folder + "/a.jsonl", "w") as file:
        ...         _ = file.write('{"type":"user","message":{"content":"hello"}}\\n')
        ...     with fastcore.Corpus(folder) as corpus:
        ...         corpus.build_sketch()
        ...         corpus.scan("porcelain").stats.bytes, corpus.stats.sketches, corpus.stats.passed
        (0, 1, 1)
        """
        files = self._now()
        if self._sketching.wanted is False:
            raise ValueError("this Corpus was opened with sketch=False: open it with None or True to build sketches")
        report = check_progress(progress, "build_sketch")
        self._sketching.wanted = True
        self._sketching.make(files, _base.check_threads(threads), _scan.block_bytes(), None, report)

    @property
    def stats(self) -> CorpusStats:
        """What the corpus holds, and what its scans came by. O(blocks)."""
        values = {**self._now().measure(), "scanned": self._sketching.blocks, "passed": self._sketching.passed}
        return CorpusStats(*(values[name] for name in CorpusStats.__slots__))

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the corpus takes for itself: lists, paths, blocks, facts, sketches. Mappings are the
        system's cache."""
        size = self._now().measure()
        return size["memory"] + size["learnt"] + size["sketch_bytes"]

    def close(self) -> None:
        """Let go of the files. Scans that still run end as if nothing had happened. Closing twice is fine.

        With `facts="disk"` what was learnt since is kept there; where that fails, a RuntimeWarning says so. O(files).
        Thread-safe.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Corpus(folder).close()
        """
        files, was_closed = self._files, self._closed
        self._closed = True
        self._files = _native.Sources()
        self._trails = {}
        if self._facts == "disk" and self._kept is not None and not was_closed and self._pid == os.getpid():
            try:
                self._keep(files)
            except OSError as error:
                import warnings

                warnings.warn(f"the facts were not kept: {error}", RuntimeWarning, stacklevel=2)

    def __enter__(self) -> Self:
        self._now()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._closed:
            return "<Corpus: closed>"
        stats = self.stats
        return f"<Corpus: {stats.files} files, {stats.bytes} bytes>"

    def __reduce__(self) -> Any:
        raise TypeError("a Corpus holds mappings of this process: open another one with the same paths")


def _known(files: _native.Sources) -> int:
    size = files.measure()
    return size["facts"] + size["names"]


def _each_path(paths: Path | Iterable[Path] | None) -> tuple[Path, ...]:
    if paths is None:
        return (_sources.default_folder(),)
    if isinstance(paths, (str, os.PathLike)):
        return (paths,)
    is_memory = isinstance(paths, (bytes, bytearray, memoryview))
    each: tuple[Any, ...] = (paths,) if is_memory else tuple(paths)
    for path in each:
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(f"paths: a Corpus holds files; wanted a path, not {type(path).__name__}")
    return each

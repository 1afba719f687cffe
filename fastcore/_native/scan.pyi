"""Queries over session logs: the compiled plan, the files to scan, and the scan itself."""

from collections.abc import Callable, Sequence
from typing import Any, Self, final

from _typeshed import ReadableBuffer

from fastcore._sketching import Sketching

@final
class Plan:
    """A query made ready: immutable, safe to share between threads, picklable.

    `program` is a postfix list of steps: ("text", needle), (field, value), ("is", "error" or "human"), ("not", 1),
    ("and", n), ("or", n); an empty one matches every record. Bounds are microseconds since 1970, inclusive.
    """

    has_filter: bool
    sketches_help: bool

    def __new__(
        cls,
        program: Sequence[tuple[str, Any]],
        *,
        case_sensitive: bool = False,
        since_us: int | None = None,
        until_us: int | None = None,
        prefilter: bool = True,
    ) -> Self: ...
    def is_candidate(self, line: bytes) -> bool:
        """Say whether the raw filter lets the line through: True for every line that can match."""

    def matches(self, line: bytes, path: bytes = b"", *, check_all: bool = False) -> bool | None:
        """Say whether the line's record matches, whatever the bounds; None when the line is no record."""

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the character ranges of every needle that is not under NOT, overlapping ones merged."""

USE_FACTS: int
USE_SKETCH: int

@final
class Sketch:
    """What is kept of a block of whole lines to tell which queries pass it by. Immutable."""

    nbytes: int

    def __new__(cls, block: bytes) -> Self: ...
    def contents(self) -> tuple[set[int], set[int], set[int], bool, bool]:
        """Return the places of its bits, the ASCII characters and the pages of others that are escaped, and whether
        U+212A and U+017F occur."""

    def may_match(self, plan: Plan) -> bool:
        """False only if no record of the block matches."""

@final
class Sources:
    """Files and memory to scan, each file once. Not thread-safe while it grows.

    `use` says what blocks of mapped files may be asked before they are searched: bits of USE_FACTS, USE_SKETCH.
    `sketching` is told of every scan, before and after it; `sketched`: no block lacks a sketch that could have one.
    """

    use: int
    max_mapped: int  # of mapped files no more than about so many bytes stay in memory; 0: no bound
    sketching: Sketching | None
    sketched: bool

    def add_path(self, path: bytes, follow: bool) -> None:
        """Add a file, or the logs below a folder. What cannot be found is reported by `run`."""

    def add_memory(self, buffer: ReadableBuffer, name: bytes) -> None:
        """Add a contiguous buffer, which stays exported as long as this object lives."""

    def add_fd(self, fd: int, name: bytes) -> None:
        """Add the whole content of an open regular file, which must stay open as long as this object is used.

        Like memory it has no time and is never the same file twice.
        """

    def add_file(self, path: bytes, place: bytes) -> None:
        """Add the file that lies at `place` under the name `path`, unseen and whatever else was added."""

    def hold(self, before: Sources | None) -> tuple[int, int, int, int, int]:
        """Map every file, or go on holding it as `before` does; return how many are added, grown, replaced, removed
        and truncated. Nothing may be added afterwards. The mappings last as long as an object that holds them."""

    def doubt(self) -> None:
        """Let `hold` take over nothing that was learnt of these files. Not beside `hold`."""

    def measure(self) -> dict[str, int]:
        """Return the numbers of files held and mapped, their bytes, blocks, facts, sketches, and memory in bytes."""

    def __len__(self) -> int: ...
    @property
    def failed(self) -> int:
        """How many paths and folders could not be read so far."""

    def errors(self) -> list[tuple[bytes, None, None, int | None, str, None]]:
        """Return what could not be read so far, as `run` gives errors."""

    def entries(self) -> list[tuple[bytes, int, bytes | None, int | None]]:
        """Return path, size, content (a copy; None if not memory) and descriptor (None if not an open file) of each.

        A file that a walk found is asked for its size now; it is 0 where that cannot be told.
        """

    def paths(self) -> list[bytes]:
        """Return the paths in the order in which they were added."""

@final
class Trail:
    """Where the matches of a scan are, for a scan that can only have some of them. Immutable."""

    def __len__(self) -> int: ...

def narrows(before: tuple[Any, ...], after: tuple[Any, ...]) -> bool:
    """Say whether every match of a plan is one of another's, from what both were made of: (program, case_sensitive,
    since_us, until_us, prefilter). True where the same terms are joined by AND, the texts longer, or more terms follow.
    """

def run(
    sources: Sources,
    plan: Plan,
    *,
    order: int,
    limit: int,
    count: bool,
    prune: bool,
    validate_all: bool,
    max_line: int,
    threads: int,
    timeout: float | None,
    progress: Callable[[int, int, str], object] | None,
    raise_on_error: bool,
    chunk: int,
    span: int,
    block: int = 0,
    use: int = 0,
    after: Trail | None = None,
    keep_trail: bool = False,
) -> tuple[
    list[tuple[bytes, int | None, int, int | None, bytes]],
    list[tuple[bytes, int | None, int | None, int | None, str, bytes | None]],
    list[tuple[bytes, int]],
    dict[str, Any],
]:
    """Scan and return (hits, errors, tails, stats).

    A hit is (path, line, offset, time in microseconds, raw line), an error (path, line, offset, errno, reason,
    excerpt), a tail (path, offset). `order` is 0 newest, 1 oldest, 2 file; a negative `limit` means all. Without
    `count` the statistics hold no number of matches; then, in an order of time, lines that show a time make no errors,
    and with `prune` those that cannot be among the first `limit` are not parsed.

    With `keep_trail` stats["trail"] is the Trail of its matches, None if it is not whole; without a filter or a count
    there is no such entry. `after` is the trail of an earlier scan: if that must hold every match of this one, only
    there is searched.
    """

def learn(
    sources: Sources,
    *,
    names: bool,
    block: int,
    threads: int,
    progress: Callable[[int, int, str], object] | None,
) -> dict[str, int]:
    """Learn the facts, and the names if wanted, of all blocks of held files of which they are unknown; return `bytes`
    and `blocks` that were read and `threads` that took part."""

def keep(sources: Sources, before: bytes | None) -> bytes:
    """Return what is known of held files, to be kept, and what `before` holds of others."""

def recall(sources: Sources, kept: bytes, block: int) -> bool:
    """Take over what was kept of files that are as they were; False where the bytes are not `keep`'s."""

def facts_of(block: bytes, base: int = 0) -> tuple[tuple[int, int] | None, int, bool, bool]:
    """Return what is learnt of a block of whole lines: between which times its own ones lie, how many newlines it has,
    whether there is an own time, and whether its last record may have none."""

def names_may_match(block: bytes, base: int, plan: Plan) -> bool:
    """Say whether a block of whole lines can hold a match, by the names that are learnt of it."""

def merge_errors(
    found: list[tuple[bytes, None, None, int | None, str, None]],
    reports: list[tuple[bytes, int | None, int | None, int | None, str, bytes | None]],
) -> list[tuple[bytes, int | None, int | None, int | None, str, bytes | None]]:
    """Join what a search for files could not read and what scans reported, which stands in order by (path, offset).

    In that order, and at most as many as `run` keeps: what concerns a whole file goes before lines.
    """

def make_sketches(
    sources: Sources,
    *,
    threads: int,
    block: int,
    timeout: float | None,
    progress: Callable[[int, int, str], object] | None,
) -> bool:
    """Make the sketches that blocks of mapped files have not; False when `timeout` ended that before all were made."""

def decode(
    raw: bytes,
) -> tuple[
    str | None,
    str | None,
    str | None,
    str | None,
    str | None,
    str | None,
    str | None,
    tuple[str, ...],
    bool,
    bool,
    str,
    int | None,
]:
    """Return a record's type, role, session, uuid, cwd, branch, model, tools, is_error, is_human, text and own time.

    Raises ValueError when the line is no record. O(len).
    """

def parse_time(text: bytes) -> int | None:
    """Return the microseconds since 1970 of a time as records spell it; None when it is not readable."""

def line_time(line: bytes) -> int | None:
    """Return the time that a raw line shows, which its record, if it is one, has of its own; None if that is unsure."""

def cost(op: str, items: int, nbytes: int) -> tuple[int, int, int] | None:
    """Return the work of a site of `scan` for `base.Site`: parts of so many files, bytes that count, and a first guess
    in ns. None for what is no name of one."""

"""What `fastcore scan` says on standard error: statistics, what could not be read, what may be missing, failures."""

from __future__ import annotations

import os
import sys

from fastcore.cli.arguments import UsageError, limit_of, prints_hits
from fastcore.cli.terminal import Painter, say, spelled, wants_color

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from fastcore._hits import Hits
    from fastcore.cli.terminal import Progress

LINES_NOTED = 5  # bad lines that standard error names; the others are counted
RATE_FROM = 10_000_000  # bytes; below, the rate says nothing


def counted(count: int, one: str, many: str = "") -> str:
    """A number and what it counts.

    >>> counted(1, "match", "matches"), counted(1234, "file")
    ('1 match', '1,234 files')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else counted(count, "byte")


def stats_line(hits: Hits) -> str:
    stats = hits.stats
    wall = stats.seconds["wall"]
    how = counted(stats.threads, "thread")
    if stats.bytes >= RATE_FROM and wall:
        how = f"{stats.bytes / wall / 1e9:.1f} GB/s, {how}"
    line = (
        f"{matches_of(hits)} in {counted(stats.files, 'file')}, {size(stats.bytes)} in "
        f"{wall * 1e3:,.1f} ms ({how}); {counted(stats.candidates, 'line')} parsed, "
        f"{counted(stats.errors, 'bad line')}, {counted(stats.files_failed, 'file')} failed"
    )
    return line + ("; timed out" if stats.timed_out else "")


def matches_of(hits: Hits) -> str:
    """How many records match, as far as they were counted."""
    matches = hits.stats.matches
    if matches is None:
        return counted(len(hits), "match", "matches") + ", not all counted"
    return counted(matches, "match", "matches")


def note_errors(hits: Hits, args: argparse.Namespace) -> None:
    """Say on stderr what could not be read, where standard output does not."""
    files = [error for error in hits.errors if error.excerpt is None]
    lines = [error for error in hits.errors if error.excerpt is not None][:LINES_NOTED]
    more = []
    if hits.stats.errors > len(lines):
        more.append(("LineError", counted(hits.stats.errors - len(lines), "more bad line")))
    # Of a file that changed meanwhile the scan does not say that it failed.
    failed = sum(error.errno is not None or error.reason == "not a regular file" for error in files)
    if hits.stats.files_failed > failed:
        more.append(("OSError", counted(hits.stats.files_failed - failed, "more file") + " failed"))
    if args.format in ("json", "jsonl"):
        from fastcore.cli import formats

        if args.format == "jsonl" or not prints_hits(args):
            sys.stderr.writelines(formats.file_failure(error) for error in [*files, *lines])
            sys.stderr.writelines(formats.note(kind, said) for kind, said in more)
        return
    painter = Painter(sys.stderr, wants_color(args.color, sys.stderr))
    for error in [*files, *lines]:
        print(painter.paint("error", spelled(str(error))), file=sys.stderr)
    for _, said in more:
        print(painter.paint("note", said), file=sys.stderr)


def note_what_is_missing(hits: Hits, args: argparse.Namespace, progress: Progress | None) -> None:
    """Say on stderr that there may be more, or is: after a time limit, and where text output stopped at its limit."""
    stats = hits.stats
    if stats.timed_out:
        total = progress.total if progress is not None else 0
        whole = size(total) if total >= stats.bytes > 0 else counted(stats.files, "file")
        said = f"stopped by --timeout after {args.timeout:g} s: {size(stats.bytes)} of {whole} searched"
        if args.format not in ("json", "jsonl"):
            say(said)
        elif not prints_hits(args):  # else the statistics say it
            from fastcore.cli.formats import note

            sys.stderr.write(note("TimeoutError", said))
    if args.format not in ("json", "jsonl"):
        for said in hints(hits, args):
            say(said)
    if args.format == "text" and prints_hits(args):
        if stats.matches is not None and len(hits) < stats.matches:
            say(f"{len(hits):,} of {matches_of(hits)}; -n all shows every one")
        if stats.matches is None and len(hits) == limit_of(args) != 0:
            say(f"{counted(len(hits), 'match', 'matches')}, perhaps of more; -n all shows every one")


def hints(hits: Hits, args: argparse.Namespace) -> list[str]:
    """What was perhaps meant by a search that found nothing."""
    stats = hits.stats
    found = []
    if not hits and not stats.matches and not args.paths and args.query and os.path.exists(args.query):
        found.append(taken_as_query(args.query))
    if stats.files == 0 and stats.files_failed == 0:
        found.append(f"no *.jsonl or *.ndjson files in {' '.join(args.paths)}")
    return found


def taken_as_query(path: str) -> str:
    return f"{path} was taken as the query; `fastcore scan QUERY {path}` searches in it"


def fail(error: Exception, form: str, command: str = "scan") -> int:
    """Say on stderr what went wrong, as one JSON object where the output is JSON."""
    if form in ("json", "jsonl"):
        from fastcore.cli.formats import failure

        sys.stderr.write(failure(error))
        return 2
    said = "\n".join([message_of(error), *getattr(error, "__notes__", [])])
    if isinstance(error, UsageError):
        said += f"\nTry `fastcore {command} --help`."
    say(f"fastcore {command}: {said}")
    return 2


def message_of(error: Exception) -> str:
    """What happened, in words that name no class where the error has words of its own."""
    from fastcore.errors import FastcoreError

    if isinstance(error, OSError) and not isinstance(error, FastcoreError) and error.strerror:
        name = error.filename  # None, or a descriptor, where there is no path
        where = f"{os.fsdecode(name) or repr('')}: " if isinstance(name, (str, bytes)) else ""
        return where + error.strerror
    if isinstance(error, (FastcoreError, OSError, ValueError, ImportError)) and str(error):
        return str(error)
    return f"{type(error).__name__}: {error}"

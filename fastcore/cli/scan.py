"""`fastcore scan`: search session logs and print the records that match."""

from __future__ import annotations

import os
import sys

from fastcore.cli.arguments import FIELDS, UsageError, form_asked_for, limit_of, parse
from fastcore.cli.terminal import Painter, Progress, plain, say, visible, wants_color

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable
    from typing import Any, TextIO

    from fastcore._hits import Hits

PROGRESS_AFTER = 0.3  # seconds; most searches are done by then


def main(argv: list[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        args = parse(argv)
    except UsageError as error:
        return fail(error, form_asked_for(argv))
    if args.help_query or args.help_formats:
        print(explained(args), end="")
        return 0
    progress = progress_for(args)
    try:
        hits = search(args, progress)
    except Exception as error:
        # Whatever it was: exit code 1 would say that nothing was found.
        return fail(error, args.format)
    finally:
        if progress is not None:
            progress.clear()
    if not args.quiet:
        show(hits, args)
        sys.stdout.flush()
    from fastcore.cli import notes

    if not args.quiet:
        notes.note_errors(hits, args)
        notes.note_what_is_missing(hits, args, progress)
    if args.stats:
        say(notes.stats_line(hits))
    # A file that changed meanwhile was searched; one that failed was not.
    return 2 if hits.stats.files_failed else 0 if hits or hits.stats.matches else 1


def fail(error: Exception, form: str) -> int:
    from fastcore.cli import notes

    return notes.fail(error, form)


def explained(args: argparse.Namespace) -> str:
    if args.help_query:
        from fastcore.query import HELP

        return HELP
    from fastcore.cli import formats

    return formats.__doc__ or ""


def progress_for(args: argparse.Namespace) -> Progress | None:
    if args.progress == "always":
        return Progress(after=0.0)
    if args.progress == "auto" and sys.stderr.isatty() and not args.quiet:
        return Progress(after=PROGRESS_AFTER)
    return None if args.timeout is None else Progress(after=None)


def search(args: argparse.Namespace, progress: Progress | None) -> Hits:
    """Search, with the library's warnings as lines of our own."""
    if not os.environ.get("FASTCORE_OFF") and not args.facts:
        return search_quietly(args, progress)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_: say(f"fastcore scan: {message}")
        return search_quietly(args, progress)


def search_quietly(args: argparse.Namespace, progress: Progress | None) -> Hits:
    from fastcore import NoLogs

    options = {
        "where": {name: values for name in FIELDS if (values := getattr(args, name))},
        "since": args.since,
        "until": args.until,
        "order": args.order,
        "limit": limit_of(args),
        "count": not args.no_count,
        "case_sensitive": args.case_sensitive,
        "validate": args.validate,
        "threads": args.threads,
        "timeout": args.timeout,
        "progress": progress,
        "on_error": args.on_error,
    }
    try:
        return (search_with_facts if args.facts else search_once)(args, options)
    except NoLogs as error:
        if args.query and os.path.exists(args.query):
            from fastcore.cli.notes import taken_as_query

            error.add_note(taken_as_query(args.query))
        raise


def search_once(args: argparse.Namespace, options: dict[str, Any]) -> Hits:
    from fastcore import scan

    paths: list[Any] = [sys.stdin.buffer if path == "-" else path for path in args.paths]
    return scan(paths or None, args.query, follow=args.follow, **options)


def search_with_facts(args: argparse.Namespace, options: dict[str, Any]) -> Hits:
    from fastcore import Corpus

    with Corpus(args.paths or None, facts="disk", follow=args.follow) as corpus:
        return corpus.scan(args.query, **options)


def show(hits: Hits, args: argparse.Namespace) -> None:
    out = sys.stdout
    if args.count:
        out.write(f"{hits.stats.matches}\n")
    elif args.files_with_matches:
        paths = dict.fromkeys(hit.path_bytes for hit in hits)
        write_bytes(out, paths, b"\0" if args.null else b"\n")
    elif args.raw:
        write_bytes(out, (hit.raw for hit in hits), b"\n")
    elif args.format == "text":
        from time import time

        from fastcore.cli.text import text_lines

        out.writelines(text_lines(hits, Painter(out, wants_color(args.color, out)), time(), args.full_text))
    else:
        from fastcore.cli import formats

        out.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
        if args.format == "json":
            out.writelines(formats.json_lines(hits, args.query))
        elif args.format == "jsonl":
            out.writelines(formats.jsonl_lines(hits))
        else:
            out.writelines(map(Painter(out, color=False).clean, formats.tsv_lines(hits)))


def write_bytes(out: TextIO, parts: Iterable[bytes], end: bytes) -> None:
    """Write bytes as they are; on a terminal, so that they do not steer it."""
    if out.isatty():
        shown_end = end.decode() if end == b"\n" else visible(end.decode())
        out.writelines(visible(plain(part)) + shown_end for part in parts)
        return
    out.flush()
    out.buffer.writelines(part + end for part in parts)

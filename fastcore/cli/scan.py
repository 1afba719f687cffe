"""`fastcore scan`: search session logs and print the records that match."""

from __future__ import annotations

import argparse
import sys

from fastcore.cli.terminal import Painter, Progress, plain, visible, wants_color

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, NoReturn, TextIO

    from fastcore._hits import Hits

FIELDS = ("role", "type", "session", "project", "cwd", "branch", "model", "tool")
FORMATS = ("text", "json", "jsonl", "tsv")
LINES_NOTED = 5  # bad lines that text output names; the others are counted


class UsageError(ValueError):
    """Options that cannot be read."""


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def parser() -> Parser:
    p = Parser(
        prog="fastcore scan",
        usage="fastcore scan [OPTIONS] [QUERY] [PATHS ...]",
        description="Search agent session logs, newest first. Without PATHS the user's own logs.",
        epilog="Exit code: 0 found, 1 nothing found, 2 error (also if a PATH failed and others were searched). "
        "-c, -l, -q and --raw print the same whatever the format. --help-query explains the query language.",
        allow_abbrev=False,
    )
    p.add_argument("query", nargs="?", metavar="QUERY", help="what to look for; without one every record matches")
    p.add_argument("paths", nargs="*", metavar="PATHS", help="files, folders or globs; - reads standard input")
    p.add_argument(
        "-e",
        "--query",
        dest="expression",
        action="append",
        metavar="QUERY",
        help="the query, which may begin with a dash; then every argument is a path",
    )
    p.add_argument("--help-query", action="store_true", help="explain the query language and leave")
    for name in FIELDS:
        p.add_argument(
            f"--{name}",
            action="append",
            metavar=name.upper(),
            help=f"only records of this {name}; repeat for any of several",
        )
    p.add_argument("--since", metavar="TIME", help="not older: 2d, 90m, today, 2024-05-01, an RFC 3339 time")
    p.add_argument("--until", metavar="TIME", help="not newer")
    p.add_argument("--order", choices=("newest", "oldest", "file"), default="newest")
    p.add_argument("-n", "--limit", metavar="N", help="at most N records, or `all` (50; with -l all)")
    p.add_argument("-c", "--count", action="store_true", help="print only the number of matching records, all in one")
    p.add_argument("-l", "--files-with-matches", action="store_true", help="print only the files that hold a match")
    p.add_argument("-q", "--quiet", action="store_true", help="print nothing; the exit code answers")
    p.add_argument("-0", "--null", action="store_true", help="end paths of -l with NUL instead of newline")
    p.add_argument("-i", "--ignore-case", action="store_true", help="ignore case (this is the default)")
    p.add_argument("-s", "--case-sensitive", action="store_true", help="match case")
    p.add_argument("-j", "--threads", type=int, metavar="N", help="threads (what the machine gives)")
    p.add_argument("--format", choices=FORMATS, default="text")
    p.add_argument("--full-text", action="store_true", help="print the whole text instead of a snippet")
    p.add_argument("--raw", action="store_true", help="print the matching lines as they are")
    p.add_argument("--stats", action="store_true", help="print what was done on standard error")
    p.add_argument("--validate", choices=("candidates", "all"), default="candidates", help="which lines are checked")
    p.add_argument("--on-error", choices=("report", "raise"), default="report", help="what a bad line or file does")
    p.add_argument("--timeout", type=float, metavar="SECONDS", help="stop then, with what was found")
    p.add_argument("--follow", action="store_true", help="follow symbolic links inside folders")
    p.add_argument("--progress", choices=("auto", "always", "never"), default="auto", help="on standard error")
    p.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    p.add_argument("--no-color", action="store_true", help="the same as --color never")
    return p


def split(argv: list[str]) -> tuple[list[str], list[str], list[str]]:
    """Part the arguments into those for argparse, the values of -e (argparse takes none that begins with a dash, and
    queries may), and all behind the first `--`."""
    mixed: list[str] = []
    queries: list[str] = []
    for place, argument in enumerate(argv):
        if mixed and mixed[-1] in ("-e", "--query"):
            mixed.pop()
            queries.append(argument)
        elif argument == "--":
            return mixed, queries, argv[place + 1 :]
        else:
            mixed.append(argument)
    return mixed, queries, []


def parse(argv: list[str]) -> argparse.Namespace:
    """Parse options among the positional arguments; behind `--` everything is positional."""
    mixed, queries, rest = split(argv)
    args = parser().parse_intermixed_args(mixed)
    queries += args.expression or []
    positional = [] if args.query is None else [args.query]
    positional += [*args.paths, *rest]
    if not queries:
        args.query = positional.pop(0) if positional else ""
    elif len(queries) == 1:
        args.query = queries[0]
    else:
        raise UsageError("argument -e/--query: once only; join queries with OR")
    args.paths = list(dict.fromkeys(positional))  # standard input can be read once
    if args.no_color:
        args.color = "never"
    return args


def main(argv: list[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        args = parse(argv)
    except UsageError as error:
        return fail(error, form_asked_for(argv))
    if args.help_query:
        from fastcore.query import HELP

        print(HELP, end="")
        return 0
    from fastcore.errors import FastcoreError

    progress = Progress() if shows_progress(args) else None
    try:
        hits = search(args, progress)
    except (FastcoreError, OSError, ValueError) as error:
        return fail(error, args.format)
    finally:
        if progress is not None:
            progress.clear()
    if not args.quiet:
        show(hits, args)
        sys.stdout.flush()
    note_errors(hits, args)
    if args.stats:
        print(stats_line(hits), file=sys.stderr)
    return 2 if a_path_failed(hits, args.paths) else 0 if hits.stats.matches else 1


def form_asked_for(argv: list[str]) -> str:
    """The format of arguments that cannot be parsed as a whole."""
    mixed, _, _ = split(argv)
    for place, argument in enumerate(mixed):
        option, _, form = argument.partition("=")
        if option == "--format":
            return form or next(iter(mixed[place + 1 :]), "")
    return "text"


def shows_progress(args: argparse.Namespace) -> bool:
    if args.progress == "auto":
        return sys.stderr.isatty() and not args.quiet
    return bool(args.progress == "always")


def search(args: argparse.Namespace, progress: Progress | None) -> Hits:
    from fastcore import scan

    paths: list[Any] = [sys.stdin.buffer if path == "-" else path for path in args.paths]
    return scan(
        paths or None,
        args.query,
        where={name: values for name in FIELDS if (values := getattr(args, name))},
        since=args.since,
        until=args.until,
        order=args.order,
        limit=limit_of(args),
        case_sensitive=args.case_sensitive,
        validate=args.validate,
        follow=args.follow,
        threads=args.threads,
        timeout=args.timeout,
        progress=progress,
        on_error=args.on_error,
    )


def limit_of(args: argparse.Namespace) -> int | None:
    if args.count or args.quiet:
        return 0
    if args.limit == "all" or (args.limit is None and args.files_with_matches):
        return None
    if args.limit is None:
        return 50
    try:
        return int(args.limit)
    except ValueError:
        raise UsageError(f"argument -n/--limit: {args.limit[:40]!r} is neither a number nor `all`") from None


def a_path_failed(hits: Hits, paths: list[str]) -> bool:
    """True if one of the paths that were given could not be searched at all."""
    named = set(paths)
    return any(
        error.line is None and error.path in named and (error.errno is not None or error.reason == "not a regular file")
        for error in hits.errors
    )


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


def stats_line(hits: Hits) -> str:
    stats = hits.stats
    wall = stats.seconds["wall"]
    rate = stats.bytes / wall / 1e9 if wall else 0.0
    line = (
        f"{stats.matches:,} matches in {stats.files:,} files, {stats.bytes / 1e6:,.1f} MB in {wall * 1e3:,.1f} ms "
        f"({rate:.1f} GB/s, {stats.threads} threads); {stats.candidates:,} lines parsed, {stats.errors:,} bad lines, "
        f"{stats.files_failed:,} files failed"
    )
    return line + ("; timed out" if stats.timed_out else "")


def note_errors(hits: Hits, args: argparse.Namespace) -> None:
    """Say on stderr what could not be read, where standard output does not."""
    if args.quiet:
        return
    errors_printed = args.format == "json" and not (args.count or args.files_with_matches or args.raw)
    if args.format in ("json", "jsonl"):
        from fastcore.cli.formats import file_failure

        if not errors_printed:
            sys.stderr.writelines(file_failure(error) for error in hits.errors)
    else:
        painter = Painter(sys.stderr, wants_color(args.color, sys.stderr))
        files = [error for error in hits.errors if error.line is None]
        lines = [error for error in hits.errors if error.line is not None][:LINES_NOTED]
        for error in [*files, *lines]:
            print(painter.paint("error", str(error)), file=sys.stderr)
        more = hits.stats.errors - len(lines)
        if more > 0:
            print(painter.paint("note", f"{more:,} more bad lines"), file=sys.stderr)


def fail(error: Exception, form: str) -> int:
    """Say on stderr what went wrong, as one JSON object where the output is JSON."""
    if form in ("json", "jsonl"):
        from fastcore.cli.formats import failure

        sys.stderr.write(failure(error))
        return 2
    said = f"fastcore scan: {error}"
    if isinstance(error, UsageError):
        said += "\nTry `fastcore scan --help`."
    print(visible(said) if sys.stderr.isatty() else said, file=sys.stderr)
    return 2

"""`fastcore scan`: search session logs and print the records that match."""

from __future__ import annotations

import argparse
import json
import os
import sys

from fastcore.cli.terminal import Painter, Progress, visible, wants_color

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from fastcore._hits import Hit, Hits

SCHEMA = 1
FIELDS = ("role", "type", "session", "project", "cwd", "branch", "model", "tool")
FORMATS = ("text", "json", "jsonl", "tsv")
TSV_COLUMNS = ("path", "line", "offset", "time", "type", "role", "session", "text")
SNIPPET = 160


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="fastcore scan",
        description="Search agent session logs, newest first. Without PATHS the user's own logs.",
        epilog="Exit code: 0 found, 1 nothing found, 2 error. `--help-query` explains the query language.",
        allow_abbrev=False,
    )
    p.add_argument("query", nargs="?", metavar="QUERY", help="what to look for; without one every record matches")
    p.add_argument("paths", nargs="*", metavar="PATHS", help="files, folders or globs; - reads standard input")
    p.add_argument("-e", "--query", dest="expression", metavar="QUERY", help="the query; then every argument is a path")
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
    p.add_argument("-n", "--limit", metavar="N", default=None, help="at most N records (50), or `all`")
    p.add_argument("-c", "--count", action="store_true", help="print only the number of matching records")
    p.add_argument("-l", "--files-with-matches", action="store_true", help="print only the files that hold a match")
    p.add_argument("-q", "--quiet", action="store_true", help="print nothing; the exit code answers")
    p.add_argument("-0", "--null", action="store_true", help="end paths of -l with NUL instead of newline")
    p.add_argument("-i", "--ignore-case", action="store_true", help="ignore case (this is the default)")
    p.add_argument("-s", "--case-sensitive", action="store_true", help="match case")
    p.add_argument("-j", "--threads", type=int, metavar="N")
    p.add_argument("--format", choices=FORMATS, default="text")
    p.add_argument("--full-text", action="store_true", help="print the whole text instead of a snippet")
    p.add_argument("--raw", action="store_true", help="print the matching lines as they are")
    p.add_argument("--stats", action="store_true", help="print what was done on standard error")
    p.add_argument("--validate", choices=("candidates", "all"), default="candidates", help="which lines are checked")
    p.add_argument("--on-error", choices=("report", "raise"), default="report", help="what a bad line does")
    p.add_argument("--timeout", type=float, metavar="SECONDS", help="stop then, with what was found")
    p.add_argument("--follow", action="store_true", help="follow symbolic links inside folders")
    p.add_argument("--progress", choices=("auto", "always", "never"), default="auto")
    p.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    p.add_argument("--no-color", dest="color", action="store_const", const="never")
    return p


def with_query(argv: list[str]) -> list[str]:
    """Tie the value of -e to it: argparse takes none that begins with a dash, and queries may."""
    tied: list[str] = []
    for argument in argv:
        if tied and tied[-1] in ("-e", "--query"):
            tied[-1] = f"--query={argument}"
        else:
            tied.append(argument)
    return tied


def parse(argv: list[str]) -> argparse.Namespace:
    """Parse options among the positional arguments; behind `--` everything is positional."""
    end = argv.index("--") if "--" in argv else len(argv)
    args = parser().parse_intermixed_args(with_query(argv[:end]))
    positional = [] if args.query is None else [args.query]
    positional += [*args.paths, *argv[end + 1 :]]
    args.query = positional.pop(0) if positional and args.expression is None else None
    args.paths = positional
    return args


def main(argv: list[str]) -> int:
    args = parse(argv)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    if args.help_query:
        from fastcore.query import HELP

        print(HELP, end="")
        return 0
    from fastcore.errors import FastcoreError

    progress = Progress() if shows_progress(args) else None
    try:
        hits = search(args, progress)
    except (FastcoreError, OSError, ValueError) as error:
        if isinstance(error, BrokenPipeError):
            raise
        return fail(error, args.format)
    finally:
        if progress is not None:
            progress.clear()
    show(hits, args)
    sys.stdout.flush()
    note_errors(hits, args)
    if args.stats:
        print(stats_line(hits), file=sys.stderr)
    if any(error.line is None and error.errno is not None and error.path in args.paths for error in hits.errors):
        return 2
    return 0 if hits.stats.matches else 1


def shows_progress(args: argparse.Namespace) -> bool:
    if args.progress == "auto":
        return sys.stderr.isatty() and not args.quiet
    return bool(args.progress == "always")


def search(args: argparse.Namespace, progress: Progress | None) -> Hits:
    from fastcore import scan

    paths: list[Any] = [sys.stdin.buffer if path == "-" else path for path in args.paths]
    query = args.expression if args.expression is not None else args.query or ""
    return scan(
        paths or None,
        query,
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
        raise ValueError(f"--limit {args.limit!r}: wanted a number or `all`") from None


def show(hits: Hits, args: argparse.Namespace) -> None:
    if args.quiet:
        return
    out = sys.stdout
    if args.count:
        out.write(f"{hits.stats.matches}\n")
    elif args.files_with_matches:
        end = b"\0" if args.null else b"\n"
        paths = dict.fromkeys(hit.path_bytes for hit in hits)
        if out.isatty():
            out.write("".join(visible(os.fsdecode(path)) + "\n" for path in paths))
        else:
            out.flush()
            out.buffer.write(b"".join(path + end for path in paths))
    elif args.raw:
        out.flush()
        for hit in hits:
            if out.isatty():
                out.write(visible(hit.raw.decode("utf-8", "backslashreplace")) + "\n")
            else:
                out.buffer.write(hit.raw + b"\n")
    elif args.format == "json":
        whole = {
            "schema": SCHEMA,
            "query": args.expression if args.expression is not None else args.query or "",
            "hits": [hit_object(hit) for hit in hits],
            "stats": hits.stats.to_dict(),
            "errors": [error_object(error) for error in hits.errors],
        }
        out.write(json.dumps(whole, ensure_ascii=False) + "\n")
    elif args.format == "jsonl":
        for hit in hits:
            out.write(json.dumps({"schema": SCHEMA, **hit_object(hit)}, ensure_ascii=False) + "\n")
        out.write(json.dumps({"schema": SCHEMA, "stats": hits.stats.to_dict()}, ensure_ascii=False) + "\n")
    elif args.format == "tsv":
        out.write("\t".join(TSV_COLUMNS) + "\n")
        out.writelines(tsv_row(hit) + "\n" for hit in hits)
    else:
        from time import time

        painter = Painter(out, wants_color(args.color, out))
        out.writelines(text_lines(hits, painter, time(), args.full_text))


def plain_path(hit: Hit) -> str:
    return hit.path_bytes.decode("utf-8", "backslashreplace")


def hit_object(hit: Hit) -> dict[str, Any]:
    found = hit.to_dict()
    found["time"] = utc(hit)
    found["path"] = plain_path(hit)
    if os.fsencode(found["path"]) != hit.path_bytes:
        found["path_bytes"] = list(hit.path_bytes)
    return found


def error_object(error: Any) -> dict[str, Any]:
    found: dict[str, Any] = error.to_dict()
    found["path"] = os.fsencode(error.path).decode("utf-8", "backslashreplace")
    found["excerpt"] = None if error.excerpt is None else error.excerpt.decode("utf-8", "backslashreplace")
    return found


def utc(hit: Hit) -> str | None:
    return hit.time.isoformat(timespec="microseconds").replace("+00:00", "Z") if hit.time else None


def tsv_row(hit: Hit) -> str:
    values = (plain_path(hit), hit.line, hit.offset, utc(hit), hit.type, hit.role, hit.session, hit.text)
    cells = ("" if value is None else str(value) for value in values)
    return "\t".join(
        c.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r") for c in cells
    )


def text_lines(hits: Hits, painter: Painter, now: float, full_text: bool) -> Iterator[str]:
    """Two lines a hit: where, how old, who; then the text around the first match."""
    for hit in hits:
        facts = [age(hit, now), painter.paint("role", hit.role or "?"), (hit.session or "")[:8]]
        where = f"{painter.paint('path', hit.path)}:{painter.paint('line', str(hit.line))}"
        yield f"{where}  {'  '.join(fact for fact in facts if fact)}\n"
        yield f"    {marked(hit, painter, full_text)}\n"


def age(hit: Hit, now: float) -> str:
    if hit.time_ns is None:
        return "no time"
    seconds = now - hit.time_ns / 1e9
    for unit, size in (("y", 31_557_600), ("mo", 2_629_800), ("d", 86_400), ("h", 3_600), ("m", 60)):
        if abs(seconds) >= size:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:.0f}s"


def marked(hit: Hit, painter: Painter, full_text: bool) -> str:
    """The text, whole or in part, with the matches marked."""
    text, spans = hit.text, hit.spans
    start, end = 0, len(text)
    if not full_text:
        start = max(0, spans[0][0] - SNIPPET // 3) if spans else 0
        end = min(len(text), start + SNIPPET)
    parts = ["..." if start else ""]
    place = start
    for first, last in spans:
        first, last = max(first, place), min(last, end)
        if first < last:
            parts += [squeezed(text[place:first], painter, full_text)]
            parts += [painter.paint("match", text[first:last] if full_text else text[first:last].replace("\n", " "))]
            place = last
    parts += [squeezed(text[place:end], painter, full_text), "..." if end < len(text) else ""]
    return "".join(parts)


def squeezed(text: str, painter: Painter, full_text: bool) -> str:
    """Text on one line: each run of white space is one space."""
    if full_text:
        return painter.clean(text)
    words = " ".join(text.split())
    head = " " if text[:1].isspace() else ""
    tail = " " if words and text[-1:].isspace() else ""
    return painter.clean(head + words + tail)


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
    if args.quiet or args.format in ("json", "jsonl"):
        return
    painter = Painter(sys.stderr, wants_color(args.color, sys.stderr))
    shown = [error for error in hits.errors if error.line is None] + [e for e in hits.errors if e.line is not None][:5]
    for error in shown:
        print(painter.paint("error", str(error)), file=sys.stderr)
    more = len(hits.errors) - len(shown)
    if more > 0:
        print(painter.paint("note", f"{more:,} more bad lines"), file=sys.stderr)


def fail(error: Exception, form: str) -> int:
    """Say on stderr what went wrong, as one JSON object where the output is JSON."""
    message, _, hint = str(error).partition("; ")
    if form in ("json", "jsonl"):
        found = {
            "kind": type(error).__name__,
            "message": message,
            "hint": hint or None,
            "path": getattr(error, "path", None) or getattr(error, "filename", None),
            "line": getattr(error, "line", None),
            "offset": getattr(error, "offset", None),
        }
        print(json.dumps(found), file=sys.stderr)
    else:
        said = str(error)
        print(f"fastcore scan: {visible(said) if sys.stderr.isatty() else said}", file=sys.stderr)
    return 2

"""The options and arguments of `fastcore scan`."""

from __future__ import annotations

import argparse
import os

from fastcore.cli.terminal import spelled, terminal_width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

FIELDS = ("role", "type", "session", "project", "cwd", "branch", "model", "tool")
FORMATS = ("text", "json", "jsonl", "tsv")
EPILOG = """\
Exit code: 0 found, 1 nothing found, 2 error, also if a file or folder could not be read and others were searched. \
-c, -l, -q and --raw print the same whatever the format. --help-query explains the query language, --help-formats what \
json, jsonl and tsv hold.

Environment: CLAUDE_CONFIG_DIR, the folder whose `projects` holds your own logs (~/.claude); XDG_CACHE_HOME, the \
folder in which --facts keeps them (~/.cache); FASTCORE_THREADS, as -j; FASTCORE_CPU=base|v3|v4 and \
FASTCORE_OFF=prefilter,prune,facts,pool,simd do without newer instructions and optimisations; \
NO_COLOR and FORCE_COLOR."""


class UsageError(ValueError):
    """Options that cannot be read."""


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


class Formatter(argparse.HelpFormatter):
    """Paragraphs in the epilog; and the width without shutil, whose import takes longer than the whole parser."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=terminal_width() - 2)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        fill = super()._fill_text
        return "\n\n".join(fill(paragraph, width, indent) for paragraph in text.split("\n\n"))


def number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):  # int() takes signs, spaces and underscores
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number from 0")
    return int(text)


def seconds(text: str) -> float:
    try:
        return float(text.replace("_", "x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number of seconds") from None


def parser() -> Parser:
    p = Parser(
        prog="fastcore scan",
        usage="fastcore scan [OPTIONS] [QUERY] [PATHS ...]",
        description="Search agent session logs, newest first. Without PATHS the user's own logs.",
        epilog=EPILOG,
        formatter_class=Formatter,
        allow_abbrev=False,
    )
    p.add_argument(
        "query",
        nargs="?",
        metavar="QUERY",
        help="what to look for, as one argument: quote it if it has spaces; without one every record matches",
    )
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
    p.add_argument("--help-formats", action="store_true", help="explain the formats for programs and leave")
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
    p.add_argument(
        "-c",
        "--count",
        action="store_true",
        help="print the number of matching records in all (not file by file, as rg does)",
    )
    p.add_argument(
        "--no-count",
        action="store_true",
        help="do not count what is not printed: the same records, sooner; bad lines that show a time are not reported",
    )
    p.add_argument("-l", "--files-with-matches", action="store_true", help="print only the files that hold a match")
    p.add_argument("-q", "--quiet", action="store_true", help="print nothing; the exit code answers")
    p.add_argument("-0", "--null", action="store_true", help="end paths of -l with NUL instead of newline")
    p.add_argument(
        "-i",
        "--ignore-case",
        dest="case_sensitive",
        action="store_false",
        default=False,
        help="ignore case (this is the default); of -i and -s the last one counts",
    )
    p.add_argument("-s", "--case-sensitive", action="store_true", help="match case")
    p.add_argument("-j", "--threads", type=number, metavar="N", help="threads (what the machine gives)")
    p.add_argument("--format", choices=FORMATS, default="text")
    p.add_argument("--full-text", action="store_true", help="print the whole text instead of a snippet")
    p.add_argument("--raw", action="store_true", help="print the matching lines as they are")
    p.add_argument("--stats", action="store_true", help="print what was done on standard error")
    p.add_argument("--validate", choices=("candidates", "all"), default="candidates", help="which lines are checked")
    p.add_argument("--on-error", choices=("report", "raise"), default="report", help="what a bad line or file does")
    p.add_argument("--timeout", type=seconds, metavar="SECONDS", help="stop then, with what was found")
    p.add_argument(
        "--facts",
        action="store_true",
        help="keep what is learnt of files (times, sessions, roles, types) in the cache folder, and use it next time",
    )
    p.add_argument("--follow", action="store_true", help="follow symbolic links inside folders")
    p.add_argument(
        "--progress",
        choices=("auto", "always", "never"),
        default="auto",
        help="on standard error; auto: on a terminal, if it takes a while",
    )
    p.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    p.add_argument("--no-color", action="store_true", help="the same as --color never")
    p._has_negative_number_optionals.clear()  # -0 would make argparse take every -1 for an option
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
    try:
        args = parser().parse_intermixed_args(mixed)
    except UsageError as error:
        if "unrecognized arguments" in str(error):
            error.add_note("A query is one argument: quote it; one that begins with a dash goes behind -e.")
        raise
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
    args.query = utf8("QUERY", args.query)
    for name in FIELDS:
        if getattr(args, name):
            setattr(args, name, [utf8(f"--{name}", value) for value in getattr(args, name)])
    if args.count and args.no_count:
        raise UsageError("argument --no-count: not allowed with -c/--count, which prints the count")
    if args.facts and "-" in args.paths:
        raise UsageError("argument --facts: not allowed with -, of which nothing is kept")
    if args.no_color:
        args.color = "never"
    return args


def utf8(name: str, value: str) -> str:
    """An argument as the text that its bytes are in UTF-8, whatever the locale made of them."""
    try:
        value.encode()
        return value
    except UnicodeEncodeError:
        pass
    try:
        return os.fsencode(value).decode()
    except UnicodeError:
        raise UsageError(f"argument {name}: {spelled(value)[:40]} is not valid UTF-8") from None


def form_asked_for(argv: list[str]) -> str:
    """The format of arguments that cannot be parsed as a whole."""
    mixed, _, _ = split(argv)
    for place, argument in enumerate(mixed):
        option, _, form = argument.partition("=")
        if option == "--format":
            return form or next(iter(mixed[place + 1 :]), "")
    return "text"


def limit_of(args: argparse.Namespace) -> int | None:
    if args.count or (args.quiet and not args.no_count):
        return 0
    if args.quiet:
        return 1
    if args.limit == "all" or (args.limit is None and args.files_with_matches):
        return None
    if args.limit is None:
        return 50
    try:
        return number(args.limit)
    except argparse.ArgumentTypeError:
        said = f"argument -n/--limit: {args.limit[:40]!r} is neither a number from 0 nor `all`"
        if args.limit.startswith("-"):
            raise ValueError(said) from None
        raise UsageError(said) from None


def prints_hits(args: argparse.Namespace) -> bool:
    """True if standard output gets the hits in the format asked for."""
    return not (args.count or args.files_with_matches or args.raw)

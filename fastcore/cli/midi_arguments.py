"""The options and arguments of `fastcore midi` and `fastcore midi show`."""

from __future__ import annotations

from fastcore.cli.arguments import Formatter, Parser, UsageError, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

FORMATS = ("text", "json", "jsonl", "csv", "tsv")
TEMPI = ("auto", "written", "onsets")
EPILOG = """\
Exit code: 0 files found, 1 none found, 2 error, also if a path is not there or a folder could not be read and others \
were. A damaged file is a row, no error. --help-formats explains what json, jsonl, csv and tsv hold and lists the \
columns. `fastcore midi show FILE` shows one file; a folder of that name is ./show.

Environment: FASTCORE_THREADS, as -j; FASTCORE_CPU=base|v3|v4 and FASTCORE_OFF=pool,simd do without newer instructions \
and optimisations; NO_COLOR and FORCE_COLOR."""
SHOW_EPILOG = "Exit code: 0, or 2 if the file cannot be read or holds no MIDI."


def _parser(command: str, usage: str, description: str, epilog: str) -> Parser:
    return Parser(
        prog=f"fastcore {command}",
        usage=f"fastcore {command} {usage}",
        description=description,
        epilog=epilog,
        formatter_class=Formatter,
        allow_abbrev=False,
    )


def _add_common(p: Parser) -> None:
    p.add_argument(
        "--tempo",
        choices=TEMPI,
        default="auto",
        help="whence the tempo: as written, from the onsets, or auto: as written where the notes fit it",
    )
    p.add_argument("--charset", metavar="NAME", help="codec of the texts (found out for each)")
    p.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    p.add_argument("--no-color", action="store_true", help="the same as --color never")


def parser() -> Parser:
    p = _parser(
        "midi",
        "[OPTIONS] PATHS ...\n       fastcore midi show [OPTIONS] FILE",
        "Tell tempo, key and statistics of MIDI files, a row for each.",
        EPILOG,
    )
    p.add_argument(
        "paths", nargs="*", metavar="PATHS", help="files, folders (their *.mid, *.midi, *.kar and *.rmi) or globs"
    )
    p.add_argument("--format", choices=FORMATS, default="text")
    p.add_argument("--columns", metavar="A,B,C", help="these columns, in this order (text: a few; else: all)")
    p.add_argument("--summary", action="store_true", help="print what the files hold in all instead; text, json, jsonl")
    p.add_argument("-j", "--threads", type=number, metavar="N", help="threads (what the machine gives)")
    p.add_argument("--help-formats", action="store_true", help="explain the formats for programs and leave")
    p.add_argument(
        "--progress",
        choices=("auto", "always", "never"),
        default="auto",
        help="on standard error; auto: on a terminal, if it takes a while",
    )
    _add_common(p)
    return p


def show_parser() -> Parser:
    p = _parser(
        "midi show",
        "[OPTIONS] FILE",
        "Show one MIDI file: facts, tracks, the tempo where it changes, and the notes.",
        SHOW_EPILOG,
    )
    p.add_argument("path", metavar="FILE", help="a MIDI file; - reads standard input")
    p.add_argument(
        "--plot", metavar="OUT.png|svg", help="draw the notes and the tempo into this file too (needs matplotlib)"
    )
    _add_common(p)
    return p


def parse(argv: list[str]) -> argparse.Namespace:
    """Parse options among paths; behind `--` everything is a path."""
    args, rest = _intermixed(parser(), argv)
    args.paths = list(dict.fromkeys([*args.paths, *rest]))
    if args.help_formats:
        return args
    if not args.paths:
        raise UsageError("the following arguments are required: PATHS; `.` is this folder")
    if "-" in args.paths:
        raise UsageError("argument PATHS: standard input holds one file: `fastcore midi show -`; a file - is ./-")
    if args.summary and args.columns is not None:
        raise UsageError("argument --columns: not with --summary, which prints none")
    if args.summary and args.format in ("csv", "tsv"):
        raise UsageError(f"argument --format: a summary is no table: text, json or jsonl, not {args.format}")
    args.columns = None if args.columns is None else _names(args.columns)
    return args


def parse_show(argv: list[str]) -> argparse.Namespace:
    args = show_parser().parse_args(argv)
    if args.plot is not None and not args.plot.lower().endswith((".png", ".svg")):
        raise UsageError(f"argument --plot: {args.plot[-40:]!r} ends neither in .png nor in .svg")
    if args.no_color:
        args.color = "never"
    return args


def _intermixed(p: Parser, argv: list[str]) -> tuple[argparse.Namespace, list[str]]:
    place = argv.index("--") if "--" in argv else len(argv)
    args = p.parse_intermixed_args(argv[:place])
    if args.no_color:
        args.color = "never"
    return args, argv[place + 1 :]


def _names(columns: str) -> list[str]:
    names = [name.strip() for name in columns.split(",")]
    if "" in names or len(set(names)) < len(names):
        raise UsageError(f"argument --columns: {columns[:80]!r} is no list of different names like path,bpm,key")
    return names

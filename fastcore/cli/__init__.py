"""The command `fastcore`: one subparser, built for the command that is called."""

from __future__ import annotations

import os
import sys

COMMANDS = {  # each is a module of this package with a function `main`
    "scan": "search agent session logs",
    "midi": "tempo, key and statistics of MIDI files",
}


def main(argv: list[str] | None = None) -> int:
    """Run a command and return its exit code: 0 found, 1 nothing found, 2 error, 130 interrupted."""
    _open_missing_streams()
    try:
        try:
            return _run(sys.argv[1:] if argv is None else argv)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has left: nothing more to say, and nothing to flush at exit.
        _silence()
        return 0
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        _say_last(f"fastcore: the output cannot be written: {error.strerror}")
        return 2


def _run(arguments: list[str]) -> int:
    name = arguments[0] if arguments else ""
    if name in COMMANDS:
        import importlib

        return int(importlib.import_module(f"fastcore.cli.{name}").main(arguments[1:]))
    if name in ("-V", "--version"):
        return _version(arguments[1:])
    lines = ["usage: fastcore COMMAND ...", "", *(f"  {name:8} {text}" for name, text in COMMANDS.items())]
    lines += ["", "`fastcore COMMAND --help` explains a command; `fastcore --version` prints the version,"]
    lines += ["`fastcore --version --verbose` also what it was built with, processor, threads and extras."]
    if name in ("-h", "--help"):
        print("\n".join(lines))
        return 0
    said = f"fastcore: unknown command {name!r}" if name else "fastcore: which command?"
    print(said, *lines, sep="\n", file=sys.stderr)
    return 2


def _version(rest: list[str]) -> int:
    if rest == ["--verbose"]:
        from fastcore.cli import version

        print("\n".join(version.lines()))
        return 0
    if rest:
        print(f"fastcore: --version takes --verbose or nothing, not {rest[0]!r}", file=sys.stderr)
        return 2
    from fastcore import __version__

    print(f"fastcore {__version__}")
    return 0


def _open_missing_streams() -> None:
    """Give a process that was started without a standard stream an empty one, so that no file takes its place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _say_last(text: str) -> None:
    """Say it if that is possible: standard error may be what cannot be written."""
    from contextlib import suppress

    with suppress(OSError):
        print(text, file=sys.stderr)
    _silence()


def _silence() -> None:
    """Point the standard output and error nowhere, so that what is still buffered goes there at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)

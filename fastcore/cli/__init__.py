"""The command `fastcore`: one subparser, built for the command that is called."""

from __future__ import annotations

import sys

COMMANDS = {"scan": "search agent session logs"}


def main(argv: list[str] | None = None) -> int:
    """Run a command and return its exit code: 0 found, 1 nothing found, 2 error, 130 interrupted."""
    arguments = sys.argv[1:] if argv is None else argv
    name = arguments[0] if arguments else ""
    try:
        if name in COMMANDS:
            from fastcore.cli import scan

            return scan.main(arguments[1:])
        return _no_command(name)
    except BrokenPipeError:
        # Whoever read our output has left: nothing more to say, and nothing to flush at exit.
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def _no_command(name: str) -> int:
    if name in ("-V", "--version"):
        from fastcore import __version__

        print(f"fastcore {__version__}")
        return 0
    lines = ["usage: fastcore COMMAND ...", "", *(f"  {name:8} {text}" for name, text in COMMANDS.items())]
    lines += ["", "`fastcore COMMAND --help` explains a command; `fastcore --version` prints the version."]
    if name in ("-h", "--help"):
        print("\n".join(lines))
        return 0
    said = f"fastcore: unknown command {name!r}" if name else "fastcore: which command?"
    print(said, *lines, sep="\n", file=sys.stderr)
    return 2

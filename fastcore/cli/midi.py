"""`fastcore midi`: a row of facts for each MIDI file, or a summary of all; `fastcore midi show`: one file."""

from __future__ import annotations

import sys

from fastcore.cli.arguments import UsageError, form_asked_for
from fastcore.cli.midi_arguments import parse
from fastcore.cli.midi_run import Run, Stopped
from fastcore.cli.terminal import Painter, say, wants_color

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def main(argv: list[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    if argv[:1] == ["show"]:
        from fastcore.cli import midi_show

        return midi_show.main(argv[1:])
    try:
        args = parse(argv)
    except UsageError as error:
        return fail(error, form_asked_for(argv))
    run = Run(args)
    try:
        if args.help_formats:
            from fastcore.cli import midi_formats

            sys.stdout.write(midi_formats.explained())
            return 0
        for part in parts(run):
            run.clear()
            sys.stdout.write(part)
            sys.stdout.flush()
    except Stopped as stopped:
        run.clear()
        return fail(stopped.__cause__ or stopped, args.format)
    finally:
        run.clear()
    if run.files == 0 and not run.failures:
        say(f"no {', '.join('*' + ending for ending in endings())} files in {' '.join(args.paths)}")
    return 2 if run.failures else 0 if run.files else 1


def fail(error: BaseException, form: str) -> int:
    from fastcore.cli import notes

    return notes.fail(error, form, "midi")  # type: ignore[arg-type]


def endings() -> tuple[str, ...]:
    from fastcore._midi_paths import ENDINGS

    return ENDINGS


def parts(run: Run) -> Iterator[str]:
    """What standard output gets, about a batch at a time."""
    args, out = run.args, sys.stdout
    if args.format != "text":
        out.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    if args.summary:
        from fastcore.cli import midi_summary

        return midi_summary.parts(run)
    if args.format == "text":
        from fastcore.cli.midi_text import COLUMNS, text_parts

        painter = Painter(out, wants_color(args.color, out))
        return text_parts(run.batches([*COLUMNS, "code"]), painter, explained=args.columns is None)
    from fastcore.cli import midi_formats

    return midi_formats.parts(run)

"""One call of `fastcore midi`: its files in batches, what failed, and the progress line."""

from __future__ import annotations

import sys

from fastcore.cli.terminal import Painter, Progress, spelled, wants_color

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from fastcore._table import Table

    Batches = Iterator[tuple[list[str], Table]]

BATCH = 512  # files: few enough that rows come at once, enough for every thread
PROGRESS_AFTER = 0.3  # seconds


class Stopped(Exception):
    """The library raised `__cause__`; what the output raises is another matter."""


class Run:
    """One call of the command: batches of files, what failed, and the progress line."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.files = 0
        self.failures: list[OSError] = []
        shown = args.progress == "always" or (args.progress == "auto" and sys.stderr.isatty())
        after = 0.0 if args.progress == "always" else PROGRESS_AFTER
        self.progress = Progress(after) if shown else None

    def clear(self) -> None:
        if self.progress is not None:
            self.progress.clear()

    def batches(self, default: list[str] | None) -> Batches:
        """The paths and rows of the files, in the order in which they are met; none at all are an empty batch."""
        columns = default if self.args.columns is None else self.args.columns
        found = self.batched()
        first = True
        while True:
            try:
                batch = next(found, [])
                if not batch and not first:
                    return
                table = self.analysed(batch, columns)
            except Exception as error:
                raise Stopped from error
            self.files += len(batch)
            first = False
            yield batch, table

    def batched(self) -> Iterator[list[str]]:
        from itertools import islice

        from fastcore.midi import find

        paths = find(self.args.paths, on_error=self.note_failure)
        while batch := list(islice(paths, BATCH)):
            yield batch

    def analysed(self, batch: list[str], columns: list[str] | None) -> Table:
        from fastcore.midi import analyze_many

        args, before = self.args, self.files

        def report(done: int, total: int, unit: str) -> None:
            assert self.progress is not None
            self.progress(before + done, 0, unit)

        return analyze_many(
            batch,
            tempo=args.tempo,
            charset=args.charset,
            columns=columns,
            threads=args.threads,
            progress=None if self.progress is None else report,
        )

    def note_failure(self, error: OSError) -> None:
        """What is not there, or cannot be listed, is said at once; `json` says it at its end."""
        self.failures.append(error)
        if self.args.format == "json":
            return
        self.clear()
        from fastcore.cli import notes

        if self.args.format == "jsonl":
            from fastcore.cli.formats import failure

            sys.stderr.write(failure(error))
            return
        painter = Painter(sys.stderr, wants_color(self.args.color, sys.stderr))
        print(painter.paint("error", spelled(notes.message_of(error))), file=sys.stderr)

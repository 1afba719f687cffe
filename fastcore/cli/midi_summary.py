"""The summary of `fastcore midi --summary`: counts as bars of text, or as one object."""

from __future__ import annotations

import sys

from fastcore.cli.terminal import Painter, can_print, terminal_width, wants_color

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fastcore.cli.midi_run import Run
    from fastcore.midi import Summary

GROUPS_SHOWN, PATHS_SHOWN = 10, 5


def parts(run: Run) -> Iterator[str]:
    from fastcore._midi_summary import COLUMNS
    from fastcore.midi import summarize

    summary = summarize(table for _, table in run.batches(list(COLUMNS)))
    if run.args.format == "text":
        painter = Painter(sys.stdout, wants_color(run.args.color, sys.stdout))
        yield "".join(line + "\n" for line in text_lines(summary, painter, terminal_width(), can_print("█▌")))
        return
    from fastcore.cli.formats import SCHEMA, json_line
    from fastcore.cli.midi_formats import error_of

    fields = summary._asdict()
    fields["duplicates"] = [{"note_hash": name, "paths": paths} for name, paths in summary.duplicates]
    yield json_line({"schema": SCHEMA, "summary": fields, "errors": [error_of(error) for error in run.failures]})


def text_lines(summary: Summary, painter: Painter, width: int, blocks: bool) -> Iterator[str]:
    from fastcore.cli.notes import counted

    yield counted(summary.files, "file")
    yield from table(summary.status, painter)
    for title, counts in (("not read", summary.codes), ("damaged", summary.warnings)):
        if counts:
            yield from ("", painter.paint("note", title), *table(counts, painter))
    tempi = {f"{step} to {step + 10}": count for step, count in summary.tempi.items()}
    for title, counts, unknown in (
        ("beats a minute", tempi, summary.tempo_unknown), ("key", summary.keys, summary.key_unknown)
    ):  # fmt: skip
        if summary.files:
            yield from ("", painter.paint("note", title), *bars({**counts, "unknown": unknown}, painter, width, blocks))
    if summary.duplicates:
        yield from ("", *duplicate_lines(summary, painter))


def table(counts: Mapping[str, int], painter: Painter) -> Iterator[str]:
    width = max(map(len, counts), default=0)
    digits = max((len(f"{count:,}") for count in counts.values()), default=0)
    for name, count in counts.items():
        yield f"  {painter.clean(name):{width}}  {count:>{digits},}"


def bars(counts: Mapping[str, int], painter: Painter, width: int, blocks: bool) -> Iterator[str]:
    """A name, its count and a bar, half a character exact: the most fill the width, a single one is seen."""
    most = max(counts.values())
    full, half = ("█", "▌") if blocks else ("#", "")
    for count, line in zip(counts.values(), table(counts, painter), strict=True):
        halves = -(-count * 2 * max(width - len(line) - 3, 1) // most) if most else 0
        yield f"{line}  {full * (halves // 2)}{half * (halves % 2)}".rstrip()


def duplicate_lines(summary: Summary, painter: Painter) -> Iterator[str]:
    from fastcore.cli.notes import counted

    groups = summary.duplicates
    files = sum(len(paths) for _, paths in groups)
    yield painter.paint("note", f"equal notes: {counted(files, 'file')} in {counted(len(groups), 'group')}")
    for name, paths in groups[:GROUPS_SHOWN]:
        yield f"  {painter.clean(name)}  {counted(len(paths), 'file')}"
        yield from (f"    {painter.paint('path', path)}" for path in paths[:PATHS_SHOWN])
        if len(paths) > PATHS_SHOWN:
            yield f"    and {len(paths) - PATHS_SHOWN:,} more"
    if len(groups) > GROUPS_SHOWN:
        yield f"  and {counted(len(groups) - GROUPS_SHOWN, 'more group', 'more groups')}; --format json lists all"

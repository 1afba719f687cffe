"""The format of `fastcore midi` for people: a line a file, its columns below each other."""

from __future__ import annotations

import os

from fastcore.cli.terminal import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastcore._table import Table
    from fastcore.cli.midi_run import Batches
    from fastcore.cli.terminal import Painter

COLUMNS = ("bpm", "key", "time_signature", "duration", "notes", "status", "path")
HEADINGS = {"time_signature": "meter"}
# A longer value pushes the rest of its line to the right.
WIDTH, LIST_WIDTH = 8, 16
WIDTHS = {"path": 40, "hash": 32, "note_hash": 16, "shape_hash": 16}


def text_parts(batches: Batches, painter: Painter, explained: bool) -> Iterator[str]:
    """Names, then rows. Widths depend on the columns alone, because rows are printed as they come. `explained`: the
    last column is `code`, which is not shown; the reason that it stands for ends the line."""
    first = True
    for paths, table in batches:
        codes = [row["code"] for row in table] if explained else [None] * len(table)
        if explained:
            table = table[list(table.columns[:-1])]
        pad = _padder(table)
        lines = []
        if first and paths:
            heads = pad([HEADINGS.get(name, name) for name in table.columns])
            lines.append(" ".join(painter.paint("note", head) for head in heads))
            first = False
        for path, row, code in zip(paths, table, codes, strict=True):
            cells = [plain(os.fsencode(path)) if name == "path" else shown(name, row[name]) for name in table.columns]
            lines.append(" ".join(colored(table, pad(cells), painter)) + why(code, painter))
        yield "".join(line + "\n" for line in lines)


def why(code: str | None, painter: Painter) -> str:
    if code is None:
        return ""
    from fastcore._midi import reason_of

    return ": " + painter.paint("error", reason_of(code))


def _padder(table: Table) -> Callable[[list[str]], list[str]]:
    """What pads the cells of a line: numbers to the right, the rest to the left, but for what ends the line."""
    pads = []
    for name, kind in table.types.items():
        width = max(len(HEADINGS.get(name, name)), WIDTHS.get(name, LIST_WIDTH if kind.startswith("list") else WIDTH))
        pads.append(f"{{:{'>' if kind.startswith(('int', 'uint', 'float')) else '<'}{width}}}")
    if pads and "<" in pads[-1]:
        pads[-1] = "{}"
    return lambda cells: [pad.format(cell) for pad, cell in zip(pads, cells, strict=True)]


def colored(table: Table, cells: list[str], painter: Painter) -> Iterator[str]:
    for name, cell in zip(table.columns, cells, strict=True):
        if name == "path":
            yield painter.paint("path", cell)
        elif name == "status" and cell.rstrip() != "ok":
            yield painter.paint("error", cell)
        else:
            yield painter.clean(cell)


def shown(name: str, value: object) -> str:
    """A value on one line.

    >>> shown("duration", 225.52), shown("bpm", 118.0), shown("notes", 1234), shown("key", None)
    ('3:45.5', '118.00', '1,234', '-')
    """
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return clock(value) if name == "duration" else f"{value:,.2f}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, (list, tuple)):
        return ", ".join(shown("", item) for item in value)
    return " ".join(str(value).split())


def clock(seconds: float) -> str:
    """Minutes and seconds, hours where there are any.

    >>> clock(0.96), clock(3725.25), clock(59.96)
    ('0:01.0', '1:02:05.2', '1:00.0')
    """
    tenths = round(seconds * 10)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    whole = f"{hours}:{minutes:02}" if hours else str(minutes)
    return f"{whole}:{tenths // 10:02}.{tenths % 10}"

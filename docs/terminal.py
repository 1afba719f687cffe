"""Draw what a command prints on a terminal: `python docs/terminal.py`, after `make demo`.

Runs the command of the README in a pseudo-terminal and writes docs/pictures/terminal.svg: its real output, colours and
all. What is drawn is text, so that it can be searched and read aloud.
"""

from __future__ import annotations

import os
import pty
import re
import sys
import termios
from html import escape
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "pictures" / "terminal.svg"
COMMAND = ("fastcore", "scan", "zyxquartz", ".demo", "--limit", "4", "--stats")
COLUMNS, CELL, LINE, MARGIN = 120, 7.83, 18, 16
OTHER_SEQUENCES = r"\x1b\].*?(?:\x07|\x1b\\)|\x1b(?!\[[\d;]*m)(?:\[[\d;?]*[A-Za-z]|.)|\r"
# The codes that the command uses: bold, dim, and colours that can be read on a dark ground.
STYLES = {"1": "font-weight='bold'", "2": "opacity='0.65'"}
COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "34": "#79c0ff", "35": "#d2a8ff", "36": "#76e3ea"}


def printed(command: tuple[str, ...]) -> str:
    """What a command prints on a terminal of COLUMNS columns."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        termios.tcsetwinsize(0, (40, COLUMNS))
        environment = {**os.environ, "TERM": "xterm-256color"}
        program = str(Path(sys.executable).parent / command[0])
        os.execve(program, list(command), environment)
    read = b""
    while True:
        try:
            more = os.read(terminal, 65536)
        except OSError:  # the command has left
            break
        if not more:
            break
        read += more
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0:
        raise SystemExit(read.decode(errors="replace"))
    return read.decode().replace("\r\n", "\n")


def runs(text: str) -> list[tuple[str, str]]:
    """Cut a line at its escape sequences: each piece with the attributes of SVG that are in force."""
    pieces = re.split(r"\x1b\[([\d;]*)m", text)
    found, on = [], list[str]()
    for place, piece in enumerate(pieces):
        if place % 2:
            on = [] if piece in ("", "0") else [*on, *piece.split(";")]
        elif piece:
            colour = [COLOURS[code] for code in on if code in COLOURS]
            style = [STYLES[code] for code in on if code in STYLES]
            found.append((piece, " ".join([*style, f"fill='{colour[-1] if colour else '#e6edf3'}'"])))
    return found


def wrapped(pieces: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Cut the pieces of a line where a terminal does."""
    rows: list[list[tuple[str, str]]] = [[]]
    room = COLUMNS
    for piece, attributes in pieces:
        left = piece
        while left:
            if room == 0:
                rows.append([])
                room = COLUMNS
            rows[-1].append((left[:room], attributes))
            left, room = left[room:], room - len(left[:room])
    return rows


def drawn(command: str, output: str) -> str:
    """The picture of a command and its output; other sequences than colours are left out."""
    text = re.sub(OTHER_SEQUENCES, "", output).rstrip("\n")
    lines = [f"\x1b[32m$\x1b[0m \x1b[1m{command}\x1b[0m", *text.split("\n")]
    rows = [row for line in lines for row in wrapped(runs(line))]
    width, height = MARGIN * 2 + COLUMNS * CELL, MARGIN * 2 + 22 + LINE * len(rows)
    svg = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:g} {height:g}' width='{width:g}' role='img'>",
        f"<title>{escape(command)}, and what it prints</title>",
        f"<rect width='{width:g}' height='{height:g}' rx='8' fill='#0d1117'/>",
        *(
            f"<circle cx='{x}' cy='16' r='5' fill='{fill}'/>"
            for x, fill in ((18, "#ff5f57"), (36, "#febc2e"), (54, "#28c840"))
        ),
        "<g font-family='DejaVu Sans Mono, Menlo, Consolas, monospace' font-size='13' xml:space='preserve'>",
    ]
    for number, pieces in enumerate(rows):
        starts = [0]
        for piece, _ in pieces:
            starts.append(starts[-1] + len(piece))
        y = MARGIN + 22 + LINE * number + 8
        for (piece, attributes), (start, end) in zip(pieces, pairwise(starts), strict=True):
            place = f"x='{MARGIN + start * CELL:g}' y='{y}' textLength='{(end - start) * CELL:g}'"
            svg.append(f"<text {place} {attributes}>{escape(piece)}</text>")
    return "\n".join([*svg, "</g>", "</svg>"]) + "\n"


if __name__ == "__main__":
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(drawn(" ".join(COMMAND), printed(COMMAND)), "utf-8")

"""Flame graphs as SVG: what calls what from the bottom up, as wide as its share of the samples."""

from __future__ import annotations

import zlib
from html import escape
from typing import TYPE_CHECKING

import svg

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WIDTH, ROW, TOP, MARGIN = 1100, 17, 40, 10
NARROW = 0.002  # a narrower frame is not drawn
PER_CHARACTER = 6.6


class Frame:
    """A function at one place of the stack: its samples, and what it called."""

    def __init__(self) -> None:
        self.samples = 0
        self.called: dict[str, Frame] = {}

    def depth(self) -> int:
        return 1 + max((frame.depth() for frame in self.called.values()), default=0)


def tree(stacks: Mapping[str, int]) -> Frame:
    root = Frame()
    for stack, samples in stacks.items():
        at = root
        at.samples += samples
        for name in stack.split(";"):
            at = at.called.setdefault(name, Frame())
            at.samples += samples
    return root


def colour(name: str) -> str:
    """Warm, the same for a name everywhere; what is the interpreter's is grey."""
    if name == "Python":
        return "#c9ccd1"
    number = zlib.crc32(name.encode())
    return f"hsl({20 + number % 35},{70 + number // 35 % 20}%,{62 + number // 700 % 10}%)"


def drawn(frame: Frame, x: float, level: int, height: float, scale: float, whole: int) -> Iterator[str]:
    for name, called in sorted(frame.called.items()):
        width = called.samples * scale
        if called.samples >= NARROW * whole:
            y = height - (level + 1) * ROW
            share = f"{name}: {100 * called.samples / whole:.1f} %"
            box = f"x='{x:.1f}' y='{y:.1f}' width='{max(width - 0.5, 0.5):.1f}' height='{ROW - 1}'"
            yield f"<g><title>{escape(share)}</title><rect {box} rx='1' fill='{colour(name)}'/>"
            room = int((width - 6) / PER_CHARACTER)
            if room >= 3:
                text = name if len(name) <= room else name[: room - 2] + ".."
                yield svg.label(text, x + 3, y + 12, size=11)
            yield "</g>"
            yield from drawn(called, x, level + 1, height, scale, whole)
        x += width


def graph(title: str, stacks: Mapping[str, int]) -> str:
    root = tree(stacks)
    height = TOP + root.depth() * ROW
    scale = (WIDTH - 2 * MARGIN) / root.samples
    return svg.document(title, drawn(root, MARGIN, 0, height - MARGIN, scale, root.samples), WIDTH, height)

"""Small charts as SVG text, the same bytes from the same numbers wherever they are drawn."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 78, 190, 44, 56
COLOURS = ("#0b6e4f", "#c8553d", "#3d5a98", "#8a6d1d", "#7a3b7a", "#5c6b73", "#2a9d8f", "#b5838d")
FONT = "font-family='Helvetica, Arial, sans-serif'"


def number(value: float) -> str:
    """A figure with three digits that count, without zeros behind the point."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class Axis:
    """A range of values on a stretch of pixels, linear or logarithmic."""

    def __init__(self, values: Iterable[float], start: float, end: float, log: bool = False, zero: bool = True) -> None:
        found = [value for value in values if not log or value > 0]
        self.log, self.start, self.end = log, start, end
        self.low, self.high = min(found), max(found)
        if log:
            self.low, self.high = self.low / 1.1, self.high * 1.1
        else:
            self.low, self.high = (0.0 if zero else self.low), self.high * 1.05 or 1.0

    def at(self, value: float) -> float:
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return self.start + (value - low) / (high - low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        if self.log:
            steps = [m * 10.0**e for e in range(-12, 13) for m in (1, 2, 5)]
            inside = [step for step in steps if self.low <= step <= self.high]
            return inside if len(inside) <= 9 else [step for step in inside if f"{step:e}"[0] == "1"]
        size = 10 ** math.floor(math.log10(self.high - self.low))
        step = next(size * m for m in (0.1, 0.2, 0.5, 1, 2) if (self.high - self.low) / (size * m) <= 8)
        return [i * step for i in range(math.ceil(self.low / step), math.floor(self.high / step + 1e-9) + 1)]


def document(title: str, body: Iterable[str], width: int = WIDTH, height: int = HEIGHT) -> str:
    """A whole picture with its title, which a reader who sees no pictures is told too."""
    head = f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' viewBox='0 0 {width} {height}'"
    lines = [
        f"{head} role='img'>",
        f"<title>{escape(title)}</title>",
        f"<rect width='{width}' height='{height}' fill='#ffffff'/>",
        label(title, 20, 26, size=15, weight="bold"),
        *body,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def label(
    text: str, x: float, y: float, anchor: str = "start", size: int = 12, weight: str = "normal", turn: float = 0
) -> str:
    turned = f" transform='rotate({turn:g} {x:.1f} {y:.1f})'" if turn else ""
    style = f"{FONT} font-size='{size}' font-weight='{weight}' fill='#222222' text-anchor='{anchor}'{turned}"
    return f"<text x='{x:.1f}' y='{y:.1f}' {style}>{escape(text)}</text>"


def line(x1: float, y1: float, x2: float, y2: float, colour: str = "#dddddd") -> str:
    return f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{colour}'/>"


def path(points: Iterable[tuple[float, float]], colour: str) -> str:
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f"<polyline points='{corners}' fill='none' stroke='{colour}' stroke-width='2' stroke-linejoin='round'/>"


def legend(names: Iterable[str], x: float) -> list[str]:
    drawn = []
    for place, name in enumerate(names):
        y = TOP + 10 + place * 20
        colour = COLOURS[place % len(COLOURS)]
        drawn.append(f"<rect x='{x:.1f}' y='{y:.1f}' width='12' height='12' fill='{colour}'/>")
        drawn.append(label(name, x + 18, y + 10))
    return drawn


def lines(
    title: str,
    series: Mapping[str, Points],
    x_name: str,
    y_name: str,
    *,
    log_x: bool = False,
    log_y: bool = False,
    x_labels: Mapping[float, str] | None = None,
    dots: bool = True,
) -> str:
    """Lines over one x axis; `x_labels` replaces its ticks."""
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    xs = Axis([x for points in series.values() for x, _ in points], LEFT, right, log_x, zero=False)
    ys = Axis([y for points in series.values() for _, y in points], bottom, TOP, log_y)
    body = []
    for value in ys.ticks():
        body += [line(LEFT, ys.at(value), right, ys.at(value)), label(number(value), LEFT - 8, ys.at(value) + 4, "end")]
    for value, text in (x_labels or {value: number(value) for value in xs.ticks()}).items():
        body += [line(xs.at(value), bottom, xs.at(value), bottom + 5, "#222222")]
        body += [label(text, xs.at(value), bottom + 20, "middle")]
    body += [line(LEFT, bottom, right, bottom, "#222222"), label(x_name, (LEFT + right) / 2, HEIGHT - 14, "middle")]
    body.append(label(y_name, 18, (TOP + bottom) / 2, "middle", turn=-90))
    for place, points in enumerate(series.values()):
        colour = COLOURS[place % len(COLOURS)]
        drawn = [(xs.at(x), ys.at(y)) for x, y in points]
        body.append(path(drawn, colour))
        if dots:
            body += [f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3' fill='{colour}'/>" for x, y in drawn]
    return document(title, [*body, *legend(series, right + 16)])


def distribution(title: str, samples: Mapping[str, Sequence[float]], x_name: str) -> str:
    """For each name the share of the samples that are at most x."""
    series = {}
    for name, values in samples.items():
        ordered = sorted(values)
        series[name] = [(value, 100 * (place + 1) / len(ordered)) for place, value in enumerate(ordered)]
    return lines(title, series, x_name, "percent of the calls", log_x=True, dots=False)


def bars(title: str, rows: Mapping[str, Mapping[str, float]], x_name: str) -> str:
    """Horizontal bars, for each row one a name."""
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    each, left, right = 13, 270, WIDTH - 160
    height = TOP + BOTTOM + sum(len(row) * each + 12 for row in rows.values())
    xs = Axis([value for row in rows.values() for value in row.values()], left, right)
    bottom = height - BOTTOM
    body = []
    for value in xs.ticks():
        body.append(line(xs.at(value), TOP, xs.at(value), bottom))
        body.append(label(number(value), xs.at(value), bottom + 18, "middle"))
    y = float(TOP + 6)
    for row_name, row in rows.items():
        body.append(label(row_name, left - 10, y + len(row) * each / 2 + 4, "end"))
        for name, value in row.items():
            colour = COLOURS[names.index(name) % len(COLOURS)]
            width = xs.at(value) - left
            body.append(f"<rect x='{left}' y='{y:.1f}' width='{width:.1f}' height='{each - 2}' fill='{colour}'/>")
            body.append(label(number(value), xs.at(value) + 4, y + each - 3, size=10))
            y += each
        y += 12
    body.append(label(x_name, (left + right) / 2, height - 14, "middle"))
    return document(title, [*body, *legend(names, right + 30)], height=height)

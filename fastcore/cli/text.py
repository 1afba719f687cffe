"""The format of `fastcore scan` for people: two lines a hit, the matches marked."""

from __future__ import annotations

from fastcore._hits import window
from fastcore.cli.terminal import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastcore._hits import Hit, Hits
    from fastcore.cli.terminal import Painter

SNIPPET = 160  # characters
_UNITS = (("y", 31_557_600), ("mo", 2_629_800), ("d", 86_400), ("h", 3_600), ("m", 60))


def text_lines(hits: Hits, painter: Painter, now: float, full_text: bool) -> Iterator[str]:
    """Where, how old, who; then the text around the first match. `now` is in seconds since 1970."""
    for hit in hits:
        line = "?" if hit.line is None else str(hit.line)
        where = f"{painter.paint('path', plain(hit.path_bytes))}:{painter.paint('line', line)}"
        role, session = (" ".join((fact or "").split()) for fact in (hit.role, hit.session))
        facts = [age(hit.time_ns, now), painter.paint("role", role), painter.clean(session[:8])]
        yield f"{where}  {'  '.join(fact for fact in facts if fact)}\n"
        yield f"    {marked(hit, painter, full_text)}\n"


def age(time_ns: int | None, now: float) -> str:
    """How long ago, in whole ones of the largest unit that fits.

    >>> age(0, 7200.0), age(0, 14399.0), age(7200 * 10**9, 0.0), age(None, 0.0)
    ('2h', '3h', 'in 2h', 'no time')
    """
    if time_ns is None:
        return "no time"
    seconds = now - time_ns / 1e9
    ahead = "in " if seconds < 0 else ""
    for unit, size in _UNITS:
        if abs(seconds) >= size:
            return f"{ahead}{abs(seconds) // size:.0f}{unit}"
    return f"{ahead}{abs(int(seconds))}s"


def marked(hit: Hit, painter: Painter, full_text: bool) -> str:
    """The text with the matches marked: whole as it is, or a part of it on one line."""
    text, spans = hit.text, hit.spans
    start, end = (0, len(text)) if full_text else window(hit, SNIPPET)
    shown = str if full_text else _one_line
    parts = ["..." if start else ""]
    place = start
    for first, last in spans:
        first, last = max(first, place), min(last, end)
        if first < last:
            parts += [painter.clean(shown(text[place:first])), painter.paint("match", shown(text[first:last]))]
            place = last
    parts += [painter.clean(shown(text[place:end])), "..." if end < len(text) else ""]
    return "".join(parts)


def _one_line(text: str) -> str:
    """Each run of white space becomes one space, also at the ends."""
    words = " ".join(text.split())
    if not words:
        return " " if text else ""
    return f"{' ' if text[0].isspace() else ''}{words}{' ' if text[-1].isspace() else ''}"

"""Bounds of time, `since` and `until`, as integer microseconds since 1970-01-01 UTC."""

from __future__ import annotations

from fastcore.errors import QueryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import datetime as dt

FORMS = (
    "accepted are a datetime or date, 2024-05-01T12:30:00Z (or +02:00; without an offset local time), 2024-05-01 "
    "(the whole local day), now, today, yesterday, 90m, 2d, 1w2h (s m h d w), and '3 days ago'"
)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}


def to_us(value: object, *, end: bool, now: dt.datetime | None = None) -> int:
    """Turn a bound into microseconds; `end` chooses the last microsecond of a day where a day is named.

    `now` is an aware datetime, by default the present. A naive datetime, and a text without an offset, is local time.
    Days are local ones, of 23 or 25 hours where the clocks change. Raises QueryError, which shows the accepted forms.

    >>> to_us("1970-01-02T00:00:00.5Z", end=False)
    86400500000
    """
    import datetime as dt

    if now is None:
        now = dt.datetime.now(dt.UTC)
    try:
        if isinstance(value, dt.datetime):
            return _instant(value)
        if isinstance(value, dt.date):
            return _day(value, end)
        if isinstance(value, str):
            us = _text(value.strip(), end, now)
            if us is not None and not -(2**63) <= us < 2**63:
                raise OverflowError
            if us is not None:
                return us
    except (OverflowError, ValueError, OSError) as error:
        raise QueryError(f"the time {value!r} is out of range; {FORMS}") from error
    raise QueryError(f"{value!r} is no time; {FORMS}")


def _instant(moment: dt.datetime) -> int:
    import datetime as dt

    if moment.tzinfo is None:
        moment = moment.astimezone()
    delta = moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return (delta.days * 86400 + delta.seconds) * 1_000_000 + delta.microseconds


def _day(day: dt.date, end: bool) -> int:
    import datetime as dt

    midnight = dt.time()
    if end:
        return _instant(dt.datetime.combine(day + dt.timedelta(days=1), midnight)) - 1
    return _instant(dt.datetime.combine(day, midnight))


def _text(text: str, end: bool, now: dt.datetime) -> int | None:
    import datetime as dt

    from fastcore._native.scan import parse_time

    if text == "now":
        return _instant(now)
    if text in ("today", "yesterday"):
        return _day(now.astimezone().date() - dt.timedelta(days=text == "yesterday"), end)
    seconds = _duration(text)
    if seconds is not None:
        return _instant(now) - seconds * 1_000_000
    if not text.isascii():
        return None
    us = parse_time(text.encode())
    if us is not None:
        return us
    if _looks_like(text, "dddd-dd-dd"):
        return _day(dt.date.fromisoformat(text), end)
    if parse_time(text.encode() + b"Z") is not None and text[-1].isdigit():
        date, clock = text[:10], text[11:]
        whole, _, fraction = clock.partition(".")
        moment = dt.datetime.fromisoformat(f"{date}T{whole}")
        return _instant(moment) + int((fraction + "000000")[:6])
    return None


def _looks_like(text: str, shape: str) -> bool:
    return len(text) == len(shape) and all(
        c.isdigit() if s == "d" else c == s for c, s in zip(text, shape, strict=True)
    )


def _duration(text: str) -> int | None:
    """Seconds of `90m`, `1w2h` or `3 days ago`; None for anything else."""
    words = text.split()
    if len(words) == 3 and words[2] == "ago" and words[0].isascii() and words[0].isdigit():
        unit = _UNITS.get(words[1].removesuffix("s"))
        return int(words[0]) * unit if unit else None
    total, digits = 0, ""
    for c in text:
        if c.isascii() and c.isdigit():
            digits += c
        elif c in _SECONDS and digits:
            total += int(digits) * _SECONDS[c]
            digits = ""
        else:
            return None
    return total if text and not digits else None

"""Bounds of time, `since` and `until`, as integer microseconds since 1970-01-01 UTC."""

from __future__ import annotations

from fastcore.errors import QueryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import datetime as dt

FORMS = (
    "accepted are a datetime or date, 2024-05-01T12:30:00Z (or +02:00; without an offset local time), "
    "2024-05-01 (the whole local day), now, today, yesterday, 90m, 2d, 1w2h (s m h d w), and '3 days ago'"
)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_SHOWN = 60  # characters of a value that a message repeats


def to_us(value: object, *, end: bool, now: dt.datetime | None = None) -> int:
    """Turn a bound into microseconds; `end` says that it is `until`, which takes the last one of a day.

    `value` is a datetime (naive: local time), a date, or text: RFC 3339 with the leniency of a record's own
    time (`t` or a space, `z`, digits beyond six cut off) and local time where it has no offset, a date,
    `now`, `today`, `yesterday`, units back from now (`90m`, `1w2h`: w, d and h are 604,800, 86,400 and 3,600
    seconds, whatever the clocks do) or `3 days ago`. White space around it does not count; case does.

    A day is a local one, of 23 or 25 hours where the clocks change. A local time that the clocks skip is read
    with the offset before the change, one that they show twice is the earlier. `now` is an aware datetime, by
    default the present. Raises QueryError for anything else, and for times that no datetime or 64 bits can
    hold; it shows the accepted forms. Thread-safe.

    >>> to_us("1970-01-02T00:00:00.5Z", end=False)
    86400500000
    >>> import datetime
    >>> to_us("1h30m", end=False, now=datetime.datetime.fromtimestamp(5400, datetime.UTC))
    0
    """
    import datetime as dt

    if now is None:
        now = dt.datetime.now(dt.UTC)
    us: int | None = None
    try:
        if isinstance(value, dt.datetime):
            us = _instant(value)
        elif isinstance(value, dt.date):
            us = _day(value, end)
        elif isinstance(value, str):
            us = _text(value.strip(), end, now)
    except (OverflowError, ValueError, OSError) as error:
        raise _refuse(value, end, "out of range") from error
    if us is None:
        raise _refuse(value, end, "no time")
    if not -(2**63) <= us < 2**63:
        raise _refuse(value, end, "out of range")
    return us


def _refuse(value: object, end: bool, what: str) -> QueryError:
    query = value if isinstance(value, str) else ""
    shown = repr(value) if len(query) <= _SHOWN else repr(query[:_SHOWN]) + "..."
    return QueryError(f"{'until' if end else 'since'}: {shown} is {what}; {FORMS}", query)


def _instant(moment: dt.datetime) -> int:
    import datetime as dt

    if moment.utcoffset() is None:
        # astimezone() would read a skipped time with the offset after the change.
        try:
            seconds = moment.replace(tzinfo=None, microsecond=0).timestamp()
            return int(seconds) * 1_000_000 + moment.microsecond
        except (OverflowError, ValueError):  # the zone leads out of the calendar, on its first or last day
            moment = moment.replace(tzinfo=dt.UTC)
    delta = moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return (delta.days * 86400 + delta.seconds) * 1_000_000 + delta.microseconds


def _day(day: dt.date, end: bool) -> int:
    import datetime as dt

    # Where midnight is skipped or comes twice, the earlier instant (fold=0) is the first of the day.
    if not end:
        return _instant(dt.datetime.combine(day, dt.time()))
    if day == dt.date.max:
        return _day(day, False) + 86_400_000_000 - 1
    return _instant(dt.datetime.combine(day + dt.timedelta(days=1), dt.time())) - 1


def _text(text: str, end: bool, now: dt.datetime) -> int | None:
    import datetime as dt

    from fastcore._native.scan import parse_time

    if text == "now":
        return _instant(now)
    if text in ("today", "yesterday"):
        return _day(now.astimezone().date() - dt.timedelta(days=text == "yesterday"), end)
    if not text.isascii():
        return None
    seconds = _duration(text)
    if seconds is not None:
        return _instant(now) - seconds * 1_000_000
    us: int | None = parse_time(text.encode())
    if us is not None:
        return us
    if _is_date(text):
        return _day(dt.date.fromisoformat(text), end)
    if text[-1:].isdigit() and parse_time(text.encode() + b"Z") is not None:
        whole, _, fraction = text[11:].partition(".")
        moment = dt.datetime.fromisoformat(f"{text[:10]}T{whole}")
        return _instant(moment) + int(f"{fraction:0<6}"[:6])
    return None


def _is_date(text: str) -> bool:
    digits = text[:4] + text[5:7] + text[8:]
    return len(text) == 10 and text[4] == text[7] == "-" and digits.isdigit()


def _duration(text: str) -> int | None:
    """Seconds of `90m`, `1w2h` or `3 days ago`; None for anything else."""
    words = text.split()
    if len(words) == 3 and words[2] == "ago" and words[0].isdigit():
        unit = _UNITS.get(words[1].removesuffix("s"))
        return int(words[0]) * unit if unit else None
    total = start = 0
    for at, c in enumerate(text):
        if c in _SECONDS and at > start:
            total += int(text[start:at]) * _SECONDS[c]
            start = at + 1
        elif not c.isdigit():
            return None
    return total if text and start == len(text) else None

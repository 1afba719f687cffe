"""`since` and `until`: every accepted form, local days by the clocks of several zones, what is refused."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import time
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scale import SCALE

from fastcore import _bounds
from fastcore._native.scan import parse_time
from fastcore.errors import QueryError

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
HOUR = 3_600_000_000
NOW = dt.datetime(2024, 5, 17, 12, 30, 15, 123456, tzinfo=dt.UTC)

# Rules written out, so that no time zone files are needed.
NEW_YORK = "EST5EDT,M3.2.0,M11.1.0"  # changes at 02:00
SAO_PAULO = "<-03>3<-02>,M11.1.0/0,M2.3.0/0"  # midnight is skipped in November, 23:00 comes twice in February
HAVANA = "CST5CDT,M3.2.0/0,M11.1.0/1"  # midnight is skipped in March and comes twice in November
ZONES = ("UTC0", NEW_YORK, SAO_PAULO, HAVANA, "<+14>-14", "<-12>12", "<+0545>-5:45")


def micros(moment: dt.datetime) -> int:
    return (moment - EPOCH) // dt.timedelta(microseconds=1)


def since(value: object) -> int:
    return _bounds.to_us(value, end=False, now=NOW)


def until(value: object) -> int:
    return _bounds.to_us(value, end=True, now=NOW)


@contextlib.contextmanager
def zone(rules: str) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = rules
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


def local(us: int) -> dt.datetime:
    """The local clock at an instant, as libc shows it."""
    seconds, rest = divmod(us, 1_000_000)
    shown = time.localtime(seconds)
    return dt.datetime(*shown[:6], microsecond=rest)


# Datetimes


@given(st.datetimes(timezones=st.just(dt.UTC)), st.integers(-1439, 1439))
@settings(max_examples=200 * SCALE, deadline=None)
def test_an_aware_datetime_is_its_instant(moment: dt.datetime, minutes: int) -> None:
    elsewhere = moment.replace(tzinfo=dt.timezone(dt.timedelta(minutes=minutes)))
    for value in (moment, elsewhere):
        assert since(value) == until(value) == micros(value)


def test_a_naive_datetime_is_local_time() -> None:
    with zone(NEW_YORK):
        assert since(dt.datetime(2024, 1, 15, 12, 0, 0, 7)) == micros(dt.datetime(2024, 1, 15, 17, 0, 0, 7, dt.UTC))
        assert until(dt.datetime(2024, 7, 15, 12)) == micros(dt.datetime(2024, 7, 15, 16, tzinfo=dt.UTC))


class NoOffset(dt.tzinfo):
    def utcoffset(self, moment: dt.datetime | None) -> None:
        return None


def test_a_datetime_whose_zone_has_no_offset_is_naive() -> None:
    with zone(NEW_YORK):
        assert since(dt.datetime(2024, 1, 15, 12, tzinfo=NoOffset())) == since(dt.datetime(2024, 1, 15, 12))


def test_local_times_that_the_clocks_skip_or_show_twice() -> None:
    with zone(NEW_YORK):
        for value in (dt.datetime(2024, 3, 10, 2, 30), "2024-03-10T02:30:00"):
            assert since(value) == micros(dt.datetime(2024, 3, 10, 7, 30, tzinfo=dt.UTC))
        for value in (dt.datetime(2024, 11, 3, 1, 30), "2024-11-03 01:30:00"):
            assert since(value) == micros(dt.datetime(2024, 11, 3, 5, 30, tzinfo=dt.UTC))
        assert since(dt.datetime(2024, 11, 3, 1, 30, fold=1)) == micros(dt.datetime(2024, 11, 3, 6, 30, tzinfo=dt.UTC))


# RFC 3339


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-01-02T03:04:05Z", dt.datetime(2024, 1, 2, 3, 4, 5, 0, dt.UTC)),
        ("2024-01-02t03:04:05z", dt.datetime(2024, 1, 2, 3, 4, 5, 0, dt.UTC)),
        ("2024-01-02 03:04:05Z", dt.datetime(2024, 1, 2, 3, 4, 5, 0, dt.UTC)),
        ("2024-01-02T03:04:05.5Z", dt.datetime(2024, 1, 2, 3, 4, 5, 500_000, dt.UTC)),
        ("2024-01-02T03:04:05.1234569Z", dt.datetime(2024, 1, 2, 3, 4, 5, 123_456, dt.UTC)),
        ("2024-01-02T03:04:05+02:00", dt.datetime(2024, 1, 2, 1, 4, 5, 0, dt.UTC)),
        ("2024-01-02T03:04:05.25-05:30", dt.datetime(2024, 1, 2, 8, 34, 5, 250_000, dt.UTC)),
        ("1969-12-31T23:59:59.999999Z", dt.datetime(1969, 12, 31, 23, 59, 59, 999_999, dt.UTC)),
        ("9999-12-31T23:59:59.999999Z", dt.datetime(9999, 12, 31, 23, 59, 59, 999_999, dt.UTC)),
        ("0001-01-01T00:00:00Z", dt.datetime(1, 1, 1, tzinfo=dt.UTC)),
        ("2199-01-01T00:00:00Z", dt.datetime(2199, 1, 1, tzinfo=dt.UTC)),
    ],
)
def test_rfc_3339(text: str, moment: dt.datetime) -> None:
    for zone_rules in ZONES:
        with zone(zone_rules):
            assert since(text) == until(text) == micros(moment) == parse_time(text.encode())
            assert since(f" {text}\n") == micros(moment)


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2024-07-02T03:04:05", 0),
        ("2024-07-02t03:04:05", 0),
        ("2024-07-02 03:04:05", 0),
        ("2024-07-02T03:04:05.5", 500_000),
        ("2024-07-02T03:04:05.1234569", 123_456),
    ],
)
def test_without_an_offset_it_is_local_time(text: str, microsecond: int) -> None:
    with zone(NEW_YORK):
        assert since(text) == until(text) == micros(dt.datetime(2024, 7, 2, 7, 4, 5, microsecond, dt.UTC))
        assert since(text) == since(dt.datetime(2024, 7, 2, 3, 4, 5, microsecond))


# Days


def check_day(value: object, day: dt.date) -> int:
    """Check that `value` spans the microseconds whose local date is `day`; return how many."""
    first, last = since(value), until(value)
    assert local(first).date() == local(last).date() == day
    assert local(first - 1).date() == day - dt.timedelta(days=1)
    assert local(last + 1).date() == day + dt.timedelta(days=1)
    return last + 1 - first


@settings(max_examples=200 * SCALE, deadline=None)
@given(st.dates(dt.date(1972, 1, 1), dt.date(2037, 12, 30)), st.sampled_from(ZONES))
@example(dt.date(2024, 3, 10), NEW_YORK)
@example(dt.date(2024, 11, 3), NEW_YORK)
@example(dt.date(2024, 11, 3), SAO_PAULO)
@example(dt.date(2024, 2, 17), SAO_PAULO)
@example(dt.date(2024, 3, 10), HAVANA)
@example(dt.date(2024, 11, 3), HAVANA)
def test_a_date_is_its_whole_local_day(day: dt.date, rules: str) -> None:
    with zone(rules):
        assert check_day(day, day) == check_day(day.isoformat(), day)
        assert check_day(day, day) in (23 * HOUR, 24 * HOUR, 25 * HOUR)


@pytest.mark.parametrize(
    ("rules", "day", "hours"),
    [
        (NEW_YORK, dt.date(2024, 3, 10), 23),
        (NEW_YORK, dt.date(2024, 11, 3), 25),
        (NEW_YORK, dt.date(2024, 5, 1), 24),
        (SAO_PAULO, dt.date(2024, 11, 3), 23),
        (SAO_PAULO, dt.date(2024, 2, 17), 25),
        (HAVANA, dt.date(2024, 3, 10), 23),
        (HAVANA, dt.date(2024, 11, 3), 25),
    ],
)
def test_days_on_which_the_clocks_change(rules: str, day: dt.date, hours: int) -> None:
    with zone(rules):
        assert check_day(day, day) == hours * HOUR


@pytest.mark.parametrize("rules", ZONES)
def test_today_and_yesterday_are_local_days(rules: str) -> None:
    with zone(rules):
        today = local(micros(NOW)).date()
        check_day("today", today)
        check_day("yesterday", today - dt.timedelta(days=1))
        assert since("today") <= micros(NOW) <= until("today")
        assert until("yesterday") == since("today") - 1


def test_yesterday_when_the_clocks_have_changed() -> None:
    with zone(NEW_YORK):
        monday = dt.datetime(2024, 3, 11, 4, 30, tzinfo=dt.UTC)  # 00:30
        first = _bounds.to_us("yesterday", end=False, now=monday)
        last = _bounds.to_us("yesterday", end=True, now=monday)
        assert (local(first), last + 1 - first) == (dt.datetime(2024, 3, 10), 23 * HOUR)


# Back from now


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("now", 0),
        ("0s", 0),
        ("1s", 1),
        ("90m", 5_400),
        ("36h", 129_600),
        ("2d", 172_800),
        ("1w", 604_800),
        ("1w2h", 612_000),
        ("1w2d3h4m5s", 788_645),
        ("5s4m", 245),
        ("007d", 604_800),
        ("1 second ago", 1),
        ("2 seconds ago", 2),
        ("1 minute ago", 60),
        ("90 minutes ago", 5_400),
        ("1 hour ago", 3_600),
        ("3 hours ago", 10_800),
        ("1 day ago", 86_400),
        ("1 days ago", 86_400),
        ("3 days ago", 259_200),
        ("2 weeks ago", 1_209_600),
        ("  3   days\tago ", 259_200),
        ("0 days ago", 0),
    ],
)
def test_units_count_back_from_now(text: str, seconds: int) -> None:
    with zone(NEW_YORK):
        assert since(text) == until(text) == micros(NOW) - seconds * 1_000_000


@settings(max_examples=100 * SCALE, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from("smhdw")), min_size=1, max_size=6))
def test_units_add_up(parts: list[tuple[int, str]]) -> None:
    names = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
    length = sum((dt.timedelta(**{names[unit]: number}) for number, unit in parts), dt.timedelta())
    text = "".join(f"{number}{unit}" for number, unit in parts)
    assert since(text) == micros(NOW) - length // dt.timedelta(microseconds=1) <= micros(NOW)
    number, unit = parts[0]
    assert since(f"{number} {names[unit]} ago") == since(f"{number}{unit}")


def test_days_back_are_24_hours_whatever_the_clocks_do() -> None:
    with zone(NEW_YORK):
        monday = dt.datetime(2024, 3, 11, 16, tzinfo=dt.UTC)
        assert _bounds.to_us("1d", end=False, now=monday) == micros(monday) - 24 * HOUR


def test_now_is_the_present_unless_given() -> None:
    before = time.time_ns() // 1_000
    got = [_bounds.to_us(text, end=False) for text in ("now", "0s", "0 days ago")]
    after = time.time_ns() // 1_000
    assert before <= got[0] <= got[1] <= got[2] <= after


# What is refused


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "2024",
        "2024-05",
        "5 potatoes",
        "5 potatoes ago",
        "5",
        "d",
        "m5",
        "5x",
        "1w2",
        "2h1",
        "-2d",
        "+2d",
        "1.5d",
        "2D",
        "1w 2h",
        "2 days",
        "days ago",
        "two days ago",
        "3 dayss ago",
        "3 months ago",
        "1 year ago",
        "-3 days ago",
        "in 3 days",
        "3 days ago ago",
        "tomorrow",
        "Today",
        "NOW",
        "last week",
        "20240501",
        "2024-5-1",
        "2024/05/01",
        "01.05.2024",
        "2024-05-01T",
        "2024-05-01T12",
        "2024-05-01T12:30",
        "2024-05-01T12:30Z",
        "2024-05-01T12:30:00.",
        "2024-05-01T12:30:00.Z",
        "2024-05-01T12:30:60Z",
        "2024-05-01T24:00:00Z",
        "2024-05-01T12:60:00Z",
        "2024-05-01T12:30:00+0200",
        "2024-05-01T12:30:00+02",
        "2024-05-01T12:30:00 Z",
        "2024-05-01T12:30:00+24:00",
        "2024-05-01T12:30:60",
        "2024-05-01X12:30:00Z",
        "2024-W18-3",
        "2024-122",
        "1714567800",
        "٣d",
        "²d",
        "２０２４-05-01",
        "٣ days ago",
        "now\x00",
        "2024-05-01\x00",
        "a" * 100_000,
        "\ud800",
    ],
)
def test_anything_else_is_refused_and_the_forms_are_shown(value: str) -> None:
    for end, name in ((False, "since"), (True, "until")):
        with pytest.raises(QueryError) as caught:
            _bounds.to_us(value, end=end, now=NOW)
        message = str(caught.value)
        assert message.startswith(f"{name}: ") and "is no time" in message
        assert caught.value.query == value
        for form in (
            "datetime",
            "date",
            "2024-05-01T12:30:00Z",
            "now",
            "today",
            "yesterday",
            "90m",
            "1w2h",
            "3 days ago",
        ):
            assert form in message
        assert message.isprintable() and len(message) < 400


@pytest.mark.parametrize("value", [None, 2024, 1.5, True, b"now", dt.timedelta(days=1), dt.time(12), ["now"], object()])
def test_other_types_are_refused(value: object) -> None:
    with pytest.raises(QueryError, match="accepted are"):
        since(value)


@pytest.mark.parametrize(
    "value",
    [
        "2024-02-30",
        "2024-13-01",
        "0000-01-01",
        "2024-00-10",
        "99999999999d",
        "9" * 30 + "w",
        "9" * 5_000 + "s",
        "9" * 30 + " weeks ago",
        "9" * 5_000 + " days ago",
    ],
)
def test_times_out_of_range(value: str) -> None:
    for bound in (since, until):
        with pytest.raises(QueryError, match=r"is out of range; accepted are"):
            bound(value)


@pytest.mark.parametrize("rules", ZONES)
def test_the_ends_of_the_calendar_are_times(rules: str) -> None:
    """They are the usual sentinels; where the zone leads out of the calendar they are read as UTC."""
    ends = (
        dt.date.min,
        dt.date.max,
        dt.datetime.min,
        dt.datetime.max,
        "0001-01-01",
        "9999-12-31",
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:59",
        dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=14))),
        dt.datetime.max.replace(tzinfo=dt.timezone(dt.timedelta(hours=-12))),
    )
    with zone(rules):
        for value in ends:
            for bound in (since, until):
                first = bound(value) < 0
                assert first == str(value).startswith("0001")
                assert (
                    abs(abs(bound(value)) - (62_135_596_800 if first else 253_402_300_799) * 10**6) <= 2 * 86400 * 10**6
                )


@settings(max_examples=300 * SCALE, deadline=None)
@given(st.text(max_size=30) | st.text("0123456789-:.TZtz +smhdw ago", max_size=30))
def test_any_text_is_a_time_or_a_query_error(text: str) -> None:
    try:
        us = since(text)
    except QueryError as error:
        assert error.query == text
    else:
        assert -(2**63) <= us <= until(text) < 2**63

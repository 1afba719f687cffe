"""Columns for hypothesis: a type and the rows that it holds, as Python's values; and when values are the same."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import strategies as st

_INTS = {f"{sign}int{bits}": (sign, bits) for sign in ("", "u") for bits in (8, 16, 32, 64)}
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "bool": st.booleans(),
    **{
        name: st.integers(0, 2**bits - 1) if sign else st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        for name, (sign, bits) in _INTS.items()
    },
    "float32": st.floats(width=32),
    "float64": st.floats(),
    # Before 0002 and after 9998 some consumers cannot shift a time to its zone.
    "time": st.datetimes(dt.datetime(2, 1, 1), dt.datetime(9998, 1, 1), timezones=st.just(dt.UTC)),
    "text": st.text(st.characters(exclude_categories=["Cs"])),
    "bytes": st.binary(),
}


def _typed(inner: st.SearchStrategy[tuple[str, Any]]) -> st.SearchStrategy[tuple[str, Any]]:
    """Lists of what a type holds, with and without nulls among the items."""
    return inner.flatmap(lambda one: st.tuples(st.just(f"list[{one[0]}]"), st.just(st.lists(one[1], max_size=4))))


def _nullable(one: tuple[str, Any]) -> st.SearchStrategy[tuple[str, Any]]:
    word, values = one
    return st.sampled_from([(word, values), (word + "?", st.none() | values)])


# A type and the strategy of its values; lists go two deep.
SCALARS = st.sampled_from(sorted(_VALUES.items(), key=lambda item: item[0])).flatmap(_nullable)
LISTS = _typed(SCALARS).flatmap(_nullable)
TYPES = SCALARS | LISTS | _typed(LISTS).flatmap(_nullable)


@st.composite
def tables(draw: st.DrawFn, longest: int = 40) -> tuple[dict[str, str], dict[str, list[Any]]]:
    """The types of a table's columns, and their rows."""
    length = draw(st.integers(0, longest))
    types, columns = {}, {}
    for name in draw(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), max_size=4, unique=True)):
        types[name], values = draw(TYPES)
        columns[name] = draw(st.lists(values, min_size=length, max_size=length))
    return types, columns


def same(a: object, b: object) -> bool:
    """Equal, with NaN equal to NaN."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and a != a:
        return isinstance(b, float) and b != b
    return type(a) is type(b) and a == b

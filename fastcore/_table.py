"""`Table`: columns of equal length, the columnar result of the package."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from fastcore._arrow import Column, export
from fastcore._column import column
from fastcore._rows import Rows
from fastcore.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fastcore._native.arrow import Export

    Array = np.ndarray[Any, Any]

_SHOWN_ROWS = 15
_LINE = 120
_CELL = 40


class Table(Rows["dict[str, Any]"]):
    """Named columns of equal length: an immutable sequence of rows that Arrow's consumers read without a copy.

    `table["bpm"]` is a column, `table[3]` a row as a dict, `table[10:20]` and `table[["path", "bpm"]]` are tables;
    `len(table)` is the number of rows, iteration is over rows, `name in table` asks for a column. `columns` are the
    names, `types` the types by name.

    A column is a 1-D NumPy array, read-only and not copied for numbers, bools and times (`datetime64[us]`, UTC). What
    is null is NaN in floats, NaT in times, and masked in bools and ints, which come as `numpy.ma.MaskedArray` where
    their type allows nulls (it ends with `?`). Text, bytes and lists are made anew as an object array of str, bytes and
    list, None where null. `mask(name)` is True where a row is null, of every type: it tells NaN from null.

    A row's values are bool, int, float, str, bytes, list, aware `datetime` in UTC (None beyond the years 1 to 9999), or
    None where null.

    `Table(columns, masks={}, types={})` makes one of arrays, which are copied, and iterables of Python's values; a mask
    (True: null) or a type may go with each. Types are bool, int8 to int64, uint8 to uint64, float32, float64, time,
    text, bytes and list[...], with `?` for nulls; without one it is the array's or that of the values, None making it
    `?`. Surrogates in text are written as backslash escapes. ValueError for columns of different lengths and values
    that do not fit; TypeError for values of other types, and for a list without a value and without a type.

    `__arrow_c_stream__` and `__arrow_c_schema__` hand it to Arrow's consumers, again and again and without a copy:
    `polars.DataFrame(songs)`, `pyarrow.table(songs)`, `pandas.DataFrame.from_arrow(songs)`, and by its name in
    `duckdb.sql("from songs")`, where no name may be a word of SQL, as `table` is. It is a sequence in all but
    name: consumers that ask for `collections.abc.Sequence` first would read it row by row.

    Equal are tables of the same names, types (but for `?`), nulls and values, NaN being equal to NaN. Pickle and copy
    work. `len`, a column of numbers and a slice of consecutive rows are O(columns) and share memory; the rest is linear
    in what it returns. Keeps the GIL; safe to share between threads.

    >>> import fastcore
    >>> table = fastcore.Table({"path": ["a.mid", "b.mid"], "bpm": [120.5, None]})
    >>> table
    <Table: 2 rows, 2 columns>
    path   bpm
    text   float64?
    a.mid  120.5
    b.mid  null
    >>> table["bpm"], table.mask("bpm"), table[1]
    (array([120.5,   nan]), array([False,  True]), {'path': 'b.mid', 'bpm': None})
    """

    __slots__ = ("_columns", "_export", "_length")
    __module__ = "fastcore"
    _columns: dict[str, Column]
    _length: int
    _export: Export | None

    def __init__(
        self,
        columns: Mapping[str, Any],
        *,
        masks: Mapping[str, Any] | None = None,
        types: Mapping[str, str] | None = None,
    ) -> None:
        masks, types = masks or {}, types or {}
        for name in (*masks, *types):
            if name not in columns:
                raise ValueError(f"{name!r}: a mask or a type for a column that there is not")
        made = {}
        for name, values in columns.items():
            if not isinstance(name, str) or "\0" in name:
                raise TypeError(f"{name!r}: wanted a str without NUL as a column's name")
            try:
                made[name] = column(values, masks.get(name), types.get(name))
            except (TypeError, ValueError) as error:
                raise (TypeError if isinstance(error, TypeError) else ValueError)(f"{name!r}: {error}") from error
        self._set(made)

    def _set(self, columns: dict[str, Column], length: int | None = None) -> None:
        lengths = {name: len(one) for name, one in columns.items()}
        if length is None:
            length = next(iter(lengths.values()), 0)
        for name, rows in lengths.items():
            if rows != length:
                raise ValueError(f"{name!r}: has {rows} rows, the first column {length}")
        object.__setattr__(self, "_columns", columns)
        object.__setattr__(self, "_length", length)
        object.__setattr__(self, "_export", None)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("Table is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("Table is immutable")

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(self._columns)

    @property
    def types(self) -> dict[str, str]:
        """The type of each column, `?` behind it if rows may be null, as a new dict."""
        return {name: one.type for name, one in self._columns.items()}

    def mask(self, name: str) -> Array:
        """Return a read-only bool array, True where the column is null; KeyError for a column that there is not."""
        return self._column(name).nulls()

    def _column(self, name: str) -> Column:
        try:
            return self._columns[name]
        except KeyError:
            raise KeyError(f"no column {name!r}; there are {', '.join(self._columns) or 'none'}") from None

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, key: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, key: str) -> Array: ...
    @overload
    def __getitem__(self, key: slice | list[str]) -> Table: ...
    def __getitem__(self, key: int | str | slice | list[str]) -> dict[str, Any] | Array | Table:
        if isinstance(key, str):
            return self._column(key).numpy()
        if isinstance(key, slice):
            return self._rows(key)
        if isinstance(key, list):
            return _table({name: self._column(name) for name in key}, self._length)
        at = range(self._length)[key]  # raises what a sequence raises
        return {name: one.part(at, at + 1).values()[0] for name, one in self._columns.items()}

    def _rows(self, key: slice) -> Table:
        rows = range(self._length)[key]
        if rows.step == 1:
            stop = max(rows.start, rows.stop)
            return _table({name: one.part(rows.start, stop) for name, one in self._columns.items()}, len(rows))
        at = np.arange(rows.start, rows.stop, rows.step)
        return _table({name: one.take(at) for name, one in self._columns.items()}, len(rows))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for start in range(0, self._length, 1024):
            yield from self[start : start + 1024].to_dicts()

    def __contains__(self, key: object) -> bool:
        return key in self._columns if isinstance(key, str) else super().__contains__(key)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the rows as a list of new dicts."""
        names, values = tuple(self._columns), [one.values() for one in self._columns.values()]
        if not names:
            return [{} for _ in range(self._length)]
        return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        if self.columns != other.columns or self._length != other._length:
            return False
        return all(one.equals(other._columns[name]) for name, one in self._columns.items())

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return _table, (self._columns, self._length)

    def _exported(self) -> Export:
        """The columns as Arrow takes them, made once."""
        made = self._export
        if made is None:
            made = export(self._columns, self._columns.values(), self._length)
            object.__setattr__(self, "_export", made)
        return made

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return a new PyCapsule `arrow_array_stream` of the rows, in batches of at most 65,536.

        Types go over as they are: text as large_utf8, bytes as large_binary, lists as large_list, time as
        timestamp[us, UTC]. `requested_schema` is a wish that Arrow allows to ignore, and is; TypeError if it is no
        capsule of a schema, ValueError if it is not of as many columns. The first call is O(rows) for the bits of bools
        and nulls. Buffers are given back, by whatever thread, when the last array that points into them is released.
        """
        return self._exported().stream(requested_schema)

    def __arrow_c_schema__(self) -> object:
        """Return a new PyCapsule `arrow_schema`: a struct of the columns."""
        return self._exported().schema()

    def _head(self) -> str:
        return f"{self._length:,} rows, {len(self._columns)} columns"

    def _cells(self) -> list[list[str]]:
        """The first rows as text, column by column, below its name and type."""
        first = self[:_SHOWN_ROWS]
        return [
            [printable(name), one.type, *(_cell(value) for value in one.values())]
            for name, one in first._columns.items()
        ]

    def __repr__(self) -> str:
        lines, left, shown = [""] * (2 + min(self._length, _SHOWN_ROWS)), _LINE, 0
        for cells in self._cells():
            width = max(map(len, cells)) + 2
            if width > left:
                break
            left, shown = left - width, shown + 1
            lines = [line + cell.ljust(width) for line, cell in zip(lines, cells, strict=True)]
        hidden = len(self._columns) - shown
        head = f"<Table: {self._head()}{f', {hidden} not shown' if hidden else ''}>"
        more = self._length - _SHOWN_ROWS
        last = [f"... {more:,} more"] if more > 0 and shown else []
        return "\n".join([head, *(line.rstrip() for line in lines if shown), *last])

    def _repr_html_(self) -> str:
        cells = self._cells()
        names = "".join(f"<th>{escape(one[0])}<br>{escape(one[1])}</th>" for one in cells)
        rows = "".join(
            f"<tr>{''.join(f'<td>{escape(one[2 + row])}</td>' for one in cells)}</tr>"
            for row in range(min(self._length, _SHOWN_ROWS))
        )
        return f"<table><thead><tr>{names}</tr></thead><tbody>{rows}</tbody></table><p>{self._head()}</p>"


def _table(columns: dict[str, Column], length: int) -> Table:
    """A table of columns that are there, which are not copied."""
    made = Table.__new__(Table)
    made._set(columns, length)
    return made


def _cell(value: object) -> str:
    text = "null" if value is None else value if isinstance(value, str) else str(value)
    text = printable(text[: 2 * _CELL])
    return text if len(text) <= _CELL else text[: _CELL - 3] + "..."

"""Columns as Arrow lays them out, over NumPy arrays and bytes; what a `Table` is made of.

A column's type is a word: `bool`, `int8` to `int64`, `uint8` to `uint64`, `float32`, `float64`, `time` (microseconds
since 1970 in UTC), `text`, `bytes`, or `list[TYPE]`, with `?` behind it if rows may be null.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcore._native.arrow import Export

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Array = np.ndarray[Any, Any]

DTYPES = {
    "bool": "?",
    **{f"{sign}int{bits}": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "float32": "float32",
    "float64": "float64",
    "time": "M8[us]",
}
_WORDS = {np.dtype(dtype): word for word, dtype in DTYPES.items()}
KNOWN = f"{', '.join(DTYPES)}, text, bytes, list[...], each with or without '?'"


class Column:
    """Rows of one type. Immutable, so safe to share between threads.

    `mask` is True where a row is null; None in a column that cannot have nulls. In memory a null is NaN in floats, NaT
    in times, 0 in other numbers, and nothing in texts and lists.
    """

    __slots__ = ("mask",)
    _FIELDS: tuple[str, ...] = ()
    mask: Array | None

    def __init__(self, mask: Array | None, length: int) -> None:
        self.mask = None if mask is None else _frozen(np.ascontiguousarray(mask, np.bool_))
        if self.mask is not None and self.mask.shape != (length,):
            raise ValueError(f"a mask of shape {self.mask.shape} for {length} rows")

    @property
    def type(self) -> str:
        return self._word() + ("" if self.mask is None else "?")

    def _word(self) -> str:
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def numpy(self) -> Array:
        """The rows as a 1-D array: see `Table`."""
        raise NotImplementedError

    def values(self) -> list[Any]:
        """The rows as Python's values, None where null."""
        raise NotImplementedError

    def part(self, start: int, stop: int) -> Column:
        """Rows [start, stop), sharing memory."""
        raise NotImplementedError

    def take(self, rows: Array) -> Column:
        """The rows of these indices, copied."""
        raise NotImplementedError

    def _buffers(self) -> tuple[Any, Any, tuple[object, ...] | None]:
        """Values, offsets and items as `Export` takes them."""
        raise NotImplementedError

    def parts(self, name: str) -> tuple[object, ...]:
        """The column as `Export` takes it."""
        validity = None if self.mask is None else np.packbits(~self.mask, bitorder="little")
        word = self._word().partition("[")[0]
        return (name, word, self.mask is not None, len(self), validity, *self._buffers())

    def equals(self, other: Column) -> bool:
        """Same type, same nulls, same values; NaN equals NaN."""
        if self._word().replace("?", "") != other._word().replace("?", "") or len(self) != len(other):
            return False
        return np.array_equal(self.nulls(), other.nulls()) and self._same(other)

    def _same(self, other: Any) -> bool:
        raise NotImplementedError

    def nulls(self) -> Array:
        """True where a row is null; read-only."""
        return _frozen(np.zeros(len(self), np.bool_)) if self.mask is None else self.mask

    def _rows(self, rows: slice | Array, **changed: Any) -> Any:
        """A column like this one but for the mask, of which these rows are kept, and what is changed; unchecked."""
        made = self.__class__.__new__(self.__class__)
        made.mask = None if self.mask is None else _frozen(self.mask[rows])
        for name in self._FIELDS:
            value = changed.get(name, getattr(self, name))
            setattr(made, name, _frozen(value) if isinstance(value, np.ndarray) else value)
        return made


class Numbers(Column):
    """Numbers, bools and times: one NumPy array, native and contiguous, which is kept and not copied if it can be."""

    __slots__ = _FIELDS = ("array",)
    array: Array

    def __init__(self, array: Array, mask: Array | None = None) -> None:
        dtype = array.dtype.newbyteorder("=")
        if dtype not in _WORDS or array.ndim != 1:
            raise TypeError(f"no column of {array.ndim}-D {array.dtype}; known types are {KNOWN}")
        array = np.require(array, dtype, ["C", "A"])
        super().__init__(mask, len(array))
        if self.mask is not None and self.mask.any():
            fill = {"f": np.nan, "M": np.datetime64("NaT", "us")}.get(array.dtype.kind, 0)
            array = np.where(self.mask, np.asarray(fill, array.dtype), array)
        self.array = _frozen(array)

    def _word(self) -> str:
        return _WORDS[self.array.dtype]

    def __len__(self) -> int:
        return len(self.array)

    def numpy(self) -> Array:
        if self.mask is None or self.array.dtype.kind in "fM":
            return self.array
        return np.ma.MaskedArray(self.array, self.mask)

    def values(self) -> list[Any]:
        rows: list[Any] = self.array.tolist()
        if self.array.dtype.kind == "M":
            # A time beyond the years 1 to 9999 comes as an int, NaT as None.
            rows = [row.replace(tzinfo=dt.UTC) if isinstance(row, dt.datetime) else None for row in rows]
        if self.mask is None:
            return rows
        return [None if null else row for row, null in zip(rows, self.mask.tolist(), strict=True)]

    def part(self, start: int, stop: int) -> Column:
        return self._rows(slice(start, stop), array=self.array[start:stop])  # type: ignore[no-any-return]

    def take(self, rows: Array) -> Column:
        return self._rows(rows, array=self.array[rows])  # type: ignore[no-any-return]

    def _buffers(self) -> tuple[Any, Any, tuple[object, ...] | None]:
        if self.array.dtype.kind == "b":
            return np.packbits(self.array, bitorder="little"), None, None
        return (self.array.view(np.int64) if self.array.dtype.kind == "M" else self.array), None, None

    def _same(self, other: Numbers) -> bool:
        return np.array_equal(self.array, other.array, equal_nan=self.array.dtype.kind in "fM")

    def __reduce__(self) -> tuple[Any, ...]:
        return Numbers, (self.array, self.mask)


class _Ragged(Column):
    """Rows of many lengths: row i is [offsets[i], offsets[i + 1]) of something."""

    __slots__ = ("offsets",)
    offsets: Array

    def __init__(self, offsets: Array, mask: Array | None, available: int) -> None:
        offsets = np.ascontiguousarray(offsets, np.int64)
        if offsets.ndim != 1 or len(offsets) == 0:
            raise ValueError("offsets: wanted a 1-D array, one longer than the column")
        if offsets[0] < 0 or offsets[-1] > available or (offsets[1:] < offsets[:-1]).any():
            raise ValueError(f"offsets: wanted ascending ones from 0 to {available}")
        super().__init__(mask, len(offsets) - 1)
        self.offsets = _frozen(offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def numpy(self) -> Array:
        return np.fromiter(self.values(), object, len(self))

    def _gathered(self, rows: Array) -> tuple[Array, Array]:
        """The new offsets, and the old index of everything that these rows hold."""
        lengths = np.diff(self.offsets)[rows]
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        return offsets, np.arange(offsets[-1]) + np.repeat(self.offsets[:-1][rows] - offsets[:-1], lengths)


class Texts(_Ragged):
    """Texts as one piece of UTF-8, or byte strings as one piece of bytes, with 64-bit offsets."""

    __slots__ = ("data", "word")
    _FIELDS = ("offsets", "data", "word")
    data: bytes
    word: str

    def __init__(self, data: bytes, offsets: Array, mask: Array | None = None, word: str = "text") -> None:
        super().__init__(offsets, mask, len(data))
        self.data = data
        self.word = word

    @classmethod
    def packed(cls, data: Any, offsets: Array, mask: Array | None = None) -> Texts:
        """Take a buffer of UTF-8 and offsets from elsewhere; ValueError unless every row is UTF-8 by itself. Copies."""
        made = cls(bytes(data), offsets, mask)
        made.data.decode("utf-8")
        edges = np.frombuffer(made.data, np.uint8)[made.offsets[made.offsets < len(made.data)]]
        if ((edges & 0xC0) == 0x80).any():
            raise ValueError("offsets: one cuts a character")
        return made

    @classmethod
    def of(cls, rows: Sequence[bytes], mask: Array | None, word: str) -> Texts:
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        return cls(b"".join(rows), np.concatenate(([0], np.cumsum(lengths))), mask, word)

    def _word(self) -> str:
        return self.word

    def values(self) -> list[Any]:
        ends = self.offsets.tolist()
        pairs = zip(ends, ends[1:], self.nulls().tolist(), strict=False)
        if self.word == "text":
            return [None if null else self.data[start:end].decode("utf-8") for start, end, null in pairs]
        return [None if null else self.data[start:end] for start, end, null in pairs]

    def part(self, start: int, stop: int) -> Column:
        return self._rows(slice(start, stop), offsets=self.offsets[start : stop + 1])  # type: ignore[no-any-return]

    def take(self, rows: Array) -> Column:
        offsets, at = self._gathered(rows)
        data = np.frombuffer(self.data, np.uint8)[at].tobytes()
        return self._rows(rows, offsets=offsets, data=data)  # type: ignore[no-any-return]

    def _buffers(self) -> tuple[Any, Any, tuple[object, ...] | None]:
        return self.data, self.offsets, None

    def _same(self, other: Texts) -> bool:
        return self.values() == other.values()

    def __reduce__(self) -> tuple[Any, ...]:
        first, last = self.offsets[0], self.offsets[-1]
        return Texts, (self.data[first:last], self.offsets - first, self.mask, self.word)


class Lists(_Ragged):
    """Lists of one type of items, with 64-bit offsets into a column of all items."""

    __slots__ = ("items",)
    _FIELDS = ("offsets", "items")
    items: Column

    def __init__(self, items: Column, offsets: Array, mask: Array | None = None) -> None:
        super().__init__(offsets, mask, len(items))
        self.items = items

    def _word(self) -> str:
        return f"list[{self.items.type}]"

    def values(self) -> list[Any]:
        first, ends = int(self.offsets[0]), (self.offsets - self.offsets[0]).tolist()
        items = self.items.part(first, first + ends[-1]).values()
        pairs = zip(ends, ends[1:], self.nulls().tolist(), strict=False)
        return [None if null else items[start:end] for start, end, null in pairs]

    def part(self, start: int, stop: int) -> Column:
        return self._rows(slice(start, stop), offsets=self.offsets[start : stop + 1])  # type: ignore[no-any-return]

    def take(self, rows: Array) -> Column:
        offsets, at = self._gathered(rows)
        return self._rows(rows, offsets=offsets, items=self.items.take(at))  # type: ignore[no-any-return]

    def _buffers(self) -> tuple[Any, Any, tuple[object, ...] | None]:
        return None, self.offsets, self.items.parts("item")

    def _same(self, other: Lists) -> bool:
        mine, theirs = self.take(np.flatnonzero(~self.nulls())), other.take(np.flatnonzero(~other.nulls()))
        assert isinstance(mine, Lists) and isinstance(theirs, Lists)
        return np.array_equal(mine.offsets, theirs.offsets) and mine.items.equals(theirs.items)

    def __reduce__(self) -> tuple[Any, ...]:
        first, last = int(self.offsets[0]), int(self.offsets[-1])
        return Lists, (self.items.part(first, last), self.offsets - first, self.mask)


def _frozen(array: Array) -> Array:
    """A view that cannot be written through."""
    view = array.view()
    view.flags.writeable = False
    return view


def export(names: Iterable[str], columns: Iterable[Column], length: int) -> Export:
    """Hold columns for Arrow's consumers. O(rows) for the bits of bools and nulls, nothing else is copied."""
    return Export([one.parts(name) for name, one in zip(names, columns, strict=True)], length)

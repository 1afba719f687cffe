"""What every result that is a sequence of rows shares."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Generic, TypeVar

    Row = TypeVar("Row")
else:

    class Generic:  # what typing.Generic does, without its import
        __slots__ = ()

        def __class_getitem__(cls, item):
            return cls

    Row = None


class Rows(Generic[Row]):
    """The methods of a sequence that follow from `len` and indexing.

    Not `collections.abc.Sequence`: polars looks for that first, and would read rows, one by one and to other types,
    where `__arrow_c_stream__` has the columns.
    """

    __slots__ = ()

    def __len__(self) -> int:
        raise NotImplementedError

    def __getitem__(self, index: int) -> Row:
        raise NotImplementedError

    def __iter__(self) -> Iterator[Row]:
        return (self[index] for index in range(len(self)))

    def __reversed__(self) -> Iterator[Row]:
        return (self[index] for index in reversed(range(len(self))))

    def __contains__(self, value: object) -> bool:
        return any(row is value or row == value for row in self)

    def index(self, value: object, start: int = 0, stop: int | None = None) -> int:
        """Return the index of the first row that equals `value`, in [start, stop); ValueError if there is none."""
        for index in range(len(self))[start:stop]:
            row = self[index]
            if row is value or row == value:
                return index
        raise ValueError(f"{value!r} is not there")

    def count(self, value: object) -> int:
        """Return how many rows equal `value`."""
        return sum(row is value or row == value for row in self)

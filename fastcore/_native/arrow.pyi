"""Columns as Arrow's PyCapsules: the C stream and schema over Python's buffers."""

from typing import final

@final
class Export:
    """Buffers of columns, held for as long as anything that was exported lives. Immutable, thread-safe, keeps the GIL;
    O(columns), nothing of the data is copied."""

    def __new__(cls, columns: list[tuple[object, ...]], length: int) -> Export:
        """Take columns of `length` rows, each a tuple (name, type, nullable, length, validity, values, offsets, items).

        `type` is a name of src_c/arrow/fc_arrow.h; `validity` (bits) is None without nulls; `values` are bits of bool,
        else numbers or bytes; `offsets` (int64, of text, bytes and list) must ascend; `items` is the tuple of a list's
        items; what a type does not have is None. The buffers must stay as they are. ValueError for buffers that are too
        short or not aligned, a name with NUL, and an unknown type.
        """

    def schema(self) -> object:
        """Return a new capsule `arrow_schema` of a struct of the columns."""

    def stream(self, requested_schema: object | None = None, batch_rows: int = 65536) -> object:
        """Return a new capsule `arrow_array_stream` over all rows, in batches of `batch_rows`, a multiple of 8.

        The rows come in the columns' own types whatever `requested_schema` wishes, which Arrow allows; TypeError if it
        is no schema, ValueError if it is not one of as many columns.
        """

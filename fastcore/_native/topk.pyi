"""Selection of the k largest or smallest elements of arrays, and of streams of them."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, SupportsIndex, final

import numpy as np
from numpy.typing import ArrayLike

DTYPES: str

class TopK(NamedTuple):
    """What `top_k` found: `values` in the array's dtype and their `indices` (int64)."""

    values: np.ndarray[Any, np.dtype[Any]]
    indices: np.ndarray[Any, np.dtype[np.int64]]

def top_k(
    a: ArrayLike,
    k: SupportsIndex,
    /,
    *,
    axis: SupportsIndex = -1,
    mode: Literal["largest", "smallest"] = "largest",
    sorted: bool = True,
    where: ArrayLike | None = None,
    bias: ArrayLike | None = None,
) -> TopK:
    """Return the k largest or smallest elements of an array along an axis, and their indices."""

def cost(op: str, items: int, nbytes: int) -> tuple[int, int, int] | None:
    """Return the work of a site of `top_k` for `base.Site`: the parts into which so many bytes are cut (`items` does
    not matter), the bytes, and a first guess in ns. None for what is no name of one."""

@final
class RunningTopK:
    """The k largest or smallest of a stream of scores, in memory of the order of k."""

    k: int
    mode: str
    def __new__(cls, k: SupportsIndex, mode: Literal["largest", "smallest"] = "largest") -> RunningTopK: ...
    def push(self, scores: ArrayLike | Sequence[float], *, base: SupportsIndex = 0) -> None:
        """Take a 1-D array of scores, of which the first has the index `base`."""
    def merge(self, other: RunningTopK) -> None:
        """Add what another one of the same k, mode and dtype has kept."""
    def result(self) -> TopK:
        """Return what is kept, the best first."""
    def __len__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

"""Standard MIDI Files, read into arrays."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

NOTE: np.dtype[np.void]
TEMPO: np.dtype[np.void]
TIME_SIGNATURE: np.dtype[np.void]
KEY_SIGNATURE: np.dtype[np.void]
CONTROL: np.dtype[np.void]
SEGMENT: np.dtype[np.void]
WARNINGS: tuple[str, ...]
CODES: tuple[str, ...]

def read(data: bytes | bytearray | memoryview) -> dict[str, Any]:
    """Read one file's bytes: `code` is "ok" and the rest as in `fastcore.midi.Song`, or else `code` says why there is
    no song and `offset` where. Arrays are read-only and of the dtypes above. O(bytes); thread-safe; keeps the GIL below
    512 KB. What is not `bytes` is copied first."""

def read_path(path: bytes) -> dict[str, Any]:
    """Read a regular file likewise, with the GIL released. OSError with errno and filename for what cannot be opened
    and for what is no regular file, on which it never blocks; ValueError for a path with a NUL."""

def to_seconds(segments: NDArray[np.void], ticks: ArrayLike) -> NDArray[np.float64]:
    """Return the seconds at which ticks sound in one tempo map; ValueError for ticks below 0. O(n log segments)."""

def to_ticks(segments: NDArray[np.void], seconds: ArrayLike) -> NDArray[np.float64]:
    """Return the ticks, fractions included, of seconds; ValueError for NaN and below 0. O(n log segments)."""

CHOICES: dict[str, int]

def tempo(data: bytes, choice: str = "auto") -> dict[str, Any]:
    """What fc_tempo tells of a file, as a dict; None for what there is not."""

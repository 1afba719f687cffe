"""Standard MIDI Files, read into arrays."""

from collections.abc import Callable, Sequence
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

PARTS: dict[str, int]
SOURCES: tuple[str, ...]
ROW: np.dtype[np.void]

_Packed = tuple[bytes, NDArray[np.int64], NDArray[np.int64]]

def analyze_many(
    paths: list[bytes], tempo: str, parts: int, threads: int, progress: Callable[[int, int, str], object] | None
) -> tuple[NDArray[np.void], tuple[_Packed, ...] | None]:
    """Analyse the files at `paths`: rows of ROW, and with PARTS["texts"] three columns of texts (track names, other
    texts, lyrics), each as bytes, offsets of texts in them, and offsets of rows in the texts. `parts` is a mask of
    PARTS: what others would tell is zero. What is no file or holds no song is a row. Thread-safe; the GIL is released.
    """

def analyze(
    path: bytes | None, data: bytes | bytearray | memoryview | None, tempo: str, reference: bool
) -> tuple[NDArray[np.void], tuple[_Packed, ...], dict[str, Any], NDArray[np.void]]:
    """Analyse a file at a path, else bytes: one row, its texts, what `read` says and the chords. OSError as of
    `read_path`. Thread-safe; the GIL is released."""

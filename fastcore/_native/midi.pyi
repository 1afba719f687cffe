"""Standard MIDI Files, read into arrays."""

from typing import Any

import numpy as np

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

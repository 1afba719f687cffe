"""Standard MIDI Files, read into arrays."""

from collections.abc import Callable, Sequence
from typing import Any, final

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

FACTS: tuple[str, ...]

@final
class Parsed:
    """What was read of a file: FACTS by name, made anew each time, dict(parsed) has them all. `code` is "ok" and
    the rest as in `fastcore.midi.Song`, or else `code` says why there is no song and `offset` where, and that is all.
    Arrays are read-only, of the dtypes above, and keep the memory of all alive. O(1), `texts` O(bytes). Immutable; safe
    to share between threads; keeps the GIL."""

    def keys(self) -> tuple[str, ...]:
        """The names of what there is."""

    def __getitem__(self, name: str, /) -> Any:
        """KeyError for other names."""

def read(data: bytes | bytearray | memoryview) -> Parsed:
    """Read one file's bytes. O(bytes); thread-safe; keeps the GIL below 512 KB. What is not `bytes` is copied first."""

def read_path(path: str) -> Parsed:
    """Read a regular file likewise, with the GIL released. OSError with errno and filename for what cannot be opened
    and for what is no regular file, on which it never blocks; ValueError for a path with a NUL."""

def to_seconds(segments: NDArray[np.void], ticks: ArrayLike) -> NDArray[np.float64]:
    """Return the seconds at which ticks sound in one tempo map; ValueError for ticks below 0. O(n log segments)."""

def to_ticks(segments: NDArray[np.void], seconds: ArrayLike) -> NDArray[np.float64]:
    """Return the ticks, fractions included, of seconds; ValueError for NaN and below 0. O(n log segments)."""

CHORD: np.dtype[np.void]
KEYS: tuple[str, ...]
PROFILES: dict[str, int]
KEY_NOTES: dict[str, int]

def file_hash(data: bytes | bytearray | memoryview) -> str:
    """Return the 128-bit hash of bytes (fc_hash.h) as 32 hexadecimal digits. O(bytes); thread-safe; keeps the GIL."""

def chord_name(root: int, bass: int, quality: int) -> str:
    """Return the name of a chord, as in an array of CHORD: "F#m7/C#", "N.C.". ValueError outside 0..11 and 0..14."""

def key_of(
    weights: Sequence[float], profile: str = "albrecht-shanahan"
) -> tuple[int, int, float, float] | tuple[None, None, None, None]:
    """Find the key of 12 pitch-class weights, C first: its place in KEYS, the runner-up's, the correlation, and how
    much less the runner-up's is. Nones where the weights are flat. ValueError unless they are 12, finite and at
    least 0."""

def key_of_file(
    data: bytes, notes: str = "pitched seconds", profile: str = "albrecht-shanahan"
) -> tuple[int, int, float, float] | tuple[None, None, None, None]:
    """Find the key of a file by the notes (a key of KEY_NOTES) and profile given: as `key_of`, and Nones where there
    are fewer than 8 notes. ValueError with the reader's code where there is no song. O(bytes); thread-safe; keeps the
    GIL."""

def facts(data: bytes) -> dict[str, Any]:
    """Describe a file by all that fc_stats, fc_groove, fc_digest, fc_tonality and fc_chord say of it; None for what it
    does not say. ValueError with the reader's code where there is no song. O(bytes); thread-safe; keeps the GIL."""

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
    path: str | None, data: bytes | bytearray | memoryview | None, tempo: str, reference: bool
) -> tuple[NDArray[np.void], tuple[_Packed, ...], Parsed, NDArray[np.void]]:
    """Analyse a file at a path, else bytes: one row, its texts, what `read` says and the chords. OSError as of
    `read_path`. Thread-safe; the GIL is released."""

def cost(op: str, items: int, nbytes: int) -> tuple[int, int, int] | None:
    """Return the work of a site of analyses for `base.Site`: the files, 0 bytes (they do not matter), and a first guess
    in ns. None for what is no name of one."""

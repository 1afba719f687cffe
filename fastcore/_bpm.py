"""`bpm` and `bpm_many`: tempo from onsets and from envelopes of onset strength."""

from __future__ import annotations

from collections import namedtuple

from fastcore._native import bpm as _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal, NamedTuple, overload

    from numpy.typing import ArrayLike

    class _Tempo(NamedTuple):
        bpm: float | None
        confidence: float
        alternatives: tuple[tuple[float, float], ...]
        stability: float | None
        source: str

    Score = Literal["general", "pop"]
else:
    _Tempo = namedtuple("Tempo", "bpm confidence alternatives stability source", module="fastcore")

__all__ = ["Tempo", "bpm", "bpm_many"]


class Tempo(_Tempo):
    """A tempo, and how sure it is: an immutable named tuple, safe to share between threads, O(1), keeps the GIL.

    `bpm`: quarter notes a minute; None where none can be told.
    `confidence`: 0 to 1, the share of the likelihood that lies within 4 % of the tempo; 0 without a tempo. Much is more
    than 0.3, since other multiples of the beat nearly always fit too.
    `alternatives`: ((bpm, score), ...), the best first: twice, half and 3/2 of the tempo, those from 28 to 315. The
    score is the likelihood by that of `bpm`: 1 is as good.
    `stability`: interquartile range of the local tempi, one each 2 s, by their median: 0 for a machine, mostly below
    0.01 for a score that is played by one; above 0.04 the piece is taken for played freely. None below 14 s.
    `source`: "onsets" or "envelope", each as a whole; "local", the median of the local tempi, for what is played
    freely; "none".

    >>> Tempo(120.0, 0.41, ((60.0, 0.7),), None, "onsets")
    Tempo(bpm=120.0, confidence=0.41, alternatives=((60.0, 0.7),), stability=None, source='onsets')
    """

    __slots__ = ()
    __module__ = "fastcore"

    def __repr__(self) -> str:
        bpm = None if self.bpm is None else round(self.bpm, 2)
        others = tuple((round(other, 2), round(score, 2)) for other, score in self.alternatives)
        stability = None if self.stability is None else round(self.stability, 4)
        return (
            f"Tempo(bpm={bpm}, confidence={round(self.confidence, 2)}, alternatives={others}, stability={stability}, "
            f"source={self.source!r})"
        )


if TYPE_CHECKING:

    @overload
    def bpm(times: ArrayLike, weights: ArrayLike | None = None, *, score: Score = "general") -> Tempo: ...
    @overload
    def bpm(*, envelope: ArrayLike, rate: float, score: Score = "general") -> Tempo | list[Tempo]: ...


def bpm(
    times: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    envelope: ArrayLike | None = None,
    rate: float | None = None,
    score: Score = "general",
) -> Tempo | list[Tempo]:
    """Tell the tempo of notes by their onsets, or of audio by its envelope of onset strength.

    `times`: seconds at which notes begin, 1-D, in any order (they are sorted first). `weights`: as many numbers from 0
    up, how much each counts, such as its loudness. Only differences of times matter. Notes in one bin of 10 ms are one
    onset.
    `envelope`: onset strength of each frame, of `rate` frames a second, as of librosa's `onset_strength`; read as
    float32. 1-D gives one Tempo, 2-D a list of them, one for each row.
    `score`: "general" for any music. "pop" has another idea of what beat is usual, fitted to a repertoire of pop songs,
    most of which have 60 to 100 beats a minute: of these it gets more right, and fewer of faster music.

    The beat is sought in the autocorrelation, by how well it, its double, fourfold and half fit and how usual the tempo
    is. Where the stability is above 0.04 the median of the local tempi is told. Only the first 300 s count. The answer
    is the same on every processor and with any number of threads.

    The tempo is None and the confidence 0 for fewer than 8 onsets, under 2 s, silence or a constant, for what holds a
    NaN or an infinity, and for less than 10 frames a second.
    ValueError for both or none of `times` and `envelope`, `envelope` without a `rate` above 0, other numbers of
    dimensions, `weights` of another length or below 0, another score; TypeError for what are no real numbers.

    A piece of four minutes takes about 0.4 ms either way, O(n log n) at most in its length. Thread-safe; the GIL is
    released where more than a millisecond of work is expected, and rows are shared among threads (FASTCORE_THREADS).

    >>> import numpy as np
    >>> tempo = bpm(np.arange(0, 30, 0.25), weights=np.tile([2.0, 1.0], 60))
    >>> tempo.source, round(tempo.bpm)
    ('onsets', 120)
    >>> clicks = np.zeros((2, 3000), np.float32)
    >>> clicks[0, ::60] = 1.0
    >>> [tempo.bpm and round(tempo.bpm) for tempo in bpm(envelope=clicks, rate=100)]
    [100, None]
    """
    if (times is None) == (envelope is None):
        raise ValueError("bpm: wanted either times or envelope")
    if envelope is None:
        if rate is not None:
            raise ValueError("rate: goes with an envelope; times are in seconds")
        return Tempo(*_native.of_onsets([(times, weights)], score)[0])  # type: ignore[list-item]
    if weights is not None:
        raise ValueError("weights: go with times; an envelope has its own")
    if rate is None:
        raise ValueError("rate: an envelope needs its frames a second")
    import numpy

    found = [Tempo(*row) for row in _native.of_envelopes(envelope, rate, score)]
    return found if numpy.ndim(envelope) == 2 else found[0]


def bpm_many(
    times: Iterable[ArrayLike], weights: Iterable[ArrayLike | None] | None = None, *, score: Score = "general"
) -> list[Tempo]:
    """Tell the tempo of many pieces by their onsets: what `bpm` says of each, in order.

    `weights`, if given, are as many; each may be None. ValueError if they are not as many, and for what `bpm` refuses.
    Thread-safe; pieces are shared among threads (FASTCORE_THREADS), and the GIL is released for more than two.

    >>> [round(tempo.bpm) for tempo in bpm_many([[i * 0.6 for i in range(40)], [i * 0.5 for i in range(40)]])]
    [100, 120]
    """
    pieces = [(one, None) for one in times] if weights is None else list(zip(times, weights, strict=True))
    return [Tempo(*row) for row in _native.of_onsets(pieces, score)]

"""How often tempi are right, on songs whose tempo is known: `make midi-accuracy`, or `tempo_accuracy.py [FOLDER]`.

FOLDER, else FASTCORE_DATA/pop909, else tests/data/pop909, holds NNN/NNN.mid with NNN/beat_midi.txt, a line a beat that
begins with its seconds; the true tempo is 60 by the median of their differences. A1 is the share of songs within 4 % of
it, A2 also of its double, triple, half and third.

Songs played freely are made from these: onsets and beats are moved by a tempo curve, a seeded random walk of the
logarithm with a step a second and a standard deviation of 0.1 and 0.2, under a header of 120 beats a minute.

pretty_midi and librosa are measured beside where they are installed: pretty_midi by its estimate_tempo, librosa by its
tempo of an envelope, 100 frames a second, of the same weights at the same onsets, which fastcore is given too.
Ends with 1 where a bar is missed.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from bars import Bars, machine
from data_sets import folder_of

import fastcore
from fastcore._native import midi

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "asv_bench" / "results" / "compare"
RATE = 100
sys.path.insert(0, str(ROOT / "tests"))
songs_of: Any = importlib.import_module("tempo_songs")
oracle: Any = importlib.import_module("oracles_tempo")
Song = Any


def first(found: Any) -> float | None:
    bpm: float | None = found.bpm
    return bpm


def told(song: Song, score: Any = "general") -> float | None:
    return first(fastcore.bpm(song.times, song.weights, score=score))


def whole(song: Song) -> float:
    """The same without local tempi, which fastcore does not offer: by the oracle that it is tested against."""
    lags = oracle.normalised(sum(oracle.blocks_of_onsets(song.times, song.weights)), 100.0)
    return float(oracle.told([lags], 100.0, oracle.GENERAL)[0])


def envelope(song: Song) -> Any:
    row = np.zeros(int(song.times.max() * RATE) + 200, np.float32)
    np.add.at(row, np.round(song.times * RATE).astype(int), song.weights.astype(np.float32))
    return row


def shares(told: list[float | None], songs: list[Song]) -> tuple[float, float]:
    def share(multiples: tuple[float, ...]) -> float:
        good = [bool(songs_of.right(bpm, song.true, multiples)) for bpm, song in zip(told, songs, strict=True)]
        return sum(good) / len(good)

    return share((1.0,)), share(songs_of.MULTIPLES)


def peers() -> dict[str, Callable[[Song], float | None]]:
    """Those that are installed."""
    found: dict[str, Callable[[Song], float | None]] = {}
    if importlib.util.find_spec("pretty_midi") is not None:
        pretty_midi: Any = importlib.import_module("pretty_midi")
        found["pretty_midi, estimate_tempo"] = lambda song: float(
            pretty_midi.PrettyMIDI(str(song.path)).estimate_tempo()
        )
    if importlib.util.find_spec("librosa") is not None:
        librosa: Any = importlib.import_module("librosa")
        found["librosa, tempo of an envelope"] = lambda song: float(
            librosa.feature.tempo(onset_envelope=envelope(song), sr=RATE * 512, hop_length=512)[0]
        )
    return found


def main(folder: Path) -> int:
    songs = [songs_of.read(path) for path in sorted(folder.glob("*/*.mid"))]
    if not songs:
        raise SystemExit(f"{folder} holds no NNN/NNN.mid")
    table: dict[str, tuple[float, float]] = {}

    def judge(name: str, tell: Callable[[Song], float | None], by: list[Song] = songs) -> None:
        table[name] = shares([tell(song) for song in by], by)
        print(f"  {name:44} {table[name][0]:.3f}  {table[name][1]:.3f}", flush=True)

    print(f"{len(songs)} songs of {folder}\n  {'':44} A1     A2")
    judge("written, whatever the notes do", lambda song: midi.tempo(song.path.read_bytes(), "written")["bpm"])
    judge("auto: written where the notes fit it", lambda song: midi.tempo(song.path.read_bytes())["bpm"])
    judge("onsets, the written tempo hidden", lambda song: midi.tempo(song.path.read_bytes(), "onsets")["bpm"])
    judge("onsets, score='pop' (fitted to these)", lambda song: told(song, "pop"))
    judge("envelope of the onsets", lambda song: first(fastcore.bpm(envelope=envelope(song), rate=RATE)))
    for variation in (0.1, 0.2):
        freely = [songs_of.warped(song, variation, seed) for seed, song in enumerate(songs)]
        judge(f"freely, {variation}: the header", lambda _: 120.0, freely)
        judge(f"freely, {variation}: as a whole", whole, freely)
        judge(f"freely, {variation}: auto", lambda song: midi.tempo(songs_of.as_file(song))["bpm"], freely)
    for name, tell in peers().items():
        judge(name, tell)

    bars = Bars()
    bars.at_least("A1, the written tempo hidden", table["onsets, the written tempo hidden"][0], 0.70, "of songs")
    bars.at_least("A2, the written tempo hidden", table["onsets, the written tempo hidden"][1], 0.97, "of songs")
    bars.at_least("A1 with the policy", table["auto: written where the notes fit it"][0], 0.985, "of songs")
    for variation in (0.1, 0.2):
        for i, name in enumerate(("A1", "A2")):
            gain = table[f"freely, {variation}: auto"][i] - table[f"freely, {variation}: as a whole"][i]
            bars.at_least(f"{name} gained by local tempi, {variation}", gain, 0.005, "of songs")
    met = bars.show()
    RESULTS.mkdir(parents=True, exist_ok=True)
    kept = {"machine": machine(), "songs": len(songs), "table": table, "bars": bars.rows}
    path = RESULTS / f"tempo-{date.today().isoformat()}.json"
    path.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else folder_of("pop909")))

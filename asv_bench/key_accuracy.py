"""How often the key is right on the songs of POP909: `make midi-accuracy`, or `key_accuracy.py [FOLDER]`.

FOLDER, else FASTCORE_DATA/pop909, else tests/data/pop909, holds NNN/NNN.mid and NNN/key_audio.txt, of which the key
that lasts longest is the truth. Ours, Albrecht and Shanahan's profiles over seconds, stands beside Krumhansl and
Kessler's over counts, without drums and with them. Keys a fifth away, relative and parallel ones are counted by
themselves. Ends with 1 if a bar was missed.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import bars
import data_sets

from fastcore._native import midi

OURS = ("pitched seconds", "albrecht-shanahan")
METHODS = [OURS, ("pitched count", "krumhansl-kessler"), ("all count", "krumhansl-kessler")]
TONICS = dict(zip("C Db D Eb E F Gb G Ab A Bb B".split(), range(12), strict=True))
RELATIONS = ("exact", "fifth", "relative", "parallel", "other", "none")
EXACT_BAR, AHEAD_BAR = 0.85, 5.0


def true_key(annotation: Path) -> int:
    """The key, 0 to 23, that lasts longest; of those that tie the first."""
    seconds: dict[str, float] = {}
    for line in annotation.read_text("utf-8").splitlines():
        start, end, name = line.split()
        seconds[name] = max(seconds.get(name, 0.0), float(end) - float(start))
    tonic, _, mode = max(seconds, key=lambda name: seconds[name]).partition(":")
    return TONICS[tonic] + 12 * (mode == "min")


def relation(found: int | None, true: int) -> str:
    if found is None:
        return "none"
    apart, same_mode = (found - true) % 12, found // 12 == true // 12
    if same_mode:
        return {0: "exact", 7: "fifth", 5: "fifth"}.get(apart, "other")
    return {0: "parallel", 9 if true < 12 else 3: "relative"}.get(apart, "other")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=data_sets.folder_of("pop909"))
    paths = sorted(parser.parse_args().folder.glob("*/*.mid"))
    if not paths:
        parser.error("the folder holds no NNN/NNN.mid")
    found: dict[tuple[str, str], Counter[str]] = {method: Counter() for method in METHODS}
    for path in paths:
        data, true = path.read_bytes(), true_key(path.with_name("key_audio.txt"))
        for notes, profile in METHODS:
            found[notes, profile][relation(midi.key_of_file(data, notes, profile)[0], true)] += 1
    print(f"{len(paths)} songs {'':24}" + "".join(f"{name:>10}" for name in RELATIONS))
    for (notes, profile), counts in found.items():
        shares = "".join(f"{counts[name] / len(paths):10.3f}" for name in RELATIONS)
        print(f"{profile:18} {notes:16}" + shares)
    exact = {method: counts["exact"] / len(paths) for method, counts in found.items()}
    shown = bars.Bars()
    shown.at_least("exact", exact[OURS], EXACT_BAR, "share")
    ahead = 100 * (exact[OURS] - max(exact[method] for method in METHODS[1:]))
    shown.at_least("ahead of Krumhansl-Kessler over counts", ahead, AHEAD_BAR, "points")
    return 0 if shown.show() else 1


if __name__ == "__main__":
    sys.exit(main())

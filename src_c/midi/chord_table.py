"""Make fc_chord_table.inc: `python chord_table.py > fc_chord_table.inc`. The rule stands in fc_chord.h.

A set of pitch classes above its lowest always has bit 0, so the 4,096 sets take 2,048 entries: entry i is of set
2 i + 1. An entry is 16 * root + quality, the root in semitones above the lowest.
"""

from __future__ import annotations

import sys

NONE = 14
# Tones above the root and the number of the quality in fc_quality, in the order in which ties are decided.
CHORDS = {
    "maj": ((0, 4, 7), 0),
    "min": ((0, 3, 7), 1),
    "7": ((0, 4, 7, 10), 8),
    "m7": ((0, 3, 7, 10), 10),
    "maj7": ((0, 4, 7, 11), 9),
    "6": ((0, 4, 7, 9), 7),
    "9": ((0, 4, 7, 10, 2), 13),
    "sus2": ((0, 2, 7), 4),
    "sus4": ((0, 5, 7), 5),
    "m7b5": ((0, 3, 6, 10), 11),
    "dim": ((0, 3, 6), 2),
    "dim7": ((0, 3, 6, 9), 12),
    "aug": ((0, 4, 8), 3),
    "5": ((0, 7), 6),
}
OF_TWO = ("maj", "min", "5")


def entry(heard: int) -> int:
    """Return the entry of a set that has bit 0."""
    best = None
    for rank, (name, (tones, number)) in enumerate(CHORDS.items()):
        if heard.bit_count() < 2 or (heard.bit_count() == 2 and name not in OF_TWO):
            continue
        for root in range(12):
            chord = sum(1 << (root + tone) % 12 for tone in tones)
            missing, extra = (chord & ~heard).bit_count(), (heard & ~chord).bit_count()
            if missing > 1 or extra > (0 if heard.bit_count() == 2 else 2):
                continue
            judged = (3 * missing + 2 * extra, root != 0, rank, root, number)
            best = judged if best is None else min(best, judged)
    return NONE if best is None else 16 * best[3] + best[4]


def main() -> None:
    entries = [entry(2 * i + 1) for i in range(2048)]
    lines = ["/* Made by chord_table.py: do not edit. */", "static const uint8_t chord_table[2048] = {"]
    for i in range(0, len(entries), 16):
        lines.append("    " + " ".join(f"0x{number:02x}," for number in entries[i : i + 16]))
    sys.stdout.write("\n".join([*lines, "};", ""]))


if __name__ == "__main__":
    main()

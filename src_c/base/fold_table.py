"""Make fc_fold_table.inc from Unicode's CaseFolding.txt: `python fold_table.py CaseFolding.txt > fc_fold_table.inc`.

The source is version 15.0 of the file as Debian's `unicode-data` installs it (/usr/share/unicode/CaseFolding.txt).
Statuses C and S are simple case folding: one code point to one. Every code point has a class; a class holds two
deltas: to the folding, and to the next larger member of the orbit (from the largest back to the smallest).
"""

from __future__ import annotations

import sys
from pathlib import Path

VERSION = "# CaseFolding-15.0.0.txt"
BLOCK = 64
ORBIT_MAX = 4


def read(path: Path) -> dict[int, int]:
    """Return what folds to another code point; SystemExit if the file is of another version."""
    lines = path.read_text("utf-8").splitlines()
    if lines[0] != VERSION:
        raise SystemExit(f"{path}: first line is {lines[0]!r}, wanted {VERSION!r}")
    fold = {}
    for line in lines:
        fields = line.partition("#")[0].split("; ")
        if len(fields) >= 3 and fields[1] in ("C", "S"):
            fold[int(fields[0], 16)] = int(fields[2], 16)
    return fold


def orbits(fold: dict[int, int]) -> list[list[int]]:
    """Return each set of code points that fold alike, ascending, where it has more than one member."""
    members: dict[int, list[int]] = {}
    for c, folded in fold.items():
        members.setdefault(folded, [folded]).append(c)
    return [sorted(orbit) for orbit in members.values()]


def rows(values: list[str], width: int) -> list[str]:
    return ["    " + " ".join(f"{value}," for value in values[i : i + width]) for i in range(0, len(values), width)]


def table(fold: dict[int, int]) -> str:
    following = {c: orbit[(i + 1) % len(orbit)] for orbit in orbits(fold) for i, c in enumerate(orbit)}
    limit = (max(following) // BLOCK + 1) * BLOCK
    deltas = [(fold.get(c, c) - c, following.get(c, c) - c) for c in range(limit)]
    classes = sorted(set(deltas), key=lambda pair: (pair != (0, 0), pair))
    number = {pair: i for i, pair in enumerate(classes)}
    numbers = [tuple(number[pair] for pair in deltas[i : i + BLOCK]) for i in range(0, limit, BLOCK)]
    blocks = list(dict.fromkeys(numbers))
    index = [blocks.index(block) for block in numbers]

    # What the C code relies on, proved on the tables that it gets.
    assert len(classes) <= 256 and len(blocks) <= 256
    assert all(orbit[-1] < limit and len(orbit) <= ORBIT_MAX for orbit in orbits(fold))
    for c in range(limit):
        to_fold, to_next = classes[blocks[index[c // BLOCK]][c % BLOCK]]
        assert c + to_fold == fold.get(c, c) and c + to_next == following.get(c, c)
    assert not any(folded in fold for folded in fold.values())

    lines = [
        "/* Made by fold_table.py from CaseFolding.txt of Unicode 15.0: do not edit. */",
        f"enum {{ FOLD_BLOCK = {BLOCK}, FOLD_LIMIT = 0x{limit:x} }};",
        f"static const fold_class fold_classes[{len(classes)}] = {{",
        *rows([f"{{{to_fold}, {to_next}}}" for to_fold, to_next in classes], 6),
        "};",
        f"static const uint8_t fold_index[{len(index)}] = {{",
        *rows([str(i) for i in index], 24),
        "};",
        f"static const uint8_t fold_blocks[{len(blocks)}][FOLD_BLOCK] = {{",
    ]
    for block in blocks:
        lines += ["    {", *rows([str(i) for i in block], 24), "    },"]
    return "\n".join([*lines, "};", ""])


if __name__ == "__main__":
    sys.stdout.write(table(read(Path(sys.argv[1]))))

"""Make fc_fold_table.inc from Unicode's CaseFolding.txt: `python fold_table.py CaseFolding.txt > fc_fold_table.inc`.

The source is version 15.0 of the file as Debian's `unicode-data` installs it (/usr/share/unicode/CaseFolding.txt).
Statuses C and S are simple case folding: one code point to one.
"""

from __future__ import annotations

import sys
from pathlib import Path

VERSION = "# CaseFolding-15.0.0.txt"
BLOCK = 128


def read(path: Path) -> dict[int, int]:
    lines = path.read_text("utf-8").splitlines()
    if lines[0] != VERSION:
        raise SystemExit(f"{path}: first line is {lines[0]!r}, wanted {VERSION!r}")
    fold = {}
    for line in lines:
        fields = line.partition("#")[0].split("; ")
        if len(fields) >= 3 and fields[1] in "CS":
            fold[int(fields[0], 16)] = int(fields[2], 16)
    return fold


def rows(values: list[int], width: int) -> str:
    texts = [f"{value}," for value in values]
    return "\n".join("    " + " ".join(texts[i : i + width]) for i in range(0, len(texts), width))


def table(fold: dict[int, int]) -> str:
    limit = (max(fold) // BLOCK + 1) * BLOCK
    blocks: list[tuple[int, ...]] = []
    index = []
    for start in range(0, limit, BLOCK):
        # Deltas are kept modulo 2**16; no folding crosses a plane.
        block = tuple((fold.get(c, c) - c) & 0xFFFF for c in range(start, start + BLOCK))
        if block not in blocks:
            blocks.append(block)
        index.append(blocks.index(block))
    assert all(c >> 16 == f >> 16 for c, f in fold.items())
    orbits: dict[int, list[int]] = {}
    for c, folded in fold.items():
        orbits.setdefault(folded, [folded]).append(c)
    assert max(map(len, orbits.values())) <= 4
    entries = [f"    {{0x{f:x}, {{{', '.join(f'0x{c:x}' for c in sorted(orbits[f]))}}}}}," for f in sorted(orbits)]
    return "\n".join(
        [
            "/* Made by fold_table.py from CaseFolding.txt of Unicode 15.0: do not edit. */",
            f"enum {{ FOLD_BLOCK = {BLOCK}, FOLD_LIMIT = 0x{limit:x} }};",
            f"static const uint8_t fold_index[{len(index)}] = {{",
            rows(index, 24),
            "};",
            f"static const uint16_t fold_delta[{len(blocks)}][{BLOCK}] = {{",
            *(f"    {{\n{rows(list(block), 16)}\n    }}," for block in blocks),
            "};",
            f"static const fold_orbit fold_orbits[{len(entries)}] = {{",
            *entries,
            "};",
            "",
        ]
    )


if __name__ == "__main__":
    sys.stdout.write(table(read(Path(sys.argv[1]))))

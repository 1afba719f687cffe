"""Print the README's table of the comparison, from the newest samples: `python asv_bench/compare_table.py`."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "compare"
ROWS = {
    "rare": "rare word, whole tree",
    "ascii": "rare word, the half by ASCII-only writers",
    "common": "common word (half of the records), exact count, top 50",
}
COLUMNS = {
    "fastcore": "`fastcore.scan`",
    "fastcore command": "the command",
    "grep": "grep",
    "orjson loop": "an orjson loop",
}


def newest() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(max(RESULTS.glob("scan-*.json")).read_text("utf-8"))
    return loaded


def ratio(samples: dict[str, list[float]], engine: str, other: str) -> float:
    """The median of the rounds' ratios, or the ratio of the medians where one engine ran once."""
    ours, theirs = samples[engine], samples[other]
    if len(ours) != len(theirs):
        return statistics.median(ours) / statistics.median(theirs)
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def table(kept: dict[str, Any]) -> str:
    lines = ["| | " + " | ".join(COLUMNS.values()) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for case, title in ROWS.items():
        found = [ratio(kept["cases"][case], engine, "rg") for engine in COLUMNS]
        lines.append(
            f"| {title} | " + " | ".join(f"{value:.2f}" if value < 10 else f"{value:.0f}" for value in found) + " |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(newest()))

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
    "DuckDB": "DuckDB",
    "polars": "polars",
    "orjson loop": "an orjson loop",
}


def newest() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(max(RESULTS.glob("scan-*.json")).read_text("utf-8"))
    return loaded


def ratio(samples: dict[str, list[float]], engine: str, other: str) -> float:
    """The median of the ratios of the rounds that both ran, or the ratio of the medians where one of them ran once."""
    ours, theirs = samples[engine], samples[other]
    if 1 in (len(ours), len(theirs)):
        return statistics.median(ours) / statistics.median(theirs)
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=False))


def cell(samples: dict[str, list[float]], engine: str) -> str:
    if not samples.get(engine):
        return ""
    value = ratio(samples, engine, "rg")
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def table(kept: dict[str, Any]) -> str:
    """Engines that did not run have no column, and an empty cell where they ran in other cases only."""
    cases = {title: kept["cases"][case] for case, title in ROWS.items()}
    engines = [engine for engine in COLUMNS if any(engine in samples for samples in cases.values())]
    lines = ["| | " + " | ".join(COLUMNS[engine] for engine in engines) + " |", "|---" * (len(engines) + 1) + "|"]
    for title, samples in cases.items():
        lines.append(f"| {title} | " + " | ".join(cell(samples, engine) for engine in engines) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(newest()))

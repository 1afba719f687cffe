"""Draw the history of speed from the results that asv kept: `python asv_bench/history_picture.py`.

One line a capability: the instructions of one call of it at each measured commit, as a share of those at the first
commit that had it. Commits of which no counts are kept are left out. The lines of one machine are drawn, that of which
most commits are kept. Writes docs/pictures/history.svg.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import history
import svg

RESULTS = history.RESULTS
PICTURE = history.ROOT / "docs" / "pictures" / "history.svg"


def commits(machine: Path) -> list[str]:
    """The measured commits of a machine, the oldest first."""
    kept = []
    for path in machine.glob("*-*.json"):
        loaded = json.loads(path.read_text("utf-8"))
        kept.append((loaded["date"], loaded["commit_hash"]))
    return [commit for _, commit in sorted(kept)]


def instructions(commit: str, machine: str) -> dict[str, float]:
    """Instructions of one call of each capability that a commit has."""
    found = history.measured(commit, machine)
    return {
        match[1]: value[0]
        for name, value in found.items()
        if (match := re.fullmatch(r"counted\.Counted\.track_instructions '(\w+)'", name))
        and value is not None
        and not history.is_nothing(value)
    }


def index(rows: list[dict[str, float]], call: str) -> list[tuple[float, float]]:
    """The points of a call: the place of a commit, and its instructions in percent of the first."""
    counts = [(place, row[call]) for place, row in enumerate(rows) if call in row]
    return [(float(place), 100 * count / counts[0][1]) for place, count in counts]


def picture() -> str:
    machines = sorted(path for path in RESULTS.iterdir() if path.is_dir())
    machine = max(machines, key=lambda path: len(commits(path)))
    order = [commit for commit in commits(machine) if instructions(commit, machine.name)]
    rows = [instructions(commit, machine.name) for commit in order]
    calls = sorted({call for row in rows for call in row})
    series = {call: points for call in calls if len(points := index(rows, call)) > 1}
    title = f"Instructions of one call over {len(order)} commits"
    labels = {float(place): commit[:7] for place, commit in enumerate(order) if place % 2 == 0 or len(order) < 8}
    return svg.lines(title, series, "commit, the oldest first", "percent of the first", x_labels=labels)


if __name__ == "__main__":
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(picture(), "utf-8")

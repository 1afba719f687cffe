"""Draw the history of speed from the results that asv kept: `python asv_bench/history_picture.py`.

One line a room: the time of its benchmarks at each measured commit, as a share of that at the first commit that had
the room. From one commit to the next it is the geometric mean of the ratios of the benchmarks that both have, so that
a benchmark that begins later changes nothing; commits of which asv kept nothing are left out. The lines of one machine
are drawn, that of which most commits are kept. Writes docs/pictures/history.svg.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import history
import svg

RESULTS = history.RESULTS
PICTURE = history.ROOT / "docs" / "pictures" / "history.svg"
ROOMS = {"scan": "scan", "topk": "top_k", "parallel": "adaptive_map", "midi": "midi", "bpm": "bpm"}


def commits(machine: Path) -> list[str]:
    """The measured commits of a machine, the oldest first."""
    kept = []
    for path in machine.glob("*-*.json"):
        loaded = json.loads(path.read_text("utf-8"))
        kept.append((loaded["date"], loaded["commit_hash"]))
    return [commit for _, commit in sorted(kept)]


def times(commit: str, machine: str) -> dict[str, float]:
    """Seconds of each benchmark of time that a commit has."""
    found = history.measured(commit, machine)
    return {
        name: value[0]
        for name, value in found.items()
        if ".time_" in name and value is not None and not history.is_nothing(value) and value[0] > 0
    }


def index(rows: list[dict[str, float]], room: str) -> list[tuple[float, float]]:
    """The points of a room: the place of a commit, and its time in percent of the first."""
    points: list[tuple[float, float]] = []
    before: dict[str, float] = {}
    for place, row in enumerate(rows):
        own = {name: value for name, value in row.items() if name.startswith(f"{room}.")}
        both = own.keys() & before.keys()
        if both:
            step = statistics.geometric_mean(own[name] / before[name] for name in both)
            points.append((place, points[-1][1] * step))
        elif own and not points:
            points.append((place, 100.0))
        before = own or before
    return points


def picture() -> str:
    machines = sorted(path for path in RESULTS.iterdir() if path.is_dir())
    machine = max(machines, key=lambda path: len(commits(path)))
    order = commits(machine)
    rows = [times(commit, machine.name) for commit in order]
    series = {shown: points for room, shown in ROOMS.items() if len(points := index(rows, room)) > 1}
    title = f"Time of the benchmarks over {len(order)} commits"
    labels = {float(place): commit[:7] for place, commit in enumerate(order)}
    return svg.lines(title, series, "commit, the oldest first", "percent of the first", x_labels=labels)


if __name__ == "__main__":
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(picture(), "utf-8")

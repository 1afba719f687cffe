"""What the comparisons share: bars that must be met, and the machine they were met on."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import fastcore


class Bars:
    """What must be shown, and whether it was."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def at_most(self, what: str, value: float | None, bar: float, unit: str) -> None:
        self.rows.append(
            {"what": what, "value": value, "bar": bar, "unit": unit, "met": value is not None and value <= bar}
        )

    def at_least(self, what: str, value: float | None, bar: float, unit: str) -> None:
        self.at_most(what, value, bar, unit)
        self.rows[-1]["met"] = value is not None and value >= bar

    def show(self) -> bool:
        print("\nbars")
        for row in self.rows:
            value = "not measured" if row["value"] is None else f"{row['value']:.2f}"
            print(
                f"  {row['what']:45} {value:>12} bar {row['bar']:7.2f} {row['unit']:12} {'yes' if row['met'] else 'NO'}"
            )
        return all(row["met"] for row in self.rows)


def machine() -> dict[str, Any]:
    """The processor, the system and the versions of Python and fastcore."""
    model = platform.machine()
    cpus = Path("/proc/cpuinfo")
    if cpus.exists():
        names = [line for line in cpus.read_text("utf-8").splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    found = {"cpu": model, "cores": len(os.sched_getaffinity(0)), "system": f"{platform.system()} {platform.release()}"}
    return found | {"python": platform.python_version(), "fastcore": fastcore.__version__}

"""Draw the plots of the docs from the newest samples in results/compare: `python asv_bench/plots.py FOLDER`.

Every figure that is drawn comes out of a file of samples; a kind of samples that is missing is an error.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import flame
import sample_midi
import svg

RESULTS = Path(__file__).parent / "results" / "compare"
SIZES = {2.0**12: "4 KB", 2.0**14: "16 KB", 2.0**16: "64 KB", 2.0**18: "256 KB", 2.0**20: "1 MB", 2.0**22: "4 MB"}
SIZES |= {2.0**24: "16 MB", 2.0**26: "64 MB"}


def newest(kind: str) -> dict[str, Any]:
    """The newest samples of a kind, as `topk` or `scan`."""
    loaded: dict[str, Any] = json.loads(max(RESULTS.glob(f"{kind}-2*.json")).read_text("utf-8"))
    return loaded


def busy(kept: dict[str, Any]) -> str:
    """What a reader must know of samples that were taken beside other work."""
    load = kept.get("load", 0.0)
    return f" (beside other work: load {svg.number(load)} on {kept['machine']['cores']} cores)" if load > 0.5 else ""


def scan_throughput() -> str:
    kept = newest("sizes")
    series: dict[str, list[tuple[float, float]]] = {}
    for size, row in kept["sizes"].items():
        for engine, samples in row["samples"].items():
            series.setdefault(engine, []).append((int(size), kept["bytes"] / 1e9 / statistics.median(samples)))
    title = f"A word that is nowhere in {kept['bytes'] / 1e6:.0f} MB, by the size of the files"
    x_name = f"bytes a file{busy(kept)}"
    return svg.lines(title, series, x_name, "GB/s, two threads, warm", log_x=True, x_labels=SIZES)


def scan_latency() -> str:
    kept = newest("sizes")
    calls = kept["calls"]
    samples = {name: [1e3 * value for value in values] for name, values in calls["samples"].items()}
    title = f"Searching {calls['bytes'] / 1e6:.0f} MB in 27 files"
    return svg.distribution(title, samples, f"milliseconds a call{busy(kept)}")


def map_latency() -> str:
    """A point where threads pay, so that what a wrong choice costs is seen."""
    point = newest("parallel")["points"]["1000 x 10 us"]
    samples = {name: [1e3 * value for value in values] for name, values in point.items()}
    return svg.distribution("Mapping 1,000 items that release the GIL for 10 us each", samples, "milliseconds a call")


def top_k() -> str:
    series: dict[str, list[tuple[float, float]]] = {}
    for cell in newest("topk")["grid"]:
        if cell.get("k") not in (10, 1000):  # the last one counts ties
            continue
        samples = cell["samples"]
        for engine in ("fastcore", "argpartition"):
            took = statistics.median(samples[engine]) / cell["n"] * 1e9
            series.setdefault(f"{engine}, k={cell['k']:,}", []).append((cell["n"], took))
    labels = {10.0**exponent: f"{10**exponent:,}" for exponent in (4, 5, 6, 7)}
    title = "The k largest of random float32, against argpartition and sort"
    return svg.lines(title, series, "elements", "ns an element", log_x=True, log_y=True, x_labels=labels)


def midi_throughput() -> str:
    series: dict[str, list[tuple[float, float]]] = {}
    parse = newest("midi")["parse"]
    for name, (_, nbytes, _) in sample_midi.SETS.items():
        if name not in parse:
            continue
        case = parse[name]
        for engine in ("fastcore", "symusic", "mido", "pretty_midi", "miditoolkit"):
            files = case["files"] if engine in ("fastcore", "symusic") else case["few"]
            rate = files / statistics.median(case["samples"][engine])
            series.setdefault(engine, []).append((nbytes, rate))
    sizes = {float(nbytes): name for name, (_, nbytes, _) in sample_midi.SETS.items() if name not in ("loops", "free")}
    title = "Reading MIDI files into notes with seconds, one thread"
    x_name = "bytes a file (the smallest: loops of 597 bytes)"
    return svg.lines(title, series, x_name, "files a second", log_x=True, log_y=True, x_labels=sizes)


def tempo_accuracy() -> str:
    kept = newest("tempo")
    rows = {
        name: {"within 4 %": 100 * first, "or a multiple": 100 * second}
        for name, (first, second) in kept["table"].items()
    }
    return svg.bars(f"Tempi told of {kept['songs']} pop songs", rows, "percent of the songs")


def profiles() -> dict[str, dict[str, Any]]:
    """What `make profile` kept, by name."""
    folder = RESULTS.with_name("profiles")
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}


PLOTS: dict[str, Callable[[], str]] = {
    "scan_throughput": scan_throughput,
    "scan_latency": scan_latency,
    "map_latency": map_latency,
    "top_k": top_k,
    "midi_throughput": midi_throughput,
    "tempo_accuracy": tempo_accuracy,
}


def draw(folder: Path) -> list[Path]:
    """Draw all of them into a folder and return their files."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for name, make in PLOTS.items():
        drawn.append(folder / f"{name}.svg")
        drawn[-1].write_text(make(), "utf-8")
    for name, kept in profiles().items():
        drawn.append(folder / f"flame_{name}.svg")
        drawn[-1].write_text(flame.graph(kept["call"], kept["stacks"]), "utf-8")
    return drawn


if __name__ == "__main__":
    for file in draw(Path(sys.argv[1])):
        print(file)

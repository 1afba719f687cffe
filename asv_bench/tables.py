"""Markdown tables of the comparisons, from the newest samples: `python asv_bench/tables.py [NAME ...]`."""

from __future__ import annotations

import importlib
import json
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import compare_table
import plots
import profiles

MAPS = ("comprehension", "always parallel", "adaptive_map", "joblib")
MIDI_ENGINES = ("symusic", "mido", "pretty_midi", "miditoolkit")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    columns = list(head)
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def times(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def scan() -> str:
    return compare_table.table(compare_table.newest())


def scan_memory() -> str:
    rows = [(row["name"], f"{row['peak'] / 1e6:.0f} MB") for row in compare_table.newest()["memory"]]
    return table(("a search of", "peak memory"), rows)


def corpus() -> str:
    rows = []
    for bar in plots.newest("corpus")["bars"]:
        met = "yes" if bar["met"] else "no"
        rows.append((bar["what"], f"{bar['value']:.3g} {bar['unit']}", f"{bar['bar']:.3g}", met))
    return table(("what", "measured", "wanted", "met"), rows)


def top_k() -> str:
    rows = []
    for cell in plots.newest("topk")["grid"]:
        if "samples" not in cell:
            continue
        samples = cell["samples"]
        ours = statistics.median(samples["fastcore"])
        faster = compare_table.ratio(samples, "argpartition", "fastcore")
        read = compare_table.ratio(samples, "fastcore", "max")
        rows.append((f"{cell['n']:,}", f"{cell['k']:,}", times(ours), f"{faster:.0f} x", f"{read:.2g}"))
    return table(("elements", "k", "`top_k`", "as fast as argpartition and sort", "of the time of `a.max()`"), rows)


def better_of(samples: dict[str, list[float]]) -> str:
    return min(("comprehension", "always parallel"), key=lambda engine: statistics.median(samples[engine]))


def adaptive_map() -> str:
    rows = []
    for name, samples in plots.newest("parallel")["points"].items():
        ratios = [compare_table.ratio(samples, engine, better_of(samples)) for engine in MAPS]
        rows.append((name, *(f"{ratio:.2f}" if ratio < 10 else f"{ratio:,.0f}" for ratio in ratios)))
    return table(("items x each takes", "comprehension", "always parallel", "`adaptive_map`", "joblib"), rows)


def midi() -> str:
    rows = []
    for name, case in plots.newest("midi")["parse"].items():
        samples = case["samples"]
        rate = case["files"] / statistics.median(samples["fastcore"])
        ratios = [compare_table.ratio(samples, "symusic", "fastcore")]
        ratios += [compare_table.ratio(samples, engine, "fastcore, few") for engine in MIDI_ENGINES[1:]]
        shown = (f"{ratio:.1f} x" if ratio < 10 else f"{ratio:,.0f} x" for ratio in ratios)
        rows.append((name, f"{case['files']:,}", f"{rate:,.0f}", *shown))
    return table(("files", "how many", "files/s, one thread", *(f"{name} takes" for name in MIDI_ENGINES)), rows)


def arrow() -> str:
    kept = plots.newest("arrow")
    rows = []
    for name in ("polars", "duckdb", "pandas", "pyarrow"):
        by_values = kept["samples"].get(f"{name} by values")
        cells = (kept["samples"][f"{name} by Arrow"], by_values)
        rows.append((name, *(times(statistics.median(cell)) if cell else "" for cell in cells)))
    return table((f"{kept['rows']:,} rows into", "through Arrow", "value by value"), rows)


def shares() -> str:
    """Of processor time, by what `make profile` saw."""
    rows = []
    for kept in plots.profiles().values():
        percent = (100 * kept["shares"].get(share, 0) / kept["samples"] for share in profiles.SHARES)
        rows.append((f"`{kept['call']}`", *(f"{value:.0f} %" for value in percent), str(kept["samples"])))
    return table(("call", *profiles.SHARES, "samples"), rows)


def builds() -> str:
    """What the build switches are worth, as `make pgo` recorded it."""
    sys.path.append(str(Path(__file__).resolve().parents[1] / "wheels"))
    pgo: Any = importlib.import_module("pgo")
    made: str = pgo.table(json.loads(pgo.RECORDED.read_text("utf-8")))
    return made


def recorded(name: str) -> Any:
    return json.loads((Path(__file__).parent / "results" / f"{name}.json").read_text("utf-8"))


def planted() -> str:
    """What found each bug of tests/planted."""
    rows = ((bug["what"], bug["step"], f"`{bug['test'].replace('|', '?')}`") for bug in recorded("planted").values())
    return table(("bug", "found by", "that is"), rows)


def coverage() -> str:
    """Of the lines of each folder, how many are reached, as `make coverage` recorded it."""
    rooms: dict[str, list[int]] = recorded("coverage")["rooms"]
    rooms["all"] = [sum(column) for column in zip(*rooms.values(), strict=True)]
    rows = (
        (name, f"{of:,}", f"{of - reached:,}", f"{100 * reached / of:.1f} %") for name, (reached, of) in rooms.items()
    )
    return table(("folder", "lines", "not reached", "reached"), rows)


def not_reached() -> str:
    """Why lines are not reached."""
    why: Counter[str] = Counter()
    for functions in recorded("coverage")["missed"].values():
        for reasons in functions.values():
            why.update(reasons)
    return table(("what stands there", "lines"), ((reason, f"{count:,}") for reason, count in why.most_common()))


def not_reached_where() -> str:
    """In which functions lines are not reached: a row a file."""
    rows = []
    for file, functions in recorded("coverage")["missed"].items():
        counts = (f"`{name or 'top'}` {sum(reasons.values())}" for name, reasons in functions.items())
        rows.append((f"`{file}`", ", ".join(counts)))
    return table(("file", "functions"), rows)


def summary() -> str:
    """The README's table: a line a comparison, and the command that repeats it."""
    cells = {(cell["n"], cell["k"]): cell["samples"] for cell in plots.newest("topk")["grid"] if "samples" in cell}
    points = plots.newest("parallel")["points"].values()
    maps = [compare_table.ratio(one, "adaptive_map", better_of(one)) for one in points]
    songs = plots.newest("midi")["parse"]["17 KB"]["samples"]
    few, many = (f"{compare_table.ratio(cells[10**5, k], 'argpartition', 'fastcore'):.0f} x" for k in (10, 1000))
    rare = plots.newest("rare")["cases"]["rare"]
    rows = [
        ("a rare word, by DuckDB's `read_json`", f"{compare_table.ratio(rare, 'DuckDB', 'fastcore'):.0f} x", "scan"),
        ("a rare word, by polars' `scan_ndjson`", f"{compare_table.ratio(rare, 'polars', 'fastcore'):.0f} x", "scan"),
        ("the 10 largest of 100,000 float32, by argpartition and sort", few, "topk"),
        ("the 1,000 largest", many, "topk"),
        ("maps, by the better of serial and parallel", f"{1 / statistics.geometric_mean(maps):.2f} x", "parallel"),
        ("MIDI into notes, by symusic", f"{compare_table.ratio(songs, 'symusic', 'fastcore'):.1f} x", "midi"),
    ]
    lines = ((what, ratio, f"`make compare-{command}`") for what, ratio, command in rows)
    return table(("task, and who else does it", "fastcore is as fast", "command"), lines)


TABLES: dict[str, Callable[[], str]] = {
    "scan": scan,
    "scan_memory": scan_memory,
    "corpus": corpus,
    "top_k": top_k,
    "adaptive_map": adaptive_map,
    "midi": midi,
    "arrow": arrow,
    "builds": builds,
    "shares": shares,
    "planted": planted,
    "coverage": coverage,
    "not_reached": not_reached,
    "not_reached_where": not_reached_where,
    "summary": summary,
}

if __name__ == "__main__":
    for chosen in sys.argv[1:] or TABLES:
        print(f"{TABLES[chosen]()}\n")

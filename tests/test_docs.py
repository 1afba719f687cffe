"""The docs: their examples run, what they name is there, and the pictures are made from what is recorded."""

from __future__ import annotations

import doctest
import importlib.util
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import ModuleType

import pytest

import fastcore

ROOT = Path(__file__).resolve().parents[1]
DOCS, BENCH = ROOT / "docs", ROOT / "asv_bench"
PAGES = sorted(DOCS.glob("*.md"))
CAPABILITIES = ("scan", "corpus", "top_k", "adaptive_maps", "midi", "bpm", "tables")
README = ROOT / "README.md"

pytestmark = pytest.mark.skipif(not PAGES, reason="needs the source tree")


def load(path: Path) -> ModuleType:
    """A script as a module, which imports what lies beside it."""
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    spec = importlib.util.spec_from_file_location(f"docs_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_run(page: Path) -> None:
    blocks = re.findall(r"^```\{doctest\}\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {"fastcore": fastcore}, page.name, str(page), 0)
    said: list[str] = []
    runner = doctest.DocTestRunner()
    runner.run(test, out=said.append)
    assert not runner.failures, "".join(said)
    assert runner.tries or page.stem not in CAPABILITIES


@pytest.mark.parametrize("name", CAPABILITIES)
def test_a_capability_says_what_it_guarantees_costs_cannot_and_refuses(name: str) -> None:
    headings = re.findall(r"^## (.+)$", (DOCS / f"{name}.md").read_text("utf-8"), re.MULTILINE)
    for wanted in ("What it guarantees", "What it costs", "Limits", "What it refuses to do"):
        assert wanted in headings


def test_what_the_pages_name_is_there() -> None:
    tables, plots = load(BENCH / "tables.py"), load(BENCH / "plots.py")
    drawn = {*plots.PLOTS, *(f"flame_{name}" for name in plots.profiles())}
    listed = (DOCS / "index.md").read_text("utf-8").split()
    for page in PAGES:
        text = page.read_text("utf-8")
        assert page.stem == "index" or page.stem in listed, page
        for name in re.findall(r"<!-- table: (.+?) -->", text):
            assert tables.TABLES[name]().count("\n") > 2, page
        assert set(re.findall(r"\]\(made/(\w+)\.svg\)", text)) <= drawn, page
        for target in re.findall(r"\]\((\w+\.md|pictures/\w+\.svg)\)", text):
            assert (DOCS / target).exists(), f"{page}: {target}"


def test_every_public_name_is_explained() -> None:
    text = (DOCS / "reference.md").read_text("utf-8")
    explained = set(re.findall(r"<!-- docstring: (?:\w+\.)*(\w+) -->", text))
    constants_and_nodes = {"FIELDS", "FLAGS", "HELP", "MAX_CHARACTERS", "MAX_LEVELS", "And", "Or", "Not", "Is", "Field"}
    for module in (fastcore, fastcore.midi, fastcore.parallel, fastcore.query, fastcore.aio, fastcore.errors):
        names = set(module.__all__) - {"__version__", "aio", "errors", "midi", "parallel", "query"}
        assert names <= explained | constants_and_nodes, module


def texts(picture: str) -> list[str]:
    """All texts of a picture, which must be whole XML."""
    return [element.text or "" for element in ElementTree.fromstring(picture).iter() if element.tag.endswith("text")]


def test_plots_are_drawn_from_the_samples(tmp_path: Path) -> None:
    module = load(BENCH / "plots.py")
    for path in module.draw(tmp_path):
        assert len(texts(path.read_text("utf-8"))) > 8, path
    samples = json.loads(max((BENCH / "results/compare").glob("tempo-2*.json")).read_text("utf-8"))
    drawn = texts((tmp_path / "tempo_accuracy.svg").read_text("utf-8"))
    for row, shares in samples["table"].items():
        at = drawn.index(row)
        assert drawn[at + 1 : at + 3] == [module.svg.number(100 * share) for share in shares]


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.8457, "0.846"), (12.04, "12"), (98.02, "98"), (12345.6, "12,346"), (1.5, "1.5")]
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert load(BENCH / "svg.py").number(value) == text


def test_an_axis_places_its_ticks() -> None:
    svg = load(BENCH / "svg.py")
    linear = svg.Axis([3, 100], 0, 200)
    assert linear.at(0) == 0 and 190 < linear.at(100) < 191 and linear.ticks()[:2] == [0, 20]
    log = svg.Axis([1, 100], 0, 200, log=True)
    assert log.at(10) == pytest.approx(100) and log.ticks() == [1, 2, 5, 10, 20, 50, 100]


def test_the_picture_of_the_history_is_made_from_what_asv_kept() -> None:
    module = load(BENCH / "history_picture.py")
    picture = module.picture()
    assert picture == module.PICTURE.read_text("utf-8"), "python asv_bench/history_picture.py draws it again"
    assert texts(picture)[0].startswith("Instructions of one call over ")


def test_each_call_is_drawn_in_percent_of_the_first_commit_that_has_it() -> None:
    index = load(BENCH / "history_picture.py").index
    rows = [{"scan": 2.0}, {"scan": 1.0}, {}, {"scan": 0.5, "midi": 1.0}]
    assert index(rows, "scan") == [(0, 100.0), (1, 50.0), (3, 25.0)]
    assert index(rows, "midi") == [(3, 100.0)]


def test_a_terminal_is_drawn_with_its_colours_and_line_ends() -> None:
    terminal = load(DOCS / "terminal.py")
    output = "\x1b[35ma.jsonl\x1b[0m:7  <user>\n\x1b]0;title\x07" + "x" * 150 + "\n"
    picture = terminal.drawn("fastcore scan x", output)
    drawn = texts(picture)
    assert drawn[:4] == ["$", " ", "fastcore scan x", "a.jsonl"] and ":7  <user>" in drawn
    assert terminal.COLOURS["35"] in picture and "x" * terminal.COLUMNS in drawn
    assert "x" * (150 - terminal.COLUMNS) in drawn and "\x1b" not in picture
    assert "zyxquartz" in terminal.PICTURE.read_text("utf-8").lower()


def test_broken_links_are_told_from_those_that_cannot_be_reached(tmp_path: Path) -> None:
    rows = [
        ("https://example.org/a", "working", ""),
        ("https://example.org/b", "broken", "404 Client Error: Not Found for url"),
        ("https://example.org/c", "broken", "HTTPSConnectionPool(host='example.org'): Max retries exceeded"),
        ("https://example.org/d", "timeout", "Read timed out."),
    ]
    lines = [json.dumps({"filename": "a.md", "lineno": 3, "uri": u, "status": s, "info": i}) for u, s, i in rows]
    (tmp_path / "output.json").write_text("\n".join(lines) + "\n", "utf-8")
    result = subprocess.run([sys.executable, DOCS / "links.py", tmp_path], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "https://example.org/b" in result.stdout and "1 links are broken, 2 could not be asked for" in result.stdout


def test_links_between_files_of_the_repository_lead_somewhere() -> None:
    assert load(DOCS / "links.py").inside() == []


def test_the_readme_is_short() -> None:
    assert README.read_text("utf-8").count("\n") < 150

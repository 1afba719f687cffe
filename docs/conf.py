"""The site: `make docs`. Tables, plots, docstrings and what the command prints are made while it is built.

A page names them in comments: `<!-- table: scan -->`, `<!-- shown: scan --help -->`, `<!-- docstring: top_k -->`.
"""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent / "asv_bench"))
import plots  # noqa: E402
import tables  # noqa: E402

import fastcore  # noqa: E402

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "fastcore"
author = "fastcore contributors"
project_copyright = author
release = version = fastcore.__version__
extensions = ["myst_parser", "sphinx.ext.doctest"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
root_doc = "index"
exclude_patterns = ["made/*.md"]
nitpicky = True
html_theme = "furo"
html_title = "fastcore"
html_copy_source = False
pygments_style = "default"
man_pages = [("command", "fastcore", "a compiled search core: session logs and MIDI files", author, 1)]
doctest_global_setup = "import fastcore"
# What cannot be reached tells nothing of a link; links.py judges what linkcheck found.
linkcheck_timeout = 5
linkcheck_retries = 1
linkcheck_workers = 4


def shown(arguments: str) -> str:
    """What the command prints, as a block of text; 80 columns wide wherever it is built."""
    env = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "fastcore", *arguments.split()]
    said = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    return f"```text\n{said.rstrip()}\n```"


def docstring(name: str) -> str:
    """What `help` says of a public name: its signature, and its docstring as it is written."""
    value = reduce(getattr, name.split("."), fastcore)
    text = inspect.getdoc(value)
    if not text:
        raise ValueError(f"{name} has no docstring")
    return f"````text\n{text}\n````"


MAKERS = {"table": lambda name: tables.TABLES[name](), "shown": shown, "docstring": docstring}


def fill(app: Sphinx, name: str, source: list[str]) -> None:
    """Put in what a page names."""
    pattern = rf"<!-- ({'|'.join(MAKERS)}): (.+?) -->"
    source[0] = re.sub(pattern, lambda found: MAKERS[found[1]](found[2]), source[0])


def setup(app: Sphinx) -> None:
    plots.draw(DOCS / "made")
    app.connect("source-read", fill)

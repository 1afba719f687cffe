"""Check the links of the docs: `python docs/links.py BUILT` judges what Sphinx's linkcheck left in that folder.

A link that a server refuses or does not know fails. One whose server cannot be reached is only counted, so that the
check passes without a network. Links between files of the repository are checked here, without any.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
# What requests says where nobody answered: no name, no route, no answer in time, a proxy that lets nothing through.
UNREACHED = re.compile(r"Max retries|Connection|timed out|Timeout|resolve|Proxy|SSL|unreachable", re.IGNORECASE)


def outside(built: Path) -> tuple[list[str], int]:
    """The links that are broken, and how many could not be asked for."""
    broken, unreached = [], 0
    for row in (json.loads(line) for line in (built / "output.json").read_text("utf-8").splitlines()):
        if row["status"] not in ("broken", "timeout"):
            continue
        if row["status"] == "timeout" or UNREACHED.search(row["info"]):
            unreached += 1
        else:
            broken.append(f"{row['filename']}:{row['lineno']}: {row['uri']}: {row['info']}")
    return broken, unreached


def inside() -> list[str]:
    """Links of the files beside README that name no file."""
    broken = []
    for page in PAGES:
        text = (ROOT / page).read_text("utf-8")
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text):
            if not (ROOT / target).exists():
                broken.append(f"{page}: {target}: no such file")
    return broken


def main(built: str) -> int:
    broken, unreached = outside(Path(built))
    broken += inside()
    print(*broken, sep="\n", end="\n" if broken else "")
    print(f"{len(broken)} links are broken, {unreached} could not be asked for")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

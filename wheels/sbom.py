"""What a wheel holds beside our own code, as CycloneDX reads it: setup.py writes it into the wheel's metadata."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def simdjson_version(folder: str) -> str:
    found = re.search(r'^#define SIMDJSON_VERSION "(.+)"', Path(folder, "simdjson.h").read_text("utf-8"), re.MULTILINE)
    if found is None:
        raise SystemExit(f"{folder}: simdjson.h does not say its version")
    return found[1]


def unicode_version() -> str:
    found = re.search(r"of Unicode (\S+):", (ROOT / "src_c/base/fc_fold_table.inc").read_text("utf-8"))
    if found is None:
        raise SystemExit("fc_fold_table.inc does not say its version")
    return found[1]


def component(kind: str, name: str, version: str, licence: str, **more: str) -> dict[str, Any]:
    return {"type": kind, "name": name, "version": version, "licenses": [{"license": {"id": licence}}], **more}


def sbom(name: str, version: str, simdjson_folder: str) -> dict[str, Any]:
    """The same bytes of the same sources: no time and no serial number."""
    simdjson = simdjson_version(simdjson_folder)
    ours = component("library", name, version, "MIT")
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {**ours, "bom-ref": name}},
        "components": [
            component(
                "library",
                "simdjson",
                simdjson,
                "Apache-2.0",
                **{"bom-ref": "simdjson", "purl": f"pkg:github/simdjson/simdjson@v{simdjson}"},
            ),
            component("data", "Unicode CaseFolding", unicode_version(), "Unicode-DFS-2016", **{"bom-ref": "unicode"}),
        ],
        "dependencies": [{"ref": name, "dependsOn": ["simdjson", "unicode"]}],
    }

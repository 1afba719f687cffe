"""`fastcore --version --verbose`: what a report of a bug should say of the installation."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re

from fastcore import _base, _build
from fastcore._native import base as _native
from fastcore.errors import printable


def lines() -> list[str]:
    """The lines, each a name and what it is."""
    facts = {
        "fastcore": _build.__version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}, {platform.platform()}",
        "cpu": _cpu(),
        "built with": ", ".join(f"{name}={_word(value)}" for name, value in _build.SWITCHES.items()),
        "threads": _threads(),
        "switched off": _off(),
        **{f"extra {name}": text for name, text in _extras().items()},
    }
    width = max(map(len, facts)) + 2
    return [f"{name:{width}}{text}" for name, text in facts.items()]


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) or "none"


def _said(name: str) -> str:
    """What a variable of the environment says."""
    value = os.environ.get(name)
    return f"{name} is not set" if value is None else f"{name}={printable(value)}"


def _cpu() -> str:
    return f"{_native.cpu_level()}, where {_native.cpu_detected()} is possible; {_said('FASTCORE_CPU')}"


def _threads() -> str:
    try:
        count = str(_base.check_threads(None))
    except ValueError as error:
        return f"none: {error}"
    return f"{count} of {os.cpu_count()} processors; {_said('FASTCORE_THREADS')}"


def _off() -> str:
    words = sorted(_base.off_words(warn=False))
    named = ", ".join(printable(word) + ("" if word in _base.OFF_WORDS else " (unknown)") for word in words)
    return f"{named or 'nothing'}; known are {', '.join(_base.OFF_WORDS)}"


def _extras() -> dict[str, str]:
    """Each extra: the packages that are there, with their versions, and those that are missing."""
    names = importlib.metadata.packages_distributions().get("fastcore", [])
    if not names:
        return {"": "unknown: the package is on the path, not installed"}
    distribution = importlib.metadata.distribution(names[0])
    needed: dict[str, list[str]] = {name: [] for name in distribution.metadata.get_all("Provides-Extra", [])}
    for requirement in distribution.requires or []:
        name = re.match(r"[\w.-]+", requirement)
        extra = re.search(r"extra == ['\"]([\w.-]+)['\"]", requirement)
        if name and extra and name[0] != names[0]:
            needed.setdefault(extra[1], []).append(name[0])
    return {extra: _present(packages) for extra, packages in needed.items() if packages}


def _present(packages: list[str]) -> str:
    there, missing = [], []
    for name in packages:
        try:
            there.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    parts = [", ".join(there)] if there else []
    return "; ".join(parts + ([f"missing: {', '.join(missing)}"] if missing else []))

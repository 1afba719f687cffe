"""Shared by all tests: a clean environment, hypothesis' profile, a count of the cases each property test ran."""

from __future__ import annotations

import os
import re
import signal

import pytest
from hypothesis import HealthCheck, Phase, settings
from scale import SCALE

# A failing example need not be small where it is only wanted that there is one (tests/planted).
UNWANTED = (Phase.shrink, Phase.explain) if os.environ.get("FASTCORE_TEST_SHRINK") == "0" else ()

settings.register_profile(
    "fastcore",
    max_examples=100 * SCALE,
    deadline=None,
    print_blob=True,
    phases=[phase for phase in Phase if phase not in UNWANTED],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("fastcore")


def pytest_configure(config: pytest.Config) -> None:
    """Here and not in pyproject.toml, which is not there when a wheel is tested from another folder."""
    config.addinivalue_line("markers", "native: runs the compiled core hard; the subset for the sanitizers")
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as a shell has it in the background: no Ctrl-C would come
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the user's colours, threads or logs."""
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "FASTCORE_THREADS", "CLAUDE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Under FASTCORE_SHOW_CASES=1, as in `make check`: the cases of hypothesis and those that tests count."""
    if os.environ.get("FASTCORE_SHOW_CASES") != "1":
        return
    cases: dict[str, int] = {}
    for report in (one for kind in terminalreporter.stats.values() for one in kind):
        ran = re.findall(r"(\d+) passing", getattr(report, "_hypothesis_stats", ""))
        if getattr(report, "when", "") == "call":
            ran += re.findall(r"^cases: (\d+)$", report.capstdout, re.MULTILINE)
        if ran:
            cases[report.nodeid] = cases.get(report.nodeid, 0) + sum(map(int, ran))
    terminalreporter.section("cases that the property tests ran")
    for name, count in sorted(cases.items()):
        terminalreporter.write_line(f"{count:>9,}  {name}")

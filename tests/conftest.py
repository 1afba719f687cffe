"""Shared by all tests: a clean environment, and hypothesis profiles whose counts follow FASTCORE_TEST_SCALE."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

SCALE = int(os.environ.get("FASTCORE_TEST_SCALE", "1"))
settings.register_profile(
    "fastcore", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile("fastcore")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the user's colours, threads or logs."""
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "FASTCORE_THREADS", "CLAUDE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)

"""How many threads are used, and what FASTCORE_OFF switches off."""

from __future__ import annotations

import os
import warnings

import pytest

from fastcore import _base


@pytest.fixture(autouse=True)
def everything_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FASTCORE_OFF", raising=False)


def test_threads_given() -> None:
    assert _base.check_threads(1) == 1
    assert _base.check_threads(1000) == 256
    for wrong in (0, -3):
        with pytest.raises(ValueError):
            _base.check_threads(wrong)
    for odd in ("2", 1.0, True):
        with pytest.raises(TypeError):
            _base.check_threads(odd)  # type: ignore[arg-type]


def test_threads_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTCORE_THREADS", "3")
    assert _base.check_threads(None) == 3
    assert _base.check_threads(2) == 2
    for wrong in ("0", "-1", "two", "1.5", " 2", "²", "9" * 5000):
        monkeypatch.setenv("FASTCORE_THREADS", wrong)
        with pytest.raises(ValueError, match="FASTCORE_THREADS"):
            _base.check_threads(None)


def test_threads_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_base, "_quota", [])
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(12)), raising=False)
    files = {"/sys/fs/cgroup/cpu.max": "250000 100000\n"}
    monkeypatch.setattr(_base, "_read", lambda path: files[path] if path in files else missing(path))
    assert _base.default_threads() == 3
    monkeypatch.setattr(_base, "_quota", [])
    files["/sys/fs/cgroup/cpu.max"] = "max 100000\n"
    assert _base.default_threads() == 12
    monkeypatch.setattr(_base, "_quota", [])
    files.clear()
    files["/sys/fs/cgroup/cpu/cpu.cfs_quota_us"] = "50000\n"
    files["/sys/fs/cgroup/cpu/cpu.cfs_period_us"] = "100000\n"
    assert _base.default_threads() == 1


def test_the_smallest_quota_above_the_process_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(12)), raising=False)
    files = {
        "/proc/self/cgroup": "4:cpu,cpuacct:/a\n1:name=systemd:/x\n0::/user.slice/job\n",
        "/sys/fs/cgroup/user.slice/job/cpu.max": "max 100000\n",
        "/sys/fs/cgroup/user.slice/cpu.max": "500000 100000\n",
    }
    monkeypatch.setattr(_base, "_read", lambda path: files[path] if path in files else missing(path))
    monkeypatch.setattr(_base, "_quota", [])
    assert _base.default_threads() == 5
    files["/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us"] = "150000"
    files["/sys/fs/cgroup/cpu/a/cpu.cfs_period_us"] = "100000"
    monkeypatch.setattr(_base, "_quota", [])
    assert _base.default_threads() == 2
    files["/sys/fs/cgroup/cpu.max"] = "garbage"
    files["/proc/self/cgroup"] = "garbage\n0::/../..\n"
    monkeypatch.setattr(_base, "_quota", [])
    assert _base.default_threads() == 12


def missing(path: str) -> str:
    raise FileNotFoundError(path)


def test_off_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTCORE_OFF", " pool, prefilter")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _base.off_words() == {"pool", "prefilter"}
    assert _base.check_threads(8) == 1
    with pytest.raises(ValueError):  # switching the pool off changes no answer, errors included
        _base.check_threads(0)
    monkeypatch.setenv("FASTCORE_OFF", "turbo")
    with pytest.warns(UserWarning, match=f"turbo; known are {', '.join(_base.OFF_WORDS)}"):
        assert _base.off_words() == {"turbo"}

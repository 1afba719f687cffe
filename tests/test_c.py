"""Compile and run every C test: a program that checks one header of src_c and prints how many checks it made."""

from __future__ import annotations

import glob
import importlib.util
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = sorted(Path(__file__).parent.glob("c/test_*.c"))
SOURCES = sorted(glob.glob(str(ROOT / "src_c/*/*.c")) + glob.glob(str(ROOT / "src_c/*/*.cpp")))
COUNTED = ("test_midi_exhausted", "test_midi_memory", "test_scan_exhausted")  # these bring an allocator of their own
WRAP = ["-Wl," + ",".join(f"--wrap={name}" for name in ("malloc", "calloc", "realloc", "free"))]
READ_LINES = ("test_scan_structure", "test_scan_record", "test_scan_run")
INCLUDE = [f"-I{room}" for room in sorted(glob.glob(f"{ROOT}/src_c/*/"))]


def simdjson_folder() -> Path | None:
    spec = importlib.util.find_spec("simdjson")
    return Path(spec.origin).parent if spec is not None and spec.origin else None


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of src_c as one archive, from which each program takes what it calls."""
    simdjson = simdjson_folder()
    assert simdjson is not None, "the extra `test` brings pysimdjson, whose simdjson.cpp the programs are built with"
    folder = tmp_path_factory.mktemp("objects")
    objects = []
    for source in map(Path, SOURCES):
        target = folder / (source.stem + ".o")
        flags = ["-O1", "-g", "-pthread", *INCLUDE]
        command = ["cc", "-std=c11", *flags]
        if source.suffix == ".cpp":
            command = ["c++", "-std=c++17", *flags, "-w", f"-I{simdjson}", "-fno-exceptions", "-DSIMDJSON_EXCEPTIONS=0"]
        subprocess.run([*command, "-c", source, "-o", target], check=True)
        objects.append(target)
    archive = folder / "libfastcore.a"
    subprocess.run(["ar", "rcs", archive, *objects], check=True)
    return archive


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.stem)
def test_c(program: Path, library: Path, tmp_path: Path) -> None:
    binary = tmp_path / program.stem
    flags = ["-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread", *INCLUDE]
    link = [*(WRAP if program.stem in COUNTED else []), "-lstdc++", "-lm"]
    subprocess.run(["cc", *flags, program, library, *link, "-o", binary], check=True)
    # simdjson without vectors, as on a processor that has none: what these programs read is judged alike.
    for forced in ({}, {"SIMDJSON_FORCE_IMPLEMENTATION": "fallback"}) if program.stem in READ_LINES else ({},):
        result = subprocess.run(
            [binary],
            capture_output=True,
            text=True,
            timeout=120,
            cwd=tmp_path,
            env={**os.environ, **forced},
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        count, _, word = result.stdout.strip().rpartition("\n")[2].partition(" ")
        assert word == "checks" and int(count) > 0, result.stdout

"""Build the abi3 wheel, install it into a fresh environment of each Python on the machine, and test it from elsewhere.

`python wheels/check_wheel.py` takes Python 3.11, 3.12 and 3.13 from PATH and from pyenv; it fails if there is none.
`--all WHEEL` tests a wheel that is there: on each Python with the oldest NumPy that has a wheel for it and with the
newest, and where there is neither a compiler nor a home.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "wheels" / "dist"
VERSIONS = ("3.11", "3.12", "3.13")
OLDEST = {"3.11": "numpy==1.26.*", "3.12": "numpy==1.26.*", "3.13": "numpy==2.1.*"}
# What differs between interpreters beside the compiled core: the command, results, the package, threads, the clocks.
NAMES = "base bounds cli cli_errors hits hits_table package parallel parallel_aio parallel_process query scan table"
QUICK = [f"tests/test_{name}.py" for name in NAMES.split()]
BROUGHT = ("pytest", "hypothesis", "distributed", "mido", "nanoarrow", "arro3-core")  # what the tests import
NEEDED = (
    "fastcore/py.typed",
    "fastcore/_native/arrow.pyi",
    "fastcore/_native/base.pyi",
    "fastcore/_native/scan.pyi",
    "licenses/wheels/licenses/simdjson.txt",
    "licenses/wheels/licenses/unicode.txt",
    "sboms/fastcore.cdx.json",
)


def version_of(python: str) -> str | None:
    """The minor version of an interpreter that works and can make environments; None for one that cannot."""
    code = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    result = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return result.stdout.strip() if result.returncode == 0 else None


def interpreters() -> dict[str, str]:
    found: dict[str, str] = {}
    pyenv = os.path.join(
        os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv"), "versions", "*", "bin", "python3"
    )
    for python in [sys.executable, *(shutil.which(f"python{v}") or "" for v in VERSIONS), *sorted(glob.glob(pyenv))]:
        version = version_of(python) if python else None
        if version in VERSIONS:
            found.setdefault(version, python)
    return found


def build() -> Path:
    shutil.rmtree(DIST, ignore_errors=True)
    for old in (ROOT / "build").glob("lib*"):  # what was deleted from the package since would be packed again
        shutil.rmtree(old)
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(DIST),
        str(ROOT),
    ]
    subprocess.run(command, check=True)
    (wheel,) = DIST.glob("*.whl")
    if "cp311-abi3" not in wheel.name:
        raise SystemExit(f"{wheel.name}: not an abi3 wheel")
    look_into(wheel)
    return wheel


def look_into(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in NEEDED:
        if not any(name.endswith(needed) for name in names):
            raise SystemExit(f"{wheel.name}: {needed} is missing")
    if any(name.endswith("needs_cpu.txt") for name in names):
        raise SystemExit(f"{wheel.name}: built for this processor alone")


def check(python: str, wheel: Path, numpy: str = "numpy") -> None:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python, "-m", "venv", f"{folder}/venv"], check=True)
        own = f"{folder}/venv/bin/python"
        subprocess.run([own, "-m", "pip", "install", "--quiet", str(wheel), numpy, *BROUGHT], check=True)
        subprocess.run(
            [own, "-c", "import numpy, sys; print(sys.version.split()[0], 'numpy', numpy.__version__)"], check=True
        )
        shutil.copytree(
            ROOT / "tests", f"{folder}/tests", ignore=shutil.ignore_patterns("c", "fuzz", "check", "__pycache__")
        )
        pytest = [own, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "-m"]
        env = {**os.environ, "FASTCORE_TEST_FILES": "20"}  # of a data set: songs are read alike by every Python
        subprocess.run([*pytest, "native", "tests"], cwd=folder, env=env, check=True)
        subprocess.run([*pytest, "not native", *QUICK], cwd=folder, env=env, check=True)


def check_bare(python: str, wheel: Path) -> None:
    """What a user needs beside Python: no compiler, no home, nothing but what pip brings; then a scan and times."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python, "-m", "venv", f"{folder}/venv"], check=True)
        own, home = f"{folder}/venv/bin/python", f"{folder}/home"
        os.mkdir(home)
        subprocess.run([own, "-m", "pip", "download", "--quiet", "-d", f"{folder}/brought", str(wheel)], check=True)
        bare = {"HOME": home, "PATH": f"{folder}/venv/bin", "LANG": "C.UTF-8"}
        install = [
            own,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-index",
            "--find-links",
            f"{folder}/brought",
            str(wheel),
        ]
        subprocess.run(install, env=bare, check=True)
        sample = [own, str(ROOT / "asv_bench/sample_logs.py"), f"{folder}/logs", "--bytes", "10MB", "--files", "27"]
        subprocess.run(sample, env=bare, check=True, stdout=subprocess.DEVNULL)
        scan = [f"{folder}/venv/bin/fastcore", "scan", "zyxquartz", f"{folder}/logs", "--limit", "1", "--stats"]
        subprocess.run(scan, env=bare, check=True)
        code = "import resource, subprocess, sys\n" + IMPORT_TIME
        subprocess.run([own, "-c", code], env=bare, cwd=folder, check=True)
    print(f"{wheel.name}: {wheel.stat().st_size:,} bytes", flush=True)


# The processor's time, which other work hardly touches; alternating, and the least, since noise only adds.
IMPORT_TIME = """
def took(code):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

rounds = [(took("pass"), took("import fastcore")) for _ in range(40)]
bare, ours = (min(column) for column in zip(*rounds))
print(f"python -c pass: {bare:.1f} ms; import fastcore: {ours - bare:+.1f} ms", flush=True)
"""


def check_all(wheel: Path) -> None:
    look_into(wheel)
    for version, python in sorted(interpreters().items()):
        for numpy in (OLDEST[version], "numpy"):
            print(f"{wheel.name} on Python {version}, {numpy}", flush=True)
            check(python, wheel, numpy)
        check_bare(python, wheel)


def main() -> int:
    if sys.argv[1:2] == ["--all"]:
        for name in sys.argv[2:]:
            check_all(Path(name).resolve())
        return 0
    wheel = build()
    pythons = interpreters()
    if not pythons:
        raise SystemExit(f"none of Python {', '.join(VERSIONS)} is here")
    for version, python in sorted(pythons.items()):
        print(f"{wheel.name} on Python {version}", flush=True)
        check(python, wheel)
    return 0


if __name__ == "__main__":
    sys.exit(main())

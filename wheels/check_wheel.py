"""Build the abi3 wheel, install it into a fresh environment of each Python on the machine, and test it from elsewhere.

`python wheels/check_wheel.py` takes Python 3.11 to 3.14 from PATH and from pyenv; it fails if there is none.
`--all WHEEL` tests a wheel that is there: on each Python with the oldest NumPy that has a wheel for it and with the
newest, and where there is neither a compiler nor a home; `--bare WHEEL` does only the latter.
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
OLDEST = {"3.11": "numpy==1.26.*", "3.12": "numpy==1.26.*", "3.13": "numpy==2.1.*", "3.14": "numpy==2.3.*"}
VERSIONS = tuple(OLDEST)
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
    """The minor version of an interpreter that works and can make environments; None for one that cannot.

    A free-threaded one, which does not take the abi3 wheel, is marked by a t.
    """
    code = "import sys, sysconfig, venv, ensurepip; print('%d.%d' % sys.version_info[:2], end='')"
    code += "; print('t' if sysconfig.get_config_var('Py_GIL_DISABLED') else '')"
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
    if not found:
        raise SystemExit(f"none of Python {', '.join(VERSIONS)} is here")
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


# Alternating. The processor's time, of which the least tells most, as other work only adds to it; and the clock's.
IMPORT_TIME = """
import statistics, time

def took(code):
    usage, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - usage.ru_utime - usage.ru_stime), 1000 * wall

rounds = [(took("pass"), took("import fastcore")) for _ in range(100)]
for kind, name in enumerate(("processor", "wall")):
    bare, ours = zip(*((one[kind], other[kind]) for one, other in rounds))
    least, median = (f"{of(bare):.1f} {of(ours) - of(bare):+.1f}" for of in (min, statistics.median))
    print(f"import fastcore above python -c pass, {name} ms: least {least}, median {median}", flush=True)
"""


def check_all(wheel: Path) -> None:
    look_into(wheel)
    for version, python in sorted(interpreters().items()):
        for numpy in (OLDEST[version], "numpy"):
            print(f"{wheel.name} on Python {version}, {numpy}", flush=True)
            check(python, wheel, numpy)
        check_bare(python, wheel)


def main() -> int:
    if sys.argv[1:2] in (["--all"], ["--bare"]):
        for wheel in map(Path.resolve, map(Path, sys.argv[2:])):
            if sys.argv[1] == "--all":
                check_all(wheel)
            else:
                look_into(wheel)
                check_bare(sys.executable, wheel)
        return 0
    pythons = interpreters()
    wheel = build()
    for version, python in sorted(pythons.items()):
        print(f"{wheel.name} on Python {version}", flush=True)
        check(python, wheel)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Plant known bugs in a copy of the tree, one by one, and show which check finds each: `python tests/planted/run.py`.

A bug is a patch beside this file. Above the patch stands what it breaks, and `Step: NAME`, the cheapest step below that
was seen to find it; what is cheaper is left out, unless `--every` asks for all from the cheapest on. The steps are
those of `make check`: the tests of the room that is broken, the C tests, the rest of the suite, ThreadSanitizer, the
fuzzers, AddressSanitizer. Only what a patch changes is built again.

Exit 0 means: every patch applies, builds, and is found by a test that is not named after it and passes without it. A
patch that no longer applies is a failure: the code that it broke has changed, and so must the patch.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RECORDED = ROOT / "asv_bench" / "results" / "planted.json"  # what found each when it was planted last
TREE = ROOT / "build" / "planted" / "tree"
LOGS = ROOT / "build" / "planted" / "logs"
STEPS = ("room", "c", "suite", "thread", "fuzz", "address")
PYTEST = ("room", "c", "suite", "address")  # whose last lines are pytest's
SECONDS_MAX = 1500  # of one step; a test that hangs has found its bug too
FUZZ_SECONDS = "20"


class Failed(Exception):
    """A bug is not found, or cannot be planted; the message says which and why."""


@dataclass(frozen=True)
class Bug:
    path: Path
    what: str
    step: str

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def files(self) -> list[str]:
        return re.findall(r"^\+\+\+ b/(.+)$", self.path.read_text("utf-8"), re.MULTILINE)

    @property
    def rooms(self) -> set[str]:
        """Of src_c/ROOM/x.c, fastcore/_native/ROOM.pyx, fastcore/_ROOM_more.py."""
        parts = [Path(file).parts[1] if file.startswith("src_c/") else Path(file).stem for file in self.files]
        return {part.strip("_").partition("_")[0] for part in parts}


def read_bugs() -> list[Bug]:
    bugs = []
    for path in sorted(HERE.glob("*.patch")):
        above = path.read_text("utf-8").partition("diff --git")[0]
        step = re.search(r"^Step: (\w+)$", above, re.MULTILINE)
        if step is None or step[1] not in STEPS:
            raise Failed(f"{path.name}: above the patch stands `Step: NAME`, of {', '.join(STEPS)}")
        bugs.append(Bug(path, " ".join(above.partition("Step:")[0].split()), step[1]))
    return bugs


# The copy.


def environment() -> dict[str, str]:
    """Git must not take the copy for a part of the tree around it; Python must take this package, not the installed."""
    switched = {name: value for name, value in os.environ.items() if not name.startswith(("FASTCORE_", "MAKE"))}
    own = {"GIT_CEILING_DIRECTORIES": str(TREE.parent), "PYTHONPATH": str(TREE), "FASTCORE_TEST_SHRINK": "0"}
    return {**switched, **own}


def call(command: list[str], seconds: float = SECONDS_MAX, **env: str) -> tuple[int, str]:
    """Run a command in the copy: its exit code, negative when it was ended, and what it printed."""
    with subprocess.Popen(
        command,
        cwd=TREE,
        env={**environment(), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        timer = threading.Timer(seconds, end, [process])
        timer.start()
        try:
            shown = process.communicate()[0]
        finally:
            timer.cancel()
            end(process)
    return process.returncode, shown


def end(process: subprocess.Popen[str]) -> None:
    """End a command and all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # all of it has ended by itself


def copy_tree() -> None:
    """Make the copy equal to the tree, and leave alone what is: its objects stay current."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    wanted = {name for name in listed.split("\0") if name and not name.startswith("tests/planted/")}
    wanted = {name for name in wanted if (ROOT / name).is_file() and Path(name).name != "test_planted.py"}
    for path in sorted(TREE.rglob("*"), reverse=True):
        name = str(path.relative_to(TREE))
        if path.is_file() and not name.startswith("build/") and path.suffix != ".so" and name not in wanted:
            path.unlink()
    for name in wanted:
        restore(name)
    for part in ("cython", "objects"):
        if (ROOT / "build" / part).exists() and not (TREE / "build" / part).exists():
            shutil.copytree(ROOT / "build" / part, TREE / "build" / part)


def restore(name: str) -> None:
    source, target = ROOT / name, TREE / name
    content = source.read_bytes()
    if not target.exists() or target.read_bytes() != content:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        shutil.copy(source, target)


def restore_all(bug: Bug) -> None:
    for file in bug.files:
        restore(file)


def build() -> None:
    code, shown = call([sys.executable, "setup.py", "-q", "build_ext", "--inplace"])
    if code != 0:
        raise Failed(f"does not build: {shown[-2000:]}")


def plant(bug: Bug) -> None:
    code, shown = call(["git", "apply", "--whitespace=nowarn", str(bug.path)])
    if code != 0:
        raise Failed(f"no longer applies: {shown.strip()}")


# The steps. Each says what found the bug, or None.


def pytest_found(code: int, shown: str) -> str | None:
    """The test that failed, or in which the process died or hung."""
    failed = re.search(r"^(?:FAILED|ERROR) (\S+::\S+)", shown, re.MULTILINE)
    if code == 0:
        return None
    if failed is not None:
        return failed[1]
    begun: list[str] = re.findall(r"^(\S+\.py::\S+)", shown, re.MULTILINE)
    if code not in (1, 2, 3, 4, 5) and begun:
        return begun[-1]
    raise Failed(f"pytest ended with {code} and no failed test:\n{shown[-2000:]}")


def program_found(code: int, shown: str) -> str | None:
    """The C program that failed, by the command that a step of `make check` says, or the fuzz target begun last."""
    if code == 0:
        return None
    begun: list[str] = re.findall(r"^(fuzz_\w+): \d+ s|^failed with -?\d+: \S*?(\w+_tsan)$", shown, re.MULTILINE)
    if not begun:
        raise Failed(f"ended with {code} and says nothing of a test:\n{shown[-2000:]}")
    return "".join(begun[-1])


def pytest(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest", "-x", "-v", "--tb=short", "-p", "no:cacheprovider", *arguments]


def command_of(step: str, bug: Bug) -> list[str]:
    own = {path.relative_to(TREE) for room in bug.rooms for path in TREE.glob(f"tests/test_{room}*.py")}
    if step == "room":
        return pytest(*map(str, sorted(own)))
    if step == "c":
        return pytest("tests/test_c.py")
    if step == "suite":
        return pytest("--ignore=tests/test_c.py", *(f"--ignore={path}" for path in sorted(own)), "tests", "fastcore")
    return [sys.executable, "tests/check/run.py", step]


def look(step: str, bug: Bug, *without: str) -> str | None:
    """Run one step on the planted bug; what found it."""
    code, shown = call([*command_of(step, bug), *without], SECONDS_EACH=FUZZ_SECONDS)
    LOGS.mkdir(parents=True, exist_ok=True)
    (LOGS / f"{bug.name}.{step}.log").write_text(shown, "utf-8")
    return pytest_found(code, shown) if step in PYTEST else program_found(code, shown)


def tells_them_apart(test: str, bug: Bug) -> bool:
    """True if a test fails again with the bug and passes without it; else the bug is planted anew."""
    fails = call(pytest(test))[0] != 0
    restore_all(bug)
    build()
    passes = call(pytest(test))[0] == 0
    if not (fails and passes):
        print(f"{bug.name}: {test} fails {'without it too' if fails else 'now and then'}", flush=True)
        plant(bug)
        build()
    return fails and passes


def search(step: str, bug: Bug) -> str | None:
    """What finds the planted bug in one step. A test that cannot tell is left out, and the step runs again."""
    without: list[str] = []
    while (test := look(step, bug, *without)) is not None:
        if step not in STEPS[:3] or tells_them_apart(test, bug):
            return test
        without += ["--deselect", test]
    return None


def find(bug: Bug, every: bool) -> tuple[str, str]:
    """Plant a bug and return the step and the test that found it."""
    shutil.rmtree(TREE / ".hypothesis", ignore_errors=True)  # what was found by another bug
    try:
        plant(bug)
        build()
        for step in STEPS if every else STEPS[STEPS.index(bug.step) :]:
            test = search(step, bug)
            if test is not None:
                break
        else:
            raise Failed("nothing finds it")
    finally:
        restore_all(bug)
    if bug.name in test:
        raise Failed(f"{test} is named after it")
    return step, test


def confirm(found: dict[str, tuple[str, str]], bugs: list[Bug]) -> list[str]:
    """Run the dear steps that found bugs once on the tree without any: what fails anyway has found nothing."""
    build()
    steps = sorted({step for step, _ in found.values()} - set(STEPS[:3]))
    return [f"the step {step} fails on the tree itself" for step in steps if look(step, bugs[0]) is not None]


def record(found: dict[str, tuple[str, str]]) -> None:
    """Keep what found these bugs; what is known of the others stays."""
    old = json.loads(RECORDED.read_text("utf-8")) if RECORDED.exists() else {}
    kept = {}
    for bug in read_bugs():
        if bug.name in found:
            kept[bug.name] = dict(zip(("what", "step", "test"), (bug.what, *found[bug.name]), strict=True))
        elif bug.name in old:
            kept[bug.name] = old[bug.name]
    RECORDED.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", help="bugs to plant (all)")
    parser.add_argument("--every", action="store_true", help="run every step, from the cheapest on")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what runs is ended too
    bugs = [bug for bug in read_bugs() if not args.names or bug.name in args.names]
    if not bugs:
        print("there is no such bug")
        return 2
    copy_tree()
    build()
    found: dict[str, tuple[str, str]] = {}
    wrong: list[str] = []
    for bug in bugs:
        began = time.monotonic()
        try:
            found[bug.name] = step, test = find(bug, args.every)
            print(f"{bug.name}: found by {step}, {test} ({time.monotonic() - began:.0f} s)", flush=True)
        except Failed as error:
            wrong.append(f"{bug.name}: {error}")
            print(f"{bug.name}: NOT FOUND: {error}", flush=True)
    if found:
        wrong += confirm(found, bugs)
    print(*wrong, sep="\n", end="\n" if wrong else "")
    if not wrong:
        record(found)
    print(f"{len(bugs) - len(wrong)} of {len(bugs)} planted bugs are found")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

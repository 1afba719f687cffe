"""Build the compiled modules. Switches come from the environment and are read here alone:

FASTCORE_MARCH=baseline|native  FASTCORE_LTO=1  FASTCORE_PGO=generate|use with FASTCORE_PGO_DIR=folder
FASTCORE_SANITIZE=address,undefined|thread  FASTCORE_DEBUG=1  FASTCORE_COVERAGE=1
FASTCORE_VERSION=1.2.3, where neither an sdist nor git tells the version
"""

import importlib.metadata
import importlib.util
import json
import os
import re
import runpy
import subprocess
import sys
import sysconfig
from glob import glob
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext


def switch(name: str, known: tuple[str, ...]) -> str:
    value = os.environ.get(name, "") or known[0]
    if value not in known:
        raise SystemExit(f"{name}={value!r}: known values are {', '.join(known)}")
    return value


MARCH = switch("FASTCORE_MARCH", ("baseline", "native"))
LTO = switch("FASTCORE_LTO", ("0", "1")) == "1"
PGO = switch("FASTCORE_PGO", ("", "generate", "use"))
PGO_DIR = os.path.abspath(os.environ.get("FASTCORE_PGO_DIR") or "build/profile")
DEBUG = switch("FASTCORE_DEBUG", ("0", "1")) == "1"
COVERAGE = switch("FASTCORE_COVERAGE", ("0", "1")) == "1"
SANITIZE = switch("FASTCORE_SANITIZE", ("", "address,undefined", "thread"))
ABI3 = not sysconfig.get_config_var("Py_GIL_DISABLED")
SIMDJSON = str(Path(importlib.util.find_spec("simdjson").origin).parent)
# Objects of one Python, set of switches, simdjson and compiler lie together and are made again only when they are old.
KEY = [sys.implementation.cache_tag, MARCH, LTO, DEBUG, SANITIZE, importlib.metadata.version("pysimdjson")]
KEY += [Path(os.environ["CC"]).name.replace(" ", "_")] if os.environ.get("CC") else []


def objects(pgo: str) -> str:
    key = (*KEY, *([f"pgo_{pgo}"] if pgo else []), *(["coverage"] if COVERAGE else []))
    return "build/objects/" + "-".join(str(part).replace(",", "+") for part in key)


OBJECTS = objects(PGO)

COMMON = ["-ffp-contract=off", "-fvisibility=hidden", "-fstack-protector-strong", "-Wall", "-Wextra"]
COMMON += ["-O1", "-g"] if DEBUG or SANITIZE or COVERAGE else ["-O3", "-g0", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=3"]
LINK = ["-Wl,-z,relro,-z,now"]
# Loading a shared C++ library takes as long as all the rest of the import; sanitizers want the shared one.
STATIC = [] if SANITIZE else ["-static-libstdc++", "-static-libgcc"]
if MARCH == "native":
    COMMON += ["-march=native"]
if LTO:
    COMMON += ["-flto"]
    LINK += ["-flto"]
if SANITIZE:
    # -fwrapv comes from Python's own flags and would switch the overflow checks off.
    COMMON += [f"-fsanitize={SANITIZE}", "-fno-wrapv", "-fno-omit-frame-pointer"]
    LINK += [f"-fsanitize={SANITIZE}"]
if PGO == "generate":
    COMMON += [f"-fprofile-generate={PGO_DIR}", "-fprofile-update=atomic"]
    LINK += ["-fprofile-generate"]
if COVERAGE:
    COMMON += ["--coverage", "-fprofile-update=atomic", "-fprofile-abs-path"]
    LINK += ["--coverage"]


def profile(obj: str) -> str:
    """Where gcc's instrumented twin of an object leaves its counts, by the rule of -fprofile-generate=FOLDER."""
    twin = os.path.abspath(obj).replace(os.path.abspath(OBJECTS), os.path.abspath(objects("generate")))
    return os.path.join(PGO_DIR, twin.removesuffix(".o").replace("/", "#") + ".gcda")


def profile_flags(obj: str) -> list[str]:
    """What a build by a profile adds for one object: nothing where the training never went.

    Functions that were not run are compiled as without a profile, not for size.
    """
    counts = profile(obj)
    if PGO != "use" or not os.path.exists(counts):
        return []
    return [f"-fprofile-use={counts}", "-fprofile-partial-training", "-fprofile-correction", "-Wno-missing-profile"]


def version() -> str:
    """The version: what the environment says, else what an sdist carries, else by the newest tag of git.

    At the tag v1.2.3 it is 1.2.3, five commits later 1.2.4.dev5+gHASH, without any tag 0.1.devCOMMITS+gHASH, and
    `.dirty` is added where a file was changed. A folder that tells nothing is 0+unknown.
    """
    if os.environ.get("FASTCORE_VERSION"):
        return os.environ["FASTCORE_VERSION"]
    if Path("PKG-INFO").exists():
        return re.search(r"^Version: (.+)$", Path("PKG-INFO").read_text("utf-8"), re.MULTILINE)[1]
    described = git("describe", "--tags", "--long", "--dirty", "--always", "--abbrev=8", "--match=v[0-9]*")
    tagged = re.fullmatch(r"v(.+)-(\d+)-g(\w+?)(-dirty)?", described)
    if tagged is None:  # the hash alone, or nothing
        known = re.fullmatch(r"(\w+)(-dirty)?", described)
        commits = git("rev-list", "--count", "HEAD")
        return f"0.1.dev{commits}+g{known[1]}{'.dirty' if known[2] else ''}" if known else "0+unknown"
    release, since, commit, dirty = tagged.groups()
    if since == "0" and not dirty:
        return release
    parts = re.fullmatch(r"(.*?)(\d+)", release)
    return f"{parts[1]}{int(parts[2]) + 1}.dev{since}+g{commit}{'.dirty' if dirty else ''}"


def git(*arguments: str) -> str:
    """What git says of this folder; nothing where there is no git, or the folder is none of its own."""
    if not Path(".git").exists():
        return ""
    try:
        return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def local(version: str) -> str:
    """The version of this build: one for this processor alone says so, as its wheel is named like the portable one."""
    if MARCH != "native" or version.endswith("native"):
        return version
    return f"{version}{'.' if '+' in version else '+'}native"


BUILD = """\
\"\"\"What this build is; written by setup.py.\"\"\"

__version__ = {version!r}
SWITCHES = {switches!r}
"""


def flags(source: str) -> list[str]:
    """The flags of one source file: what Cython made may be sloppy, simdjson dispatches by itself."""
    if source.endswith("fc_simdjson.cpp"):
        return ["-std=c++17", "-O2", "-g0", "-w", "-fvisibility=hidden", "-fno-exceptions"]
    if source.endswith(".cpp"):
        return ["-std=c++17", "-fno-exceptions", *COMMON]
    if Path(source).parts[0] == "src_c":
        return ["-std=c11", "-Werror=implicit-function-declaration", *COMMON]
    return [
        *COMMON,
        "-include",
        "fastcore/_native/start_up.h",
        "-Wno-unused-function",
        "-Wno-unused-parameter",
        "-Wno-missing-field-initializers",
    ]


def native_features() -> str:
    """What -march=native lets the compiler take for granted, by the names of /proc/cpuinfo."""
    if not os.path.exists("/proc/cpuinfo"):
        raise SystemExit("FASTCORE_MARCH=native: only where /proc/cpuinfo says what a processor can do, on Linux")
    command = [os.environ.get("CC", "cc").split()[0], "-march=native", "-dM", "-E", "-x", "c", os.devnull]
    macros = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assumed = {name.lower().replace("_", "") for name in re.findall(r"#define __(\w+)__ 1$", macros, re.MULTILINE)}
    flags_of_cpu = re.findall(r"^(?:flags|Features)\s*: (.*)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    return " ".join(flag for flag in flags_of_cpu[0].split() if flag.replace("_", "") in assumed)


def is_current(obj: str) -> bool:
    """True if an object is newer than all that went into it, by the list that the compiler left beside it.

    Absolute paths in that list lie outside of the tree: of Python, NumPy and simdjson, whose versions are in KEY or
    change with the environment alone.
    """
    listed = Path(obj).with_suffix(".d")
    if not listed.exists() or not os.path.exists(obj):
        return False
    made = os.path.getmtime(obj)
    names = listed.read_text("utf-8").replace("\\\n", " ").partition(": ")[2].split()
    own = [name for name in names if not os.path.isabs(name)]
    counts = [profile(obj)] if PGO == "use" and os.path.exists(profile(obj)) else []
    rules = [] if obj.endswith("fc_simdjson.o") else ["setup.py"]
    return all(os.path.exists(name) and os.path.getmtime(name) < made for name in [*own, *counts, *rules])


class BuildExt(build_ext):
    """Flags for each source, and no work for an object that is newer than its sources."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.build_temp = OBJECTS
        self.force = True  # what is new enough is judged object by object

    def run(self) -> None:
        super().run()
        switches = {"march": MARCH, "lto": LTO, "debug": DEBUG, "sanitize": SANITIZE, "abi3": ABI3}
        build = Path(self.get_ext_fullpath("fastcore._native.base")).parents[1] / "_build.py"
        build.write_text(BUILD.format(version=self.distribution.get_version(), switches=switches), "utf-8")
        needs = Path(self.get_ext_fullpath("fastcore._native.base")).with_name("needs_cpu.txt")
        needs.unlink(missing_ok=True)
        if MARCH == "native":  # `import fastcore` reads it: an ImportError is better than an illegal instruction
            needs.write_text(native_features(), "utf-8")

    def build_extension(self, ext: Extension) -> None:
        compiler, compile_one = self.compiler, self.compiler._compile

        def _compile(obj, src, suffix, cc_args, extra, pp_opts):
            if not is_current(obj):
                listed = ["-MMD", "-MF", obj.removesuffix(".o") + ".d"] if compiler.compiler_type == "unix" else []
                compile_one(obj, src, suffix, cc_args, [*flags(src), *profile_flags(obj), *listed], pp_opts)

        compiler._compile = _compile
        try:
            super().build_extension(ext)
        finally:
            compiler._compile = compile_one


class BdistWheel(bdist_wheel):
    def finalize_options(self) -> None:
        super().finalize_options()
        if ABI3:
            self.py_limited_api = "cp311"

    def write_wheelfile(self, wheelfile_base, *args, **kwargs) -> None:
        super().write_wheelfile(wheelfile_base, *args, **kwargs)
        made = runpy.run_path("wheels/sbom.py")["sbom"](
            self.distribution.get_name(), self.distribution.get_version(), SIMDJSON
        )
        folder = Path(wheelfile_base, "sboms")  # where the metadata of a wheel keeps them
        folder.mkdir()
        (folder / "fastcore.cdx.json").write_text(json.dumps(made, indent=1) + "\n", "utf-8")


MACROS = [("SIMDJSON_EXCEPTIONS", "0"), ("NDEBUG", "1"), ("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION")]
BASE = sorted(glob("src_c/base/*.c"))
# What belongs to the one runtime of the process is linked into `base` alone.
RUNTIME = ("fc_pool.c", "fc_sites.c", "fc_guard.c", "fc_map.c")
SHARED = [source for source in BASE if not source.endswith(RUNTIME)]
# What a room takes of other rooms than base.
USES = {"midi": ("bpm",)}


def extension(name: str) -> Extension:
    """A binding and the room of its name; every room but base takes what it calls of base and other rooms with it."""
    rooms = [name, *USES.get(name, ())]
    room = sorted(path for room in rooms for end in ("c", "cpp") for path in glob(f"src_c/{room}/*.{end}"))
    sources = BASE if name == "base" else room + SHARED
    return Extension(
        f"fastcore._native.{name}",
        [f"fastcore/_native/{name}.pyx", *sources],
        include_dirs=[*glob("src_c/*/"), SIMDJSON, numpy.get_include()],
        depends=["setup.py", "fastcore/_native/start_up.h", *glob("src_c/*/*.h"), *glob("src_c/*/*.inc")],
        define_macros=MACROS + ([("Py_LIMITED_API", "0x030b0000")] if ABI3 else []),
        libraries=["m"],
        extra_link_args=LINK + STATIC,
        py_limited_api=ABI3,
    )


if __name__ == "__main__":  # asv_bench/gate.py imports the flags
    extensions = [extension(Path(binding).stem) for binding in sorted(glob("fastcore/_native/*.pyx"))]
    setup(
        version=local(version()),
        # With counters, what Cython made says of which line it is.
        ext_modules=cythonize(
            extensions, build_dir="build/cython-coverage" if COVERAGE else "build/cython", emit_linenums=COVERAGE
        ),
        cmdclass={"build_ext": BuildExt, "bdist_wheel": BdistWheel},
    )

"""Build the compiled modules. Switches come from the environment and are read here alone:

FASTCORE_MARCH=baseline|native  FASTCORE_LTO=1  FASTCORE_SANITIZE=address,undefined|thread  FASTCORE_DEBUG=1
"""

import importlib.metadata
import importlib.util
import os
import re
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
DEBUG = switch("FASTCORE_DEBUG", ("0", "1")) == "1"
SANITIZE = switch("FASTCORE_SANITIZE", ("", "address,undefined", "thread"))
ABI3 = not sysconfig.get_config_var("Py_GIL_DISABLED")
SIMDJSON = str(Path(importlib.util.find_spec("simdjson").origin).parent)
VERSION = re.search(r'^__version__ = "(.+)"$', Path("fastcore/__init__.py").read_text("utf-8"), re.MULTILINE)[1]
# Objects of one Python, one set of switches and one simdjson lie together and are made again only when they are old.
KEY = (sys.implementation.cache_tag, MARCH, LTO, DEBUG, SANITIZE, importlib.metadata.version("pysimdjson"))
OBJECTS = "build/objects/" + "-".join(str(part).replace(",", "+") for part in KEY)

COMMON = ["-ffp-contract=off", "-fvisibility=hidden", "-fstack-protector-strong", "-Wall", "-Wextra"]
COMMON += ["-O1", "-g"] if DEBUG or SANITIZE else ["-O3", "-g0", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=3"]
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


def flags(source: str) -> list[str]:
    """The flags of one source file: what Cython made may be sloppy, simdjson dispatches by itself."""
    if source.endswith("fc_simdjson.cpp"):
        return ["-std=c++17", "-O2", "-g0", "-w", "-fvisibility=hidden", "-fno-exceptions"]
    if source.endswith(".cpp"):
        return ["-std=c++17", "-fno-exceptions", *COMMON]
    if Path(source).parts[0] == "src_c":
        return ["-std=c11", *COMMON]
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
    command = [os.environ.get("CC", "cc").split()[0], "-march=native", "-dM", "-E", "-x", "c", os.devnull]
    macros = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assumed = {name.lower().replace("_", "") for name in re.findall(r"#define __(\w+)__ 1$", macros, re.MULTILINE)}
    flags_of_cpu = re.findall(r"^flags\s*: (.*)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    return " ".join(flag for flag in flags_of_cpu[0].split() if flag.replace("_", "") in assumed)


class BuildExt(build_ext):
    """Flags for each source, and no work for an object that is newer than its sources."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.build_temp = OBJECTS
        self.force = True  # what is new enough is judged object by object

    def run(self) -> None:
        super().run()
        needs = Path(self.get_ext_fullpath("fastcore._native.base")).with_name("needs_cpu.txt")
        needs.unlink(missing_ok=True)
        if MARCH == "native":  # `import fastcore` reads it: an ImportError is better than an illegal instruction
            needs.write_text(native_features(), "utf-8")

    def build_extension(self, ext: Extension) -> None:
        compiler, compile_one = self.compiler, self.compiler._compile
        headers = max(map(os.path.getmtime, ext.depends))

        def _compile(obj, src, suffix, cc_args, extra, pp_opts):
            newest = max(os.path.getmtime(src), 0 if src.endswith("fc_simdjson.cpp") else headers)
            if not os.path.exists(obj) or os.path.getmtime(obj) <= newest:
                compile_one(obj, src, suffix, cc_args, flags(src), pp_opts)

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


MACROS = [("SIMDJSON_EXCEPTIONS", "0"), ("NDEBUG", "1"), ("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION")]
BASE = sorted(glob("src_c/base/*.c"))
# What belongs to the one runtime of the process is linked into `base` alone.
RUNTIME = ("fc_pool.c", "fc_sites.c", "fc_guard.c", "fc_map.c")
SHARED = [source for source in BASE if not source.endswith(RUNTIME)]


def extension(name: str) -> Extension:
    """A binding and the room of its name; every room but base takes what it calls of base with it."""
    room = sorted(glob(f"src_c/{name}/*.c") + glob(f"src_c/{name}/*.cpp"))
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
        version=VERSION + ("+native" if MARCH == "native" else ""),
        ext_modules=cythonize(extensions, build_dir="build/cython"),
        cmdclass={"build_ext": BuildExt, "bdist_wheel": BdistWheel},
    )

#!/usr/bin/env bash
# Make the source distribution and, out of it, the manylinux2014 wheel, without a container engine; look at both, and
# test the wheel on each Python here with the oldest and the newest NumPy: wheels/build_local.sh [no-tests]
#
# zig, which a wheel on the package index brings, is the compiler: it links against the symbols that glibc 2.17 had.
# All that is made lies in wheels/dist, all that is needed for it in build/wheels.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$root/build/wheels
target=$(uname -m)-linux-gnu.2.17
mkdir -p "$work/bin"

if [ ! -e "$work/tools/ready" ] || [ wheels/tools.txt -nt "$work/tools/ready" ]; then
    "${PYTHON:-python3}" -m venv --clear "$work/tools"
    "$work/tools/bin/python" -m pip install --quiet --upgrade pip
    "$work/tools/bin/python" -m pip install --quiet -r wheels/tools.txt
    touch "$work/tools/ready"
fi
zig=$("$work/tools/bin/python" -c 'import os, ziglang; print(os.path.dirname(ziglang.__file__))')/zig
for language in cc c++; do
    # setuptools gives a shared library's run path and gcc's own libraries to the linker: zig links what it needs.
    cat >"$work/bin/zig-$language" <<SCRIPT
#!/usr/bin/env bash
arguments=()
for argument in "\$@"; do
    case \$argument in -static-libgcc | -static-libstdc++ | -Wl,-rpath,*) ;; *) arguments+=("\$argument") ;; esac
done
exec "$zig" $language -target $target "\${arguments[@]}"
SCRIPT
    chmod +x "$work/bin/zig-$language"
done
export PATH=$work/tools/bin:$PATH
python=$work/tools/bin/python

rm -rf wheels/dist "$work/raw"
mkdir -p wheels/dist "$work/raw"
# As pip does it, in an environment of its own with what pyproject.toml asks for.
"$python" -m pip install --quiet build
"$python" -m build --quiet --sdist --outdir wheels/dist .
env -u CFLAGS CC="$work/bin/zig-cc" CXX="$work/bin/zig-c++" LDSHARED="$work/bin/zig-cc -shared" \
    LDCXXSHARED="$work/bin/zig-c++ -shared" ZIG_GLOBAL_CACHE_DIR="$work/zig" \
    "$python" -m pip wheel --quiet --no-deps -w "$work/raw" wheels/dist/*.tar.gz
auditwheel repair --plat "manylinux2014_$(uname -m)" -w wheels/dist "$work"/raw/*.whl
auditwheel show wheels/dist/*.whl
abi3audit --strict --summary wheels/dist/*.whl
ls -l wheels/dist
[ "${1:-}" = no-tests ] || "${PYTHON:-python3}" wheels/check_wheel.py --all wheels/dist/*.whl

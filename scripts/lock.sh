#!/bin/sh
# Writes every requirements*.lock again from pyproject.toml, with hashes, for Python 3.11 and newer on any machine.
# What is locked stays as it is unless pyproject.toml forces a change; `sh scripts/lock.sh --upgrade` takes what is new.
# No lock names an index: where packages come from is the business of the machine that installs them.
set -eu
cd "$(dirname "$0")/.."

python=.venv/bin/python
[ -x "$python" ] || python="${PYTHON:-python3}"
if [ -x .venv/bin/uv ]; then
    uv=.venv/bin/uv
elif command -v uv >/dev/null; then
    uv=uv
else
    tools=$(mktemp -d)
    trap 'rm -rf "$tools"' EXIT
    echo "· getting uv (into a folder that goes away again)"
    "$python" -m venv "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check uv
    uv="$tools/bin/uv"
fi

lock() { # name, then what `uv pip compile` needs to know
    name=$1
    shift
    echo "· $name"
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-header --no-annotate --output-file "$name" "$@"
    if grep -n '://' "$name"; then
        echo "$name names an address (above); it must not." >&2
        exit 1
    fi
}

# The order matters: each later lock is held to the versions of the first, so that they can share one environment.
lock requirements.lock pyproject.toml --extra dev --extra espeak --extra pictures --extra vectors --extra whisper "$@"
lock requirements-runtime.lock pyproject.toml --extra espeak --constraint requirements.lock "$@"
lock requirements-train.lock pyproject.toml --extra train --extra espeak --constraint requirements.lock "$@"
# What builds the wheel, from the [build-system] table, which uv does not read by itself.
"$python" - <<'PY' | lock requirements-build.lock - --constraint requirements.lock "$@"
import tomllib

with open("pyproject.toml", "rb") as project:
    print("\n".join(tomllib.load(project)["build-system"]["requires"]))
PY

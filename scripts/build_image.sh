#!/bin/sh
# Builds the image of ./Containerfile on a machine without a container registry, then proves that it works.
#
# The base image is made here with mmdebstrap, from the mirror the machine's own apt uses, and stored under the name the
# Containerfile asks for; so the Containerfile is built as it stands. The machine's pip configuration, its certificates
# and its local wheel folders are lent to the build by mounting them: the Containerfile knows nothing of them, and no
# layer keeps them.
#
# Environment: MIRROR  a Debian mirror, where the machine's apt has none (Ubuntu)
#              IMAGE   the image's name, "centralita" unless given
#              CONTEXT the folder to build, the checkout unless given
set -eu
cd "$(dirname "$0")/.."

work=$PWD/.cache/image
image=localhost/${IMAGE:-centralita}
context=${CONTEXT:-$PWD}
# The name both stages of the Containerfile start from.
from=$(sed -n 's/^FROM \([^ ]*\).*/\1/p' "$context/Containerfile" | head -n 1)
suite=bookworm
# python3-venv: what the real base brings with it. python3-minimal would not do, it has no asyncio.
base_packages=python3,python3-venv,ca-certificates

say() { echo "· $*"; }
give_up() {
    echo "build_image.sh: $*" >&2
    exit 3
}

[ -n "$from" ] || give_up "no FROM in $context/Containerfile"
[ "$(id -u)" = 0 ] || give_up "needs root (mmdebstrap and buildah's chroot isolation): sudo make image.
Without root: podman build --format docker -t centralita -f Containerfile .   (docs/container.md)"

mkdir -p "$work"
chmod 700 "$work"
loan=$(mktemp -d "$work/loan.XXXXXX")
container=
# shellcheck disable=SC2086 # the options are words
clean_up() {
    [ -z "$container" ] || buildah $store rm "$container" >/dev/null 2>&1 || true
    rm -rf "$loan"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# ── tools ──────────────────────────────────────────────────────────────────────────────────────────────────────────
missing=
for tool in buildah mmdebstrap; do
    command -v "$tool" >/dev/null || missing="$missing $tool"
done
if [ -n "$missing" ]; then
    command -v apt-get >/dev/null || give_up "please install$missing"
    say "installing$missing"
    apt-get update -qq
    # shellcheck disable=SC2086 # one word per package
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
# vfs and chroot: slower than overlay and runc, and at home wherever we are, inside a container too.
store="--root $work/store --runroot $work/run --storage-driver vfs"
export BUILDAH_ISOLATION=chroot
# shellcheck disable=SC2086
b() { command=$1 && shift && buildah $store "$command" "$@"; }

# ── base ───────────────────────────────────────────────────────────────────────────────────────────────────────────
recipe="$from = $suite + $base_packages"
if [ "$(cat "$work/base" 2>/dev/null)" = "$recipe" ] && b inspect --type image "$from" >/dev/null 2>&1; then
    say "base image $from is there"
else
    say "making the base image $from with mmdebstrap (about a minute)"
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -r "$keyring" ] || give_up "no $keyring: apt-get install debian-archive-keyring"
    # Our suite and its security updates, where the machine's apt gets them; any Debian's mirror has our suite too.
    command -v apt-get >/dev/null || give_up "needs apt, to ask which mirror this machine uses"
    apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(SITE)' 'Identifier: Packages' | sort -u >"$loan/targets"
    mirror=${MIRROR:-$(awk '$1 == "Debian" && $2 !~ /security/ { print $3; exit }' "$loan/targets")}
    [ -n "$mirror" ] || give_up "the machine's apt knows no Debian mirror; name one: MIRROR=<address> make image"
    security=$(awk -v suite="$suite-security" '$1 == "Debian" && $2 == suite { print $3; exit }' "$loan/targets")
    {
        echo "deb [signed-by=$keyring] $mirror $suite main"
        [ -z "$security" ] || echo "deb [signed-by=$keyring] $security $suite-security main"
    } >"$loan/sources.list"
    # The image needs no package lists, no manuals, and not this machine's mirror.
    mmdebstrap --quiet --mode=root --variant=minbase --include="$base_packages" \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
        --customize-hook='rm -f "$1/etc/apt/sources.list" "$1"/etc/apt/sources.list.d/*' \
        --customize-hook='rm -f "$1/etc/resolv.conf" "$1/etc/hostname"' \
        "$suite" "$loan/base.tar" "$loan/sources.list"
    container=$(b from scratch)
    b add "$container" "$loan/base.tar" / >/dev/null
    b config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --cmd python3 "$container"
    b commit --quiet --rm --format docker "$container" "$from" >/dev/null
    container=
    rm "$loan/base.tar"
    echo "$recipe" >"$work/base"
fi

# ── what the machine lends ─────────────────────────────────────────────────────────────────────────────────────────
# One pip.conf out of every place the machine's pip is configured in (files and environment), and the folders it names,
# under neutral names: of all this the image keeps empty mount points at most.
python3 -m pip --disable-pip-version-check config list >"$loan/pip.list" 2>/dev/null || : >"$loan/pip.list"
python3 - "$loan" >"$loan/mounts" <<'PY'
import ast
import pathlib
import sys
from urllib.parse import unquote, urlsplit

loan = pathlib.Path(sys.argv[1])
configured = {}
# The environment outranks the files: it comes last.
for line in sorted((loan / "pip.list").read_text().splitlines(), key=lambda line: line.startswith(":env:")):
    name, _, value = line.partition("=")
    section, _, option = name.rpartition(".")
    if section in ("global", "install", ":env:"):
        configured[option] = ast.literal_eval(value)

inside = {}  # folder here -> folder there


def lend(place: str, is_index: bool) -> str:
    """The address or folder as the build sees it; a folder of this machine is mounted for it."""
    if not place.startswith(("file:", "/")):
        return place
    folder = pathlib.Path(unquote(urlsplit(place).path)).resolve()
    if not folder.is_dir():
        return place
    # The pages of an index point at files beside the folder they lie in.
    shared = folder.parent if is_index and folder.parent != folder.parent.parent else folder
    there = inside.setdefault(shared, pathlib.PurePosixPath(f"/mnt/lent{len(inside)}")) / folder.relative_to(shared)
    return there.as_uri() if is_index else str(there)


settings = {
    option: " ".join(lend(place, option != "find-links") for place in configured[option].split())
    for option in ("index-url", "extra-index-url", "find-links")
    if option in configured
}
for option in ("trusted-host", "proxy", "no-index", "timeout", "default-timeout"):
    if option in configured:
        settings[option] = configured[option]
bundle = "/etc/ssl/certs/ca-certificates.crt"  # where Debian's OpenSSL, hence Python, looks by itself
certificates = pathlib.Path(configured.get("cert", bundle))
if certificates.is_file():
    settings["cert"] = bundle
    print(f"{certificates.resolve()}:{bundle}:ro")
for here, there in inside.items():
    print(f"{here}:{there}:ro")
conf = loan / "pip.conf"
conf.write_text("[global]\n" + "".join(f"{option} = {value}\n" for option, value in settings.items()))
print(f"{conf}:/etc/pip.conf:ro")
PY
set --
while read -r mount; do
    set -- "$@" --volume "$mount"
done <"$loan/mounts"

# ── build ──────────────────────────────────────────────────────────────────────────────────────────────────────────
say "building $image"
if ! b bud --quiet --pull-never --format docker --tag "$image" "$@" \
    --ignorefile "$context/.containerignore" --file "$context/Containerfile" "$context" >"$work/build.log" 2>&1; then
    tail -n 40 "$work/build.log" >&2
    give_up "the build failed; all it said is in $work/build.log"
fi

b rmi --prune >/dev/null 2>&1 || true # the image this one replaces: a whole copy, with vfs

# ── proof: without a loan, as the user of the image ────────────────────────────────────────────────────────────────
container=$(b from --pull-never "$image")
failures=0
inside() { b run "$container" -- "$@"; }
prove() { # what is claimed, then the command that shows it
    claim=$1
    shift
    if "$@" >"$loan/said" 2>&1; then
        echo "  ok    $claim"
    else
        echo "  FAIL  $claim"
        sed 's/^/        /' "$loan/said" | tail -n 12
        failures=$((failures + 1))
    fi
}
# 0 and 1 are the health check's words for yes and no; anything else, or an answer that is not JSON, is neither.
health_answers() {
    verdict=0
    inside centralita health --json >"$loan/health" 2>"$loan/health.err" || verdict=$?
    cat "$loan/health.err"
    [ "$verdict" -le 1 ] && python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$loan/health"
}
modules=$(python3 - "$context" <<'PY'
import pathlib
import sys
import tomllib

root = pathlib.Path(sys.argv[1])
project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
print(",".join(name for name in packages if any(path.is_file() for path in (root / name).rglob("*"))))
PY
)

say "trying it"
prove "it runs as user 10001, not as root" inside sh -c '[ "$(id -u):$(id -g)" = 10001:10001 ]'
prove "imports: $modules" inside python3 -c "import $modules"
prove "every locked engine library loads" inside python3 -W error -c '
import ctypes, espeakng_loader, httpx2, numpy, onnxruntime, rapidfuzz, soxr, uvloop, webrtcvad, websockets
ctypes.CDLL(espeakng_loader.get_library_path())'
prove "the voice detector is there and onnxruntime reads it" inside python3 -c '
from onnxruntime import InferenceSession
InferenceSession(".cache/silero/silero_vad.onnx", providers=["CPUExecutionProvider"])'
prove "centralita --help" inside centralita --help
prove "the health check answers in JSON (0 or 1)" health_answers
prove "the image carries the health check" \
    sh -c "buildah $store inspect --type image --format '{{.Docker.Config.Healthcheck}}' $image | grep -q health"
prove "agents can be read" inside sh -c 'ls agents/*.toml && cat agents/*.toml >/dev/null'
prove "its data folder is its own" inside sh -c 'touch data/.try && rm run/.try'
prove "its program is not its own" inside sh -c '! touch /opt/centralita/.try 2>/dev/null'
prove "no pip in it, no pip cache, no build folder" inside sh -c '
! /opt/centralita/bin/python3 -m pip --version 2>/dev/null && [ ! -e /root/.cache ] && [ ! -e /build ]'
prove "nothing the machine lent stayed" inside sh -c '[ ! -s /etc/pip.conf ] && ! find /mnt /opt -name "*.whl" | grep .'

size=$(b images --format '{{.Size}}' "$image")
own=$(inside du -sm /opt/centralita | cut -f 1)
say "$image: $size, of which $own MB are Centralita and its libraries"
[ "$failures" = 0 ] || give_up "$failures of the proofs failed"
say "all proofs hold"

#!/bin/sh
# Makes .venv, then .cache/{silero,asterisk,postgres,fail2ban}. Run it as often as you like; what is there stays.
set -eu
cd "$(dirname "$0")/.."
python="${PYTHON:-python3}"

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "centralita needs Python 3.11 or newer; '$python' is $("$python" --version 2>&1). Try: make PYTHON=python3.12 …" >&2
    exit 3
}
if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "· installing the venv module (apt-get install python3-venv)"
        apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
    else
        echo "Python's venv module is missing. Install it (Debian/Ubuntu: sudo apt-get install python3-venv) and try again." >&2
        exit 3
    fi
fi

lock_now=$(cksum requirements.lock)
if [ ! -x .venv/bin/python ] || [ "$(cat .venv/.lock 2>/dev/null)" != "$lock_now" ]; then
    echo "· making .venv (about 140 packages, hashes checked)"
    "$python" -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
    echo "$lock_now" > .venv/.lock
fi
# Our own packages run from the checkout: a path file and two small commands instead of an editable build.
.venv/bin/python - <<'PY'
import pathlib, site, sys
root = pathlib.Path.cwd()
(pathlib.Path(site.getsitepackages()[0]) / "centralita-checkout.pth").write_text(f"{root}\n", encoding="utf-8")
command = pathlib.Path(".venv/bin/centralita")
command.write_text(
    f"#!{sys.executable}\nfrom centralita.cli import main\n\nif __name__ == '__main__':\n    main()\n", encoding="utf-8"
)
command.chmod(0o755)
PY
.venv/bin/python scripts/get_silero.py --out .cache/silero ||
    echo "· going on without the voice detector's model: webrtcvad serves alone (centralita health says so)" >&2
.venv/bin/python scripts/get_asterisk.py --cache .cache/asterisk
.venv/bin/python scripts/get_postgres.py --cache .cache/postgres ||
    echo "· going on without PostgreSQL: only the tests of the database need it" >&2
.venv/bin/python scripts/get_fail2ban.py --cache .cache/fail2ban ||
    echo "· going on without fail2ban-regex: only the test of the fail2ban filter needs it" >&2

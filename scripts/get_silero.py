"""Fetch Silero's voice-detection model (2 MB) out of its package, without the package's requirements.

Those pull in several gigabytes of torch, of which the ONNX file needs nothing. Uses the interpreter's own pip with
whatever index it is configured for. Standard library only: it runs before anything is installed.

    python scripts/get_silero.py --out .cache/silero
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "silero-vad==6.2.3"
MEMBER = "silero_vad/data/silero_vad.onnx"
SHA256 = "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3"


def main() -> int:
    """Return 0 when the right file is in place, else 1 after saying what happened."""
    parser = argparse.ArgumentParser(description="Fetch Silero's voice-detection model out of its package.")
    parser.add_argument("--out", type=Path, required=True, help="folder that receives silero_vad.onnx")
    target: Path = parser.parse_args().out / "silero_vad.onnx"
    if target.is_file() and is_genuine(target.read_bytes()):
        return 0
    try:
        model = model_from_package()
    except (subprocess.CalledProcessError, OSError, KeyError, zipfile.BadZipFile) as exc:
        print(
            f"! {PACKAGE} could not be fetched ({type(exc).__name__}). Calls work without it: webrtcvad",
            file=sys.stderr,
        )
        print("  alone detects voices then. Try again with the network up, or check pip's settings.", file=sys.stderr)
        return 1
    if not is_genuine(model):
        print(f"! {MEMBER} of {PACKAGE} is not the file we know (sha256 differs); it was not kept.", file=sys.stderr)
        return 1
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    part.write_bytes(model)
    part.replace(target)
    print(f"· {target}: voice-detection model of {PACKAGE}")
    return 0


def is_genuine(model: bytes) -> bool:
    """True for exactly the file we measured."""
    return hashlib.sha256(model).hexdigest() == SHA256


def model_from_package() -> bytes:
    """Download the wheel alone and return the model inside it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*command, "--only-binary=:all:", "--dest", folder, PACKAGE], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(MEMBER)


if __name__ == "__main__":
    sys.exit(main())

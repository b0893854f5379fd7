"""The manifest: which devices there are, their tokens, and where their files lie.

`manifest.json` in a folder, the files beside it:

    {"version": 1, "devices": [{
        "id": "oficina", "token": "…", "clients": ["192.168.1.50/32"], "one_time": true, "edition": 1,
        "files": [{"name": "cfg000b82aabbcc.xml", "path": "oficina/cfg000b82aabbcc.xml", "media_type": "text/xml"}]}]}

It holds tokens and the files hold passwords: nobody but owner and group may read them, or we do not start.
"""

import json
import re
import secrets
from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, SecretStr, ValidationError

from device_server.errors import BadManifest
from device_server.private_file import is_open_to_all, replace_file
from device_server.shelf import ShelvedDevice
from fxo_templates.model import DeviceFile

MANIFEST_NAME: Final = "manifest.json"
MOST_FILE_BYTES: Final = 8 * 1024 * 1024
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._$-]{0,79}")
"""A file's name or a device's id: no slash, no leading dot, nothing that a path could hide in."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{22,128}")
"""22 letters of 64 kinds are 132 bits."""


class _Strict(BaseModel):
    # an input is not repeated in errors: it may be a token
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class _FileRow(_Strict):
    name: str
    path: str
    media_type: Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9.+-]+$")] = "application/octet-stream"


class _DeviceRow(_Strict):
    id: str
    token: SecretStr
    clients: Annotated[tuple[IPvAnyNetwork, ...], Field(min_length=1)]
    files: Annotated[tuple[_FileRow, ...], Field(min_length=1)]
    one_time: bool = True
    edition: Annotated[int, Field(ge=1)] = 1


class _Manifest(_Strict):
    version: Annotated[int, Field(ge=1, le=1)]
    devices: tuple[_DeviceRow, ...]


def new_token() -> str:
    """Return a token for one device: 32 letters, 192 bits."""
    return secrets.token_urlsafe(24)


def manifest_file(path: Path) -> Path:
    """Return the manifest that `path`, a folder or the file itself, means."""
    return path / MANIFEST_NAME if path.is_dir() else path


def load_manifest(path: Path) -> tuple[ShelvedDevice, ...]:
    """Return the devices with their files' content.

    `path`: the folder or the JSON file. Raises: BadManifest.
    """
    file = manifest_file(path)
    text = _read(file, file)
    try:
        manifest = _Manifest.model_validate_json(text)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_context=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise BadManifest(f"{file}: {key + ': ' if key else ''}{first['msg']}") from None
    devices = tuple(_device(file, index, row) for index, row in enumerate(manifest.devices))
    _check(file, devices)
    return devices


def write_manifest(folder: Path, devices: Sequence[ShelvedDevice]) -> Path:
    """Write the files and then the manifest that names them, and return the manifest's path.

    Files of devices that are gone stay; a server that is running sees the new manifest after SIGHUP.
    Raises: BadManifest when a device cannot be served as it is; OSError.
    """
    file = folder / MANIFEST_NAME
    for index, device in enumerate(devices):
        _check_device(file, index, device)
    _check(file, devices)
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    rows = []
    for device in devices:
        (folder / device.id).mkdir(mode=0o750, exist_ok=True)
        for served in device.files:
            replace_file(folder / device.id / served.name, served.content, 0o640)
        rows.append(
            {
                "id": device.id,
                "token": device.token,
                "clients": [str(network) for network in device.clients],
                "one_time": device.one_time,
                "edition": device.edition,
                "files": [
                    {"name": served.name, "path": f"{device.id}/{served.name}", "media_type": served.media_type}
                    for served in device.files
                ],
            }
        )
    replace_file(file, json.dumps({"version": 1, "devices": rows}, indent=2).encode(), 0o640)
    return file


def _device(manifest: Path, index: int, row: _DeviceRow) -> ShelvedDevice:
    root = manifest.parent.resolve()
    files = []
    for place, served in enumerate(row.files):
        path = (root / served.path).resolve()
        if not path.is_relative_to(root):
            raise BadManifest(f"{manifest}: devices.{index}.files.{place}.path: must lie in the manifest's folder")
        files.append(DeviceFile(served.name, _read(path, manifest), served.media_type))
    clients = tuple(ip_network(network) for network in row.clients)
    token = row.token.get_secret_value()
    device = ShelvedDevice(row.id, token, clients, tuple(files), row.one_time, row.edition)
    _check_device(manifest, index, device)
    return device


def _check_device(manifest: Path, index: int, device: ShelvedDevice) -> None:
    place = f"{manifest}: devices.{index}"
    if not _NAME.fullmatch(device.id):
        raise BadManifest(f"{place}.id: must be letters, digits, `.`, `_`, `-`, and begin with a letter or digit")
    if not _TOKEN.fullmatch(device.token):
        raise BadManifest(f"{place}.token: must be 22 to 128 random letters, digits, `-` or `_`")
    if not device.clients:
        raise BadManifest(f"{place}.clients: name the networks this device fetches from")
    names = [served.name.casefold() for served in device.files]
    for name, served in zip(names, device.files, strict=True):
        if not _NAME.fullmatch(served.name):
            raise BadManifest(f"{place}.files: {served.name!r} is no name a device asks for")
        if names.count(name) > 1:
            raise BadManifest(f"{place}.files: {served.name!r} is there twice (case does not count)")


def _check(manifest: Path, devices: Sequence[ShelvedDevice]) -> None:
    """Ids and tokens are each device's own."""
    for index, device in enumerate(devices):
        if any(other.id == device.id for other in devices[:index]):
            raise BadManifest(f"{manifest}: devices.{index}.id: {device.id!r} is there twice")
        if any(other.token == device.token for other in devices[:index]):
            raise BadManifest(f"{manifest}: devices.{index}.token: another device has the same one")


def _read(path: Path, manifest: Path) -> bytes:
    try:
        if is_open_to_all(path):
            raise BadManifest(
                f"{path}: everybody on this machine may read or write it, and it holds secrets: chmod 640"
            )
        if path.stat().st_size > MOST_FILE_BYTES:
            raise BadManifest(f"{path}: is larger than {MOST_FILE_BYTES >> 20} MiB")
        return path.read_bytes()
    except OSError as exc:
        named = f"{manifest}: {path}" if path != manifest else f"{path}"
        raise BadManifest(f"{named}: cannot be read: {exc.strerror}") from exc

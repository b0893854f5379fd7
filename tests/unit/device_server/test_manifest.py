"""The manifest: what is written is what is read, and mistakes are named without repeating a secret."""

import json
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from device_server.errors import BadManifest
from device_server.manifest import load_manifest, new_token, write_manifest
from device_server.shelf import ShelvedDevice
from fxo_templates.model import DeviceFile

DEVICES = (
    ShelvedDevice(
        "oficina",
        "a" * 32,
        (ip_network("192.168.1.50/32"), ip_network("fd00::/64")),
        (DeviceFile("cfg000b82aabbcc.xml", b"<a/>\x00\xff", "text/xml"), DeviceFile("spa$PSN.cfg", b"", "text/plain")),
    ),
    ShelvedDevice(
        "tienda", "b" * 22, (ip_network("10.0.0.0/8"),), (DeviceFile("x.cfg", b"x", "text/plain"),), False, 7
    ),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = write_manifest(tmp_path / "shelf", DEVICES)
    assert load_manifest(file) == load_manifest(tmp_path / "shelf") == DEVICES


def test_only_owner_and_group_may_read_what_is_written(tmp_path: Path) -> None:
    write_manifest(tmp_path / "shelf", DEVICES)
    files = [path for path in (tmp_path / "shelf").rglob("*") if path.is_file()]
    assert len(files) == 4
    assert all(path.stat().st_mode & 0o007 == 0 for path in (tmp_path / "shelf").rglob("*"))


def test_it_may_be_written_again(tmp_path: Path) -> None:
    write_manifest(tmp_path, DEVICES)
    write_manifest(tmp_path, [replace(DEVICES[0], edition=2)])
    assert [device.edition for device in load_manifest(tmp_path)] == [2]


def test_a_token_is_long_random_and_fits() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == 32 for token in tokens)


def test_a_manifest_that_everybody_may_read_is_refused(tmp_path: Path) -> None:
    file = write_manifest(tmp_path, DEVICES)
    file.chmod(0o644)
    with pytest.raises(BadManifest, match="chmod 640"):
        load_manifest(file)
    file.chmod(0o640)
    (tmp_path / "tienda" / "x.cfg").chmod(0o644)
    with pytest.raises(BadManifest, match=r"x\.cfg.*chmod 640"):
        load_manifest(file)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "../x"}, "devices.0.id"),
        ({"id": ""}, "devices.0.id"),
        ({"token": "short-secret"}, "devices.0.token"),
        ({"token": "secret/with/slashes/and-more-of-them"}, "devices.0.token"),
        ({"token": "b" * 22}, "devices.1.token: another device"),
        ({"clients": []}, "devices.0.clients"),
        ({"clients": ["192.168.1.50/24"]}, "devices.0.clients"),
        ({"clients": ["everyone"]}, "devices.0.clients"),
        ({"files": []}, "devices.0.files"),
        ({"files": [{"name": "a", "path": "../../etc/passwd"}]}, "must lie in the manifest's folder"),
        ({"files": [{"name": "a", "path": "/etc/passwd"}]}, "must lie in the manifest's folder"),
        ({"files": [{"name": "a/b", "path": "tienda/x.cfg"}]}, "no name a device asks for"),
        ({"files": [{"name": ".a", "path": "tienda/x.cfg"}]}, "no name a device asks for"),
        ({"files": [{"name": "a", "path": "tienda/x.cfg"}, {"name": "A", "path": "tienda/x.cfg"}]}, "is there twice"),
        ({"files": [{"name": "a", "path": "gone"}]}, "cannot be read"),
        ({"files": [{"name": "a", "path": "tienda/x.cfg", "media_type": "x\r\nEvil: 1"}]}, "media_type"),
        ({"edition": 0}, "devices.0.edition"),
        ({"one_tme": True}, "devices.0.one_tme"),
        ({"id": "tienda"}, "devices.1.id: 'tienda' is there twice"),
    ],
)
def test_a_mistake_is_named_and_no_token_repeated(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    file = write_manifest(tmp_path, DEVICES)
    document = json.loads(file.read_text())
    document["devices"][0] |= change
    file.write_text(json.dumps(document))
    with pytest.raises(BadManifest, match=message) as refused:
        load_manifest(file)
    assert str(file) in str(refused.value)
    assert "secret" not in str(refused.value)
    assert "b" * 22 not in str(refused.value)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"version": 2, "devices": []}', '{"devices": []}'])
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "manifest.json"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(BadManifest, match=r"manifest\.json"):
        load_manifest(tmp_path)


def test_a_manifest_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadManifest, match=r"manifest\.json: cannot be read"):
        load_manifest(tmp_path)


def test_a_device_that_could_not_be_served_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(BadManifest, match=r"devices\.0\.token"):
        write_manifest(tmp_path / "shelf", [replace(DEVICES[0], token="short")])
    assert not (tmp_path / "shelf").exists()

"""A real Asterisk asked what it reads from a configuration: through AMI's GetConfig, and through what it then has."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from provisioning.asterisk_conf.sections import Tree
from provisioning.private_pbx import PrivatePbx

Read = list[tuple[str, list[str]]]
"""Sections by name, with their lines as `key=value`, in order."""

_SECTION: Final = re.compile(r"Category-(\d+): (.*)")
_LINE: Final = re.compile(r"Line-(\d+)-(\d+): (.*)")


def read_by_us(tree: Tree) -> Read | None:
    """Return the same of our own reading."""
    if tree.is_refused:
        return None
    return [(each.name, [f"{entry.key}={entry.value}" for entry in each.entries]) for each in tree.sections]


def write_files(pbx: PrivatePbx, files: Mapping[str, str]) -> None:
    """Put configuration files into the folder of a private PBX."""
    for name, text in files.items():
        path = pbx.folder / "etc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))


async def read_by_asterisk(pbx: PrivatePbx, root: str) -> Read | None:
    """Return what Asterisk reads from a file, templates included, or None when it refuses it."""
    answer = await _ami(pbx, {"Action": "GetConfig", "Filename": root, "Filter": "TEMPLATES=include"})
    if "Response: Success" not in answer:
        return None
    sections: Read = []
    for line in answer.split("\r\n"):
        if found := _SECTION.fullmatch(line):
            sections.append((found[2], []))
        elif found := _LINE.fullmatch(line):
            sections[int(found[1])][1].append(found[3])
    return sections


async def _ami(pbx: PrivatePbx, action: Mapping[str, str]) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", pbx.ports.ami)
    try:
        await reader.readline()  # its greeting
        login = {"Action": "Login", "Username": pbx.plan.ami_user, "Secret": pbx.plan.ami_password, "Events": "off"}
        await _request(reader, writer, login)
        return await _request(reader, writer, action)
    finally:
        writer.close()
        await writer.wait_closed()


async def _request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fields: Mapping[str, str]) -> str:
    writer.write("".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\n")
    while True:
        answer = (await reader.readuntil(b"\r\n\r\n")).decode("utf-8", "surrogateescape")
        if answer.startswith("Response:"):
            return answer


def etc_of(pbx: PrivatePbx) -> Path:
    """Return its configuration folder."""
    return pbx.folder / "etc"


MODULES: Final = (
    "res_pjsip_endpoint_identifier_ip",
    "res_pjsip_outbound_registration",
    "res_pjsip_outbound_publish",
)
"""What reads objects of pjsip.conf and is no part of the private PBX's usual list."""

_RELOADED: Final = ("res_pjsip", *MODULES, "res_pjsip_acl", "res_pjsip_pubsub")


def reload_pjsip(pbx: PrivatePbx) -> None:
    """Make a private PBX read its pjsip.conf again."""
    for module in _RELOADED:
        pbx.cli(f"module reload {module}.so", seconds=60)


def has(pbx: PrivatePbx, object_type: str, name: str) -> bool:
    """Return whether it has an object."""
    shown = pbx.cli(f"pjsip show {object_type} {name}")
    assert "No such command" not in shown, shown
    return "Unable to find" not in shown and name in shown


def log_since(pbx: PrivatePbx, begin: str = "") -> str:
    """Return its log, without what `log_since` returned before."""
    return pbx.log_path.read_text("utf-8", "replace").removeprefix(begin)

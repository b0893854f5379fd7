"""Changes to the config file that keep a person's comments and order; a change that would not load is not written."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit import TOMLDocument
from tomlkit.items import AoT, Table

from provisioning.model.loading import parse_telephony
from provisioning.model.telephony import TelephonyReceptionConfig
from vocabulary.errors import ConfigurationError


class ConfigFile:
    """`telephony.toml`, open for changes; nothing is written before `save`."""

    def __init__(self, path: Path, document: TOMLDocument) -> None:
        self.path = path
        self._document = document

    @classmethod
    def open(cls, path: Path) -> "ConfigFile":
        """Read the file, or begin a new one when there is none.

        Raises: ConfigurationError when it is JSON (written by a program: change it there) or not TOML.
        """
        if path.suffix == ".json":
            raise ConfigurationError(f"{path}: commands that change the config write TOML only")
        if not path.exists():
            return cls(path, tomlkit.document())
        try:
            return cls(path, tomlkit.parse(path.read_text(encoding="utf-8")))
        except (tomlkit.exceptions.TOMLKitError, UnicodeDecodeError, OSError) as exc:
            raise ConfigurationError(f"{path}: {exc}") from exc

    def checked(self) -> TelephonyReceptionConfig:
        """Return the config as it would be. Raises: Misconfigured."""
        return parse_telephony(self._document.unwrap(), str(self.path), self.path.parent)

    def text(self) -> str:
        """Return the file as it would be written."""
        return tomlkit.dumps(self._document)

    def save(self) -> TelephonyReceptionConfig:
        """Write the file (a new one, renamed over the old) when it loads; return what it says.

        Raises: Misconfigured; then the file is as it was.
        """
        config = self.checked()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        mode = self.path.stat().st_mode & 0o777 if self.path.exists() else 0o640
        part = self.path.with_name(f".{self.path.name}.part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
            file.write(self.text())
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path)
        return config

    # -- what changes -------------------------------------------------------------------------------------------------

    def put(self, key: str, value: object) -> None:
        """Set one value at a dotted key, making the tables above it."""
        *tables, name = key.split(".")
        table: Any = self._document
        for part in tables:
            if part not in table:
                table.add(part, tomlkit.table(is_super_table=True))
            table = table[part]
        table[name] = value

    def add_table(self, key: str, values: Mapping[str, object]) -> None:
        """Add a table at a dotted key.

        Raises: ConfigurationError when there is one.
        """
        *tables, name = key.split(".")
        parent: Any = self._document
        for part in tables:
            if part not in parent:
                parent.add(part, tomlkit.table(is_super_table=True))
            parent = parent[part]
        if name in parent:
            raise ConfigurationError(f"{key} is there already")
        parent.add(name, _table(values))

    def remove_table(self, key: str) -> None:
        """Remove what is at a dotted key. Raises: ConfigurationError when there is nothing."""
        *tables, name = key.split(".")
        parent: Any = self._document
        for part in tables:
            parent = parent.get(part, {})
        if name not in parent:
            raise ConfigurationError(f"there is no {key}")
        parent.remove(name)

    def add_did(self, trunk_key: str, values: Mapping[str, object]) -> None:
        """Add a number to the gateway or carrier at `trunk_key`, like "gateways.oficina"."""
        trunk: Any = self._document
        for part in trunk_key.split("."):
            trunk = trunk[part]
        dids = trunk.get("dids")
        if isinstance(dids, AoT):
            dids.append(_table(values))
        elif dids is None:
            array = tomlkit.aot()
            array.append(_table(values))
            trunk.add("dids", array)
        else:
            inline = tomlkit.inline_table()
            inline.update(values)
            dids.append(inline)

    def remove_did(self, trunk_key: str, position: int) -> None:
        """Remove the number at a position (from 0) of a trunk's list."""
        trunk: Any = self._document
        for part in trunk_key.split("."):
            trunk = trunk[part]
        del trunk["dids"][position]
        if not len(trunk["dids"]):
            del trunk["dids"]


def _table(values: Mapping[str, object]) -> Table:
    table = tomlkit.table()
    for name, value in values.items():
        if isinstance(value, Mapping):
            inline = tomlkit.inline_table()
            inline.update(value)
            table.add(name, inline)
        else:
            table.add(name, value)
    return table

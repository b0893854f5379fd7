"""Which object types and options pjsip.conf has in one major version of Asterisk.

Shipped as JSON per major version (`scripts/make_pjsip_schema.py` writes it); the documentation of the Asterisk that is
installed, where it is at hand, is better.
"""

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provisioning.asterisk_conf.option_kinds import KINDS, WORDS, Kind, kind_of
from provisioning.finding import Finding
from vocabulary.errors import ConfigurationError

SHIPPED: Final = Path(__file__).resolve().parent / "schemas"
"""Holds `pjsip_22.json` and its like."""

_NOT_IN_THE_FILE: Final = frozenset({"contact", "subscription_persistence"})
"""Types that Asterisk documents and keeps elsewhere (astdb); in pjsip.conf nobody reads them."""
_MAJOR: Final = re.compile(r"\D*(\d+)")


@dataclass(frozen=True, slots=True)
class Option:
    """One option of an object type."""

    kind: Kind
    default: str | None = None
    """As documented; None: the documentation says nothing."""
    words: tuple[str, ...] = ()
    """What an enumeration takes, or what a list may hold (nothing: anything)."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The object types of pjsip.conf."""

    major: int
    types: Mapping[str, Mapping[str, Option]]
    """Type → option → what it takes. Options are in lower case: Asterisk compares without case."""
    origin: str
    """Where it comes from, for people."""

    def option(self, object_type: str, name: str) -> Option | None:
        """Return an option, or None when the type has no such option."""
        return self.types.get(object_type, {}).get(name.lower())

    def as_json(self) -> str:
        """Return the text that `schema_from_json` reads."""
        types = {
            object_type: {
                name: {
                    "kind": option.kind,
                    **({"default": option.default} if option.default is not None else {}),
                    **({"words": list(option.words)} if option.words else {}),
                }
                for name, option in sorted(options.items())
            }
            for object_type, options in sorted(self.types.items())
        }
        return json.dumps({"major": self.major, "origin": self.origin, "types": types}, indent=1) + "\n"


def schema_for(version: str, data_dir: Path | None = None) -> tuple[Schema, tuple[Finding, ...]]:
    """Return the schema for an Asterisk, and what there is to say about it.

    `version` is what Asterisk prints (`22.10.1`, `Asterisk certified/20.7-cert1`), `data_dir` its `astdatadir`: when
    its documentation lies there, that is read. Else the shipped schema of that major version, or of the nearest one
    with a notice.

    Raises: ConfigurationError when `version` holds no number, or none is shipped.
    """
    found = _MAJOR.match(version)
    if found is None:
        raise ConfigurationError(f"'{version}' is no version of Asterisk: something like 22.10.1 was expected")
    major = int(found[1])
    trouble: tuple[Finding, ...] = ()
    documentation = data_dir / "documentation" / "core-en_US.xml" if data_dir else None
    if documentation is not None and documentation.is_file():
        try:
            return schema_from_xml(documentation, major), ()
        except ConfigurationError as exc:
            trouble = (Finding("notice", "schema-unreadable", f"{exc}; the shipped one is used"),)
    shipped, notice = shipped_schema(major)
    return shipped, trouble + notice


def shipped_schema(major: int) -> tuple[Schema, tuple[Finding, ...]]:
    """Return the shipped schema of a major version, or the nearest one (of two, the newer) with a notice.

    Raises: ConfigurationError when none is shipped: the installation is damaged.
    """
    have = {int(path.stem.removeprefix("pjsip_")): path for path in SHIPPED.glob("pjsip_*.json")}
    if not have:
        raise ConfigurationError(f"there is no schema of pjsip.conf in {SHIPPED}: install centralita again")
    nearest = min(have, key=lambda one: (abs(one - major), -one))
    schema = schema_from_json(have[nearest].read_text("utf-8"))
    if nearest == major:
        return schema, ()
    message = f"no schema for Asterisk {major} is shipped: pjsip.conf is checked against the options of {nearest}"
    return schema, (Finding("notice", "schema-of-another-version", message, "pjsip.conf"),)


def schema_from_json(text: str) -> Schema:
    """Return what `Schema.as_json` wrote.

    Raises: ConfigurationError when it is something else.
    """
    try:
        raw = json.loads(text)
        types = {
            str(object_type): {
                str(name): Option(_kind(option["kind"]), option.get("default"), tuple(option.get("words", ())))
                for name, option in options.items()
            }
            for object_type, options in raw["types"].items()
        }
        return Schema(int(raw["major"]), types, str(raw["origin"]))
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise ConfigurationError(f"this is no schema of pjsip.conf: {exc}") from exc


def schema_from_xml(path: Path, major: int) -> Schema:
    """Return the schema that Asterisk's own documentation (`core-en_US.xml`) describes.

    Raises: ConfigurationError when the file is no such documentation.
    """
    types: dict[str, dict[str, Option]] = {}
    try:
        # only what an installed package brought, never a stranger's file
        for _, element in ElementTree.iterparse(path):
            if element.tag == "configFile" and element.get("name") == "pjsip.conf":
                for described in element.iter("configObject"):
                    object_type = described.get("name", "")
                    if object_type not in _NOT_IN_THE_FILE:
                        types.setdefault(object_type, {}).update(_options(object_type, described))
            elif element.tag in ("application", "function", "manager", "managerEvent", "agi"):
                element.clear()
    except (ElementTree.ParseError, OSError) as exc:
        raise ConfigurationError(f"{path} is no documentation of Asterisk: {exc}") from exc
    if "endpoint" not in types:
        raise ConfigurationError(f"{path} describes no pjsip.conf: is chan_pjsip installed?")
    return Schema(major, types, f"documentation of Asterisk {major}")


def _options(object_type: str, described: ElementTree.Element) -> Iterator[tuple[str, Option]]:
    for option in described.findall("configOption"):
        name = option.get("name", "").lower()
        if not name or name == "*":
            continue
        words = tuple(dict.fromkeys(word.get("name", "") for word in option.iter("enum")))
        words = WORDS.get(f"{object_type}/{name}", words)
        kind = kind_of(object_type, name, option.get("default"), words)
        yield name, Option(kind, option.get("default"), words if kind in ("enum", "list") else ())


def _kind(word: str) -> Kind:
    kind = KINDS.get(word)
    if kind is None:
        raise ValueError(f"unknown kind {word!r}")
    return kind

"""Country profiles on disk: the shipped ones in `countries/`, and those a tone-learning run has written."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Final, get_args

import tomlkit

from fxo_templates.country import (
    CALLER_ID_TYPES,
    IMPEDANCES,
    Cadence,
    CallerId,
    CallerIdType,
    CountryProfile,
    Impedance,
    LineImpedance,
    Mark,
    Ring,
    Tone,
)
from vocabulary.errors import ConfigurationError

TONES: Final = ("dial", "busy", "congestion", "ringback")

_GUESS: Final = "a guess: 425 Hz is the usual frequency where nothing else is known; learn the tone of this line"


def shipped_countries() -> tuple[str, ...]:
    """Return the ISO codes that have a profile, sorted."""
    folder = resources.files("fxo_templates") / "countries"
    return tuple(sorted(entry.name[:2].upper() for entry in folder.iterdir() if entry.name.endswith(".toml")))


def country_profile(iso: str) -> CountryProfile:
    """Return the shipped profile of a country, or for any other country one in which every value is a guess.

    Raises: ConfigurationError when `iso` is not two letters.
    """
    code = iso.upper()
    if len(code) != 2 or not code.isascii() or not code.isalpha():
        raise ConfigurationError(f"country: {iso!r} is no ISO code of two letters, such as MX or ES")
    if code in shipped_countries():
        name = f"{code.lower()}.toml"
        text = (resources.files("fxo_templates") / "countries" / name).read_text(encoding="utf-8")
        return parse_profile(text, f"countries/{name}")
    busy = Tone((425,), ((500, 500),), _GUESS, "guessed")
    return CountryProfile(
        iso=code,
        name=code,
        name_es=code,
        dial=Tone((425,), (), _GUESS, "guessed"),
        busy=busy,
        congestion=replace(busy, cadence_ms=((250, 250),)),
        ringback=Tone((425,), ((1000, 4000),), _GUESS, "guessed"),
        ring=Ring(((1000, 4000),), _GUESS, "guessed"),
        caller_id=CallerId("bellcore_fsk", "a guess: try the others when no number arrives", "guessed"),
        impedance=LineImpedance("600", "a guess: change it when there is echo", "guessed"),
    )


def load_profile(path: Path) -> CountryProfile:
    """Return the profile in a file, such as one that `write_profile` has written.

    Raises: ConfigurationError naming the file and the key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigurationError(f"{path}: cannot be read as a country profile: {exc}") from exc
    return parse_profile(text, str(path))


def write_profile(path: Path, profile: CountryProfile) -> None:
    """Write a profile so that `load_profile` gives it back. It holds no secrets."""
    path.write_text(profile_text(profile), encoding="utf-8")


def profile_text(profile: CountryProfile) -> str:
    """Return a profile as TOML."""
    document = tomlkit.document()
    document["iso"], document["name"], document["name_es"] = profile.iso, profile.name, profile.name_es
    for name, value in profile.values().items():
        table = tomlkit.table()
        match value:
            case Tone():
                table["frequencies_hz"] = list(value.frequencies_hz)
                table["cadence_ms"] = [list(pair) for pair in value.cadence_ms]
            case Ring():
                table["cadence_ms"] = [list(pair) for pair in value.cadence_ms]
            case CallerId():
                table["type"] = value.type
            case LineImpedance():
                table["value"] = value.value
        table["source"], table["mark"] = value.source, value.mark
        document[name] = table
    return tomlkit.dumps(document)


def parse_profile(text: str, source: str) -> CountryProfile:
    """Return the profile a TOML text describes; `source` names it in errors.

    Raises: ConfigurationError naming the key.
    """
    try:
        document: Mapping[str, object] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise ConfigurationError(f"{source}: is not valid TOML: {exc}") from exc
    reader = _Reader(source)
    known = {"iso", "name", "name_es", *TONES, "ring", "caller_id", "impedance", "hang_up"}
    unknown = sorted(set(document) - known)
    if unknown:
        raise ConfigurationError(f"{source}: {unknown[0]}: is not known; there are {', '.join(sorted(known))}")
    iso = reader.text(document, "iso")
    tones = {name: reader.tone(document, name) for name in TONES}
    ring, caller_id, impedance = (reader.table(document, name) for name in ("ring", "caller_id", "impedance"))
    return CountryProfile(
        iso=iso,
        name=reader.text(document, "name"),
        name_es=reader.text(document, "name_es"),
        dial=tones["dial"],
        busy=tones["busy"],
        congestion=tones["congestion"],
        ringback=tones["ringback"],
        ring=Ring(reader.cadence(ring, "ring"), reader.text(ring, "source", "ring."), reader.mark(ring, "ring")),
        caller_id=CallerId(
            reader.caller_id_type(caller_id),
            reader.text(caller_id, "source", "caller_id."),
            reader.mark(caller_id, "caller_id"),
        ),
        impedance=LineImpedance(
            reader.impedance(impedance),
            reader.text(impedance, "source", "impedance."),
            reader.mark(impedance, "impedance"),
        ),
        hang_up=reader.tone(document, "hang_up") if "hang_up" in document else None,
    )


class _Reader:
    """Takes typed values out of a parsed TOML document; says which key is wrong."""

    def __init__(self, source: str) -> None:
        self._source = source

    def _wrong(self, key: str, expected: str) -> ConfigurationError:
        return ConfigurationError(f"{self._source}: {key}: must be {expected}")

    def table(self, document: Mapping[str, object], name: str) -> Mapping[str, object]:
        table = document.get(name)
        if not isinstance(table, dict):
            raise self._wrong(name, "a table; it is missing or something else")
        return table

    def text(self, table: Mapping[str, object], key: str, prefix: str = "") -> str:
        value = table.get(key)
        if not isinstance(value, str) or not value or any(ord(letter) < 32 for letter in value):
            raise self._wrong(prefix + key, "a text of one line")
        return value

    def tone(self, document: Mapping[str, object], name: str) -> Tone:
        table = self.table(document, name)
        frequencies = table.get("frequencies_hz")
        if not isinstance(frequencies, list) or not 1 <= len(frequencies) <= 2:
            raise self._wrong(f"{name}.frequencies_hz", "a list of one or two frequencies")
        if not all(type(hertz) is int and 50 <= hertz <= 3900 for hertz in frequencies):
            raise self._wrong(f"{name}.frequencies_hz", "whole hertz between 50 and 3900")
        cadence = self.cadence(table, name)
        return Tone(tuple(frequencies), cadence, self.text(table, "source", f"{name}."), self.mark(table, name))

    def cadence(self, table: Mapping[str, object], name: str) -> Cadence:
        pairs = table.get("cadence_ms")
        if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
            raise self._wrong(f"{name}.cadence_ms", "a list of [sound, silence] pairs; [] for a tone without pauses")
        if not all(type(ms) is int and 10 <= ms <= 60_000 for pair in pairs for ms in pair):
            raise self._wrong(f"{name}.cadence_ms", "whole milliseconds between 10 and 60000")
        return tuple((pair[0], pair[1]) for pair in pairs)

    def mark(self, table: Mapping[str, object], name: str) -> Mark:
        found = [mark for mark in _MARKS if mark == table.get("mark")]
        if not found:
            raise self._wrong(f"{name}.mark", f"one of {', '.join(_MARKS)}")
        return found[0]

    def caller_id_type(self, table: Mapping[str, object]) -> CallerIdType:
        found = [kind for kind in CALLER_ID_TYPES if kind == table.get("type")]
        if not found:
            raise self._wrong("caller_id.type", f"one of {', '.join(CALLER_ID_TYPES)}")
        return found[0]

    def impedance(self, table: Mapping[str, object]) -> Impedance:
        found = [value for value in IMPEDANCES if value == table.get("value")]
        if not found:
            raise self._wrong("impedance.value", f"one of {', '.join(IMPEDANCES)}")
        return found[0]


_MARKS: Final[tuple[Mark, ...]] = get_args(Mark)

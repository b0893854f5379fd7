"""Which schema an Asterisk is checked against."""

from pathlib import Path

import pytest

from provisioning.asterisk_conf.option_kinds import MEASURED
from provisioning.asterisk_conf.schema import schema_for, schema_from_json, schema_from_xml, shipped_schema
from vocabulary.errors import ConfigurationError

XML = """<?xml version="1.0"?>
<docs><configInfo name="res_pjsip"><configFile name="pjsip.conf">
<configObject name="endpoint">
 <configOption name="direct_media" default="yes"/><configOption name="type"/>
 <configOption name="dtmf_mode" default="rfc4733">
  <enumlist><enum name="rfc4733"/><enum name="info"/></enumlist></configOption>
 <configOption name="rtp_timeout" default="0"/><configOption name="brand_new" default="3.5"/>
</configObject></configFile></configInfo>
<configInfo name="other"><configFile name="other.conf"><configObject name="thing"/></configFile></configInfo></docs>
"""


def documented(folder: Path, text: str = XML) -> Path:
    (folder / "documentation").mkdir()
    (folder / "documentation" / "core-en_US.xml").write_text(text, "utf-8")
    return folder


def test_the_shipped_schema_knows_the_types_and_options_of_asterisk_22() -> None:
    schema, notices = schema_for("22.10.1~dfsg", None)
    assert notices == ()
    assert len(schema.types["endpoint"]) == 146
    assert {"endpoint", "aor", "auth", "transport", "identify", "registration", "acl", "global"} <= set(schema.types)
    assert schema.option("endpoint", "allow_guest") is None
    direct_media = schema.option("endpoint", "Direct_Media")
    assert direct_media is not None
    assert (direct_media.kind, direct_media.default) == ("bool", "yes")


def test_every_measured_option_exists() -> None:
    schema, _ = shipped_schema(22)
    assert [name for name in MEASURED if schema.option(*name.split("/")) is None] == []


def test_another_major_gets_the_nearest_with_a_notice() -> None:
    schema, (notice,) = schema_for("Asterisk certified/18.9-cert1")
    assert schema.major == 22
    assert (notice.severity, notice.code) == ("notice", "schema-of-another-version")
    assert "18" in notice.message


def test_the_installed_documentation_comes_first(tmp_path: Path) -> None:
    schema, notices = schema_for("23.1.0", documented(tmp_path))
    assert notices == ()
    assert schema.major == 23
    assert set(schema.types) == {"endpoint"}
    kinds = {name: option.kind for name, option in schema.types["endpoint"].items()}
    assert kinds == {
        "direct_media": "bool", "type": "string", "dtmf_mode": "enum", "rtp_timeout": "int", "brand_new": "number",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "<docs/>", "<docs>"])
def test_damaged_documentation_is_left_aside_with_a_notice(tmp_path: Path, text: str) -> None:
    schema, (notice,) = schema_for("22.1", documented(tmp_path, text))
    assert notice.code == "schema-unreadable"
    assert len(schema.types["endpoint"]) == 146


def test_a_version_is_a_version() -> None:
    with pytest.raises(ConfigurationError, match="no version"):
        schema_for("unknown")


def test_a_schema_survives_its_file(tmp_path: Path) -> None:
    documented(tmp_path)
    schema = schema_from_xml(tmp_path / "documentation" / "core-en_US.xml", 22)
    assert schema_from_json(schema.as_json()) == schema


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"major":1,"origin":"x","types":{"a":{"b":{"kind":"odd"}}}}'])
def test_something_else_is_no_schema(text: str) -> None:
    with pytest.raises(ConfigurationError, match="no schema"):
        schema_from_json(text)

"""Presets at work on a whole config."""

from datetime import date
from pathlib import Path

import pytest

from provisioning.carriers import carrier_findings, filled, preset_findings, presets
from provisioning.carriers.checks import ages, is_ready
from provisioning.finding import Finding
from provisioning.model import TelephonyReceptionConfig
from provisioning.model.loading import load_telephony
from provisioning.model.numbers import spellings, written
from vocabulary.problems import Misconfigured

TODAY = date(2026, 11, 21)
EXAMPLES = Path(__file__).parents[4] / "examples" / "telephony"
TELMEX: dict[str, object] = {
    "preset": "telmex",
    "host": "198.51.100.20",
    "signalling": ["198.51.100.20"],
    "channels": 10,
    "outbound_caller_id": "+525555123400",
    "dids": [{"number": "+525555123400"}],
}


def config_with(**carriers: dict[str, object]) -> TelephonyReceptionConfig:
    return TelephonyReceptionConfig.model_validate({"site": {"country": "MX"}, "carriers": carriers})


def codes(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(one.severity, one.code, one.subject) for one in findings]


def test_every_trunk_is_filled_and_the_rest_stays() -> None:
    config = TelephonyReceptionConfig.model_validate(
        {
            "method": "carrier_grade",
            "carrier_grade": {"preset": "telnyx", "user": "yo", "password": "env:P"},
            "carriers": {"otro": {"preset": "anveo"}, "propio": {"host": "sip.example.com"}},
        }
    )
    new = filled(config)
    assert new.all_carriers()["carrier"].host == "sip.telnyx.com"
    assert new.all_carriers()["otro"].auth_type == "ip_auth"
    assert new.carriers["propio"] == config.carriers["propio"]
    assert (new.site, new.gateways, new.method) == (config.site, config.gateways, config.method)
    assert filled(new) == new


def test_a_preset_nobody_knows_stops_with_its_key() -> None:
    config = config_with(oficina={"preset": "telnix"})
    with pytest.raises(Misconfigured, match=r"carriers\.oficina\.preset.*Did you mean 'telnyx'"):
        filled(config)
    assert codes(carrier_findings(config, TODAY)) == [("error", "preset", "carriers.oficina.preset")]


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_examples_pass(example: Path) -> None:
    assert is_ready(load_telephony(example), TODAY)


def test_a_form_tells_field_by_field_what_to_copy_and_what_is_only_believed() -> None:
    found = preset_findings(config_with(oficina={"preset": "telmex"}))
    missing = [one for one in found if one.code == "missing-from-carrier"]
    assert [one.subject for one in missing] == [
        f"carriers.oficina.{field}" for field in ("host", "signalling", "channels", "outbound_caller_id")
    ]
    assert "hoja de alta" in missing[0].message
    assert "turn-up sheet" in missing[0].message
    believed = {one.subject for one in found if one.code == "unverified-preset"}
    assert "carriers.oficina.number_format" in believed
    assert is_ready(config_with(oficina=TELMEX), TODAY)


def test_a_fact_from_memory_is_silent_once_the_customer_has_said_it_himself() -> None:
    said = {**TELMEX, "auth_type": "ip_auth", "number_format": "national", "did_format": "national",
            "codecs": ["alaw"]}  # fmt: skip
    assert carrier_findings(config_with(oficina=said), TODAY) == []


def test_a_preset_is_fresh_for_a_year() -> None:
    anveo = presets()["anveo"]
    assert ages(anveo, date(2027, 10, 10)).severity == "notice"
    old = ages(anveo, date(2027, 10, 11))
    assert (old.severity, old.code) == ("warning", "old-preset")
    assert "2026-10-10" in old.message
    assert "github.com/DMontgomery40/Faxbot" in old.message


@pytest.mark.parametrize(
    ("trunk", "subject", "said"),
    [
        ({"preset": "twilio", "host": "sip.twilio.com"}, "host", "pstn.twilio.com"),
        ({"preset": "telnyx", "host": "sip.telnyx.eu", "user": "u", "password": "env:P"}, "host", '"telnyx-eu"'),
        ({"preset": "telnyx", "host": "192.0.2.1", "user": "u", "password": "env:P"}, "host", "not with 192.0.2.1"),
        ({"preset": "twilio-dublin", "host": "yo.pstn.frankfurt.twilio.com"}, "host", "dublin"),
        ({"preset": "anveo", "auth_type": "register", "user": "u", "password": "env:P"}, "auth_type", "ip_auth"),
        ({"preset": "flowroute", "transport": "tls", "user": "u", "password": "env:P"}, "transport", "udp, tcp"),
        ({"preset": "zadarma", "codecs": ["g722"], "user": "u", "password": "env:P"}, "codecs", "ulaw, alaw"),
        ({"preset": "telnyx", "max_calls_per_second": 50, "user": "u", "password": "env:P"},
         "max_calls_per_second", "20 new calls"),
    ],
)  # fmt: skip
def test_what_the_carrier_is_known_not_to_take_is_said(trunk: dict[str, object], subject: str, said: str) -> None:
    found = [one for one in carrier_findings(config_with(uno=trunk), TODAY) if one.code == "against-preset"]
    assert [one.subject for one in found] == [f"carriers.uno.{subject}"]
    assert said in found[0].message


def test_a_localized_host_fits_the_carrier_of_all_places() -> None:
    trunk: dict[str, object] = {"preset": "twilio", "host": "yo.pstn.frankfurt.twilio.com"}
    assert "against-preset" not in {one.code for one in carrier_findings(config_with(uno=trunk), TODAY)}


@pytest.mark.parametrize(
    ("trunk", "code"),
    [
        ({}, "no-host"),
        ({"host": "sip.example.com"}, "no-login"),
        ({"host": "192.0.2.1", "auth_type": "ip_auth", "transport": "tls", "verify_server": False}, "unproven-server"),
        ({"host": "192.0.2.1", "auth_type": "ip_auth", "outbound_caller_id": "+525555123499",
          "dids": [{"number": "+525555123400"}]}, "caller-id-not-ours"),
    ],
)  # fmt: skip
def test_what_a_trunk_lacks_by_itself_is_said(trunk: dict[str, object], code: str) -> None:
    assert code in {one.code for one in carrier_findings(config_with(uno=trunk), TODAY)}


def test_the_format_national_needs_a_country() -> None:
    config = TelephonyReceptionConfig.model_validate({"carriers": {"uno": TELMEX}})
    assert ("error", "no-country", "carriers.uno.country") in codes(carrier_findings(config, TODAY))


@pytest.mark.parametrize(
    ("preset", "country", "number", "on_the_wire"),
    [
        ("telnyx", "ES", "+34910123456", "+34910123456"),
        ("twilio", "MX", "+525555123400", "+525555123400"),
        ("vonage", "ES", "+34910123456", "34910123456"),
        ("flowroute", "US", "+12066418000", "12066418000"),
        ("telmex", "MX", "+525555123400", "5555123400"),
        ("telmex", "MX", "+34910123456", "0034910123456"),
    ],
)
def test_numbers_go_out_as_the_carrier_wants_them(preset: str, country: str, number: str, on_the_wire: str) -> None:
    trunk = presets()[preset].fill(config_with(uno={"preset": preset}).carriers["uno"]).config
    assert written(number, trunk.number_format, country) == on_the_wire


@pytest.mark.parametrize(
    ("preset", "country", "number", "arrives"),
    [
        ("telmex", "MX", "+525555123400", "5555123400"),
        ("netelip", "ES", "+34910123456", "34910123456"),
        ("netelip", "ES", "+34910123456", "+34910123456"),
        ("voipms", "US", "+12066418000", "2066418000"),
        ("anveo", "US", "+12066418000", "12066418000"),
    ],
)
def test_our_number_is_understood_as_the_carrier_writes_it(
    preset: str, country: str, number: str, arrives: str
) -> None:
    trunk = presets()[preset].fill(config_with(uno={"preset": preset}).carriers["uno"]).config
    assert arrives in spellings(number, trunk.did_format, country)

"""What is missing or doubtful is said before anything is written, with its key."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from provisioning.finding import has_errors
from provisioning.model.loading import parse_telephony
from provisioning.rendering import PbxFacts, gateway_login, readiness, render
from tests.unit.provisioning.rendering.cases import CASES, FACTS, office, secrets_of
from vocabulary.errors import ConfigurationError

BASE: dict[str, Any] = {
    "site": {"country": "MX", "fallback": {"kind": "extension", "target": "200"},
             "network": {"lan_address": "192.168.1.10"}},
    "gateways": {"oficina": {"ip": "192.168.1.50", "dids": [{"number": "+525512345678"}]}},
    "carriers": {"telnyx": {"host": "192.0.2.1", "user": "u", "password": "env:X",
                            "dids": [{"number": "+525555555555"}]}},
}  # fmt: skip
EXTERNAL = {"kind": "external", "number": "+525587654321"}


def with_changes(*changes: tuple[str, Any]) -> dict[str, Any]:
    """The office with values put in at dotted keys."""
    data = copy.deepcopy(BASE)
    for key, value in changes:
        *way, last = key.split(".")
        inner: Any = data
        for step in way:
            inner = inner[int(step)] if step.isdigit() else inner.setdefault(step, {})
        inner[int(last) if last.isdigit() else last] = value
    return data


def said(data: Mapping[str, Any], facts: PbxFacts = FACTS) -> set[tuple[str, str, str]]:
    return {(one.severity, one.code, one.subject) for one in readiness(parse_telephony(data), facts)}


@pytest.mark.parametrize("name", CASES)
def test_the_golden_offices_are_ready(name: str) -> None:
    assert not has_errors(readiness(office(name), FACTS))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([("site.country", None)], ("error", "country-missing", "site.country")),
        ([("site.country", "XX")], ("error", "country-unknown", "site.country")),
        ([("site.country", "GT")], ("warning", "emergency-unknown", "site.emergency")),
        ([], ("notice", "emergency-unverified", "site.emergency")),
        ([("site.fallback", None)], ("error", "fallback-missing", "gateways.oficina.dids.0.fallback")),
        ([("gateways.oficina.dids.0.number", "")], ("error", "number-missing", "gateways.oficina.dids.0.number")),
        ([("carriers.telnyx.dids.0.number", "+525512345678")],
         ("error", "number-twice", "carriers.telnyx.dids.0.number")),
        ([("gateways.oficina.attach", "ip"), ("gateways.oficina.ip", "")],
         ("error", "address-missing", "gateways.oficina.ip")),
        ([("gateways.oficina.ip", "")], ("warning", "permit-missing", "gateways.oficina.permit")),
        ([("gateways.oficina.user", "linea1")], ("notice", "login-has-two-names", "gateways.oficina.user")),
        ([("carriers.telnyx.host", "")], ("error", "host-missing", "carriers.telnyx.host")),
        ([("carriers.telnyx.password", "")], ("error", "password-missing", "carriers.telnyx.password")),
        ([("carriers.telnyx.password", "abc")], ("warning", "password-in-config", "carriers.telnyx.password")),
        ([("carriers.telnyx.host", "sip.example.com")],
         ("notice", "signalling-unknown", "carriers.telnyx.signalling")),
        ([("carriers.telnyx.transport", "tls")], ("error", "certificate-missing", "site.network.certificate")),
        ([("site.pbx", "freepbx")], ("error", "transport-missing", "site.network.transports.udp")),
        ([("site.network.lan_address", "")], ("warning", "lan-address-missing", "site.network.lan_address")),
        ([("carriers.dos", {"host": "192.0.2.1", "user": "v", "password": "env:X"})],
         ("notice", "shared-address", "carriers.telnyx.host")),
        ([("carriers.dos", {"host": "a.example.com", "signalling": ["192.0.2.0/24"], "auth_type": "ip_auth"}),
          ("carriers.telnyx.auth_type", "ip_auth")], ("error", "shared-address", "carriers.telnyx.host")),
        ([("carriers.dos", {"host": "192.0.2.1", "auth_type": "ip_auth"})],
         ("warning", "shared-address", "carriers.telnyx.host")),
        ([("site.transfers", {"h": {"place": {"kind": "busy"}}})], ("error", "transfer-name", "site.transfers.h")),
        ([("site.transfers", {"a-b": {"place": {"kind": "busy"}}, "ab": {"place": {"kind": "busy"}}})],
         ("error", "same-extension", "site.transfers.ab")),
        ([("site.agent", "t")], ("error", "agent-name", "site.agent")),
        ([("site.transfers", {"x1": {"place": EXTERNAL}})], ("error", "not-allowed", "site.transfers.x1.place.number")),
        ([("site.outbound", {"countries": ["MX"]}),
          ("site.transfers", {"x1": {"place": {"kind": "external", "number": "+529001234567"}}})],
         ("error", "not-allowed", "site.transfers.x1.place.number")),
        ([("site.outbound", {"countries": ["MX"]}), ("carriers.telnyx.outbound", False)],
         ("error", "trunk-missing", "site.outbound.trunks")),
        ([("site.outbound", {"trunks": ["nadie"]})], ("error", "trunk-missing", "site.outbound.trunks.0")),
        ([("site.outbound", {"countries": ["ZZ"]})], ("error", "country-unknown", "site.outbound.countries.0")),
        ([("site.emergency_trunk", "nadie")], ("error", "trunk-missing", "site.emergency_trunk")),
        ([("site.fallback", {"kind": "ring_group", "target": "600"})],
         ("error", "no-ring-groups", "site.fallback.kind")),
        ([("site.fallback", {"kind": "dialplan", "context": "centralita-did", "target": "1"})],
         ("error", "place-is-ours", "site.fallback.context")),
        ([("site.fallback", {"kind": "dialplan", "context": "from-internal", "target": "200"})],
         ("warning", "place-is-open", "site.fallback.context")),
        ([("site.fallback", {"kind": "extension", "target": "911"})],
         ("error", "place-is-emergency", "site.fallback.target")),
        ([("site.fallback", {"kind": "external", "number": "+525512345678"}), ("site.outbound", {"countries": ["MX"]})],
         ("error", "place-is-our-number", "site.fallback.number")),
        ([("carriers.telnyx.did_format", "local"), ("carriers.telnyx.local_digits", 4),
          ("carriers.telnyx.dids", [{"number": "+525511115555"}, {"number": "+525522225555"}])],
         ("error", "numbers-look-alike", "carriers.telnyx.dids.1.number")),
        ([("carriers.telnyx.did_format", "local"), ("carriers.telnyx.local_digits", 3),
          ("carriers.telnyx.dids", [{"number": "+525511115911"}])],
         ("error", "number-is-emergency", "carriers.telnyx.dids.0.number")),
        ([("carriers.telnyx.country", "AR"), ("carriers.telnyx.number_format", "national")],
         ("warning", "national-is-approximate", "carriers.telnyx.country")),
        ([], ("notice", "no-recording-notice", "gateways.oficina.dids.0.recording_notice")),
    ],
)  # fmt: skip
def test_it_is_said_by_name(changes: list[tuple[str, Any]], expected: tuple[str, str, str]) -> None:
    data = with_changes(*changes)
    assert expected in said(data)
    config = parse_telephony(data)
    if expected[0] == "error":
        with pytest.raises(ConfigurationError, match=expected[2].replace(".", r"\.")):
            render(config, secrets_of(config), FACTS)


def test_what_the_pbx_lacks_is_said_too() -> None:
    facts = PbxFacts(asterisk_major=16, modules=frozenset({"chan_pjsip.so"}), agents=frozenset({"clinica"}))
    found = said(BASE, facts)
    assert ("error", "asterisk-too-old", "") in found
    assert ("error", "module-missing", "app_stasis") in found
    assert ("error", "agent-missing", "site.agent") in found
    assert ("error", "module-missing", "chan_pjsip") not in found


def test_tls_carriers_must_agree_whom_to_believe() -> None:
    one = {"host": "192.0.2.1", "auth_type": "ip_auth", "transport": "tls"}
    other = {**one, "host": "192.0.2.9", "verify_server": False}
    found = said(with_changes(("carriers", {"uno": one, "otro": other})))
    assert ("error", "tls-disagrees", "carriers.otro.verify_server") in found
    assert ("warning", "tls-unverified", "carriers.otro.verify_server") in found


def test_a_gateway_logs_in_under_our_prefix_and_its_user_is_for_the_digest() -> None:
    config = parse_telephony(with_changes())
    login = gateway_login("oficina", config.gateways["oficina"])
    assert (login.sip_user, login.auth_user, login.secret) == (
        "centralita-oficina",
        "centralita-oficina",
        "sip-oficina",
    )
    config = parse_telephony(with_changes(("gateways.oficina.user", "linea1")))
    login = gateway_login("oficina", config.gateways["oficina"])
    assert (login.sip_user, login.auth_user) == ("centralita-oficina", "linea1")


def test_newer_asterisks_are_told_digest() -> None:
    config = parse_telephony(BASE)
    for major, kind in ((18, "userpass"), (22, "userpass"), (23, "digest")):
        text = render(config, secrets_of(config), PbxFacts(asterisk_major=major)).files["centralita/pjsip.conf"]
        assert text.count(f"auth_type = {kind}\n") == 2


def test_a_host_s_own_sections_are_added_to() -> None:
    facts = PbxFacts(host_sections=frozenset({"pjsip.conf [global]", "http.conf [general]", "rtp.conf [general]"}))
    config = parse_telephony(BASE)
    rendered = render(config, secrets_of(config), facts)
    assert "[global](+)" in rendered.files["centralita/pjsip.conf"]
    assert "[general](+)" in rendered.files["centralita/http.conf"]
    assert "[general]\n" in rendered.files["centralita/ari.conf"]
    assert "centralita/rtp.conf" not in rendered.files
    assert ("notice", "rtp-is-the-hosts", "site.network.rtp_first") in said(BASE, facts)

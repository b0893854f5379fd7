"""Two trunks at one carrier: whose call is it?"""

from typing import Any

import pytest

from provisioning.carriers import filled, shared_address_findings, shared_login_findings
from provisioning.model import TelephonyReceptionConfig

A, B = "+525555123400", "+525555123401"


def trunk(auth_type: str, host: str = "192.0.2.1", *numbers: str, **more: Any) -> dict[str, Any]:
    dids = [{"number": number} for number in numbers]
    return {"auth_type": auth_type, "host": host, "user": "u", "password": "env:P", "dids": dids, **more}


def judged(one: dict[str, Any], other: dict[str, Any]) -> list[tuple[str, str]]:
    config = TelephonyReceptionConfig.model_validate({"carriers": {"uno": one, "dos": other}})
    return [(found.severity, found.code) for found in shared_address_findings(config)]


def test_two_registrations_are_told_apart_by_their_line() -> None:
    assert judged(trunk("register"), trunk("register")) == [("notice", "shared-address")]


def test_a_registration_beside_a_trunk_by_address_depends_on_the_carrier() -> None:
    assert judged(trunk("register"), trunk("ip_auth")) == [("warning", "shared-address")]


@pytest.mark.parametrize(("first", "second"), [((), ()), ((A,), ()), ((), (A,)), ((A,), (A,)), ((A, B), (B,))], ids=str)
def test_by_address_and_without_a_number_of_its_own_nobody_can_tell(
    first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    assert judged(trunk("ip_auth", "192.0.2.1", *first), trunk("ip_auth", "192.0.2.1", *second)) == [
        ("error", "indistinguishable-trunks")
    ]


def test_by_address_with_numbers_of_their_own_it_works_with_a_word() -> None:
    assert judged(trunk("ip_auth", "192.0.2.1", A), trunk("ip_auth", "192.0.2.1", B)) == [("warning", "shared-address")]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (["192.0.2.0/24"], ["192.0.2.7"], True),
        (["192.0.2.0/28"], ["192.0.2.16/28"], False),
        (["2001:db8::/32"], ["2001:db8::5"], True),
        (["2001:db8::/32"], ["192.0.2.7"], False),
        (["sip.Example.com"], ["sip.example.com"], True),
    ],
)
def test_networks_overlap_whatever_their_size(one: list[str], other: list[str], same: bool) -> None:
    first = trunk("ip_auth", "a.example.com", A, signalling=one)
    second = trunk("ip_auth", "b.example.com", B, signalling=other)
    assert bool(judged(first, second)) is same


def test_two_names_of_one_server_are_found_when_somebody_has_asked() -> None:
    config = TelephonyReceptionConfig.model_validate(
        {"carriers": {"uno": trunk("ip_auth", "a.example.com"), "dos": trunk("ip_auth", "b.example.com")}}
    )
    assert shared_address_findings(config) == []
    asked = {"a.example.com": ("192.0.2.1",), "b.example.com": ("192.0.2.9", "192.0.2.1")}
    assert [found.code for found in shared_address_findings(config, asked)] == ["indistinguishable-trunks"]


@pytest.mark.parametrize(("preset", "severity"), [("voipms", "error"), ("", "warning")])
def test_one_account_registers_once(preset: str, severity: str) -> None:
    one = trunk("register", "city1.voip.ms", preset=preset)
    config = filled(TelephonyReceptionConfig.model_validate({"carriers": {"uno": one, "dos": one}}))
    assert [(found.severity, found.subject) for found in shared_login_findings(config)] == [(severity, "carriers.dos")]


def test_two_accounts_at_one_carrier_are_nothing_special() -> None:
    one, other = trunk("register"), trunk("register", user="v")
    config = TelephonyReceptionConfig.model_validate({"carriers": {"uno": one, "dos": other}})
    assert shared_login_findings(config) == []

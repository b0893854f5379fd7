"""`trunk verify` with two real Asterisks: one plays the carrier, the other logs in there and calls through it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provisioning.free_ports import free_tcp_port, free_udp_port
from provisioning.model import CarrierGradeConfig
from provisioning.private_pbx import PbxPlan, PhoneAccount, PrivatePbx, new_secret
from provisioning.probing import (
    ConsoleTestCall,
    RegistrationState,
    Target,
    ask_options,
    judged_call,
    parse_registrations,
    registration_row,
    verify,
)

CARRIER = PbxPlan(
    ari_password=new_secret(),
    ami_password=new_secret(),
    phones=(PhoneAccount("200", "secret200"), PhoneAccount("201", "secret201")),
)
OURS = PbxPlan(ari_password=new_secret(), ami_password=new_secret())
PATIENCE_SECONDS = 30.0
"""Asterisk spreads its first log-ins over ten seconds or so."""

TRUNK = """
[centralita-car-{name}-auth]
type = auth
auth_type = userpass
username = {user}
password = {password}

[centralita-car-{name}]
type = registration
transport = udp
server_uri = sip:127.0.0.1:{port}
client_uri = sip:{user}@127.0.0.1:{port}
outbound_auth = centralita-car-{name}-auth
max_retries = 10000
auth_rejection_permanent = {gives_up}

[centralita-car-{name}]
type = endpoint
transport = udp
aors = centralita-car-{name}
disallow = all
allow = alaw
from_user = caller

[centralita-car-{name}]
type = aor
contact = sip:127.0.0.1:{port}
"""


class TrunkPbx(PrivatePbx):
    """A private PBX with trunks beside its own objects."""

    trunks = ""

    def _write_configuration(self) -> None:
        super()._write_configuration()
        path = self.folder / "etc" / "pjsip.conf"
        path.write_text(path.read_text("utf-8") + self.trunks, "utf-8")


@pytest.fixture(scope="module")
def carrier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePbx]:
    with PrivatePbx(CARRIER, tmp_path_factory.mktemp("carrier")) as running:
        yield running


@pytest.fixture(scope="module")
def ours(carrier: PrivatePbx, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePbx]:
    pbx = TrunkPbx(OURS, tmp_path_factory.mktemp("ours"))
    here = carrier.ports.sip
    pbx.trunks = "".join(
        TRUNK.format(name=name, user=user, password=password, port=port, gives_up=gives_up)
        for name, user, password, port, gives_up in (
            ("good", "200", "secret200", here, "no"),
            ("wrong", "201", "not-the-password", here, "no"),
            ("stubborn", "201", "not-the-password", here, "yes"),
            ("silent", "201", "secret201", free_udp_port(), "no"),
        )
    )
    with pbx:
        for module in ("res_pjsip_outbound_registration", "res_clioriginate"):
            pbx.cli(f"module load {module}.so")  # the private PBX may have it already
            assert "Running" in pbx.cli(f"module show like {module}.so")
        yield pbx


def registration(pbx: PrivatePbx, name: str, until: Callable[[RegistrationState], bool]) -> RegistrationState:
    """Ask the console until the registration is as wanted, or patience ends; it tells nobody when that is."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = parse_registrations(pbx.cli("pjsip show registrations"))[f"centralita-car-{name}"]
        if until(found) or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def is_decided(state: RegistrationState) -> bool:
    return state.state != "Unregistered"


def has_no_next_attempt(state: RegistrationState) -> bool:
    return state.seconds_left is None


def trunk(port: int) -> CarrierGradeConfig:
    return CarrierGradeConfig.model_validate(
        {"host": "127.0.0.1", "port": port, "user": "200", "password": "env:P", "dids": [{"number": "+525555123400"}]}
    )


async def test_asterisk_answers_options_and_says_its_name(carrier: PrivatePbx) -> None:
    result = await ask_options(Target(*carrier.sip_address))
    assert result.is_alive, result
    assert result.answer is not None
    assert (result.answer.status, result.answer.server) == (401, "centralita-private-pbx")


async def test_an_asterisk_that_is_not_there_or_not_on_tcp_is_told_apart(carrier: PrivatePbx) -> None:
    assert (await ask_options(Target("127.0.0.1", free_udp_port()))).outcome == "refused"
    assert (await ask_options(Target("127.0.0.1", free_tcp_port(), "tcp"))).outcome == "refused"


async def test_a_trunk_that_is_logged_in_is_well(carrier: PrivatePbx, ours: PrivatePbx) -> None:
    state = registration(ours, "good", is_decided)
    assert state.state == "Registered"
    assert state.server == f"sip:127.0.0.1:{carrier.ports.sip}"
    assert state.seconds_left is not None
    report = await verify("good", trunk(carrier.ports.sip), None, None, state, site_country="MX")
    assert report.status == "ok", [str(row) for row in report.rows]


async def test_a_wrong_password_is_a_rejected_registration(carrier: PrivatePbx, ours: PrivatePbx) -> None:
    state = registration(ours, "wrong", is_decided)
    assert state.state == "Rejected"
    report = await verify("wrong", trunk(carrier.ports.sip), None, None, state, site_country="MX")
    (failed,) = [row for row in report.rows if row.status == "fail"]
    assert failed.check == "registration"
    assert "password" in failed.advice


def test_a_registration_that_has_given_up_for_ever_says_so(ours: PrivatePbx) -> None:
    state = registration(ours, "stubborn", lambda one: is_decided(one) and has_no_next_attempt(one))
    assert (state.state, state.seconds_left) == ("Rejected", None)
    assert "no further attempt" in registration_row(state, "register").reason
    trying = registration(ours, "wrong", is_decided)
    assert "to the next attempt" in registration_row(trying, "register").reason


def test_a_carrier_that_says_nothing_leaves_us_unregistered(ours: PrivatePbx) -> None:
    state = registration(ours, "silent", has_no_next_attempt)
    assert (state.state, state.seconds_left) == ("Unregistered", None)
    assert "firewall" in registration_row(state, "register").advice


async def test_a_test_call_goes_through(ours: PrivatePbx) -> None:
    outcome = await ConsoleTestCall(ours.ask).place("centralita-car-good", "600", 10)
    assert outcome.ended == "answered"
    assert judged_call(outcome).status == "ok"


async def test_a_test_call_to_a_number_the_carrier_does_not_know(ours: PrivatePbx) -> None:
    outcome = await ConsoleTestCall(ours.ask).place("centralita-car-good", "999999", 10)
    assert (outcome.ended, outcome.cause) == ("refused", 1)
    assert "number_format" in judged_call(outcome).advice


async def test_a_test_call_over_a_trunk_that_is_not_there(ours: PrivatePbx) -> None:
    outcome = await ConsoleTestCall(ours.ask).place("centralita-car-nobody", "600", 5)
    assert outcome.ended == "refused"
    assert judged_call(outcome).status == "fail"


async def test_a_test_call_leaves_nothing_in_the_dialplan(ours: PrivatePbx, tmp_path: Path) -> None:
    before = ours.cli("dialplan show")
    await ConsoleTestCall(ours.ask).place("centralita-car-good", "600", 10)
    assert ours.cli("dialplan show") == before
    assert "centralita-test-" not in before

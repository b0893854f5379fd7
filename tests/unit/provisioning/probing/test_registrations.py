"""What Asterisk says about registrations. The text is Asterisk 22.10's own, names changed."""

import pytest

from provisioning.probing import RegistrationState, parse_registrations, registration_row

SAID = """
 <Registration/ServerURI..............................>  <Auth....................>  <Status.......>
==========================================================================================

 centralita-car-bad/sip:127.0.0.1:39062                  centralita-car-bad-auth     Rejected          (exp. 55s)
 centralita-car-good/sip:127.0.0.1:39062                 centralita-car-good-auth    Registered        (exp. 3587s)
 centralita-car-nobody/sip:127.0.0.1:9                   centralita-car-nobody-auth  Unregistered      (exp. 7s ago)
 centralita-car-tired/sip:sip.example.com                n/a                         Stopped
 centralita-car-going/sip:a-very-long-name.pstn.frankfu  centralita-car-going-auth   Stopping          (exp. 3s)

Objects found: 5

"""


def test_every_registration_is_read_with_its_state() -> None:
    states = parse_registrations(SAID)
    assert {name: one.state for name, one in states.items()} == {
        "centralita-car-bad": "Rejected",
        "centralita-car-good": "Registered",
        "centralita-car-nobody": "Unregistered",
        "centralita-car-tired": "Stopped",
        "centralita-car-going": "Stopping",
    }
    assert states["centralita-car-good"].server == "sip:127.0.0.1:39062"
    assert [one.seconds_left for one in states.values()] == [55, 3587, None, None, 3]


@pytest.mark.parametrize("text", ["", "No objects found.\n", "No such command 'pjsip show registrations'\n"])
def test_no_registration_is_no_registration(text: str) -> None:
    assert parse_registrations(text) == {}


@pytest.mark.parametrize(
    ("name", "status", "advice"),
    [
        ("good", "ok", ""),
        ("bad", "fail", "password"),
        ("nobody", "fail", "firewall"),
        ("tired", "fail", "pjsip send register"),
        ("going", "warn", "ask again"),
    ],
)
def test_each_state_says_what_to_do(name: str, status: str, advice: str) -> None:
    row = registration_row(parse_registrations(SAID)[f"centralita-car-{name}"], "register")
    assert row.status == status
    assert advice in row.advice
    assert bool(row.advice) is (status != "ok")


def test_a_trunk_that_should_log_in_and_has_nothing_to_do_it_with_is_a_failure() -> None:
    assert registration_row(None, "register").status == "fail"


def test_a_trunk_by_address_needs_none() -> None:
    assert registration_row(None, "ip_auth").status == "ok"
    left = RegistrationState("centralita-car-x", "sip:x", "Registered")
    assert registration_row(left, "ip_auth").status == "warn"


def test_a_refusal_without_a_next_attempt_says_how_to_begin_again() -> None:
    gone = parse_registrations(SAID.replace("(exp. 55s)", "(exp. 55s ago)"))["centralita-car-bad"]
    row = registration_row(gone, "register")
    assert "no further attempt" in row.reason
    assert "pjsip send register centralita-car-bad" in row.advice
    tried = registration_row(parse_registrations(SAID)["centralita-car-bad"], "register")
    assert "55 s to the next attempt" in tried.reason

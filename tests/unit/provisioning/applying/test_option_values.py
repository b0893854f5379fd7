"""What Asterisk shows against what was written. The shown values are a real Asterisk 22.10's."""

import pytest

from provisioning.applying.option_values import Verdict, codec_list, compare, differing, written_options


@pytest.mark.parametrize(
    ("key", "written", "shown"),
    [
        ("rtp_symmetric", ["on"], ["true"]),
        ("send_pai", ["1"], ["true"]),
        ("user_eq_phone", ["f"], ["false"]),
        ("dtls_auto_generate_cert", ["yes"], ["Yes"]),
        ("qualify_timeout", ["2.5"], ["2.500000"]),
        ("rtp_timeout", ["060"], ["60"]),
        ("aors", ["a, b"], ["a,b"]),
        ("call_group", ["1,3-5"], ["1, 3, 4, 5"]),
        ("named_call_group", ["a,b"], ["a, b"]),
        ("tos_audio", ["ef"], ["184"]),
        ("tos", ["cs3"], ["96"]),
        ("match", ["10.1.2.0/24,10.9.9.9", "10.9.9.8"],
         ["10.1.2.0/255.255.255.0", "10.9.9.8/255.255.255.255", "10.9.9.9/255.255.255.255"]),
        ("contact", ["sip:10.0.0.1:5060", "sip:10.0.0.2,sip:10.0.0.3"],
         ["sip:10.0.0.2", "sip:10.0.0.1:5060", "sip:10.0.0.3"]),
        ("direct_media_method", ["reinvite"], ["invite"]),
        ("outbound_proxy", ["sip:a.example;lr"], ["sip:a.example;lr"]),
    ],
)  # fmt: skip
def test_the_same_said_otherwise(key: str, written: list[str], shown: list[str]) -> None:
    assert compare(key, written, shown) is Verdict.EQUAL


@pytest.mark.parametrize(
    ("key", "written", "shown"),
    [
        ("rtp_symmetric", ["yes"], ["false"]),
        ("rtp_timeout", ["61"], ["60"]),
        ("context", ["a"], ["b"]),
        ("match", ["10.0.0.0/24"], ["10.0.0.0/255.255.0.0"]),
        ("match", ["10.0.0.1", "sip.example.com"], ["10.0.0.9/255.255.255.255"]),
        ("password", ["Secret"], ["secret"]),
        ("call_group", ["1"], ["1, 2"]),
    ],
)
def test_something_else(key: str, written: list[str], shown: list[str]) -> None:
    assert compare(key, written, shown) is Verdict.DIFFERENT


def test_a_host_name_is_looked_up_by_asterisk_and_cannot_be_compared() -> None:
    assert compare("match", ["sip.example.com"], ["203.0.113.5/255.255.255.255"]) is Verdict.UNKNOWN


def test_an_unknown_way_of_showing_proves_nothing_unless_it_is_the_former_value() -> None:
    written = written_options([("redirect_method", "uri_pjsip")])
    assert differing(written, {"redirect_method": ("URI-PJSIP?",)}, {}) == ([], ["redirect_method"])
    former = written_options([("redirect_method", "user")])
    assert differing(written, {"redirect_method": ("user",)}, former) == (["redirect_method"], [])


def test_codecs_are_compared_in_order() -> None:
    assert codec_list([("disallow", "all"), ("allow", "alaw, ulaw"), ("allow", "g722")]) == ["alaw", "ulaw", "g722"]
    assert codec_list([("allow", "!all,g722,alaw")]) == ["g722", "alaw"]
    assert codec_list([("allow", "all")]) is None
    written = written_options([("disallow", "all"), ("allow", "alaw,ulaw")])
    assert differing(written, {"allow": ("(alaw|ulaw)",)}, {}) == ([], [])
    assert differing(written, {"allow": ("(ulaw|alaw)",)}, {}) == (["allow"], [])


def test_variables_are_shown_by_their_own_names() -> None:
    written = written_options([("set_var", "AICC_TRUNK=gw"), ("set_var", "X=a b=c")])
    assert differing(written, {"AICC_TRUNK": ("gw",), "X": ("a b=c",)}, {}) == ([], [])
    assert differing(written, {"AICC_TRUNK": ("gw",)}, {}) == (["set_var X"], [])

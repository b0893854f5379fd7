"""What was found beside what should be."""

import ssl
from datetime import date

import pytest

from provisioning.carriers import Preset, preset_named
from provisioning.model import CarrierGradeConfig
from provisioning.probing import CallOutcome, Names, Row, SipAnswer, Target, VerifyReport, judged_call
from provisioning.probing.call_test import may_be_rung, outcome_of
from provisioning.probing.certificate import distrust
from provisioning.probing.options_probe import OptionsResult
from provisioning.probing.srv import SrvRecord
from provisioning.probing.verdict import config_rows, name_rows, number_rows, options_row, outside
from provisioning.probing.verify import targets

US = ("192.76.120.10", "64.16.250.10")
TWILIO_LIST = [str(one) for one in preset_named("twilio").published_sources()]


def rows_of(host: str, found: tuple[str, ...], preset: Preset | None, **said: object) -> dict[str, tuple[str, str]]:
    config = CarrierGradeConfig.model_validate({"host": host, **said})
    filled = preset.fill(config).config if preset else config
    return {row.check: (row.status, row.reason) for row in name_rows(Names(host, found), filled, preset)}


def test_as_published_is_well() -> None:
    rows = rows_of("sip.telnyx.com", US, preset_named("telnyx"))
    assert [(check, status) for check, (status, _) in rows.items()] == [("names", "ok"), ("drift", "ok")]


def test_a_new_address_is_drift_and_named() -> None:
    status, reason = rows_of("sip.telnyx.com", (*US, "192.0.2.99"), preset_named("telnyx"))["drift"]
    assert status == "warn"
    assert reason.startswith("192.0.2.99 is not among")


def test_a_published_address_that_is_gone_is_drift_too() -> None:
    status, reason = rows_of("sip.telnyx.com", US[:1], preset_named("telnyx"))["drift"]
    assert status == "warn"
    assert "no longer leads to 64.16.250.10" in reason


def test_a_network_without_ipv6_does_not_miss_the_carrier_s() -> None:
    rows = rows_of("sip.didww.com", ("46.19.209.49", "185.238.173.49"), preset_named("didww"))
    assert rows["drift"][0] == "ok"


def test_the_addresses_of_a_proxy_are_not_the_carrier_s() -> None:
    telnyx = preset_named("telnyx")
    config = telnyx.fill(CarrierGradeConfig(preset="telnyx", outbound_proxy="proxy.example.com")).config
    rows = name_rows(Names("proxy.example.com", ("192.0.2.7",)), config, telnyx)
    assert [(row.check, row.status) for row in rows] == [("names", "ok")]


def test_a_name_that_leads_nowhere_fails_alone() -> None:
    assert rows_of("sip.telnyx.example", (), preset_named("telnyx")) == {
        "names": ("fail", "sip.telnyx.example leads nowhere")
    }


def test_a_carrier_that_names_no_addresses_cannot_drift() -> None:
    assert list(rows_of("sip.netelip.com", ("192.0.2.1",), preset_named("netelip"))) == ["names"]


@pytest.mark.parametrize(
    ("signalling", "status", "said"),
    [
        ([], "ok", "calls are taken from 54.172.60.0/30"),
        (TWILIO_LIST, "ok", ""),
        (TWILIO_LIST[:-1], "warn", "177.71.206.192/30 would be refused"),
        ([*TWILIO_LIST, "192.0.2.0/24"], "warn", "192.0.2.0/24 may call as this trunk"),
        (["54.0.0.0/8", *TWILIO_LIST], "warn", "54.0.0.0/8 may call"),
    ],
)
def test_by_address_calls_are_taken_from_the_carrier_and_nobody_else(
    signalling: list[str], status: str, said: str
) -> None:
    row = rows_of("yo.pstn.twilio.com", ("54.172.60.1",), preset_named("twilio"), signalling=signalling)["senders"]
    assert row[0] == status
    assert said in row[1]


def test_without_a_preset_the_host_should_be_among_the_senders() -> None:
    row = rows_of("sbc.example.com", ("192.0.2.1",), None, auth_type="ip_auth", signalling=["198.51.100.0/24"])
    assert row["senders"][0] == "warn"
    assert rows_of("sbc.example.com", ("192.0.2.1",), None, auth_type="ip_auth")["senders"] == (
        "ok", "calls are taken from 192.0.2.1"
    )  # fmt: skip


def test_outside_passes_over_names() -> None:
    assert outside(["192.0.2.1", "2001:db8::1"], ["sip.example.com", "192.0.2.0/24"]) == ["2001:db8::1"]


@pytest.mark.parametrize(
    ("status", "judged"),
    [(200, "ok"), (401, "ok"), (404, "ok"), (405, "ok"), (403, "warn"), (503, "warn"), (500, "warn")],
)
def test_any_answer_proves_the_way_and_some_say_more(status: int, judged: str) -> None:
    answer = SipAnswer(status, "Phrase", "c", "Box")
    row = options_row(OptionsResult(Target("sbc", 5060), "answered", f"{status} Phrase from Box", "", answer, 12.4))
    assert row.status == judged
    assert row.reason == f"{status} Phrase from Box, 12 ms"
    assert bool(row.advice) is (judged == "warn")


def test_numbers_are_shown_as_they_travel() -> None:
    config = CarrierGradeConfig.model_validate(
        {"number_format": "national", "did_format": "national", "dial_prefix": "9",
         "dids": [{"number": "+525555123400"}]}
    )  # fmt: skip
    assert [row.status for row in number_rows(config, None)] == ["fail"]
    rows = {row.check: row.reason for row in number_rows(config, "MX")}
    assert rows["number +525555123400"].startswith("understood in calls to us as 5555123400, +525555123400")
    assert rows["dialling"].endswith("would ask for 95555123400")


def test_an_old_preset_and_a_hole_in_the_config_are_rows_too() -> None:
    rows = config_rows(CarrierGradeConfig(preset="anveo"), preset_named("anveo"), "MX", date(2028, 1, 1))
    said = {row.check: row.status for row in rows}
    assert said["config host"] == "fail"
    assert said["preset age anveo"] == "warn"


def test_srv_says_the_port_unless_the_config_does() -> None:
    names = Names("sip.example.com", ("192.0.2.1",), (SrvRecord(1, 1, 5080, "a"),), ("192.0.2.2",))
    asked = CarrierGradeConfig(host="sip.example.com")
    assert targets("sip.example.com", asked, names) == [Target("sip.example.com", 5080, "udp", "192.0.2.2")]
    told = CarrierGradeConfig(host="sip.example.com", port=5070)
    assert targets("sip.example.com", told, names) == [Target("sip.example.com", 5070, "udp", "192.0.2.1")]
    tls = CarrierGradeConfig(host="192.0.2.1", transport="tls")
    assert targets("192.0.2.1", tls, Names("192.0.2.1", ("192.0.2.1",)))[0].port == 5061


def test_the_report_is_as_bad_as_its_worst_row() -> None:
    rows = (Row("a", "ok", ""), Row("b", "fail", "broken", "repair"), Row("c", "warn", ""))
    assert VerifyReport("uno", rows).status == "fail"
    assert VerifyReport("uno", rows[2:]).as_json() == {
        "trunk": "uno",
        "status": "warn",
        "rows": [{"check": "c", "status": "warn", "reason": "", "advice": ""}],
    }
    assert str(rows[1]) == "fail b: broken. repair"


@pytest.mark.parametrize(
    ("status", "cause", "ended", "judged"),
    [
        ("ANSWER", 16, "answered", "ok"),
        ("NOANSWER", 0, "timed-out", "warn"),
        ("CANCEL", 0, "timed-out", "warn"),
        ("BUSY", 17, "refused", "warn"),
        ("CHANUNAVAIL", 1, "refused", "fail"),
        ("CONGESTION", 21, "refused", "fail"),
        ("CHANUNAVAIL", 0, "refused", "fail"),
        ("CONGESTION", 111, "refused", "fail"),
    ],
)
def test_a_test_call_is_judged_by_how_it_ended(status: str, cause: int, ended: str, judged: str) -> None:
    outcome = outcome_of(status, cause)
    assert outcome.ended == ended
    row = judged_call(outcome)
    assert row.status == judged
    if ended == "refused":
        assert status in row.reason


def test_an_unknown_reason_is_not_made_up() -> None:
    assert judged_call(CallOutcome("refused")).reason == "refused (no reason given)"


@pytest.mark.parametrize(
    ("number", "may"),
    [("+525555123400", True), ("+34910123456", True), ("112", False), ("911", False), ("+34806123456", False),
     ("+881612345678", False)],
)  # fmt: skip
def test_only_ordinary_numbers_are_rung(number: str, may: bool) -> None:
    assert (may_be_rung(number) == "") is may


@pytest.mark.parametrize(
    ("code", "said"), [(10, "expired"), (9, "not valid yet"), (62, "another name"), (64, "another name"),
                       (18, "nobody we know"), (19, "nobody we know"), (20, "nobody we know"), (23, "revoked")]
)  # fmt: skip
def test_each_kind_of_distrust_has_its_word(code: int, said: str) -> None:
    error = ssl.SSLCertVerificationError()
    error.verify_code, error.verify_message = code, "certificate revoked"
    assert said in distrust(error, "sip.example.com").reason

"""A whole verification over loopback: a carrier that answers, a gateway that does not."""

from datetime import date

from provisioning.carriers import preset_named
from provisioning.free_ports import free_udp_port
from provisioning.model import CarrierGradeConfig, FXOGatewayConfig
from provisioning.probing import (
    Names,
    NetworkProbes,
    OptionsResult,
    RegistrationState,
    Target,
    VerifyReport,
    ask_options,
    check_gateway,
    verify,
)
from provisioning.probing.options_probe import Trust
from provisioning.probing.sip_options import SipTransport
from tests.loopback.provisioning_probing.sip_box import answering, silent, stream_box, udp_box

TODAY = date(2026, 11, 21)
PATIENCE = 0.4


def statuses(report: VerifyReport) -> dict[str, str]:
    return {row.check.split()[0]: row.status for row in report.rows}


async def test_a_trunk_that_is_well() -> None:
    async with udp_box(answering(200, "OK", "Carrier SBC")) as (_, port):
        config = CarrierGradeConfig.model_validate(
            {"host": "127.0.0.1", "port": port, "user": "yo", "password": "env:P",
             "dids": [{"number": "+525555123400"}]}
        )  # fmt: skip
        state = RegistrationState("centralita-car-uno", "sip:127.0.0.1", "Registered", 55)
        report = await verify("uno", config, registration_state=state, site_country="MX", today=TODAY)
    assert report.status == "ok"
    assert statuses(report) == {
        "names": "ok", "options": "ok", "registration": "ok", "number": "ok", "dialling": "ok"
    }  # fmt: skip
    assert "200 OK from Carrier SBC" in str(report.rows[1])


async def test_a_trunk_with_a_silent_carrier_and_a_refused_login() -> None:
    async with udp_box(silent) as (_, port):
        config = CarrierGradeConfig.model_validate(
            {"host": "127.0.0.1", "port": port, "user": "yo", "password": "env:P"}
        )
        state = RegistrationState("centralita-car-uno", "sip:127.0.0.1", "Rejected")
        report = await verify("uno", config, None, NetworkProbes(PATIENCE), state, today=TODAY)
    assert statuses(report) == {"names": "ok", "options": "fail", "registration": "fail"}
    assert all(row.advice for row in report.rows if row.status == "fail")


async def test_an_asterisk_nobody_could_ask_is_not_said_to_lack_a_registration() -> None:
    config = CarrierGradeConfig(host="127.0.0.1", port=free_udp_port(), user="yo")
    report = await verify("uno", config, None, NetworkProbes(PATIENCE), today=TODAY, is_asterisk_asked=False)
    (row,) = [row for row in report.rows if row.check == "registration"]
    assert (row.status, "not known" in row.reason) == ("warn", True)


async def test_a_carrier_that_moved() -> None:
    """The DNS is played; the SIP box behind the new address is real."""
    async with udp_box(answering(403, "Forbidden")) as (_, port):

        class Moved:
            async def names(self, host: str, transport: SipTransport) -> Names:
                assert host == "sip.telnyx.com"
                return Names(host, ("192.76.120.10", "127.0.0.1"))

            async def options(self, target: Target, trust: Trust) -> OptionsResult:
                return await ask_options(Target("127.0.0.1", port, "udp", "127.0.0.1"), PATIENCE, trust)

        telnyx = preset_named("telnyx")
        config = telnyx.fill(CarrierGradeConfig(user="yo", preset="telnyx")).config
        report = await verify("uno", config, telnyx, Moved(), None, today=TODAY)
    drift = next(row for row in report.rows if row.check == "drift")
    assert (drift.status, drift.reason.split()[0]) == ("warn", "127.0.0.1")
    assert [row.status for row in report.rows if row.check.startswith("options")] == ["warn", "warn"]


async def test_a_gateway_that_answers() -> None:
    async with udp_box(answering(200, "OK", "Grandstream GXW4104")) as (_, port):
        report = await check_gateway("oficina", FXOGatewayConfig(ip="127.0.0.1", sip_port=port))
    assert report.status == "ok"
    assert "Grandstream GXW4104" in report.rows[0].reason


async def test_a_gateway_that_speaks_tcp_only() -> None:
    async with stream_box(answering(200, "OK")) as port:
        report = await check_gateway("oficina", FXOGatewayConfig(ip="127.0.0.1", sip_port=port))
    assert [row.status for row in report.rows] == ["fail", "warn"]
    assert 'transport = "tcp"' in report.rows[1].advice


async def test_a_gateway_whose_sip_is_off() -> None:
    report = await check_gateway("oficina", FXOGatewayConfig(ip="127.0.0.1", sip_port=free_udp_port()))
    assert report.status == "fail"
    assert report.rows[1].reason.startswith("the box is there")


async def test_a_gateway_nobody_has_told_the_address_of() -> None:
    assert (await check_gateway("oficina", FXOGatewayConfig())).rows[0].advice == "write its ip"

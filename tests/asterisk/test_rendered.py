"""What rendering writes, in a real Asterisk: it loads without a complaint, and calls go where they must."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from websockets.asyncio.client import connect

from provisioning.free_ports import free_tcp_port
from provisioning.private_pbx import PrivatePbx
from provisioning.rendering import expected_objects
from softphone import CallFailed, Phone
from softphone.call import RegistrationFailed
from tests.asterisk.rendered_pbx import HOST_DIALPLAN, GatewayPhone, RenderedPbx

SITE: dict[str, Any] = {
    "country": "MX",
    "fallback": {"kind": "extension", "target": "200"},
    "network": {"lan_address": "127.0.0.1", "transports": {"udp": "udp"}},
    "ari": {"port": "HTTP-PORT", "user": "centralita-ari"},
}
OFFICE: dict[str, Any] = {
    "site": {
        **SITE,
        "outbound": {"countries": ["MX"], "numbers": ["+34911223344"], "max_channels": 2},
        "transfers": {
            "ventas": {"place": {"kind": "extension", "target": "200"}},
            "dueno": {"place": {"kind": "external", "number": "+525587654321"}},
        },
        "manager": {"enabled": True, "user": "centralita-ami", "port": "AMI-PORT"},
    },
    "gateways": {
        "oficina": {"ip": "127.0.0.2",
                    "dids": [{"number": "+525512345678"}, {"number": "+525512340000", "active": False}]},
        "sucursal": {"permit": ["127.0.0.3/32"], "dids": [{"number": "+523312345678", "agent": "ventas.norte"}]},
        "planta": {"ip": "127.0.0.4", "attach": "ip", "caller_id": "pai", "codec": "alaw",
                   "dids": [{"number": "+528112345678"}]},
    },
    "carriers": {
        "telnyx": {"host": "127.0.0.5", "port": 9, "user": "cuenta1", "password": "x", "channels": 30,
                   "outbound_caller_id": "+525555555555", "dids": [{"number": "+525555555555"}]},
        "telnyxdos": {"host": "127.0.0.5", "port": 9, "user": "cuenta2", "password": "x",
                      "dids": [{"number": "+525555555556"}]},
        "porip": {"host": "127.0.0.6", "auth_type": "ip_auth", "signalling": ["127.0.0.6", "127.0.0.7"],
                  "did_format": "national", "dids": [{"number": "+525566666666"}]},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RenderedPbx]:
    with RenderedPbx(tmp_path_factory.mktemp("pbx"), OFFICE) as running:
        yield running


async def person(pbx: PrivatePbx) -> Phone:
    phone = await Phone.open(pbx.sip_address, "200", "secret200")
    await phone.register()
    return phone


def shown(text: str, label: str) -> set[str]:
    """Names in `pjsip show …`: the word after the label, without what follows a slash."""
    lines = [line.strip() for line in text.splitlines()]
    found = {line.removeprefix(label).split()[0].split("/")[0] for line in lines if line.startswith(label)}
    return {name for name in found if name.startswith("centralita-")}


# -- loading ----------------------------------------------------------------------------------------------------------


def test_everything_loads_beside_a_host_that_has_files_of_its_own(pbx: RenderedPbx) -> None:
    assert pbx.own_complaints() == []
    expected = expected_objects(pbx.config)
    ids = {
        kind: {name for one, name in expected.pjsip if one == kind} for kind in ("endpoint", "registration", "identify")
    }
    assert shown(pbx.cli("pjsip show endpoints"), "Endpoint:  ") | {""} == ids["endpoint"] | {""}
    registrations = pbx.cli("pjsip show registrations")
    assert all(name in registrations for name in ids["registration"])
    assert ids["registration"] == {"centralita-telnyx", "centralita-telnyxdos"}
    identifies = pbx.cli("pjsip show identifies")
    assert {
        line.split()[1].split("/")[0] for line in identifies.splitlines() if "Identify:  centralita-" in line
    } == ids["identify"]
    contexts = {line.split("'")[1] for line in pbx.cli("dialplan show").splitlines() if line.startswith("[ Context '")}
    assert expected.contexts <= contexts
    assert "ip,username,auth_username" in pbx.cli("pjsip show settings")
    assert "centralita-ari" in pbx.cli("ari show users")
    assert "centralita-ami" in pbx.cli("manager show users")
    assert "SECURITY" in pbx.cli("logger show channels")
    assert (pbx.folder / "log" / "centralita-security.log").exists()


def test_everything_loads_on_a_host_that_has_nothing(tmp_path: Path) -> None:
    config = {
        **OFFICE,
        "site": {
            **OFFICE["site"],
            "network": {"lan_address": "127.0.0.1", "bind": "127.0.0.1", "sip_port": "SIP-PORT",
                        "external_address": "192.0.2.1", "local_networks": ["127.0.0.0/8"],
                        "rtp_first": 31000, "rtp_last": 31100},
            "emergency_trunk": "porip",
        },
    }  # fmt: skip
    bare = dict.fromkeys(("pjsip.conf", "http.conf", "ari.conf", "rtp.conf", "manager.conf"), "")
    with RenderedPbx(tmp_path, config, bare) as pbx:
        assert pbx.own_complaints() == []
        assert "centralita-udp" in pbx.cli("pjsip show transports")
        assert f"127.0.0.1:{pbx.ports.http}" in pbx.cli("http show status")
        assert "Port start:      31000" in pbx.cli("rtp show settings")
        assert "Enabled: Yes" in pbx.cli("ari show status")
        assert f"127.0.0.1:{pbx.ports.ami}" in pbx.cli("manager show settings")
        assert "'112' =>" in pbx.cli("dialplan show centralita-emergency")


def test_tls_with_a_certificate_and_a_verified_carrier_loads(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("pbx.example.com")
    certificate.private_key_pem.write_to_path(tmp_path / "pbx.key")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "pbx.pem")
    authority.cert_pem.write_to_path(tmp_path / "authorities.pem")
    network = {"bind": "127.0.0.1", "tls_port": "TLS-PORT", "lan_address": "127.0.0.1", "transports": {"udp": "udp"},
               "certificate": f"{tmp_path}/pbx.pem", "private_key": f"{tmp_path}/pbx.key"}  # fmt: skip
    carrier = {"host": "127.0.0.5", "port": 9, "user": "cuenta1", "password": "x", "transport": "tls", "srtp": True,
               "ca_file": f"{tmp_path}/authorities.pem"}  # fmt: skip
    text = json.dumps({"site": {**SITE, "network": network}, "carriers": {"seguro": carrier}})
    config = json.loads(text.replace('"TLS-PORT"', str(free_tcp_port())))
    with RenderedPbx(tmp_path / "pbx", config) as pbx:
        # nobody answers at that address, which is said in the log; what was written is not what it is about
        assert [
            line for line in pbx.own_complaints() if "127.0.0.5" not in line and "centralita-seguro" not in line
        ] == []
        transport = pbx.cli("pjsip show transport centralita-tls")
        assert "verify_server               : Yes" in transport
        endpoint = pbx.cli("pjsip show endpoint centralita-seguro")
        assert "media_encryption                   : sdes" in endpoint
        assert "centralita-seguro" in pbx.cli("pjsip show registrations")


# -- calls in ---------------------------------------------------------------------------------------------------------


async def test_a_gateway_logs_in_and_its_caller_reaches_the_fallback_when_the_app_is_absent(pbx: RenderedPbx) -> None:
    async with (
        await person(pbx) as somebody,
        await GatewayPhone.open(pbx.sip_address, "centralita-oficina", "oficinasecret1", "127.0.0.2") as gateway,
    ):
        await gateway.register()
        call = await gateway.bring("5533334444", "525512345678")
        rings = await somebody.incoming()
        assert rings.remote_user == "5533334444"
        await rings.answer()
        await call.wait_answered()
        await call.hang_up()
    assert "centralita let go: FAILED agent=telecom did=+525512345678" in pbx.heard()


async def test_a_gateway_of_unknown_address_is_told_by_its_login(pbx: RenderedPbx) -> None:
    async with (
        await person(pbx) as somebody,
        await GatewayPhone.open(pbx.sip_address, "centralita-sucursal", "sucursalsecret1", "127.0.0.3") as gateway,
    ):
        await gateway.register()
        call = await gateway.bring("3311112222", "+523312345678")
        assert (await somebody.incoming()).remote_user == "3311112222"
        await call.hang_up()
    assert "agent=ventas.norte did=+523312345678" in pbx.heard()


async def test_a_gateway_known_by_its_address_says_who_calls_in_pai(pbx: RenderedPbx) -> None:
    async with await person(pbx) as somebody, await Phone.open(pbx.sip_address, "puerto1", host="127.0.0.4") as gateway:
        call = await gateway.dial("528112345678", caller_number="8112223333")
        assert (await somebody.incoming()).remote_user == "8112223333"
        await call.hang_up()


async def test_a_carrier_s_address_is_enough_and_its_way_of_writing_our_number_is_understood(pbx: RenderedPbx) -> None:
    async with await person(pbx) as somebody, await Phone.open(pbx.sip_address, "anybody", host="127.0.0.7") as carrier:
        call = await carrier.dial("5566666666", caller_number="+525588889999")
        assert (await somebody.incoming()).remote_user == "+525588889999"
        await call.hang_up()


async def test_the_agent_is_asked_first(pbx: RenderedPbx) -> None:
    uri = f"ws://127.0.0.1:{pbx.ports.http}/ari/events?app=centralita&api_key=centralita-ari:ariSecret1234567"
    async with connect(uri) as ari, await Phone.open(pbx.sip_address, "puerto1", host="127.0.0.4") as gateway:
        call = await gateway.dial("+528112345678", caller_number="8112223333")
        async with asyncio.timeout(10):
            while (event := json.loads(await ari.recv()))["type"] != "StasisStart":
                pass
        assert event["args"] == ["telecom", "+528112345678"]
        assert event["channel"]["caller"]["number"] == "8112223333"
        await call.hang_up()


@pytest.mark.parametrize(
    ("number", "status"), [("525599999999", 404), ("112", 404), ("centralita", 404), ("525512340000", 486)]
)
async def test_what_is_not_ours_is_refused(pbx: RenderedPbx, number: str, status: int) -> None:
    async with await GatewayPhone.open(pbx.sip_address, "centralita-oficina", "oficinasecret1", "127.0.0.2") as gateway:
        call = await gateway.bring("5533334444", number)
        with pytest.raises(CallFailed) as refused:
            await call.wait_answered()
    assert refused.value.status == status


async def test_a_wrong_password_and_a_foreign_address_are_refused(pbx: RenderedPbx) -> None:
    async with await Phone.open(pbx.sip_address, "centralita-oficina", "guessed", "127.0.0.2") as burglar:
        with pytest.raises(RegistrationFailed):
            await burglar.register()
    async with await Phone.open(pbx.sip_address, "centralita-sucursal", "sucursalsecret1", "127.0.0.9") as burglar:
        with pytest.raises(RegistrationFailed):
            await burglar.register()


@pytest.mark.parametrize("name", ["centralita-porip", "centralita-planta", "centralita-telnyx"])
async def test_a_name_in_from_opens_no_door(pbx: RenderedPbx, name: str) -> None:
    async with await Phone.open(pbx.sip_address, name, host="127.0.0.9") as stranger:
        with pytest.raises(CallFailed) as refused:
            await stranger.call("525512345678")
    assert refused.value.status in (401, 403)


async def test_a_caller_who_comes_round_again_meets_the_last_resort(tmp_path: Path) -> None:
    site = {**SITE, "fallback": {"kind": "dialplan", "context": "circle", "target": "1"}}
    with RenderedPbx(tmp_path, {**OFFICE, "site": site}) as pbx:
        async with await Phone.open(pbx.sip_address) as caller:
            with pytest.raises(CallFailed) as refused:
                await caller.call("e-telecom")
        assert refused.value.status == 503
        notices = [line for line in pbx.heard().splitlines() if "] NOTICE[" in line]
        assert sum("centralita let go:" in line for line in notices) == 1


# -- calls out --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "door", ["t-525587654321", "t-+525587654321", "t-900", "t-nadie", "o-5587654321", "o-0015551234567", "o-112",
             "o-911", "o-+529001234567", "o-+523001234567", "o-+34803123456", "o-+12015550123", "o-+882123456789",
             "o-ventas",
             "o-+52558765432100", "c-+525587654321"],
)  # fmt: skip
async def test_digits_premium_emergency_and_foreign_numbers_are_refused(pbx: RenderedPbx, door: str) -> None:
    async with await Phone.open(pbx.sip_address) as caller:
        with pytest.raises(CallFailed) as refused:
            await caller.call(door)
    assert (refused.value.status, refused.value.cause) == (403, 21)


async def test_a_transfer_goes_by_its_id(pbx: RenderedPbx) -> None:
    async with await person(pbx) as somebody, await Phone.open(pbx.sip_address) as caller:
        call = await caller.dial("t-ventas")
        await somebody.incoming()
        await call.hang_up()


async def test_an_allowed_number_goes_out_as_the_trunk_wants_it_and_no_more_than_allowed(tmp_path: Path) -> None:
    async with (
        await Phone.open(("127.0.0.1", 9), "carrier", host="127.0.0.8") as carrier,
        await Phone.open(("127.0.0.1", 9), "full", host="127.0.0.10") as full,
    ):
        full.refuse_with = 503
        trunk = {"host": "127.0.0.8", "port": carrier.port, "auth_type": "ip_auth", "number_format": "national",
                 "dial_prefix": "77", "outbound_caller_id": "+525555555555"}  # fmt: skip
        trunks = {"carrier": trunk, "full": {**trunk, "host": "127.0.0.10", "port": full.port}}
        out = {**OFFICE["site"]["outbound"], "trunks": ["full", "carrier"], "max_channels": 1}
        site = {**OFFICE["site"], "outbound": out, "emergency_trunk": "carrier"}
        with RenderedPbx(tmp_path, {"site": site, "carriers": trunks}) as pbx:
            carrier.server = full.server = pbx.sip_address
            async with await Phone.open(pbx.sip_address) as caller, await Phone.open(pbx.sip_address) as other:
                for asked, dialled in (("+525587654321", "775587654321"), ("+34911223344", "770034911223344")):
                    call = await caller.dial(f"o-{asked}")
                    rings = await carrier.incoming()
                    assert rings._invite is not None
                    assert rings._invite.uri.startswith(f"sip:{dialled}@127.0.0.8")
                    assert rings.remote_user == "+525555555555"
                    assert "+525555555555" in rings._invite.headers.get("P-Asserted-Identity")
                    with pytest.raises(CallFailed) as refused:
                        await other.call("o-+525500000000")
                    assert refused.value.status == 503
                    # no limit holds back whoever needs help
                    emergency = await other.dial("m-112")
                    help_is_asked = await carrier.incoming()
                    assert help_is_asked._invite is not None
                    assert help_is_asked._invite.uri.startswith("sip:112@127.0.0.8")
                    await emergency.hang_up()
                    await help_is_asked.wait_ended()
                    await call.hang_up()
                    await rings.wait_ended()
            assert pbx.own_complaints() == []


async def test_a_recording_notice_is_played_before_the_agent(tmp_path: Path) -> None:
    site = {**SITE, "recording_notice": "beep", "fallback": {"kind": "announcement", "prompt": "beep"}}
    with RenderedPbx(tmp_path, {"site": site}) as pbx:
        async with await Phone.open(pbx.sip_address) as caller:
            call = await caller.call("e-telecom")
            ended = await call.wait_ended()
        heard = pbx.heard()
        assert ended.cause == 16
        assert heard.count("Playing 'beep") == 2
        assert '"1?Set(__CENTRALITA_NOTICE_PLAYED=beep)"' in heard
        assert heard.index("Playing 'beep") < heard.index("Stasis(") < heard.rindex("Playing 'beep")


# -- FreePBX ----------------------------------------------------------------------------------------------------------


async def test_beside_freepbx_it_stays_in_the_custom_files(tmp_path: Path) -> None:
    config = {
        "site": {**SITE, "pbx": "freepbx", "fallback": {"kind": "queue", "target": "400"},
                 "network": {"lan_address": "127.0.0.1", "transports": {"udp": "udp"}}},
        "gateways": {"oficina": {"ip": "127.0.0.2", "dids": [{"number": "+525512345678"}]}},
    }  # fmt: skip
    pbx = RenderedPbx(tmp_path, config, {"extensions.conf": HOST_DIALPLAN + "#tryinclude extensions_custom.conf\n"})
    with pbx:
        etc = pbx.folder / "etc"
        files = {path.name for path in etc.glob("*_custom.conf")}
        assert files == {"pjsip_custom.conf", "extensions_custom.conf", "ari_additional_custom.conf",
                         "logger_logfiles_custom.conf"}  # fmt: skip
        text = (etc / "centralita" / "pjsip.conf").read_text("utf-8")
        assert "[global]" not in text
        assert "type = transport" not in text
        assert pbx.own_complaints() == []
        async with await Phone.open(pbx.sip_address) as caller:
            call = await caller.call("e-telecom")
            ended = await call.wait_ended()
        assert ended.cause == 16


# -- size -------------------------------------------------------------------------------------------------------------


def test_five_hundred_trunks_and_five_thousand_numbers_load(tmp_path: Path) -> None:
    carriers = {
        f"c{n}": {"host": f"127.{n // 250 + 1}.{n % 250}.1", "auth_type": "ip_auth", "outbound": False,
                  "dids": [{"number": f"+5255{n * 10 + m:08d}"} for m in range(10)]}
        for n in range(500)
    }  # fmt: skip
    with RenderedPbx(tmp_path, {"site": SITE, "carriers": carriers}) as pbx:
        assert pbx.own_complaints() == []
        assert "5000 extensions" in pbx.cli("dialplan show centralita-did")
        assert "Objects found: 501" in pbx.cli("pjsip show endpoints") or "Objects found: 502" in pbx.cli(
            "pjsip show endpoints"
        )

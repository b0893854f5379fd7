"""Trunks as carriers are: digest, moods, addresses, TLS with an authority of their own, encrypted sound."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import trustme

from provisioning.free_ports import free_tcp_port
from provisioning.private_pbx import PbxPlan, PrivatePbx, choose_ports, new_secret
from softphone import Call, Phone
from softphone.carrier import Carrier, Customer
from tests.asterisk.office import soon, strength
from tests.asterisk.rendered_pbx import RenderedPbx
from tests.asterisk.test_rendered import SITE

NUMBER = "+525512345678"
TLS_CARRIER = "127.0.0.6"
CUSTOMER = Customer("miempresa", "operadorsecret1")
"""The password that a rendered PBX of the tests has for its trunk `operador`."""


class KnownPbx(RenderedPbx):
    """A provisioned PBX whose ports are known before it starts: its carrier answers to the address it was told."""

    def __init__(self, folder: Path, config: Mapping[str, Any]) -> None:
        super().__init__(folder, config)
        self._wanted_ports = self._ports = choose_ports()


class ImpatientPbx(KnownPbx):
    """The same files, only that it asks again after two seconds where the config says minutes."""

    def _write_configuration(self) -> None:
        super()._write_configuration()
        path = self.folder / "etc" / "centralita" / "pjsip.conf"
        waits = r"(?m)^(retry_interval|forbidden_retry_interval|fatal_retry_interval)\s*=.*$"
        text, count = re.subn(waits, r"\1=2", path.read_text("utf-8"))
        assert count == 3
        path.write_text(text, "utf-8")


def trunk_to(carrier: Carrier, **more: object) -> dict[str, object]:
    return {"host": carrier.host, "port": carrier.port, "dids": [{"number": NUMBER}], **more}


@pytest_asyncio.fixture
async def carrier() -> AsyncIterator[Carrier]:
    async with await Carrier.open(("127.0.0.1", 9), "sbc", host="127.0.0.5") as carrier:
        carrier.customer = CUSTOMER
        yield carrier


@pytest.fixture
def registering(tmp_path: Path, carrier: Carrier) -> Iterator[KnownPbx]:
    config = {"site": SITE, "carriers": {"operador": trunk_to(carrier, user=CUSTOMER.user, password="env:UNUSED")}}
    pbx = ImpatientPbx(tmp_path, config)
    yield pbx
    pbx.terminate()


async def reach(carrier: Carrier, pbx: KnownPbx) -> None:
    """Start the PBX and wait until the carrier has taken its log-in."""
    carrier.server = pbx.sip_address
    registered = asyncio.create_task(carrier.wait_registered())
    await pbx.start()
    async with asyncio.timeout(30):
        await registered


async def hears_the_milliwatt(call: Call) -> None:
    """The carrier's tone of 1004 Hz has come through."""
    await soon(lambda: len(call.media.heard_pcm()) > 24000)
    assert strength(call.media.heard_pcm()[8000:], call.media.rate, 1004) > 0.9


async def person(pbx: PrivatePbx) -> Phone:
    phone = await Phone.open(pbx.sip_address, "200", "secret200")
    await phone.register()
    return phone


class TestRegistering:
    @pytest.mark.parametrize(
        "moods",
        [[], [503], [None], [403], [404], [503, 403, None]],
        ids=["fair", "503", "silent", "403", "404", "all three"],
    )
    async def test_a_carrier_s_moods_pass_and_we_are_logged_in_again(
        self, carrier: Carrier, registering: KnownPbx, moods: list[int | None]
    ) -> None:
        carrier.moods.extend(moods)
        await reach(carrier, registering)
        assert [status for _, status in carrier.seen][-2:] == [401, 200]
        await soon(lambda: "Registered" in registering.cli("pjsip show registrations"))

    async def test_calls_come_down_the_registration(self, carrier: Carrier, registering: KnownPbx) -> None:
        await reach(carrier, registering)
        async with await person(registering) as somebody:
            call = await carrier.ring(NUMBER, "+525599998888")
            rings = await somebody.incoming()
            assert rings.remote_user == "+525599998888"
            await rings.answer()
            await call.wait_answered()
            await call.hang_up()
        assert f"did={NUMBER}" in registering.heard()

    async def test_a_carrier_that_forgets_the_line_is_known_by_its_address(
        self, carrier: Carrier, registering: KnownPbx
    ) -> None:
        await reach(carrier, registering)
        async with await person(registering) as somebody:
            call = await carrier.ring(NUMBER, "+525599998888", keep_line=False)
            await somebody.incoming()
            await call.hang_up()

    async def test_our_calls_prove_who_we_are(self, carrier: Carrier, registering: KnownPbx) -> None:
        carrier.asks_callers = True
        await reach(carrier, registering)
        placing = asyncio.create_task(
            registering.ask("channel originate PJSIP/+525587654321@centralita-operador application Wait 5")
        )
        async with asyncio.timeout(10):
            call = await carrier.incoming()
        assert call.dialled_user == "+525587654321"
        await call.answer()
        await placing
        await call.hang_up()


class TestTwoAccountsAtOneCarrier:
    async def test_each_account_s_calls_come_in_over_its_own_trunk(self, tmp_path: Path, carrier: Carrier) -> None:
        carrier.customer = None
        contacts: dict[str, str] = {}
        other = {**trunk_to(carrier, user="cuenta2", password="env:UNUSED"), "dids": [{"number": "+525512345679"}]}
        config = {
            "site": SITE,
            "carriers": {"uno": trunk_to(carrier, user="cuenta1", password="env:UNUSED"), "dos": other},
        }
        pbx = KnownPbx(tmp_path, config)
        try:
            await reach(carrier, pbx)
            await soon(lambda: pbx.cli("pjsip show registrations").count("Registered") == 2)
            contacts = {contact.partition(":")[2].partition("@")[0]: contact for contact in carrier.contacts}
            async with await person(pbx) as somebody:
                for account, number, trunk in (("cuenta1", NUMBER, "uno"), ("cuenta2", "+525512345679", "dos")):
                    carrier.contact_of_customer = contacts[account]
                    call = await carrier.ring(number, "+525599998888")
                    await somebody.incoming()
                    assert f"trunk={trunk}" in pbx.heard() or f"centralita-in-{trunk}" in pbx.heard()
                    await call.hang_up()
        finally:
            pbx.terminate()


CARRIER_PJSIP = """
[tls]
type = transport
protocol = tls
bind = {host}:{port}
cert_file = {certificate}
priv_key_file = {key}
method = tlsv1_2

[miempresa]
type = endpoint
context = from-customer
transport = tls
identify_by = username,auth_username
auth = miempresa
aors = miempresa
disallow = all
allow = alaw
media_encryption = sdes
direct_media = no
rtp_symmetric = yes
rewrite_contact = yes
[miempresa]
type = auth
auth_type = userpass
username = miempresa
password = operadorsecret1
[miempresa]
type = aor
max_contacts = 1
remove_existing = yes
"""
CARRIER_DIALPLAN = """
[general]
static = yes
[globals]
[from-customer]
exten => _+X.,1,Answer()
 same => n,Milliwatt()
[centralita-phones]
[centralita-carrier]
"""


class TlsCarrier(PrivatePbx):
    """A carrier that takes only TLS with its own certificate and only encrypted sound: a second Asterisk."""

    def __init__(self, folder: Path, certificate: Path, key: Path) -> None:
        super().__init__(PbxPlan(ari_password=new_secret(), ami_password=new_secret()), folder, host=TLS_CARRIER)
        self.tls_port = free_tcp_port()
        self._certificate, self._key = certificate, key

    def _write_configuration(self) -> None:
        super()._write_configuration()
        etc = self.folder / "etc"
        more = CARRIER_PJSIP.format(host=self.host, port=self.tls_port, certificate=self._certificate, key=self._key)
        ours = (etc / "pjsip.conf").read_text("utf-8")
        order = "endpoint_identifier_order = username"
        by_account = ours.replace(order, f"{order},auth_username")
        (etc / "pjsip.conf").write_text(by_account + more, "utf-8")
        (etc / "extensions.conf").write_text(CARRIER_DIALPLAN, "utf-8")


class TestTlsAndSrtp:
    @pytest.fixture
    def authority(self, tmp_path: Path) -> trustme.CA:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        for name in ("carrier", "us"):
            issued = authority.issue_cert(TLS_CARRIER, "127.0.0.1")
            issued.private_key_pem.write_to_path(str(tmp_path / f"{name}.key"))
            (tmp_path / f"{name}.pem").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        trustme.CA().cert_pem.write_to_path(str(tmp_path / "stranger.pem"))
        return authority

    def config(self, tmp_path: Path, carrier: TlsCarrier, believes: str) -> dict[str, Any]:
        network = {
            "lan_address": "127.0.0.1", "bind": "127.0.0.1", "tls_port": free_tcp_port(), "sip_port": "SIP-PORT",
            "certificate": str(tmp_path / "us.pem"), "private_key": str(tmp_path / "us.key"),
            "transports": {"udp": "udp"},
        }  # fmt: skip
        trunk = {
            "host": TLS_CARRIER, "port": carrier.tls_port, "user": CUSTOMER.user, "password": "env:UNUSED",
            "transport": "tls", "srtp": True, "ca_file": str(tmp_path / believes), "dids": [{"number": NUMBER}],
        }  # fmt: skip
        site = {**SITE, "network": network, "outbound": {"countries": ["MX"]}}
        return {"site": site, "carriers": {"operador": trunk}}

    async def test_we_log_in_and_sound_is_encrypted_both_ways(self, tmp_path: Path, authority: trustme.CA) -> None:
        with (
            TlsCarrier(tmp_path / "carrier", tmp_path / "carrier.pem", tmp_path / "carrier.key") as carrier,
            RenderedPbx(tmp_path / "us", self.config(tmp_path, carrier, "ca.pem")) as pbx,
        ):
            await soon(lambda: " Registered " in pbx.cli("pjsip show registrations"), 20)
            pbx.cli("pjsip set logger on")
            async with await person(pbx) as somebody, await Phone.open(pbx.sip_address) as caller:
                ringing = asyncio.create_task(
                    carrier.ask(f"channel originate PJSIP/{NUMBER}@miempresa application Milliwatt")
                )
                call = await somebody.incoming()
                await call.answer()
                await ringing
                await hears_the_milliwatt(call)
                await call.hang_up()
                out = await caller.call("o-+525587654321")
                await hears_the_milliwatt(out)
                await out.hang_up()
            offers = [line for line in pbx.heard().splitlines() if line.startswith("m=audio") and "SAVP" in line]
            assert len(offers) >= 4, "an offer and an answer for each of the two calls"
            assert "a=crypto:" in pbx.heard()

    async def test_a_carrier_with_a_stranger_s_certificate_is_not_talked_to(
        self, tmp_path: Path, authority: trustme.CA
    ) -> None:
        with (
            TlsCarrier(tmp_path / "carrier", tmp_path / "carrier.pem", tmp_path / "carrier.key") as carrier,
            RenderedPbx(tmp_path / "us", self.config(tmp_path, carrier, "stranger.pem")) as pbx,
        ):
            await soon(lambda: "certificate" in pbx.heard().lower(), 20)
            assert " Registered " not in pbx.cli("pjsip show registrations")
            assert "miempresa" not in carrier.cli("pjsip show contacts")

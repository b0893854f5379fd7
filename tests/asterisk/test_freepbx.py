"""Into a FreePBX on a real Asterisk and out again: calls reach people, FreePBX lives on, nothing is left behind."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from provisioning.applying.control import AsteriskCli
from provisioning.freepbx.clicks import destinations
from provisioning.freepbx.gathering import Run, gather
from provisioning.freepbx.installing import InstallReport, install, plan_install, uninstall
from provisioning.freepbx.trial_call import trial_call
from provisioning.model import TelephonyReceptionConfig
from provisioning.model.loading import parse_telephony
from provisioning.model.secrets import SecretStore, gathered, sip_secret
from softphone import CallFailed, Phone
from tests.freepbx_tree import FreePbx, snapshot, tree

NUMBER = "34910000001"


def nobody(argv: object) -> tuple[int, str]:
    """A machine without fwconsole."""
    return 127, "there is no such program"


def fwconsole(argv: object) -> tuple[int, str]:
    return 0, "FreePBX 17.0.18.4"


class Office:
    """A FreePBX, a config for it, and the two commands."""

    def __init__(self, folder: Path) -> None:
        self.pbx = FreePbx(folder / "pbx")
        self.store = SecretStore(folder / "secrets")
        self.cli = AsteriskCli(self.pbx.build.argv, self.pbx.conf)
        self.run: Run = fwconsole

    @property
    def config(self) -> TelephonyReceptionConfig:
        return parse_telephony(
            {
                "site": {
                    "pbx": "freepbx",
                    "country": "ES",
                    "fallback": {"kind": "queue", "target": "400"},
                    "ari": {"port": self.pbx.http_port},
                    "network": {"lan_address": "127.0.0.1", "local_networks": ["127.0.0.0/8"]},
                },
                "gateways": {"oficina": {"dids": [{"number": f"+{NUMBER}"}]}},
            }
        )

    @property
    def secrets(self) -> Mapping[str, str]:
        return gathered(self.config, self.store)

    def install(self, dry_run: bool = False) -> InstallReport:
        return install(self.config, self.secrets, self.pbx.etc, self.cli, dry_run=dry_run, run=self.run)

    def uninstall(self) -> InstallReport:
        return uninstall(self.pbx.etc, self.cli)

    async def person(self, extension: str = "200") -> Phone:
        phone = await Phone.open(self.pbx.sip_address, extension, self.pbx.site.secret(extension))
        await phone.register()
        return phone

    async def gateway(self) -> Phone:
        phone = await Phone.open(self.pbx.sip_address, "centralita-oficina", self.secrets[sip_secret("oficina")])
        await phone.register()
        return phone


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    with office.pbx:
        yield office


def errors(report: InstallReport) -> set[str]:
    found = [*report.findings, *(report.applied.findings if report.applied else ())]
    return {one.code for one in found if one.severity == "error"}


def test_the_test_bed_loads_without_a_complaint(office: Office) -> None:
    assert office.pbx.complaints() == []
    assert "Objects found: 3" in office.pbx.cli("pjsip show endpoints")
    assert "Queue(400" in office.pbx.cli("dialplan show 400@from-internal")


async def test_install_call_uninstall_leaves_every_byte_as_it_was(office: Office) -> None:
    before = snapshot(office.pbx.etc)

    tried = office.install(dry_run=True)
    assert tried.is_good, str(tried)
    assert snapshot(office.pbx.etc) == before
    secret = office.secrets[sip_secret("oficina")]
    assert secret not in str(tried)
    assert secret not in str(tried.as_json())

    done = office.install()
    assert done.is_good, str(done)
    assert done.applied is not None
    assert done.applied.checked > 10
    assert office.pbx.complaints() == []

    # a caller on the gateway's line: the agent is not there, so the queue rings its people
    async with await office.person() as person, await office.gateway() as line:
        call = await line.call(NUMBER, caller_number="+34600111222")
        rings = await person.incoming()
        await rings.answer()
        await rings.media.play(b"\x00\x20\x00\xe0" * 2000)
        await call.media.wait_for_speech(min_ms=100)
        await call.hang_up()

    gone = office.uninstall()
    assert gone.is_good, str(gone)
    assert snapshot(office.pbx.etc) == before
    assert "Unable to find object" in office.pbx.cli("pjsip show endpoint centralita-oficina")
    async with await office.person("201"):
        assert "201/sip:" in office.pbx.cli("pjsip show contacts")


def test_installing_twice_changes_nothing(office: Office) -> None:
    assert office.install().is_good
    once = snapshot(office.pbx.etc)
    again = office.install()
    assert again.applied is not None
    assert again.applied.result == "unchanged"
    assert again.applied.reloads == ()
    assert snapshot(office.pbx.etc) == once


def test_we_survive_what_freepbx_does_and_it_survives_us(office: Office) -> None:
    before = snapshot(office.pbx.etc)
    office.install()
    installed = snapshot(office.pbx.etc)

    office.pbx.fwconsole_reload()
    assert snapshot(office.pbx.etc) == installed
    office.pbx.restart()
    assert office.pbx.complaints() == []
    assert "centralita-oficina" in office.pbx.cli("pjsip list endpoints")
    assert "Stasis(centralita" in office.pbx.cli("dialplan show centralita-answer")

    # somebody adds a route at the web page while we are there, and it stays when we go
    office.pbx.apply_config(inbound_routes={"5550200": "from-did-direct,200,1", "5550201": "from-did-direct,201,1"})
    office.pbx.cli("dialplan reload")
    assert office.uninstall().is_good
    after = snapshot(office.pbx.etc)
    assert {name for name in after.keys() | before.keys() if after.get(name) != before.get(name)} == {
        "extensions_additional.conf"
    }
    assert b"5550201" in after["extensions_additional.conf"][0]


def test_asterisk_starts_although_our_folder_was_deleted_by_hand(office: Office) -> None:
    office.install()
    shutil.rmtree(office.pbx.etc / "centralita")
    office.pbx.restart()
    assert office.pbx.complaints() == []
    assert "Objects found: 3" in office.pbx.cli("pjsip show endpoints")
    assert "freepbxuser" in office.pbx.cli("ari show users")


def test_a_change_by_hand_is_never_overwritten_nor_deleted(office: Office) -> None:
    office.install()
    ours = office.pbx.etc / "centralita" / "extensions.conf"
    ours.write_text(ours.read_text() + "; a note of mine\n")
    held = snapshot(office.pbx.etc)
    for report in (office.install(), office.uninstall()):
        assert not report.is_good
        assert "changed-by-hand" in errors(report)
        assert snapshot(office.pbx.etc) == held


def test_what_still_points_to_us_is_named_before_we_go(office: Office) -> None:
    before = snapshot(office.pbx.etc)
    office.install()
    (one,) = destinations(office.config)
    clicked = tree.CustomDestination(1, one.target, one.description, one.then)
    routes = {**office.pbx.site.inbound_routes, "5550300": "customdests,dest-1,1"}
    office.pbx.apply_config(custom_destinations=(clicked,), inbound_routes=routes)
    office.pbx.cli("dialplan reload")

    refused = office.uninstall()
    assert not refused.is_good
    assert {(one.subject, one.code) for one in refused.findings} == {
        ("Centralita telecom", "still-points-to-us"),
        ("5550300", "still-points-to-us"),
    }
    assert any("5550300" in step.es for step in refused.clicks)
    assert "centralita-oficina" in office.pbx.cli("pjsip list endpoints")

    office.pbx.apply_config(custom_destinations=(), inbound_routes={"5550200": "from-did-direct,200,1"})
    office.pbx.cli("dialplan reload")
    assert office.uninstall().is_good
    assert snapshot(office.pbx.etc) == before


async def test_a_route_of_freepbx_reaches_us_by_the_custom_destination_and_falls_back(office: Office) -> None:
    office.install()
    (one,) = destinations(office.config)
    office.pbx.apply_config(
        custom_destinations=(tree.CustomDestination(1, one.target, one.description, one.then),),
        inbound_routes={"5550300": "customdests,dest-1,1"},
    )
    office.pbx.cli("dialplan reload")
    async with await office.person() as person:
        office.pbx.cli("channel originate Local/5550300@from-trunk application Wait 20")
        rings = await person.incoming()
        await rings.answer()
        await rings.hang_up()
    assert "centralita let go: FAILED" in office.pbx.log()


async def test_a_caller_we_cannot_place_returns_to_the_custom_destination(office: Office) -> None:
    """Our fallback is a queue that somebody has deleted since: FreePBX's own "Return = Yes" has the caller then."""
    office.install()
    (one,) = destinations(office.config)
    office.pbx.apply_config(
        custom_destinations=(tree.CustomDestination(1, one.target, one.description, "from-did-direct,201,1"),),
        inbound_routes={"5550300": "customdests,dest-1,1"},
    )
    office.pbx.cli("dialplan reload")
    office.pbx.cli("dialplan remove extension 400@ext-queues")
    async with await office.person("201") as person:
        office.pbx.cli("channel originate Local/5550300@from-trunk application Wait 20")
        rings = await person.incoming()
        await rings.answer()
        await rings.hang_up()
    assert "Returned from Custom Destination" in office.pbx.log()


async def test_the_trial_call_tells_who_has_it(office: Office) -> None:
    office.install()
    async with await office.person():
        found = trial_call(office.cli, "telecom")
    assert found.reached == "fallback"
    assert found.place.startswith("ext-queues,400")
    with pytest.raises(ValueError, match="agent"):
        trial_call(office.cli, "telecom@from-internal")


async def test_the_gateway_s_line_reaches_our_numbers_and_no_extension(office: Office) -> None:
    office.install()
    async with await office.gateway() as line:
        for forbidden in ("200", "400", "92125551234", "*88"):
            with pytest.raises(CallFailed) as refused:
                await line.call(forbidden)
            assert refused.value.status == 404


def test_a_pbx_that_is_broken_already_is_left_alone(office: Office) -> None:
    broken = office.pbx.etc / "pjsip.endpoint_custom_post.conf"
    broken.write_text("[200]\ntype=endpoint\ncontext=from-internal\n")  # a second 200: Asterisk drops every endpoint
    before = snapshot(office.pbx.etc)
    report = office.install()
    assert not report.is_good
    assert any(code.startswith("before-us-") for code in errors(report)), str(report)
    assert snapshot(office.pbx.etc) == before


def test_without_the_http_server_nothing_is_written(office: Office) -> None:
    (office.pbx.etc / "http_additional.conf").write_text("enabled=no\n")
    office.pbx.restart()
    before = snapshot(office.pbx.etc)
    report = office.install()
    assert errors(report) == {"http-off"}
    assert snapshot(office.pbx.etc) == before


def test_an_asterisk_that_is_down_gets_nothing(office: Office) -> None:
    office.pbx.terminate()
    before = snapshot(office.pbx.etc)
    report = office.install()
    assert "asterisk-silent" in errors(report)
    assert snapshot(office.pbx.etc) == before


def test_the_facts_are_those_of_the_machine(office: Office) -> None:
    facts = gather(office.pbx.etc, office.cli, run=fwconsole)
    assert facts.is_freepbx
    assert facts.freepbx_version == "17.0.18.4"
    assert facts.asterisk_major >= 18
    assert facts.http_address == f"127.0.0.1:{office.pbx.http_port}"
    assert "res_ari.so" in facts.modules
    assert any(one.port == office.pbx.sip_port and one.protocol == "udp" for one in facts.listeners)
    assert gather(office.pbx.etc, office.cli, run=nobody).freepbx_version == ""
    plan = plan_install(office.config, office.secrets, facts)
    assert "transport = 0.0.0.0-udp" in plan.rendered.files["centralita/pjsip.conf"]

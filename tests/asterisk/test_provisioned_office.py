"""An integrator's day: one config file, the commands, a gateway that logs in, and the right agent answers each number.

Everything is done with the `centralita` command, as its own process, on the private Asterisk's folder.
"""

import asyncio
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ari_app.live_events import CallEnded, CallStarted
from centralita.demo.stage import Stage, StagePlan
from provisioning.private_pbx import PrivatePbx
from softphone import Call, CallFailed, Phone
from tests.asterisk.office import Office, brief_agents, soon

GATEWAY = "127.0.0.2"
TELECOM, CLINICA, OFF = "+525512345678", "+525512345679", "+525512345670"
CONFIG = f"""
[site]
country = "MX"
agent = "telecom"
fallback = {{ kind = "extension", target = "200" }}

[site.network]
lan_address = "127.0.0.1"
local_networks = ["127.0.0.0/8"]
transports = {{ udp = "udp" }}

[site.ari]
user = "provisioned"

[gateways.oficina]
model = "gxw4104"
ip = "{GATEWAY}"
mac = "00:0b:82:aa:bb:cc"

[[gateways.oficina.dids]]
number = "{TELECOM}"
label = "Principal"

[[gateways.oficina.dids]]
number = "{CLINICA}"
agent = "clinica"

[[gateways.oficina.dids]]
number = "{OFF}"
active = false
"""


class Integrator:
    """Somebody with a shell, a config file and root's rights on Asterisk's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "telephony.toml"
        self.pbx: PrivatePbx | None = None

    def take(self, pbx: PrivatePbx) -> None:
        """Begin on this Asterisk: the config names its HTTP port."""
        self.pbx = pbx
        port = f'user = "provisioned"\nport = {pbx.ports.http}'
        self.config.write_text(CONFIG.replace('user = "provisioned"', port), encoding="utf-8")

    @property
    def etc(self) -> Path:
        assert self.pbx is not None
        return self.pbx.folder / "etc"

    async def run(self, *words: str, status: int = 0) -> dict[str, object]:
        """Run a `telephony` command and return its JSON; meanwhile our own loop goes on hearing the live events."""
        return await asyncio.to_thread(self._run, *words, status=status)

    def _run(self, *words: str, status: int = 0) -> dict[str, object]:
        assert self.pbx is not None
        needs_asterisk = words[0] in ("check", "apply", "rollback", "status", "doctor", "test")
        asterisk = ["--asterisk", shlex.join(self.pbx.build.argv), "--asterisk-conf", str(self.etc / "asterisk.conf")]
        folder = ["--etc", str(self.etc)] if words[0] != "test" else []
        done = subprocess.run(
            [sys.executable, "-m", "centralita.cli", "telephony", *words, "--config", str(self.config), *folder,
             *(asterisk if needs_asterisk else []), "--json"],
            capture_output=True, text=True, check=False, timeout=100, cwd=self.folder,
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
        answer = json.loads(done.stdout)
        assert isinstance(answer, dict)
        return answer

    def tree(self) -> dict[str, bytes]:
        """Every file of Asterisk's folder."""
        return {str(path.relative_to(self.etc)): path.read_bytes() for path in self.etc.rglob("*") if path.is_file()}

    def password(self) -> str:
        return (self.folder / "secrets" / "sip-oficina").read_text(encoding="utf-8").strip()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def integrator(tmp_path_factory: pytest.TempPathFactory) -> Integrator:
    return Integrator(tmp_path_factory.mktemp("integrator"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(integrator: Integrator, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    plan = StagePlan(agents=brief_agents(tmp_path_factory.mktemp("house")))
    stage = Stage(tmp_path_factory.mktemp("stage"), plan)
    stage.on_asterisk = integrator.take
    async with stage, Office.watching(stage) as office:
        yield office


async def gateway(office: Office, integrator: Integrator) -> Phone:
    phone = await Phone.open(office.stage.asterisk.sip_address, "centralita-oficina", integrator.password(), GATEWAY)
    await phone.register()
    return phone


async def ring(phone: Phone, number: str, caller: str = "5533334444") -> Call:
    uri = f"sip:{number.removeprefix('+')}@{phone.server[0]}:{phone.server[1]}"
    return await phone.dial_uri(uri, caller_number=caller, in_header="From")


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_what_is_wrong_is_said_before_anything_is_written(office: Office, integrator: Integrator) -> None:
    good = integrator.config.read_text(encoding="utf-8")
    before = integrator.tree()
    integrator.config.write_text(
        good.replace('fallback = { kind = "extension", target = "200" }', ""), encoding="utf-8"
    )
    answer = await integrator.run("apply", status=1)
    assert "fallback" in json.dumps(answer["findings"])
    assert integrator.tree() == before
    integrator.config.write_text(good, encoding="utf-8")


async def test_the_config_goes_in_and_asterisk_proves_it(office: Office, integrator: Integrator) -> None:
    await integrator.run("diff", status=3)
    answer = await integrator.run("apply")
    assert answer["result"] == "applied"
    assert isinstance(answer["checked"], int)
    assert answer["checked"] > 20
    await integrator.run("diff")  # leaves with 0: nothing would change
    assert (await integrator.run("status"))["is_proven"] is True
    assert (await integrator.run("apply"))["result"] == "unchanged"
    assert office.stage.asterisk.complaints() == []


@pytest.mark.parametrize(("number", "agent"), [(TELECOM, "telecom"), (CLINICA, "clinica")])
async def test_the_right_agent_answers_each_number(
    office: Office, integrator: Integrator, number: str, agent: str
) -> None:
    office.forget()
    async with await gateway(office, integrator) as phone:
        call = await ring(phone, number)
        await call.wait_answered()
        call.media.start_sending()
        started = await office.tell(CallStarted)
        assert (started.agent, started.did, started.caller) == (agent, number, "5533334444")
        await call.media.wait_for_speech()
        await call.hang_up()
    await office.tell(CallEnded)
    await office.asterisk_is_empty()


async def test_the_doctor_names_what_is_the_matter(office: Office, integrator: Integrator) -> None:
    """Everything is well but the box itself, which nobody has plugged in."""
    found = (await integrator.run("doctor", status=1))["findings"]
    assert isinstance(found, list)
    errors = [one for one in found if one["severity"] == "error"]
    assert {one["subject"].partition(":")[0] for one in errors} == {"oficina"}
    async with await gateway(office, integrator) as phone:
        integrator.config.write_text(
            integrator.config.read_text(encoding="utf-8").replace(
                'model = "gxw4104"', f'model = "gxw4104"\nsip_port = {phone.port}'
            ),
            encoding="utf-8",
        )
        tested = await integrator.run("test")
        assert tested["ok"] is True, tested


async def test_a_number_that_is_off_is_busy(office: Office, integrator: Integrator) -> None:
    async with await gateway(office, integrator) as phone:
        with pytest.raises(CallFailed) as refused:
            await (await ring(phone, OFF)).wait_answered()
    assert refused.value.status == 486


async def test_calls_dies_and_cannot_come_back_and_the_number_s_fallback_rings(
    office: Office, integrator: Integrator
) -> None:
    office.forget()
    agents = office.stage.plan.agents
    async with await gateway(office, integrator) as phone, await office.phone("200") as somebody:
        call = await ring(phone, TELECOM)
        await call.wait_answered()
        call.media.start_sending()
        await office.tell(CallStarted)
        await call.media.wait_for_speech()
        away = agents.rename(agents.with_name("away"))
        before = office.stage.child("calls").pid
        assert before is not None
        os.kill(before, signal.SIGKILL)
        async with asyncio.timeout(20):
            rings = await somebody.incoming()
        assert rings.remote_user == "5533334444"
        await rings.answer()
        await rings.hang_up()
        await call.hang_up()
    away.rename(agents)
    await soon(lambda: office.stage.child("calls").is_ready and office.stage.child("calls").pid != before, 60)
    await office.asterisk_is_empty()


async def test_nobody_is_there_at_entry_and_the_fallback_rings_at_once(office: Office, integrator: Integrator) -> None:
    office.stage.supervisor.stop()
    await soon(lambda: all(status.pid is None for status in office.stage.supervisor.statuses()), 20)
    async with await gateway(office, integrator) as phone, await office.phone("200") as somebody:
        call = await ring(phone, CLINICA)
        async with asyncio.timeout(10):
            await somebody.incoming()
        await call.hang_up()


async def test_rollback_leaves_every_file_as_it_was(office: Office, integrator: Integrator) -> None:
    answer = await integrator.run("rollback")
    assert answer["ok"] is True, answer
    left = {name for name in integrator.tree() if name.startswith("centralita/")}
    assert left == set()
    assert "centralita-oficina" not in office.stage.asterisk.cli("pjsip show endpoints")

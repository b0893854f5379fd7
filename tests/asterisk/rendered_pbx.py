"""A private PBX with rendered files, and a phone that behaves as a gateway."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from provisioning.model import TelephonyReceptionConfig
from provisioning.model.loading import parse_telephony
from provisioning.private_pbx import PbxPlan, PhoneAccount, PrivatePbx, new_secret
from provisioning.rendered import with_block
from provisioning.rendering import PbxFacts, render, sections_of
from softphone import Call, Phone

HOST_DIALPLAN = """
[general]
static = yes
[globals]

[centralita-phones]
exten => _X.,1,Hangup(1)

[centralita-carrier]
; the tests' way to every context: t-… transfer, o-… outbound, e-… entry, m-… emergency
exten => _t-.,1,Goto(centralita-transfer,${EXTEN:2},1)
exten => _o-.,1,Goto(centralita-outbound,${EXTEN:2},1)
exten => _e-.,1,Goto(centralita-entry,${EXTEN:2},1)
exten => _c-.,1,Goto(centralita-outbound-countries,${EXTEN:2},1)
exten => _m-.,1,Goto(centralita-emergency,${EXTEN:2},1)

[circle]
exten => 1,1,Goto(centralita-entry,telecom,1)

[ext-queues]
exten => 400,1,Answer()
 same => n,Wait(0.1)
 same => n,Hangup(16)
"""
PLAN = PbxPlan(ari_password=new_secret(), ami_password=new_secret(), phones=(PhoneAccount("200", "secret200"),))


def secrets_of(config: TelephonyReceptionConfig) -> dict[str, str]:
    trunks = [*config.all_gateways(), *config.all_carriers()]
    return {
        "ari": "ariSecret1234567",
        "manager": "amiSecret123456",
        **{f"sip-{name}": f"{name}secret1" for name in trunks},
    }


class RenderedPbx(PrivatePbx):
    """A private PBX whose files end with our block, as `apply` leaves them."""

    def __init__(self, folder: Path, config: Mapping[str, Any], host: Mapping[str, str] | None = None) -> None:
        super().__init__(PLAN, folder)
        self._config = config
        self._host = {"extensions.conf": HOST_DIALPLAN, **(host or {})}
        self.config = TelephonyReceptionConfig()

    def _write_configuration(self) -> None:
        super()._write_configuration()
        etc = self.folder / "etc"
        for name, text in self._host.items():
            (etc / name).write_text(text, "utf-8")
        text = json.dumps(self._config)
        for name, port in (("SIP", self.ports.sip), ("HTTP", self.ports.http), ("AMI", self.ports.ami)):
            text = text.replace(f'"{name}-PORT"', str(port))
        self.config = parse_telephony(json.loads(text))
        hosts = {path.name: path.read_text("utf-8") for path in etc.glob("*.conf")}
        facts = PbxFacts(host_sections=sections_of(hosts), modules=self.build.modules())
        rendered = render(self.config, secrets_of(self.config), facts)
        for path, text in rendered.files.items():
            (etc / path).parent.mkdir(exist_ok=True)
            (etc / path).write_text(text, "utf-8")
        for name, files in rendered.includes.items():
            (etc / name).write_text(with_block(hosts.get(name, ""), files), "utf-8")

    def own_complaints(self) -> list[str]:
        """What Asterisk has to say against the files, without what it says of itself: two of its modules race when it
        starts, a task queue tells that it was 500 long for a moment, with 500 endpoints, and a call that is hung up
        while it is being set up may meet its own end."""
        races = ("registered during operation", "Session already DISCONNECTED")
        of_itself = (*races, "scheduled tasks (high water mark")
        return [line for line in self.complaints() if not any(words in line for words in of_itself)]

    def heard(self) -> str:
        return self.log_path.read_text("utf-8", "replace")


class GatewayPhone(Phone):
    """A gateway: it logs in under its own name and calls under its callers'."""

    async def bring(self, caller: str, number: str) -> Call:
        """Bring a caller's call to a number: who calls stands in From."""
        uri = f"sip:{number}@{self.server[0]}:{self.server[1]}"
        return await self.dial_uri(uri, caller_number=caller, in_header="From")

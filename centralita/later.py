"""Commands whose modules are loaded when they are used: `calls list` needs no database, and `--help` waits for nobody.

`LATER` says what there is, with the line that `centralita --help` shows; a test holds it against the commands' own.
"""

import importlib
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

LATER: Final[dict[str, tuple[str, str]]] = {
    "config": ("centralita.config_command:config_app", "Settings and agents: are they right, and what are they."),
    "calls": ("centralita.calls_command:calls_app", "The calls there are: see them, end them, hand them over."),
    "telephony": (
        "centralita.telephony.telephony_command:telephony_app",
        "Gateways, carriers, numbers and dialplan from one file: check, render, diff, apply, rollback.",
    ),
    "gateway": (
        "centralita.telephony.gateway_command:gateway_app",
        "Analogue gateways: their files, their checklists, and the tones of their lines.",
    ),
    "trunk": (
        "centralita.telephony.trunk_command:trunk_app",
        "Carriers' trunks: known ones, yours, and whether they work.",
    ),
    "did": ("centralita.telephony.did_command:did_app", "The numbers that ring here: who answers, and what if not."),
    "install-freepbx": (
        "centralita.telephony.install_command:install_freepbx",
        "Go beside FreePBX: own files, one marked block in its `*_custom*.conf`, and the clicks that are left to you.",
    ),
    "uninstall-freepbx": (
        "centralita.telephony.install_command:uninstall_freepbx",
        "Take everything of ours out of FreePBX's Asterisk, byte for byte; inbound routes that lead to us are named.",
    ),
    "install-standalone": (
        "centralita.telephony.install_command:install_alone",
        "Set up a bare Asterisk: transports, RTP range, NAT, ARI, security log, fail2ban, gateways, carriers, numbers.",
    ),
    "uninstall-standalone": (
        "centralita.telephony.install_command:uninstall_alone",
        "Take everything of ours out of a bare Asterisk and of fail2ban, byte for byte.",
    ),
    "audit": (
        "centralita.telephony.install_command:audit",
        "Look for open doors: exposed ARI, AMI, AudioSocket; weak passwords, file modes, "
        "anonymous callers, toll fraud.",
    ),
    "pbx": (
        "centralita.pbx_command:pbx_app",
        "What the PBX is doing, by its manager interface (AMI): telephones, queues, ends of calls; and our AGI entry.",
    ),
    "blocklist": ("centralita.pbx_command:blocklist_app", "Callers who are refused before anybody answers."),
    "recordings": (
        "centralita.recordings_command:recordings_app",
        "What is kept of calls: find it, show it, delete it.",
    ),
    "batch": (
        "centralita.batch_command:batch_app",
        "The second listening: transcribe again where it is worth it, correct, analyse.",
    ),
    "bank": (
        "centralita.bank_command:bank_app",
        "Banks of corrections: what an ear mishears, the company's own words, and what people taught.",
    ),
    "customers": (
        "centralita.customers_command:customers_app",
        "Whom the agents' tools know: import them from files, see them, change them.",
    ),
    "callbacks": (
        "centralita.callbacks_command:callbacks_app",
        "What callers were promised: callbacks, appointments, cancellations; see them, settle them.",
    ),
    "stats": ("centralita.stats_command:stats", "Show what is kept and how much of it has been processed."),
    "worker": (
        "centralita.worker_command:worker",
        "Do the jobs until SIGTERM or Ctrl-C, which let running jobs finish; many may run, also on many machines.",
    ),
    "jobs": (
        "centralita.worker_command:jobs_app",
        "The jobs there are: see them, try them again, call them off.",
    ),
    "bench": ("centralita.bench_command:bench", "Measure, then claim: run one benchmark and print what it found."),
}


def loaded(name: str) -> Any:
    """Return the real command, a click one. Raises: KeyError when there is none of this name."""
    module, _, attribute = LATER[name][0].partition(":")
    found = getattr(importlib.import_module(module), attribute)
    command: Any
    if isinstance(found, typer.Typer):
        command = get_group(found)
    else:
        one = typer.Typer(add_completion=False)
        one.command(name)(found)
        command = get_command(one)
    command.name = name
    return command


class LaterGroup(TyperGroup):
    """The commands of `LATER`, of which `--help` sees one line and loads nothing, beside those already there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        later = {name: TyperCommand(name, help=line) for name, (_, line) in LATER.items()}
        self.commands = {**later, **self.commands}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return what is to be run: name, command, what is left of the line."""
        if args and args[0] in LATER:
            return args[0], loaded(args[0]), args[1:]
        return super().resolve_command(ctx, args)

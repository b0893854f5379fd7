"""`centralita install-freepbx | install-standalone | uninstall-… | audit`: into a PBX, out again, and what is open."""

import subprocess
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from centralita.telephony.options import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigPath,
    EtcPath,
    etc_folder,
    load,
    print_json,
    show_findings,
    store_of,
)
from centralita.telephony.workshop import (
    USUAL_COMMAND,
    AsteriskCommand,
    AsteriskConf,
    control,
    known_agents,
)
from provisioning.applying.apply import Ways
from provisioning.carriers import filled
from provisioning.freepbx.installing import InstallReport, install, uninstall
from provisioning.freepbx.trial_call import trial_call
from provisioning.model.secrets import gathered
from provisioning.model.telephony import TelephonyReceptionConfig
from provisioning.security.audit import audit as audited
from provisioning.security.gathering import gather_audit
from provisioning.standalone.installing import StandaloneReport, install_standalone, uninstall_standalone
from vocabulary.errors import ConfigurationError

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and write nothing.")]
Offline = Annotated[bool, typer.Option("--offline", help="Write although no Asterisk runs; proven by the next one.")]
TrialCall = Annotated[
    bool, typer.Option("--trial-call", help="Then call the agent's entry: somebody's telephone may ring.")
]
Anyway = Annotated[bool, typer.Option("--although-pointed-at", help="Also while inbound routes still point to us.")]
Language = Annotated[Literal["es", "en"], typer.Option("--lang", help="Language of the clicks.")]


def install_freepbx(
    config: ConfigPath = DEFAULT_CONFIG,
    etc: EtcPath = None,
    asterisk: AsteriskCommand = USUAL_COMMAND,
    asterisk_conf: AsteriskConf = None,
    dry_run: DryRun = False,
    call: TrialCall = False,
    language: Language = "es",
    as_json: AsJson = False,
) -> None:
    """Go beside FreePBX: own files, one marked block in its `*_custom*.conf`, and the clicks that are left to you.

    Looks first and leaves everything as it was on any doubt. `uninstall-freepbx` takes it out, byte for byte.
    """
    loaded = _config(config, "freepbx")
    console = control(asterisk, asterisk_conf)
    secrets = gathered(loaded, store_of(config))
    report = install(loaded, secrets, etc_folder(loaded, etc), console, dry_run=dry_run, agents=known_agents())
    trial = None
    if call and report.is_good and not dry_run:
        trial = trial_call(console, loaded.site.agent)
    if as_json:
        shown = {"reached": trial.reached, "place": trial.place} if trial else None
        print_json({"ok": report.is_good, **report.as_json(), "trial_call": shown})
    else:
        typer.echo(str(report), err=not report.is_good)
        if report.is_good:
            _print_clicks(report, language)
        if trial:
            typer.echo(f"trial call: {trial.reached} {trial.place}")
    raise typer.Exit(0 if report.is_good and (trial is None or trial.reached != "nobody") else 1)


def uninstall_freepbx(
    config: ConfigPath = DEFAULT_CONFIG,
    etc: EtcPath = None,
    asterisk: AsteriskCommand = USUAL_COMMAND,
    asterisk_conf: AsteriskConf = None,
    dry_run: DryRun = False,
    although_pointed_at: Anyway = False,
    as_json: AsJson = False,
) -> None:
    """Take everything of ours out of FreePBX's Asterisk, byte for byte; inbound routes that lead to us are named."""
    folder = etc_folder(load(config), etc)
    report = uninstall(
        folder, control(asterisk, asterisk_conf), dry_run=dry_run, although_pointed_at=although_pointed_at
    )
    _finish(report, as_json)


def install_alone(
    config: ConfigPath = DEFAULT_CONFIG,
    etc: EtcPath = None,
    asterisk: AsteriskCommand = USUAL_COMMAND,
    asterisk_conf: AsteriskConf = None,
    dry_run: DryRun = False,
    offline: Offline = False,
    fail2ban: Annotated[Path, typer.Option(help="fail2ban's folder; absent: that part is left out.")] = Path(
        "/etc/fail2ban"
    ),
    as_json: AsJson = False,
) -> None:
    """Set up a bare Asterisk: transports, RTP range, NAT, ARI, security log, fail2ban, gateways, carriers, numbers."""
    loaded = _config(config, "standalone")
    report = install_standalone(
        loaded,
        gathered(loaded, store_of(config)),
        etc_folder(loaded, etc),
        control(asterisk, asterisk_conf),
        dry_run=dry_run,
        agents=known_agents(),
        ways=Ways(offline=offline),
        fail2ban_folder=fail2ban,
    )
    _finish(report, as_json)


def uninstall_alone(
    config: ConfigPath = DEFAULT_CONFIG,
    etc: EtcPath = None,
    asterisk: AsteriskCommand = USUAL_COMMAND,
    asterisk_conf: AsteriskConf = None,
    dry_run: DryRun = False,
    offline: Offline = False,
    fail2ban: Annotated[Path, typer.Option(help="fail2ban's folder.")] = Path("/etc/fail2ban"),
    as_json: AsJson = False,
) -> None:
    """Take everything of ours out of a bare Asterisk and of fail2ban, byte for byte."""
    report = uninstall_standalone(
        etc_folder(load(config), etc),
        control(asterisk, asterisk_conf),
        dry_run=dry_run,
        ways=Ways(offline=offline),
        fail2ban_folder=fail2ban,
    )
    _finish(report, as_json)


def audit(
    config: Annotated[
        Path,
        typer.Option("--config", "-c", envvar="CENTRALITA_TELEPHONY", help="The telephony config, if there is one."),
    ] = DEFAULT_CONFIG,
    etc: EtcPath = None,
    audio_socket: Annotated[
        str, typer.Option(help="Where our AudioSocket server listens, as address:port.")
    ] = "127.0.0.1:9092",
    scan: Annotated[
        str, typer.Option(help="Also let sipvicious try this SIP address (yours, with consent), like 192.0.2.1:5060.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Look for open doors: exposed ARI, AMI, AudioSocket; weak passwords, file modes, anonymous callers, toll fraud.

    Exit code 1 when somebody could get in or call at your cost.
    """
    folder = etc or (etc_folder(load(config), None) if config.exists() else Path("/etc/asterisk"))
    facts = gather_audit(folder, secrets=store_of(config).folder, audio_socket=audio_socket)
    findings = audited(facts)
    if scan:
        typer.echo(_scanned(scan), err=True)
    is_ok = show_findings(findings, as_json)
    if is_ok and not as_json:
        typer.echo("no open door was found")
    raise typer.Exit(0 if is_ok else 1)


def _config(path: Path, pbx: Literal["freepbx", "standalone"]) -> TelephonyReceptionConfig:
    """Load the config, presets filled in, made for this kind of PBX. Raises: ConfigurationError, Misconfigured."""
    loaded = filled(load(path))
    if loaded.site.pbx != pbx:
        raise ConfigurationError(f'{path}: site.pbx is "{loaded.site.pbx}"; write pbx = "{pbx}" to install it so')
    return loaded


def _finish(report: InstallReport | StandaloneReport, as_json: bool) -> None:
    if as_json:
        print_json({"ok": report.is_good, **report.as_json()})
    else:
        typer.echo(str(report), err=not report.is_good)
    raise typer.Exit(0 if report.is_good else 1)


def _print_clicks(report: InstallReport, language: Literal["es", "en"]) -> None:
    console = Console()
    if report.clicks:
        console.rule("En FreePBX" if language == "es" else "In FreePBX")
    for number, step in enumerate(report.clicks, 1):
        console.print(f"{number}. {step.es if language == 'es' else step.en}", markup=False, highlight=False)


def _scanned(address: str) -> str:
    """Return what sipvicious says of an address. Raises: ConfigurationError when it is not installed."""
    host, _, port = address.rpartition(":")
    try:
        done = subprocess.run(
            ["sipvicious_svmap", "-p", port, host], capture_output=True, text=True, check=False, timeout=120
        )
    except FileNotFoundError:
        raise ConfigurationError("--scan needs sipvicious: pip install sipvicious") from None
    except subprocess.TimeoutExpired:
        raise ConfigurationError(f"--scan: nothing came back from {address} in two minutes") from None
    return (done.stdout + done.stderr).strip() or f"{address} does not answer strangers"

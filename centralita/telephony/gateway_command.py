"""`centralita gateway list | models | add | files | checklist | serve | tone-learn`: boxes with analogue lines."""

import asyncio
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table

from centralita.logs import set_up_logging
from centralita.telephony.options import DEFAULT_CONFIG, AsJson, ConfigPath, load, print_json, store_of
from centralita.telephony.publishing import publish
from device_server.process import ServerOptions, serve
from fxo_templates.checklist import checklist_markdown
from fxo_templates.device import produce
from fxo_templates.model import Device, DeviceOutput
from fxo_templates.models import MODELS
from fxo_templates.tone_learning import as_profile_toml, learn_tone, nearest_countries, read_wav
from provisioning.devices import device_of, learned_profile
from provisioning.model.editing import ConfigFile
from provisioning.model.secrets import gathered
from vocabulary.errors import ConfigurationError

gateway_app = typer.Typer(
    help="Analogue gateways: their files, their checklists, and the tones of their lines.", no_args_is_help=True
)

GatewayId = Annotated[str, typer.Argument(help="As the config calls it.")]
Language = Annotated[Literal["es", "en"], typer.Option("--lang", help="Language of the checklist.")]


@gateway_app.command("models")
def models(as_json: AsJson = False) -> None:
    """Show every model we know: what is made for it, how it fetches its file, and what nobody has verified yet."""
    if as_json:
        rows = {
            key: {
                "vendor": one.vendor, "name": one.name, "fxo_ports": one.fxo_ports, "emits": one.emits,
                "zero_touch": one.zero_touch, "unverified": one.unverified, "source": one.source,
            }
            for key, one in MODELS.items()
        }  # fmt: skip
        print_json({"models": rows})
        return
    table = Table("model", "", "FXO", "we make", "how it asks", "not verified on the device")
    for key, one in MODELS.items():
        ports = ", ".join(str(port) for port in one.fxo_ports)
        unverified = ", ".join(one.unverified[:4]) + (" …" if len(one.unverified) > 4 else "")
        table.add_row(key, f"{one.vendor} {one.name}", ports, one.emits, one.zero_touch, unverified)
    Console().print(table)


@gateway_app.command("list")
def list_gateways(config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Show the gateways of the config and the number on each line."""
    loaded = load(config)
    if as_json:
        dump = {key: one.model_dump(mode="json") for key, one in loaded.all_gateways().items()}
        print_json({"gateways": dump})
        return
    table = Table("gateway", "model", "address", "logs in", "lines")
    for key, one in loaded.all_gateways().items():
        lines = "\n".join(f"{port}  {did.number}  {did.label}" for port, did in one.lines().items())
        how = "by password" if one.attach == "register" else "by address"
        table.add_row(f"{key}\n[dim]{one.label}", one.model, f"{one.ip}:{one.sip_port}", how, lines)
    Console().print(table if loaded.all_gateways() else "no gateways: centralita gateway add, or telephony new")


@gateway_app.command("add")
def add_gateway(
    name: Annotated[str, typer.Argument(help="Lowercase, like oficina.")],
    ip: Annotated[str, typer.Option(help="Its address in the LAN.")],
    model: Annotated[str, typer.Option(help="See `centralita gateway models`.")] = "generic",
    ports: Annotated[int, typer.Option(help="FXO lines it has; 0: the model's.")] = 0,
    by_ip: Annotated[bool, typer.Option("--by-ip", help="Known by its address instead of a password.")] = False,
    mac: Annotated[str, typer.Option(help="Its MAC address.")] = "",
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Add a gateway to the config. Nothing changes in Asterisk before `centralita telephony apply`."""
    if model not in MODELS:
        raise ConfigurationError(f"there is no model {model!r}: see `centralita gateway models`")
    values: dict[str, Any] = {"model": model, "ip": ip, "fxo_ports": ports or MODELS[model].most_ports}
    values["attach"] = "ip" if by_ip else "register"
    values |= {"mac": mac} if mac else {}
    file = ConfigFile.open(config)
    file.add_table(f"gateways.{name}", values)
    file.save()
    if as_json:
        print_json({"ok": True, "gateway": name})
    else:
        typer.echo(f"added {name}; now its numbers: centralita did add +… --trunk {name}")


@gateway_app.command("files")
def files(
    gateway: GatewayId,
    out: Annotated[Path, typer.Option(help="Folder for the files; they hold passwords: 0600.")] = Path("gateway-files"),
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Write the files with which a gateway is set up; `gateway serve` hands them out over HTTP."""
    output = _output(config, gateway)[1]
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = [out / file.name for file in output.files]
    for path, file in zip(written, output.files, strict=True):
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
            handle.write(file.content)
    if as_json:
        notes = [{"code": note.code, "subject": note.subject, "message": note.message} for note in output.notes]
        print_json({"files": [str(path) for path in written], "notes": notes})
        return
    for path in written:
        typer.echo(f"{path}  (holds passwords)")
    if not written:
        typer.echo(f"this model is set up by hand: centralita gateway checklist {gateway}")
    for note in output.notes:
        typer.echo(f"· {note.severity}: {note.subject}: {note.message}")


@gateway_app.command("checklist")
def checklist(
    gateway: GatewayId,
    language: Language = "es",
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="Print the passwords too.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write it as Markdown (0600) instead of showing it.")] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Show, step by step, what to type into the gateway's web pages, every value filled in."""
    device, _ = _output(config, gateway)
    text = checklist_markdown(device, language, show_secrets=show_secrets)
    if out is None:
        console = Console()
        console.print(Markdown(text) if console.is_terminal else text, markup=False)
        return
    out.unlink(missing_ok=True)
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as handle:
        handle.write(text)
    typer.echo(str(out))


def _output(config: Path, gateway: str) -> tuple[Device, DeviceOutput]:
    loaded = load(config)
    secrets = gathered(loaded, store_of(config))
    if gateway not in loaded.all_gateways():
        known = ", ".join(loaded.all_gateways()) or "none"
        raise ConfigurationError(f"there is no gateway {gateway!r}; there are: {known}")
    device = device_of(loaded, gateway, secrets, learned_profile(loaded, gateway, config.resolve().parent))
    return device, produce(device)


@gateway_app.command("serve")
def serve_files(
    address: Annotated[str, typer.Option(help="This machine's address on the gateways' network.")],
    port: Annotated[int, typer.Option(min=1, max=65535, help="TCP port.")] = 8089,
    rearm: Annotated[
        list[str] | None, typer.Option(help="Serve this gateway's file once more; may be repeated.")
    ] = None,
    log: Annotated[Path | None, typer.Option(help="Log of fetches, JSON lines; without it, standard output.")] = None,
    i_know: Annotated[bool, typer.Option("--i-know", help="Serve on a wildcard or public address.")] = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Let gateways fetch their files over HTTP until Ctrl-C: each its own, under a secret path, and only once."""
    loaded = load(config)
    served_from = f"[{address}]" if ":" in address else address
    manifest, devices = publish(loaded, config, store_of(config), f"http://{served_from}:{port}", rearm or ())
    for device in devices:
        names = ", ".join(file.name for file in device.files)
        typer.echo(f"{device.id}: http://{served_from}:{port}/{device.token}/  ({names})", err=True)
    set_up_logging("INFO")
    asyncio.run(serve(ServerOptions(manifest, address, port, None, log, i_know)))


@gateway_app.command("tone-learn")
def tone_learn(
    recording: Annotated[Path, typer.Argument(help="WAV with the busy tone of the line, three cycles or more.")],
    name: Annotated[str, typer.Option(help="Write `tones/<name>.toml`; a gateway uses it by `tones = <name>`.")] = "",
    country: Annotated[str, typer.Option(help="Country whose other tones are kept; without it the site's.")] = "",
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Measure frequency and cadence of a recorded busy tone, and make a profile for gateways of it."""
    samples, rate = read_wav(recording)
    learned = learn_tone(samples, rate)
    alike = [f"{one.iso} {one.tone}" for one in nearest_countries(learned)]
    written = ""
    if name:
        iso = country or load(config).site.country
        if iso is None:
            raise ConfigurationError("--country is missing, and the config's site.country too: it is never guessed")
        target = config.resolve().parent / "tones" / f"{name}.toml"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(as_profile_toml(learned, iso, name), encoding="utf-8")
        written = str(target)
    if as_json:
        print_json({**asdict(learned), "like": alike, "written": written})
        return
    hertz = " + ".join(f"{one:.0f}" for one in learned.frequencies_hz)
    cadence = ", ".join(f"{on}/{off}" for on, off in learned.cadence_ms)
    typer.echo(f"{hertz} Hz, {cadence} ms on/off ({learned.cycles} cycles, {learned.snr_db:.0f} dB above the noise)")
    typer.echo(f"like: {', '.join(alike) or 'no tone of a country we know'}")
    if written:
        typer.echo(f'{written} → tones = "{name}" in the gateway\'s table, then gateway files or serve')

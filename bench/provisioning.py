"""How long a big telephone system takes from config to a running Asterisk: 500 trunks, 5,000 numbers.

Render, read back, check; beside them the floor: writing the same bytes to a disk. Then a real Asterisk loads them.
"""

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from rich.table import Table

from provisioning.asterisk_conf.checks import check_tree
from provisioning.asterisk_conf.parsing import read_tree
from provisioning.asterisk_conf.schema import shipped_schema
from provisioning.finding import has_errors
from provisioning.model import TelephonyReceptionConfig
from provisioning.model.loading import parse_telephony
from provisioning.private_pbx import PbxPlan, PrivatePbx, new_secret
from provisioning.rendered import Rendered, with_block
from provisioning.rendering import PbxFacts, render, sections_of

TITLE: Final = "provisioning: 500 trunks and 5,000 numbers, from the typed config to a running Asterisk"
TRUNKS: Final = 500
NUMBERS: Final = 5_000
ROUNDS: Final = 3
_ROOTS: Final = ("pjsip.conf", "extensions.conf")
T = TypeVar("T")


def measure(*, quick: bool) -> dict[str, float]:
    """Return seconds (the best of three) for each step, and how much there was to do."""
    trunks, numbers = (TRUNKS // 10, NUMBERS // 10) if quick else (TRUNKS, NUMBERS)
    data = _telephony(trunks, numbers)
    load_seconds, config = _best(lambda: parse_telephony(data))
    secrets = {"ari": new_secret(), **{f"sip-{name}": new_secret() for name in config.all_carriers()}}
    facts = PbxFacts()
    render_seconds, rendered = _best(lambda: render(config, secrets, facts))
    files = _whole(rendered)
    parse_seconds, _ = _best(lambda: [read_tree(files, root) for root in _ROOTS])
    schema, _ = shipped_schema(facts.asterisk_major)
    check_seconds, findings = _best(lambda: check_tree(files, schema, frozenset(rendered.files)))
    if has_errors(findings):
        raise RuntimeError(f"what was rendered is wrong: {findings[0]}")
    floor_seconds, _ = _best(lambda: _write(rendered))
    return {
        "trunks": float(trunks),
        "numbers": float(numbers),
        "bytes": float(sum(len(text.encode()) for text in rendered.files.values())),
        "config_s": load_seconds,
        "render_s": render_seconds,
        "parse_s": parse_seconds,
        "check_s": check_seconds,
        "render_and_check_s": render_seconds + check_seconds,
        "write_floor_s": floor_seconds,
        **_loading(config, secrets),
    }


def table(results: Mapping[str, Any]) -> Table:
    """Show what `measure` found."""
    shown = Table(
        "step",
        title=f"{results['trunks']:.0f} trunks, {results['numbers']:.0f} numbers, {results['bytes'] / 1e6:.1f} MB",
    )
    shown.add_column("seconds", justify="right")
    names = {
        "config_s": "read the typed config",
        "render_s": "render (readiness included)",
        "parse_s": "parse the files again",
        "check_s": "check them (parsing included)",
        "render_and_check_s": "[bold]render and check",
        "write_floor_s": "[dim]floor: write the same bytes",
        "asterisk_empty_s": "[dim]floor: Asterisk starts with nothing of ours",
        "asterisk_load_s": "Asterisk starts with them",
    }
    for key, name in names.items():
        shown.add_row(name, f"{results[key]:.3f}")
    return shown


def _telephony(trunks: int, numbers: int) -> dict[str, Any]:
    each = numbers // trunks
    carriers = {
        f"carrier-{n}": {
            "host": f"127.{n // 250 + 1}.{n % 250}.1",
            "auth_type": "ip_auth",
            "did_format": ("e164", "digits", "national")[n % 3],
            "number_format": ("e164", "digits", "national")[n % 3],
            "dids": [{"number": f"+5255{n * each + m:08d}", "agent": f"agent{m % 7}"} for m in range(each)],
        }
        for n in range(trunks)
    }
    site = {
        "country": "MX",
        "fallback": {"kind": "queue", "target": "400"},
        "outbound": {"countries": ["MX", "ES", "US"]},
        "network": {"transports": {"udp": "udp"}},
    }
    return {"site": site, "carriers": carriers}


def _whole(rendered: Rendered) -> dict[str, str]:
    """The files with the host's around them, as a folder would hold them."""
    transport = "[udp]\ntype = transport\nprotocol = udp\nbind = 127.0.0.1:5060\n"
    hosts = {"pjsip.conf": transport, "extensions.conf": "[general]\nstatic = yes\n"}
    return dict(rendered.files) | {
        name: with_block(hosts.get(name, ""), files) for name, files in rendered.includes.items()
    }


def _write(rendered: Rendered) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for path, text in rendered.files.items():
            (Path(folder) / path.replace("/", "-")).write_text(text, encoding="utf-8")


def _best(work: Callable[[], T]) -> tuple[float, T]:
    """Return the shortest of some rounds, and what the last one gave."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - start)
    return min(times), result


def _loading(config: TelephonyReceptionConfig, secrets: Mapping[str, str]) -> dict[str, float]:
    """Start a private Asterisk without and with the files; seconds until it is fully booted."""
    plan = PbxPlan(ari_password=new_secret(), ami_password=new_secret())
    seconds = {}
    for name, given in (("asterisk_empty_s", None), ("asterisk_load_s", config)):
        with tempfile.TemporaryDirectory() as folder:
            pbx = _Loaded(plan, Path(folder), given, secrets)
            with pbx:
                seconds[name] = time.perf_counter() - pbx.spawned_at
                if given and f"{len(list(given.all_dids()))} extensions" not in pbx.cli("dialplan show centralita-did"):
                    raise RuntimeError("Asterisk did not load the numbers")
    return seconds


class _Loaded(PrivatePbx):
    def __init__(
        self, plan: PbxPlan, folder: Path, config: TelephonyReceptionConfig | None, secrets: Mapping[str, str]
    ) -> None:
        super().__init__(plan, folder)
        self._rendered_from, self._secrets = config, secrets
        self.spawned_at = 0.0

    def _spawn(self) -> None:
        # rendering and writing, done before, are measured for themselves
        self.spawned_at = time.perf_counter()
        super()._spawn()

    def _write_configuration(self) -> None:
        super()._write_configuration()
        etc = self.folder / "etc"
        (etc / "extensions.conf").write_text("[general]\nstatic = yes\n")
        with (etc / "modules.conf").open("a") as file:
            for module in ("res_pjsip_endpoint_identifier_ip", "res_pjsip_outbound_registration", "func_groupcount",
                           "func_dialplan"):  # fmt: skip
                file.write(f"load = {module}.so\n")
        if self._rendered_from is None:
            return
        hosts = {path.name: path.read_text("utf-8") for path in etc.glob("*.conf")}
        rendered = render(self._rendered_from, self._secrets, PbxFacts(host_sections=sections_of(hosts)))
        (etc / "centralita").mkdir()
        for path in ("centralita/pjsip.conf", "centralita/extensions.conf"):
            (etc / path).write_text(rendered.files[path], "utf-8")
            name = path.rpartition("/")[2]
            (etc / name).write_text(with_block(hosts.get(name, ""), rendered.includes[name]), "utf-8")

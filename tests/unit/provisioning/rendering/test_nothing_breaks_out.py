"""Whatever is written into any field: it is refused by name, or the files hold exactly our objects and nothing else."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from phonenumbers import NumberParseException
from pydantic import BaseModel

from provisioning.asterisk_conf.dialplan import read_dialplan
from provisioning.asterisk_conf.parsing import read_tree
from provisioning.finding import has_errors
from provisioning.model import Password, TelephonyReceptionConfig
from provisioning.model.loading import parse_telephony
from provisioning.rendered import Rendered
from provisioning.rendering import expected_objects, readiness, render
from tests.unit.provisioning.rendering.cases import CERTIFICATE, FACTS, secrets_of
from vocabulary.errors import ConfigurationError
from vocabulary.problems import Misconfigured

DID = {"number": "+525512345678", "agent": "ventas", "recording_notice": "custom/aviso", "label": "Línea"}
RICH: dict[str, Any] = {
    "site": {
        "country": "MX",
        "fallback": {"kind": "extension", "target": "200", "prompt": "custom/espere"},
        "recording_notice": "custom/aviso",
        "emergency": ["060"],
        "emergency_trunk": "telnyx",
        "network": {
            **CERTIFICATE,
            "bind": "192.168.1.10",
            "lan_address": "192.168.1.10",
            "external_address": "192.0.2.1",
            "local_networks": ["192.168.1.0/24"],
            "transports": {"udp": "", "tcp": "", "tls": ""},
        },
        "outbound": {"countries": ["MX"], "numbers": ["+34911223344"], "trunks": ["telnyx"]},
        "transfers": {
            "dueno": {"place": {"kind": "external", "number": "+34911223344"}, "trunk": "telnyx", "label": "Dueño"},
            "otro": {"place": {"kind": "dialplan", "context": "ventas", "target": "1"}},
        },
        "manager": {"enabled": True},
    },
    "gateways": {
        "oficina": {
            "ip": "192.168.1.50",
            "user": "gateway",
            "password": "env:X",
            "label": "Oficina",
            "mac": "000b82aabbcc",
            "model": "grandstream-gxw4104",
            "country": "MX",
            "permit": ["192.168.1.0/24"],
            "dids": [{**DID, "fallback": {"kind": "voicemail", "target": "200"}}],
        }
    },
    "carriers": {
        "telnyx": {
            "host": "sip.example.com",
            "user": "cuenta1",
            "password": "env:X",
            "auth_user": "cuenta1",
            "outbound_caller_id": "+525555555555",
            "label": "Telnyx",
            "country": "MX",
            "transport": "tls",
            "srtp": True,
            "ca_file": "/etc/ssl/ca.pem",
            "domain": "example.com",
            "from_user": "cuenta1",
            "from_domain": "example.com",
            "outbound_proxy": "proxy.example.com",
            "contact_user": "cuenta1",
            "signalling": ["192.0.2.20"],
            "dial_prefix": "77",
            "number_format": "national",
            "preset": "telnyx",
            "dids": [{**DID, "number": "+525555555555"}],
        }
    },
}


def texts(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The place of every text and every name in the config."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from texts(inner, (*path, number))


def full() -> dict[str, Any]:
    """The config with every field there is, the ones with a default too."""
    data: dict[str, Any] = json.loads(parse_telephony(RICH).model_dump_json())
    data["method"] = ""
    return data


PLACES = sorted(texts(full()), key=str)
NAMES = (("gateways", "oficina"), ("carriers", "telnyx"), ("site", "transfers", "dueno"))
BREAKERS = (
    "\n",
    "\r",
    "\r\n",
    ";",
    "[",
    "]",
    "\\",
    "#include x",
    "\n#include /etc/passwd\n",
    "\n[evil]\ntype=endpoint\n",
    "--;",
    ";--",
    "$",
    "{",
    "}",
    "(",
    ")",
    ",",
    "&",
    "|",
    "'",
    '"',
    "=>",
    "=",
    "\x00",
    "\u2028",
    "\u202e",
    "\x0b",
    "!",
    "../",
    " ",
    "\t",
    "+",
    "_X.",
    "${SHELL(id)}",
    "h",
    "\nexten => h,1,System(id)",
    "a",
    "1",
    "ñ",
    "\ud800",
    ":",
    "/",
    "@",
    "*",
    "#",
    "-",
    ".",
    "%n",
    "<",
    ">",
    "~",
)
NASTY = st.lists(st.sampled_from(BREAKERS) | st.text(max_size=4), min_size=1, max_size=4).map("".join)


def changed(data: dict[str, Any], path: tuple[str | int, ...], value: str) -> dict[str, Any]:
    inner: Any = data
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return data


def holds_only_ours(rendered: Rendered, config: TelephonyReceptionConfig) -> None:
    """Read back what was written: no line got lost, none was added."""
    expected = expected_objects(config)
    pjsip = read_tree({"pjsip.conf": rendered.files["centralita/pjsip.conf"]}, "pjsip.conf")
    assert not pjsip.findings
    assert sorted((section.get("type"), section.name) for section in pjsip.sections) == sorted(expected.pjsip)
    tree = read_tree({"extensions.conf": rendered.files["centralita/extensions.conf"]}, "extensions.conf")
    dialplan = read_dialplan(tree)
    assert not tree.findings
    assert not dialplan.findings
    assert set(dialplan.contexts) == expected.contexts
    included = {name for context in dialplan.contexts.values() for name in context.includes}
    assert included == {"centralita-outbound-countries", "centralita-outbound-rest"}
    applications = {
        step.app
        for context in dialplan.contexts.values()
        for extension in context.extensions
        for step in extension.priorities
    }
    assert applications <= {
        "Goto",
        "GotoIf",
        "Set",
        "ExecIf",
        "Answer",
        "Playback",
        "Stasis",
        "Log",
        "Hangup",
        "Congestion",
        "Busy",
        "Dial",
        "Queue",
        "VoiceMail",
        "NoOp",
    }
    for name, text in rendered.files.items():
        allowed = {
            "ari.conf": {"general", config.site.ari.user},
            "manager.conf": {"general", config.site.manager.user},
            "http.conf": {"general"},
            "rtp.conf": {"general"},
            "logger.conf": {"logfiles"},
        }
        root = name.rpartition("/")[2]
        if root in allowed:
            other = read_tree({root: text}, root)
            assert not other.findings
            assert {section.name for section in other.sections} == allowed[root]
            assert other.files == (root,)


def test_the_rich_office_is_rendered_whole() -> None:
    config = parse_telephony(full() | {})
    holds_only_ours(render(config, secrets_of(config), FACTS), config)


@given(st.sampled_from(PLACES), NASTY)
@example(("site", "agent"), "_X.")
@example(("site", "agent"), "h")
@example(("site", "ari", "user"), "general")
@example(("site", "manager", "user"), "general")
@example(("carriers", "telnyx", "dids", 0, "number"), "+521 55 5555 5555")
def test_a_value_is_refused_by_name_or_stays_a_value(path: tuple[str | int, ...], value: str) -> None:
    data = changed(full(), path, value)
    key = str(path[-1]) if isinstance(path[-1], str) else str(path[-2])
    try:
        config = parse_telephony(data)
    except Misconfigured as exc:
        message = str(exc)
        assert key in message or "carriers" in message or "gateways" in message  # either is right
        return
    findings = readiness(config, FACTS)
    if has_errors(findings):
        assert all(one.subject for one in findings if one.severity == "error")
        with pytest.raises(ConfigurationError):
            render(config, secrets_of(config), FACTS)
        return
    holds_only_ours(render(config, secrets_of(config), FACTS), config)


@given(st.sampled_from(NAMES), NASTY)
@example(("site", "transfers", "dueno"), "h")
def test_so_does_a_name(path: tuple[str, ...], name: str) -> None:
    data = full()
    data["site"]["outbound"]["trunks"], data["site"]["emergency_trunk"] = [], ""
    data["site"]["transfers"]["dueno"]["trunk"] = ""
    table = data
    for step in path[:-1]:
        table = table[step]
    table[name] = table.pop(path[-1])
    try:
        config = parse_telephony(data)
        rendered = render(config, secrets_of(config), FACTS)
    except ConfigurationError:
        return
    holds_only_ours(rendered, config)


@given(st.sampled_from(PLACES), NASTY)
def test_a_value_that_came_past_the_model_does_not_get_out_either(path: tuple[str | int, ...], value: str) -> None:
    """The second lock: the typed config was tampered with after it was checked."""
    if path == ("site", "pbx"):
        return  # decides which files there are: any word but the two is neither
    config = parse_telephony(full())
    inner: Any = config
    for step in path[:-1]:
        inner = getattr(inner, step) if isinstance(inner, BaseModel) and isinstance(step, str) else inner[step]
    if isinstance(inner, tuple):
        return  # a member of a tuple cannot be put in from outside
    field = str(path[-1])
    inner.__dict__[field] = Password(plain=value) if field == "password" else value
    try:
        rendered = render(config, secrets_of(config), FACTS)
    except (ConfigurationError, ValueError, KeyError, AttributeError, NumberParseException):
        return
    try:
        holds_only_ours(rendered, config)
    except (ValueError, KeyError):
        return


@given(st.sampled_from(["ari", "manager", "sip-oficina", "sip-telnyx"]), NASTY)
def test_a_password_is_refused_without_being_repeated_or_stays_one(name: str, value: str) -> None:
    config = parse_telephony(full())
    given_secrets = {**secrets_of(config), name: f"Xq7{value}"}
    try:
        rendered = render(config, given_secrets, FACTS)
    except ConfigurationError as exc:
        assert "Xq7" not in str(exc)  # noqa: PT017 # either is right
        return
    holds_only_ours(rendered, config)
    assert "Xq7" not in repr(rendered)
    root = {"ari": "ari.conf", "manager": "manager.conf"}.get(name, "pjsip.conf")
    tree = read_tree({root: rendered.files[f"centralita/{root}"]}, root)
    written = [section.get("password") or section.get("secret") for section in tree.sections]
    assert f"Xq7{value}" in written


def test_a_password_that_was_not_gathered_is_missed_by_name() -> None:
    config = parse_telephony(full())
    with pytest.raises(ConfigurationError, match="sip-telnyx"):
        render(config, {**secrets_of(config), "sip-telnyx": ""}, FACTS)

"""The private PBX's configuration as text: what is written, and what is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from provisioning.pbx_plan import (
    TEMPLATES,
    AtTemplate,
    Did,
    Fallback,
    PbxPlan,
    PbxPorts,
    PbxSite,
    PhoneAccount,
    TransferTarget,
    render,
)
from vocabulary.errors import ConfigurationError

ALL_MODULES = frozenset(
    line.lstrip("?") + ".so" for line in (TEMPLATES / "private_pbx" / "modules.list").read_text("utf-8").splitlines()
)
SITE = PbxSite(
    folder=Path("/tmp/pbx"),
    run_folder=Path("/tmp/pbx/run"),
    modules_dir=Path("/usr/lib/asterisk/modules"),
    data_dir=Path("/usr/share/asterisk"),
    modules=ALL_MODULES,
    ports=PbxPorts(sip=5060, http=8088, ami=5038, rtp_first=10000, rtp_last=11999),
)
PLAN = PbxPlan(
    ari_password="ari-secret",
    ami_password="ami-secret",
    phones=(PhoneAccount("200", "phone-secret"),),
    dids=(Did("5551001", "telecom"), Did("+34911", "clinica", Fallback("person", "200", "all-circuits-busy-now"))),
    transfers=(TransferTarget("soporte", "centralita-people", "200"),),
)


def test_every_place_in_every_template_is_filled_in() -> None:
    for name, text in render(PLAN, SITE).items():
        assert "@{" not in text, name


def test_a_did_goes_to_the_app_and_then_to_its_fallback() -> None:
    lines = render(PLAN, SITE)["centralita.conf"].splitlines()
    begin = lines.index("exten => +34911,1,NoOp(Centralita: agent clinica)")
    assert lines[begin + 1 : begin + 6] == [
        " same => n,Set(CENTRALITA_FALLBACK_TARGET=200)",
        " same => n,Set(CENTRALITA_FALLBACK_PROMPT=all-circuits-busy-now)",
        " same => n,Stasis(centralita,clinica,+34911)",
        " same => n,NoOp(Centralita let go: ${STASISSTATUS})",
        " same => n,Goto(centralita-fallback,person,1)",
    ]


def test_only_modules_that_are_there_are_loaded() -> None:
    older = replace(SITE, modules=ALL_MODULES - {"chan_websocket.so", "res_websocket_client.so"})
    assert "load = chan_websocket.so" in render(PLAN, SITE)["modules.conf"]
    assert "websocket_client" not in render(PLAN, older)["modules.conf"]
    assert "chan_websocket" not in render(PLAN, older)["modules.conf"].partition("[modules]")[2]


def test_an_asterisk_without_audiosocket_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="res_audiosocket"):
        render(PLAN, replace(SITE, modules=ALL_MODULES - {"res_audiosocket.so"}))


@pytest.mark.parametrize(
    "change",
    [
        {"ari_password": "x\n[evil]"},
        {"ami_password": "semi;colon"},
        {"app": "two,apps"},
        {"caller_user": "[brackets]"},
        {"phones": (PhoneAccount("200", "with space"),)},
        {"phones": (PhoneAccount("20)0", "secret"),)},
        {"dids": (Did("_X.", "telecom"),)},
        {"dids": (Did("5551001", "a)\nexten"),)},
        {"dids": (Did("5551001", "telecom", Fallback("tone", prompt="a&b")),)},
        {"transfers": (TransferTarget("id,1", "ctx", "200"),)},
        {"transfers": (TransferTarget("id", "ctx", "200,1)"),)},
    ],
    ids=str,
)
def test_a_value_that_would_become_configuration_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        render(replace(PLAN, **change), SITE)  # type: ignore[arg-type] # any field, by name


@pytest.mark.parametrize(
    "change",
    [
        {"phones": (PhoneAccount("200", "secret"), PhoneAccount("200", "secret"))},
        {"phones": (PhoneAccount("200", "secret"), PhoneAccount("caller", "secret"))},
        {"dids": (Did("5551001", "a"), Did("5551001", "b"))},
        {"dids": (Did("5551001", "a", Fallback("person", "999")),)},
        {"transfers": (TransferTarget("soporte", "centralita-people", "999"),)},
    ],
    ids=["a phone twice", "a phone named like the caller", "a DID twice", "a fallback nowhere", "a transfer nowhere"],
)
def test_a_name_twice_or_a_target_nowhere_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        render(replace(PLAN, **change), SITE)  # type: ignore[arg-type] # any field, by name


def test_secrets_do_not_show_in_errors_or_when_printed() -> None:
    with pytest.raises(ConfigurationError) as caught:
        render(replace(PLAN, ari_password="bad;secret"), SITE)
    assert "bad;secret" not in str(caught.value)
    assert "ari-secret" not in repr(PLAN)
    assert "phone-secret" not in repr(PLAN)


def test_a_template_leaves_asterisk_s_own_variables_alone() -> None:
    assert AtTemplate("Dial(PJSIP/${EXTEN}@x) @{a} a@b").substitute(a="1") == "Dial(PJSIP/${EXTEN}@x) 1 a@b"

"""Each thing that forbids an installation is found before anything is written, and said with its way out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.freepbx.clicks import clicks, destination_of, destinations
from provisioning.freepbx.facts import HostFacts, Listener, listeners_in
from provisioning.freepbx.gathering import http_address, log_folder
from provisioning.freepbx.installing import InstallPlan, plan_install
from provisioning.freepbx.trial_call import TrialCall, channels, judged
from provisioning.model import Place, TelephonyReceptionConfig
from provisioning.model.loading import parse_telephony
from tests.freepbx_tree import tree

SECRETS = {"ari": "A" * 32, "sip-oficina": "B" * 32, "admin-oficina": "C" * 32}
MODULES = frozenset(
    f"{name}.so"
    for name in (
        "app_dial", "app_playback", "app_stasis", "app_verbose", "chan_pjsip", "func_callerid", "func_channel",
        "func_dialplan", "func_groupcount", "func_logic", "func_strings", "pbx_config", "res_ari_channels", "res_ari",
        "res_pjsip", "res_pjsip_acl", "res_pjsip_authenticator_digest", "res_pjsip_endpoint_identifier_ip",
        "res_pjsip_endpoint_identifier_user", "res_pjsip_outbound_authenticator_digest",
        "res_pjsip_outbound_registration", "res_pjsip_registrar", "chan_audiosocket", "res_audiosocket",
        "bridge_simple", "bridge_softmix",
    )
)  # fmt: skip


def config(**site: object) -> TelephonyReceptionConfig:
    return parse_telephony(
        {
            "site": {"pbx": "freepbx", "country": "ES", "fallback": {"kind": "queue", "target": "400"}, **site},
            "gateways": {"oficina": {"dids": [{"number": "+34910000001"}]}},
        }
    )


def facts() -> HostFacts:
    files = {**tree.generated_files(tree.FreePbxSite()), **tree.custom_files()}
    return HostFacts(
        files,
        asterisk_version="22.10.1",
        modules=MODULES,
        http_address="127.0.0.1:8088",
        freepbx_version="17.0.18.4",
        is_freepbx=True,
    )


def planned(given: HostFacts, wanted: TelephonyReceptionConfig | None = None) -> InstallPlan:
    return plan_install(wanted or config(), SECRETS, given)


def errors(plan: InstallPlan) -> set[str]:
    return {one.code for one in plan.findings if one.severity == "error"}


def test_a_freepbx_in_order_is_allowed_and_gets_its_own_transport() -> None:
    plan = planned(facts())
    assert errors(plan) == set(), "\n".join(map(str, plan.findings))
    assert plan.is_allowed
    assert set(plan.rendered.includes) == {
        "pjsip_custom.conf", "extensions_custom.conf", "ari_additional_custom.conf", "logger_logfiles_custom.conf",
    }  # fmt: skip
    assert "transport = 0.0.0.0-udp" in plan.rendered.files["centralita/pjsip.conf"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"silence": "nobody answers"}, "asterisk-silent"),
        ({"asterisk_version": ""}, "asterisk-unknown"),
        ({"is_freepbx": False}, "no-freepbx"),
        ({"freepbx_version": "15.0.1"}, "freepbx-too-old"),
        ({"modules": MODULES - {"chan_audiosocket.so"}}, "module-missing"),
        ({"modules": MODULES - {"bridge_softmix.so"}}, "module-missing"),
        ({"http_address": ""}, "http-off"),
        ({"http_address": "127.0.0.1:8089"}, "http-port"),
    ],
)
def test_what_forbids_it(change: dict[str, object], code: str) -> None:
    assert code in errors(planned(replace(facts(), **change)))  # type: ignore[arg-type] # one field of many kinds


def test_an_open_ari_is_a_warning_with_the_clicks_that_close_it() -> None:
    plan = planned(replace(facts(), http_address="0.0.0.0:8088"))
    assert plan.is_allowed
    (found,) = [one for one in plan.findings if one.code == "http-open"]
    assert "127.0.0.1" in found.message


def with_files(**texts: str) -> HostFacts:
    given = facts()
    return replace(given, files={**given.files, **{name.replace("__", "."): text for name, text in texts.items()}})


def test_names_that_are_taken() -> None:
    taken = "[centralita]\ntype=user\npassword=x\n"
    assert "ari-user-taken" in errors(planned(with_files(ari_additional__conf=taken)))
    endpoint = "[centralita-oficina]\ntype=endpoint\ncontext=x\n"
    assert not planned(with_files(pjsip_custom__conf=endpoint)).is_allowed


def test_a_tree_that_is_broken_already_is_not_touched() -> None:
    twice = "[200]\ntype=endpoint\ncontext=from-internal\n"
    codes = errors(planned(with_files(**{"pjsip.endpoint_custom__conf": twice})))
    assert any(code.startswith("before-us-") for code in codes)


def test_an_ari_conf_that_lost_its_includes_is_found() -> None:
    """arimanager has rewritten ari.conf without them before."""
    assert "host-not-included" in errors(planned(with_files(ari__conf="[general]\nenabled=yes\n")))


def test_a_block_that_lost_a_mark_is_not_guessed_at() -> None:
    assert "broken-block" in errors(planned(with_files(pjsip_custom__conf="; BEGIN centralita managed\n")))


def test_standalone_on_a_freepbx_is_refused() -> None:
    assert "is-freepbx" in errors(planned(facts(), config(pbx="standalone")))


def test_a_port_of_ours_that_somebody_has() -> None:
    bare = replace(facts(), files={}, is_freepbx=False, listeners=(Listener("udp", "0.0.0.0", 5060),))
    wanted = config(pbx="standalone")
    assert "port-taken" in errors(planned(bare, wanted))
    assert "port-taken" not in errors(planned(replace(bare, listeners=(Listener("tcp", "0.0.0.0", 5060),)), wanted))


def test_two_transports_of_a_protocol_are_not_guessed_between() -> None:
    more = "[other-udp]\ntype=transport\nprotocol=udp\nbind=0.0.0.0:5062\n"
    assert "transport-missing" in errors(planned(with_files(**{"pjsip.transports_custom__conf": more})))


# -- clicks -----------------------------------------------------------------------------------------------------------


def test_the_clicks_are_said_in_both_languages() -> None:
    steps = clicks(config())
    assert len(steps) == 3
    for step in steps[:1]:
        for text in (step.es, step.en):
            assert "centralita-entry,telecom,1" in text
            assert "Return" in text
            assert "ext-queues,400,1" in text
    assert steps[0].in_("es") != steps[0].in_("en")
    assert "+34910000001" in steps[1].es
    assert [one.target for one in destinations(config())] == ["centralita-entry,telecom,1"]


def test_a_place_is_named_as_freepbx_names_it() -> None:
    assert destination_of(Place(kind="extension", target="200")) == "from-did-direct,200,1"
    assert destination_of(Place(kind="ring_group", target="600")) == "ext-group,600,1"
    assert destination_of(Place(kind="voicemail", target="200")) == "ext-local,vmu200,1"
    assert destination_of(Place(kind="busy")) == ""


# -- what the machine says --------------------------------------------------------------------------------------------

TCP = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F98 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:1F98 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
"""
UDP6 = """  sl  local_address remote_address st
   7: 00000000000000000000000001000000:13C4 00000000000000000000000000000000:0000 07 0 0 0
   8: 00000000000000000000000000000000:13C4 00000000000000000000000000000000:0000 07 0 0 0
"""


def test_the_kernel_s_tables_are_read() -> None:
    assert listeners_in({"tcp": TCP, "udp6": UDP6}) == (
        Listener("tcp", "127.0.0.1", 8088),
        Listener("udp", "::1", 5060),
        Listener("udp", "::", 5060),
    )


def test_asterisk_s_words_are_read() -> None:
    assert (
        http_address("HTTP Server Status:\nPrefix: \nServer Enabled and Bound to 127.0.0.1:8088\n") == "127.0.0.1:8088"
    )
    assert http_address("HTTP Server Status:\nServer Disabled\n") == ""
    assert log_folder("  Log directory:               /var/log/asterisk\n") == "/var/log/asterisk"


# -- the trial call ---------------------------------------------------------------------------------------------------


def line(name: str, context: str, extension: str, app: str) -> str:
    return f"{name}!{context}!{extension}!2!Up!{app}!x!!!!3!1!!id\n"


def test_the_trial_call_is_judged_by_where_its_other_end_is() -> None:
    end = "Local/telecom@centralita-entry-1;2"
    assert judged(line(end, "centralita-answer", "agent", "Stasis"), end) == TrialCall(
        "agent", "centralita-answer,agent,2 Stasis"
    )
    assert judged(line(end, "centralita-entry", "telecom", "Set"), end) is None
    assert judged(line(end, "centralita-place", "queue.400", "GotoIf"), end) is None
    fallen = judged(line(end, "ext-queues", "400", "Queue"), end)
    assert fallen is not None
    assert fallen.reached == "fallback"
    assert judged(line("PJSIP/200-1", "ext-queues", "400", "Queue"), end) is None


@given(st.text())
def test_whatever_the_console_says_is_read_without_falling(said: str) -> None:
    assert all(isinstance(one.name, str) for one in channels(said))
    http_address(said)
    log_folder(said)

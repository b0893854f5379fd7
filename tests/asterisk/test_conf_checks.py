"""The offline check and the parser below it, held against a real Asterisk: what we say of a file, it does."""

import random
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from provisioning.asterisk_conf.checks import check_tree
from provisioning.asterisk_conf.dialplan import read_dialplan
from provisioning.asterisk_conf.dialplan_shown import parse_dialplan_show
from provisioning.asterisk_conf.objects import Site, site_of
from provisioning.asterisk_conf.option_checks import value_trouble
from provisioning.asterisk_conf.parsing import read_folder, read_tree
from provisioning.asterisk_conf.schema import Option, Schema, schema_for, shipped_schema
from provisioning.asterisk_conf.transport_checks import restarts_needed
from provisioning.finding import Finding
from provisioning.free_ports import free_tcp_port, free_udp_port
from provisioning.pbx_plan import PbxPlan
from provisioning.private_pbx import PrivatePbx, new_secret
from tests.asterisk.conf_oracle import (
    MODULES,
    etc_of,
    has,
    log_since,
    read_by_asterisk,
    read_by_us,
    reload_pjsip,
    write_files,
)
from tests.unit.provisioning.asterisk_conf import good_trunks


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePbx]:
    plan = PbxPlan(ari_password=new_secret(), ami_password=new_secret())
    with PrivatePbx(plan, tmp_path_factory.mktemp("pbx")) as running:
        for module in MODULES:
            running.cli(f"module load {module}.so")  # the private PBX may have it already
            assert "Running" in running.cli(f"module show like {module}.so")
        yield running


@pytest.fixture(scope="module")
def base(pbx: PrivatePbx) -> str:
    """The pjsip.conf it started with: without its transport it would not be itself."""
    return (etc_of(pbx) / "pjsip.conf").read_text("utf-8")


@pytest.fixture(scope="module")
def schema(pbx: PrivatePbx) -> Schema:
    found, notices = schema_for(pbx.build.version, pbx.build.data_dir)
    assert notices == ()
    return found


# -- the language -----------------------------------------------------------------------------------------------------

INCLUDED = {
    "sub/one.conf": "in=1\n[b]\nbx=1\n",
    "sub/headless.conf": "headless=1\n[c]\n",
    "sub/bad.conf": "i=1\n[q](+)\nno=1\n",
    "sub/g1.conf": "g=1\n[g]\n",
    "sub/g2.conf": "h=1\n;-- left open\n",
    "sub/g3.conf": "i=1\n",
    "loop.conf": "#include loop.conf\nloop=1\n",
}

TEXTS = {
    "two kinds of equals": "[a]\nx = 1\ny => 2\n[b]\nx=3\n",
    "equals in values": "[a]\nx=a=b\nx==b\nx = > 3\nx=>\ny=\n",
    "a line without equals": "[a]\nhello\nx=1\n=3\n",
    "no continuation": "[a]\nx = one \\\n two = 3\n",
    "append": "[a]\nx=1\nx=2\nx += 3\ny += new\nx+=> z\n",
    "append to what a template gave": "[t](!)\nx=1\n[a](t)\nx+=2\n[b](t)\n",
    "escaped semicolons": "[a]\nx = sip:h\\;lr ; c\ny = a\\b\nz=\\;\\;\n\\[k = 1\n",
    "a bad escape": "[a]\nx=1\n\\ y=2\n",
    "comments of blocks": "[a]\nx = 1 ;-- c --; 2\n;-- \ny=1\n;-- nested --;\nz=1\n--; w=2\nv=3\n;--- line\nu=4\n",
    "a block that seems closed": "[a]\n;--;\nt=5\n--;\ns=6\n",
    "a stray end": "[a]\nx=1 --; foo\ny=2\n[b]\nz=1\n",
    "a stray end and a block": "[a]\nx=1 --; foo\ny=2\n;-- what\nq=1\n[b]\nz=1\n",
    "names are not trimmed": "[t](!)\nx=1\n[a](t, t)\ny=2\n",
    "a blank before the options": "[a] (!)\nx=1\n",
    "words after the bracket": "[a]trash\nx=1\n[b] ; c\ny=1\n",
    "no closing bracket": "[a]\nx=1\n[b\ny=1\n",
    "no closing parenthesis": "[a]\nx=1\n[b](t\ny=1\n",
    "an empty name": "[]\nx=1\n",
    "a long name": "[" + "n" * 90 + "]\nx=1\n",
    "add": "[a]\nx=1\n[A](+)\ny=2\n[a]\nz=3\n[a](+)\nw=4\n",
    "add to nothing": "[a]\nx=1\n[b](+)\ny=2\n",
    "add to a template": "[a](!)\nx=1\n[a](+)\ny=2\n",
    "add to a template with its word": "[a](!)\nx=1\n[a](+TEMPLATES=include)\ny=2\n[b](a)\n",
    "add to one of two": "[a]\ntype=endpoint\n[a]\ntype=aor\n[a](+type=aor)\nm=1\n[a](+type=end&type=.)\nn=1\n",
    "add and inherit": "[t](!)\nx=1\n[a]\ny=1\n[a](+,t)\nz=1\n[a](t,+)\nw=1\n",
    "inherit from nothing": "[a](t)\nx=1\n",
    "inherit from a section": "[t]\nx=1\n[a](t)\ny=1\n",
    "inherit from an heir": "[t](!)\nx=1\n[u](!,t)\ny=1\n[a](u)\nx=2\n[a2](T,U)\n",
    "a template that grows too late": "[t](!)\nx=1\n[a](t)\n[t](+TEMPLATES=include)\ny=1\n",
    "a line before any section": "x=1\n[a]\ny=1\n",
    "a byte order mark": "\ufeff[a]\nx=1\n",
    "returns and controls": "[a]\r\nx=1\r\n\ty = 2 \x01\r\n",
    "include": '[a]\nx=1\n#include sub/one.conf\ny=1\n#include "sub/headless.conf"\nz=1\n#include <sub/g3.conf>\n',
    "include a missing file": "[a]\nx=1\n#include nope.conf\ny=1\n",
    "try to include a missing file": "[a]\nx=1\n#tryinclude nope.conf\ny=1\n",
    "include a file with a mistake": "[a]\nx=1\n#include sub/bad.conf\ny=1\n[c]\nq=1\n",
    "include many": "[a]\nx=1\n#include sub/g*.conf\ny=1\n",
    "include many that do not exist": "[a]\nx=1\n#include sub/zz*.conf\ny=1\n",
    "include braces": "[a]\n#include sub/{g2,g1}.conf\n",
    "include by an absolute path": "[a]\n#include ETC/sub/one.conf\n",
    "include by an odd path": "[a]\n#include ./sub/one.conf\n#include sub//one.conf\n",
    "include without end": "[a]\nx=1\n#include loop.conf\ny=1\n",
    "mistakes cost depth": "[a]\n" + "#include sub/bad.conf\n" * 12 + "[z]\nq=1\n",
    "other directives": "[a]\nx=1\n#exec /bin/true\n#foo\n#include\ny=1\n",
    "a line of 8191 bytes": "[a]\nx=" + "y" * 8189 + "\nz=1\n",
    "a line of 8190 bytes": "[a]\nx=" + "y" * 8188 + "\nz=1\n",
}


@pytest.mark.parametrize("name", TEXTS)
async def test_reads_what_asterisk_reads(pbx: PrivatePbx, name: str) -> None:
    etc = str(etc_of(pbx))
    files = {**INCLUDED, "story.conf": TEXTS[name].replace("ETC", etc)}
    write_files(pbx, files)
    assert read_by_us(read_tree(files, "story.conf", etc)) == await read_by_asterisk(pbx, "story.conf")


PIECES = (
    *("[a]", "[b](!)", "[c](b)", "[a](+)", "[c](+)", "[b](+TEMPLATES=include)", "[d](a,b)", "[a](!,+)", "[a](+,b)"),
    *(
        "[B](a)",
        "x = 1",
        "y => 2",
        "x += 2",
        "Y+=3",
        "x=\\;q",
        ";",
        "\\;",
        ";--",
        "--;",
        ";---",
        " ",
        "=",
        "[",
        "]",
        "(",
    ),
    *("\\", "+", "k", "\t", "--", "\n", "\n", "\n", "\n", "\n"),
)
INCLUDES = ("#include b.conf", "#tryinclude c.conf", "#include many/*.conf")


@pytest.mark.parametrize("seed", range(4))
async def test_reads_what_asterisk_reads_of_any_text(pbx: PrivatePbx, seed: int) -> None:
    chance = random.Random(seed)

    def text(length: int, pieces: tuple[str, ...] = PIECES) -> str:
        return "".join(chance.choice(pieces) for _ in range(length))

    for _ in range(40):
        files = {name: text(10) for name in ("b.conf", "c.conf", "many/1.conf", "many/2.conf")}
        files["story.conf"] = "[a]\nx=0\n" + text(chance.randint(3, 40), PIECES + INCLUDES)
        write_files(pbx, files)
        ours = read_by_us(read_tree(files, "story.conf", str(etc_of(pbx))))
        assert ours == await read_by_asterisk(pbx, "story.conf"), files


async def test_a_whole_folder_is_read_alike(pbx: PrivatePbx) -> None:
    files = read_folder(etc_of(pbx))
    for root in ("pjsip.conf", "extensions.conf", "modules.conf", "rtp.conf"):
        tree = read_tree(files, root, str(etc_of(pbx)))
        assert read_by_us(tree) == await read_by_asterisk(pbx, root)
        assert tree.findings == ()


# -- the dialplan -----------------------------------------------------------------------------------------------------

DIALPLAN = r"""
[general]
static = yes
[globals]
X = 5
[a]
exten => 100,1,NoOp(hello, "x")
 same => n(lab),Set(A=${B}\;c)
same => n,Goto(b,s,1)
exten => 100,n,GotoIf($["${A}" = "1"]?lab:other)
exten => 100,hint,PJSIP/x&Custom:z
exten => _X.,1,Answer
exten => _[2-4]XX!,1,Hangup()
exten = s,1(start),Playback(a&b)
exten => s,2,Wait,5
exten => s,n+2,NoOp
exten => s,lab2,NoOp
exten => s,n(two)(x),NoOp(a)b)
exten => s,start,NoOp(taken)
exten => _1NX/5551234,1,NoOp(cid)
exten => 5-5 5,1,NoOp(dash)
exten => e${X},1,NoOp(var)
exten => 77,5,NoOp
exten => 77,n,NoOp
exten => 78,n,NoOp
exten => 79,1,Set(x=1,2)
exten => 79,s,NoOp(same)
exten => 79,s+5,NoOp(same5)
exten => 79,n(two),NoOp
exten => 79,n(two),NoOp
exten => 80
exten => 81,1
exten => 82,1,
exten => ,1,NoOp
exten => 83,0,NoOp
exten => 84,abc,NoOp
exten => h,1,NoOp
include => b
include => nope
include => b,9:00-17:00,mon-fri,*,*
switch => Realtime/@
ignorepat => 9
foo => bar
[b]
exten => s,n,NoOp
same => 5,NoOp
exten => s,1,NoOp
exten => s,1,Verbose(again)
same => n,NoOp(after a refused one)
[c0]
same => 1,NoOp
exten => 1,1,NoOp
[a]
exten => 90,1,NoOp
exten => 100,2,NoOp(dup)
exten => 91,n,NoOp
[B]
exten => t,1,NoOp(upper)
[tpl](!)
exten => 5,1,NoOp(tpl)
[c](tpl)
exten => 6,1,NoOp(c)
exten => 6,n(l),Goto(l2)
"""


async def test_the_dialplan_is_what_dialplan_show_shows(pbx: PrivatePbx) -> None:
    etc = etc_of(pbx)
    before = (etc / "extensions.conf").read_text("utf-8")
    try:
        since = log_since(pbx)
        write_files(pbx, {"extensions.conf": DIALPLAN})
        pbx.cli("dialplan reload")
        shown = parse_dialplan_show(pbx.cli("dialplan show"))
        ours = read_dialplan(read_tree({"extensions.conf": DIALPLAN}, "extensions.conf"))
        assert set(ours.contexts) == set(shown.contexts)
        for name, context in ours.contexts.items():
            assert context.steps() == shown.contexts[name].steps()
            assert context.includes == shown.contexts[name].includes
            assert context.switches == shown.contexts[name].switches
            assert context.ignore_patterns == shown.contexts[name].ignore_patterns
        log = log_since(pbx, since)
        complained = {int(line) for line in re.findall(r"at line (\d+) of extensions.conf", log)}
        assert {finding.line for finding in ours.findings if finding.code != "duplicate-label"} == complained
        assert len(re.findall("already in use at priority", log)) == 1
        assert [finding.code for finding in ours.findings].count("duplicate-label") == 1
        assert parse_dialplan_show(pbx.cli("dialplan show b")).contexts["b"] == shown.contexts["b"]
    finally:
        write_files(pbx, {"extensions.conf": before})
        pbx.cli("dialplan reload")


async def test_its_own_dialplan_is_read_alike(pbx: PrivatePbx) -> None:
    ours = read_dialplan(read_tree(read_folder(etc_of(pbx)), "extensions.conf", str(etc_of(pbx))))
    shown = parse_dialplan_show(pbx.cli("dialplan show"))
    assert ours.findings == ()
    assert len(ours.contexts) > 3
    for name, context in ours.contexts.items():
        assert context.steps() == shown.contexts[name].steps()


# -- pjsip.conf: objects that Asterisk refuses ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Case:
    """A small object, and the finding we expect."""

    id: str
    type: str
    lines: str
    code: str
    """Of the finding; "" for an object that is as it should be."""

    @property
    def text(self) -> str:
        return f"[{self.id}]\ntype={self.type}\n" + self.lines.replace(" | ", "\n") + "\n"


_LINE = "server_uri=sip:127.0.0.1:9 | client_uri=sip:x@127.0.0.1 | "
_KEEPS_ON = "max_retries=10000 | auth_rejection_permanent=no | forbidden_retry_interval=9 | fatal_retry_interval=9 | "

REFUSED = (
    Case("x-guest", "endpoint", "allow_guest=no", "unknown-option"),
    Case("x-dtmf", "endpoint", "dtmfmode=rfc2833", "unknown-option"),
    Case("x-aor", "endpoint", "aor=x-aor", "unknown-option"),
    Case("x-word", "endpoint", "dtmf_mode=rfc2833", "not-one-of"),
    Case("x-enum", "endpoint", "media_encryption=srtp", "not-one-of"),
    Case("x-identify", "endpoint", "identify_by=username,ips", "not-one-of"),
    Case("x-number", "endpoint", "rtp_timeout=12abc", "not-a-number"),
    Case("x-empty", "endpoint", "device_state_busy_at=", "not-a-number"),
    Case("x-minus", "aor", "max_contacts=-1", "not-a-number"),
    Case("x-large", "aor", "qualify_frequency=99999999999", "not-a-number"),
    Case("x-real", "aor", "qualify_timeout=soon", "not-a-number"),
    Case("x-codec", "endpoint", "allow=alaw,g711", "unknown-codec"),
    Case("x-net", "endpoint", "deny=everything", "not-a-network"),
    Case("x-tos", "endpoint", "tos_audio=fast", "not-one-of"),
    Case("x-pair", "endpoint", "set_var=TRUNK", "not-a-pair"),
    Case("x-contact", "aor", "contact=192.168.1.50", "not-a-uri"),
    Case("x-server", "registration", "server_uri=127.0.0.1 | client_uri=sip:x@127.0.0.1", "not-a-uri"),
    Case("x-proxy", "registration", _LINE + "outbound_proxy=127.0.0.1", "not-a-uri"),
    Case("x-client", "registration", "server_uri=sip:127.0.0.1:9", "option-missing"),
    Case("x-line", "registration", _LINE + "line=yes", "line-without-endpoint"),
    Case("x-noline", "registration", _LINE + "endpoint=ok-endpoint", "endpoint-without-line"),
    Case("x-nobody", "identify", "match=10.0.0.1", "option-missing"),
    Case("x-nothing", "identify", "endpoint=ok-endpoint", "option-missing"),
    Case("x-nobind", "transport", "protocol=udp", "option-missing"),
    Case("x-ws", "transport", "protocol=ws", "option-missing"),
    Case("x-protocol", "transport", "protocol=sctp | bind=127.0.0.1:1", "not-one-of"),
    Case("x-user", "auth", "password=secret", "option-missing"),
    Case("x-password", "auth", "username=somebody", "option-missing"),
    Case("x-authtype", "auth", "auth_type=plain | username=a | password=b", "not-one-of"),
    Case("x-type", "Endpoint", "context=default", "unknown-type"),
)

LOADED_AND_WRONG = (
    Case("y-aors", "endpoint", "aors=nowhere", "dangling-reference"),
    Case("y-auth", "endpoint", "auth=nowhere", "dangling-reference"),
    Case("y-out", "endpoint", "outbound_auth=nowhere", "dangling-reference"),
    Case("y-transport", "endpoint", "transport=nowhere", "dangling-reference"),
    Case("y-acl", "endpoint", "acl=nowhere", "dangling-reference"),
    Case("y-identify", "identify", "endpoint=nowhere | match=10.9.9.9", "dangling-reference"),
    Case("y-bool", "endpoint", "direct_media=of course", "not-yes-or-no"),
    Case("y-sdes", "endpoint", "media_encryption=sdes | transport=udp", "sdes-without-tls"),
    Case("y-cut", "aor", "contact=sip:127.0.0.1:9;transport=tcp", "uri-cut"),
    Case("y-context", "endpoint", "context=nowhere", "context-missing"),
    Case("y-first", "aor", "type=endpoint", "second-type"),
    Case("y-never", "registration", _LINE + "max_retries=0", "never-retries"),
    Case("y-method", "endpoint", "identify_by=ip | aors=y-method-aor", "cannot-register"),
    Case("y-method-aor", "aor", "max_contacts=1", ""),
)

LOADED_AND_RIGHT = (
    Case(
        "ok-endpoint", "endpoint", "CONTEXT=centralita-carrier | dtmf_mode=RFC4733 | rtp_timeout=0x10 | timers=YES", ""
    ),
    Case("ok-truths", "endpoint", "100rel=true | timers=no | identify_by=header | identify_by=username,ip", ""),
    Case("ok-own", "endpoint", "@note=whatever | set_var=A=b=c | identify_by=ip, username", ""),
    Case(
        "ok-nets", "endpoint", "deny=0.0.0.0/0.0.0.0 | permit=192.168.1.0/24,10.0.0.1 | tos_audio=ef | cos_audio=5", ""
    ),
    Case("ok-codecs", "endpoint", "disallow=all | allow=!all,alaw:20,ulaw,g722,g729,opus", ""),
    Case("ok-aor", "aor", "contact=sip:127.0.0.1:9\\;transport=tcp | qualify_timeout=1.5", ""),
    Case("ok-auth", "auth", "auth_type=digest | username=a | password=b", ""),
    Case("ok-digest", "auth", "username=a | password_digest=MD5:d41d8cd98f00b204e9800998ecf8427e", ""),
    Case("ok-identify", "identify", "endpoint=ok-endpoint | match=10.1.0.0/16,10.2.0.1", ""),
    Case("ok-header", "identify", "endpoint=ok-endpoint | match_header=X-Trunk: one", ""),
    Case("ok-line", "registration", _LINE + _KEEPS_ON + "line=yes | endpoint=ok-endpoint", ""),
    Case("ok-context", "endpoint", "context=centralita-carrier", ""),
)


@pytest.fixture(scope="module")
def findings(pbx: PrivatePbx, base: str, schema: Schema) -> list[Finding]:
    """What we say about all cases at once; Asterisk has loaded them as well."""
    cases = "".join(case.text for case in (*REFUSED, *LOADED_AND_WRONG, *LOADED_AND_RIGHT))
    write_files(pbx, {"pjsip.conf": base + "#include cases/pjsip.conf\n", "cases/pjsip.conf": cases})
    reload_pjsip(pbx)
    return check_tree(read_folder(etc_of(pbx)), schema, frozenset({"cases/pjsip.conf"}), str(etc_of(pbx)))


def about(findings: list[Finding], case: Case) -> list[str]:
    """The codes of the errors about one object."""
    subject = f"{case.type} {case.id}"
    return [finding.code for finding in findings if finding.subject == subject and finding.severity == "error"]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.id)
def test_what_we_call_broken_asterisk_refuses(pbx: PrivatePbx, findings: list[Finding], case: Case) -> None:
    assert about(findings, case) == [case.code]
    assert not has(pbx, case.type.lower(), case.id)


@pytest.mark.parametrize("case", LOADED_AND_WRONG, ids=lambda case: case.id)
def test_what_fails_later_loads_without_a_word(pbx: PrivatePbx, findings: list[Finding], case: Case) -> None:
    assert about(findings, case) == ([case.code] if case.code else [])
    assert has(pbx, case.type, case.id)


@pytest.mark.parametrize("case", LOADED_AND_RIGHT, ids=lambda case: case.id)
def test_what_we_call_right_asterisk_loads(pbx: PrivatePbx, findings: list[Finding], case: Case) -> None:
    assert about(findings, case) == []
    assert has(pbx, case.type, case.id)


def test_one_duplicate_costs_every_object_of_its_type(pbx: PrivatePbx, base: str, schema: Schema) -> None:
    innocent = "[innocent]\ntype=endpoint\n[innocent]\ntype=aor\n"
    text = base + innocent + "[dup]\ntype=endpoint\n[dup]\ntype=aor\n[dup]\ntype=endpoint\ncontext=default\n"
    write_files(pbx, {"pjsip.conf": text})
    said = check_tree({"pjsip.conf": text}, schema, frozenset({"other.conf"}))
    assert [(each.severity, each.subject) for each in said if each.code == "duplicate-object"] == [
        ("error", "endpoint dup")
    ]
    reload_pjsip(pbx)
    assert not has(pbx, "endpoint", "innocent")
    assert has(pbx, "aor", "innocent")
    assert has(pbx, "aor", "dup")


def test_the_same_id_in_another_case_or_of_another_type_is_no_duplicate(
    pbx: PrivatePbx, base: str, schema: Schema
) -> None:
    text = base + "[solo]\ntype=endpoint\n[SOLO]\ntype=endpoint\n[solo]\ntype=aor\n[solo](!)\ntype=endpoint\n"
    write_files(pbx, {"pjsip.conf": text})
    assert not [each for each in check_tree({"pjsip.conf": text}, schema) if each.code == "duplicate-object"]
    reload_pjsip(pbx)
    assert has(pbx, "endpoint", "solo")
    assert has(pbx, "endpoint", "SOLO")


def test_two_transports_on_one_address(pbx: PrivatePbx, base: str, schema: Schema) -> None:
    port = pbx.ports.sip
    text = (
        base
        + f"[again]\ntype=transport\nbind=127.0.0.1:{port}\n"
        + f"[other]\ntype=transport\nprotocol=tcp\nbind=127.0.0.1:{port}\n"
    )
    write_files(pbx, {"pjsip.conf": text})
    said = check_tree({"pjsip.conf": text}, schema, frozenset({"pjsip.conf"}))
    assert [each.subject for each in said if each.code == "same-bind"] == ["transport again"]
    reload_pjsip(pbx)
    assert not has(pbx, "transport", "again")
    assert has(pbx, "transport", "other")


def test_a_transport_on_every_address_takes_its_port_from_the_others(
    pbx: PrivatePbx, base: str, schema: Schema
) -> None:
    text = base + f"[every]\ntype=transport\nbind=0.0.0.0:{pbx.ports.sip}\n"
    write_files(pbx, {"pjsip.conf": text})
    said = check_tree({"pjsip.conf": text}, schema, frozenset({"pjsip.conf"}))
    assert [each.subject for each in said if each.code == "same-bind"] == ["transport every"]
    reload_pjsip(pbx)
    assert not has(pbx, "transport", "every")


@pytest.mark.parametrize("allowed", ["no", "yes"])
def test_what_a_reload_changes_of_a_transport(pbx: PrivatePbx, base: str, allowed: str) -> None:
    def load(port: int, net: str) -> tuple[Site, str]:
        text = f"{base}[moving-{allowed}]\ntype=transport\nprotocol=udp\nallow_reload={allowed}\n"
        text += f"bind=127.0.0.1:{port}\nlocal_net={net}\n"
        write_files(pbx, {"pjsip.conf": text})
        reload_pjsip(pbx)
        shown = dict(re.findall(r"(?m)^ (\w+) +: (.*)$", pbx.cli(f"pjsip show transport moving-{allowed}")))
        return site_of(read_tree({"pjsip.conf": text}, "pjsip.conf")), shown["local_net"]

    first, second = free_udp_port("127.0.0.1"), free_udp_port("127.0.0.1")
    before, _ = load(first, "10.0.0.0/8")
    assert (is_taken(first), is_taken(second)) == (True, False)
    after, net = load(second, "10.1.0.0/16")
    assert net.startswith("10.1.0.0")
    # `pjsip show transport` prints the new address either way: only the socket tells
    (finding,) = restarts_needed(before, after)
    assert finding.message.startswith("bind changed")
    if allowed == "yes":
        assert (finding.code, is_taken(second)) == ("restarts-transport", True)
    else:
        assert (finding.code, is_taken(second)) == ("needs-restart", False)


def is_taken(port: int) -> bool:
    """Whether somebody listens on a UDP port of 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def test_a_refused_file_costs_everything(pbx: PrivatePbx, base: str, schema: Schema) -> None:
    text = base + "[refused]\ntype=endpoint\n[nowhere](+)\ncontext=default\n"
    write_files(pbx, {"pjsip.conf": text})
    assert [each.code for each in check_tree({"pjsip.conf": text}, schema) if each.severity == "error"] == [
        "addition-without-section"
    ]
    reload_pjsip(pbx)
    assert not has(pbx, "endpoint", "refused")


def test_good_trunks_load(pbx: PrivatePbx, base: str, schema: Schema) -> None:
    # nothing of this test leaves the machine
    ours = re.sub(r"(sip|proxy)\.(uno|dos)\.example(:\d+)?|192\.168\.1\.50:5062", "127.0.0.1:9", good_trunks.OURS)
    theirs = base + "[lan]\ntype=transport\nprotocol=flow\n[wan-tls]\ntype=transport\nprotocol=tls\n"
    theirs += f"bind=127.0.0.1:{free_tcp_port()}\n"
    files = good_trunks.files(ours, theirs + "#include centralita/pjsip.conf\n")
    files["extensions.conf"] += "[centralita-carrier]\nexten => _X.,1,NoOp()\n"
    said = check_tree(files, schema, frozenset({good_trunks.OUR_FILE}))
    assert [str(each) for each in said if each.severity != "notice"] == []
    write_files(pbx, {name: files[name] for name in ("pjsip.conf", good_trunks.OUR_FILE)})
    reload_pjsip(pbx)
    sections = read_tree({"x.conf": ours}, "x.conf").sections
    assert len(sections) == 13
    for section in sections:
        assert has(pbx, section.get("type") or "", section.name), section


# -- the schema -------------------------------------------------------------------------------------------------------

VALUES = ("banana", "7", "-3", "99999999999999", "yes", "1.5")

NEEDED: Mapping[str, str] = {
    "registration": "server_uri=sip:a@127.0.0.1:9\nclient_uri=sip:a@b\n",
    "identify": "endpoint=x\nmatch=1.2.3.4\n",
    "transport": "protocol=flow\n",
    "outbound-publish": "server_uri=sip:a@127.0.0.1:9\nevent=presence\n",
    "auth": "auth_type=userpass\npassword=x\nusername=y\n",
    "resource_list": "event=presence\nlist_item=a\n",
}

BEYOND_THE_SCHEMA = re.compile(
    # files that must exist, addresses, limits and forms of one option only: Asterisk knows more about them than a kind
    r"dtls_(ca_|cert|private)|transport/(ca_list|cert|priv|bind|cipher|external_(media|signaling)_address)|geoloc"
    r"|codec_prefs|md5_cred|password_digest|rtp_port|timers_(min|sess)|follow_redirect|match|registration/(endpoint|line)"
)

TAKEN_ALL_THE_SAME = re.compile(
    # addresses without dots, and words that Asterisk takes for something else or for nothing at all
    r"local_net|permit|deny|tos|callerid_privacy|dtls_(setup|fingerprint|rekey)|(endpoint|aor)/outbound_proxy"
)


def test_what_the_schema_calls_wrong_asterisk_refuses(pbx: PrivatePbx, base: str, schema: Schema) -> None:
    """Every option with six odd values: our word against Asterisk's."""
    asked: dict[str, tuple[str, str, str]] = {}
    text = []
    for object_type in (*NEEDED, "endpoint", "aor", "acl"):
        for option in schema.types[object_type]:
            for value in VALUES if option != "type" else ():
                name = f"s{len(asked)}"
                asked[name] = (object_type, option, value)
                needed = [line for line in NEEDED.get(object_type, "").split("\n") if not line.startswith(f"{option}=")]
                text.append(f"[{name}]\ntype={object_type}\n{option}={value}\n" + "\n".join(needed) + "\n")
    since = log_since(pbx)
    write_files(pbx, {"pjsip.conf": base + "".join(text)})
    reload_pjsip(pbx)
    refused = {found[1] for found in re.finditer(r"object of type '[^']+' with id '(s\d+)'", log_since(pbx, since))}
    assert len(refused) > 300
    disagree = []
    for name, (object_type, option, value) in asked.items():
        described = schema.types[object_type][option]
        ours = value_trouble(described, value, f"{object_type}/{option}")
        if (ours is not None) == (name in refused) or BEYOND_THE_SCHEMA.search(f"{object_type}/{option}"):
            continue
        if described.kind == "bool" and name not in refused:
            continue  # taken for no, without a word
        if ours is not None and name not in refused and TAKEN_ALL_THE_SAME.search(f"{object_type}/{option}"):
            continue
        disagree.append((object_type, option, value, ours))
    assert disagree == []


def test_the_codecs_are_those_of_this_asterisk(pbx: PrivatePbx) -> None:
    names = re.findall(r"(?m)^ +\d+ (?:audio|video|image|text) +\S+ +(\S+)", pbx.cli("core show codecs"))
    assert len(names) > 40
    assert [name for name in names if value_trouble(Option("codecs"), name, "endpoint/allow")] == []


def test_the_shipped_schema_is_that_of_this_asterisk(pbx: PrivatePbx, schema: Schema) -> None:
    shipped, notices = shipped_schema(schema.major)
    assert notices == ()
    assert shipped == schema


def test_bools_are_what_asterisk_shows_as_true_and_false(pbx: PrivatePbx, base: str, schema: Schema) -> None:
    for object_type in ("endpoint", "aor"):
        bools = [name for name, option in schema.types[object_type].items() if option.kind == "bool"]
        lines = "".join(f"{name}=yes\n" for name in bools if name != "webrtc")
        write_files(pbx, {"pjsip.conf": f"{base}[bools]\ntype={object_type}\n{lines}"})
        reload_pjsip(pbx)
        shown = dict(re.findall(r"(?m)^ (\S+) +: (.*)$", pbx.cli(f"pjsip show {object_type} bools")))
        odd = {
            name: shown[name]
            for name in bools
            if name in shown and shown[name].strip().lower() not in ("true", "yes", "false", "no")
        }
        assert odd == {}
        false = {name for name in bools if shown.get(name, "true").strip().lower() in ("false", "no")}
        assert false <= {"webrtc", "dtls_auto_generate_cert"}


def test_a_path_of_the_machine_is_no_part_of_a_finding(findings: list[Finding], tmp_path: Path) -> None:
    assert {each.file for each in findings if each.severity == "error"} == {"cases/pjsip.conf"}

"""One story for each rule: a PBX in order with one thing wrong is told exactly that, and a good one hears nothing."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.finding import Finding
from provisioning.freepbx.facts import Listener
from provisioning.model.secrets import new_password
from provisioning.security.audit import audit, audit_json, audit_text
from provisioning.security.facts import AuditFacts, FileMode
from provisioning.security.password_rules import weakness
from tests.freepbx_tree import tree

STRONG = "k3vJq8Zt2Rw9XbN4mP7s"
WEAK = "hunter2"
GOOD = {
    "http.conf": "[general]\nenabled = yes\nbindaddr = 127.0.0.1\n",
    "ari.conf": f"[general]\nenabled = yes\n[app]\ntype = user\npassword = {STRONG}\n",
    "manager.conf": f"[general]\nenabled = yes\nbindaddr = 127.0.0.1\n[boss]\nsecret = {STRONG}\npermit = 127.0.0.1\n",
    "logger.conf": "[logfiles]\nsecurity.log = security\n",
    "pjsip.conf": "[lan]\ntype = transport\nprotocol = udp\nbind = 192.168.1.5:5060\n"
    "[200]\ntype = endpoint\ncontext = phones\nauth = 200\naors = 200\n"
    f"[200]\ntype = auth\nusername = 200\npassword = {STRONG}\n[200]\ntype = aor\nmax_contacts = 1\n"
    "[trunk]\ntype = endpoint\ncontext = incoming\nidentify_by = ip\n"
    "[trunk]\ntype = identify\nendpoint = trunk\nmatch = 198.51.100.7\n",
    "extensions.conf": "[general]\n[incoming]\nexten => 34910000001,1,Goto(phones,200,1)\n"
    "[phones]\nexten => 200,1,Dial(PJSIP/200,20)\ninclude => outwards\n"
    "[outwards]\nexten => _9X.,1,Dial(PJSIP/${EXTEN:1}@trunk)\n",
}
JAILS = {"centralita-asterisk.conf": "[centralita-asterisk]\nenabled  = true\n"}


def facts(**changed: str) -> AuditFacts:
    """The good PBX; `ari__conf="…"` replaces a file."""
    return AuditFacts({**GOOD, **{name.replace("__", "."): text for name, text in changed.items()}}, fail2ban=JAILS)


def plus(file: str, more: str) -> AuditFacts:
    """The good PBX with lines added to one file."""
    return replace(facts(), files={**GOOD, file: GOOD[file] + more})


def codes(given: AuditFacts) -> set[str]:
    return {one.code for one in audit(given)}


def only(given: AuditFacts) -> Finding:
    """The one finding that `given` is about."""
    found = audit(given)
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]


def test_a_pbx_in_order_hears_nothing() -> None:
    assert audit(facts()) == []
    assert audit_text([]) == "nothing found"


def test_an_empty_folder_says_nothing_but_that_nobody_watches() -> None:
    assert codes(AuditFacts({})) == {"no-security-log", "no-fail2ban"}


# -- interfaces -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["bindaddr = 0.0.0.0", "bindaddr = ::", "bindaddr = 192.168.1.5", ""])
def test_an_ari_that_listens_to_everybody(line: str) -> None:
    found = only(facts(http__conf=f"[general]\nenabled = yes\n{line}\n"))
    assert (found.code, found.severity) == ("http-open", "error")
    assert "127.0.0.1" in found.message


def test_an_http_server_that_is_off_is_nobody_s_door() -> None:
    assert audit(facts(http__conf="[general]\nbindaddr = 0.0.0.0\n")) == []


def test_https_open_to_all_is_a_warning() -> None:
    more = "tlsenable = yes\ntlsbindaddr = 0.0.0.0:8089\n"
    found = only(plus("http.conf", more))
    assert (found.code, found.severity) == ("https-open", "warning")


def test_any_web_page_may_use_ari() -> None:
    text = GOOD["ari.conf"].replace("enabled = yes", "enabled = yes\nallowed_origins = https://a.example, *")
    assert only(facts(ari__conf=text)).code == "ari-origins"


def test_a_manager_interface_for_everybody() -> None:
    text = f"[general]\nenabled = yes\nport = 5038\n[boss]\nsecret = {STRONG}\n"
    assert codes(facts(manager__conf=text)) == {"manager-open", "manager-user-open"}
    assert "manager-web" in codes(
        facts(manager__conf=GOOD["manager.conf"].replace("[boss]", "webenabled = yes\n[boss]"))
    )
    assert audit(facts(manager__conf=text.replace("enabled = yes", "enabled = no"))) == []


def test_audio_socket_has_no_password_so_it_stays_at_home() -> None:
    assert only(replace(facts(), audio_socket="0.0.0.0:9092")).code == "audio-socket-open"
    heard = replace(facts(), audio_socket="127.0.0.1:9092", listeners=(Listener("tcp", "0.0.0.0", 9092),))
    assert only(heard).code == "audio-socket-open"
    assert audit(replace(heard, listeners=(Listener("tcp", "127.0.0.1", 9092), Listener("udp", "0.0.0.0", 9092)))) == []


# -- passwords --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "subject"),
    [("pjsip.conf", "auth 200"), ("ari.conf", "ARI user app"), ("manager.conf", "manager user boss")],
)
def test_a_weak_password_is_found_wherever_it_is_and_never_repeated(file: str, subject: str) -> None:
    given = replace(facts(), files={**GOOD, file: GOOD[file].replace(STRONG, WEAK)})
    found = only(given)
    assert (found.code, found.severity, found.subject, found.file) == ("weak-password", "error", subject, file)
    assert found.line > 0
    for text in (audit_text([found]), audit_json([found]), repr(given)):
        assert WEAK not in text


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "empty"), ("1234", "characters"), ("secret", "scanner"), ("Secret123", "scanner"),
        ("200", "name"), ("200200", "name"), ("123456789012", "digits"), ("aaaaaaaaaaaabb", "repeats"),
        ("abcdefghijklmno", "neighbours"),
    ],
)  # fmt: skip
def test_why_a_password_is_weak(password: str, why: str) -> None:
    assert why in weakness(password, "200")


def test_the_passwords_we_make_are_good() -> None:
    assert [weakness(new_password(), "centralita-oficina") for _ in range(100)] == [""] * 100


@given(st.text(alphabet="ABCDEFGH0123456789", min_size=4), st.text())
def test_a_reason_never_holds_the_password(password: str, user: str) -> None:
    assert password not in weakness(password, user)


def test_a_hashed_ari_password_cannot_be_judged() -> None:
    hashed = f"[general]\nenabled=yes\n[app]\ntype=user\npassword_format=crypt\npassword=$6${'x' * 5}\n"
    assert audit(facts(ari__conf=hashed)) == []


# -- files ------------------------------------------------------------------------------------------------------------


def test_files_that_everybody_may_read_or_write() -> None:
    def modes(**given: int) -> AuditFacts:
        return replace(facts(), modes={name.replace("__", "."): FileMode(mode) for name, mode in given.items()})

    assert only(modes(pjsip__conf=0o644)).code == "secret-readable"
    assert only(modes(logger__conf=0o666)).code == "file-writable"
    assert audit(modes(logger__conf=0o644, pjsip__conf=0o640)) == []
    assert only(replace(facts(), modes={".": FileMode(0o777, is_folder=True)})).code == "folder-writable"


def test_the_folder_of_our_passwords() -> None:
    def kept(folder: int, file: int) -> AuditFacts:
        places = {"/x/secrets": FileMode(folder, is_folder=True), "/x/secrets/ari": FileMode(file)}
        return replace(facts(), secrets={**places, "/x/secrets/.gitignore": FileMode(0o644)})

    assert audit(kept(0o700, 0o600)) == []
    assert only(kept(0o755, 0o600)).code == "secrets-open"
    assert only(kept(0o700, 0o640)).code == "secrets-open"


# -- SIP --------------------------------------------------------------------------------------------------------------


def test_guests() -> None:
    found = audit(plus("pjsip.conf", "[anonymous]\ntype = endpoint\ncontext = incoming\n"))
    assert [one.code for one in found] == ["anonymous-endpoint"]
    assert "incoming" in found[0].message


def test_an_endpoint_that_anybody_may_call_himself() -> None:
    """The private PBX of the demo has one on loopback; a provisioned PBX must not."""
    found = only(plus("pjsip.conf", "[caller]\ntype = endpoint\ncontext = incoming\n"))
    assert (found.code, found.severity, found.subject) == ("endpoint-without-password", "error", "endpoint caller")
    fenced = "[caller]\ntype = endpoint\ncontext = incoming\ndeny = 0.0.0.0/0\npermit = 192.168.1.50\n"
    assert audit(plus("pjsip.conf", fenced)) == []


def test_a_trunk_known_by_address_and_by_name_is_a_warning() -> None:
    given = facts(pjsip__conf=GOOD["pjsip.conf"].replace("identify_by = ip\n", ""))
    assert (only(given).code, only(given).severity) == ("endpoint-without-password", "warning")


@pytest.mark.parametrize("match", ["0.0.0.0/0", "::/0", "128.0.0.0/1"])
def test_the_whole_internet_as_a_trunk(match: str) -> None:
    assert only(facts(pjsip__conf=GOOD["pjsip.conf"].replace("198.51.100.7", match))).code == "identify-wide"


def test_a_transport_for_everybody_without_a_list() -> None:
    open_ = GOOD["pjsip.conf"].replace("192.168.1.5", "0.0.0.0")
    assert only(facts(pjsip__conf=open_)).code == "transport-open"
    assert audit(facts(pjsip__conf=open_ + "[wall]\ntype = acl\ndeny = 0.0.0.0/0\npermit = 10.0.0.0/8\n")) == []


# -- dialplan ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("included", ["outwards", "phones", "from-internal"])
def test_a_trunk_whose_callers_could_call_on(included: str) -> None:
    text = GOOD["extensions.conf"].replace("[incoming]\n", f"[incoming]\ninclude => {included}\n")
    found = only(facts(extensions__conf=text))
    assert (found.code, found.severity, found.subject) == ("trunk-reaches-outside", "error", "endpoint trunk")
    assert "incoming" in found.message


def test_includes_in_a_circle_end() -> None:
    text = GOOD["extensions.conf"] + "[incoming]\ninclude => loop\n[loop]\ninclude => incoming\n"
    assert audit(facts(extensions__conf=text)) == []


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("DISA(1234,phones)", "disa"),
        ("Dial(Local/${TARGET}@from-internal/n)", "local-open"),
        ("Originate(Local/${ARG1}@from-internal-xfer,app,Playback)", "local-open"),
        ("Goto(from-internal,${EXTEN},1)", "jump-open"),
        ("GotoIf($[1=1]?from-internal,${TO},1)", "jump-open"),
    ],
)
def test_dialplan_that_dials_what_it_is_told(line: str, code: str) -> None:
    found = only(plus("extensions.conf", f"[more]\nexten => 1,1,{line}\n"))
    assert (found.code, found.file, found.subject) == (code, "extensions.conf", "1@more")


@pytest.mark.parametrize("line", ["Dial(Local/200@phones)", "Goto(from-internal,200,1)", "Dial(PJSIP/200)"])
def test_dialplan_that_dials_one_thing_is_fine(line: str) -> None:
    assert audit(plus("extensions.conf", f"[more]\nexten => 1,1,{line}\n")) == []


# -- who would notice -------------------------------------------------------------------------------------------------


def test_nobody_watches() -> None:
    assert only(facts(logger__conf="[logfiles]\nfull = notice,warning\nconsole = security\n")).code == "no-security-log"
    assert only(replace(facts(), fail2ban=None)).code == "no-fail2ban"
    off = {"jail.conf": "[asterisk]\nport = 5060\n[sshd]\nenabled = true\n"}
    assert only(replace(facts(), fail2ban=off)).code == "no-fail2ban"


# -- whole trees ------------------------------------------------------------------------------------------------------


def freepbx(**site: object) -> AuditFacts:
    files = {**tree.generated_files(tree.FreePbxSite(**site)), **tree.custom_files()}
    return AuditFacts(files, is_freepbx=True)


def test_a_freepbx_out_of_the_box() -> None:
    found = audit(freepbx())
    assert {(one.code, one.severity) for one in found} == {
        ("ari-origins", "warning"),
        ("endpoint-without-password", "warning"),  # its trunk is known by its name in From, too
        ("transport-open", "warning"),
        ("no-security-log", "warning"),
        ("no-fail2ban", "warning"),
    }
    assert "Advanced Settings" in next(one.message for one in found if one.code == "ari-origins")


def test_a_freepbx_that_invites_everybody() -> None:
    given = freepbx(allow_guest=True, http_bind="0.0.0.0", manager_bind="0.0.0.0")
    bad = dict(given.files)
    bad["extensions_custom.conf"] += (
        "[from-internal-custom]\nexten => 999,1,DISA(no-password,from-internal)\n"
        "[from-sip-external-custom]\nexten => _X.,1,Dial(Local/${EXTEN}@from-internal/n)\n"
    )
    bad["extensions_additional.conf"] = bad["extensions_additional.conf"].replace(
        "[from-sip-external]\n", "[from-sip-external]\ninclude => from-internal\n"
    )
    bad["pjsip.auth.conf"] = bad["pjsip.auth.conf"].replace(tree.FreePbxSite().secret("200"), "200")
    errors = {one.code for one in audit(replace(given, files=bad)) if one.severity == "error"}
    assert errors == {
        "anonymous-endpoint", "http-open", "manager-open", "disa", "local-open", "weak-password",
        "trunk-reaches-outside",
    }  # fmt: skip


def test_the_json_counts_and_sorts_worst_first() -> None:
    said = json.loads(audit_json(audit(replace(facts(), fail2ban=None, audio_socket="0.0.0.0:1"))))
    assert said["count"] == {"error": 1, "warning": 1, "notice": 0}
    assert [one["severity"] for one in said["findings"]] == ["error", "warning"]


@given(st.dictionaries(st.sampled_from([*GOOD, "modules.conf"]), st.text(alphabet=st.characters(codec="utf-8"))))
def test_no_file_makes_the_audit_fall(files: dict[str, str]) -> None:
    audit(AuditFacts(files, fail2ban={}))

"""What the offline check says: nothing about good trunks, and the one right thing about each mistake."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.asterisk_conf.checks import check_tree
from provisioning.asterisk_conf.objects import Site, site_of
from provisioning.asterisk_conf.parsing import read_tree
from provisioning.asterisk_conf.schema import shipped_schema
from provisioning.asterisk_conf.transport_checks import restarts_needed
from provisioning.finding import Finding
from tests.unit.provisioning.asterisk_conf.good_trunks import EXTENSIONS, OFFICE, OUR_FILE, OURS, files

SCHEMA, _ = shipped_schema(22)


def check(ours: str = OURS, theirs: str = OFFICE, **others: str) -> list[Finding]:
    whole = {**files(ours, theirs), **{f"{name}.conf": text for name, text in others.items()}}
    return check_tree(whole, SCHEMA, frozenset({OUR_FILE}))


def brief(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.severity, finding.code) for finding in findings]


def test_good_trunks_pass_without_a_word() -> None:
    assert check() == []


def swapped(old: str, new: str) -> str:
    assert OURS.count(old) >= 1, old
    return OURS.replace(old, new)


MISTAKES = {
    # the list of the research, 2.5
    "an option that does not exist": ("direct_media = no", "allow_guest = no", "unknown-option"),
    "chan_sip's spelling": ("dtmf_mode = rfc4733", "dtmfmode = rfc2833", "unknown-option"),
    "aor for aors": ("aors = centralita-car-dos", "aor = centralita-car-dos", "unknown-option"),
    "an unknown type": (
        "type = identify\nendpoint = centralita-car-dos",
        "type = identity\nendpoint = x",
        "unknown-type",
    ),
    "no type": ("type = aor\nmax_contacts = 1\n", "max_contacts = 1\n", "type-missing"),
    "an aor that does not exist": ("aors = centralita-car-dos", "aors = centralita-car-tres", "dangling-reference"),
    "an auth that does not exist": ("\nauth = centralita-gw-oficina-auth", "\nauth = nobody", "dangling-reference"),
    "an outbound auth that does not exist": (
        "contact_user = 525512345678\noutbound_auth = centralita-car-uno-auth",
        "contact_user = 525512345678\noutbound_auth = nobody",
        "dangling-reference",
    ),
    "a transport that does not exist": ("transport = wan-tls", "transport = wan", "dangling-reference"),
    "an endpoint that does not exist": (
        "endpoint = centralita-car-dos\nmatch",
        "endpoint = x\nmatch",
        "dangling-reference",
    ),
    "an acl that does not exist": ("acl = centralita-lan", "acl = centralita-wan", "dangling-reference"),
    "a context that does not exist": (
        "context = centralita-in-gw\ndisallow = all\nallow = alaw,ulaw\n[",
        "context = x\n[",
        "context-missing",
    ),
    "the same object twice": (
        "; a carrier with",
        "[centralita-gw-oficina]\ntype = aor\n; a carrier with",
        "duplicate-object",
    ),
    "no such word": ("media_encryption = sdes", "media_encryption = srtp", "not-one-of"),
    "neither yes nor no": ("direct_media = no", "direct_media = never", "not-yes-or-no"),
    "no number": ("rtp_timeout = 60", "rtp_timeout = 60s", "not-a-number"),
    "no codec": ("allow = alaw,ulaw\ndtmf", "allow = alaw,g711\ndtmf", "unknown-codec"),
    "no retries": ("max_retries = 10000", "max_retries = 0", "never-retries"),
    "keys in clear": ("transport = wan-tls", "transport = lan", "sdes-without-tls"),
    "keys in clear for want of a transport": (
        "transport = wan-tls\naors = centralita-car-dos",
        "aors = centralita-car-uno",
        "sdes-without-tls",
    ),
    "one address for two": ("match = 192.168.1.50/32", "match = 203.0.113.64", "shared-identify"),
    "a network around another's address": ("match = 192.168.1.50/32", "match = 203.0.112.0/22", "shared-identify"),
    "an address in another's network": ("match = 192.168.1.50/32", "match = 203.0.113.7", "shared-identify"),
    "everybody may call": (
        "; a carrier with",
        "[anonymous]\ntype = endpoint\ncontext = centralita-in-gw\n; a",
        "anonymous-endpoint",
    ),
    # what the brief adds
    "a line without endpoint": ("line = yes\nendpoint = centralita-car-uno\n", "line = yes\n", "line-without-endpoint"),
    "an endpoint without line": ("line = yes\n", "", "endpoint-without-line"),
    "nobody to register as": ("trust_id_inbound = yes", "identify_by = ip,header", "cannot-register"),
    "an address cut short": ("sip:proxy.uno.example\\;lr\ntransport", "sip:proxy.uno.example;lr\ntransport", "uri-cut"),
    "an address that is none": ("contact = sip:sip.uno.example", "contact = sip.uno.example", "not-a-uri"),
    "no password": (
        "username = 525512345678\npassword = AtLeast16Characters",
        "username = 525512345678",
        "option-missing",
    ),
    "nothing to match": ("match = 192.168.1.50/32\n", "", "option-missing"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_of_ours_is_one_error(name: str) -> None:
    old, new, code = MISTAKES[name]
    errors = [finding for finding in check(swapped(old, new)) if finding.severity == "error"]
    assert code in {finding.code for finding in errors}
    assert {finding.file for finding in errors} == {OUR_FILE}
    assert all(finding.line for finding in errors)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("an option that does not exist", "anonymous"),
        ("chan_sip's spelling", "dtmf_mode"),
        ("aor for aors", "aors"),
        ("an unknown type", "identify"),
        ("a transport that does not exist", "wan-tls"),
        ("an address cut short", "\\;"),
        ("no retries", "10000"),
    ],
)
def test_a_mistake_names_the_way_out(name: str, hint: str) -> None:
    old, new, code = MISTAKES[name]
    (finding,) = [each for each in check(swapped(old, new)) if each.code == code][:1]
    assert hint in finding.message


WARNINGS = {
    "gives up after ten": ("max_retries = 10000\n", "", "gives-up"),
    "gives up at a 401": ("auth_rejection_permanent = no\n", "", "gives-up"),
    "gives up at a 403": ("forbidden_retry_interval = 600\n", "", "gives-up"),
    "one auth both ways": ("\nauth = centralita-gw-oficina-auth", "\nauth = centralita-car-uno-auth", "auth-both-ways"),
    "encryption that may be left out": ("optimistic = no", "optimistic = yes", "sdes-optional"),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_a_trap_of_ours_is_a_warning(name: str) -> None:
    old, new, code = WARNINGS[name]
    assert set(brief(check(swapped(old, new)))) == {("warning", code)}


def test_an_old_auth_type_is_a_notice() -> None:
    old = "[300]\ntype = auth\nauth_type = userpass\nusername = 300\npassword = x\n"
    assert brief(check(theirs=OFFICE + old)) == [("notice", "deprecated-auth-type")]
    assert brief(check(OURS.replace("auth_type = digest", "auth_type = userpass", 1))) == []


def test_somebody_else_s_mistakes_forbid_nothing() -> None:
    theirs = OFFICE + "[200]\ntype=endpoint\nallow_guest=yes\naors=nowhere\ntransport=nowhere\n[box]\ntype=thing\n"
    theirs += "[201]\ntype=registration\nserver_uri=sip:a\nclient_uri=sip:b\n[anonymous]\ntype=endpoint\n"
    found = check(theirs=theirs)
    assert {finding.severity for finding in found} == {"warning", "notice"}
    assert {"unknown-option", "unknown-type", "dangling-reference", "anonymous-endpoint"} <= {
        each.code for each in found
    }
    assert {finding.file for finding in found} == {"pjsip.conf"}


def test_somebody_else_s_duplicate_is_an_error_because_it_costs_our_objects() -> None:
    found = check(theirs=OFFICE + "[200]\ntype=endpoint\n[200]\ntype=endpoint\n")
    assert brief(found) == [("error", "duplicate-object")]
    assert "every endpoint" in found[0].message


def test_two_globals_are_an_error() -> None:
    found = check(theirs=OFFICE + "[global]\nuser_agent = x\n")
    assert ("error", "duplicate-object") in brief(found)


def test_their_old_auth_types_are_counted_once() -> None:
    theirs = OFFICE + "".join(
        f"[{n}]\ntype=auth\nauth_type=userpass\nusername={n}\npassword=x\n" for n in range(200, 250)
    )
    found = check(theirs=theirs)
    assert brief(found) == [("notice", "deprecated-auth-type")]
    assert "49 more" in found[0].message


def test_an_id_of_ours_that_somebody_has_is_an_error() -> None:
    found = check(theirs=OFFICE + "[centralita-car-dos]\ntype=registration\nserver_uri=sip:a\nclient_uri=sip:b\n")
    assert ("error", "id-taken") in brief(found)
    wizard = {"pjsip_wizard": "[centralita-car-dos]\ntype=wizard\n"}
    assert set(brief(check(**wizard))) == {("error", "id-taken")}


def test_two_lines_at_one_address_are_told_apart_by_their_registrations() -> None:
    second = (
        OURS.partition("; a carrier with a registration")[2].partition("; a carrier known")[0].replace("-uno", "-tres")
    )
    both = OURS + second + "".join(
        f"[centralita-car-{name}]\ntype = identify\nendpoint = centralita-car-{name}\nmatch = 198.51.100.7\n"
        for name in ("uno", "tres")
    )  # fmt: skip
    assert brief(check(both)) == [("warning", "shared-identify")]
    one_line = both.replace("line = yes\nendpoint = centralita-car-tres\n", "")
    assert brief(check(one_line)) == [("error", "shared-identify")]


def test_headers_are_asked_after_anonymous_unless_an_order_is_set() -> None:
    header = "[centralita-car-h]\ntype = identify\nendpoint = centralita-car-dos\nmatch_header = X-Line: one\n"
    everybody = "[anonymous]\ntype = endpoint\n"
    unordered = OFFICE.replace("endpoint_identifier_order = ip,username\n", "")
    assert "identify-after-anonymous" in {each.code for each in check(OURS + header, unordered + everybody)}
    assert "identify-after-anonymous" not in {each.code for each in check(OURS + header, OFFICE + everybody)}
    assert "identify-after-anonymous" not in {each.code for each in check(OURS + header, unordered)}


def test_two_transports_on_one_address() -> None:
    again = "[centralita-lan]\ntype = transport\nbind = 192.168.1.10\n"
    assert brief(check(OURS + again)) == [("error", "same-bind")]
    assert brief(check(OURS + again.replace("192.168.1.10", "0.0.0.0:5060"))) == [("error", "same-bind")]
    assert check(OURS + again.replace("192.168.1.10", "192.168.1.11")) == []


def test_a_file_of_ours_that_nobody_includes_is_said() -> None:
    assert ("warning", "not-included") in brief(check(theirs=OFFICE.replace("#include centralita/pjsip.conf", "")))


def test_a_program_in_their_file_is_a_warning_and_in_ours_an_error() -> None:
    assert brief(check(theirs=OFFICE + "#exec /bin/x\n")) == [("warning", "exec-refused")]
    assert brief(check(OURS + "#exec /bin/x\n")) == [("error", "exec-refused")]


def test_a_root_that_asterisk_refuses_is_an_error_whose_ever_it_is() -> None:
    assert ("error", "template-missing") in brief(check(theirs=OFFICE + "[x](nothing)\n"))


def test_no_finding_tells_a_password() -> None:
    secret = "Sw0rdf1sh-and-more"
    text = OURS.replace("AtLeast16Characters", secret).replace("type = auth", "type = auth\npasword = " + secret)
    text += (
        f"[z]\ntype = auth\nusername = x\nmd5_cred {secret}\npassword_digest = {secret}\nnonce_lifetime = {secret}\n"
    )
    found = check(text)
    assert {"unknown-option", "no-equals"} <= {each.code for each in found}
    assert secret not in repr([each for each in found if "nonce" not in each.message])


def test_the_worst_comes_first() -> None:
    text = swapped("max_retries = 10000", "max_retries = 0").replace("auth_rejection_permanent = no\n", "")
    old = "[300]\ntype = auth\nauth_type = md5\nusername = 300\npassword = x\n"
    assert [each.severity for each in check(text, theirs=OFFICE + old)] == ["error", "warning", "notice"]


@given(st.data())
def test_no_tree_is_too_strange(data: st.DataObject) -> None:
    """Lines of a good tree, in any order and any file, with odd ones among them: always an answer."""
    lines = (OURS + OFFICE + EXTENSIONS).splitlines()
    odd = [
        "type = ",
        "match = ::/0,x",
        "bind = [",
        "include => ",
        "exten => ,",
        "same => n",
        "a = \x00",
        "[](+)",
        "allow = !",
    ]
    picked = data.draw(st.lists(st.sampled_from(lines + odd), max_size=60))
    half = len(picked) // 2
    whole = {"pjsip.conf": "[x]\n" + "\n".join(picked), OUR_FILE: "\n".join(picked[half:])}
    whole["extensions.conf"] = "[y]\n" + "\n".join(picked[:half])
    found = check_tree(whole, SCHEMA, frozenset({OUR_FILE}))
    assert all(each.message and each.code for each in found)


def test_what_a_reload_does_not_change_is_said() -> None:
    before = site_of(read_tree(files(), "pjsip.conf"))

    def needs(old: str, new: str) -> list[str]:
        after = read_tree(files(theirs=OFFICE.replace(old, new)), "pjsip.conf")
        return [each.message for each in restarts_needed(before, site_of(after))]

    assert needs("x", "x") == []
    assert needs("bind = 192.168.1.10:5060", "bind = 192.168.1.10:5070")[0].startswith("bind changed")
    assert needs("method = tlsv1_2", "method = tlsv1_3\ncert_file = /x")[0].startswith("cert_file, method changed")
    assert needs("local_net = 192.168.1.0/24", "local_net = 10.0.0.0/8") == []
    assert needs("[lan]", "[new]\ntype = transport\nbind = 127.0.0.1:5070\n[lan]") == []


def test_with_allow_reload_calls_may_break_instead() -> None:
    def site(bind: str) -> Site:
        return site_of(read_tree({"p": f"[t]\ntype=transport\nallow_reload=yes\nbind={bind}\n"}, "p"))

    assert restarts_needed(site("1.2.3.4"), site("1.2.3.4")) == []
    (finding,) = restarts_needed(site("1.2.3.4"), site("1.2.3.5"))
    assert (finding.severity, finding.code) == ("notice", "restarts-transport")


def test_findings_are_data() -> None:
    (finding,) = check(theirs=OFFICE + "[200]\ntype=endpoint\n[200]\ntype=endpoint\n")
    assert finding == replace(finding)
    assert finding.as_json()["subject"] == "endpoint 200"

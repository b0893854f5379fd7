"""A provisioned PBX under attack: scanners learn nothing, the security log tells of them, and our filter catches them.

The scanners are SIPVicious, run as programs; the filter is judged by fail2ban's own `fail2ban-regex`.
"""

import asyncio
import json
import os
import re
import socket
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from websockets.asyncio.client import connect

from provisioning.finding import has_errors
from provisioning.security.audit import audit
from provisioning.security.gathering import gather_audit
from softphone import CallFailed, Phone
from softphone.call import RegistrationFailed
from tests.asterisk.test_freepbx import Office
from tests.freepbx_tree import FreePbx

ROOT = Path(__file__).parents[2]
FILTER = ROOT / "provisioning" / "security" / "fail2ban" / "filter.conf"
NOTE = ROOT / ".cache" / "fail2ban" / "fail2ban.json"
FAILURES = ("InvalidAccountID", "InvalidPassword", "ChallengeResponseFailed", "FailedACL", "RequestBadFormat")
KNOWN, UNKNOWN = ("200", "201", "centralita-oficina"), ("198", "nobody", "centralita-otra")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    office = Office(tmp_path_factory.mktemp("office"))
    with office.pbx:
        report = office.install()
        assert report.is_good, str(report)
        yield office


def security_log(pbx: FreePbx) -> str:
    return (pbx.log_folder / "centralita-security.log").read_text("utf-8", "replace")


def events(text: str) -> Counter[str]:
    return Counter(re.findall(r'SecurityEvent="(\w+)"', text))


async def until(pbx: FreePbx, what: str, least: int) -> None:
    """Wait until the log tells of something so many times: it is written by another thread."""
    async with asyncio.timeout(10):
        while security_log(pbx).count(what) < least:
            await asyncio.sleep(0.02)


def banned(log: Path) -> Counter[str]:
    """Whom fail2ban would count, line by line, by the addresses our filter reads."""
    assert NOTE.exists(), "set-up has not fetched fail2ban-regex: run scripts/get_fail2ban.py"
    note = json.loads(NOTE.read_text())
    done = subprocess.run(
        [*note["argv"], "-o", "<ip>", str(log), str(FILTER)],
        capture_output=True, text=True, check=False, timeout=60, env={**os.environ, **note["environment"]},
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return Counter(done.stdout.split())


# -- scanners ---------------------------------------------------------------------------------------------------------


def scanner(tool: str, home: Path, *arguments: str) -> str:
    program = Path(sys.executable).parent / f"sipvicious_{tool}"
    done = subprocess.run(
        [str(program), *arguments, "127.0.0.1", "-v"],
        capture_output=True, text=True, check=False, timeout=100, stdin=subprocess.DEVNULL, cwd=home,
        env={**os.environ, "HOME": str(home)},
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    return said


def test_svmap_sees_a_server_and_nobody_on_it(office: Office, tmp_path: Path) -> None:
    said = scanner("svmap", tmp_path, "-p", str(office.pbx.sip_port))
    assert "127.0.0.1" in said  # it did scan
    assert not any(name in said for name in KNOWN)


@pytest.mark.parametrize("method", ["INVITE", "REGISTER", "OPTIONS"])
def test_svwar_finds_no_extension(office: Office, tmp_path: Path, method: str) -> None:
    words = tmp_path / "names"
    words.write_text("".join(f"{name}\n" for name in (*KNOWN, *UNKNOWN)))
    port = str(office.pbx.sip_port)
    for more in (("-e", "198-203"), ("-d", str(words)), ("-d", str(words), "--force")):
        said = scanner("svwar", tmp_path, "-p", port, "-m", method, *more)
        assert "found nothing" in said, said


async def test_svcrack_finds_no_password_and_is_seen(office: Office, tmp_path: Path) -> None:
    words = tmp_path / "passwords"
    words.write_text("200\n1234\nsecret\n")
    before = security_log(office.pbx).count("ChallengeResponseFailed")
    # It does not wait long for an answer: where the PBX is slow, it takes more than one go through its three passwords
    while security_log(office.pbx).count("ChallengeResponseFailed") < before + 3:
        said = await asyncio.to_thread(
            scanner, "svcrack", tmp_path, "-p", str(office.pbx.sip_port), "-u", "200", "-d", str(words)
        )
        assert "found nothing" in said, said


def request(method: str, user: str, call: str, host: str = "127.0.0.1", via: str = "UDP") -> bytes:
    """A request as a scanner writes it, without a login."""
    shown = f"[{host}]" if ":" in host else host
    return (
        f"{method} sip:{user}@{shown} SIP/2.0\r\nVia: SIP/2.0/{via} {shown}:9;branch=z9hG4bK{call};rport\r\n"
        f"From: <sip:{user}@{shown}>;tag=1\r\nTo: <sip:{user}@{shown}>\r\nCall-ID: {call}\r\nCSeq: 1 {method}\r\n"
        f"Contact: <sip:x@{shown}:9>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def asked(method: str, user: str, port: int, call: str) -> str:
    """What the PBX answers, without what differs in every answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(10)
        probe.connect(("127.0.0.1", port))
        probe.send(request(method, user, call))
        said = probe.recv(8192).decode()
        if method == "INVITE":
            probe.send(request("ACK", user, call))
        own_port = str(probe.getsockname()[1])
    said = said.replace(user, "USER").replace(call, "CALL").replace(own_port, "PORT")
    return re.sub(r'(?<=tag=)[\w-]+(?=\r)|(?<=nonce=")[^"]*|(?<=opaque=")[^"]*', "~", said)


@pytest.mark.parametrize("method", ["REGISTER", "INVITE", "OPTIONS"])
def test_known_and_unknown_users_get_the_same_answer_byte_for_byte(office: Office, method: str) -> None:
    answers = {asked(method, user, office.pbx.sip_port, f"{method}{user}x") for user in (*KNOWN, *UNKNOWN)}
    assert len(answers) == 1, answers
    assert answers.pop().startswith("SIP/2.0 401 ")


def test_nothing_of_ours_lets_anybody_in_without_a_password(office: Office) -> None:
    found = audit(gather_audit(office.pbx.etc, secrets=office.store.folder))
    ours = [one for one in found if one.file.startswith("centralita/") or str(office.store.folder) in one.file]
    assert not has_errors(ours), "\n".join(map(str, ours))
    assert "endpoint-without-password" not in {one.code for one in ours}


# -- the filter -------------------------------------------------------------------------------------------------------


@pytest.fixture
def target(tmp_path: Path) -> Iterator[FreePbx]:
    """A PBX that listens on everything Asterisk can listen on, with an address list on 201."""
    authority = trustme.CA()
    certificate = tmp_path / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
    pbx = FreePbx(tmp_path / "pbx")
    here = pbx.etc
    (here / "logger_logfiles_custom.conf").write_text("centralita-security.log => security\n")
    (here / "pjsip.endpoint_custom_post.conf").write_text("[201](+)\ndeny=0.0.0.0/0\npermit=192.0.2.0/24\n")
    (here / "pjsip.transports_custom.conf").write_text(
        f"[t-udp6]\ntype=transport\nprotocol=udp\nbind=[::1]:{pbx.sip_port}\n"
        f"[t-tcp]\ntype=transport\nprotocol=tcp\nbind=127.0.0.1:{pbx.sip_port}\n"
        f"[t-tls]\ntype=transport\nprotocol=tls\nbind=127.0.0.1:{pbx.rtp_first}\n"
        f"cert_file={certificate}\npriv_key_file={certificate}\nmethod=tlsv1_2\n"
        "[t-ws]\ntype=transport\nprotocol=ws\nbind=127.0.0.1\n"
    )
    with pbx:
        assert pbx.complaints() == []
        yield pbx


async def over_stream(port: int, data: bytes, tls: ssl.SSLContext | None = None) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    writer.write(data)
    assert b" 401 " in await reader.readuntil(b"\r\n")
    writer.transport.abort()  # Asterisk does not answer TLS's goodbye


async def test_the_filter_catches_every_way_in_and_nobody_who_belongs_here(target: FreePbx, tmp_path: Path) -> None:
    # people at work first
    async with await Phone.open(target.sip_address, "200", target.site.secret("200")) as phone:
        await phone.register()
        call = await phone.call("*88")
        await call.hang_up()
    await until(target, "SuccessfulAuth", 2)
    quiet = tmp_path / "quiet.log"
    quiet.write_text(security_log(target))
    assert banned(quiet) == Counter()

    # a wrong password, an unknown name (no digits in it), an address that may not
    for user in ("200", "anna.lopez", "201"):
        async with await Phone.open(target.sip_address, user, "wrong") as phone:
            with pytest.raises(RegistrationFailed):
                await phone.register()
            with pytest.raises(CallFailed):
                await phone.call("200")
    # every transport
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.connect(("::1", target.sip_port))
        probe.send(request("REGISTER", "bob", "six", "::1"))
    await over_stream(target.sip_port, request("REGISTER", "bob", "tcp", via="TCP"))
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    await over_stream(target.rtp_first, request("REGISTER", "bob", "tls", via="TLS"), trusting)
    async with connect(f"ws://127.0.0.1:{target.http_port}/ws", subprotocols=["sip"], proxy=None) as web:  # type: ignore[list-item] # a NewType over str
        await web.send(request("REGISTER", "bob", "websocket", via="WS").decode())
        await web.recv()
    # the manager interface: an unknown user, and a known one with a wrong secret
    for user in ("intruder", "admin"):
        reader, writer = await asyncio.open_connection("127.0.0.1", target.manager_port)
        writer.write(f"Action: Login\r\nUsername: {user}\r\nSecret: wrong\r\n\r\n".encode())
        await reader.readuntil(b"Response: Error")
        writer.close()
        await writer.wait_closed()
    for place in ("IPV6/UDP/::1/", "IPV4/TCP/127", "IPV4/TLS/127", "IPV4/WS/127", 'Service="AMI"'):
        await until(target, f'RemoteAddress="{place}' if place.startswith("IP") else place, 1)
    await until(target, 'AccountID="admin"', 1)

    log = target.log_folder / "centralita-security.log"
    told = [line for line in security_log(target).splitlines() if any(f'"{one}"' in line for one in FAILURES)]
    assert {name for line in told for name in events(line)} >= {
        "InvalidAccountID", "InvalidPassword", "ChallengeResponseFailed", "FailedACL",
    }  # fmt: skip
    found = banned(log)
    assert sum(found.values()) == len(told), "\n".join(told)
    assert set(found) == {"127.0.0.1", "::1"}


async def test_an_attacker_cannot_have_somebody_else_banned(target: FreePbx) -> None:
    """Asterisk writes the name of an account as the attacker gave it, quotation marks and all."""
    victim = "198.51.100.7"
    names = (
        f"x%22,RemoteAddress=%22IPV4/UDP/{victim}/5",
        f"%22,LocalAddress=%22IPV4/UDP/1.1.1.1/1%22,RemoteAddress=%22IPV4/UDP/{victim}/5%22",
    )
    calls = (
        f'a",LocalAddress="IPV4/UDP/1.1.1.1/1",RemoteAddress="IPV4/UDP/{victim}/5',
        f'b",RemoteAddress="IPV4/UDP/{victim}/5",Challenge="x",Response="y",ExpectedResponse="',
    )
    login = (
        'Authorization: Digest username="200",realm="asterisk",uri="sip:x",response="y\\",RemoteAddress=\\"IPV4/UDP/'
        f'{victim}/5\\",Challenge=\\"a",nonce="x\\",RemoteAddress=\\"IPV4/UDP/{victim}/5\\""\r\nContent-Length'
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("127.0.0.1", target.sip_port))
        for number, name in enumerate(names):
            probe.send(request("REGISTER", name, f"n{number}"))
        for call in calls:
            probe.send(request("REGISTER", "bob", call))
            probe.send(request("REGISTER", "200", call).replace(b"Content-Length", login.encode()))
        probe.send(request("REGISTER", "200", "last").replace(b"Content-Length", login.encode()))
    await until(target, 'SessionID="last"', 1)
    reader, writer = await asyncio.open_connection("127.0.0.1", target.manager_port)
    evil = f'x",LocalAddress="IPV4/TCP/1.1.1.1/1",RemoteAddress="IPV4/TCP/{victim}/5'
    writer.write(f"Action: Login\r\nUsername: {evil}\r\nSecret: wrong\r\n\r\n".encode())
    await reader.readuntil(b"Response: Error")
    writer.close()
    await writer.wait_closed()
    await until(target, 'Service="AMI"', 1)

    text = security_log(target)
    assert victim in text, "the attack did not reach the log, so this proves nothing"
    found = banned(target.log_folder / "centralita-security.log")
    assert set(found) == {"127.0.0.1"}
    # and the attacker does not hide behind it either: the plain tricks are counted as his own
    assert found["127.0.0.1"] >= len(names) + 1

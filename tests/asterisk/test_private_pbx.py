"""The private PBX on a real Asterisk: it starts clean, keeps callers from falling, and leaves nothing behind."""

import asyncio
import os
import select
import signal
import socket
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from provisioning.pbx_plan import FALLBACK_TONE_HZ
from provisioning.private_pbx import (
    AsteriskBuild,
    Did,
    Fallback,
    PbxDidNotStart,
    PbxPlan,
    PbxPorts,
    PhoneAccount,
    PrivatePbx,
    TransferTarget,
    choose_ports,
    new_secret,
)
from softphone import ULAW, CallFailed, Phone

PLAN = PbxPlan(
    ari_password=new_secret(),
    ami_password=new_secret(),
    phones=(PhoneAccount("200", "secret200"), PhoneAccount("201", "secret201")),
    dids=(
        Did("5551001", "telecom", Fallback("tone")),
        Did("5551002", "clinica", Fallback("person", "200", "beep")),
        Did("5551003", "nobody", Fallback("busy")),
    ),
    transfers=(TransferTarget("soporte", "centralita-people", "200"),),
)


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePbx]:
    with PrivatePbx(PLAN, tmp_path_factory.mktemp("pbx")) as running:
        yield running


def loudest_hertz(pcm: bytes, rate: int) -> float:
    """The strongest frequency in the sound."""
    sound = np.frombuffer(pcm, "<i2").astype(float)
    return float(np.argmax(np.abs(np.fft.rfft(sound))) * rate / len(sound))


def processes_with(text: str) -> list[int]:
    """Processes in whose command line `text` stands."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if text in path.read_bytes().decode("utf-8", "replace"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def test_starts_without_a_complaint_and_ends_without_a_trace(tmp_path: Path) -> None:
    pbx = PrivatePbx(PLAN, tmp_path / "pbx")
    pbx.launch()
    assert pbx.complaints() == []
    assert "fully booted" in pbx.cli("core waitfullybooted")
    assert processes_with(str(tmp_path)) == [pbx.pid]
    pbx.terminate()
    assert not pbx.is_running
    assert processes_with(str(tmp_path)) == []


def test_a_folder_can_be_used_again(tmp_path: Path) -> None:
    for _ in range(2):
        with PrivatePbx(PLAN, tmp_path) as pbx:
            assert pbx.complaints() == []


def test_two_live_side_by_side(pbx: PrivatePbx, tmp_path: Path) -> None:
    with PrivatePbx(PLAN, tmp_path) as other:
        assert other.ports.sip != pbx.ports.sip
        assert (other.channel_count(), pbx.channel_count()) == (0, 0)


def test_a_deep_folder_has_a_control_socket_too(tmp_path: Path) -> None:
    with PrivatePbx(PLAN, tmp_path / ("deep" * 30)) as pbx:
        assert pbx.channel_count() == 0


def test_a_port_in_use_is_reported(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        free = choose_ports()
        ports = PbxPorts(taken.getsockname()[1], free.http, free.ami, free.rtp_first, free.rtp_last)
        pbx = PrivatePbx(PLAN, tmp_path, ports=ports)
        with pytest.raises(PbxDidNotStart, match="ports"):
            pbx.launch()
    assert not pbx.is_running
    assert processes_with(str(tmp_path)) == []


def test_does_not_outlive_its_parent(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert parent.stdout is not None
    with parent.stdout as said:
        pid = int(said.readline())
    watched = os.pidfd_open(pid)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    try:
        # readable when the process is gone: an event, not a guess
        assert _is_readable(watched, seconds=10)
    finally:
        os.close(watched)


PARENT = """
import pathlib, sys, time
from provisioning.private_pbx import PbxPlan, PrivatePbx
pbx = PrivatePbx(PbxPlan(ari_password="secret", ami_password="secret"), pathlib.Path(sys.argv[1])).launch()
print(pbx.pid, flush=True)
time.sleep(600)
"""


def _is_readable(descriptor: int, seconds: float) -> bool:
    return bool(select.select([descriptor], [], [], seconds)[0])


def test_passwords_are_not_for_everybody_to_read(pbx: PrivatePbx) -> None:
    modes = {path.name: path.stat().st_mode & 0o007 for path in (pbx.folder / "etc").iterdir()}
    assert set(modes.values()) == {0}


async def test_without_the_app_the_caller_hears_the_fallback(pbx: PrivatePbx) -> None:
    async with await Phone.open(pbx.sip_address, codecs=(ULAW,)) as caller:
        call = await caller.call("5551001", caller_number="+34600111222")
        await call.media.wait_for_speech(min_ms=800)
        await call.hang_up()
    assert loudest_hertz(call.media.heard_pcm(), call.media.rate) == pytest.approx(FALLBACK_TONE_HZ, abs=5)
    assert "Centralita let go: FAILED" in pbx.log_path.read_text("utf-8")


async def test_the_fallback_can_be_a_person(pbx: PrivatePbx) -> None:
    async with (
        await Phone.open(pbx.sip_address, "200", "secret200") as person,
        await Phone.open(pbx.sip_address) as caller,
    ):
        await person.register()
        call = await caller.call("5551002", caller_number="+34600111222")
        rings = await person.incoming()
        assert rings.remote_user == "+34600111222"
        await rings.answer()
        person_says, caller_says = rings.media, call.media
        person_says.loop(b"\x00\x20\x00\xe0" * 400)
        await caller_says.wait_for_speech(min_ms=200)
        await rings.hang_up()
        ended = await call.wait_ended()
    assert (ended.by_us, ended.cause) == (False, 16)


async def test_the_fallback_can_be_a_busy_signal(pbx: PrivatePbx) -> None:
    async with await Phone.open(pbx.sip_address) as caller:
        with pytest.raises(CallFailed) as refused:
            await caller.call("5551003")
    # Busy() answers first and notes the cause then, so that now and then the answer goes without it
    assert (refused.value.status, refused.value.cause) in ((486, 17), (486, 0))


async def test_a_carrier_s_caller_reaches_no_phone_directly(pbx: PrivatePbx) -> None:
    async with await Phone.open(pbx.sip_address) as caller:
        with pytest.raises(CallFailed) as refused:
            await caller.call("200")
    assert refused.value.status == 404


async def test_a_phone_that_is_not_there_is_told_so(pbx: PrivatePbx) -> None:
    async with await Phone.open(pbx.sip_address, "200", "secret200") as phone:
        with pytest.raises(CallFailed) as refused:
            await phone.call("201")
    assert (refused.value.status, refused.value.cause) == (480, 20)


async def test_the_dialplan_knows_the_transfer_targets(pbx: PrivatePbx) -> None:
    shown = await pbx.ask("dialplan show centralita-transfer")
    assert "'soporte' =>" in shown
    assert "Goto(centralita-people,200,1)" in shown


async def test_an_independent_phone_hears_its_echo(pbx: PrivatePbx, tmp_path: Path) -> None:
    """baresip knows nothing of ours: it registers, calls, plays a file and writes down what it hears."""
    build = AsteriskBuild.from_note()
    assert build.baresip is not None, "set-up found no baresip: run `make setup` where apt offers baresip-core"
    with wave.open(str(tmp_path / "said.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((np.sin(2 * np.pi * 700 / 8000 * np.arange(8000 * 6)) * 8000).astype("<i2").tobytes())
    (tmp_path / "accounts").write_text(
        f"<sip:200@127.0.0.1:{pbx.ports.sip}>;auth_user=200;auth_pass=secret200;regint=60;audio_codecs=PCMA/8000/1\n"
    )
    (tmp_path / "contacts").write_text("")
    (tmp_path / "config").write_text(
        f"module_path {build.baresip.modules_dir}\nsip_listen 127.0.0.1:0\nmodule g711.so\nmodule aufile.so\n"
        "module_app account.so\nmodule_app menu.so\n"
        f"audio_source aufile,{tmp_path}/said.wav\naudio_player aufile,{tmp_path}/heard.wav\n"
    )
    baresip = await asyncio.create_subprocess_exec(
        *build.baresip.argv, "-f", str(tmp_path), "-e", f"/dial sip:600@127.0.0.1:{pbx.ports.sip}", "-t", "4",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    said = (await baresip.communicate())[0].decode("utf-8", "replace")
    assert "200 OK (centralita-private-pbx) [1 binding]" in said, said
    assert "Call established" in said, said
    # baresip leaves the lengths in the header empty when it ends: the samples begin after its 44 bytes
    assert loudest_hertz((tmp_path / "heard.wav").read_bytes()[44:], 8000) == pytest.approx(700, abs=5), said

"""Our telephone against a real Asterisk: sound, keys, and every way a call can go."""

import asyncio
import subprocess
import sys
import wave
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest

from provisioning.private_pbx import PbxPlan, PhoneAccount, PrivatePbx, new_secret
from softphone import ALAW, L16_16K, ULAW, Call, CallFailed, CallState, Codec, Phone
from softphone.call import RegistrationFailed

PLAN = PbxPlan(
    ari_password=new_secret(),
    ami_password=new_secret(),
    phones=(
        PhoneAccount("200", "secret200", ("alaw", "ulaw", "slin16")),
        PhoneAccount("201", "secret201", ("alaw", "ulaw", "slin16")),
        PhoneAccount("202", "secret202", ("alaw", "ulaw")),
    ),
)


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePbx]:
    with PrivatePbx(PLAN, tmp_path_factory.mktemp("pbx")) as running:
        yield running


def babble(rate: int, seconds: float, seed: int = 1) -> bytes:
    """Noise in syllables: like nothing else, so that a correlation can only mean that this was heard."""
    rng = np.random.default_rng(seed)
    count = int(rate * seconds)
    hiss = np.convolve(rng.normal(0, 1, count), np.ones(8) / 8, "same")
    syllables = np.interp(
        np.arange(count), np.arange(0, count, rate // 10), rng.uniform(500, 9000, -(-count // (rate // 10)))
    )
    return np.clip(hiss * syllables, -30000, 30000).astype("<i2").tobytes()


def best_correlation(sent: bytes, heard: bytes, rate: int, longest_delay_seconds: float = 0.3) -> tuple[float, float]:
    """How alike they are at the best delay, and that delay in seconds."""
    ours, theirs = (np.frombuffer(pcm, "<i2").astype(float) for pcm in (sent, heard))
    theirs = np.pad(theirs, (0, max(0, len(ours) + rate - len(theirs))))
    return max(
        (float(np.corrcoef(ours, theirs[delay : delay + len(ours)])[0, 1]), delay / rate)
        for delay in range(int(longest_delay_seconds * rate))
    )


@pytest.mark.parametrize("codec", [ULAW, ALAW, L16_16K], ids=lambda codec: f"{codec.name}-{codec.rate}")
async def test_hears_its_own_echo(pbx: PrivatePbx, codec: Codec) -> None:
    async with await Phone.open(pbx.sip_address) as phone:
        call = await phone.call("600", (codec,))
        assert call.media.codec == codec
        await call.media.play(babble(codec.rate, 1.5))
        await call.media.wait_for_silence(0.5)
        await call.hang_up()
    correlation, delay = best_correlation(call.media.sent_pcm(), call.media.heard_pcm(), codec.rate)
    assert correlation > 0.95
    assert delay < 0.3


@pytest.mark.parametrize("codec", [ALAW, L16_16K], ids=lambda codec: codec.name)
async def test_keys_travel_both_ways(pbx: PrivatePbx, codec: Codec) -> None:
    async with await Phone.open(pbx.sip_address) as phone:
        call = await phone.call("604", (codec,))
        await call.media.send_digits("19*5")
        assert [await call.media.hear_digit() for _ in range(4)] == list("19*5")
        assert (await call.wait_ended()).cause == 16
    assert "".join(digit for _, digit in call.media.digits_heard) == "19*5"


async def test_registers_and_is_found(pbx: PrivatePbx) -> None:
    async with await Phone.open(pbx.sip_address, "200", "secret200") as phone:
        await phone.register()
        assert f"sip:200@127.0.0.1:{phone.port}" in await pbx.ask("pjsip show contacts")
    assert "sip:200@" not in await pbx.ask("pjsip show contacts")


async def test_a_wrong_password_is_refused(pbx: PrivatePbx) -> None:
    async with await Phone.open(pbx.sip_address, "200", "wrong-password") as phone:
        with pytest.raises(RegistrationFailed):
            await phone.register()


@pytest.fixture
async def two_phones(pbx: PrivatePbx) -> AsyncIterator[tuple[Phone, Phone]]:
    async with (
        await Phone.open(pbx.sip_address, "200", "secret200", codecs=(ALAW, L16_16K)) as ana,
        await Phone.open(pbx.sip_address, "201", "secret201", codecs=(ALAW, L16_16K)) as luis,
    ):
        await ana.register()
        await luis.register()
        yield ana, luis


async def talk(ana: Phone, luis: Phone) -> tuple[Call, Call]:
    """Ana calls Luis, who answers."""
    ours = await ana.dial("201")
    theirs = await luis.incoming()
    theirs.ring()
    await ours.wait_ringing()
    await theirs.answer()
    await ours.wait_answered()
    return ours, theirs


async def test_two_people_hear_each_other(two_phones: tuple[Phone, Phone]) -> None:
    ours, theirs = await talk(*two_phones)
    assert theirs.remote_user == "200"
    assert 180 in ours.progress
    theirs.media.loop(babble(theirs.media.rate, 0.5, seed=2))
    await ours.media.play(babble(ours.media.rate, 1.0, seed=3))
    await ours.media.wait_for_speech()
    await ours.hang_up()
    ended = await theirs.wait_ended()
    assert (ended.by_us, ended.cause) == (False, 16)
    assert best_correlation(ours.media.sent_pcm(), theirs.media.heard_pcm(), theirs.media.rate)[0] > 0.9


async def test_who_is_called_may_hang_up(two_phones: tuple[Phone, Phone]) -> None:
    ours, theirs = await talk(*two_phones)
    await theirs.hang_up()
    ended = await ours.wait_ended()
    assert (ended.by_us, ended.cause) == (False, 16)
    assert (await theirs.wait_ended()).by_us


@pytest.mark.parametrize(("status", "heard", "cause"), [(486, 486, 17), (480, 480, 19), (603, 403, 21)])
async def test_a_refusal_is_told_with_its_cause(
    two_phones: tuple[Phone, Phone], status: int, heard: int, cause: int
) -> None:
    ana, luis = two_phones
    ours = await ana.dial("201")
    (await luis.incoming()).reject(status)
    with pytest.raises(CallFailed) as refused:
        await ours.wait_answered()
    assert (refused.value.status, refused.value.cause) == (heard, cause)


async def test_a_caller_may_give_up(two_phones: tuple[Phone, Phone]) -> None:
    ana, luis = two_phones
    ours = await ana.dial("201")
    theirs = await luis.incoming()
    theirs.ring()
    await ours.wait_ringing()
    await ours.cancel()
    with pytest.raises(CallFailed) as given_up:
        await ours.wait_answered()
    assert given_up.value.status == 487
    assert (await theirs.wait_ended()).status == 487


async def test_an_engaged_phone_refuses_at_once(two_phones: tuple[Phone, Phone]) -> None:
    ana, luis = two_phones
    luis.refuse_with = 486
    with pytest.raises(CallFailed, match="486"):
        await ana.call("201")


async def test_hands_a_caller_over(pbx: PrivatePbx, two_phones: tuple[Phone, Phone]) -> None:
    ana, luis = two_phones
    async with await Phone.open(pbx.sip_address, "202", "secret202") as eva:
        await eva.register()
        ours, theirs = await talk(ana, luis)
        ours.media.loop(babble(ours.media.rate, 0.5))
        await theirs.media.wait_for_speech()
        assert await theirs.refer("202") == 202
        hers = await eva.incoming()
        await hers.answer()
        assert await theirs.wait_transferred() == 200
        await theirs.wait_ended()
        hers.media.loop(babble(hers.media.rate, 0.5))
        await ours.media.wait_for_speech()
        assert ours.state is CallState.ESTABLISHED
        await ours.hang_up()
        await hers.wait_ended()


async def test_a_quiet_phone_sends_nothing(pbx: PrivatePbx) -> None:
    async with await Phone.open(pbx.sip_address) as phone:
        call = await phone.call("601")
        await call.media.wait_for_speech()
        call.media.stop_sending()
        sent = call.media.packets_sent
        await call.media.wait_for_speech(min_ms=200)
        assert call.media.packets_sent == sent
        call.media.start_sending()
        await call.media.play(bytes(320))
        assert call.media.packets_sent > sent


async def test_the_other_end_may_hang_up_while_we_speak(pbx: PrivatePbx) -> None:
    async with await Phone.open(pbx.sip_address) as phone:
        call = await phone.call("605")
        await call.media.play(babble(call.media.rate, 20))  # released by the end of the call
        assert (await call.wait_ended()).by_us is False
        with pytest.raises(ConnectionError):
            await call.media.wait_for_speech()


async def test_fifty_calls_at_once_sound_as_one(pbx: PrivatePbx) -> None:
    async with await Phone.open(pbx.sip_address) as phone:
        calls = [await phone.call("600", (ULAW,)) for _ in range(50)]
        sound = babble(8000, 1.5)
        await asyncio.gather(*(call.media.play(sound) for call in calls))
        await asyncio.gather(*(call.media.wait_for_silence(0.6) for call in calls))
        await asyncio.gather(*(call.hang_up() for call in calls))
    likenesses = [best_correlation(call.media.sent_pcm(), call.media.heard_pcm(), 8000)[0] for call in calls[::10]]
    assert min(likenesses) > 0.9
    assert pbx.channel_count() == 0


async def test_can_be_used_from_a_terminal(pbx: PrivatePbx, tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "said.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(babble(16000, 0.5))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "softphone", "call", "604", "--server", f"127.0.0.1:{pbx.ports.sip}"),
        *("--digits", "1234", "--play", str(tmp_path / "said.wav"), "--record", str(tmp_path / "call.wav")),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=Path(__file__).parents[2],
    )
    said = (await process.communicate())[0].decode()
    assert process.returncode == 0, said
    assert "keys 1234" in said
    with wave.open(str(tmp_path / "call.wav")) as recording:
        assert (recording.getnchannels(), recording.getframerate()) == (2, 8000)

"""No log line of any process holds a word that was said, typed, looked up or summed up, at log level debug.

Real calls through every part of the product, with trouble on purpose; what was said is taken from the live events and
the transcripts, and everything any process printed is searched for it (`tests.spoken_words`). The tests build on one
another; the last ones look.
"""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from ari_app.live_events import CallEnded, TransferChanged, TurnTaken
from centralita.demo.stage import Stage, StagePlan
from centralita.storehouse import opened_catalogue
from offline.batch.results import Results
from softphone import Call
from storage.database.words import words_of
from storage.encryption.master_key import new_master_key
from tests.asterisk.office import BALANCE_CALLER, TELECOM, Office, agent, brief_agents, caller, soon
from tests.spoken_words import distinctive, leaked

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNKNOWN_CALLER, CUSTOMER_ID, NEW_PHONE, BALANCE = "699999999", "10001", "654321987", "45.50"
LOOKED_UP = ["Ana García", "ana.garcia@example.com", "Fibra 600"]
"""What the tools answer with of the customer; the agent may never have spoken it."""
ALLOWED = {
    "telecom": "the agent's file",
    "agente": "a transfer's target in the agent's file",
    "tecnico": "a transfer's target in the agent's file",
}
"""Words that were said, and are names of configuration: why each may stand in a log."""


@dataclass
class Talk:
    """What was said in all calls, and what commands printed beside the log."""

    sentences: list[str] = field(default_factory=list)
    call_ids: list[str] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)

    def take(self, office: Office) -> None:
        """Keep what the live events told."""
        for event in office.events:
            if isinstance(event, TurnTaken):
                self.sentences += [event.text, event.heard or ""]
            if isinstance(event, CallEnded):
                self.call_ids.append(event.call_id)
        office.forget()


TALK = Talk()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    folder = tmp_path_factory.mktemp("stage")
    (folder / "master.key").write_text(new_master_key())
    (folder / "master.key").chmod(0o600)
    settings: dict[str, dict[str, object]] = {
        "run": {"log_level": "debug"},
        "offline": {"worker": True, "niceness": 0, "threshold": 0.0},
        "agi": {"enabled": True},
        "ami": {"enabled": True},
        "storage": {"master_key": "file:master.key", "encryption_keys": "keys"},
    }
    agents = brief_agents(tmp_path_factory.mktemp("house"))
    stage = Stage(folder, StagePlan(agents=agents, settings=settings, is_up_apart=True))
    async with stage, Office.watching(stage) as office:
        await stage.asterisk.ask("core set verbose 5")
        yield office


@pytest_asyncio.fixture(loop_scope="module")
async def talk(office: Office) -> AsyncIterator[Talk]:
    office.forget()
    yield TALK
    TALK.take(office)


async def says(office: Office, call: Call, text: str) -> None:
    TALK.sentences.append(text)
    await call.media.wait_for_silence()
    await call.media.play(await office.voice(text))


async def command(office: Office, *words: str) -> str:
    """Run a command as an operator does; return what it said on standard error, for its answer is its answer."""
    settings = ("--settings", str(office.stage.settings_path))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "centralita.cli", *words, *settings),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(120):
        _, told = await process.communicate()
    TALK.printed.append(told.decode())
    return told.decode()


# ── the calls ──


async def test_a_tool_answers_with_a_customers_data_and_is_talked_over(office: Office, talk: Talk) -> None:
    async with await office.phone() as phone:
        call = await phone.call(TELECOM, caller_number=BALANCE_CALLER)
        call.media.start_sending()
        await call.media.hear_out()
        await says(office, call, "necesito revisar el salgo de mi cuesta")
        await office.tell(TurnTaken, agent("45.50"))
        await says(office, call, "quiero cancelar mi servicio")
        await office.tell(TurnTaken, caller("cancelar"))
        await call.media.wait_for_speech(min_ms=800)
        interruption = "espere espere quiero hablar con una persona"
        TALK.sentences.append(interruption)
        await call.media.play(await office.voice(interruption))
        await office.tell(TurnTaken, lambda turn: turn.speaker == "agent" and turn.was_interrupted)
        await office.tell(TurnTaken, caller("persona"))
        await call.hang_up()
    await office.tell(CallEnded)


async def test_keys_a_dictated_phone_number_and_a_change_of_data(office: Office, talk: Talk) -> None:
    async with await office.phone() as phone:
        call = await phone.call(TELECOM, caller_number=UNKNOWN_CALLER)
        call.media.start_sending()
        await call.media.hear_out()
        await says(office, call, "necesito revisar el saldo de mi cuenta")
        await office.tell(TurnTaken, agent("número de cliente"))
        await call.media.send_digits(f"{CUSTOMER_ID}#")
        await office.tell(TurnTaken, agent("saldo"))
        await call.media.hear_out()
        await says(office, call, "quiero cambiar mi teléfono")
        await office.tell(TurnTaken, agent("nuevo número"))
        await call.media.hear_out()
        await says(office, call, "seis cinco cuatro tres dos uno nueve ocho siete")
        await office.tell(TurnTaken, lambda turn: turn.speaker == "caller" and "seis" in (turn.heard or turn.text), 30)
        await call.media.hear_out()
        office.events[:], before = [], list(office.events)
        await says(office, call, "mi correo es ana punto lopez arroba correo punto es")
        await office.tell(TurnTaken, lambda turn: turn.speaker == "caller", 30)
        office.events[:0] = before
        await call.media.hear_out()
        await call.hang_up()
    await office.tell(CallEnded)


async def test_a_person_is_told_a_summary(office: Office, talk: Talk) -> None:
    async with await office.phone("201") as person, await office.phone() as phone:
        call = await phone.call(TELECOM, caller_number=BALANCE_CALLER)
        call.media.start_sending()
        await call.media.hear_out()
        await says(office, call, "hola mi internet no funciona")
        await office.tell(TurnTaken, agent("router"))
        await says(office, call, "ya reinicié el router pero sigue igual")
        ringing = await person.incoming()
        await ringing.answer()
        ringing.media.start_sending()
        await office.tell(TransferChanged, lambda event: event.state == "connected", 30)
        await ringing.hang_up()
        await call.wait_ended()
    await office.tell(CallEnded)
    TALK.sentences.append("Cliente Ana García: su internet no funciona y ya reinició el router.")


async def test_the_ear_dies_in_mid_sentence_and_then_calls_does(office: Office, talk: Talk) -> None:
    async with await office.phone() as phone:
        call = await phone.call(TELECOM, caller_number=BALANCE_CALLER)
        call.media.start_sending()
        await call.media.hear_out()
        question = "cuánto debo de mi factura"
        voice = await office.voice(question)
        TALK.sentences.append(question)
        speaking = asyncio.create_task(call.media.play(voice))
        await asyncio.sleep(len(voice) / 16000 / 2)  # half of the sentence: sound is its own clock
        await killed(office, "speech")
        await speaking
        await office.tell(TurnTaken, lambda turn: turn.speaker == "agent", 30)
        await call.media.hear_out()
        await says(office, call, question)
        await killed(office, "calls")
        TALK.take(office)
        await office.tell(TurnTaken, agent("¿me decía?"), 40)
        await call.hang_up()
    await office.tell(CallEnded)


async def killed(office: Office, child: str) -> None:
    dead = office.stage.child(child).pid
    assert dead is not None
    os.kill(dead, signal.SIGKILL)
    await soon(lambda: office.stage.child(child).is_ready and office.stage.child(child).pid not in (None, dead), 40)


async def test_the_disk_takes_neither_the_calls_state_nor_its_files(office: Office, talk: Talk) -> None:
    state = office.stage.settings.run.state_folder / "calls"
    transcripts = office.stage.settings.storage.local_path / "transcripts"
    away = [(path, path.rename(path.with_name(f"{path.name}-away"))) for path in (state, transcripts)]
    for path, _ in away:
        path.write_text("a file in the folder's place")
    try:
        async with await office.phone() as phone:
            call = await phone.call(TELECOM, caller_number=BALANCE_CALLER)
            call.media.start_sending()
            await call.media.hear_out()
            await says(office, call, "hola buenos días")
            await office.tell(TurnTaken, caller("hola"))
            await call.hang_up()
        await office.tell(CallEnded)
        await soon(lambda: office.log().count("record not written") >= 2)
    finally:
        for path, kept in away:
            path.unlink()
            kept.rename(path)


async def test_the_agi_entry_is_asked_about_a_caller(office: Office) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", office.stage.settings.agi.port)
    writer.write(f"agi_network_script: entry\nagi_callerid: {BALANCE_CALLER}\nagi_dnid: {TELECOM}\n\n".encode())
    while await reader.readline():
        writer.write(b"200 result=1\n")
    writer.close()
    await soon(lambda: "caller screened" in office.log())


# ── after the calls ──


async def test_every_call_is_listened_to_again_by_the_worker_and_by_hand(office: Office) -> None:
    async with opened_catalogue(office.stage.settings) as catalogue:
        results = Results(catalogue.store, catalogue.database)
        for call_id in TALK.call_ids:

            async def is_processed(recording_id: str = f"rec_{call_id}") -> bool:
                return (await results.read(recording_id)).processed

            await soon(is_processed, 240)
            file = await results.transcript_file(f"rec_{call_id}") or {}
            TALK.sentences += re.findall(r'"(?:text|heard)": "([^"]*)"', _as_text(file))
    recording = TALK.call_ids[0]
    await command(office, "batch", "single", "--recording-id", recording, "--reprocess", "--threshold", "0")
    await command(office, "worker", "--once")


def _as_text(file: object) -> str:
    import json

    return json.dumps(file, ensure_ascii=False)


async def test_people_correct_look_and_ask_for_what_is_not_there(office: Office, tmp_path: Path) -> None:
    recording = f"rec_{TALK.call_ids[0]}"
    for heard, meant in (("el cefiro morado", "el zafiro morado"), ("la berengena", "la berenjena")):
        TALK.sentences += [heard, meant]
        await command(office, "bank", "correct", "telecom", heard, meant)
    for words in (
        ("recordings", "list", "--text", "saldo"),
        ("recordings", "show", recording),
        ("recordings", "show", "rec_nobody"),
        ("recordings", "export", recording.removeprefix("rec_"), str(tmp_path / "export")),
        ("recordings", "reindex"),
        ("recordings", "retention", "--audio-days", "1", "--dry-run"),
        ("recordings", "delete", recording),
        ("jobs", "list"),
        ("stats",),
        ("health",),
        ("bank", "candidates", "telecom"),
        ("bank", "undo", "telecom", "999"),
        ("calls", "list"),
        ("calls", "hangup", "nobody"),
    ):
        await command(office, *words)


# ── and now ──


def forbidden() -> frozenset[str]:
    words = distinctive([*TALK.sentences, *LOOKED_UP], ALLOWED)
    return words | {UNKNOWN_CALLER, BALANCE_CALLER, NEW_PHONE, CUSTOMER_ID}


async def test_the_calls_said_enough_to_prove_something(office: Office) -> None:
    assert len(set(TALK.call_ids)) == 5
    assert {"factura", "saldo", "arroba", "garcia", "zafiro", "internet", "reinicio"} <= forbidden()
    log = office.log()
    for trouble in ("record not written", "caller screened", "call ended", "job done", "calls is dead", "DEBUG"):
        assert trouble in log, "the log is everybody's, at the level debug, with what went wrong"
    for child in ("up", "calls", "speech", "guard", "worker", "agi"):
        assert re.search(rf"^\[{child}\]", log, re.MULTILINE) or child == "up", child


async def test_no_process_logged_what_was_said(office: Office) -> None:
    assert leaked(office.log(), forbidden())[:20] == []


async def test_no_command_told_it_on_standard_error(office: Office) -> None:
    assert leaked("\n".join(TALK.printed), forbidden())[:20] == []


async def test_asterisk_was_told_none_of_it_to_log(office: Office) -> None:
    pbx = office.stage.asterisk
    log = pbx.log_path.read_text("utf-8", "replace") + (pbx.folder / "log" / "console.log").read_text(
        "utf-8", "replace"
    )
    assert "Stasis" in log, "its dialplan's steps are in it"
    assert leaked(log, forbidden() - {UNKNOWN_CALLER, BALANCE_CALLER, CUSTOMER_ID})[:20] == []


async def test_nothing_of_it_lies_in_the_database_which_belongs_to_encrypted_calls(office: Office) -> None:
    folder = office.stage.settings.storage.local_path.parent
    found = b"".join(path.read_bytes() for path in folder.glob("centralita.db*") if path.is_file()).decode("latin-1")
    words = set(words_of(found))
    assert "recordings" in words
    rare = {"arroba", "internet", "factura", "vencimiento", "reinicie"}
    assert not rare & words
    assert UNKNOWN_CALLER not in found  # the other caller's number is a customer's too, and those are kept in clear

"""Redaction takes everything out, in texts, transcripts, sound and logs; only the key brings it back."""

import json
import logging
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.privacy.bleep import bleep_wav, cover
from storage.privacy.export import export_redacted
from storage.privacy.finding import PiiKind
from storage.privacy.log_redaction import RedactingFilter
from storage.privacy.pseudonyms import Pseudonyms
from storage.privacy.redaction import redact, redact_turns, restore
from storage.privacy.transcript_redaction import redact_object, restore_json
from storage.privacy.word_times import Span, spans_of_transcript, spans_of_words
from storage.recording_store.errors import RecordingDamaged, RecordingMissing
from storage.recording_store.item import Artefact, Item
from storage.recording_store.local import LocalRecordings
from storage.recordings import wav_header
from vocabulary.errors import ConfigurationError
from vocabulary.speech import Word

KEY = "0123456789abcdef" * 4
MINE = Pseudonyms(KEY, "call-1")
SAID = "llámeme al seis uno dos tres cuatro cinco seis siete ocho o escriba a ana@ejemplo.es"
PII = st.sampled_from(["612 345 678", "seis uno dos tres cuatro cinco seis siete ocho", "ana@ejemplo.es", "12345678Z",
                       "4111 1111 1111 1111", "ES9121000418450200051332"])  # fmt: skip

TRANSCRIPT: dict[str, object] = {
    "call_id": "1700000000.12345678",
    "caller": "+525512345678",
    "started_at": 1700000000.5,
    "turns": [
        {"speaker": "caller", "at": 3.0, "text": "es el seis uno dos", "heard": "es el seis uno dos",
         "begin_seconds": 1.0, "end_seconds": 2.5,
         "corrections": [{"heard": "ana@ejemplo.es", "meant": "ana@ejemplo.com", "rule": "r1"}]},
        {"speaker": "agent", "at": 4.0, "text": "dígame", "was_interrupted": False},
        {"speaker": "caller", "at": 7.0, "text": "tres cuatro cinco seis siete ocho", "heard": "3 4 5 6 7 8",
         "begin_seconds": 5.0, "end_seconds": 6.5},
        {"speaker": "agent", "at": 9.0, "text": "le llamo al 612345678", "was_interrupted": False},
        {"speaker": "caller", "at": 12.0, "text": "mi correo ana@ejemplo.es gracias", "begin_seconds": 10.0,
         "end_seconds": 11.5, "words": [
             {"word": "mi", "start": 10.0, "end": 10.2}, {"word": "correo", "start": 10.2, "end": 10.6},
             {"word": "ana@ejemplo.es", "start": 10.6, "end": 11.2}, {"word": "gracias", "start": 11.2, "end": 11.5}]},
    ],
}  # fmt: skip


def test_what_is_taken_out_leaves_its_kind() -> None:
    assert redact(SAID) == "llámeme al [PHONE] o escriba a [EMAIL]"


def test_the_key_brings_back_every_letter_and_nothing_else_does() -> None:
    hidden = redact(SAID, MINE)
    assert "seis" not in hidden
    assert restore(hidden, MINE) == SAID
    for other in (Pseudonyms(KEY, "call-2"), Pseudonyms("f" * 64, "call-1")):
        assert restore(hidden, other) == hidden
    assert restore("[PHONE:abcdefg] [PHONE]", MINE) == "[PHONE:abcdefg] [PHONE]"
    swapped = hidden.replace("[PHONE:", "[CARD:")
    assert "seis" not in restore(swapped, MINE)


def test_the_same_number_has_the_same_token_in_a_call_and_another_in_the_next() -> None:
    once, twice = redact("612345678 y 612345678", MINE).split(" y ")
    assert once == twice != redact("612345678", Pseudonyms(KEY, "call-2"))


@given(st.lists(st.one_of(PII, st.text(alphabet="abc ñé,.0123", max_size=12)), max_size=8))
def test_restoring_undoes_redacting_whatever_the_text(parts: list[str]) -> None:
    text = " ; ".join(parts)
    hidden = redact(text, MINE)
    assert restore(hidden, MINE) == text
    assert redact(hidden, MINE) == hidden
    assert redact(redact(text)) == redact(text)


def test_a_short_key_is_refused_and_no_key_shows_itself() -> None:
    with pytest.raises(ConfigurationError, match="openssl"):
        Pseudonyms("short", "call-1")
    assert KEY not in repr(MINE)
    assert MINE.show(PiiKind.PHONE, "a" * 1000) is None


def test_turns_of_one_speaker_are_read_together() -> None:
    assert redact_turns(["es el seis uno dos", "tres cuatro cinco", "seis siete ocho"]) == [
        "es el [PHONE]", "[PHONE]", "[PHONE]",
    ]  # fmt: skip


def test_a_transcript_loses_what_identifies_people_and_nothing_else() -> None:
    hidden = redact_object(TRANSCRIPT, call_id="1700000000.12345678")  # type: ignore[arg-type]
    told = json.dumps(hidden, ensure_ascii=False)
    for one in ("seis", "tres", "ana@", "3 4 5", "612345678", "5512345678"):
        assert one not in told, one
    turns = hidden["turns"]
    assert isinstance(turns, list)
    assert [turn["text"] for turn in turns] == [
        "es el [PHONE]", "dígame", "[PHONE]", "le llamo al [PHONE]", "mi correo [EMAIL] gracias",
    ]  # fmt: skip
    assert [word["word"] for word in turns[4]["words"]] == ["mi", "correo", "[EMAIL]", "gracias"]
    assert turns[0]["corrections"] == [{"heard": "[EMAIL]", "meant": "[EMAIL]", "rule": "r1"}]
    assert (hidden["call_id"], hidden["caller"]) == ("1700000000.12345678", "[PHONE]")
    assert hidden["started_at"] == TRANSCRIPT["started_at"]
    reversible = redact_object(TRANSCRIPT, MINE)  # type: ignore[arg-type]
    assert restore_json(reversible, MINE) == TRANSCRIPT


# ── sound ──


def test_words_are_covered_by_their_times_and_turns_without_times_whole() -> None:
    words = [Word("el", 0.0, 0.1, 1.0), Word("612", 0.1, 0.5, 1.0), Word("345", 0.6, 0.9, 1.0),
             Word("678", 1.0, 1.4, 1.0), Word("vale", 1.5, 1.8, 1.0)]  # fmt: skip
    assert spans_of_words(words, 0, 10.0) == [Span(0, 10.1, 10.5), Span(0, 10.6, 10.9), Span(0, 11.0, 11.4)]
    spans = spans_of_transcript(TRANSCRIPT)
    assert Span(0, 1.0, 2.5) in spans  # half a number, told by the turn after it
    assert Span(0, 5.0, 6.5) in spans
    assert Span(0, 10.6, 11.2) in spans  # only the word
    assert Span(1, 6.5, 9.0) in spans  # ours: from the end of the turn before
    assert len(spans) == 4


def test_a_tone_replaces_the_sound_and_the_rest_stays_to_the_last_bit() -> None:
    dice = np.random.default_rng(1)
    samples = dice.integers(-3000, 3000, (16000, 2)).astype(np.int16)
    covered = cover(samples, 8000, [Span(0, 0.5, 1.0)])
    assert np.array_equal(covered[:, 1], samples[:, 1])
    start, end = round(0.35 * 8000), round(1.15 * 8000)
    assert np.array_equal(covered[:start, 0], samples[:start, 0])
    assert np.array_equal(covered[end + 1 :, 0], samples[end + 1 :, 0])
    heard = covered[start + 1 : end - 1, 0].astype(float)
    spectrum = np.abs(np.fft.rfft(heard))
    assert abs(spectrum.argmax() * 8000 / heard.size - 1000) < 5
    original = samples[start + 1 : end - 1, 0].astype(float)
    assert abs(np.corrcoef(heard, original)[0, 1]) < 0.1
    mono = cover(samples[:, :1], 8000, [Span(1, 0.0, 9e9)])
    assert not np.array_equal(mono, samples[:, :1])


def test_blocks_make_no_difference(tmp_path: Path) -> None:
    sound = np.random.default_rng(2).integers(-3000, 3000, (200_000, 2)).astype("<i2")
    (tmp_path / "in.wav").write_bytes(wav_header(8000, sound.nbytes) + sound.tobytes())
    spans = [Span(0, 8.0, 8.3), Span(1, 20.0, 1e9)]
    bleep_wav(tmp_path / "in.wav", tmp_path / "out.wav", spans)
    with wave.open(str(tmp_path / "out.wav")) as file:
        written = np.frombuffer(file.readframes(10**9), dtype="<i2").reshape(-1, 2)
    assert np.array_equal(written, cover(sound.astype(np.int16), 8000, spans))


async def test_an_export_holds_nothing_that_identifies_the_caller(tmp_path: Path) -> None:
    store = LocalRecordings(tmp_path / "store")
    sound = np.random.default_rng(3).integers(-3000, 3000, (13 * 8000, 2)).astype("<i2")
    await store.put(Item("c1", Artefact.TRANSCRIPT), json.dumps(TRANSCRIPT).encode())
    await store.put(Item("c1", Artefact.METADATA), json.dumps({"call_id": "c1", "caller": "+34612345678"}).encode())
    await store.put(Item("c1", Artefact.AUDIO), wav_header(8000, sound.nbytes) + sound.tobytes())
    silent = await export_redacted(store, "c1", tmp_path / "silent")
    assert sorted(path.name for path in silent.files) == ["rec_c1_metadata.json", "rec_c1_transcript.json"]
    assert not (tmp_path / "silent" / "audio").exists()
    done = await export_redacted(store, "c1", tmp_path / "out", with_audio=True)
    assert (done.bleeps, len(done.files)) == (4, 3)
    told = "".join(path.read_text() for path in done.files if path.suffix == ".json")
    assert "612345678" not in told
    assert "ana@" not in told
    with wave.open(str(tmp_path / "out" / "audio" / "rec_c1.wav")) as file:
        out = np.frombuffer(file.readframes(10**9), dtype="<i2").reshape(-1, 2)
    assert out.shape == sound.shape
    assert not np.array_equal(out[8000:20000, 0], sound[8000:20000, 0])
    assert np.array_equal(out[24000:36000, 0], sound[24000:36000, 0])


async def test_an_export_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    store = LocalRecordings(tmp_path / "store")
    with pytest.raises(RecordingMissing, match="no transcript"):
        await export_redacted(store, "c1", tmp_path / "out")
    await store.put(Item("c1", Artefact.TRANSCRIPT), b'{"turns": [')
    with pytest.raises(RecordingDamaged, match="no JSON"):
        await export_redacted(store, "c1", tmp_path / "out")
    await store.put(Item("c1", Artefact.TRANSCRIPT), b'{"turns": []}')
    await store.put(Item("c1", Artefact.AUDIO), b"RIFF")
    with pytest.raises(RecordingDamaged, match=r"rec_c1\.wav is no WAV"):
        await export_redacted(store, "c1", tmp_path / "out", with_audio=True)
    assert not (tmp_path / "out" / "audio" / "rec_c1.wav").exists()


# ── logs ──


def test_no_log_line_contains_what_identifies_people(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.handler.addFilter(filtering := RedactingFilter())
    try:
        log = logging.getLogger("somebody")
        log.info("call from %s", "+34612345678")
        log.info(
            "said", extra={"words": ["seis uno dos tres cuatro cinco seis siete ocho"], "call_id": "1700000000.1234567"}
        )
        log.info("said", extra={"pii.text": "me llamo Ana", "nested": {"mail": "ana@ejemplo.es", "ms": 1234567}})
        log.info("%d of them, badly %s", "x")
        try:
            raise ValueError("no customer 612345678")
        except ValueError:
            log.exception("failed")
    finally:
        caplog.handler.removeFilter(filtering)
    filtering_told = caplog.handler.stream.getvalue()
    told = caplog.text + repr([vars(record) for record in caplog.records])
    for one in ("612345678", "seis uno", "Ana", "ana@"):
        assert one not in told, one
    assert "call from [PHONE]" in caplog.text
    assert "1700000000.1234567" in told
    assert "1234567" in told
    assert "\nValueError" in filtering_told, "of a foreign error the type and the place, and none of its words"
    assert "no customer" not in filtering_told

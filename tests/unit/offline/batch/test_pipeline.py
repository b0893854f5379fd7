"""What the stages decide, with an ear that says what it is told to say."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from offline.batch.call_metrics import call_metrics
from offline.batch.equipment import Equipment, Workshop
from offline.batch.material import Material, SecondListening, Stage, StageFailed
from offline.batch.pipeline import Pipeline, version_of
from offline.batch.writing import first_transcript, metadata_with, transcript_with
from offline.retranscribe.port import Listening, ListeningSettings, Samples, SecondEar
from offline.retranscribe.spans import Span
from offline.retranscribe.voices import VoiceFinder
from storage.metadata.files import metadata_json, parse_metadata
from storage.metadata.schema import RecordingMetadata
from storage.recordings import wav_header
from vocabulary.errors import ConfigurationError
from vocabulary.speech import Word

SAID = "necesito revisar el saldo de mi cuenta por favor"
RATE = 8000


class TellingEar:
    """Hears always the same words, from 2 s on."""

    version = "telling-1"

    def __init__(self, text: str, confidence: float = 0.97) -> None:
        self.text = text
        self.confidence = confidence
        self.asked: list[ListeningSettings] = []

    def transcribe(self, samples: Samples, rate: int, settings: ListeningSettings) -> Listening:
        self.asked.append(settings)
        words = tuple(
            Word(text, 2 + 0.4 * place, 2.35 + 0.4 * place, self.confidence)
            for place, text in enumerate(self.text.split())
        )
        speech = (Span(2.0, 2.0 + 0.4 * len(words)),) if words else ()
        return Listening(words, speech, len(samples) / rate, settings.language, self.version, settings.digest)

    def close(self) -> None: ...


class TellingFinder(VoiceFinder):
    """Finds the caller's voice from 2 to 6 s, and none of ours."""

    def spans(self, samples: Samples, rate: int) -> tuple[Span, ...]:
        return (Span(2.0, 6.0),) if samples.any() else ()


class ToldWorkshop(Workshop):
    def __init__(self, ear: TellingEar, equipment: Equipment | None = None) -> None:
        super().__init__(equipment or Equipment(time_zone="Europe/Madrid"))
        self._ear = ear
        self._finder = TellingFinder()


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    stereo = np.zeros((RATE * 8, 2), "<i2")
    stereo[2 * RATE : 6 * RATE, 0] = 1000
    path = tmp_path / "rec_1.wav"
    path.write_bytes(wav_header(RATE, stereo.nbytes) + stereo.tobytes())
    return path


def metadata_of(**more: Any) -> RecordingMetadata:
    audio = {"sample_rate": RATE, "duration_seconds": 8.0}
    value = {"schema_version": 2, "recording_id": "rec_1", "conversation_id": "1", "started_at": 1_795_000_000.0,
             "language": "es", "audio": audio, "turns": [{"speaker": "agent", "at": 1.0, "latency": {"stt_ms": 5.0}},
                                                         {"speaker": "caller", "at": 6.4}]}  # fmt: skip
    return RecordingMetadata.model_validate(value | more)


def transcript_of(text: str, confidence: float) -> dict[str, Any]:
    return {
        "call_id": "1",
        "turns": [
            {"speaker": "agent", "at": 1.0, "text": "Dígame.", "latency": {"stt_ms": 5.0}},
            {"speaker": "caller", "at": 6.4, "text": text, "heard": text, "begin_seconds": 2.0, "end_seconds": 6.0,
             "confidence": confidence, "clarification": {"kind": "kept"}},
        ],
    }  # fmt: skip


def listened(ear: TellingEar, material: Material, equipment: Equipment | None = None) -> SecondListening:
    found = Pipeline(ToldWorkshop(ear, equipment)).run(material)
    assert isinstance(found, SecondListening), found
    return found


def test_a_sure_transcript_is_not_listened_to_again(sound: Path) -> None:
    ear = TellingEar("otra cosa")
    found = listened(ear, Material(metadata_of(), transcript_of(SAID, 0.97), sound))
    assert ear.asked == []
    assert found.first_wer is not None
    assert found.first_wer < 0.2
    assert not found.is_retranscribed
    assert found.turns[1].text == SAID


def test_a_doubtful_one_is_listened_to_again_with_premium_settings(sound: Path) -> None:
    ear = TellingEar(SAID)
    found = listened(ear, Material(metadata_of(), transcript_of("necesito bisar el algo", 0.25), sound))
    (settings,) = ear.asked
    assert settings.beam == 5
    assert found.first_wer is not None
    assert found.estimated_wer is not None
    assert found.estimated_wer < 0.2 < found.first_wer
    assert found.is_retranscribed
    assert found.turns[1].heard == SAID
    assert found.turns[1].entry["clarification"] == {"kind": "kept"}


def test_a_threshold_of_one_listens_to_nobody_again(sound: Path) -> None:
    ear = TellingEar(SAID)
    material = Material(metadata_of(), transcript_of("necesito bisar el algo", 0.25), sound)
    assert not listened(ear, material, Equipment(threshold=1.0)).is_retranscribed
    assert ear.asked == []


@pytest.mark.parametrize("ear", [TellingEar(""), TellingEar("so lo no se", 0.05)])
def test_a_second_ear_that_hears_nothing_or_worse_changes_nothing(sound: Path, ear: TellingEar) -> None:
    found = listened(ear, Material(metadata_of(), transcript_of("quiero revisar el saldo", 0.3), sound))
    assert ear.asked
    assert not found.is_retranscribed
    assert found.turns[1].heard == "quiero revisar el saldo"


def test_without_a_transcript_both_sides_are_heard(sound: Path) -> None:
    ear = TellingEar(SAID)
    found = listened(ear, Material(metadata_of(), None, sound))
    assert len(ear.asked) == 2
    assert {turn.speaker.value for turn in found.turns} == {"caller", "agent"}
    assert found.is_retranscribed


def test_broken_sound_is_told_and_the_words_are_used(tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF")
    found = listened(TellingEar(SAID), Material(metadata_of(), transcript_of(SAID, 0.3), broken))
    (problem,) = found.problems
    assert "cannot be listened to" in problem
    assert found.analysis["intent"] == "billing_inquiry"


@pytest.mark.parametrize(
    ("material", "stage"),
    [
        (Material(metadata_of(), None, None), Stage.RETRANSCRIBE),
        (Material(metadata_of(), {"turns": [{"text": "secreto"}]}, None), Stage.ESTIMATE),
    ],
)
def test_what_cannot_be_done_names_its_stage_and_nobodys_words(material: Material, stage: Stage) -> None:
    failed = Pipeline(ToldWorkshop(TellingEar(""))).run(material)
    assert isinstance(failed, StageFailed)
    assert failed.stage is stage
    assert failed.reason
    assert "secreto" not in repr(failed)


def test_a_caller_who_was_refused_is_processed_without_a_word() -> None:
    found = listened(TellingEar(""), Material(metadata_of(audio=None, turns=[]), None, None))
    assert found.turns == ()
    assert found.analysis["outcome"] == "no_speech"


def test_the_same_material_gives_the_same_result(sound: Path) -> None:
    material = Material(metadata_of(), transcript_of("necesito bisar el algo", 0.25), sound)
    assert listened(TellingEar(SAID), material) == listened(TellingEar(SAID), material)


def test_the_version_names_every_stage(sound: Path) -> None:
    pipeline = Pipeline(ToldWorkshop(TellingEar("")))
    stages = pipeline.stages()
    assert set(stages) == {"batch", "estimate", "retranscribe", "correct", "analyse"}
    assert len({version_of({**stages, name: "other"}) for name in stages} | {pipeline.version}) == 6
    other = Pipeline(ToldWorkshop(TellingEar(""), Equipment(threshold=0.3)))
    assert other.version != pipeline.version


# -- what is written --------------------------------------------------------------------------------------------------


def written(file: dict[str, Any] | None, found: SecondListening, now: float = 1_795_000_100.0) -> dict[str, Any]:
    return transcript_with(file, found, metadata_of(), now)


def test_the_first_transcript_is_kept_whole(sound: Path) -> None:
    first = transcript_of("necesito bisar el algo", 0.25)
    found = listened(TellingEar(SAID), Material(metadata_of(), first, sound))
    file = written(first, found)
    assert file["original"] == first
    assert first_transcript(file) == first
    assert file["turns"][1]["text"] == SAID
    assert [word["text"] for word in file["turns"][1]["words"]] == SAID.split()
    assert file["turns"][0]["latency"] == {"stt_ms": 5.0}
    assert file["turns"][1]["sentiment"]["sentiment"] == "neutral"


def test_earlier_second_listenings_are_history_each_once(sound: Path) -> None:
    first = transcript_of(SAID, 0.97)
    found = listened(TellingEar(SAID), Material(metadata_of(), first, sound))
    one = written(first, found)
    assert written(one, found) == one
    newer = replace(found, pipeline_version="offline-2")
    two = written(one, newer)
    assert [entry["pipeline"]["version"] for entry in two["history"]] == [found.pipeline_version]
    assert written(two, newer) == two
    back = written(two, found)
    assert [entry["pipeline"]["version"] for entry in back["history"]] == ["offline-2"]
    assert back["original"] == first
    taught = written(one, replace(found, bank="other words"))
    assert len(taught["history"]) == 1


def test_metadata_keep_what_the_call_measured(sound: Path) -> None:
    old = metadata_of(hangup={"cause": 16}, legal_hold=True, somebody_elses="field")
    found = listened(TellingEar(SAID), Material(old, transcript_of("necesito bisar el algo", 0.25), sound))
    new = metadata_with(old, found, 1_795_000_100.0)
    assert (new.processed, new.processing_mode, new.pipeline_version) == (True, "offline", found.pipeline_version)
    assert new.legal_hold
    told = metadata_json(new)
    assert told["somebody_elses"] == "field"
    assert told["hangup"] == {"cause": 16}
    assert new.transcription is not None
    assert new.transcription.is_retranscribed
    assert new.transcription.engine == "telling-1"
    assert new.analysis is not None
    assert new.outcome == new.analysis.outcome
    turns = [one.model_dump() for one in new.turns]
    assert turns[0]["latency"] == {"stt_ms": 5.0}
    assert turns[1]["sentiment_label"] == "neutral"
    assert parse_metadata(new.model_dump_json().encode()) == new


def test_a_clock_that_went_back_does_not_process_a_call_before_it_began(sound: Path) -> None:
    old = metadata_of()
    found = listened(TellingEar(SAID), Material(old, transcript_of(SAID, 0.97), sound))
    assert metadata_with(old, found, 5.0).processed_at == old.started_at


def test_the_call_in_numbers_has_the_documented_fields(sound: Path) -> None:
    metrics = {"duration_seconds": 8.0, "total_turns": 2, "avg_stt_latency_ms": 650.0, "avg_total_latency_ms": 2100.0}
    old = metadata_of(metrics=metrics)
    found = listened(TellingEar(SAID), Material(old, transcript_of(SAID, 0.97), sound))
    told = call_metrics(metadata_with(old, found, 1_795_000_100.0))
    assert set(told) == {
        "conversation_id", "duration_seconds", "total_turns", "avg_stt_latency_ms", "avg_llm_latency_ms",
        "avg_tts_latency_ms", "total_latency_ms", "interruptions_count", "sentiment_trend", "final_sentiment",
        "outcome", "topics", "quality_score",
    }  # fmt: skip
    assert told["total_latency_ms"] == 2100.0
    assert told["total_turns"] == 2
    assert told["final_sentiment"] == "neutral"
    assert told["sentiment_trend"] == [0.0]
    assert told["topics"] == ["account_balance"]


# -- equipment --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong", [{"ear": "whisper:"}, {"ear": "huge"}, {"threshold": 1.5}, {"time_zone": "Marte/Base"}]
)
def test_wrong_equipment_is_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        Equipment(**wrong)


@pytest.mark.parametrize(
    ("did", "country"), [("+525512345678", "MX"), ("+34912345678", "ES"), ("100", "ES"), ("+", "ES")]
)
def test_the_number_dialled_tells_the_country(did: str, country: str) -> None:
    assert Equipment().country_of(did) == country


def test_a_telling_ear_is_an_ear() -> None:
    ear: SecondEar = TellingEar("")
    assert ear.version

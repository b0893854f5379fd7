"""A finished call goes in, what it meant comes out."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline.analysis import dynamics, topics
from offline.analysis.analysis import ANALYSIS_VERSION, Analysis, analyse
from offline.analysis.call import (
    AgentVocabulary,
    CallToAnalyse,
    SpokenTurn,
    Stretch,
    ToolUse,
    call_from_files,
)
from vocabulary.call import Ending
from vocabulary.speech import Speaker

NOW = datetime(2026, 2, 11, 3, 0, tzinfo=UTC)
CALLER, AGENT = Speaker.CALLER, Speaker.AGENT


def turn(speaker: Speaker, text: str, begin: float | None = None, end: float | None = None) -> SpokenTurn:
    return SpokenTurn(speaker, text, begin, end, confidence=0.9 if speaker is CALLER else None)


FAULT = CallToAnalyse(
    "conv_123",
    datetime(2026, 2, 10, 11, 0, tzinfo=UTC),
    (
        turn(AGENT, "Hola, soy Clara. ¿En qué puedo ayudarle?", 0.0, 3.0),
        turn(CALLER, "Mi internet no funciona y estoy muy molesto", 4.0, 7.0),
        turn(AGENT, "Lamento lo de su conexión. ¿Ha reiniciado el router?", 8.0, 11.0),
        turn(CALLER, "Sí, ya está, ahora funciona. Perfecto, muchas gracias", 12.0, 15.0),
    ),
    duration_seconds=16.0,
    ending=Ending.CALLER_HUNG_UP,
)


def test_a_fault_that_was_mended() -> None:
    found = analyse(FAULT, now=NOW)
    assert found.intent == "technical_support"
    assert found.topics[0] in ("technical_support", "internet_connectivity")
    assert found.sentiment_trend[0] < -0.5 < 0.5 < found.sentiment_trend[-1]
    assert (found.trend, found.final_sentiment, found.sentiment_alerts) == ("improving", "positive", (1,))
    assert found.outcome == "resolved"
    assert found.quality_score is not None
    assert found.quality_score > 0.85
    assert found.coherence == 1.0


def test_the_same_call_told_badly_is_worth_less() -> None:
    bad = replace(
        FAULT,
        turns=(
            *FAULT.turns[:2],
            turn(AGENT, "Tenemos una oferta de televisión.", 8.0, 11.0),
            turn(CALLER, "No me ha ayudado, esto es una vergüenza", 20.0, 23.0),
        ),
        duration_seconds=24.0,
    )
    good, worse = analyse(FAULT, now=NOW), analyse(bad, now=NOW)
    assert worse.outcome == "unresolved"
    assert worse.coherence is not None
    assert good.coherence is not None
    assert worse.coherence < good.coherence
    assert worse.quality_score is not None
    assert good.quality_score is not None
    assert worse.quality_score < good.quality_score - 0.4


def test_the_score_is_the_weighted_mean_of_parts_that_say_why() -> None:
    found = analyse(FAULT, now=NOW)
    assert sum(part.weight for part in found.quality_parts) == pytest.approx(1.0, abs=0.01)
    assert found.quality_score == pytest.approx(sum(p.value * p.weight for p in found.quality_parts), abs=0.01)
    assert all(part.reason for part in found.quality_parts)
    assert "molesto" not in " ".join(part.reason for part in found.quality_parts)


def test_it_goes_to_json_and_back_unchanged() -> None:
    found = analyse(FAULT, now=NOW)
    assert Analysis.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert found.analysis_version == ANALYSIS_VERSION
    assert found.conversation_id == "conv_123"
    wrong = found.to_json() | {"quality_score": 7}
    with pytest.raises(ValueError, match="quality_score"):
        Analysis.from_json(wrong)


def test_metadata_has_the_documented_fields() -> None:
    metadata = analyse(FAULT, now=NOW).metadata()
    documented = {
        "sentiment",
        "sentiment_trend",
        "intent",
        "entities",
        "topics",
        "coherence",
        "quality_score",
        "outcome",
    }
    assert documented <= metadata.keys()
    assert metadata["intents"]["technical_support"] == metadata["intent_confidence"]


def test_what_was_done_goes_before_what_was_said() -> None:
    def outcome(**changes: object) -> str:
        return analyse(replace(FAULT, **changes), now=NOW).outcome  # type: ignore[arg-type]

    assert outcome(ending=Ending.TRANSFERRED) == "transferred"
    assert outcome(tools=(ToolUse("schedule_callback", True, 2),)) == "callback_scheduled"
    assert outcome(tools=(ToolUse("schedule_callback", False, 2),)) == "resolved"
    assert outcome(tools=(ToolUse("cancel_service", True, 2),)) == "cancelled"
    assert outcome(ending=Ending.FAILED) == "failed"
    assert outcome(turns=FAULT.turns[:1]) == "no_speech"
    assert outcome(turns=(*FAULT.turns[:2], turn(CALLER, "quiero hablar con una persona"))) == "unresolved"


def test_talk_silence_and_interruptions_come_from_the_times() -> None:
    voices = (Stretch(AGENT, 0, 4), Stretch(CALLER, 3, 7), Stretch(AGENT, 9, 10), Stretch(CALLER, 9.2, 9.5))
    found = dynamics.analyse(replace(FAULT, turns=(), voices=voices, duration_seconds=12))
    assert (found.caller_seconds, found.agent_seconds) == (4.3, 5)
    assert found.silence_seconds == 4
    assert found.longest_silence_seconds == 2
    assert (found.interruptions_by_caller, found.interruptions_by_agent) == (1, 0), "a murmur interrupts nobody"
    assert found.talk_ratio == pytest.approx(4.3 / 9.3, abs=0.001)
    assert found.response_seconds == 2


def test_what_nobody_measured_is_not_made_up() -> None:
    untimed = replace(FAULT, turns=(FAULT.turns[1], turn(AGENT, "De acuerdo")))
    found = dynamics.analyse(untimed)
    assert found.talk_ratio is None
    assert found.silence_seconds is None
    assert found.caller_words_per_minute == pytest.approx(8 / 3 * 60, abs=0.1)
    assert found.agent_words_per_minute is None


def test_an_agent_brings_topics_of_its_own() -> None:
    vocabulary = AgentVocabulary(topics={"dentures": ("dentadura*", "prótesis dental")})
    assert "dentures" in topics.topics_of("se me rompió la dentadura postiza", "es", vocabulary)
    assert "dentures" not in topics.topics_of("se me rompió el router", "es", vocabulary)


def test_our_own_words_alone_make_no_topic() -> None:
    once = replace(FAULT, turns=(turn(AGENT, "¿Quiere ver nuestras ofertas?"), turn(CALLER, "no")))
    assert topics.analyse(once) == ()


def test_a_call_is_read_from_its_files() -> None:
    transcript = {
        "call_id": "x1",
        "started_at": 1_770_721_200.0,
        "turns": [
            {"speaker": "caller", "text": "quiero pagar", "begin_seconds": 1.0, "end_seconds": 2.0, "confidence": 0.8},
            {"speaker": "agent", "text": "claro", "was_interrupted": True},
        ],
    }
    call = call_from_files(transcript, {"language": "es", "metrics": {"duration": 9.5, "outcome": "caller_hung_up"}})
    assert call.duration_seconds == 9.5
    assert call.ending is Ending.CALLER_HUNG_UP
    assert analyse(call, now=NOW).intent == "payment"
    assert analyse(call, now=NOW).interruptions_count == 1
    del transcript["turns"]
    with pytest.raises(ValueError, match="turns"):
        call_from_files(transcript, {})


_SAID = st.text(max_size=60) | st.sampled_from(["no funciona", "gracias", "quiero pagar 20 euros mañana", ""])
_TURNS = st.builds(
    SpokenTurn,
    st.sampled_from(Speaker),
    _SAID,
    st.none() | st.floats(0, 100),
    st.none() | st.floats(0, 100),
    confidence=st.none() | st.floats(0, 1),
    was_interrupted=st.booleans(),
)


@given(st.lists(_TURNS, max_size=6).map(tuple), st.sampled_from([None, *Ending]), st.sampled_from(["es", "en"]))
def test_whatever_was_said_there_is_an_analysis(
    turns: tuple[SpokenTurn, ...], ending: Ending | None, language: str
) -> None:
    call = replace(FAULT, turns=turns, ending=ending, language=language, duration_seconds=None)
    found = analyse(call, now=NOW)
    assert Analysis.from_json(found.to_json()) == found
    assert len(found.sentiment_trend) == len(call.caller_turns)

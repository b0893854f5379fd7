"""Facts about calls that went well, and about calls that did not."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from ari_app.live_events import CallEnded, TransferChanged
from centralita.demo.callers import Person, PhoneSound, Saying
from centralita.demo.performance import Performance
from centralita.demo.report import Finding, Report, barge_in_of, findings, pauses_ms
from centralita.demo.scenarios import Scenario
from centralita.demo.sound import StereoRecording, Track
from centralita.demo.spans import spans_of
from vocabulary.call import Ending

RATE = 8000
BEGAN = 1000.0
LATENCY = {"silence_ms": 500.0, "stt_ms": 0.0, "llm_ms": 1.0, "tts_ms": 3.0, "own_ms": 12.0, "total_ms": 516.0}


async def _no_play(scene: object) -> None: ...


SCENARIO = Scenario(
    key="test",
    title="Prueba",
    did="1",
    caller=Person("Ana", "", "1"),
    play=_no_play,
    ending=Ending.AGENT_HUNG_UP,
    heard="salgo",
    meant="saldo",
    answer="45",
    ends_by="agent",
)


def voice(seconds: float, seed: int) -> np.ndarray:
    return np.clip(np.random.default_rng(seed).normal(0, 4000, round(seconds * RATE)), -30000, 30000).astype(np.int16)


def laid_out(seconds: float, *parts: tuple[float, np.ndarray]) -> np.ndarray:
    sound = np.zeros(round(seconds * RATE), np.int16)
    for at, part in parts:
        sound[round(at * RATE) : round(at * RATE) + len(part)] = part
    return sound


QUESTION, ANSWER = voice(1.0, 1), voice(2.0, 2)


def performance(*, scenario: Scenario = SCENARIO, agent: np.ndarray | None = None, **turn: Any) -> Performance:
    """A caller asks at 1 s, we answer from 2.5 s to 4.5 s, and hang up at 5 s."""
    caller = laid_out(5, (1.0, QUESTION))
    agent = laid_out(5, (2.5, ANSWER)) if agent is None else agent
    answer = {"speaker": "agent", "at": 4.5, "text": "Su saldo es 45.", "was_interrupted": False, "latency": LATENCY}
    return Performance(
        scenario,
        call_id="c",
        started_at=BEGAN,
        events=[CallEnded(BEGAN + 5, "c", "agent_hung_up", 5.0)],
        sayings=[Saying("Ana", "mi salgo", BEGAN + 1.0, QUESTION.tobytes())],
        caller_sound=PhoneSound(RATE, BEGAN, caller.tobytes(), agent.tobytes()),
        caller_hung_up_first=False,
        transcript={
            "turns": [
                {
                    "speaker": "caller",
                    "at": 2.5,
                    "text": "mi saldo",
                    "heard": "mi salgo",
                    "begin_seconds": 1.0,
                    "end_seconds": 2.0,
                },
                answer | turn,
            ]
        },
        metadata={"audio": {"duration_seconds": 5.0, "seconds_lost": 0.0}},
        recording=StereoRecording(Track(caller, RATE), Track(agent, RATE), is_whole=True),
    )


def missing(one: Performance) -> list[str]:
    return [found.what for found in findings(one) if not found.is_met]


def test_a_call_that_went_as_planned_misses_nothing() -> None:
    assert missing(performance()) == []


def test_an_answer_nobody_gave_is_missed() -> None:
    assert missing(performance(text="No lo sé.")) == ["the answer tells what the store knows"]


def test_an_answer_that_was_only_written_down_is_missed() -> None:
    one = performance(agent=laid_out(5, (0.2, voice(1.2, 9))))
    assert missing(one) == ["the caller's telephone heard it"]


def test_a_correction_that_did_not_happen_is_missed() -> None:
    one = performance()
    one.turns[0]["heard"] = "mi saldo"
    assert missing(one) == ["the ear heard «salgo»", "the proofreader made it «saldo»"]


def test_the_wrong_one_hanging_up_is_noticed() -> None:
    one = performance()
    one.caller_hung_up_first = True
    assert missing(one) == ["the agent hung up"]


def test_a_recording_that_lost_sound_is_not_whole() -> None:
    one = performance()
    one.metadata["audio"]["seconds_lost"] = 0.5
    assert missing(one) == ["the recording is whole"]


def test_a_play_that_broke_off_says_why() -> None:
    one = performance()
    one.trouble = "no speech within 30 s"
    assert findings(one)[0] == Finding("the call was played to its end", is_met=False, detail="no speech within 30 s")


def interrupted(stop_after: float) -> Performance:
    """Ana speaks from 3 s on, while we have been speaking since 2.5 s; we stop `stop_after` seconds later."""
    spoken = voice(0.5 + stop_after, 2)
    one = performance(
        scenario=replace(SCENARIO, heard="", answer="", has_barge_in=True),
        agent=laid_out(5, (2.5, spoken), (4.5, voice(0.4, 5))),
        was_interrupted=True,
        at=4.2,
    )
    words = voice(0.8, 3)
    caller = laid_out(5, (1.0, QUESTION), (3.0, words))
    assert one.caller_sound is not None
    assert one.recording is not None
    one.caller_sound = replace(one.caller_sound, sent=caller.tobytes())
    one.recording = replace(one.recording, caller=Track(caller, RATE))
    one.sayings.append(Saying("Ana", "espere", BEGAN + 3.0, words.tobytes()))
    return one


def test_a_barge_in_is_measured_from_first_sound_to_last() -> None:
    barge_in = barge_in_of(interrupted(0.2))
    assert barge_in is not None
    assert barge_in.stop_ms == pytest.approx(200, abs=21)
    assert barge_in.recorded_ms == pytest.approx(200, abs=21)
    assert missing(interrupted(0.2)) == []


def test_stopping_late_is_noticed() -> None:
    assert missing(interrupted(0.6)) == ["we fell silent within 400 ms"]


def test_nobody_interrupted() -> None:
    one = performance(scenario=replace(SCENARIO, has_barge_in=True))
    assert missing(one) == ["the caller interrupted us"]


def transferred(*, is_heard: bool = True) -> Performance:
    """Rung at 2 s, answered at 3 s, told until 4.2 s, connected at 4.3 s; both speak."""
    one = performance(scenario=replace(SCENARIO, heard="", answer="", colleague=Person("Eva", "", "201"), target="eva"))
    one.colleague_hung_up_first = None
    at = {"started": 2.0, "ringing": 2.1, "announced": 3.0, "connected": 4.3}
    one.events += [TransferChanged(BEGAN + when, "c", "eva", "warm", state) for state, when in at.items()]
    hello, thanks = voice(0.3, 11), voice(0.3, 12)
    one.sayings += [
        Saying("Eva", "buenas", BEGAN + 4.35, hello.tobytes()),
        Saying("Ana", "gracias", BEGAN + 4.65, thanks.tobytes()),
    ]
    caller_heard = laid_out(5, (2.1, voice(0.8, 6)), (4.36, hello))
    colleague_heard = laid_out(5, (3.0, voice(1.2, 7)), *([(4.66, thanks)] if is_heard else []))
    assert one.caller_sound is not None
    one.caller_sound = replace(one.caller_sound, heard=caller_heard.tobytes())
    one.colleague_sound = PhoneSound(RATE, BEGAN, laid_out(5, (4.35, hello)).tobytes(), colleague_heard.tobytes())
    return one


def test_a_transfer_connects_both_ways() -> None:
    assert missing(transferred()) == []


def test_a_colleague_who_hears_nothing_is_noticed() -> None:
    assert missing(transferred(is_heard=False)) == ["once connected, what Ana said was heard at the other end"]


def test_the_report_says_the_same_in_json_and_to_people() -> None:
    report = Report(
        [performance()], [Finding("nothing is left", is_met=False, detail="1 channel")], {"ear": "tiny"}, 30
    )
    told = report.to_json(report.findings)
    assert told["as_planned"] is False
    assert told["latency_ms"]["total_ms"] == {"median": 516.0, "max": 516.0}
    assert told["calls"]["test"]["ending"] == "agent_hung_up"
    out = io.StringIO()
    report.show(Console(file=out, width=120), report.findings)
    assert "1 answers" in out.getvalue()
    assert "1 channel" in out.getvalue()


def test_sentences_begin_with_their_sound() -> None:
    one = interrupted(0.2)
    assert one.recording is not None
    spans = spans_of(one.turns, one.recording.caller, one.recording.agent)
    assert [(span.speaker, span.was_interrupted) for span in spans] == [("caller", False), ("agent", True)]
    assert spans[0].heard == "mi salgo"
    assert spans[1].begin == pytest.approx(2.5, abs=0.011)
    assert spans[1].end == pytest.approx(3.2, abs=0.021)


def test_the_wait_is_measured_in_the_recording_too() -> None:
    assert pauses_ms(performance()) == [pytest.approx(500, abs=11)]

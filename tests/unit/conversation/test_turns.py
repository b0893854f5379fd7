"""A call's turns in virtual time: every character of a sound is one frame of 20 ms."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import pytest

from conversation.decisions import (
    Backchannel,
    CallerGone,
    CallerSilent,
    Decision,
    DigitsEntered,
    ResumePlayback,
    SpeechStarted,
    StopPlayback,
    Transcribe,
    TurnEnded,
)
from conversation.expectation import DigitEntry, Expectation
from conversation.turn_settings import TurnSettings
from conversation.turns import TurnMachine, TurnState
from vocabulary.errors import ConfigurationError
from vocabulary.speech import NOT_UNDERSTOOD, Transcript

VOICE = np.tile(np.linspace(-3000, 3000, 80).astype(np.int16), 2).tobytes()
"""A saw tooth of 100 Hz: vocal cords."""
SILENCE = bytes(320)
OUR_SOUND = b"\x00\x10" * 160
"""Flat, so that nothing resembles it: echo has its own tests below."""
D = TypeVar("D")


@dataclass
class Call:
    """A caller who follows our stage directions, and an ear that hears what we whisper to it."""

    settings: TurnSettings = field(default_factory=TurnSettings)
    machine: TurnMachine = field(init=False)
    decisions: list[Decision] = field(default_factory=list)
    stamps: list[int] = field(default_factory=list)
    frames: int = 0
    is_playing: bool = False

    def __post_init__(self) -> None:
        self.machine = TurnMachine(self.settings)

    def hears(self, pattern: str) -> "Call":
        """Let the caller make sound: v is a voiced frame, anything else an unvoiced one."""
        for sound in pattern:
            self.frames += 1
            played = OUR_SOUND if self.is_playing else None
            self._note(self.machine.frame_heard(VOICE if sound == "v" else SILENCE, sound == "v", played))
        return self

    def speaks(self, seconds: float) -> "Call":
        return self.hears("v" * round(seconds * 50))

    def is_quiet(self, seconds: float) -> "Call":
        return self.hears("." * round(seconds * 50))

    def words(self, text: str) -> "Call":
        """Answer the latest `Transcribe`."""
        transcript = Transcript(text, confidence=0.9) if text else NOT_UNDERSTOOD
        self._note(self.machine.words_heard(self.all(Transcribe)[-1].utterance_id, transcript))
        return self

    def ear_fails(self) -> "Call":
        self._note(self.machine.transcription_failed(self.all(Transcribe)[-1].utterance_id))
        return self

    def presses(self, keys: str) -> "Call":
        for key in keys:
            self._note(self.machine.digit_pressed(key))
        return self

    def we_reply(self, *, is_interruptible: bool = True, is_question: bool = False) -> "Call":
        self.machine.thinking_ended()
        self.machine.reply_started(is_interruptible=is_interruptible, is_question=is_question)
        self.is_playing = True
        return self

    def our_reply_ends(self) -> "Call":
        self.machine.reply_ended()
        self.is_playing = False
        return self

    def all(self, kind: type[D]) -> list[D]:
        return [decision for decision in self.decisions if isinstance(decision, kind)]

    def kinds(self) -> list[type[Decision]]:
        return [type(decision) for decision in self.decisions]

    def seconds_of(self, kind: type[Decision]) -> float:
        """Return when the first decision of this kind was made."""
        return self.stamps[self.kinds().index(kind)] / 50

    def _note(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            self.decisions.append(decision)
            self.stamps.append(self.frames)
            if isinstance(decision, StopPlayback):
                self.is_playing = False
            elif isinstance(decision, ResumePlayback):
                self.is_playing = True


@pytest.fixture
def call() -> Call:
    return Call()


# ── the caller's turn ──


def test_an_ordinary_sentence_ends_after_the_base_silence(call: Call) -> None:
    call.is_quiet(1).speaks(2).is_quiet(0.3).words("necesito revisar el saldo de mi cuenta").is_quiet(0.5)
    assert call.kinds() == [SpeechStarted, Transcribe, TurnEnded]
    ended = call.all(TurnEnded)[0]
    assert call.seconds_of(TurnEnded) == pytest.approx(3.5)
    assert ended.silence_seconds == pytest.approx(0.5)
    assert ended.speech_seconds == pytest.approx(2.0)
    assert ended.transcript is not None
    assert ended.transcript.text == "necesito revisar el saldo de mi cuenta"


def test_nothing_is_transcribed_twice_when_nothing_follows(call: Call) -> None:
    call.speaks(1).is_quiet(0.3).words("buenos días a todos").is_quiet(1)
    asked = call.all(Transcribe)
    assert [order.is_final for order in asked] == [False]
    assert call.all(TurnEnded)[0].pcm == asked[0].pcm


def test_a_breath_does_not_end_the_turn(call: Call) -> None:
    call.speaks(1).is_quiet(0.36).speaks(1).is_quiet(0.36)
    assert TurnEnded not in call.kinds()
    assert call.machine.state is TurnState.PAUSING


def test_words_spoken_after_a_breath_are_transcribed_together_with_those_before(call: Call) -> None:
    call.speaks(1).is_quiet(0.3).words("quería saber").speaks(1).is_quiet(0.3)
    first, second = call.all(Transcribe)
    assert second.utterance_id == first.utterance_id + 1
    assert second.pcm.startswith(first.pcm)
    assert second.pcm.count(VOICE) == 100


def test_late_words_of_an_outdated_question_are_ignored(call: Call) -> None:
    call.speaks(1).is_quiet(0.3).speaks(1)
    assert call.machine.words_heard(1, Transcript("sí")) == ()
    call.is_quiet(0.3)
    assert call.machine.words_heard(1, Transcript("sí")) == ()
    assert call.machine.words_heard(99, Transcript("sí")) == ()


def test_the_first_syllable_is_kept(call: Call) -> None:
    call.is_quiet(2).speaks(0.5).is_quiet(0.3)
    pcm = call.all(Transcribe)[0].pcm
    assert pcm.index(VOICE) == 15 * 320, "300 ms of look-back stand before the first voiced frame"
    assert pcm.count(VOICE) == 25


def test_the_look_back_is_as_long_as_there_is_sound_at_the_very_beginning(call: Call) -> None:
    call.speaks(0.5).is_quiet(0.3)
    assert call.all(Transcribe)[0].pcm.startswith(VOICE)


def test_a_click_is_no_speech(call: Call) -> None:
    call.is_quiet(1).hears("v........vv.......v").is_quiet(1)
    assert call.decisions == []
    assert call.machine.state is TurnState.WAITING


def test_flickering_voice_is_one_turn(call: Call) -> None:
    call.hears("vv.vvvv.vvvv..vvvv....vvvvv...vvvv").is_quiet(0.2)
    assert call.kinds() == [SpeechStarted, Transcribe]


def test_line_noise_after_the_last_word_does_not_hold_the_turn_open(call: Call) -> None:
    call.speaks(1).hears("...v......v....v.....").words("buenas tardes señorita").hears("..v...v....v...")
    assert TurnEnded in call.kinds()


@pytest.mark.parametrize("answer", ["sí", "Sí.", "no", "No, gracias.", "vale", "claro que sí"])
def test_yes_is_answered_at_once(call: Call, answer: str) -> None:
    call.speaks(0.4).is_quiet(0.24).words(answer)
    assert call.kinds()[-1] is TurnEnded
    assert call.seconds_of(TurnEnded) == pytest.approx(0.64), "as soon as its words are known"


def test_yes_waits_for_no_extra_silence_even_when_its_words_are_late(call: Call) -> None:
    call.speaks(0.4).is_quiet(1.5)
    assert call.machine.state is TurnState.RECOGNISING
    call.words("sí")
    assert call.kinds()[-1] is TurnEnded
    assert call.all(TurnEnded)[0].silence_seconds == pytest.approx(0.14), "the rest was the ear's"


def test_yes_but_is_waited_for(call: Call) -> None:
    call.machine.expect(Expectation.YES_NO)
    call.speaks(0.4).is_quiet(0.3).words("sí, pero").is_quiet(0.6)
    assert TurnEnded not in call.kinds()
    call.speaks(1).is_quiet(0.3).words("sí, pero la otra cuenta").is_quiet(0.4)
    assert call.kinds()[-1] is TurnEnded


@pytest.mark.parametrize("said", ["mi número es", "quiero que", "la factura y", "es que", "llamo de", "eh"])
def test_a_plainly_unfinished_sentence_is_waited_for(call: Call, said: str) -> None:
    call.speaks(1).is_quiet(0.3).words(said).is_quiet(0.9)
    assert TurnEnded not in call.kinds()
    call.is_quiet(0.5)
    assert call.kinds()[-1] is TurnEnded, "but not for ever"


def test_unfinished_words_that_come_late_still_give_the_caller_time(call: Call) -> None:
    call.speaks(1).is_quiet(0.7).words("mi número es").is_quiet(0.4).speaks(1)
    assert call.kinds() == [SpeechStarted, Transcribe]
    assert call.machine.state is TurnState.SPEAKING


def test_a_dictated_phone_number_is_not_cut(call: Call) -> None:
    call.machine.expect(Expectation.NUMBER)
    said = ""
    for group in ("seis uno dos", "cuarenta y cinco", "cero cero", "siete ocho"):
        said = f"{said} {group}".strip()
        call.speaks(0.8).is_quiet(0.3).words(said).is_quiet(0.8)
    assert TurnEnded not in call.kinds()
    call.is_quiet(0.5)
    assert call.all(TurnEnded)[0].transcript == Transcript(said, confidence=0.9)
    assert call.kinds().count(TurnEnded) == 1


def test_a_number_is_recognised_as_dictation_though_nobody_asked_for_it(call: Call) -> None:
    call.speaks(2).is_quiet(0.3).words("mi teléfono es seis uno dos").is_quiet(0.9)
    assert TurnEnded not in call.kinds()


def test_a_dictated_address_is_waited_for_until_its_ending(call: Call) -> None:
    call.machine.expect(Expectation.EMAIL)
    call.speaks(1).is_quiet(0.3).words("maria punto lopez arroba").is_quiet(0.9)
    assert TurnEnded not in call.kinds()
    call.speaks(1).is_quiet(0.3).words("maria punto lopez arroba correo punto com").is_quiet(0.3)
    assert call.kinds()[-1] is TurnEnded


def test_an_endless_turn_is_ended(call: Call) -> None:
    call.speaks(30.1)
    asked = call.all(Transcribe)
    assert [order.is_final for order in asked] == [True]
    call.words("y entonces le dije")
    assert call.kinds()[-2:] == [TurnEnded, SpeechStarted]


def test_not_a_frame_is_lost_between_an_endless_turn_and_the_next(call: Call) -> None:
    call.speaks(30).speaks(1).words("uno").speaks(1).is_quiet(0.3)
    first, second = call.all(Transcribe)
    assert first.pcm.count(VOICE) + second.pcm.count(VOICE) == 32 * 50


def test_without_provisional_transcripts_the_words_are_asked_for_at_the_end() -> None:
    call = Call(TurnSettings(provisional_pause_seconds=0)).speaks(1).is_quiet(0.6)
    assert [order.is_final for order in call.all(Transcribe)] == [True]
    assert call.words("hola").kinds()[-1] is TurnEnded


def test_an_ear_that_fails_once_is_asked_again_at_the_end(call: Call) -> None:
    call.speaks(1).is_quiet(0.3).ear_fails().is_quiet(0.3)
    assert [order.is_final for order in call.all(Transcribe)] == [False, True]
    call.ear_fails()
    assert call.all(TurnEnded)[0].transcript is None


def test_an_ear_that_never_answers_does_not_hang_the_call(call: Call) -> None:
    call.speaks(1).is_quiet(6)
    assert call.all(TurnEnded)[0].transcript is None
    assert call.machine.state is TurnState.THINKING


def test_speech_behind_the_end_of_a_turn_is_a_turn_of_its_own(call: Call) -> None:
    call.speaks(1).is_quiet(0.3).words("quiero pagar la factura").is_quiet(0.5)
    call.speaks(1).is_quiet(0.3).words("la de noviembre quiero decir").is_quiet(0.5)
    assert call.kinds().count(TurnEnded) == 2


def test_okay_behind_a_turn_we_are_working_on_is_not_answered(call: Call) -> None:
    call.speaks(1).is_quiet(0.3).words("quiero pagar la factura").is_quiet(0.5)
    call.speaks(0.3).is_quiet(0.3).words("vale")
    assert call.kinds()[-1] is Backchannel
    assert call.machine.state is TurnState.THINKING


# ── barge-in ──


def test_barge_in_is_decided_within_200_ms(call: Call) -> None:
    call.we_reply().is_quiet(2).speaks(0.2)
    assert call.kinds() == [StopPlayback, SpeechStarted]
    assert call.seconds_of(StopPlayback) <= 2.2
    assert call.machine.state is TurnState.SPEAKING


def test_a_flickering_voice_is_still_a_barge_in(call: Call) -> None:
    call.we_reply().is_quiet(2).hears("vv.vvv.vv.")
    assert call.all(StopPlayback) == [StopPlayback("speech")]


def test_a_cough_does_not_stop_us(call: Call) -> None:
    call.we_reply().is_quiet(2).hears("vvv").is_quiet(1).hears("v..v...v..v").is_quiet(1)
    assert call.decisions == []


def test_noise_that_passes_for_a_voice_does_not_stop_us() -> None:
    machine = TurnMachine()
    machine.reply_started()
    assert not any(machine.frame_heard(frame, True, OUR_SOUND) for frame in noise(100, seed=3))


def test_a_meant_barge_in_is_a_turn(call: Call) -> None:
    call.we_reply().is_quiet(2).speaks(1).is_quiet(0.3).words("no, espere un momento").is_quiet(0.3)
    assert call.kinds() == [StopPlayback, SpeechStarted, Transcribe, TurnEnded]
    call.is_quiet(1)
    assert ResumePlayback not in call.kinds()


@pytest.mark.parametrize("said", ["espere", "un momento", "no", "perdone", "sí, pero"])
def test_waiting_is_asked_for_in_earnest(call: Call, said: str) -> None:
    call.we_reply().is_quiet(2).speaks(0.5).is_quiet(0.3).words(said).is_quiet(1.5)
    assert call.kinds()[-1] is TurnEnded


@pytest.mark.parametrize("said", ["ajá", "sí, sí", "ok", "mm", "claro", "ya", "vale", "Muy bien."])
def test_a_backchannel_resumes_what_we_were_saying(call: Call, said: str) -> None:
    call.we_reply().is_quiet(2).speaks(0.3).is_quiet(0.24).words(said)
    assert call.kinds() == [StopPlayback, SpeechStarted, Transcribe, Backchannel, ResumePlayback]
    assert call.machine.state is TurnState.REPLYING


def test_a_noise_without_words_resumes(call: Call) -> None:
    call.we_reply().is_quiet(2).speaks(0.4).is_quiet(0.24).words("")
    assert call.kinds()[-1] is ResumePlayback


def test_a_short_sound_resumes_when_no_ear_can_be_reached(call: Call) -> None:
    call.we_reply().is_quiet(2).speaks(0.4).is_quiet(0.24).ear_fails()
    assert call.kinds()[-1] is ResumePlayback


def test_a_short_sound_resumes_when_no_ear_answers(call: Call) -> None:
    call.we_reply().is_quiet(2).speaks(0.4).is_quiet(6)
    assert call.kinds()[-1] is ResumePlayback


def test_a_long_noise_does_not_keep_us_silent(call: Call) -> None:
    call.we_reply().is_quiet(2).speaks(1.5)
    assert call.kinds() == [StopPlayback, SpeechStarted, Transcribe]
    call.words("")
    assert call.kinds()[-1] is ResumePlayback
    call.speaks(0.9)
    assert call.kinds()[-1] is ResumePlayback, "the noise is still there, and we speak"


def test_a_long_barge_in_that_has_words_is_heard_to_its_end(call: Call) -> None:
    call.we_reply().is_quiet(2).speaks(1.5).words("no es eso lo que").speaks(3)
    assert call.kinds().count(Transcribe) == 1
    call.is_quiet(0.3).words("no es eso lo que quería decir").is_quiet(0.4)
    assert call.kinds()[-1] is TurnEnded


def test_we_can_be_interrupted_again_after_a_false_alarm(call: Call) -> None:
    call.we_reply().is_quiet(1).speaks(0.3).is_quiet(0.24).words("ajá").is_quiet(1).speaks(0.2)
    assert call.kinds().count(StopPlayback) == 2


def test_yes_over_the_end_of_our_question_is_an_answer(call: Call) -> None:
    call.machine.expect(Expectation.YES_NO)
    call.we_reply(is_question=True).is_quiet(2).speaks(0.3)
    call.machine.reply_held(remaining_seconds=0.6)
    call.is_quiet(0.24).words("sí")
    assert call.kinds()[-1] is TurnEnded


def test_yes_in_the_middle_of_a_long_reply_is_a_backchannel_though_it_ends_in_a_question(call: Call) -> None:
    call.machine.expect(Expectation.YES_NO)
    call.we_reply(is_question=True).is_quiet(2).speaks(0.3)
    call.machine.reply_held(remaining_seconds=6.0)
    call.is_quiet(0.24).words("sí")
    assert call.kinds()[-1] is ResumePlayback


def test_some_sentences_cannot_be_interrupted(call: Call) -> None:
    call.we_reply(is_interruptible=False).is_quiet(1).speaks(2)
    assert call.decisions == []
    call.our_reply_ends().speaks(0.1)
    assert call.kinds() == [SpeechStarted]


def test_we_do_not_begin_over_a_caller_who_is_speaking(call: Call) -> None:
    call.speaks(0.5).we_reply().speaks(0.1)
    assert call.kinds() == [SpeechStarted, StopPlayback]


def test_a_dropped_reply_is_not_resumed(call: Call) -> None:
    call.we_reply().is_quiet(1).speaks(0.4).our_reply_ends().is_quiet(0.3).words("")
    assert ResumePlayback not in call.kinds()


# ── echo of our own voice ──


def noise(frames: int, seed: int) -> list[bytes]:
    """Return sound that resembles nothing but itself."""
    sound = np.random.default_rng(seed).normal(0, 4000, (frames, 160)).astype(np.int16)
    return [frame.tobytes() for frame in sound]


def test_echo_of_our_own_voice_does_not_stop_us() -> None:
    machine, ours = TurnMachine(), noise(200, seed=1)
    machine.reply_started()
    heard = [SILENCE] * 7 + ours  # it comes back after 140 ms
    decisions = [machine.frame_heard(echo, echo != SILENCE, own) for echo, own in zip(heard, ours, strict=False)]
    assert all(not made for made in decisions)
    assert machine.state is TurnState.REPLYING


def test_the_last_echo_after_our_reply_is_no_answer() -> None:
    machine, ours = TurnMachine(), noise(50, seed=1)
    machine.reply_started()
    for own in ours:
        machine.frame_heard(SILENCE, False, own)
    machine.reply_ended()
    assert not any(machine.frame_heard(echo, True, None) for echo in ours[-15:])


def test_a_caller_is_heard_over_the_echo() -> None:
    machine, ours, theirs = TurnMachine(), noise(200, seed=1), [VOICE] * 100
    machine.reply_started()
    for own in ours[:100]:
        machine.frame_heard(own, True, own)
    decisions = [
        decision
        for them, own in zip(theirs, ours[100:], strict=False)
        for decision in machine.frame_heard(them, True, own)
    ]
    assert decisions[:2] == [StopPlayback("speech"), SpeechStarted()]


# ── keys ──


def test_a_key_silences_us_at_once(call: Call) -> None:
    call.we_reply().is_quiet(1).presses("1")
    assert call.decisions == [StopPlayback("digit")]
    assert call.machine.state is TurnState.COLLECTING


def test_keys_end_with_the_terminator(call: Call) -> None:
    call.machine.expect(DigitEntry(12))
    call.presses("612").is_quiet(2).presses("45#")
    assert call.decisions == [DigitsEntered("61245", "terminator")]


def test_keys_end_with_the_length(call: Call) -> None:
    call.machine.expect(DigitEntry(4))
    call.presses("1234")
    assert call.decisions == [DigitsEntered("1234", "length")]
    assert call.machine.state is TurnState.THINKING


def test_keys_end_with_a_pause(call: Call) -> None:
    call.machine.expect(DigitEntry(9, timeout_seconds=2))
    call.presses("12").is_quiet(1.9)
    assert call.decisions == []
    assert call.is_quiet(0.2).decisions == [DigitsEntered("12", "timeout")]


def test_keys_nobody_asked_for_are_gathered_too(call: Call) -> None:
    call.we_reply().is_quiet(1).presses("0").is_quiet(4)
    assert call.decisions == [StopPlayback("digit"), DigitsEntered("0", "timeout")]


# ── nobody speaks ──


def test_a_silent_caller_is_asked_twice_and_then_let_go(call: Call) -> None:
    call.is_quiet(19)
    assert call.decisions == [CallerSilent(1), CallerSilent(2), CallerGone()]


def test_silence_is_counted_from_the_end_of_our_own_words(call: Call) -> None:
    call.we_reply().is_quiet(10).our_reply_ends().is_quiet(5.9)
    assert call.decisions == []
    assert call.is_quiet(0.2).decisions == [CallerSilent(1)]


def test_nobody_is_asked_whether_they_are_there_while_we_are_slow(call: Call) -> None:
    call.machine.thinking_started()
    assert call.is_quiet(20).decisions == []
    call.machine.thinking_ended()
    assert call.is_quiet(6).decisions == [CallerSilent(1)]


def test_a_mind_that_never_answers_does_not_hang_the_call(call: Call) -> None:
    call.machine.thinking_started()
    assert call.is_quiet(37).decisions == [CallerSilent(1)]


def test_a_reply_without_any_sound_does_not_hang_the_call(call: Call) -> None:
    call.machine.reply_started()
    assert call.is_quiet(37).decisions == [CallerSilent(1)]


def test_a_long_reply_may_take_its_time(call: Call) -> None:
    assert call.we_reply().is_quiet(100).decisions == []
    assert call.machine.state is TurnState.REPLYING


def test_who_answers_is_there_again(call: Call) -> None:
    call.is_quiet(13).speaks(0.4).is_quiet(0.3).words("sí")
    call.machine.thinking_ended()
    assert call.is_quiet(6.1).decisions[-1] == CallerSilent(1)


# ── settings ──


@pytest.mark.parametrize(
    ("field_name", "value"),
    [
        ("language", "fr"),
        ("base_silence_seconds", 0.01),
        ("unfinished_silence_seconds", 0.2),
        ("provisional_pause_seconds", 0.5),
        ("barge_in_voiced_seconds", 0.3),
        ("echo_likeness", 0.0),
        ("max_turn_seconds", 0.0),
    ],
)
def test_a_wrong_setting_is_refused_by_name(field_name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=field_name):
        TurnSettings(**{field_name: value})  # type: ignore[arg-type]  # the point of the test


def test_patience_counts_from_the_last_sound_not_from_the_detectors_last_voice() -> None:
    """A detector hears a voice for a while after its last sound; the caller does not notice that we wait for it."""
    machine = TurnMachine()
    loud, quiet = b"\x00\x10" * 160, bytes(320)
    decisions = [decision for _ in range(50) for decision in machine.frame_heard(loud, True, None)]
    decisions += [decision for _ in range(8) for decision in machine.frame_heard(quiet, True, None)]
    frames_after_the_sound = 8
    while not any(isinstance(decision, TurnEnded) for decision in decisions):
        frames_after_the_sound += 1
        new = machine.frame_heard(quiet, False, None)
        decisions += new
        for order in new:
            if isinstance(order, Transcribe):
                decisions += machine.words_heard(
                    order.utterance_id, Transcript("necesito revisar el saldo de mi cuenta")
                )
    ended = next(decision for decision in decisions if isinstance(decision, TurnEnded))
    assert frames_after_the_sound == 25
    assert ended.silence_seconds == pytest.approx(0.5)

"""Whatever happens in whatever order: no state without a deadline, none without an exit, no reply held for ever."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from conversation.decisions import (
    CallerGone,
    CallerSilent,
    Decision,
    DigitsEntered,
    ResumePlayback,
    StopPlayback,
    Transcribe,
    TurnEnded,
)
from conversation.expectation import DigitEntry, Expectation
from conversation.turn_settings import TurnSettings
from conversation.turns import TurnMachine, TurnState
from vocabulary.speech import NOT_UNDERSTOOD, Transcript

HURRIED = TurnSettings(
    max_turn_seconds=3, transcription_limit_seconds=1, prompt_seconds=2, stalled_seconds=4, false_alarm_seconds=0.5
)
"""The same machine with short limits, so that a few hundred frames reach all of them."""
LONGEST_DEADLINE = 4.0
VOWEL = bytes(range(0, 160)) * 2
SAID = st.sampled_from(["", "sí", "ajá", "mi número es", "quiero revisar mi saldo", "seis uno dos", "espere"])
EXPECTED = st.one_of(st.sampled_from(list(Expectation)), st.just(DigitEntry(3, timeout_seconds=1)))


class AnyCall(RuleBasedStateMachine):
    """Frames, words, keys and our own doings in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.machine = TurnMachine(HURRIED)
        self.last_id = 0
        self.final: int | None = None
        self.is_stopped = False

    def note(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            match decision:
                case Transcribe(utterance_id, pcm, is_final):
                    assert utterance_id == self.last_id + 1
                    assert pcm
                    assert self.final is None, "no question while a final one is open"
                    self.last_id = utterance_id
                    self.final = utterance_id if is_final else None
                case TurnEnded(utterance_id):
                    assert self.final in (None, utterance_id)
                    assert decision.silence_seconds >= 0
                    assert decision.speech_seconds > 0
                    self.final, self.is_stopped = None, False
                case StopPlayback():
                    assert not self.is_stopped, "stopped twice"
                    self.is_stopped = True
                case DigitsEntered():
                    self.is_stopped = False  # an entry drops the held reply
                case ResumePlayback():
                    assert self.is_stopped, "resumed without a stop"
                    self.is_stopped = False
                case _:
                    pass  # these leave nothing open

    @rule(pattern=st.text("v.", min_size=1, max_size=60), is_playing=st.booleans())
    def sound(self, pattern: str, is_playing: bool) -> None:
        for frame in pattern:
            self.note(self.machine.frame_heard(VOWEL, frame == "v", bytes(320) if is_playing else None))

    @rule(voiced=st.booleans(), frames=st.integers(1, 200))
    def steady_sound(self, voiced: bool, frames: int) -> None:
        for _ in range(frames):
            self.note(self.machine.frame_heard(VOWEL, voiced, None))

    @rule(over_reply=st.booleans(), voiced=st.integers(3, 80), quiet=st.integers(8, 40), text=SAID)
    def utterance(self, over_reply: bool, voiced: int, quiet: int, text: str) -> None:
        """What calls are made of; left to chance alone it would hardly ever happen."""
        if over_reply:
            self.reply_starts(is_interruptible=True, is_question=False)
        self.sound("v" * voiced + "." * quiet, is_playing=False)
        self.words(text, lag=0)

    @rule(text=SAID, lag=st.integers(0, 2))
    def words(self, text: str, lag: int) -> None:
        self.note(self.machine.words_heard(self.last_id - lag, Transcript(text) if text else NOT_UNDERSTOOD))

    @rule(lag=st.integers(0, 2))
    def failure(self, lag: int) -> None:
        self.note(self.machine.transcription_failed(self.last_id - lag))

    @rule(key=st.sampled_from("0123*#!"))
    def key(self, key: str) -> None:
        self.note(self.machine.digit_pressed(key))

    @rule(is_interruptible=st.booleans(), is_question=st.booleans())
    def reply_starts(self, is_interruptible: bool, is_question: bool) -> None:
        self.machine.reply_started(is_interruptible=is_interruptible, is_question=is_question)
        self.is_stopped = False

    @rule()
    def reply_ends(self) -> None:
        self.machine.reply_ended()
        self.is_stopped = False

    @rule(seconds=st.floats(0, 5))
    def reply_is_held(self, seconds: float) -> None:
        self.machine.reply_held(seconds)

    @rule()
    def thinking_starts(self) -> None:
        self.machine.thinking_started()

    @rule()
    def thinking_ends(self) -> None:
        self.machine.thinking_ended()

    @rule(expected=EXPECTED)
    def question(self, expected: Expectation | DigitEntry) -> None:
        self.machine.expect(expected)

    @invariant()
    def every_state_has_a_deadline(self) -> None:
        assert 0 <= self.machine.seconds_left <= LONGEST_DEADLINE

    def teardown(self) -> None:
        """Leave the machine alone: within its limits it must come to rest, whatever state it was in."""
        for _ in range(50 * 30):
            decisions = self.machine.frame_heard(VOWEL, False, None)
            if any(isinstance(decision, CallerSilent | CallerGone) for decision in decisions):
                break
            self.note(decisions)
        assert self.machine.state is TurnState.WAITING
        assert self.final is None, "every final question ends a turn"


AnyCall.TestCase.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
TestAnyCall = AnyCall.TestCase


@settings(max_examples=30, deadline=None)
@given(st.lists(st.booleans(), min_size=200, max_size=200))
def test_no_state_outlives_its_deadline_while_nobody_helps(voices: list[bool]) -> None:
    """An ear, a mind and a mouth that all stay dumb: the machine must still reach every exit by itself."""
    machine = TurnMachine(HURRIED)
    state, unchanged = machine.state, 0
    for voice in voices * 3:
        machine.frame_heard(VOWEL, voice, None)
        unchanged = unchanged + 1 if machine.state is state else 0
        state = machine.state
        assert unchanged <= 50 * LONGEST_DEADLINE or state is TurnState.WAITING

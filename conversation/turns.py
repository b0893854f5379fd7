"""Who speaks now: the turn machine.

It is told every 20 ms frame of the caller and counts time in them, so that a test with synthetic sound and a real call
take the same path. `docs/states.md` draws it. Every state has a deadline, and whatever happens, an exit.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Final

from conversation.backchannels import is_backchannel
from conversation.decisions import (
    NOTHING,
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
from conversation.digits import KEYS, DigitCollector
from conversation.endpointing import patience_seconds
from conversation.expectation import DigitEntry, Expectation, Expected
from conversation.onset import Onset
from conversation.own_reply import OwnReply
from conversation.turn_settings import TurnSettings
from conversation.utterance import OpenUtterance
from vocabulary.audio import FRAME_SECONDS, FRAMES_PER_SECOND, NARROWBAND, AudioFormat
from vocabulary.speech import Transcript

_DEAF_SECONDS: Final = 1.0
"""After a long noise without words we speak on undisturbed for so long."""
_PAUSE_SECONDS: Final = 0.2
"""Silence that makes a pause where no provisional transcript is wanted."""


class TurnState(Enum):
    """Where a turn is, in life order."""

    WAITING = "waiting"
    """Nobody speaks; it is the caller's move."""
    SPEAKING = "speaking"
    """The caller speaks; our reply, if any, is held."""
    PAUSING = "pausing"
    """The caller stopped a moment ago; the words decide how long we wait."""
    RECOGNISING = "recognising"
    """We have waited enough; only the words are missing."""
    COLLECTING = "collecting"
    """The caller presses keys."""
    THINKING = "thinking"
    """It is our move, and nothing is heard of us yet."""
    REPLYING = "replying"
    """Our sound plays."""


class TurnMachine:
    """Decides for one call who speaks now; pure, synchronous, microseconds a frame."""

    def __init__(self, settings: TurnSettings | None = None, audio: AudioFormat = NARROWBAND) -> None:
        """Begin in WAITING; `audio` is the format of the frames to come."""
        self._settings = settings = settings or TurnSettings()
        self._now = 0
        self._state = TurnState.WAITING
        self._deadline = _frames(settings.prompt_seconds)
        self._expected: Expected = Expectation.OPEN
        self._speech: OpenUtterance | None = None
        self._last_id = 0
        self._prompts_said = 0
        self._is_thinking = False
        self._thinking_due = 0
        self._reply = OwnReply()
        self._must_stop = False
        self._onset = Onset(settings, audio)
        self._digits = DigitCollector(
            DigitEntry(32, timeout_seconds=settings.digits_timeout_seconds), FRAMES_PER_SECOND
        )
        self._pause_frames = _frames(settings.provisional_pause_seconds or _PAUSE_SECONDS)

    @property
    def state(self) -> TurnState:
        """Where the turn is."""
        return self._state

    @property
    def seconds_left(self) -> float:
        """Sample time until the state ends by itself, if nothing else happens."""
        return max(0, self._deadline - self._now) * FRAME_SECONDS

    # ── what the caller does ──

    def frame_heard(self, frame: bytes, is_voice: bool, played: bytes | None) -> Sequence[Decision]:
        """Take the next 20 ms of the caller and of ourselves (None when we are silent)."""
        self._now = now = self._now + 1
        self._onset.hear(frame, is_voice, played)
        due = self._digits.due
        if due is not None and now >= due:
            return self._digits_entered(self._digits.timed_out())
        if self._speech is not None:
            return self._hear_on(self._speech, frame, is_voice)
        if is_voice and self._onset.is_caller_beginning(self._reply):
            return self._begin_speech()
        return self._deadline_passed() if now >= self._deadline else NOTHING

    def digit_pressed(self, digit: str) -> Sequence[Decision]:
        """Take one key ("0" to "9", "*", "#", "A" to "D"); it silences our reply at once."""
        if digit not in KEYS:
            return NOTHING  # flash and the like: telephones send more than they have keys
        stop = NOTHING
        if self._reply.is_playing and self._reply.is_interruptible:
            self._reply.hold()
            self._must_stop = False
            stop = (StopPlayback("digit"),)
        entry = self._digits.press(digit, self._now)
        if entry is not None:
            return (*stop, *self._digits_entered(entry))
        if self._speech is None:
            self._rest()
        return stop

    def words_heard(self, utterance_id: int, transcript: Transcript) -> Sequence[Decision]:
        """Take the answer to `Transcribe`; one that is late or superseded changes nothing."""
        speech = self._speech
        if speech is None or speech.asked != utterance_id:
            return NOTHING
        speech.asked = None
        if speech.is_final:
            return self._end_turn(speech, transcript)
        if self._is_false_alarm(speech, transcript):
            return self._forgive(transcript.text)
        speech.is_meant = transcript.is_understood
        if self._state is TurnState.SPEAKING:
            return NOTHING  # asked in the middle of a long barge-in, only to know whether it is one
        speech.transcript = transcript
        self._enter(TurnState.PAUSING, self._patience_ends(speech))
        return self._deadline_passed() if self._now >= self._deadline else NOTHING

    def transcription_failed(self, utterance_id: int) -> Sequence[Decision]:
        """No words will come for this `Transcribe`; a provisional one is tried once more when the turn is over."""
        speech = self._speech
        if speech is None or speech.asked != utterance_id:
            return NOTHING
        speech.asked = None
        if speech.is_final:
            return self._end_turn(speech, None)
        if self._is_false_alarm(speech, None):
            return self._forgive("")
        return self._finalise(speech) if self._state is TurnState.RECOGNISING else NOTHING

    # ── what we do ──

    def reply_started(self, is_interruptible: bool = True, is_question: bool = False) -> None:
        """Our sound begins. Call it again when a later sentence changes what is known: the latest words count.

        If the caller is speaking at this moment, the next frame answers with `StopPlayback`.
        """
        self._reply.start(is_interruptible=is_interruptible, is_question=is_question)
        self._onset.sounded_at = self._now
        self._must_stop = is_interruptible and self._speech is not None
        if self._speech is None:
            self._rest()

    def reply_held(self, remaining_seconds: float) -> None:
        """After `StopPlayback`: how much of the reply is unplayed. Tells an answer from a backchannel."""
        self._reply.held_with(remaining_seconds)

    def reply_ended(self) -> None:
        """Our reply has been played out, or was dropped for good."""
        self._reply.end()
        self._must_stop = False
        if self._speech is None:
            self._rest()

    def thinking_started(self) -> None:
        """It is our move: nobody is asked whether they are still there while WE are slow."""
        self._is_thinking = True
        self._thinking_due = self._now + _frames(self._settings.stalled_seconds)
        if self._speech is None:
            self._rest()

    def thinking_ended(self) -> None:
        """Nothing more is being prepared."""
        self._is_thinking = False
        if self._speech is None:
            self._rest()

    def expect(self, expected: Expected) -> None:
        """Say what our last question asks for: it sets the patience from the next pause on."""
        self._expected = expected
        self._digits.expect(expected if isinstance(expected, DigitEntry) else None)

    # ── speech begins ──

    def _begin_speech(self) -> Sequence[Decision]:
        self._speech = self._onset.utterance()
        self._enter(TurnState.SPEAKING, self._now + _frames(self._settings.max_turn_seconds))
        if not self._reply.is_playing:
            return (SpeechStarted(),)
        self._reply.hold()
        return (StopPlayback("speech"), SpeechStarted())

    # ── speech goes on ──

    def _hear_on(self, speech: OpenUtterance, frame: bytes, is_voice: bool) -> Sequence[Decision]:
        speech.frames.append(frame)
        if self._must_stop:
            self._must_stop = False
            self._reply.hold()
            return (StopPlayback("speech"),)
        if self._state is TurnState.SPEAKING:
            if is_voice and self._onset.is_steady:
                speech.last_voice = self._now
                if self._reply.is_held and self._is_doubted(speech):
                    return (self._ask(speech),)
            elif self._now - speech.last_voice >= self._pause_frames:
                return self._pause(speech)
        elif is_voice and self._onset.is_voiced:
            self._speak_on(speech)
        return self._deadline_passed() if self._now >= self._deadline else NOTHING

    def _pause(self, speech: OpenUtterance) -> Sequence[Decision]:
        if self._reply.is_held and self._is_short(speech) and self._onset.is_echo(speech.frames):
            return self._forgive("")  # heard whole, it is clearer than at the moment when we stopped
        speech.look_for_last_sound(self._now)
        self._enter(TurnState.PAUSING, self._patience_ends(speech))
        is_curious = self._settings.provisional_pause_seconds > 0 or self._reply.is_held
        return (self._ask(speech),) if is_curious else NOTHING

    def _speak_on(self, speech: OpenUtterance) -> None:
        if speech.is_final:
            speech.went_on_at = self._now
            return
        speech.outdate_words()
        speech.last_voice = self._now
        self._enter(TurnState.SPEAKING, speech.began + _frames(self._settings.max_turn_seconds))

    def _is_doubted(self, speech: OpenUtterance) -> bool:
        """True at the moment to ask what a long sound over our held reply says: a lorry would silence us for long."""
        limit = _frames(self._settings.false_alarm_seconds)
        return not speech.is_meant and speech.asked is None and self._now - speech.asked_at >= limit

    # ── speech ends ──

    def _deadline_passed(self) -> Sequence[Decision]:
        speech = self._speech
        if speech is None:
            return self._prompt() if self._state is TurnState.WAITING else self._stalled()
        if self._state is TurnState.RECOGNISING:
            return self._give_up_words(speech)
        if self._state is TurnState.SPEAKING:
            speech.ended_at = self._now
            return self._finalise(speech)
        if self._onset.is_uncertain:
            return NOTHING  # perhaps they go on: a frame or two will tell
        speech.ended_at = max(self._deadline, speech.asked_at)
        if speech.asked is not None:
            self._enter(TurnState.RECOGNISING, speech.asked_at + _frames(self._settings.transcription_limit_seconds))
            return NOTHING
        return self._finalise(speech) if speech.transcript is None else self._end_turn(speech, speech.transcript)

    def _finalise(self, speech: OpenUtterance) -> Sequence[Decision]:
        self._enter(TurnState.RECOGNISING, self._now + _frames(self._settings.transcription_limit_seconds))
        self._last_id += 1
        return (Transcribe(self._last_id, speech.ask_finally(self._last_id, self._now), is_final=True),)

    def _give_up_words(self, speech: OpenUtterance) -> Sequence[Decision]:
        """The ear had its time: an ear this late is not asked again."""
        speech.asked = None
        if not speech.is_final and self._is_false_alarm(speech, None):
            return self._forgive("")
        return self._end_turn(speech, None)

    def _end_turn(self, speech: OpenUtterance, transcript: Transcript | None) -> Sequence[Decision]:
        ended = TurnEnded(
            speech.utterance_id,
            transcript,
            speech.pcm,
            silence_seconds=(speech.ended_at - speech.last_sound) * FRAME_SECONDS,
            speech_seconds=speech.voice_frames * FRAME_SECONDS,
            waited_for_words_seconds=max(0, self._now - speech.ended_at) * FRAME_SECONDS,
        )
        before = (StopPlayback("speech"),) if self._must_stop else NOTHING
        self._must_stop = False
        if self._reply.is_held or before:
            self._reply.end()
        if transcript is not None and transcript.is_understood:
            self._prompts_said = 0
        self._speech = None
        self.thinking_started()
        return (*before, ended, *self._go_on_after(speech))

    def _go_on_after(self, speech: OpenUtterance) -> Sequence[Decision]:
        """What was said while we waited for the words of a turn that was over is the beginning of the next one."""
        if speech.went_on_at is None:
            return NOTHING
        self._speech = OpenUtterance(speech.frames, began=speech.asked_at + 1, last_voice=speech.went_on_at)
        self._enter(TurnState.SPEAKING, self._speech.began + _frames(self._settings.max_turn_seconds))
        return (SpeechStarted(),)

    # ── it was nothing ──

    def _is_false_alarm(self, speech: OpenUtterance, transcript: Transcript | None) -> bool:
        """Decide whether a sound over our reply, or over our thinking, was meant for us; None: no ear could tell."""
        if transcript is not None and is_backchannel(transcript.text, self._settings.language):
            if self._reply.is_held:
                return not self._reply.may_be_answered
            return self._is_thinking  # "vale" behind a turn that we are already working on
        if not self._reply.is_held:
            return False
        return self._is_short(speech) if transcript is None else not transcript.is_understood

    def _is_short(self, speech: OpenUtterance) -> bool:
        return speech.voice_frames <= _frames(self._settings.false_alarm_seconds)

    def _forgive(self, backchannel: str) -> Sequence[Decision]:
        """Forget what was heard, and go on as if nothing had happened."""
        if self._state is TurnState.SPEAKING:
            self._onset.turn_deaf(_DEAF_SECONDS)  # the noise is still there, and we have something to say
        decisions: list[Decision] = [Backchannel(backchannel)] if backchannel else []
        if self._reply.is_held and not self._digits.is_collecting:
            self._reply.resume()
            decisions.append(ResumePlayback())
        self._speech = None
        self._onset.forget()
        self._must_stop = False
        self._rest()
        return decisions

    # ── nobody speaks ──

    def _rest(self) -> None:
        """Enter the state that fits when the caller does not speak."""
        now, stalled = self._now, _frames(self._settings.stalled_seconds)
        if self._digits.due is not None:
            self._enter(TurnState.COLLECTING, self._digits.due)
        elif self._reply.is_playing:
            self._enter(TurnState.REPLYING, self._onset.sounded_at + stalled)
        elif self._is_thinking and now < self._thinking_due:
            self._enter(TurnState.THINKING, self._thinking_due)
        else:
            self._is_thinking = False
            self._enter(TurnState.WAITING, now + _frames(self._settings.prompt_seconds))

    def _stalled(self) -> Sequence[Decision]:
        """Our side's time is up; as long as our sound is heard, a reply may take its time."""
        if self._reply.is_playing and self._now - self._onset.sounded_at >= _frames(self._settings.stalled_seconds):
            self._reply.end()
        self._rest()
        return NOTHING

    def _prompt(self) -> Sequence[Decision]:
        self._prompts_said += 1
        self._rest()
        return (CallerSilent(self._prompts_said) if self._prompts_said <= self._settings.prompts else CallerGone(),)

    def _digits_entered(self, entry: DigitsEntered) -> Sequence[Decision]:
        if self._reply.is_held:
            self._reply.end()
        self._prompts_said = 0
        self.thinking_started()
        return (entry,)

    # ── small change ──

    def _enter(self, state: TurnState, deadline: int) -> None:
        self._state = state
        self._deadline = deadline

    def _ask(self, speech: OpenUtterance) -> Transcribe:
        self._last_id += 1
        return Transcribe(self._last_id, speech.ask(self._last_id, self._now), is_final=False)

    def _patience_ends(self, speech: OpenUtterance) -> int:
        return speech.last_sound + round(
            patience_seconds(speech.transcript, self._expected, self._settings) * FRAMES_PER_SECOND
        )


def _frames(seconds: float) -> int:
    return max(1, round(seconds * FRAMES_PER_SECOND))

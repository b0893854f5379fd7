"""What we say, cut into frames, and what of it has been heard, to the word.

A sentence is a speech: `begin`, then `feed` as its sound comes, then `end`. Speeches are played in the order they were
begun. Time is counted in frames taken by `next_frame`, so what it says about "heard" needs no clock.

A sentence begins on a frame of its own (up to 20 ms of silence fill the last frame of the one before), so each frame
belongs to one speech. When its sound is late, silence is played until a whole frame is there again.
"""

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from typing import Final

from vocabulary.audio import SAMPLE_BYTES, AudioFormat
from vocabulary.errors import CentralitaError
from vocabulary.speech import SpokenPiece, WordMark

LONGEST_QUEUE_SECONDS: Final = 60.0
"""More sound than this waiting means that somebody writes a book: it is refused, so that a call's memory has an end."""

_FINISHED_KEPT: Final = 64
"""How many sentences `heard` still knows after they were played out."""

_LETTERS_PER_SECOND: Final = 15.0
"""Speed of speech where a mouth gave no marks and its sentence has not ended yet: only to guess what was heard."""


class PlayoutFull(CentralitaError):
    """More than `LONGEST_QUEUE_SECONDS` of sound would wait; ask `seconds_waiting` before feeding."""

    retryable = True

    def __init__(self, seconds_waiting: float) -> None:
        super().__init__(f"{seconds_waiting:.1f} s of sound are waiting already")
        self.seconds_waiting = seconds_waiting


@dataclass(frozen=True, slots=True)
class HeardSpeech:
    """How much of one sentence the caller has heard when it was interrupted."""

    speech_id: int
    text_heard: str
    """Whole words only; "" when it had not begun."""
    samples: int
    """Samples played, from the beginning of the sentence's sound."""


@dataclass(frozen=True, slots=True)
class SpeechPlayed:
    """A sentence was played to its end."""

    speech_id: int
    text: str


class _Speech:
    """One sentence: its sound as frames from sample `first_sample` on, and where in it we are."""

    __slots__ = ("first_sample", "frames", "is_ended", "marks", "position", "rest", "samples_fed", "speech_id", "text")

    def __init__(self, speech_id: int, text: str) -> None:
        self.speech_id = speech_id
        self.text = text
        self.marks: list[WordMark] = []
        self.frames: list[bytes] = []
        self.position = 0
        """Index in `frames` of the next one to be played."""
        self.first_sample = 0
        """Sample of the sentence with which `frames[0]` begins; not 0 after a resumption."""
        self.rest = b""
        """Fed, but less than a frame yet."""
        self.samples_fed = 0
        self.is_ended = False


@dataclass(frozen=True, slots=True)
class Held:
    """What a flush took out of the playout; hand it to `resume` to go on with the word that was cut."""

    heard: tuple[HeardSpeech, ...]
    """The interrupted sentence first, then those that waited behind it."""
    seconds_left: float
    """Sound that would still be played, as far as it has been fed."""
    _speeches: tuple[_Speech, ...] = ()


class Playout:
    """The queue of our sentences on one leg; not a coroutine in sight."""

    __slots__ = (
        "_current",
        "_finished",
        "_frame_bytes",
        "_frame_samples",
        "_held",
        "_played_out",
        "_speeches",
        "format",
        "has_played_out",
        "silence",
    )

    def __init__(self, format: AudioFormat) -> None:
        self.format = format
        self.silence: bytes = format.silence
        """The one object returned for every frame in which we say nothing: compare with `is`."""
        self.has_played_out = False
        """True when `played_out` has news; an attribute because it is looked at 50 times a second."""
        self._frame_bytes = format.frame_bytes
        self._frame_samples = format.frame_samples
        self._current: _Speech | None = None
        """The speech in turn, always also the first of `_speeches`."""
        self._speeches: deque[_Speech] = deque()
        self._held: tuple[_Speech, ...] = ()
        """What the last flush took out; its sound still grows while the mouth goes on."""
        self._played_out: list[SpeechPlayed] = []
        self._finished: dict[int, str] = {}

    @property
    def is_idle(self) -> bool:
        """True when nothing is playing and nothing has been begun; held sentences do not count."""
        return not self._speeches

    @property
    def seconds_waiting(self) -> float:
        """Sound fed and not yet played, held sentences included."""
        return sum(map(self._samples_left, (*self._speeches, *self._held))) / self.format.rate

    def begin(self, speech_id: int, text: str) -> None:
        """Line up a sentence; `speech_id` must be new to this playout."""
        speech = _Speech(speech_id, text)
        self._speeches.append(speech)
        if self._current is None:
            self._current = speech

    def feed(self, speech_id: int, piece: SpokenPiece) -> bool:
        """Add the next sound of a sentence; return False if nobody will hear it (flushed and dropped): stop making it.

        A sentence that is held by a flush still grows, so that `resume` can go on to its end.

        Raises: PlayoutFull, and then nothing was added.
        """
        speech = self._find(speech_id)
        if speech is None or speech.is_ended:
            return False
        samples = len(piece.pcm) // SAMPLE_BYTES
        waiting = self.seconds_waiting
        if waiting + samples / self.format.rate > LONGEST_QUEUE_SECONDS:
            raise PlayoutFull(waiting)
        speech.marks.extend(piece.marks)
        speech.samples_fed += samples
        pcm = speech.rest + piece.pcm if speech.rest else piece.pcm
        size = self._frame_bytes
        whole = len(pcm) - len(pcm) % size
        speech.frames += [pcm[start : start + size] for start in range(0, whole, size)]
        speech.rest = pcm[whole:]
        return True

    def end(self, speech_id: int) -> None:
        """Say that a sentence has all its sound; harmless for one that is gone."""
        speech = self._find(speech_id)
        if speech is None or speech.is_ended:
            return
        speech.is_ended = True
        self._fill_last_frame(speech)
        if speech is self._current and speech.position == len(speech.frames):
            self._finish(speech)

    def next_frame(self) -> bytes:
        """Return the next 20 ms: of the sentence in turn, or `silence`."""
        speech = self._current
        if speech is None:
            return self.silence
        position = speech.position
        frames = speech.frames
        if position == len(frames):
            return self.silence
        position += 1
        speech.position = position
        if position == len(frames) and speech.is_ended:
            self._finish(speech)
        return frames[position - 1]

    def played_out(self) -> list[SpeechPlayed]:
        """Return the sentences that came to their end since the last call."""
        played = self._played_out
        self._played_out = []
        self.has_played_out = False
        return played

    def heard(self, speech_id: int) -> str:
        """Return the words of a sentence that the caller has heard so far."""
        finished = self._finished.get(speech_id)
        if finished is not None:
            return finished
        speech = self._find(speech_id)
        return "" if speech is None else self._text_heard(speech)

    def flush(self) -> Held:
        """Fall silent with the next frame; return what was heard and what was not.

        What an earlier flush held is dropped now.
        """
        speeches = tuple(self._speeches)
        heard = tuple(HeardSpeech(s.speech_id, self._text_heard(s), self._samples_played(s)) for s in speeches)
        for speech in speeches:
            self._go_back_to_word(speech)
        self._speeches.clear()
        self._current = None
        self._held = speeches
        return Held(heard, sum(map(self._samples_left, speeches)) / self.format.rate, speeches)

    def resume(self, held: Held) -> None:
        """Go on with the interrupted word, before anything begun meanwhile; harmless if `held` was dropped already."""
        if not held._speeches or held._speeches is not self._held:
            return
        self._speeches.extendleft(reversed(held._speeches))
        self._held = ()
        self._settle()

    def drop(self, held: Held) -> None:
        """Forget what a flush took out, for good; its sentences' `feed` returns False from now on."""
        if held._speeches is self._held:
            self._held = ()

    def _find(self, speech_id: int) -> _Speech | None:
        for speech in (*self._speeches, *self._held):
            if speech.speech_id == speech_id:
                return speech
        return None

    def _settle(self) -> None:
        """Make the first speech that still has something to come the current one."""
        self._current = self._speeches[0] if self._speeches else None
        current = self._current
        if current is not None and current.is_ended and current.position == len(current.frames):
            self._finish(current)

    def _finish(self, speech: _Speech) -> None:
        """Note that `speech`, the current one, was played to its end, and go on to the next."""
        self._speeches.popleft()
        self._finished[speech.speech_id] = speech.text
        if len(self._finished) > _FINISHED_KEPT:
            del self._finished[next(iter(self._finished))]
        self._played_out.append(SpeechPlayed(speech.speech_id, speech.text))
        self.has_played_out = True
        self._settle()

    def _fill_last_frame(self, speech: _Speech) -> None:
        if speech.rest:
            speech.frames.append(speech.rest + self.silence[len(speech.rest) :])
            speech.rest = b""

    def _samples_played(self, speech: _Speech) -> int:
        # The last frame may be filled up with silence that is none of the sentence's samples.
        return min(speech.first_sample + speech.position * self._frame_samples, speech.samples_fed)

    def _samples_left(self, speech: _Speech) -> int:
        return speech.samples_fed - self._samples_played(speech)

    def _go_back_to_word(self, speech: _Speech) -> None:
        """Cut the frames anew from the first sample of the word that was interrupted."""
        played = self._samples_played(speech)
        word = bisect_right(speech.marks, played, key=_sample_of) - 1
        # Without marks there is no word to go back to; the frame that would have come next is as good as any.
        start = speech.marks[word].sample if word >= 0 else played
        start = max(start, speech.first_sample)
        pcm = (b"".join(speech.frames) + speech.rest)[(start - speech.first_sample) * SAMPLE_BYTES :]
        pcm = pcm[: (speech.samples_fed - start) * SAMPLE_BYTES]
        size = self._frame_bytes
        whole = len(pcm) - len(pcm) % size
        speech.frames = [pcm[at : at + size] for at in range(0, whole, size)]
        speech.rest = pcm[whole:]
        speech.first_sample = start
        speech.position = 0
        if speech.is_ended:
            self._fill_last_frame(speech)

    def _text_heard(self, speech: _Speech) -> str:
        """Return the text up to the last word that was played to its end."""
        played = self._samples_played(speech)
        if speech.is_ended and played == speech.samples_fed:
            return speech.text
        if not speech.marks:
            return _whole_words(speech.text, self._share_played(speech, played))
        word = bisect_right(speech.marks, played, key=_sample_of) - 1
        # A word ends where the next one begins: what comes before the word in turn has been heard.
        return speech.text[: speech.marks[word].text_offset].rstrip() if word > 0 else ""

    def _share_played(self, speech: _Speech, played: int) -> float:
        if speech.is_ended:
            return played / speech.samples_fed if speech.samples_fed else 0.0
        return min(played / self.format.rate * _LETTERS_PER_SECOND / max(len(speech.text), 1), 1.0)


def _sample_of(mark: WordMark) -> int:
    return mark.sample


def _whole_words(text: str, share: float) -> str:
    """Return the words that lie wholly within the first `share` (0 to 1) of `text`."""
    cut = int(len(text) * share)
    if cut >= len(text):
        return text
    return text[: max(text.rfind(" ", 0, cut + 1), 0)].rstrip()

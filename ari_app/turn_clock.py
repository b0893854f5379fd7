"""Where the time goes between the caller's last sound and our first; only stamps and subtraction."""

from dataclasses import dataclass

from vocabulary.call import TurnLatency


@dataclass(slots=True)
class TurnClock:
    """The stamps of one turn, in seconds of one clock; a stage that did not happen keeps None."""

    ended_at: float
    """It became our move."""
    silence_seconds: float
    """Our chosen patience, counted in sound from the caller's last."""
    waited_for_words_seconds: float = 0.0
    """What came on top of it, because the words were missing."""
    asked_at: float | None = None
    """The mind was first asked."""
    sentence_at: float | None = None
    """The answer's first sentence was complete."""
    voiced_at: float | None = None
    """The mouth was asked for it."""
    sound_at: float | None = None
    """Its first sound reached the playout."""

    def latency(self, heard_at: float) -> TurnLatency:
        """Split the time until `heard_at`, when our first frame was sent."""
        silence = self.silence_seconds
        total = silence + self.waited_for_words_seconds + heard_at - self.ended_at
        llm = _between(self.asked_at, self.sentence_at)
        tts = _between(self.voiced_at, self.sound_at)
        own = total - silence - self.waited_for_words_seconds - llm - tts
        return TurnLatency(
            silence_ms=_ms(silence),
            stt_ms=_ms(self.waited_for_words_seconds),
            llm_ms=_ms(llm),
            tts_ms=_ms(tts),
            own_ms=_ms(own),
            total_ms=_ms(total),
        )


def _between(begin: float | None, end: float | None) -> float:
    return max(0.0, end - begin) if begin is not None and end is not None else 0.0


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)

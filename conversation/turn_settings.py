"""The few knobs of turn-taking; a setting here is a decision that callers of different kinds need differently."""

from dataclasses import dataclass

from vocabulary.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """How patient, how interruptible and how persistent we are.

    Raises: ConfigurationError, naming the field.
    """

    language: str = "es"
    """ISO 639-1: "es" or "en"; chooses the lists of backchannels, short answers and unfinished endings."""

    base_silence_seconds: float = 0.5
    """Silence that ends an ordinary turn, counted from the caller's last audible sound."""

    unfinished_silence_seconds: float = 1.4
    """Silence that ends a turn whose words are plainly unfinished, or in which something is being dictated."""

    provisional_pause_seconds: float = 0.14
    """After so long without voice a provisional transcript is asked for; 0: never (saves ears, costs latency)."""

    look_back_seconds: float = 0.3
    """Sound kept from before the first voiced frame, so that the first syllable is never cut."""

    max_turn_seconds: float = 30.0
    """A turn is ended here even if the caller goes on; what they say next is the next turn."""

    transcription_limit_seconds: float = 5.0
    """Words that have not come by then count as failed."""

    barge_in_voiced_seconds: float = 0.08
    """So much voice within `barge_in_window_seconds` stops us; the detector's own delay of about 0.05 s adds to it."""

    barge_in_window_seconds: float = 0.2
    """At most 0.5."""

    false_alarm_seconds: float = 1.0
    """Shorter sounds without understandable words are no barge-in: we go on speaking."""

    prompt_seconds: float = 6.0
    """Silence on the caller's move before we ask whether they are still there."""

    prompts: int = 2
    """How often we ask before we take the caller for gone."""

    stalled_seconds: float = 30.0
    """Our own thinking, or a reply without any sound, counts as over after this long: no engine may hang a call."""

    digits_timeout_seconds: float = 3.0
    """Keys pressed though nobody asked for an entry are taken as they are after this long without another."""

    echo_likeness: float = 0.37
    """Sound that resembles what we play by more than this (0 to 1, correlation) is our own echo."""

    def __post_init__(self) -> None:
        """Refuse combinations the machine cannot live with."""
        self._demand(self.language in ("es", "en"), "language", 'must be "es" or "en"')
        self._demand(self.base_silence_seconds >= 0.1, "base_silence_seconds", "must be at least 0.1")
        self._demand(
            self.unfinished_silence_seconds >= self.base_silence_seconds,
            "unfinished_silence_seconds",
            "must not be shorter than base_silence_seconds",
        )
        self._demand(
            0 <= self.provisional_pause_seconds < self.base_silence_seconds,
            "provisional_pause_seconds",
            "must be shorter than base_silence_seconds, or 0",
        )
        self._demand(0 <= self.look_back_seconds <= 2, "look_back_seconds", "must be between 0 and 2")
        self._demand(
            0 < self.barge_in_voiced_seconds <= self.barge_in_window_seconds <= 0.5,
            "barge_in_voiced_seconds",
            "must be above 0 and within barge_in_window_seconds, which is at most 0.5",
        )
        self._demand(0 < self.echo_likeness <= 1, "echo_likeness", "must be above 0 and at most 1")
        self._demand(self.prompts >= 0, "prompts", "must not be negative")
        for name in (
            "max_turn_seconds",
            "transcription_limit_seconds",
            "false_alarm_seconds",
            "prompt_seconds",
            "stalled_seconds",
            "digits_timeout_seconds",
        ):
            self._demand(getattr(self, name) > 0, name, "must be above 0")

    @staticmethod
    def _demand(is_right: bool, name: str, way_out: str) -> None:
        if not is_right:
            raise ConfigurationError(f"turns.{name} {way_out}")

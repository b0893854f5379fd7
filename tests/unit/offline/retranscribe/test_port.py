"""How an ear is told to listen, and under which name its result is kept."""

from dataclasses import fields, replace

import numpy as np
import pytest

from offline.retranscribe.port import (
    PREMIUM,
    STANDARD,
    Listening,
    ListeningSettings,
    Samples,
    UnusableSound,
    checked,
    result_key,
)
from vocabulary.speech import Word

OTHER = {
    "language": "en", "beam": 6, "temperatures": (0.0,), "compression_limit": 2.0, "likelihood_limit": -2.0,
    "silence_limit": 0.5, "longest_seconds": 20.0, "hints": ("Zetacom",),
}  # fmt: skip


class NamedEar:
    version = "ear-1"

    def transcribe(self, samples: Samples, rate: int, settings: ListeningSettings) -> Listening:
        raise NotImplementedError

    def close(self) -> None: ...


def test_every_setting_shows_in_the_digest() -> None:
    assert set(OTHER) == {field.name for field in fields(ListeningSettings)}
    digests = {replace(PREMIUM, **{name: value}).digest for name, value in OTHER.items()}  # type: ignore[arg-type]
    assert len(digests | {PREMIUM.digest}) == len(OTHER) + 1


def test_the_digest_is_the_same_everywhere() -> None:
    assert PREMIUM.digest == ListeningSettings().digest == "5cddf0d21c3d"
    assert PREMIUM.beam == 5
    assert PREMIUM.digest != STANDARD.digest


def test_a_result_is_named_after_sound_ear_and_settings() -> None:
    assert result_key("rec_7", NamedEar(), PREMIUM) == f"rec_7:ear-1:{PREMIUM.digest}"


@pytest.mark.parametrize(
    ("field", "value"),
    [("beam", 0), ("temperatures", ()), ("temperatures", (3.0,)), ("longest_seconds", 31), ("language", "español")],
)
def test_what_no_ear_can_follow_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=field):
        replace(PREMIUM, **{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("samples", "rate"),
    [(np.zeros((4, 2), np.int16), 8000), (np.zeros(4, np.float32), 8000), (np.zeros(4, np.int16), 44100)],
)
def test_sound_that_breaks_the_promise_is_refused(samples: Samples, rate: int) -> None:
    with pytest.raises(UnusableSound):
        checked(samples, rate)


def test_a_listening_is_a_transcript_too() -> None:
    words = (Word("hola", 1.0, 1.4, 0.9), Word("buenas", 1.5, 1.9, 0.7))
    heard = Listening(words, (), 3.0, "es", "ear-1", "x")
    assert heard.transcript.text == "hola buenas"
    assert heard.transcript.confidence == pytest.approx(0.8)
    assert not Listening((), (), 3.0, "es", "ear-1", "x").transcript.is_understood

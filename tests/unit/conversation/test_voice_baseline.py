"""A turn is only ever compared with the same caller's other turns of the same call."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation.sentiment import Mood, Prosody, sentiment_of
from conversation.voice_baseline import VoiceBaseline
from conversation.voice_measure import VoiceMeasure

CALM = VoiceMeasure(
    voiced_seconds=2.0,
    loudness_db=-25.0,
    loudness_spread_db=12.0,
    pitch_semitones=5.0,
    pitch_spread_semitones=2.0,
    syllables_per_second=5.0,
    pause_share=0.1,
    noise_db=-60.0,
    clipped_share=0.0,
)
UPSET = replace(CALM, loudness_db=-18.0, pitch_semitones=9.0, syllables_per_second=6.5)


def known(*turns: VoiceMeasure) -> VoiceBaseline:
    """Return what is usual after these turns."""
    usual = VoiceBaseline()
    for turn in turns:
        usual.take(turn)
    return usual


def agitation(usual: VoiceBaseline, turn: VoiceMeasure) -> float:
    found = usual.take(turn)
    assert found is not None
    return found.agitation * found.certainty


def test_the_first_turn_tells_nothing() -> None:
    assert VoiceBaseline().take(UPSET) is None


def test_the_same_voice_again_is_calm() -> None:
    assert agitation(known(CALM, CALM, CALM), CALM) == 0


def test_louder_higher_and_faster_is_agitated() -> None:
    assert agitation(known(CALM, CALM, CALM), UPSET) > 0.8


@pytest.mark.parametrize(
    "ordinary",
    [
        replace(CALM, loudness_db=-22.0, pitch_semitones=5.5),
        replace(CALM, pitch_semitones=7.0),
        replace(CALM, syllables_per_second=6.5),
        replace(CALM, loudness_db=-40.0, pitch_semitones=0.0, syllables_per_second=3.0),
    ],
    ids=["a little louder", "a little higher", "faster", "quieter, lower, slower"],
)
def test_what_people_vary_by_anyway_is_calm(ordinary: VoiceMeasure) -> None:
    assert agitation(known(CALM, CALM, CALM), ordinary) == 0


def test_a_telephone_moved_nearer_is_no_outburst() -> None:
    """Only the loudness rises, however much."""
    assert agitation(known(CALM, CALM, CALM), replace(CALM, loudness_db=-5.0)) < 0.6


def test_a_noisy_street_explains_a_raised_voice() -> None:
    assert agitation(known(CALM, CALM, CALM), replace(UPSET, noise_db=-40.0)) == 0


def test_a_bare_yes_tells_nothing_and_is_not_learned() -> None:
    usual = known(CALM)
    before = replace(usual)
    assert usual.take(replace(UPSET, voiced_seconds=0.1)) is None
    assert usual == before


@given(gain_db=st.floats(-20, 20), shift=st.floats(-5, 15))
def test_the_line_s_gain_and_the_speaker_s_own_pitch_cancel(gain_db: float, shift: float) -> None:
    def there(turn: VoiceMeasure) -> VoiceMeasure:
        return replace(
            turn,
            loudness_db=turn.loudness_db + gain_db,
            pitch_semitones=turn.pitch_semitones + shift,
            noise_db=turn.noise_db + gain_db,
        )

    here = agitation(known(CALM, CALM), UPSET)
    assert agitation(known(there(CALM), there(CALM)), there(UPSET)) == pytest.approx(here, abs=0.01)


AGITATED = Prosody(agitation=1.0)


def test_an_agitated_voice_makes_a_complaint_stronger() -> None:
    words = "no me funciona el internet"
    assert sentiment_of(words, prosody=AGITATED).score == pytest.approx(sentiment_of(words).score - 0.25)


def test_it_lifts_the_doubt_how_bad_a_mild_complaint_is() -> None:
    words = "hay un poco de retraso"
    assert sentiment_of(words).mood is Mood.NEUTRAL
    assert sentiment_of(words, prosody=AGITATED).mood is Mood.FRUSTRATED


@pytest.mark.parametrize("words", ["quiero saber mi saldo", "sí", "el lunes a las cinco", "muchísimas gracias", ""])
def test_without_a_complaint_it_changes_nothing(words: str) -> None:
    assert sentiment_of(words, prosody=AGITATED) == sentiment_of(words)


def test_an_uncertain_measurement_moves_less() -> None:
    words = "no me funciona el internet"
    assert sentiment_of(words, prosody=Prosody(certainty=0.0, agitation=1.0)) == sentiment_of(words)

"""What is done to one recording: estimate, listen again where it is worth it, correct, analyse. Reads the sound, writes
nothing, asks no clock: the same material and equipment give the same result, so a run that died can be done again."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, TypeVar

from engines.correction.words import words_of
from offline.analysis.analysis import ANALYSIS_VERSION, Analysis, analyse
from offline.analysis.call import CallToAnalyse, SpokenTurn, Stretch
from offline.analysis.second_opinion.analyst import analyse_with_opinion
from offline.analysis.voices import with_prosody
from offline.batch.equipment import Workshop, correction_version
from offline.batch.material import Material, SecondListening, Stage, StageFailed
from offline.batch.turns import Turn, heard_again, new_turns, turns_in
from offline.retranscribe.call import listen_again
from offline.retranscribe.recording import RecordedSound, UnreadableRecording, open_recording
from offline.retranscribe.spans import Span
from offline.wer_estimate.decision import is_better, needs_second_listening
from offline.wer_estimate.estimate import ESTIMATE_VERSION, WerEstimate, estimate_wer
from offline.wer_estimate.evidence import HeardSpeech
from storage.jobs.failure_text import failure_text
from vocabulary.call import Ending
from vocabulary.errors import CentralitaError
from vocabulary.speech import Speaker

BATCH_VERSION: Final = "1"
"""Raise it whenever what is done between the stages gives another result."""
SPANISH: Final = "es"
"""The estimate and the correction know no other language: calls in another are analysed as they were heard."""

Observe = Callable[[Stage], None]
"""Told of every stage before it begins."""
Result = TypeVar("Result")


class NothingToHear(CentralitaError):
    """There are neither words nor sound, though there was a call."""


class _Stopped(Exception):
    """Carries a failure out of the stages."""

    def __init__(self, stage: Stage, cause: BaseException) -> None:
        self.stage = stage
        self.cause = cause


@dataclass(frozen=True, slots=True)
class _Sound:
    """The recording, opened."""

    sides: RecordedSound
    speech: Mapping[Speaker, tuple[Span, ...]]


@dataclass(frozen=True, slots=True)
class _Heard:
    """The words after listening again or not."""

    turns: tuple[Turn, ...]
    estimate: WerEstimate | None
    ear: str = ""
    settings: str = ""


class Pipeline:
    """The stages, with the equipment of one thread."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    def stages(self) -> dict[str, str]:
        """Return the version of each stage. Raises: EarUnavailable."""
        equipment = self._workshop.equipment
        asked = equipment.second_opinion
        return {
            "batch": BATCH_VERSION,
            Stage.ESTIMATE.value: f"{ESTIMATE_VERSION}.{equipment.threshold:g}",
            Stage.RETRANSCRIBE.value: f"{self._workshop.ear.version}.{equipment.listening.digest}",
            Stage.CORRECT.value: correction_version(),
            Stage.ANALYSE.value: ANALYSIS_VERSION if asked is None else f"{ANALYSIS_VERSION}+{asked.model}",
        }

    @property
    def version(self) -> str:
        """Short name of all that: the same recording has one result for each. Raises: EarUnavailable."""
        return version_of(self.stages())

    def run(self, material: Material, observe: Observe = lambda stage: None) -> SecondListening | StageFailed:
        """Do all stages; blocks for as long as it takes to listen."""
        try:
            return self._run(material, observe)
        except _Stopped as stopped:
            cause = stopped.cause
            is_retryable = isinstance(cause, CentralitaError) and cause.retryable
            return StageFailed(material.metadata.recording_id, stopped.stage, failure_text(cause), is_retryable)

    def _run(self, material: Material, observe: Observe) -> SecondListening:
        metadata = material.metadata
        agent = self._workshop.equipment.agents.get(metadata.agent)
        language = metadata.language or (agent.language if agent is not None else SPANISH)

        told: list[Stage] = []

        def stage(which: Stage, work: Callable[[], Result]) -> Result:
            if which not in told:
                told.append(which)
                observe(which)
            try:
                return work()
            except Exception as exc:  # whatever is wrong with one recording must not end the others
                raise _Stopped(which, exc) from exc

        stages = stage(Stage.ESTIMATE, self.stages)
        sound, problems = stage(Stage.ESTIMATE, lambda: self._sound(material))
        first = stage(Stage.ESTIMATE, lambda: _first_turns(material))
        estimate = stage(Stage.ESTIMATE, lambda: _first_estimate(first, sound, language))
        heard = stage(Stage.RETRANSCRIBE, lambda: self._heard(material, first, estimate, sound, language))
        tools = stage(Stage.CORRECT, lambda: self._workshop.tools(metadata.agent))
        turns = stage(Stage.CORRECT, lambda: self._corrected(heard.turns, metadata.agent, language))
        analysis = stage(Stage.ANALYSE, lambda: self._analysis(material, turns, sound, language))
        return SecondListening(
            recording_id=metadata.recording_id,
            pipeline_version=version_of(stages),
            stages=stages,
            turns=turns,
            sentiments=_sentiments(analysis),
            analysis=_kept(analysis),
            first_wer=_rounded(estimate),
            estimated_wer=_rounded(heard.estimate),
            suspicions=estimate.suspicions if estimate is not None else (),
            ear=heard.ear,
            settings=heard.settings,
            bank=tools.fingerprint,
            problems=(*material.problems, *problems, *_unanswered(analysis)),
        )

    def _sound(self, material: Material) -> tuple[_Sound | None, tuple[str, ...]]:
        """Open the sound; one that is broken is a problem to tell, as long as there are words."""
        if material.sound is None:
            return None, ()
        try:
            sides = open_recording(material.sound)
        except UnreadableRecording as exc:
            if material.transcript is None:
                raise
            return None, (f"sound: {exc}",)
        finder = self._workshop.finder
        speech = {side: finder.spans(samples, sides.rate) for side, samples in sides.sides.items()}
        return _Sound(sides, MappingProxyType(speech)), ()

    def _heard(
        self,
        material: Material,
        first: tuple[Turn, ...],
        estimate: WerEstimate | None,
        sound: _Sound | None,
        language: str,
    ) -> _Heard:
        has_words = material.transcript is not None
        is_doubtful = estimate is not None and needs_second_listening(estimate, self._workshop.equipment.threshold)
        if sound is None or not self._workshop.hears(language) or (has_words and not is_doubtful):
            if sound is None and not has_words and material.metadata.audio is not None:
                raise NothingToHear("there are neither words nor sound: both files are missing")
            return _Heard(first, estimate)
        agent = self._workshop.equipment.agents.get(material.metadata.agent)
        hints = agent.hints if agent is not None else ()
        settings = replace(self._workshop.equipment.listening, language=language, hints=hints)
        sides = (Speaker.CALLER,) if has_words else (Speaker.CALLER, Speaker.AGENT)
        listening = listen_again(sound.sides, self._workshop.ear, settings, sides)
        ear = self._workshop.ear.version
        if not has_words:
            estimated = listening.estimate if language == SPANISH else None
            return _Heard(new_turns(listening.turns), estimated, ear, settings.digest)
        second, words = listening.estimates[Speaker.CALLER], listening.sides[Speaker.CALLER].words
        # An ear that hears nothing corrects nobody: the sound may be what is missing.
        if not words or (estimate is not None and not is_better(second, estimate)):
            return _Heard(first, estimate)
        audio = material.metadata.audio
        has_gaps = audio is not None and audio.seconds_lost > 0
        turns = heard_again(first, words, sound.speech.get(Speaker.CALLER, ()), drops_silent=not has_gaps)
        return _Heard(turns, second, ear, settings.digest)

    def _corrected(self, turns: tuple[Turn, ...], agent: str, language: str) -> tuple[Turn, ...]:
        if language != SPANISH:
            return turns
        proofreader = self._workshop.tools(agent).proofreader
        corrected = []
        for turn in turns:
            if not turn.is_spoken_by_caller or not words_of(turn.heard):
                corrected.append(turn)
                continue
            correction = proofreader.correct(turn.heard, [word.confidence for word in turn.words])
            corrected.append(replace(turn, text=correction.text, replacements=correction.replacements))
        return tuple(corrected)

    def _analysis(self, material: Material, turns: tuple[Turn, ...], sound: _Sound | None, language: str) -> Analysis:
        metadata, equipment = material.metadata, self._workshop.equipment
        voices = sound.speech.items() if sound is not None else ()
        started = equipment.started(metadata.started_at)
        call = CallToAnalyse(
            call_id=metadata.conversation_id,
            started=started,
            turns=_with_voices(tuple(_spoken(turn) for turn in turns), sound),
            language=language,
            country=equipment.country_of(metadata.did),
            duration_seconds=_duration(material, sound),
            ending=_ending(metadata.metrics.outcome),
            voices=tuple(
                Stretch(speaker, span.begin_seconds, span.end_seconds) for speaker, spans in voices for span in spans
            ),
            vocabulary=self._workshop.tools(metadata.agent).vocabulary,
        )
        asked = equipment.second_opinion
        return analyse(call, now=started) if asked is None else analyse_with_opinion(asked, call, now=started)


def version_of(stages: Mapping[str, str]) -> str:
    """Return a short name for stages of these versions."""
    text = json.dumps(stages, sort_keys=True)
    return f"offline-{BATCH_VERSION}.{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _first_turns(material: Material) -> tuple[Turn, ...]:
    return turns_in(material.transcript) if material.transcript is not None else ()


def _first_estimate(first: tuple[Turn, ...], sound: _Sound | None, language: str) -> WerEstimate | None:
    """Return how wrong the caller's words probably are; None in a language the estimate does not know.

    Without sound the turns themselves must stand for the voice.
    """
    if language != SPANISH:
        return None
    spoken = sorted((turn for turn in first if turn.is_spoken_by_caller), key=lambda turn: turn.span.begin_seconds)
    speech = sound.speech.get(Speaker.CALLER, ()) if sound is not None else tuple(turn.span for turn in spoken)
    words = tuple(word for turn in spoken for word in turn.heard_words(speech))
    return estimate_wer(HeardSpeech(words, speech))


def _spoken(turn: Turn) -> SpokenTurn:
    return SpokenTurn(
        speaker=turn.speaker,
        text=turn.text,
        begin_seconds=turn.begin_seconds,
        end_seconds=turn.end_seconds,
        words=turn.words,
        confidence=turn.confidence,
        was_interrupted=turn.was_interrupted,
    )


def _with_voices(turns: tuple[SpokenTurn, ...], sound: _Sound | None) -> tuple[SpokenTurn, ...]:
    caller = sound.sides.sides.get(Speaker.CALLER) if sound is not None else None
    return turns if sound is None or caller is None else with_prosody(turns, caller, sound.sides.rate)


def _duration(material: Material, sound: _Sound | None) -> float | None:
    if sound is not None:
        return sound.sides.seconds
    audio = material.metadata.audio
    seconds = audio.duration_seconds if audio is not None else material.metadata.metrics.duration_seconds
    return seconds or None


def _ending(outcome: str) -> Ending | None:
    try:
        return Ending(outcome)
    except ValueError:
        return None  # a caller who was refused, or a word of a later program


def _sentiments(analysis: Analysis) -> dict[int, dict[str, Any]]:
    return {
        one.turn: {"sentiment": one.label, "score": one.score, "level": one.level} for one in analysis.sentiment_turns
    }


def _unanswered(analysis: Analysis) -> tuple[str, ...]:
    """Tell of a model that gave no opinion; the recording is done all the same."""
    opinion = analysis.second_opinion
    return (f"second opinion: {opinion.reason}",) if opinion is not None and opinion.status == "failed" else ()


def _kept(analysis: Analysis) -> dict[str, Any]:
    """Return what the metadata holds: its own fields, and the parts and reasons behind them."""
    told = analysis.metadata()
    whole = analysis.to_json()
    more = {name: value for name, value in whole.items() if name not in told and name not in _ELSEWHERE}
    return told | more


_ELSEWHERE: Final = frozenset({"conversation_id", "analysed_at", "language", "total_turns", "sentiment_turns"})
"""Fields of an analysis that other parts of the metadata or the transcript hold."""


def _rounded(estimate: WerEstimate | None) -> float | None:
    return None if estimate is None else round(estimate.wer, 4)

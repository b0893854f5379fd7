"""Whisper as the second ear: CTranslate2 through faster-whisper, told by our own voice detection where to listen.

What differs from `faster_whisper.transcribe` on the whole file: only stretches with a voice are heard, packed without
the silence between them into windows of up to 30 s; several windows are computed in one go; a window is no longer than
what is in it needs (encoding 10 s costs an eighth of 30 s), unless the text repeats itself, which short windows can
cause: then the full window is tried first, and after it the temperatures. No window is told what the one before said,
because that is how a loop spreads through a call.

Needs the extra `whisper` and a converted model on disk; nothing is ever downloaded from here.
"""

import hashlib
import importlib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Final

import numpy as np
import soxr

from offline.retranscribe.port import EarUnavailable, Listening, ListeningSettings, Samples, checked
from offline.retranscribe.sound import chunk_of, cut_to
from offline.retranscribe.spans import Chunk, joined, packed
from offline.retranscribe.voices import VoiceFinder
from offline.retranscribe.whisper_library import Encoded, Floats, Generated, Tokenizer, WhisperModel, WhisperWord
from vocabulary.speech import Word

EAR_VERSION: Final = "whisper-1.0"
"""Raise it whenever the same sound might give other words."""

RATE: Final = 16000
_FRAMES_A_SECOND: Final = 100
_WINDOWS_SECONDS: Final = (10, 20, 30)
_FULL_SECONDS: Final = 30
_SILENT_END_SECONDS: Final = 2.56
"""Silence a short window keeps behind the sound; with less, Whisper is known to fall into loops."""
_JOIN_SECONDS: Final = 0.3
"""Pauses up to this long are heard: cutting them out would make words of two sentences touch."""
_FILES: Final = ("model.bin", "config.json", "tokenizer.json")
_OPENING, _CLOSING = "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、"
_FINGERPRINT_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class _Heard:
    """What one window gave."""

    tokens: list[int]
    likelihood: float
    """Mean log probability of a token."""
    compression: float
    silence: float
    """Probability that nobody speaks."""


class WhisperSecondEar:
    """A `SecondEar` over a Whisper model in CTranslate2's format."""

    def __init__(
        self,
        model: Path,
        *,
        finder: VoiceFinder | None = None,
        device: str = "cpu",
        compute_type: str = "int8",
        threads: int = 1,
        windows_at_once: int = 4,
        short_windows: bool = True,
    ) -> None:
        """Load the model in folder `model` (seconds for large ones).

        `threads` processor threads compute one batch of `windows_at_once` windows; `short_windows` off always hears
        full 30 s, as Whisper was trained.

        Raises: EarUnavailable when the extra or a file is missing, or the model cannot be loaded.
        """
        missing = [name for name in _FILES if not (model / name).is_file()]
        if missing:
            raise EarUnavailable(
                f"{model} lacks {', '.join(missing)}: give the folder of a Whisper model converted for CTranslate2"
            )
        self._library = _library()
        try:
            self._model: WhisperModel = self._library.WhisperModel(
                str(model), device=device, compute_type=compute_type, cpu_threads=threads, local_files_only=True
            )
        except (RuntimeError, ValueError, OSError) as exc:
            raise EarUnavailable(f"the Whisper model in {model} cannot be loaded: {exc}") from exc
        self._finder = finder or VoiceFinder()
        self._at_once = windows_at_once
        self._windows = _WINDOWS_SECONDS if short_windows else (_FULL_SECONDS,)
        self._version = (
            f"{EAR_VERSION}-{_fingerprint(model)}-{compute_type}-{'short' if short_windows else 'full'}"
            f"-{self._finder.version}"
        )
        self.windows_heard = 0
        """Windows decoded, retries included: for measurements."""
        self.tokens_heard = 0
        """Tokens in accepted texts: for measurements."""

    @property
    def version(self) -> str:
        """As `SecondEar.version`."""
        return self._version

    def transcribe(self, samples: Samples, rate: int, settings: ListeningSettings) -> Listening:
        """As `SecondEar.transcribe`; times are the alignment's, confidences the mean probability of a word's tokens.

        Raises: UnusableSound; EarUnavailable for a language the model does not know.
        """
        checked(samples, rate)
        tokenizer = self._tokenizer(settings.language)
        speech = self._finder.spans(samples, rate)
        spans = cut_to(joined(speech, _JOIN_SECONDS), settings.longest_seconds, samples, rate)
        words: list[Word] = []
        for chunks in _batches(packed(spans, settings.longest_seconds), self._at_once):
            words += self._words(chunks, samples, rate, settings, tokenizer)
        return Listening(tuple(words), speech, len(samples) / rate, settings.language, self.version, settings.digest)

    def close(self) -> None:
        """Give back the model's memory."""
        self._model.model.unload_model()

    def _tokenizer(self, language: str) -> Tokenizer:
        model = self._model
        try:
            made: Tokenizer = importlib.import_module("faster_whisper.tokenizer").Tokenizer(
                model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language
            )
        except ValueError as exc:
            raise EarUnavailable(f"this Whisper model does not know the language {language!r}") from exc
        return made

    def _words(
        self, chunks: Sequence[Chunk], samples: Samples, rate: int, settings: ListeningSettings, tokenizer: Tokenizer
    ) -> Iterator[Word]:
        """Yield the words of chunks that are computed together."""
        sounds = [_wide(chunk_of(samples, rate, chunk), rate) for chunk in chunks]
        window = self._window(max(len(sound) for sound in sounds) / RATE)
        encoded = self._encode(sounds, window)
        first = settings.temperatures[0]
        heard = self._generate(encoded, len(chunks), first, settings, tokenizer)
        for row, (chunk, sound, one) in enumerate(zip(chunks, sounds, heard, strict=True)):
            own = self._rows(encoded, row)
            if _is_doubtful(one, settings):
                one, own = self._again(sound, window, one, own, settings, tokenizer)
            if one.tokens and not _is_silence(one, settings):
                self.tokens_heard += len(one.tokens)
                yield from self._placed(one.tokens, own, len(sound), chunk, tokenizer)

    def _again(
        self, sound: Floats, window: int, first: _Heard, own: Encoded, settings: ListeningSettings, tokenizer: Tokenizer
    ) -> tuple[_Heard, Encoded]:
        """Return the first text that is not doubtful: in the full window, then at each higher temperature."""
        temperatures = settings.temperatures if window < _FULL_SECONDS else settings.temperatures[1:]
        tried = [(first, own)]
        full = self._encode([sound], _FULL_SECONDS) if temperatures and window < _FULL_SECONDS else own
        for temperature in temperatures:
            (one,) = self._generate(full, 1, temperature, settings, tokenizer)
            if not _is_doubtful(one, settings):
                return one, full
            tried.append((one, full))
        return max(tried, key=lambda pair: (pair[0].compression <= settings.compression_limit, pair[0].likelihood))

    def _window(self, seconds: float) -> int:
        needed = seconds + _SILENT_END_SECONDS
        return next((one for one in self._windows if one >= needed), _FULL_SECONDS)

    def _encode(self, sounds: Sequence[Floats], window: int) -> Encoded:
        extractor = self._model.feature_extractor
        features = [
            extractor(np.pad(sound, (0, max(0, window * RATE - len(sound)))), padding=0)[:, : window * _FRAMES_A_SECOND]
            for sound in sounds
        ]
        storage = importlib.import_module("ctranslate2").StorageView
        return self._model.model.encode(storage.from_array(np.ascontiguousarray(np.stack(features), np.float32)))

    def _rows(self, encoded: Encoded, row: int) -> Encoded:
        """Return one window of several that were encoded together."""
        if encoded.shape[0] == 1:
            return encoded
        library = importlib.import_module("ctranslate2")
        on_processor = encoded.to_device(library.Device.cpu) if encoded.device != "cpu" else encoded
        view: Encoded = library.StorageView.from_array(np.ascontiguousarray(np.asarray(on_processor)[row : row + 1]))
        return view

    def _generate(
        self, encoded: Encoded, rows: int, temperature: float, settings: ListeningSettings, tokenizer: Tokenizer
    ) -> list[_Heard]:
        """Return what the decoder makes of each encoded window."""
        prompt = self._model.get_prompt(
            tokenizer, [], without_timestamps=True, hotwords=" ".join(settings.hints) or None
        )
        beam = settings.beam if temperature == 0 else 1
        results = self._model.model.generate(
            encoded,
            [prompt] * rows,
            beam_size=beam,
            num_hypotheses=1 if temperature == 0 else settings.beam,
            sampling_topk=1 if temperature == 0 else 0,
            sampling_temperature=temperature or 1.0,
            max_length=self._model.max_length,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=list(self._library.transcribe.get_suppressed_tokens(tokenizer, [-1])),
        )
        self.windows_heard += rows
        return [_judged(result, tokenizer) for result in results]

    def _placed(
        self, tokens: list[int], own: Encoded, samples: int, chunk: Chunk, tokenizer: Tokenizer
    ) -> Iterator[Word]:
        """Yield words with the times of the recording."""
        text = [token for token in tokens if token < tokenizer.eot]
        frames = min(own.shape[1] * 2, -(-samples * _FRAMES_A_SECOND // RATE))
        (aligned,) = self._model.find_alignment(tokenizer, [text], own, frames) or [[]]
        self._library.transcribe.merge_punctuations(aligned, _OPENING, _CLOSING)
        for word in aligned:
            said = _word(word, chunk)
            if said is not None:
                yield said


def _word(word: WhisperWord, chunk: Chunk) -> Word | None:
    """Return a word in the recording's time; None for what became part of its neighbour."""
    text = word["word"].strip()
    if not text:
        return None
    begin, end = chunk.when(float(word["start"])), chunk.when(float(word["end"]))
    return Word(text, begin, max(begin, end), min(1.0, max(0.0, float(word["probability"]))))


def _judged(result: Generated, tokenizer: Tokenizer) -> _Heard:
    tokens = list(result.sequences_ids[0])
    text = tokenizer.decode(tokens).strip().encode("utf-8")
    likelihood = float(result.scores[0]) * len(tokens) / (len(tokens) + 1)
    compression = len(text) / len(zlib.compress(text)) if text else 0.0
    return _Heard(tokens, likelihood, compression, float(result.no_speech_prob))


def _is_silence(heard: _Heard, settings: ListeningSettings) -> bool:
    return heard.silence > settings.silence_limit and heard.likelihood < settings.likelihood_limit


def _is_doubtful(heard: _Heard, settings: ListeningSettings) -> bool:
    """Say whether to try again: the text repeats itself or is unlikely, and it is not simply silence."""
    if _is_silence(heard, settings):
        return False
    return heard.compression > settings.compression_limit or heard.likelihood < settings.likelihood_limit


def _wide(sound: Floats, rate: int) -> Floats:
    return sound if rate == RATE else soxr.resample(sound, rate, RATE).astype(np.float32)


def _batches(chunks: Sequence[Chunk], size: int) -> Iterator[tuple[Chunk, ...]]:
    left = iter(chunks)
    while batch := tuple(islice(left, size)):
        yield batch


def _library() -> ModuleType:
    try:
        library = importlib.import_module("faster_whisper")
        importlib.import_module("faster_whisper.transcribe")
    except ImportError as exc:
        raise EarUnavailable(
            "faster-whisper is not installed: pip install 'centralita[whisper]', or use the ear `tiny`"
        ) from exc
    return library


def _fingerprint(model: Path) -> str:
    """Return eight digits of the model: its configuration, its length, its first and last MiB (large ones have GiB)."""
    weights = model / "model.bin"
    digest = hashlib.sha256((model / "config.json").read_bytes() + (model / "tokenizer.json").read_bytes())
    size = weights.stat().st_size
    digest.update(str(size).encode())
    with weights.open("rb") as file:
        digest.update(file.read(_FINGERPRINT_BYTES))
        file.seek(max(0, size - _FINGERPRINT_BYTES))
        digest.update(file.read())
    return digest.hexdigest()[:8]

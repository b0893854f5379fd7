"""What we use of faster-whisper and ctranslate2, neither of which says its types."""

from collections.abc import Sequence
from typing import Protocol, TypedDict

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class WhisperWord(TypedDict):
    """A word of an alignment."""

    word: str
    """With the space before it; empty when it became part of its neighbour."""
    start: float
    """Seconds from the window's beginning."""
    end: float
    probability: float


class Encoded(Protocol):
    """`ctranslate2.StorageView`: windows after the encoder, (windows, positions of 20 ms, width)."""

    shape: list[int]
    device: str

    def to_device(self, device: object) -> "Encoded": ...


class Generated(Protocol):
    """`ctranslate2.models.WhisperGenerationResult`."""

    sequences_ids: list[list[int]]
    scores: list[float]
    """Mean log probability of a token, the end not counted."""
    no_speech_prob: float


class Engine(Protocol):
    """`ctranslate2.models.Whisper`."""

    is_multilingual: bool

    def encode(self, features: object) -> Encoded: ...

    def generate(
        self,
        features: Encoded,
        prompts: Sequence[Sequence[int]],
        *,
        beam_size: int,
        num_hypotheses: int,
        sampling_topk: int,
        sampling_temperature: float,
        max_length: int,
        return_scores: bool,
        return_no_speech_prob: bool,
        suppress_blank: bool,
        suppress_tokens: Sequence[int],
    ) -> list[Generated]: ...

    def unload_model(self) -> None: ...


class Tokenizer(Protocol):
    """`faster_whisper.tokenizer.Tokenizer`."""

    eot: int

    def decode(self, tokens: list[int]) -> str: ...


class Extractor(Protocol):
    """`faster_whisper.feature_extractor.FeatureExtractor`."""

    def __call__(self, waveform: Floats, padding: int) -> Floats:
        """Return (bands, frames of 10 ms)."""
        ...


class WhisperModel(Protocol):
    """`faster_whisper.WhisperModel`."""

    model: Engine
    hf_tokenizer: object
    feature_extractor: Extractor
    max_length: int

    def get_prompt(
        self, tokenizer: Tokenizer, previous_tokens: list[int], without_timestamps: bool, hotwords: str | None
    ) -> list[int]: ...

    def find_alignment(
        self, tokenizer: Tokenizer, text_tokens: list[list[int]], encoder_output: Encoded, num_frames: int
    ) -> list[list[WhisperWord]]: ...

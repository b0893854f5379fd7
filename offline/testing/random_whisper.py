"""A Whisper model of random weights, written to disk without a download: as fast as a real one, but it talks nonsense.

It has the shape of a multilingual model (51,865 tokens, 80 mel bands, 30 s windows), a tokenizer whose every token is
one invented word, and stops after about `words_a_window` of them: a purely random model would go on to its limit and
fall into Whisper's fallback every time, so that nothing measured with it would mean anything.

    python -m offline.testing.random_whisper FOLDER [--size nano|tiny|base|small] [--words 40]
"""

import argparse
import importlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from offline.retranscribe.port import EarUnavailable

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Size:
    """A model's shape; encoder and decoder have the same."""

    layers: int
    width: int
    heads: int


SIZES: Final = {
    "nano": Size(1, 64, 1),
    "tiny": Size(4, 384, 6),
    "base": Size(6, 512, 8),
    "small": Size(12, 768, 12),
}

_TEXT_TOKENS: Final = 50257
_LANGUAGES: Final = tuple(
    """
    en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la mi ml
    cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd gu am
    yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln ha ba jw su
    """.split()  # noqa: SIM905 -- a hundred quotation marks tell nobody more
)
"""In the order of a multilingual model's tokens."""
_TASKS: Final = ("<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>")
_STAMPS: Final = 1501
_BANDS: Final = 80
_AUDIO_POSITIONS: Final = 1500
_TEXT_POSITIONS: Final = 448
_END: Final = "<|endoftext|>"
_STRIDE: Final = 8
"""Of all words only every eighth: or else nearly all would begin alike, and zlib would take that for repetition."""
_PEAKED: Final = 4.0
"""Spread of the word weights: at 1 every word is about as likely, and the mean log probability calls for a fallback."""


def invented_words(count: int) -> list[str]:
    """Return `count` different words of two to four syllables, always the same."""
    syllables = [onset + vowel for onset in (*"bcdfglmnprst", "v", "ch", "ll") for vowel in "aeiou"]
    words = ("".join(parts) for length in (2, 3, 4) for parts in product(syllables, repeat=length))
    return list(islice(words, 0, count * _STRIDE, _STRIDE))


def byte_letters() -> list[str]:
    """Return the printable letter that stands for each byte, 0 to 255, in a byte-level vocabulary."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    stand_ins = iter(range(0x100, 0x200))
    return [chr(byte) if byte in printable else chr(next(stand_ins)) for byte in range(256)]


def vocabulary() -> list[str]:
    """Return every token in order: bytes, invented words with a space before them, then Whisper's own marks."""
    letters = byte_letters()
    # The empty token is what tells CTranslate2 a multilingual vocabulary from an English one.
    words = [*(letters[0x20] + word for word in invented_words(_TEXT_TOKENS - len(letters) - 1)), ""]
    marks = [_END, "<|startoftranscript|>", *(f"<|{code}|>" for code in _LANGUAGES), *_TASKS, "<|notimestamps|>"]
    return [*letters, *words, *marks, *(f"<|{stamp * 0.02:.2f}|>" for stamp in range(_STAMPS))]


def make_random_whisper(folder: Path, *, size: str = "nano", words_a_window: int = 40, seed: int = 0) -> Path:
    """Write the model into `folder` and return it; the same arguments give the same model.

    `words_a_window` (1 to 440) is how many words it says about each window, whatever it hears.

    Raises: EarUnavailable without ctranslate2; ValueError for a size or number there is not.
    """
    if size not in SIZES:
        raise ValueError(f"size must be one of {', '.join(SIZES)}, not {size!r}")
    if not 1 <= words_a_window <= 440:
        raise ValueError("words_a_window must be from 1 to 440")
    specs, tokenizers = _module("ctranslate2.specs.whisper_spec"), _module("tokenizers")
    folder.mkdir(parents=True, exist_ok=True)
    tokens = vocabulary()
    shape = SIZES[size]
    spec = specs.WhisperSpec(shape.layers, shape.heads, shape.layers, shape.heads)
    _Dice(seed, shape.width).fill(spec, tokens, words_a_window)
    spec.register_vocabulary(tokens)
    first_language = tokens.index(f"<|{_LANGUAGES[0]}|>")
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [tokens.index(_END)]
    spec.config.lang_ids = list(range(first_language, first_language + len(_LANGUAGES)))
    spec.config.alignment_heads = [[shape.layers - 1, 0]]
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(folder))
    _save_tokenizer(tokenizers, tokens, folder / "tokenizer.json")
    listening = {"feature_size": _BANDS, "sampling_rate": 16000, "hop_length": 160, "chunk_length": 30, "n_fft": 400}
    (folder / "preprocessor_config.json").write_text(json.dumps(listening), "utf-8")
    return folder


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as exc:
        raise EarUnavailable(f"{name} is not installed: install the extra `whisper`") from exc


def _save_tokenizer(tokenizers: ModuleType, tokens: Sequence[str], path: Path) -> None:
    known = {token: place for place, token in enumerate(tokens[:_TEXT_TOKENS])}
    made = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=known, merges=[]))
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    made.add_special_tokens(
        [tokenizers.AddedToken(mark, special=True, normalized=False) for mark in tokens[_TEXT_TOKENS:]]
    )
    made.save(str(path))


class _Dice:
    """Fills a specification. `Any` because its attributes exist only at run time."""

    def __init__(self, seed: int, width: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._width = width

    def fill(self, spec: Any, tokens: Sequence[str], words_a_window: int) -> None:
        width = self._width
        encoder, decoder = spec.encoder, spec.decoder
        encoder.conv1.weight, encoder.conv1.bias = self._cast(width, _BANDS, 3, fan_in=_BANDS * 3), self._zeros()
        encoder.conv2.weight, encoder.conv2.bias = self._cast(width, width, 3, fan_in=width * 3), self._zeros()
        encoder.position_encodings.encodings = self._cast(_AUDIO_POSITIONS, width, fan_in=width)
        self._norm(encoder.layer_norm)
        for layer in encoder.layer:
            self._attend(layer.self_attention, (3, 1))
            self._feed(layer.ffn)
        for layer in decoder.layer:
            self._attend(layer.self_attention, (3, 1))
            self._attend(layer.attention, (1, 2, 1))
            layer.attention.linear[1].weight *= 3  # what is heard counts, not only what was said before
            self._feed(layer.ffn)
        self._norm(decoder.layer_norm)
        self._fill_words(decoder, tokens, words_a_window)

    def _fill_words(self, decoder: Any, tokens: Sequence[str], words_a_window: int) -> None:
        """Let one direction of the hidden state count the words: it grows with the position and means "the end"."""
        width = self._width
        counting = self._cast(width, fan_in=width).astype(np.float64)
        counting /= np.linalg.norm(counting)
        decoder.embeddings.weight = self._cast(len(tokens), width, fan_in=width)
        said = np.arange(_TEXT_POSITIONS) - 3.0  # three tokens of a prompt come first
        count = np.clip(0.5 + (said - words_a_window) / 8, -0.3, 6.0)
        positions = 0.3 * self._cast(_TEXT_POSITIONS, width, fan_in=width)
        decoder.position_encodings.encodings = (positions + np.outer(count, counting)).astype(np.float32)
        rows = (self._rng.standard_normal((len(tokens), width)) * _PEAKED).astype(np.float32)
        rows -= np.outer(rows @ counting, counting).astype(np.float32)
        rows[:256] = 0  # lone bytes are no words
        rows[_TEXT_TOKENS - 1 :] = 0  # nor are the empty token and the marks
        rows[tokens.index(_END)] = counting * _PEAKED * 12
        decoder.projection.weight = rows

    def _attend(self, attention: Any, parts: Sequence[int]) -> None:
        self._norm(attention.layer_norm)
        for linear, times in zip(attention.linear, parts, strict=True):
            self._linear(linear, times * self._width, self._width)

    def _feed(self, ffn: Any) -> None:
        self._norm(ffn.layer_norm)
        self._linear(ffn.linear_0, 4 * self._width, self._width)
        self._linear(ffn.linear_1, self._width, 4 * self._width)

    def _linear(self, linear: Any, outputs: int, inputs: int) -> None:
        linear.weight = self._cast(outputs, inputs, fan_in=inputs * 8)
        linear.bias = np.zeros(outputs, np.float32)

    def _norm(self, norm: Any) -> None:
        norm.gamma, norm.beta = np.ones(self._width, np.float32), self._zeros()

    def _zeros(self) -> Floats:
        return np.zeros(self._width, np.float32)

    def _cast(self, *shape: int, fan_in: int) -> Floats:
        return np.asarray(self._rng.standard_normal(shape) / np.sqrt(fan_in), np.float32)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, make a model, say where."""
    parser = argparse.ArgumentParser(description="Write a Whisper model of random weights, for tests only.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", choices=tuple(SIZES), default="nano")
    parser.add_argument("--words", type=int, default=40, help="it says about each 30 s window")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    made = make_random_whisper(chosen.folder, size=chosen.size, words_a_window=chosen.words, seed=chosen.seed)
    sys.stdout.write(f"{made}: {sum(file.stat().st_size for file in made.iterdir()) / 2**20:.1f} MiB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

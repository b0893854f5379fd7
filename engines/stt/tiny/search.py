"""From phone probabilities to words: token passing over a lexicon and its word pairs (Young et al. 1989), in numpy.

Every pronunciation is a chain of states "phone, silence, phone, silence, …"; one step of all chains is a handful of
array operations. What the winning words sounded like, phone by phone, is found afterwards by `alignment`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engines.stt.tiny.language import Language
from engines.stt.tiny.network import LogProbabilities
from engines.stt.tiny.phones import BLANK, GARBAGE, indices, pronunciations

_IMPOSSIBLE: Final = np.float32(-1e9)
_EXITS: Final = 24
"""Word ends followed up in each frame; the others are far behind."""


@dataclass(frozen=True, slots=True)
class SearchWeights:
    """How much the language counts against the ear; tuned on the calibration voices."""

    language: float = 0.8
    word: float = 0.5
    """Added for every word: above zero makes more, shorter words."""
    silence: float = 2.0
    """Taken from the log probability of silence: a network trained by CTC leaves sounds out more often than it adds
    any."""
    garbage: float = -4.0
    """Added for every piece of foreign speech, which has no language model."""


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word of the winning path, as pronounced."""

    text: str
    """"" for a piece of foreign speech."""
    labels: tuple[int, ...]
    """Output indices of its phones."""
    language: float
    """Log probability after the word before it; 0 for foreign speech."""


class Search:
    """The compiled lexicon; reading only after it is built, so one object serves every thread."""

    def __init__(self, language: Language, weights: SearchWeights | None = None) -> None:
        """Compile the language's words; takes milliseconds, so keep the result."""
        weights = weights or SearchWeights()
        self._language = language
        self._silence = np.float32(weights.silence)
        chains = [
            (word, tuple(indices(phones)))
            for word, text in enumerate(language.words)
            for phones in pronunciations(text)
        ]
        edge = len(language.words)
        self._chains = [*chains, (edge, (GARBAGE,))]
        self._word_of = np.array([word for word, _ in self._chains])
        between = weights.language * language.log_probabilities + np.float32(weights.word)
        between = np.concatenate([between, between[edge:]])  # after foreign speech as at the beginning
        after = np.where(self._word_of == edge, edge + 1, self._word_of)
        self._entering = np.ascontiguousarray(between[np.r_[after, edge]][:, self._word_of])
        """(chains + 1, chains): cost of entering the column's chain from the row's; the last row is the beginning."""
        self._entering[:, -1] = weights.garbage
        self._ending = weights.language * language.log_probabilities[after.clip(max=edge), edge]
        self._compile_states()

    def _compile_states(self) -> None:
        lengths = np.array([2 * len(labels) for _, labels in self._chains])
        self._last = np.cumsum(lengths) - 1
        self._first = self._last - lengths + 1
        states = int(lengths.sum())
        self._labels = np.full(states, BLANK)
        self._step = np.zeros(states, np.float32)
        self._skip = np.full(states, _IMPOSSIBLE, np.float32)
        for (_, labels), first in zip(self._chains, self._first, strict=True):
            for place, label in enumerate(labels):
                state = first + 2 * place
                self._labels[state] = label
                if place and labels[place - 1] != label:
                    self._skip[state] = 0
        self._step[self._first] = _IMPOSSIBLE

    def words_of(self, heard: LogProbabilities) -> list[HeardWord]:
        """Return the likeliest words, none when silence is likelier."""
        states, chains = len(self._labels), len(self._chains)
        heard = heard.copy()
        heard[:, BLANK] -= self._silence
        scores = np.full(states + 2, _IMPOSSIBLE, np.float32)  # two in front: what nobody comes from
        tokens = np.full(states + 2, -1, np.int32)
        best_exits = np.empty((len(heard), chains), np.int32)
        exit_tokens = np.empty((len(heard), chains), np.int32)
        quiet = np.float32(0)  # the path on which nothing was said yet
        here, before, earlier = scores[2:], scores[1:-1], scores[:-2]
        token, token_before, token_earlier = tokens[2:], tokens[1:-1], tokens[:-2]
        number = np.arange(chains, dtype=np.int32)
        for frame in range(len(heard)):
            ends_in_phone = here[self._last - 1] > here[self._last]
            exit_states = self._last - ends_in_phone
            exits = here[exit_states]
            exit_tokens[frame] = token[exit_states]
            likely = np.argpartition(exits, -_EXITS)[-_EXITS:] if chains > _EXITS else number
            routes = np.concatenate([exits[likely][:, None] + self._entering[likely], quiet + self._entering[-1:]])
            route = routes.argmax(axis=0)
            best_exits[frame] = np.append(likely, -1)[route]

            stepped, skipped = before + self._step, earlier + self._skip
            from_before, new = stepped > here, np.maximum(stepped, here)
            from_earlier = skipped > new
            new_tokens = np.where(from_before, token_before, token)
            new_tokens = np.where(from_earlier, token_earlier, new_tokens)
            np.maximum(new, skipped, out=new)
            entered = routes[route, number]
            better = np.flatnonzero(entered > new[self._first])
            new[self._first[better]] = entered[better]
            new_tokens[self._first[better]] = frame * chains + better

            np.add(new, heard[frame, self._labels], out=here)
            token[:] = new_tokens
            quiet += heard[frame, BLANK]
        exit_states = self._last - (here[self._last - 1] > here[self._last])
        final = here[exit_states] + self._ending
        chain = int(final.argmax())
        if not len(heard) or quiet >= final[chain]:
            return []
        return self._path(chain, int(token[exit_states[chain]]), best_exits, exit_tokens)

    def _path(
        self, chain: int, token: int, best_exits: NDArray[np.int32], exit_tokens: NDArray[np.int32]
    ) -> list[HeardWord]:
        """Return the words that led to the end of `chain`, first one first."""
        path: list[int] = []
        while chain >= 0:
            path.append(chain)
            frame = token // len(self._chains)
            previous = int(best_exits[frame, chain])
            token = int(exit_tokens[frame, previous])
            chain = previous
        words = []
        before = len(self._language.words)
        for chain in reversed(path):
            word, labels = self._chains[chain]
            is_word = word < len(self._language.words)
            language = float(self._language.log_probabilities[before, word]) if is_word else 0.0
            words.append(HeardWord(self._language.words[word] if is_word else "", labels, language))
            before = word
        return words

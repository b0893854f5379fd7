"""What the stages work with: an ear, the companies' words, a calendar. Described in `Equipment`, which travels between
processes; made in `Workshop`, when first needed, because ears and lexicons take seconds and memory."""

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers

from engines.correction.bank import Bank
from engines.correction.journal import journal_of
from engines.correction.keeper import read_banks
from engines.correction.second import WEIGHTS, SecondProofreader
from offline.analysis.call import AgentVocabulary
from offline.analysis.second_opinion.chat import ChatAddress
from offline.retranscribe.port import PREMIUM, ListeningSettings, SecondEar
from offline.retranscribe.tiny import TinySecondEar
from offline.retranscribe.voices import VoiceFinder
from offline.wer_estimate.decision import SECOND_LISTENING_THRESHOLD
from vocabulary.errors import ConfigurationError

TINY: Final = "tiny"
WHISPER: Final = "whisper:"
_MOST_PROOFREADERS: Final = 8
"""Kept at a time; each holds a lexicon."""


@dataclass(frozen=True, slots=True)
class AgentWords:
    """What an agent's calls are about."""

    banks: tuple[Path, ...] = ()
    """Files of corrections and of the company's words; journals lie beside them."""
    hints: tuple[str, ...] = ()
    """Words likely in its calls, for the ear."""
    language: str = "es"
    """ISO 639-1, of calls whose metadata do not tell."""


@dataclass(frozen=True, slots=True)
class Equipment:
    """How to listen. Raises: ConfigurationError, naming the field."""

    ear: str = TINY
    """"tiny", or "whisper:" and the folder of a model converted for CTranslate2."""
    threshold: float = SECOND_LISTENING_THRESHOLD
    """Estimated share of wrong words above which a recording is listened to again."""
    agents: Mapping[str, AgentWords] = field(default_factory=dict)
    time_zone: str = ""
    """Of the callers' calendar, such as Europe/Madrid; "" is this machine's."""
    country: str = "ES"
    """ISO 3166: whose numbers and money are meant where the dialled number does not tell."""
    listening: ListeningSettings = PREMIUM
    """How the ear listens; language and hints are each agent's own."""
    voice_model: Path | None = None
    """Silero's file; without it webrtcvad judges alone."""
    second_opinion: ChatAddress | None = None
    """A language model that is asked about every call beside the rules; None asks nobody."""

    def __post_init__(self) -> None:
        if self.ear != TINY and not (self.ear.startswith(WHISPER) and self.ear.removeprefix(WHISPER)):
            raise ConfigurationError(f"ear: {self.ear!r} is none; write {TINY}, or {WHISPER} and a model's folder")
        if not 0 <= self.threshold <= 1:
            raise ConfigurationError("threshold: must lie between 0 and 1")
        if self.time_zone:
            try:
                ZoneInfo(self.time_zone)
            except (ZoneInfoNotFoundError, ValueError) as exc:
                raise ConfigurationError(f"time_zone: {self.time_zone!r} is none; write it like Europe/Madrid") from exc

    @property
    def zone(self) -> tzinfo | None:
        """The callers' time zone; None is this machine's."""
        return ZoneInfo(self.time_zone) if self.time_zone else None

    def country_of(self, did: str) -> str:
        """Return the country of the number that was dialled, or else the usual one."""
        if did.startswith("+"):
            try:
                return phonenumbers.region_code_for_number(phonenumbers.parse(did)) or self.country
            except phonenumbers.NumberParseException:
                return self.country
        return self.country

    def started(self, moment: float) -> datetime:
        """Return Unix time in the callers' calendar."""
        return datetime.fromtimestamp(moment, self.zone).astimezone(self.zone)


class AgentTools:
    """An agent's words, ready to use."""

    def __init__(self, bank: Bank, hints: tuple[str, ...], fingerprint: str) -> None:
        self._bank = bank
        self._proofreader: SecondProofreader | None = None
        self.vocabulary = AgentVocabulary(
            hints=frozenset(word.lower() for word in (*hints, *(term.text for term in bank.terms)))
        )
        self.fingerprint = fingerprint
        """Of the banks' contents."""

    @property
    def proofreader(self) -> SecondProofreader:
        """The three levels over the agent's bank; indexing it takes a second, the first time."""
        if self._proofreader is None:
            self._proofreader = SecondProofreader(self._bank)
        return self._proofreader


class Workshop:
    """Ears and proofreaders of one thread, made when first asked for."""

    def __init__(self, equipment: Equipment) -> None:
        self.equipment = equipment
        self._ear: SecondEar | None = None
        self._finder: VoiceFinder | None = None
        self._tools: dict[tuple[Path, ...], AgentTools] = {}

    @property
    def finder(self) -> VoiceFinder:
        """What finds voices. Raises: EarUnavailable."""
        if self._finder is None:
            self._finder = VoiceFinder(self.equipment.voice_model)
        return self._finder

    @property
    def ear(self) -> SecondEar:
        """The second ear. Raises: EarUnavailable."""
        if self._ear is None:
            self._ear = self._new_ear()
        return self._ear

    def hears(self, language: str) -> bool:
        """Whether the ear knows a language: the embedded one has learned Spanish only."""
        return language == "es" or self.equipment.ear != TINY

    def tools(self, agent: str) -> AgentTools:
        """Return the agent's words; read again when a bank has changed. An unknown agent has only Spanish.

        Raises: ConfigurationError, naming the bank.
        """
        words = self.equipment.agents.get(agent, AgentWords())
        fingerprint = _fingerprint(words.banks)
        found = self._tools.pop(words.banks, None)
        if found is None or found.fingerprint != fingerprint:
            bank = read_banks(words.banks, source=agent) if words.banks else Bank()
            found = AgentTools(bank, words.hints, fingerprint)
        self._tools[words.banks] = found  # as the youngest
        while len(self._tools) > _MOST_PROOFREADERS:
            del self._tools[next(iter(self._tools))]
        return found

    def close(self) -> None:
        """Give back what the ear holds."""
        if self._ear is not None:
            self._ear.close()
            self._ear = None

    def _new_ear(self) -> SecondEar:
        if self.equipment.ear == TINY:
            return TinySecondEar(finder=self.finder)
        # Only here: the extra `whisper` need not be installed.
        from offline.retranscribe.whisper import WhisperSecondEar

        return WhisperSecondEar(Path(self.equipment.ear.removeprefix(WHISPER)), finder=self.finder)


@functools.cache
def correction_version() -> str:
    """Return the fingerprint of the proofreader's weights and word lists; companies' words are noted with results."""
    digest = hashlib.sha256()
    for path in sorted(WEIGHTS.parent.iterdir()):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return f"three-levels-1.{digest.hexdigest()[:8]}"


def _fingerprint(banks: tuple[Path, ...]) -> str:
    """Return twelve hexadecimal digits that differ when a bank or its journal does."""
    digest = hashlib.sha256()
    for bank in banks:
        for path in (bank, journal_of(bank).path):
            digest.update(path.read_bytes() if path.exists() else b"")
            digest.update(b"\0")
    return digest.hexdigest()[:12]

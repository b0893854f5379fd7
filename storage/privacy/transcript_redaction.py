"""Transcripts and metadata, JSON as they are kept, without what identifies people; whatever fields they come to have.

Every text is looked at, wherever it stands. The turns of one speaker are read together, because numbers are dictated
over several; words with times lose exactly those that belong to a finding.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from storage.privacy.finding import Finding
from storage.privacy.pseudonyms import Pseudonyms
from storage.privacy.redaction import redact, redact_turns, restore
from storage.privacy.word_times import WORD_KEYS, findings_of_words

JsonObject = Mapping[str, "Json"]
Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]

NEVER_PII: Final = frozenset({
    "call_id", "recording_id", "conversation_id", "channel_id", "did", "agent", "speaker", "language", "rule", "state",
    "outcome", "kind", "file", "checksum", "sha256", "started_at", "ended_at", "created_at", "updated_at",
    "version", "schema_version", "path", "e_tag",
})  # fmt: skip
"""Fields that are ours: ids and names of things, which may look like numbers of people."""
_TURNS: Final = ("turns", "segments")
_TEXTS: Final = ("text", "heard")


def redact_json(value: Json, pseudonyms: Pseudonyms | None = None, call_id: str = "") -> Json:
    """Return a copy without what identifies people. `call_id` stays wherever it stands."""
    match value:
        case str():
            return value if call_id and value == call_id else redact(value, pseudonyms)
        case Mapping():
            copy = {
                key: one if key in NEVER_PII and not isinstance(one, Mapping) else redact_json(one, pseudonyms, call_id)
                for key, one in value.items()
            }
            for name in _TURNS:
                if isinstance(turns := value.get(name), Sequence) and not isinstance(turns, str):
                    copy[name] = _redact_turns(turns, pseudonyms, call_id)
            if _is_words(words := value.get("words")):
                copy["words"] = _redact_words(words, pseudonyms, call_id)
            return copy
        case Sequence():
            return [redact_json(one, pseudonyms, call_id) for one in value]
        case _:
            return value


def redact_object(value: JsonObject, pseudonyms: Pseudonyms | None = None, call_id: str = "") -> JsonObject:
    """Return the same of an object: a transcript, or metadata."""
    return _mapping(redact_json(value, pseudonyms, call_id))


def restore_json(value: Json, pseudonyms: Pseudonyms) -> Json:
    """Undo `redact_json` as far as this key may."""
    match value:
        case str():
            return restore(value, pseudonyms)
        case Mapping():
            return {key: restore_json(one, pseudonyms) for key, one in value.items()}
        case Sequence():
            return [restore_json(one, pseudonyms) for one in value]
        case _:
            return value


def _redact_turns(turns: Sequence[Json], pseudonyms: Pseudonyms | None, call_id: str) -> list[Json]:
    copies = [redact_json(turn, pseudonyms, call_id) for turn in turns]
    speakers = {turn.get("speaker") for turn in turns if isinstance(turn, Mapping)}
    for speaker in speakers:
        for field in _TEXTS:
            said = [
                (place, text)
                for place, turn in enumerate(turns)
                if isinstance(turn, Mapping)
                and turn.get("speaker") == speaker
                and isinstance(text := turn.get(field), str)
            ]
            for (place, _), text in zip(said, redact_turns([text for _, text in said], pseudonyms), strict=True):
                copies[place] = {**_mapping(copies[place]), field: text}
    return copies


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _is_words(value: Json) -> bool:
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and bool(value)
        and all(isinstance(one, Mapping) and any(key in one for key in WORD_KEYS) for one in value)
    )


def _redact_words(words: Json, pseudonyms: Pseudonyms | None, call_id: str) -> list[Json]:
    listed = [one for one in words if isinstance(one, Mapping)] if isinstance(words, Sequence) else []
    texts = [str(next((one[key] for key in WORD_KEYS if key in one), "")) for one in listed]
    hidden: dict[int, Finding] = findings_of_words(texts)
    copies: list[Json] = []
    for place, one in enumerate(listed):
        copy = dict(_mapping(redact_json(one, pseudonyms, call_id)))
        if place in hidden:
            kind = hidden[place].kind
            token = f":{pseudonyms.hide(kind, texts[place])}" if pseudonyms else ""
            copy |= {key: f"[{kind.value}{token}]" for key in WORD_KEYS if key in one}
        copies.append(copy)
    return copies

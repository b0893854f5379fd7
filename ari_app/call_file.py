"""What a call leaves on disk after every turn, so that a restarted `calls` can take its caller back.

One JSON file a call under `<run>/calls/`, written by rename and removed when the call is over. Whatever cannot be read
is treated as absent: then the caller goes to the fallback, never to a crash.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

from vocabulary.call import CallIdentity

Phase = Literal["talking", "connected"]
"""`connected`: a person has the caller; we only keep the bridge."""


@dataclass(frozen=True, slots=True)
class CallFile:
    """A call as of its last turn."""

    identity: CallIdentity
    started_at: float
    """Unix time of the caller's arrival; places the rest of the recording."""
    saved_at: float
    """Unix time of this file."""
    phase: Phase
    dialogue: Mapping[str, Any]
    """`Dialogue.to_json()`."""
    turns: tuple[Mapping[str, Any], ...]
    """The transcript so far."""
    media_legs: int
    """How many media channels this call has had; the next one takes this number."""
    person_channel: str = ""
    """The person's channel when `phase` is `connected`."""

    def to_text(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Raises: ValueError, TypeError, KeyError when it is not what `to_text` wrote."""
        data = json.loads(text)
        data["identity"] = CallIdentity(**data["identity"])
        data["turns"] = tuple(data["turns"])
        return cls(**data)


class CallFolder:
    """The files of all calls that are alive."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def path(self, call_id: str) -> Path:
        return self._folder / f"{call_id}.json"

    def save(self, call: CallFile) -> None:
        """Write by rename; survives a killed process (not a power cut, which ends the call anyway)."""
        path = self.path(call.identity.call_id)
        fresh = path.with_suffix(".tmp")
        fresh.write_text(call.to_text(), encoding="utf-8")
        fresh.replace(path)

    def forget(self, call_id: str) -> None:
        self.path(call_id).unlink(missing_ok=True)

    def by_channel(self) -> dict[str, CallFile]:
        """Every readable file, by the caller's channel id."""
        found: dict[str, CallFile] = {}
        for path in self._folder.glob("*.json"):
            try:
                call = CallFile.from_text(path.read_text(encoding="utf-8"))
            except (OSError, ValueError, TypeError, KeyError):
                continue
            found[call.identity.channel_id] = call
        return found

"""Reading metadata that an older program wrote, one step a version.

Version 1 has no `schema_version`: it is what `calls` wrote before there was a second listening. Its names differ
(`rate`, `seconds`, `duration`), it has no words, and a call that was refused has neither sound nor figures.
"""

from collections.abc import Callable, Mapping
from typing import Final

JsonObject = dict[str, object]


def version_of(data: Mapping[str, object]) -> int:
    """Return the schema version of a file's contents. Raises: ValueError when it is no version at all."""
    version = data.get("schema_version", 1)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ValueError("schema_version is not a number from 1")
    return version


def upgraded(data: Mapping[str, object], newest: int) -> JsonObject:
    """Return the contents as version `newest` would have written them; what no version knows is left as it is."""
    result = dict(data)
    for version in range(version_of(data), newest):
        result = _STEPS[version](result)
    return result


def _from_1(old: JsonObject) -> JsonObject:
    new = dict(old)
    call_id = new.pop("call_id", None)
    if isinstance(call_id, str):
        new.setdefault("recording_id", f"rec_{call_id}")
        new.setdefault("conversation_id", call_id)
    audio = new.get("audio")
    if isinstance(audio, Mapping):
        new["audio"] = _renamed(audio, {"rate": "sample_rate", "seconds": "duration_seconds"})
    metrics = new.get("metrics")
    if isinstance(metrics, Mapping):
        new["metrics"] = _renamed(metrics, {"duration": "duration_seconds"})
        new.setdefault("outcome", metrics.get("outcome", ""))
    return new | {"schema_version": 2}


def _renamed(part: Mapping[str, object], names: Mapping[str, str]) -> JsonObject:
    return {names.get(name, name): value for name, value in part.items()}


_STEPS: Final[Mapping[int, Callable[[JsonObject], JsonObject]]] = {1: _from_1}
"""From which version, by what."""

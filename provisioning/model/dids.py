"""A number of ours: who answers it, and where its callers go when the agent cannot."""

from typing import Literal, Self

from pydantic import Field, model_validator

from provisioning.model.numbers import MaybeE164
from provisioning.model.part import Part
from provisioning.model.words import Label, MaybeExtension, MaybePrompt, MaybeWord

PlaceKind = Literal["extension", "queue", "ring_group", "voicemail", "external", "dialplan", "announcement", "busy"]


class Place(Part):
    """Where a caller can be sent."""

    kind: PlaceKind
    """extension, queue, ring_group, voicemail: by `target` · external: the telephone `number` · dialplan: `context`,
    `target` · announcement: `prompt` is played and the call ends · busy."""
    target: MaybeExtension = ""
    """Extension, queue, group or mailbox number."""
    number: MaybeE164 = ""
    """external only."""
    context: MaybeWord = ""
    """dialplan only."""
    prompt: MaybePrompt = ""
    """Played first; a sound file without its ending. Required by `announcement`."""
    ring_seconds: int = Field(default=25, ge=5, le=300)
    """How long an extension or an outside number rings."""

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        needed: dict[PlaceKind, tuple[str, ...]] = {
            "external": ("number",),
            "dialplan": ("context", "target"),
            "announcement": ("prompt",),
            "busy": (),
        }
        missing = [name for name in needed.get(self.kind, ("target",)) if not getattr(self, name)]
        if missing:
            raise ValueError(f"a place of kind {self.kind!r} needs {' and '.join(missing)}")
        return self


class DIDNumber(Part):
    """One number that rings here."""

    number: MaybeE164 = ""
    """E.164, like +525512345678."""
    label: Label = ""
    """For people: "Línea principal"."""
    active: bool = True
    """False: it is refused as busy instead of answered."""
    agent: MaybeWord = ""
    """Who answers; "": the site's agent."""
    fallback: Place | None = None
    """Where callers go when the agent cannot; none: the site's fallback. One of the two is required."""
    line: int = Field(default=0, ge=0, le=48)
    """Port of the gateway it is plugged into, from 1; 0: in the order of the list."""
    recording_notice: MaybePrompt = ""
    """Sound file that says the call is recorded, played before the agent; "": the site's."""

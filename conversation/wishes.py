"""What a mind's wish for a tool comes to: an errand, a hand-over, the end of the call, or a refusal with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conversation.dialogue_settings import DialogueSettings
from conversation.orders import HangUp
from conversation.tools import (
    END_CALL,
    TRANSFER_TO_AGENT,
    TRANSFER_TO_MANAGER,
    ToolError,
    checked_arguments,
)
from vocabulary.thought import ToolSpec, ToolWish


@dataclass(frozen=True, slots=True)
class Errand:
    """A tool is to do this; the mind waits for what it returns."""

    tool: str
    arguments: Mapping[str, Any]
    """As the tool wants them."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """The caller is to get a person, once the mind has finished."""

    target_id: str
    """One of the agent's."""
    summary: str
    """The mind's own; "" when it gave none."""


Granted = Errand | HandOver | HangUp


def answer_to(wish: ToolWish, offered: Mapping[str, ToolSpec], settings: DialogueSettings) -> Granted | ToolError:
    """Return what is to be done; an error is for the mind, which may wish better next time."""
    spec = offered.get(wish.name)
    if spec is None:
        return ToolError("unknown_tool", f"there is no tool {wish.name!r}; there are {', '.join(offered)}")
    arguments = checked_arguments(spec, wish.arguments)
    if isinstance(arguments, ToolError):
        return arguments
    if wish.name == END_CALL:
        return HangUp()
    if wish.name not in (TRANSFER_TO_AGENT, TRANSFER_TO_MANAGER):
        return Errand(wish.name, arguments)
    target = arguments["target"] if wish.name == TRANSFER_TO_AGENT else settings.manager or settings.person
    if target not in settings.targets:
        return ToolError("not_found", "nobody can take the call")
    return HandOver(target, arguments.get("summary") or arguments.get("reason") or "")

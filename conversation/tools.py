"""What a mind may ask to be done: the tools' names, their arguments, and the errors it is told when it asks wrongly.

A mind never decides where a call goes by digits: a transfer names one of the agent's targets by id, and the id is an
enum in the schema. Three tools are acted on by the dialogue itself (both transfers and `end_call`); the others run
somewhere behind a `ToolRunner`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from vocabulary.call import CallIdentity
from vocabulary.thought import ToolSpec

TRANSFER_TO_AGENT: Final = "transfer_to_agent"
TRANSFER_TO_MANAGER: Final = "transfer_to_manager"
END_CALL: Final = "end_call"


@dataclass(frozen=True, slots=True)
class ToolResult:
    """A tool did what was asked."""

    values: Mapping[str, Any]
    """JSON values; a script uses them as variables."""

    def as_text(self) -> str:
        """Return what the mind reads."""
        return json.dumps(dict(self.values), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class ToolError:
    """A tool could not do it; the mind is told why, and may try otherwise."""

    code: str
    """One of: unknown_tool, bad_arguments, not_found, too_late, unavailable, failed, or a tool's own."""
    message: str
    """For the mind: what was wrong and what would be right."""

    def as_text(self) -> str:
        """Return what the mind reads."""
        return json.dumps({"error": {"code": self.code, "message": self.message}}, ensure_ascii=False)


ToolOutcome = ToolResult | ToolError


class ToolRunner(Protocol):
    """Whoever does what tools promise."""

    async def run(self, name: str, arguments: Mapping[str, Any], call: CallIdentity) -> ToolOutcome:
        """Do it for this call; expected failures come back as `ToolError`, and the caller sets the deadline."""
        ...


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a tool."""

    kind: str
    """What it holds: text, phone, email, truth; or target, one of the agent's transfer targets."""
    description: str
    is_required: bool = False
    choices: tuple[str, ...] = ()
    """When not empty, the only values allowed."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as the product knows it."""

    name: str
    description: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    returns: tuple[str, ...] = ()
    """Fields of its answer; a script may use them as variables."""

    def spec(self, targets: Mapping[str, str] | None = None) -> ToolSpec:
        """Return what a mind is offered; `targets` are the ids of the agent's transfer targets with what they are."""
        properties: dict[str, Any] = {}
        for name, parameter in self.parameters.items():
            schema: dict[str, Any] = {
                "type": "boolean" if parameter.kind == "truth" else "string",
                "description": parameter.description,
            }
            if parameter.kind == "phone":
                schema["pattern"] = _PHONE.pattern
            if parameter.kind == "target":
                schema["enum"] = list(targets or {})
                known = "; ".join(f"{target}: {what}" for target, what in (targets or {}).items())
                schema["description"] = f"{parameter.description} {known}".strip()
            elif parameter.choices:
                schema["enum"] = list(parameter.choices)
            properties[name] = schema
        return ToolSpec(
            self.name,
            self.description,
            {
                "type": "object",
                "properties": properties,
                "required": [name for name, parameter in self.parameters.items() if parameter.is_required],
                "additionalProperties": False,
            },
        )


_PHONE: Final = re.compile(r"^\+?[0-9]{3,15}$")
_EMAIL: Final = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_LONGEST_TEXT: Final = 500
"""Characters; longer arguments are a mind gone astray."""

_CUSTOMER: Final = Parameter("text", "The customer's id; without it, the customer who is calling.")
_REASON: Final = Parameter("text", "Why, in one short sentence.")
_SUMMARY: Final = Parameter("text", "One sentence for the person who takes the call: who calls, and what about.")
_CUSTOMER_FIELDS: Final = ("customer_id", "customer_name", "customer_phone", "customer_email", "plan")

TOOLS: Final[Mapping[str, Tool]] = {
    tool.name: tool
    for tool in (
        Tool(
            TRANSFER_TO_AGENT,
            "Hand the caller over to a person. Say so before you call it.",
            {
                "target": Parameter("target", "Who takes the call.", is_required=True),
                "reason": _REASON,
                "summary": _SUMMARY,
            },
        ),
        Tool(
            TRANSFER_TO_MANAGER,
            "Hand the caller over to the manager: for complaints and cancellations. Say so before you call it.",
            {"reason": _REASON, "summary": _SUMMARY},
        ),
        Tool(
            END_CALL,
            "Hang up, once the caller has said goodbye and you have too.",
        ),
        Tool(
            "schedule_callback",
            "Have somebody ring the customer back.",
            {
                "datetime": Parameter("text", "When: ISO 8601, or as the caller said it.", is_required=True),
                "phone": Parameter("phone", "The number to ring; without it, the number of this call."),
                "reason": _REASON,
            },
            ("callback_id", "callback_phone", "callback_datetime"),
        ),
        Tool(
            "lookup_customer",
            "Find a customer by id or by telephone number; without either, the one who is calling.",
            {"customer_id": _CUSTOMER, "phone": Parameter("phone", "The customer's telephone number.")},
            _CUSTOMER_FIELDS,
        ),
        Tool(
            "get_account_balance",
            "Look up what a customer owes and until when it is to be paid.",
            {"customer_id": _CUSTOMER},
            (*_CUSTOMER_FIELDS, "balance", "currency", "due_date"),
        ),
        Tool(
            "get_account_status",
            "Look up the state of a customer's service: active, suspended, or with a fault in the area.",
            {"customer_id": _CUSTOMER},
            (*_CUSTOMER_FIELDS, "status", "line_status", "router_model", "permanence_until"),
        ),
        Tool(
            "cancel_service",
            "Cancel a customer's service, after the caller has said yes to exactly that.",
            {
                "reason": Parameter("text", "Why the customer leaves, in the customer's words.", is_required=True),
                "confirmed": Parameter("truth", "True when the caller confirmed it in this call.", is_required=True),
                "customer_id": _CUSTOMER,
            },
            ("cancellation_id", "effective_date"),
        ),
        Tool(
            "update_contact_info",
            "Change a customer's telephone number or e-mail address.",
            {
                "phone": Parameter("phone", "The new telephone number."),
                "email": Parameter("email", "The new e-mail address."),
                "customer_id": _CUSTOMER,
            },
            ("customer_phone", "customer_email"),
        ),
        Tool(
            "book_appointment",
            "Book an appointment.",
            {
                "specialty": Parameter("text", "Which kind of doctor or service.", is_required=True),
                "day": Parameter("text", "The day, as the caller said it or ISO 8601.", is_required=True),
                "hour": Parameter("text", "The time of day, HH:MM.", is_required=True),
                "name": Parameter("text", "For whom.", is_required=True),
                "phone": Parameter("phone", "Where to reach them; without it, the number of this call."),
            },
            ("appointment_id",),
        ),
    )
}
"""Every tool of the product, by name."""

ALWAYS_OFFERED: Final = (END_CALL,)
"""Tools every agent has without asking for them."""


def checked_arguments(spec: ToolSpec, arguments: Mapping[str, Any]) -> Mapping[str, Any] | ToolError:
    """Return the arguments as the tool wants them, or what is wrong with them.

    Numbers said as numbers become text and spaces leave telephone numbers: minds are careless with types, and nothing
    is lost. Everything else that the schema does not allow is refused.
    """
    properties: Mapping[str, Mapping[str, Any]] = spec.parameters.get("properties", {})
    problems = [
        f"unknown argument {name!r}; there are {', '.join(properties) or 'none'}"
        for name in arguments
        if name not in properties
    ]
    problems += [
        f"argument {name!r} is missing" for name in spec.parameters.get("required", ()) if not _given(arguments, name)
    ]
    checked: dict[str, Any] = {}
    for name, schema in properties.items():
        if _given(arguments, name):
            value, problem = _checked(name, schema, arguments[name])
            if problem:
                problems.append(problem)
            checked[name] = value
    return ToolError("bad_arguments", "; ".join(problems)) if problems else checked


def _given(arguments: Mapping[str, Any], name: str) -> bool:
    return arguments.get(name) not in (None, "")


def _checked(name: str, schema: Mapping[str, Any], value: object) -> tuple[object, str]:
    """Return the value made fit, and what is wrong with it ("" for nothing)."""
    if schema.get("type") == "boolean":
        if isinstance(value, str) and value.lower() in ("true", "false", "sí", "si", "yes", "no"):
            value = value.lower() in ("true", "sí", "si", "yes")
        return value, "" if isinstance(value, bool) else f"argument {name!r} is true or false"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value, f"argument {name!r} is a text"
    text = str(value).strip()
    if len(text) > _LONGEST_TEXT:
        return text, f"argument {name!r} is longer than {_LONGEST_TEXT} characters"
    allowed: Sequence[str] | None = schema.get("enum")
    if allowed is not None and text not in allowed:
        return text, f"argument {name!r} is one of: {', '.join(allowed)}"
    if "pattern" in schema:
        text = re.sub(r"[\s().-]", "", text)
        if not re.fullmatch(schema["pattern"], text):
            return text, f"argument {name!r} is a telephone number of 3 to 15 digits"
    if name == "email" and not _EMAIL.match(text):
        return text, f"argument {name!r} is an e-mail address"
    return text, ""

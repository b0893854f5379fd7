"""The product's own tools, carried out against the store of customers."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from conversation.tools import ToolError, ToolOutcome, ToolResult
from storage.customers import Customer, Customers, StoreUnavailable
from storage.notes import APPOINTMENT, CALLBACK, Notes
from vocabulary.call import CallIdentity
from vocabulary.errors import ConfigurationError

logger = logging.getLogger(__name__)

_NOTICE: Final = timedelta(days=1)
"""A cancellation takes effect at the end of the next day."""


class CustomerTools:
    """A `ToolRunner`; arguments come checked (`conversation.tools.checked_arguments`)."""

    def __init__(
        self, customers: Customers, notes: Notes, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._customers = customers
        self._notes = notes
        self._now = now

    async def run(self, name: str, arguments: Mapping[str, Any], call: CallIdentity) -> ToolOutcome:
        """Do it; whatever is wrong comes back as a `ToolError`. Deadlines are the caller's."""
        try:
            return await self._do(name, arguments, call)
        except (StoreUnavailable, ConfigurationError) as error:
            told = {"tool": name, "call_id": call.call_id, "reason": str(error)}
            logger.error("customers are out of reach", extra=told)
            return ToolError(
                "unavailable", "the customers' records are out of reach: say that it cannot be looked up now"
            )

    async def _do(self, name: str, arguments: Mapping[str, Any], call: CallIdentity) -> ToolOutcome:
        if name == "schedule_callback":
            return await self._schedule_callback(arguments, call)
        if name == "book_appointment":
            details = {"phone": call.caller, **arguments, "call_id": call.call_id}
            return ToolResult({"appointment_id": (await self._notes.keep(APPOINTMENT, details)).note_id})
        customer = await self._customer(name, arguments, call)
        if customer is None:
            return ToolError("not_found", "there is no such customer; ask for the customer number")
        match name:
            case "lookup_customer":
                return ToolResult(_who(customer))
            case "get_account_balance":
                return ToolResult(_who(customer) | _bill(customer))
            case "get_account_status":
                return ToolResult(_who(customer) | _service(customer))
            case "cancel_service":
                return await self._cancel(customer, arguments)
            case "update_contact_info":
                return await self._update_contact(customer, arguments)
            case _:
                return ToolError("unknown_tool", f"nobody here does {name}")

    async def _customer(self, tool: str, arguments: Mapping[str, Any], call: CallIdentity) -> Customer | None:
        if customer_id := arguments.get("customer_id"):
            return await self._customers.by_id(customer_id)
        if tool == "lookup_customer" and (phone := arguments.get("phone")):
            return await self._customers.by_phone(phone)
        return await self._customers.by_phone(call.caller)

    async def _cancel(self, customer: Customer, arguments: Mapping[str, Any]) -> ToolOutcome:
        if arguments["confirmed"] is not True:
            return ToolError("not_confirmed", "ask the caller to confirm the cancellation first")
        if customer.status == "cancelled":
            return ToolError("already_cancelled", "the service is cancelled already")
        cancellation_id = await self._customers.cancel(customer.customer_id, arguments["reason"])
        effective = (self._now() + _NOTICE).date().isoformat()
        return ToolResult({"cancellation_id": cancellation_id, "effective_date": effective})

    async def _update_contact(self, customer: Customer, arguments: Mapping[str, Any]) -> ToolOutcome:
        phone, email = arguments.get("phone", ""), arguments.get("email", "")
        if not (phone or email):
            return ToolError("bad_arguments", "give phone or email, or both")
        changed = await self._customers.change_contact(customer.customer_id, phone=phone, email=email)
        return ToolResult(
            {"customer_phone": changed.phones[0] if changed.phones else "", "customer_email": changed.email}
        )

    async def _schedule_callback(self, arguments: Mapping[str, Any], call: CallIdentity) -> ToolOutcome:
        phone = arguments.get("phone") or call.caller
        if not phone:
            return ToolError("bad_arguments", "the caller's number is hidden; ask which number to ring")
        when = arguments["datetime"]
        details = {"phone": phone, "datetime": when, "reason": arguments.get("reason", ""), "call_id": call.call_id}
        note = await self._notes.keep(CALLBACK, details)
        return ToolResult({"callback_id": note.note_id, "callback_phone": phone, "callback_datetime": when})


def _who(customer: Customer) -> dict[str, str]:
    return {
        "customer_id": customer.customer_id,
        "customer_name": customer.name,
        "customer_phone": customer.phones[0] if customer.phones else "",
        "customer_email": customer.email,
        "plan": customer.plan,
    }


def _bill(customer: Customer) -> dict[str, str]:
    return {"balance": customer.balance, "currency": customer.currency, "due_date": customer.due_date}


def _service(customer: Customer) -> dict[str, str]:
    return {
        "status": customer.status,
        "line_status": customer.line_status,
        "router_model": customer.router_model,
        "permanence_until": customer.permanence_until,
    }

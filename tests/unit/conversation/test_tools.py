"""Tools as minds see them, and how their wishes are checked."""

import json
from collections.abc import Mapping

import pytest

from conversation.tools import TOOLS, ToolError, ToolResult, checked_arguments

TARGETS = {"tecnico": "un técnico", "gerente": "el gerente"}


def test_every_tool_the_product_promises_is_there() -> None:
    promised = {
        "transfer_to_agent", "transfer_to_manager", "schedule_callback", "lookup_customer", "get_account_balance",
        "get_account_status", "cancel_service", "update_contact_info",
    }  # fmt: skip
    assert promised <= set(TOOLS)


def test_a_transfer_offers_ids_and_nothing_else() -> None:
    schema = TOOLS["transfer_to_agent"].spec(TARGETS).parameters
    assert schema["properties"]["target"]["enum"] == ["tecnico", "gerente"]
    assert schema["required"] == ["target"]
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("name", TOOLS)
def test_schemas_are_json(name: str) -> None:
    spec = TOOLS[name].spec(TARGETS)
    assert json.loads(json.dumps(spec.parameters))["type"] == "object"
    assert spec.description


@pytest.mark.parametrize(
    ("tool", "given", "checked"),
    [
        ("lookup_customer", {}, {}),
        ("lookup_customer", {"customer_id": 10001}, {"customer_id": "10001"}),
        ("lookup_customer", {"customer_id": ""}, {}),
        ("lookup_customer", {"phone": "+34 600 100-200"}, {"phone": "+34600100200"}),
        ("cancel_service", {"reason": "caro", "confirmed": "sí"}, {"reason": "caro", "confirmed": True}),
        ("cancel_service", {"reason": " caro ", "confirmed": False}, {"reason": "caro", "confirmed": False}),
        ("transfer_to_agent", {"target": "tecnico"}, {"target": "tecnico"}),
        ("update_contact_info", {"email": "a@b.es"}, {"email": "a@b.es"}),
    ],
)
def test_careless_types_are_put_right(tool: str, given: Mapping[str, object], checked: Mapping[str, object]) -> None:
    assert checked_arguments(TOOLS[tool].spec(TARGETS), given) == checked


@pytest.mark.parametrize(
    ("tool", "given", "told"),
    [
        ("lookup_customer", {"id": "1"}, "unknown argument 'id'"),
        ("lookup_customer", {"phone": "my mother's"}, "telephone number"),
        ("lookup_customer", {"customer_id": ["1"]}, "is a text"),
        ("lookup_customer", {"customer_id": True}, "is a text"),
        ("lookup_customer", {"customer_id": "1" * 501}, "longer than"),
        ("cancel_service", {"reason": "caro"}, "'confirmed' is missing"),
        ("cancel_service", {"reason": "caro", "confirmed": "perhaps"}, "true or false"),
        ("transfer_to_agent", {"target": "+34600100200"}, "is one of: tecnico, gerente"),
        ("update_contact_info", {"email": "nowhere"}, "e-mail address"),
        ("schedule_callback", {}, "'datetime' is missing"),
    ],
)
def test_what_cannot_be_right_is_refused(tool: str, given: Mapping[str, object], told: str) -> None:
    error = checked_arguments(TOOLS[tool].spec(TARGETS), given)
    assert isinstance(error, ToolError)
    assert error.code == "bad_arguments"
    assert told in error.message


def test_outcomes_are_texts_a_mind_can_read() -> None:
    assert ToolResult({"due": "mañana"}).as_text() == '{"due": "mañana"}'
    error = {"error": {"code": "not_found", "message": "nobody"}}
    assert json.loads(ToolError("not_found", "nobody").as_text()) == error

"""The floor: intents, entities and topics by the first word that comes to mind, as one writes them first."""

import re
from typing import Final

from bench.analysis_cases import Named

_INTENTS: Final = (
    ("billing_inquiry", ("factura", "cobr", "saldo", "bill", "charge")),
    ("payment", ("pagar", "pago", "pay")),
    ("refund_request", ("devol", "reembols", "refund")),
    ("technical_support", ("no funciona", "problema", "internet", "router", "not work")),
    ("cancellation", ("cancelar", "baja", "cancel")),
    ("plan_change", ("plan", "tarifa")),
    ("new_service", ("contratar", "alta", "sign up")),
    ("appointment", ("cita", "appointment")),
    ("order_status", ("pedido", "paquete", "order")),
    ("contact_update", ("dirección", "datos", "address")),
    ("account_access", ("contraseña", "clave", "password")),
    ("complaint", ("queja", "reclam", "complain")),
    ("human_agent", ("persona", "agente", "humano", "person", "agent")),
    ("callback_request", ("llámen", "llamen", "llamar", "call me")),
    ("information", ("horario", "dónde", "hora", "open")),
)
_TOPICS: Final = {
    "billing": ("factura", "cobr", "bill"), "account_balance": ("saldo", "balance"), "payments": ("pag", "pay"),
    "refunds": ("reembolso", "devol", "refund"), "technical_support": ("no funciona", "avería", "técnico"),
    "internet_connectivity": ("internet", "wifi"), "phone_line": ("móvil", "línea", "phone"),
    "television": ("tele", "canal"), "cancellation": ("cancel", "baja"), "contract": ("contrat", "contract"),
    "offers": ("oferta", "plan", "offer"), "appointments": ("cita", "appointment"), "delivery": ("pedido", "order"),
    "account_access": ("contraseña", "password"), "personal_data": ("dirección", "datos", "address"),
    "customer_service": ("queja", "complain"), "installation": ("instal",), "portability": ("portabilidad",),
}  # fmt: skip
_ENTITIES: Final = (
    ("email", re.compile(r"\S+@\S+\.\w+")),
    ("phone", re.compile(r"\+?\d[\d ]{7,}\d")),
    ("money", re.compile(r"(\d+(?:[.,]\d+)?) ?(?:€|euros)")),
    ("date", re.compile(r"\d{4}-\d{2}-\d{2}")),
    ("time", re.compile(r"\b\d{1,2}:\d{2}\b")),
)


def floor_intent(text: str) -> str:
    """Return the first intent of which a word is in the text."""
    said = text.lower()
    return next((intent for intent, keywords in _INTENTS if any(word in said for word in keywords)), "other")


def floor_topics(text: str) -> frozenset[str]:
    """Return every topic of which a word is in the text."""
    said = text.lower()
    return frozenset(topic for topic, keywords in _TOPICS.items() if any(word in said for word in keywords))


def floor_entities(text: str) -> list[Named]:
    """Return what plain patterns for written digits find."""
    found = []
    for kind, pattern in _ENTITIES:
        for match in pattern.finditer(text):
            value = match[0]
            if kind == "phone":
                digits = re.sub(r"\D", "", value)
                value = value.replace(" ", "") if value.startswith("+") else f"+34{digits}"
            elif kind == "money":
                value = f"{float(match[1].replace(',', '.')):.2f} EUR"
            found.append(Named(kind, value, match.start(), match.end()))
    return found

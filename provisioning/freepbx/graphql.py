"""FreePBX's GraphQL API as data: which request to send, what an answer means. Pure; nobody is called here.

Sources: names, arguments and answers of the inbound routes, FreePBX/core `Api/Gql/Dids.php` (module `core`, scopes
`read:did` and `write:did`); `doreload(input: {})`, in use in several public clients; every boolean of addInboundRoute
is sent, because clients report that it fails without. `verified` says which of it was read in FreePBX's own source;
nothing was tried on a running FreePBX.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode, urlsplit

from vocabulary.errors import CentralitaError

TOKEN_PATH: Final = "/admin/api/api/token"
API_PATH: Final = "/admin/api/api/gql"
SCOPE: Final = "gql:core:read:did gql:core:write:did gql:framework:write"
"""Of the token. unverified: how module and scope are joined is from memory; FreePBX shows the right words at
Admin → API → Applications, where the client id is made."""

_ROUTE_FIELDS: Final = "id extension cidnum description destination"
_LONGEST_ERROR: Final = 300


class FreePbxRefused(CentralitaError):
    """FreePBX's API said no, or something that is no answer; the message holds its words."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What is to be sent."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    """They hold the token."""
    body: bytes = field(repr=False)
    """It may hold the client's secret."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Operation:
    """One GraphQL document with its variables."""

    name: str
    """The field of the answer that tells how it went."""
    document: str
    variables: Mapping[str, object] = field(default_factory=dict)
    verified: bool = True
    """Names and arguments were read in FreePBX's own source."""


@dataclass(frozen=True, slots=True)
class InboundRoute:
    """Connectivity → Inbound Routes."""

    extension: str
    """The DID, as the carrier writes it."""
    destination: str
    """`customdests,dest-1,1` or any other destination of FreePBX's."""
    description: str = ""
    cidnum: str = ""
    """Only calls from this number; "": from anybody."""

    @property
    def id(self) -> str:
        """What removeInboundRoute takes."""
        return f"{self.extension}/{self.cidnum}"


def token_request(base_url: str, client_id: str, client_secret: str, scope: str = SCOPE) -> HttpRequest:
    """Return the OAuth2 request for client credentials (RFC 6749, section 4.4).

    Raises: ValueError when the secret would travel in clear to another machine.
    """
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret, "scope": scope}
    return HttpRequest(
        "POST",
        _checked(base_url) + TOKEN_PATH,
        {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        urlencode(form).encode("ascii"),
    )


def token_in(answer: HttpAnswer) -> str:
    """Return the access token. Raises: FreePbxRefused."""
    said = _json(answer)
    token = said.get("access_token")
    if answer.status != 200 or not isinstance(token, str) or not token:
        raise FreePbxRefused(f"no token: {_reason(answer, said)}; look at Admin → API → Applications")
    return token


def operation_request(base_url: str, token: str, operation: Operation) -> HttpRequest:
    """Return the request for one operation. Raises: ValueError, as `token_request`."""
    body = json.dumps({"query": operation.document, "variables": dict(operation.variables)}, ensure_ascii=False)
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Authorization": f"Bearer {token}",
    }
    return HttpRequest("POST", _checked(base_url) + API_PATH, headers, body.encode())


def data_in(operation: Operation, answer: HttpAnswer) -> Mapping[str, object]:
    """Return what the operation gave. Raises: FreePbxRefused, also when `status` is false."""
    said = _json(answer)
    data = said.get("data")
    given = data.get(operation.name) if isinstance(data, dict) else None
    if answer.status != 200 or said.get("errors") or not isinstance(given, dict):
        raise FreePbxRefused(f"{operation.name}: {_reason(answer, said)}")
    if given.get("status") is False:
        raise FreePbxRefused(f"{operation.name}: {str(given.get('message') or 'refused')[:_LONGEST_ERROR]}")
    return given


def all_inbound_routes() -> Operation:
    """Every inbound route (a Relay connection)."""
    document = f"query {{ allInboundRoutes {{ edges {{ node {{ {_ROUTE_FIELDS} }} }} }} }}"
    return Operation("allInboundRoutes", document, verified=False)


def routes_in(given: Mapping[str, object]) -> tuple[InboundRoute, ...]:
    """Return the routes of `all_inbound_routes`."""
    edges = given.get("edges")
    nodes = [edge.get("node") for edge in edges if isinstance(edge, dict)] if isinstance(edges, list) else []
    return tuple(
        InboundRoute(
            str(node.get("extension") or ""),
            _destination(node.get("destination")),
            str(node.get("description") or ""),
            str(node.get("cidnum") or ""),
        )
        for node in nodes
        if isinstance(node, dict)
    )


def add_inbound_route(route: InboundRoute) -> Operation:
    """Make a route; FreePBX refuses one that is there already."""
    document = (
        "mutation ($input: addInboundRouteInput!) { addInboundRoute(input: $input) "
        "{ status message inboundRoute { id } } }"
    )
    given = {
        "extension": route.extension,
        "cidnum": route.cidnum,
        "description": route.description,
        "destination": route.destination,
        **dict.fromkeys(("privacyman", "ringing", "pricid", "reversal", "fanswer"), False),
    }
    return Operation("addInboundRoute", document, {"input": given})


def remove_inbound_route(route: InboundRoute) -> Operation:
    """Take a route away."""
    document = "mutation ($input: removeInboundRouteInput!) { removeInboundRoute(input: $input) { status message } }"
    return Operation("removeInboundRoute", document, {"input": {"id": route.id}})


def do_reload() -> Operation:
    """Apply Config. It goes on in the background: read back what it should have changed."""
    return Operation("doreload", "mutation { doreload(input: {}) { status message } }", verified=False)


def _checked(base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{base_url!r} is no address of a FreePBX, like https://pbx.example.com")
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise ValueError(f"{base_url}: the secret would travel in clear; use https, or 127.0.0.1 on the PBX itself")
    return base_url.rstrip("/")


def _destination(said: object) -> str:
    """Some versions give the destination as a text, some as an object; unverified, so both are read."""
    if isinstance(said, dict):
        return str(said.get("id") or "")
    return str(said or "")


def _json(answer: HttpAnswer) -> Mapping[str, object]:
    try:
        said = json.loads(answer.body)
    except (json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return said if isinstance(said, dict) else {}


def _reason(answer: HttpAnswer, said: Mapping[str, object]) -> str:
    errors = said.get("errors")
    if isinstance(errors, list) and errors:
        first = errors[0]
        words = first.get("message") if isinstance(first, dict) else first
    else:
        words = said.get("message") or said.get("error_description") or said.get("error") or "no answer in JSON"
    return f"HTTP {answer.status}, {str(words)[:_LONGEST_ERROR]}"

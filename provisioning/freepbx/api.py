"""A session with FreePBX's GraphQL API. Who sends the bytes is injected: this package opens no network."""

from collections.abc import Callable, Mapping

from provisioning.freepbx.graphql import (
    SCOPE,
    HttpAnswer,
    HttpRequest,
    InboundRoute,
    Operation,
    add_inbound_route,
    all_inbound_routes,
    data_in,
    do_reload,
    operation_request,
    remove_inbound_route,
    routes_in,
    token_in,
    token_request,
)

Send = Callable[[HttpRequest], HttpAnswer]
"""Sends one request and waits for its answer; raises an OSError when nobody is there."""


class FreePbxApi:
    """Logs in at the first call, and once more when the token has run out."""

    def __init__(self, base_url: str, client_id: str, client_secret: str, send: Send, scope: str = SCOPE) -> None:
        """`base_url` like https://pbx.example.com; plain http only to this machine itself."""
        self._base_url = base_url
        self._login = token_request(base_url, client_id, client_secret, scope)
        self._send = send
        self._token = ""

    def inbound_routes(self) -> tuple[InboundRoute, ...]:
        """Return every inbound route. Raises: FreePbxRefused, OSError."""
        return routes_in(self._do(all_inbound_routes()))

    def add(self, route: InboundRoute) -> None:
        """Make a route. Raises: FreePbxRefused, OSError."""
        self._do(add_inbound_route(route))

    def remove(self, route: InboundRoute) -> None:
        """Take a route away. Raises: FreePbxRefused, OSError."""
        self._do(remove_inbound_route(route))

    def reload(self) -> None:
        """Apply Config. Raises: FreePbxRefused, OSError."""
        self._do(do_reload())

    def _do(self, operation: Operation) -> Mapping[str, object]:
        is_new = not self._token
        if is_new:
            self._log_in()
        answer = self._send(operation_request(self._base_url, self._token, operation))
        if answer.status == 401 and not is_new:
            self._log_in()
            answer = self._send(operation_request(self._base_url, self._token, operation))
        return data_in(operation, answer)

    def _log_in(self) -> None:
        self._token = token_in(self._send(self._login))

"""A whole session with a small server that speaks FreePBX's API: log in, add, list, remove, reload, run out of time."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from provisioning.freepbx.api import FreePbxApi
from provisioning.freepbx.graphql import FreePbxRefused, HttpAnswer, HttpRequest, InboundRoute

ROUTE = InboundRoute("34910000001", "customdests,dest-1,1", "Centralita telecom")


class PbxServer(ThreadingHTTPServer):
    """Keeps routes, gives tokens that hold for a number of requests, and refuses what FreePBX refuses."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.routes: dict[str, dict[str, object]] = {}
        self.tokens: dict[str, int] = {}
        self.logins = 0
        self.requests_per_token = 100
        self.reloads = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def log_in(self, form: dict[str, list[str]]) -> tuple[int, dict[str, object]]:
        if form.get("client_secret") != ["s3cret"] or form.get("grant_type") != ["client_credentials"]:
            return 401, {"error": "invalid_client"}
        self.logins += 1
        token = f"token-{self.logins}"
        self.tokens[token] = self.requests_per_token
        return 200, {"token_type": "Bearer", "expires_in": 3600, "access_token": token}

    def answer(self, token: str, asked: dict[str, object]) -> tuple[int, dict[str, object]]:
        if self.tokens.get(token, 0) < 1:
            return 401, {"error": "access_denied"}
        self.tokens[token] -= 1
        document, variables = str(asked["query"]), asked["variables"]
        assert isinstance(variables, dict)
        given = variables.get("input", {})
        if "addInboundRoute(" in document:
            key = f"{given['extension']}/{given['cidnum']}"
            if any(not isinstance(given.get(name), bool) for name in ("ringing", "fanswer", "pricid")):
                return 200, {"errors": [{"message": "Internal server error"}]}
            if key in self.routes:
                return 200, {"data": {"addInboundRoute": {"status": False, "message": "Inbound Route already exists"}}}
            self.routes[key] = given
            return 200, {"data": {"addInboundRoute": {"status": True, "message": "created"}}}
        if "removeInboundRoute(" in document:
            found = self.routes.pop(given["id"], None)
            return 200, {"data": {"removeInboundRoute": {"status": bool(found), "message": "Inbound Route not found"}}}
        if "allInboundRoutes" in document:
            return 200, {"data": {"allInboundRoutes": {"edges": [{"node": node} for node in self.routes.values()]}}}
        if "doreload" in document:
            self.reloads += 1
            return 200, {"data": {"doreload": {"status": True, "message": "Doreload/apply config has been initiated"}}}
        return 200, {"errors": [{"message": "Syntax Error"}]}


class Handler(BaseHTTPRequestHandler):
    server: PbxServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/admin/api/api/token":
            status, said = self.server.log_in(parse_qs(body))
        else:
            assert self.path == "/admin/api/api/gql"
            status, said = self.server.answer(self.headers["Authorization"].removeprefix("Bearer "), json.loads(body))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def send(request: HttpRequest) -> HttpAnswer:
    """What the program above will do with its own HTTP client."""
    wire = urllib.request.Request(request.url, request.body, dict(request.headers), method=request.method)
    try:
        with urllib.request.urlopen(wire, timeout=10) as answer:
            return HttpAnswer(answer.status, answer.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return HttpAnswer(refused.code, refused.read())


@pytest.fixture
def pbx() -> Iterator[PbxServer]:
    with PbxServer() as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield server
        server.shutdown()
        serving.join()


def test_a_route_is_made_seen_and_taken_away_with_one_login(pbx: PbxServer) -> None:
    api = FreePbxApi(pbx.url, "me", "s3cret", send)
    assert api.inbound_routes() == ()
    api.add(ROUTE)
    assert api.inbound_routes() == (ROUTE,)
    with pytest.raises(FreePbxRefused, match="already exists"):
        api.add(ROUTE)
    api.reload()
    api.remove(ROUTE)
    assert api.inbound_routes() == ()
    with pytest.raises(FreePbxRefused, match="not found"):
        api.remove(ROUTE)
    assert (pbx.logins, pbx.reloads) == (1, 1)


def test_a_token_that_ran_out_is_renewed(pbx: PbxServer) -> None:
    pbx.requests_per_token = 1
    api = FreePbxApi(pbx.url, "me", "s3cret", send)
    api.add(ROUTE)
    assert api.inbound_routes() == (ROUTE,)
    assert pbx.logins == 2


def test_a_wrong_secret_is_told_and_not_repeated(pbx: PbxServer) -> None:
    with pytest.raises(FreePbxRefused, match="invalid_client") as refused:
        FreePbxApi(pbx.url, "me", "wrong-secret", send).reload()
    assert "wrong-secret" not in str(refused.value)


def test_a_token_that_never_holds_ends_in_a_refusal_not_in_a_circle(pbx: PbxServer) -> None:
    pbx.requests_per_token = 0
    with pytest.raises(FreePbxRefused, match="401"):
        FreePbxApi(pbx.url, "me", "s3cret", send).reload()
    assert pbx.logins == 1

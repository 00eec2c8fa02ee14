"""HTTP of the replay: what is tried again, and what is not."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from integrations.replay.client import (
    Client,
    Credentials,
    RefusedError,
    Tokens,
    Transport,
    UnreachableError,
)

BASE = "http://shop.test"


def answer(status: int, body: Any = None, **headers: str) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.reason = "because"
    response._content = json.dumps(body or {}).encode()
    response.headers.update(headers)
    return response


def problem(status: int, code: str) -> requests.Response:
    return answer(status, {"errorCode": code, "message": "Sorry."})


class Server:
    """Answers from a list; a token call has its own answer."""

    def __init__(self) -> None:
        self.answers: list[requests.Response | Exception] = []
        self.calls: list[tuple[str, str]] = []
        self.tokens = 0
        self.pauses: list[float] = []
        self.seen: list[str] = []

    def request(self, method: str, url: str, **content: Any) -> requests.Response:
        if "oauth2" in url:
            self.tokens += 1
            return answer(200, {"access_token": f"token{self.tokens}"})
        prepared = requests.Request(method, url, auth=content["auth"]).prepare()
        self.seen.append(str(prepared.headers["Authorization"]))
        self.calls.append((method, url))
        given = self.answers.pop(0)
        if isinstance(given, Exception):
            raise given
        return given


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def transport(server: Server, monkeypatch: pytest.MonkeyPatch) -> Transport:
    transport = Transport(sleep=server.pauses.append, max_tries=4)
    monkeypatch.setattr(transport._session, "request", server.request)
    return transport


@pytest.fixture
def call(transport: Transport) -> Callable[[], requests.Response]:
    client = Client(
        base_url=BASE,
        organization="acme",
        tokens=Tokens(base_url=BASE, credentials=Credentials("id", "secret")),
        transport=transport,
    )
    return lambda: client.call("PUT", "reservation", "reservation-documents/7", {"a": 1})


def test_an_answer_is_returned(server: Server, call: Callable[[], Any]) -> None:
    server.answers = [answer(200, {"success": True})]

    assert call().json() == {"success": True}
    assert server.calls == [
        ("PUT", f"{BASE}/inventory/reservation/v1/organizations/acme/reservation-documents/7")
    ]
    assert server.seen == ["Bearer token1"]


@pytest.mark.parametrize(
    "trouble",
    [
        requests.ConnectionError("gone"),
        requests.Timeout("late"),
        answer(429),
        answer(502),
        answer(503),
        answer(504),
        problem(409, "ConcurrentModification"),
        problem(409, "ReservationOperationInProcess"),
    ],
)
def test_what_may_pass_is_tried_again(
    trouble: Any, server: Server, transport: Transport, call: Callable[[], Any]
) -> None:
    server.answers = [trouble, trouble, answer(204)]

    assert call().status_code == 204
    assert server.pauses == [0.1, 0.2]
    assert transport.retries == 2
    assert transport.requests == 4  # the token's too


def test_retry_after_is_honoured(server: Server, call: Callable[[], Any]) -> None:
    server.answers = [
        answer(429, **{"Retry-After": "7"}),
        answer(429, **{"Retry-After": "86400"}),
        answer(204),
    ]

    call()

    assert server.pauses == [7, 60]


def test_there_is_an_end_to_trying(server: Server, call: Callable[[], Any]) -> None:
    server.answers = [answer(503)] * 4

    with pytest.raises(UnreachableError, match="no answer in 4 tries; the last: 503 because"):
        call()
    assert len(server.pauses) == 3


@pytest.mark.parametrize("code", ["ReservationAlreadyFinalized", "EntityExists"])
def test_a_refusal_is_final(code: str, server: Server, call: Callable[[], Any]) -> None:
    server.answers = [problem(409, code)]

    with pytest.raises(RefusedError, match=f"reservation-documents/7: 409: {code} Sorry.") as info:
        call()
    assert info.value.code == code


def test_an_error_that_is_no_problem_document_is_told(
    server: Server, call: Callable[[], Any]
) -> None:
    page = answer(500)
    page._content = b"<h1>Server Error</h1>"
    server.answers = [page]

    with pytest.raises(RefusedError, match="500: <h1>Server Error</h1>"):
        call()


def test_a_token_that_is_over_is_replaced_once(server: Server, call: Callable[[], Any]) -> None:
    server.answers = [answer(401), answer(204)]
    assert call().status_code == 204
    assert server.seen == ["Bearer token1", "Bearer token2"]

    server.answers = [answer(401), answer(401, {"detail": "no"})]
    with pytest.raises(RefusedError, match="401: no"):
        call()
    assert server.tokens == 3


def test_a_token_is_renewed_by_one_client_only(server: Server, transport: Transport) -> None:
    tokens = Tokens(base_url=BASE, credentials=Credentials("id", "secret"))
    first = tokens.current(transport)

    assert tokens.renewed(transport, stale=first) == "token2"
    assert tokens.renewed(transport, stale=first) == "token2"
    assert tokens.current(transport) == "token2"

"""HTTP to the service: a bearer token, one connection per client, bounded retries.

Every call of the replay may be repeated: documents and records carry ids of the order, and the
service applies them once. So whatever may have been lost on the way is simply sent again.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import requests

MAX_TRIES = 10
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
_LONGEST_RETRY_AFTER = 60.0
_TIMEOUT = (5, 60)
_BUSY = frozenset({429, 502, 503, 504})
_TRY_AGAIN = frozenset(
    {"ConcurrentModification", "ReservationOperationInProcess", "PreviousRequestAborted"}
)
_UNAUTHORIZED = 401
_CONFLICT = 409
_SCOPES = "sfcc.inventory.availability.rw sfcc.inventory.reservations.rw"

_encoder = msgspec.json.Encoder(decimal_format="number")


class UnreachableError(Exception):
    """The service gave no usable answer, however often it was asked."""


class Problem(msgspec.Struct, rename="camel"):
    """What an error answer says (problem+json)."""

    error_code: str = ""
    message: str = ""
    title: str = ""
    detail: str = ""


class RefusedError(Exception):
    """The service refused a call, or a record of one."""

    def __init__(self, request: str, *, code: str, said: str) -> None:
        super().__init__(" ".join(filter(None, (f"{request}:", code, said))))
        self.code = code


@dataclass(frozen=True, slots=True)
class Credentials:
    """An API client's id and secret."""

    client_id: str
    secret: str


class Tokens:
    """The bearer token that all clients share."""

    def __init__(self, *, base_url: str, credentials: Credentials) -> None:
        self._url = f"{base_url}/dwsso/oauth2/access_token"
        self._credentials = credentials
        self._lock = threading.Lock()
        self._token = ""

    def current(self, transport: "Transport") -> str:
        """Return the token, asking for the first one."""
        return self._token or self.renewed(transport, stale="")

    def renewed(self, transport: "Transport", *, stale: str) -> str:
        """Return another token than the stale one; only one client asks for it."""
        with self._lock:
            if self._token == stale:
                answer = transport.send(
                    "POST",
                    self._url,
                    auth=(self._credentials.client_id, self._credentials.secret),
                    data={"grant_type": "client_credentials", "scope": _SCOPES},
                )
                _raise_for(answer, request="POST token")
                self._token = answer.json()["access_token"]
            return self._token


class Transport:
    """Sends a request until there is an answer; counts requests and retries."""

    def __init__(
        self, *, max_tries: int = MAX_TRIES, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._session = requests.Session()
        self._max_tries = max_tries
        self._sleep = sleep
        self.requests = 0
        self.retries = 0

    def send(self, method: str, url: str, **content: Any) -> requests.Response:
        """Return the first answer that is final; raises UnreachableError."""
        reason = ""
        for attempt in range(self._max_tries):
            if attempt:
                self.retries += 1
            self.requests += 1
            pause = min(_FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE)
            try:
                answer = self._session.request(method, url, timeout=_TIMEOUT, **content)
            except requests.RequestException as error:
                reason = str(error)
            else:
                if not _may_be_repeated(answer):
                    return answer
                reason = f"{answer.status_code} {answer.reason}"
                pause = max(pause, _retry_after(answer))
            if attempt < self._max_tries - 1:
                self._sleep(pause)
        message = f"{method} {url}: no answer in {self._max_tries} tries; the last: {reason}"
        raise UnreachableError(message)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()


class Client:
    """Calls an organization's API families."""

    def __init__(
        self, *, base_url: str, organization: str, tokens: Tokens, transport: Transport
    ) -> None:
        self._inventory = f"{base_url}/inventory"
        self._organization = organization
        self._tokens = tokens
        self.transport = transport

    def call(self, method: str, family: str, path: str, body: Any = None) -> requests.Response:
        """Return a 2xx answer; raises RefusedError, UnreachableError."""
        url = f"{self._inventory}/{family}/v1/organizations/{self._organization}/{path}"
        content = b"" if body is None else _encoder.encode(body)
        token = self._tokens.current(self.transport)
        answer = self._send(method, url, content, token=token)
        if answer.status_code == _UNAUTHORIZED:
            token = self._tokens.renewed(self.transport, stale=token)
            answer = self._send(method, url, content, token=token)
        _raise_for(answer, request=f"{method} {path}")
        return answer

    def _send(self, method: str, url: str, content: bytes, *, token: str) -> requests.Response:
        def with_token(request: requests.PreparedRequest) -> requests.PreparedRequest:
            request.headers["Authorization"] = f"Bearer {token}"
            return request

        # As `auth`, not as a header: a .netrc entry of the host would replace the header.
        headers = {"Content-Type": "application/json"} if content else {}
        return self.transport.send(method, url, data=content, headers=headers, auth=with_token)


def _may_be_repeated(answer: requests.Response) -> bool:
    if answer.status_code == _CONFLICT:
        return problem_of(answer).error_code in _TRY_AGAIN
    return answer.status_code in _BUSY


def _retry_after(answer: requests.Response) -> float:
    text = answer.headers.get("Retry-After", "")
    return min(float(text), _LONGEST_RETRY_AFTER) if text.isdigit() else 0.0


def _raise_for(answer: requests.Response, *, request: str) -> None:
    if not answer.ok:
        problem = problem_of(answer)
        said = problem.message or problem.detail or problem.title
        request = f"{request}: {answer.status_code}"
        raise RefusedError(request, code=problem.error_code, said=said)


def problem_of(answer: requests.Response) -> Problem:
    """Return what an error answer says; an empty problem when it is none of ours."""
    try:
        return msgspec.json.decode(answer.content, type=Problem)
    except msgspec.MsgspecError:
        return Problem(message=answer.text[:200])

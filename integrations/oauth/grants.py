"""Whom a token speaks for, and checking that on every call without a query each time."""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Access:
    """What a token gives: `request.auth` of an API call. `scopes` are canonical and expanded."""

    organization_id: int
    organization: str
    scopes: frozenset[str]
    client_id: str


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller as Django knows users: `request.user` of an API call. Not a row of any table."""

    username: str
    pk: None = None
    is_active: bool = True
    is_authenticated: bool = True
    is_anonymous: bool = False
    is_staff: bool = False
    is_superuser: bool = False

    def __str__(self) -> str:
        return self.username


@dataclass(frozen=True, slots=True)
class Grant:
    """A token as it was found: who calls, with what, until when (epoch seconds)."""

    principal: Principal
    access: Access
    expires_at: float


def token_checksum(token: str) -> str:
    """What is stored of a token, and all that is."""
    return hashlib.sha256(token.encode()).hexdigest()


class TokenCheck:
    """Finds the grant of a token and remembers it for `keep` seconds.

    A revoked token is honoured that much longer at most: keep it well under the 5 seconds within
    which revocation must act. Age is counted from before the query, on a clock that never goes
    back. Expiry is decided on every call, remembered or not. Strangers are not remembered: guessing
    cannot push honest callers out. Safe to share among threads.
    """

    def __init__(
        self,
        load: Callable[[str], Grant | None],
        *,
        keep: float = 3.0,
        size: int = 10_000,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._load = load
        self._keep = keep
        self._size = size
        self._monotonic = monotonic
        self._clock = clock
        self._remembered: dict[str, tuple[float, Grant]] = {}
        self._lock = threading.Lock()

    def __call__(self, token: str) -> Grant | None:
        """The token's grant; None if it is unknown, expired, or its client was revoked."""
        checksum = token_checksum(token)
        now = self._monotonic()
        remembered = self._remembered.get(checksum)
        if remembered is not None and remembered[0] > now:
            grant = remembered[1]
        else:
            found = self._load(checksum)
            if found is None:
                return None
            grant = found
            self._remember(checksum, grant, until=now + self._keep)
        return grant if grant.expires_at > self._clock() else None

    def __len__(self) -> int:
        return len(self._remembered)

    def _remember(self, checksum: str, grant: Grant, *, until: float) -> None:
        with self._lock:
            # Put at the end again, so that the dictionary stays sorted by age.
            self._remembered.pop(checksum, None)
            if len(self._remembered) >= self._size:
                del self._remembered[next(iter(self._remembered))]
            self._remembered[checksum] = (until, grant)

"""Token buckets: how much of its minute a tenant has left.

A bucket is one number, the moment at which it is full again. Taking a token moves that moment one
*step* (a minute divided by the limit) into the future; when it would lie more than a minute ahead,
the bucket is empty. Moments are integers of microseconds since the epoch: exact in Python and,
being below 2**53, in Redis' Lua.
"""

import logging
import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, Protocol

import redis

MINUTE = 60_000_000
_SECOND = 1_000_000

log = logging.getLogger(__name__)


class Allowance(NamedTuple):
    """The answer to one call: is it allowed, and what is left after it.

    `full_at` is a moment, `wait` the microseconds until there is a token; 0: one was taken.
    """

    limit: int
    remaining: int
    full_at: int
    wait: int

    @property
    def is_allowed(self) -> bool:
        """Whether there was a token left."""
        return self.wait == 0

    @property
    def retry_after(self) -> int:
        """Whole seconds until the next token, at least 1."""
        return max(1, -(-self.wait // _SECOND))

    def headers(self) -> dict[str, str]:
        """The headers every answer to the tenant carries; `Retry-After` is the 429's own."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(-(-self.full_at // _SECOND)),
        }


class Buckets(Protocol):
    """Where buckets are kept."""

    def take(self, key: tuple[Hashable, ...], *, limit: int) -> Allowance:
        """Take one token of `limit` a minute (at least 1) from the bucket called `key`."""


def take_from(full_at: int, *, now: int, limit: int) -> Allowance:
    """Take a token at `now` from the bucket that would be full again at `full_at`.

    A bucket is never fuller than full, nor emptier than empty: a clock that was set back does not
    shut a tenant out for longer than a minute.
    """
    step = MINUTE // limit
    span = step * limit
    full_at = min(max(full_at, now), now + span)
    wait = max(0, full_at + step - now - span)
    if wait == 0:
        full_at += step
    return Allowance(limit, (now + span - full_at) // step, full_at, wait)


def _now() -> int:
    return time.time_ns() // 1_000


class LocalBuckets:
    """Buckets of this process alone: with several processes each grants the limit by itself."""

    def __init__(self, *, clock: Callable[[], int] = _now) -> None:
        self._clock = clock
        self._full_at: dict[tuple[Hashable, ...], int] = {}
        self._lock = threading.Lock()

    def take(self, key: tuple[Hashable, ...], *, limit: int) -> Allowance:
        """See `Buckets`."""
        now = self._clock()
        with self._lock:
            allowance = take_from(self._full_at.get(key, 0), now=now, limit=limit)
            self._full_at[key] = allowance.full_at
        return allowance


# `take_from` once more, inside Redis: its clock, nobody in between. Numbers are formatted by hand:
# tostring() keeps 14 digits, and a moment has 16.
_TAKE = """
local limit = tonumber(ARGV[1])
local minute = 60000000
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local step = math.floor(minute / limit)
local span = step * limit
local full_at = tonumber(redis.call('GET', KEYS[1]) or '0')
full_at = math.min(math.max(full_at, now), now + span)
local wait = math.max(0, full_at + step - now - span)
if wait == 0 then
  full_at = full_at + step
  redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', 120000)
end
return {math.floor((now + span - full_at) / step), full_at, wait}
"""


class RedisBuckets:
    """Buckets shared by all processes. While Redis is away, each process counts by itself."""

    away_for = 5.0

    def __init__(
        self,
        client: Any,
        *,
        prefix: str = "holdfast:rate",
        fallback: Buckets | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._take = client.register_script(_TAKE)
        self._prefix = prefix
        self._fallback = fallback or LocalBuckets()
        self._monotonic = monotonic
        self._away_until = 0.0

    @classmethod
    def at(cls, url: str) -> "RedisBuckets":
        """Buckets at this address; a slow Redis counts as away, the limit is not worth a wait."""
        client = redis.Redis.from_url(url, socket_timeout=0.1, socket_connect_timeout=0.1)
        return cls(client)

    def take(self, key: tuple[Hashable, ...], *, limit: int) -> Allowance:
        """See `Buckets`."""
        if self._monotonic() >= self._away_until:
            try:
                name = ":".join((self._prefix, *map(str, key)))
                remaining, full_at, wait = self._take(keys=[name], args=[limit])
            except redis.RedisError as error:
                self._away_until = self._monotonic() + self.away_for
                log.warning("Rate limits are counted per process: Redis is away (%s).", error)
            else:
                return Allowance(limit, remaining, full_at, wait)
        return self._fallback.take(key, limit=limit)

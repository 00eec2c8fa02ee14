"""Token buckets: the figures, two places to keep them, and the throttle that asks them."""

import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import pytest
import redis
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from integrations.oauth import ratelimit
from integrations.oauth.buckets import MINUTE, LocalBuckets, RedisBuckets, take_from
from integrations.oauth.grants import Access
from integrations.oauth.ratelimit import TenantRateThrottle, family_of, rate_limit_headers
from tests.integrations.oauth.conftest import Clock

SECOND = 1_000_000
NOW = 1_800_000_000 * SECOND


@dataclass
class MicroClock:
    """Microseconds, told by the test."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now


def test_a_full_bucket_gives_its_limit_and_no_more() -> None:
    buckets = LocalBuckets(clock=MicroClock())

    taken = [buckets.take(("t",), limit=24_000) for _ in range(24_001)]

    assert all(a.is_allowed for a in taken[:24_000])
    assert [taken[0].remaining, taken[-2].remaining] == [23_999, 0]
    assert not taken[-1].is_allowed
    assert taken[-1].wait == MINUTE // 24_000
    assert taken[-1].retry_after == 1


def test_a_refusal_takes_nothing() -> None:
    clock = MicroClock()
    buckets = LocalBuckets(clock=clock)
    for _ in range(10):
        buckets.take(("t",), limit=2)

    clock.now += 30 * SECOND

    assert buckets.take(("t",), limit=2).is_allowed
    assert not buckets.take(("t",), limit=2).is_allowed


def test_a_bucket_refills_evenly() -> None:
    clock = MicroClock()
    buckets = LocalBuckets(clock=clock)
    for _ in range(6):
        buckets.take(("t",), limit=6)

    refused = buckets.take(("t",), limit=6)
    clock.now += refused.wait - 1
    assert not buckets.take(("t",), limit=6).is_allowed
    clock.now += 1
    assert buckets.take(("t",), limit=6).is_allowed
    clock.now += 60 * SECOND
    assert buckets.take(("t",), limit=6).remaining == 5


def test_headers_tell_what_is_left_and_when_it_is_full() -> None:
    allowance = take_from(0, now=NOW + 1, limit=60)

    assert allowance.headers() == {
        "X-RateLimit-Limit": "60",
        "X-RateLimit-Remaining": "59",
        "X-RateLimit-Reset": str(NOW // SECOND + 2),
    }


def test_waits_are_told_in_whole_seconds_rounded_up() -> None:
    empty = take_from(NOW + MINUTE, now=NOW, limit=40)

    assert (empty.wait, empty.retry_after) == (1_500_000, 2)


def test_a_clock_set_back_shuts_nobody_out_for_longer_than_a_minute() -> None:
    assert take_from(NOW, now=NOW - 3600 * SECOND, limit=60).wait == 1 * SECOND


@pytest.mark.parametrize("limit", [1, 7, 59, 61, 24_000, 99_991])
def test_any_limit_is_kept_exactly(limit: int) -> None:
    full_at, allowed = 0, 0
    while (allowance := take_from(full_at, now=NOW, limit=limit)).is_allowed:
        full_at, allowed = allowance.full_at, allowed + 1

    assert allowed == limit


def test_a_lowered_limit_acts_at_once() -> None:
    clock = MicroClock()
    buckets = LocalBuckets(clock=clock)
    for _ in range(50):
        buckets.take(("t",), limit=100)

    assert buckets.take(("t",), limit=2).remaining == 0


class Yielding(dict[Any, int]):
    """Lets another thread go first between reading a bucket and writing it."""

    def get(self, key: Any, default: Any = None) -> Any:
        value = super().get(key, default)
        time.sleep(0)
        return value


def taken_by_threads(buckets: LocalBuckets) -> int:
    """Tokens that four threads get out of a bucket of 200 together."""
    buckets._full_at = Yielding()
    allowed: list[bool] = []
    ready = threading.Barrier(4)

    def take() -> None:
        ready.wait()
        allowed.extend(buckets.take(("t",), limit=200).is_allowed for _ in range(100))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(allowed)


def test_threads_take_no_more_than_there_is() -> None:
    assert taken_by_threads(LocalBuckets(clock=MicroClock())) == 200


def test_without_the_lock_threads_take_more() -> None:
    """Negative control."""
    buckets = LocalBuckets(clock=MicroClock())
    buckets._lock = nullcontext()

    assert taken_by_threads(buckets) > 200


@pytest.mark.redis
def test_processes_share_a_bucket_in_redis(redis_url: str) -> None:
    one, other = RedisBuckets.at(redis_url), RedisBuckets.at(redis_url)

    taken = [b.take(("shared", 1), limit=4) for b in (one, other, one, other, one)]

    assert [a.remaining for a in taken] == [3, 2, 1, 0, 0]
    assert [a.is_allowed for a in taken] == [True] * 4 + [False]
    assert 0 < taken[-1].wait <= 15 * SECOND
    assert other.take(("shared", 2), limit=4).remaining == 3


@pytest.mark.redis
@pytest.mark.parametrize("limit", [1, 7, 61, 24_000])
def test_redis_counts_as_python_does(redis_url: str, limit: int) -> None:
    """Redis' own clock cannot be set, but a full and an empty bucket tell what it said."""
    client = redis.Redis.from_url(redis_url)
    buckets = RedisBuckets(client, prefix=f"same:{limit}")
    step = MINUTE // limit

    full = buckets.take(("t",), limit=limit)
    client.set(f"same:{limit}:t", 4 * NOW)
    empty = buckets.take(("t",), limit=limit)

    assert full == take_from(0, now=full.full_at - step, limit=limit)
    assert full.is_allowed
    assert empty == take_from(4 * NOW, now=empty.full_at - step * limit, limit=limit)
    assert not empty.is_allowed


@pytest.mark.redis
def test_redis_goes_on_from_what_was_taken(redis_url: str) -> None:
    client = redis.Redis.from_url(redis_url)
    seconds, microseconds = client.time()
    half_full_at = seconds * SECOND + microseconds + 30 * SECOND
    client.set("half:t", half_full_at)

    allowance = RedisBuckets(client, prefix="half").take(("t",), limit=6)

    assert (allowance.remaining, allowance.full_at) == (2, half_full_at + 10 * SECOND)


@pytest.mark.redis
def test_buckets_in_redis_are_forgotten_once_full(redis_url: str) -> None:
    client = redis.Redis.from_url(redis_url)
    RedisBuckets(client, prefix="forgotten").take(("t",), limit=24_000)

    assert 0 < client.pttl("forgotten:t") <= 120_000
    assert len(client.get("forgotten:t")) == 16  # every digit of the moment is kept


def test_while_redis_is_away_each_process_counts_alone(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    asked = []

    class Away:
        def register_script(self, script: str) -> Any:
            def ask(**_: Any) -> Any:
                asked.append(1)
                raise redis.ConnectionError("no route")

            return ask

    buckets = RedisBuckets(Away(), monotonic=clock)
    remaining = [buckets.take(("t",), limit=60).remaining for _ in range(3)]

    assert remaining == [59, 58, 57]
    assert len(asked) == 1  # not every call waits for the timeout
    assert "Redis is away" in caplog.text
    clock.now += RedisBuckets.away_for
    buckets.take(("t",), limit=60)
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("path", "family"),
    [
        ("/inventory/availability/v1/organizations/o/x/y", "inventory/availability"),
        ("/inventory/reservation/v1/organizations/o", "inventory/reservation"),
        ("/other", "other"),
        ("/", ""),
    ],
)
def test_the_family_is_in_the_address(path: str, family: str) -> None:
    assert family_of(path) == family


class Throttled(APIView):
    """A view behind the throttle."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = (TenantRateThrottle,)

    def get(self, request: Request) -> Response:
        return Response()


@pytest.fixture
def local_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Buckets of this test alone, on a clock that stands still."""
    buckets = LocalBuckets(clock=MicroClock())
    monkeypatch.setattr(ratelimit, "buckets", lambda _: buckets)


def call(organization_id: int | None, path: str = "/inventory/availability/v1/x") -> Any:
    request = APIRequestFactory().get(path)
    if organization_id is not None:
        access = Access(organization_id, "o", frozenset(), "c")
        request._force_auth_user, request._force_auth_token = None, access
        Throttled.authentication_classes = ()
    answer = Throttled.as_view()(request)
    answer.counted = rate_limit_headers(request)
    return answer


@pytest.mark.usefixtures("local_buckets")
def test_a_tenant_over_its_limit_is_told_to_wait(settings: Any) -> None:
    settings.OCI_RATE_LIMIT_PER_MINUTE = 2

    answers = [call(1) for _ in range(3)]

    assert [a.status_code for a in answers] == [200, 200, 429]
    assert answers[-1]["Retry-After"] == "30"
    assert [a.counted["X-RateLimit-Remaining"] for a in answers] == ["1", "0", "0"]


@pytest.mark.usefixtures("local_buckets")
def test_tenants_and_families_have_buckets_of_their_own(settings: Any) -> None:
    settings.OCI_RATE_LIMIT_PER_MINUTE = 1
    assert call(1).status_code == 200

    assert call(2).status_code == 200
    assert call(1, "/inventory/reservation/v1/x").status_code == 200
    assert call(1).status_code == 429


@pytest.mark.usefixtures("local_buckets")
def test_nothing_is_counted_without_a_tenant_or_a_limit(settings: Any) -> None:
    settings.OCI_RATE_LIMIT_PER_MINUTE = 1
    assert [call(None).status_code for _ in range(3)] == [200] * 3

    settings.OCI_RATE_LIMIT_PER_MINUTE = 0
    answers = [call(1) for _ in range(3)]
    assert [a.status_code for a in answers] == [200] * 3
    assert answers[0].counted == {}

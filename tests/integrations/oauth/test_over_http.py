"""A client, a token and the API, through everything a request passes."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from integrations.oauth import authentication, ratelimit, services
from integrations.oauth.buckets import LocalBuckets
from integrations.oauth.grants import TokenCheck
from integrations.oauth.selectors import get_grant
from integrations.oauth.services import IssuedSecret
from inventory.models import Organization
from tests.integrations.oauth.conftest import Clock

pytestmark = pytest.mark.django_db

ROOT = "/inventory/availability/v1/organizations"
AVAILABILITY = f"{ROOT}/acme-group/availability-records/actions/get-availability"
WRITE = f"{ROOT}/acme-group/availability-records/actions/batch-update"
RATE_HEADERS = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """A memory and buckets of this test alone."""
    buckets = LocalBuckets(clock=lambda: 1_800_000_000_000_000)
    monkeypatch.setattr(ratelimit, "buckets", lambda _: buckets)
    monkeypatch.setattr(authentication, "check_token", TokenCheck(get_grant, monotonic=clock))


@pytest.fixture
def post(client: Client, ask: Callable[..., Any]) -> Callable[..., Any]:
    """Call the API with a token of the client."""
    token = ask().json()["access_token"]

    def _post(path: str = AVAILABILITY, body: Any = None, scheme: str = "Bearer") -> Any:
        return client.post(
            path,
            {"sku": "shirt"} if body is None else body,
            content_type="application/json",
            headers={"authorization": f"{scheme} {token}"},
        )

    return _post


def test_a_token_opens_the_api(post: Callable[..., Any]) -> None:
    answer = post()

    assert answer.status_code == 200
    assert set(answer.headers) >= RATE_HEADERS
    assert answer["X-RateLimit-Limit"] == "24000"


@pytest.mark.parametrize("body", ["{", {"sku": 7}, {}])
def test_what_is_left_is_told_with_a_refusal_too(post: Callable[..., Any], body: Any) -> None:
    answer = post(body=body)

    assert answer.status_code == 400
    assert set(answer.headers) >= RATE_HEADERS


def test_over_the_limit_is_a_problem_with_retry_after(
    post: Callable[..., Any], settings: Any
) -> None:
    settings.OCI_RATE_LIMIT_PER_MINUTE = 1
    assert post().status_code == 200

    answer = post()

    assert answer.status_code == 429
    assert answer["Retry-After"] == "60"
    assert answer["Content-Type"].startswith("application/problem+json")


def test_revocation_reaches_the_api_within_five_seconds(
    post: Callable[..., Any], made: IssuedSecret, clock: Clock
) -> None:
    assert post().status_code == 200
    services.revoke_api_client(client_id=made.client.client_id)

    clock.now += 5.0
    answer = post()

    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer["WWW-Authenticate"]
    assert answer["Content-Type"] == "application/problem+json"


def test_a_missing_scope_is_forbidden(post: Callable[..., Any]) -> None:
    assert post(WRITE, {"records": []}).status_code == 403


def test_another_tenants_address_is_forbidden(post: Callable[..., Any]) -> None:
    Organization.objects.create(identifier="other-group")

    assert post(AVAILABILITY.replace("acme-group", "other-group")).status_code == 403
    assert post(AVAILABILITY.replace("acme-group", "no-group")).status_code == 403


def test_no_token_is_a_challenge(client: Client, db: None) -> None:
    answer = client.post(AVAILABILITY, {}, content_type="application/json")

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer ")

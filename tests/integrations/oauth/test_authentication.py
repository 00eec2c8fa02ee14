"""Who calls: what a token gives, and when it stops giving it."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from oauth2_provider.models import AccessToken
from pytest_django import DjangoAssertNumQueries
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from integrations.oauth import authentication, services
from integrations.oauth.grants import Access, Grant, Principal, TokenCheck, token_checksum
from integrations.oauth.selectors import get_grant
from integrations.oauth.services import IssuedSecret
from inventory.services import retention
from tests.integrations.oauth.conftest import Clock

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
REVOCATION_ACTS_WITHIN = 5.0


class WhoAmI(APIView):
    """Tells what authentication found."""

    authentication_classes = (authentication.BearerAuthentication,)
    permission_classes = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        return Response({"user": str(request.user), "scopes": sorted(request.auth.scopes)})


def call(header: str | None) -> Any:
    headers = {} if header is None else {"authorization": header}
    return WhoAmI.as_view()(APIRequestFactory().get("/", headers=headers))


def issue(
    made: IssuedSecret, *, scope: str, expires: datetime = NOON + timedelta(days=9_000)
) -> str:
    """Put a token into the table, as the endpoint would."""
    token = secrets.token_urlsafe()
    AccessToken.objects.create(
        application=made.client,
        scope=scope,
        expires=expires,
        token_checksum=token_checksum(token),
        token="",
    )
    return token


@pytest.fixture
def token(made: IssuedSecret) -> str:
    """A token good for years."""
    return issue(made, scope="sfcc_inventory_availability sfcc.inventory.reservations.rw")


@pytest.fixture
def check(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> TokenCheck:
    """A token check of our own, on our own clock."""
    check = TokenCheck(get_grant, monotonic=clock)
    monkeypatch.setattr(authentication, "check_token", check)
    return check


def test_a_token_gives_access_to_its_organization(
    check: TokenCheck, token: str, made: IssuedSecret
) -> None:
    grant = check(token)

    assert grant is not None
    assert grant.access == Access(
        organization_id=made.client.organization_id,
        organization="acme-group",
        scopes=frozenset(
            {
                "sfcc.inventory.availability",
                "sfcc.inventory.reservations",
                "sfcc.inventory.reservations.rw",
            }
        ),
        client_id=made.client.client_id,
    )


def test_a_call_knows_its_caller(check: TokenCheck, token: str, made: IssuedSecret) -> None:
    answer = call(f"bearer {token}")

    assert answer.status_code == 200
    assert answer.data["user"] == made.client.client_id


def test_the_check_is_one_query_and_then_none(
    check: TokenCheck, token: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        check(token)
    with django_assert_num_queries(0):
        check(token)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer unknown",
        "Bearer two parts",
        "Bearer \u00e9",
        "B\u00e9arer x",
        "Token x",
        "Basic eDp5",
        "Bearer " + "x" * 10_000,
        "Bearer \x00",
    ],
)
def test_a_header_that_names_no_token_is_refused(check: TokenCheck, header: str) -> None:
    answer = call(header)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer ")
    assert 'error="invalid_token"' in answer["WWW-Authenticate"]


def test_without_a_header_there_is_only_a_challenge(check: TokenCheck) -> None:
    answer = call(None)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="holdfast"'


def test_an_expired_token_is_refused(check: TokenCheck, made: IssuedSecret) -> None:
    over = issue(made, scope="sfcc.inventory.availability", expires=NOON - timedelta(days=9_000))

    assert call(f"Bearer {over}").status_code == 401


def test_a_remembered_token_expires_on_time(clock: Clock, made: IssuedSecret) -> None:
    wall = Clock(NOON.timestamp() - 1)
    check = TokenCheck(get_grant, monotonic=clock, clock=wall)
    token = issue(made, scope="sfcc.inventory.availability", expires=NOON)
    assert check(token) is not None

    wall.now += 1

    assert check(token) is None


@pytest.mark.parametrize("act", [services.rotate_api_client, services.revoke_api_client])
def test_revocation_acts_within_five_seconds(
    check: TokenCheck, clock: Clock, token: str, made: IssuedSecret, act: Callable[..., Any]
) -> None:
    assert call(f"Bearer {token}").status_code == 200
    act(client_id=made.client.client_id)

    clock.now += REVOCATION_ACTS_WITHIN

    assert call(f"Bearer {token}").status_code == 401


def test_remembering_is_what_delays_revocation(
    check: TokenCheck, clock: Clock, token: str, made: IssuedSecret
) -> None:
    """Negative control: the delay of the test above is there."""
    check(token)
    services.revoke_api_client(client_id=made.client.client_id)

    clock.now += 2.9
    assert check(token) is not None
    clock.now += 0.2
    assert check(token) is None


def test_age_counts_from_before_the_query(clock: Clock) -> None:
    """A load that took long may have seen a state long gone."""
    loads = []

    def slow(checksum: str) -> Grant:
        loads.append(checksum)
        clock.now += 2.0
        return Grant(Principal("c"), Access(1, "o", frozenset(), "c"), expires_at=float("inf"))

    check = TokenCheck(slow, monotonic=clock, keep=3.0)
    check("t")

    clock.now += 1.0
    check("t")

    assert len(loads) == 2


def test_an_inactive_client_has_no_access(
    check: TokenCheck, token: str, made: IssuedSecret
) -> None:
    type(made.client).objects.update(is_active=False)

    assert check(token) is None


def test_a_scope_taken_from_the_client_is_gone_from_its_tokens(
    check: TokenCheck, token: str, made: IssuedSecret
) -> None:
    services.change_api_client(
        client_id=made.client.client_id, name="shop", scopes=["sfcc_inventory_availability"]
    )

    grant = check(token)

    assert grant is not None
    assert grant.access.scopes == {"sfcc.inventory.availability"}


def test_memory_is_bounded_and_holds_the_latest(clock: Clock) -> None:
    loads = []

    def load(checksum: str) -> Grant:
        loads.append(checksum)
        return Grant(Principal("c"), Access(1, "o", frozenset(), "c"), expires_at=float("inf"))

    check = TokenCheck(load, monotonic=clock, size=3)
    for token in "abcd":
        check(token)

    assert len(check) == 3
    check("d")
    assert len(loads) == 4
    check("a")
    assert len(loads) == 5


def test_strangers_are_not_remembered(clock: Clock) -> None:
    check = TokenCheck(lambda _: None, monotonic=clock)

    for number in range(100):
        assert check(f"guess {number}") is None

    assert len(check) == 0


def test_a_rotated_secret_replaces_the_old_one(made: IssuedSecret) -> None:
    renewed = services.rotate_api_client(client_id=made.client.client_id)

    stored = type(made.client).objects.get().client_secret
    assert check_password(renewed.secret, stored)
    assert not check_password(made.secret, stored)


def test_expired_tokens_are_dropped(made: IssuedSecret, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for age in range(5):
        issue(made, scope="", expires=NOON - timedelta(minutes=age))
    kept = issue(made, scope="", expires=NOON + timedelta(microseconds=1))

    assert services.drop_expired_tokens(now=NOON) == 5
    assert services.drop_expired_tokens(now=NOON) == 0
    assert AccessToken.objects.get().token_checksum == token_checksum(kept)

"""Logging in, tokens, and whose they are (spec: omnitron 2)."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from integrations.accounts.models import IntegrationToken
from integrations.accounts.services import (
    IssuedUser,
    create_integration_user,
    revoke_integration_user,
)
from inventory.models import Organization
from tests.builders import NOON
from tests.contract.omnitron.erp import PREFIXES, Erp, assert_refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(settings: Any) -> IssuedUser:
    settings.OMNITRON_LOGINS_PER_MINUTE = 0
    Organization.objects.create(identifier="acme-group")
    return create_integration_user(organization="acme-group", username="erp", now=NOON)


@pytest.fixture(params=PREFIXES)
def stranger(request: pytest.FixtureRequest, made: IssuedUser) -> Erp:
    """Somebody without a token, on each prefix."""
    return Erp(request.param, "")


def credentials(made: IssuedUser, **other: Any) -> dict[str, Any]:
    return {"username": "erp", "password": made.password, **other}


@pytest.mark.parametrize("path", ["auth/login/", "auth/login"])
def test_a_login_answers_a_key_that_lets_in(stranger: Erp, made: IssuedUser, path: str) -> None:
    answer = stranger.post(path, credentials(made))

    assert answer.status_code == 200
    assert set(answer.json()) == {"key"}
    known = Erp(stranger.prefix, answer.json()["key"])
    assert known.read("active_user/") == {
        "pk": made.user.pk,
        "username": "erp",
        "is_active": True,
    }
    for prefix in PREFIXES:
        assert known.on(prefix).get("active_user").status_code == 200


def test_the_printed_token_lets_in(stranger: Erp, made: IssuedUser) -> None:
    assert Erp(stranger.prefix, made.token).get("active_user/").status_code == 200


@pytest.mark.parametrize("wrong", [{"password": "no"}, {"username": "nobody"}, {"username": "ERP"}])
def test_bad_credentials_are_400_never_401(
    stranger: Erp, made: IssuedUser, wrong: dict[str, Any]
) -> None:
    answer = stranger.post("auth/login/", credentials(made, **wrong))

    assert answer.status_code == 400
    assert answer.json()["non_field_errors"] == ["Unable to log in with provided credentials."]
    assert IntegrationToken.objects.count() == 1


def test_a_bad_header_does_not_keep_anybody_from_logging_in(
    stranger: Erp, made: IssuedUser
) -> None:
    stale = Erp(stranger.prefix, "stale")
    assert stale.post("auth/login/", credentials(made)).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "username"),
        ({"username": "erp"}, "password"),
        ({"username": "", "password": "x"}, "username"),
        ({"username": "erp", "password": ""}, "password"),
        ({"username": None, "password": "x"}, "username"),
        ({"username": [], "password": "x"}, "username"),
        ({"username": "a\0", "password": "x"}, "username"),
        ({"username": "erp", "password": "\ud800"}, "password"),
        ({"username": "x" * 151, "password": "x"}, "username"),
        ({"username": "erp", "password": "x" * 129}, "password"),
        ([], "non_field_errors"),
    ],
)
def test_a_login_that_cannot_be_read_is_400(stranger: Erp, body: Any, field: str) -> None:
    answer = stranger.post("auth/login/", json.dumps(body))
    assert answer.status_code == 400
    assert field in answer.json()


def test_too_many_logins_are_429(stranger: Erp, made: IssuedUser, settings: Any) -> None:
    settings.OMNITRON_LOGINS_PER_MINUTE = 2
    name = f"busy-{stranger.prefix}"  # each test has a bucket of its own
    body = credentials(made, username=name)

    with time_machine.travel(datetime.now(UTC), tick=False):
        answers = [stranger.post("auth/login/", body) for _ in range(3)]
        other = stranger.post("auth/login/", credentials(made))

    assert [answer.status_code for answer in answers] == [400, 400, 429]
    assert set(answers[-1].json()) == {"detail", "code"}
    assert answers[-1].json()["code"] == "throttled"
    assert answers[-1]["Retry-After"] == "30"
    assert other.status_code == 200, "others may"


@pytest.mark.parametrize(
    "header",
    ["Token", "Token x", "Token a b", "Bearer x", "x", "", "Token ü", f"Token {'x' * 9_000}"],
)
def test_a_bad_token_is_401(stranger: Erp, header: str) -> None:
    answer = Client().get(f"/api/{stranger.prefix}/active_user/", headers={"authorization": header})

    assert answer.status_code == 401
    assert answer.json() == {"detail": "Invalid token.", "code": "invalid_token"}
    assert answer["WWW-Authenticate"] == "Token"


def test_no_token_is_401(stranger: Erp) -> None:
    answer = stranger.get("active_user/")

    assert answer.status_code == 401
    assert answer.json() == {
        "detail": "Authentication credentials were not provided.",
        "code": "not_authenticated",
    }
    assert answer["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize("scheme", ["Token", "token", "TOKEN"])
def test_the_scheme_is_read_in_any_case(stranger: Erp, made: IssuedUser, scheme: str) -> None:
    answer = Client().get(
        f"/api/{stranger.prefix}/active_user/",
        headers={"authorization": f"{scheme} {made.token}"},
    )
    assert answer.status_code == 200


def test_a_revoked_user_is_401_and_cannot_log_in(stranger: Erp, made: IssuedUser) -> None:
    revoke_integration_user(username="erp")

    assert Erp(stranger.prefix, made.token).get("active_user/").status_code == 401
    answer = stranger.post("auth/login/", credentials(made))
    assert_refused(answer, "non_field_errors", says="Unable to log in")

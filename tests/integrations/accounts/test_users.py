"""Integration users: what is stored, who is let in, for how long."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command, load_command_class

from integrations.accounts import selectors
from integrations.accounts.authentication import TokenCheck
from integrations.accounts.errors import BadCredentials
from integrations.accounts.models import IntegrationToken, IntegrationUser
from integrations.accounts.services import (
    IssuedUser,
    create_integration_user,
    drop_expired_tokens,
    log_in,
    revoke_integration_user,
)
from inventory.models import Organization

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIFETIME = timedelta(hours=12)


@pytest.fixture
def organization(db: None) -> Organization:
    return Organization.objects.create(identifier="acme-group")


@pytest.fixture
def made(organization: Organization) -> IssuedUser:
    return create_integration_user(organization="ACME-group", username="erp", now=NOON)


def check_at(now: datetime) -> TokenCheck:
    """Return a check of tokens that remembers nothing, at a moment of the test's."""
    return TokenCheck(selectors.get_grant, clock=now.timestamp, keep=0)


def login(made: IssuedUser, *, password: str | None = None) -> str:
    return log_in(username="erp", password=password or made.password, lifetime=LIFETIME, now=NOON)


def test_neither_password_nor_token_is_stored(made: IssuedUser) -> None:
    rows = str(list(IntegrationUser.objects.values())) + str(
        list(IntegrationToken.objects.values())
    )

    assert made.password not in rows
    assert made.token not in rows
    assert len(made.password) >= 64
    assert len(made.token) == 40


def test_the_first_token_has_no_end(made: IssuedUser) -> None:
    grant = check_at(NOON + timedelta(days=10_000))(made.token)

    assert grant is not None
    assert grant.access.organization == "acme-group"
    assert grant.access.organization_id == made.user.organization_id
    assert grant.principal.username == "erp"


def test_every_login_mints_a_token_and_ends_none(made: IssuedUser) -> None:
    tokens = [login(made), login(made), made.token]

    assert len(set(tokens)) == 3
    assert all(check_at(NOON)(token) for token in tokens)


def test_a_login_token_ends(made: IssuedUser) -> None:
    token = login(made)

    assert check_at(NOON + LIFETIME - timedelta(seconds=1))(token) is not None
    assert check_at(NOON + LIFETIME)(token) is None


@pytest.mark.parametrize("password", ["wrong", "x" * 5_000])
def test_a_wrong_password_is_refused(made: IssuedUser, password: str) -> None:
    with pytest.raises(BadCredentials):
        login(made, password=password)

    assert IntegrationToken.objects.count() == 1


def test_an_unknown_user_is_refused_in_the_same_words(made: IssuedUser) -> None:
    with pytest.raises(BadCredentials) as unknown:
        log_in(username="ERP", password=made.password, lifetime=LIFETIME, now=NOON)
    with pytest.raises(BadCredentials) as wrong:
        login(made, password="wrong")

    assert unknown.value.message == wrong.value.message


def test_a_revoked_user_is_out_with_all_tokens(made: IssuedUser) -> None:
    token = login(made)

    revoke_integration_user(username="erp")

    assert check_at(NOON)(token) is None
    assert check_at(NOON)(made.token) is None
    with pytest.raises(BadCredentials):
        login(made)


def test_tokens_that_are_over_are_dropped(made: IssuedUser) -> None:
    login(made)

    assert drop_expired_tokens(now=NOON + LIFETIME - timedelta(seconds=1)) == 0
    assert drop_expired_tokens(now=NOON + LIFETIME) == 1
    assert check_at(NOON)(made.token) is not None


def run(*words: str) -> Any:
    out = StringIO()
    call_command(*words, stdout=out)
    return json.loads(out.getvalue())


def test_the_command_prints_what_an_erp_needs(organization: Organization, settings: Any) -> None:
    settings.PUBLIC_URL = "http://shop.example"

    said = run("create_integration_user", "--username=erp", "--organization=acme-group")

    assert set(said) == {"username", "password", "token", "organization", "url"}
    assert said["organization"] == "acme-group"
    assert said["url"] == "http://shop.example/api/i1/"
    assert check_at(NOON)(said["token"]) is not None
    assert log_in(username=said["username"], password=said["password"], lifetime=LIFETIME, now=NOON)


def test_the_command_revokes_again_and_again(made: IssuedUser) -> None:
    for _ in range(2):
        said = run("revoke_integration_user", "erp")
        assert said == {"username": "erp", "organization": "acme-group", "revoked": True}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["create_integration_user", "--username=x", "--organization=no"],
            "No organization exists with ID",
        ),
        (
            ["create_integration_user", "--username=erp", "--organization=acme-group"],
            "exists already",
        ),
        (
            ["create_integration_user", "--username=", "--organization=acme-group"],
            "1 to 150 printable",
        ),
        (
            ["create_integration_user", "--username=a b", "--organization=acme-group"],
            "without spaces",
        ),
        (["create_integration_user", "--username=a\0", "--organization=acme-group"], "printable"),
        (
            ["create_integration_user", f"--username={'a' * 151}", "--organization=acme-group"],
            "1 to 150",
        ),
        (["revoke_integration_user", "nobody"], 'There is no integration user "nobody".'),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(
    made: IssuedUser, words: list[str], sentence: str
) -> None:
    before = list(IntegrationUser.objects.values())

    with pytest.raises(CommandError) as refused:
        run(*words)

    assert sentence in str(refused.value)
    assert list(IntegrationUser.objects.values()) == before


@pytest.mark.parametrize("name", ["create_integration_user", "revoke_integration_user"])
def test_every_command_has_help(name: str) -> None:
    text = load_command_class("integrations", name).create_parser("manage.py", name).format_help()

    assert "JSON" in text

"""The client commands: what they print, and their sentences for what cannot be."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command, load_command_class

from integrations.oauth.models import ApiClient
from integrations.oauth.services import IssuedSecret
from inventory.models import Organization

pytestmark = pytest.mark.django_db


def run(*words: str) -> Any:
    """Run a command, read its JSON."""
    out = StringIO()
    call_command(*words, stdout=out)
    return json.loads(out.getvalue())


def test_a_created_client_is_printed_with_its_secret(
    organization: Organization, client: Any, settings: Any
) -> None:
    settings.PUBLIC_URL = "http://testserver"

    made = run(
        "create_api_client",
        "--organization=ACME-group",
        "--name=shop",
        "--scopes=sfcc_inventory_availability  sfcc.inventory.reservations.rw",
    )

    assert set(made) == {"client_id", "client_secret", "organization", "token_url"}
    assert made["organization"] == "acme-group"
    form = {key: made[key] for key in ("client_id", "client_secret")}
    answer = client.post(
        made["token_url"].removeprefix("http://testserver"),
        {**form, "grant_type": "client_credentials"},
    )
    assert answer.json()["scope"] == "sfcc.inventory.availability sfcc.inventory.reservations.rw"


def test_without_scopes_a_client_gets_the_published_ones(organization: Organization) -> None:
    run("create_api_client", "--organization=acme-group", "--name=shop")

    assert len(ApiClient.objects.get().scopes) == 7


def test_a_rotated_client_is_printed_with_its_new_secret(made: IssuedSecret) -> None:
    renewed = run("rotate_api_client", made.client.client_id)

    assert renewed["client_id"] == made.client.client_id
    assert renewed["client_secret"] != made.secret


def test_a_revoked_client_stays_revoked(made: IssuedSecret) -> None:
    for _ in range(2):
        answer = run("revoke_api_client", made.client.client_id)
        assert answer == {
            "client_id": made.client.client_id,
            "organization": "acme-group",
            "revoked": True,
        }

    with pytest.raises(CommandError, match=r"is revoked; create a new one\.$"):
        run("rotate_api_client", made.client.client_id)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["create_api_client", "--organization=no", "--name=n"], 'There is no organization "no".'),
        (
            ["create_api_client", "--organization=acme-group", "--name=n", "--scopes=x"],
            'There is no scope "x".',
        ),
        (["rotate_api_client", "nobody"], 'There is no API client "nobody".'),
        (["revoke_api_client", "nobody"], 'There is no API client "nobody".'),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(
    organization: Organization, words: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError) as refused:
        run(*words)

    assert str(refused.value) == sentence


@pytest.mark.parametrize("name", ["create_api_client", "rotate_api_client", "revoke_api_client"])
def test_every_command_has_help(name: str) -> None:
    text = load_command_class("integrations", name).create_parser("manage.py", name).format_help()

    assert "JSON" in text

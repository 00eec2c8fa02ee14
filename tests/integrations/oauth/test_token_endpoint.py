"""Getting a token: paths, ways to authenticate, scopes, refusals."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken

from integrations.oauth import scopes, services
from integrations.oauth.grants import token_checksum
from integrations.oauth.services import IssuedSecret
from integrations.oauth.validator import ClientCredentialsValidator
from inventory.models import Organization
from tests.integrations.oauth.conftest import FORM, TOKEN_URL, basic

pytestmark = pytest.mark.django_db

PATHS = ["/dwsso/oauth2/access_token", "/dw/oauth2/access_token", "/services/oauth2/token"]
GRANT = {"grant_type": "client_credentials"}
Ask = Callable[..., Any]


def assert_refused(answer: Any, status: int, error: str) -> None:
    """It is JSON in the RFC's shape, and nobody keeps a copy."""
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize("path", PATHS)
def test_a_client_gets_a_token_by_http_basic(client: Client, made: IssuedSecret, path: str) -> None:
    header = basic(made.client.client_id, made.secret)

    answer = client.post(path, GRANT, headers={"authorization": header})

    assert answer.status_code == 200
    body = answer.json()
    told_by_an_org = {"instance_url", "id", "issued_at"} if path == PATHS[2] else set()
    assert set(body) == {"access_token", "token_type", "expires_in", "scope"} | told_by_an_org
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 1800)
    assert answer["Content-Type"] == "application/json"
    assert (answer["Cache-Control"], answer["Pragma"]) == ("no-store", "no-cache")


@pytest.mark.parametrize("path", PATHS)
def test_a_client_gets_a_token_by_form_body(ask: Ask, path: str) -> None:
    answer = ask(path)

    assert answer.status_code == 200
    assert len(answer.json()["access_token"]) >= 30


def test_the_auth_scheme_is_case_insensitive(client: Client, made: IssuedSecret) -> None:
    header = basic(made.client.client_id, made.secret).replace("Basic", "basic")

    assert client.post(TOKEN_URL, GRANT, headers={"authorization": header}).status_code == 200


def test_cross_site_protection_does_not_stand_in_the_way(made: IssuedSecret) -> None:
    strict = Client(enforce_csrf_checks=True)
    header = basic(made.client.client_id, made.secret)

    assert strict.post(TOKEN_URL, GRANT, headers={"authorization": header}).status_code == 200


def test_no_scope_asked_gives_all_of_the_client(ask: Ask) -> None:
    everything = "sfcc.inventory.availability sfcc.inventory.reservations.rw"

    assert ask().json()["scope"] == everything
    assert ask(scope="").json()["scope"] == everything


@pytest.mark.parametrize(
    "asked",
    [
        "sfcc.inventory.availability",
        "sfcc_inventory_reservations_rw sfcc.inventory.availability",
        "sfcc.inventory.reservations",  # included in .rw
        "SALESFORCE_COMMERCE_API:zzxy_prd sfcc.inventory.availability",
        "SALESFORCE_COMMERCE_API:ZZXY_PRD sfcc_inventory_availability",
    ],
)
def test_scopes_are_granted_as_asked(ask: Ask, asked: str) -> None:
    answer = ask(scope=asked)

    assert answer.status_code == 200
    assert answer.json()["scope"] == asked


def test_a_scope_asked_twice_is_granted_once(ask: Ask) -> None:
    scope = "sfcc.inventory.availability"

    assert ask(scope=f"{scope}  {scope}").json()["scope"] == scope


@pytest.mark.parametrize(
    "asked",
    [
        "sfcc.inventory.availability.rw",
        "sfcc_inventory_availability_rw",
        "no.such.scope",
        "sfcc.inventory.availability no.such.scope",
        "SALESFORCE_COMMERCE_API:other_prd sfcc.inventory.availability",
        "SALESFORCE_COMMERCE_API:",
        "salesforce_commerce_api:zzxy_prd",
        "Sfcc.Inventory.Availability",
        'a"b\\c\u20ac',
    ],
)
def test_a_scope_the_client_does_not_have_is_refused(ask: Ask, asked: str) -> None:
    assert_refused(ask(scope=asked), 400, "invalid_scope")


def test_the_refused_scope_is_named(ask: Ask) -> None:
    description = ask(scope="sfcc.inventory.availability no.such.scope").json()["error_description"]

    assert "no.such.scope" in description


def test_without_an_alias_no_tenant_scope_fits(ask: Ask, organization: Organization) -> None:
    Organization.objects.update(tenant_alias=None)

    assert_refused(ask(scope="SALESFORCE_COMMERCE_API:None"), 400, "invalid_scope")
    assert_refused(ask(scope="SALESFORCE_COMMERCE_API:"), 400, "invalid_scope")


@pytest.mark.parametrize("scope", scopes.KNOWN)
def test_every_known_scope_can_be_granted(
    client: Client, organization: Organization, scope: str
) -> None:
    made = services.create_api_client(organization="acme-group", name="all", scopes=[scope])
    header = basic(made.client.client_id, made.secret)

    for spelling in (scope, scopes.with_underscores(scope)):
        form = {**GRANT, "scope": spelling}
        answer = client.post(TOKEN_URL, form, headers={"authorization": header})
        assert answer.json()["scope"] == spelling


@pytest.mark.parametrize("field", ["client_id", "client_secret"])
@pytest.mark.parametrize("value", ["", "wrong", "\0", "x" * 300, "\u20ac\ud7ff"])
def test_wrong_credentials_in_the_body_are_refused(ask: Ask, field: str, value: str) -> None:
    answer = ask(**{field: value})

    assert_refused(answer, 401, "invalid_client")
    assert answer["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize(
    "header",
    [
        basic("nobody", "nothing"),
        basic("nul\0", "x"),
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic /w==",  # not UTF-8
        "Basic bm9jb2xvbg==",
        "Bearer abc",
        "",
    ],
)
def test_wrong_credentials_in_the_header_are_refused(client: Client, header: str) -> None:
    answer = client.post(TOKEN_URL, GRANT, headers={"authorization": header})

    assert_refused(answer, 401, "invalid_client")


def test_a_wrong_secret_in_the_header_is_refused(client: Client, made: IssuedSecret) -> None:
    header = basic(made.client.client_id, made.secret[:-1])

    answer = client.post(TOKEN_URL, GRANT, headers={"authorization": header})

    assert_refused(answer, 401, "invalid_client")


def test_a_revoked_client_is_refused(ask: Ask, made: IssuedSecret) -> None:
    services.revoke_api_client(client_id=made.client.client_id)

    assert_refused(ask(), 401, "invalid_client")


def test_other_grants_are_refused(ask: Ask) -> None:
    for grant in ("password", "authorization_code", "refresh_token", "nonsense"):
        assert_refused(ask(grant_type=grant), 400, "unsupported_grant_type")


def test_a_grant_type_is_required(ask: Ask) -> None:
    assert_refused(ask(grant_type=""), 400, "invalid_request")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head", "options"])
def test_only_post_is_allowed(client: Client, path: str, method: str) -> None:
    answer = getattr(client, method)(path)

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert answer["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"grant_type": "client_credentials"}', "application/json"),
        (b"grant_type=client_credentials", f"{FORM}; charset=latin-1"),
        (b"junk", "multipart/form-data"),
        (b"junk", "multipart/form-data; boundary=\xc3\xa9"),
        (b"a=1&" * 2_000, FORM),
        (b"a=" + b"x" * 3_000_000, FORM),
        (b"grant_type=client_credentials&grant_type=client_credentials", FORM),
        (b"", FORM),
    ],
)
def test_bodies_that_cannot_be_read_are_refused(
    client: Client, body: bytes, content_type: str
) -> None:
    answer = client.post(TOKEN_URL, body, content_type=content_type)

    assert_refused(answer, 400, "invalid_request")


def test_bytes_that_are_no_text_are_refused(client: Client) -> None:
    body = b"grant_type=client_credentials&client_id=%ff%00&client_secret=%ed%a0%80"

    assert_refused(client.post(TOKEN_URL, body, content_type=FORM), 401, "invalid_client")


@pytest.mark.parametrize("query", ["grant_type=client_credentials", "a=%zz", "%ff"])
def test_parameters_in_the_address_are_refused(client: Client, query: str) -> None:
    assert_refused(client.post(f"{TOKEN_URL}?{query}", GRANT), 400, "invalid_request")


def test_unknown_parameters_are_ignored(ask: Ask) -> None:
    answer = ask(resource="not a uri", audience="x", assertion="y")

    assert answer.status_code == 200
    assert AccessToken.objects.get().resource == []


def test_only_a_checksum_of_the_token_is_stored(ask: Ask) -> None:
    token = ask().json()["access_token"]

    stored = AccessToken.objects.values().get()

    assert stored["token_checksum"] == token_checksum(token)
    assert token not in repr(stored)


def test_the_secret_is_stored_hashed(made: IssuedSecret) -> None:
    stored = type(made.client).objects.values().get()

    assert len(made.secret) == 128
    assert stored["client_secret"].startswith("pbkdf2_sha256_generated$")
    assert made.secret not in repr(stored)


def test_the_lifetime_is_half_an_hour(ask: Ask) -> None:
    asked_at = timezone.now()

    ask()

    left = AccessToken.objects.get().expires - asked_at
    assert timedelta(minutes=30) <= left < timedelta(minutes=30, seconds=10)


@pytest.mark.parametrize("act", [services.rotate_api_client, services.revoke_api_client])
def test_no_token_slips_through_a_rotation(
    ask: Ask, made: IssuedSecret, monkeypatch: pytest.MonkeyPatch, act: Callable[..., Any]
) -> None:
    """The secret is changed between its check and the issue of the token."""
    check = ClientCredentialsValidator.validate_scopes

    def check_then_change(self: Any, *args: Any, **kwargs: Any) -> bool:
        is_valid = check(self, *args, **kwargs)
        act(client_id=made.client.client_id)
        return is_valid

    monkeypatch.setattr(ClientCredentialsValidator, "validate_scopes", check_then_change)

    assert_refused(ask(), 401, "invalid_client")

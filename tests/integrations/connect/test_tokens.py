"""The org's token endpoint: client credentials and JWT bearer (spec: oci-connect, decisions)."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from oauth2_provider.models import AccessToken

from integrations.accounts.services import create_integration_user, revoke_integration_user
from integrations.connect.models import ClientKey, SeenAssertion
from integrations.connect.services.access import (
    add_client_key,
    forget_assertions,
    remove_client_key,
)
from integrations.oauth import services
from integrations.oauth.services import IssuedSecret
from inventory.models import Organization

pytestmark = pytest.mark.django_db

URL = "/services/oauth2/token"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
WEAK_KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
EC_KEY = ec.generate_private_key(ec.SECP256R1())
SCOPES = ["sfcc.inventory.availability", "sfcc.inventory.reservations.rw"]


def public_pem(key: Any) -> str:
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, info).decode()


def private_pem(key: Any) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def certificate(key: Any) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "erp")])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture
def made(db: None) -> IssuedSecret:
    """A client of acme-group with both keys; erp is a user of the organization."""
    Organization.objects.create(identifier="acme-group")
    Organization.objects.create(identifier="other-group")
    made = services.create_api_client(organization="acme-group", name="erp", scopes=SCOPES)
    for key in (RSA_KEY, EC_KEY):
        add_client_key(client_id=made.client.client_id, pem=public_pem(key), now=timezone.now())
    for organization, username in (("acme-group", "erp"), ("other-group", "stranger")):
        create_integration_user(organization=organization, username=username, now=timezone.now())
    return made


@pytest.fixture
def claims(made: IssuedSecret) -> dict[str, Any]:
    return {
        "iss": made.client.client_id,
        "sub": "erp",
        "aud": "https://login.salesforce.com",
        "exp": int(timezone.now().timestamp()) + 180,
    }


def signed(claims: dict[str, Any], key: Any = RSA_KEY, algorithm: str = "RS256") -> str:
    kind = RSAKey if isinstance(key, rsa.RSAPrivateKey) else ECKey
    imported = kind.import_key(private_pem(key))
    return jwt.encode({"alg": algorithm}, claims, imported, algorithms=[algorithm])


@pytest.fixture
def ask(client: Client) -> Callable[..., Any]:
    def ask(assertion: str, **fields: str) -> Any:
        return client.post(URL, {"grant_type": JWT_BEARER, "assertion": assertion, **fields})

    return ask


def assert_refused(answer: Any, error: str) -> str:
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    assert "WWW-Authenticate" not in answer
    body = answer.json()
    assert set(body) == {"error", "error_description"}
    assert body["error"] == error
    assert not AccessToken.objects.exists()
    return str(body["error_description"])


def assert_granted(answer: Any, *, scope: str = " ".join(SCOPES), who: str) -> None:
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert set(body) == {
        "access_token",
        "expires_in",
        "id",
        "instance_url",
        "issued_at",
        "scope",
        "token_type",
    }
    assert body["token_type"] == "Bearer"
    assert body["scope"] == scope
    assert body["instance_url"] == "http://testserver"
    assert body["id"] == f"http://testserver/id/acme-group/{who}"
    assert abs(int(body["issued_at"]) / 1000 - timezone.now().timestamp()) < 60
    headers = {"authorization": f"Bearer {body['access_token']}"}
    assert Client().get("/services/data/v62.0", headers=headers).status_code == 200


class TestClientCredentials:
    def form(self, made: IssuedSecret, **fields: str) -> dict[str, str]:
        return {
            "grant_type": "client_credentials",
            "client_id": made.client.client_id,
            "client_secret": made.secret,
            **fields,
        }

    @pytest.mark.parametrize("scope", [{}, {"scope": ""}, {"scope": "api"}])
    def test_everything_unless_less_is_asked(
        self, client: Client, made: IssuedSecret, scope: dict[str, str]
    ) -> None:
        answer = client.post(URL, self.form(made, **scope))

        assert_granted(answer, who=made.client.client_id)

    def test_less(self, client: Client, made: IssuedSecret) -> None:
        answer = client.post(URL, self.form(made, scope="sfcc_inventory_availability"))

        assert_granted(answer, scope="sfcc_inventory_availability", who=made.client.client_id)

    @pytest.mark.parametrize(
        ("fields", "error"),
        [
            ({"client_secret": "wrong"}, "invalid_client"),
            ({"client_id": "nobody"}, "invalid_client"),
            ({"scope": "sfcc_inventory_availability_rw"}, "invalid_scope"),
            ({"scope": "api no.such.scope"}, "invalid_scope"),
            ({"grant_type": "password"}, "unsupported_grant_type"),
            ({"grant_type": ""}, "invalid_request"),
        ],
        ids=str,
    )
    def test_refusals(
        self, client: Client, made: IssuedSecret, fields: dict[str, str], error: str
    ) -> None:
        assert_refused(client.post(URL, self.form(made, **fields)), error)

    def test_other_addresses_know_neither_api_nor_assertions(
        self, client: Client, made: IssuedSecret, claims: dict[str, Any]
    ) -> None:
        other = "/dwsso/oauth2/access_token"

        assert client.post(other, self.form(made, scope="api")).status_code == 400
        form = {"grant_type": JWT_BEARER, "assertion": signed(claims)}
        assert client.post(other, form).json()["error"] == "unsupported_grant_type"


class TestJwtBearer:
    @pytest.mark.parametrize(("key", "algorithm"), [(RSA_KEY, "RS256"), (EC_KEY, "ES256")])
    def test_a_signature_is_enough(
        self, ask: Any, claims: dict[str, Any], key: Any, algorithm: str
    ) -> None:
        assert_granted(ask(signed(claims, key, algorithm)), who="erp")

    @pytest.mark.parametrize(
        "audience",
        [
            "https://login.salesforce.com",
            "https://test.salesforce.com/",
            "https://oci.example",
            "https://oci.example/services/oauth2/token",
            ["https://elsewhere.example", "https://oci.example"],
        ],
    )
    def test_audiences(
        self, ask: Any, claims: dict[str, Any], settings: Any, audience: Any
    ) -> None:
        settings.PUBLIC_URL = "https://oci.example"

        assert_granted(ask(signed({**claims, "aud": audience})), who="erp")

    def test_the_time_may_be_text(self, ask: Any, claims: dict[str, Any]) -> None:
        assert_granted(ask(signed({**claims, "exp": str(claims["exp"])})), who="erp")

    def test_scopes(self, ask: Any, claims: dict[str, Any]) -> None:
        less = "sfcc_inventory_availability"

        assert_granted(ask(signed(claims), scope=less), scope=less, who="erp")
        answer = ask(signed(claims), scope="sfcc_inventory_availability_rw")
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")

    @pytest.mark.parametrize(
        "change",
        [
            {"iss": "nobody"},
            {"iss": None},
            {"iss": 5},
            {"iss": "nul\0"},
            {"sub": "stranger"},  # of another organization
            {"sub": "unheard-of"},
            {"sub": None},
            {"sub": "nul\0"},
            {"aud": "https://elsewhere.example"},
            {"aud": None},
            {"aud": 5},
            {"exp": None},
            {"exp": "soon"},
            {"exp": "nan"},
            {"exp": 1e300},
            {"exp": 0},
        ],
        ids=str,
    )
    def test_claims_that_give_nothing(
        self, ask: Any, claims: dict[str, Any], change: dict[str, Any]
    ) -> None:
        assert_refused(ask(signed({**claims, **change})), "invalid_grant")

    def test_no_longer_than_five_minutes(self, ask: Any, claims: dict[str, Any]) -> None:
        now = int(timezone.now().timestamp())
        assert "five minutes" in assert_refused(
            ask(signed({**claims, "exp": now + 360})), "invalid_grant"
        )
        assert "expired" in assert_refused(ask(signed({**claims, "exp": now})), "invalid_grant")

    def test_a_jti_is_good_once(self, ask: Any, claims: dict[str, Any]) -> None:
        first, again = (
            signed({**claims, "jti": "a"}),
            signed({**claims, "jti": "a", "exp": claims["exp"] + 1}),
        )
        assert ask(first).status_code == 200
        AccessToken.objects.all().delete()

        for assertion in (first, again):
            assert "before" in assert_refused(ask(assertion), "invalid_grant")
        assert ask(signed({**claims, "jti": "b"})).status_code == 200

    def test_what_is_over_is_forgotten(self, ask: Any, claims: dict[str, Any]) -> None:
        ask(signed({**claims, "jti": "a"}))

        assert forget_assertions(now=timezone.now()) == 0
        assert forget_assertions(now=timezone.now() + timedelta(minutes=5)) == 1
        assert not SeenAssertion.objects.exists()

    @pytest.mark.parametrize(
        "text", ["", "x", "a.b.c", "....", "ä.ö.ü", "e30.e30.e30", "x" * 9_000]
    )
    def test_what_is_no_assertion(self, ask: Any, made: IssuedSecret, text: str) -> None:
        assert_refused(ask(text), "invalid_grant" if text else "invalid_request")

    def test_other_keys_and_algorithms(self, ask: Any, claims: dict[str, Any]) -> None:
        stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        secret = OctKey.import_key("x" * 64)
        by_secret = jwt.encode({"alg": "HS256"}, claims, secret, algorithms=["HS256"])
        payload = signed(claims).split(".")[1]
        unsigned = f"eyJhbGciOiJub25lIn0.{payload}."  # {"alg":"none"}
        other_hash = signed(claims, RSA_KEY, "RS512")

        for assertion in (signed(claims, stranger), by_secret, unsigned, other_hash):
            assert_refused(ask(assertion), "invalid_grant")

    def test_a_revoked_client_user_or_key(
        self, ask: Any, made: IssuedSecret, claims: dict[str, Any]
    ) -> None:
        key = ClientKey.objects.get(algorithm="ES256")
        remove_client_key(client_id=made.client.client_id, fingerprint=key.fingerprint.upper())
        assert_refused(ask(signed(claims, EC_KEY, "ES256")), "invalid_grant")
        revoke_integration_user(username="erp")
        assert_refused(ask(signed(claims)), "invalid_grant")

    @pytest.mark.django_db(transaction=True)
    def test_a_revoked_client(self, ask: Any, made: IssuedSecret, claims: dict[str, Any]) -> None:
        services.revoke_api_client(client_id=made.client.client_id)

        assert_refused(ask(signed(claims)), "invalid_grant")


class TestKeys:
    def test_by_command(self, made: IssuedSecret, tmp_path: Any) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        file = tmp_path / "erp.crt"
        file.write_text(certificate(key))
        printed = io.StringIO()

        call_command("add_client_key", made.client.client_id, str(file), stdout=printed)
        fingerprint = printed.getvalue().strip()

        assert ClientKey.objects.get(fingerprint=fingerprint).pem == public_pem(key)
        with pytest.raises(CommandError, match="already"):
            call_command("add_client_key", made.client.client_id, str(file))
        with pytest.raises(CommandError, match="nobody"):
            call_command("add_client_key", "nobody", str(file))
        call_command("remove_client_key", made.client.client_id, fingerprint, stdout=printed)
        with pytest.raises(CommandError, match="no key"):
            call_command("remove_client_key", made.client.client_id, fingerprint)

    @pytest.mark.parametrize(
        "pem",
        [
            "",
            "hello",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
            public_pem(WEAK_KEY),
            public_pem(ec.generate_private_key(ec.SECP384R1())),
            private_pem(EC_KEY).decode(),
        ],
        ids=lambda pem: pem[:30],
    )
    def test_what_is_no_key(self, made: IssuedSecret, tmp_path: Any, pem: str) -> None:
        file = tmp_path / "key.pem"
        file.write_text(pem)
        before = ClientKey.objects.count()

        with pytest.raises(CommandError, match="PEM"):
            call_command("add_client_key", made.client.client_id, str(file))
        assert ClientKey.objects.count() == before

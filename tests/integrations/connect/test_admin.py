"""Keys of API clients in the back office: pasted, listed, taken away."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone
from joserfc.jwk import ECKey, RSAKey

from integrations.connect.assertions import read_public_key
from integrations.connect.errors import InvalidPublicKey
from integrations.connect.models import ClientKey
from integrations.connect.services.access import add_client_key
from integrations.oauth import services
from integrations.oauth.models import ApiClient
from inventory.backoffice.notes import notes_of
from inventory.domain.roles import Role
from inventory.models import Organization
from inventory.services.members import add_member

pytestmark = pytest.mark.django_db

LIST = "/admin/integrations/clientkey/"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
WEAK_KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
WIDE_KEY = ec.generate_private_key(ec.SECP384R1())


def pem(key: Any) -> str:
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, info).decode()


def private_pem(key: Any) -> str:
    plain = serialization.NoEncryption()
    kind = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, kind, plain).decode()


def jwk(key: Any, *, is_private: bool = False, **more: Any) -> str:
    kind = ECKey if isinstance(key, ec.EllipticCurvePrivateKey) else RSAKey
    return json.dumps({**kind.import_key(private_pem(key)).as_dict(private=is_private), **more})


@pytest.fixture
def organization() -> Organization:
    return Organization.objects.create(identifier="acme-group")


@pytest.fixture
def api_client(organization: Organization) -> ApiClient:
    return services.create_api_client(organization="acme-group", name="erp").client


@pytest.fixture
def administrator(organization: Organization) -> Client:
    return member(organization, Role.ADMINISTRATOR)


def member(organization: Organization, role: Role) -> Client:
    add_member(organization_id=organization.pk, username=role.value, role=role, asked_by=None)
    client = Client()
    client.force_login(User.objects.get(username=role.value))
    return client


def add(client: Client, api_client: ApiClient, key: str) -> Any:
    return client.post(f"{LIST}add/", {"client": api_client.pk, "key": key})


def take_away(client: Client, key: ClientKey) -> str:
    said = {"action": "take_away", "_selected_action": [key.pk]}
    answer = client.post(LIST, said)
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


@pytest.mark.parametrize(
    ("key", "algorithm"), [(RSA_KEY, "RS256"), (EC_KEY, "ES256")], ids=["rsa", "p-256"]
)
@pytest.mark.parametrize("write", [pem, jwk])
def test_a_key_is_pasted(
    administrator: Client, api_client: ApiClient, key: Any, algorithm: str, write: Any
) -> None:
    answer = add(administrator, api_client, f"\n{write(key)}\n")

    assert answer.status_code == 302
    stored = ClientKey.objects.get()
    assert (stored.client, stored.algorithm, stored.pem) == (api_client, algorithm, pem(key))
    listed = administrator.get(LIST).content.decode()
    assert stored.fingerprint in listed
    page = administrator.get(f"{LIST}{stored.pk}/change/").content.decode()
    assert "BEGIN PUBLIC KEY" in page
    (note,) = notes_of(api_client)
    assert note.get_change_message() == f"Added the key {stored.fingerprint}."


def test_a_key_is_the_same_in_every_form() -> None:
    for key in (RSA_KEY, EC_KEY):
        of_pem, of_jwk = read_public_key(pem(key)), read_public_key(jwk(key, kid="1", use="sig"))
        assert of_pem == of_jwk


_JUNK = {
    "nothing": "",
    "junk": "junk",
    "private pem": private_pem(EC_KEY),
    "private jwk": jwk(EC_KEY, is_private=True),
    "private rsa jwk": jwk(RSA_KEY, is_private=True),
    "weak": pem(WEAK_KEY),
    "weak jwk": jwk(RSA_KEY, n="_" * 170),
    "another curve": pem(WIDE_KEY),
    "another curve jwk": jwk(WIDE_KEY),
    "secret": json.dumps({"kty": "oct", "k": "c2VjcmV0"}),
    "set": json.dumps({"keys": [json.loads(jwk(EC_KEY))]}),
    "no kind": json.dumps({"x": "AA", "y": "AA"}),
    "kind of another type": json.dumps({"kty": ["RSA"]}),
    "half": json.dumps({"kty": "EC", "crv": "P-256", "x": "AA"}),
    "no point": jwk(EC_KEY, x="AAAA"),
    "number": jwk(RSA_KEY, n=12),
    "no base64": jwk(RSA_KEY, n="ä!"),
    "even exponent": jwk(RSA_KEY, e="Ag"),
    "cut off": jwk(EC_KEY)[:-5],
    "deep": '{"kty":' + "[" * 50_000,
    "nul": "{\0}",
    "surrogate": '{"kty": "\\ud800"}',
}


@pytest.mark.parametrize("text", _JUNK.values(), ids=_JUNK)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidPublicKey):
        read_public_key(text)


@pytest.mark.parametrize("text", ["junk", private_pem(EC_KEY), jwk(EC_KEY, is_private=True)])
def test_a_refused_key_is_told_at_its_field(
    administrator: Client, api_client: ApiClient, text: str
) -> None:
    answer = add(administrator, api_client, text)

    assert answer.status_code == 200
    assert "RSA of 2048 bits or more, or P-256." in answer.content.decode()
    assert not ClientKey.objects.exists()


def test_a_key_is_registered_once(administrator: Client, api_client: ApiClient) -> None:
    add(administrator, api_client, pem(EC_KEY))

    answer = add(administrator, api_client, jwk(EC_KEY))

    assert "already" in " ".join(str(each) for each in get_messages(answer.wsgi_request))
    assert ClientKey.objects.count() == 1


def test_a_key_is_taken_away(administrator: Client, api_client: ApiClient) -> None:
    add(administrator, api_client, pem(EC_KEY))
    key = ClientKey.objects.get()

    told = take_away(administrator, key)

    assert "is taken away" in told
    assert not ClientKey.objects.exists()
    newest = notes_of(api_client)[0].get_change_message()
    assert newest == f"Took the key {key.fingerprint} away."


def test_clients_of_others_and_revoked_ones_get_no_key(
    administrator: Client, api_client: ApiClient
) -> None:
    Organization.objects.create(identifier="other-group")
    foreign = services.create_api_client(organization="other-group", name="theirs").client
    services.revoke_api_client(client_id=api_client.client_id)

    page = administrator.get(f"{LIST}add/").content.decode()
    assert f'value="{api_client.pk}"' not in page
    for client in (foreign, api_client):
        assert add(administrator, client, pem(EC_KEY)).status_code == 200
    assert not ClientKey.objects.exists()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MERCHANDISER, Role.OPERATOR])
def test_only_administrators_see_and_change_keys(
    organization: Organization, api_client: ApiClient, role: Role
) -> None:
    key = add_client_key(client_id=api_client.client_id, pem=pem(EC_KEY), now=timezone.now())
    client = member(organization, role)

    assert client.get(LIST).status_code == 403
    assert client.get(f"{LIST}{key.pk}/change/").status_code == 403
    assert add(client, api_client, pem(RSA_KEY)).status_code == 403
    take_away(client, key)

    assert list(ClientKey.objects.all()) == [key]

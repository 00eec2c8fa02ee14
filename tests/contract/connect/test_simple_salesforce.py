"""A client that others wrote, simple-salesforce, drives every resource of a live server."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import connection
from django.utils import timezone
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

from integrations.accounts.services import create_integration_user
from integrations.connect.services.access import add_client_key
from integrations.oauth.services import IssuedSecret, create_api_client
from tests.builders import SKU, Shop, a_shop
from tests.concurrency.servers import WebServer, address_of, serving
from tests.contract.connect.client import CREATE, FULFILMENTS, RELEASES, TRANSFERS, UPDATE
from tests.integrations.connect.test_tokens import private_pem, public_pem

GET = "commerce/oci/availability/availability-records/actions/get-availability"
BATCH = "commerce/oci/availability-records/actions/batch-update"
UPLOADS = "commerce/oci/availability-records/uploads"
GRAPHS = "commerce/oci/location-graph/uploads"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SECONDS = 60


class ToUs(HTTPAdapter):
    """Brings what is meant for any host of Salesforce to the live server, without TLS."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._here = f"http://127.0.0.1:{port}"

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        request.url = re.sub(r"^https://[^/]+", self._here, request.url)
        return super().send(request, *args, **kwargs)


@pytest.fixture(scope="module")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """Serve the test database; it is emptied after each test, and the server stays."""
    state = tmp_path_factory.mktemp("connect")
    with serving(address_of(connection), state, processes=1) as server:
        yield server


@pytest.fixture
def shop(transactional_db: None) -> Shop:
    shop = a_shop(east=["l1", "l2"], west=["l2", "l3"], more_locations=["l9"])
    shop.stock(l1=5, l2=5, l3=15)
    return shop


@pytest.fixture
def made(shop: Shop) -> IssuedSecret:
    """An API client of the shop with a key, and a user to speak for."""
    made = create_api_client(organization=shop.organization.identifier, name="org")
    add_client_key(client_id=made.client.client_id, pem=public_pem(KEY), now=timezone.now())
    create_integration_user(
        organization=shop.organization.identifier, username="flow", now=timezone.now()
    )
    return made


@pytest.fixture
def session(server: WebServer) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.mount("https://", ToUs(server.port))
        yield session


def by_secret(made: IssuedSecret, session: requests.Session) -> Salesforce:
    return Salesforce(
        consumer_key=made.client.client_id,
        consumer_secret=made.secret,
        domain="holdfast.my",
        session=session,
        version="62.0",
    )


def by_signature(made: IssuedSecret, session: requests.Session) -> Salesforce:
    return Salesforce(
        username="flow",
        consumer_key=made.client.client_id,
        privatekey=private_pem(KEY).decode(),
        session=session,
        version="62.0",
    )


def by_token(made: IssuedSecret, session: requests.Session) -> Salesforce:
    """Hand over a token and the instance_url that came with it."""
    answer = session.post(
        "https://holdfast.example/services/oauth2/token",
        {
            "grant_type": "client_credentials",
            "client_id": made.client.client_id,
            "client_secret": made.secret,
        },
        timeout=SECONDS,
    ).json()
    return Salesforce(
        session_id=answer["access_token"],
        instance_url=answer["instance_url"],
        session=session,
        version="62.0",
    )


@pytest.mark.parametrize("log_in", [by_secret, by_signature, by_token])
def test_it_logs_in_and_finds_its_way(
    made: IssuedSecret, session: requests.Session, log_in: Any
) -> None:
    client = log_in(made, session)

    assert client.restful("")["actions"] == "/services/data/v62.0/actions"
    names = [action["name"] for action in client.restful("actions/standard")["actions"]]
    assert "ociReleaseReservation" in names


def test_every_resource(made: IssuedSecret, session: requests.Session, shop: Shop) -> None:
    client = by_token(made, session)

    def post(path: str, body: dict[str, Any]) -> Any:
        answer = client.restful(path, method="POST", json=body, timeout=SECONDS)
        assert answer["success"] is True, answer
        return answer

    here = {"stockKeepingUnit": SKU}
    group = {"locationGroupIdentifier": "west", **here}
    created = post(
        CREATE, {"actionRequestId": "order-1", "createRecords": [{**group, "quantity": 5}]}
    )
    assert created["details"][0]["quantity"] == 5
    updated = post(
        UPDATE,
        {
            "actionRequestId": "update-1",
            "reservationId": "order-1",
            "updateRecords": [{**group, "quantity": 6}],
        },
    )
    assert updated["details"][0]["adjustment"] == 1
    move = {
        "actionRequestId": "move-1",
        "fromLocationGroupIdentifier": "west",
        "toLocationIdentifier": "l3",
        "quantity": 4,
        **here,
    }
    post(TRANSFERS, {"transferRecords": [move], "reservationId": "order-1"})
    shipped = {"actionRequestId": "ship-1", "locationIdentifier": "l3", "quantity": 3, **here}
    post(FULFILMENTS, {"fulfillmentRecords": [shipped]})
    given = {"actionRequestId": "give-1", "quantity": 2, **group}
    post(RELEASES, {"releaseRecords": [given]})
    count = {"actionRequestId": "count-1", "locationIdentifier": "l9", "onHand": 7, **here}
    post(BATCH, {"records": [count]})
    told = post(GET, {"locationIdentifiers": ["l3", "l9"], "stockKeepingUnits": [SKU]})
    figures = [each["inventoryRecords"][0]["availableToOrder"] for each in told["locations"]]
    assert figures == [11, 7]

    form = requests.Request(
        "POST", "https://holdfast.example", files={"fileUpload": ("records.json", b'{"sku":"x"}\n')}
    ).prepare()
    upload = client.restful(
        UPLOADS,
        method="POST",
        data=form.body,
        headers={"Content-Type": form.headers["Content-Type"]},
        timeout=SECONDS,
    )
    graph = client.restful(GRAPHS, method="POST", timeout=SECONDS)
    for path, started in ((UPLOADS, upload), (GRAPHS, graph)):
        assert started["success"] is True
        status = client.restful(f"{path}/{started['uploadId']}", timeout=SECONDS)
        assert status["status"] in {"SUBMITTED", "PENDING"}

    (result,) = client.restful(
        "actions/standard/ociGetAvailability",
        method="POST",
        json={"inputs": [{"inventoryAvailabilityInputRepresentation": group}]},
        timeout=SECONDS,
    )
    assert result["outputValues"]["output"]["success"] is True
    assert shop.held() == {("order-1", "l3"): 1}
    shop.assert_clean()


def test_it_understands_what_is_refused(
    made: IssuedSecret, session: requests.Session, shop: Shop
) -> None:
    client = by_token(made, session)

    with pytest.raises(SalesforceMalformedRequest) as malformed:
        client.restful(RELEASES, method="POST", json={"releaseRecords": []}, timeout=SECONDS)
    assert malformed.value.content[0]["errorCode"] == "InvalidRequest"
    with pytest.raises(SalesforceResourceNotFound):
        client.restful("sobjects/Account/describe", timeout=SECONDS)
    client.headers["Authorization"] = "Bearer nonsense"
    with pytest.raises(SalesforceExpiredSession) as expired:
        client.restful("", timeout=SECONDS)
    assert expired.value.content[0]["errorCode"] == "INVALID_SESSION_ID"
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid_client"):
        by_secret(IssuedSecret(made.client, "wrong"), session)

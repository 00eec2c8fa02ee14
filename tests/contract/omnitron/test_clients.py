"""Clients that others wrote, against a running server: Akinon's own, and the documents' script."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from django.db import connection
from omnisdk.base_client import BaseClient
from omnisdk.exceptions import ValidationError
from omnisdk.omnitron.client import OmnitronApiClient
from omnisdk.omnitron.endpoints import (
    ActiveUserEndpoint,
    ChannelCreateOrderEndpoint,
    ChannelProductStockEndpoint,
    ContentTypeEndpoint,
    OrderByNumberEndpoint,
    OrderItemEndpoint,
    ProductEndpoint,
)
from omnisdk.omnitron.models import OrderItem

from integrations.accounts.services import IssuedUser, create_integration_user
from tests.builders import NOON, a_shop
from tests.concurrency.servers import WebServer, address_of, serving
from tests.integrations.omnitron.office import Office, an_office

# No test shares its server with another: emptying the database renumbers the content types, which
# a server remembers for as long as it runs.
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("server-processes"),
]


@pytest.fixture
def server(
    transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WebServer]:
    """Serve the test database; no proxy stands between."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(address_of(connection), tmp_path, processes=1) as server:
        yield server


@pytest.fixture
def office(transactional_db: None) -> Office:
    """Two locations, a list of one and a list of both."""
    shop = a_shop(all=["l1", "l2"])
    shop.stock(l1=30, l2=10)
    return an_office(shop, lists={"main": "l1", "web": "all"})


@pytest.fixture
def erp(office: Office) -> IssuedUser:
    """The ERP's user."""
    organization = office.shop.organization.identifier
    return create_integration_user(organization=organization, username="erp", now=NOON)


@contextmanager
def sdk(
    server: WebServer,
    user: IssuedUser,
    *,
    prefix: str = "v1",
    password: str = "",
    token: str | None = None,
) -> Iterator[OmnitronApiClient]:
    """Return Akinon's client, logged in."""

    class Client(OmnitronApiClient):
        client_route = f"api/{prefix}/"

    Client.__name__ = OmnitronApiClient.__name__  # endpoints find it by this name
    api = Client.__new__(Client)
    try:
        # It logs in as it is made; where that fails, its connections must be closed, too.
        base = f"http://127.0.0.1:{server.port}/"
        Client.__init__(api, base, user.user.username, password or user.password, token)
        yield api
    finally:
        api.session.close()
        BaseClient.instance.clear()


def test_akinons_client_goes_through_an_erps_day(
    server: WebServer, office: Office, erp: IssuedUser
) -> None:
    order = office.order("100000046761", *[("main", 1)] * 25)
    items = office.items(order)

    with sdk(server, erp):
        pages = [OrderItemEndpoint().list(params={"order": order, "sort": "id", "limit": 10})]
        endpoint = OrderItemEndpoint()
        listing = endpoint.list(params={"order": order, "sort": "id", "limit": 10})
        assert [item.pk for item in listing] == items[:10] == [item.pk for item in pages[0]]
        for page in endpoint.iterator:
            listing.extend(page)
        assert [item.pk for item in listing] == items

        (content_type,) = ContentTypeEndpoint().list(params={"model": "orderitem"})
        assert content_type.model == "orderitem"
        mapping = OrderItemEndpoint(raw=True, path=f"{items[0]}/create_mapping").create(
            item={"code": "ERP-1", "update_stock": True}
        )
        assert (mapping["content_type"], mapping["object_id"]) == (content_type.id, items[0])
        assert (items[0], "l1") not in office.held()

        changed = OrderItemEndpoint().update(id=items[1], item=OrderItem(status="450"))
        assert (changed.pk, changed.status) == (items[1], "450")
        assert OrderItemEndpoint().retrieve(id=items[1]).status == "450"
        assert OrderByNumberEndpoint().retrieve(id="100000046761").pk == order
        assert ActiveUserEndpoint(raw=True).list()["username"] == "erp"
        (product,) = ProductEndpoint().list(params={"sku": "red-mug"})
        assert product.pk == office.shop.item().pk

    office.shop.assert_clean()


def test_akinons_client_maps_on_both_prefixes(
    server: WebServer, office: Office, erp: IssuedUser
) -> None:
    (item,) = office.items(office.order("1", ("main", 2)))
    mappings = []
    for prefix in ("i1", "v1"):
        with sdk(server, erp, prefix=prefix):
            endpoint = OrderItemEndpoint(raw=True, path=f"{item}/create_mapping")
            mappings.append(endpoint.create(item={"code": "ERP-1"}))

    assert mappings[0] == mappings[1]
    assert list(mappings[0]) == ["pk", "content_type", "object_id", "integration_type", "code"]
    assert office.held() == {}
    office.shop.assert_clean()


def test_akinons_client_creates_an_order_and_reads_the_channels_stock(
    server: WebServer, office: Office, erp: IssuedUser
) -> None:
    office.push(office.a_push("main", 30))
    line = {
        "product": office.shop.item().pk,
        "stock_list": office.lists["main"].pk,
        "status": "400",
        "price_currency": "try",
        "price": "9.90",
        "tax_rate": 18,
        "discount_amount": 1.1 + 2.2,
    }
    body = {"order": {"number": "7", "status": "", "currency": "try"}, "order_item": [line]}

    with sdk(server, erp):
        channel = {"channel_id": office.channel.pk}
        made = ChannelCreateOrderEndpoint(raw=True, **channel).create(item=body)
        again = ChannelCreateOrderEndpoint(raw=True, **channel).create(item=body)
        (stock,) = ChannelProductStockEndpoint(**channel).list()

    assert made["pk"] == again["pk"]
    assert (stock.stock, stock.sold_quantity_unreported) == (30, 1)
    office.shop.assert_clean()


def test_akinons_client_understands_every_refusal(
    server: WebServer, office: Office, erp: IssuedUser
) -> None:
    first, second = office.items(office.order("1", ("main", 1), ("main", 1)))

    with pytest.raises(ValidationError, match="Unable to log in"), sdk(server, erp, password="no"):
        pass
    with pytest.raises(ValidationError, match="Invalid token"), sdk(server, erp, token="Token no"):
        pass
    with sdk(server, erp, token=f"Token {erp.token}") as api:
        assert api.token == f"Token {erp.token}"
        api.session.headers["Authorization"] = "Token stale"  # it logs in once more by itself
        OrderItemEndpoint(raw=True, path=f"{first}/create_mapping").create(item={"code": "A"})
        for path, body, field in (
            (f"{second}/create_mapping", {"code": "A"}, "code"),
            (f"{first}/create_mapping", {"code": "B"}, "non_field_errors"),
            (f"{second}/create_mapping", {}, "code"),
            ("10000000/create_mapping", {"code": "C"}, "detail"),
            ("nowhere/at/all", {"code": "C"}, "detail"),
        ):
            with pytest.raises(requests.HTTPError) as refused:
                OrderItemEndpoint(raw=True, path=path).create(item=body)
            _, said = refused.value.args
            assert field in said

    assert office.held() == {(second, "l1"): 1}
    office.shop.assert_clean()


def test_the_script_of_the_documents_works(
    server: WebServer, office: Office, erp: IssuedUser
) -> None:
    (order_item_id,) = office.items(office.order("1", ("main", 2)))

    # The script as it is printed, its missing brace put in.
    url = f"http://127.0.0.1:{server.port}/api/v1/order_items/{order_item_id}/create_mapping/"
    api_token = erp.token
    headers = {
        "content-type": "application/json",
        "Authorization": "Token {}".format(api_token),  # noqa: UP032
    }
    data = {"update_stock": True, "code": "erp_orderitem_code"}
    response = requests.post(url, headers=headers, data=json.dumps(data), timeout=60)

    mapping: dict[str, Any] = json.loads(response.text)
    assert response.status_code == 201
    assert mapping["object_id"] == order_item_id
    assert mapping["integration_type"] == "external_company"
    assert mapping["code"] == "erp_orderitem_code"
    assert set(mapping) == {"pk", "content_type", "object_id", "integration_type", "code"}
    assert office.held() == {}
    office.shop.assert_clean()

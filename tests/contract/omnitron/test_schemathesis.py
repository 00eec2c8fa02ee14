"""Requests made up from the OpenAPI document: whatever is sent, the answer is as promised."""

from typing import Any

import pytest
import schemathesis
from django.test import Client
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from config.wsgi import application
from integrations.omnitron.api.schema import OmnitronGenerator
from integrations.omnitron.models import Order, ProductStock
from tests.builders import a_shop
from tests.contract.omnitron.erp import PREFIXES, erp_of
from tests.contract.omnitron.test_every_route import ROUTES
from tests.contract.test_schemathesis import PROMISED, one_connection
from tests.integrations.omnitron.office import Office, an_office

DOCUMENT: dict[str, Any] = OmnitronGenerator().get_schema(public=True)
# Tokens are tested elsewhere; told of them, schemathesis would now and then leave ours out.
SCHEMA: Any = schemathesis.openapi.from_dict(
    {
        **DOCUMENT,
        "paths": {
            path: {
                method: {name: part for name, part in operation.items() if name != "security"}
                for method, operation in methods.items()
            }
            for path, methods in DOCUMENT["paths"].items()
        },
    }
)
SCHEMA.app = application
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]
EXAMPLES = {GenerationMode.POSITIVE: 8, GenerationMode.NEGATIVE: 5}


@pytest.fixture
def office(db: None, settings: Any) -> Office:
    """One order of two items, and products on a list."""
    settings.OMNITRON_LOGINS_PER_MINUTE = 0
    shop = a_shop(all=["l1", "l2"])
    shop.stock(l1=50, l2=50)
    office = an_office(shop, lists={"main": "l1", "web": "all"})
    office.push(office.a_push("main", 50))
    office.order("1001", ("main", 2), ("web", 3))
    return office


def known_to(office: Office, content_type: int) -> dict[str, Any]:
    """What a client knows who reads before it writes."""
    (order,) = [row["id"] for row in orders(office)]
    first, second = office.items(order)
    return {
        "orderId": order,
        "reference": str(order),
        "number": "1001",
        "itemId": first,
        "id": second,
        "productId": office.shop.item().pk,
        "product": office.shop.item().pk,
        "channelId": office.channel.pk,
        "channel": office.channel.pk,
        "stockId": ProductStock.objects.get(stock_list=office.lists["main"]).pk,
        "stock_list": office.lists["main"].pk,
        "contentTypeId": content_type,
        "order": order,
        "quantity": 1,
        "status": "400",
        "price": "1.00",
        "page": 1,
    }


def orders(office: Office) -> Any:
    return Order.objects.filter(channel=office.channel).values("id")


def takes_something(operation: Any) -> bool:
    """Tell whether there is anything that could be sent wrong."""
    told = DOCUMENT["paths"][operation.path][operation.method.lower()]
    kinds = [each["schema"] for each in told.get("parameters", ())]
    return "requestBody" in told or any(kind != {"type": "string"} for kind in kinds)


def grounded(value: Any, known: dict[str, Any], draw: Any) -> Any:
    """Put what is there in place of what is made up; sometimes, or always, as drawn."""
    if isinstance(value, list):
        return [grounded(each, known, draw) for each in value]
    if not isinstance(value, dict):
        return value
    named = {}
    for name, each in value.items():
        is_plain = each is not None and not isinstance(each, list | dict | bool)
        is_known = name in known and is_plain and draw(st.integers(0, 3)) > 0
        named[name] = known[name] if is_known else grounded(each, known, draw)
    if {"product", "product_sku"} <= named.keys():
        del named["product_sku"]  # either, or
    return named


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=str)
@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_answer_is_one_that_the_document_tells(
    office: Office, prefix: str, mode: GenerationMode
) -> None:
    erp = erp_of(office.shop.organization.identifier)
    (content_type,) = erp.rows("content_types/")
    known = known_to(office, content_type["id"])
    got_through: set[str] = set()
    is_positive = mode is GenerationMode.POSITIVE
    tried = [
        each
        for each in OPERATIONS
        if each.path.startswith(f"/api/{prefix}/") and (is_positive or takes_something(each))
    ]

    def check(operation: Any) -> None:
        @settings(
            max_examples=EXAMPLES[mode],
            derandomize=True,  # the same requests on every machine and day
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
        def answers_as_told(case: Case, data: st.DataObject) -> None:
            case.path_parameters = {
                name: known[name] if is_positive or data.draw(st.integers(0, 3)) else value
                for name, value in (case.path_parameters or {}).items()
            }
            case.query = grounded(dict(case.query or {}), known, data.draw)
            case.body = grounded(case.body, known, data.draw)
            headers = {**(case.headers or {}), "Authorization": f"Token {erp.token}"}
            response = case.call(headers=headers)
            assert response.status_code not in {401, 403, 405}
            if response.status_code < 300:
                got_through.add(operation.label)
            case.validate_response(response, checks=PROMISED, headers=headers)

        answers_as_told()

    with one_connection():
        for operation in tried:
            check(operation)

    if is_positive:
        reading = {each.label for each in tried if each.method.upper() == "GET"}
        assert reading <= got_through, "a list or a row that no request got to see"
    office.shop.assert_clean()


def test_the_document_is_valid_and_tells_of_every_address() -> None:
    document = Client().get("/api/schema/omnitron/").json()
    validate_schema(document)
    schemathesis.openapi.from_dict(document).validate()

    routes = [route for route in ROUTES if route.address.endswith("/")]
    operations = [each for methods in document["paths"].values() for each in methods.values()]
    assert len(document["paths"]) == len(routes)
    assert len(operations) == sum(len(route.methods) for route in routes)
    assert len({each["operationId"] for each in operations}) == len(operations)
    assert all(each["summary"] for each in operations)


def test_the_page_offers_the_document() -> None:
    assert b"/api/schema/omnitron/" in Client().get("/api/docs/?script=").content


@pytest.mark.parametrize(("prefix", "name"), [("i1", "OrderI1"), ("v1", "OrderV1")])
def test_each_prefix_is_told_with_its_own_shapes(prefix: str, name: str) -> None:
    answer = DOCUMENT["paths"][f"/api/{prefix}/orders/{{reference}}/"]["get"]["responses"]["200"]
    assert answer["content"]["application/json"]["schema"]["$ref"].endswith(f"/{name}")

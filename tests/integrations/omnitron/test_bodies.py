"""Reading the body of create_orders: what senders send is understood, what is wrong is named."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from integrations.omnitron.api.bodies import NewOrder
from integrations.omnitron.domain.drafts import ItemDraft, OrderDraft

CHANNEL = 7


def read(order: dict[str, Any], *items: dict[str, Any]) -> NewOrder:
    body = {
        "order": {"number": "1001", **order},
        "order_item": [{"product": 1, "price": "9.90", **item} for item in items or ({},)],
    }
    serializer = NewOrder(data=body, context={"channel_id": CHANNEL})
    serializer.is_valid()
    return serializer


def draft(order: dict[str, Any], *items: dict[str, Any]) -> OrderDraft:
    serializer = read(order, *items)
    assert serializer.errors == {}
    made = serializer.validated_data
    assert isinstance(made, OrderDraft)
    return made


def errors_of(item: dict[str, Any]) -> Any:
    return read({}, {}, item).errors["order_item"]


def test_what_a_channel_sends_is_understood() -> None:
    made = draft(
        {
            "channel": CHANNEL,
            "status": "",
            "date_placed": "2026-01-01 00:00:00",
            "currency": "try",
            "amount": "286.10",
            "discount_amount": 12.449999,
            "customer": 5,
            "shipping_address": {"city": "Ankara"},
            "unheard_of": True,
        },
        {"stock_list": 3, "status": "400", "retail_price": 10.5, "shipping_company": None},
    )

    assert (made.status, made.currency, made.amount) == (400, "try", Decimal("286.10"))
    assert made.date_placed == datetime(2026, 1, 1, tzinfo=UTC)
    assert (made.customer, made.shipping_address) == ({"pk": 5}, {"city": "Ankara"})
    assert made.details == {"discount_amount": "12.45"}
    assert made.items == (
        ItemDraft(
            product=1,
            stock_list=3,
            price_currency="try",
            price=Decimal("9.90"),
            tax_rate=Decimal(0),
            details={"retail_price": "10.50", "shipping_company": None},
        ),
    )


@pytest.mark.parametrize(
    ("item", "quantity"),
    [
        ({}, 1000),
        ({"quantity": 2}, 2000),
        ({"quantity": "2"}, 2000),
        ({"quantity": Decimal("0.125")}, 125),
        ({"attributes": {"quantity": "3"}}, 3000),
        ({"quantity": 2, "attributes": {"quantity": 3}}, 2000),
        ({"attributes": {"quantity": None}}, 1000),
    ],
)
def test_quantity_is_found(item: dict[str, Any], quantity: int) -> None:
    assert draft({}, item).items[0].quantity == quantity


def test_the_attribute_of_the_quantity_can_be_another(settings: Any) -> None:
    settings.ORDER_ITEM_QUANTITY_KEY = "adet"
    assert draft({}, {"attributes": {"adet": 4, "quantity": 9}}).items[0].quantity == 4000


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"quantity": 0}, "quantity"),
        ({"quantity": -1}, "quantity"),
        ({"quantity": "0.0005"}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"quantity": [1]}, "quantity"),
        ({"quantity": 10**10}, "quantity"),
        ({"attributes": {"quantity": "two"}}, "attributes"),
        ({"attributes": 3}, "attributes"),
        ({"product_sku": "a"}, "product"),
        ({"product": "x"}, "product"),
        ({"product": 2**63}, "product"),
        ({"price": None}, "price"),
        ({"price": "1.005"}, "price"),
        ({"price": float("nan")}, "price"),
        ({"status": "new"}, "status"),
        ({"stock_list": "a"}, "stock_list"),
        ({"tax_rate": "x"}, "tax_rate"),
    ],
)
def test_a_wrong_item_is_told_by_its_field(item: dict[str, Any], field: str) -> None:
    wrong = errors_of(item)
    assert list(wrong) == [1]
    assert list(wrong[1]) == [field]


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"number": ""}, "number"),
        ({"number": "9" * 129}, "number"),
        ({"channel": CHANNEL + 1}, "channel"),
        ({"status": "many"}, "status"),
        ({"date_placed": "yesterday"}, "date_placed"),
        ({"amount": "1e99"}, "amount"),
        ({"customer": "x"}, "customer"),
        ({"gift_box_note": "x" * 161}, "gift_box_note"),
    ],
)
def test_a_wrong_order_is_told_by_its_field(order: dict[str, Any], field: str) -> None:
    assert list(read(order).errors["order"]) == [field]


@pytest.mark.parametrize(
    "body", [{}, {"order": 1, "order_item": 1}, {"order": {}, "order_item": []}, [], "x", None]
)
def test_a_body_of_another_shape_is_refused(body: Any) -> None:
    serializer = NewOrder(data=body, context={"channel_id": CHANNEL})
    assert not serializer.is_valid()


def test_a_line_needs_a_product_and_a_price() -> None:
    bodies = ({"price": "1.00"}, {"product_sku": "a"}, {"product_sku": "a", "unit_price": 2})
    serializer = NewOrder(
        data={"order": {"number": "1"}, "order_item": list(bodies)},
        context={"channel_id": CHANNEL},
    )
    assert not serializer.is_valid()
    wrong = serializer.errors["order_item"]
    assert {n: list(each) for n, each in wrong.items()} == {0: ["product"], 1: ["price"]}

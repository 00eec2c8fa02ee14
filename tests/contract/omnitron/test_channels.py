"""What a sales channel calls: creating orders, its orders and its stock."""

from collections.abc import Callable
from typing import Any

import pytest

from integrations.omnitron.models import Order
from integrations.omnitron.services.setup import create_channel
from tests.contract.omnitron.erp import PREFIXES, Erp, assert_refused
from tests.integrations.omnitron.office import Office


@pytest.fixture
def base(office: Office) -> str:
    """The address of the channel."""
    return f"channel/{office.channel.pk}"


def a_line(office: Office, **more: Any) -> dict[str, Any]:
    """A line as the channel app sends it: no quantity, a status, a price."""
    return {
        "product": office.shop.item().pk,
        "status": "400",
        "price_currency": "try",
        "price": "19.90",
        "tax_rate": 18,
        "stock_list": office.lists["main"].pk,
        "discount_amount": 1.1 + 2.2,
        **more,
    }


def an_order(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An order as the channel app sends it."""
    order = {
        "number": "1001",
        "status": "",
        "date_placed": "2026-01-01 00:00:00",
        "customer": 5,
        "shipping_address": 6,
        "billing_address": 7,
        "currency": "try",
        "amount": "19.90",
        "net_shipping_amount": 0.1,
        "cargo_company": 3,
        "payment_option": 9,
        "remote_addr": "10.0.0.1",
        "is_send": False,
        **more,
    }
    return {"order": order, "order_item": list(lines)}


def test_an_order_of_the_channel_app_is_taken(erp: Erp, office: Office, base: str) -> None:
    answer = erp.post(f"{base}/create_orders/", an_order(a_line(office), a_line(office)))

    assert answer.status_code == 201, answer.content
    order = answer.json()
    assert (order["number"], order["status"], order["channel"]) == (
        "1001",
        "400",
        office.channel.pk,
    )
    assert order["date_placed"] == "2026-01-01T00:00:00.000000Z"
    assert (order["amount"], order["net_shipping_amount"]) == ("19.90", "0.10")
    first, second = office.items(order["pk"])
    assert office.held() == {(first, "l1"): 1, (second, "l1"): 1}
    assert [row["pk"] for row in erp.rows("orders/", is_send="False", status=400)] == [order["pk"]]
    assert erp.read(f"order_items/{first}/")["discount_amount"] == "3.30"
    office.shop.assert_clean()


def test_quantities(erp: Erp, office: Office, base: str) -> None:
    lines = [
        a_line(office, quantity=2),
        a_line(office, quantity="1.5"),
        a_line(office, attributes={"quantity": "2", "color": "red"}),
        a_line(office, quantity=1, attributes={"quantity": 9}),
    ]

    order = erp.post(f"{base}/create_orders/", an_order(*lines)).json()["pk"]

    rows = erp.rows("order_items/", order=order)
    assert [row["quantity"] for row in rows] == [2, 1.5, 2, 1]
    assert office.shop.reserved("l1") == 6.5


def test_a_repeat_answers_200_with_the_stored_order(erp: Erp, office: Office, base: str) -> None:
    body = an_order(a_line(office, quantity=2))
    first = erp.post(f"{base}/create_orders/", body)
    moved = office.state()

    for prefix in PREFIXES:
        again = erp.on(prefix).post(f"{base}/create_orders", body)
        assert again.status_code == 200
        assert again.json()["pk"] == first.json()["pk"]
    assert office.state() == moved


def test_other_lines_under_the_number_are_400(erp: Erp, office: Office, base: str) -> None:
    erp.post(f"{base}/create_orders/", an_order(a_line(office)))
    before = office.state()

    answer = erp.post(f"{base}/create_orders/", an_order(a_line(office, quantity=2)))

    assert_refused(answer, "number")
    assert office.state() == before


def test_a_shortage_names_each_short_sku(
    erp: Erp, office: Office, base: str, nothing_moved: Callable[[], bool]
) -> None:
    body = an_order(a_line(office, quantity=11), a_line(office, product_sku="blue-mug", quantity=1))
    del body["order_item"][1]["product"]

    answer = erp.post(f"{base}/create_orders/", body)

    assert answer.status_code == 400
    (said,) = answer.json()["non_field_errors"]
    assert "red-mug" in said
    assert "11" in said
    assert "10" in said
    assert "blue-mug" not in said
    assert nothing_moved()
    assert not Order.objects.exists()


BAD_ORDERS: list[tuple[dict[str, Any], str]] = [
    ({"number": None}, "number"),
    ({"number": ""}, "number"),
    ({"number": "x" * 129}, "number"),
    ({"status": "waiting"}, "status"),
    ({"date_placed": "soon"}, "date_placed"),
    ({"amount": "x"}, "amount"),
    ({"amount": 10**20}, "amount"),
    ({"customer": "x"}, "customer"),
    ({"customer": {"name": "\0"}}, "customer"),
    ({"is_send": "x"}, "is_send"),
    ({"currency": "x" * 17}, "currency"),
    ({"extra_field": []}, "extra_field"),
    ({"channel": 10**15}, "channel"),
    ({"notes": "x" * 321}, "notes"),
    ({"gift_box_note": "x" * 161}, "gift_box_note"),
    ({"shipping_amount": "1.999"}, "shipping_amount"),
    ({"tracking_number": []}, "tracking_number"),
]
BAD_LINES: list[tuple[dict[str, Any], str]] = [
    ({"product": 10**15}, "product"),
    ({"product": "x"}, "product"),
    ({"product": None}, "product"),
    ({"product_sku": "blue-mug"}, "product"),
    ({"stock_list": 10**15}, "stock_list"),
    ({"stock_list": "x"}, "stock_list"),
    ({"quantity": 0}, "quantity"),
    ({"quantity": -1}, "quantity"),
    ({"quantity": "x"}, "quantity"),
    ({"quantity": 1.0005}, "quantity"),
    ({"quantity": True}, "quantity"),
    ({"quantity": 10**11}, "quantity"),
    ({"attributes": {"quantity": "many"}}, "attributes"),
    ({"attributes": []}, "attributes"),
    ({"price": "x"}, "price"),
    ({"status": "x"}, "status"),
    ({"tax_rate": "x"}, "tax_rate"),
    ({"extra_field": 7}, "extra_field"),
]


def test_an_order_that_cannot_be_taken_is_400(
    erp: Erp, office: Office, base: str, nothing_moved: Callable[[], bool]
) -> None:
    for wrong, field in BAD_ORDERS:
        answer = erp.post(f"{base}/create_orders/", an_order(a_line(office), **wrong))
        assert answer.status_code == 400, wrong
        assert field in answer.json()["order"], wrong
    assert nothing_moved()


def test_a_line_that_cannot_be_taken_is_400(
    erp: Erp, office: Office, base: str, nothing_moved: Callable[[], bool]
) -> None:
    for wrong, field in BAD_LINES:
        body = an_order(a_line(office), a_line(office, **wrong))
        answer = erp.post(f"{base}/create_orders/", body)
        assert answer.status_code == 400, wrong
        first, second = answer.json()["order_item"]
        assert first == {}, wrong
        assert field in second, wrong
    assert nothing_moved()


def test_what_is_no_order_is_400(erp: Erp, base: str, nothing_moved: Callable[[], bool]) -> None:
    number = {"number": "1"}
    for body in (
        {},
        {"order": {}},
        {"order_item": []},
        {"order": [], "order_item": {}},
        {"order": None, "order_item": None},
        [],
        "x",
        {"order": number, "order_item": []},
        {"order": number, "order_item": [7]},
        {"order": number, "order_item": [{}]},
        {"order": number, "order_item": [{}] * 1_001},
    ):
        assert erp.post(f"{base}/create_orders/", body).status_code == 400, str(body)[:80]
    assert nothing_moved()


def test_a_channel_sees_its_own_orders(erp: Erp, office: Office, base: str) -> None:
    market = create_channel(organization_id=office.shop.id, name="market", stock_list="web")
    ours = office.order("1", ("main", 1))
    theirs = Office(office.shop, market, office.lists).order("1", ("web", 1))

    assert [row["pk"] for row in erp.rows(f"{base}/orders/")] == [ours]
    assert [row["pk"] for row in erp.rows(f"channel/{market.pk}/orders/")] == [theirs]
    assert erp.read(f"{base}/orders/{ours}/") == erp.read(f"orders/?pk={ours}")["results"][0]
    assert erp.get(f"{base}/orders/{theirs}/").status_code == 404
    assert [row["order"] for row in erp.rows(f"{base}/order_items/")] == [ours]


def test_a_channel_sees_the_stock_it_sells_from(erp: Erp, office: Office, base: str) -> None:
    main, web = office.lists["main"].pk, office.lists["web"].pk
    erp.post("product_stock/", {"product_sku": "red-mug", "stock_list": main, "stock": 4})
    erp.post("product_stock/", {"product_sku": "red-mug", "stock_list": web})

    assert [row["name"] for row in erp.rows(f"{base}/stock_lists/")] == ["main"]
    (own,) = erp.rows(f"{base}/product_stocks/")
    assert (own["stock_list"], own["stock"]) == (main, 4)
    key = own["id" if erp.prefix == "i1" else "pk"]
    assert erp.read(f"{base}/product_stocks/{key}/") == own
    assert erp.read(f"{base}/product_stocks/{key}/detailed/") == own
    assert erp.get(f"{base}/product_stocks/{key + 1}/").status_code == 404
    assert erp.rows(f"{base}/extra_product_stocks/") == []

    office.channel.extra_stock_lists.add(office.lists["web"])

    assert [row["stock_list"] for row in erp.rows(f"{base}/extra_product_stocks/")] == [web]
    assert [row["name"] for row in erp.rows(f"{base}/stock_lists/", sort="id")] == ["main", "web"]


def test_an_unknown_channel_is_404(erp: Erp, office: Office) -> None:
    for path in (
        "orders/",
        "orders/1/",
        "order_items/",
        "product_stocks/",
        "product_stocks/1/",
        "product_stocks/1/detailed/",
        "extra_product_stocks/",
        "stock_lists/",
    ):
        for channel in (office.channel.pk + 1000, "9" * 30, "x", 0):
            answer = erp.get(f"channel/{channel}/{path}")
            assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})


def test_an_order_for_an_unknown_channel_is_404(
    erp: Erp, office: Office, nothing_moved: Callable[[], bool]
) -> None:
    for channel in (office.channel.pk + 1000, "9" * 30):
        answer = erp.post(f"channel/{channel}/create_orders/", an_order(a_line(office)))
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})
    assert nothing_moved()

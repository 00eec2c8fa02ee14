"""Order items on the wire: lists, one item, PATCH and the bulk status update."""

from collections.abc import Callable
from typing import Any

import pytest

from integrations.omnitron.models import OrderItem
from tests.contract.omnitron.erp import Erp, assert_refused
from tests.integrations.omnitron.office import Office

FIELDS = {
    *("pk", "order", "product", "price_list", "stock_list", "status", "price_currency"),
    *("price", "tax_rate", "shipping_company", "shipment_code", "cancel_status", "is_tradable"),
    *("installment_interest_amount", "datasource", "cancellation_reconciliation"),
    *("reconciliation", "forced_refund", "original_stock", "shipping_option_group"),
    *("extra_field", "attributes", "attributes_kwargs", "localized_attributes"),
    *("localized_attributes_kwargs", "created_date", "modified_date", "quantity"),
    *("tracking_number", "invoice_number", "invoice_date", "e_archive_url"),
}


@pytest.fixture
def order(office: Office) -> int:
    """An order with a whole and a broken quantity."""
    return office.order("1001", ("main", 2), ("web", 1.25))


@pytest.fixture
def items(office: Office, order: int) -> list[int]:
    """The keys of its items."""
    return office.items(order)


def test_items_of_an_order(erp: Erp, office: Office, order: int, items: list[int]) -> None:
    office.order("1002", ("main", 1))

    first, second = erp.rows("order_items/", order=order, sort="id")

    assert set(first) >= FIELDS
    assert [first["pk"], second["pk"]] == items
    assert (first["order"], first["status"]) == (order, "400")
    assert (first["quantity"], second["quantity"]) == (2, 1.25)
    product = office.shop.item()
    nested = {"pk": product.pk, "sku": "red-mug", "name": "red-mug"}
    assert first["product"] == (nested if erp.prefix == "i1" else product.pk)
    assert first == erp.read(f"order_items/{items[0]}/")


def test_items_by_filter(erp: Erp, office: Office, items: list[int]) -> None:
    office.change({items[1]: {"status": 450}})
    other = office.items(office.create("2", office.line("main", 1, sku="blue-mug")).id)

    def keys(**parameters: object) -> list[int]:
        return [row["pk"] for row in erp.rows("order_items/", **parameters)]

    assert keys(status=450) == [items[1]]
    assert keys(product__sku="blue-mug") == other
    assert keys(order__number__iexact="1001") == items
    assert keys(stock_list=office.lists["web"].pk) == [items[1]]
    assert keys(pk__in=f"{items[0]},{other[0]}", sort="-pk") == [other[0], items[0]]
    assert keys(product__pk__in=office.shop.item().pk) == items
    assert keys(order__channel=office.channel.pk + 1) == []
    for name, value in (("order", "x"), ("status__in", "a"), ("modified_date__gt", "x")):
        assert_refused(erp.get("order_items/", **{name: value}), name)


def test_a_change_answers_the_whole_item(erp: Erp, items: list[int]) -> None:
    path = f"order_items/{items[0]}/"
    before = erp.read(path)
    change = {
        "status": "450",
        "cancel_status": "waiting",
        "attributes": {"color": "red", "gift": True},
        "attributes_kwargs": {"color": {"value": 1.5}},
        "tracking_number": "T-1",
        "invoice_date": "2026-01-01 00:00:00",
        "unknown": "x",
        "quantity": 9,
        "price": "0.01",
    }

    answer = erp.patch(path, change)

    assert answer.status_code == 200
    assert answer.json() == {
        **before,
        **{name: change[name] for name in list(change)[:5]},
        "invoice_date": "2026-01-01T00:00:00.000000Z",
        "modified_date": answer.json()["modified_date"],
    }
    assert answer.json() == erp.read(path)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("0596-09-14T23:19:45.12Z", "0596-09-14T23:19:45.120000Z"),
        ("2026-05-01T10:00:00+02:00", "2026-05-01T08:00:00.000000Z"),
        (None, None),
    ],
)
def test_a_moment_is_written_in_full(
    erp: Erp, items: list[int], sent: str | None, read: str | None
) -> None:
    change = {"estimated_delivery_date": sent}
    row = erp.patch(f"order_items/{items[0]}/", change).json()

    assert row["estimated_delivery_date"] == read
    assert erp.read(f"order_items/{items[0]}/") == row


def test_extra_field_is_merged_and_attributes_are_replaced(erp: Erp, items: list[int]) -> None:
    path = f"order_items/{items[0]}/"
    erp.patch(path, {"extra_field": {"a": 1, "b": 2}, "attributes": {"x": "1"}})

    row = erp.patch(path, {"extra_field": {"b": 3}, "attributes": {"y": "2"}}).json()

    assert row["extra_field"] == {"a": 1, "b": 3}
    assert row["attributes"] == {"y": "2"}


def test_changes_do_not_touch_stock_but_canceled_does(
    erp: Erp, office: Office, items: list[int]
) -> None:
    held = office.held()
    erp.patch(f"order_items/{items[0]}/", {"status": "550", "attributes": {"quantity": "9"}})
    assert office.held() == held

    assert erp.patch(f"order_items/{items[0]}/", {"status": 100}).json()["status"] == "100"

    assert set(office.held()) == {(items[1], "all")}
    left = erp.patch(f"order_items/{items[0]}/", {"status": "400"})
    assert_refused(left, "status", says="canceled")
    assert OrderItem.objects.get(pk=items[0]).status == 100
    office.shop.assert_clean()


BAD_CHANGES = [
    ("status", "waiting"),
    ("status", ""),
    ("status", None),
    ("status", True),
    ("status", "12345"),
    ("status", 4.5),
    ("status", []),
    ("status", "٤"),
    ("extra_field", "x"),
    ("extra_field", None),
    ("extra_field", {"a": "\0"}),
    ("extra_field", {"\ud800": 1}),
    ("extra_field", {"a": 10**400}),
    ("attributes", []),
    ("attributes_kwargs", 7),
    ("cancel_status", "x" * 65),
    ("cancel_status", []),
    ("tracking_number", "x" * 257),
    ("invoice_date", "yesterday"),
    ("invoice_date", "0001-01-01T00:00:00+14:00"),
    ("invoice_date", 7),
    ("delivered_date", {}),
    ("e_archive_url", "x" * 1_025),
]


def test_a_change_that_cannot_be_taken_is_400_on_its_field(
    erp: Erp, office: Office, items: list[int]
) -> None:
    before = office.state()
    for field, value in BAD_CHANGES:
        change = {"attributes": {"kept": "no"}, "status": "450", field: value}
        assert_refused(erp.patch(f"order_items/{items[0]}/", change), field)
    assert office.state() == before


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def test_json_may_be_nested_but_not_without_end(erp: Erp, items: list[int]) -> None:
    path = f"order_items/{items[0]}/"
    kept = {"a": deep(40), "b": 1.5, "c": None, "d": "ü🍵"}
    assert erp.patch(path, {"extra_field": kept}).json()["extra_field"] == kept
    assert_refused(erp.patch(path, {"extra_field": {"a": deep(51)}}), "extra_field")


def test_the_bulk_update_changes_all(erp: Erp, office: Office, items: list[int]) -> None:
    rows = [
        {"id": items[1], "status": "500", "tracking_number": "T-2", "shipping_company": 5},
        {"id": items[0], "status": "100", "invoice_number": "I-1"},
    ]

    answer = erp.patch("order_items/bulk_status_update/", {"orderitem_set": rows})

    assert answer.status_code == 200
    first, second = answer.json()["orderitem_set"]
    assert (first["pk"], first["status"], first["tracking_number"]) == (items[1], "500", "T-2")
    assert (second["pk"], second["status"], second["invoice_number"]) == (items[0], "100", "I-1")
    assert first == erp.read(f"order_items/{items[1]}/")
    assert set(office.held()) == {(items[1], "all")}
    office.shop.assert_clean()


def test_a_bulk_update_that_cannot_be_taken_changes_nothing(
    erp: Erp, office: Office, items: list[int]
) -> None:
    path = "order_items/bulk_status_update/"
    good = {"id": items[0], "status": "500"}
    office.change({items[1]: {"status": 100}})
    before = office.state()

    for rows in (
        None,
        [],
        {},
        "x",
        [7],
        [{}],
        [{"id": "x", "status": "500"}],
        [{"id": 0, "status": "500"}],
        [{"id": 10**15, "status": "500"}],
        [{"id": 10**30, "status": "500"}],
        [{"id": 1, "status": "500"}] * 1_001,
        [good, good],
        [good, {"id": items[1], "status": "x"}],
    ):
        answer = erp.patch(path, {"orderitem_set": rows})
        assert_refused(answer, "orderitem_set")
    for body in ({}, []):
        assert erp.patch(path, body).status_code == 400
    left = erp.patch(path, {"orderitem_set": [good, {"id": items[1], "status": "400"}]})
    assert_refused(left, "status", says=str(items[1]))
    assert office.state() == before


@pytest.mark.parametrize("size", [2, 6])
def test_lists_cost_a_fixed_number_of_queries(
    erp: Erp, office: Office, size: int, django_assert_num_queries: Callable[..., Any]
) -> None:
    for number in range(size):
        sku = f"sku-{number}"
        office.shop.stock(sku, l1=10)
        office.create(str(number), *[office.line("main", 1, sku=sku)] * size)
    erp.read("active_user/")

    with django_assert_num_queries(2):
        assert len(erp.rows("order_items/", sort="id", limit=100)) == size * size

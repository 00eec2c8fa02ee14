"""Orders on the wire: the work queue, one order in every spelling, is_send, cancelling."""

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from integrations.omnitron.models import Order
from integrations.omnitron.services.setup import create_channel
from tests.contract.omnitron.erp import Erp, assert_refused
from tests.integrations.omnitron.office import Office

V1_FIELDS = {
    *("pk", "number", "channel", "status", "date_placed", "customer", "shipping_address"),
    *("billing_address", "currency", "amount", "shipping_amount", "shipping_tax_rate"),
    *("extra_field", "payment_option", "payment_option_slug", "bin_number", "installment"),
    *("installment_count", "delivery_type", "installment_interest_amount", "cargo_company"),
    *("invoice_number", "invoice_date", "e_archive_url", "refund_amount"),
    *("discount_refund_amount", "shipping_refund_amount", "discount_amount", "is_send"),
    *("shipping_interest_amount", "tracking_number", "carrier_shipping_code", "remote_addr"),
    *("fundstransfertransaction_set", "has_gift_box", "gift_box_note", "external_status"),
    *("client_type", "language_code", "notes", "delivery_range", "shipping_option_slug"),
    *("segment", "checkout_provider_id", "cancellation_info", "defined_tracking_url"),
    *("created_date", "modified_date"),
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


@pytest.fixture
def order(office: Office) -> int:
    """An order of two items, with a customer and addresses."""
    return office.create(
        "100000046761",
        office.line("main", 2),
        office.line("web", 3),
        customer={"pk": 7, "email": "a@b.example"},
        shipping_address={"pk": 8, "line": "Street 1"},
        currency="try",
        details={"tracking_number": "T-1", "shipping_amount": "12.50"},
    ).id


def test_the_work_queue_holds_what_the_erp_has_not_taken(erp: Erp, office: Office) -> None:
    taken = office.order("1", ("main", 1))
    waiting = office.order("2", ("main", 1))
    office.create("3", office.line("main", 1), status=200)
    office.send(taken)

    page = erp.read("orders/", is_send="False", status=400)

    assert (page["count"], page["next"], page["previous"]) == (1, None, None)
    assert [row["pk"] for row in page["results"]] == [waiting]


def test_an_order_on_v1_is_flat(caller: Erp, order: int, office: Office) -> None:
    row = caller.on("v1").read(f"orders/{order}/")

    assert set(row) >= V1_FIELDS
    assert "orderitem_set" not in row
    assert row["pk"] == order
    assert row["number"] == "100000046761"
    assert row["channel"] == office.channel.pk
    assert row["status"] == "400"
    assert (row["customer"], row["shipping_address"], row["billing_address"]) == (7, 8, None)
    assert (row["currency"], row["is_send"]) == ("try", False)
    assert (row["tracking_number"], row["shipping_amount"]) == ("T-1", "12.50")
    assert row["notes"] is None
    assert MOMENT.fullmatch(row["created_date"])
    assert MOMENT.fullmatch(row["modified_date"])


def test_an_order_on_i1_embeds_customer_addresses_and_items(
    caller: Erp, order: int, office: Office
) -> None:
    row = caller.read("orders/100000046761/")

    assert set(row) == set(caller.on("v1").read(f"orders/{order}/")) | {"orderitem_set"}
    assert row["customer"] == {"pk": 7, "email": "a@b.example"}
    assert row["shipping_address"] == {"pk": 8, "line": "Street 1"}
    assert row["billing_address"] == {}
    first, second = row["orderitem_set"]
    product = office.shop.item()
    assert first["product"] == {"pk": product.pk, "sku": "red-mug", "name": "red-mug"}
    assert (first["order"], first["quantity"], first["status"]) == (order, 2, "400")
    assert second["stock_list"] == office.lists["web"].pk
    assert (first["price"], first["price_currency"], first["tax_rate"]) == ("9.90", "try", "18.00")


def test_i1_finds_an_order_by_number_then_by_key(caller: Erp, office: Office) -> None:
    first = office.order("77", ("main", 1))
    second = office.order(str(first), ("main", 1))

    assert caller.read("orders/77")["pk"] == first
    assert caller.read(f"orders/{first}/")["pk"] == second, "the number comes first"
    assert caller.read(f"orders/{second}/")["pk"] == second


def test_v1_finds_an_order_by_key_only(caller: Erp, office: Office) -> None:
    first = office.order("77", ("main", 1))
    office.order(str(first), ("main", 1))
    v1 = caller.on("v1")

    assert v1.read(f"orders/{first}/")["pk"] == first
    assert v1.get("orders/A-77/").status_code == 404
    assert v1.get("orders/77000000/").status_code == 404


def test_order_number_takes_numbers_only(erp: Erp, office: Office) -> None:
    first = office.order("A-77", ("main", 1))

    assert erp.read("order_number/A-77/")["pk"] == first
    assert erp.get(f"order_number/{first}/").json() == {"detail": "Not found."}


def test_a_number_of_several_channels_needs_the_channel(erp: Erp, office: Office) -> None:
    first = office.order("77", ("main", 1))
    market = create_channel(organization_id=office.shop.id, name="market", stock_list="main")
    other = Office(office.shop, market, office.lists).order("77", ("main", 1))

    for path in ("order_number/77/", *(["orders/77/"] if erp.prefix == "i1" else [])):
        assert_refused(erp.get(path), "channel", says="Several channels")
        assert erp.read(path, channel=market.pk)["pk"] == other
        assert erp.read(path, channel=office.channel.pk)["pk"] == first
        assert_refused(erp.get(path, channel="x"), "channel")
    assert erp.get("order_number/77/", channel=10**15).status_code == 404


def test_an_unknown_order_is_404(erp: Erp, order: int) -> None:
    for number in ("nothing", "0", "9" * 30, "%00", "a%0ab", "%F0%9F%8D%B5"):
        for path in (f"orders/{number}/", f"order_number/{number}/"):
            answer = erp.get(path)
            assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})


def test_filters_and_their_lookups(erp: Erp, office: Office) -> None:
    first = office.order("A-1", ("main", 1))
    second = office.later(3600).create("B-2", office.line("main", 1), status=450).id
    noon = Order.objects.get(pk=first).created_date
    moment = (noon + timedelta(seconds=60)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def keys(**parameters: object) -> list[int]:
        return [row["pk"] for row in erp.rows("orders/", **parameters)]

    assert keys(pk__in=f"{first},{second}") == [first, second]
    assert keys(id__in=second) == [second]
    assert keys(status="450") == [second]
    assert keys(status__in="400,450") == [first, second]
    assert keys(status__lt="450") == [first]
    assert keys(number="A-1") == keys(number__exact="A-1") == keys(number__iexact="a-1") == [first]
    assert keys(number__startswith="B") == [second]
    assert keys(channel=office.channel.pk) == [first, second]
    assert keys(channel=10**17) == []
    assert keys(created_date__gt=moment) == [second]
    assert keys(created_date__lt=moment) == [first]
    assert keys(created_date__gt="2026-03-02T09:00:00%2B20:49") == [second], "a zone of nowhere"
    assert keys(created_date__date=noon.date()) == [first, second]
    assert keys(created_date__date__gt=noon.date()) == []
    assert keys(is_send="true") == []
    assert keys(is_send=0) == [first, second]
    assert keys(channel_id=1, nonsense="x", sort="password") == [first, second]
    assert keys(sort="-id") == [second, first]
    assert keys(sort="number,-id") == [first, second]


def test_a_filter_that_cannot_be_read_is_400(erp: Erp, order: int) -> None:
    for name, value in (
        ("created_date__lt", "0001-01-01T00:00:00%2B14:00"),
        ("status", "waiting"),
        ("status__in", "400,x"),
        ("pk__in", "1;2"),
        ("pk", "9" * 30),
        ("is_send", "maybe"),
        ("created_date__gt", "yesterday"),
        ("created_date__date", "2026-13-01"),
        ("number", "%00"),
    ):
        assert_refused(erp.get("orders/", **{name: value}), name)


def test_pages(erp: Erp, office: Office) -> None:
    keys = [office.order(str(number), ("main", 0.25)) for number in range(12)]

    first = erp.read("orders/", sort="id")
    assert first["count"] == 12
    assert [row["pk"] for row in first["results"]] == keys[:10], "ten unless told"
    assert first["previous"] is None
    assert first["next"].startswith("http://testserver/api/")
    second = erp.client.get(first["next"], headers={"authorization": f"Token {erp.token}"}).json()
    assert [row["pk"] for row in second["results"]] == keys[10:]
    assert second["next"] is None
    assert second["previous"].startswith("http://testserver/api/")

    assert len(erp.rows("orders/", limit=5, page=2)) == 5
    for limit in ("0", "-1", "x", ""):
        assert len(erp.rows("orders/", limit=limit)) == 10
    assert len(erp.rows("orders/", limit=5_000)) == 12
    for page in ("0", "3", "x", "9" * 5_000):
        answer = erp.get("orders/", page=page)
        assert (answer.status_code, answer.json()) == (404, {"detail": "Invalid page."})


def test_a_limit_is_capped_at_a_hundred(caller: Erp, office: Office) -> None:
    office.shop.stock(l1=200)
    for number in range(101):
        office.order(str(number), ("main", 1))

    assert len(caller.on("v1").rows("orders/", limit=101)) == 100


def test_marking_an_order_sent_answers_the_whole_order(erp: Erp, order: int) -> None:
    before = erp.read(f"orders/{order}/")

    answer = erp.patch(f"orders/{order}/", {"is_send": True, "status": "100", "number": "x"})

    assert answer.status_code == 200
    after = answer.json()
    assert {**after, "modified_date": 0} == {**before, "is_send": True, "modified_date": 0}
    assert erp.patch(f"orders/{order}", {"is_send": False}).json()["is_send"] is False
    assert erp.patch(f"orders/{order}", {}).status_code == 200


def test_is_send_is_a_boolean(erp: Erp, order: int, nothing_moved: Callable[[], bool]) -> None:
    for value in (None, "maybe", 7, [], {}):
        assert_refused(erp.patch(f"orders/{order}/", {"is_send": value}), "is_send")
    for body in ([], "x", None):
        assert erp.patch(f"orders/{order}/", json.dumps(body)).status_code == 400
    assert nothing_moved()


def test_writing_takes_the_key_not_the_number(erp: Erp, order: int) -> None:
    answer = erp.patch("orders/100000046761/", {"is_send": True})
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})
    assert erp.patch("orders/A-1/", {"is_send": True}).status_code == 404


def test_detailed_integration_relates_everything(erp: Erp, order: int, office: Office) -> None:
    first, _ = office.items(order)
    mapping = office.map(first, "ERP-1").mapping

    row = erp.read(f"orders_integration/{order}/detailed_integration/")

    assert row == erp.read("order_item/detailed_integration/", order=order)
    assert row["channel"] == {"pk": office.channel.pk, "name": "web"}
    item = row["orderitem_set"][0]
    assert item["stock_list"] == {
        "pk": office.lists["main"].pk,
        "name": "main",
        "code": "code-main",
    }
    assert item["product"]["sku"] == "red-mug"
    assert [entry["code"] for entry in item["mapping"]] == ["ERP-1"]
    assert item["mapping"][0]["pk"] == mapping.pk
    assert row["orderitem_set"][1]["mapping"] == []


def test_detailed_items_need_the_order(erp: Erp, order: int) -> None:
    path = "order_item/detailed_integration/"
    assert_refused(erp.get(path), "order", says="required")
    for wrong in ("x", "0", "-1", "9" * 30):
        assert_refused(erp.get(path, order=wrong), "order")
    assert erp.get(path, order=order + 1000).status_code == 404
    assert erp.get(f"orders_integration/{order + 1000}/detailed_integration/").status_code == 404


def test_cancelling_all_of_an_order(erp: Erp, order: int, office: Office) -> None:
    body = {"order": order, "is_all": True, "cancel_items": [], "reasons": {}}

    answer = erp.post(f"orders/{order}/cancel/", body)

    assert answer.status_code == 200
    assert answer.json()["pk"] == order
    assert answer.json()["status"] == "100"
    assert office.held() == {}
    moved = office.state()
    again = erp.post(f"orders/{order}/cancel/", body)
    assert again.status_code == 200
    assert office.state() == moved, "a repeat moves nothing"
    office.shop.assert_clean()


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("as_dict", [False, True])
def test_cancelling_items_as_the_channel_app_does(
    erp: Erp, order: int, office: Office, as_text: object, as_dict: object
) -> None:
    first, second = office.items(order)
    named: object = [str(first) if as_text else first]
    body = {
        "order": order,
        "cancel_items": {str(first): 1} if as_dict else named,
        "reasons": {str(first): 5},
        "forced_refund_amount": None,
    }

    answer = erp.post(f"channel/{office.channel.pk}/orders/{order}/cancel/", body)

    assert answer.status_code == 200
    assert answer.json()["status"] == "400"
    assert office.held() == {(second, "all"): 3}
    plan = Order.objects.get(pk=order).cancellation_plans.get()
    assert plan.items == [first]
    assert plan.reasons == {str(first): 5}


BAD_CANCELLATIONS: list[tuple[object, str]] = [
    ({"is_all": "maybe"}, "is_all"),
    ({"is_all": None}, "is_all"),
    ({"cancel_items": 7}, "cancel_items"),
    ({"cancel_items": ["x"]}, "cancel_items"),
    ({"cancel_items": [True]}, "cancel_items"),
    ({"cancel_items": [9**30]}, "cancel_items"),
    ({"cancel_items": [10**15]}, "cancel_items"),
    ({"cancel_items": []}, "cancel_items"),
    ({}, "cancel_items"),
    ({"is_all": True, "reasons": []}, "reasons"),
    ({"is_all": True, "reasons": {"1": "a\0b"}}, "reasons"),
    ({"is_all": True, "order": 10**15}, "order"),
    ({"is_all": True, "order": "x"}, "order"),
    ({"is_all": True, "forced_refund_amount": "1.234"}, "forced_refund_amount"),
    ({"is_all": True, "is_cargo_refund": 7}, "is_cargo_refund"),
    ({"is_all": True, "refund_invoice_number": "x" * 257}, "refund_invoice_number"),
    ({"is_all": True, "ibans": "x"}, "ibans"),
    ({"is_all": True, "holder_names": []}, "holder_names"),
    ([], "non_field_errors"),
    ("text", "non_field_errors"),
    (7, "non_field_errors"),
]


def test_a_cancellation_that_cannot_be_read_is_400(erp: Erp, order: int, office: Office) -> None:
    before = office.state()
    for body, field in BAD_CANCELLATIONS:
        assert_refused(erp.post(f"orders/{order}/cancel/", json.dumps(body)), field)
    assert office.state() == before


def test_cancelling_items_of_another_order_is_400(erp: Erp, order: int, office: Office) -> None:
    other = office.items(office.order("other", ("main", 1)))
    before = office.state()

    answer = erp.post(f"orders/{order}/cancel/", {"cancel_items": other})

    assert_refused(answer, "cancel_items")
    assert office.state() == before


def test_cancelling_an_unknown_order_is_404(erp: Erp, order: int, office: Office) -> None:
    body = {"is_all": True}
    market = create_channel(organization_id=office.shop.id, name="market", stock_list="main")
    for path in (
        f"orders/{order + 1000}/cancel/",
        "orders/A-1/cancel/",
        f"channel/{market.pk}/orders/{order}/cancel/",
    ):
        answer = erp.post(path, body)
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})
    assert office.held() != {}


@pytest.mark.parametrize("size", [2, 6])
def test_lists_cost_a_fixed_number_of_queries(
    erp: Erp, office: Office, size: int, django_assert_num_queries: Callable[..., object]
) -> None:
    for number in range(size):
        office.order(str(number), *[("main", 0.125)] * size)
    erp.read("active_user/")  # the token is known from here on

    with django_assert_num_queries(3 if erp.prefix == "i1" else 2):
        assert len(erp.rows("orders/", is_send="False", status=400)) == size
    first = Order.objects.order_by("pk")[0].pk
    path = f"orders_integration/{first}/detailed_integration/"
    erp.read(path)  # content types are known from here on
    with django_assert_num_queries(3):
        erp.read(path)

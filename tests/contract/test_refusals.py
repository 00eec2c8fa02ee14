"""What is refused, over whichever face, is counted once and in nobody's way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reservations.models import RefusalReason, RefusalTally
from tests.builders import SKU, UNIT, Shop
from tests.contract.connect.client import CREATE, UPDATE, Connect
from tests.contract.headless import Api
from tests.contract.omnitron.erp import erp_of
from tests.integrations.omnitron.office import an_office

pytestmark = pytest.mark.django_db

Ask = Callable[[float], Any]
"""Asks for so many units of the ten in the group east, all or none; returns the answer."""


@pytest.fixture
def headless(shop: Shop, reservation: Api) -> Ask:
    def ask(units: float) -> Any:
        lines = [{"sku": SKU, "quantity": units}]
        body = {"groups": [{"id": "east", "reservations": lines}], "externalRefId": "1001"}
        return reservation.call(
            "PUT", "reservation-documents/cart", {**body, "allowPartialReservations": False}
        )

    return ask


@pytest.fixture
def connect(shop: Shop) -> Ask:
    client = Connect(shop)

    def ask(units: float) -> Any:
        line = {"locationGroupIdentifier": "east", "stockKeepingUnit": SKU, "quantity": units}
        body = {"actionRequestId": "cart", "createRecords": [line], "externalRefId": "1001"}
        return client.call("POST", CREATE, {**body, "allowPartialReservations": False})

    return ask


@pytest.fixture
def omnitron(shop: Shop) -> Ask:
    office = an_office(shop, lists={"web": "east"})
    erp = erp_of(shop.organization.identifier)

    def ask(units: float) -> Any:
        line = {"product_sku": SKU, "quantity": units, "price": "9.90", "price_currency": "try"}
        body = {"order": {"number": "1001"}, "order_item": [line]}
        return erp.post(f"channel/{office.channel.pk}/create_orders/", body)

    return ask


@pytest.fixture(params=["headless", "connect", "omnitron"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Ask over each face."""
    asked: Ask = request.getfixturevalue(request.param)
    return asked


def the_row(shop: Shop) -> RefusalTally:
    return RefusalTally.objects.get(organization=shop.organization)


def test_a_refusal_is_one_row_and_a_repeat_adds_to_it(
    shop: Shop, ask: Ask, nothing_moved: Callable[[], bool]
) -> None:
    ask(12)

    row = the_row(shop)
    assert (row.sku, row.place, row.is_group) == (SKU, "east", True)
    assert (row.reason, row.count) == (RefusalReason.NOT_ENOUGH, 1)
    assert (row.asked, row.available) == (12 * UNIT, 10 * UNIT)
    assert row.external_ref == "1001"
    assert row.hour == row.refused_at.replace(minute=0, second=0, microsecond=0)
    assert timezone.now() - row.refused_at < timedelta(minutes=10)

    ask(13)

    assert sum(RefusalTally.objects.values_list("count", flat=True)) == 2
    assert RefusalTally.objects.latest("refused_at").asked == 13 * UNIT
    assert nothing_moved()
    shop.assert_clean()


def test_what_is_granted_leaves_no_row_and_costs_no_statement(shop: Shop, ask: Ask) -> None:
    with CaptureQueriesContext(connection) as captured:
        ask(10)

    assert not RefusalTally.objects.exists()
    assert not [query for query in captured.captured_queries if "refusal" in query["sql"]]
    assert shop.reserved("east") == 10


def test_a_line_that_is_short_counts_beside_one_that_is_granted(
    shop: Shop, reservation: Api
) -> None:
    lines = [{"sku": SKU, "quantity": 12}, {"sku": "nobody", "quantity": 1}]
    body = {
        "groups": [{"id": "east", "reservations": lines}],
        "locations": [{"id": "l3", "reservations": [{"sku": SKU, "quantity": 1}]}],
    }

    answer = reservation.call("PUT", "reservation-documents/cart", body)

    assert answer.json()["success"] is False
    assert shop.reserved("east") == 10
    rows = RefusalTally.objects.values_list("sku", "place", "reason", "document").order_by("sku")
    assert list(rows) == [
        ("nobody", "east", RefusalReason.NO_ITEM, "cart"),
        (SKU, "east", RefusalReason.NOT_ENOUGH, "cart"),
    ]


def test_siblings_of_a_short_line_are_not_refused_themselves(shop: Shop, reservation: Api) -> None:
    def line(place: str, units: int) -> dict[str, Any]:
        lines = [{"sku": SKU, "quantity": units}]
        return {"id": place, "reservations": lines}

    body = {"locations": [line("l1", 1), line("l2", 9)], "allowPartialReservations": False}

    reservation.call("PUT", "reservation-documents/cart", body)

    assert the_row(shop).place == "l2"
    assert the_row(shop).is_group is False


def test_a_place_that_does_not_exist_is_a_reason(shop: Shop, reservation: Api) -> None:
    lines = [{"sku": SKU, "quantity": 1}]
    body = {"groups": [{"id": "east", "reservations": lines}]}
    body["locations"] = [{"id": "nowhere", "reservations": lines}]

    answer = reservation.call("PUT", "reservation-documents/cart", body)

    assert answer.status_code == 400
    row = the_row(shop)
    assert (row.place, row.reason, row.is_group) == ("nowhere", RefusalReason.NO_LOCATION, False)
    assert shop.held() == {}


def test_what_waits_for_futures_is_told_from_what_is_not_there(
    shop: Shop, reservation: Api
) -> None:
    lines = [{"sku": SKU, "quantity": 11}]
    body = {"groups": [{"id": "east", "reservations": lines}], "fulfillOnly": True}

    reservation.call("PUT", "reservation-documents/cart", body)

    assert the_row(shop).reason == RefusalReason.NOT_ENOUGH_ON_HAND


def test_added_and_raised_lines_are_counted_too(shop: Shop, reservation: Api) -> None:
    connect = Connect(shop)
    shop.reserve("cart", "east", 9)
    lines = [{"sku": SKU, "quantity": 2}]
    body = {"groups": [{"id": "east", "reservations": lines}], "allowPartialReservations": False}

    reservation.call("PATCH", "reservation-documents/cart", body)

    assert (the_row(shop).asked, the_row(shop).available) == (2 * UNIT, UNIT)
    line = {"locationGroupIdentifier": "east", "stockKeepingUnit": SKU, "quantity": 12}
    body = {"actionRequestId": "u", "reservationId": "cart", "updateRecords": [line]}

    connect.post(UPDATE, {**body, "allowPartialReservations": False})

    assert sum(RefusalTally.objects.values_list("count", flat=True)) == 2
    assert RefusalTally.objects.latest("refused_at").asked == 3 * UNIT
    line = {"locationGroupIdentifier": "none", "stockKeepingUnit": SKU, "quantity": 12}

    connect.post(UPDATE, {**body, "actionRequestId": "v", "updateRecords": [line]})

    assert RefusalTally.objects.get(place="none").reason == RefusalReason.NO_GROUP
    assert shop.reserved("east") == 9
    shop.assert_clean()


def test_a_repeat_of_an_answered_request_is_no_new_refusal(shop: Shop, reservation: Api) -> None:
    lines = [{"sku": SKU, "quantity": 12}]
    body = {"groups": [{"id": "east", "reservations": lines}]}

    for _ in range(3):
        answer = reservation.call("PUT", "reservation-documents/cart", body)
        assert answer.json()["success"] is False

    assert the_row(shop).count == 1

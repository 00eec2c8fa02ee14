"""Late holds: what operators see of orders that the ERP has forgotten."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from tests.builders import NOON
from tests.contract.omnitron.erp import Erp, assert_refused
from tests.integrations.omnitron.office import Office

DAY = 24 * 3600.0


def at(seconds: float) -> Any:
    moment = datetime.fromtimestamp(NOON.timestamp() + seconds, UTC)
    return time_machine.travel(moment, tick=False)


def test_holds_are_late_after_a_day(erp: Erp, office: Office) -> None:
    order = office.order("1001", ("main", 2), ("web", 1.5))
    first, second = office.items(order)

    with at(DAY):
        assert erp.rows("late_holds/") == []
    with at(DAY + 1):
        rows = erp.rows("late_holds/", sort="-order_item")
    assert [row["order_item"] for row in rows] == [second, first]
    red = office.shop.item()
    assert rows[0] == {
        "order_item": second,
        "order": order,
        "number": "1001",
        "product": {"pk": red.pk, "sku": "red-mug", "name": "red-mug"},
        "stock_list": office.lists["web"].pk,
        "quantity": 1.5,
        "created_date": "2026-03-01T12:00:00.000000Z",
    }


def test_what_is_mapped_or_released_is_not_late(erp: Erp, office: Office) -> None:
    mapped, cancelled, kept, waiting = office.items(office.order("1", *[("main", 1)] * 4))
    office.map(mapped, "ERP-1")
    office.change({cancelled: {"status": 100}})
    office.map(kept, "ERP-2", update_stock=False)

    with at(DAY + 1):
        assert [row["order_item"] for row in erp.rows("late_holds/")] == [waiting]
        assert erp.rows("late_holds/", number="2") == []
        assert_refused(erp.get("late_holds/", order="x"), "order")


def test_the_age_is_configurable(erp: Erp, office: Office, settings: Any) -> None:
    settings.OMNITRON_LATE_HOLD_HOURS = 1
    office.order("1", ("main", 1))

    with at(3601):
        assert len(erp.rows("late_holds/")) == 1


@pytest.mark.parametrize("size", [2, 6])
def test_the_list_costs_a_fixed_number_of_queries(
    erp: Erp, office: Office, size: int, django_assert_num_queries: Any
) -> None:
    for number in range(size):
        office.order(str(number), ("main", 1))

    with at(DAY + 1):
        erp.read("late_holds/")  # token and content types are known from here on
        with django_assert_num_queries(2):
            assert len(erp.rows("late_holds/")) == size

"""The edge of what can be stored: every sum fits, and what would not is refused by name."""

import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from inventory.domain.quantity import MAX_QUANTITY, MAX_SUM
from inventory.models import Item, Movement, Organization
from inventory.services.pools import refresh_stale_pools
from tests.builders import SKU, Shop
from tests.contract.headless import Api, assert_problem

pytestmark = pytest.mark.django_db

MAY = "2030-05-01T00:00:00Z"
FULL = 100 * MAX_QUANTITY
"""What a record with 100 futures of the largest quantity expects."""
FULL_LOCATIONS = 9_223
"""So many of these fit into the largest sum, and no more."""
ROOM = MAX_SUM - FULL_LOCATIONS * FULL

_CROWD = """
WITH place AS (
  INSERT INTO inventory_place (organization_id, identifier, is_retired)
  SELECT %(organization)s, 'full-' || n, false FROM generate_series(1, %(locations)s) n
  RETURNING id
), location AS (
  INSERT INTO inventory_location (place_ptr_id) SELECT id FROM place RETURNING place_ptr_id AS id
), member AS (
  INSERT INTO inventory_groupmembership (group_id, location_id)
  SELECT g.id, l.id FROM location l, inventory_place g
  WHERE g.organization_id = %(organization)s AND g.identifier = 'east'
)
INSERT INTO inventory_stockrecord (item_id, location_id, on_hand, safety_stock, reserved,
  futures, futures_quantity, excluded_groups, is_deleted)
SELECT %(item)s, id, 0, 0, 0,
  jsonb_build_array(jsonb_build_array(%(date)s::text, %(full)s::bigint)), %(full)s, '{}', false
FROM location
"""


@pytest.fixture
def crowded(shop: Shop) -> Shop:
    """The shop with 9,223 more locations in the east, each with futures to the brim."""
    shop.stock(l1=0, l2=0, l3=0)
    with connection.cursor() as cursor:
        cursor.execute(
            _CROWD,
            {
                "organization": shop.id,
                "locations": FULL_LOCATIONS,
                "item": shop.item().pk,
                "date": MAY,
                "full": FULL,
            },
        )
    Organization.objects.filter(pk=shop.id).update(graph_version=F("graph_version") + 1)
    refresh_stale_pools(now=shop.now)
    return shop


def futures(total: int) -> list[dict[str, Any]]:
    """Split a total into futures of at most the largest quantity."""
    whole, rest = divmod(total, MAX_QUANTITY)
    parts = [MAX_QUANTITY] * whole + [rest] * bool(rest)
    return [{"expectedDate": MAY, "quantity": Decimal(part) / 1000} for part in parts]


def written(body: Any) -> str:
    """Write JSON without a float in between."""
    return (
        json.dumps(body, default=lambda number: f"#{number}#").replace('"#', "").replace('#"', "")
    )


def path(request_id: str) -> str:
    return f"locations/l1/availability-records/skus/{SKU}/{request_id}"


def in_east(api: Api) -> Any:
    answer = api.call(
        "POST",
        "availability-records/actions/get-availability",
        {"skus": [SKU], "groups": ["east"]},
    )
    return json.loads(answer.content, parse_float=Decimal)["groups"][0]["records"][0]


def test_the_largest_sum_is_kept_to_the_last_thousandth(
    availability: Api, reservation: Api, crowded: Shop
) -> None:
    full = {"futureStock": futures(ROOM)}
    assert availability.call("PUT", path("r1"), written(full)).status_code == 204
    largest = Decimal(MAX_SUM) / 1000
    assert in_east(availability)["ato"] == largest
    assert sum(future["quantity"] for future in in_east(availability)["futures"]) == largest

    # Reserved and given back: the sums fall and rise again.
    line = {"sku": SKU, "quantity": Decimal(MAX_QUANTITY) / 1000}
    body = written({"groups": [{"id": "east", "reservations": [line]}]})
    assert reservation.call("PUT", "reservation-documents/d1", body).json()["success"]
    body = written({"locations": [{"id": "l1", "reservations": [line]}]})
    assert reservation.call("PUT", "reservation-documents/d2", body).json()["success"]
    assert in_east(availability)["ato"] == largest - 2 * Decimal(MAX_QUANTITY) / 1000
    crowded.cancel("d2")
    crowded.cancel("d1")
    assert Item.objects.get(pk=crowded.item().pk).available_to_order == MAX_SUM


def test_a_thousandth_more_is_refused_and_nothing_moves(availability: Api, crowded: Shop) -> None:
    too_much = {"futureStock": futures(ROOM + 1)}
    kept, before = in_east(availability), Movement.objects.count()

    put = availability.call("PUT", path("r1"), written(too_much))
    records = [
        {"id": "call", "location": "l1", "sku": SKU, **too_much},
        {"id": "call", "location": "l3", "sku": "mug", "onHand": 1},
    ]
    batch = availability.call(
        "POST", "availability-records/actions/batch-update", written({"records": records})
    )

    assert_problem(put, 400, "InvalidRequestParameter", parameter="futureStock")
    assert batch.status_code == 200
    (error,) = batch.json()["errors"]
    assert (error["details"]["sku"], error["errorCode"]) == (SKU, "InvalidRequestParameter")
    assert "'futureStock'" in error["message"]
    assert in_east(availability) == kept
    assert Movement.objects.count() == before + 1, "the other record of the call was applied"
    assert availability.call("PUT", path("r1"), {"onHand": 1}).status_code == 204, "decided anew"


def test_what_is_reserved_makes_no_room(availability: Api, crowded: Shop) -> None:
    """Or giving it back would overflow."""
    crowded.reserve("order", "east", 1000)
    crowded.put("l1", on_hand=0, safety_stock=MAX_QUANTITY)

    put = availability.call("PUT", path("r1"), written({"futureStock": futures(ROOM + 1)}))

    assert_problem(put, 400, "InvalidRequestParameter", parameter="futureStock")

"""Fulfilments and transfers over Connect (spec: oci-connect 3 and 4)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import SKU, Shop
from tests.contract.connect.client import (
    FULFILMENTS,
    NOTHING_WRONG,
    TRANSFERS,
    Connect,
    assert_array,
    codes,
)

pytestmark = pytest.mark.django_db


def fulfilments(*records: Any, **more: Any) -> dict[str, Any]:
    return {"fulfillmentRecords": list(records), **more}


def a_fulfilment(quantity: Any = 1, /, **more: Any) -> dict[str, Any]:
    record = {
        "actionRequestId": "f",
        "locationIdentifier": "l1",
        "stockKeepingUnit": SKU,
        "quantity": quantity,
    }
    return {**record, **more}


def transfers(*records: Any, **more: Any) -> dict[str, Any]:
    return {"transferRecords": list(records), **more}


def a_transfer(source: str, target: str, quantity: Any = 1, /, **more: Any) -> dict[str, Any]:
    def end(prefix: str, place: str) -> dict[str, str]:
        kind = "LocationIdentifier" if place.startswith("l") else "LocationGroupIdentifier"
        return {f"{prefix}{kind}": place}

    return {
        "actionRequestId": "t",
        **end("from", source),
        **end("to", target),
        "stockKeepingUnit": SKU,
        "quantity": quantity,
        **more,
    }


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """Four reserved at l1, six promised by west."""
    shop.reserve("order-1", "l1", 4)
    shop.reserve("order-2", "west", 6)
    return shop


class TestFulfilments:
    def test_lower_reserved_and_on_hand(self, connect: Connect, shop: Shop) -> None:
        assert connect.post(FULFILMENTS, fulfilments(a_fulfilment(3))) == NOTHING_WRONG
        assert (shop.reserved("l1"), shop.on_hand("l1")) == (1, 2)
        shop.assert_clean()

    def test_repeats_succeed_and_ship_nothing(
        self, connect: Connect, reservation: Any, shop: Shop
    ) -> None:
        body = fulfilments(a_fulfilment(3))
        for _ in range(3):
            assert connect.post(FULFILMENTS, body) == NOTHING_WRONG
        assert (shop.reserved("l1"), shop.on_hand("l1")) == (1, 2)

        # The headless face knows the record, and says of it what that face says.
        record = {"id": "f", "location": "l1", "sku": SKU, "quantity": 3}
        answer = reservation.call("POST", "fulfillments", {"records": [record]})
        assert answer.json()["errors"][0]["errorCode"] == "EntityAlreadyExists"
        assert shop.on_hand("l1") == 2

    def test_another_body_under_an_applied_key_fails(self, connect: Connect, shop: Shop) -> None:
        connect.post(FULFILMENTS, fulfilments(a_fulfilment(1)))

        answer = connect.post(FULFILMENTS, fulfilments(a_fulfilment(2)))

        assert codes(answer) == ["DuplicateEventId"]
        assert shop.on_hand("l1") == 4

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"actionRequestId": None}, "MissingParameter"),
            ({"locationIdentifier": None}, "MissingParameter"),
            ({"locationIdentifier": "nowhere"}, "LocationDoesNotExist"),
            ({"locationIdentifier": "west"}, "LocationDoesNotExist"),
            ({"locationIdentifier": "?"}, "InvalidRequestParameter"),
            ({"stockKeepingUnit": None}, "MissingParameter"),
            ({"stockKeepingUnit": "unheard-of"}, "InsufficientQuantity"),
            ({"quantity": None}, "MissingParameter"),
            ({"quantity": 0}, "PositiveQuantityRequired"),
            ({"quantity": 1.0005}, "InvalidRequestParameter"),
            ({"quantity": 5}, "InsufficientQuantity"),
            ({"reservationId": "unheard-of"}, "EntityNotFound"),
            ({"reservationId": "order-2"}, "InsufficientQuantity"),
        ],
        ids=str,
    )
    def test_fail_record_by_record(
        self, connect: Connect, shop: Shop, change: dict[str, Any], code: str
    ) -> None:
        record = a_fulfilment(1, **change)

        answer = connect.post(
            FULFILMENTS, fulfilments(record, a_fulfilment(2, actionRequestId="good"))
        )

        assert codes(answer) == [code]
        assert answer["errors"][0]["details"] == {
            "actionRequestId": record["actionRequestId"],
            "externalRefId": None,
            "locationIdentifier": record["locationIdentifier"],
            "quantity": record["quantity"],
            "stockKeepingUnit": record["stockKeepingUnit"],
        }
        assert (shop.reserved("l1"), shop.on_hand("l1")) == (2, 3)
        shop.assert_clean()

    def test_have_no_group(self, connect: Connect, nothing_moved: Callable[[], bool]) -> None:
        record = a_fulfilment(1, locationIdentifier=None, locationGroupIdentifier="west")

        answer = connect.post(FULFILMENTS, fulfilments(record))

        assert codes(answer) == ["MissingParameter"]
        assert "locationGroupIdentifier" not in answer["errors"][0]["details"]
        assert nothing_moved()

    def test_of_a_reservation(self, connect: Connect, shop: Shop) -> None:
        shop.reserve("order-3", "l1", 1)

        answer = connect.post(FULFILMENTS, fulfilments(a_fulfilment(1), reservationId="order-3"))

        assert answer == NOTHING_WRONG
        assert ("order-3", "l1") not in shop.held()
        assert shop.held()["order-1", "l1"] == 4

    def test_one_to_a_hundred(self, connect: Connect, nothing_moved: Callable[[], bool]) -> None:
        for body in ({}, fulfilments(), fulfilments(*[a_fulfilment(0.001)] * 101)):
            assert_array(connect.call("POST", FULFILMENTS, body), 400, "InvalidRequest")
        assert nothing_moved()


class TestTransfers:
    def test_from_a_group_to_a_location(self, connect: Connect, shop: Shop) -> None:
        assert connect.post(TRANSFERS, transfers(a_transfer("west", "l3", 6))) == NOTHING_WRONG
        assert (shop.reserved("west"), shop.reserved("l3")) == (0, 6)
        assert shop.held()["order-2", "l3"] == 6
        shop.assert_clean()

    def test_from_a_location_to_a_group_and_to_a_location(
        self, connect: Connect, shop: Shop
    ) -> None:
        answer = connect.post(
            TRANSFERS, transfers(a_transfer("l1", "east", 1), a_transfer("l1", "l9", 0.001))
        )

        assert codes(answer) == ["InsufficientQuantity"]  # l9 has nothing
        assert (shop.reserved("l1"), shop.reserved("east")) == (3, 1)

    @pytest.mark.parametrize("forced", [True, "true", "TRUE"])
    def test_forced_they_go_where_nothing_is(
        self, connect: Connect, shop: Shop, forced: Any
    ) -> None:
        record = a_transfer("l1", "l9", 1, ignoreAvailabilityCheck=forced)

        assert connect.post(TRANSFERS, transfers(record)) == NOTHING_WRONG
        assert shop.reserved("l9") == 1
        shop.assert_clean()

    @pytest.mark.parametrize("forced", [False, "false", None])
    def test_unforced_they_do_not(
        self, connect: Connect, nothing_moved: Callable[[], bool], forced: Any
    ) -> None:
        record = a_transfer("l1", "l9", 1, ignoreAvailabilityCheck=forced)

        answer = connect.post(TRANSFERS, transfers(record))

        assert codes(answer) == ["InsufficientQuantity"]
        assert answer["errors"][0]["details"] == {
            "actionRequestId": "t",
            "externalRefId": None,
            "fromLocationGroupIdentifier": None,
            "fromLocationIdentifier": "l1",
            "ignoreAvailabilityCheck": forced,
            "quantity": 1.0,
            "stockKeepingUnit": SKU,
            "toLocationGroupIdentifier": None,
            "toLocationIdentifier": "l9",
        }
        assert nothing_moved()

    @pytest.mark.parametrize(
        ("record", "code"),
        [
            (a_transfer("west", "east"), "InvalidRequestParameter"),
            (a_transfer("l1", "l1"), "InvalidRequestParameter"),
            (a_transfer("l1", "east", ignoreAvailabilityCheck=True), "InvalidRequestParameter"),
            (a_transfer("west", "l1"), "LocationNotInGroup"),
            (a_transfer("west", "l3", 7), "InsufficientQuantity"),
            (a_transfer("west", "l3", toLocationGroupIdentifier="east"), "InvalidRequestParameter"),
            (a_transfer("west", "l3", fromLocationIdentifier="l1"), "InvalidRequestParameter"),
            (a_transfer("west", "l3", toLocationIdentifier=None), "InvalidRequestParameter"),
            (a_transfer("west", "l3", toLocationIdentifier="l7"), "LocationDoesNotExist"),
            (a_transfer("nobody", "l3"), "GroupDoesNotExist"),
            (a_transfer("west", "l3", 0), "PositiveQuantityRequired"),
            (a_transfer("west", "l3", stockKeepingUnit=None), "MissingParameter"),
            (a_transfer("west", "l3", actionRequestId=None), "MissingParameter"),
            (a_transfer("west", "l3", reservationId="order-1"), "InsufficientQuantity"),
            (a_transfer("west", "l3", reservationId="unheard-of"), "EntityNotFound"),
        ],
    )
    def test_fail_record_by_record(
        self, connect: Connect, shop: Shop, record: dict[str, Any], code: str
    ) -> None:
        good = a_transfer("west", "l3", 2, actionRequestId="good")

        answer = connect.post(TRANSFERS, transfers(record, good))

        assert codes(answer) == [code]
        assert (shop.reserved("west"), shop.reserved("l3")) == (4, 2)
        shop.assert_clean()

    def test_of_a_reservation(self, connect: Connect, shop: Shop) -> None:
        shop.reserve("order-3", "west", 2)
        record = a_transfer("west", "l3", 2, reservationId="order-3")

        assert connect.post(TRANSFERS, transfers(record)) == NOTHING_WRONG
        assert shop.held()["order-3", "l3"] == 2
        assert shop.held()["order-2", "west"] == 6


class TestAllOrNothing:
    def test_all(self, connect: Connect, shop: Shop) -> None:
        records = [
            a_transfer("west", "l3", 2, actionRequestId="a"),
            a_transfer("west", "l2", 3, actionRequestId="b"),
        ]
        body = transfers(*records, allOrNothingTransferId="set-1")

        for _ in range(2):
            assert connect.post(TRANSFERS, body) == NOTHING_WRONG
        assert (shop.reserved("l3"), shop.reserved("l2"), shop.reserved("west")) == (2, 3, 1)

    @pytest.mark.parametrize(
        ("bad", "code"),
        [
            (a_transfer("west", "l3", 9), "InsufficientQuantity"),
            (a_transfer("west", "l7"), "LocationDoesNotExist"),
            (a_transfer("west", "l3", -1), "PositiveQuantityRequired"),
            (a_transfer("l1", "l2"), "InvalidRequestParameter"),  # from groups only
        ],
    )
    def test_nothing(
        self, connect: Connect, nothing_moved: Callable[[], bool], bad: Any, code: str
    ) -> None:
        first = a_transfer("west", "l3", 2, actionRequestId="a")
        last = a_transfer("west", "l2", 2, actionRequestId="c")

        answer = connect.post(
            TRANSFERS, transfers(first, bad, last, allOrNothingTransferId="set-1")
        )

        assert codes(answer) == [
            "NotAppliedDueToAtomicFailure",
            code,
            "NotAppliedDueToAtomicFailure",
        ]
        assert nothing_moved()

    def test_an_empty_id_is_none(self, connect: Connect, shop: Shop) -> None:
        records = [a_transfer("west", "l3", 2), a_transfer("west", "l3", 9, actionRequestId="b")]

        answer = connect.post(TRANSFERS, transfers(*records, allOrNothingTransferId=""))

        assert codes(answer) == ["InsufficientQuantity"]
        assert shop.reserved("l3") == 2

"""The release action, field by field (spec: oci-connect 2; the Flow core action's own page)."""

from collections.abc import Callable
from typing import Any

import pytest

from inventory.models import Movement
from tests.builders import SKU, UNIT, Shop
from tests.contract.connect.client import (
    NOTHING_WRONG,
    RELEASES,
    Connect,
    a_release,
    assert_array,
    codes,
    releases,
)

pytestmark = pytest.mark.django_db

UUID = "5b0c1de2-0000-4000-8000-000000000001"
DETAILS = {
    "actionRequestId",
    "externalRefId",
    "locationGroupIdentifier",
    "locationIdentifier",
    "quantity",
    "stockKeepingUnit",
}


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """Four reserved at l1, six promised by west; nothing else."""
    shop.reserve("order-1", "l1", 4)
    shop.reserve("order-2", "west", 6)
    return shop


class TestWhatIsReleased:
    def test_at_a_location(self, connect: Connect, shop: Shop) -> None:
        answer = connect.post(RELEASES, releases(a_release(3)))

        assert answer == NOTHING_WRONG
        assert (shop.reserved("l1"), shop.on_hand("l1")) == (1, 5)
        assert shop.held() == {("order-1", "l1"): 1, ("order-2", "west"): 6}
        shop.assert_clean()

    def test_at_a_group(self, connect: Connect, shop: Shop) -> None:
        answer = connect.post(RELEASES, releases(a_release(2, locationGroupIdentifier="west")))

        assert answer == NOTHING_WRONG
        assert shop.reserved("west") == 4
        assert shop.ato("west") == 16
        shop.assert_clean()

    def test_parts_of_a_unit(self, connect: Connect, shop: Shop) -> None:
        assert connect.post(RELEASES, releases(a_release(0.125))) == NOTHING_WRONG
        assert shop.reserved("l1") == 3.875

    def test_the_ledger_knows_who_and_why(self, connect: Connect, shop: Shop) -> None:
        connect.post(RELEASES, releases(a_release(3, externalRefId="return-9")))

        movement = Movement.objects.latest("id")
        assert (movement.kind, movement.quantity) == ("reservation_release", 3 * UNIT)
        assert (movement.request_id, movement.external_ref) == (UUID, "return-9")
        assert movement.actor.startswith("client:")

    def test_a_hundred_records_in_order(self, connect: Connect, shop: Shop) -> None:
        shop.stock("many", l1=100)
        shop.reserve("big", "l1", 100, sku="many")
        records = [
            a_release(1, actionRequestId=f"id-{n}", stockKeepingUnit="many") for n in range(100)
        ]

        assert connect.post(RELEASES, releases(*records)) == NOTHING_WRONG
        assert shop.reserved("l1", sku="many") == 0

    def test_one_id_for_all_records(self, connect: Connect, shop: Shop) -> None:
        """A public client does so: keys are not the id alone."""
        at_group = a_release(1, locationGroupIdentifier="west")

        answer = connect.post(RELEASES, releases(a_release(1), at_group, a_release(1)))

        assert answer == NOTHING_WRONG
        assert (shop.reserved("l1"), shop.reserved("west")) == (2, 5)

    @pytest.mark.parametrize("given", ["1700000000000", 1700000000000, "ähm, nein", "x" * 128])
    def test_ids_are_opaque(self, connect: Connect, shop: Shop, given: Any) -> None:
        answer = connect.post(RELEASES, releases(a_release(1, actionRequestId=given)))

        assert answer == NOTHING_WRONG
        assert Movement.objects.latest("id").request_id == str(given)

    def test_a_quantity_may_be_quoted(self, connect: Connect, shop: Shop) -> None:
        """Integers beyond 2^31-1 must be, with Connect."""
        assert connect.post(RELEASES, releases(a_release("2.5"))) == NOTHING_WRONG
        assert shop.reserved("l1") == 1.5

    def test_unknown_fields_are_ignored(self, connect: Connect, shop: Shop) -> None:
        body = releases(a_release(1, reason="none"), tomorrow=[{"a": None}])

        assert connect.post(RELEASES, body) == NOTHING_WRONG
        assert shop.reserved("l1") == 3

    def test_null_and_empty_say_nothing(self, connect: Connect, shop: Shop) -> None:
        for nothing in (None, ""):
            record = a_release(
                1,
                actionRequestId=f"id-{nothing}",
                locationIdentifier="l1",
                locationGroupIdentifier=nothing,
                externalRefId=nothing,
                reservationId=nothing,
            )
            assert connect.post(RELEASES, releases(record, reservationId=nothing)) == NOTHING_WRONG
        assert shop.reserved("l1") == 2


class TestWhatFails:
    def test_each_record_for_itself_in_the_order_sent(self, connect: Connect, shop: Shop) -> None:
        answer = connect.post(
            RELEASES,
            releases(
                a_release(9, actionRequestId="first", externalRefId="ref"),
                a_release(1, actionRequestId="second"),
                a_release(7, actionRequestId="third", locationGroupIdentifier="west"),
                a_release(2, actionRequestId="fourth", locationGroupIdentifier="west"),
            ),
        )

        assert answer == {
            "success": False,
            "errors": [
                {
                    "details": {
                        "actionRequestId": "first",
                        "externalRefId": "ref",
                        "locationGroupIdentifier": None,
                        "locationIdentifier": "l1",
                        "quantity": 9.0,
                        "stockKeepingUnit": SKU,
                    },
                    "errorCode": "InsufficientQuantity",
                    "message": "Insufficient Quantity",
                },
                {
                    "details": {
                        "actionRequestId": "third",
                        "externalRefId": None,
                        "locationGroupIdentifier": "west",
                        "locationIdentifier": None,
                        "quantity": 7.0,
                        "stockKeepingUnit": SKU,
                    },
                    "errorCode": "InsufficientQuantity",
                    "message": "Insufficient Quantity",
                },
            ],
        }
        assert (shop.reserved("l1"), shop.reserved("west")) == (3, 4)
        shop.assert_clean()

    def test_whole_numbers_are_written_as_doubles(self, connect: Connect) -> None:
        answer = connect.call("POST", RELEASES, releases(a_release(9)))

        assert b'"quantity":9.0' in answer.content

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"actionRequestId": None}, "MissingParameter"),
            ({"actionRequestId": ""}, "MissingParameter"),
            ({"actionRequestId": "x" * 129}, "InvalidRequestParameter"),
            ({"actionRequestId": "tab\there"}, "InvalidRequestParameter"),
            ({"quantity": None}, "MissingParameter"),
            ({"quantity": 0}, "PositiveQuantityRequired"),
            ({"quantity": -1}, "PositiveQuantityRequired"),
            ({"quantity": -0.0005}, "PositiveQuantityRequired"),
            ({"quantity": 1.0005}, "InvalidRequestParameter"),
            ({"quantity": 10_000_000_000}, "InvalidRequestParameter"),
            ({"quantity": "1.0005"}, "InvalidRequestParameter"),
            ({"stockKeepingUnit": None}, "MissingParameter"),
            ({"stockKeepingUnit": ""}, "MissingParameter"),
            ({"stockKeepingUnit": "a b"}, "InvalidRequestParameter"),
            ({"stockKeepingUnit": "x" * 251}, "InvalidRequestParameter"),
            ({"stockKeepingUnit": "unheard-of"}, "InsufficientQuantity"),
            ({"locationIdentifier": None}, "InvalidRequestParameter"),
            ({"locationGroupIdentifier": "west", "locationIdentifier": "l1"},
             "InvalidRequestParameter"),
            ({"locationIdentifier": "l 1"}, "InvalidRequestParameter"),
            ({"locationIdentifier": "nowhere"}, "LocationDoesNotExist"),
            ({"locationIdentifier": "west"}, "LocationDoesNotExist"),
            ({"locationIdentifier": None, "locationGroupIdentifier": "nobody"},
             "GroupDoesNotExist"),
            ({"locationIdentifier": None, "locationGroupIdentifier": "l1"}, "GroupDoesNotExist"),
            ({"locationIdentifier": "l3"}, "InsufficientQuantity"),
            ({"externalRefId": "x" * 129}, "InvalidRequestParameter"),
            ({"reservationId": "unheard-of"}, "EntityNotFound"),
            ({"reservationId": "x" * 129}, "InvalidRequestParameter"),
        ],
        ids=str,
    )  # fmt: skip
    def test_the_record_and_it_alone(
        self, connect: Connect, shop: Shop, change: dict[str, Any], code: str
    ) -> None:
        record = a_release(1, **{"locationIdentifier": "l1", **change})

        answer = connect.post(RELEASES, releases(record, a_release(2, actionRequestId="good")))

        assert codes(answer) == [code]
        (error,) = answer["errors"]
        assert set(error) == {"details", "errorCode", "message"}
        assert set(error["details"]) == DETAILS
        assert error["message"]
        sent = {name: record.get(name) for name in DETAILS}
        if isinstance(sent["quantity"], str):
            sent["quantity"] = float(sent["quantity"])
        assert error["details"] == sent
        assert shop.reserved("l1") == 2
        shop.assert_clean()

    def test_what_failed_leaves_no_trace(
        self, connect: Connect, nothing_moved: Callable[[], bool]
    ) -> None:
        answer = connect.post(RELEASES, releases(a_release(9), a_release(1, quantity=-1)))

        assert codes(answer) == ["InsufficientQuantity", "PositiveQuantityRequired"]
        assert nothing_moved()

    def test_details_can_be_sent_again(self, connect: Connect, shop: Shop) -> None:
        answer = connect.post(RELEASES, releases(a_release(5)))
        details = answer["errors"][0]["details"]
        shop.reserve("order-3", "l1", 1)

        assert connect.post(RELEASES, releases(details)) == NOTHING_WRONG
        assert shop.reserved("l1") == 0


class TestTheRequest:
    @pytest.mark.parametrize(
        "body", [{}, {"releaseRecords": None}, {"releaseRecords": []}, {"records": [{}]}]
    )
    def test_without_records(
        self, connect: Connect, nothing_moved: Callable[[], bool], body: Any
    ) -> None:
        assert_array(connect.call("POST", RELEASES, body), 400, "InvalidRequest")
        assert nothing_moved()

    def test_with_too_many_records(
        self, connect: Connect, nothing_moved: Callable[[], bool]
    ) -> None:
        body = releases(*(a_release(0.001, actionRequestId=str(n)) for n in range(101)))

        message = assert_array(connect.call("POST", RELEASES, body), 400, "InvalidRequest")

        assert "releaseRecords" in message
        assert nothing_moved()

    @pytest.mark.parametrize(
        "change",
        [
            {"quantity": "many"},
            {"quantity": True},
            {"quantity": "NaN"},
            {"quantity": "Infinity"},
            {"quantity": [1]},
            {"stockKeepingUnit": 5},
            {"stockKeepingUnit": ["a"]},
            {"locationIdentifier": {}},
            {"actionRequestId": 1.5},
            {"actionRequestId": True},
        ],
        ids=str,
    )
    def test_of_a_wrong_type_is_refused_whole(
        self, connect: Connect, nothing_moved: Callable[[], bool], change: dict[str, Any]
    ) -> None:
        body = releases(a_release(1), a_release(1, **change))

        message = assert_array(connect.call("POST", RELEASES, body), 400, "JSON_PARSER_ERROR")

        assert f"releaseRecords[1].{next(iter(change))}" in message
        assert nothing_moved()


class TestRepeats:
    def test_move_nothing(self, connect: Connect, shop: Shop) -> None:
        body = releases(a_release(3), a_release(2, locationGroupIdentifier="west"))
        for _ in range(3):
            assert connect.post(RELEASES, body) == NOTHING_WRONG

        assert (shop.reserved("l1"), shop.reserved("west")) == (1, 4)

    def test_with_another_body_fail(self, connect: Connect, shop: Shop) -> None:
        connect.post(RELEASES, releases(a_release(1)))

        answer = connect.post(RELEASES, releases(a_release(2)))

        assert codes(answer) == ["DuplicateEventId"]
        assert shop.reserved("l1") == 3

    def test_of_what_failed_are_decided_anew(self, connect: Connect, shop: Shop) -> None:
        both = releases(a_release(1), a_release(7, locationGroupIdentifier="west"))
        assert codes(connect.post(RELEASES, both)) == ["InsufficientQuantity"]
        shop.reserve("order-3", "west", 1)

        assert connect.post(RELEASES, both) == NOTHING_WRONG
        assert (shop.reserved("l1"), shop.reserved("west")) == (3, 0)

    def test_through_the_headless_face_are_known(
        self, connect: Connect, reservation: Any, shop: Shop
    ) -> None:
        connect.post(RELEASES, releases(a_release(3)))

        record = {"id": UUID, "location": "l1", "sku": SKU, "quantity": 3}
        answer = reservation.call("POST", "releases", {"records": [record]})

        assert answer.status_code == 204
        assert shop.reserved("l1") == 1


class TestTheReservation:
    @pytest.fixture
    def shop(self, shop: Shop) -> Shop:
        """Two documents hold at l1: 4 and 1."""
        shop.reserve("order-3", "l1", 1)
        return shop

    def test_named_by_a_record_gives_its_own_claims(self, connect: Connect, shop: Shop) -> None:
        record = a_release(1, reservationId="order-3")

        assert connect.post(RELEASES, releases(record)) == NOTHING_WRONG
        assert ("order-3", "l1") not in shop.held()
        assert shop.held()["order-1", "l1"] == 4
        shop.assert_clean()

    def test_named_by_the_request_goes_for_all_records(self, connect: Connect, shop: Shop) -> None:
        answer = connect.post(RELEASES, releases(a_release(1), reservationId="order-3"))

        assert answer == NOTHING_WRONG
        assert ("order-3", "l1") not in shop.held()

    def test_the_record_is_heard_before_the_request(self, connect: Connect, shop: Shop) -> None:
        record = a_release(1, reservationId="order-3")

        assert connect.post(RELEASES, releases(record, reservationId="order-1")) == NOTHING_WRONG
        assert ("order-3", "l1") not in shop.held()

    def test_gives_no_more_than_it_holds_there(
        self, connect: Connect, nothing_moved: Callable[[], bool]
    ) -> None:
        answer = connect.post(
            RELEASES,
            releases(
                a_release(2, actionRequestId="a", reservationId="order-3"),
                a_release(
                    1,
                    actionRequestId="b",
                    reservationId="order-3",
                    locationGroupIdentifier="west",
                ),
            ),
        )

        assert codes(answer) == ["InsufficientQuantity"] * 2
        assert "reservationId" not in answer["errors"][0]["details"]
        assert nothing_moved()

    def test_unknown_fails_the_record(
        self, connect: Connect, nothing_moved: Callable[[], bool]
    ) -> None:
        answer = connect.post(RELEASES, releases(a_release(1), reservationId="unheard-of"))

        assert codes(answer) == ["EntityNotFound"]
        assert nothing_moved()

    def test_many_claims_before_it_do_not_hide_its_own(self, connect: Connect, shop: Shop) -> None:
        shop.stock("crowded", l1=500)
        for n in range(120):
            shop.reserve(f"crowd-{n}", "l1", 1, sku="crowded")

        record = a_release(1, stockKeepingUnit="crowded", reservationId="crowd-119")

        assert connect.post(RELEASES, releases(record)) == NOTHING_WRONG
        assert ("crowd-119", "l1") not in shop.held("crowded")
        shop.assert_clean()

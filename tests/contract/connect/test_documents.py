"""Creating and updating a reservation over Connect (spec: oci-connect 5 and 6)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.builders import SKU, Shop
from tests.contract.connect.client import CREATE, UPDATE, Connect, assert_array, codes

pytestmark = pytest.mark.django_db

DOC = "0b7c1de2-0000-4000-8000-000000000001"


def a_line(place: str, quantity: Any, /, **more: Any) -> dict[str, Any]:
    kind = "locationIdentifier" if place.startswith("l") else "locationGroupIdentifier"
    return {kind: place, "stockKeepingUnit": SKU, "quantity": quantity, **more}


def creation(*lines: Any, **more: Any) -> dict[str, Any]:
    return {"actionRequestId": DOC, "createRecords": list(lines), **more}


def change(*lines: Any, **more: Any) -> dict[str, Any]:
    return {
        "actionRequestId": "u",
        "reservationId": DOC,
        "updateRecords": list(lines),
        **more,
    }


def a_detail(place: str, quantity: float, code: str | None = None, **more: Any) -> dict[str, Any]:
    is_location = place.startswith("l")
    return {
        "errorCode": code,
        "locationGroupIdentifier": None if is_location else place,
        "locationIdentifier": place if is_location else None,
        "quantity": quantity,
        "stockKeepingUnit": SKU,
        **more,
    }


class TestCreate:
    def test_reserves_at_locations_and_groups(self, connect: Connect, shop: Shop) -> None:
        answer = connect.post(CREATE, creation(a_line("west", 6), a_line("l1", 2)))

        assert set(answer) == {"success", "details", "errors", "expirationTime", "reservationTime"}
        assert answer["success"] is True
        assert answer["errors"] == []
        assert answer["details"] == [a_detail("west", 6), a_detail("l1", 2)]
        assert answer["expirationTime"] is None
        assert answer["reservationTime"].endswith("Z")
        assert shop.held() == {(DOC, "west"): 6, (DOC, "l1"): 2}
        shop.assert_clean()

    def test_for_a_time(self, connect: Connect, shop: Shop) -> None:
        for seconds in (900, "900", 900.0):
            answer = connect.post(CREATE, creation(a_line("l1", 2), expirationSeconds=seconds))
            begin = datetime.fromisoformat(answer["reservationTime"])
            end = datetime.fromisoformat(answer["expirationTime"])
            assert end - begin == timedelta(seconds=900)

    def test_at_a_time_that_the_client_names(self, connect: Connect) -> None:
        answer = connect.post(
            CREATE, creation(a_line("l1", 2), reservationTime="2020-07-24T21:13:00Z")
        )

        assert answer["reservationTime"] == "2020-07-24T21:13:00Z"

    def test_equal_lines_are_one(self, connect: Connect, shop: Shop) -> None:
        answer = connect.post(CREATE, creation(a_line("l1", 1), a_line("l1", 2)))

        assert answer["details"] == [a_detail("l1", 3)]

    def test_in_part_by_default(self, connect: Connect, shop: Shop) -> None:
        answer = connect.post(CREATE, creation(a_line("l1", 9), a_line("west", 1)))

        assert codes(answer) == ["InsufficientQuantity"]
        assert answer["details"] == [
            a_detail("l1", 5, "InsufficientQuantity"),
            a_detail("west", 1),
        ]
        assert set(answer["errors"][0]) == {"errorCode", "message"}
        assert SKU in answer["errors"][0]["message"]
        assert shop.held() == {(DOC, "l1"): 5, (DOC, "west"): 1}

    @pytest.mark.parametrize("partial", [False, "false"])
    def test_or_not_at_all(
        self, connect: Connect, nothing_moved: Callable[[], bool], partial: Any
    ) -> None:
        answer = connect.post(
            CREATE,
            creation(a_line("west", 1), a_line("l1", 9), allowPartialReservations=partial),
        )

        assert codes(answer) == ["InsufficientQuantity"]
        assert answer["details"] == [
            a_detail("west", 0, "NotAppliedDueToAtomicFailure"),
            a_detail("l1", 0, "InsufficientQuantity"),
        ]
        assert nothing_moved()

    def test_nothing_to_be_had_keeps_no_document(
        self, connect: Connect, nothing_moved: Callable[[], bool]
    ) -> None:
        answer = connect.post(CREATE, creation(a_line("l9", 1)))

        assert codes(answer) == ["InsufficientQuantity"]
        assert answer["details"] == [a_detail("l9", 0, "InsufficientQuantity")]
        assert nothing_moved()

    @pytest.mark.parametrize(
        ("bad", "code"),
        [
            (a_line("l7", 1), "LocationDoesNotExist"),
            (a_line("nobody", 1), "GroupDoesNotExist"),
            (a_line("l1", 1, locationGroupIdentifier="west"), "InvalidRequestParameter"),
            ({"stockKeepingUnit": SKU, "quantity": 1}, "InvalidRequestParameter"),
            (a_line("l1", 1, stockKeepingUnit=None), "MissingParameter"),
            (a_line("l1", 1, stockKeepingUnit="a;b"), "InvalidRequestParameter"),
            (a_line("l1", None), "MissingParameter"),
            (a_line("l1", 0), "PositiveQuantityRequired"),
            (a_line("l1", -1), "PositiveQuantityRequired"),
            (a_line("l1", 1.0005), "InvalidRequestParameter"),
        ],
    )
    def test_with_a_bad_line_nothing_is_processed(
        self, connect: Connect, nothing_moved: Callable[[], bool], bad: Any, code: str
    ) -> None:
        other = a_line("l8", 1)

        answer = connect.post(CREATE, creation(a_line("west", 1), bad, other))

        assert codes(answer) == [code, "LocationDoesNotExist"]
        assert [detail["quantity"] for detail in answer["details"]] == [0, 0, 0]
        assert [detail["errorCode"] for detail in answer["details"]] == [
            "NotAppliedDueToAtomicFailure",
            code,
            "LocationDoesNotExist",
        ]
        assert answer["details"][1]["stockKeepingUnit"] == bad.get("stockKeepingUnit")
        assert answer["details"][1]["locationIdentifier"] == bad.get("locationIdentifier")
        assert "createRecords[1]" in answer["errors"][0]["message"]
        assert nothing_moved()

    def test_repeats_answer_as_before(self, connect: Connect, shop: Shop) -> None:
        body = creation(a_line("west", 6), a_line("l1", 9))
        first = connect.post(CREATE, body)
        shop.stock(l1=50)

        assert connect.post(CREATE, body) == first
        assert shop.reserved("l1") == 5

    def test_a_temporary_one_is_replaced_and_finalized(self, connect: Connect, shop: Shop) -> None:
        connect.post(CREATE, creation(a_line("l1", 5), expirationSeconds=60))

        answer = connect.post(CREATE, creation(a_line("l1", 4)))

        assert answer["details"] == [a_detail("l1", 4)]
        assert answer["expirationTime"] is None
        assert shop.reserved("l1") == 4

    def test_conflicts_of_state_are_told_with_201(self, connect: Connect, shop: Shop) -> None:
        connect.post(CREATE, creation(a_line("l1", 1)))
        final = connect.post(CREATE, creation(a_line("l1", 2)))
        shop.cancel(DOC)
        cancelled = connect.post(CREATE, creation(a_line("l1", 2)))

        assert codes(final) == ["ReservationAlreadyFinalized"]
        assert codes(cancelled) == ["ReservationCancelled"]
        for answer in (final, cancelled):
            assert answer["details"] == []
            assert answer["reservationTime"] is None
        assert shop.reserved("l1") == 0

    def test_a_closed_one_is_told_with_201(self, connect: Connect, shop: Shop) -> None:
        connect.post(CREATE, creation(a_line("l1", 1)))
        shop.release("l1", 1)

        answer = connect.post(CREATE, creation(a_line("l1", 2)))

        assert codes(answer) == ["ReservationInvalidState"]

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"actionRequestId": None}, "MissingParameter"),
            ({"actionRequestId": "x" * 129}, "InvalidRequestParameter"),
            ({"createRecords": []}, "InvalidRequest"),
            ({"createRecords": None}, "InvalidRequest"),
            ({"createRecords": [a_line("l1", 0.001)] * 101}, "InvalidRequest"),
            ({"expirationSeconds": 0}, "InvalidRequestParameter"),
            ({"expirationSeconds": 14_401}, "InvalidRequestParameter"),
            ({"expirationSeconds": 1.5}, "JSON_PARSER_ERROR"),
            ({"expirationSeconds": "soon"}, "JSON_PARSER_ERROR"),
            ({"expirationSeconds": "NaN"}, "JSON_PARSER_ERROR"),
            ({"externalRefId": "x" * 129}, "InvalidRequestParameter"),
            ({"externalRefId": 5}, "JSON_PARSER_ERROR"),
            ({"reservationTime": "yesterday"}, "InvalidRequestParameter"),
            ({"reservationTime": "0001-01-01T00:00:00+01:00"}, "InvalidRequestParameter"),
            ({"allowPartialReservations": "perhaps"}, "JSON_PARSER_ERROR"),
            ({"createRecords": {}}, "JSON_PARSER_ERROR"),
            ({"createRecords": [None]}, "JSON_PARSER_ERROR"),
        ],
        ids=str,
    )
    def test_a_bad_request_is_refused_whole(
        self,
        connect: Connect,
        nothing_moved: Callable[[], bool],
        change: dict[str, Any],
        code: str,
    ) -> None:
        body = {**creation(a_line("l1", 1)), **change}

        assert_array(connect.call("POST", CREATE, body), 400, code)
        assert nothing_moved()


class TestUpdate:
    @pytest.fixture
    def shop(self, shop: Shop) -> Shop:
        """A document holds 4 at l1 and 6 in west."""
        shop.reserve_lines(DOC, [shop.wanted("l1", 4), shop.wanted("west", 6)])
        return shop

    def test_brings_lines_to_new_totals(self, connect: Connect, shop: Shop) -> None:
        answer = connect.post(
            UPDATE, change(a_line("west", 2), a_line("l1", 5), a_line("l3", 1), a_line("east", 0))
        )

        assert set(answer) == {"success", "details", "errors", "reservationTime"}
        assert answer["success"] is True
        assert answer["details"] == [
            a_detail("west", 2, adjustment=-4),
            a_detail("l1", 5, adjustment=1),
            a_detail("l3", 1, adjustment=1),
            a_detail("east", 0, adjustment=0),
        ]
        assert shop.held() == {(DOC, "l1"): 5, (DOC, "west"): 2, (DOC, "l3"): 1}
        shop.assert_clean()

    def test_nothing_takes_a_line_out(self, connect: Connect, shop: Shop) -> None:
        answer = connect.post(UPDATE, change(a_line("l1", 0)))

        assert answer["details"] == [a_detail("l1", 0, adjustment=-4)]
        assert shop.held() == {(DOC, "west"): 6}
        shop.assert_clean()

    def test_what_falls_makes_room_for_what_rises(self, connect: Connect, shop: Shop) -> None:
        shop.reserve("rest", "west", 14)  # nothing is left in west, nor at l3

        answer = connect.post(UPDATE, change(a_line("l3", 6), a_line("west", 0)))

        assert answer["success"] is True
        assert shop.held()[DOC, "l3"] == 6
        shop.assert_clean()

    def test_the_same_again_changes_nothing(self, connect: Connect, shop: Shop) -> None:
        answer = connect.post(UPDATE, change(a_line("l1", 4)))

        assert answer["details"] == [a_detail("l1", 4, adjustment=0)]
        assert answer["success"] is True

    def test_in_part_by_default(self, connect: Connect, shop: Shop) -> None:
        answer = connect.post(UPDATE, change(a_line("l1", 9), a_line("west", 5)))

        assert codes(answer) == ["InsufficientQuantity"]
        assert answer["details"] == [
            a_detail("l1", 5, "InsufficientQuantity", adjustment=1),
            a_detail("west", 5, adjustment=-1),
        ]
        assert shop.held() == {(DOC, "l1"): 5, (DOC, "west"): 5}

    def test_line_by_line_or_not_at_all(self, connect: Connect, shop: Shop) -> None:
        answer = connect.post(
            UPDATE,
            change(
                a_line("l1", 9),
                a_line("west", 7),
                a_line("l3", 30),
                allowPartialReservations="false",
            ),
        )

        assert codes(answer) == ["InsufficientQuantity"] * 2
        assert answer["details"] == [
            a_detail("l1", 4, "InsufficientQuantity", adjustment=0),
            a_detail("west", 7, adjustment=1),
            a_detail("l3", 0, "InsufficientQuantity", adjustment=0),
        ]
        assert shop.held() == {(DOC, "l1"): 4, (DOC, "west"): 7}
        shop.assert_clean()

    @pytest.mark.parametrize("switch", [True, "true"])
    def test_all_or_nothing(
        self, connect: Connect, nothing_moved: Callable[[], bool], switch: Any
    ) -> None:
        answer = connect.post(
            UPDATE,
            change(
                a_line("west", 2),
                a_line("l1", 9),
                a_line("l3", 1),
                updateAllOrNothingRecords=switch,
            ),
        )

        assert codes(answer) == ["InsufficientQuantity"]
        assert answer["details"] == [
            a_detail("west", 6, "NotAppliedDueToAtomicFailure", adjustment=0),
            a_detail("l1", 4, "InsufficientQuantity", adjustment=0),
            a_detail("l3", 0, "NotAppliedDueToAtomicFailure", adjustment=0),
        ]
        assert nothing_moved()

    def test_with_a_bad_line_nothing_is_processed(
        self, connect: Connect, nothing_moved: Callable[[], bool]
    ) -> None:
        answer = connect.post(UPDATE, change(a_line("l1", 5), a_line("l7", 1), a_line("west", -1)))

        assert codes(answer) == ["LocationDoesNotExist", "InvalidRequestParameter"]
        assert [detail["quantity"] for detail in answer["details"]] == [0, 0, 0]
        assert nothing_moved()

    def test_repeats_answer_as_before(self, connect: Connect, shop: Shop) -> None:
        body = change(a_line("l1", 9), a_line("west", 1))
        first = connect.post(UPDATE, body)
        shop.stock(l1=50)

        assert connect.post(UPDATE, body) == first
        assert shop.reserved("l1") == 5

    def test_another_body_under_an_applied_id_fails(self, connect: Connect, shop: Shop) -> None:
        connect.post(UPDATE, change(a_line("l1", 3)))

        answer = connect.post(UPDATE, change(a_line("l1", 2)))

        assert codes(answer) == ["DuplicateEventId"]
        assert shop.reserved("l1") == 3

    def test_what_has_left_a_place_does_not_count_there(self, connect: Connect, shop: Shop) -> None:
        shop.transfer("west", "l3", 2)

        answer = connect.post(UPDATE, change(a_line("west", 5)))

        assert answer["details"] == [a_detail("west", 5, adjustment=1)]
        assert shop.held() == {(DOC, "l1"): 4, (DOC, "west"): 5, (DOC, "l3"): 2}
        shop.assert_clean()

    def test_a_temporary_one_keeps_its_time(self, connect: Connect, shop: Shop) -> None:
        connect.post(
            CREATE,
            creation(a_line("l3", 1), actionRequestId="basket", expirationSeconds=600),
        )
        connect.post(UPDATE, change(a_line("l3", 2), reservationId="basket"))

        from reservations.models import Claim

        claims = Claim.objects.filter(document__identifier="basket")
        assert [claim.expires_at is not None for claim in claims] == [True, True]
        shop.assert_clean()

    @pytest.mark.parametrize(
        ("document", "code"), [("unheard-of", "EntityNotFound"), (DOC, "ReservationCancelled")]
    )
    def test_conflicts_are_told_with_201(
        self, connect: Connect, shop: Shop, document: str, code: str
    ) -> None:
        shop.cancel(DOC)

        answer = connect.post(UPDATE, change(a_line("l1", 1), reservationId=document))

        assert codes(answer) == [code]
        assert answer["details"] == []
        assert shop.reserved("l1") == 0

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ({"reservationId": None}, "MissingParameter"),
            ({"actionRequestId": None}, "MissingParameter"),
            ({"updateRecords": []}, "InvalidRequest"),
            ({"updateRecords": [a_line("l1", 1)] * 101}, "InvalidRequest"),
            ({"updateAllOrNothingRecords": []}, "JSON_PARSER_ERROR"),
        ],
        ids=str,
    )
    def test_a_bad_request_is_refused_whole(
        self, connect: Connect, nothing_moved: Callable[[], bool], given: Any, code: str
    ) -> None:
        body = {**change(a_line("l1", 1)), **given}

        assert_array(connect.call("POST", UPDATE, body), 400, code)
        assert nothing_moved()

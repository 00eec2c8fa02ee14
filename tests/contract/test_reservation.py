"""The headless Reservation API, route by route (spec: oci-headless 5)."""

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.utils import timezone

from tests.builders import SKU, Shop, a_shop
from tests.contract.headless import Api, assert_problem
from tests.contract.test_availability import at_location, in_group

pytestmark = pytest.mark.django_db

DOC = "reservation-documents/0b7c1de2-0001"


def at_group(quantity: float, group: str = "east", sku: str = SKU, **more: Any) -> dict[str, Any]:
    lines = [{"sku": sku, "quantity": quantity}]
    return {"groups": [{"id": group, "reservations": lines}], **more}


def at_place(quantity: float, location: str = "l1", **more: Any) -> dict[str, Any]:
    lines = [{"sku": SKU, "quantity": quantity}]
    return {"locations": [{"id": location, "reservations": lines}], **more}


def transfer(source: str, target: str, quantity: float, **more: Any) -> dict[str, Any]:
    def end(place: str) -> dict[str, str]:
        return {"location": place} if place.startswith("l") else {"group": place}

    return {
        "id": "t",
        "from": end(source),
        "to": end(target),
        "sku": SKU,
        "quantity": quantity,
        **more,
    }


class TestCreate:
    def test_the_table_of_the_overview_as_corrected(
        self, reservation: Api, availability: Api, shop: Shop
    ) -> None:
        for location in ("l1", "l2"):
            shop.stock("shirt", **{location: 50})

        def group() -> tuple[float, float, float]:
            record = in_group(availability, "east", "shirt")
            return record["onHand"], record["reserved"], record["ato"]

        def second() -> tuple[float, float, float]:
            record = at_location(availability, "l2", "shirt")
            return record["onHand"], record["reserved"], record["ato"]

        assert (second(), group()) == ((50, 0, 50), (100, 0, 100))
        reservation.call("PUT", DOC, at_group(1, sku="shirt"))
        assert (second(), group()) == ((50, 0, 50), (100, 1, 99))
        move = {**transfer("east", "l2", 1), "sku": "shirt"}
        assert reservation.call("POST", "transfers", {"records": [move]}).status_code == 204
        assert (second(), group()) == ((50, 1, 49), (100, 1, 99))
        ship = {"id": "f", "location": "l2", "sku": "shirt", "quantity": 1}
        assert reservation.call("POST", "fulfillments", {"records": [ship]}).status_code == 204
        assert (second(), group()) == ((49, 0, 49), (99, 0, 99))

    def test_all_reserved(self, reservation: Api) -> None:
        body = {**at_group(2), **at_place(1.5), "expirationSeconds": 60, "externalRefId": "o-1"}

        answer = reservation.call("PUT", DOC, body)

        assert answer.status_code == 200
        said = answer.json()
        assert said["success"] is True
        assert said["groups"] == [{"id": "east", "details": [{"sku": SKU, "quantity": 2}]}]
        assert said["locations"] == [{"id": "l1", "details": [{"sku": SKU, "quantity": 1.5}]}]
        placed_at = datetime.fromisoformat(said["reservationTime"])
        expires_at = datetime.fromisoformat(said["expirationTime"])
        assert expires_at - placed_at == timedelta(seconds=60)
        assert answer["Location"].endswith(DOC)
        got = reservation.client.get(
            answer["Location"], headers={"authorization": f"Bearer {reservation.token}"}
        ).json()
        assert got["status"] == "OPEN"
        assert got["groups"] == [{"id": "east", "items": [{"sku": SKU, "quantity": 2}]}]

    @pytest.mark.parametrize("name", ["100%25", "a%3Fb", "caf%C3%A9", "a%20b%23c"])
    def test_the_location_of_an_odd_id_can_be_followed(self, reservation: Api, name: str) -> None:
        answer = reservation.call("PUT", f"reservation-documents/{name}", at_group(2))

        assert answer["Location"].endswith(f"/reservation-documents/{name}")
        got = reservation.client.get(
            answer["Location"], headers={"authorization": f"Bearer {reservation.token}"}
        )
        assert (got.status_code, got.json()["status"]) == (200, "OPEN")

    def test_null_is_the_same_as_absent(self, reservation: Api) -> None:
        nulls = dict.fromkeys(
            ["externalRefId", "expirationSeconds", "allowPartialReservations", "fulfillOnly"]
        )
        places = {"locations": None, "groups": at_group(12)["groups"]}

        said = reservation.call("PUT", DOC, {**nulls, **places, "reservationTime": None}).json()
        added = reservation.call("PATCH", DOC, {**nulls, **at_place(1), "groups": None, "id": None})

        assert said["groups"][0]["details"] == [{"sku": SKU, "quantity": 10}]
        assert added.json()["success"] is False

    def test_part_of_a_line_is_reserved_and_told_as_short(self, reservation: Api) -> None:
        said = reservation.call("PUT", DOC, at_group(12)).json()

        assert said["success"] is False
        assert said["groups"] == [
            {
                "id": "east",
                "errors": [{"sku": SKU, "errorCode": "InsufficientQuantity", "available": 10}],
                "details": [{"sku": SKU, "quantity": 10}],
            }
        ]

    def test_nothing_reserved_keeps_no_document(self, reservation: Api, nothing_moved: Any) -> None:
        said = reservation.call("PUT", DOC, at_group(1, sku="unknown"))

        assert said.status_code == 200
        assert said.json()["success"] is False
        assert "details" not in said.json()["groups"][0]
        assert nothing_moved()
        assert_problem(reservation.call("GET", DOC), 404, "EntityNotFound")

    def test_whole_document_or_nothing(self, reservation: Api, nothing_moved: Any) -> None:
        body = {**at_group(2), **at_place(6), "allowPartialReservations": False}

        said = reservation.call("PUT", DOC, body).json()

        assert said["success"] is False
        assert said["locations"][0]["errors"][0]["available"] == 5
        assert "details" not in said["locations"][0]
        assert nothing_moved()

    @pytest.mark.parametrize("as_list", [True, False])
    def test_an_all_or_nothing_set(self, reservation: Api, shop: Shop, *, as_list: bool) -> None:
        shop.stock("mug", l1=1)
        members = {
            "id": "set-1",
            "reservations": [{"sku": SKU, "quantity": 1}, {"sku": "mug", "quantity": 2}],
        }
        place = {
            "id": "l1",
            "reservations": [{"sku": SKU, "quantity": 3}],
            "allOrNothingReservations": [members] if as_list else members,
        }

        said = reservation.call("PUT", DOC, {"locations": [place]}).json()

        (l1,) = said["locations"]
        assert said["success"] is False
        assert {error["sku"] for error in l1["errors"]} == {SKU, "mug"}
        assert l1["details"] == [{"sku": SKU, "quantity": 3}]
        assert shop.reserved("l1", sku="mug") == 0

    def test_equal_lines_are_answered_as_one(self, reservation: Api) -> None:
        lines = [{"sku": SKU, "quantity": 1}, {"sku": SKU, "quantity": 2}]

        said = reservation.call("PUT", DOC, {"groups": [{"id": "east", "reservations": lines}]})

        assert said.json()["groups"][0]["details"] == [{"sku": SKU, "quantity": 3}]

    def test_fulfil_only_does_not_count_on_futures(self, reservation: Api, shop: Shop) -> None:
        shop.put("l1", on_hand=1000, futures=(("2030-01-01T00:00:00Z", 4000),), sku="mug")

        short = reservation.call("PUT", DOC, at_group(3, sku="mug", fulfillOnly=True)).json()
        rest = reservation.call("PUT", DOC + "2", at_group(3, sku="mug")).json()

        assert short["groups"][0]["details"] == [{"sku": "mug", "quantity": 1}]
        assert rest["success"] is True

    def test_a_location_keeps_what_a_promise_needs(self, reservation: Api, shop: Shop) -> None:
        shop.reserve("order", "west", 17)

        said = reservation.call("PUT", DOC, at_place(15, "l3")).json()

        assert said["locations"][0]["details"] == [{"sku": SKU, "quantity": 3}]
        assert said["locations"][0]["errors"][0]["available"] == 3

    def test_four_groups_that_a_greedy_layout_refuses(self, db: None) -> None:
        shop = a_shop(g1=["aa", "bb"], g2=["aa"], g3=["bb", "cc"], g4=["bb", "dd"])
        shop.stock(aa=1, bb=1, cc=1, dd=1)
        api = Api(shop, "reservation")

        answers = [
            api.call("PUT", f"reservation-documents/r-{group}", at_group(1, group)).json()
            for group in ("g1", "g3", "g4", "g2")
        ]

        assert [answer["success"] for answer in answers] == [True] * 4

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({}, "InvalidRequest"),
            ({"groups": []}, "InvalidRequest"),
            (at_group(1, "nowhere"), "GroupDoesNotExist"),
            (at_place(1, "nowhere"), "LocationDoesNotExist"),
            ({**at_group(1), **at_place(1, "nowhere")}, "LocationDoesNotExist"),
            (
                {**at_group(1), "locations": [{"id": "nowhere", "reservations": []}]},
                "LocationDoesNotExist",
            ),
            (at_group(0), "InvalidRequestParameter"),
            (at_group(1, expirationSeconds=14401), "InvalidRequestParameter"),
            (at_group(1, expirationSeconds=0), "InvalidRequestParameter"),
            ({"groups": [{"id": "east", "reservations": [{"sku": SKU}]}]}, "MissingParameter"),
            (
                {
                    "groups": [
                        {
                            "id": "east",
                            "reservations": [{"sku": f"s{n}", "quantity": 1} for n in range(101)],
                        }
                    ]
                },
                "InvalidRequestParameter",
            ),
        ],
    )
    def test_what_cannot_be_reserved(
        self, reservation: Api, nothing_moved: Any, body: Any, code: str
    ) -> None:
        assert_problem(reservation.call("PUT", DOC, body), 400, code)
        assert nothing_moved()


class TestPutAgain:
    def test_the_same_body_is_answered_as_before(self, reservation: Api, shop: Shop) -> None:
        body = at_group(2, expirationSeconds=60)
        first = reservation.call("PUT", DOC, body).json()
        repeat = reservation.call("PUT", DOC, body).json()

        assert repeat == first
        assert shop.reserved("east") == 2

    def test_another_body_replaces_weighing_its_own_hold(
        self, reservation: Api, shop: Shop
    ) -> None:
        reservation.call("PUT", DOC, at_group(10, expirationSeconds=60))

        said = reservation.call("PUT", DOC, at_group(9, expirationSeconds=60)).json()

        assert said["success"] is True
        assert shop.reserved("east") == 9
        shop.assert_clean()

    def test_no_room_leaves_the_old_hold(self, reservation: Api) -> None:
        reservation.call("PUT", DOC, at_group(4, expirationSeconds=60))
        body = at_group(11, expirationSeconds=60, allowPartialReservations=False)

        said = reservation.call("PUT", DOC, body).json()

        assert said["success"] is False
        assert reservation.shop.reserved("east") == 4

    def test_without_expiration_it_is_finalized(self, reservation: Api, shop: Shop) -> None:
        reservation.call("PUT", DOC, at_group(4, expirationSeconds=60))

        final = reservation.call("PUT", DOC, at_group(4)).json()
        again = reservation.call("PUT", DOC, at_group(4))
        other = reservation.call("PUT", DOC, at_group(5))

        assert "expirationTime" not in final
        assert again.json() == final
        assert_problem(other, 409, "ReservationAlreadyFinalized")
        assert shop.reserved("east") == 4

    def test_cancelled_closed_and_expired_documents_refuse(
        self, reservation: Api, shop: Shop
    ) -> None:
        bodies = (at_group(1), at_group(2, expirationSeconds=60))
        for name in ("cancelled", "closed", "expired"):
            lasting = {"expirationSeconds": 60} if name == "expired" else {}
            reservation.call("PUT", f"reservation-documents/{name}", at_group(1, **lasting))
        reservation.call("PATCH", "reservation-documents/cancelled", {"status": "CANCELLED"})
        release = {"id": "r", "group": "east", "sku": SKU, "quantity": 1}
        assert reservation.call("POST", "releases", {"records": [release]}).status_code == 204
        later = timezone.now() + timedelta(seconds=61)

        for body in bodies:
            put = reservation.call("PUT", "reservation-documents/cancelled", body)
            assert_problem(put, 409, "ReservationCancelled")
            put = reservation.call("PUT", "reservation-documents/closed", body)
            assert_problem(put, 409, "ReservationInvalidState")
            with patch.object(timezone, "now", return_value=later):
                put = reservation.call("PUT", "reservation-documents/expired", body)
            assert_problem(put, 409, "ReservationInvalidState")
        assert reservation.call("GET", "reservation-documents/closed").json()["status"] == "CLOSED"


class TestPatch:
    def test_cancel_releases_what_is_left_wherever_it_is(
        self, reservation: Api, shop: Shop
    ) -> None:
        reservation.call("PUT", DOC, at_group(4))
        reservation.call("POST", "transfers", {"records": [transfer("east", "l1", 3)]})
        ship = {"id": "f", "location": "l1", "sku": SKU, "quantity": 1}
        reservation.call("POST", "fulfillments", {"records": [ship]})

        first = reservation.call("PATCH", DOC, {"status": "CANCELLED"})
        again = reservation.call("PATCH", DOC, {"status": "CANCELLED"})

        assert (first.status_code, again.status_code) == (204, 204)
        assert (shop.reserved("east"), shop.reserved("l1"), shop.on_hand("l1")) == (0, 0, 4)
        assert reservation.call("GET", DOC).json()["status"] == "CANCELLED"
        shop.assert_clean()

    def test_cancel_is_refused_when_expired_or_nothing_is_left(self, reservation: Api) -> None:
        reservation.call("PUT", DOC, at_group(1))
        release = {"id": "r", "group": "east", "sku": SKU, "quantity": 1}
        reservation.call("POST", "releases", {"records": [release]})
        reservation.call("PUT", DOC + "2", at_group(1, expirationSeconds=5))
        later = timezone.now() + timedelta(seconds=6)

        nothing = reservation.call("PATCH", DOC, {"status": "CANCELLED"})
        with patch.object(timezone, "now", return_value=later):
            expired = reservation.call("PATCH", DOC + "2", {"status": "CANCELLED"})

        assert_problem(nothing, 409, "ReservationAlreadyFinalized")
        assert_problem(expired, 409, "ReservationInvalidState")

    def test_lines_are_added_and_told_with_totals(self, reservation: Api, shop: Shop) -> None:
        reservation.call("PUT", DOC, at_group(4, expirationSeconds=60))
        body = {**at_group(2), **at_place(1), "id": "u-1"}

        said = reservation.call("PATCH", DOC, body).json()
        repeat = reservation.call("PATCH", DOC, body).json()
        other = reservation.call("PATCH", DOC, at_group(3, id="u-1"))

        assert said["success"] is True
        assert said["groups"][0]["details"] == [{"sku": SKU, "quantity": 6, "adjustment": 2}]
        assert said["locations"][0]["details"] == [{"sku": SKU, "quantity": 1, "adjustment": 1}]
        assert repeat == said
        assert_problem(other, 400, "DuplicateEventId")
        assert (shop.reserved("east"), shop.reserved("l1")) == (6, 1)
        shop.assert_clean()

    def test_what_cannot_be_patched(self, reservation: Api, nothing_moved: Any) -> None:
        unknown = reservation.call("PATCH", DOC, {"status": "CANCELLED"})
        adding = reservation.call("PATCH", DOC, at_group(1))
        status = reservation.call("PATCH", DOC, {"status": "OPEN"})
        both = reservation.call("PATCH", DOC, {"status": "CANCELLED", **at_group(1)})

        assert_problem(unknown, 404, "EntityNotFound")
        assert_problem(adding, 404, "EntityNotFound")
        assert_problem(status, 400, "InvalidRequestParameter", parameter="status")
        assert_problem(both, 400, "InvalidRequestParameter", parameter="status")
        assert nothing_moved()


class TestTransfers:
    def test_the_three_allowed_directions(self, reservation: Api, shop: Shop) -> None:
        reservation.call("PUT", DOC, at_group(3))
        for source, target in (("east", "l1"), ("l1", "l2"), ("l2", "east")):
            body = {"records": [transfer(source, target, 3, id=f"{source}-{target}")]}
            assert reservation.call("POST", "transfers", body).status_code == 204
        assert shop.held() == {("0b7c1de2-0001", "east"): 3}
        shop.assert_clean()

    def test_failures_are_told_by_record_and_the_rest_is_done(
        self, reservation: Api, shop: Shop
    ) -> None:
        reservation.call("PUT", DOC, at_group(7))
        records = [
            transfer("east", "l1", 6, id="no-room", externalRefId="o-1"),
            transfer("east", "l3", 1, id="not-a-member"),
            transfer("east", "l2", 50, id="not-reserved"),
            transfer("east", "l2", 5, id="fits"),
        ]

        said = reservation.call("POST", "transfers", {"records": records})

        assert said.status_code == 200
        errors = said.json()["errors"]
        assert [(e["details"]["id"], e["errorCode"]) for e in errors] == [
            ("no-room", "InsufficientQuantity"),
            ("not-a-member", "LocationNotInGroup"),
            ("not-reserved", "InsufficientQuantity"),
        ]
        assert errors[0]["message"] == "Insufficient Quantity"
        assert errors[0]["details"] == {
            "id": "no-room",
            "externalRefId": "o-1",
            "sku": SKU,
            "quantity": 6,
            "from": {"group": "east"},
            "to": {"location": "l1"},
        }
        assert (shop.reserved("east"), shop.reserved("l2")) == (2, 5)

    def test_all_or_nothing(self, reservation: Api, shop: Shop) -> None:
        reservation.call("PUT", DOC, at_group(7))
        records = [transfer("east", "l1", 2, id="a"), transfer("east", "l2", 6, id="b")]
        body = {"records": records, "allOrNothingTransferId": "x"}

        said = reservation.call("POST", "transfers", body).json()["errors"]

        assert {e["details"]["id"]: e["errorCode"] for e in said} == {
            "a": "NotAppliedDueToAtomicFailure",
            "b": "InsufficientQuantity",
        }
        assert shop.reserved("east") == 7

    def test_forced_beyond_what_is_there(self, reservation: Api, shop: Shop) -> None:
        reservation.call("PUT", DOC, at_group(7))
        record = transfer("east", "l1", 6, ignoreAvailabilityCheck=True)

        assert reservation.call("POST", "transfers", {"records": [record]}).status_code == 204
        assert shop.reserved("l1") == 6
        shop.assert_clean()

    @pytest.mark.parametrize(
        ("record", "more", "code"),
        [
            (transfer("east", "west", 1), {}, "InvalidRequestParameter"),
            (transfer("l1", "l1", 1), {}, "InvalidRequestParameter"),
            (
                transfer("l1", "east", 1, ignoreAvailabilityCheck=True),
                {},
                "InvalidRequestParameter",
            ),
            (transfer("l1", "l2", 1), {"allOrNothingTransferId": "x"}, "InvalidRequestParameter"),
            (transfer("east", "lost", 1), {}, "LocationDoesNotExist"),
            (transfer("gone", "l1", 1), {}, "GroupDoesNotExist"),
            ({**transfer("east", "l1", 1), "to": {}}, {}, "InvalidRequest"),
            (
                {**transfer("east", "l1", 1), "to": {"location": "l1", "group": "west"}},
                {},
                "InvalidRequestParameter",
            ),
        ],
    )
    def test_what_cannot_be_transferred(
        self, reservation: Api, nothing_moved: Any, record: Any, more: Any, code: str
    ) -> None:
        said = reservation.call("POST", "transfers", {"records": [record], **more})

        assert_problem(said, 400, code)
        assert nothing_moved()


class TestReleases:
    def test_at_a_group_and_at_a_location_with_one_id(self, reservation: Api, shop: Shop) -> None:
        reservation.call("PUT", DOC, {**at_group(2), **at_place(1)})
        records = [
            {"id": "r", "group": "east", "sku": SKU, "quantity": 2},
            {"id": "r", "location": "l1", "sku": SKU, "quantity": 1},
            {"id": "r", "location": "l1", "sku": SKU, "quantity": 0},
        ]

        first = reservation.call("POST", "releases", {"records": records})
        repeat = reservation.call("POST", "releases", {"records": records})

        assert (first.status_code, repeat.status_code) == (204, 204)
        assert (shop.reserved("east"), shop.reserved("l1")) == (0, 0)
        shop.assert_clean()

    def test_more_than_is_reserved_fails_that_record_whole(
        self, reservation: Api, shop: Shop
    ) -> None:
        reservation.call("PUT", DOC, at_group(2))
        record = {"id": "r", "group": "east", "sku": SKU, "quantity": 3}

        (error,) = reservation.call("POST", "releases", {"records": [record]}).json()["errors"]

        assert error["errorCode"] == "InsufficientQuantity"
        assert error["available"] == 2
        assert shop.reserved("east") == 2

    def test_both_places_or_none(self, reservation: Api, nothing_moved: Any) -> None:
        record = {"id": "r", "sku": SKU, "quantity": 1}

        none = reservation.call("POST", "releases", {"records": [record]})
        both = reservation.call(
            "POST", "releases", {"records": [{**record, "group": "east", "location": "l1"}]}
        )

        assert_problem(none, 400, "InvalidRequest")
        assert_problem(both, 400, "InvalidRequestParameter")
        assert both.json()["message"] == (
            "User provided locationId AND groupId.  You can only provide one or the other,"
            " not both in a single record."
        )
        assert nothing_moved()


class TestFulfillments:
    @pytest.mark.parametrize(
        ("on_hand", "reserved", "asked", "after"),
        [(0, 1, 1, (0, 0)), (1, 0, 1, None), (2, 1, 2, None), (1, 2, 2, (0, 0))],
    )
    def test_the_table_of_the_spec(
        self,
        reservation: Api,
        shop: Shop,
        on_hand: int,
        reserved: int,
        asked: int,
        after: tuple[int, int] | None,
    ) -> None:
        shop.stock("mug", l1=5)
        if reserved:
            shop.reserve("order", "l1", reserved, sku="mug")
        shop.stock("mug", l1=on_hand)
        record = {"id": "f", "location": "l1", "sku": "mug", "quantity": asked}

        said = reservation.call("POST", "fulfillments", {"records": [record]})

        left = (shop.on_hand("l1", sku="mug"), shop.reserved("l1", sku="mug"))
        if after is None:
            assert said.json()["errors"][0]["errorCode"] == "InsufficientQuantity"
            assert left == (on_hand, reserved)
        else:
            assert said.status_code == 204
            assert left == after
        shop.assert_clean()

    def test_a_repeat_exists_already_and_ships_nothing(self, reservation: Api, shop: Shop) -> None:
        reservation.call("PUT", DOC, at_place(2))
        body = {"records": [{"id": "f", "location": "l1", "sku": SKU, "quantity": 1}]}

        first = reservation.call("POST", "fulfillments", body)
        (error,) = reservation.call("POST", "fulfillments", body).json()["errors"]

        assert first.status_code == 204
        assert error["errorCode"] == "EntityAlreadyExists"
        assert (shop.on_hand("l1"), shop.reserved("l1")) == (4, 1)

    def test_a_shipment_older_than_the_count_leaves_on_hand(
        self, reservation: Api, shop: Shop
    ) -> None:
        counted = timezone.now()
        shop.put("l1", on_hand=5000, effective_at=counted)
        reservation.call("PUT", DOC, at_place(2))

        for at, request_id in ((counted - timedelta(hours=1), "old"), (counted, "same")):
            record = {
                "id": request_id,
                "location": "l1",
                "sku": SKU,
                "quantity": 1,
                "fulfillmentTime": at.isoformat(),
            }
            said = reservation.call("POST", "fulfillments", {"records": [record]})
            assert said.status_code == 204

        assert (shop.on_hand("l1"), shop.reserved("l1")) == (4, 0)

    def test_groups_cannot_ship(self, reservation: Api, nothing_moved: Any) -> None:
        record = {"id": "f", "group": "east", "sku": SKU, "quantity": 1}

        said = reservation.call("POST", "fulfillments", {"records": [record]})

        assert_problem(said, 400, "MissingParameter", parameter="records[0].location")
        assert nothing_moved()

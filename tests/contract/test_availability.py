"""The headless Availability API, route by route (spec: oci-headless 4)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import override_settings

from tests.builders import SKU, Shop
from tests.contract.headless import Api, assert_problem

GET = "availability-records/actions/get-availability"
BATCH = "availability-records/actions/batch-update"
DELTAS = "availability-records/actions/get-deltas"
TOKEN = "availability-records/delta-token"

pytestmark = pytest.mark.django_db


def record_path(location: str, sku: str = SKU, request_id: str = "r1") -> str:
    return f"locations/{location}/availability-records/skus/{sku}/{request_id}"


def at_location(api: Api, location: str, sku: str = SKU) -> Any:
    answer = api.call("POST", GET, {"skus": [sku], "locations": [location]})
    return answer.json()["locations"][0]["records"][0]


def in_group(api: Api, group: str, sku: str = SKU) -> Any:
    answer = api.call("POST", GET, {"skus": [sku], "groups": [group]})
    return answer.json()["groups"][0]["records"][0]


class TestGetAvailability:
    def test_atf_and_ato_of_the_worked_example(self, availability: Api) -> None:
        body = {
            "onHand": 10,
            "safetyStockCount": 1,
            "futureStock": [{"expectedDate": "2030-01-01T00:00:00Z", "quantity": 2}],
        }
        assert availability.call("PUT", record_path("l1", "mug"), body).status_code == 204
        shop = availability.shop
        shop.reserve("order", "l1", 5, sku="mug")

        record = at_location(availability, "l1", "mug")

        assert (record["atf"], record["ato"]) == (4, 6)
        assert record["onHand"] == 10
        assert record["reserved"] == 5
        assert record["safetyStockCount"] == 1
        assert record["futures"] == [{"expectedDate": "2030-01-01T00:00:00Z", "quantity": 2}]
        assert record["exists"] is True

    def test_one_sku_alone_lists_existing_records_of_ungrouped_locations(
        self, availability: Api, shop: Shop
    ) -> None:
        shop.put("l9", on_hand=3000)

        answer = availability.call("POST", GET, {"sku": SKU}).json()

        assert [place["id"] for place in answer["locations"]] == ["l9"]
        assert "groups" not in answer

    def test_one_sku_with_a_group_lists_its_locations_and_the_group(
        self, availability: Api
    ) -> None:
        answer = availability.call("POST", GET, {"sku": SKU, "group": "east"}).json()

        assert [place["id"] for place in answer["locations"]] == ["l1", "l2"]
        assert answer["groups"][0]["records"][0]["onHand"] == 10

    def test_an_unknown_sku_is_a_record_of_zeros_that_does_not_exist(
        self, availability: Api
    ) -> None:
        record = at_location(availability, "l1", "nothing")

        assert record["exists"] is False
        assert {record[k] for k in ("onHand", "reserved", "atf", "ato")} == {0}
        assert in_group(availability, "east", "nothing")["exists"] is False

    def test_an_unknown_sku_is_left_out_where_a_client_expects_that(
        self, availability: Api
    ) -> None:
        with override_settings(OCI_UNKNOWN_SKU_EMPTY=True):
            answer = availability.call("POST", GET, {"skus": ["x"], "locations": ["l1"]}).json()

        assert answer["locations"] == [{"id": "l1", "records": []}]

    def test_the_shared_location_example(self, availability: Api, shop: Shop) -> None:
        shop.reserve("order", "west", 17)

        east, west = in_group(availability, "east"), in_group(availability, "west")

        assert (east["onHand"], east["reserved"], east["ato"]) == (10, 2, 8)
        assert (east["groupReserved"], east["sharedGroupReserved"]) == (0, 2)
        assert (west["onHand"], west["reserved"], west["ato"]) == (20, 17, 3)
        assert (west["groupReserved"], west["sharedGroupReserved"]) == (17, 0)
        for location, on_hand in (("l1", 5), ("l2", 5), ("l3", 15)):
            assert at_location(availability, location)["ato"] == on_hand

    def test_futures_of_the_same_date_are_merged_in_a_group(self, availability: Api) -> None:
        for location in ("l1", "l2"):
            future = {"expectedDate": "2030-05-01T00:00:00Z", "quantity": 10.25}
            body = {"onHand": 1, "futureStock": [future], "effectiveDate": "2026-01-01T00:00:00Z"}
            availability.call("PUT", record_path(location, "mug"), body)

        record = in_group(availability, "east", "mug")

        assert record["futures"] == [{"expectedDate": "2030-05-01T00:00:00Z", "quantity": 20.5}]
        assert record["effectiveDate"] == "2026-01-01T00:00:00Z"
        assert record["ato"] == 22.5

    def test_an_excluded_record_does_not_count_for_the_group(self, availability: Api) -> None:
        body = {"onHand": 9, "attributeSet": {"groupEligibilityExclusion": ["east"]}}
        availability.call("PUT", record_path("l1"), body)

        assert in_group(availability, "east")["onHand"] == 5
        assert at_location(availability, "l1")["attributeSet"] == {
            "groupEligibilityExclusion": ["east"]
        }

    def test_places_alone_answer_their_existing_records(self, availability: Api) -> None:
        answer = availability.call("POST", GET, {"locations": ["l3"], "groups": ["west"]}).json()

        assert [r["sku"] for r in answer["locations"][0]["records"]] == [SKU]
        assert [r["sku"] for r in answer["groups"][0]["records"]] == [SKU]

    def test_a_hundred_pairs_are_the_limit(self, availability: Api) -> None:
        skus = [f"s{n}" for n in range(51)]

        allowed = availability.call("POST", GET, {"skus": skus[:50], "locations": ["l1", "l2"]})
        refused = availability.call(
            "POST", GET, {"skus": skus, "locations": ["l1"], "groups": ["east"]}
        )

        assert allowed.status_code == 200
        assert_problem(refused, 400, "InvalidRequestParameter")
        assert "100" in refused.json()["message"]

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({}, "InvalidRequestParameter"),
            ({"skus": [SKU]}, "InvalidRequestParameter"),
            ({"skus": [], "locations": ["l1"]}, "InvalidRequestParameter"),
            ({"group": "east"}, "InvalidRequestParameter"),
            ({"sku": SKU, "skus": [SKU]}, "InvalidRequestParameter"),
            ({"skus": ["bad sku"], "locations": ["l1"]}, "InvalidRequestParameter"),
            ({"skus": [SKU], "locations": ["nowhere"]}, "LocationDoesNotExist"),
            ({"skus": [SKU], "groups": ["nowhere"]}, "GroupDoesNotExist"),
            ({"sku": SKU, "group": "nowhere"}, "GroupDoesNotExist"),
            ({"skus": [SKU], "locations": ["east"]}, "LocationDoesNotExist"),
        ],
    )
    def test_what_cannot_be_asked(self, availability: Api, body: Any, code: str) -> None:
        assert_problem(availability.call("POST", GET, body), 400, code)


class TestBatchUpdate:
    def test_post_resets_what_is_left_out_and_patch_keeps_it(self, availability: Api) -> None:
        first = {"id": "1", "location": "l1", "sku": "mug", "onHand": 4, "safetyStockCount": 2}
        assert availability.call("POST", BATCH, {"records": [first]}).status_code == 204

        patch = {"records": [{"id": "2", "location": "l1", "sku": "mug", "onHand": 5}]}
        assert availability.call("PATCH", BATCH, patch).status_code == 204
        assert at_location(availability, "l1", "mug")["safetyStockCount"] == 2

        post = {"records": [{"id": "3", "location": "l1", "sku": "mug", "onHand": 6}]}
        assert availability.call("POST", BATCH, post).status_code == 204
        assert at_location(availability, "l1", "mug")["safetyStockCount"] == 0

    def test_one_id_for_all_records_of_a_call(self, availability: Api) -> None:
        records = [
            {"id": "same", "location": location, "sku": sku, "onHand": 1}
            for location in ("l1", "l2")
            for sku in ("a", "b")
        ]

        assert availability.call("POST", BATCH, {"records": records}).status_code == 204

        assert at_location(availability, "l2", "b")["onHand"] == 1

    def test_a_repeat_changes_nothing_and_another_body_fails_by_itself(
        self, availability: Api
    ) -> None:
        record = {"id": "1", "location": "l1", "sku": "mug", "onHand": 4}
        availability.call("POST", BATCH, {"records": [record]})
        availability.call("PATCH", record_path("l1", "mug", "x"), {"onHand": 7})

        repeat = availability.call("POST", BATCH, {"records": [record]})
        other = {"id": "2", "location": "l2", "sku": "mug", "onHand": 3, "externalRefId": "po-1"}
        answer = availability.call("POST", BATCH, {"records": [{**record, "onHand": 9}, other]})

        assert repeat.status_code == 204
        assert at_location(availability, "l1", "mug")["onHand"] == 7
        assert answer.status_code == 200
        (error,) = answer.json()["errors"]
        assert error["errorCode"] == "DuplicateEventId"
        assert error["details"] == {
            "id": "1",
            "locationId": "l1",
            "sku": "mug",
            "externalRefId": "",
        }
        assert at_location(availability, "l2", "mug")["onHand"] == 3

    def test_an_unknown_location_refuses_the_whole_call(
        self, availability: Api, nothing_moved: Any
    ) -> None:
        records = [
            {"id": "1", "location": "l1", "sku": SKU, "onHand": 4},
            {"id": "2", "location": "nowhere", "sku": SKU, "onHand": 4},
        ]

        answer = availability.call("POST", BATCH, {"records": records})

        assert_problem(answer, 400, "LocationDoesNotExist", location="nowhere")
        assert nothing_moved()

    def test_stock_may_fall_below_what_is_promised_and_is_oversold_then(
        self, availability: Api, shop: Shop
    ) -> None:
        shop.reserve("order", "west", 17)

        availability.call("PATCH", record_path("l3"), {"onHand": 1})

        assert in_group(availability, "west")["ato"] == 0
        answer = availability.call("GET", "availability-records/oversold").json()
        assert [(r["sku"], r["short"]) for r in answer["records"]] == [(SKU, 11)]
        assert answer["next"] is None


class TestOneRecord:
    def test_put_creates_and_resets(self, availability: Api) -> None:
        assert availability.call("PUT", record_path("l1", "mug"), {"onHand": 3}).status_code == 204
        put = availability.call("PUT", record_path("l1", "mug", "r2"), {"safetyStockCount": 1})

        assert put.status_code == 204
        record = at_location(availability, "l1", "mug")
        assert (record["onHand"], record["safetyStockCount"]) == (0, 1)

    def test_patch_creates_and_keeps_and_null_is_absent(self, availability: Api) -> None:
        path = record_path("l1", "mug")
        assert availability.call("PATCH", path, {"onHand": 3.125}).status_code == 204
        body = {"safetyStockCount": 1, "onHand": None}
        assert availability.call("PATCH", record_path("l1", "mug", "r2"), body).status_code == 204

        record = at_location(availability, "l1", "mug")
        assert (record["onHand"], record["safetyStockCount"]) == (3.125, 1)

    @pytest.mark.parametrize("method", ["PUT", "PATCH"])
    def test_a_request_id_with_another_body_exists_already(
        self, availability: Api, method: str
    ) -> None:
        availability.call(method, record_path("l1"), {"onHand": 3})

        assert availability.call(method, record_path("l1"), {"onHand": 3}).status_code == 204
        answer = availability.call(method, record_path("l1"), {"onHand": 4})

        assert_problem(answer, 400, "EntityAlreadyExists")
        assert at_location(availability, "l1")["onHand"] == 3

    def test_delete_resets_and_drops_from_groups_and_a_write_revives(
        self, availability: Api
    ) -> None:
        assert availability.call("DELETE", record_path("l1")).status_code == 204

        assert at_location(availability, "l1")["exists"] is False
        assert in_group(availability, "east")["onHand"] == 5
        assert_problem(
            availability.call("DELETE", record_path("l1", SKU, "r2")), 404, "EntityNotFound"
        )
        availability.call("PATCH", record_path("l1", SKU, "r3"), {"onHand": 2})
        assert in_group(availability, "east")["onHand"] == 7

    def test_unknown_places_and_odd_addresses(
        self, availability: Api, nothing_moved: Callable[[], bool]
    ) -> None:
        for method, status, code in (
            ("PUT", 400, "LocationDoesNotExist"),
            ("PATCH", 404, "EntityNotFound"),
            ("DELETE", 404, "EntityNotFound"),
        ):
            unknown = availability.call(method, record_path("nowhere"), {"onHand": 1})
            assert_problem(unknown, status, code, location="nowhere")
            odd = availability.call(method, record_path("l1", "bad%20sku"), {})
            assert_problem(odd, 400, "InvalidRequestParameter", parameter="sku")
        assert nothing_moved()


@pytest.mark.django_db(transaction=True)  # the feed tells what is committed
class TestDeltas:
    def token(self, api: Api, kind: str, *places: str) -> str:
        answer = api.call("POST", TOKEN, {"placeType": kind, "places": list(places)})
        assert answer.status_code == 200, answer.content
        return str(answer.json()["deltaToken"])

    def test_a_change_is_told_once_its_token_is_followed(
        self, availability: Api, shop: Shop
    ) -> None:
        token = self.token(availability, "group", "east", "west")
        shop.reserve("order", "west", 17)

        page = availability.call("POST", DELTAS, {"deltaToken": token}).json()
        again = availability.call("POST", DELTAS, {"deltaToken": page["nextDeltaToken"]}).json()

        assert page["shouldQueryAgain"] is False
        told = {record["id"]: record for record in page["records"]}
        assert (told["east"]["ato"], told["west"]["ato"]) == (8, 3)
        assert told["east"]["deltaType"] == "Change"
        assert told["east"]["sequenceNumber"] >= 1
        assert "groupReserved" not in told["east"]
        assert again["records"] == []

    def test_a_deleted_record_is_told(self, availability: Api, shop: Shop) -> None:
        token = self.token(availability, "LOCATION", "l1")
        shop.delete("l1")

        (record,) = availability.call("POST", DELTAS, {"deltaToken": token}).json()["records"]

        assert (record["deltaType"], record["onHand"]) == ("Delete", 0)

    def test_other_places_from_the_same_position(self, availability: Api, shop: Shop) -> None:
        token = self.token(availability, "LOCATION", "l1")
        shop.put("l3", on_hand=1000)

        update = availability.call(
            "POST", f"{TOKEN}/actions/update", {"deltaToken": token, "places": ["l3"]}
        ).json()
        page = availability.call("POST", DELTAS, {"deltaToken": update["deltaToken"]}).json()

        assert update["places"] == ["l3"]
        assert [record["id"] for record in page["records"]] == ["l3"]

    def test_bad_tokens_and_places(self, availability: Api, shop: Shop) -> None:
        never = availability.call("POST", DELTAS, {"deltaToken": "never"})
        kind = availability.call("POST", TOKEN, {"placeType": "city", "places": ["l1"]})
        place = availability.call("POST", TOKEN, {"placeType": "GROUP", "places": ["l1"]})
        none = availability.call("POST", TOKEN, {"placeType": "GROUP", "places": []})
        token = self.token(availability, "GROUP", "east")
        shop.regroup(east=["l1"], west=["l2", "l3"], more_locations=["l9"])
        regrouped = availability.call("POST", DELTAS, {"deltaToken": token})

        assert_problem(never, 400, "InvalidRequestParameter", parameter="deltaToken")
        assert_problem(kind, 400, "InvalidRequestParameter", parameter="placeType")
        assert_problem(place, 400, "InvalidRequestParameter", parameter="places")
        assert_problem(none, 400, "InvalidRequestParameter", parameter="places")
        assert_problem(regrouped, 410, "ExpiredDeltaLink")

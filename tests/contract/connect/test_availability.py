"""Get-availability and batch-update over Connect (spec: oci-connect 7.1 and 7.2)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import SKU, UNIT, Shop
from tests.contract.connect.client import NOTHING_WRONG, Connect, assert_array, codes

pytestmark = pytest.mark.django_db

GET = "commerce/oci/availability/availability-records/actions/get-availability"
BATCH = "commerce/oci/availability-records/actions/batch-update"


def ato(answer: Any) -> dict[tuple[str, str], float]:
    """Return what an answer says can be ordered, by place and SKU."""
    assert answer["success"] is (not answer["errors"])
    places = [(each["locationIdentifier"], each) for each in answer["locations"]]
    places += [(each["locationGroupIdentifier"], each) for each in answer["locationGroups"]]
    return {
        (place, record["stockKeepingUnit"]): record["availableToOrder"]
        for place, each in places
        for record in each["inventoryRecords"]
    }


class TestGetAvailability:
    def test_every_field(self, connect: Connect, shop: Shop) -> None:
        count = {
            "actionRequestId": "c",
            "locationIdentifier": "l9",
            "stockKeepingUnit": "mug",
            "onHand": 10,
            "safetyStockCount": 1,
            "effectiveDate": "2026-02-01T00:00:00Z",
            "futureStock": [{"expectedDate": "2030-01-01T00:00:00Z", "quantity": 2.5}],
        }
        assert connect.post(BATCH, {"records": [count]}) == NOTHING_WRONG
        shop.reserve("order", "l9", 5, sku="mug")

        answer = connect.post(GET, {"locationIdentifiers": ["l9"], "stockKeepingUnits": ["mug"]})

        assert answer == {
            "success": True,
            "errors": [],
            "locationGroups": [],
            "locations": [
                {
                    "locationIdentifier": "l9",
                    "inventoryRecords": [
                        {
                            "availableToFulfill": 4.0,
                            "availableToOrder": 6.5,
                            "effectiveDate": "2026-02-01T00:00:00Z",
                            "exists": True,
                            "futures": [{"expectedDate": "2030-01-01T00:00:00Z", "quantity": 2.5}],
                            "onHand": 10.0,
                            "reserved": 5.0,
                            "safetyStockCount": 1.0,
                            "stockKeepingUnit": "mug",
                        }
                    ],
                }
            ],
        }

    @pytest.mark.parametrize(
        ("asked", "told"),
        [
            # one product in one group, and at every location of it
            ({"locationGroupIdentifier": "east", "stockKeepingUnit": SKU},
             {("east", SKU): 7, ("l1", SKU): 5, ("l2", SKU): 5}),
            # some products in one group
            ({"locationGroupIdentifier": "east", "stockKeepingUnits": [SKU, "mug"]},
             {("east", SKU): 7, ("l1", SKU): 5, ("l2", SKU): 5, ("east", "mug"): 0}),
            # all products in one group
            ({"locationGroupIdentifier": "west"},
             {("west", SKU): 2, ("l2", SKU): 5, ("l3", SKU): 15}),
            ({"locationGroupIdentifiers": ["east", "west"], "stockKeepingUnits": [SKU]},
             {("east", SKU): 7, ("west", SKU): 2}),
            ({"locationGroupIdentifiers": ["east"], "stockKeepingUnit": SKU}, {("east", SKU): 7}),
            ({"locationGroupIdentifiers": ["east", "west"]},
             {("east", SKU): 7, ("west", SKU): 2}),
            ({"locationIdentifiers": ["l1", "l9"], "stockKeepingUnits": [SKU, "unheard-of"]},
             {("l1", SKU): 5, ("l1", "unheard-of"): 0, ("l9", SKU): 0, ("l9", "unheard-of"): 0}),
            ({"locationIdentifiers": ["l1", "l9"]}, {("l1", SKU): 5, ("l9", "mug"): 3}),
            # one product alone: at the locations that are in no group
            ({"stockKeepingUnit": "mug"}, {("l9", "mug"): 3}),
            ({"stockKeepingUnit": SKU}, {}),
            # what is accepted and changes nothing
            ({"stockKeepingUnit": "mug", "useCache": "false", "includeRelatedProducts": True,
              "locationIdentifiers": [], "locationGroupIdentifier": ""}, {("l9", "mug"): 3}),
        ],
        ids=str,
    )  # fmt: skip
    def test_every_way_to_ask(
        self, connect: Connect, shop: Shop, asked: dict[str, Any], told: dict[Any, float]
    ) -> None:
        shop.stock("mug", l9=3)
        shop.reserve("order", "west", 18)  # takes three from what east could have

        assert ato(connect.post(GET, asked)) == told

    def test_exists_tells_a_zero_from_nothing(self, connect: Connect, shop: Shop) -> None:
        shop.stock("mug", l9=0)

        answer = connect.post(
            GET, {"locationIdentifiers": ["l9"], "stockKeepingUnits": ["mug", "unheard-of"]}
        )

        records = answer["locations"][0]["inventoryRecords"]
        assert [record["exists"] for record in records] == [True, False]

    def test_unknown_skus_can_be_left_out(
        self, connect: Connect, settings: Any, shop: Shop
    ) -> None:
        settings.OCI_UNKNOWN_SKU_EMPTY = True

        answer = connect.post(
            GET, {"locationIdentifiers": ["l1"], "stockKeepingUnits": [SKU, "unheard-of"]}
        )

        assert ato(answer) == {("l1", SKU): 5}

    def test_an_unknown_place_is_told_beside_the_others(self, connect: Connect) -> None:
        answer = connect.post(
            GET, {"locationIdentifiers": ["l1", "l7"], "stockKeepingUnits": [SKU]}
        )
        group = connect.post(GET, {"locationGroupIdentifier": "nobody", "stockKeepingUnit": SKU})

        assert codes(answer) == ["LocationDoesNotExist"]
        assert ato(answer) == {("l1", SKU): 5}
        assert codes(group) == ["GroupDoesNotExist"]
        assert (group["locations"], group["locationGroups"]) == ([], [])

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({}, "InvalidRequest"),
            ({"stockKeepingUnits": [SKU]}, "InvalidRequest"),
            ({"stockKeepingUnit": SKU, "stockKeepingUnits": [SKU]}, "InvalidRequest"),
            ({"locationIdentifiers": ["l1"], "locationGroupIdentifiers": ["east"]},
             "InvalidRequest"),
            ({"locationGroupIdentifier": "east", "locationGroupIdentifiers": ["east"]},
             "InvalidRequest"),
            ({"locationIdentifiers": [f"l{n}" for n in range(101)]}, "InvalidRequest"),
            ({"stockKeepingUnits": [str(n) for n in range(101)]}, "InvalidRequest"),
            ({"locationIdentifiers": ["l1"] , "stockKeepingUnit": "a b"},
             "InvalidRequestParameter"),
            ({"locationIdentifiers": ["?"], "stockKeepingUnit": SKU}, "InvalidRequestParameter"),
            ({"locationIdentifiers": "l1"}, "JSON_PARSER_ERROR"),
            ({"useCache": 1, "stockKeepingUnit": SKU}, "JSON_PARSER_ERROR"),
        ],
        ids=lambda value: str(value)[:60],
    )  # fmt: skip
    def test_what_means_nothing_is_refused(
        self, connect: Connect, body: dict[str, Any], code: str
    ) -> None:
        assert_array(connect.call("POST", GET, body), 400, code)

    def test_more_than_a_thousand_records_are_refused(self, connect: Connect, shop: Shop) -> None:
        names = [f"x{n}" for n in range(20)]
        shop.regroup(more_locations=names, **shop.groups)
        for sku in range(51):
            shop.stock(f"many-{sku}", **dict.fromkeys(names, 1))
        skus = [f"many-{sku}" for sku in range(51)]

        for asked in (
            {"locationIdentifiers": names},
            {"locationIdentifiers": names, "stockKeepingUnits": skus},
        ):
            assert_array(connect.call("POST", GET, asked), 400, "InvalidRequest")
        few = {"locationIdentifiers": names, "stockKeepingUnits": skus[:50]}
        assert len(ato(connect.post(GET, few))) == 1_000

    @pytest.mark.parametrize("skus", [1, 40])
    def test_the_number_of_queries_is_fixed(
        self, connect: Connect, shop: Shop, django_assert_max_num_queries: Any, skus: int
    ) -> None:
        for n in range(skus):
            shop.stock(f"many-{n}", l1=1, l2=1)
        names = [f"many-{n}" for n in range(skus)]
        connect.post(GET, {"stockKeepingUnit": SKU})  # the token is known by now

        with django_assert_max_num_queries(6):
            connect.post(GET, {"locationGroupIdentifier": "east", "stockKeepingUnits": names})


def a_count(**more: Any) -> dict[str, Any]:
    return {
        "actionRequestId": "c",
        "locationIdentifier": "l1",
        "stockKeepingUnit": SKU,
        **more,
    }


class TestBatchUpdate:
    def test_replaces_what_was_there(self, connect: Connect, shop: Shop) -> None:
        shop.put("l1", on_hand=5 * UNIT, safety_stock=2 * UNIT)

        assert connect.post(BATCH, {"records": [a_count(onHand=7)]}) == NOTHING_WRONG
        record = shop.record("l1")
        assert (record.on_hand, record.safety_stock) == (7 * UNIT, 0)
        shop.assert_clean()

    @pytest.mark.parametrize("name", ["groupEligibilityExclusion", "groupEligibilityExclusions"])
    def test_excludes_from_groups_under_both_names(
        self, connect: Connect, shop: Shop, name: str
    ) -> None:
        count = a_count(onHand=5, attributeSet={name: ["east"]})

        assert connect.post(BATCH, {"records": [count]}) == NOTHING_WRONG
        assert shop.ato("east") == 5

    def test_repeats_change_nothing(self, connect: Connect, shop: Shop) -> None:
        body = {"records": [a_count(onHand=7)]}
        connect.post(BATCH, body)
        shop.stock(l1=9)

        assert connect.post(BATCH, body) == NOTHING_WRONG
        assert shop.on_hand("l1") == 9

    @pytest.mark.parametrize(
        ("bad", "code"),
        [
            ({"actionRequestId": None}, "MissingParameter"),
            ({"locationIdentifier": None}, "MissingParameter"),
            ({"locationIdentifier": "l7"}, "LocationDoesNotExist"),
            ({"locationIdentifier": "east"}, "LocationDoesNotExist"),
            ({"stockKeepingUnit": None}, "MissingParameter"),
            ({"stockKeepingUnit": "a b"}, "InvalidRequestParameter"),
            ({"onHand": -1}, "InvalidRequestParameter"),
            ({"onHand": 1.0005}, "InvalidRequestParameter"),
            ({"safetyStockCount": -1}, "InvalidRequestParameter"),
            ({"effectiveDate": "yesterday"}, "InvalidRequestParameter"),
            ({"externalRefId": "x" * 251}, "InvalidRequestParameter"),
            ({"futureStock": [{"quantity": 1}]}, "MissingParameter"),
            ({"futureStock": [{"expectedDate": "2030-01-01T00:00:00Z"}]}, "MissingParameter"),
            ({"futureStock": [{"expectedDate": "2030-01-01T00:00:00Z", "quantity": 0}]},
             "PositiveQuantityRequired"),
            ({"futureStock": [{"expectedDate": "2030-01-01T00:00:00Z", "quantity": 1}] * 101},
             "InvalidRequestParameter"),
            ({"attributeSet": {"groupEligibilityExclusion": ["?"]}}, "InvalidRequestParameter"),
        ],
        ids=lambda value: str(value)[:60],
    )  # fmt: skip
    def test_fails_record_by_record(
        self, connect: Connect, shop: Shop, bad: dict[str, Any], code: str
    ) -> None:
        record = a_count(**{"stockKeepingUnit": "new", **bad})

        answer = connect.post(BATCH, {"records": [record, a_count(onHand=7)]})

        assert codes(answer) == [code]
        assert answer["errors"][0]["details"] == {
            name: record.get(name)
            for name in (
                "actionRequestId",
                "externalRefId",
                "locationIdentifier",
                "stockKeepingUnit",
            )
        }
        assert shop.on_hand("l1") == 7
        assert not shop.organization.item_set.filter(sku="new").exists()
        shop.assert_clean()

    def test_one_to_a_hundred(self, connect: Connect, nothing_moved: Callable[[], bool]) -> None:
        for records in (None, [], [a_count(onHand=1)] * 101):
            answer = connect.call("POST", BATCH, {"records": records})
            assert_array(answer, 400, "InvalidRequest")
        answer = connect.call("POST", BATCH, {"records": [a_count(onHand="NaN")]})
        assert "records[0].onHand" in assert_array(answer, 400, "JSON_PARSER_ERROR")
        assert nothing_moved()

"""Product segmentation over the Availability API (spec: oci-headless 4.6)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import SKU, Shop
from tests.contract.headless import Api, assert_problem

PATH = "product-segmentation/actions/batch-update"

pytestmark = pytest.mark.django_db


def change(api: Api, *groups: dict[str, Any]) -> Any:
    return api.call("POST", PATH, {"groups": list(groups)})


def of(group: str, mode: str = "APPEND", *skus: str) -> dict[str, Any]:
    return {"groupId": group, "mode": mode, "skus": list(skus or (SKU,))}


def ato(api: Api, group: str) -> Any:
    answer = api.call(
        "POST", "availability-records/actions/get-availability", {"skus": [SKU], "groups": [group]}
    )
    (record,) = answer.json()["groups"][0]["records"]
    return record["ato"], record["exists"]


def test_append_excludes_and_delete_counts_again(availability: Api) -> None:
    assert change(availability, of("west"), of("east")).status_code == 204
    assert ato(availability, "west") == (0, False)
    assert ato(availability, "east") == (0, False)

    assert change(availability, of("west", "DELETE")).status_code == 204

    assert ato(availability, "west") == (20, True)
    assert ato(availability, "east") == (0, False)


def test_a_group_lists_what_it_counts(availability: Api, shop: Shop) -> None:
    """What is segmented out is no record of the group, and does not count for the limit."""
    skus = [f"sku-{n:03d}" for n in range(100)]
    for sku in skus:
        shop.stock(sku, l3=1)
    shop.segment("west", SKU)

    answer = availability.call(
        "POST", "availability-records/actions/get-availability", {"groups": ["west"]}
    )

    assert answer.status_code == 200, answer.content
    assert [record["sku"] for record in answer.json()["groups"][0]["records"]] == skus


def test_a_call_may_be_repeated(availability: Api, shop: Shop) -> None:
    for _ in range(2):
        assert change(availability, of("west", "APPEND", SKU, "unknown-yet")).status_code == 204
    assert ato(availability, "west") == (0, False)
    shop.assert_clean()


def test_one_hundred_pairs_fit(availability: Api) -> None:
    skus = [f"sku-{n}" for n in range(50)]
    groups = [of("west", "APPEND", *skus), of("east", "APPEND", *skus)]
    assert change(availability, *groups).status_code == 204


@pytest.mark.parametrize(
    ("groups", "code", "parameter"),
    [
        ([], "InvalidRequestParameter", "groups"),
        ([of("west", "REPLACE")], "InvalidRequestParameter", "mode"),
        ([of("west", "append")], "InvalidRequestParameter", "mode"),
        ([{"groupId": "west", "skus": [SKU]}], "MissingParameter", "groups[0].mode"),
        ([{"groupId": "west", "mode": "APPEND"}], "MissingParameter", "groups[0].skus"),
        ([{"mode": "APPEND", "skus": [SKU]}], "MissingParameter", "groups[0].groupId"),
        (
            [of("west"), {"groupId": "east", "mode": "APPEND", "skus": []}],
            "InvalidRequestParameter",
            "groups[1].skus",
        ),
        ([of("west", "APPEND", "a b")], "InvalidRequestParameter", "groups[0].skus[0]"),
        ([of("w/st")], "InvalidRequestParameter", "groups[0].groupId"),
        (
            [of("west", "APPEND", *(f"sku-{n}" for n in range(101)))],
            "InvalidRequestParameter",
            "groups[0].skus",
        ),
        (
            [of(g, "APPEND", *(f"sku-{n}" for n in range(51))) for g in ("east", "west")],
            "InvalidRequestParameter",
            "groups",
        ),
    ],
)
def test_bad_input_names_the_field_and_changes_nothing(
    availability: Api,
    nothing_moved: Callable[[], bool],
    groups: list[dict[str, Any]],
    code: str,
    parameter: str,
) -> None:
    assert_problem(change(availability, *groups), 400, code, parameter=parameter)
    assert nothing_moved()
    assert ato(availability, "west") == (20, True)


def test_an_unknown_group_refuses_the_request(
    availability: Api, nothing_moved: Callable[[], bool]
) -> None:
    answer = change(availability, of("west"), of("nowhere"))

    assert_problem(answer, 400, "GroupDoesNotExist", group="nowhere")
    assert nothing_moved()
    assert ato(availability, "west") == (20, True)

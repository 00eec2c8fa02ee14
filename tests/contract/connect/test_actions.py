"""The resources as invocable actions, and what a client finds first (spec: oci-connect 11)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.builders import SKU, Shop
from tests.contract.connect.client import (
    NOTHING_WRONG,
    VERSION,
    Connect,
    a_release,
    assert_array,
    codes,
    releases,
)
from tests.contract.connect.test_documents import a_line, change, creation
from tests.contract.connect.test_operations import (
    a_fulfilment,
    a_transfer,
    fulfilments,
    transfers,
)

pytestmark = pytest.mark.django_db

STANDARD = "actions/standard"
# What each action is called, the parameter it takes, and a body that succeeds.
ACTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "ociCreateReservation": (
        "createReservationInputRepresentation",
        creation(a_line("l2", 1)),
    ),
    "ociUpdateReservation": (
        "updateReservationInputRepresentation",
        change(a_line("l1", 5), reservationId="order-1"),
    ),
    "ociFulfillReservation": (
        "fulfillReservationInputRepresentation",
        fulfilments(a_fulfilment(1)),
    ),
    "ociReleaseReservation": ("releaseReservationInputRepresentation", releases(a_release(1))),
    "ociTransferReservation": (
        "transferReservationInputRepresentation",
        transfers(a_transfer("west", "l3", 1)),
    ),
    "ociGetAvailability": (
        "inventoryAvailabilityInputRepresentation",
        {"stockKeepingUnit": SKU},
    ),
}
every_action = pytest.mark.parametrize("name", ACTIONS)


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """Four reserved at l1, six promised by west."""
    shop.reserve("order-1", "l1", 4)
    shop.reserve("order-2", "west", 6)
    return shop


class TestDiscovery:
    def test_versions_need_no_token(self, client: Client, db: None) -> None:
        for address in ("/services/data", "/services/data/"):
            answer = client.get(address)
            assert answer.status_code == 200
            listed = answer.json()
        assert [each["version"] for each in listed] == [f"{n}.0" for n in range(51, 68)]
        assert listed[0] == {
            "label": "Spring '21",
            "url": "/services/data/v51.0",
            "version": "51.0",
        }
        assert [each["label"] for each in listed[1:4]] == ["Summer '21", "Winter '22", "Spring '22"]
        assert_array(client.post("/services/data"), 405, "METHOD_NOT_ALLOWED")

    def test_a_version_tells_where_its_parts_are(self, connect: Connect) -> None:
        client, headers = connect.client, {"authorization": f"Bearer {connect.token}"}
        found = client.get(f"/services/data/{VERSION}", headers=headers).json()

        assert found["commerce"] == f"/services/data/{VERSION}/commerce"
        kinds = client.get(found["actions"], headers=headers).json()
        actions = client.get(kinds["standard"], headers=headers).json()["actions"]
        assert [action["name"] for action in actions] == list(ACTIONS)
        for action in actions:
            assert set(action) == {"label", "name", "type", "url"}
            assert client.get(action["url"], headers=headers).json()["name"] == action["name"]


@every_action
def test_each_is_described(connect: Connect, name: str) -> None:
    described = connect.call("GET", f"{STANDARD}/{name}").json()

    assert described["name"] == name
    assert described["label"].startswith("Omnichannel Inventory Service ")
    (given,), (returned,) = described["inputs"], described["outputs"]
    assert (given["name"], given["required"]) == (ACTIONS[name][0], True)
    assert returned["name"] == "output"
    assert given["apexClass"].endswith("InputRepresentation")
    assert returned["apexClass"].endswith("OutputRepresentation")


@every_action
def test_each_runs(connect: Connect, shop: Shop, name: str) -> None:
    parameter, body = ACTIONS[name]

    answer = connect.call("POST", f"{STANDARD}/{name}", {"inputs": [{parameter: body}]})

    assert answer.status_code == 200, answer.content
    (result,) = answer.json()
    assert set(result) == {"actionName", "errors", "isSuccess", "outputValues"}
    assert (result["actionName"], result["errors"], result["isSuccess"]) == (name, None, True)
    assert result["outputValues"]["output"]["success"] is True
    shop.assert_clean()


class TestInputs:
    PATH = f"{STANDARD}/ociReleaseReservation"

    def run(self, connect: Connect, *bodies: Any) -> Any:
        inputs = [{"releaseReservationInputRepresentation": body} for body in bodies]
        answer = connect.call("POST", self.PATH, {"inputs": inputs})
        assert answer.status_code == 200, answer.content
        return answer.json()

    def test_each_by_itself_in_the_order_sent(self, connect: Connect, shop: Shop) -> None:
        results = self.run(
            connect,
            releases(a_release(1, actionRequestId="a")),
            releases(),
            releases(a_release(9, actionRequestId="b")),
            releases(a_release(2, actionRequestId="c")),
        )

        assert [result["isSuccess"] for result in results] == [True, False, True, True]
        assert results[0]["outputValues"]["output"] == NOTHING_WRONG
        assert results[1]["outputValues"] is None
        (error,) = results[1]["errors"]
        assert (error["statusCode"], error["fields"]) == ("InvalidRequest", [])
        assert codes(results[2]["outputValues"]["output"]) == ["InsufficientQuantity"]
        assert shop.reserved("l1") == 1

    def test_repeats_move_nothing(self, connect: Connect, shop: Shop) -> None:
        body = releases(a_release(1))

        for result in self.run(connect, body, body) + self.run(connect, body):
            assert result["outputValues"]["output"] == NOTHING_WRONG
        assert shop.reserved("l1") == 3

    def test_without_its_parameter(
        self, connect: Connect, nothing_moved: Callable[[], bool]
    ) -> None:
        for given in ({}, {"input": {}}, {"releaseReservationInputRepresentation": None}):
            (result,) = connect.call("POST", self.PATH, {"inputs": [given]}).json()
            assert result["isSuccess"] is False
            assert result["errors"][0]["statusCode"] == "MissingParameter"
        assert nothing_moved()

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({}, "InvalidRequest"),
            ({"inputs": []}, "InvalidRequest"),
            ({"inputs": [{}] * 11}, "InvalidRequest"),
            ({"inputs": {}}, "JSON_PARSER_ERROR"),
            ({"inputs": [{"releaseReservationInputRepresentation": 1}]}, "JSON_PARSER_ERROR"),
        ],
        ids=str,
    )
    def test_a_bad_request_is_refused_whole(
        self, connect: Connect, nothing_moved: Callable[[], bool], body: Any, code: str
    ) -> None:
        assert_array(connect.call("POST", self.PATH, body), 400, code)
        assert nothing_moved()


def test_unknown_actions_are_404(connect: Connect) -> None:
    for path in (f"{STANDARD}/ociForgetReservation", "actions/custom"):
        assert_array(connect.call("GET", path), 404, "NOT_FOUND")

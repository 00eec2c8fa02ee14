"""Bad input on every route: a clear error in the wire shape, and nothing moved."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.builders import SKU
from tests.contract.headless import Api

pytestmark = pytest.mark.django_db

LINE = {"sku": SKU, "quantity": 1}
RESERVE = {"groups": [{"id": "east", "reservations": [LINE]}]}
COUNT = {"onHand": 1, "futureStock": [{"expectedDate": "2030-01-01T00:00:00Z", "quantity": 1}]}
BATCH = {"records": [{"id": "1", "location": "l1", "sku": SKU, **COUNT}]}
MOVE = {
    "records": [
        {"id": "1", "from": {"group": "east"}, "to": {"location": "l1"}, "sku": SKU, "quantity": 1}
    ]
}
RELEASE = {"records": [{"id": "1", "group": "east", "sku": SKU, "quantity": 1}]}
SHIP = {"records": [{"id": "1", "location": "l1", "sku": SKU, "quantity": 1}]}

Route = tuple[str, str, str, Any]
RECORD = f"locations/l1/availability-records/skus/{SKU}/r1"
ROUTES: dict[str, Route] = {
    "get-availability": (
        "availability",
        "POST",
        "availability-records/actions/get-availability",
        {"skus": [SKU], "locations": ["l1"]},
    ),
    "batch-post": ("availability", "POST", "availability-records/actions/batch-update", BATCH),
    "batch-patch": ("availability", "PATCH", "availability-records/actions/batch-update", BATCH),
    "put-record": ("availability", "PUT", RECORD, COUNT),
    "patch-record": ("availability", "PATCH", RECORD, COUNT),
    "get-deltas": (
        "availability",
        "POST",
        "availability-records/actions/get-deltas",
        {"deltaToken": "x"},
    ),
    "delta-token": (
        "availability",
        "POST",
        "availability-records/delta-token",
        {"placeType": "GROUP", "places": ["nowhere"]},
    ),
    "delta-token-update": (
        "availability",
        "POST",
        "availability-records/delta-token/actions/update",
        {"deltaToken": "x", "places": ["east"]},
    ),
    "reserve": ("reservation", "PUT", "reservation-documents/d1", RESERVE),
    "update": ("reservation", "PATCH", "reservation-documents/order", RESERVE),
    "transfers": ("reservation", "POST", "transfers", MOVE),
    "releases": ("reservation", "POST", "releases", RELEASE),
    "fulfillments": ("reservation", "POST", "fulfillments", SHIP),
}
WITH_QUANTITY = [
    name
    for name in ROUTES
    if name.startswith(("batch", "put", "patch", "reserve", "update", "trans", "rel", "ful"))
]
QUANTITIES = {
    "text": "1",
    "a boolean": True,
    "a list": [1],
    "an object": {"value": 1},
    "too fine": 1.0005,
    "negative": -1,
    "beyond range": 10_000_000_000,
}


@pytest.fixture
def send(reservation: Api, availability: Api) -> Callable[[str, Any], Any]:
    """Send a body to a named route."""
    apis = {"reservation": reservation, "availability": availability}
    reservation.shop.reserve("order", "east", 3)

    def call(name: str, body: Any) -> Any:
        family, method, path, _ = ROUTES[name]
        return apis[family].call(method, path, body)

    return call


@pytest.fixture
def unmoved(send: Any, nothing_moved: Callable[[], bool]) -> Callable[[], bool]:
    """Return a check that nothing moved since the order of `send` was reserved."""
    return nothing_moved


def with_quantity(name: str, value: Any) -> list[Any]:
    """Return the route's body with each of its quantities replaced in turn."""
    bodies: list[Any] = []

    def visit(node: Any, trail: list[Any]) -> None:
        entries = node.items() if isinstance(node, dict) else enumerate(node)
        for key, child in entries:
            if key in ("quantity", "onHand"):
                body = deepcopy(ROUTES[name][3])
                spot = body
                for step in trail:
                    spot = spot[step]
                spot[key] = value
                bodies.append(body)
            elif isinstance(child, dict | list):
                visit(child, [*trail, key])

    visit(ROUTES[name][3], [])
    assert bodies
    return bodies


def assert_refused(answer: Any) -> None:
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.content)
    assert answer["Content-Type"] in ("application/problem+json", "application/json")
    problem = answer.json()
    assert problem["errorCode"]
    assert problem["message"]


@pytest.mark.parametrize("kind", QUANTITIES)
@pytest.mark.parametrize("name", WITH_QUANTITY)
def test_a_quantity_that_is_none(
    send: Any, unmoved: Callable[[], bool], name: str, kind: str
) -> None:
    for body in with_quantity(name, QUANTITIES[kind]):
        answer = send(name, body)

        assert_refused(answer)
        assert answer.json()["parameterName"].rpartition(".")[2] in ("quantity", "onHand")
    assert unmoved()


def everywhere(value: str) -> bytes:
    """Return a body that has the value in a field of every route."""
    names = ("records", "groups", "skus", "places", "deltaToken", "onHand")
    return ("{" + ", ".join(f'"{name}": {value}' for name in names) + "}").encode()


BODIES = {
    "nothing": b"",
    "not JSON": b"{'a': 1}",
    "half a body": b'{"records": [',
    "an array": b"[]",
    "a text": b'"text"',
    "null": b"null",
    "invalid UTF-8": b'{"records": "\xff\xfe"}',
    "deep": b'{"x": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "a number as large as a book": everywhere("9" * 5_000),
    "wrong types": everywhere("[[7.5]]"),
    "null characters": b'{"deltaToken": "\\u0000", "skus": ["\\u0000"], "placeType": "\\u0000",'
    b' "places": ["\\u0000"], "records": [{"id": "\\u0000"}], "externalRefId": "\\u0000",'
    b' "groups": [{"id": "\\u0000", "reservations": []}]}',
}


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("name", ROUTES)
def test_a_body_that_cannot_be_read(
    send: Any, unmoved: Callable[[], bool], name: str, kind: str
) -> None:
    answer = send(name, BODIES[kind])

    assert_refused(answer)
    assert unmoved()


@pytest.mark.parametrize("name", [n for n, route in ROUTES.items() if "records" in route[3]])
@pytest.mark.parametrize("count", [0, 101])
def test_too_few_and_too_many_records(
    send: Any, unmoved: Callable[[], bool], name: str, count: int
) -> None:
    record = ROUTES[name][3]["records"][0]

    answer = send(name, {"records": [{**record, "id": str(n)} for n in range(count)]})

    assert_refused(answer)
    assert answer.json()["errorCode"] == "InvalidRequestParameter"
    if count:
        assert "100" in answer.json()["message"]
    assert unmoved()


@pytest.mark.parametrize("name", [n for n, route in ROUTES.items() if route[1] != "GET"])
def test_unknown_fields_are_ignored(send: Any, name: str) -> None:
    body = {**deepcopy(ROUTES[name][3]), "uniqueRequestId": "x", "zzz": {"deep": [1]}}
    for record in body.get("records", []):
        record["uniqueRequestId"] = "x"

    with_extras = send(name, body)

    assert with_extras.status_code in (200, 204, 400)
    if with_extras.status_code == 400:
        assert name.startswith(("get-deltas", "delta-token"))  # the token is no token


def test_a_method_that_is_not_there_and_another_media_type(
    reservation: Api, unmoved: Callable[[], bool]
) -> None:
    method = reservation.call("DELETE", "reservation-documents/order")
    media = reservation.client.post(
        f"/inventory/reservation/v1/organizations/{reservation.shop.organization}/releases",
        data="<records/>",
        content_type="text/xml",
        headers={"authorization": f"Bearer {reservation.token}"},
    )
    large = reservation.call("POST", "releases", b'{"x": "' + b"x" * 3_000_000 + b'"}')
    route = reservation.call("GET", "no-such-route")

    assert (method.status_code, media.status_code) == (405, 415)
    assert (large.status_code, route.status_code) == (413, 404)
    for answer in (method, media, large, route):
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["errorCode"]
    assert unmoved()

"""Round trips to the database, read from the wire: BEGIN, COMMIT and token check too."""

import json
import tempfile
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import Client

from integrations.oauth import authentication, selectors
from integrations.oauth.grants import TokenCheck
from tests.bench.load import MAKERS, Target
from tests.bench.rows import Report

LIMIT = 9
CONNECT_LIMIT = 10


def _counted(call: Callable[[], Any]) -> tuple[int, Any]:
    """Return how often the database was waited for during a request, and its answer."""
    authentication.check_token = TokenCheck(selectors.get_grant)  # remembers nothing yet
    connection.ensure_connection()
    wire = connection.connection.pgconn
    with tempfile.NamedTemporaryFile("r") as trace:
        with open(trace.name, "w") as written:  # noqa: PTH123  # only its number is of use
            wire.trace(written.fileno())
            try:
                answer = call()
            finally:
                wire.untrace()
        # The server says once for each statement sent that it is ready for the next.
        trips = sum("\tReadyForQuery\t" in line for line in trace)
    if answer.status_code not in {200, 201, 204} or b'"errors":[{' in answer.content:
        raise RuntimeError(answer.content)
    return trips, answer


def measure(report: Report, target: Target) -> None:
    """Count what every operation costs; reservations of any size have a bound."""
    client = Client(headers={"authorization": f"Bearer {target.token}"})

    def call(family: str, method: str, path: str, body: Any) -> tuple[int, Any]:
        return _counted(
            lambda: client.generic(
                method,
                target.address(family, path),
                json.dumps(body),
                content_type="application/json",
            )
        )

    def tell(name: str, family: str, method: str, path: str, body: Any) -> None:
        report.tell(f"round trips: {name}", call(family, method, path, body)[0], "trips")

    def reserve(name: str, path: str, body: Any) -> None:
        trips, _ = call("reservation", "PUT", path, body)
        report.at_most(f"round trips: {name}", trips, LIMIT, "trips")

    def lines(n: int, quantity: float = 1) -> list[dict[str, Any]]:
        return [{"sku": f"item-{m}", "quantity": quantity} for m in range(n)]

    def at_group(n: int, quantity: float = 1, **more: Any) -> dict[str, Any]:
        return {"groups": [{"id": "small", "reservations": lines(n, quantity)}], **more}

    def at_location(n: int) -> dict[str, Any]:
        return {"locations": [{"id": "shop-1", "reservations": lines(n)}]}

    def records(n: int, **place: Any) -> dict[str, Any]:
        return {"records": [{"id": f"trips-{n}", **line, **place} for line in lines(n)]}

    def release_over_connect(n: int) -> None:
        _, path, body = next(MAKERS["release"](target, records=n))
        trips, _ = _counted(
            lambda: client.post(path, body.decode(), content_type="application/json")
        )
        report.at_most(f"round trips: release {n} over Connect", trips, CONNECT_LIMIT, "trips")

    for n in (1, 100):
        name = f"reservation-documents/trips-{n}"
        reserve(f"reserve {n} at a location", f"{name}-a", at_location(n))
        reserve(f"reserve {n} at a group", name, at_group(n, expirationSeconds=600))
        tell(
            f"replace {n}", "reservation", "PUT", name, at_group(n, quantity=2, expirationSeconds=9)
        )
        tell(f"finalize {n}", "reservation", "PUT", name, at_group(n, quantity=2))
        move = {"from": {"group": "small"}, "to": {"location": "shop-1"}}
        tell(f"transfer {n}", "reservation", "POST", "transfers", records(n, **move))
        shipped = records(n, location="shop-1")
        tell(f"fulfil {n}", "reservation", "POST", "fulfillments", shipped)
        tell(f"release {n}", "reservation", "POST", "releases", records(n, group="small"))
        release_over_connect(n)
        call("reservation", "PUT", f"{name}-b", at_group(n))
        tell(f"add {n} to {n}", "reservation", "PATCH", f"{name}-b", at_group(n))
        cancel = {"status": "CANCELLED"}
        tell(f"cancel {2 * n}", "reservation", "PATCH", f"{name}-b", cancel)
    counts = [
        {"id": "trips", "location": "shop-1", "sku": f"item-{n}", "onHand": 10**9}
        for n in range(100)
    ]
    # The token is from before the counts: the deltas tell of them.
    path = "availability-records/delta-token"
    _, made = call("availability", "POST", path, {"placeType": "LOCATION", "places": ["shop-1"]})
    path = "availability-records/actions/batch-update"
    tell("batch-update 100", "availability", "POST", path, {"records": counts})
    skus = {"skus": [f"item-{n}" for n in range(50)], "groups": ["small"], "locations": ["shop-1"]}
    path = "availability-records/actions/get-availability"
    tell("get-availability", "availability", "POST", path, skus)
    path = "availability-records/actions/get-deltas"
    tell("get-deltas", "availability", "POST", path, made.json())

"""Requests made up from the OpenAPI documents: whatever is sent, the answer is as promised."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from config.openapi import FAMILIES, address_of, family_generators
from config.wsgi import application
from integrations.connect.services.uploads import GRAPH_PUBLICATION
from inventory.api.impex import JobView
from inventory.models import Job, JobState
from inventory.services.availability_import.kind import AVAILABILITY_IMPORT
from inventory.services.deltas import create_delta_token
from inventory.services.jobs import files, life
from tests.builders import SKU, Shop, a_shop
from tests.contract.headless import token_for
from tests.contract.test_every_route import ROUTES

EXAMPLES = {GenerationMode.POSITIVE: 40, GenerationMode.NEGATIVE: 10}
PROMISED = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
# Connect's records, which may lack everything, and the kinds of place each may name.
RECORDS = {
    "createRecords": [("locationIdentifier",), ("locationGroupIdentifier",)],
    "updateRecords": [("locationIdentifier",), ("locationGroupIdentifier",)],
    "releaseRecords": [("locationIdentifier",), ("locationGroupIdentifier",)],
    "fulfillmentRecords": [("locationIdentifier",)],
    "transferRecords": [
        ("fromLocationGroupIdentifier", "toLocationIdentifier"),
        ("fromLocationIdentifier", "toLocationIdentifier"),
    ],
}
RECORDS_OF = {
    "reservations": "createRecords",
    "update": "updateRecords",
    "releases": "releaseRecords",
    "fulfillments": "fulfillmentRecords",
    "transfers": "transferRecords",
}
LOCATIONS, GROUPS = ["l1", "l2", "l9"], ["east", "west"]
# What a request must name to get past the door; the organization's data has all of it.
KNOWN: dict[str, list[Any]] = {
    "sku": [SKU, "mug"],
    "skus": [SKU, "mug"],
    "location": LOCATIONS,
    "locations": LOCATIONS,
    "group": GROUPS,
    "groups": GROUPS,
    "groupId": GROUPS,
    "mode": ["APPEND", "DELETE"],
    "places": GROUPS,
    "groupEligibilityExclusion": GROUPS,
    "quantity": [1, 2, 0.5],
    "onHand": [0, 7, 12.25],
    "safetyStockCount": [0, 1],
    "reservationId": ["basket", "order", "new"],
    "placeType": ["GROUP"],
    "status": ["CANCELLED"],
    "effectiveDate": ["2026-01-01T00:00:00Z"],
    "expectedDate": ["2030-01-01T00:00:00Z"],
    "fulfillmentTime": ["2026-04-01T00:00:00Z"],
    "reservationTime": ["2026-04-01T00:00:00Z"],
    "stockKeepingUnit": [SKU, "mug"],
    "stockKeepingUnits": [SKU, "mug"],
    "locationIdentifier": LOCATIONS,
    "locationIdentifiers": LOCATIONS,
    "locationGroupIdentifier": GROUPS,
    "locationGroupIdentifiers": GROUPS,
    "expirationSeconds": [600],
}


def loaded(family: str) -> Any:
    """Load a family's document, to be tried on the application in this process."""
    document = family_generators()[family]().get_schema(public=True)
    schema = schemathesis.openapi.from_dict(document)
    schema.app = application
    return schema


DOCUMENTS = {family: loaded(family) for family in FAMILIES}
OPERATIONS = [
    found.ok() for document in DOCUMENTS.values() for found in document.get_all_operations()
]


class Grounding:
    """Puts names that are there in place of made-up ones: in most requests in place of all."""

    def __init__(self, draw: Any, known: dict[str, list[Any]]) -> None:
        self._draw = draw
        self._known = known
        self._all = draw(st.integers(0, 3)) > 0

    def of(self, value: Any, key: str = "") -> Any:
        """Return the value as a client would write it who knows what is there."""
        if isinstance(value, dict):
            named = {name: self.of(each, self._key(name, key)) for name, each in value.items()}
            return self._one_place(named, key) if self._all else named
        if isinstance(value, list):
            return [self.of(each, key) for each in value]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        choices = self._known.get(key)
        if choices and (is_number or isinstance(value, str)):
            return self._draw(st.sampled_from(choices if self._all else [value, *choices]))
        return value

    def _key(self, name: str, parent: str) -> str:
        """Return what kind of name stands here: the id of one of `groups` is a group's."""
        if name == "id":
            return {"locations": "locations", "groups": "groups"}.get(parent, name)
        return name

    def _one_place(self, named: dict[str, Any], key: str) -> dict[str, Any]:
        """Keep one of two places, and name one where there is none."""
        if key in RECORDS:
            return self._connect_record(named, key)
        is_release = (
            key == "records" and {"sku", "quantity"} <= named.keys() and "from" not in named
        )
        if key in {"from", "to"} or is_release:
            directed = {"from": ["group"], "to": ["location"]}
            kind = self._draw(st.sampled_from(directed.get(key, ["location", "group"])))
            named.pop("location", None)
            named.pop("group", None)
            named[kind] = self._draw(st.sampled_from(self._known[kind]))
        return named

    def complete(self, body: Any, path: str) -> Any:
        """Put into a request over Connect what it may not lack, though all of it may be null."""
        if not self._all or not isinstance(body, dict):
            return body
        if path.endswith("/get-availability"):
            kinds = ["locationGroupIdentifier", "locationGroupIdentifiers", "locationIdentifiers"]
            kept = {name: value for name, value in body.items() if name not in kinds}
            kept[self._draw(st.sampled_from(kinds[1:]))] = [*GROUPS, *LOCATIONS][:1]
            return {**kept, "stockKeepingUnit": None}
        for name in ("records", "inputs"):  # of a batch update, of an action
            if name in body:
                return {**body, name: body[name] or [{}]}
        records = RECORDS_OF.get(path.rpartition("/")[2])
        if records is None:
            return body
        given = body.get(records) or [self._connect_record({}, records)]
        whole = {"actionRequestId": "made-up", "reservationId": "order", records: given}
        return {**body, **whole, "externalRefId": None, "reservationTime": None}

    def _connect_record(self, named: dict[str, Any], key: str) -> dict[str, Any]:
        """Write a record that can be applied."""
        kept = {name: value for name, value in named.items() if "Identifier" not in name}
        for name in self._draw(st.sampled_from(RECORDS[key])):
            places = GROUPS if "Group" in name else LOCATIONS
            kept[name] = self._draw(st.sampled_from(places))
        kept["stockKeepingUnit"] = self._draw(st.sampled_from(self._known["stockKeepingUnit"]))
        kept["quantity"] = self._draw(st.sampled_from(self._known["quantity"]))
        return kept


@contextmanager
def one_connection() -> Iterator[None]:
    """Let a request keep the connection of the test, as Django's own test client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


@pytest.fixture
def shop(db: None, settings: Any) -> Shop:
    """Stock, futures, exclusions, a temporary and a final document; shorter than promised."""
    settings.OCI_RATE_LIMIT_PER_MINUTE = 0
    shop = a_shop(east=["l1", "l2"], west=["l2", "l3"], more_locations=["l9"])
    shop.stock(l1=5, l2=5, l3=15)
    shop.put("l9", sku="mug", on_hand=5000, futures=(("2030-01-01T00:00:00Z", 4000),))
    shop.put("l2", sku="mug", on_hand=5000, safety_stock=500, excluded_groups=("east",))
    shop.reserve("basket", "west", 3, expires_in=600)
    shop.reserve("order", "l1", 2)
    shop.stock(l1=1)
    return shop


def uploads(shop: Shop) -> list[str]:
    """Return the ids of an availability import and of a publication of the graph."""
    new = [
        life.NewJob(organization_id=shop.id, kind=kind, parameters={}, origin=shop.origin)
        for kind in (AVAILABILITY_IMPORT, GRAPH_PUBLICATION)
    ]
    jobs = [
        life.start_import(new[0], now=timezone.now()),
        life.start_export(new[1], now=timezone.now()),
    ]
    return [job.identifier for job in jobs]


def jobs_at(shop: Shop, path: str) -> list[str]:
    """Return the ids of jobs that an address of the Impex API can name: as many as may be deleted.

    Where a file can be sent, they wait for one; else they have ended with one.
    """
    kinds = [
        view.kind
        for view in (route.view for route in ROUTES if as_told(route.address) == path)
        if issubclass(view, JobView)
    ]
    waits = "/uploadlink/" in path
    jobs = [
        Job(
            organization=shop.organization,
            kind=kind,
            identifier=f"job-{kind}-{number}",
            state=JobState.WAITING if waits else JobState.COMPLETED,
            created_at=timezone.now(),
            upload_expires_at=timezone.now() + timedelta(hours=1),
            result_expires_at=timezone.now() + timedelta(hours=1),
            result_type="application/octet-stream",
            result_size=2,
            result="" if waits else files.store(BytesIO(b"{}"), job_id=0, suffix="x", limit=9).name,
        )
        for kind in kinds
        for number in range(5)
    ]
    return [job.identifier for job in Job.objects.bulk_create(jobs)]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=str)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_every_answer_is_one_that_the_document_tells(
    shop: Shop, operation: Any, mode: GenerationMode
) -> None:
    token = token_for(shop.organization.identifier)
    followed = create_delta_token(
        organization_id=shop.id, is_group=True, places=GROUPS, now=timezone.now()
    )
    shop.stock(l2=6)
    known = {**KNOWN, "deltaToken": [followed], "uploadId": uploads(shop)}
    known["identifier"] = jobs_at(shop, operation.path)
    statuses: list[int] = []

    @settings(
        max_examples=EXAMPLES[mode],
        derandomize=True,  # the same requests on every machine and day
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def answers_as_told(case: Case, data: st.DataObject) -> None:
        grounding = Grounding(data.draw, known)
        case.path_parameters = grounding.of(dict(case.path_parameters or {}))
        if "organizationId" in case.path_parameters:
            case.path_parameters["organizationId"] = shop.organization.identifier
        case.body = grounding.of(case.body)
        if operation.path.startswith("/services/"):
            case.body = grounding.complete(case.body, operation.path)
        headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}
        response = case.call(headers=headers)
        statuses.append(response.status_code)
        case.validate_response(response, checks=PROMISED, headers=headers)

    with one_connection():
        answers_as_told()

    assert not set(statuses) & {401, 403}
    if mode is GenerationMode.POSITIVE:
        assert min(statuses) < 300, "not one request got past the door"
    shop.assert_clean()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_document_is_valid_openapi(family: str) -> None:
    served = Client().get(f"/api/schema/{family}/").json()

    schemathesis.openapi.from_dict(served).validate()

    assert served["openapi"].startswith("3.1")


def as_told(address: str) -> str:
    """Write an address of Django as the document does: `<kind:a_b>` is `{aB}`."""
    parts = []
    for part in address.split("/"):
        is_parameter = part.startswith("<")
        name = part.partition(":")[2].removesuffix(">") if is_parameter else part
        first, *rest = name.split("_")
        parts.append("{" + first + "".join(map(str.title, rest)) + "}" if is_parameter else part)
    return "/" + "/".join(parts)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_document_names_every_route(family: str) -> None:
    served = Client().get(f"/api/schema/{family}/").json()

    named = {(path, method.upper()) for path in served["paths"] for method in served["paths"][path]}
    assert named == {
        (as_told(route.address), method)
        for route in ROUTES
        if f"/{route.address}".startswith(address_of(family))
        for method in route.view.operations
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_quantities_are_told_as_the_numbers_they_are(family: str) -> None:
    assert b'"decimal"' not in Client().get(f"/api/schema/{family}/").content

"""The calls of the headless Availability and Reservation APIs that the replay makes."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from integrations.replay.answers import (
    Availability,
    DocumentAnswer,
    Errors,
    Record,
    RecordErrors,
    ReservationAnswer,
)
from integrations.replay.client import Client
from integrations.replay.routing import Move

MAX_RECORDS = 100

_NO_CONTENT = 204
_T = TypeVar("_T")


class InventoryApi:
    """An organization's stock and reservations, over HTTP."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def reserve(
        self,
        document_id: str,
        *,
        group: str,
        lines: Mapping[str, Decimal],
        external_ref: str,
        reservation_time: str | None,
        expires_in: int | None,
    ) -> dict[str, Decimal]:
        """Reserve at a group, finally when nothing expires; return what was reserved, by SKU."""
        body: dict[str, Any] = {
            "externalRefId": external_ref,
            "groups": [{"id": group, "reservations": _lines(lines)}],
        }
        if expires_in is not None:
            body["expirationSeconds"] = expires_in
        if reservation_time is not None:
            body["reservationTime"] = reservation_time
        answer = self.client.call("PUT", "reservation", _document(document_id), body)
        read = msgspec.json.decode(answer.content, type=ReservationAnswer)
        return {d.sku: d.quantity for group_ in read.groups for d in group_.details}

    def document(self, document_id: str) -> DocumentAnswer:
        """Return a document as it was placed."""
        answer = self.client.call("GET", "reservation", _document(document_id))
        return msgspec.json.decode(answer.content, type=DocumentAnswer)

    def cancel(self, document_id: str) -> None:
        """Release what remains of a document."""
        body = {"status": "CANCELLED"}
        self.client.call("PATCH", "reservation", _document(document_id), body)

    def availability(
        self, skus: Sequence[str], *, locations: Sequence[str]
    ) -> dict[tuple[str, str], Record]:
        """Return figures by (SKU, location)."""
        found = {}
        for places in _batches(locations, MAX_RECORDS):
            for some in _batches(skus, MAX_RECORDS // len(places)):
                answer = self.client.call(
                    "POST",
                    "availability",
                    "availability-records/actions/get-availability",
                    {"skus": some, "locations": places},
                )
                read = msgspec.json.decode(answer.content, type=Availability)
                for location in read.locations:
                    for record in location.records:
                        found[record.sku, location.id] = record
        return found

    def transfer(
        self, moves: Sequence[Move], *, request_id: str, group: str, external_ref: str
    ) -> Errors:
        """Move promises of a group to locations."""
        records = [
            {
                "id": request_id,
                "externalRefId": external_ref,
                "from": {"group": group},
                "to": {"location": move.location},
                "sku": move.sku,
                "quantity": move.quantity,
            }
            for move in moves
        ]
        return self._apply("POST", "reservation", "transfers", records)

    def fulfil(self, moves: Sequence[Move], *, request_id: str, external_ref: str) -> Errors:
        """Ship from locations."""
        records = [
            {
                "id": request_id,
                "externalRefId": external_ref,
                "location": move.location,
                "sku": move.sku,
                "quantity": move.quantity,
            }
            for move in moves
        ]
        return self._apply("POST", "reservation", "fulfillments", records)

    def count(
        self, on_hand: Mapping[tuple[str, str], Decimal], *, request_id: str, replaces: bool
    ) -> Errors:
        """Set on hand by (SKU, location); `replaces` resets all other figures."""
        records = [
            {"id": request_id, "location": location, "sku": sku, "onHand": quantity}
            for (sku, location), quantity in on_hand.items()
        ]
        method = "POST" if replaces else "PATCH"
        path = "availability-records/actions/batch-update"
        return self._apply(method, "availability", path, records)

    def _apply(
        self, method: str, family: str, path: str, records: Sequence[dict[str, Any]]
    ) -> Errors:
        errors = {}
        for batch in _batches(records, MAX_RECORDS):
            answer = self.client.call(method, family, path, {"records": batch})
            if answer.status_code != _NO_CONTENT:
                for error in msgspec.json.decode(answer.content, type=RecordErrors).errors:
                    errors[error.details.sku, error.details.place()] = error
        return errors


def _document(document_id: str) -> str:
    return f"reservation-documents/{document_id}"


def _lines(lines: Mapping[str, Decimal]) -> list[dict[str, Any]]:
    return [{"sku": sku, "quantity": quantity} for sku, quantity in lines.items()]


def _batches(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for at in range(0, len(items), size):
        yield items[at : at + size]

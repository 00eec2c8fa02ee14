"""Once: a repeated request never moves stock twice (design: law 7 and idempotency).

A key is (operation, request id, SKU, place, other place, occurrence among equal keys in the
request) within an organization; the digest of the parsed body tells a repeat from a misuse.
"""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec

from inventory.errors import DuplicateEventId
from inventory.models import ProcessedRequest
from inventory.statements import Statement

RETENTION = timedelta(days=30)


def digest(value: Any) -> UUID:
    """Return a 16 byte digest of plain values, structs or dataclasses."""
    return UUID(bytes=blake2b(msgspec.json.encode(value), digest_size=16).digest())


@dataclass(slots=True)
class RequestKeys:
    """Makes the keys of one request, counting occurrences."""

    operation: str
    _seen: Counter[Hashable] = field(default_factory=Counter)

    def key(self, request_id: str, *, sku: str = "", place: str = "", to: str = "") -> UUID:
        """Return the key of the next record with these parts."""
        parts = (request_id, sku, place, to)
        occurrence = self._seen[parts]
        self._seen[parts] += 1
        return digest((self.operation, *parts, occurrence))


@dataclass(frozen=True, slots=True)
class Processed:
    """What was applied under a key."""

    body: UUID
    answer: Any = None

    def check(self, body: UUID) -> None:
        """Refuse another body under the same id."""
        if self.body != body:
            message = "The id was used before with another body."
            raise DuplicateEventId(message, parameter="id")


def remember(
    statement: Statement,
    *,
    organization_id: int,
    applied: dict[UUID, Processed],
    now: datetime,
) -> None:
    """Add what was applied to the statement."""
    statement.add(
        "INSERT INTO inventory_processedrequest (organization_id, key, body, answer, created_at)"
        " SELECT organization_id, key, body, answer::jsonb, created_at FROM {rows}",
        columns=(
            ("organization_id", "bigint"),
            ("key", "uuid"),
            ("body", "uuid"),
            ("answer", "text"),
            ("created_at", "timestamptz"),
        ),
        rows=[
            (
                organization_id,
                key,
                entry.body,
                None if entry.answer is None else msgspec.json.encode(entry.answer).decode(),
                now,
            )
            for key, entry in applied.items()
        ],
    )


def forget_old_requests(*, now: datetime, batch: int = 5_000) -> int:
    """Drop one batch of keys older than the retention; return how many."""
    old = ProcessedRequest.objects.filter(created_at__lt=now - RETENTION)
    oldest = tuple(old.order_by("created_at").values_list("pk", flat=True)[:batch])
    return ProcessedRequest.objects.filter(pk__in=oldest).delete()[0]

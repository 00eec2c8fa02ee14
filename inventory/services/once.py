"""Once: a repeated request never moves stock twice (design: law 7 and idempotency).

A record's *name* is (operation, request id, SKU, place, other place) within an organization.
Clients put one id on all records of a call, so several records of a call may have one name. They
are told apart by what they say (the digest of the parsed body), and where they say the same, by
their number: the position of a record does not matter, so a record that was applied is known
again in whatever company it is sent.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from inventory.errors import DuplicateEventId
from inventory.models import ProcessedRequest
from inventory.services.retention import drop
from inventory.statements import Statement

RETENTION = timedelta(days=30)


def digest(value: Any) -> str:
    """Return a 16 byte digest of plain values, structs or dataclasses: a UUID, as text.

    Text is hashed once, and PostgreSQL writes it the same way.
    """
    plain = blake2b(msgspec.json.encode(value), digest_size=16).hexdigest()
    return f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"


class RecordKey(NamedTuple):
    """One record of a request: its name, what it says, which of the equal ones it is."""

    name: str
    body: str
    occurrence: int


@dataclass(slots=True)
class RequestKeys:
    """Makes the keys of one request, counting equal records."""

    operation: str
    _seen: Counter[Hashable] = field(default_factory=Counter)

    def key(
        self, request_id: str, body: str, *, sku: str = "", place: str = "", to: str = ""
    ) -> RecordKey:
        """Return the key of the next record with this body and these parts of a name."""
        name = digest((self.operation, request_id, sku, place, to))
        occurrence = self._seen[name, body]
        self._seen[name, body] += 1
        return RecordKey(name, body, occurrence)


@dataclass(frozen=True, slots=True)
class Stored:
    """A record that was applied, as it is stored."""

    name: str
    body: str
    occurrence: int
    out_of: int
    answer: Any


class Processed(NamedTuple):
    """What is known of a record: it was applied before, or its id is misused."""

    answer: Any = None
    misuse: str = ""

    def check(self) -> None:
        """Refuse what is no plain repeat; raises DuplicateEventId."""
        if self.misuse:
            raise DuplicateEventId(self.misuse, parameter="id")


_OTHER_BODY = Processed(misuse="The id was used before with another body.")


def _some_of(out_of: int, *, applied: int) -> Processed:
    return Processed(
        misuse=f"{applied} of {out_of} equal records with this id were applied: send all {out_of}"
        " together again, or those that failed under a new id."
    )


def recall(keys: Iterable[RecordKey], stored: Iterable[Stored]) -> dict[RecordKey, Processed]:
    """Return what is known of a request's records; those left out are to be decided."""
    known: dict[RecordKey, Processed] = {}
    rows_of: dict[str, list[Stored]] = {}
    for row in stored:
        rows_of.setdefault(row.name, []).append(row)
    sent: dict[str, list[RecordKey]] = {name: [] for name in rows_of}
    for key in keys:
        if key.name in sent:
            sent[key.name].append(key)
    for name, rows in rows_of.items():
        known.update(_recall_name(sent[name], rows))
    return known


def _recall_name(
    keys: Sequence[RecordKey], rows: Sequence[Stored]
) -> Iterator[tuple[RecordKey, Processed]]:
    sent = Counter(key.body for key in keys)
    applied: dict[str, list[Stored]] = {}
    for row in sorted(rows, key=lambda row: row.occurrence):
        applied.setdefault(row.body, []).append(row)
    is_all_here = all(sent[body] >= len(equals) for body, equals in applied.items())
    for key in keys:
        equals = applied.get(key.body, [])
        out_of = max((row.out_of for row in equals), default=0)
        if len(equals) < out_of > sent[key.body]:
            # Is this one of those that were applied, or of those that failed? Nobody can tell.
            yield key, _some_of(out_of, applied=len(equals))
        elif key.occurrence < len(equals):
            yield key, Processed(equals[key.occurrence].answer)
        elif not is_all_here:
            yield key, _OTHER_BODY


def remember(
    statement: Statement,
    *,
    organization_id: int,
    keys: Iterable[RecordKey],
    stored: Iterable[Stored],
    applied: Mapping[RecordKey, Processed],
    now: datetime,
) -> None:
    """Add what was applied of a request's `keys` to the statement, behind what is `stored`."""
    sent = Counter((key.name, key.body) for key in keys)
    following: dict[str, int] = {}
    for row in stored:
        following[row.name] = max(following.get(row.name, 0), row.occurrence + 1)
    rows = []
    for key, entry in applied.items():
        occurrence = following.get(key.name, 0)
        following[key.name] = occurrence + 1
        answer = None if entry.answer is None else msgspec.json.encode(entry.answer).decode()
        out_of = sent[key.name, key.body]
        rows.append((organization_id, key.name, key.body, occurrence, out_of, answer, now))
    statement.add(
        "INSERT INTO inventory_processedrequest"
        " (organization_id, key, body, occurrence, out_of, answer, created_at)"
        " SELECT organization_id, key, body, occurrence, out_of, answer::jsonb, created_at"
        " FROM {rows}",
        columns=(
            ("organization_id", "bigint"),
            ("key", "uuid"),
            ("body", "uuid"),
            ("occurrence", "integer"),
            ("out_of", "integer"),
            ("answer", "text"),
            ("created_at", "timestamptz"),
        ),
        rows=rows,
    )


def forget_old_requests(*, now: datetime) -> int:
    """Drop keys older than the retention, in batches; return how many."""
    old = ProcessedRequest.objects.filter(created_at__lt=now - RETENTION)
    return drop(old.order_by("created_at"))

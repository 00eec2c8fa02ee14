"""What the services must do, said again as simply as possible: dictionaries and brute force.

Nothing of the code under test is used but the shapes of requests. A reserved count is not stored
here at all: it is the sum of its claims. What fits is found by trying every set of groups and every
quantity. Quantities are thousandths, a handful of them.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

from inventory.services.stock import StockUpdate
from reservations.domain.places import PlaceRef
from reservations.services.documents import Addition, Reservation
from reservations.services.operations import Fulfilment, Operation, Release, Transfer
from reservations.services.placing import Wanted

Claims = dict[tuple[str, str, str], int]
"""Quantity by (document, SKU, place)."""


@dataclass(frozen=True)
class Row:
    """A stock record that exists."""

    on_hand: int = 0
    safety_stock: int = 0
    futures: tuple[tuple[str, int], ...] = ()
    effective_at: datetime | None = None
    excluded: frozenset[str] = frozenset()


@dataclass
class Doc:
    """A document; `age` orders documents by when they came to be."""

    age: int
    body: Reservation
    answer: "Said"
    expires_at: datetime | None
    external_ref: str
    placed: dict[tuple[PlaceRef, str], int]
    is_cancelled: bool = False


@dataclass(frozen=True)
class Said:
    """An answer: (quantity, added now) and what was available, by place and SKU."""

    success: bool
    details: Mapping[tuple[PlaceRef, str], tuple[int, int]]
    errors: Mapping[tuple[PlaceRef, str], int]
    reservation_time: datetime
    expires_at: datetime | None


class Refused(Exception):  # noqa: N818  # an outcome that is expected
    """A refusal, by its code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Model:
    """One organization."""

    locations: Sequence[str]
    groups: dict[str, frozenset[str]]
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    claims: Claims = field(default_factory=dict)
    documents: dict[str, Doc] = field(default_factory=dict)
    requests: dict[Any, Any] = field(default_factory=dict)
    records: dict[Any, tuple[tuple[Any, int], ...]] = field(default_factory=dict)
    """What was applied under each name: bodies, and how many equal ones were sent with them."""
    births: int = 0
    segmented: frozenset[tuple[str, str]] = frozenset()
    """Pairs of SKU and group that does not count it."""
    born: frozenset[str] = frozenset()
    """SKUs that have been written: the others are not known to exist."""

    # The laws

    def reserved(self, sku: str, place: str) -> int:
        return sum(q for (_, s, p), q in self.claims.items() if (s, p) == (sku, place))

    def free(self, sku: str, location: str, *, futures: bool = True) -> int:
        row = self.rows.get((sku, location))
        if row is None:
            return 0
        expected = sum(quantity for _, quantity in row.futures) if futures else 0
        return max(0, row.on_hand + expected - row.safety_stock - self.reserved(sku, location))

    def counted_by(self, sku: str, location: str) -> set[str]:
        row = self.rows.get((sku, location), Row())
        segmented_out = {group for s, group in self.segmented if s == sku}
        members_of = {g for g, members in self.groups.items() if location in members}
        return members_of - row.excluded - segmented_out

    def slack(self, sku: str, groups: Collection[str], *, futures: bool = True) -> int:
        free = sum(
            self.free(sku, location, futures=futures)
            for location in self.locations
            if self.counted_by(sku, location).intersection(groups)
        )
        return free - sum(self.reserved(sku, group) for group in groups)

    def sets_of_groups(self) -> Iterator[tuple[str, ...]]:
        for size in range(len(self.groups) + 1):
            yield from combinations(sorted(self.groups), size)

    def short(self, sku: str, *, futures: bool = True) -> int:
        return -min(self.slack(sku, s, futures=futures) for s in self.sets_of_groups())

    def ato(self, sku: str, group: str, *, futures: bool = True) -> int:
        least = min(
            self.slack(sku, s, futures=futures) for s in self.sets_of_groups() if group in s
        )
        return least + self.short(sku, futures=futures)

    def ato_of_all(self, sku: str) -> int:
        free = sum(self.free(sku, location) for location in self.locations)
        promised = sum(self.reserved(sku, group) for group in self.groups)
        return free - (promised - self.short(sku))

    # Documents

    def state(self, identifier: str, now: datetime) -> str:
        document = self.documents[identifier]
        if document.is_cancelled:
            return "CANCELLED"
        if document.expires_at is not None and document.expires_at <= now:
            return "EXPIRED"
        return "OPEN" if any(d == identifier for d, _, _ in self.claims) else "CLOSED"

    def reserve(self, ask: Reservation, now: datetime) -> Said:
        document = self.documents.get(ask.identifier)
        if document is not None:
            self._refuse_unless_open(ask.identifier, now)
            if document.body == ask:
                return document.answer
            if document.expires_at is None:
                raise Refused("ReservationAlreadyFinalized")
        trial = self._placing(
            ask.identifier,
            ask.lines,
            allow_partial=ask.allow_partial,
            fulfil_only=ask.fulfil_only,
            replaces=True,
            now=now,
        )
        expires_at = None
        if ask.expiration_seconds is not None:
            expires_at = now + timedelta(seconds=ask.expiration_seconds)
        said = trial.said(ask.reservation_time or now, expires_at, {})
        if trial.placed:
            self.claims = trial.model.claims
            self.births += 1
            self.documents[ask.identifier] = Doc(
                age=document.age if document else self.births,
                body=ask,
                answer=said,
                expires_at=expires_at,
                external_ref=ask.external_ref,
                placed=dict(trial.placed),
            )
        return said

    def add(self, ask: Addition, now: datetime) -> Said:
        document = self.documents.get(ask.identifier)
        if document is None:
            raise Refused("EntityNotFound")
        key = ("add", ask.identifier, ask.request_id)
        if ask.request_id and key in self.requests:
            body, said = self.requests[key]
            if body != ask:
                raise Refused("DuplicateEventId")
            return said
        self._refuse_unless_open(ask.identifier, now)
        trial = self._placing(
            ask.identifier,
            ask.lines,
            allow_partial=ask.allow_partial,
            fulfil_only=False,
            replaces=False,
            now=now,
        )
        time = ask.reservation_time or document.answer.reservation_time
        said = trial.said(time, document.expires_at, document.placed)
        if trial.placed:
            self.claims = trial.model.claims
            for key_, quantity in trial.placed.items():
                document.placed[key_] = document.placed.get(key_, 0) + quantity
            if ask.external_ref is not None:
                document.external_ref = ask.external_ref
            if ask.request_id:
                self.requests[key] = (ask, said)
        return said

    def cancel(self, identifier: str, now: datetime) -> None:
        if identifier not in self.documents:
            raise Refused("EntityNotFound")
        state = self.state(identifier, now)
        if state == "CANCELLED":
            return
        if state == "EXPIRED":
            raise Refused("ReservationInvalidState")
        if state == "CLOSED":
            raise Refused("ReservationAlreadyFinalized")
        self.drop({identifier})
        self.documents[identifier].is_cancelled = True

    def expire(self, now: datetime, *, skus: Collection[str] | None = None) -> None:
        due = {d for d, doc in self.documents.items() if doc.expires_at and doc.expires_at <= now}
        self.drop(due, skus=skus)

    def drop(self, documents: Collection[str], *, skus: Collection[str] | None = None) -> None:
        self.claims = {
            key: quantity
            for key, quantity in self.claims.items()
            if key[0] not in documents or (skus is not None and key[1] not in skus)
        }

    def _refuse_unless_open(self, identifier: str, now: datetime) -> None:
        state = self.state(identifier, now)
        if state == "CANCELLED":
            raise Refused("ReservationCancelled")
        if state != "OPEN":
            raise Refused("ReservationInvalidState")

    def _placing(
        self,
        identifier: str,
        lines: Sequence[Wanted],
        *,
        allow_partial: bool,
        fulfil_only: bool,
        replaces: bool,
        now: datetime,
    ) -> "Trial":
        def attempt(base: "Model") -> Trial:
            trial = Trial(identifier, base.copy(), allow_partial, fulfil_only, begin=base.copy())
            if replaces:
                trial.set_aside()
            trial.place(lines)
            return trial

        trial = attempt(self)
        if trial.errors:
            seen = {line.sku for line in lines} | {s for d, s, _ in self.claims if d == identifier}
            without_due = self.copy()
            without_due.expire(now, skus=seen)
            trial = attempt(without_due)
        return trial

    # Operations

    def apply(self, operations: Sequence[Operation], now: datetime) -> list[str]:
        self.expire(now, skus={operation.sku for operation in operations})
        sent = [
            ((o.operation, o.request_id, o.sku, *(place.identifier for place in o.places)), o)
            for o in operations
        ]
        known = self._what_is_known(sent)
        outcomes: dict[int, str] = {}
        for index, operation in enumerate(operations):
            if index in outcomes:
                continue
            set_id = getattr(operation, "set_id", "")
            members = [index]
            if set_id:
                members = [
                    n for n, o in enumerate(operations) if getattr(o, "set_id", "") == set_id
                ]
            before = self.copy()
            answers = {n: self._one(n, sent, known[n], now) for n in members}
            if set_id and any(code not in {"now", "before"} for code in answers.values()):
                self.claims, self.rows = before.claims, before.rows
                self.records = before.records
                answers = {
                    n: "NotAppliedDueToAtomicFailure" if code == "now" else code
                    for n, code in answers.items()
                }
            outcomes.update(answers)
        return [outcomes[n] for n in range(len(operations))]

    def _what_is_known(self, sent: Sequence[tuple[Any, Any]]) -> list[str]:
        """Say of each record of a request, by name and body, whether its id was used before."""
        known = []
        for n, (name, body) in enumerate(sent):
            applied = [b for b, _ in self.records.get(name, ())]
            together = max((of for b, of in self.records.get(name, ()) if b == body), default=0)
            if applied.count(body) < together > sent.count((name, body)):
                known.append("DuplicateEventId")
            elif sent[:n].count((name, body)) < applied.count(body):
                known.append("before")
            elif any(sent.count((name, b)) < applied.count(b) for b in applied):
                known.append("DuplicateEventId")
            else:
                known.append("")
        return known

    def _remember(self, record: tuple[Any, Any], sent: Sequence[tuple[Any, Any]]) -> None:
        name, body = record
        self.records[name] = (*self.records.get(name, ()), (body, sent.count(record)))

    def _one(self, n: int, sent: Sequence[tuple[Any, Any]], known: str, now: datetime) -> str:
        if known:
            return known
        operation: Operation = sent[n][1]
        before = self.copy()
        try:
            if operation.quantity:
                self._carry_out(operation, now)
        except Refused as refused:
            self.claims, self.rows = before.claims, before.rows
            if refused.code == "InsufficientQuantity":
                return refused.code + self._possible(operation, now)
            return refused.code
        if operation.sku in self.born:  # without an item nothing happened, and nothing is noted
            self._remember(sent[n], sent)
        return "now"

    def _possible(self, operation: Operation, now: datetime) -> str:
        """What could be done instead: the most that is not refused, by trying."""
        for quantity in range(operation.quantity - 1, 0, -1):
            try:
                self.copy()._carry_out(replace(operation, quantity=quantity), now)
            except Refused as refused:
                if refused.code == "LocationNotInGroup":
                    return " ?"
            else:
                return f" {quantity}"
        return " 0"

    def _carry_out(self, operation: Operation, now: datetime) -> None:
        sku, source = operation.sku, operation.source.identifier
        if self.reserved(sku, source) < operation.quantity:
            raise Refused("InsufficientQuantity")
        short = self.short(sku)
        taken = self._draw(operation)
        if isinstance(operation, Release):
            return
        if isinstance(operation, Fulfilment):
            row = self.rows.get((sku, source))
            at = operation.fulfilled_at or now
            if row is not None and (row.effective_at is None or at >= row.effective_at):
                on_hand = max(0, row.on_hand - operation.quantity)
                self.rows[sku, source] = replace(row, on_hand=on_hand)
            return
        self._move(operation, taken, short=short)

    def _move(self, operation: Transfer, taken: Mapping[str, int], *, short: int) -> None:
        sku, target = operation.sku, operation.target
        for group, location in (
            (operation.source, target),
            (target, operation.source),
        ):
            if group.is_group and group.identifier not in self.counted_by(sku, location.identifier):
                raise Refused("LocationNotInGroup")
        has_room = target.is_group or self.free(sku, target.identifier) >= operation.quantity
        for document, quantity in taken.items():
            key = (document, sku, target.identifier)
            self.claims[key] = self.claims.get(key, 0) + quantity
        if not operation.is_forced and not (has_room and self.short(sku) <= short):
            raise Refused("InsufficientQuantity")

    def transfers_that_harm(self) -> list[tuple[str, str, str, int]]:
        """Return (SKU, group, location, quantity) that have room, but take what others need."""
        return [
            (sku, group, location, quantity)
            for sku, group in sorted({(s, p) for _, s, p in self.claims if p in self.groups})
            for location in self.locations
            if group in self.counted_by(sku, location)
            for quantity in range(1, min(3, self.reserved(sku, group)) + 1)
            if quantity <= self.free(sku, location)
            and self._with_moved(sku, group, location, quantity).short(sku) > self.short(sku)
        ]

    def _with_moved(self, sku: str, source: str, target: str, quantity: int) -> "Model":
        claims = dict(self.claims)
        claims["?", sku, source] = claims.get(("?", sku, source), 0) - quantity
        claims["?", sku, target] = claims.get(("?", sku, target), 0) + quantity
        return replace(self, claims=claims)

    def _draw(self, operation: Operation) -> dict[str, int]:
        """Take the quantity out of claims, in drawing order; return how much of which document."""

        def order(document: str) -> tuple[bool, bool, int]:
            doc = self.documents[document]
            named = operation.external_ref != "" and doc.external_ref == operation.external_ref
            return (not named, doc.expires_at is not None, doc.age)

        place, left = (operation.sku, operation.source.identifier), operation.quantity
        taken: dict[str, int] = {}
        for document in sorted({d for d, *at in self.claims if tuple(at) == place}, key=order):
            key = (document, *place)
            taken[document] = min(left, self.claims[key])
            left -= taken[document]
            self.claims[key] -= taken[document]
            if not self.claims[key]:
                del self.claims[key]
        return {document: quantity for document, quantity in taken.items() if quantity}

    # Stock

    def update(self, updates: Sequence[StockUpdate]) -> list[str]:
        self.born = self.born.union(u.sku for u in updates)
        sent = [(("update", u.request_id, u.sku, u.location), u) for u in updates]
        outcomes = []
        for (name, update), verdict in zip(sent, self._what_is_known(sent), strict=True):
            if verdict:
                outcomes.append(verdict)
                continue
            self._remember((name, update), sent)
            at = (update.sku, update.location)
            row = Row() if update.replaces else self.rows.get(at, Row())
            said = {
                "on_hand": update.on_hand,
                "safety_stock": update.safety_stock,
                "effective_at": update.effective_at,
                "futures": update.futures,
                "excluded": (
                    None if update.excluded_groups is None else frozenset(update.excluded_groups)
                ),
            }
            known = {name: value for name, value in said.items() if value is not None}
            self.rows[at] = replace(row, **known)
            outcomes.append("now")
        return outcomes

    def delete(self, sku: str, location: str, request_id: str) -> None:
        key = ("delete", request_id, sku, location)
        if key in self.requests:
            return
        if (sku, location) not in self.rows:
            raise Refused("EntityNotFound")
        del self.rows[sku, location]
        self.requests[key] = True

    def segment(self, skus: Collection[str], group: str, *, excludes: bool) -> int:
        pairs = {(sku, group) for sku in skus}
        before = self.segmented
        self.segmented = before | pairs if excludes else before - pairs
        if excludes:
            self.born = self.born.union(skus)
        return len(before ^ self.segmented)

    def copy(self) -> "Model":
        """Return a model to try things on."""
        return replace(
            self,
            rows=dict(self.rows),
            claims=dict(self.claims),
            documents=dict(self.documents),
            requests=dict(self.requests),
            records=dict(self.records),
        )


HELD = "held by the document"
"""Stands for the document that is being replaced among the claims of a trial."""


@dataclass
class Trial:
    """Lines being placed for a document, on a copy of the model."""

    identifier: str
    model: Model
    allow_partial: bool
    fulfil_only: bool
    begin: Model
    placed: dict[tuple[PlaceRef, str], int] = field(default_factory=dict)
    errors: dict[tuple[PlaceRef, str], int] = field(default_factory=dict)
    asked: list[tuple[PlaceRef, str]] = field(default_factory=list)

    def place(self, lines: Sequence[Wanted]) -> None:
        """Sets first, then locations, then groups, each as listed; equal lines added up."""
        summed: dict[tuple[str, PlaceRef, str], int] = {}
        for line in lines:
            key = (line.set_id, line.place, line.sku)
            summed[key] = summed.get(key, 0) + line.quantity
        open_lines = dict(summed)
        for at in dict.fromkeys((set_id, place) for set_id, place, _ in summed if set_id):
            self._give_back(open_lines)
            whole = [key for key in summed if key[:2] == at]
            self._whole({(key[1], key[2]): open_lines.pop(key) for key in whole})
        for is_group in (False, True):
            for key in [key for key in summed if not key[0] and key[1].is_group is is_group]:
                self._give_back(open_lines)
                self._line(key[1], key[2], open_lines.pop(key))
        self._give_back({})
        if self.errors and not self.allow_partial:
            self.model, self.placed = self.begin, {}

    def set_aside(self) -> None:
        """Keep what the document holds under another name, until it is asked for again."""
        for document, sku, place in list(self.model.claims):
            if document == self.identifier:
                quantity = self.model.claims.pop((document, sku, place))
                self.model.claims[HELD, sku, place] = quantity

    def _give_back(self, open_lines: Mapping[tuple[str, PlaceRef, str], int]) -> None:
        for key in [key for key in self.model.claims if key[0] == HELD]:
            asked = sum(q for (_, p, s), q in open_lines.items() if (s, p.identifier) == key[1:])
            self._set(key, min(self.model.claims[key], asked))

    def _set(self, key: tuple[str, str, str], quantity: int) -> None:
        self.model.claims = {**self.model.claims, key: quantity}
        if not quantity:
            del self.model.claims[key]

    def _whole(self, members: Mapping[tuple[PlaceRef, str], int]) -> None:
        before, placed = self.model.copy(), dict(self.placed)
        available = {}
        for (place, sku), quantity in members.items():
            available[place, sku] = self._available(place, sku)
            if quantity <= available[place, sku]:
                self._take(place, sku, quantity)
        if any(quantity > available[at] for at, quantity in members.items()):
            self.model, self.placed = before, placed
            self.errors.update(available)

    def _line(self, place: PlaceRef, sku: str, quantity: int) -> None:
        available = self._available(place, sku)
        if quantity > available:
            self.errors[place, sku] = available
            if not self.allow_partial:
                return
        self._take(place, sku, min(quantity, available))

    def _take(self, place: PlaceRef, sku: str, quantity: int) -> None:
        if quantity:
            held = (HELD, sku, place.identifier)
            left = self.model.claims.get(held, 0)
            self._set(held, left - min(left, quantity))
            key = (self.identifier, sku, place.identifier)
            self._set(key, self.model.claims.get(key, 0) + quantity)
            self.placed[place, sku] = self.placed.get((place, sku), 0) + quantity

    def _available(self, place: PlaceRef, sku: str) -> int:
        """What is held there, and the most that leaves no more short than before: by trying."""
        model = self.model
        networks = (True, False) if self.fulfil_only else (True,)
        short = {futures: self.begin.short(sku, futures=futures) for futures in networks}
        held = model.claims.get((HELD, sku, place.identifier), 0)
        most = sum(model.free(sku, location) for location in model.locations)
        if not place.is_group:
            most = min(model.free(sku, place.identifier, futures=f) for f in networks)
        for quantity in range(1, most + 1):
            claims = {**model.claims, ("?", sku, place.identifier): quantity}
            trial = replace(model, claims=claims)
            if any(trial.short(sku, futures=f) > short[f] for f in networks):
                return held + quantity - 1
        return held + most

    def said(
        self,
        reservation_time: datetime,
        expires_at: datetime | None,
        held: Mapping[tuple[PlaceRef, str], int],
    ) -> Said:
        """Say what was placed."""
        return Said(
            success=not self.errors,
            details={at: (held.get(at, 0) + q, q) for at, q in self.placed.items()},
            errors=self.errors,
            reservation_time=reservation_time,
            expires_at=expires_at,
        )

"""Whose unit is it: claims in memory, under their items' locks. Quantities are thousandths."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import NamedTuple


class Claim(NamedTuple):
    """The part of a reserved count that belongs to one document line.

    `id` is negative for a claim made in this transaction. `standing` orders draws: final
    documents (0), temporary ones (1), orders' holds (2).
    """

    id: int
    item_id: int
    place: int
    document_id: int
    line_id: int
    quantity: int
    standing: int
    expires_at: datetime | None
    external_ref: str

    def of(self, quantity: int) -> "Claim":
        """Return the claim with another quantity."""
        return Claim(
            self.id,
            self.item_id,
            self.place,
            self.document_id,
            self.line_id,
            quantity,
            self.standing,
            self.expires_at,
            self.external_ref,
        )

    def is_due(self, now: datetime) -> bool:
        """Tell whether the document's time has passed."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class SeenHold:
    """What an order's line held when its item's counter stood at `sequence`; read without a lock.

    Holds change only with a movement, which raises the counter: while that is the same, so are
    they.
    """

    item_id: int
    sequence: int
    claims: Sequence[Claim]


class Draw(NamedTuple):
    """How much of one claim an operation takes."""

    claim: Claim
    quantity: int


@dataclass(slots=True)
class ClaimBook:
    """The claims that were loaded, and what becomes of them; changes can be taken back."""

    _claims: dict[int, dict[int, Claim]] = field(default_factory=dict)
    _loaded: dict[int, Claim] = field(default_factory=dict)
    _undo: list[tuple[int, int, Claim | None]] = field(default_factory=list)
    _new_ids: "count[int]" = field(default_factory=lambda: count(-1, -1))

    def take_in(self, claims: Iterable[Claim]) -> None:
        """Add claims as the database holds them; those known already stay as they are by now."""
        for claim in claims:
            if claim.id not in self._loaded:
                self._loaded[claim.id] = claim
                self._claims.setdefault(claim.item_id, {})[claim.id] = claim

    def due(self, now: datetime) -> list[Claim]:
        """Return the claims whose time has passed, oldest first."""
        return [
            claim
            for claims in self._claims.values()
            for claim in sorted(claims.values(), key=lambda claim: claim.id)
            if claim.is_due(now)
        ]

    def of_document(self, document_id: int) -> list[Claim]:
        """Return what a document holds, oldest first."""
        return sorted(
            (
                claim
                for claims in self._claims.values()
                for claim in claims.values()
                if claim.document_id == document_id
            ),
            key=lambda claim: claim.id,
        )

    def held(self, item_id: int, place: int, *, document_id: int) -> int:
        """Return what a document holds of an item at a place."""
        return sum(c.quantity for c in self._at(item_id, place) if c.document_id == document_id)

    def draws(
        self,
        item_id: int,
        place: int,
        quantity: int,
        *,
        external_ref: str,
        document_id: int | None = None,
    ) -> list[Draw]:
        """Choose the claims that an operation of `quantity` takes from, in drawing order.

        First claims with the external reference that was given, then by standing, then the oldest
        document. With a document only that one's count. The claims known must cover the quantity.
        """
        chosen: list[Draw] = []
        left = quantity
        claims = [c for c in self._at(item_id, place) if document_id in {None, c.document_id}]
        for claim in sorted(claims, key=lambda c: _order(c, external_ref)):
            if left <= 0:
                break
            taken = min(left, claim.quantity)
            chosen.append(Draw(claim, taken))
            left -= taken
        if left > 0:
            message = f"claims of item {item_id} at place {place} lack {left} of {quantity}"
            raise LookupError(message)
        return chosen

    def add(self, claim: Claim) -> None:
        """Make a claim; its id is given here."""
        self._put(claim._replace(id=next(self._new_ids)))

    def shrink(self, draw: Draw) -> None:
        """Take a draw out of its claim; an empty claim is gone."""
        left = draw.claim.quantity - draw.quantity
        if left:
            self._put(draw.claim.of(left))
        else:
            self._remove(draw.claim)

    def move(self, draw: Draw, place: int) -> None:
        """Move a draw to another place, splitting the claim if need be; it stays with its line."""
        if draw.quantity == draw.claim.quantity:
            self._put(draw.claim._replace(place=place))
            return
        self.shrink(draw)
        self.add(draw.claim._replace(place=place, quantity=draw.quantity))

    def rename(self, document_id: int, *, external_ref: str) -> None:
        """Give a document's claims its new external reference."""
        for claim in self.of_document(document_id):
            self._put(claim._replace(external_ref=external_ref))

    def renew(self, document_id: int, *, standing: int, expires_at: datetime | None) -> None:
        """Give a document's claims another end, and the standing that goes with it."""
        for claim in self.of_document(document_id):
            self._put(claim._replace(standing=standing, expires_at=expires_at))

    def mark(self) -> int:
        """Return where the book stands, for `back_to`."""
        return len(self._undo)

    def back_to(self, mark: int) -> None:
        """Undo every change since the mark."""
        while len(self._undo) > mark:
            item_id, claim_id, old = self._undo.pop()
            if old is None:
                del self._claims[item_id][claim_id]
            else:
                self._claims[item_id][claim_id] = old

    def outcome(self) -> tuple[list[Claim], list[Claim], list[int]]:
        """Return what differs from the database: claims made, claims changed, ids gone."""
        known = {claim.id: claim for claims in self._claims.values() for claim in claims.values()}
        made = [claim for claim in known.values() if claim.id < 0]
        changed = [
            claim for claim in known.values() if claim.id > 0 and claim != self._loaded[claim.id]
        ]
        return made, changed, [claim_id for claim_id in self._loaded if claim_id not in known]

    def _at(self, item_id: int, place: int) -> list[Claim]:
        return [c for c in self._claims.get(item_id, {}).values() if c.place == place]

    def _put(self, claim: Claim) -> None:
        claims = self._claims.setdefault(claim.item_id, {})
        self._undo.append((claim.item_id, claim.id, claims.get(claim.id)))
        claims[claim.id] = claim

    def _remove(self, claim: Claim) -> None:
        self._undo.append((claim.item_id, claim.id, claim))
        del self._claims[claim.item_id][claim.id]


def _order(claim: Claim, external_ref: str) -> tuple[bool, int, int, bool, int]:
    is_named = bool(external_ref) and claim.external_ref == external_ref
    # Claims made just now are the youngest of their document: negative ids count down.
    return (not is_named, claim.standing, claim.document_id, claim.id < 0, abs(claim.id))

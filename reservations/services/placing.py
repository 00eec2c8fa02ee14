"""Placing the lines of a document: what is asked, what fits, and the answer.

Lines are decided in the order: all-or-nothing sets, other location lines, group lines, each as
listed (design: claims). Quantities are integers of thousandths.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from inventory.domain.item import Shortage
from inventory.ledger import Cause
from inventory.models import MovementKind
from inventory.services.book import StockBook
from reservations.domain.places import PlaceRef
from reservations.services.writing import raise_reserved


@dataclass(frozen=True, slots=True)
class Wanted:
    """One SKU at one place, asked for by itself or as a member of an all-or-nothing set."""

    sku: str
    place: PlaceRef
    quantity: int
    set_id: str = ""


def in_deciding_order(lines: Sequence[Wanted]) -> list[Wanted]:
    """Return the lines in deciding order, equal ones added up."""
    summed: dict[tuple[PlaceRef, str, str], int] = {}
    for line in lines:
        key = (line.place, line.sku, line.set_id)
        summed[key] = summed.get(key, 0) + line.quantity
    merged = [Wanted(sku, place, q, set_id) for (place, sku, set_id), q in summed.items()]
    return sorted(merged, key=lambda line: (line.place.is_group, not line.set_id))


@dataclass(frozen=True, slots=True)
class Placement:
    """What a line got. `available` is what there was for it when it was decided."""

    line: Wanted
    line_id: int
    quantity: int
    available: int

    @property
    def is_short(self) -> bool:
        """Tell whether the line got less than it asked for."""
        return self.quantity < self.line.quantity


@dataclass(slots=True)
class Hold:
    """What a document still holds, while what shall take its place is decided.

    What it holds and asks for again at the same place is kept unweighed: no line of anybody, its
    own included, can take it. What it gives back pays for the rest, up to what was short before.
    """

    book: StockBook
    left: dict[tuple[str, int], int]
    """Thousandths held and not yet asked for again, by SKU and place."""
    allowed: dict[str, Shortage] = field(init=False)

    def __post_init__(self) -> None:
        self.allowed = {sku: self.book.items[sku].shortage for sku, _ in self.left}

    def give_back_beyond(self, asked: Counter[tuple[str, int]]) -> None:
        """Give back what is held beyond what is still asked for; posted as nothing."""
        for (sku, place), held in self.left.items():
            surplus = held - asked[sku, place]
            if surplus > 0:
                raise_reserved(self.book, sku=sku, place=place, quantity=-surplus, cause=None)
                self.left[sku, place] = held - surplus


@dataclass(slots=True)
class Placing:
    """Decides the lines of one request on the items' states."""

    book: StockBook
    places: dict[PlaceRef, int]
    allow_partial: bool
    fulfil_only: bool
    cause: Callable[[Wanted, int, int], Cause]
    """Makes the ledger's cause from line, line id and quantity."""
    hold: Hold
    placements: list[Placement] = field(default_factory=list)

    def decide(self, lines: Sequence[Wanted], line_ids: Sequence[int]) -> None:
        """Place every line as far as it fits; undo everything when partial is not allowed."""
        marks = self.book.marks()
        asked = self._asked(lines)
        for members in _in_turns(list(zip(lines, line_ids, strict=True))):
            self.hold.give_back_beyond(asked)
            if members[0][0].set_id:
                self.placements.extend(self._whole_set(members))
            else:
                self.placements.append(self._one(*members[0], partly=self.allow_partial))
            asked.subtract(self._asked(line for line, _ in members))
        self.hold.give_back_beyond(asked)
        if not self.allow_partial and self.is_short:
            self.book.back_to(marks)
            self.placements = [
                Placement(p.line, p.line_id, 0, p.available) for p in self.placements if p.is_short
            ]

    @property
    def is_short(self) -> bool:
        """Tell whether any line got less than it asked for."""
        return any(placement.is_short for placement in self.placements)

    @property
    def placed(self) -> list[Placement]:
        """Return the placements that hold something."""
        return [placement for placement in self.placements if placement.quantity]

    def _asked(self, lines: Iterable[Wanted]) -> Counter[tuple[str, int]]:
        asked: Counter[tuple[str, int]] = Counter()
        for line in lines:
            asked[line.sku, self.places[line.place]] += line.quantity
        return asked

    def _whole_set(self, members: list[tuple[Wanted, int]]) -> list[Placement]:
        marks, left = self.book.marks(), dict(self.hold.left)
        placements = [self._one(line, line_id, partly=False) for line, line_id in members]
        if any(placement.is_short for placement in placements):
            self.book.back_to(marks)
            self.hold.left = left
            return [Placement(p.line, p.line_id, 0, p.available) for p in placements]
        return placements

    def _one(self, line: Wanted, line_id: int, *, partly: bool) -> Placement:
        key = (line.sku, self.places[line.place])
        kept = min(self.hold.left.get(key, 0), line.quantity)
        available = kept + self._available(line)
        quantity = min(available, line.quantity)
        if quantity < line.quantity and not partly:
            return Placement(line, line_id, 0, available)
        if kept:
            self.hold.left[key] -= kept
        if quantity > kept:
            raise_reserved(
                self.book,
                sku=line.sku,
                place=self.places[line.place],
                quantity=quantity - kept,
                cause=self.cause(line, line_id, quantity),
            )
        return Placement(line, line_id, quantity, available)

    def _available(self, line: Wanted) -> int:
        item = self.book.items.get(line.sku)
        if item is None:
            return 0
        place, allowed = self.places[line.place], self.hold.allowed.get(line.sku)
        available = item.available_in if line.place.is_group else item.available_at
        return available(place, fulfil_only=self.fulfil_only, allowed=allowed)


def _in_turns(lines: Sequence[tuple[Wanted, int]]) -> list[list[tuple[Wanted, int]]]:
    """Return what is decided together, in order: the sets of each location, then line by line."""
    sets: dict[tuple[PlaceRef, str], list[tuple[Wanted, int]]] = {}
    for line, line_id in lines:
        if line.set_id:
            sets.setdefault((line.place, line.set_id), []).append((line, line_id))
    return [*sets.values(), *([(line, n)] for line, n in lines if not line.set_id)]


def reserving_kind(line: Wanted) -> MovementKind:
    """Return the ledger's word for a new reservation at the line's place."""
    return (
        MovementKind.RESERVE_AT_GROUP if line.place.is_group else MovementKind.RESERVE_AT_LOCATION
    )

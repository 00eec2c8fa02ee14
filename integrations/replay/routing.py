"""Which location ships how much of a line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Move:
    """Some of a SKU that a location is to ship."""

    sku: str
    location: str
    quantity: Decimal


def plan_moves(
    wanted: Mapping[str, Decimal],
    *,
    free: Mapping[tuple[str, str], Decimal],
    locations: Sequence[str],
) -> list[Move]:
    """Give each line to the locations with most of it, as few as possible.

    What finds no place is left out.
    """
    moves = []
    for sku, quantity in wanted.items():
        rest = quantity
        for location in sorted(
            locations, key=lambda name: (-free.get((sku, name), Decimal(0)), name)
        ):
            taken = min(rest, free.get((sku, location), Decimal(0)))
            if taken > 0:
                moves.append(Move(sku, location, taken))
                rest -= taken
    return moves


@dataclass(slots=True)
class Routing:
    """What of a document has found its location, what has not, and what was learned on the way.

    A location may have stock that is promised to somebody else; then the transfer is refused and
    tells how much would have been possible, which bounds the next plan.
    """

    rest: dict[str, Decimal]
    routed: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    refused: int = 0
    _limits: dict[tuple[str, str], Decimal] = field(default_factory=dict)

    def plan(
        self, free: Mapping[tuple[str, str], Decimal], *, locations: Sequence[str]
    ) -> list[Move]:
        """Return moves for what is left.

        Limits may be out of date, others move too: when they leave nothing, they are forgotten.
        """
        bounded = {
            place: min(quantity, self._limits.get(place, quantity))
            for place, quantity in free.items()
        }
        moves = plan_moves(self.rest, free=bounded, locations=locations)
        if not moves:
            self._limits.clear()
            moves = plan_moves(self.rest, free=free, locations=locations)
        return moves

    def moved(self, moves: Sequence[Move]) -> None:
        """Take note of moves that were made."""
        for move in moves:
            place = (move.sku, move.location)
            self.routed[place] = self.routed.get(place, Decimal(0)) + move.quantity
            self.rest[move.sku] -= move.quantity
            if not self.rest[move.sku]:
                del self.rest[move.sku]
            if place in self._limits:
                self._limits[place] = max(Decimal(0), self._limits[place] - move.quantity)

    def was_refused(self, move: Move, *, available: Decimal) -> None:
        """Take note of a move that was refused."""
        self.refused += 1
        self._limits[move.sku, move.location] = available

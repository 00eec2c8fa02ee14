"""Reservations of which some lines may be no good: then nothing is processed, and all are told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from inventory.errors import (
    DuplicateEventId,
    EntityNotFound,
    GroupDoesNotExist,
    LocationDoesNotExist,
    Refusal,
    ReservationAlreadyFinalized,
    ReservationCancelled,
    ReservationInvalidState,
)
from inventory.selectors.graph import current_graph
from reservations.selectors.places import require_places
from reservations.services.answers import Answer
from reservations.services.placing import Wanted

_CONFLICTS = (
    DuplicateEventId,
    EntityNotFound,
    ReservationAlreadyFinalized,
    ReservationCancelled,
    ReservationInvalidState,
)


@dataclass(frozen=True, slots=True)
class Decided:
    """One of three: the answer, why lines are no good (by their index), or what the document's
    state does not allow.
    """

    answer: Answer | None = None
    refused: dict[int, Refusal] = field(default_factory=dict)
    conflict: Refusal | None = None


def decide(
    *,
    organization_id: int,
    lines: Sequence[Wanted | Refusal],
    service: Callable[[tuple[Wanted, ...]], Answer],
) -> Decided:
    """Call the service with the lines when all are good.

    A line that could not be read stands in its place as the refusal. Places are looked up only
    when the service misses one: a repeat is known before its places, which may have gone.
    """
    refused = {n: line for n, line in enumerate(lines) if isinstance(line, Refusal)}
    while not refused:
        try:
            return Decided(answer=service(tuple(_good(lines))))
        except _CONFLICTS as conflict:
            return Decided(conflict=conflict)
        except (LocationDoesNotExist, GroupDoesNotExist):
            # Empty when the graph has changed since: then the service is asked again.
            refused = _without_place(organization_id, lines)
    return Decided(refused={**_without_place(organization_id, lines), **refused})


def _good(lines: Sequence[Wanted | Refusal]) -> list[Wanted]:
    return [line for line in lines if not isinstance(line, Refusal)]


def _without_place(organization_id: int, lines: Sequence[Wanted | Refusal]) -> dict[int, Refusal]:
    graph = current_graph(organization_id)
    missing: dict[int, Refusal] = {}
    for n, line in enumerate(lines):
        if isinstance(line, Refusal):
            continue
        try:
            require_places(graph, [line.place])
        except Refusal as refusal:
            missing[n] = refusal
    return missing

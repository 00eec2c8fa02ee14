"""Batches in which some records could not even be read: they fail, the others are decided."""

from collections.abc import Sequence
from datetime import datetime

from inventory.domain.graph import Graph
from inventory.errors import LocationDoesNotExist, NotAppliedDueToAtomicFailure, Refusal
from inventory.origin import Origin
from inventory.selectors.graph import current_graph
from inventory.selectors.places import location_id
from inventory.services.outcomes import Failed, Outcome, Reach
from inventory.services.stock import StockUpdate, update_stock
from reservations.services.operations import Operation, apply_operations


def apply_records(
    *,
    organization_id: int,
    records: Sequence[Operation | Refusal],
    all_or_nothing: bool,
    origin: Origin,
    now: datetime,
) -> list[Outcome]:
    """Apply records of one kind in order, in one transaction; one outcome for each.

    A record that could not be read stands in its place as the refusal. An unknown place fails its
    record, not the call. With `all_or_nothing` the records are one set, as their `set_id` says.
    """
    readable = [record for record in records if not isinstance(record, Refusal)]
    decided: Sequence[Outcome]
    if all_or_nothing and len(readable) < len(records):
        message = "Not applied because another record of the same set failed."
        decided = [Failed(NotAppliedDueToAtomicFailure(message))] * len(readable)
    elif readable:
        decided = apply_operations(
            organization_id=organization_id,
            operations=readable,
            reach=Reach.RECORD,
            origin=origin,
            now=now,
        )
    else:
        decided = []
    return _in_place(records, decided)


def update_records(
    *,
    organization_id: int,
    operation: str,
    records: Sequence[StockUpdate | Refusal],
    origin: Origin,
    now: datetime,
) -> list[Outcome]:
    """Apply stock updates in order, in one transaction; one outcome for each, as above.

    Locations are looked up only when the service misses one: a repeat is known before its
    location, which may have gone.
    """
    placed = records
    while True:
        readable = [record for record in placed if not isinstance(record, Refusal)]
        if not readable:
            return _in_place(placed, [])
        try:
            decided = update_stock(
                organization_id=organization_id,
                operation=operation,
                updates=readable,
                origin=origin,
                now=now,
            )
        except LocationDoesNotExist:
            graph = current_graph(organization_id)
            placed = [_placed(graph, record) for record in records]
        else:
            return _in_place(placed, decided)


def _placed(graph: Graph, record: StockUpdate | Refusal) -> StockUpdate | Refusal:
    if isinstance(record, Refusal):
        return record
    try:
        location_id(graph, record.location)
    except LocationDoesNotExist as refusal:
        return refusal
    return record


def _in_place(records: Sequence[object], decided: Sequence[Outcome]) -> list[Outcome]:
    """Put the outcomes of the records that could be read where those stand."""
    remaining = iter(decided)
    return [
        Failed(record) if isinstance(record, Refusal) else next(remaining) for record in records
    ]

"""Batches in which some records could not even be read: they fail, the others are decided."""

from collections.abc import Sequence
from datetime import datetime

from inventory.errors import NotAppliedDueToAtomicFailure, Refusal
from inventory.origin import Origin
from inventory.services.outcomes import Failed, Outcome, Reach
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
    remaining = iter(decided)
    return [
        Failed(record) if isinstance(record, Refusal) else next(remaining) for record in records
    ]

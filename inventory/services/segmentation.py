"""Product segmentation: the SKUs that a group does not count, wherever they lie.

What the group has promised of them stays promised: a segmented item may become oversold, which is
recorded and never refused (design: law 5).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from inventory.domain.graph import Graph
from inventory.ledger import Cause
from inventory.locks import LockedItem, lock_items, lock_organization_shared, locked_write
from inventory.models import MovementKind
from inventory.origin import Origin
from inventory.selectors.graph import graph_at
from inventory.selectors.places import group_id
from inventory.services.book import open_book
from inventory.services.items import UnbornItems, with_items_born
from inventory.statements import Statement

_BEHIND_ANY_GRAPH = 0


@dataclass(frozen=True, slots=True)
class SegmentChange:
    """SKUs that a group shall count no longer (`excludes`), or count again."""

    group: str
    skus: tuple[str, ...]
    excludes: bool


def change_segmentation(
    *,
    organization_id: int,
    changes: Sequence[SegmentChange],
    origin: Origin,
    now: datetime,
    request_id: str = "",
    finish: Callable[[int], None] | None = None,
) -> int:
    """Apply the changes in the order given, in one transaction; what stands already is skipped.

    Returns how many pairs of SKU and group changed; each is a ledger row at the group, and so a
    delta of the item. A SKU nobody has heard of becomes an item without records, so that it is
    excluded from the first count on. Raises GroupDoesNotExist for the whole call. `finish` is
    called with the number at the end of the transaction.
    """

    def write() -> int:
        with locked_write():
            count = _change(organization_id, changes, origin=origin, now=now, request_id=request_id)
            if finish is not None:
                finish(count)
        return count

    return with_items_born(organization_id, write)


def _change(
    organization_id: int,
    changes: Sequence[SegmentChange],
    *,
    origin: Origin,
    now: datetime,
    request_id: str,
) -> int:
    lock_organization_shared(organization_id)
    locked = lock_items(
        organization_id, skus=sorted({sku for change in changes for sku in change.skus})
    )
    graph = graph_at(organization_id, version=locked.graph_version)
    after = _decided(changes, graph=graph, items=locked.items)
    changed = [
        item._replace(segmented_out=sorted(after[sku]), graph_version=_BEHIND_ANY_GRAPH)
        for sku, item in locked.items.items()
        if after[sku] != set(item.segmented_out)
    ]
    if not changed:
        return 0
    _write_groups(changed)
    # Signatures differ at every location: behind any graph, the pools are added up anew.
    book = open_book(graph=graph, locked=changed)
    notes = 0
    for item in changed:
        before = set(locked.items[item.sku].segmented_out)
        for group in sorted(before ^ set(item.segmented_out)):
            kind = MovementKind.SEGMENT_IN if group in before else MovementKind.SEGMENT_OUT
            cause = Cause(kind=kind, quantity=0, effective_at=now, request_id=request_id)
            book.items[item.sku].note(group, cause=cause)
            notes += 1
    book.write(Statement(), origin=origin, now=now)
    return notes


def _decided(
    changes: Iterable[SegmentChange], *, graph: Graph, items: Mapping[str, LockedItem]
) -> dict[str, set[int]]:
    """Return what each item is segmented out of after the changes; UnbornItems when one lacks."""
    unborn = {s for change in changes if change.excludes for s in change.skus if s not in items}
    after = {sku: set(item.segmented_out) for sku, item in items.items()}
    for change in changes:
        group = group_id(graph, change.group)
        for sku in change.skus:
            if change.excludes and sku in after:
                after[sku].add(group)
            elif sku in after:
                after[sku].discard(group)
    if unborn:
        raise UnbornItems(unborn)
    return after


def _write_groups(items: Sequence[LockedItem]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inventory_item i SET segmented_out = v.groups::bigint[]"
            " FROM unnest(%s::bigint[], %s::text[]) AS v(id, groups) WHERE i.id = v.id",
            [
                [item.id for item in items],
                [f"{{{','.join(map(str, item.segmented_out))}}}" for item in items],
            ],
        )

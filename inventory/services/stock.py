"""Writing stock: counts, safety stock, futures, exclusions; deleting a record.

Stock may fall below what is promised: that is recorded, never refused (design: law 5). Reserved
counts are never touched here. Quantities are integers of thousandths.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from inventory.domain.balance import Balance
from inventory.domain.graph import Graph
from inventory.domain.record import Future, Record, Signature
from inventory.errors import EntityNotFound, ExportInProcess, Refusal
from inventory.ledger import Cause
from inventory.locks import lock_items, lock_organization_shared, locked_write
from inventory.models import MovementKind
from inventory.origin import Origin
from inventory.selectors.graph import graph_at
from inventory.selectors.jobs import running_availability_export
from inventory.selectors.places import location_id
from inventory.services.book import StockBook, open_book
from inventory.services.items import UnbornItems, with_items_born
from inventory.services.once import Processed, RecordKey, RequestKeys, digest
from inventory.services.outcomes import Applied, Failed, Outcome
from inventory.statements import Statement


@dataclass(frozen=True, slots=True)
class StockUpdate:
    """What a client says of one item at one location.

    With `replaces`, a figure that is None is reset; otherwise it is left as it is.
    """

    request_id: str
    location: str
    sku: str
    replaces: bool
    external_ref: str = ""
    on_hand: int | None = None
    safety_stock: int | None = None
    effective_at: datetime | None = None
    futures: tuple[Future, ...] | None = None
    excluded_groups: tuple[str, ...] | None = None


def update_stock(
    *,
    organization_id: int,
    operation: str,
    updates: Sequence[StockUpdate],
    origin: Origin,
    now: datetime,
) -> list[Outcome]:
    """Apply stock updates in the order given, in one transaction.

    An unknown location refuses the whole call (LocationDoesNotExist). A record whose id came
    before with another body fails with DuplicateEventId, one that would make the item's sums too
    large to be stored with InvalidRequestParameter; the others are applied.
    """

    def write() -> list[Outcome]:
        with locked_write():
            return apply_updates(
                organization_id, operation=operation, updates=updates, origin=origin, now=now
            )

    return with_items_born(organization_id, write)


def apply_updates(
    organization_id: int,
    *,
    operation: str,
    updates: Sequence[StockUpdate],
    origin: Origin,
    now: datetime,
) -> list[Outcome]:
    """Apply stock updates inside the caller's transaction, run by `with_items_born`.

    A repeat is recognized before its location, which may have left the graph since.
    """
    skus = sorted({update.sku for update in updates})
    lock_organization_shared(organization_id)
    locked = lock_items(organization_id, skus=skus)
    graph = graph_at(organization_id, version=locked.graph_version)
    if len(locked.items) < len(skus):
        _require_locations(graph, updates)
        raise UnbornItems([sku for sku in skus if sku not in locked.items])
    keys = _keys(operation, updates)
    book = open_book(
        graph=graph,
        locked=locked.items.values(),
        locations=[
            (update.sku, graph.locations[update.location])
            for update in updates
            if update.location in graph.locations
        ],
        keys=keys,
    )
    _require_locations(
        graph,
        (u for u, key in zip(updates, keys, strict=True) if key not in book.processed),
    )
    outcomes = [
        _apply(book, update, key=key, now=now) for update, key in zip(updates, keys, strict=True)
    ]
    book.write(Statement(), origin=origin, now=now)
    return outcomes


def _require_locations(graph: Graph, updates: Iterable[StockUpdate]) -> None:
    for update in updates:
        location_id(graph, update.location)


def _keys(operation: str, updates: Sequence[StockUpdate]) -> list[RecordKey]:
    keys = RequestKeys(operation)
    return [
        keys.key(update.request_id, digest(update), sku=update.sku, place=update.location)
        for update in updates
    ]


def _apply(book: StockBook, update: StockUpdate, *, key: RecordKey, now: datetime) -> Outcome:
    earlier = book.processed.get(key)
    try:
        if earlier is not None:
            earlier.check()
            return Applied.BEFORE
        _count(book, update, now=now)
    except Refusal as refusal:
        return Failed(refusal)
    book.applied[key] = Processed()
    return Applied.NOW


def _count(book: StockBook, update: StockUpdate, *, now: datetime) -> None:
    location = location_id(book.graph, update.location)
    item = book.items[update.sku]
    signature = partial(book.signature, item, location)
    record = _updated(item.records[location], update, signature=signature)
    cause = Cause(
        kind=MovementKind.COUNT,
        quantity=record.balance.on_hand,
        effective_at=record.effective_at or now,
        request_id=update.request_id,
        external_ref=update.external_ref,
    )
    book.count(item, location, record, cause=cause)


def _updated(record: Record, update: StockUpdate, *, signature: Callable[..., Signature]) -> Record:
    """Return the record as the update leaves it; reserved stays.

    `signature` tells which groups count it, by its exclusions.
    """
    base = record
    if update.replaces:
        base = Record(signature=(), balance=Balance(reserved=record.balance.reserved))
    futures = base.futures if update.futures is None else update.futures
    excluded = base.excluded_groups
    if update.excluded_groups is not None:
        excluded = tuple(sorted(set(update.excluded_groups)))
    balance = base.balance
    return Record(
        signature=signature(excluded=excluded),
        balance=balance._replace(
            on_hand=balance.on_hand if update.on_hand is None else update.on_hand,
            safety_stock=(
                balance.safety_stock if update.safety_stock is None else update.safety_stock
            ),
            futures=sum(quantity for _, quantity in futures),
        ),
        futures=futures,
        effective_at=base.effective_at if update.effective_at is None else update.effective_at,
        excluded_groups=excluded,
        exists=True,
    )


def delete_stock_record(
    *,
    organization_id: int,
    location: str,
    sku: str,
    request_id: str,
    origin: Origin,
    now: datetime,
) -> None:
    """Reset a record's counts and drop it from every sum; its reserved count and claims stay.

    Raises LocationDoesNotExist, EntityNotFound, and ExportInProcess while an availability export
    of the organization runs. A repeat with the same id changes nothing.
    """
    export = running_availability_export(organization_id)
    if export is not None:
        message = f"Export {export} is in progress."
        raise ExportInProcess(message)
    body = digest((location, sku))
    key = RequestKeys("delete-record").key(request_id, body, sku=sku, place=location)
    with locked_write():
        lock_organization_shared(organization_id)
        locked = lock_items(organization_id, skus=[sku])
        graph = graph_at(organization_id, version=locked.graph_version)
        place = location_id(graph, location)
        book = open_book(
            graph=graph, locked=locked.items.values(), locations=[(sku, place)], keys=[key]
        )
        if key in book.processed:
            return
        item = book.items.get(sku)
        record = item.records[place] if item is not None else None
        if item is None or record is None or not record.exists:
            message = "The Location SKU provided was not found in the system."
            raise EntityNotFound(message)
        cause = Cause(
            kind=MovementKind.DELETE,
            quantity=record.balance.on_hand,
            effective_at=now,
            request_id=request_id,
        )
        gone = Record(
            signature=book.signature(item, place),
            balance=Balance(reserved=record.balance.reserved),
        )
        item.put(place, gone, cause=cause)
        book.applied[key] = Processed()
        book.write(Statement(), origin=origin, now=now)

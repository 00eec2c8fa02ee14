"""From an order as asked for to lines of known products and stock lists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec

from integrations.omnitron.domain.drafts import ItemDraft, OrderDraft
from integrations.omnitron.domain.statuses import CANCELED
from integrations.omnitron.errors import InvalidFields
from integrations.omnitron.models import Channel, StockList
from inventory.models import Item
from inventory.services.items import create_items
from reservations.domain.places import PlaceRef
from reservations.services.placing import Wanted


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line of a known product on a known list."""

    draft: ItemDraft
    sku: str
    stock_list_id: int
    place: PlaceRef

    @property
    def holds(self) -> bool:
        """Tell whether the line holds stock: not if it is created canceled."""
        return self.draft.status != CANCELED

    @property
    def wanted(self) -> Wanted:
        """Return what is to be held."""
        return Wanted(self.sku, self.place, self.draft.quantity)


def resolve_lines(*, organization_id: int, channel: Channel, draft: OrderDraft) -> list[OrderLine]:
    """Find products and lists; InvalidFields with the wrong lines under `order_item`, by their
    number, as DRF tells of lists.

    An order that is canceled as a whole has canceled lines only.
    """
    items = draft.items
    if not items:
        raise InvalidFields({"order_item": ["This list may not be empty."]}, code="invalid")
    if draft.status == CANCELED:
        items = tuple(replace(item, status=CANCELED) for item in items)
    skus = dict(
        Item.objects.filter(
            organization_id=organization_id,
            pk__in={item.product for item in items if item.product is not None},
        ).values_list("pk", "sku")
    )
    named = {item.stock_list or channel.stock_list_id for item in items}
    lists = {
        each.pk: each
        for each in StockList.objects.filter(
            organization_id=organization_id, pk__in=[pk for pk in named if pk is not None]
        ).select_related("location", "group")
    }
    lines, errors = [], {}
    for number, item in enumerate(items):
        pk = item.stock_list or channel.stock_list_id
        wrong = _wrong(item, skus=skus, stock_list=pk, lists=lists)
        if wrong:
            errors[number] = wrong
        elif pk is not None:
            sku = item.sku if item.product is None else skus[item.product]
            known = replace(item, product=None, sku=sku, stock_list=pk)
            lines.append(OrderLine(known, sku, pk, place_of(lists[pk])))
    if errors:
        raise InvalidFields({"order_item": errors}, code="invalid")
    return lines


def _wrong(
    item: ItemDraft,
    *,
    skus: Mapping[int, str],
    stock_list: int | None,
    lists: Mapping[int, StockList],
) -> dict[str, list[str]]:
    wrong = {}
    if item.product is not None and item.product not in skus:
        wrong["product"] = [unknown_pk(item.product)]
    if stock_list is None:
        wrong["stock_list"] = ["This field is required: the channel has no stock list of its own."]
    elif stock_list not in lists:
        wrong["stock_list"] = [unknown_pk(stock_list)]
    return wrong


def unknown_pk(pk: int) -> str:
    """Say that there is no such object, as DRF says it."""
    return f'Invalid pk "{pk}" - object does not exist.'


def place_of(stock_list: StockList) -> PlaceRef:
    """Return the one place a list stands for."""
    place = stock_list.location or stock_list.group
    assert place is not None  # noqa: S101  # a CHECK constraint of the table
    return PlaceRef(place.identifier, is_group=stock_list.group is not None)


def digest_of(lines: Sequence[OrderLine]) -> UUID:
    """Return what tells the same lines from others, however their fields were ordered."""
    plain = msgspec.json.encode([line.draft for line in lines], order="sorted")
    return UUID(bytes=blake2b(plain, digest_size=16).digest())


def idle_item_ids(organization_id: int, lines: Sequence[OrderLine]) -> dict[str, int]:
    """Return the items of lines that hold nothing, by SKU; unborn ones come to life.

    Called before the transaction: items are created in a statement of their own (design: 6.4).
    """
    skus = {line.sku for line in lines if not line.holds}
    if not skus:
        return {}
    found: Any = Item.objects.filter(organization_id=organization_id, sku__in=skus)
    known: dict[str, int] = dict(found.values_list("sku", "pk"))
    if len(known) < len(skus):
        create_items(organization_id, skus=skus - known.keys())
        known = dict(found.values_list("sku", "pk"))
    return known

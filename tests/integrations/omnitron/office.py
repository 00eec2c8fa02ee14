"""A back office around a shop: stock lists, a channel, orders. Quantities are whole units here.

office = an_office(a_shop(all=["l1", "l2"]), lists={"main": "l1", "web": "all"})
order = office.order("1001", ("main", 2))
office.map(office.items(order)[0], "ERP-1")
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from integrations.omnitron.domain.drafts import CancelRequest, ItemDraft, OrderDraft, StockPush
from integrations.omnitron.models import Channel, MappingEffect, Order, OrderItem, StockList
from integrations.omnitron.selectors.stock import product_stocks
from integrations.omnitron.services.changes import cancel_order, change_order_items
from integrations.omnitron.services.mappings import StoredMapping, create_mapping
from integrations.omnitron.services.orders import StoredOrder, create_order, set_is_send
from integrations.omnitron.services.setup import create_channel, create_stock_list
from integrations.omnitron.services.stock import StoredStock, push_stock
from inventory.models import Movement, Promise, StockRecord
from reservations.models import Claim, Document, Line
from tests.builders import SKU, UNIT, Shop


@dataclass
class Office:
    """The ERP side of a shop, acting at the shop's moment."""

    shop: Shop
    channel: Channel
    lists: dict[str, StockList]

    def later(self, seconds: float) -> "Office":
        """Return the same office at a later moment."""
        return replace(self, shop=self.shop.later(seconds))

    @property
    def _who(self) -> dict[str, Any]:
        return {
            "organization_id": self.shop.id,
            "origin": self.shop.origin,
            "now": self.shop.now,
        }

    def line(self, stock_list: str, units: float, *, sku: str = SKU, **more: Any) -> ItemDraft:
        """Draft a line of so many units."""
        return ItemDraft(
            sku=sku,
            stock_list=self.lists[stock_list].pk if stock_list else None,
            quantity=round(units * UNIT),
            price_currency="try",
            price=Decimal("9.90"),
            tax_rate=Decimal(18),
            **more,
        )

    def create(self, number: str, *lines: ItemDraft, **more: Any) -> StoredOrder:
        """Create an order of drafted lines."""
        draft = OrderDraft(number=number, items=lines, **more)
        return create_order(channel_id=self.channel.pk, draft=draft, **self._who)

    def order(self, number: str, *lines: tuple[str, float], **more: Any) -> int:
        """Create an order of (list, units) of the one SKU; return its pk."""
        drafts = [self.line(stock_list, units) for stock_list, units in lines]
        return self.create(number, *drafts, **more).id

    def items(self, order: int) -> list[int]:
        """Return the pks of an order's items, as listed."""
        return list(
            OrderItem.objects.filter(order=order).order_by("pk").values_list("pk", flat=True)
        )

    def map(self, item: int, code: str, *, update_stock: bool = True) -> StoredMapping:
        """Store the ERP's id of an item."""
        return create_mapping(order_item_id=item, code=code, update_stock=update_stock, **self._who)

    def change(self, changes: Mapping[int, Mapping[str, Any]]) -> None:
        """Change order items."""
        change_order_items(changes=changes, **self._who)

    def cancel(self, order: int, *items: int, **more: Any) -> None:
        """Cancel items of an order, or with `is_all` the order."""
        request = CancelRequest(items=items, **more)
        cancel_order(order_id=order, request=request, **self._who)

    def send(self, order: int, *, is_send: bool = True) -> None:
        """Say that the ERP has taken an order."""
        set_is_send(
            organization_id=self.shop.id, order_id=order, is_send=is_send, now=self.shop.now
        )

    def push(self, *pushes: StockPush) -> list[StoredStock]:
        """Push stock."""
        return push_stock(pushes=pushes, **self._who)

    def a_push(
        self, stock_list: str, units: float | None, *, sku: str = SKU, **more: Any
    ) -> StockPush:
        """Make a push of so many units."""
        stock = None if units is None else round(units * UNIT)
        return StockPush(sku=sku, stock_list=self.lists[stock_list].pk, stock=stock, **more)

    # Looking

    def figures(self, stock_list: str, *, sku: str = SKU) -> tuple[float, float]:
        """Return stock and unreported of the one SKU on a list."""
        row = product_stocks(self.shop.id).get(stock_list=self.lists[stock_list], product__sku=sku)
        return row.stock / UNIT, row.sold_quantity_unreported / UNIT  # type: ignore[attr-defined]

    def held(self, sku: str = SKU) -> dict[tuple[int, str], float]:
        """Return what order items hold: units by (item, place)."""
        held: dict[tuple[int, str], float] = {}
        claims = Claim.objects.filter(item=self.shop.item(sku)).exclude(line__order_item=None)
        for item, place, quantity in claims.values_list(
            "line__order_item__pk", "place__identifier", "quantity"
        ):
            held[item, place] = held.get((item, place), 0) + quantity / UNIT
        return held

    def state(self) -> list[Any]:
        """Return every row that an operation could have changed."""
        tables = (StockRecord, Promise, Claim, Line, Document, Movement, Order, OrderItem)
        return [list(table.objects.order_by("pk").values()) for table in tables]


def an_office(
    shop: Shop, *, lists: Mapping[str, str], fulfils: tuple[str, ...] = (), channel: str = "web"
) -> Office:
    """Open an office with these stock lists (name to place) and a channel that has the first."""
    made = {
        name: create_stock_list(
            organization_id=shop.id,
            name=name,
            place=place,
            code=f"code-{name}",
            on_mapping=MappingEffect.FULFIL if name in fulfils else MappingEffect.RELEASE,
        )
        for name, place in lists.items()
    }
    opened = create_channel(organization_id=shop.id, name=channel, stock_list=next(iter(lists)))
    return Office(shop, opened, made)

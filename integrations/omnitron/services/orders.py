"""Creating orders: every line is held or none, in one transaction with the order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from integrations.omnitron.domain.drafts import OrderDraft
from integrations.omnitron.domain.statuses import CANCELED
from integrations.omnitron.errors import InvalidFields, not_applicable
from integrations.omnitron.locks import ClaimedOrder, claim_order, lock_orders
from integrations.omnitron.models import Channel, Order
from integrations.omnitron.services.lines import (
    OrderLine,
    digest_of,
    idle_item_ids,
    resolve_lines,
)
from integrations.omnitron.services.writing import (
    write_order,
    write_order_items,
    write_products,
)
from inventory.domain.quantity import to_json_number
from inventory.errors import EntityNotFound, GroupDoesNotExist, LocationDoesNotExist
from inventory.locks import locked_write
from inventory.origin import Origin
from inventory.statements import Statement
from reservations.services.holds import DecidedHold, ShortLine, decide_hold


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """The order of that number, and whether this call made it."""

    id: int
    is_new: bool


def create_order(
    *, organization_id: int, channel_id: int, draft: OrderDraft, origin: Origin, now: datetime
) -> StoredOrder:
    """Create an order and hold what its items need; a repeat changes nothing.

    Raises EntityNotFound when the organization has no such channel; InvalidFields for an unknown
    product or stock list, other lines under the same number, or stock that does not suffice (each
    short SKU with what was asked and its ATO). ConcurrentModification: send it again.
    """
    channel = Channel.objects.filter(organization_id=organization_id, pk=channel_id).first()
    if channel is None:
        raise EntityNotFound("Not found.")
    lines = resolve_lines(organization_id=organization_id, channel=channel, draft=draft)
    idle = idle_item_ids(organization_id, lines)
    digest = digest_of(lines)
    with locked_write():
        order = claim_order(
            organization_id=organization_id,
            channel_id=channel_id,
            number=draft.number,
            lines=digest,
            status=CANCELED if all(not line.holds for line in lines) else draft.status,
            items=len(lines),
        )
        if order.is_new:
            writing = _Writing(organization_id, order, draft, lines, idle, origin, now)
            writing.write()
        elif order.lines != digest:
            message = "An order with this number exists in the channel, with other lines."
            raise InvalidFields({"number": [message]}, code="order_exists")
    return StoredOrder(order.id, order.is_new)


@dataclass(frozen=True, slots=True)
class _Writing:
    """An order that was claimed just now."""

    organization_id: int
    order: ClaimedOrder
    draft: OrderDraft
    lines: Sequence[OrderLine]
    product_ids: dict[str, int]
    """The products of lines that hold nothing, by SKU."""
    origin: Origin
    now: datetime

    def write(self) -> None:
        """Hold what is needed and write everything in one statement; InvalidFields if short."""
        statement = Statement()
        write_order(statement, self.order.id, self.draft, now=self.now)
        holding = [line for line in self.lines if line.holds]
        if not holding:
            self._write_items(statement, self.product_ids, [None for _ in self.lines])
            statement.execute()
            return
        hold = self._decide(holding)
        held = iter(hold.line_ids)
        line_ids = [next(held) if line.holds else None for line in self.lines]
        self._write_items(statement, {**self.product_ids, **hold.item_ids}, line_ids)
        hold.write(statement, origin=self.origin)

    def _decide(self, holding: Sequence[OrderLine]) -> DecidedHold:
        try:
            hold = decide_hold(
                organization_id=self.organization_id,
                identifier=str(self.order.id),
                lines=[line.wanted for line in holding],
                reference=self.draft.number,
                now=self.now,
            )
        except (LocationDoesNotExist, GroupDoesNotExist) as gone:
            message = f"A stock list stands for a place that is gone: {gone.message}"
            raise not_applicable(message, code="place_gone") from gone
        if hold.short:
            raise InvalidFields(
                {"non_field_errors": [_told(short) for short in hold.short]},
                code="insufficient_stock",
            )
        return hold

    def _write_items(
        self,
        statement: Statement,
        product_ids: dict[str, int],
        line_ids: Sequence[int | None],
    ) -> None:
        write_order_items(
            statement,
            [
                (item_id, line, product_ids[line.sku], line_id)
                for item_id, line, line_id in zip(
                    self.order.item_ids, self.lines, line_ids, strict=True
                )
            ],
            organization_id=self.organization_id,
            order_id=self.order.id,
            now=self.now,
        )
        write_products(
            statement,
            [(line, product_ids[line.sku]) for line in self.lines],
            organization_id=self.organization_id,
            now=self.now,
        )


def _told(short: ShortLine) -> str:
    asked, available = to_json_number(short.asked), to_json_number(short.available)
    return f"{short.sku}: {asked} asked for, {available} available to order."


def set_is_send(*, organization_id: int, order_id: int, is_send: bool, now: datetime) -> None:
    """Tell whether the ERP has taken the order; never touches stock. Raises EntityNotFound."""
    with locked_write():
        if not lock_orders(organization_id, order_ids=[order_id]):
            raise EntityNotFound("Not found.")
        Order.objects.filter(pk=order_id).exclude(is_send=is_send).update(
            is_send=is_send, modified_date=now
        )

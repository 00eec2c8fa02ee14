"""One order item as a person looks at it. Quantities are thousandths."""

from collections.abc import Sequence
from dataclasses import dataclass

from integrations.omnitron.models import CancellationPlan, IntegrationMapping, OrderItem
from reservations.models import Line
from reservations.selectors.document_page import Holding, Step, line_story


@dataclass(frozen=True, slots=True)
class OrderItemPage:
    """An order item with order, product and stock list joined, and what became of it.

    `document_id` is its order's reservation document, None where it has never held anything;
    `steps` are its last 200 ledger rows, newest first.
    """

    item: OrderItem
    document_id: int | None
    holdings: Sequence[Holding]
    steps: Sequence[Step]
    mappings: Sequence[IntegrationMapping]
    cancellations: Sequence[CancellationPlan]

    @property
    def held(self) -> int:
        """What it still holds at all places."""
        return sum(holding.quantity for holding in self.holdings)


def page_of(order_item_id: int) -> OrderItemPage:
    """Return what there is to tell of an order item that exists; eight statements at most."""
    item = OrderItem.objects.select_related(
        "order__channel", "product", "stock_list__location", "stock_list__group"
    ).get(pk=order_item_id)
    document_id = None
    story: tuple[Sequence[Holding], Sequence[Step]] = ((), ())
    if item.line_id is not None:
        document_id = Line.objects.values_list("document_id", flat=True).get(pk=item.line_id)
        story = line_story(item.line_id, document_id=document_id)
    cancellations = CancellationPlan.objects.filter(order=item.order_id, items__contains=[item.pk])
    return OrderItemPage(
        item=item,
        document_id=document_id,
        holdings=story[0],
        steps=story[1],
        mappings=list(item.mapping.order_by("pk")),
        cancellations=list(cancellations.order_by("pk")),
    )

"""The ERP's side: create_mapping beside the floor, and the work queue as orders pile up."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.utils import timezone

from integrations.accounts.services import create_integration_user
from integrations.omnitron.domain.drafts import ItemDraft, OrderDraft
from integrations.omnitron.models import Channel, OrderItem, StockList
from integrations.omnitron.services.orders import create_order
from integrations.omnitron.services.setup import create_channel, create_stock_list
from inventory.models import Organization
from tests.bench import shop
from tests.bench.load import Clients, Variant

_LINES = 50
PAGE = 100
WAITING = 50
"""Of so many orders one waits for the ERP."""

# Orders of two items that hold nothing any more; the ERP has taken all but every fiftieth.
_PILE = """
WITH made AS (
  INSERT INTO orders_order (organization_id, channel_id, number, status, is_send, currency, amount,
    customer, shipping_address, billing_address, extra_field, details, lines)
  SELECT %(organization)s, %(channel)s, 'pile-' || n, 400, n %% %(waiting)s <> 0, 'try', 286.10,
    '{"pk": 1}', '{"city": "Ankara"}', '{"city": "Ankara"}', '{}', '{"notes": "quick"}',
    gen_random_uuid()
  FROM generate_series(%(first)s, %(last)s) n RETURNING id
)
INSERT INTO orders_orderitem (organization_id, order_id, product_id, stock_list_id, status,
  quantity, price_currency, price, tax_rate, extra_field, attributes, attributes_kwargs, details)
SELECT %(organization)s, made.id, p.id, %(stock_list)s, 400, 1000, 'try', 9.90, 18, '{}', '{}',
  '{}', '{}' FROM made CROSS JOIN
  (SELECT id FROM inventory_item WHERE organization_id = %(organization)s ORDER BY id LIMIT 2) p
"""


@dataclass(frozen=True)
class Office:
    """The ERP's access to the bench's organization."""

    organization: Organization
    channel: Channel
    stock_list: StockList
    authorization: str


def open_office(organization: Organization) -> Office:
    """Make a list, a channel and an integration user."""
    stock_list = create_stock_list(organization_id=organization.pk, name="bench", place="shop-1")
    channel = create_channel(organization_id=organization.pk, name="bench", stock_list="bench")
    issued = create_integration_user(
        organization=organization.identifier, username="bench", now=timezone.now()
    )
    return Office(organization, channel, stock_list, f"Token {issued.token}")


def place_orders(office: Office, *, items: int, skus: int) -> range:
    """Hold that many order items over the shop's items, in orders of fifty; return their ids."""
    before = OrderItem.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    for start in range(0, items, _LINES):
        lines = tuple(
            ItemDraft(
                sku=f"item-{n % skus}",
                price_currency="try",
                price=Decimal("9.90"),
                tax_rate=Decimal(18),
            )
            for n in range(start, start + _LINES)
        )
        create_order(
            organization_id=office.organization.pk,
            channel_id=office.channel.pk,
            draft=OrderDraft(number=f"bench-{start}", items=lines, is_send=True),
            origin=shop.ORIGIN,
            now=timezone.now(),
        )
    return range(before + 1, before + 1 + items)


@contextmanager
def mapping(office: Office, ids: range) -> Iterator[Variant]:
    """Map each of these order items once, whoever of the clients comes to it."""
    with tempfile.NamedTemporaryFile("wb") as taken:
        taken.write(b"0")
        taken.flush()
        yield Variant(
            "mapping",
            {"taken": taken.name, "first": ids.start, "count": len(ids)},
            authorization=office.authorization,
        )


def pile_up(office: Office, *, first: int, last: int) -> None:
    """Write orders by SQL: what is measured is reading."""
    with shop.loading(), connection.cursor() as cursor:
        for start in range(first, last, 50_000):
            cursor.execute(
                _PILE,
                {
                    "organization": office.organization.pk,
                    "channel": office.channel.pk,
                    "stock_list": office.stock_list.pk,
                    "waiting": WAITING,
                    "first": start,
                    "last": min(start + 50_000, last) - 1,
                },
            )


def work_queue(office: Office) -> Variant:
    """Ask for a page of the work queue with its items, as an ERP does."""
    path = f"/api/i1/orders/?is_send=False&status=400&limit={PAGE}&sort=id"
    return Variant("get", {"path": path}, authorization=office.authorization)


def milliseconds(clients: Clients, variant: Variant, *, seconds: float, rounds: int) -> float:
    """Return how long a request takes, one client calling: the median of rounds."""
    clients.rate(variant, clients=1, seconds=seconds)
    rates = sorted(clients.rate(variant, clients=1, seconds=seconds) for _ in range(rounds))
    return 1000 / rates[len(rates) // 2]

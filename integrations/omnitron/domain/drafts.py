"""An order as it was asked for. Quantities are integers of thousandths."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from integrations.omnitron.domain.statuses import APPROVED


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDraft:
    """One line: a product by its pk (`product`) or by `sku`, one of the two.

    Without `stock_list` (a pk) the channel's own list is meant. `details` are further fields of
    the wire format, kept as they are.
    """

    product: int | None = None
    sku: str = ""
    product_name: str = ""
    stock_list: int | None = None
    quantity: int = 1000
    status: int = APPROVED
    price_currency: str
    price: Decimal
    tax_rate: Decimal
    cancel_status: str | None = None
    extra_field: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    attributes_kwargs: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDraft:
    """An order with its lines. `details` as in `ItemDraft`."""

    number: str
    items: tuple[ItemDraft, ...]
    status: int = APPROVED
    is_send: bool = False
    date_placed: datetime | None = None
    currency: str = ""
    amount: Decimal | None = None
    customer: Mapping[str, Any] = field(default_factory=dict)
    shipping_address: Mapping[str, Any] = field(default_factory=dict)
    billing_address: Mapping[str, Any] = field(default_factory=dict)
    extra_field: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequest:
    """What is to be cancelled: all of an order, or some of its items (pks).

    `reasons` is item pk (text) to reason pk; `details` are the refund terms as sent.
    """

    is_all: bool = False
    items: tuple[int, ...] = ()
    reasons: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StockPush:
    """What the ERP says of one product on one list.

    `product` (pk) or `sku`; a figure that is None is left as it is. `stock` is in thousandths.
    """

    product: int | None = None
    sku: str = ""
    stock_list: int
    stock: int | None = None
    unit_type: str | None = None
    extra_field: Mapping[str, Any] | None = None

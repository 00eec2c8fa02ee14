"""Orders and their items. What an item holds is told by its line's claims, not by these tables."""

from typing import TYPE_CHECKING

from django.contrib.contenttypes.fields import GenericRelation
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from integrations.omnitron.models.mappings import IntegrationMapping
from integrations.omnitron.models.references import UNCHECKED
from integrations.omnitron.models.sales import Channel, StockList
from inventory.models import Item, Organization
from reservations.models import Line

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class Order(models.Model):
    """An order of a channel, by the channel's own number.

    Columns are what is searched, sorted or decided by; `details` holds the other fields of the
    wire format as they are written there (money as decimal text). `customer` and the two addresses
    are objects; a sender that gave a number is kept as `{"pk": number}`. `lines` is the digest of
    what was ordered, by which a repeat is told from a misuse. What it holds is the reservation
    document of source `omnitron` whose id is the order's pk.
    """

    if TYPE_CHECKING:
        orderitem_set: "RelatedManager[OrderItem]"

    organization = models.ForeignKey(Organization, **UNCHECKED)
    channel = models.ForeignKey(Channel, **UNCHECKED, verbose_name=_("channel"))
    number = models.CharField(max_length=128, verbose_name=_("number"))
    status = models.SmallIntegerField()
    is_send = models.BooleanField(default=False, verbose_name=_("is send"))
    date_placed = models.DateTimeField(null=True)
    currency = models.CharField(max_length=16)
    amount = models.DecimalField(max_digits=15, decimal_places=2, null=True)
    customer = models.JSONField(default=dict)
    shipping_address = models.JSONField(default=dict)
    billing_address = models.JSONField(default=dict)
    extra_field = models.JSONField(default=dict)
    details = models.JSONField(default=dict)
    lines = models.UUIDField()
    created_date = models.DateTimeField(db_default=Now(), verbose_name=_("created date"))
    modified_date = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.UniqueConstraint(fields=["channel", "number"], name="order_number_unique"),
        ]
        indexes = [
            # Pages of a tenant; by number over all its channels; what changed since.
            models.Index(fields=["organization", "id"], name="order_page"),
            models.Index(fields=["organization", "number"], name="order_by_number"),
            models.Index(fields=["organization", "modified_date"], name="order_changed"),
            # The ERP's work queue: what it has not taken yet.
            models.Index(
                fields=["organization", "status", "id"],
                condition=Q(is_send=False),
                name="order_work_queue",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class OrderItem(models.Model):
    """One line of an order: so many units of a product, held at its stock list's place.

    `quantity` is in thousandths and never changes. `line` is the reservation line whose claims it
    holds, by number only: an item that was created canceled has none. `details` as in `Order`.
    """

    organization = models.ForeignKey(Organization, **UNCHECKED)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, verbose_name=_("order"))
    product = models.ForeignKey(Item, **UNCHECKED, verbose_name=_("product"))
    stock_list = models.ForeignKey(StockList, **UNCHECKED, verbose_name=_("stock list"))
    status = models.SmallIntegerField()
    quantity = models.BigIntegerField()
    price_currency = models.CharField(max_length=16)
    price = models.DecimalField(max_digits=15, decimal_places=2)
    tax_rate = models.DecimalField(max_digits=6, decimal_places=2)
    cancel_status = models.CharField(max_length=64, null=True)  # noqa: DJ001  # null on the wire
    extra_field = models.JSONField(default=dict)
    attributes = models.JSONField(default=dict)
    attributes_kwargs = models.JSONField(default=dict)
    details = models.JSONField(default=dict)
    line = models.OneToOneField(
        Line, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="order_item"
    )
    created_date = models.DateTimeField(db_default=Now(), verbose_name=_("created date"))
    modified_date = models.DateTimeField(db_default=Now())
    mapping = GenericRelation(IntegrationMapping, related_query_name="order_item")

    class Meta:
        verbose_name = _("order item")
        verbose_name_plural = _("order items")
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="order_item_orders_something"),
        ]
        indexes = [
            models.Index(fields=["organization", "id"], name="order_item_page"),
            models.Index(fields=["organization", "modified_date"], name="order_item_changed"),
            # By age and by SKU, as the back office lists them.
            models.Index(fields=["organization", "created_date", "id"], name="order_item_came"),
            models.Index(fields=["product", "id"], name="order_item_of_product"),
        ]

    def __str__(self) -> str:
        return f"item {self.pk} of order {self.order_id}"

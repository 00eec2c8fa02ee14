"""Items and their balances. Every quantity is an integer of thousandths.

Nothing here is written but through the services, under the item's lock.
"""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inventory.models.organization import Organization
from inventory.models.places import Location, LocationGroup

# The unique constraint that begins with the item or organization is the index.
_INDEXED_BELOW: Any = {"on_delete": models.CASCADE, "db_index": False}
# Items and places are never deleted, so the database need not look for them with each row of an
# import: a quarter of what a new record costs. The audit does.
_UNPROVED: Any = {"db_constraint": False}


class Item(models.Model):
    """A stock keeping unit. Its row is the lock for everything about the item.

    `on_hand`, `available_to_order` and `short` are totals over all locations, kept for lists.
    `available_to_order` is what a group of all locations could still promise; `short` is what is
    promised and cannot be served any more (above 0: the item is oversold). `sequence` counts the
    item's changes. `graph_version` is the version its pool balances were built with.
    `segmented_out` are the ids of the groups that count this item nowhere (product segmentation);
    ids of groups that have left the graph may still be among them, and mean nothing. `is_out`
    follows from `available_to_order`, `changed_hour` (hours since 1970) from `changed_at`; the
    database keeps both.
    """

    organization = models.ForeignKey(Organization, **_INDEXED_BELOW)
    sku = models.CharField(max_length=250, verbose_name=_("sku"))
    sequence = models.BigIntegerField(default=0)
    graph_version = models.BigIntegerField(default=0)
    on_hand = models.BigIntegerField(default=0)
    available_to_order = models.BigIntegerField(default=0)
    short = models.BigIntegerField(default=0)
    changed_at = models.DateTimeField(db_default=Now())
    segmented_out = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    changed_hour = models.GeneratedField(
        expression=models.Func(
            models.F("changed_at"),
            template="div(extract(epoch FROM %(expressions)s AT TIME ZONE 'UTC'), 3600)::integer",
        ),
        output_field=models.IntegerField(),
        db_persist=True,
    )
    is_out = models.GeneratedField(
        expression=Q(available_to_order__lte=0),  # type: ignore[arg-type]  # gap in the stubs
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("item")
        verbose_name_plural = _("items")
        constraints = [
            models.UniqueConstraint(fields=["organization", "sku"], name="item_sku_unique"),
            models.CheckConstraint(condition=Q(short__gte=0), name="item_short_not_negative"),
        ]
        indexes = [
            # Which items are oversold?
            models.Index(
                fields=["organization", "id"], condition=Q(short__gt=0), name="item_oversold"
            ),
            # Which items are out of stock? By a column that only changes with the answer: an index
            # of the figure itself, or with it in its condition, would end heap-only updates.
            models.Index(fields=["organization", "sku"], condition=Q(is_out=True), name="item_out"),
            # Which items changed last? By the hour: each item pays for it once an hour, where an
            # index of the moment would end heap-only updates.
            models.Index(fields=["organization", "changed_hour"], name="item_changed"),
            # Which items have pools that are behind the graph?
            models.Index(fields=["organization", "graph_version", "id"], name="item_behind_graph"),
            # Which items does a group's segmentation exclude?
            GinIndex(
                fields=["segmented_out"],
                condition=~Q(segmented_out=[]),
                name="item_segmented_out",
            ),
        ]

    def __str__(self) -> str:
        return self.sku


class StockRecord(models.Model):
    """One item at one location.

    `futures` lists `[expected date as RFC 3339 text, quantity]`; `futures_quantity` is its sum.
    `excluded_groups` are group identifiers that must not count this record. A deleted record
    keeps its reserved count and comes back to life with the next write. `is_below_safety` tells
    that what is on hand and not reserved is less than the safety stock; the database keeps it.
    """

    item = models.ForeignKey(Item, **_INDEXED_BELOW, **_UNPROVED, verbose_name=_("item"))
    location = models.ForeignKey(
        Location, on_delete=models.PROTECT, db_index=False, **_UNPROVED, verbose_name=_("location")
    )
    on_hand = models.BigIntegerField(default=0)
    safety_stock = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    futures = models.JSONField(default=list)
    futures_quantity = models.BigIntegerField(default=0)
    effective_at = models.DateTimeField(null=True)
    excluded_groups = ArrayField(models.CharField(max_length=128), default=list)
    is_deleted = models.BooleanField(default=False, verbose_name=_("is deleted"))
    is_below_safety = models.GeneratedField(
        expression=Q(  # type: ignore[arg-type]  # gap in the stubs
            is_deleted=False, safety_stock__gt=0, on_hand__lt=F("safety_stock") + F("reserved")
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("stock record")
        verbose_name_plural = _("stock records")
        indexes = [
            # Which items has a location? Without a look at the records.
            models.Index(
                fields=["location", "is_deleted", "item"], name="stock_record_of_location"
            ),
            # Where has safety stock been touched? As with `Item.is_out`.
            models.Index(
                fields=["location", "item"],
                condition=Q(is_below_safety=True),
                name="stock_record_below_safety",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["item", "location"], name="stock_record_unique"),
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="on_hand_not_negative"),
            models.CheckConstraint(
                condition=Q(safety_stock__gte=0), name="safety_stock_not_negative"
            ),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="reserved_not_negative"),
            models.CheckConstraint(
                condition=Q(futures_quantity__gte=0), name="futures_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(is_deleted=False) | Q(on_hand=0, safety_stock=0, futures_quantity=0),
                name="deleted_record_is_reset",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} at {self.location_id}"


class Promise(models.Model):
    """Quantity of an item reserved at a group and not yet allocated to a location."""

    item = models.ForeignKey(Item, **_INDEXED_BELOW, verbose_name=_("item"))
    group = models.ForeignKey(LocationGroup, on_delete=models.PROTECT, verbose_name=_("group"))
    quantity = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("promise")
        verbose_name_plural = _("promises")
        constraints = [
            models.UniqueConstraint(fields=["item", "group"], name="promise_unique"),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="promise_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} in {self.group_id}: {self.quantity}"


class PoolBalance(models.Model):
    """The sums over all stock records of an item that the very same groups count.

    `signature` is those groups' ids in rising order, joined by commas; empty for records that no
    group counts. `free` and `free_to_fulfil` are sums of clamped ATO and ATF. `futures` maps an
    expected date to its quantity. Group figures are read from here, so their cost does not grow
    with the number of locations.
    """

    item = models.ForeignKey(Item, **_INDEXED_BELOW, **_UNPROVED, verbose_name=_("item"))
    signature = models.TextField(verbose_name=_("signature"))
    records = models.IntegerField(default=0, verbose_name=_("records"))
    on_hand = models.BigIntegerField(default=0)
    safety_stock = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    free = models.BigIntegerField(default=0)
    free_to_fulfil = models.BigIntegerField(default=0)
    futures = models.JSONField(default=dict)
    effective_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("pool balance")
        verbose_name_plural = _("pool balances")
        constraints = [
            models.UniqueConstraint(fields=["item", "signature"], name="pool_signature_unique"),
            models.CheckConstraint(
                condition=Q(free__gte=0, free_to_fulfil__gte=0, records__gte=0),
                name="pool_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(free_to_fulfil__lte=F("free")), name="pool_atf_within_ato"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} [{self.signature}]"

"""Where is sold from: stock lists, channels, and which products stand on which list."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from integrations.omnitron.models.references import UNCHECKED
from inventory.models import Item, Location, LocationGroup, Organization


class MappingEffect(models.TextChoices):
    """What a mapping does to what its order item holds."""

    RELEASE = "release", _("release")
    FULFIL = "fulfil", _("fulfil: it leaves the shelf")


class StockList(models.Model):
    """What an ERP calls one stock: exactly one place, a location or a group.

    `code` is the list's id in the ERP, empty when it has none. Order items that name the list hold
    stock at its place.
    """

    organization = models.ForeignKey(Organization, **UNCHECKED)
    name = models.CharField(max_length=128, verbose_name=_("name"))
    code = models.CharField(max_length=128, blank=True, verbose_name=_("code"))
    is_auto_sync = models.BooleanField(default=False)
    location = models.ForeignKey(Location, on_delete=models.PROTECT, null=True, blank=True)
    group = models.ForeignKey(LocationGroup, on_delete=models.PROTECT, null=True, blank=True)
    on_mapping = models.CharField(
        max_length=16,
        choices=MappingEffect,
        default=MappingEffect.RELEASE,
        verbose_name=_("on mapping"),
    )
    created_date = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("stock list")
        verbose_name_plural = _("stock lists")
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="stock_list_name_unique"),
            models.UniqueConstraint(
                fields=["organization", "code"],
                condition=~Q(code=""),
                name="stock_list_code_unique",
            ),
            models.CheckConstraint(
                condition=Q(location__isnull=False, group__isnull=True)
                | Q(location__isnull=True, group__isnull=False),
                name="stock_list_is_one_place",
            ),
            # What ships leaves a location; a group has no shelf.
            models.CheckConstraint(
                condition=Q(on_mapping=MappingEffect.RELEASE) | Q(location__isnull=False),
                name="stock_list_fulfils_at_a_location",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Channel(models.Model):
    """A shop or marketplace that orders come from.

    `stock_list` is the list of its catalogue: the one an order item stands for that names none.
    `extra_stock_lists` are the further ones it sells from.
    """

    organization = models.ForeignKey(Organization, **UNCHECKED)
    name = models.CharField(max_length=128, verbose_name=_("name"))
    stock_list = models.ForeignKey(
        StockList,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="channels",
        verbose_name=_("stock list"),
    )
    extra_stock_lists = models.ManyToManyField(StockList, blank=True, related_name="extra_channels")
    created_date = models.DateTimeField(db_default=Now(), verbose_name=_("created date"))

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="channel_name_unique"),
        ]

    def __str__(self) -> str:
        return self.name


class ProductStock(models.Model):
    """A product stands on a stock list. Its figures are not here: they are read live.

    Filled by what the ERP pushes, by orders, and by `sync_product_stock`.
    """

    organization = models.ForeignKey(Organization, **UNCHECKED)
    product = models.ForeignKey(Item, **UNCHECKED, verbose_name=_("product"))
    stock_list = models.ForeignKey(StockList, **UNCHECKED, verbose_name=_("stock list"))
    unit_type = models.CharField(max_length=8, default="qty", verbose_name=_("unit type"))
    extra_field = models.JSONField(default=dict)
    created_date = models.DateTimeField(db_default=Now())
    modified_date = models.DateTimeField(db_default=Now(), verbose_name=_("modified date"))

    class Meta:
        verbose_name = _("product stock")
        verbose_name_plural = _("product stocks")
        constraints = [
            models.UniqueConstraint(fields=["stock_list", "product"], name="product_stock_unique"),
            models.CheckConstraint(
                condition=Q(unit_type__in=["qty", "kg"]), name="product_stock_unit_known"
            ),
        ]
        indexes = [
            # The product's lists; the pages of a tenant.
            models.Index(fields=["product"], name="product_stock_product"),
            models.Index(fields=["organization", "id"], name="product_stock_page"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} on list {self.stock_list_id}"

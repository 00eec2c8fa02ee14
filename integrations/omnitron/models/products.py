"""What is known of a product besides its stock."""

from django.db import models

from inventory.models import Item


class ProductInfo(models.Model):
    """A product's name and attributes; a product without a row is called by its SKU."""

    item = models.OneToOneField(
        Item,
        on_delete=models.PROTECT,
        db_constraint=False,
        primary_key=True,
        related_name="product_info",
    )
    name = models.CharField(max_length=250)
    attributes = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name

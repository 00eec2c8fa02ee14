"""What was asked when an order or items of it were cancelled."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from integrations.omnitron.models.orders import Order
from integrations.omnitron.models.references import UNCHECKED
from inventory.models import Organization


class PlanType(models.TextChoices):
    """Cancelled before it was shipped, or sent back."""

    CANCEL = "cancel", _("cancel")
    REFUND = "refund", _("refund")


class CancellationPlan(models.Model):
    """One cancellation that changed something: its items (ids) and what the request said.

    `details` holds refund terms (forced amount, invoice number, bank accounts by item) as sent;
    they are for people and other systems, no rule here reads them.
    """

    organization = models.ForeignKey(Organization, **UNCHECKED)
    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="cancellation_plans", verbose_name=_("order")
    )
    plan_type = models.CharField(max_length=16, choices=PlanType, verbose_name=_("plan type"))
    items = ArrayField(models.BigIntegerField(), verbose_name=_("items"))
    reasons = models.JSONField(default=dict)
    details = models.JSONField(default=dict)
    actor = models.CharField(max_length=200, verbose_name=_("actor"))
    created_date = models.DateTimeField(db_default=Now(), verbose_name=_("created date"))

    class Meta:
        verbose_name = _("cancellation plan")
        verbose_name_plural = _("cancellation plans")

    def __str__(self) -> str:
        return f"{self.plan_type} of order {self.order_id}"

"""Integration mappings: what another system calls one of our rows."""

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from integrations.omnitron.models.references import UNCHECKED
from inventory.models import Organization


class IntegrationType(models.TextChoices):
    """Whose name it is; the ERP's is the only one that is made here.

    Labels are not translated: the API answers them.
    """

    EXTERNAL_COMPANY = "external_company", "ERP"


class IntegrationMapping(models.Model):
    """The id that a row has in another system: an ERP's own order line. Never changed."""

    organization = models.ForeignKey(Organization, **UNCHECKED)
    content_type = models.ForeignKey(ContentType, **UNCHECKED)
    object_id = models.BigIntegerField()
    integration_type = models.CharField(
        max_length=32, choices=IntegrationType, verbose_name=_("integration type")
    )
    code = models.CharField(max_length=128, verbose_name=_("code"))
    created_date = models.DateTimeField(db_default=Now(), verbose_name=_("created date"))

    mapped = GenericForeignKey("content_type", "object_id")

    class Meta:
        verbose_name = _("integration mapping")
        verbose_name_plural = _("integration mappings")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "content_type", "integration_type", "code"],
                name="mapping_code_unique",
            ),
            models.UniqueConstraint(
                fields=["object_id", "content_type", "integration_type"],
                name="mapping_object_unique",
            ),
        ]

    def __str__(self) -> str:
        return self.code

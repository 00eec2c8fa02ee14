"""The integration user: an ERP's connection to one organization, with its tokens."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models import Organization


class IntegrationUser(models.Model):
    """A program that logs in by name and password, as Akinon Omnitron's clients do.

    The password is generated, stored hashed, and known only to whoever saw it when it was made. A
    revoked user (`is_active` false) stays: its name is in the ledger.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    username = models.CharField(max_length=150, verbose_name=_("username"))
    password = models.CharField(max_length=128)
    is_active = models.BooleanField(default=True, verbose_name=_("is active"))
    created_date = models.DateTimeField(verbose_name=_("created date"))

    class Meta:
        verbose_name = _("integration user")
        verbose_name_plural = _("integration users")
        constraints = [
            models.UniqueConstraint(fields=["username"], name="integration_username_unique"),
        ]

    def __str__(self) -> str:
        return self.username


class IntegrationToken(models.Model):
    """One token of a user, kept as a checksum. Without `expires` it lives until it is revoked."""

    user = models.ForeignKey(IntegrationUser, on_delete=models.CASCADE, related_name="+")
    checksum = models.CharField(max_length=64)
    expires = models.DateTimeField(null=True)
    created_date = models.DateTimeField()

    class Meta:
        verbose_name = "integration token"
        constraints = [
            models.UniqueConstraint(fields=["checksum"], name="integration_token_unique"),
        ]
        indexes = [
            # Which tokens are over? Asked by the beat.
            models.Index(fields=["expires"], name="integration_token_expires"),
        ]

    def __str__(self) -> str:
        return f"{self.checksum[:8]}…"

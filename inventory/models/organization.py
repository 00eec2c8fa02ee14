"""The tenant and the history of its location graph."""

from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _


class Organization(models.Model):
    """The tenant (OCI: Tenant Group ID). Owns everything; nothing crosses it.

    `graph_version` rises with every change of the location graph, under the exclusive
    organization lock.
    """

    identifier = models.CharField(max_length=128, verbose_name=_("identifier"))
    tenant_alias = models.CharField(  # noqa: DJ001  # absent, not empty: it is unique
        max_length=128, null=True, blank=True, verbose_name=_("tenant alias")
    )
    graph_version = models.BigIntegerField(
        default=1, editable=False, verbose_name=_("graph version")
    )
    created_at = models.DateTimeField(
        db_default=Now(), editable=False, verbose_name=_("created at")
    )

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        constraints = [
            # GUIDs come in either case and name the same tenant.
            models.UniqueConstraint(Lower("identifier"), name="organization_identifier_unique"),
            models.UniqueConstraint(Lower("tenant_alias"), name="organization_alias_unique"),
        ]

    def __str__(self) -> str:
        return self.identifier


class GraphVersion(models.Model):
    """A location graph as it stood from one version to the next; never changed.

    `document` is `{"locations": {id: identifier}, "groups": {id: {"identifier", "locations"}}}`:
    it keeps the meaning of ledger rows whose places are gone, and lets the soft reserved of the
    past be replayed.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    version = models.BigIntegerField(verbose_name=_("version"))
    document = models.JSONField()
    actor = models.CharField(max_length=200, verbose_name=_("actor"))
    created_at = models.DateTimeField(db_default=Now(), verbose_name=_("created at"))

    class Meta:
        verbose_name = _("graph version")
        verbose_name_plural = _("graph versions")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "version"], name="graph_version_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization_id}: graph version {self.version}"

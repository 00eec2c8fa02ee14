"""The API client: a program of one organization that calls with its own id and secret."""

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AbstractApplication

from inventory.models import Organization

if TYPE_CHECKING:
    from oauthlib.common import Request


class ApiClient(AbstractApplication):
    """What the OAuth toolkit calls an application, bound to one organization.

    `scopes` are canonical names. A revoked client (`is_active` false) stays, for its name is in the
    ledger. The secret is stored hashed and is known only to whoever saw it when it was made.
    """

    # No way back: the type checker cannot follow one to a swapped model.
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    scopes = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    is_active = models.BooleanField(default=True, verbose_name=_("is active"))

    class Meta(AbstractApplication.Meta):
        verbose_name = _("API client")
        verbose_name_plural = _("API clients")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    client_type=AbstractApplication.CLIENT_CONFIDENTIAL,
                    authorization_grant_type=AbstractApplication.GRANT_CLIENT_CREDENTIALS,
                    hash_client_secret=True,
                ),
                name="api_client_only_with_hashed_secret",
            ),
        ]

    def is_usable(self, request: "Request") -> bool:  # noqa: ARG002  # the toolkit's signature
        """Whether tokens may be issued to this client."""
        return self.is_active

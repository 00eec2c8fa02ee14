"""Who works in the back office of which organization, and how they like to read it."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inventory.domain.roles import Role
from inventory.models.organization import Organization

_NAMES = {
    Role.VIEWER: _("viewer"),
    Role.MERCHANDISER: _("merchandiser"),
    Role.OPERATOR: _("operator"),
    Role.ADMINISTRATOR: _("administrator"),
}
ROLES = [(role.value, _NAMES[role]) for role in Role]


class Membership(models.Model):
    """A user's role in one organization. Without one, nothing of the organization can be seen.

    Superusers need none: they work staff-wide. Django's own permissions play no part.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="memberships",
        verbose_name=_("user"),
    )
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="members")
    role = models.CharField(max_length=16, choices=ROLES, verbose_name=_("role"))
    created_at = models.DateTimeField(
        db_default=Now(), editable=False, verbose_name=_("created at")
    )

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(fields=["user", "organization"], name="member_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role}"


class Profile(models.Model):
    """A user's own settings. No row: UTC."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile"
    )
    time_zone = models.CharField(max_length=64, default="UTC")

    def __str__(self) -> str:
        return f"profile of {self.user}"

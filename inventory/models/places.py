"""Where stock lies: locations, location groups and who belongs to which.

A place is a location or a group. Both share one table of identifiers because OCI lets no group
have a location's id, and because a claim or a movement is at either.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models.organization import Organization


class Place(models.Model):
    """The identifier of a location or of a group, unique in its organization.

    A place that left the graph is retired, never deleted: documents of the past name it. Its
    identifier is free again, for a place of either kind.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    identifier = models.CharField(max_length=128, verbose_name=_("identifier"))
    is_retired = models.BooleanField(default=False, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "identifier"],
                condition=models.Q(is_retired=False),
                name="place_identifier_unique",
            ),
        ]

    def __str__(self) -> str:
        return self.identifier


class Location(Place):
    """A place that holds stock."""

    class Meta:
        verbose_name = _("location")
        verbose_name_plural = _("locations")


class LocationGroup(Place):
    """A named set of locations; a location may be in none, one or many."""

    locations = models.ManyToManyField(
        Location, through="GroupMembership", related_name="groups", blank=True
    )

    class Meta:
        verbose_name = _("location group")
        verbose_name_plural = _("location groups")


class GroupMembership(models.Model):
    """One location counts for one group."""

    group = models.ForeignKey(LocationGroup, on_delete=models.CASCADE, related_name="memberships")
    location = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="memberships")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "location"], name="membership_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.location_id} in {self.group_id}"

"""Finding members and what they belong to."""

from zoneinfo import ZoneInfo

from inventory.models import Membership, Organization, Profile


def memberships_of(user_id: int) -> list[Membership]:
    """Return a user's memberships with their organizations, by the organization's identifier."""
    return list(
        Membership.objects.filter(user_id=user_id)
        .select_related("organization")
        .order_by("organization__identifier")
    )


def organizations_to_choose(
    *, user_id: int | None, starting_with: str, limit: int
) -> list[Organization]:
    """Return organizations whose identifier or alias begins so; those of a user, or all (None)."""
    found = Organization.objects.order_by("identifier")
    if user_id is not None:
        found = found.filter(members__user_id=user_id)
    if starting_with:
        found = found.filter(identifier__istartswith=starting_with) | found.filter(
            tenant_alias__istartswith=starting_with
        )
    return list(found[:limit])


def first_organization() -> Organization | None:
    """Return the organization that a staff-wide user starts in."""
    return Organization.objects.order_by("identifier").first()


def time_zone_of(user_id: int) -> ZoneInfo:
    """Return the zone a user reads times in."""
    name = Profile.objects.filter(user_id=user_id).values_list("time_zone", flat=True).first()
    return ZoneInfo(name or "UTC")

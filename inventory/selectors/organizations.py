"""Finding organizations."""

from inventory.errors import EntityNotFound
from inventory.models import Organization


def organization_named(identifier: str) -> Organization:
    """Return an organization by its id in either case; EntityNotFound."""
    organization = Organization.objects.filter(identifier__iexact=identifier).first()
    if organization is None:
        message = f"No organization exists with ID '{identifier}'"
        raise EntityNotFound(message)
    return organization

"""Making organizations."""

import re

from django.db import IntegrityError

from inventory.errors import EntityAlreadyExists, InvalidRequestParameter
from inventory.models import Organization

_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,128}")


def create_organization(*, identifier: str, tenant_alias: str | None) -> Organization:
    """Create a tenant; its graph is empty. InvalidRequestParameter, EntityAlreadyExists."""
    for field, value in (("organization", identifier), ("tenant", tenant_alias)):
        if value is not None and not _IDENTIFIER.fullmatch(value):
            message = f"'{field}' must be 1 to 128 of letters, digits, _ and -"
            raise InvalidRequestParameter(message, parameter=field)
    try:
        return Organization.objects.create(identifier=identifier, tenant_alias=tenant_alias)
    except IntegrityError as error:
        message = "An organization with this id or tenant alias exists already."
        raise EntityAlreadyExists(message) from error

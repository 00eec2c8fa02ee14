"""The call by which an org's client binds its tenant (spec: oci-headless 1.3); nothing to do."""

from collections.abc import Mapping
from typing import ClassVar

from inventory.api.base import Operation, OrganizationView


class OrganizationBindingView(OrganizationView):
    """PUT /inventory/internal/v1/organizations/{organizationId}."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "PUT": Operation(
            operation_id="bindOrganization",
            summary="Bind the organization; any of its clients may",
            scope=None,
            request=None,
            responses={204: None},
        )
    }

    def put(self) -> None:
        """Do nothing: the token and the address have been compared by now."""

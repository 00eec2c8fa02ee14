"""Product segmentation in the Availability API (spec: oci-headless 4.6)."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import msgspec

from inventory.api.base import Operation, OrganizationView
from inventory.api.wire import PlaceId, Sku
from inventory.errors import InvalidRequestParameter
from inventory.services.segmentation import SegmentChange, change_segmentation

WRITE = "sfcc.inventory.impex-inventory.rw"
MAX_PAIRS = 100
_EXCLUDES = {"APPEND": True, "DELETE": False}


class SegmentGroup(msgspec.Struct, rename="camel"):
    """SKUs to exclude from a group (APPEND), or to count in it again (DELETE)."""

    group_id: PlaceId
    mode: Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(_EXCLUDES)})]
    skus: Annotated[list[Sku], msgspec.Meta(min_length=1, max_length=MAX_PAIRS)]


class SegmentationUpdate(msgspec.Struct):
    """At most 100 pairs of SKU and group."""

    groups: Annotated[list[SegmentGroup], msgspec.Meta(min_length=1, max_length=MAX_PAIRS)]


class SegmentationUpdateView(OrganizationView):
    """POST …/product-segmentation/actions/batch-update."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="batchProductSegmentationRequest",
            summary="Exclude SKUs from groups, or count them again",
            scope=WRITE,
            request=SegmentationUpdate,
            responses={204: None},
            errors=("InvalidRequestParameter", "GroupDoesNotExist", "ConcurrentModification"),
        )
    }

    def post(self) -> None:
        body = self.read(SegmentationUpdate)
        change_segmentation(
            organization_id=self.organization_id,
            changes=_changes(body),
            origin=self.origin,
            now=self.now,
        )


def _changes(body: SegmentationUpdate) -> list[SegmentChange]:
    for group in body.groups:
        if group.mode not in _EXCLUDES:
            message = f"'mode' must be APPEND or DELETE, not '{group.mode[:50]}'"
            raise InvalidRequestParameter(message, parameter="mode")
    if sum(len(group.skus) for group in body.groups) > MAX_PAIRS:
        message = f"At most {MAX_PAIRS} pairs of SKU and group can be changed at once"
        raise InvalidRequestParameter(message, parameter="groups")
    return [
        SegmentChange(group.group_id, tuple(group.skus), _EXCLUDES[group.mode])
        for group in body.groups
    ]

"""Refusals: what a caller must expect and can act on.

A refusal is a class with a code of the trade (OCI's own words) and typed data. It knows no HTTP:
each wire format decides the status and the shape once, in its table under `config.errors`.
"""

from typing import ClassVar


class Refusal(Exception):  # noqa: N818  # a no that is expected, not an error
    """The request cannot be carried out as sent; nothing of it was applied.

    `message` is written for the person who reads the client's log. `parameter` names the field
    (`records[3].quantity`), `location` and `group` the place that is unknown.
    """

    code: ClassVar[str]

    def __init__(
        self,
        message: str,
        *,
        parameter: str | None = None,
        location: str | None = None,
        group: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.parameter = parameter
        self.location = location
        self.group = group


class InvalidRequest(Refusal):
    """The message as a whole cannot be understood."""

    code = "InvalidRequest"


class InvalidRequestParameter(Refusal):
    """One field holds what it may not hold."""

    code = "InvalidRequestParameter"


class MissingParameter(Refusal):
    """A required field is absent."""

    code = "MissingParameter"


class LocationDoesNotExist(Refusal):
    """The organization has no such location."""

    code = "LocationDoesNotExist"


class GroupDoesNotExist(Refusal):
    """The organization has no such location group."""

    code = "GroupDoesNotExist"


class LocationNotInGroup(Refusal):
    """The two places of a transfer are not associated."""

    code = "LocationNotInGroup"


class EntityNotFound(Refusal):
    """What the address names does not exist."""

    code = "EntityNotFound"


class EntityAlreadyExists(Refusal):
    """The id was used before, for something else."""

    code = "EntityAlreadyExists"


class DuplicateEventId(Refusal):
    """An idempotence id comes again with another body."""

    code = "DuplicateEventId"


class InsufficientQuantity(Refusal):
    """There is not enough; `available` tells in thousandths what there would be."""

    code = "InsufficientQuantity"

    def __init__(self, message: str = "Insufficient Quantity", *, available: int) -> None:
        super().__init__(message, parameter="quantity")
        self.available = available


class NotAppliedDueToAtomicFailure(Refusal):
    """A sibling in the same all-or-nothing set failed."""

    code = "NotAppliedDueToAtomicFailure"


class ReservationInvalidState(Refusal):
    """The document is closed or expired."""

    code = "ReservationInvalidState"


class ReservationAlreadyFinalized(Refusal):
    """The document is final, or has nothing left to act on."""

    code = "ReservationAlreadyFinalized"


class ReservationCancelled(Refusal):
    """The document was cancelled."""

    code = "ReservationCancelled"


class ReservationOperationInProcess(Refusal):
    """Another request held the document longer than the lock timeout."""

    code = "ReservationOperationInProcess"


class ConcurrentModification(Refusal):
    """Locks could not be had in time; nothing was applied, the call may be repeated."""

    code = "ConcurrentModification"


class ExpiredDeltaLink(Refusal):
    """A delta token is beyond its life, or from before a graph change or a restore."""

    code = "ExpiredDeltaLink"


class ExportInProcess(Refusal):
    """The export has not ended: it has no file yet, and cannot be deleted."""

    code = "ExportInProcess"


class ImportInProgress(Refusal):
    """The import has not ended: it has no result yet, and cannot be deleted."""

    code = "ImportInProgress"


class ExpiredResultLink(Refusal):
    """The file of a job is beyond its life."""

    code = "ExpiredResultLink"


class ExpiredUploadLink(Refusal):
    """The import's file came too late."""

    code = "ExpiredUploadLink"


class FileAlreadyReceived(Refusal):
    """The import has its file."""

    code = "FileAlreadyReceived"


class TenantNotProvisioned(Refusal):
    """The token belongs to another organization than the path."""

    code = "TenantNotProvisioned"


class IllegalGraph(Refusal):
    """A location graph that cannot stand; `code` says which rule it breaks."""

    def __init__(self, message: str, *, code: str, parameter: str | None = None) -> None:
        super().__init__(message, parameter=parameter)
        self.code = code  # type: ignore[misc]  # five codes, one family

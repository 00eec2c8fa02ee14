"""Reading documents."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Sum

from inventory.errors import EntityNotFound
from inventory.models import LocationGroup
from reservations.domain.places import PlaceRef
from reservations.domain.states import State, state_of
from reservations.models import Claim, Document, Line, Source


def placed_quantities(document_id: int, *, revision: int) -> dict[tuple[PlaceRef, str], int]:
    """Return what a document's lines have placed, by place and SKU, in thousandths."""
    return {
        (PlaceRef(row["place__identifier"], row["is_group"]), row["item__sku"]): row["total"]
        for row in Line.objects.filter(document_id=document_id, revision=revision)
        .annotate(is_group=Exists(LocationGroup.objects.filter(pk=OuterRef("place_id"))))
        .values("place__identifier", "is_group", "item__sku")
        .annotate(total=Sum("quantity"))
        .order_by("place__identifier", "item__sku")
    }


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document as its client sees it; quantities are what was placed, in thousandths."""

    identifier: str
    external_ref: str
    reservation_time: datetime
    expires_at: datetime | None
    state: State
    placed: dict[tuple[PlaceRef, str], int]


def document_view(*, organization_id: int, identifier: str, now: datetime) -> DocumentView:
    """Return an OCI document; EntityNotFound when the organization has none of that id."""
    document = (
        Document.objects.filter(
            organization_id=organization_id, source=Source.OCI, identifier=identifier
        )
        .annotate(holds_claims=Exists(Claim.objects.filter(document_id=OuterRef("pk"))))
        .first()
    )
    if document is None:
        message = "Reservation ID does not exist."
        raise EntityNotFound(message, parameter="reservationId")
    return DocumentView(
        identifier=document.identifier,
        external_ref=document.external_ref,
        reservation_time=document.reservation_time,
        expires_at=document.expires_at,
        state=state_of(
            cancelled_at=document.cancelled_at,
            expires_at=document.expires_at,
            holds_claims=document.holds_claims,
            now=now,
        ),
        placed=placed_quantities(document.pk, revision=document.revision),
    )

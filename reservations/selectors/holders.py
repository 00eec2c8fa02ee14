"""Who holds an item: the claims at some places, for a person to look at."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from reservations.models import Claim


def claims_held(
    organization_id: int, *, sku: str, places: Sequence[str], now: datetime, limit: int
) -> list[Claim]:
    """Return claims of an item at places by identifier, largest first, with their documents.

    Claims whose time has passed hold nothing any more and are left out.
    """
    claims = Claim.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now),
        item__organization_id=organization_id,
        item__sku=sku,
        place__identifier__in=set(places),
    )
    return list(claims.select_related("document", "place").order_by("-quantity", "pk")[:limit])

"""How far back an organization's ledger goes."""

from datetime import datetime

from inventory.models import LedgerHorizon


def ledger_kept_since(organization_id: int) -> datetime | None:
    """Return the moment before which rows of the ledger may be missing; None when none are."""
    horizon = LedgerHorizon.objects.filter(organization_id=organization_id)
    return horizon.values_list("kept_since", flat=True).first()

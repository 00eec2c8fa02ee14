"""What was done by hand to a row: the ledger has only what moves stock."""

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

NOTES_SHOWN = 50


def notes_of(row: Model) -> list[LogEntry]:
    """Return the last 50 notes that pages have kept about a row, newest first; one statement."""
    kind = ContentType.objects.get_for_model(type(row))
    entries = LogEntry.objects.filter(content_type=kind, object_id=str(row.pk))
    return list(entries.select_related("user").order_by("-pk")[:NOTES_SHOWN])

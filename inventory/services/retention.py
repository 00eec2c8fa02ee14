"""Dropping rows beyond their life."""

from typing import Any

from django.db.models import QuerySet

BATCH = 5_000


def drop(rows: QuerySet[Any]) -> int:
    """Delete rows, a batch a transaction; return how many. Safe to run twice at once.

    Order `rows` by the indexed column that chooses them: each batch is then found by the index.
    """
    dropped: int = 0
    while True:
        batch = list(rows.values_list("pk", flat=True)[:BATCH])
        dropped += rows.model.objects.filter(pk__in=batch).delete()[0]
        if len(batch) < BATCH:
            return dropped

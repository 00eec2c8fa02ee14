"""Forgetting which records were imported, when their ids will not come again."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

_BATCH = 50_000
_DELETE = """
DELETE FROM inventory_importedrecord WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM inventory_importedrecord WHERE created_at < %s LIMIT %s
))
"""


def forget_old_records(*, now: datetime) -> int:
    """Drop one batch of records beyond their retention; return how many."""
    limit = now - timedelta(days=settings.IMPEX_RECORD_RETENTION_DAYS)
    with connection.cursor() as cursor:
        cursor.execute(_DELETE, [limit, _BATCH])
        return int(cursor.rowcount)

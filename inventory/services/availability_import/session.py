"""What the server's side of a chunk needs: settings, the staging table, the prepared write.

All of it is made where it is missing, so any server connection of a transaction pooler will do.
"""

from django.db import connection

from inventory.locks import SHARED_ORGANIZATION, require_transaction
from inventory.services.availability_import.staging import MAKE_TABLE, TABLE
from inventory.services.availability_import.writing import PREPARE, PREPARED

# No commit of a chunk waits for the disk while it holds locks. A crash of the machine takes the
# position as well, so that the chunk is imported again; and whoever built on it (a reservation, a
# delta token) has waited for the disk, which writes what came before in the same stream.
_OPEN = f"""
WITH {SHARED_ORGANIZATION}
SELECT pg_relation_size(to_regclass('pg_temp.{TABLE}')),
  (SELECT reltuples >= 0 FROM pg_class WHERE oid = to_regclass('pg_temp.{TABLE}')),
  EXISTS (SELECT FROM pg_prepared_statements WHERE name = '{PREPARED}'),
  set_config('synchronous_commit', 'off', true), set_config('jit', 'off', true),
  set_config('plan_cache_mode', 'force_generic_plan', true),
  set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
  set_config('enable_seqscan', 'off', true)
FROM organization
"""


def open_chunk(organization_id: int) -> bool:
    """Make the transaction ready for a chunk, and hold off graph changes.

    Return whether the planner knows what staged records are like; if not, `study` them.
    """
    require_transaction()
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [organization_id])
        staged, is_studied, is_prepared, *_ = cursor.fetchone()
        if staged is None:
            cursor.execute(MAKE_TABLE)
        elif staged:  # several chunks in one transaction, as tests have them
            cursor.execute(f"DELETE FROM {TABLE}")
        if not is_prepared:
            cursor.execute(PREPARE)
    return bool(is_studied)

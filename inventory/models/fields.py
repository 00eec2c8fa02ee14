"""Two PostgreSQL types the delta feed rests on. Values are text on the Python side."""

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    TextField = models.Field[Any, Any]
else:
    TextField = models.Field


class TransactionIdField(TextField):
    """`xid8`: a 64 bit transaction id that never wraps."""

    def db_type(self, connection: Any) -> str:  # noqa: ARG002  # Django's signature
        return "xid8"


class SnapshotField(TextField):
    """`pg_snapshot`: which transactions a reader has seen."""

    def db_type(self, connection: Any) -> str:  # noqa: ARG002  # Django's signature
        return "pg_snapshot"


class CurrentTransactionId(models.Func):
    """The id of the writing transaction, as a column default."""

    function = "pg_current_xact_id"
    arity = 0
    output_field = TransactionIdField()

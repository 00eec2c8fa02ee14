"""Idempotence: what has been applied under which id."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now


class ProcessedRequest(models.Model):
    """One applied record of one request. `key` and `body` are digests; see `services.once`.

    `occurrence` numbers the records that were applied under a key. `out_of` tells how many equal
    ones (same key and body) the request held, applied or not. `answer` is kept only where a
    repeat must be answered with what was said before.
    """

    organization_id = models.BigIntegerField()
    key = models.UUIDField()
    body = models.UUIDField()
    occurrence = models.IntegerField(default=0)
    out_of = models.IntegerField(default=1)
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "key", "occurrence"], name="request_applied_once"
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="request_age")]

    def __str__(self) -> str:
        return str(self.key)


class ImportedRecord(models.Model):
    """A record of an availability import that was taken in; `key` and `body` are digests.

    The key is the record's own id, the body what it said: the same again is skipped, the same id
    with another content is refused.
    """

    pk = models.CompositePrimaryKey("organization_id", "key")
    organization_id = models.BigIntegerField()
    key = models.UUIDField()
    body = models.UUIDField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            # What is beyond its retention? Rows lie in the order of their time: a small index does.
            BrinIndex(fields=["created_at"], name="imported_record_age"),
        ]

    def __str__(self) -> str:
        return str(self.key)

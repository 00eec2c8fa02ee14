"""The one table of the process side."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class Heartbeat(models.Model):
    """When a scheduled task ran last, by the database's clock: one row, seen by every host."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    beaten_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(id=1), name="heartbeat_is_one_row"),
        ]

    def __str__(self) -> str:
        return f"last beat {self.beaten_at}"

    @staticmethod
    def beat() -> None:
        """Move the heartbeat to now."""
        Heartbeat.objects.bulk_create(
            [Heartbeat(id=1, beaten_at=Now())],
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["beaten_at"],
        )

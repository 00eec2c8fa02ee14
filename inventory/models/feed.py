"""Delta tokens: how far a consumer of the feed has read."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from inventory.models.fields import SnapshotField
from inventory.models.organization import Organization


class DeltaToken(models.Model):
    """A consumer's place in the feed. The token the client holds is a digest away from `digest`.

    `seen` is the snapshot it has read to. While a round takes several pages, `until` is the
    snapshot the round reads to and `after_item` the last item answered. `epoch` names the very
    database the token was made in: a restore makes it void.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    digest = models.BinaryField(max_length=32, unique=True)
    is_group = models.BooleanField()
    places = ArrayField(models.CharField(max_length=128))
    seen = SnapshotField()
    until = SnapshotField(null=True)
    after_item = models.BigIntegerField(default=0)
    graph_version = models.BigIntegerField()
    epoch = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"delta token {self.pk}"

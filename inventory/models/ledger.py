"""The movement ledger: append-only, one row per change of one balance."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inventory.models.fields import CurrentTransactionId, TransactionIdField


class MovementKind(models.TextChoices):
    """Why a balance changed; the values are the event types of the event log."""

    COUNT = "location_update", _("count")
    IMPORT = "location_import", _("import")
    DELETE = "location_delete", _("record deleted")
    RESERVE_AT_LOCATION = "location_reservation", _("reserved at a location")
    RESERVE_AT_GROUP = "group_reservation", _("promised by a group")
    UPDATE = "reservation_update", _("reservation updated")
    CANCEL = "reservation_cancel", _("reservation cancelled")
    EXPIRE = "reservation_expire", _("reservation expired")
    TRANSFER = "reservation_transfer", _("transferred")
    RELEASE = "reservation_release", _("released")
    FULFIL = "reservation_fulfill", _("fulfilled")
    SEGMENT_OUT = "group_exclusion", _("segmented out of a group")
    SEGMENT_IN = "group_inclusion", _("counted by a group again")


class Movement(models.Model):
    """What changed, before and after, who, why. Quantities are integers of thousandths.

    At a location the eight counts are the stock record's; at a group only `reserved_*` speak (the
    promise). `excluded_*`, the groups that must not count the record, are set where they changed.
    `sequence` is the item's counter after the change. `xid` is the writing
    transaction: the delta feed reads by it, because serial ids do not commit in order.

    There are no foreign keys, and the database holds no unique constraint on this table, so that
    months can be split off: rows outlive what they name.
    """

    organization_id = models.BigIntegerField()
    item_id = models.BigIntegerField()
    place_id = models.BigIntegerField()
    kind = models.CharField(max_length=32, choices=MovementKind, verbose_name=_("kind"))
    quantity = models.BigIntegerField()
    on_hand_before = models.BigIntegerField()
    on_hand_after = models.BigIntegerField()
    safety_stock_before = models.BigIntegerField()
    safety_stock_after = models.BigIntegerField()
    reserved_before = models.BigIntegerField()
    reserved_after = models.BigIntegerField()
    futures_before = models.BigIntegerField()
    futures_after = models.BigIntegerField()
    excluded_before = ArrayField(models.CharField(max_length=128), null=True)
    excluded_after = ArrayField(models.CharField(max_length=128), null=True)
    document_id = models.BigIntegerField(null=True)
    line_id = models.BigIntegerField(null=True)
    request_id = models.CharField(max_length=128)
    external_ref = models.CharField(max_length=250, verbose_name=_("external ref"))
    correlation_id = models.CharField(max_length=64)
    actor = models.CharField(max_length=200, verbose_name=_("actor"))
    sequence = models.BigIntegerField()
    graph_version = models.BigIntegerField()
    effective_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), verbose_name=_("recorded at"))
    xid = TransactionIdField(db_default=CurrentTransactionId(), editable=False)

    class Meta:
        verbose_name = _("movement")
        verbose_name_plural = _("movements")
        indexes = [
            # The history of an item; the audit.
            models.Index(fields=["item_id", "id"], name="movement_item"),
            # What has been committed since a snapshot?
            models.Index(fields=["organization_id", "xid"], name="movement_feed"),
            # What became of a document? Its export asks, and who looks at it.
            models.Index(
                fields=["document_id"],
                condition=models.Q(document_id__isnull=False),
                name="movement_document",
            ),
            # One row by its id, for its page: rows lie in the order of their ids, so a small index
            # does, and writing costs nothing. (There is no primary key: see the first migration.)
            BrinIndex(fields=["id"], autosummarize=True, name="movement_by_id"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.item_id} at {self.place_id}"


class LedgerOpening(models.Model):
    """What the dropped rows of the ledger came to, for one item at one place.

    The first row that is kept goes on from here. `movements` counts the dropped rows, `sequence` is
    the last one's.
    """

    organization_id = models.BigIntegerField()
    item_id = models.BigIntegerField()
    place_id = models.BigIntegerField()
    on_hand = models.BigIntegerField()
    safety_stock = models.BigIntegerField()
    reserved = models.BigIntegerField()
    futures = models.BigIntegerField()
    movements = models.BigIntegerField()
    sequence = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item_id", "place_id"], name="opening_unique"),
        ]

    def __str__(self) -> str:
        return f"opening of {self.item_id} at {self.place_id}"


class LedgerHorizon(models.Model):
    """How far back an organization's ledger goes; without a row, to its beginning.

    Every row recorded at `kept_since` or later is kept. No dropped row was written by a transaction
    after `dropped_xid`: a reader of the feed who has seen all up to there misses nothing.
    """

    organization_id = models.BigIntegerField(primary_key=True)
    kept_since = models.DateTimeField()
    dropped_xid = TransactionIdField()

    def __str__(self) -> str:
        return f"ledger of {self.organization_id} since {self.kept_since}"

"""Reservation documents, their lines, and the claims that say whose a unit is."""

from typing import Any

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inventory.models import Item, Organization, Place


class Source(models.TextChoices):
    """Which face a document belongs to; it cannot be reached through another."""

    OCI = "oci", "OCI"
    OMNITRON = "omnitron", _("Omnitron order")


# No reference of these tables is checked by the database. Rows of organizations, items and places
# are never deleted (places retire), and a check would lock the one row that all reservations of a
# place share, at every commit. Indexes are the named ones.
_UNCHECKED: Any = {"on_delete": models.DO_NOTHING, "db_constraint": False, "db_index": False}
# Those inside a document are checked by the audit: documents, lines and claims are written together
# by one statement, and none but claims is ever deleted.
_AUDITED: Any = {"on_delete": models.CASCADE, "db_constraint": False}


class Document(models.Model):
    """The client's own id and what was asked under it.

    Its state is derived (`reservations.domain.states`): CANCELLED when `cancelled_at` is set,
    EXPIRED when `expires_at` has passed, CLOSED when no claim is left, else OPEN. A second PUT
    raises `revision`; lines of older revisions stay as they were. `body` is the digest of the
    request that made this revision and `answer` what was said to it.
    """

    organization = models.ForeignKey(Organization, **_UNCHECKED)
    source = models.CharField(max_length=16, choices=Source, verbose_name=_("source"))
    identifier = models.CharField(max_length=128, verbose_name=_("identifier"))
    external_ref = models.CharField(max_length=250, verbose_name=_("external ref"))
    reservation_time = models.DateTimeField(verbose_name=_("reservation time"))
    expires_at = models.DateTimeField(null=True, verbose_name=_("expires at"))
    cancelled_at = models.DateTimeField(null=True)
    revision = models.IntegerField(default=1)
    body = models.UUIDField()
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "source", "identifier"], name="document_identifier_unique"
            ),
        ]
        indexes = [
            # What was made lately? Rows lie in the order of their time: a small index does.
            BrinIndex(fields=["created_at"], name="document_made"),
        ]

    def __str__(self) -> str:
        return self.identifier


class Line(models.Model):
    """What was placed: one SKU at one place, or one member of an all-or-nothing set.

    `requested` and `quantity` (placed) are thousandths. Never changed after it is written.
    """

    document = models.ForeignKey(Document, **_AUDITED, related_name="lines")
    revision = models.IntegerField()
    position = models.IntegerField()
    item = models.ForeignKey(Item, **_UNCHECKED)
    place = models.ForeignKey(Place, **_UNCHECKED)
    set_id = models.CharField(max_length=128)
    requested = models.BigIntegerField()
    quantity = models.BigIntegerField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0) & Q(requested__gte=models.F("quantity")),
                name="line_places_what_was_asked",
            ),
        ]

    def __str__(self) -> str:
        return f"line {self.position + 1} of revision {self.revision}"


class Standing(models.IntegerChoices):
    """The order in which unnamed operations draw on claims (design: claims)."""

    FINAL = 0, _("final")
    TEMPORARY = 1, _("temporary")
    ORDER_HOLD = 2, _("order hold")


class Claim(models.Model):
    """The part of a reserved count that belongs to one document line; guarded by the item's lock.

    `standing`, `expires_at` and `external_ref` repeat the document's, so that whoever holds the
    item's lock can decide without locking documents.
    """

    item = models.ForeignKey(Item, **_UNCHECKED, verbose_name=_("item"))
    place = models.ForeignKey(Place, **_UNCHECKED, verbose_name=_("place"))
    document = models.ForeignKey(
        Document, **_AUDITED, related_name="claims", verbose_name=_("document")
    )
    line = models.ForeignKey(Line, **_AUDITED, related_name="claims", db_index=False)
    quantity = models.BigIntegerField()
    standing = models.SmallIntegerField(choices=Standing, verbose_name=_("standing"))
    expires_at = models.DateTimeField(null=True, verbose_name=_("expires at"))
    external_ref = models.CharField(max_length=250)

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="claim_positive"),
            models.CheckConstraint(
                condition=Q(standing=Standing.TEMPORARY, expires_at__isnull=False)
                | (~Q(standing=Standing.TEMPORARY) & Q(expires_at__isnull=True)),
                name="claim_expires_when_temporary",
            ),
        ]
        indexes = [
            # Whose claim shrinks next, at an item and place?
            models.Index(
                fields=["item", "place", "standing", "document", "id"], name="claim_draw_order"
            ),
            # ... and among the claims of the external reference that was given?
            models.Index(
                fields=["item", "place", "external_ref"],
                condition=~Q(external_ref=""),
                name="claim_draw_by_reference",
            ),
            # What does an order's line still hold, and which lines hold anything?
            models.Index(
                fields=["item", "line"],
                condition=Q(standing=Standing.ORDER_HOLD),
                name="claim_order_hold",
            ),
            # What is due, over all items (beat) and at one item (a short reservation)?
            models.Index(
                fields=["expires_at", "item"],
                condition=Q(expires_at__isnull=False),
                name="claim_due",
            ),
            models.Index(
                fields=["item", "expires_at"],
                condition=Q(expires_at__isnull=False),
                name="claim_due_of_item",
            ),
        ]

    def __str__(self) -> str:
        return f"claim {self.pk} of line {self.line_id}"


class RefusalReason(models.TextChoices):
    """Why a line was refused; the values are the wire's codes where it has one."""

    NOT_ENOUGH = "InsufficientQuantity", _("not enough available")
    NOT_ENOUGH_ON_HAND = "InsufficientOnHand", _("not enough on hand to fulfil")
    NO_ITEM = "ItemDoesNotExist", _("no such item")
    NO_LOCATION = "LocationDoesNotExist", _("no such location")
    NO_GROUP = "GroupDoesNotExist", _("no such group")
    FOLDED = "Others", _("others of the hour")


class RefusalTally(models.Model):
    """How often a SKU was refused at a place in an hour, and why. No audit rests on it.

    `asked` and `available` (thousandths), `document`, `external_ref` and `refused_at` are those of
    the last time; `document` is the id that the client gave (an order's own, for Omnitron). SKU and
    place are as they were asked for: neither needs to exist. One row an hour has
    neither; it counts what went beyond the most that is kept apart.
    """

    organization = models.ForeignKey(Organization, **_UNCHECKED)
    hour = models.DateTimeField()
    sku = models.CharField(_("SKU"), max_length=250)
    place = models.CharField(max_length=128)
    is_group = models.BooleanField()
    reason = models.CharField(max_length=32, choices=RefusalReason)
    count = models.BigIntegerField(verbose_name=_("count"))
    asked = models.BigIntegerField()
    available = models.BigIntegerField()
    document = models.CharField(max_length=128)
    external_ref = models.CharField(max_length=250)
    refused_at = models.DateTimeField()

    class Meta:
        verbose_name = _("refusal")
        verbose_name_plural = _("refusals")
        constraints = [
            # Pages of a tenant, newest hour first, are read by it too.
            models.UniqueConstraint(
                fields=["organization", "hour", "sku", "place", "reason"],
                name="refusal_counted_once",
            ),
        ]
        indexes = [
            # What is beyond its retention?
            models.Index(fields=["hour"], name="refusal_age"),
        ]

    def __str__(self) -> str:
        return f"{self.sku} at {self.place}"

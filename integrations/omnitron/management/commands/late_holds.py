"""`manage.py late_holds`."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from integrations.omnitron.selectors.holds import late_holds
from inventory.domain.quantity import to_json_number
from inventory.errors import Refusal
from inventory.selectors.organizations import organization_named

_JSON = msgspec.json.Encoder(decimal_format="number")


class Command(BaseCommand):
    """List late holds."""

    help = (
        "List order items that still hold stock and that the ERP has not mapped, though they are "
        "older than the given hours: JSON lines, the oldest first."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the options."""
        parser.add_argument("--organization", required=True, metavar="ID")
        parser.add_argument(
            "--hours",
            type=int,
            default=settings.OMNITRON_LATE_HOLD_HOURS,
            help="default: %(default)s",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """List."""
        try:
            organization = organization_named(options["organization"])
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        before = timezone.now() - timedelta(hours=options["hours"])
        rows: Any = late_holds(organization.pk, placed_before=before).order_by("created_date", "pk")
        for item in rows.iterator(chunk_size=1_000):
            told = {
                "order_item": item.pk,
                "order": item.order_id,
                "number": item.order.number,
                "sku": item.product.sku,
                "stock_list": item.stock_list.name,
                "held": to_json_number(item.held),
                "created_date": item.created_date,
            }
            self.stdout.write(_JSON.encode(told).decode())

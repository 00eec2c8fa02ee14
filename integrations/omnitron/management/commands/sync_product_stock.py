"""`manage.py sync_product_stock`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from integrations.omnitron.services.stock import sync_product_stock
from inventory.errors import Refusal
from inventory.selectors.organizations import organization_named


class Command(BaseCommand):
    """Put products on the lists of the places where they lie."""

    help = (
        "Put every product that has a stock record at the place of a stock list on that list, "
        "where it is missing; print how many were added. Beat does it, too."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the options."""
        parser.add_argument("--organization", required=True, metavar="ID")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Add and print."""
        try:
            organization = organization_named(options["organization"])
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        added = sync_product_stock(organization_id=organization.pk, now=timezone.now())
        self.stdout.write(str(added))

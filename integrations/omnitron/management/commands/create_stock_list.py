"""`manage.py create_stock_list`."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.omnitron.models import MappingEffect
from integrations.omnitron.services.setup import create_stock_list
from inventory.errors import Refusal
from inventory.selectors.organizations import organization_named


class Command(BaseCommand):
    """Make a stock list."""

    help = "Create a stock list, what an ERP calls one stock, and print it as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the options."""
        parser.add_argument("--organization", required=True, metavar="ID")
        parser.add_argument("--name", required=True)
        parser.add_argument(
            "--place", required=True, metavar="ID", help="the location or group it stands for"
        )
        parser.add_argument("--code", default="", help="the list's id in the ERP")
        parser.add_argument(
            "--auto-sync",
            action="store_true",
            help="tell the ERP to keep it in step (needs --code)",
        )
        parser.add_argument(
            "--fulfils",
            action="store_true",
            help="a mapping ships what the line holds, instead of releasing it (locations only)",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Create and print."""
        try:
            organization = organization_named(options["organization"])
            made = create_stock_list(
                organization_id=organization.pk,
                name=options["name"],
                place=options["place"],
                code=options["code"],
                is_auto_sync=options["auto_sync"],
                on_mapping=MappingEffect.FULFIL if options["fulfils"] else MappingEffect.RELEASE,
            )
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(
            json.dumps({"pk": made.pk, "name": made.name, "on_mapping": made.on_mapping})
        )

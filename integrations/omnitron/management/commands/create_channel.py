"""`manage.py create_channel`."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.omnitron.services.setup import create_channel
from inventory.errors import Refusal
from inventory.selectors.organizations import organization_named


class Command(BaseCommand):
    """Make a channel."""

    help = "Create a sales channel, which orders come from, and print it as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the options."""
        parser.add_argument("--organization", required=True, metavar="ID")
        parser.add_argument("--name", required=True)
        parser.add_argument(
            "--stock-list", default="", metavar="NAME", help="the list of its catalogue"
        )
        parser.add_argument(
            "--extra-stock-list",
            action="append",
            default=[],
            metavar="NAME",
            help="a further list it sells from; may be given several times",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Create and print."""
        try:
            organization = organization_named(options["organization"])
            made = create_channel(
                organization_id=organization.pk,
                name=options["name"],
                stock_list=options["stock_list"],
                extra_stock_lists=options["extra_stock_list"],
            )
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(json.dumps({"pk": made.pk, "name": made.name}))

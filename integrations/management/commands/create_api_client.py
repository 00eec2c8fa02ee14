"""`manage.py create_api_client`."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.management.client_output import issued
from integrations.oauth import scopes as known
from integrations.oauth.services import create_api_client
from inventory.errors import Refusal


class Command(BaseCommand):
    """Make an API client."""

    help = (
        "Create an API client of an organization and print, once, as JSON: client_id, "
        "client_secret, organization, token_url."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the options."""
        parser.add_argument("--organization", required=True, metavar="ID")
        parser.add_argument("--name", required=True, help="what the client is called here")
        parser.add_argument(
            "--scopes",
            default=" ".join(known.PUBLISHED),
            metavar='"S1 S2"',
            help="separated by spaces, with dots or underscores (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Create and print."""
        try:
            made = create_api_client(
                organization=options["organization"],
                name=options["name"],
                scopes=options["scopes"].split(),
            )
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(json.dumps(issued(made), indent=2))

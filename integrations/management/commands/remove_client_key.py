"""`manage.py remove_client_key`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.connect.services.access import remove_client_key
from inventory.errors import Refusal


class Command(BaseCommand):
    """Take a public key away from an API client."""

    help = "Take a public key away from an API client; tokens that it gave live on until they end."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the options."""
        parser.add_argument("client_id", metavar="CLIENT_ID")
        parser.add_argument("fingerprint", metavar="FINGERPRINT")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Remove."""
        try:
            remove_client_key(client_id=options["client_id"], fingerprint=options["fingerprint"])
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write("removed")

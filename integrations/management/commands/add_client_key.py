"""`manage.py add_client_key`."""

from argparse import ArgumentParser, FileType
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from integrations.connect.services.access import add_client_key
from inventory.errors import Refusal


class Command(BaseCommand):
    """Register a public key of an API client."""

    help = (
        "Let whoever holds the private key ask for tokens as an API client, by a signed assertion "
        "(JWT bearer). Prints the key's fingerprint."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the options."""
        parser.add_argument("client_id", metavar="CLIENT_ID")
        parser.add_argument(
            "file",
            metavar="FILE",
            type=FileType("r"),
            help="public key or certificate (PEM), or JWK; RSA or P-256; - reads standard input",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Register and print."""
        with options["file"] as file:
            pem = file.read()
        try:
            key = add_client_key(client_id=options["client_id"], pem=pem, now=timezone.now())
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(key.fingerprint)

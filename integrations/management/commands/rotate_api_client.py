"""`manage.py rotate_api_client`."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.management.client_output import issued
from integrations.oauth.services import rotate_api_client
from inventory.errors import Refusal


class Command(BaseCommand):
    """Give an API client a new secret."""

    help = (
        "Give an API client a new secret and print it, once, as JSON. The old secret stops "
        "working at once, tokens made with it within 5 seconds."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the options."""
        parser.add_argument("client_id")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Rotate and print."""
        try:
            made = rotate_api_client(client_id=options["client_id"])
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(json.dumps(issued(made), indent=2))

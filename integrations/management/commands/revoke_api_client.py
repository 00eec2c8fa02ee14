"""`manage.py revoke_api_client`."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.oauth.services import revoke_api_client
from inventory.errors import Refusal


class Command(BaseCommand):
    """Shut an API client out."""

    help = (
        "Revoke an API client for good and print it as JSON. It gets no more tokens, and those it "
        "has stop working within 5 seconds."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the options."""
        parser.add_argument("client_id")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Revoke and print."""
        try:
            client = revoke_api_client(client_id=options["client_id"])
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        answer = {
            "client_id": client.client_id,
            "organization": client.organization.identifier,
            "revoked": True,
        }
        self.stdout.write(json.dumps(answer, indent=2))

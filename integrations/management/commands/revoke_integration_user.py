"""`manage.py revoke_integration_user`."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.accounts.services import revoke_integration_user
from inventory.errors import Refusal


class Command(BaseCommand):
    """Shut a user of the Omnitron API out."""

    help = (
        "Revoke a user of the Omnitron API for good: password and tokens stop working within "
        "seconds. Prints JSON: username, organization, revoked."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the options."""
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Revoke and print."""
        try:
            user = revoke_integration_user(username=options["username"])
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        said = {
            "username": user.username,
            "organization": user.organization.identifier,
            "revoked": True,
        }
        self.stdout.write(json.dumps(said, indent=2))

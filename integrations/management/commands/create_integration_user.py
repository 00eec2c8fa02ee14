"""`manage.py create_integration_user`."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from integrations.accounts.services import create_integration_user
from inventory.errors import Refusal


class Command(BaseCommand):
    """Make a user for an ERP integration."""

    help = (
        "Create a user of the Omnitron API for an organization and print, once, as JSON: "
        "username, password, token, organization, url."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the options."""
        parser.add_argument("--organization", required=True, metavar="ID")
        parser.add_argument("--username", required=True, help="what the ERP logs in as")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Create and print."""
        try:
            made = create_integration_user(
                organization=options["organization"],
                username=options["username"],
                now=timezone.now(),
            )
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        said = {
            "username": made.user.username,
            "password": made.password,
            "token": made.token,
            "organization": made.user.organization.identifier,
            "url": f"{settings.PUBLIC_URL}/api/i1/",
        }
        self.stdout.write(json.dumps(said, indent=2))

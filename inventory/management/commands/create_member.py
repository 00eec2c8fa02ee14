"""`manage.py create_member`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inventory.domain.roles import Role
from inventory.errors import Refusal
from inventory.selectors.organizations import organization_named
from inventory.services.members import add_member


class Command(BaseCommand):
    help = (
        "Give a user a role in an organization's back office. A user who is new gets a password, "
        "which is printed and cannot be read again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --organization, --username and --role."""
        parser.add_argument("--organization", required=True)
        parser.add_argument("--username", required=True)
        parser.add_argument("--role", required=True, choices=[role.value for role in Role])

    def handle(self, **options: Any) -> None:
        """Add the member."""
        try:
            invited = add_member(
                organization_id=organization_named(options["organization"]).pk,
                username=options["username"],
                role=Role(options["role"]),
                asked_by=None,
            )
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(f"{options['username']} is a {options['role']} now.")
        if invited.password is not None:
            self.stdout.write(f"password: {invited.password}")

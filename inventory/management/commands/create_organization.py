"""manage.py create_organization: make a tenant."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inventory.errors import Refusal
from inventory.services.organizations import create_organization


class Command(BaseCommand):
    help = "Create an organization (OCI: Tenant Group ID) and print it as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("identifier", help="1-128 of letters, digits, _ and -; often a GUID")
        parser.add_argument("--tenant", help="tenant alias used in token scopes, like zzxy_prd")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            organization = create_organization(
                identifier=options["identifier"], tenant_alias=options["tenant"]
            )
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(
            json.dumps(
                {"organization": organization.identifier, "tenant": organization.tenant_alias}
            )
        )

"""manage.py audit_balances: prove that every balance follows from its movements and claims."""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError

from inventory.errors import Refusal
from inventory.selectors.organizations import organization_named
from reservations.selectors.audit import audit


class Command(BaseCommand):
    help = (
        "Check that every balance is the sum of its movements, every reserved count the sum of its"
        " claims, and every pool and total what the stock records give. Prints JSON; exits with 1"
        " and the first rows that differ (quantities in thousandths) when any do."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", metavar="ID", help="audit this one only")

    def handle(self, *_: Any, **options: Any) -> None:
        organization_id = None
        if options["organization"] is not None:
            try:
                organization_id = organization_named(options["organization"]).pk
            except Refusal as refusal:
                raise CommandError(refusal.message) from refusal
        report = audit(organization_id)
        answer = {
            "clean": report.is_clean,
            "organizations": report.organizations,
            "items": report.items,
            "difference_count": report.difference_count,
            "differences": [asdict(difference) for difference in report.differences],
        }
        self.stdout.write(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())
        if not report.is_clean:
            raise SystemExit(1)

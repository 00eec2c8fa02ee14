"""manage.py import_graph: replace an organization's location graph from a file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from inventory.errors import Refusal
from inventory.origin import Origin
from inventory.selectors.organizations import organization_named
from inventory.services.graph import preview_graph, replace_location_graph
from inventory.services.graph_plans import plan_from_file
from inventory.services.graph_reports import GraphReport, change_report, encoded, preview_report
from inventory.services.leaving import LISTED, PlacesInUse


class Command(BaseCommand):
    help = (
        "Make an organization's location graph exactly that of FILE, a JSON object"
        ' {"locations": [id], "groups": [{"id", "locations": [id]}]} as the location-graph'
        " export writes it. Prints what changed as JSON."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", required=True, metavar="ID")
        parser.add_argument(
            "--force",
            action="store_true",
            help="let go of stock, reservations and promises at places that leave the graph",
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="change nothing; tell what would change and which items would be oversold",
        )
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            report = self._report(options)
        except OSError as error:
            message = f"{options['file']}: {error}"
            raise CommandError(message) from error
        except PlacesInUse as refusal:
            for place in refusal.places[:LISTED]:
                self.stderr.write(f"in use: {place}")
            message = f"{refusal.code}: {refusal.message} Repeat with --force to let it go."
            raise CommandError(message) from refusal
        except Refusal as refusal:
            message = f"{refusal.code}: {refusal.message}"
            raise CommandError(message) from refusal
        self.stdout.write(msgspec.json.format(encoded(report), indent=2).decode())

    def _report(self, options: dict[str, Any]) -> GraphReport:
        organization = organization_named(options["organization"])
        plan = plan_from_file(options["file"].read_bytes())
        if options["dry_run"]:
            preview = preview_graph(
                organization_id=organization.pk, locations=plan.locations, groups=plan.groups
            )
            return preview_report(preview, force=options["force"])
        change = replace_location_graph(
            organization_id=organization.pk,
            locations=plan.locations,
            groups=plan.groups,
            origin=Origin("command:import_graph"),
            now=timezone.now(),
            force=options["force"],
        )
        return change_report(change)

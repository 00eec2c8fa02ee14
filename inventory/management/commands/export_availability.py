"""manage.py export_availability: the figures of groups or locations as a file."""

import sys
from argparse import ArgumentParser
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from inventory.errors import Refusal
from inventory.management.output import output_file
from inventory.selectors.organizations import organization_named
from inventory.services.exports.availability import availability_pieces, wanted_places


class Command(BaseCommand):
    help = (
        "Write an availability export, as the API makes it: one snapshot, ending in a delta token"
        " that get-deltas goes on from."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", required=True, metavar="ID")
        places = parser.add_mutually_exclusive_group(required=True)
        places.add_argument("--groups", nargs="*", metavar="ID", help="none, or *, for all groups")
        places.add_argument(
            "--locations", nargs="*", metavar="ID", help="none, or *, for all locations"
        )
        parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            self._export(options)
        except Refusal as refusal:
            message = f"{refusal.code}: {refusal.message}"
            raise CommandError(message) from refusal
        except OSError as error:
            message = f"{options['output']}: {error}"
            raise CommandError(message) from error

    def _export(self, options: dict[str, Any]) -> None:
        organization = organization_named(options["organization"])
        pieces = availability_pieces(
            organization.pk,
            wanted=wanted_places(groups=options["groups"], locations=options["locations"]),
            now=timezone.now,
        )
        count, started = 0, perf_counter()
        bar = tqdm(unit="record", unit_scale=True, disable=not sys.stderr.isatty())
        with closing(pieces), output_file(options["output"]) as file, bar:
            for piece in pieces:
                file.write(piece.lines)
                count += piece.records
                bar.update(piece.records)
        seconds = perf_counter() - started
        rate = round(count / seconds)
        self.stderr.write(f"{count} records in {seconds:.1f} s, {rate} a second")

"""manage.py export_to_import: make an import file of a locations export."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inventory.errors import Refusal
from inventory.management.output import output_file
from inventory.services.exports.conversion import import_lines


class Command(BaseCommand):
    help = (
        "Turn FILE, an availability export of locations, into a file that the availability import"
        " takes. Reserved counts are left out: they belong to reservations."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            with options["file"].open("rb") as export, output_file(options["output"]) as file:
                count = 0
                for line in import_lines(export):
                    file.write(line)
                    count += 1
        except Refusal as refusal:
            message = f"{options['file']}: {refusal.message}"
            raise CommandError(message) from refusal
        except OSError as error:
            raise CommandError(str(error)) from error
        self.stderr.write(f"{count} records")

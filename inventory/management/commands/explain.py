"""manage.py explain: tell why a quantity can be promised, or why not."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inventory.domain.quantity import QuantityError, parse_thousandths, to_json_number
from inventory.errors import Refusal
from inventory.selectors.explanations import explain_at_group, explain_at_location
from inventory.selectors.organizations import organization_named


class Command(BaseCommand):
    help = (
        "Tell in one sentence whether a quantity of a SKU can be promised at a group or a"
        " location, and what stands in the way if not."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", required=True, metavar="ID")
        parser.add_argument("--sku", required=True)
        place = parser.add_mutually_exclusive_group(required=True)
        place.add_argument("--group")
        place.add_argument("--location")
        parser.add_argument("--quantity", required=True, help="a multiple of 0.001")
        parser.add_argument("--json", action="store_true", help="print figures as well")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            organization = organization_named(options["organization"])
            quantity = parse_thousandths(options["quantity"])
            if options["group"] is not None:
                explanation = explain_at_group(
                    organization.pk,
                    sku=options["sku"],
                    group=options["group"],
                    quantity=quantity,
                )
            else:
                explanation = explain_at_location(
                    organization.pk,
                    sku=options["sku"],
                    location=options["location"],
                    quantity=quantity,
                )
        except QuantityError as error:
            message = f"--quantity {error}"
            raise CommandError(message) from error
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        if not options["json"]:
            self.stdout.write(explanation.sentence)
            return
        self.stdout.write(
            json.dumps(
                {
                    "fits": explanation.fits,
                    "available": float(to_json_number(explanation.available)),
                    "sentence": explanation.sentence,
                }
            )
        )

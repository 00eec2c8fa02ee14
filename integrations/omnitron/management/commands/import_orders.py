"""`manage.py import_orders`."""

import json
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from integrations.omnitron.errors import InvalidFields
from integrations.omnitron.management.order_files import (
    OrderFileError,
    ReadOrder,
    count_orders,
    csv_orders,
    json_orders,
)
from integrations.omnitron.models import Channel
from integrations.omnitron.selectors.names import channel_named, stock_list_named
from integrations.omnitron.services.orders import create_order
from inventory.errors import Refusal
from inventory.origin import Origin
from inventory.selectors.organizations import organization_named

_ORIGIN = Origin("command:import_orders")


class Command(BaseCommand):
    """Import orders."""

    help = (
        "Create the orders of FILE in a channel, each with every line held or not at all: JSON "
        "lines with bodies of create_orders, or (*.csv) a CSV file with the columns order, sku, "
        "quantity, ordered_at and if there are such description and unit_price. May be run again "
        "at any time: an order that exists with the same lines is left as it is. An order that "
        "cannot be taken is told in the result file and the others go on; returns, charges and "
        "fees of a CSV file are left out. Prints the counts as JSON."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the options."""
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--organization", required=True, metavar="ID")
        parser.add_argument("--channel", required=True, metavar="NAME")
        parser.add_argument(
            "--stock-list",
            metavar="NAME",
            help="where the lines of a CSV file are held (default: the channel's own list)",
        )
        parser.add_argument("--currency", default="", help="of the prices of a CSV file")
        parser.add_argument(
            "--result",
            type=Path,
            metavar="PATH",
            help="JSON lines that tell what became of each order (default: FILE.result.jsonl)",
        )
        parser.add_argument("--no-progress", action="store_true", help="show no progress bar")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Import, telling of each order in the result file."""
        path: Path = options["file"]
        result = options["result"] or path.with_name(f"{path.name}.result.jsonl")
        try:
            organization = organization_named(options["organization"])
            channel = channel_named(organization.pk, options["channel"])
            orders = _orders(channel, options)
            total = count_orders(path, is_csv=_is_csv(path))
            with result.open("w", encoding="utf-8") as told:
                counts = self._import(channel, orders, total=total, told=told, options=options)
        except (OrderFileError, OSError) as error:
            raise CommandError(str(error)) from error
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(json.dumps({**counts, "result": str(result)}))

    def _import(
        self,
        channel: Channel,
        orders: Iterator[ReadOrder],
        *,
        total: int,
        told: Any,
        options: dict[str, Any],
    ) -> Counter[str]:
        counts: Counter[str] = Counter()
        bar = tqdm(orders, total=total, unit="order", disable=options["no_progress"] or None)
        for order in bar:
            outcome = _import_order(channel, order)
            counts[outcome["outcome"]] += 1
            counts["lines left out"] += order.skipped
            told.write(json.dumps(outcome, ensure_ascii=False, default=str) + "\n")
        return counts


def _is_csv(path: Path) -> bool:
    return path.suffix.lower() == ".csv"


def _orders(channel: Channel, options: dict[str, Any]) -> Iterator[ReadOrder]:
    path: Path = options["file"]
    if not _is_csv(path):
        return json_orders(path, channel_id=channel.pk)
    stock_list_id = channel.stock_list_id
    if options["stock_list"]:
        stock_list_id = stock_list_named(channel.organization_id, options["stock_list"]).pk
    if stock_list_id is None:
        raise CommandError("--stock-list is required: the channel has no stock list of its own.")
    return csv_orders(
        path, channel_id=channel.pk, stock_list_id=stock_list_id, currency=options["currency"]
    )


def _import_order(channel: Channel, order: ReadOrder) -> dict[str, Any]:
    """Create the order and tell what became of it: created, exists, refused or left out."""
    told: dict[str, Any] = {"line": order.line, "number": order.number}
    if order.draft is None:
        if order.errors is None:
            return {**told, "outcome": "left out"}
        return {**told, "outcome": "refused", "errors": order.errors}
    try:
        stored = create_order(
            organization_id=channel.organization_id,
            channel_id=channel.pk,
            draft=order.draft,
            origin=_ORIGIN,
            now=timezone.now(),
        )
    except InvalidFields as refusal:
        return {**told, "outcome": "refused", "errors": refusal.errors}
    except Refusal as refusal:
        return {**told, "outcome": "refused", "errors": {"detail": refusal.message}}
    return {**told, "outcome": "created" if stored.is_new else "exists", "order": stored.id}

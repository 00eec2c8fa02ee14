"""manage.py load_location_graph: replace an organization's location graph from a file."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Annotated, Any

import msgspec
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from inventory.errors import Refusal
from inventory.origin import Origin
from inventory.selectors.organizations import organization_named
from inventory.services.graph import GroupSpec, replace_location_graph

PlaceId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{2,128}$(?!\n)")]


class _Group(msgspec.Struct):
    id: PlaceId
    locations: list[PlaceId]


class _Graph(msgspec.Struct):
    locations: list[PlaceId]
    groups: list[_Group]


class Command(BaseCommand):
    help = (
        "Make an organization's location graph exactly that of FILE, a JSON object"
        ' {"locations": [id], "groups": [{"id", "locations": [id]}]} as the location-graph'
        " export writes it. Prints the new graph version as JSON."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", required=True, metavar="ID")
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            organization = organization_named(options["organization"])
            graph = msgspec.json.decode(options["file"].read_bytes(), type=_Graph)
            version = replace_location_graph(
                organization_id=organization.pk,
                locations=graph.locations,
                groups=[GroupSpec(group.id, tuple(group.locations)) for group in graph.groups],
                origin=Origin("command:load_location_graph"),
                now=timezone.now(),
            )
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            message = f"{options['file']}: {error}"
            raise CommandError(message) from error
        except Refusal as refusal:
            message = f"{refusal.code}: {refusal.message}"
            raise CommandError(message) from refusal
        self.stdout.write(
            json.dumps(
                {
                    "organization": organization.identifier,
                    "graphVersion": version,
                    "locations": len(graph.locations),
                    "groups": len(graph.groups),
                }
            )
        )

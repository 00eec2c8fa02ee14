"""What a graph import tells its client: plain structures, the same for the API and the command.

Lists are bounded, counts are of everything. Quantities are decimals.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from inventory.domain.graph_plan import GraphDifferences
from inventory.domain.quantity import to_json_number
from inventory.services.graph import GraphChange, GraphPreview
from inventory.services.jobs.problems import ResultStatus
from inventory.services.leaving import LISTED, PlaceInUse


class Names(msgspec.Struct):
    """Identifiers: how many, and the first of them."""

    count: int
    first: list[str]


class Members(msgspec.Struct):
    """What changes in a group that stays."""

    id: str
    added: Names
    removed: Names


class Places(msgspec.Struct, omit_defaults=True):
    """Locations or groups that come and go; `changed` are groups with other locations."""

    added: Names
    removed: Names
    changed: list[Members] | None = None


class InUse(msgspec.Struct, rename="camel"):
    """What was, or would be, let go at one place."""

    id: str
    type: str
    items: int
    on_hand: Any
    reserved: Any


class InUsePlaces(msgspec.Struct):
    """Places in use: how many, and the first of them."""

    count: int
    first: list[InUse]


class Oversold(msgspec.Struct, rename="camel"):
    """An item that could serve less of its promises."""

    sku: str
    short: Any
    short_before: Any


class OversoldItems(msgspec.Struct):
    """Items that would be oversold: how many, and the first of them."""

    count: int
    first: list[Oversold]


class GraphReport(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """The result of a graph import. `graph_version` is the one that stands."""

    status: str
    dry_run: bool = False
    graph_version: int
    locations: Places
    groups: Places
    in_use: InUsePlaces
    oversold: OversoldItems | None = None


def change_report(change: GraphChange) -> GraphReport:
    """Tell what was changed, and what was let go."""
    return _report(ResultStatus.CLEAN, change.version, change.differences, change.let_go)


def preview_report(preview: GraphPreview, *, force: bool) -> GraphReport:
    """Tell what would be changed; FAILED when places in use would refuse it."""
    status = ResultStatus.FAILED if preview.in_use and not force else ResultStatus.CLEAN
    report = _report(status, preview.version, preview.differences, preview.in_use)
    report.dry_run = True
    found = preview.would_be_short
    report.oversold = OversoldItems(
        found.count,
        [
            Oversold(item.sku, to_json_number(item.short), to_json_number(item.short_before))
            for item in found.items
        ],
    )
    return report


def _report(
    status: ResultStatus,
    version: int,
    found: GraphDifferences,
    in_use: Sequence[PlaceInUse],
) -> GraphReport:
    return GraphReport(
        status=status.value,
        graph_version=version,
        locations=Places(_names(found.new_locations), _names(found.gone_locations)),
        groups=Places(
            _names(found.new_groups),
            _names(found.gone_groups),
            [
                Members(name, _names(group.joining), _names(group.leaving))
                for name, group in found.regrouped.items()
            ],
        ),
        in_use=InUsePlaces(
            len(in_use),
            [
                InUse(
                    place.identifier,
                    "group" if place.is_group else "location",
                    place.items,
                    to_json_number(place.on_hand),
                    to_json_number(place.reserved),
                )
                for place in in_use[:LISTED]
            ],
        ),
    )


def encoded(report: GraphReport) -> bytes:
    """Return a report as one line of JSON, quantities as numbers."""
    return _JSON.encode(report)


_JSON = msgspec.json.Encoder(decimal_format="number")


def _names(names: Sequence[str]) -> Names:
    return Names(len(names), list(names[:LISTED]))

"""What the page of an item shows."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.backoffice.formats import quantity_text
from inventory.backoffice.svg import Line, Part, stacked_bar, step_plot
from inventory.domain.trend import Point
from inventory.models import Item
from inventory.selectors.ledger_horizon import ledger_kept_since
from inventory.selectors.stock_overview import (
    AtLocation,
    InGroup,
    ItemOverview,
    history_of,
    item_overview,
    of_balance,
)

PLACES_SHOWN = 200
HISTORY_SHOWN = 25


def item_context(item: Item, asked: Any, *, now: datetime) -> dict[str, Any]:
    """Return the words and pictures of an item's page; `asked` is the address's query."""
    overview = item_overview(item.organization_id, sku=item.sku)
    before = str(asked.get("before", ""))
    history = history_of(
        item.pk, before=int(before) if before.isdecimal() else None, limit=HISTORY_SHOWN + 1
    )
    wanted = asked.get("place", "").strip()
    locations = [each for each in overview.locations if each.location.startswith(wanted)]
    shown = locations[:PLACES_SHOWN]
    scale = _scale(shown, overview.groups)
    return {
        "overview": overview,
        "place": wanted,
        "locations": [_location(each, scale) for each in shown],
        "hidden": len(locations) - len(shown),
        "groups": [_group(each, scale) for each in overview.groups],
        "laid_out": _laid_out(overview),
        "unserved": sorted(overview.layout.unserved.items()),
        "history": history[:HISTORY_SHOWN],
        "kept_since": ledger_kept_since(item.organization_id),
        "older": history[HISTORY_SHOWN - 1].movement.pk if len(history) > HISTORY_SHOWN else None,
        "plot": _plot(overview.trend, now=now) if overview.trend else None,
        "legend": [
            ("hf-free", _("free")),
            ("hf-reserved", _("reserved")),
            ("hf-own", _("promised by this group")),
            ("hf-others", _("promised by others")),
            ("hf-safety", _("safety stock")),
        ],
    }


def _scale(locations: list[AtLocation], groups: list[InGroup]) -> dict[str, int]:
    """Return what a full bar stands for: the most of any location, and of any group."""
    return {
        "location": max(
            (r.record.balance.on_hand + r.record.balance.futures for r in locations), default=0
        ),
        "group": max(
            (g.figures.on_hand + sum(q for _d, q in g.figures.futures) for g in groups), default=0
        ),
    }


def _location(at: AtLocation, scale: dict[str, int]) -> dict[str, Any]:
    balance = at.record.balance
    figures = of_balance(balance)
    promised = sum(at.promised.values())
    # Reserved and safety stock are drawn as far as there is stock below them.
    rest = balance.on_hand + balance.futures
    reserved = min(balance.reserved, rest)
    safety = min(balance.safety_stock, rest - reserved)
    return {
        "at": at,
        "figures": figures,
        "promised": promised,
        "bar": stacked_bar(
            [
                _part(figures.available_to_order - promised, "hf-free", _("free")),
                _part(reserved, "hf-reserved", _("reserved")),
                _part(promised, "hf-others", _("promised by groups")),
                _part(safety, "hf-safety", _("safety stock")),
            ],
            whole=scale["location"],
        ),
    }


def _group(group: InGroup, scale: dict[str, int]) -> dict[str, Any]:
    figures = group.figures
    futures = sum(quantity for _date, quantity in figures.futures)
    others = figures.shared_group_reserved
    at_locations = figures.reserved - figures.group_reserved - others
    return {
        "group": group.group,
        "figures": figures,
        "futures": futures,
        "at_locations": at_locations,
        "bar": stacked_bar(
            [
                _part(figures.available_to_order, "hf-free", _("free")),
                _part(at_locations, "hf-reserved", _("reserved")),
                _part(figures.group_reserved, "hf-own", _("promised by this group")),
                _part(others, "hf-others", _("promised by others")),
                _part(figures.safety_stock, "hf-safety", _("safety stock")),
            ],
            whole=max(
                scale["group"],
                figures.available_to_order + figures.reserved + figures.safety_stock,
            ),
        ),
    }


def _part(amount: int, kind: str, label: str) -> Part:
    return Part(amount, kind, f"{label}: {quantity_text(amount)}")


def _laid_out(overview: ItemOverview) -> list[tuple[str, str, int]]:
    return [
        (group, location, quantity)
        for (group, location), quantity in sorted(overview.layout.placed.items())
    ]


def _moment(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


def _plot(points: list[Point], *, now: datetime) -> Any:
    """Draw the totals from the first of the last changes until now."""
    start, end = points[0].at, max(now, points[-1].at)
    span = (end - start).total_seconds() or 1.0
    at = [*((point.at - start).total_seconds() / span for point in points), 1.0]
    points = [*points, points[-1]]
    top = max(max(point.on_hand, point.available_to_order) for point in points)
    return step_plot(
        [
            Line(
                "hf-reserved",
                _("on hand"),
                [(x, point.on_hand) for x, point in zip(at, points, strict=True)],
            ),
            Line(
                "hf-free",
                _("ATO"),
                [(x, point.available_to_order) for x, point in zip(at, points, strict=True)],
            ),
        ],
        title=_("On hand and ATO over the last changes"),
        labels=(_moment(start), _moment(end)),
        top_label=quantity_text(top),
        top=top,
    )

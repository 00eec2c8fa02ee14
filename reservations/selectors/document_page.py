"""One document as a person looks at it: what was asked, what it holds and where, what happened.

Quantities are thousandths.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Sum

from inventory.models import Item, LocationGroup, Movement, Place
from inventory.selectors.graph import current_graph
from reservations.domain.places import PlaceRef
from reservations.models import Claim, Document, Line

LINES_SHOWN = 500
STEPS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Placed:
    """What one line asked for and got; `is_former` when the document was replaced since."""

    number: int
    sku: str
    place: PlaceRef
    set_id: str
    requested: int
    quantity: int
    is_former: bool


@dataclass(frozen=True, slots=True)
class Holding:
    """What a document holds of an item at a place by now."""

    item_id: int
    sku: str
    place: PlaceRef
    quantity: int


@dataclass(frozen=True, slots=True)
class Step:
    """One ledger row of a document; `change` is of the reserved count or promise there."""

    at: datetime
    name: str
    sku: str
    place: PlaceRef
    change: int
    request_id: str
    external_ref: str
    actor: str


@dataclass(frozen=True, slots=True)
class Story:
    """A document's lines, holdings and steps, newest step first; `has_more_*` tells of limits."""

    lines: Sequence[Placed]
    has_more_lines: bool
    holdings: Sequence[Holding]
    has_more_holdings: bool
    steps: Sequence[Step]
    has_more_steps: bool


def story_of(document: Document) -> Story:
    """Return what there is to tell of a document; five statements."""
    lines = list(
        Line.objects.filter(document=document)
        .select_related("item")
        .order_by("-revision", "pk")[: LINES_SHOWN + 1]
    )
    holdings = holdings_of(document.pk, limit=LINES_SHOWN + 1)
    moves = list(
        Movement.objects.filter(document_id=document.pk).order_by("-id")[: STEPS_SHOWN + 1]
    )
    places = _places({line.place_id for line in lines} | {move.place_id for move in moves})
    items = Item.objects.filter(pk__in={move.item_id for move in moves})
    skus = dict(items.values_list("pk", "sku"))
    return Story(
        lines=[
            Placed(
                number=line.position + 1,
                sku=line.item.sku,
                place=places[line.place_id],
                set_id=line.set_id,
                requested=line.requested,
                quantity=line.quantity,
                is_former=line.revision != document.revision,
            )
            for line in lines[:LINES_SHOWN]
        ],
        has_more_lines=len(lines) > LINES_SHOWN,
        holdings=holdings[:LINES_SHOWN],
        has_more_holdings=len(holdings) > LINES_SHOWN,
        steps=[_step(move, skus, places) for move in moves[:STEPS_SHOWN]],
        has_more_steps=len(moves) > STEPS_SHOWN,
    )


def _step(move: Movement, skus: dict[int, str], places: dict[int, PlaceRef]) -> Step:
    return Step(
        at=move.recorded_at,
        name=move.get_kind_display(),
        sku=skus[move.item_id],
        place=places[move.place_id],
        change=move.reserved_after - move.reserved_before,
        request_id=move.request_id,
        external_ref=move.external_ref,
        actor=move.actor,
    )


def _places(ids: Collection[int]) -> dict[int, PlaceRef]:
    places = Place.objects.filter(pk__in=ids).annotate(is_group=_is_group("pk"))
    rows = places.values_list("pk", "identifier", "is_group")
    return {pk: PlaceRef(name, is_group) for pk, name, is_group in rows}


def _is_group(path: str) -> Exists:
    return Exists(LocationGroup.objects.filter(pk=OuterRef(path)))


def line_story(line_id: int, *, document_id: int) -> tuple[list[Holding], list[Step]]:
    """Return what one line of a document holds, and its last 200 steps, newest first."""
    moves = list(
        Movement.objects.filter(document_id=document_id, line_id=line_id).order_by("-id")[
            :STEPS_SHOWN
        ]
    )
    places = _places({move.place_id for move in moves})
    skus = dict(Item.objects.filter(line=line_id).values_list("pk", "sku"))
    held = holdings_of(document_id, limit=LINES_SHOWN, line_id=line_id)
    return held, [_step(move, skus, places) for move in moves]


def holdings_of(
    document_id: int,
    *,
    limit: int,
    sku: str | None = None,
    place: str | None = None,
    line_id: int | None = None,
) -> list[Holding]:
    """Return what a document holds by item and place, by SKU and place; one statement."""
    asked = {"item__sku": sku, "place__identifier": place, "line": line_id}
    rows = (
        Claim.objects.filter(document_id=document_id)
        .filter(**{path: value for path, value in asked.items() if value is not None})
        .annotate(is_group=_is_group("place_id"))
        .values("item_id", "item__sku", "place_id", "place__identifier", "is_group")
        .annotate(total=Sum("quantity"))
        .order_by("item__sku", "place__identifier")
    )
    return [
        Holding(
            row["item_id"],
            row["item__sku"],
            PlaceRef(row["place__identifier"], row["is_group"]),
            row["total"],
        )
        for row in rows[:limit]
    ]


def targets_of(organization_id: int, *, place: PlaceRef, limit: int) -> list[str]:
    """Return places that what is held at a place could be transferred to, by the graph.

    The first `limit` of them: from a group only its locations; from a location its groups, then
    other locations.
    """
    graph = current_graph(organization_id)
    if place.is_group:
        members = graph.members.get(graph.groups.get(place.identifier, 0), ())
        return sorted(graph.identifiers[pk] for pk in members)[:limit]
    location = graph.locations.get(place.identifier, 0)
    groups = sorted(graph.identifiers[pk] for pk in graph.groups_of.get(location, ()))
    others = sorted(name for name in graph.locations if name != place.identifier)
    return [*groups, *others][:limit]


def place_ref(organization_id: int, *, identifier: str) -> PlaceRef:
    """Name a place of that identifier: a group if there is one, else a location."""
    return PlaceRef(identifier, identifier in current_graph(organization_id).groups)


@dataclass(frozen=True, slots=True)
class HeldInAll:
    """What a document of a list holds: in all, and how many claims that is."""

    quantity: int = 0
    claims: int = 0


def held_in_all(document_ids: Collection[int]) -> dict[int, HeldInAll]:
    """Return what documents hold, by id; one statement."""
    rows = (
        Claim.objects.filter(document_id__in=document_ids)
        .values("document_id")
        .annotate(total=Sum("quantity"), claims=Count("pk"))
        .order_by()
    )
    return {row["document_id"]: HeldInAll(row["total"], row["claims"]) for row in rows}

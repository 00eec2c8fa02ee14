"""The reservations export (spec: oci-headless 6.5): one JSON document for each reservation.

A line is what was placed; what happened to it since comes from the ledger, where every change of a
reserved count names the line whose claim it was.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from inventory.domain.moments import utc_text
from inventory.domain.quantity import to_json_number
from inventory.errors import InvalidRequestParameter
from inventory.models import Job
from inventory.origin import Origin
from inventory.selectors.availability import snapshot
from inventory.services.exports.pieces import Piece
from inventory.services.exports.writing import write_pieces
from inventory.services.jobs import life
from inventory.services.jobs.at_once import export_at_once
from inventory.services.jobs.kinds import Kind
from inventory.services.jobs.running import JobRun
from reservations.domain.actions import Action
from reservations.domain.places import PlaceRef
from reservations.domain.states import State
from reservations.selectors.export import (
    DocumentHistory,
    PlacedLine,
    document_histories,
    has_few_documents,
)

RESERVATIONS_EXPORT = "reservations-export"
_SMALL_DOCUMENTS = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class WantedReservations:
    """Open documents or closed ones, by their reservation time, both ends included."""

    is_open: bool
    starts_at: datetime
    ends_at: datetime


def start_reservations_export(
    *,
    organization_id: int,
    is_open: bool,
    starts_at: datetime,
    ends_at: datetime | None,
    origin: Origin,
    clock: Callable[[], datetime],
) -> Job:
    """Start an export, without an end until now; a small one has ended when this returns.

    Raises InvalidRequestParameter for an end before the start.
    """
    now = clock()
    ends_at = now if ends_at is None else ends_at
    if ends_at < starts_at:
        message = "'toDate' must not be before 'fromDate'"
        raise InvalidRequestParameter(message, parameter="toDate")
    new = life.NewJob(
        organization_id=organization_id,
        kind=RESERVATIONS_EXPORT,
        parameters={
            "status": "open" if is_open else "closed",
            "fromDate": utc_text(starts_at),
            "toDate": utc_text(ends_at),
        },
        origin=origin,
    )
    if has_few_documents(organization_id, limit=_SMALL_DOCUMENTS):
        return export_at_once(new, clock=clock)
    return life.start_export(new, now=now)


def _run(run: JobRun) -> None:
    parameters = run.job.parameters
    wanted = WantedReservations(
        is_open=parameters["status"] == "open",
        starts_at=datetime.fromisoformat(parameters["fromDate"]),
        ends_at=datetime.fromisoformat(parameters["toDate"]),
    )
    pieces = reservation_pieces(run.job.organization_id, wanted=wanted, now=run.now())
    write_pieces(run, pieces)


KIND = Kind(RESERVATIONS_EXPORT, _run)


def reservation_pieces(
    organization_id: int, *, wanted: WantedReservations, now: datetime
) -> Generator[Piece, None, None]:
    """Generate the file, as of one moment; states are those at `now`."""
    with snapshot():
        for page in document_histories(
            organization_id,
            is_open=wanted.is_open,
            starts_at=wanted.starts_at,
            ends_at=wanted.ends_at,
            now=now,
        ):
            lines = [_JSON.encode(_document(each)) + b"\n" for each in page if each is not None]
            yield Piece(b"".join(lines), len(lines))


class _Place(msgspec.Struct, omit_defaults=True):
    group: str | None = None
    location: str | None = None


class _Action(msgspec.Struct, rename="camel", omit_defaults=True):
    request_id: str
    external_ref_id: str
    quantity: int | Decimal
    action: str
    timestamp: str
    group: str | None = None
    location: str | None = None
    moved_from: _Place | None = msgspec.field(name="from", default=None)
    moved_to: _Place | None = msgspec.field(name="to", default=None)


class _Detail(msgspec.Struct, rename="camel", omit_defaults=True):
    sku: str
    quantity: int | Decimal
    reservation_detail_actions: list[_Action]
    group: str | None = None
    location: str | None = None


class _Document(msgspec.Struct, rename="camel"):
    reservation_id: str
    external_ref_id: str
    reservation_time: int
    reservation_state: str
    reservation_details: list[_Detail]


_JSON = msgspec.json.Encoder(decimal_format="number")


def _document(document: DocumentHistory) -> _Document:
    return _Document(
        reservation_id=document.identifier,
        external_ref_id=document.external_ref,
        reservation_time=_milliseconds(document.reservation_time),
        reservation_state="OPEN" if document.state is State.OPEN else "CLOSED",
        reservation_details=[_detail(document, line) for line in document.lines],
    )


def _detail(document: DocumentHistory, line: PlacedLine) -> _Detail:
    reserved = Action(
        name="Reserved",
        quantity=line.quantity,
        place=line.place,
        request_id=document.identifier,
        external_ref=document.external_ref,
        at=line.placed_at,
    )
    place = _place(line.place)
    return _Detail(
        sku=line.sku,
        quantity=to_json_number(line.quantity),
        reservation_detail_actions=[_action(each) for each in (reserved, *line.actions)],
        group=place.group,
        location=place.location,
    )


def _action(action: Action) -> _Action:
    is_move = action.moved_to is not None
    place = _Place() if is_move else _place(action.place)
    return _Action(
        request_id=action.request_id,
        external_ref_id=action.external_ref,
        quantity=to_json_number(action.quantity),
        action=action.name,
        timestamp=str(_milliseconds(action.at)),
        group=place.group,
        location=place.location,
        moved_from=_place(action.place) if is_move else None,
        moved_to=None if action.moved_to is None else _place(action.moved_to),
    )


def _place(place: PlaceRef) -> _Place:
    if place.is_group:
        return _Place(group=place.identifier)
    return _Place(location=place.identifier)


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND

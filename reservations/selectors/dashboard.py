"""How reservations stand: the conditions that the dashboard counts by and the list filters by."""

from datetime import UTC, datetime, timedelta

from django.db.models import Case, Count, Exists, OuterRef, Q, Value, When
from django.db.models.functions import TruncHour

from reservations.domain.states import State
from reservations.models import Claim, Document

_HOUR = timedelta(hours=1)


def in_state(state: State, *, now: datetime) -> Q:
    """Return the condition of documents in a state; the rule is `reservations.domain.states`."""
    held = Q(Exists(Claim.objects.filter(document=OuterRef("pk"))))
    standing = Q(Q(expires_at=None) | Q(expires_at__gt=now), cancelled_at=None)
    conditions = {
        State.CANCELLED: Q(cancelled_at__isnull=False),
        State.EXPIRED: Q(cancelled_at=None, expires_at__lte=now),
        State.OPEN: standing & held,
        State.CLOSED: standing & ~held,
    }
    return conditions[state]


def expiring(*, until: datetime, now: datetime) -> Q:
    """Return the condition of documents that hold something and end between now and then.

    Claims carry their document's end, and are found by it.
    """
    ending = Claim.objects.filter(expires_at__gt=now, expires_at__lte=until)
    return Q(pk__in=ending.values("document"))


def made_in_hour(start: datetime) -> Q:
    """Return the condition of documents that were made in the hour that begins then."""
    return Q(created_at__gte=start, created_at__lt=start + _HOUR)


def made_in_hours(hours: int, *, now: datetime) -> Q:
    """Return the condition of documents that were made in the last so many hours by the clock,
    the present one included.
    """
    return Q(created_at__gte=hours_until(now, hours)[0])


def hours_until(now: datetime, hours: int) -> list[datetime]:
    """Return the beginnings of the last hours by the clock, the present one last."""
    present = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return [present - number * _HOUR for number in reversed(range(hours))]


def outcomes_by_hour(
    organization_id: int, *, hours: int, now: datetime
) -> dict[datetime, dict[State, int]]:
    """Count the documents of the last hours by where they stand now, one statement."""
    states = [When(in_state(state, now=now), then=Value(state.value)) for state in State]
    rows = (
        Document.objects.filter(made_in_hours(hours, now=now), organization=organization_id)
        .annotate(hour=TruncHour("created_at", tzinfo=UTC), outcome=Case(*states))
        .values_list("hour", "outcome")
        .annotate(Count("pk"))
        .order_by()
    )
    counted: dict[datetime, dict[State, int]] = {hour: {} for hour in hours_until(now, hours)}
    for hour, outcome, number in rows:
        counted.setdefault(hour, {})[State(outcome)] = number
    return counted

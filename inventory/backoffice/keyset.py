"""Going on after a row, in whatever order a list has."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet


def after(rows: QuerySet[Any], row: QuerySet[Any], *, ordering: Sequence[str]) -> QuerySet[Any]:
    """Return those of `rows` that come after the one of `row`; all, when there is none any more.

    `ordering` names fields that are never null, as `order_by` takes them; together they are unique.
    """
    names = [name.removeprefix("-") for name in ordering]
    stands_at = row.order_by().values_list(*names).first()
    if stands_at is None:
        return rows
    beyond = Q(pk__in=[])  # the row itself, when all fields are equal
    for name, value in reversed([*zip(ordering, stands_at, strict=True)]):
        field, farther = name.removeprefix("-"), "lt" if name.startswith("-") else "gt"
        equal = Q(**{field: value})
        # That it is not on the near side says nothing new, but an index can begin with it.
        not_before = Q(**{f"{field}__{farther}e": value})
        beyond = not_before & (Q(**{f"{field}__{farther}": value}) | (equal & beyond))
    return rows.filter(beyond)

"""Filters with Django's own lookups (spec: omnitron 3); a value that is none is 400 on its name."""

from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django_filters.constants import EMPTY_VALUES
from django_filters.fields import IsoDateTimeField

_BIGGEST = 2**63 - 1
_NUMBER_LOOKUPS = ("exact", "gt", "gte", "lt", "lte")
_TEXT_LOOKUPS = (
    "exact",
    "iexact",
    "contains",
    "icontains",
    "startswith",
    "istartswith",
    "endswith",
)
_MOMENT_LOOKUPS = ("exact", "gt", "gte", "lt", "lte")
_MOMENT = {"type": "string", "format": "date-time"}
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class _Integer(django_filters.Filter):
    field_class = forms.IntegerField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, min_value=-_BIGGEST, max_value=_BIGGEST, **kwargs)


class _Integers(django_filters.BaseInFilter, _Integer):
    pass


class _Texts(django_filters.BaseInFilter, django_filters.CharFilter):
    pass


class _BooleanField(forms.Field):
    """Python's way of writing them too: `is_send=False`."""

    def to_python(self, value: Any) -> bool | None:
        if value in EMPTY_VALUES:
            return None
        known = _BOOLEANS.get(str(value).strip().lower())
        if known is None:
            raise forms.ValidationError("Must be a valid boolean.", code="invalid")
        return known


class _Boolean(django_filters.Filter):
    field_class = _BooleanField


class _MomentField(IsoDateTimeField):
    """In UTC: the database knows no zone beyond 15:59."""

    def to_python(self, value: Any) -> Any:
        moment = super().to_python(value)
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError as error:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error


class _Moment(django_filters.Filter):
    field_class = _MomentField


class Thousandths(django_filters.Filter):
    """A quantity; the column has thousandths of it."""

    field_class = forms.DecimalField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, max_digits=13, decimal_places=3, **kwargs)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Compare in thousandths."""
        in_thousandths = None if value is None else int(value * 1000)
        rows: QuerySet[Any] = super().filter(qs, in_thousandths)
        return rows


def filter_set(  # one place for a list's parameters
    name: str,
    *,
    numbers: Mapping[str, str] | None = None,
    texts: Mapping[str, str] | None = None,
    moments: Iterable[str] = (),
    booleans: Iterable[str] = (),
    quantities: Iterable[str] = (),
) -> type[django_filters.FilterSet]:
    """Return the filters of a list. Numbers and texts are given as parameter to column.

    Each parameter comes bare (`status=400`) and with lookups (`status__in=400,450`).
    """
    filters: dict[str, django_filters.Filter] = {}
    for parameter, column in (numbers or {}).items():
        filters |= _with_lookups(_Integer, parameter, column, _NUMBER_LOOKUPS)
        filters[f"{parameter}__in"] = _Integers(field_name=column, lookup_expr="in")
    for parameter, column in (texts or {}).items():
        filters |= _with_lookups(django_filters.CharFilter, parameter, column, _TEXT_LOOKUPS)
        filters[f"{parameter}__in"] = _Texts(field_name=column, lookup_expr="in")
    for moment in moments:
        filters |= _with_lookups(_Moment, moment, moment, _MOMENT_LOOKUPS)
        for lookup in _MOMENT_LOOKUPS:
            path = "date" if lookup == "exact" else f"date__{lookup}"
            day = django_filters.DateFilter(field_name=moment, lookup_expr=path)
            filters[f"{moment}__{path}"] = day
    for boolean in booleans:
        filters[boolean] = _Boolean(field_name=boolean)
    for quantity in quantities:
        filters |= _with_lookups(Thousandths, quantity, quantity, _NUMBER_LOOKUPS)
    documented = [
        *(_told(parameter, {"type": "integer"}, _NUMBER_LOOKUPS) for parameter in numbers or ()),
        *(_told(parameter, {"type": "string"}, _TEXT_LOOKUPS) for parameter in texts or ()),
        *(_told(moment, _MOMENT, (*_MOMENT_LOOKUPS, "date")) for moment in moments),
        *(_told(boolean, {"type": "boolean"}, ()) for boolean in booleans),
        *(_told(quantity, {"type": "number"}, _NUMBER_LOOKUPS) for quantity in quantities),
    ]
    return type(name, (django_filters.FilterSet,), {**filters, "documented": documented})


def _told(parameter: str, schema: dict[str, str], lookups: Iterable[str]) -> dict[str, Any]:
    """Tell the OpenAPI document of a parameter and its lookups, in one entry."""
    others = ", ".join(f"`{parameter}__{each}`" for each in lookups)
    description = f"Also {others}." if others else ""
    return {"name": parameter, "in": "query", "description": description, "schema": schema}


def _with_lookups(
    kind: type[django_filters.Filter], parameter: str, column: str, lookups: Iterable[str]
) -> dict[str, django_filters.Filter]:
    named = {f"{parameter}__{each}": kind(field_name=column, lookup_expr=each) for each in lookups}
    return {parameter: kind(field_name=column), **named}

"""Pages and their order (spec: omnitron 3)."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.filters import BaseFilterBackend
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request

_SORT = "sort"


class Pages(PageNumberPagination):
    """`page` from 1, `limit` of 10 unless told and 100 at most; a page beyond the last is 404."""

    page_size = 10
    page_size_query_param = "limit"
    max_page_size = 100


class SortFilter(BaseFilterBackend):
    """`sort=id`, `sort=-id`, `sort=status,-id`; a name the view does not list is ignored.

    The key comes last: a page must not depend on chance.
    """

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> Any:
        """Return the rows in the order asked for."""
        columns = []
        for name in request.query_params.get(_SORT, "").split(","):
            column = view.sorts.get(name.strip().removeprefix("-"))
            if column is not None:
                columns.append(f"-{column}" if name.strip().startswith("-") else column)
        return queryset.order_by(*columns, "pk")

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Tell the OpenAPI document of it."""
        names = ", ".join(view.sorts)
        return [
            {
                "name": _SORT,
                "in": "query",
                "description": f"Any of {names}, separated by commas; `-` in front descends.",
                "schema": {"type": "string"},
            }
        ]
